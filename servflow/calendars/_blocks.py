"""Knows open time in its compiled form, one block of 27 weeks at a time; must not know how it came about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from servflow.calendars._zones import FIRST_BLOCK, LAST_BLOCK, Spans
from servflow.model._instants import EPOCH


class Block(NamedTuple):
    """
    The open time of 27 weeks, in microseconds, laid out so that a question is two bisections and three additions.

    The stretches are numbered from 1: stretch *n* starts at ``starts[n - 1]`` and ends at ``closings[n]``, and up to
    its end ``sums[n]`` was open. ``shifts[n]`` turns an instant in it into the open time before that instant. Place 0
    stands for the time before the first stretch, so that the number of stretches begun, ``bisect_right(starts, at)``,
    is a place in all other lists.
    """

    starts: list[int]
    closings: list[int]
    shifts: list[int]
    sums: list[int]

    @property
    def total(self) -> int:
        """Open time of the whole block."""
        return self.sums[-1]

    def spans(self) -> Spans:
        """The stretches as pairs."""
        return list(zip(self.starts, self.closings[1:], strict=True))


class Moments(NamedTuple):
    """
    The same as a block in the types people ask with, so that an answer needs no conversion.

    All but the last are lengths since 1970-01-01T00:00Z; ``anchors[n]`` turns open time in stretch *n* into an instant.
    """

    starts: list[timedelta]
    closings: list[timedelta]
    shifts: list[timedelta]
    sums: list[timedelta]
    anchors: list[datetime]


def block_of(spans: Spans, low: int) -> Block:
    """The block that begins at *low* and holds these spans."""
    starts = [start for start, _ in spans]
    sums = list(accumulate((end - start for start, end in spans), initial=0))
    shifts = [-low, *map(sub, sums, starts)]
    return Block(starts, [low, *(end for _, end in spans)], shifts, sums)


def shifted(block: Block, by: int) -> Block:
    """The same stretches that much later."""
    starts, closings, shifts, sums = block
    return Block([start + by for start in starts], [end + by for end in closings], [shift - by for shift in shifts], sums)


def moments_of(block: Block) -> Moments:
    """The block in datetimes and timedeltas; the whole of it, a quarter year around included, lies in the years 1 to 9999."""
    starts, closings, shifts, sums = ([timedelta(0, 0, value) for value in values] for values in block)
    return Moments(starts, closings, shifts, sums, [EPOCH - shift for shift in shifts])


def in_order(indexes: Iterable[int]) -> tuple[int, ...]:
    """The blocks in order, as far as they lie in the years 1 to 9999."""
    return tuple(sorted(index for index in indexes if FIRST_BLOCK <= index <= LAST_BLOCK))
