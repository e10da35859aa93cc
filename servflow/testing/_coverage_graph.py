"""Knows how a workflow is drawn with what was exercised of it; must not know how it was counted."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from servflow.statemachine import Look, Section, draw
from servflow.testing._coverage_items import Item, guard_key
from servflow.testing._coverage_text import head, kind_lines, line_word, missed_of, word

if TYPE_CHECKING:
    from servflow.testing._coverage import Coverage

_PICTURES = ("mermaid", "dot")

_WORDS: Mapping[str, tuple[str, str]] = {
    "times": ("{count}×", "{count} 次"),
    "never": ("never", "从未"),
    "title": ("What was exercised of {name}", "{name} 的覆盖情况"),
    "red": ("red: never entered", "红色：从未进入"),
    "amber": ("amber: something that leads on from there was never exercised", "橙色：其后续有从未覆盖之处"),
    "what": ("what", "内容"),
    "where": ("where", "位置"),
}

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}table{border-collapse:collapse;margin:0 0 1.5rem}"
    "td,th{border:1px solid #8886;padding:.2rem .6rem;text-align:left;vertical-align:top}"
    # A narrow screen scrolls the table, not the page; only words that are too long are broken.
    "table{display:block;overflow-x:auto}h1{overflow-wrap:anywhere}@media(max-width:40rem){body{margin:1rem;font-size:13px}}"
)


def _word(key: str, lang: str, **facts: object) -> str:
    return _WORDS[key][lang == "zh"].format(**facts)


def drawn(coverage: Coverage, format: str, lang: str) -> str:  # noqa: A002 - the word of the whole library
    """
    The workflow as ``Workflow.graph`` draws it, with how often each transition was taken; ``html`` is a whole page.

    Raises:
        InputError: no such format.
    """
    compiled = coverage.workflow.compiled
    pictures = format in _PICTURES
    look = Look(
        tones=dict(_tones(coverage)),
        doubled=compiled.closed_states,
        guards=lambda index: _guard(coverage, index, lang),
        sections=() if pictures else tuple(_sections(coverage, lang)),
        lang=lang,
    )

    def label(index: int) -> str:
        told = " ".join(part for part in (compiled.links[index].spec.event or "", _taken(coverage, index, lang)) if part)
        guard = _guard(coverage, index, lang) if pictures else ""
        return f"{told} [{guard}]" if guard else told

    made = draw(compiled.chart, format, labels=label, look=look)
    return _page(coverage, made, lang) if format == "html" else made


def _taken(coverage: Coverage, index: int, lang: str) -> str:
    count = coverage.counts[f"transition:{index}"]
    return f"({_word('times', lang, count=count) if count else _word('never', lang)})"


def _guard(coverage: Coverage, index: int, lang: str) -> str:
    """The condition of a transition, with the answer it never gave."""
    guard = coverage.workflow.compiled.links[index].guard
    if guard is None:
        return ""
    lacks = [word("true" if held else "false", lang) for held in (True, False) if not coverage.counts[guard_key(index, held)]]
    if len(lacks) > 1:
        lacks = [word("unasked", lang)]
    return f"{guard.text}: {lacks[0]}" if lacks else guard.text


def _tones(coverage: Coverage) -> Iterator[tuple[str, str]]:
    """States that were never entered, and those from which something leads on that was never exercised."""
    missed = {item.key for item in coverage.missed}
    leads: set[str] = set()
    for link in coverage.workflow.compiled.links:
        if missed & {f"transition:{link.index}", guard_key(link.index, True), guard_key(link.index, False)}:
            leads |= set(coverage.workflow.compiled.transitions[link.index].source)
    for name, state in coverage.workflow.compiled.states.items():
        timers = {f"timer:{name}:{index}" for index in range(len(state.timers))}
        if f"state:{name}" in missed:
            yield name, "breached"
        elif name in leads or missed & timers:
            yield name, "warned"


def _sections(coverage: Coverage, lang: str) -> Iterator[Section]:
    """What was never exercised, and what nothing can exercise, each by its name with the place of it."""
    columns = (_word("what", lang), _word("where", lang))
    for key, dead in (("missed", False), ("impossible", True)):
        found = [(item, told) for item, told in missed_of(coverage, lang) if (item.key in coverage.impossible) is dead]
        if found:
            rows = tuple((told, _place(coverage, item, lang)) for item, told in found)
            yield Section(word(key, lang).rstrip(":："), columns, rows)


def _place(coverage: Coverage, item: Item, lang: str) -> str:
    number = coverage.line_of(item)
    return item.path if number is None else f"{line_word(number, lang)}: {item.path}"


def _page(coverage: Coverage, tables: str, lang: str) -> str:
    """A page that stands alone: what it comes to, what the colours mean, then the tables."""
    title = html.escape(_word("title", lang, name=coverage.name))
    shares = "".join(f"<li>{html.escape(one.strip())}</li>" for one in kind_lines(coverage, lang))
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n"
        f"<h1>{title}</h1>\n<p>{html.escape(head(coverage, lang))}</p>\n<ul>{shares}</ul>\n"
        f"<p>{_word('red', lang)}{'；' if lang == 'zh' else '; '}{_word('amber', lang)}</p>\n{tables}</html>\n"
    )
