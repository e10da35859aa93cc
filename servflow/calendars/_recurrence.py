"""Knows on which dates a recurrence rule of iCalendar falls, with bounded work; must not know what happens on them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import define, frozen

from servflow.errors import InputError

MOST_STEPS = 200_000
"""How many dates all rules of one file may look at together: a rule may be written to go on for ever."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS", "WKST")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_BOUNDS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYSETPOS": 366}
_MOST_NUMBER = 100_000


class Unsupported(ValueError):
    """A rule that is valid, or may be, and is not read here; the text says which part."""


@define
class Budget:
    """How much work is left for all rules of one file."""

    left: int = MOST_STEPS

    def spend(self, amount: int = 1) -> None:
        """
        Count some work.

        Raises:
            InputError: there is none left.
        """
        self.left -= amount
        if self.left < 0:
            raise InputError(
                f"the recurrences of this file look at more than {MOST_STEPS:,} dates; ask for a shorter time, or take out "
                "rules that go on for ever from long ago",
                code="ical.too_much",
                limit=MOST_STEPS,
            )


@frozen
class Rule:
    """A recurrence rule of whole days: RFC 5545 without BYWEEKNO and without anything finer than a day; hours are apart."""

    frequency: str
    interval: int
    count: int | None
    months: frozenset[int]
    month_days: tuple[int, ...]
    year_days: tuple[int, ...]
    days: tuple[tuple[int, int], ...]
    positions: tuple[int, ...]
    week_start: int

    @classmethod
    def of(cls, parts: Mapping[str, Iterable[Any]]) -> Rule:
        """
        The rule of its parts, as a parser gives them.

        Raises:
            Unsupported: a part is not read here.
            ValueError: a part is wrong.
        """
        texts = {str(key).upper(): [str(item) for item in values] for key, values in parts.items()}
        other = sorted(set(texts) - set(_PARTS))
        if other:
            raise Unsupported(", ".join(other))
        frequency = "".join(texts.get("FREQ", [])).upper()
        if frequency not in _FREQUENCIES:
            raise Unsupported(f"FREQ={frequency}")
        days = [_DAY.fullmatch(text.upper()) for text in texts.get("BYDAY", [])]
        if len(days) > 400 or not all(found is not None and (found[1] is None or int(found[1])) for found in days):
            raise ValueError("BYDAY is written as MO or 1MO")
        pairs = tuple((int(found[1] or 0), WEEKDAYS.index(found[2])) for found in days if found is not None)
        if any(number for number, _ in pairs) and frequency not in ("MONTHLY", "YEARLY"):
            raise ValueError(f"BYDAY counts days of a month or a year, not with FREQ={frequency}")
        week_start = "".join(texts.get("WKST", ["MO"])).upper()
        if week_start not in WEEKDAYS:
            raise ValueError("WKST is a day such as MO")
        numbers = {name: _numbers(texts.get(name, []), name, bound) for name, bound in _BOUNDS.items()}
        if numbers["BYYEARDAY"] and frequency != "YEARLY":
            raise Unsupported(f"BYYEARDAY with FREQ={frequency}")
        if numbers["BYMONTHDAY"] and frequency == "WEEKLY":
            raise ValueError("BYMONTHDAY does not go with FREQ=WEEKLY")
        interval = _numbers(texts.get("INTERVAL", ["1"]), "INTERVAL", _MOST_NUMBER)[0]
        count = _numbers(texts["COUNT"], "COUNT", _MOST_NUMBER)[0] if "COUNT" in texts else None
        if interval < 1 or (count is not None and count < 1) or any(month < 1 for month in numbers["BYMONTH"]):
            raise ValueError("INTERVAL, COUNT and BYMONTH are whole numbers from 1")
        months = frozenset(numbers["BYMONTH"])
        listed = (numbers["BYMONTHDAY"], numbers["BYYEARDAY"], pairs, numbers["BYSETPOS"])
        return cls(frequency, interval, count, months, *listed, WEEKDAYS.index(week_start))

    def yearly(self, first: date) -> bool:
        """Whether it falls on the month and day of its first date in every year, and on nothing else."""
        only = self.frequency == "YEARLY" and self.interval == 1 and self.count is None
        plain = not (self.days or self.year_days or self.positions)
        here = self.months in (frozenset(), {first.month}) and self.month_days in ((), (first.day,))
        whole = not self.month_days or bool(self.months)  # BYMONTHDAY alone means that day of every month
        return only and plain and here and whole

    def dates(self, first: date, low: date, high: date, budget: Budget, *, also_first: bool = True) -> Iterator[date]:
        """
        The dates of the rule from *low* to *high*, both included, in order.

        Its *first* date always counts as one, as events of iCalendar have it; without *also_first* only where it fits.

        Raises:
            InputError: the budget does not suffice.
        """
        if also_first and low <= first <= high:
            yield first
        left = None if self.count is None else self.count - also_first
        index = 0 if self.count is not None else max(0, self._index(first, low) - 1)
        while left is None or left > 0:
            found = self._period(first, index)
            if found is None:
                return
            begin, candidates = found
            budget.spend(1 + len(candidates))
            if begin > high:
                return
            for day in self._placed(candidates):
                if day < first or (day == first and also_first):
                    continue
                if day > high or left == 0:
                    return
                left = None if left is None else left - 1
                if day >= low:
                    yield day
            index += 1

    def _placed(self, candidates: list[date]) -> list[date]:
        if not self.positions:
            return candidates
        size = len(candidates)
        places = {number - 1 if number > 0 else size + number for number in self.positions}
        return [candidates[place] for place in sorted(places) if 0 <= place < size]

    def _index(self, first: date, low: date) -> int:
        """The number of the period that holds *low*, or of one before."""
        if low <= first:
            return 0
        if self.frequency in ("DAILY", "WEEKLY"):
            return (low - first).days // (self.interval * (7 if self.frequency == "WEEKLY" else 1))
        months = (low.year - first.year) * 12 + low.month - first.month
        return months // (self.interval * (12 if self.frequency == "YEARLY" else 1))

    def _period(self, first: date, index: int) -> tuple[date, list[date]] | None:
        """The first day of a period and the dates in it; None beyond the years there are."""
        step = index * self.interval
        try:
            if self.frequency == "DAILY":
                day = first + timedelta(days=step)
                return day, [day] if self._fits(day) else []
            if self.frequency == "WEEKLY":
                begin = first - timedelta(days=(first.weekday() - self.week_start) % 7) + timedelta(weeks=step)
                wanted = {number for _, number in self.days} or {first.weekday()}
                week = [begin + timedelta(days=number) for number in range(7)]
                return begin, [day for day in week if day.weekday() in wanted and self._in_month(day)]
            if self.frequency == "MONTHLY":
                year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
                begin = date(year, month + 1, 1)
                return begin, sorted(self._of_month(begin, first)) if self._in_month(begin) else []
            begin = date(first.year + step, 1, 1)
            return begin, sorted(self._of_year(begin, first))
        except (ValueError, OverflowError):
            return None

    def _in_month(self, day: date) -> bool:
        return not self.months or day.month in self.months

    def _fits(self, day: date) -> bool:
        last = monthrange(day.year, day.month)[1]
        of_month = not self.month_days or any(number in (day.day, day.day - last - 1) for number in self.month_days)
        of_week = not self.days or any(number == day.weekday() for _, number in self.days)
        return of_month and of_week and self._in_month(day)

    def _of_month(self, begin: date, first: date) -> set[date]:
        last = monthrange(begin.year, begin.month)[1]
        if self.month_days:
            return {day for day in self._of_month_days(begin) if not self.days or self._on_weekday(day, begin, last)}
        if self.days:
            return {day for number in range(last) if self._on_weekday(day := begin + timedelta(days=number), begin, last)}
        return {begin.replace(day=first.day)} if first.day <= last else set()

    def _of_month_days(self, begin: date) -> set[date]:
        last = monthrange(begin.year, begin.month)[1]
        numbers = {number if number > 0 else last + 1 + number for number in self.month_days}
        return {begin.replace(day=number) for number in numbers if 1 <= number <= last}

    def _of_year(self, begin: date, first: date) -> set[date]:
        size = (date(begin.year, 12, 31) - begin).days + 1
        if self.year_days:
            numbers = {number if number > 0 else size + 1 + number for number in self.year_days}
            found = {begin + timedelta(days=number - 1) for number in numbers if 1 <= number <= size}
            return {day for day in found if self._fits(day) and self._counted(day, begin, size)}
        if self.month_days and not self.months:
            found = {day for month in range(1, 13) for day in self._of_month_days(begin.replace(month=month))}
            return {day for day in found if self._counted(day, begin, size)}
        if self.month_days or (self.days and self.months):
            return {day for month in self.months for day in self._of_month(begin.replace(month=month), first)}
        if self.days:
            return {day for number in range(size) if self._on_weekday(day := begin + timedelta(days=number), begin, size)}
        in_months = self.months or {first.month}
        fitting = (month for month in in_months if first.day <= monthrange(begin.year, month)[1])
        return {begin.replace(month=month, day=first.day) for month in fitting}

    def _counted(self, day: date, begin: date, size: int) -> bool:
        """Whether BYDAY names a day of a year: counted in its month where BYMONTH is there, else in the year."""
        if self.months:
            begin, size = day.replace(day=1), monthrange(day.year, day.month)[1]
        return not self.days or self._on_weekday(day, begin, size)

    def _on_weekday(self, day: date, begin: date, size: int) -> bool:
        """Whether a day is one of those that BYDAY names, counted in the *size* days from *begin* on."""
        place = (day - begin).days
        nth, from_end = place // 7 + 1, -((size - 1 - place) // 7 + 1)
        return any(weekday == day.weekday() and number in (0, nth, from_end) for number, weekday in self.days)


def _numbers(texts: list[str], name: str, bound: int) -> tuple[int, ...]:
    if len(texts) > 400:
        raise ValueError(f"{name} has more than 400 numbers")
    found = []
    for text in texts:
        if not re.fullmatch(r"[+-]?\d{1,6}", text) or not -bound <= int(text) <= bound or int(text) == 0:
            raise ValueError(f"{name}={text[:20]} is not a number from 1 to {bound}, or counted from the end")
        found.append(int(text))
    return tuple(found)
