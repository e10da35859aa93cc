"""Knows which wall time of a calendar's zone an iCalendar time is; must not know what happens then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define

from servflow.calendars._recurrence import Budget, Rule
from servflow.errors import InputError


class Described(tzinfo):
    """A zone as a file describes it: from which wall times on, in the offset before, which offset counts."""

    def __init__(self, onsets: list[tuple[datetime, timedelta]]) -> None:
        self._onsets = onsets
        before = [onsets[0][1], *(offset for _, offset in onsets)]
        self._moments = [wall - offset for (wall, _), offset in zip(onsets, before, strict=False)]

    def utcoffset(self, at: datetime | None) -> timedelta:
        """The offset at a wall time; of an hour shown twice the first."""
        place = 0 if at is None else bisect_right(self._onsets, at.replace(tzinfo=None), key=lambda onset: onset[0])
        return self._onsets[max(place - 1, 0)][1]

    def dst(self, at: datetime | None) -> None:
        """Not known."""

    def tzname(self, at: datetime | None) -> None:
        """Not known."""

    def fromutc(self, at: datetime) -> datetime:
        """The wall time of an instant."""
        place = bisect_right(self._moments, at.replace(tzinfo=None))
        return at + self._onsets[max(place - 1, 0)][1]


@define
class Zones:
    """The zones a file describes, and the one its times are wanted in; ``floating`` is that of times without a zone."""

    zone: ZoneInfo
    described: Mapping[str, list[Any]]
    low: date
    high: date
    budget: Budget
    _zones: dict[str, Described]
    floating: ZoneInfo | None = None

    @classmethod
    def of(cls, zone: str, blocks: list[Any], low: date, high: date, budget: Budget) -> Zones:
        """The zones of the time zone blocks of a file."""
        described = {str(block.get("TZID", "")): list(block.subcomponents) for block in blocks}
        return cls(ZoneInfo(zone), described, low, high, budget, {})

    def wall(self, value: datetime, named: str | None) -> datetime:
        """
        The wall time in the wanted zone.

        A time without a zone is one already, unless ``floating`` says whose it is; so is one of the very zone, also where the
        zone skips it or shows it twice.

        Args:
            value: the time, aware where its zone is in the tz database.
            named: the name of its zone as the file writes it.

        Raises:
            ValueError: the file names a zone that neither it nor the tz database describes.
        """
        value = self.aware(value, named)
        if getattr(value.tzinfo, "key", None) == self.zone.key:
            return value.replace(tzinfo=None, fold=0)
        return value.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def aware(self, value: datetime, named: str | None) -> datetime:
        """
        The time with its zone: where it has none that of ``floating``, or the wanted one.

        Raises:
            ValueError: as for ``wall``.
        """
        if value.tzinfo is not None:
            return value
        return value.replace(tzinfo=self.floating or self.zone if named is None else self._described(named))

    def _described(self, named: str) -> Described:
        if named not in self.described:
            raise ValueError(f"zone {named[:80]!r} is neither in the tz database nor described in the file")
        if named not in self._zones:
            onsets = sorted(self._found(named))
            if not onsets:
                raise ValueError(f"the file describes zone {named[:80]!r} without any offset")
            self._zones[named] = Described(onsets)
        return self._zones[named]

    def _found(self, named: str) -> list[tuple[datetime, timedelta]]:
        found: list[tuple[datetime, timedelta]] = []
        low, high = self.low - timedelta(days=800), self.high + timedelta(days=800)
        for part in self.described[named]:
            if part.errors:
                raise ValueError(f"the description of zone {named[:80]!r} cannot be read")
            begin = getattr(part.get("DTSTART"), "dt", None)
            offset = getattr(part.get("TZOFFSETTO"), "td", None)
            if not isinstance(begin, datetime) or not isinstance(offset, timedelta) or begin.tzinfo is not None:
                raise ValueError(f"the description of zone {named[:80]!r} cannot be read")
            found.append((begin, offset))
            more = part.get("RDATE")
            for group in more if isinstance(more, list) else [] if more is None else [more]:
                found += [(item.dt, offset) for item in getattr(group, "dts", []) if type(item.dt) is type(begin)]
            rule = part.get("RRULE")
            if rule is not None:
                ends = rule.get("UNTIL")
                limit = min(high, ends[0].date()) if ends and isinstance(ends[0], datetime) else high
                dates = Rule.of({key: value for key, value in rule.items() if key != "UNTIL"})
                days = dates.dates(begin.date(), low, limit, self.budget)
                found += [(datetime.combine(day, begin.time()), offset) for day in days]
        return found


def bounded(low: date, high: date) -> None:
    """
    See that a range of dates may be asked for.

    Raises:
        InputError: it ends before it begins, or is longer than 200 years.
    """
    if high < low:
        raise InputError(f"the range ends before it begins: {low} to {high}", code="ical.range")
    if high.year - low.year > 200:
        raise InputError(f"a range of {low} to {high} is longer than 200 years", code="ical.range")
