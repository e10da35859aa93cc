"""Knows which rows meet or hold the cells of a row, for all rows at once; must not know what follows from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from attrs import define, field

from servflow.rules._runs import Runs, pairs
from servflow.rules._space import Axis, Space

_BLOCK = 16
"""Entries that share one mask; what lies between is put together when it is asked for."""

_KEPT_BYTES = 3_000_000
"""Masks one axis keeps of what was asked before."""


class _Ranges:
    """Rows at positions: which of them lie in a stretch, in a few steps whatever its length."""

    __slots__ = ("_leaves", "_points", "_rows", "_tree")

    def __init__(self, entries: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(entries)
        self._points = [point for point, _ in ordered]
        self._rows = [row for _, row in ordered]
        self._leaves = -(-len(ordered) // _BLOCK)
        tree = [0] * (2 * self._leaves)
        for leaf in range(self._leaves):
            tree[self._leaves + leaf] = _mask(self._rows[leaf * _BLOCK : (leaf + 1) * _BLOCK])
        for node in range(self._leaves - 1, 0, -1):
            tree[node] = tree[2 * node] | tree[2 * node + 1]
        self._tree = tree

    def within(self, low: int, high: int) -> int:
        """The rows at positions from *low* on and before *high*."""
        first, last = bisect_left(self._points, low), bisect_left(self._points, high)
        if last - first <= 2 * _BLOCK:
            return _mask(self._rows[first:last])
        left, right = -(-first // _BLOCK), last // _BLOCK
        found = _mask(self._rows[first : left * _BLOCK]) | _mask(self._rows[right * _BLOCK : last])
        left += self._leaves
        right += self._leaves
        while left < right:
            if left & 1:
                found |= self._tree[left]
                left += 1
            if right & 1:
                right -= 1
                found |= self._tree[right]
            left >>= 1
            right >>= 1
        return found


def _mask(rows: Sequence[int]) -> int:
    found = 0
    for row in rows:
        found |= 1 << row
    return found


class _Alive:
    """The rows that hold at a position."""

    __slots__ = ("_kept", "_points", "_rows")

    def __init__(self, entries: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(entries)
        self._points = [point for point, _ in ordered]
        self._rows = [row for _, row in ordered]
        self._kept = []
        mask = 0
        for index, row in enumerate(self._rows):
            if index % _BLOCK == 0:
                self._kept.append(mask)
            mask ^= 1 << row
        self._kept.append(mask)

    def at(self, position: int) -> int:
        index = bisect_right(self._points, position)
        block = index // _BLOCK
        mask = self._kept[block]
        for row in self._rows[block * _BLOCK : index]:
            mask ^= 1 << row
        return mask


@define
class _AxisTouch:
    axis: Axis
    always: int = field(init=False)
    _starts: _Ranges = field(init=False)
    _ends: _Ranges = field(init=False)
    _alive: _Alive = field(init=False)
    _met: dict[int, int] = field(factory=dict)
    _held: dict[int, int] = field(factory=dict)
    _most: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        everything = self.axis.line.everything if not self.axis.period else (0, len(self.axis.line.values))
        rows = len(self.axis.of_row)
        self._most = _KEPT_BYTES // (rows // 8 + 32)
        self.always = 0
        starts: list[tuple[int, int]] = []
        ends: list[tuple[int, int]] = []
        for cell, runs in enumerate(self.axis.cells):
            if runs == everything:
                self.always = self.axis.rows_of[cell]
        for row, cell in enumerate(self.axis.of_row):
            runs = self.axis.cells[cell]
            if runs != everything:
                for start, end in pairs(runs):
                    starts.append((start, row))
                    ends.append((end, row))
        self._starts, self._ends, self._alive = _Ranges(starts), _Ranges(ends), _Alive([*starts, *ends])

    def meeting(self, cell: int) -> int:
        """The rows that hold somewhere where this cell does."""
        found = self._met.get(cell)
        if found is None:
            found = self.reaching(self.axis.cells[cell])
            if len(self._met) < self._most:
                self._met[cell] = found
        return found

    def reaching(self, runs: Runs) -> int:
        """The rows that hold somewhere on these runs."""
        found = self.always if runs else 0
        for start, end in pairs(runs):
            found |= self._alive.at(start) | self._starts.within(start, end)
        return found

    def at(self, position: int) -> int:
        """The rows that hold at a position."""
        return self.always | self._alive.at(position)

    def holding(self, cell: int) -> int:
        """The rows that hold everywhere where this cell does."""
        found = self._held.get(cell)
        if found is None:
            found = -1
            for start, end in pairs(self.axis.cells[cell]):
                found &= self.always | self._alive.at(start) & ~self._ends.within(start + 1, end)
            if len(self._held) < self._most:
                self._held[cell] = found
        return found


@define
class Touch:
    """Which rows meet a row, and which hold everywhere where it does."""

    space: Space
    _axes: tuple[_AxisTouch, ...] = field(init=False)
    _all: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._axes = tuple(_AxisTouch(axis) for axis in self.space.axes)
        self._all = (1 << self.space.rows) - 1

    def meeting(self, row: int, among: int = -1) -> int:
        """The rows, of those given, that match together with this one for some values; itself among them."""
        found = self._all & among
        for touch in self._axes:
            if not found:
                break
            found &= touch.meeting(touch.axis.of_row[row])
        return found

    def holding(self, row: int, among: int = -1) -> int:
        """The rows, of those given, that match wherever this one does; itself among them."""
        found = self._all & among
        for touch in self._axes:
            if not found:
                break
            found &= touch.holding(touch.axis.of_row[row])
        return found

    def at(self, point: Sequence[int], among: int = -1) -> int:
        """The rows, of those given, that hold at a point."""
        found = self._all & among
        for touch, position in zip(self._axes, point, strict=True):
            if not found:
                break
            found &= touch.at(position)
        return found

    def along(self, axis: Axis, position: int) -> int:
        """The rows that hold at a position of one axis."""
        return next(touch for touch in self._axes if touch.axis is axis).at(position)

    def reaching(self, box: Sequence[Runs], among: int = -1, *, skip: int = -1) -> int:
        """The rows, of those given, that hold somewhere in a box; the axis *skip* is not asked."""
        found = self._all & among
        for index, touch in enumerate(self._axes):
            if index != skip and found:
                found &= touch.reaching(box[index])
        return found
