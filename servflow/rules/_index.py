"""Knows which rows one input's value leaves possible, as bits of an int; must not know hit policies or outputs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from servflow.model import freeze
from servflow.rules._cells import Atom, Test, kind_of

Interval = tuple[Any, bool, Any, bool]
"""Low, whether it belongs, high, whether it belongs; None is an open side."""

# Where an interval begins or ends: below everything, just below (0) or just above (1) a value, above everything.
_Cut = tuple[Any, ...]
_LOWEST: _Cut = (0,)
_HIGHEST: _Cut = (2,)

_SWEEP_BYTES = 8_000_000  # masks kept per sweep; past it only every n-th is kept and the rest is derived


class Sweep:
    """
    The rows whose interval holds a value, for values of one ordered kind.

    The sorted constants cut the line into points and gaps; inside each piece every interval answers alike,
    so one mask per piece is the whole answer. Position 2i is the gap below constant i, 2i + 1 the constant.
    """

    __slots__ = ("_masks", "_points", "_steps", "_stride", "_toggles")

    def __init__(
        self, points: Iterable[Any], intervals: Iterable[tuple[Any, bool, Any, bool, int]], rows: int, always: int = 0
    ) -> None:
        self._points = sorted(points)
        # Among whole numbers every piece begins at one: n at n, the gap above it at n + 1.
        whole = all(type(point) is int for point in self._points)
        self._steps = [step for point in self._points for step in (point, point + 1)] if whole else None
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
        mask = always
        for position in range(positions):
            mask ^= self._toggles.get(position, 0)
            if position % self._stride == 0:
                self._masks.append(mask)

    @property
    def steps(self) -> tuple[list[int], list[int]] | None:
        """For whole numbers: where each next mask begins, and the masks, one more; None where they are not kept so."""
        return None if self._steps is None or not self.whole else (self._steps, self._masks)

    @property
    def whole(self) -> bool:
        """Whether every mask is kept, and none derived when it is asked for."""
        return self._stride == 1

    def mask(self, value: Any) -> int:
        """The rows whose interval holds the value."""
        if self._steps is not None and type(value) is int:
            position = bisect_right(self._steps, value)
        else:
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
        ranges: dict[str, list[tuple[Interval, int]]] = {}
        for test, mask in self._cells.items():
            if test.dynamic or not test.atoms:
                always |= mask
                continue
            listed = _listed(test)
            if listed is not None:
                keys, without = listed
                negated |= mask if without else 0
                _spread(excluded if without else chosen, keys, mask)
                continue
            parts = _parts(test)
            if parts is None:
                self._slow.append((test, mask))
                continue
            keys, intervals = parts
            _spread(chosen, keys, mask)
            for kind, found in intervals.items():
                ranges.setdefault(kind, []).extend((interval, mask) for interval in found)
        self._miss = always | negated
        self._hits = {
            key: always | (negated & ~excluded.get(key, 0)) | chosen.get(key, 0) for key in chosen.keys() | excluded.keys()
        }
        # Where nothing is listed a sweep is the whole answer for its kind of values.
        base = 0 if self._hits else self._miss
        self._sweeps: dict[str | None, Sweep] = {kind: _sweep(found, rows, base) for kind, found in ranges.items()}
        self._texts, self._numbers = self._sweeps.get("string"), self._sweeps.get("number")
        self._null = 0
        for test, mask in self._cells.items():
            if test.dynamic or test.holds(None, {}):
                self._null |= mask

    @property
    def shares(self) -> bool:
        """Whether the masks it gives are kept here anyway, so that who remembers them needs no room for them."""
        return not self._slow and not (self._hits and self._sweeps) and all(sweep.whole for sweep in self._sweeps.values())

    @property
    def steps(self) -> tuple[list[int], list[int]] | None:
        """What alone tells the masks of whole numbers, where there is such a thing: as ``Sweep.steps``."""
        return None if self._numbers is None or self._hits or self._slow else self._numbers.steps

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
            found = found | sweep.mask(value) if self._hits else sweep.mask(value)
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


def _listed(test: Test) -> tuple[list[Any], bool] | None:
    """The values a cell lists, where it does nothing else, and whether it is all others it takes; null has its own mask."""
    if len(test.atoms) == 1 and test.atoms[0].kind == "differs":
        keys = _keys(test.atoms[0])
        return None if keys is None else (keys, not test.negated)
    found: list[Any] = []
    for atom in test.atoms:
        keys = _keys(atom) if atom.kind == "equal" else None
        if keys is None:
            return None
        found.extend(keys)
    return found, test.negated


def _keys(atom: Atom) -> list[Any] | None:
    """The values that equal what the alternative names; None where one of them cannot be looked up."""
    assert atom.low is not None
    constant = atom.low.constant
    items = constant if isinstance(constant, (list, tuple)) else (constant,)
    if any(item is not None and kind_of(item) is None for item in items):
        return None
    keys = [_key(item) for item in items if item is not None]
    if items is constant:
        keys.append(tuple(constant))
    return keys


def _parts(test: Test) -> tuple[list[Any], dict[str, list[Interval]]] | None:
    """
    What a cell with ranges takes: the values it lists, and disjoint intervals by kind; None where it must be asked.

    A negated range takes only values of its own kind: no other can be ordered with it.
    """
    listed: list[Any] = []
    spans: dict[str, list[tuple[_Cut, _Cut]]] = {}
    for atom in test.atoms:
        if atom.kind == "range":
            kinds = {kind_of(operand.constant) for operand in atom.operands}
            kind = kinds.pop() if len(kinds) == 1 else None
            if kind is None:
                return None
            spans.setdefault(kind, []).append(_span(atom))
            continue
        keys = _keys(atom) if atom.kind == "equal" else None
        if keys is None:
            return None
        listed.extend(keys)
    if not test.negated:
        return listed, {kind: _intervals(_merged(found)) for kind, found in spans.items()}
    if len(spans) != 1:
        return None
    ((kind, found),) = spans.items()
    values = [key for key in map(_value, listed) if kind_of(key) == kind]
    merged = _merged([*found, *(((1, value, 0), (1, value, 1)) for value in values)])
    edges = [_LOWEST, *(cut for span in merged for cut in span), _HIGHEST]
    return [], {kind: _intervals([(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high])}


def _value(key: Any) -> Any:
    return key[1] if isinstance(key, tuple) and len(key) == 2 and key[0] is bool else key


def _span(atom: Atom) -> tuple[_Cut, _Cut]:
    low = _LOWEST if atom.low is None else (1, atom.low.constant, 0 if atom.low_closed else 1)
    high = _HIGHEST if atom.high is None else (1, atom.high.constant, 1 if atom.high_closed else 0)
    return low, high


def _merged(spans: Iterable[tuple[_Cut, _Cut]]) -> list[tuple[_Cut, _Cut]]:
    """The same values in disjoint spans, lowest first."""
    found: list[tuple[_Cut, _Cut]] = []
    for low, high in sorted(spans):
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _intervals(spans: Iterable[tuple[_Cut, _Cut]]) -> list[Interval]:
    return [
        (
            None if low == _LOWEST else low[1],
            low == _LOWEST or low[2] == 0,
            None if high == _HIGHEST else high[1],
            high == _HIGHEST or high[2] == 1,
        )
        for low, high in spans
    ]


def _sweep(found: Iterable[tuple[Interval, int]], rows: int, always: int) -> Sweep:
    intervals = [(*interval, mask) for interval, mask in found]
    points = {bound for low, _, high, _, _ in intervals for bound in (low, high) if bound is not None}
    return Sweep(points, intervals, rows, always)
