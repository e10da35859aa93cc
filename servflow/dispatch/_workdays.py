"""Knows when somebody works, as minutes, and how minutes of work lie in time; must not know what work they do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.calendars import OpenTime
from servflow.model import Engineer, World

REST = 6 * 60
"""Minutes without work after which a new day begins, at home; less is a break."""

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)

Minutes = list[tuple[int, int]]


@define
class Clock:
    """Counts minutes from a first one to a last one, and reads the hours of calendars in them, each once."""

    base: datetime
    last: int
    known: dict[str, Minutes] = field(factory=dict)

    def instant(self, minute: int) -> datetime:
        return self.base + minute * MINUTE

    def up(self, at: datetime) -> int:
        """The first whole minute not before an instant."""
        return -((self.base - at) // MINUTE)

    def down(self, at: datetime) -> int:
        """The last whole minute not after an instant."""
        return (at - self.base) // MINUTE

    def within(self, stretches: Iterable[tuple[datetime, datetime]]) -> Minutes:
        """The whole minutes of half-open stretches, in order, clipped, touching ones joined."""
        joined: list[tuple[datetime, datetime]] = []
        for begin, over in sorted(stretches):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(over, joined[-1][1]))
            else:
                joined.append((begin, over))
        found = [(max(0, self.up(begin)), min(self.last, self.down(over))) for begin, over in joined]
        return [(start, end) for start, end in found if start < end]

    def hours(self, world: World, name: str) -> Minutes:
        """When a calendar of the world is open; one that is not there never is."""
        if name not in self.known:
            calendar = world.calendars.get(name)
            self.known[name] = [] if calendar is None else self._open(calendar)
        return self.known[name]

    def _open(self, calendar: Any) -> Minutes:
        if isinstance(calendar, OpenTime):
            return self.within(calendar.intervals(self.base, self.instant(self.last)))
        # A host's own calendar says only whether it is open, so it is asked minute by minute.
        opened = [minute for minute in range(self.last) if calendar.is_open(self.instant(minute))]
        out: Minutes = []
        for minute in opened:
            if out and out[-1][1] == minute:
                out[-1] = (out[-1][0], minute + 1)
            else:
                out.append((minute, minute + 1))
        return out


def without(stretches: Minutes, gone: Minutes) -> Minutes:
    """What is left of stretches without others, both in order."""
    out: Minutes = []
    for start, end in stretches:
        at = start
        for begins, ends in gone:
            if ends <= at or begins >= end:
                continue
            if begins > at:
                out.append((at, begins))
            at = max(at, ends)
        if at < end:
            out.append((at, end))
    return out


def common(one: Minutes, other: Minutes) -> Minutes:
    """Where stretches overlap, both in order."""
    return [
        (max(start, begins), min(end, ends))
        for start, end in one
        for begins, ends in other
        if max(start, begins) < min(end, ends)
    ]


@define
class Workday:
    """
    A day's stretches of work of one person, in minutes, and the count of minutes worked up to each.

    The count takes out what lies between: on the way into a break somebody goes on after it.
    """

    stretches: Minutes
    before: list[int] = field(init=False)
    length: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.before, worked = [], 0
        for start, end in self.stretches:
            self.before.append(worked)
            worked += end - start
        self.length = worked

    def starts(self, opens: int, closes: int, minutes: int) -> list[tuple[int, int]]:
        """When something that takes so many minutes without a break may begin, from *opens* to *closes*, as minutes worked."""
        out = []
        for (start, end), worked in zip(self.stretches, self.before, strict=True):
            first, last = max(start, opens), min(end - minutes, closes)
            if first <= last:
                out.append((worked + first - start, worked + last - start))
        return out

    def begun(self, worked: int) -> int:
        """The minute in which something begins after so many minutes worked: after a break, where one lies there."""
        index = bisect_right(self.before, worked) - 1
        return self.stretches[index][0] + worked - self.before[index]

    def ended(self, worked: int) -> int:
        """The minute in which something ends after so many minutes worked: before a break, where one lies there."""
        index = max(0, bisect_right(self.before, worked - 1) - 1)
        return self.stretches[index][0] + worked - self.before[index]


def workdays(clock: Clock, world: World, who: Engineer, taken: Iterable[tuple[datetime, datetime]] = ()) -> list[Workday]:
    """The days on which somebody works: their roster, else their calendar, else always, without absences and what is taken."""
    if who.shifts:
        worked = clock.within(who.shifts)
    elif who.shift is not None:
        worked = clock.hours(world, who.shift)
    else:
        worked = [(0, clock.last)] if clock.last > 0 else []
    away = [(clock.down(start), clock.up(end)) for start, end in (*who.absences, *taken) if end > start]
    worked = without(worked, sorted(away))
    days: list[Minutes] = []
    for stretch in worked:
        if days and stretch[0] - days[-1][-1][1] < REST:
            days[-1].append(stretch)
        else:
            days.append([stretch])
    return [Workday(day) for day in days]


def at_work(at: datetime, world: World, who: Engineer) -> bool:
    """Whether somebody is in the middle of a day's work at an instant: they worked just before."""
    before = at - MOMENT
    if any(start <= before < end for start, end in who.absences):
        return False
    if who.shifts:
        return any(start <= before < end for start, end in who.shifts)
    if who.shift is None:
        return True
    calendar = world.calendars.get(who.shift)
    return calendar is not None and bool(calendar.is_open(before))
