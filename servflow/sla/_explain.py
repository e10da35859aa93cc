"""Knows how a clock, its calendar and its records become the timeline of one cycle; must not know how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from servflow.calendars import OpenTime
from servflow.calendars._local import zone_name
from servflow.errors import InputError, render, shown
from servflow.model import ClockRun, Record, instant
from servflow.sla._clock import Clock
from servflow.sla._course import NOTHING, Course, Turn, course_of
from servflow.sla._fold import reach
from servflow.sla._questions import counted, due_if_resumed
from servflow.sla._rows import Counting, Row, rows_of
from servflow.sla._time import ZERO
from servflow.sla._timeline import MarkAt, Step, Timeline
from servflow.sla._why import Case, calendar_name, promised, steps

_MOST_MARKS = 256
_MOST_AHEAD = 16


def rows(
    clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None, state: tuple[datetime, str] | None = None
) -> tuple[Row, ...]:
    """
    The rows of ``explain`` alone, from what the run itself knows.

    Args:
        state: the state the ticket is in, and since when.
    """
    course = NOTHING if state is None else Course((), (state,))
    return rows_of(run, at, course, lambda _: cal, clock.paused_in)


def explain(
    clock: Clock,
    run: ClockRun,
    at: datetime,
    cal: OpenTime | None,
    *,
    records: Iterable[Record] = (),
    calendars: Mapping[str, OpenTime] | None = None,
    cycle: int | None = None,
    zone: str | None = None,
    state: tuple[datetime, str] | None = None,
    source: tuple[Step, ...] = (),
) -> Timeline:
    """
    The course of a cycle up to an instant or its end, stretch by stretch, and why it is due when it is.

    Args:
        clock: its definition.
        run: how far it has come.
        at: aware instant; what time alone does before it is done.
        cal: the calendar that counts, None for time as it passes.
        records: all records of the ticket: they tell states and reasons, and what the run keeps as one amount.
        calendars: those that counted before, by name.
        cycle: an earlier cycle, which only the records tell; the latest unless given.
        zone: in which instants are told; unless given the calendar's, and UTC without a calendar.
        state: without records, the state the ticket is in and since when.
        source: where target and calendar came from, told after the promise.

    Raises:
        TimeError: *at* is naive.
        InputError: there is no such cycle or zone, or *records* holds something else.
    """
    now = instant(at, "at")
    course = course_of(records, run.name)
    if state is not None and not course.states:
        course = Course(course.turns, (state,))
    known = dict(calendars or {})

    def counting(name: str | None) -> OpenTime | None:
        return cal if name == run.calendar else None if name is None else known[name]

    chosen = run if cycle is None or cycle == run.cycle else run_of(course.turns, run.name, cycle, run.cycle)
    try:
        here = counting(chosen.calendar)
    except KeyError:
        raise InputError(
            f"cycle {cycle} of clock {run.name} was counted by calendar {chosen.calendar}; give it in calendars",
            code="calendar",
            calendar=chosen.calendar,
        ) from None
    return timeline_of(clock, chosen, now, course.cycle(chosen.cycle), Around(counting, here, zone, source))


class Around:
    """What counts for a timeline, where its instants are told, and where target and calendar came from."""

    def __init__(self, counting: Counting, cal: OpenTime | None, zone: str | None, source: tuple[Step, ...] = ()) -> None:
        self.counting, self.cal, self.source = counting, cal, source
        self.zone = zone_name(zone) if zone is not None else "UTC" if cal is None else cal.days_zone


def run_of(turns: Sequence[Turn], clock: str, cycle: object, now: int) -> ClockRun:
    """
    A clock at the end of an earlier cycle.

    Raises:
        InputError: what is known does not tell of such a cycle.
    """
    past = isinstance(cycle, int) and not isinstance(cycle, bool) and cycle < now
    found = None if not past else next((turn.run for turn in reversed(turns) if turn.run.cycle == cycle), None)
    if found is None:
        facts = {"clock": clock, "cycle": shown(cycle), "now": now}
        said = f"{render('sla.no_cycle', facts)}; past cycles are in the records only: pass all records of the ticket"
        raise InputError(said, code="cycle", **facts)
    return found


def timeline_of(clock: Clock, run: ClockRun, now: datetime, course: Course, around: Around) -> Timeline:
    """The timeline of a run, with what befell it in this cycle."""
    cal = around.cal
    run = _worked_off(clock, run, now, cal)
    seen = now if run.stopped_at is None else min(now, run.stopped_at)
    told = rows_of(run, now, course, around.counting, clock.paused_in)
    amount = counted(run, seen, cal)
    case = Case(
        clock=clock,
        run=run,
        at=now,
        cal=cal,
        counted=amount,
        rows=told,
        course=course,
        zone=around.zone,
        counting=around.counting,
    )
    return Timeline(
        clock=run.name,
        cycle=run.cycle,
        phase=run.phase,
        at=now,
        zone=around.zone,
        calendar=calendar_name(run.calendar, cal, run.name),
        within=run.within,
        counted=amount,
        remaining=run.within - amount,
        started_at=run.started_at,
        stopped_at=run.stopped_at,
        due=run.due,
        breached_at=run.breached_at,
        due_if_resumed=due_if_resumed(run, now, cal, clock) if run.phase == "paused" else None,
        over=amount > run.within,
        provisional=run.provisional,
        waived=run.waived,
        rows=told,
        why=(promised(run.within, run.calendar, cal, around.zone, clock=run.name), *around.source, *steps(case)),
        marks=tuple(_marks(clock, run, cal)),
        counting=cal,
    )


def explain_idle(
    clock: Clock,
    at: datetime,
    within: timedelta | None,
    cal: OpenTime | None,
    *,
    calendar: str | None = None,
    zone: str | None = None,
    source: tuple[Step, ...] = (),
) -> Timeline:
    """
    The timeline of a clock that has not started: no rows, and what it would promise; None where it promises nothing.

    Raises:
        TimeError: *at* is naive.
        InputError: there is no such zone.
    """
    around = Around(lambda _: cal, cal, zone)
    first = () if within is None else (promised(within, calendar, cal, around.zone, clock=clock.name),)
    return Timeline(
        clock=clock.name,
        cycle=0,
        phase="idle",
        at=instant(at, "at"),
        zone=around.zone,
        calendar=calendar_name(calendar, cal, clock.name),
        within=within,
        counted=ZERO,
        remaining=within,
        why=(*first, *source, Step("sla.why_idle")),
        counting=cal,
    )


def _worked_off(clock: Clock, run: ClockRun, now: datetime, cal: OpenTime | None) -> ClockRun:
    for _ in range(_MOST_MARKS):
        if run.next_at is None or run.next_at >= now:
            break
        run = reach(clock, run, cal)
    return run


def _marks(clock: Clock, run: ClockRun, cal: OpenTime | None) -> Iterator[MarkAt]:
    reached = list(zip(run.marks, run.reached, strict=True))
    for name, at in reached[-_MOST_MARKS:]:
        yield MarkAt(name, at, True)
    yield from islice(_ahead(clock, run, cal), _MOST_AHEAD)


def _ahead(clock: Clock, run: ClockRun, cal: OpenTime | None) -> Iterator[MarkAt]:
    """What time alone will reach if nothing else happens, up to the breach and the mark after it."""
    while run.next_mark is not None and run.next_at is not None:
        yield MarkAt(run.next_mark, run.next_at, False)
        if run.breached_at is not None:
            return
        run = reach(clock, run, cal)
