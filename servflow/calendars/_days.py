"""Knows how working days are stepped through; must not know how open time is compiled."""

from __future__ import annotations

from datetime import time
from typing import Protocol

from servflow.calendars._clock import clock
from servflow.calendars._zones import FIRST_DAY, LAST_DAY, Spans, day_of, resolve, wall_of
from servflow.errors import TimeError, shown

_MOST_DAYS = 40_000
_CLOSED_DAYS_WALKED = 7
# Open time may lie on the date after the one it belongs to, and another zone is at most a date away.
_NEAR = 3


class Days(Protocol):
    """What stepping needs to know of open time."""

    @property
    def days_zone(self) -> str: ...

    def _of_day(self, day: int) -> Spans: ...

    def _opening_us(self, at_us: int) -> int | None: ...

    def _closing_us(self, at_us: int) -> int | None: ...


def _number(n: object) -> int:
    if not isinstance(n, int) or isinstance(n, bool):
        raise TimeError(f"a number of working days must be an int, not {type(n).__name__}", code="days", value=n)
    if abs(n) > _MOST_DAYS:
        raise TimeError(f"{shown(n)} working days are more than the {_MOST_DAYS} that are counted", code="days", value=n)
    return n


def _skip(days: Days, day: int, step: int) -> int:
    """A date from which on, in the direction of the step, the next working day is near; never past it."""
    zone = days.days_zone
    if step > 0:
        found = days._opening_us(resolve(zone, day, 0))
        if found is not None:
            return max(day, day_of(zone, found) - _NEAR)
    else:
        found = days._closing_us(resolve(zone, day + 1, 0))
        if found is not None:
            return min(day, day_of(zone, found) + _NEAR)
    raise TimeError("the calendar has no further working days; extend its shifts", code="never_opens_again")


def _step(days: Days, day: int, step: int) -> int:
    """The next working day after a date, or before it."""
    closed = 0
    day += step
    while FIRST_DAY < day < LAST_DAY:
        if days._of_day(day):
            return day
        closed += 1
        if closed % _CLOSED_DAYS_WALKED == 0:
            day = _skip(days, day, step)
            if days._of_day(day):
                return day
        day += step
    raise TimeError("the search for working days leaves the years 1 to 9999", code="range")


def _nth(days: Days, day: int, n: int) -> int:
    for _ in range(abs(n)):
        day = _step(days, day, 1 if n > 0 else -1)
    return day


def day_forward(days: Days, at: int, n: int) -> int:
    """The same wall time that many working days later; with 0 the instant itself."""
    if _number(n) == 0:
        return at
    day, wall = wall_of(days.days_zone, at)
    return resolve(days.days_zone, _nth(days, day, n), wall)


def day_end(days: Days, at: int, n: int) -> int:
    """The last closing time of a working day, see ``OpenTime.end_of_day``."""
    day = day_of(days.days_zone, at)
    if _number(n):
        return days._of_day(_nth(days, day, n))[-1][1]
    day -= 1
    while True:  # ends with the first working day after today at the latest
        day = _step(days, day, 1)
        end = days._of_day(day)[-1][1]
        if end >= at:
            return end


def day_time(days: Days, at: int, wall: str | time, n: int) -> int:
    """A wall time on a working day, see ``OpenTime.at_time``."""
    offset = clock(wall, end=True)
    if offset is None:
        raise TimeError(f"{shown(wall)} is not a wall time such as '16:00'", code="wall", value=wall)
    zone = days.days_zone
    day = day_of(zone, at)
    if _number(n):
        return resolve(zone, _nth(days, day, n), offset)
    day -= 1
    while True:  # ends with the second working day after today at the latest
        day = _step(days, day, 1)
        found = resolve(zone, day, offset)
        if found >= at:
            return found
