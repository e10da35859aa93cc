"""Knows the sentences of all findings in English and Chinese; must not know what the facts mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from itertools import islice
from string import Formatter
from typing import Any

from attrs import frozen

from servflow.errors._glossary import FACTS, said
from servflow.errors._shown import shown as quoted

LANGUAGES = ("en", "zh")
"""The languages in which every sentence is written."""

_DEEP = ("common", "expressions", "calendars", "statemachine", "rules", "dispatch", "sla", "escalation", "correlation")
_KERNEL = (*_DEEP, "engine", "idioms", "rules_reasons", "rulesets", "sla_reasons", "checking", "checking_chains", "migration")
_TOLD = ("dispatch_told", "dispatch_reasons", "dispatch_waiting", "worlds", "parts")
_SERVICE = ("intake", "recurring", "evaluation", "goals", "stories", "reload", "edits")
_PARTS = (*_KERNEL, *_TOLD, "audit", "documents", "lab", "integrations", "exchange", "oncall", "rotations", "forms", *_SERVICE)
_MOST_SHOWN = 20
_LONGEST = 400  # characters of one fact in a sentence: facts come from strangers' documents
_WORD = 200  # characters of a word that may be a slip of another one
_REASONS = ("why", "problem", "reason")


@frozen
class Text:
    """
    A sentence with ``{fact}`` places in both languages, and the hint that goes with it.

    ``or_else`` names the code whose sentence is said where a fact of this one is missing.
    """

    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""
    or_else: str = ""


_CATALOGUE: dict[str, Text] = {}


def _catalogue() -> dict[str, Text]:
    # Loaded on the first sentence: a program that never fails never pays for the texts.
    if not _CATALOGUE:
        for part in _PARTS:
            _CATALOGUE.update(import_module(f"servflow.errors._texts_{part}").TEXTS)
    return _CATALOGUE


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _fill(template: str, facts: Mapping[str, Any], lang: str) -> str:
    shown = _Facts({name: _shown(name, value, lang) for name, value in facts.items()})
    if isinstance(facts.get("kind"), str):
        # Most sentences quote a kind as the document spells it; a few name it as people do.
        shown["said_kind"] = said(facts["kind"], lang)
    cause = facts.get("cause")
    if isinstance(cause, tuple) and len(cause) == 2 and cause[0] in _catalogue():
        # The error underneath has a sentence of its own, which can be said in either language.
        shown.update(dict.fromkeys(_REASONS, _fill(_said(cause[0], cause[1], lang), cause[1], lang)))
    return template.format_map(shown)


def _shown(name: str, value: Any, lang: str) -> Any:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        if set(value) == set(LANGUAGES):  # said in both languages already
            return _shown(name, value[lang], lang)
        pairs = [f"{_plainly(key)}: {_plainly(item)}" for key, item in islice(value.items(), _MOST_SHOWN)]
        return ", ".join([*pairs, *_more(len(value))]) or "-"
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_word(name, _plainly(item), lang) for item in islice(value, _MOST_SHOWN)]
        if name == "expected":
            return _either(items, lang)
        return ("、" if lang == "zh" and name in FACTS else ", ").join([*items, *_more(len(value))]) or "-"
    return _word(name, _plainly(value), lang) if isinstance(value, str) else _bounded(value)


def _more(count: int) -> list[str]:
    return [f"… ({count - _MOST_SHOWN})"] if count > _MOST_SHOWN else []


def _plainly(value: Any) -> str:
    """A fact as text, whatever it is: short, and of characters that UTF-8 can write."""
    try:
        text = str(value)
    except Exception:  # a stranger's value, or a number of thousands of digits
        text = quoted(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


class _Quoted(str):
    """What stands for a fact that is too long or too deep to be written; quoting it again changes nothing."""

    __slots__ = ()
    __repr__ = str.__str__


def _bounded(value: Any) -> Any:
    try:
        short = len(str(value)) <= _LONGEST and len(repr(value)) <= _LONGEST
    except Exception:  # as above
        short = False
    return value if short else _Quoted(quoted(value))


def _either(items: list[str], lang: str) -> str:
    if len(items) < 2:
        return "".join(items) or "-"
    comma, last = ("、", "或") if lang == "zh" else (", ", " or ")
    return comma.join(items[:-1]) + last + items[-1]


def _word(name: str, value: str, lang: str) -> str:
    return said(value, lang) if name in FACTS else value


def _said(code: str, facts: Mapping[str, Any], lang: str) -> str:
    """The template for a code whose facts are all there, following ``or_else``."""
    text = _catalogue()[code]
    template = text.zh if lang == "zh" else text.en
    if text.or_else and any(place and place not in facts for _, place, _, _ in Formatter().parse(template)):
        return _said(text.or_else, facts, lang)  # the catalogue is ours: its chains are short and end
    return template


def spoken(lang: object) -> str:
    """
    The language in which our sentences are said: the one that is asked for, wherever it is spoken, else English.

    ``zh-CN`` and ``zh_TW`` are Chinese; titles of a definition follow the same rule, and may be in any language.
    """
    if lang in LANGUAGES:
        return str(lang)
    plain = str(lang).lower().replace("_", "-").partition("-")[0]
    return plain if plain in LANGUAGES else "en"


def render(code: str, facts: Mapping[str, Any], lang: str = "en") -> str:
    """
    The sentence for a code, filled with its facts.

    A code without a sentence reads as the code and its facts, so that nothing is ever lost.
    """
    if code not in _catalogue():
        listed = ", ".join(f"{name}={_plainly(value)}" for name, value in facts.items())
        return f"{code}: {listed}" if listed else code
    lang = spoken(lang)
    return _fill(_said(code, facts, lang), facts, lang)


def hint_for(code: str, facts: Mapping[str, Any], lang: str = "en") -> str:
    """The hint for a code; the fact ``nearest`` adds a did-you-mean."""
    text, lang = _catalogue().get(code), spoken(lang)
    hint = "" if text is None else _fill(text.hint_zh if lang == "zh" else text.hint_en, facts, lang)
    close = facts.get("nearest")
    if close:
        asked = f"是否想写“{close}”？" if lang == "zh" else f"did you mean {close!r}?"  # noqa: RUF001 - Chinese punctuation
        hint = f"{asked}{'' if lang == 'zh' else ' '}{hint}".strip()
    return hint


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a misspelt one, or None when nothing is close."""
    asked: object = word  # whatever a document held
    text = asked if isinstance(asked, str) else quoted(asked)
    found = difflib.get_close_matches(text[:_WORD], [str(name) for name in known], n=1, cutoff=0.6)
    return found[0] if found else None
