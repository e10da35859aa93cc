"""Knows what can be asked of a clock; must not change it."""

from __future__ import annotations

from datetime import datetime, timedelta

from servflow.calendars import OpenTime
from servflow.model import ClockRun
from servflow.sla._clock import Clock
from servflow.sla._fold import origin
from servflow.sla._repeats import counted_until
from servflow.sla._time import ZERO, after, between, opening


def counted(run: ClockRun, at: datetime, cal: OpenTime | None) -> timedelta:
    """
    Counted time of the cycle up to an instant; before the start none.

    An instant in the past is answered from the segments kept; what was folded counts as a whole.
    """
    if run.since is not None and at >= run.since:
        return run.counted + between(cal, run.since, at)
    if run.since is None and (not run.segments or at >= (run.segments[-1].end or at)):
        return run.counted
    return counted_until(run.folded, run.segments, at, cal)


def remaining(run: ClockRun, at: datetime, cal: OpenTime | None) -> timedelta:
    """Counted time left to the target; negative once more than the target has been counted."""
    return run.within - counted(run, at, cal)


def over(run: ClockRun, at: datetime, cal: OpenTime | None) -> bool:
    """
    Whether more than the target has been counted.

    Not the same as breached: in closed hours after the due instant, and after a retarget, they differ.
    """
    return counted(run, at, cal) > run.within


def percent(run: ClockRun, at: datetime, cal: OpenTime | None) -> float:
    """
    The share of the target that is counted, in percent: 100 at its end and more beyond it.

    A target of no length is all counted from the start.
    """
    return 100 * (counted(run, at, cal) / run.within) if run.within else 100.0


def due_if_resumed(run: ClockRun, at: datetime, cal: OpenTime | None, clock: Clock | None = None) -> datetime | None:
    """
    The due instant if the clock went on at an instant.

    It is the due instant itself while running and once breached; None for an ended run, and where the
    calendar never opens for long enough. A child's is never after the one its parent has.

    Args:
        clock: its definition, which matters with ``breached_by: over`` only.
    """
    if run.breached_at is not None or run.phase == "running":
        return run.due
    if run.phase != "paused":
        return None
    due = after(cal, at, run.within - run.counted)
    if due is not None and clock is not None and clock.breached_by == "over" and run.within >= run.counted:
        due = opening(cal, due)
    if run.cap is not None and at <= run.cap and (due is None or run.cap < due):
        due = run.cap
    return due if due is None or run.retargeted_at is None else max(due, run.retargeted_at)


def display_due(clock: Clock, run: ClockRun, cal: OpenTime | None) -> datetime | None:
    """The due instant as the definition wants it shown: itself, or with ``display: next_opening`` the opening after it."""
    if run.due is None or clock.display == "due":
        return run.due
    return opening(cal, run.due)


def paused(run: ClockRun, at: datetime) -> timedelta:
    """Time as it passed, from the start or the oldest segment kept up to an instant, in which the clock was paused."""
    end = at if run.stopped_at is None else min(at, run.stopped_at)
    ran = sum((min(item.end or end, end) - item.start for item in run.segments if item.start < end), ZERO)
    return max(ZERO, end - origin(run) - ran)
