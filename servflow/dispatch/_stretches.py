"""Knows whether stretches of time have room for a visit, and when time alone turns that; must not know whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

from attrs import define, frozen

from servflow.calendars import OpenTime
from servflow.dispatch._visit import MOMENT, Stay
from servflow.errors import LimitError, TimeError
from servflow.model import instant

Stretches = tuple[tuple[datetime, datetime], ...]

FAR_DAYS = 400
"""How far ahead a closing time is looked for; a calendar open without a break for longer has none that matters."""

SAMPLES = 1_440
"""How often a calendar that cannot list its hours is asked whether it is open during a visit: each minute of a day."""

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


def point(at: datetime) -> Stay:
    """Somebody is needed at just this instant."""
    return Stay(at, at, MOMENT)


@frozen
class Need:
    """
    When somebody is needed, whenever that is asked: ``stay`` (None: at the instant of asking).

    ``moving`` means that the visit begins when it is asked for, so it moves with that instant.
    """

    stay: Stay | None = None
    moving: bool = False

    def at(self, at: datetime) -> Stay:
        """The whole visit, or what is left of one that has begun; the instant itself without one and once it is over."""
        stay = self.stay
        if stay is None:
            return point(at)
        if self.moving:
            return Stay(at, at + (stay.last - stay.first), stay.length)
        if at <= stay.last:
            return stay if at <= stay.first else Stay(at, stay.last, stay.length)
        return Stay(at, at, stay.end - at) if at < stay.end else point(at)

    def turns(self, at: datetime, stretches: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
        """Every later instant at which it may become another question whether these stretches have room, in order."""
        stay = self.stay or point(at)
        found: set[datetime] = set()
        for start, end in stretches:
            if start > EARLIEST:
                found.update((start, _minus(start, stay.last - stay.first)))
            if end < LATEST:
                found.update((end, _minus(end, stay.length) + MOMENT))
        if self.stay is not None and not self.moving:
            found.update((stay.last + MOMENT, stay.end))
        return sorted(item for item in found if item > at)

    def turn(self, at: datetime, stretches: Stretches, until: datetime = LATEST) -> datetime | None:
        """
        The first instant after *at* at which time alone turns whether the stretches have room.

        Args:
            at: when it is asked.
            stretches: in order, none touching another.
            until: up to where the stretches are known.
        """
        now = self.at(at).within(stretches)
        try:
            for later in self.turns(at, stretches):
                stay = self.at(later)
                if stay.end > until:
                    return None
                if stay.within(stretches) != now:
                    return later
        except OverflowError:
            pass  # a visit that would end after the year 9999
        return None


@define(slots=False)
class Opening:
    """A calendar of the world, and when it is open for what is needed; one that is not there (None) never is."""

    calendar: Any
    at: datetime
    need: Need

    @cached_property
    def passes(self) -> bool:
        """Whether it is open for all the time that is needed."""
        if self.calendar is None:
            return False
        stay = self.need.at(self.at)
        if stay.length == MOMENT and stay.first == stay.last:
            return bool(self.calendar.is_open(stay.first))
        return stay.within(self.stretches(stay.first, stay.end))

    def stretches(self, start: datetime, end: datetime) -> Stretches:
        """The open time of the calendar from one instant to another, none touching the next."""
        if self.calendar is None or end <= start:
            return ()
        if isinstance(self.calendar, OpenTime):
            return tuple(self.calendar.intervals(start, end))
        return self._sampled(start, end)

    def _sampled(self, start: datetime, end: datetime) -> Stretches:
        # A host's own calendar says only whether it is open: it is asked each minute, or less often for longer stretches.
        step = max(timedelta(minutes=1), (end - start) / SAMPLES)
        found: list[tuple[datetime, datetime]] = []
        now = start
        while now < end:
            until = min(now + step, end)
            if self.calendar.is_open(now) and self.calendar.is_open(until - MOMENT):
                found.append((now, until))
            now = until
        return merged(found)

    @cached_property
    def change(self) -> datetime | None:
        """The first instant after ``at`` at which time turns ``passes``; None where there is none in sight."""
        if self.calendar is None:
            return None
        try:
            if self.need.stay is None:
                return self._next_edge()
            if not isinstance(self.calendar, OpenTime):
                return None
            first = self.need.at(self.at).first  # nothing before the visit matters, however far ahead it is
            return growing(self.at, self.need, lambda end: self.need.turn(self.at, self.stretches(first, end), end))
        except (TimeError, LimitError):
            return None  # it never opens again, or the search left the years 1 to 9999 or became too long

    def _next_edge(self) -> datetime | None:
        if not self.passes:
            opening: datetime = instant(self.calendar.next_opening(self.at), "next opening")
            return opening if opening > self.at else None
        return growing(self.at, self.need, self._closing) if isinstance(self.calendar, OpenTime) else None

    def _closing(self, end: datetime) -> datetime | None:
        stretches = self.stretches(self.at, end)
        closing = stretches[0][1] if stretches else None
        return closing if closing is not None and closing < end else None


def growing(at: datetime, need: Need, find: Callable[[datetime], datetime | None]) -> datetime | None:
    """
    What *find* finds in the time up to a day, a week or a year after *at* and the visit; None where there is nothing.

    Most shifts end today, and a long look ahead costs the more.

    Raises:
        TimeError: the search left the years 1 to 9999.
    """
    begin = max(at, need.at(at).end)
    for days in (1, 8, FAR_DAYS):
        found = find(_later(begin, days))
        if found is not None:
            return found
    return None


def merged(stretches: Iterable[tuple[datetime, datetime]]) -> Stretches:
    """The same time in order, as stretches none of which touches another; what is empty is left out."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def without(stretches: Iterable[tuple[datetime, datetime]]) -> Stretches:
    """All time but these stretches, which are in order and do not touch."""
    edges = [EARLIEST, *chain.from_iterable(stretches), LATEST]
    return tuple((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)


def common(first: Stretches, second: Stretches) -> Stretches:
    """The time that lies in both."""
    found = []
    a = b = 0
    while a < len(first) and b < len(second):
        start, end = max(first[a][0], second[b][0]), min(first[a][1], second[b][1])
        if start < end:
            found.append((start, end))
        if first[a][1] <= second[b][1]:
            a += 1
        else:
            b += 1
    return tuple(found)


def _later(at: datetime, days: int) -> datetime:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        raise TimeError("the search for a closing time left the years 1 to 9999", code="range") from None


def _minus(at: datetime, length: timedelta) -> datetime:
    try:
        return at - length
    except OverflowError:
        return EARLIEST
