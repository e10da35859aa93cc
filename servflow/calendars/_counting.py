"""Knows how open time is counted in whole microseconds once it is compiled; must not know how windows are written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Any

from servflow.calendars._batches import many_us
from servflow.calendars._blocks import Block, Moments, block_of, shifted
from servflow.calendars._spans import common
from servflow.calendars._tables import Tables, tables_of
from servflow.calendars._zones import (
    BLOCK,
    EARLIEST,
    FIRST_BLOCK,
    LAST_BLOCK,
    LATEST,
    Spans,
    checked,
    folded,
    generation,
)
from servflow.errors import LimitError, TimeError
from servflow.model._instants import EPOCH, write_instant

_MOST_STRETCHES = 200_000  # in one answer: four centuries of two windows a day
_LONGEST = timedelta.max // timedelta(microseconds=1)


def instant_of(at: int) -> datetime:
    """The UTC instant that many microseconds after 1970-01-01T00:00Z."""
    return EPOCH + timedelta(0, 0, at)


def _length(value: int) -> timedelta:
    """An amount as an error tells it; one that no timedelta holds is told as the longest."""
    return timedelta.max if value > _LONGEST else timedelta(0, 0, value)


class Counting(ABC):
    """One monotone function, the open time before an instant, and its inverse, over whole microseconds since 1970."""

    __slots__ = ()

    _blocks: dict[int, Block]  # those of the tables, empty until the first question
    _moments: dict[int, Moments]  # likewise
    _tables: Tables | None
    _digest: str | None
    _always: bool
    _recurs: bool  # whether anything is open that is not set for single dates
    _dated: frozenset[int]  # the blocks in which something is set for single dates
    _order: tuple[int, ...]  # the same blocks in order, as far as they lie in the years 1 to 9999

    # What a kind of open time has to say about itself

    @abstractmethod
    def _compiled(self, index: int, dated: bool) -> Spans:
        """The open time of one block; without *dated*, as if nothing were set for single dates."""

    @abstractmethod
    def _shape(self, index: int) -> Hashable:
        """A value that two blocks share only if, nothing being set for single dates, they are open alike."""

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """The canonical form without labels, which is what equality and ``hash`` look at."""

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical content, in hex; labels such as names do not change it."""
        if self._digest is None:
            text = dumps(self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
            object.__setattr__(self, "_digest", sha256(text.encode("ascii")).hexdigest())
        return self._digest or ""

    # The compiled form

    def _known(self) -> Tables:
        """What is compiled already, by this calendar or an equal one."""
        found = self._tables
        if found is None:
            found = tables_of(self.hash)
            for name, value in (("_blocks", found.blocks), ("_moments", found.moments), ("_tables", found)):
                object.__setattr__(self, name, value)
        return found

    def _block(self, index: int) -> Block:
        tables = self._known()
        found = tables.blocks.get(index) or tables.edges.get(index)
        if found is not None:
            return found
        if not FIRST_BLOCK <= index <= LAST_BLOCK:
            raise TimeError("the search leaves the years 1 to 9999", code="range")
        since, index = generation(), int(index)  # what equal calendars share holds nothing but ints
        if self._is_plain(index):
            found = self._plain(index)
        else:
            found = block_of(self._compiled(index, True), index * BLOCK)
        edge = index in {FIRST_BLOCK, LAST_BLOCK}
        if edge:
            found = block_of(common(found.spans(), [(EARLIEST, LATEST)]), index * BLOCK)
        tables.keep(index, found, since, edge=edge)
        return found

    def _is_plain(self, index: int) -> bool:
        return index not in self._dated

    def _plain(self, index: int) -> Block:
        """The block as it is open if nothing is set for single dates."""
        alike, other = self._pattern(index)
        return alike if other == index else shifted(alike, (index - other) * BLOCK)

    def _pattern(self, index: int) -> tuple[Block, int]:
        """A block that is open as this one would be if nothing were set for single dates, and which one it is."""
        tables, since, same = self._known(), generation(), folded(index)
        alike = self._shape(same)
        found = tables.patterns.get(alike)
        if found is None:
            found = block_of(self._compiled(same, False), same * BLOCK), same
            tables.keep_pattern(alike, found, since)
        return found

    def _total(self, index: int) -> int:
        """Open time of a block, without building the far copy of one that is known."""
        known = self._known().blocks.get(index)
        if known is not None:
            return known.sums[-1]
        if FIRST_BLOCK < index < LAST_BLOCK and self._is_plain(index):
            return self._pattern(index)[0].total
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

    def _spans_of(self, index: int, dated: bool) -> Spans:
        return (self._block(index) if dated else self._plain(index)).spans()

    def _within(self, low: int, high: int) -> Spans:
        """The open time between two instants, clipped to them, touching stretches joined."""
        out: Spans = []
        low, high = max(low, EARLIEST), min(high, LATEST)
        for index in self._inside(low // BLOCK, high // BLOCK):
            block = self._block(index)
            first = bisect_right(block.closings, low, 1) - 1
            last = bisect_left(block.starts, high)
            for start, end in zip(block.starts[first:last], block.closings[first + 1 : last + 1], strict=True):
                if out and out[-1][1] == start:
                    out[-1] = (out[-1][0], end)
                else:
                    out.append((start, end))
            if len(out) > _MOST_STRETCHES:
                said = f"more than {_MOST_STRETCHES} open stretches; ask for a shorter time"
                raise LimitError(said, code="stretches", limit=_MOST_STRETCHES)
        return common(out, [(low, high)])

    # The questions, in microseconds since 1970-01-01T00:00Z

    def after_us(self, at_us: int, counted_us: int) -> int:
        """
        ``after`` in microseconds since 1970-01-01T00:00Z, for callers in hot loops.

        Raises:
            TimeError: the amount is negative, or is not reached by the end of year 9999.
        """
        if counted_us > 0:
            try:
                starts, closings, shifts, sums = self._blocks[at_us // BLOCK]
                place = bisect_right(starts, at_us)
                closing = closings[place]
                wanted = (at_us if at_us < closing else closing) + shifts[place] + counted_us
                return wanted - shifts[bisect_left(sums, wanted)]
            except (KeyError, IndexError):
                pass  # not compiled yet, or not reached within the block
        return self._later(at_us, counted_us)

    def _later(self, at_us: int, counted_us: int) -> int:
        if counted_us <= 0:
            if counted_us == 0:
                return at_us
            raise TimeError("counted time must not be negative; use before() to go back", code="counted", value=counted_us)
        if self._always:
            return checked(at_us + counted_us)
        index = at_us // BLOCK
        wanted = self._before(at_us) + counted_us
        total = self._block(index).total
        if wanted > total:
            for later in self._ahead(index):
                wanted -= total
                total = self._total(later)
                if wanted <= total:
                    index = later
                    break
            else:
                raise self._exhausted(at_us, _length(counted_us), _length(wanted - total))
        _, _, shifts, sums = self._block(index)
        return wanted - shifts[bisect_left(sums, wanted)]

    def before_us(self, at_us: int, counted_us: int) -> int:
        """
        ``before`` in microseconds since 1970-01-01T00:00Z, for callers in hot loops.

        Raises:
            TimeError: the amount is negative, or is not reached by the start of year 1.
        """
        if counted_us > 0:
            try:
                starts, closings, shifts, sums = self._blocks[at_us // BLOCK]
                place = bisect_right(starts, at_us)
                closing = closings[place]
                left = (at_us if at_us < closing else closing) + shifts[place] - counted_us
                if left >= 0:
                    return left - shifts[bisect_right(sums, left)]
            except KeyError:
                pass  # not compiled yet
        return self._earlier(at_us, counted_us)

    def _earlier(self, at_us: int, counted_us: int) -> int:
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
                raise self._never_before(at_us, _length(counted_us), _length(-left))
        _, _, shifts, sums = self._block(index)
        return left - shifts[bisect_right(sums, left)]

    def _before(self, at_us: int) -> int:
        """Open time of the instant's block before it."""
        if not EARLIEST <= at_us <= LATEST:
            raise TimeError("the instant lies outside the years 1 to 9999", code="range")
        starts, closings, shifts, _ = self._block(at_us // BLOCK)
        place = bisect_right(starts, at_us)
        return min(at_us, closings[place]) + shifts[place]

    def between_us(self, a_us: int, b_us: int) -> int:
        """
        ``between`` in microseconds, both instants in microseconds since 1970-01-01T00:00Z, for callers in hot loops.

        Raises:
            TimeError: an instant lies outside the years 1 to 9999.
        """
        index = a_us // BLOCK
        if index == b_us // BLOCK:
            try:
                starts, closings, shifts, _ = self._blocks[index]
                place, other = bisect_right(starts, a_us), bisect_right(starts, b_us)
                a_end, b_end = closings[place], closings[other]
                begun = (a_us if a_us < a_end else a_end) + shifts[place]
                return (b_us if b_us < b_end else b_end) + shifts[other] - begun
            except KeyError:
                pass  # not compiled yet
        return self._apart(a_us, b_us)

    def _apart(self, a_us: int, b_us: int) -> int:
        if self._always:
            return b_us - a_us
        if b_us < a_us:
            return -self._apart(b_us, a_us)
        first, last = a_us // BLOCK, b_us // BLOCK
        out = self._before(b_us) - self._before(a_us)
        if first == last:
            return out
        return out + sum(self._total(index) for index in self._inside(first, last - 1))

    def after_many_us(self, ats_us: Any, counted_us: Any) -> Any:
        """
        ``after_us`` for each of many instants, in order: one amount for all, or one for each.

        Takes lists of ints or arrays of numpy that hold whole microseconds since 1970-01-01T00:00Z, and answers with an
        array of ``int64`` where an array was given, else with a list.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many_us(self, "after", ats_us, counted_us)

    def before_many_us(self, ats_us: Any, counted_us: Any) -> Any:
        """
        ``before_us`` for each of many instants. See ``after_many_us``.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many_us(self, "before", ats_us, counted_us)

    def between_many_us(self, starts_us: Any, ends_us: Any) -> Any:
        """
        ``between_us`` for each of many pairs; one of the two may be a single instant for all. See ``after_many_us``.

        Raises:
            TimeError: the two differ in length, or one question is refused; then ``index`` is the place of the first one.
        """
        return many_us(self, "between", starts_us, ends_us)

    def _closing_us(self, at_us: int) -> int | None:
        """The left limit: the earliest instant with no open time from it to *at_us*; None if never open before."""
        if self._always:
            return at_us
        index = at_us // BLOCK
        block = self._block(index)
        place = bisect_left(block.starts, at_us)
        if place:
            return min(at_us, block.closings[place])
        for earlier in self._behind(index):
            if self._total(earlier):
                return self._block(earlier).closings[-1]
        return None

    def _opening_us(self, at_us: int) -> int | None:
        """The right limit: the latest instant with no open time from *at_us* to it; None if never open again."""
        if self._always:
            return at_us
        index = at_us // BLOCK
        block = self._block(index)
        place = bisect_right(block.closings, at_us) - 1
        if place < len(block.starts):
            return max(at_us, block.starts[place])
        for later in self._ahead(index):
            if self._total(later):
                return self._block(later).starts[0]
        return None

    def _exhausted(self, at_us: int, counted: timedelta, missing: timedelta) -> TimeError:
        if self._recurs:
            return TimeError(
                f"{counted} of open time from {write_instant(instant_of(at_us))} is not reached by the end of year 9999",
                code="range",
                counted=counted,
                missing=missing,
            )
        closing = self._closing_us(LATEST)
        last = instant_of(at_us if closing is None else closing)
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
                f"{counted} of open time up to {write_instant(instant_of(at_us))} goes back beyond year 1",
                code="range",
                counted=counted,
                missing=missing,
            )
        opening = self._opening_us(EARLIEST)
        first = instant_of(at_us if opening is None else opening)
        return TimeError(
            f"the calendar was never open before {write_instant(first)}, and {missing} of {counted} is still to be counted",
            code="never_open_before",
            before=first,
            counted=counted,
            missing=missing,
        )
