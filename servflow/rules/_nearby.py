"""Knows which values near a present one a cell tells apart, exact for money and dates; must not know tables or rows."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from servflow.expressions import distance
from servflow.model import CONVERTERS, EPOCH, ValueProblem, freeze
from servflow.rules._cells import Test, kind_of, same, to_decimal

_WIDE = decimal.Context(prec=400)
_TICK = timedelta(microseconds=1)
_SECOND = 1_000_000
_CENTS = 2
_WHOLE = ("int", "uint")
_LIKE = ("number", "string", "timestamp", "duration", "bytes")
_KINDS = {"int": "number", "uint": "number", "double": "number", "decimal": "number"}


@frozen
class Near:
    """
    A value that could stand in place of the present one.

    ``cost`` orders them: how far it lies (0 to 1), then values before null, then values somebody wrote before
    made-up ones. ``invented`` says that the value is one of many that would do as well.
    """

    value: Any
    far: Fraction
    invented: bool = False
    cost: tuple[Fraction, int, int] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "cost", (self.far, int(self.value is None), int(self.invented)))


@frozen
class _Line:
    """An ordered type as fractions: how a point becomes a value again, and how long a step to its neighbour is."""

    make: Callable[[Fraction], Any]
    steps: tuple[Fraction, ...]
    dense: bool

    def inside(self, low: Fraction | None, high: Fraction | None, present: Fraction | None) -> Any:
        """The value strictly between two points that lies nearest to the present one; None where there is none."""
        upward = high is None or (low is not None and (present is None or present <= low))
        for step in self.steps:
            start = low if upward else high
            assert start is not None
            found = self._value(start + step if upward else start - step, low, high)
            if found is not None:
                return found
        if self.dense and low is not None and high is not None:
            return self._value((low + high) / 2, low, high)
        return None

    def _value(self, point: Fraction, low: Fraction | None, high: Fraction | None) -> Any:
        if (low is not None and point <= low) or (high is not None and point >= high):
            return None
        try:
            made = self.make(point)
        except (OverflowError, ValueError):  # beyond what there is of this type
            return None
        back = fraction_of(made)
        outside = back is None or (low is not None and back <= low) or (high is not None and back >= high)
        return None if outside else made


def fraction_of(value: Any) -> Fraction | None:
    """Where a number, an instant or a length of time lies on its line; None for every other value."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        infinite = (
            not value.is_finite() if isinstance(value, Decimal) else isinstance(value, float) and not math.isfinite(value)
        )
        return None if infinite else Fraction(value)
    if isinstance(value, datetime):
        return None if value.utcoffset() is None else Fraction((value - EPOCH) // _TICK)
    return Fraction(value // _TICK) if isinstance(value, timedelta) else None


def near_values(tests: Iterable[Test], type_name: str | None, one_of: Sequence[Any], present: Any) -> list[Near]:
    """
    Values such that every value answers all the tests as one of them does, each the nearest to the present one of its like.

    Cells that read fields are left aside. Null comes last; the present value may be among them.

    Args:
        tests: cells of one input.
        type_name: its type, where declared.
        one_of: its only values, where declared.
        present: what it is now.
    """
    if one_of:
        found = [Near(value, distance(present, value, one_of)) for value in one_of]
        return [*found, Near(None, distance(present, None))]
    if isinstance(present, Decimal) or type_name == "decimal":
        tests = [test.as_decimal() for test in tests]
    points, ordered = _constants(tests, type_name)
    kind = kind_of(present)
    sort = _KINDS.get(type_name or "", type_name)
    if sort in _LIKE:
        points.setdefault(sort, [])
    elif sort is None and (kind is not None or not points):
        points.setdefault(kind or "string", [])
    if type_name == "bool" or kind == "bool":
        points["bool"] = [False, True]
    near: list[Near] = []
    for name, values in points.items():
        near.extend(_of_kind(name, values, type_name, present, ordered=name in ordered))
    return [*_fitting(near, type_name), Near(None, distance(present, None))]


def _constants(tests: Iterable[Test], type_name: str | None) -> tuple[dict[str, list[Any]], set[str]]:
    """The constants by kind, and the kinds that some cell puts in order."""
    points: dict[str, list[Any]] = {}
    ordered: set[str] = set()
    for test in tests:
        for atom in test.atoms:
            for part in atom.operands:
                if part.expression is not None:
                    continue
                whole = isinstance(part.constant, (list, tuple))
                items = [*part.constant, part.constant] if whole else [part.constant]
                for item in items:
                    read = to_decimal(item, item) if type_name == "decimal" and isinstance(item, str) else item
                    kind = kind_of(read) or ("other" if isinstance(read, (list, tuple, dict)) else None)
                    if kind is not None:
                        points.setdefault(kind, []).append(read)
                        if atom.kind == "range":
                            ordered.add(kind)
    return points, ordered


def _of_kind(kind: str, values: list[Any], type_name: str | None, present: Any, *, ordered: bool) -> list[Near]:
    if kind in ("number", "timestamp", "duration"):
        return [Near(value, distance(present, value)) for value in _on_line(kind, values, type_name, present)]
    if kind == "string":
        written = list(dict.fromkeys(values))
        made = _between(sorted(written), present) if ordered else []
        fresh = "other"
        while fresh in written:
            fresh += "_"
        invented = [] if isinstance(present, str) and present not in written and not made else [*made, fresh]
        return [
            *(Near(value, distance(present, value)) for value in written),
            *(Near(value, distance(present, value), invented=True) for value in invented),
        ]
    if kind == "bytes":
        values = [*values, b"", *(value + b"\0" for value in values)]
    unique: list[Any] = []
    for value in values if len(values) <= 2 or kind == "bool" else sorted(values, key=repr):
        if not unique or not same(unique[-1], value):
            unique.append(value)
    return [Near(value, distance(present, value)) for value in unique]


def _between(points: list[str], present: Any) -> list[str]:
    """Texts below, between and above others in the order of texts."""
    found = [] if not points or points[0] == "" else [""]
    for low, high in zip(points, [*points[1:], None], strict=True):
        for end in ("a", " ", "\0"):
            if high is None or low + end < high:
                found.append(low + end)
                break
    return [present, *found] if isinstance(present, str) else found


def _on_line(kind: str, values: list[Any], type_name: str | None, present: Any) -> list[Any]:
    """The constants, and of every gap between them the value nearest to the present one."""
    here = fraction_of(present) if kind_of(present) == kind else None
    points = sorted({point for value in values if (point := fraction_of(value)) is not None})
    line = _line(kind, values, type_name, present)
    edges = [value for value in values if fraction_of(value) is None]  # an infinite double is on no line, and is itself
    if not points:
        start = line.make(Fraction(0)) if here is None else present
        return [*edges, start]
    found = [*edges, *(line.make(point) for point in points)]
    for low, high in zip([None, *points], [*points, None], strict=True):
        if here is not None and (low is None or low < here) and (high is None or here < high):
            found.append(present)
            continue
        inner = line.inside(low, high, here)
        if inner is not None:
            found.append(inner)
    return found


def _line(kind: str, values: list[Any], type_name: str | None, present: Any) -> _Line:
    if kind == "timestamp":
        zone = present.tzinfo if isinstance(present, datetime) and present.tzinfo is not None else UTC
        return _Line(lambda point: (EPOCH + int(point) * _TICK).astimezone(zone), (Fraction(_SECOND), Fraction(1)), dense=False)
    if kind == "duration":
        return _Line(lambda point: int(point) * _TICK, (Fraction(_SECOND), Fraction(1)), dense=False)
    if type_name == "decimal" or any(isinstance(value, Decimal) for value in (present, *values)):
        places = max([0, *(_places(value) for value in (present, *values) if isinstance(value, Decimal))])
        return _Line(lambda point: _exact(point, places), (Fraction(1, 10 ** max(places, _CENTS)),), dense=True)
    if type_name in _WHOLE:
        return _Line(lambda point: int(point) if point.denominator == 1 else float(point), (Fraction(1),), dense=False)
    if type_name == "double" or isinstance(present, float):
        return _Line(float, (Fraction(1, 100),), dense=True)
    steps = (Fraction(1), Fraction(1, 100))
    return _Line(lambda point: int(point) if point.denominator == 1 else float(point), steps, dense=True)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _exact(point: Fraction, places: int) -> Decimal:
    """The decimal a fraction is, with at least so many places, as its neighbours are written."""
    made = _WIDE.divide(Decimal(point.numerator), Decimal(point.denominator)).normalize(_WIDE)
    return made if _places(made) >= places else made.quantize(Decimal((0, (1,), -places)), context=_WIDE)


def _fitting(near: Iterable[Near], type_name: str | None) -> list[Near]:
    """What the declared type can hold, in its form."""
    if type_name is None or type_name not in CONVERTERS:
        return list(near)
    kept: list[Near] = []
    for item in near:
        value = item.value
        if type_name in _WHOLE and isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            kept.append(Near(freeze(CONVERTERS[type_name](value)), item.far, item.invented))
        except ValueProblem:
            continue
    return kept
