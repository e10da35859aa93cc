"""Knows how compiled time is kept and shared, and when it is void; must not know how it is compiled or asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from attrs import define, field

from servflow.calendars._blocks import Block, Moments, moments_of
from servflow.calendars._tzdata import tz_version
from servflow.calendars._zones import FIRST_BLOCK, LAST_BLOCK, forget, generation

_MOST_BLOCKS = 1024  # of one calendar: more than 500 years
_MOST_MOMENTS = 64
_ASKED_OFTEN = 8  # a block is worth its second form once it was asked this often
_KEPT = 64  # tables whose calendars may be gone


@define(eq=False)
class Tables:
    """
    What was compiled of one content under the present tz database, for all calendars of this content.

    Every value follows from the content alone, so threads may work out one value twice: storing it is atomic.
    """

    blocks: dict[int, Block] = field(factory=dict)
    edges: dict[int, Block] = field(factory=dict)
    patterns: dict[Hashable, tuple[Block, int]] = field(factory=dict)
    moments: dict[int, Moments] = field(factory=dict)
    rows: dict[int, Any] = field(factory=dict)
    _asked: dict[int, int] = field(factory=dict)

    def keep(self, index: int, block: Block, since: int, *, edge: bool = False) -> None:
        """
        Store a block, unless the tz database changed *since* that generation, while it was compiled.

        The two at the *edge* of time are kept apart, so that whoever finds a block in ``blocks`` knows that every
        instant in it can be written.
        """
        kept = self.edges if edge else self.blocks
        if since != generation():
            return
        if len(kept) >= _MOST_BLOCKS:
            kept.clear()
        kept[index] = block
        # Looked at after storing: whoever clears the tables has stepped the generation before.
        if since != generation():
            self.clear()

    def keep_pattern(self, shape: Hashable, block: tuple[Block, int], since: int) -> None:
        """Store a pattern under the same condition."""
        if len(self.patterns) >= _MOST_BLOCKS:
            self.patterns.clear()
        self.patterns[shape] = block
        if since != generation():
            self.clear()

    def keep_rows(self, index: int, rows: Any, since: int) -> None:
        """Store a block as arrays under the same condition."""
        if len(self.rows) >= _MOST_BLOCKS:
            self.rows.clear()
        self.rows[index] = rows
        if since != generation():
            self.clear()

    def asked(self, index: int, block: Callable[[int], Block]) -> None:
        """Note that the slow way was taken to a block, and prepare the fast one when that happens often."""
        times = self._asked.get(index, 0) + 1
        self._asked[index] = times
        # Open time may be anchored before the block that holds it, which the first one of all has no room for.
        if times < _ASKED_OFTEN or not FIRST_BLOCK + 1 < index < LAST_BLOCK:
            return
        if index in self.moments:
            return
        since = generation()
        if len(self.moments) >= _MOST_MOMENTS:
            self.moments.clear()
            self._asked.clear()
        self.moments[index] = moments_of(block(index))
        if since != generation():
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self.blocks, self.edges, self.patterns, self.moments, self.rows, self._asked):
            kept.clear()


_by_content: WeakValueDictionary[str, Tables] = WeakValueDictionary()
_all: WeakValueDictionary[int, Tables] = WeakValueDictionary()
_lately: deque[Tables] = deque(maxlen=_KEPT)


def tables_of(content: str) -> Tables:
    """The tables of the calendars with that hash: those of an equal calendar that lives, or was asked for lately."""
    found = _by_content.get(content)
    if found is None:
        found = Tables()
        _all[id(found)] = found  # each its own key: two threads at once must not lose one that is to be cleared
        _by_content[content] = found
    _lately.append(found)
    return found


def reload_zones() -> str:
    """
    Read the tz database anew, for a process that lives on while the database is updated.

    From then on every question is answered by the rules that are installed now, also to calendars, clocks and
    rotations made before. What was answered earlier does not change by itself: ask again for what a host has stored,
    such as due instants. ``zoneinfo`` forgets its zones too; instants that a host holds in zones it looked up
    before still read as they did then. Where other threads ask at the same time, those already on their way may
    still be answered by the old rules.

    Returns:
        The version that holds now, see ``tz_version``.
    """
    ZoneInfo.clear_cache()
    forget()
    for reference in _all.valuerefs():
        tables = reference()
        if tables is not None:
            tables.clear()
    return tz_version()
