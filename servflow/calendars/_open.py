"""Knows the questions people ask of open time, in datetimes; must not know how windows are written or compiled."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from servflow.calendars._batches import many
from servflow.calendars._counting import Counting, instant_of
from servflow.calendars._days import day_end, day_forward, day_time
from servflow.calendars._zones import BLOCK, BLOCK_DAYS, Spans, checked
from servflow.errors import TimeError
from servflow.model._instants import EPOCH, MICROSECOND, instant, write_instant

_ZERO = timedelta()
_NEAR = 8  # blocks: four years
# Zones that are known to answer what they should, so that an instant in them needs no checking.
_KNOWN_ZONES = (timezone, ZoneInfo)


def micros_of(value: datetime, name: str = "at") -> int:
    apart = instant(value, name) - EPOCH
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds


def _counted(value: timedelta) -> int:
    if not isinstance(value, timedelta):
        raise TimeError(
            f"counted time must be a timedelta, not {type(value).__name__}; write timedelta(hours=4) for four hours",
            code="counted",
            value=value,
        )
    return value // MICROSECOND


class OpenTime(Counting):
    """
    Which time counts: one monotone function, the open time before an instant, and its inverse.

    Every question takes aware datetimes in any zone and is answered in UTC. Open time is half-open,
    ``[start, end)``: open at the opening, closed at the closing. Answers lie in the years 1 to 9999;
    a search that leaves them, or passes the last opening, raises ``TimeError``.
    """

    __slots__ = ()

    # What a kind of open time has to say about itself

    @property
    @abstractmethod
    def days_zone(self) -> str:
        """The zone whose dates are the days of ``after_days``, ``end_of_day`` and ``at_time``."""

    @abstractmethod
    def _of_day(self, day: int) -> Spans:
        """The open time that belongs to one local date, wherever it ends."""

    @abstractmethod
    def to_data(self) -> dict[str, Any]:
        """The definition in its canonical, JSON-ready form; reads back as an equal value."""

    @abstractmethod
    def provisional(self, at: datetime) -> bool:
        """Whether an answer at this instant lies beyond ``known_until`` and may still change."""

    # The questions. Each first tries the block of the instant in the very types it was asked in, which is only there
    # once a block was asked often; whatever is missing or strange there is for the whole way to find out and to say.

    def after(self, at: datetime, counted: timedelta) -> datetime:
        """
        The first instant by which that much open time has passed since *at*.

        It is the left limit: an amount used up exactly at closing time gives the closing time, not the
        next opening. Zero gives *at* itself, open or not.

        Raises:
            TimeError: *at* is naive, *counted* is negative, or the calendar does not open for long enough.
        """
        zone = at.tzinfo if at.__class__ is datetime else None
        if (zone is UTC or zone.__class__ in _KNOWN_ZONES) and counted.__class__ is timedelta and counted > _ZERO:
            apart = at - EPOCH
            try:
                starts, closings, shifts, sums, anchors = self._moments[apart.days // BLOCK_DAYS]
                place = bisect_right(starts, apart)
                closing = closings[place]
                wanted = (apart if apart < closing else closing) + shifts[place] + counted
                return anchors[bisect_left(sums, wanted)] + wanted
            except (KeyError, IndexError, OverflowError):
                pass
        at_us = micros_of(at)
        found = self.after_us(at_us, _counted(counted))
        self._known().asked(at_us // BLOCK, self._block)
        return instant_of(found)

    def before(self, at: datetime, counted: timedelta) -> datetime:
        """
        The last instant from which that much open time passes until *at*.

        An amount that reaches back exactly to an opening gives the opening, not the closing before it.
        Zero gives *at* itself, open or not.

        Raises:
            TimeError: *at* is naive, *counted* is negative, or the calendar was not open for long enough.
        """
        zone = at.tzinfo if at.__class__ is datetime else None
        if (zone is UTC or zone.__class__ in _KNOWN_ZONES) and counted.__class__ is timedelta and counted > _ZERO:
            apart = at - EPOCH
            try:
                starts, closings, shifts, sums, anchors = self._moments[apart.days // BLOCK_DAYS]
                place = bisect_right(starts, apart)
                closing = closings[place]
                left = (apart if apart < closing else closing) + shifts[place] - counted
                if left >= _ZERO:
                    return anchors[bisect_right(sums, left)] + left
            except (KeyError, OverflowError):
                pass
        at_us = micros_of(at)
        found = self.before_us(at_us, _counted(counted))
        self._known().asked(at_us // BLOCK, self._block)
        return instant_of(found)

    def between(self, a: datetime, b: datetime) -> timedelta:
        """
        Open time from *a* to *b*; negative when *b* is earlier.

        Raises:
            TimeError: an instant is naive.
        """
        zone = a.tzinfo if a.__class__ is datetime else None
        other = b.tzinfo if b.__class__ is datetime else None
        if (zone is UTC or zone.__class__ in _KNOWN_ZONES) and (other is UTC or other.__class__ in _KNOWN_ZONES):
            start, end = a - EPOCH, b - EPOCH
            first, last = start.days // BLOCK_DAYS, end.days // BLOCK_DAYS
            try:
                starts, closings, shifts, _, _ = self._moments[first]
                place = bisect_right(starts, start)
                closing = closings[place]
                begun = (start if start < closing else closing) + shifts[place]
                if first != last:
                    for index in range(first, last):
                        begun -= self._moments[index].sums[-1]
                    for index in range(last, first):
                        begun += self._moments[index].sums[-1]
                    starts, closings, shifts, _, _ = self._moments[last]
                place = bisect_right(starts, end)
                closing = closings[place]
                return (end if end < closing else closing) + shifts[place] - begun
            except KeyError:
                pass
        a_us, b_us = micros_of(a, "a"), micros_of(b, "b")
        found = self.between_us(a_us, b_us)
        low, high = sorted((a_us // BLOCK, b_us // BLOCK))
        if high - low < _NEAR:
            for index in range(low, high + 1):
                self._known().asked(index, self._block)
        return timedelta(0, 0, found)

    def after_many(self, ats: Iterable[datetime], counted: timedelta | Iterable[timedelta]) -> list[datetime]:
        """
        ``after`` for each of many instants, in order: one amount for all, or one for each.

        The answers are those of ``after``. Where numpy is installed and the batch is large it works them out.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many(self, "after", ats, counted)

    def before_many(self, ats: Iterable[datetime], counted: timedelta | Iterable[timedelta]) -> list[datetime]:
        """
        ``before`` for each of many instants, in order: one amount for all, or one for each. See ``after_many``.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many(self, "before", ats, counted)

    def between_many(self, starts: datetime | Iterable[datetime], ends: datetime | Iterable[datetime]) -> list[timedelta]:
        """
        ``between`` for each of many pairs, in order; one of the two may be a single instant for all. See ``after_many``.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many(self, "between", starts, ends)

    def is_open(self, at: datetime) -> bool:
        """
        Whether time counts at this instant: yes at an opening, no at a closing.

        Raises:
            TimeError: *at* is naive.
        """
        zone = at.tzinfo if at.__class__ is datetime else None
        if zone is UTC or zone.__class__ in _KNOWN_ZONES:
            apart = at - EPOCH
            try:
                starts, closings, _, _, _ = self._moments[apart.days // BLOCK_DAYS]
                return apart < closings[bisect_right(starts, apart)]
            except KeyError:
                pass
        at_us = micros_of(at)
        if self._always:
            return True
        block = self._block(at_us // BLOCK)
        self._known().asked(at_us // BLOCK, self._block)
        return at_us < block.closings[bisect_right(block.starts, at_us)]

    def next_opening(self, at: datetime) -> datetime:
        """
        The first instant from *at* on at which it is open: *at* itself while open.

        Raises:
            TimeError: *at* is naive, or the calendar never opens again.
        """
        at_us = micros_of(at)
        found = self._opening_us(at_us)
        if found is None:
            closing = self._closing_us(at_us)
            last = instant_of(at_us if closing is None else closing)
            raise TimeError(
                f"the calendar never opens again after {write_instant(last)}; extend its shifts",
                code="never_opens_again",
                after=last,
            )
        return instant_of(found)

    def previous_closing(self, at: datetime) -> datetime:
        """
        The last instant up to *at* that open time leads up to: *at* itself while open, or at closing time.

        At an opening it is the closing before it; a due instant is always such an instant.

        Raises:
            TimeError: *at* is naive, or the calendar was never open before it.
        """
        at_us = micros_of(at)
        found = self._closing_us(at_us)
        if found is None:
            raise TimeError(
                f"the calendar was never open before {write_instant(instant_of(at_us))}", code="never_open_before", before=at
            )
        return instant_of(found)

    def intervals(self, a: datetime, b: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """
        The open stretches in ``[a, b)`` as pairs, clipped to it, touching ones joined; none when *b* is not after *a*.

        Raises:
            TimeError: an instant is naive.
            LimitError: there are more than 200,000 of them.
        """
        low, high = micros_of(a, "a"), micros_of(b, "b")
        if low >= high:
            return ()
        if self._always:
            return ((instant_of(low), instant_of(high)),)
        return tuple((instant_of(start), instant_of(end)) for start, end in self._within(low, high))

    def after_days(self, at: datetime, n: int) -> datetime:
        """
        The same wall time *n* working days later, or earlier for a negative *n*, then the left limit.

        A working day is a date on which a window starts. The date of *at* does not count itself, working
        or not. A wall time outside the windows gives the closing time before it, and so does one exactly
        at an opening. With 0 it is the left limit of *at*. A skipped wall time is the first instant after
        the gap, one shown twice its first occurrence.

        Raises:
            TimeError: *at* is naive, or there are not that many working days.
        """
        landed = day_forward(self, micros_of(at), n)
        closing = self._closing_us(landed)
        return instant_of(checked(landed if closing is None else closing))

    def end_of_day(self, at: datetime, n: int = 0) -> datetime:
        """
        The closing time of the *n*-th working day after the date of *at*, or before it for a negative *n*.

        With 0 it is the first closing time of a working day that is not before *at*: today's while
        today is not over. A last window that runs overnight ends on the following date.

        Raises:
            TimeError: *at* is naive, or there are not that many working days.
        """
        return instant_of(checked(day_end(self, micros_of(at), n)))

    def at_time(self, at: datetime, wall: str | time, n: int = 0) -> datetime:
        """
        A wall time on the *n*-th working day after the date of *at*, or before it for a negative *n*.

        With 0 it is the first such instant that is not before *at*. The wall time need not be open.
        ``"24:00"`` is the end of the date. A skipped wall time is the first instant after the gap, one
        shown twice its first occurrence.

        Raises:
            TimeError: *at* is naive, *wall* is not a time such as ``"16:00"``, or there are not that many working days.
        """
        return instant_of(checked(day_time(self, micros_of(at), wall, n)))
