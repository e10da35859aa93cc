"""Knows how turns of one length follow each other through a zone's wall time; must not know who takes them."""

from __future__ import annotations

import re
from datetime import date

from attrs import frozen

from servflow.calendars._zones import BLOCK, DAY, EPOCH_ORDINAL, resolve, segments, segments_between, wall_of

ELAPSED_UNITS = {"minute": 60_000_000, "hour": 3_600_000_000}
LONGEST_DAYS = 3_660
# Equally long on the wall clock.
_EVEN = {"wall hour": 3_600_000_000, "day": DAY, "week": 7 * DAY}

_PERIOD = re.compile(r"(\d{1,7}) *(minute|hour|wall hour|day|duty day|week|month)s?", re.ASCII)
_LONGEST = {**ELAPSED_UNITS, **_EVEN, "duty day": 7 * DAY, "month": 31 * DAY}
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_THURSDAY = 3  # 1970-01-01


@frozen
class Period:
    """A number of units; minutes and hours pass as time passes, the others keep the wall time."""

    count: int
    unit: str

    @classmethod
    def read(cls, value: object) -> Period | None:
        """The period written as ``1 week`` or ``12 hours``; None when it is none, is zero or is longer than ten years."""
        found = _PERIOD.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 40 else None
        return cls(int(found[1]), found[2]).times(1) if found else None

    def times(self, factor: int) -> Period | None:
        """The period that many times; None where that is nothing or longer than ten years."""
        period = Period(self.count * factor, self.unit)
        return period if 0 < period.count * _LONGEST[self.unit] <= LONGEST_DAYS * DAY else None

    @property
    def text(self) -> str:
        """The canonical spelling."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def _civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of month, also beyond the years that a date can hold."""
    cycles, inside = divmod(day, _CYCLE_DAYS)
    found = date.fromordinal(inside + EPOCH_ORDINAL)
    return found.year + cycles * _CYCLE_YEARS, found.month, found.day


def months_later(day: int, months: int) -> int:
    """The same day of the month that many months later, clamped to the end of a shorter month."""
    year, month, number = _civil(day)
    total = year * 12 + month - 1 + months
    cycles, inside = divmod(total, _CYCLE_YEARS * 12)
    # Any cycle will do: after 400 years dates repeat, and 2000 to 2399 are years a date can hold.
    first = date(2000 + inside // 12, inside % 12 + 1, 1)
    after = date(2000 + (inside + 1) // 12, (inside + 1) % 12 + 1, 1)
    shift = (cycles - 2000 // _CYCLE_YEARS) * _CYCLE_DAYS - EPOCH_ORDINAL
    return first.toordinal() + min(number, (after - first).days) - 1 + shift


def _moved(local: int, steps: int, unit: str) -> int:
    """A wall time so many units later, both in microseconds."""
    if unit == "month":
        day, wall = divmod(local, DAY)
        return months_later(day, steps) * DAY + wall
    return local + steps * _EVEN[unit]


@frozen
class DutyDays:
    """Numbers the days that fall on given weekdays, in both directions without end."""

    days: tuple[int, ...]  # weekdays in order, 0 is Monday; not empty

    def before(self, day: int) -> int:
        """The number of the first duty day that is not before *day*."""
        weeks, inside = divmod(day + _THURSDAY, 7)
        return weeks * len(self.days) + sum(1 for known in self.days if known < inside)

    def day(self, number: int) -> int:
        """The duty day of that number, as days since 1970-01-01."""
        weeks, place = divmod(number, len(self.days))
        return weeks * 7 + self.days[place] - _THURSDAY


@frozen
class Turns:
    """
    The boundaries between turns: turn *k* holds from ``boundary(k)`` to ``boundary(k + 1)``, for every whole number *k*.

    The boundary is the first instant at which the zone shows its wall time; where the wall time is
    skipped, the first instant that exists. So boundaries never go back, and some may coincide.
    """

    zone: str
    day: int  # of the start, as days since 1970-01-01
    wall: int  # time of day of the start, in microseconds
    at: int  # the start as an instant, in microseconds; minutes and hours count from it
    every: Period
    duty: DutyDays | None = None

    def boundary(self, turn: int) -> int:
        """When a turn begins, in microseconds since 1970-01-01T00:00Z."""
        if self.every.unit in ELAPSED_UNITS:
            return self.at + turn * self.every.count * ELAPSED_UNITS[self.every.unit]
        return self._first(self._wall(turn))

    def _first(self, local: int) -> int:
        """The first instant at which the zone shows a wall time in microseconds."""
        return resolve(self.zone, *divmod(local, DAY))

    def _wall(self, turn: int) -> int:
        """The wall time at which a turn begins, in microseconds; turns of minutes and hours have none."""
        begun = self.day * DAY + self.wall
        if self.every.unit == "duty day" and self.duty is not None:
            return self.duty.day(self.duty.before(self.day) + turn * self.every.count) * DAY + self.wall
        return _moved(begun, turn * self.every.count, self.every.unit)

    def index(self, at: int) -> int:
        """The turn that holds at an instant: the last one that has begun."""
        return self.around(at)[0]

    def around(self, at: int) -> tuple[int, int, int]:
        """The turn that holds at an instant, and from when to when it does at least."""
        unit = self.every.unit
        if unit in ELAPSED_UNITS:
            size = self.every.count * ELAPSED_UNITS[unit]
            turn = (at - self.at) // size
            return turn, self.at + turn * size, self.at + (turn + 1) * size
        # Where turns are equally long on the wall clock there is nothing to look up.
        even = self.every.count * _EVEN.get(unit, 0)
        for start, end, offset in segments(self.zone, at // BLOCK):
            if at < end:
                local = at + offset
                if even:
                    turn, passed = divmod(local - self.day * DAY - self.wall, even)
                    begun, over = at - passed, at - passed + even
                else:
                    turn = self._shown(local)
                    begun, over = self._wall(turn) - offset, self._wall(turn + 1) - offset
                # Where the offset has held for a day when the turn began, the wall clock decides: no change of offset
                # moves a wall clock by more than that, so neither boundary can have been shown before.
                if begun - DAY >= start or self._steady(begun - DAY, at, offset):
                    return turn, begun, over if over < end else end
                turn = self._settled(turn, at)
                return turn, self.boundary(turn), self.boundary(turn + 1)
        raise AssertionError("the stretches of a block cover it")

    def _steady(self, low: int, high: int, offset: int) -> bool:
        """Whether an offset holds from one instant to another."""
        around = segments_between(self.zone, low, high)
        return all(held == offset for start, end, held in around if start <= high and end > low)

    def _settled(self, turn: int, at: int) -> int:
        """The turn that holds at an instant, from one near it."""
        while self.boundary(turn + 1) <= at:
            turn += 1
        while self.boundary(turn) > at:
            turn -= 1
        return turn

    def _shown(self, local: int) -> int:
        """The last turn whose wall time is not after a wall time, both in microseconds."""
        unit, count = self.every.unit, self.every.count
        day = (local - self.wall) // DAY  # the last day whose wall time has come
        if unit == "duty day" and self.duty is not None:
            return (self.duty.before(day + 1) - 1 - self.duty.before(self.day)) // count
        year, month, _ = _civil(day)
        first_year, first_month, _ = _civil(self.day)
        turn = ((year - first_year) * 12 + month - first_month) // count
        return turn if self._wall(turn) <= local else turn - 1

    def until(self, turn: int, period: Period) -> int:
        """When a period from the beginning of a turn ends, at the latest when the next turn begins."""
        begun, over = self.boundary(turn), self.boundary(turn + 1)
        if period.unit in ELAPSED_UNITS:
            return min(over, begun + period.count * ELAPSED_UNITS[period.unit])
        if self.every.unit in ELAPSED_UNITS:
            day, wall = wall_of(self.zone, begun)
            local = day * DAY + wall
        else:
            local = self._wall(turn)
        if period.unit == "duty day" and self.duty is not None:
            day, wall = divmod(local, DAY)
            local = self.duty.day(self.duty.before(day) + period.count) * DAY + wall
        else:
            local = _moved(local, period.count, period.unit)
        return min(over, max(begun, self._first(local)))
