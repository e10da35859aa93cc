"""Knows which rows one input's value leaves possible, as bits of an int; must not know hit policies or outputs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from servflow.model import freeze
from servflow.rules._cells import Test, kind_of

_SWEEP_BYTES = 8_000_000  # masks kept per sweep; past it only every n-th is kept and the rest is derived


class Sweep:
    """
    The rows whose interval holds a value, for values of one ordered kind.

    The sorted constants cut the line into points and gaps; inside each piece every interval answers alike,
    so one mask per piece is the whole answer. Position 2i is the gap below constant i, 2i + 1 the constant.
    """

    __slots__ = ("_masks", "_points", "_stride", "_toggles")

    def __init__(self, points: Iterable[Any], intervals: Iterable[tuple[Any, bool, Any, bool, int]], rows: int) -> None:
        self._points = sorted(points)
        positions = 2 * len(self._points) + 1
        self._toggles: dict[int, int] = {}
        for low, low_closed, high, high_closed, mask in intervals:
            start = 0 if low is None else 2 * bisect_left(self._points, low) + (1 if low_closed else 2)
            end = positions if high is None else 2 * bisect_left(self._points, high) + (2 if high_closed else 1)
            if start < end:
                self._toggles[start] = self._toggles.get(start, 0) ^ mask
                self._toggles[end] = self._toggles.get(end, 0) ^ mask
        self._stride = 1 + positions * (rows // 8 + 32) // _SWEEP_BYTES
        self._masks: list[int] = []
        mask = 0
        for position in range(positions):
            mask ^= self._toggles.get(position, 0)
            if position % self._stride == 0:
                self._masks.append(mask)

    def mask(self, value: Any) -> int:
        """The rows whose interval holds the value."""
        points = self._points
        index = bisect_left(points, value)
        position = 2 * index
        if index < len(points) and points[index] == value:
            position += 1
        if self._stride == 1:
            return self._masks[position]
        kept = position // self._stride
        mask = self._masks[kept]
        for step in range(kept * self._stride + 1, position + 1):
            mask ^= self._toggles.get(step, 0)
        return mask


class Column:
    """
    The cells of one input, indexed: a value gives the mask of the rows that may still match.

    A cell that reads fields stays possible for every value and is tested on the rows that survive.
    """

    def __init__(self, cells: Mapping[Test, int], rows: int, *, decimal: bool = False) -> None:
        self._cells = {test.as_decimal(): mask for test, mask in cells.items()} if decimal else dict(cells)
        self._rows = rows
        self._decimal = decimal
        always = 0
        self._slow: list[tuple[Test, int]] = []
        chosen: dict[Any, int] = {}
        excluded: dict[Any, int] = {}
        negated = 0
        ranges: dict[str, list[tuple[Test, int]]] = {}
        for test, mask in self._cells.items():
            if test.dynamic or not test.atoms:
                always |= mask
                continue
            keys = _keys(test)
            kind = _sole_interval(test)
            if keys is not None and test.negated:
                negated |= mask
                _spread(excluded, keys, mask)
            elif keys is not None:
                _spread(chosen, keys, mask)
            elif kind is not None:
                ranges.setdefault(kind, []).append((test, mask))
            else:
                self._slow.append((test, mask))
        self._miss = always | negated
        self._hits = {
            key: always | (negated & ~excluded.get(key, 0)) | chosen.get(key, 0) for key in chosen.keys() | excluded.keys()
        }
        self._sweeps: dict[str | None, Sweep] = {kind: _sweep(found, rows) for kind, found in ranges.items()}
        self._texts, self._numbers = self._sweeps.get("string"), self._sweeps.get("number")
        self._null = 0
        for test, mask in self._cells.items():
            if test.dynamic or test.holds(None, {}):
                self._null |= mask

    @cached_property
    def _as_decimal(self) -> Column:
        return Column(self._cells, self._rows, decimal=True)

    def mask(self, value: Any) -> int:
        """The rows that may match when the input has this value; None is null or missing."""
        kind = type(value)
        if kind is str:
            found = self._hits.get(value, self._miss)
            sweep = self._texts
        elif kind is int:
            found = self._hits.get(value, self._miss)
            sweep = self._numbers
        elif value is None:
            return self._null
        elif isinstance(value, Decimal) and not self._decimal:
            return self._as_decimal.mask(value)
        else:
            found = self._looked_up(value)
            sweep = self._sweeps.get(kind_of(value)) if self._sweeps else None
        if sweep is not None:
            found |= sweep.mask(value)
        for test, mask in self._slow:
            if test.holds(value, {}):
                found |= mask
        return found

    def _looked_up(self, value: Any) -> int:
        try:
            return self._hits.get(_key(value), self._miss)
        except TypeError:  # a value that cannot be hashed equals no constant
            return self._miss


def _spread(masks: dict[Any, int], keys: Iterable[Any], mask: int) -> None:
    for key in keys:
        masks[key] = masks.get(key, 0) | mask


def _key(value: Any) -> Any:
    """What equal values share and unequal ones do not, although Python holds that 1 == True."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, (list, dict)):
        try:
            return freeze(value)
        except RecursionError:  # so deep a value equals no constant
            return (list, "deep")
    if isinstance(value, (float, Decimal)) and kind_of(value) is None:
        return (float, "nan")  # no constant has this key: NaN equals nothing
    return value


def _keys(test: Test) -> list[Any] | None:
    """The values a cell lists, where it does nothing else; null has its own mask."""
    keys: list[Any] = []
    for atom in test.atoms:
        if atom.kind != "equal" or atom.low is None:
            return None
        constant = atom.low.constant
        items = constant if isinstance(constant, (list, tuple)) else (constant,)
        if any(item is not None and kind_of(item) is None for item in items):
            return None
        keys.extend(_key(item) for item in items if item is not None)
        if items is constant:
            keys.append(tuple(constant))
    return keys


def _sole_interval(test: Test) -> str | None:
    """The kind of values a cell orders, where it is one interval and nothing else."""
    if test.negated or len(test.atoms) != 1 or test.atoms[0].kind != "range":
        return None
    kinds = {kind_of(operand.constant) for operand in test.atoms[0].operands}
    return kinds.pop() if len(kinds) == 1 else None


def _sweep(found: list[tuple[Test, int]], rows: int) -> Sweep:
    intervals = []
    points: set[Any] = set()
    for test, mask in found:
        atom = test.atoms[0]
        low = None if atom.low is None else atom.low.constant
        high = None if atom.high is None else atom.high.constant
        points.update(bound for bound in (low, high) if bound is not None)
        intervals.append((low, atom.low_closed, high, atom.high_closed, mask))
    return Sweep(points, intervals, rows)
