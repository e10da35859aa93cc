"""Knows which rows meet or hold the cells of a row, for all rows at once; must not know what follows from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from attrs import define, field

from servflow.rules._runs import Runs, pairs
from servflow.rules._space import Axis, Space

_BLOCK = 16
"""Entries that share one mask; what lies between is put together when it is asked for."""

_FEW = 64
"""Positions of an axis for each of which the rows that hold there are kept."""

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


class _Few:
    """An axis of few positions: the rows at each of them."""

    __slots__ = ("_at", "_cells", "_held", "_met", "_most")

    def __init__(self, axis: Axis) -> None:
        size = (len(axis.of_row) + 7) // 8
        masks = [bytearray(size) for _ in axis.line.values]
        for row, cell in enumerate(axis.of_row):
            runs = axis.cells[cell]
            byte, bit = row >> 3, 1 << (row & 7)
            for index in range(0, len(runs), 2):
                for position in range(runs[index], runs[index + 1]):
                    masks[position][byte] |= bit
        self._at = [int.from_bytes(mask, "little") for mask in masks]
        self._cells = axis.cells
        self._most = _KEPT_BYTES // (size + 32)
        self._met: dict[int, int] = {}
        self._held: dict[int, int] = {}

    def at(self, position: int) -> int:
        return self._at[position]

    def reaching(self, runs: Runs) -> int:
        found = 0
        for start, end in pairs(runs):
            for position in range(start, end):
                found |= self._at[position]
        return found

    def meeting(self, cell: int) -> int:
        found = self._met.get(cell)
        if found is None:
            found = self.reaching(self._cells[cell])
            if len(self._met) < self._most:
                self._met[cell] = found
        return found

    def holding(self, cell: int) -> int:
        found = self._held.get(cell)
        if found is None:
            found = -1
            for start, end in pairs(self._cells[cell]):
                for position in range(start, end):
                    found &= self._at[position]
            if len(self._held) < self._most:
                self._held[cell] = found
        return found


class _Many:
    """An axis of many positions."""

    __slots__ = ("_alive", "_always", "_cells", "_ends", "_starts")

    def __init__(self, axis: Axis) -> None:
        everything = axis.line.everything
        always = bytearray((len(axis.of_row) + 7) // 8)
        starts: list[tuple[int, int]] = []
        ends: list[tuple[int, int]] = []
        for row, cell in enumerate(axis.of_row):
            runs = axis.cells[cell]
            if runs == everything:
                always[row >> 3] |= 1 << (row & 7)
                continue
            for index in range(0, len(runs), 2):
                starts.append((runs[index], row))
                ends.append((runs[index + 1], row))
        self._always = int.from_bytes(always, "little")
        self._cells = axis.cells
        self._starts, self._ends, self._alive = _Ranges(starts), _Ranges(ends), _Alive([*starts, *ends])

    def at(self, position: int) -> int:
        return self._always | self._alive.at(position)

    def reaching(self, runs: Runs) -> int:
        found = self._always if runs else 0
        for start, end in pairs(runs):
            found |= self._alive.at(start) | self._starts.within(start, end)
        return found

    def meeting(self, cell: int) -> int:
        return self.reaching(self._cells[cell])

    def holding(self, cell: int) -> int:
        found = -1
        for start, end in pairs(self._cells[cell]):
            found &= self._always | self._alive.at(start) & ~self._ends.within(start + 1, end)
        return found


@define
class Touch:
    """Which rows meet a row, and which hold everywhere where it does."""

    space: Space
    _axes: tuple[_Few | _Many, ...] = field(init=False)
    _all: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._axes = tuple(_Few(axis) if len(axis.line.values) <= _FEW else _Many(axis) for axis in self.space.axes)
        self._all = (1 << self.space.rows) - 1

    def meeting(self, row: int, among: int = -1) -> int:
        """The rows, of those given, that match together with this one for some values; itself among them."""
        found = self._all & among
        for touch, axis in zip(self._axes, self.space.axes, strict=True):
            if not found:
                break
            found &= touch.meeting(axis.of_row[row])
        return found

    def holding(self, row: int, among: int = -1) -> int:
        """The rows, of those given, that match wherever this one does; itself among them."""
        found = self._all & among
        for touch, axis in zip(self._axes, self.space.axes, strict=True):
            if not found:
                break
            found &= touch.holding(axis.of_row[row])
        return found

    def at(self, point: Sequence[int], among: int = -1) -> int:
        """The rows, of those given, that hold at a point."""
        found = self._all & among
        for touch, position in zip(self._axes, point, strict=True):
            if not found:
                break
            found &= touch.at(position)
        return found

    def along(self, axis: int, position: int) -> int:
        """The rows that hold at a position of one axis, counted from 0."""
        return self._axes[axis].at(position)

    def reaching(self, box: Sequence[Runs], among: int = -1, *, skip: int = -1) -> int:
        """The rows, of those given, that hold somewhere in a box; the axis *skip* is not asked."""
        found = self._all & among
        for index, touch in enumerate(self._axes):
            if index != skip and found:
                found &= touch.reaching(box[index])
        return found
