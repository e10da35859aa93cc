"""Knows how much time may pass at most until a timer runs out, whenever it is set; must not know states or laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from servflow.escalation._spans import later
from servflow.model import RESOLUTION

if TYPE_CHECKING:
    from servflow.calendars import OpenTime
    from servflow.engine._definition import Timer

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2052, 1, 1, tzinfo=UTC)
"""The years in which a calendar is looked at: 28, after which weekdays and leap years begin anew."""

MAX_WINDOWS = 60_000
"""How many windows of a calendar are looked at."""


def longest(timer: Timer, calendar: OpenTime) -> timedelta | None:
    """
    The most time that may pass until a timer runs out; None where that is not known.

    Counted time passes slowest from where a window closes, and from where the end comes to lie just behind a
    window. Both are tried for every window of 28 years. Business days keep the time of day and are not looked at.
    """
    if timer.calendar is None:
        exact: timedelta = timer.after.exact
        return None if timer.after.business_days else exact
    if timer.after.business_days or timer.after.exact <= timedelta():
        return None
    windows = list(calendar.intervals(FIRST, LAST))
    if not windows or len(windows) > MAX_WINDOWS:
        return None
    most = timedelta()
    for _, end in windows:
        for start in (end, calendar.before(end, timer.after.exact) + RESOLUTION):
            most = max(most, later(timer.after, start, calendar) - start)
    return most + RESOLUTION


__all__ = ["FIRST", "LAST", "longest"]
