"""Knows how turns of one length follow each other through a zone's wall time; must not know who takes them."""

from __future__ import annotations

import re
from datetime import date

from attrs import frozen

from servflow.calendars._zones import DAY, EPOCH_ORDINAL, resolve, segments_between, wall_of

UNITS = ("minute", "hour", "day", "duty day", "week", "month")
ELAPSED_UNITS = {"minute": 60_000_000, "hour": 3_600_000_000}
LONGEST_DAYS = 3_660

_PERIOD = re.compile(r"(\d{1,7}) *(minute|hour|day|duty day|week|month)s?", re.ASCII)
_DAYS = {"day": 1, "duty day": 7, "week": 7, "month": 31}
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
        size = ELAPSED_UNITS.get(self.unit, DAY * _DAYS.get(self.unit, 1))
        return period if 0 < period.count * size <= LONGEST_DAYS * DAY else None

    @property
    def text(self) -> str:
        """The canonical spelling."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def weekday(day: int) -> int:
    """The weekday (0 is Monday) of a date given as days since 1970-01-01."""
    return (day + _THURSDAY) % 7


def last_shown(zone: str, local: int) -> int:
    """
    The instant at which a zone last shows a wall time, both in microseconds.

    A wall time shown twice is its second occurrence; one that is skipped is the first instant after the gap.
    """
    for start, end, offset in reversed(tuple(segments_between(zone, local - 2 * DAY, local + 2 * DAY))):
        if start + offset <= local:
            return min(end, local - offset)
    raise AssertionError("no zone is two days away from UTC")


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
        return resolve(self.zone, self._day(turn), self.wall)

    def _day(self, turn: int) -> int:
        steps = turn * self.every.count
        if self.every.unit == "duty day" and self.duty is not None:
            return self.duty.day(self.duty.before(self.day) + steps)
        return self._moved(self.day, steps, self.every.unit)

    @staticmethod
    def _moved(day: int, steps: int, unit: str) -> int:
        return months_later(day, steps) if unit == "month" else day + steps * (7 if unit == "week" else 1)

    def index(self, at: int) -> int:
        """The turn that holds at an instant: the last one that has begun."""
        turn = self._guess(at)
        # The guess reads the wall clock, which a change of offset sets at most a day apart.
        while self.boundary(turn + 1) <= at:
            turn += 1
        while self.boundary(turn) > at:
            turn -= 1
        return turn

    def _guess(self, at: int) -> int:
        unit, count = self.every.unit, self.every.count
        if unit in ELAPSED_UNITS:
            return (at - self.at) // (count * ELAPSED_UNITS[unit])
        day, wall = wall_of(self.zone, at)
        if unit == "month":
            year, month, _ = _civil(day)
            first_year, first_month, _ = _civil(self.day)
            return ((year - first_year) * 12 + month - first_month) // count
        if unit == "duty day" and self.duty is not None:
            return (self.duty.before(day) - self.duty.before(self.day)) // count
        return ((day - self.day) * DAY + wall - self.wall) // (count * (7 if unit == "week" else 1) * DAY)

    def until(self, turn: int, period: Period) -> int:
        """When a period from the beginning of a turn ends, at the latest when the next turn begins."""
        begun, over = self.boundary(turn), self.boundary(turn + 1)
        if period.unit in ELAPSED_UNITS:
            return min(over, begun + period.count * ELAPSED_UNITS[period.unit])
        day, wall = wall_of(self.zone, begun) if self.every.unit in ELAPSED_UNITS else (self._day(turn), self.wall)
        if period.unit == "duty day" and self.duty is not None:
            ends = self.duty.day(self.duty.before(day) + period.count)
        else:
            ends = self._moved(day, period.count, period.unit)
        return min(over, max(begun, resolve(self.zone, ends, wall)))


Pairs = list[tuple[int, int]]


@frozen
class Windows:
    """
    Weekly windows of local time: each from the first occurrence of its start to the last occurrence of its end.

    So a window that meets the hour shown twice is open for both, and windows that touch on the wall
    clock never leave a gap between them.
    """

    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]  # seven days from Monday; microseconds after midnight

    def of_day(self, day: int) -> Pairs:
        """The windows that start on a local date, as instants."""
        found = []
        for start, end in self.week[weekday(day)]:
            opens, closes = resolve(self.zone, day, start), last_shown(self.zone, day * DAY + end)
            if opens < closes:
                found.append((opens, closes))
        return found

    def is_open(self, at: int) -> bool:
        """Whether an instant lies in a window."""
        day, _ = wall_of(self.zone, at)
        # Overnight windows start the day before; a change of offset can move the date by one more.
        return any(opens <= at < closes for near in range(day - 2, day + 2) for opens, closes in self.of_day(near))

    def within(self, start: int, end: int) -> Pairs:
        """The open stretches of [start, end), clipped to it, touching ones as one."""
        first, _ = wall_of(self.zone, start)
        last, _ = wall_of(self.zone, end)
        opened = sorted(pair for day in range(first - 2, last + 2) for pair in self.of_day(day))
        found: Pairs = []
        for opens, closes in opened:
            low, high = max(opens, start), min(closes, end)
            if low >= high:
                continue
            if found and low <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], high))
            else:
                found.append((low, high))
        return found
