"""Knows when work is due the slow way, one day after the other; must not know how the library counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_date_of(anchor: date, unit: str, count: int, day: date) -> bool:
    """Whether a day lies whole periods after an anchor; a month that is too short has its last day instead."""
    if day < anchor:
        return False
    if unit in ("day", "week"):
        return (day - anchor).days % (count * (7 if unit == "week" else 1)) == 0
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    if months % (count * (12 if unit == "year" else 1)):
        return False
    last = (day + timedelta(days=1)).month != day.month
    return day.day == anchor.day or (last and day.day < anchor.day)


def dates(anchor: date, unit: str, count: int, first: int, until: date) -> Iterator[date]:
    """Every date from an anchor to a last day, by asking each day; the anchor itself only where *first* is 0."""
    day = anchor
    while day <= until:
        if is_date_of(anchor, unit, count, day) and not (first and day == anchor):
            yield day
        day += timedelta(days=1)


def moved(day: date, closed: set[date], weekend: set[int], move: str) -> date:
    """The working day a date is moved to, by trying the days around it one by one."""

    def works(one: date) -> bool:
        return one.weekday() not in weekend and one not in closed

    for distance in range(400):
        for sign in {"next": (1,), "previous": (-1,), "nearest": (-1, 1)}[move]:
            near = day + timedelta(days=sign * distance)
            if works(near):
                return near
    raise AssertionError("it is always closed")


def first_shown(zone: str, day: date, wall: time) -> datetime:
    """The first instant of a date at which a zone shows a wall time, or, in a gap, the first one after it; by minutes."""
    at = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    wanted = datetime.combine(day, wall)
    while True:
        if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) >= wanted:
            return at
        at += timedelta(minutes=1)
