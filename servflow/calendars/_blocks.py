"""Knows open time in its compiled form, one block of 27 weeks at a time; must not know how it came about."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from servflow.calendars._zones import FIRST_BLOCK, LAST_BLOCK, Spans


class Block(NamedTuple):
    """The open time of 27 weeks: where each stretch starts and ends, and how much lies before it."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int


def block_of(spans: Spans) -> Block:
    """The block that holds these spans."""
    lengths = [end - start for start, end in spans]
    before = list(accumulate(lengths, initial=0))
    total = before.pop()
    return Block([start for start, _ in spans], [end for _, end in spans], before, total)


def in_order(indexes: Iterable[int]) -> tuple[int, ...]:
    """The blocks in order, as far as they lie in the years 1 to 9999."""
    return tuple(sorted(index for index in indexes if FIRST_BLOCK <= index <= LAST_BLOCK))


def shifted(block: Block, by: int) -> Block:
    return Block([start + by for start in block.starts], [end + by for end in block.ends], block.before, block.total)
