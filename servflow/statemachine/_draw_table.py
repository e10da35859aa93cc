"""Knows how a picture is written as tables, in Markdown and in HTML; must not know what its states mean to a host."""

from __future__ import annotations

import html as _html
import re
from collections.abc import Iterator, Mapping

from servflow.statemachine._chart import ROOT, Row
from servflow.statemachine._picture import FILLS, Picture, Section

_COLUMNS = ("source", "event", "when", "target", "note")
_CHINESE = {
    "source": "起始状态",
    "event": "事件",
    "when": "条件",
    "target": "目标状态",
    "note": "备注",
    "state": "状态",
    "Notes": "备注",
    "any state": "任意状态",
    "stays": "留在原状态",
    "internal": "内部",
}
"""What a table says of itself -> the same in Chinese."""

_MARKUP = re.compile(r"[\\`*\[\]|~#!]|(?<![^\W_])_|_(?![^\W_])")
_LINKS = re.compile(r"[<>&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)

Cell = list[tuple[str, str]]
"""What stands in a cell: texts with their tone, written one after the other with commas."""


def table(picture: Picture) -> str:
    """One line for every transition, then the sections, as Markdown."""
    heads = _heads(picture)
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in _rows(picture):
        cells = [", ".join(f"**{_markdown(text)}**" if tone else _markdown(text) for text, tone in cell) or "-" for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    for section in _sections(picture):
        lines += ["", f"**{_markdown(section.title)}**", ""]
        lines += [f"| {' | '.join(map(_markdown, section.columns))} |", "|" + "---|" * len(section.columns)]
        lines += [f"| {' | '.join(_markdown(text) or '-' for text in row)} |" for row in section.rows]
    return "\n".join(lines) + "\n"


def html(picture: Picture) -> str:
    """The same as HTML without scripts, styles from outside or links; whatever a definition holds is escaped."""
    parts = ["<table>", _head(_heads(picture))]
    for row in _rows(picture):
        cells = (", ".join(_toned(text, tone) for text, tone in cell) or "-" for cell in row)
        parts.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    parts.append("</table>")
    for section in _sections(picture):
        parts += [f"<p><b>{_escaped(section.title)}</b></p>", "<table>", _head(section.columns)]
        for texts in section.rows:
            shown = "".join(f"<td>{_escaped(text) or '-'}</td>" for text in texts)
            parts.append(f"<tr>{shown}</tr>")
        parts.append("</table>")
    return "\n".join(parts) + "\n"


def _said(picture: Picture, text: str) -> str:
    return _CHINESE[text] if picture.look.lang == "zh" else text


def _heads(picture: Picture) -> tuple[str, ...]:
    return ("#", *(_said(picture, name) for name in _COLUMNS))


def _head(columns: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<th>{_escaped(name)}</th>' for name in columns)}</tr>"


def _escaped(text: str) -> str:
    return _html.escape(_shown(text), quote=True)


def _toned(text: str, tone: str) -> str:
    return f'<b style="background:{FILLS[tone]}">{_escaped(text)}</b>' if tone else _escaped(text)


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _markdown(text: str) -> str:
    plain = _LINKS.sub(lambda found: f"\0{ord(found[0])};", _shown(text))
    return _MARKUP.sub(r"\\\g<0>", plain).replace("\0", "&#")


def _sections(picture: Picture) -> Iterator[Section]:
    yield from picture.look.sections
    if not picture.look.sections and picture.look.notes:
        rows = [(name, line) for node, name in enumerate(picture.chart.ids) for line in picture.notes(node)]
        yield Section(_said(picture, "Notes"), (_said(picture, "state"), _said(picture, "note")), tuple(rows))


def _rows(picture: Picture) -> Iterator[list[Cell]]:
    tones = picture.toned()
    for position, row in enumerate(picture.chart.rows):
        yield [[(str(position), "")], *_cells(picture, position, row, tones)]


def _cells(picture: Picture, position: int, row: Row, tones: Mapping[int, str]) -> Iterator[Cell]:
    def named(node: int) -> tuple[str, str]:
        return (_said(picture, "any state"), "") if node == ROOT else (picture.chart.ids[node], tones.get(node, ""))

    yield [named(node) for node in row.sources]
    event = " ".join(row.events or ()) if picture.labels is None else picture.labels(position)
    yield [(event, "")] if event else []
    guard = picture.look.guards(position) if picture.look.guards is not None else row.guard.text if row.guard else ""
    yield [(guard, "")] if guard else []
    yield [named(node) for node in row.targets]
    yield [(_said(picture, "stays"), "")] if not row.targets else [(_said(picture, "internal"), "")] if row.internal else []
