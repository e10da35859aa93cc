"""Knows how open time is counted once it is compiled; must not know how windows are written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from json import dumps
from typing import Any

from servflow.calendars._blocks import Block, block_of, shifted
from servflow.calendars._days import day_end, day_forward, day_time
from servflow.calendars._spans import common
from servflow.calendars._zones import (
    BLOCK,
    EARLIEST,
    FIRST_BLOCK,
    LAST_BLOCK,
    LATEST,
    PATTERNS,
    Spans,
    checked,
    folded,
)
from servflow.errors import LimitError, TimeError
from servflow.model._instants import EPOCH, MICROSECOND, instant, write_instant

_CACHED_BLOCKS = 4096
_MOST_STRETCHES = 200_000  # in one answer: four centuries of two windows a day


def micros_of(value: datetime, name: str = "at") -> int:
    apart = instant(value, name) - EPOCH
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds


def _instant(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


def _counted(value: timedelta) -> int:
    if not isinstance(value, timedelta):
        raise TimeError(f"counted time must be a timedelta, not {type(value).__name__}", code="counted", value=value)
    return value // MICROSECOND


class OpenTime(ABC):
    """
    Which time counts: one monotone function, the open time before an instant, and its inverse.

    Every question takes aware datetimes in any zone and is answered in UTC. Open time is half-open,
    ``[start, end)``: open at the opening, closed at the closing. Answers lie in the years 1 to 9999;
    a search that leaves them, or passes the last opening, raises ``TimeError``.
    """

    __slots__ = ()

    _blocks: dict[int, Block]
    _patterns: dict[Hashable, Block]  # by shape, counted from the start of the block
    _always: bool
    _recurs: bool  # whether anything is open that is not set for single dates
    _dated: frozenset[int]  # the blocks in which something is set for single dates
    _order: tuple[int, ...]  # the same blocks in order, as far as they lie in the years 1 to 9999

    # What a kind of open time has to say about itself

    @property
    @abstractmethod
    def days_zone(self) -> str:
        """The zone whose dates are the days of ``after_days``, ``end_of_day`` and ``at_time``."""

    @abstractmethod
    def _compiled(self, index: int, dated: bool) -> Spans:
        """The open time of one block; without *dated*, as if nothing were set for single dates."""

    @abstractmethod
    def _shape(self, index: int) -> Hashable:
        """A value that two blocks share only if, nothing being set for single dates, they are open alike."""

    @abstractmethod
    def _of_day(self, day: int) -> Spans:
        """The open time that belongs to one local date, wherever it ends."""

    @abstractmethod
    def to_data(self) -> dict[str, Any]:
        """The definition in its canonical, JSON-ready form; reads back as an equal value."""

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """The canonical form without labels, which is what equality and ``hash`` look at."""

    @abstractmethod
    def provisional(self, at: datetime) -> bool:
        """Whether an answer at this instant lies beyond ``known_until`` and may still change."""

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical content, in hex; labels such as names do not change it."""
        text = dumps(self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(text.encode("ascii")).hexdigest()

    # The compiled form

    def _block(self, index: int) -> Block:
        found = self._blocks.get(index)
        if found is not None:
            return found
        if not FIRST_BLOCK <= index <= LAST_BLOCK:
            raise TimeError("the search leaves the years 1 to 9999", code="range")
        if self._is_plain(index):
            found = shifted(self._pattern(index), index * BLOCK)
        else:
            found = block_of(self._compiled(index, True))
        if index in {FIRST_BLOCK, LAST_BLOCK}:
            spans = list(zip(found.starts, found.ends, strict=True))
            found = block_of(common(spans, [(EARLIEST, LATEST)]))
        # Threads may compile the same block twice; they get equal ones, and storing one is atomic.
        if len(self._blocks) >= _CACHED_BLOCKS:
            self._blocks.clear()
        self._blocks[index] = found
        return found

    def _is_plain(self, index: int) -> bool:
        return index not in self._dated

    def _pattern(self, index: int) -> Block:
        """The block as if nothing were set for single dates, counted from its start."""
        same = folded(index)
        alike = self._shape(same)
        found = self._patterns.get(alike)
        if found is None:
            found = shifted(block_of(self._compiled(same, False) if self._recurs else []), -same * BLOCK)
            self._patterns[alike] = found
        return found

    def _total(self, index: int) -> int:
        """Open time of a block, without building the far copy of one that is known."""
        if FIRST_BLOCK < index < LAST_BLOCK and self._is_plain(index):
            return self._pattern(index).total
        return self._block(index).total

    def _ahead(self, index: int) -> Iterator[int]:
        """The later blocks that may be open, in order."""
        if self._recurs:
            return iter(range(index + 1, LAST_BLOCK + 1))
        return iter(self._order[bisect_right(self._order, index) :])

    def _behind(self, index: int) -> Iterator[int]:
        """The earlier blocks that may be open, latest first."""
        if self._recurs:
            return iter(range(index - 1, FIRST_BLOCK - 1, -1))
        return iter(self._order[: bisect_left(self._order, index)][::-1])

    def _inside(self, first: int, last: int) -> Sequence[int]:
        """The blocks from first to last, the last one included, that may be open."""
        if self._recurs:
            return range(first, last + 1)
        return self._order[bisect_left(self._order, first) : bisect_right(self._order, last)]

    def _opens(self) -> bool:
        """Whether there is any open time at all; looks near the present first."""
        if any(self._total(index) for index in self._order):
            return True
        if not self._recurs:
            return False
        return any(self._pattern(index).total for index in PATTERNS)

    def _spans_of(self, index: int, dated: bool) -> Spans:
        block = self._block(index) if dated else shifted(self._pattern(index), index * BLOCK)
        return list(zip(block.starts, block.ends, strict=True))

    def _within(self, low: int, high: int) -> Spans:
        """The open time between two instants, clipped to them, touching stretches joined."""
        out: Spans = []
        low, high = max(low, EARLIEST), min(high, LATEST)
        for index in self._inside(low // BLOCK, high // BLOCK):
            block = self._block(index)
            first = bisect_right(block.ends, low)
            last = bisect_left(block.starts, high)
            for start, end in zip(block.starts[first:last], block.ends[first:last], strict=True):
                if out and out[-1][1] == start:
                    out[-1] = (out[-1][0], end)
                else:
                    out.append((start, end))
            if len(out) > _MOST_STRETCHES:
                said = f"more than {_MOST_STRETCHES} open stretches; ask for a shorter time"
                raise LimitError(said, code="stretches", limit=_MOST_STRETCHES)
        return common(out, [(low, high)])

    # Counting in whole microseconds since 1970-01-01T00:00Z, for callers in hot loops

    def after_us(self, at_us: int, counted_us: int) -> int:
        """
        ``after`` in microseconds since 1970-01-01T00:00Z.

        Raises:
            TimeError: the amount is negative, or is not reached by the end of year 9999.
        """
        if counted_us <= 0:
            if counted_us == 0:
                return at_us
            raise TimeError("counted time must not be negative; use before() to go back", code="counted", value=counted_us)
        if self._always:
            return checked(at_us + counted_us)
        index = at_us // BLOCK
        block = self._blocks.get(index) or self._block(index)
        starts, ends, before, total = block
        place = bisect_right(starts, at_us) - 1
        wanted = counted_us
        if place >= 0:
            end = ends[place]
            if at_us + counted_us <= end:
                return at_us + counted_us  # most amounts end in the stretch they start in
            wanted += before[place] + (at_us if at_us < end else end) - starts[place]
        if wanted > total:
            return self._later(index, at_us, counted_us, wanted - total)
        place = bisect_left(before, wanted) - 1
        return starts[place] + wanted - before[place]

    def _later(self, index: int, at_us: int, counted_us: int, wanted: int) -> int:
        for later in self._ahead(index):
            total = self._total(later)
            if wanted <= total:
                starts, _, before, _ = self._block(later)
                place = bisect_left(before, wanted) - 1
                return starts[place] + wanted - before[place]
            wanted -= total
        raise self._exhausted(at_us, timedelta(microseconds=counted_us), timedelta(microseconds=wanted))

    def before_us(self, at_us: int, counted_us: int) -> int:
        """
        ``before`` in microseconds since 1970-01-01T00:00Z.

        Raises:
            TimeError: the amount is negative, or is not reached by the start of year 1.
        """
        if counted_us <= 0:
            if counted_us == 0:
                return at_us
            raise TimeError("counted time must not be negative; use after() to go on", code="counted", value=counted_us)
        if self._always:
            return checked(at_us - counted_us)
        index = at_us // BLOCK
        left = self._before(at_us) - counted_us
        if left < 0:
            for earlier in self._behind(index):
                left += self._total(earlier)
                if left >= 0:
                    index = earlier
                    break
            else:
                raise self._never_before(at_us, timedelta(microseconds=counted_us), timedelta(microseconds=-left))
        starts, _, before, _ = self._block(index)
        place = bisect_right(before, left) - 1
        return starts[place] + left - before[place]

    def _before(self, at_us: int) -> int:
        """Open time of the instant's block before it."""
        index = at_us // BLOCK
        starts, ends, before, _ = self._blocks.get(index) or self._block(index)
        place = bisect_right(starts, at_us) - 1
        if place < 0:
            return 0
        end = ends[place]
        return before[place] + (at_us if at_us < end else end) - starts[place]

    def between_us(self, a_us: int, b_us: int) -> int:
        """
        ``between`` in microseconds, both instants in microseconds since 1970-01-01T00:00Z.

        Raises:
            TimeError: an instant lies outside the years 1 to 9999.
        """
        if self._always:
            return b_us - a_us
        if b_us < a_us:
            return -self.between_us(b_us, a_us)
        first, last = a_us // BLOCK, b_us // BLOCK
        out = self._before(b_us) - self._before(a_us)
        if first == last:
            return out
        return out + sum(self._total(index) for index in self._inside(first, last - 1))

    def _closing_us(self, at_us: int) -> int | None:
        """The left limit: the earliest instant with no open time from it to *at_us*; None if never open before."""
        if self._always:
            return at_us
        index = at_us // BLOCK
        block = self._block(index)
        place = bisect_left(block.starts, at_us) - 1
        if place >= 0:
            return min(at_us, block.ends[place])
        for earlier in self._behind(index):
            if self._total(earlier):
                return self._block(earlier).ends[-1]
        return None

    def _opening_us(self, at_us: int) -> int | None:
        """The right limit: the latest instant with no open time from *at_us* to it; None if never open again."""
        if self._always:
            return at_us
        index = at_us // BLOCK
        block = self._block(index)
        place = bisect_right(block.ends, at_us)
        if place < len(block.starts):
            return max(at_us, block.starts[place])
        for later in self._ahead(index):
            if self._total(later):
                return self._block(later).starts[0]
        return None

    def _exhausted(self, at_us: int, counted: timedelta, missing: timedelta) -> TimeError:
        if self._recurs:
            return TimeError(
                f"{counted} of open time from {write_instant(_instant(at_us))} is not reached by the end of year 9999",
                code="range",
                counted=counted,
                missing=missing,
            )
        closing = self._closing_us(LATEST)
        last = _instant(at_us if closing is None else closing)
        return TimeError(
            f"the calendar never opens again after {write_instant(last)}, and {missing} of {counted} is still to be counted; "
            "extend its shifts",
            code="never_opens_again",
            after=last,
            counted=counted,
            missing=missing,
        )

    def _never_before(self, at_us: int, counted: timedelta, missing: timedelta) -> TimeError:
        if self._recurs:
            return TimeError(
                f"{counted} of open time up to {write_instant(_instant(at_us))} goes back beyond year 1",
                code="range",
                counted=counted,
                missing=missing,
            )
        opening = self._opening_us(EARLIEST)
        first = _instant(at_us if opening is None else opening)
        return TimeError(
            f"the calendar was never open before {write_instant(first)}, and {missing} of {counted} is still to be counted",
            code="never_open_before",
            before=first,
            counted=counted,
            missing=missing,
        )

    # The public verbs

    def after(self, at: datetime, counted: timedelta) -> datetime:
        """
        The first instant by which that much open time has passed since *at*.

        It is the left limit: an amount used up exactly at closing time gives the closing time, not the
        next opening. Zero gives *at* itself, open or not.

        Raises:
            TimeError: *at* is naive, *counted* is negative, or the calendar does not open for long enough.
        """
        return _instant(self.after_us(micros_of(at), _counted(counted)))

    def before(self, at: datetime, counted: timedelta) -> datetime:
        """
        The last instant from which that much open time passes until *at*.

        An amount that reaches back exactly to an opening gives the opening, not the closing before it.
        Zero gives *at* itself, open or not.

        Raises:
            TimeError: *at* is naive, *counted* is negative, or the calendar was not open for long enough.
        """
        return _instant(self.before_us(micros_of(at), _counted(counted)))

    def between(self, a: datetime, b: datetime) -> timedelta:
        """
        Open time from *a* to *b*; negative when *b* is earlier.

        Raises:
            TimeError: an instant is naive.
        """
        return timedelta(microseconds=self.between_us(micros_of(a, "a"), micros_of(b, "b")))

    def is_open(self, at: datetime) -> bool:
        """
        Whether time counts at this instant: yes at an opening, no at a closing.

        Raises:
            TimeError: *at* is naive.
        """
        at_us = micros_of(at)
        if self._always:
            return True
        block = self._block(at_us // BLOCK)
        place = bisect_right(block.starts, at_us) - 1
        return place >= 0 and at_us < block.ends[place]

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
            last = _instant(at_us if closing is None else closing)
            raise TimeError(
                f"the calendar never opens again after {write_instant(last)}; extend its shifts",
                code="never_opens_again",
                after=last,
            )
        return _instant(found)

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
                f"the calendar was never open before {write_instant(_instant(at_us))}", code="never_open_before", before=at
            )
        return _instant(found)

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
            return ((_instant(low), _instant(high)),)
        return tuple((_instant(start), _instant(end)) for start, end in self._within(low, high))

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
        return _instant(checked(landed if closing is None else closing))

    def end_of_day(self, at: datetime, n: int = 0) -> datetime:
        """
        The closing time of the *n*-th working day after the date of *at*, or before it for a negative *n*.

        With 0 it is the first closing time of a working day that is not before *at*: today's while
        today is not over. A last window that runs overnight ends on the following date.

        Raises:
            TimeError: *at* is naive, or there are not that many working days.
        """
        return _instant(checked(day_end(self, micros_of(at), n)))

    def at_time(self, at: datetime, wall: str | time, n: int = 0) -> datetime:
        """
        A wall time on the *n*-th working day after the date of *at*, or before it for a negative *n*.

        With 0 it is the first such instant that is not before *at*. The wall time need not be open.
        ``"24:00"`` is the end of the date. A skipped wall time is the first instant after the gap, one
        shown twice its first occurrence.

        Raises:
            TimeError: *at* is naive, *wall* is not a time such as ``"16:00"``, or there are not that many working days.
        """
        return _instant(checked(day_time(self, micros_of(at), wall, n)))
