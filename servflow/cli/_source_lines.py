"""Knows how the line that a finding is about is shown, with a mark under its column; must not know what findings mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attrs import evolve, frozen
from rich.cells import cell_len
from rich.text import Text

from servflow.errors import Finding

WIDEST = 100
"""Columns of a source line that are shown; of a longer one, those around the place."""

_BEFORE = 60
"""Of these, how many at most stand before the place."""

_TAB = 4
_MOST_BYTES = 20_000_000
_BREAK = re.compile("\r\n|\r|\n")
_KEPT = "\u200c\u200d"


@frozen
class Shown:
    """One line of a source as it can be shown, and before which of its columns on the screen the place begins (from 0)."""

    text: str
    column: int


def visible(text: str) -> str:
    """
    A text as a terminal may be given it: what would move its cursor, colour it or turn its direction is written out.

    Line breaks, tabs and spaces of every width stay.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" or _harmless(char) else _escaped(char) for char in text)


def _harmless(char: str) -> bool:
    return char in _KEPT or unicodedata.category(char) in ("Zs", "Co")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def source_line(finding: Finding) -> str | None:
    """The line of the source that a finding is about, as it stands there; None where it is not known."""
    if finding.file is None or finding.line is None:
        return None
    lines = _lines(finding.file)
    return lines[finding.line - 1] if 1 <= finding.line <= len(lines) else None


@lru_cache(maxsize=4)
def _lines(file: str) -> tuple[str, ...]:
    try:
        content = Path(file).read_bytes()[:_MOST_BYTES]
    except (OSError, ValueError):
        return ()  # it was there a moment ago; what is said of it stands
    return tuple(_BREAK.split(content.decode("utf-8-sig", "replace")))


def shown(line: str, column: int) -> Shown:
    """
    A line of a source with tabs as spaces and control characters written out, cut to what is around a column.

    Args:
        column: the place, in characters from 1, as findings count.
    """
    start = max(column - 1 - _BEFORE, 0)
    cut = line[start : start + 2 * WIDEST]
    text, at = "", 0
    for index, char in enumerate(cut):
        if start + index == column - 1:
            at = cell_len(text)
        wider = text + (" " * (_TAB - cell_len(text) % _TAB) if char == "\t" else visible(char).replace("\n", "\\n"))
        if cell_len(wider) > WIDEST:
            break
        text = wider
    else:
        index = len(cut)
    if column - 1 >= start + len(cut):
        at = cell_len(text)
    head, tail = ("…" if start else ""), ("…" if start + index < len(line) else "")
    return Shown(f"{head}{text}{tail}", at + cell_len(head))


def as_lines(finding: Finding, lang: str) -> Iterator[Text]:
    """
    A finding as lines: ``file:line:column`` and the sentence, then the line it is about below the one before it, and a caret.

    Where the source is not known it is one line, as ``Finding.text`` says it.
    """
    line = source_line(finding)
    if line is None or finding.line is None or finding.file is None:
        yield Text(visible(finding.text(lang)))
        return
    column = finding.column or 1
    said = evolve(finding, line=None).text(lang)
    style = {"error": "red", "warning": "yellow"}.get(finding.severity, "cyan")
    yield Text.assemble((f"{visible(finding.file)}:{finding.line}:{column}: ", "bold"), (visible(said), style))
    width = len(str(finding.line))
    before = source_line(evolve(finding, line=finding.line - 1))
    if before is not None and before.strip():
        yield Text.assemble((f"{finding.line - 1:>{width}} | ", "dim"), shown(before, 1).text)
    here = shown(line, column)
    yield Text.assemble((f"{finding.line} | ", "dim"), here.text)
    yield Text.assemble((f"{'':>{width}} | ", "dim"), (" " * here.column + "^", style))
