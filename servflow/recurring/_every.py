"""Knows on which dates something comes round, by a period or by a rule of RFC 5545; must not know zones nor assets."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count, islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from attrs import frozen

from servflow.calendars._recurrence import Budget, Rule, Unsupported
from servflow.errors import InputError

_PERIOD = re.compile(r"(\d{1,5}) *(day|week|month|year)s?", re.ASCII)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
MAX_DAYS = 36_600
MAX_RULE = 500
MOST_COUNTED = 1_000
"""How many dates of a rule that were passed over are counted; more are told as this many."""
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_SINGLE = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")
_SEARCH_YEARS = 60
_EMPTY_YEARS = 120


@frozen
class Period:
    """A number of days, weeks, months or years; the 31st is the last day of a shorter month."""

    count: int
    unit: str

    @classmethod
    def read(cls, value: object) -> Period | None:
        """The period written as ``3 months``; None where it is none, is nothing or is longer than a hundred years."""
        found = _PERIOD.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 40 else None
        made = cls(int(found[1]), found[2]) if found else None
        return made if made is not None and 0 < made.days <= MAX_DAYS else None

    @property
    def days(self) -> int:
        """About how many days it is long."""
        return self.count * {"day": 1, "week": 7, "month": 30, "year": 365}[self.unit]

    @property
    def text(self) -> str:
        """The canonical spelling."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    def after(self, day: date, times: int) -> date | None:
        """The date so many periods after another, always counted from that one; None beyond the year 9999."""
        try:
            if self.unit in _DAYS:
                return day + timedelta(days=self.count * _DAYS[self.unit] * times)
            months = day.year * 12 + day.month - 1 + self.count * _MONTHS[self.unit] * times
            year, month = divmod(months, 12)
            return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        except (ValueError, OverflowError):
            return None

    def index(self, anchor: date, low: date) -> int:
        """The number of the first period from *anchor* on that begins on or after a date; never below 0."""
        if low <= anchor:
            return 0
        if self.unit in _DAYS:
            return -(-(low - anchor).days // (self.count * _DAYS[self.unit]))
        months = (low.year - anchor.year) * 12 + low.month - anchor.month
        place = months // (self.count * _MONTHS[self.unit])
        found = self.after(anchor, place)
        return place if found is None or found >= low else place + 1


@frozen
class Every:
    """The dates that lie whole periods after an anchor: the anchor itself is one where *first* is 0, else not."""

    period: Period
    anchor: date
    first: int = 0
    times: int | None = None

    def dates(self, low: date) -> Iterator[date]:
        """The dates from *low* on, in order."""
        start = max(self.first, self.period.index(self.anchor, low))
        for index in count(start):
            if self.times is not None and index >= self.first + self.times:
                return
            found = self.period.after(self.anchor, index)
            if found is None:
                return
            yield found

    def last(self, low: date, high: date) -> date | None:
        """The last date from *low* to *high*, both included."""
        index = self.period.index(self.anchor, high + timedelta(days=1)) - 1 if high < date.max else None
        if index is None:
            return None
        if self.times is not None:
            index = min(index, self.first + self.times - 1)
        found = self.period.after(self.anchor, index) if index >= self.first else None
        return found if found is not None and found >= low else None

    def between(self, a: date, b: date) -> int:
        """How many dates lie in ``[a, b)``."""
        return max(0, self.period.index(self.anchor, b) - max(self.first, self.period.index(self.anchor, a)))


@frozen
class ByRule:
    """
    The dates on which a rule falls, from an anchor on; the anchor is one only where it fits the rule.

    Raises:
        InputError: (of every method) the rule looks at more dates than are looked at in one question.
    """

    rule: Rule
    anchor: date

    def dates(self, low: date) -> Iterator[date]:
        """The dates from *low* on, in order, until a hundred and twenty years have none."""
        if self.rule.count is None:
            yield from self._endless(low)
            return
        end = _end(self.rule, self.anchor)
        yield from takewhile(lambda day: end is not None and day <= end, ByRule(_uncounted(self.rule), self.anchor).dates(low))

    def _endless(self, low: date) -> Iterator[date]:
        begin, met = max(low, self.anchor), True
        try:
            while met and begin < date.max:
                end = begin.replace(year=min(begin.year + _EMPTY_YEARS, date.max.year), day=min(begin.day, 28))
                met = False
                for day in self.rule.dates(self.anchor, begin, end, Budget(), also_first=False):
                    met = True
                    yield day
                begin = min(end, date.max - timedelta(days=1)) + timedelta(days=1)
        except InputError:
            raise InputError(
                "the rule of a plan looks at too many dates; write one that falls more often", code="recurring.too_much"
            ) from None

    def last(self, low: date, high: date) -> date | None:
        """The last date from *low* to *high*, both included."""
        step = 40
        while True:
            begin = max(low, high - timedelta(days=step)) if (high - low).days > step else low
            found: date | None = None
            for day in self._within(begin, high):
                found = day
            if found is not None or begin <= low:
                return found
            step *= 8

    def between(self, a: date, b: date) -> int:
        """How many dates lie in ``[a, b)``, at most 1,000."""
        return sum(1 for _ in islice(self._within(a, b - timedelta(days=1)), MOST_COUNTED)) if a < b else 0

    def _within(self, low: date, high: date) -> Iterator[date]:
        for day in self.dates(low):
            if day > high:
                return
            yield day


@lru_cache(maxsize=4096)
def _end(rule: Rule, anchor: date) -> date | None:
    """The last date of a rule that has a COUNT, found once rather than counted anew for each date; None where it has none."""
    last = None
    for found in islice(ByRule(_uncounted(rule), anchor).dates(anchor), rule.count):
        last = found
    return last


@lru_cache(maxsize=256)
def _uncounted(rule: Rule) -> Rule:
    return attrs.evolve(rule, count=None)


Dates = Every | ByRule


def read_rule(text: object, zone: str, at: time) -> tuple[Rule, date | None]:
    """
    A rule of RFC 5545 and the last date it may fall on.

    Args:
        text: such as ``FREQ=MONTHLY;BYDAY=2TU``, with or without ``RRULE:`` before it.
        zone: where ``UNTIL`` with a ``Z`` is read.
        at: the time of day at which the plan falls due, which ``UNTIL`` with a time is compared with.

    Raises:
        ValueError: the rule is wrong, or is not read here; the text says which part.
    """
    if not isinstance(text, str) or len(text) > MAX_RULE:
        raise ValueError(f"a rule is a text of at most {MAX_RULE} characters")
    body = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, Any] = {}
    for piece in body.rstrip(";").split(";"):
        name, equals, value = piece.partition("=")
        if not equals or not value or name in parts:
            raise ValueError(f"{piece[:30] or 'nothing'!s} is no part such as FREQ=MONTHLY, or stands twice")
        parts[name] = value.split(",")
        if name in _SINGLE and len(parts[name]) > 1:
            raise ValueError(f"{name} takes one value, not {value[:30]}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL do not go together")
    try:
        rule = Rule.of(parts)
    except Unsupported as error:
        raise ValueError(
            f"{error} is not read here: rules are of whole days, FREQ=DAILY to YEARLY; the time of day is `at`"
        ) from None
    return rule, _until("".join(parts["UNTIL"]), zone, at) if "UNTIL" in parts else None


def _until(text: str, zone: str, at: time) -> date:
    found = _UNTIL.fullmatch(text)
    try:
        end = None if found is None else datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone is told beside it
    except ValueError:  # such as a 31st of February
        end = None
    if found is None or end is None:
        raise ValueError(f"UNTIL={text[:20]} is no date written as 20271231 or 20271231T235959Z")
    if found[2] is None:
        return end.date()
    if found[3]:
        end = end.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return end.date() if at <= end.time() else end.date() - timedelta(days=1)


def ever(rule: Rule) -> bool:
    """Whether a rule falls on any date at all, wherever it begins."""
    endless = _uncounted(rule)
    for year in (2024, 2025, 2026, 2027):  # one of them suits a rule that counts leap years in fours
        begin, high = date(year, 1, 1), date(year + _SEARCH_YEARS, 1, 1)
        try:
            if next(endless.dates(begin, begin, high, Budget(), also_first=False), None) is not None:
                return True
        except InputError:
            return False
    return False
