"""Knows how a timeline is drawn to scale as one small SVG; must not know how it was worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from servflow.calendars import OpenTime
from servflow.calendars._local import columns_of, language, length, local, plain, zone_name
from servflow.errors import LimitError
from servflow.sla._reasons import reason_in
from servflow.sla._rows import Row
from servflow.sla._timeline_text import WORDS, heading

if TYPE_CHECKING:
    from servflow.sla._timeline import MarkAt, Timeline

WIDTH, HEIGHT = 760, 148
MOST_BOXES = 600
"""How many stretches are drawn; one too thin to be seen beside the one before is left out."""

_LEFT, _RIGHT = 16, WIDTH - 16
_TOP, _BAR = 46, 34
_LONGEST_CLOSED = timedelta(days=62)  # of a longer span closed hours would be thinner than what is seen
_MICROSECOND = timedelta(microseconds=1)
_THINNEST = 2 * (_RIGHT - _LEFT) * 10 // MOST_BOXES  # in tenths of a pixel: every second one reaches that far

_VIEW = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11"'

# Colours that people who see few of them tell apart too (after Okabe and Ito), and each kind has a height of its own.
COLOURS: Mapping[str, str] = {
    "counted": "#0072b2",
    "late": "#d55e00",
    "paused": "#e69f00",
    "closed": "#c9ced6",
    "folded": "#5b7083",
}
_INSETS: Mapping[str, int] = {"counted": 0, "late": 0, "paused": 8, "closed": 13, "folded": 4}
_INK, _FAINT, _PAPER = "#1f2933", "#6b7785", "#ffffff"


class Box(NamedTuple):
    """A part of the bar: from and to in tenths of a pixel, its kind and what it tells."""

    left: int
    right: int
    kind: str
    row: int


class Scale:
    """Where instants lie on the drawing."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.span = start, max(end - start, _MICROSECOND)

    def at(self, instant: datetime) -> int:
        """The place of an instant in tenths of a pixel; whole numbers, so that no machine rounds otherwise."""
        inside = min(max(instant - self.start, timedelta()), self.span)
        return _LEFT * 10 + (inside // _MICROSECOND) * (_RIGHT - _LEFT) * 10 // (self.span // _MICROSECOND)


def drawn(line: Timeline, lang: str, zone: str | None) -> str:
    """The whole drawing."""
    words, where = WORDS[language(lang)], line.zone if zone is None else zone_name(zone)
    title = heading(line, lang, where)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{HEIGHT}" {_VIEW}>',
        f"<title>{_safe(title)}</title>",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6" fill="{_PAPER}" stroke="#d5dae1"/>',
        f'<text x="{_LEFT}" y="20" fill="{_INK}" font-weight="bold">{_safe(_fitting(title))}</text>',
    ]
    if line.rows or line.due is not None:
        scale = Scale(*_ends(line))
        out.append(f'<rect x="{_LEFT}" y="{_TOP}" width="{_RIGHT - _LEFT}" height="{_BAR}" fill="#f3f5f8"/>')
        boxes = _boxes(line, scale)
        out += [_box(box, line, lang, where) for box in boxes]
        out += _points(line, scale, lang, where)
        out += _legend({box.kind for box in boxes}, words)
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _safe(text: str) -> str:
    # What XML cannot hold was replaced when strangers' words were made plain.
    return escape(text, quote=True)


def _fitting(text: str) -> str:
    most = 112
    while columns_of(text) > most:
        text = text[: max(1, len(text) - 8)].rstrip() + "…"
    return text


def _ends(line: Timeline) -> tuple[datetime, datetime]:
    start = line.rows[0].start if line.rows else line.started_at or line.at
    end = max([line.rows[-1].end if line.rows else start, *(one for one in (line.due, line.due_if_resumed) if one is not None)])
    return start, end


# the bar ---------------------------------------------------------------------------------------------------------


def _boxes(line: Timeline, scale: Scale) -> list[Box]:
    out: list[Box] = []
    for place, start, end, kind in _stretches(line):
        left, right = scale.at(start), scale.at(end)
        last = out[-1] if out else None
        if last is not None and last.kind == kind and left <= last.right and last.row == place:
            out[-1] = last._replace(right=max(right, last.right))
        elif last is not None and right - last.left < _THINNEST:
            continue  # too thin to be seen beside the one before
        else:
            out.append(Box(left, right, kind, place))
    return out


def _stretches(line: Timeline) -> Iterator[tuple[int, datetime, datetime, str]]:
    """Every row, and a running one cut where the calendar opens and closes, with the kind to draw it as."""
    if not line.rows:
        return
    fine = line.rows[-1].end - line.rows[0].start <= _LONGEST_CLOSED
    for place, row in enumerate(line.rows):
        if row.phase != "running":
            yield place, row.start, row.end, row.phase
            continue
        kind = "late" if line.breached_at is not None and row.start >= line.breached_at else "counted"
        spans = _open(line.counting, row) if fine and row.calendar == line.rows[-1].calendar else None
        if spans is None:
            yield place, row.start, row.end, kind if row.counted else "closed"
            continue
        here = row.start
        for start, end in spans:
            if start > here:
                yield place, here, start, "closed"
            yield place, start, end, kind
            here = end
        if here < row.end:
            yield place, here, row.end, "closed"


def _open(cal: OpenTime | None, row: Row) -> Sequence[tuple[datetime, datetime]] | None:
    if cal is None:
        return None
    try:
        return cal.intervals(row.start, row.end)
    except LimitError:
        return None


def _box(box: Box, line: Timeline, lang: str, zone: str) -> str:
    row, words, inset = line.rows[box.row], WORDS[lang], _INSETS[box.kind]
    told = [
        f"{local(row.start, zone, lang)} - {local(row.end, zone, lang)}",
        plain(line.states(row.state, lang)) if row.state is not None else "",
        words[row.phase],
        plain(reason_in(row.reason, lang)),
        f"{words['elapsed']} {length(row.elapsed)}",
        f"{words['open']} {length(row.open)}",
        f"{words['counted']} {length(row.counted)}",
        f"{words['total']} {length(row.total)}",
    ]
    said = words["stop"].join(part for part in told if part)
    return (
        f'<rect x="{_px(box.left)}" y="{_TOP + inset}" width="{_px(max(5, box.right - box.left))}" '
        f'height="{_BAR - 2 * inset}" fill="{COLOURS[box.kind]}"><title>{_safe(said)}</title></rect>'
    )


def _px(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)


# what is marked on it --------------------------------------------------------------------------------------------


def _points(line: Timeline, scale: Scale, lang: str, zone: str) -> Iterator[str]:
    words, bottom = WORDS[lang], _TOP + _BAR
    start, end = _ends(line)
    for mark in _drawn_marks(line, start, end):
        at = scale.at(mark.at)
        said = f"{words['mark']} {plain(mark.name)}{words['stop']}{local(mark.at, zone, lang)}"
        fill = _INK if mark.reached else _PAPER
        yield (
            f'<path d="M{_px(at - 40)} {_TOP - 9}h8l-4 7z" fill="{fill}" stroke="{_INK}"><title>{_safe(said)}</title></path>'
        )
    due = line.due or line.due_if_resumed
    if due is not None:
        at, dashes = scale.at(due), "" if line.due is not None else ' stroke-dasharray="3 2"'
        yield f'<path d="M{_px(at)} {_TOP - 10}V{bottom + 8}" stroke="{COLOURS["late"]}" stroke-width="2"{dashes}/>'
        said = words["due" if line.due is not None else "resumed"]
        yield _label(at, bottom + 32, f"{said} {local(due, zone, lang)}", COLOURS["late"])
    if line.stopped_at is None and start < line.at < end:
        at = scale.at(line.at)
        path = f"M{_px(at)} {_TOP - 4}V{bottom + 4}"
        yield f'<path d="{path}" stroke="{_INK}" stroke-dasharray="2 2"><title>{words["now"]}</title></path>'
    yield _label(scale.at(start), bottom + 18, local(start, zone, lang), _FAINT)
    if line.rows and (line.rows[-1].end - start) * 4 > end - start:
        yield _label(scale.at(line.rows[-1].end), bottom + 18, local(line.rows[-1].end, zone, lang), _FAINT)


def _drawn_marks(line: Timeline, start: datetime, end: datetime) -> list[MarkAt]:
    inside = [mark for mark in line.marks if mark.name != "breach" and start <= mark.at <= end]
    return inside if len(inside) <= 40 else [*inside[:20], *inside[-20:]]


def _label(at: int, y: int, text: str, colour: str) -> str:
    """A text under the bar, turned inwards where it would leave the drawing."""
    anchor = "start" if at < (_LEFT + 80) * 10 else "end" if at > (_RIGHT - 80) * 10 else "middle"
    return f'<text x="{_px(at)}" y="{y}" fill="{colour}" text-anchor="{anchor}">{_safe(text)}</text>'


def _legend(kinds: set[str], words: Mapping[str, str]) -> Iterator[str]:
    x, y = _LEFT, HEIGHT - 12
    for kind, colour in COLOURS.items():
        if kind in kinds:
            yield f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
            yield f'<text x="{x + 14}" y="{y}" fill="{_FAINT}">{_safe(words[kind])}</text>'
            x += 14 + 7 * columns_of(words[kind]) + 18
