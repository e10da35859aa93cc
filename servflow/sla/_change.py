"""Knows how a clock takes another target, another calendar or an earlier event; must not know what caused it."""

from __future__ import annotations

from datetime import datetime, timedelta

from servflow.calendars import OpenTime
from servflow.model import ClockRun, Segment, replace
from servflow.sla._clock import Clock
from servflow.sla._fold import LIVE, origin, settled, with_ahead
from servflow.sla._parts import BREACH, mark_of
from servflow.sla._repeats import forgotten
from servflow.sla._time import ZERO, between, opening


def retarget(  # noqa: PLR0917 - the order every operation shares: what, when, how much, counted by what
    clock: Clock,
    run: ClockRun,
    at: datetime,
    within: timedelta,
    calendar: str | None,
    cal: OpenTime | None,
    *,
    old_cal: OpenTime | None,
) -> ClockRun:
    """
    The clock has another target or calendar from an instant on, as ``on_retarget`` says.

    ``carry`` keeps what was counted, ``restart`` counts from here, ``recount`` counts the segments
    kept under the new calendar, ``keep`` leaves the clock as it is. Marks and the breach that follow
    are never earlier than *at*. What was breached stays so, unless the clock says ``breach: follows`` and
    has time left now; with ``marks: again`` what was reached is armed again where it lies ahead now. The
    same run when nothing changes.

    Args:
        cal: the calendar that counts from here on.
        old_cal: the calendar that counted so far.
    """
    if run.phase not in LIVE or clock.on_retarget == "keep" or (within == run.within and calendar == run.calendar):
        return run
    run = replace(settled(run, at), within=within, calendar=calendar, retargeted_at=at)
    if clock.on_retarget == "restart":
        since = at if run.since is not None else None
        segments = () if since is None else (Segment(since),)
        run = replace(run, started_at=at, segments=segments, folded=ZERO, counted=ZERO, since=since)
    elif clock.on_retarget == "recount":
        run = _recounted(run, cal)
    elif cal is not old_cal and cal != old_cal:
        run = _carried(run, at, old_cal)
    return with_ahead(clock, armed(clock, replace(run, over=run.counted > within), at, cal), cal)


def remark(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """
    The clock has other marks from an instant on; what was reached stays, and what follows is never earlier than *at*.

    The same run unless it is running or paused.
    """
    if run.phase not in LIVE:
        return run
    return with_ahead(clock, replace(settled(run, at), retargeted_at=at), cal)


def recalendar(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None, old_cal: OpenTime | None) -> ClockRun:
    """
    The calendar itself has changed, for instance by a new holiday list, as ``on_calendar_change`` says.

    ``recompute`` counts the segments kept under the new calendar, ``prospective`` lets it count from
    *at* on. Marks and the breach that follow are never earlier than *at*; what was breached or reached
    is treated as by ``retarget``. The same run unless it is running or paused.
    """
    if run.phase not in LIVE or cal is old_cal or cal == old_cal:
        return run
    changed = settled(run, at)
    changed = _recounted(changed, cal) if clock.on_calendar_change == "recompute" else _carried(changed, at, old_cal)
    changed = replace(changed, retargeted_at=at, over=changed.counted > run.within)
    return with_ahead(clock, armed(clock, changed, at, cal), cal)


def armed(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """The run without the marks that lie ahead of it now, as far as its options let them be reached again."""
    gone: set[str] = set()
    if clock.breach == "follows" and run.breached_at is not None and _time_left(clock, run, at, cal):
        gone = {BREACH, *(mark.name for mark in clock.late_marks)}  # they count on from the breach
    if clock.marks == "again":
        counted = _counted(run, at, cal)
        gone |= {mark.name for mark in clock.early_marks if mark.amount(run.within) > counted}
    if not gone:
        return run
    kept = [(name, when) for name, when in zip(run.marks, run.reached, strict=True) if mark_of(name) not in gone]
    run = replace(run, marks=tuple(name for name, _ in kept), reached=tuple(when for _, when in kept))
    return replace(run, breached_at=None, waived=None) if BREACH in gone else run


def _counted(run: ClockRun, at: datetime, cal: OpenTime | None) -> timedelta:
    return run.counted if run.since is None else run.counted + between(cal, run.since, max(at, run.since))


def _time_left(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> bool:
    if run.cap is not None and run.cap <= at:
        return False  # the clock above it leaves none
    counted = _counted(run, at, cal)
    if clock.breached_by == "over" and counted == run.within:
        return opening(cal, at) > at
    return counted < run.within


def _recounted(run: ClockRun, cal: OpenTime | None) -> ClockRun:
    return replace(run, counted=_kept(run.folded, run.segments, cal))


def _kept(folded: timedelta, segments: tuple[Segment, ...], cal: OpenTime | None) -> timedelta:
    return sum((between(cal, item.start, item.end) for item in segments if item.end is not None), folded)


def _carried(run: ClockRun, at: datetime, old_cal: OpenTime | None) -> ClockRun:
    # The past was counted by another calendar: it becomes one amount, so that a later recount or
    # rewind cannot count it by the wrong one.
    if run.since is None:
        return replace(run, segments=(), folded=run.counted)
    at = max(at, run.since)
    counted = run.counted + between(old_cal, run.since, at)
    return replace(run, segments=(Segment(at),), folded=counted, counted=counted, since=at)


def clamp(run: ClockRun, to: datetime) -> datetime:
    """
    The instant an event that occurred at *to* counts from for this clock.

    It is *to* itself, but never before the start of the cycle or the oldest segment kept, whose past
    is one amount.
    """
    return max(to, origin(run))


def rewind(
    clock: Clock, run: ClockRun, to: datetime, cal: OpenTime | None
) -> tuple[ClockRun, tuple[tuple[str, datetime], ...]]:
    """
    The clock as it was at an earlier instant, because an event turned out to have occurred there.

    Pauses, resumes and the end that came after ``clamp(run, to)`` are undone; target and calendar
    stay. Marks that were set for that instant or later have not happened: they are armed again and
    returned with their instants, in order, the breach among them. The caller applies the event at
    ``clamp(run, to)`` and works off what time reaches after it.
    """
    to = clamp(run, to)
    if run.stopped_at is not None and run.stopped_at <= to:
        return run, ()
    kept = [item for item in run.segments if item.start <= to]
    running = bool(kept) and (kept[-1].end is None or kept[-1].end > to)
    if running:
        kept[-1] = Segment(kept[-1].start)
    undone = tuple((name, at) for name, at in zip(run.marks, run.reached, strict=True) if at >= to)
    segments = tuple(kept)
    names = {name for name, _ in undone}
    stay, older = forgotten(clock, run, to, cal)
    breached_at = None if BREACH in names else run.breached_at
    counted = _kept(run.folded, segments, cal)
    paused_from = (kept[-1].end if kept else None) or run.started_at
    if run.paused_at is not None and run.paused_at <= to:  # a past kept as one amount does not tell it
        paused_from = run.paused_at
    back = replace(
        run,
        phase="running" if running else "paused",
        segments=segments,
        counted=counted,
        since=kept[-1].start if running else None,
        paused_at=None if running else paused_from,
        stopped_at=None,
        breached_at=breached_at,
        marks=(*(name for name in run.marks if name not in names), *(name for name, _ in stay)),
        reached=(*(at for at in run.reached if at < to), *(at for _, at in stay)),
        waived=run.waived if breached_at is not None else None,
        over=counted > run.within,
    )
    return with_ahead(clock, back, cal), tuple(sorted((*undone, *older), key=lambda item: item[1]))
