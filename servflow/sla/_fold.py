"""Knows how one event moves a clock; must not know which events there are or what is recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from servflow.calendars import OpenTime
from servflow.errors import TimeError
from servflow.model import EPOCH, MAX_SEGMENTS, ClockRun, ClockSummary, Segment, replace, write_instant
from servflow.sla._clock import Clock
from servflow.sla._parts import BREACH
from servflow.sla._repeats import counted_until, noted, upcoming
from servflow.sla._time import ZERO, after, between, opening

LIVE = frozenset({"running", "paused"})
_MOST_LATE = 64


class Ahead(NamedTuple):
    """What time alone will do to a running clock."""

    due: datetime | None
    next_mark: str | None
    next_at: datetime | None
    provisional: bool


class Place(NamedTuple):
    """Where a clock stands: all that what lies ahead of it depends on."""

    within: timedelta
    since: datetime
    floor: datetime
    counted: timedelta
    folded: timedelta
    segments: tuple[Segment, ...]
    marks: tuple[str, ...]
    breached_at: datetime | None
    cap: datetime | None = None


NOTHING_AHEAD = Ahead(None, None, None, False)


def place_of(run: ClockRun, since: datetime) -> Place:
    """Where a run stands that counts since an instant."""
    floor = since if run.retargeted_at is None else max(since, run.retargeted_at)
    return Place(run.within, since, floor, run.counted, run.folded, run.segments, run.marks, run.breached_at, run.cap)


def ahead(clock: Clock, place: Place, cal: OpenTime | None) -> Ahead:
    """
    The due instant and the first mark still to come.

    Instants of marks grow with their amounts and share one floor, the latest resume or retarget, so
    only the smallest amount is asked of the calendar. Marks before the end fall away with the breach.
    """
    if place.breached_at is not None:
        mark, at = _late(clock, place, place.breached_at, cal)
        return Ahead(place.breached_at, mark, at, False)
    found = after(cal, place.since, place.within - place.counted)
    if found is not None and clock.breached_by == "over" and place.within >= place.counted:
        found = opening(cal, found)  # in closed hours the target is used up and not yet exceeded
    due = None if found is None else max(found, place.floor)
    within = place.within
    if place.cap is not None:
        end = max(place.cap, place.floor)
        due = end if due is None else min(due, end)
        within = min(within, max(ZERO, place.counted + between(cal, place.since, max(place.cap, place.since))))
    mark, at = BREACH, due
    if clock.early_marks:
        waiting = [(item.amount(within), item.name) for item in clock.early_marks if item.name not in place.marks]
        if waiting:
            amount, mark = min(waiting, key=lambda pair: pair[0])
            reached = after(cal, place.since, amount - place.counted)
            at = None if reached is None else max(reached, place.floor)
    provisional = due is None or (cal is not None and cal.provisional(due))
    return Ahead(due, None if at is None else mark, at, provisional)


def _late(clock: Clock, place: Place, breached_at: datetime, cal: OpenTime | None) -> tuple[str | None, datetime | None]:
    if not clock.late_marks:
        return None, None
    # Counted from the breach, which after a retarget is not where the target lies.
    base = counted_until(place.folded, place.segments, breached_at, cal)
    waiting: list[tuple[timedelta, str]] = []
    for item in clock.late_marks:
        if item.every is not None:
            beyond = place.counted - base + between(cal, place.since, place.floor)
            waiting += filter(None, [upcoming(item, place.marks, beyond)])
        elif item.name not in place.marks:
            waiting.append((item.amount(place.within) - place.within, item.name))
    if not waiting:
        return None, None
    amount, mark = min(waiting, key=lambda pair: pair[0])
    wanted = base + amount
    reached = after(cal, place.since, wanted - place.counted)
    return (None, None) if reached is None else (mark, max(reached, place.floor))


def begin(  # noqa: PLR0917 - the order every operation shares: what, when, how much, counted by what
    clock: Clock,
    at: datetime,
    within: timedelta,
    calendar: str | None,
    cal: OpenTime | None,
    previous: ClockRun | None = None,
) -> ClockRun:
    """
    A new cycle that runs from an instant.

    Args:
        at: the start, in UTC.
        within: the counted target, see ``target``.
        calendar: the name of what counts, None for time as it passes.
        cal: the calendar of that name; None for time as it passes.
        previous: the cycle before, whose outcome goes into the summary.
    """
    segments = (Segment(at),)
    coming = ahead(clock, Place(within, at, at, ZERO, ZERO, segments, (), None), cal)
    return replace(
        _BLANK,
        name=clock.name,
        cycle=1 if previous is None else previous.cycle + 1,
        within=within,
        calendar=calendar,
        started_at=at,
        segments=segments,
        since=at,
        due=coming.due,
        next_mark=coming.next_mark,
        next_at=coming.next_at,
        provisional=coming.provisional,
        summary=_BLANK.summary if previous is None else _summed(previous),
    )


_BLANK = ClockRun(name="", within=ZERO, started_at=EPOCH)


def _summed(run: ClockRun) -> ClockSummary:
    breached = run.breached_at is not None
    cancelled = not breached and run.phase == "cancelled"
    met = not breached and run.phase == "met"
    past = run.summary
    late = (*past.late, run.cycle)[-_MOST_LATE:] if breached else past.late
    return ClockSummary(
        past.cycles + 1, past.met + met, past.breached + breached, past.cancelled + cancelled, past.counted + run.counted, late
    )


def pause(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    From here on no time counts; the same run unless it is running.

    Raises:
        TimeError: *at* lies before the clock's last change; rewind first.
    """
    if run.phase != "running":
        return run
    return _closed(run, at, cal, "paused")


def resume(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    From here on time counts again; the same run unless it is paused.

    Resumed at the instant of its pause it is as if it had never been paused.

    Raises:
        TimeError: *at* lies before the pause; rewind first.
    """
    if run.phase != "paused":
        return run
    if run.cap is not None:  # of an earlier stretch: whoever set it sets it again
        run = replace(run, cap=None)
    _not_before(run, at, run.paused_at or run.started_at)
    segments, folded, counted, since = run.segments, run.folded, run.counted, at
    if segments and segments[-1].end == at:
        since = segments[-1].start
        counted -= between(cal, since, at)
        segments = segments[:-1]
    elif len(segments) >= MAX_SEGMENTS:
        oldest = segments[0]
        folded += between(cal, oldest.start, oldest.end or at)
        segments = segments[1:]
    segments = (*segments, Segment(since))
    floor = since if run.retargeted_at is None else max(since, run.retargeted_at)
    place = Place(run.within, since, floor, counted, folded, segments, run.marks, run.breached_at)
    coming = ahead(clock, place, cal)
    return replace(
        run,
        phase="running",
        segments=segments,
        folded=folded,
        counted=counted,
        since=since,
        paused_at=None,
        due=coming.due,
        next_mark=coming.next_mark,
        next_at=coming.next_at,
        over=counted > run.within,
        provisional=coming.provisional,
    )


def stop(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    The promise is over: kept when *at* is not past the due instant, also exactly on it.

    ``phase`` is ``met`` either way; a late one has ``breached_at``. The run keeps the due instant it
    had; a paused one had none. The same run unless it is running or paused.

    Raises:
        TimeError: *at* lies before the clock's last change; rewind first.
    """
    return _ended(run, at, cal, "met")


def cancel(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    The promise no longer matters; a breach that happened before stays, else there is no due instant any more.

    The same run unless it is running or paused.

    Raises:
        TimeError: *at* lies before the clock's last change; rewind first.
    """
    ended = _ended(run, at, cal, "cancelled")
    return ended if ended is run or ended.breached_at is not None else replace(ended, due=None)


def reset(  # noqa: PLR0917 - the order every operation shares: what, when, how much, counted by what
    clock: Clock, run: ClockRun, at: datetime, within: timedelta, calendar: str | None, cal: OpenTime | None
) -> ClockRun:
    """
    The cycle starts again from nothing counted, with every mark and the breach still to come.

    It stays paused if it was paused. What was breached before is told by the records only. The same
    run unless it is running or paused.

    Raises:
        TimeError: *at* lies before the clock's last change; rewind first.
    """
    if run.phase not in LIVE:
        return run
    _not_before(run, at, run.since or run.paused_at or run.started_at)
    fresh = begin(clock, at, within, calendar, cal)
    if run.phase == "paused":
        fresh = _closed(fresh, at, cal, "paused")
    return replace(fresh, cycle=run.cycle, summary=run.summary)


def reopen(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    A stopped cycle goes on (``on_reopen: resume``): what lay between counts like a pause.

    The same run unless its phase is ``met``.
    """
    if run.phase != "met":
        return run
    paused = replace(run, phase="paused", paused_at=run.stopped_at, stopped_at=None)
    return resume(clock, paused, at, cal)


def reach(clock: Clock, run: ClockRun, cal: OpenTime | None) -> ClockRun:
    """
    The mark ``run.next_mark`` has happened at ``run.next_at``; the same run when none is set.

    The caller asks for it only once time is past that instant. With ``breach`` the run is breached
    for the rest of the cycle, at that instant.
    """
    if run.next_mark is None or run.next_at is None or run.since is None:
        return run
    breached_at = run.next_at if run.next_mark == BREACH else run.breached_at
    marks, reached = noted(clock, run, run.next_mark, run.next_at)
    run = replace(run, marks=marks, reached=reached, breached_at=breached_at)
    return with_ahead(clock, run, cal)


def with_ahead(clock: Clock, run: ClockRun, cal: OpenTime | None) -> ClockRun:
    """The run with what lies ahead worked out anew; the same run where that is as it was."""
    coming = NOTHING_AHEAD if run.since is None else ahead(clock, place_of(run, run.since), cal)
    due = run.breached_at if run.since is None else coming.due
    if (run.due, run.next_mark, run.next_at, run.provisional) == (due, *coming[1:]):
        return run
    return replace(run, due=due, next_mark=coming.next_mark, next_at=coming.next_at, provisional=coming.provisional)


def origin(run: ClockRun) -> datetime:
    """The earliest instant the run still knows by itself: its start, or where the past was made one amount."""
    first = run.segments[0].start if run.segments else None
    if run.folded or len(run.segments) >= MAX_SEGMENTS or (first is not None and first == run.retargeted_at):
        return first or run.retargeted_at or run.started_at
    return run.started_at


def settled(run: ClockRun, at: datetime) -> ClockRun:
    """The run as breached where an instant is past its due one, should the mark not have been worked off."""
    if run.breached_at is None and run.phase == "running" and run.due is not None and at > run.due:
        return replace(run, breached_at=run.due, marks=(*run.marks, BREACH), reached=(*run.reached, run.due))
    return run


def _closed(run: ClockRun, at: datetime, cal: OpenTime | None, phase: str) -> ClockRun:
    since = run.since or run.started_at
    _not_before(run, at, since)
    run = settled(run, at)
    counted, segments = run.counted, run.segments[:-1]
    if at > since:  # a stretch of no length is not kept
        counted += between(cal, since, at)
        segments = (*segments, Segment(since, at))
    return replace(
        run,
        phase=phase,
        segments=segments,
        counted=counted,
        since=None,
        paused_at=at if phase == "paused" else None,
        stopped_at=None if phase == "paused" else at,
        due=run.breached_at if phase == "paused" else run.due,
        next_mark=None,
        next_at=None,
        over=counted > run.within,
        provisional=False,
        cap=None if phase == "paused" else run.cap,
    )


def _ended(run: ClockRun, at: datetime, cal: OpenTime | None, phase: str) -> ClockRun:
    if run.phase == "running":
        return _closed(run, at, cal, phase)
    if run.phase != "paused":
        return run
    _not_before(run, at, run.paused_at or run.started_at)
    return replace(run, phase=phase, paused_at=None, stopped_at=at)


def _not_before(run: ClockRun, at: datetime, earliest: datetime) -> None:
    if at < earliest:
        raise TimeError(
            f"clock {run.name} cannot change at {write_instant(at)}: it last changed at {write_instant(earliest)}; "
            "rewind it to the earlier instant first",
            code="past",
            clock=run.name,
            at=at,
            earliest=earliest,
        )
