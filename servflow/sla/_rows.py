"""Knows how the course of a clock is cut into rows that add up; must not know why it is due or how it is shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.model import ClockRun, write_instant
from servflow.sla._course import Course, Turn
from servflow.sla._fold import origin
from servflow.sla._parts import own_calendar
from servflow.sla._time import ZERO, between

SECOND = timedelta(seconds=1)

Counting = Callable[[str | None], OpenTime | None]
"""The calendar of a name, None for time as it passes; KeyError for one that is not there any more."""


@frozen
class Row:
    """
    One stretch of a clock's course, half-open, in which state, phase and reason stay the same.

    ``state`` is where the ticket was, None where that is not known. ``reason`` tells what began the phase:
    ``started``, ``resumed: event reply``, ``in state waiting``, ``target changed``, ``breached`` (late from here on). ``phase``
    is ``running``, ``paused``, or ``folded`` for a past that is kept as one amount only. ``elapsed`` is time as
    it passed, ``open`` what the calendar counts of it whether the clock ran or not, ``counted`` what counted for
    the clock, ``total`` all that is counted to its end. ``calendar`` names what counts, None for time as it passes; of a
    folded row it is today's, and what counted then may have been another.
    """

    start: datetime
    end: datetime
    state: str | None
    reason: str
    phase: str
    elapsed: timedelta
    open: timedelta
    counted: timedelta
    total: timedelta
    calendar: str | None = None

    def to_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, lengths in seconds."""
        return {
            "start": write_instant(self.start),
            "end": write_instant(self.end),
            "state": self.state,
            "reason": self.reason,
            "phase": self.phase,
            "elapsed": self.elapsed / SECOND,
            "open": self.open / SECOND,
            "counted": self.counted / SECOND,
            "total": self.total / SECOND,
            "calendar": self.calendar,
        }


class Stretch(NamedTuple):
    """One phase from an instant to another, counted by one calendar; ``counted`` is None where that has to be asked."""

    start: datetime
    end: datetime
    phase: str
    calendar: str | None
    counted: timedelta | None = None


def rows_of(
    run: ClockRun, at: datetime, course: Course, counting: Counting, paused_in: tuple[str, ...] = ()
) -> tuple[Row, ...]:
    """
    The rows of a cycle up to an instant or its end.

    They touch, none has no length, and the last ``total`` is what is counted at the instant.
    """
    end = at if run.stopped_at is None else min(at, run.stopped_at)
    rows: list[Row] = []
    total = ZERO
    reasons = _Reasons(run, course, paused_in)
    for stretch in _stretches(run, end, course, counting):
        if stretch.end <= stretch.start:
            continue
        cal = counting(stretch.calendar)
        for start, stop, state, reason in _parts(stretch, reasons, course):
            elapsed, opened = stop - start, between(cal, start, stop)
            counted = stretch.counted
            if counted is None:
                counted = opened if stretch.phase == "running" else ZERO
            total += counted
            row = Row(
                start,
                stop,
                state,
                reason,
                stretch.phase,
                elapsed,
                opened,
                counted,
                total,
                own_calendar(stretch.calendar, run.name),
            )
            rows.append(_joined(rows.pop(), row) if rows and _same(rows[-1], row) else row)
    return tuple(rows)


def _same(one: Row, other: Row) -> bool:
    return (one.state, one.reason, one.phase, one.calendar) == (other.state, other.reason, other.phase, other.calendar)


def _joined(one: Row, other: Row) -> Row:
    return Row(
        one.start,
        other.end,
        one.state,
        one.reason,
        one.phase,
        one.elapsed + other.elapsed,
        one.open + other.open,
        one.counted + other.counted,
        other.total,
        one.calendar,
    )


def _stretches(run: ClockRun, end: datetime, course: Course, counting: Counting) -> Iterator[Stretch]:
    place = run.started_at
    known = min(origin(run), end)
    if known > place or run.folded:
        # The run keeps this past as one amount. Where the records tell it in full and come to the same
        # amount, they are taken; else it stays one row.
        told = _told(run, max(known, place), course, counting)
        yield from told or [Stretch(place, max(known, place), "folded", run.calendar, run.folded)]
        place = max(known, place)
    for segment in run.segments:
        if segment.start >= end:
            break
        if segment.start > place:
            yield Stretch(place, segment.start, "paused", run.calendar)
        place = end if segment.end is None else min(segment.end, end)
        if place > segment.start:
            yield Stretch(segment.start, place, "running", run.calendar)
    if end > place:
        yield Stretch(place, end, "paused", run.calendar)


def _told(run: ClockRun, known: datetime, course: Course, counting: Counting) -> list[Stretch]:
    pieces = _pieces(run, known, course)
    out: list[Stretch] = []
    place, counted = run.started_at, ZERO
    calendar = run.calendar
    try:
        for start, stop, calendar in pieces:
            if start > place:
                out.append(Stretch(place, start, "paused", calendar))
            out.append(Stretch(start, stop, "running", calendar))
            counted += between(counting(calendar), start, stop)
            place = stop
    except KeyError:
        return []
    if place < known:
        out.append(Stretch(place, known, "paused", calendar))
    return out if counted == run.folded else []


def _pieces(run: ClockRun, known: datetime, course: Course) -> list[tuple[datetime, datetime, str | None]]:
    """What ran before an instant, as each record knew it until a later one knew better."""
    pieces: list[tuple[datetime, datetime | None, str | None]] = []
    for turn in course.turns:
        since = origin(turn.run)
        del pieces[_first_from(pieces, since) :]
        if pieces and (pieces[-1][1] is None or pieces[-1][1] > since):
            pieces[-1] = (pieces[-1][0], since, pieces[-1][2])
        pieces.extend((item.start, item.end, turn.run.calendar) for item in turn.run.segments)
    return [
        (start, known if end is None else min(end, known), calendar)
        for start, end, calendar in pieces
        if run.started_at <= start < known
    ]


def _first_from(pieces: list[tuple[datetime, datetime | None, str | None]], since: datetime) -> int:
    place = len(pieces)
    while place and pieces[place - 1][0] >= since:
        place -= 1
    return place


class _Reasons:
    """What began every phase of a cycle, and what changed within one; asked by instant."""

    def __init__(self, run: ClockRun, course: Course, paused_in: tuple[str, ...]) -> None:
        self.course, self.paused_in, self.late = course, paused_in, run.breached_at
        self.pauses: dict[datetime, str] = {}
        self.begins: dict[datetime, str] = {}
        self.changes: dict[datetime, str] = {}
        for turn in course.turns:
            held = self.pauses if turn.kind == "paused" else self.begins if turn.kind in _BEGINNING else None
            if held is not None and not (turn.again and turn.instant in held):
                held[turn.instant] = paused_by(turn) if turn.kind == "paused" else begun_by(turn)
            elif turn.kind == "retargeted" and turn.reason:
                self.changes[turn.instant] = turn.reason
        self.begins.setdefault(run.started_at, "started")
        self.order = sorted(self.changes)

    def of(self, stretch: Stretch) -> dict[datetime, str]:
        """The reasons of a stretch, each with the instant from which it holds."""
        start, end = stretch.start, stretch.end
        if stretch.phase == "paused":
            told = self.pauses.get(start, "")
            return {start: (self._by_state(start) or told) if told in _VAGUE else told}
        found = {at: self.changes[at] for at in self.order[bisect_left(self.order, start) : bisect_left(self.order, end)]}
        late = self.late is not None and self.late <= start
        found[start] = self.begins.get(start) or found.get(start) or ("breached" if late else "")
        if self.late is not None and start < self.late < end:
            found[self.late] = "breached"
        return found

    def _by_state(self, at: datetime) -> str:
        # Without records: the state it is in now may be one that pauses.
        here = (self.course.state_at(at) or "").split("+")
        return next((f"in state {name}" for name in self.paused_in if name in here), "")


def _parts(stretch: Stretch, reasons: _Reasons, course: Course) -> Iterator[tuple[datetime, datetime, str | None, str]]:
    """A stretch cut where the state or the reason changes; what is one amount only is not cut."""
    start, end = stretch.start, stretch.end
    if stretch.phase == "folded":
        yield start, end, None, ""
        return
    found = reasons.of(stretch)
    cuts = sorted({start, *found, *course.moves_inside(start, end)})
    reason = ""
    for place, cut in enumerate(cuts):
        reason = found.get(cut, reason)
        yield cut, cuts[place + 1] if place + 1 < len(cuts) else end, course.state_at(cut), reason


_BEGINNING = {"started": "started", "resumed": "resumed", "reset": "reset"}


_VAGUE = ("", "paused", "started while paused")


def paused_by(turn: Turn) -> str:
    """Why a clock was paused: the state that does it, or the event."""
    if turn.reason in ("", "paused by its condition") and turn.by:
        return f"event {turn.by}"
    return turn.reason or "paused"


def begun_by(turn: Turn) -> str:
    """What let a clock run: its start, its reset or what resumed it."""
    reason = turn.reason if turn.reason in ("reopened",) else ""
    word = reason or _BEGINNING[turn.kind]
    return f"{word}: event {turn.by}" if turn.by and turn.by != "open" else word
