"""Knows sample values that stand for all values of an input, and which rows each leaves possible; must not judge them."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from attrs import field, frozen

from servflow.model import CONVERTERS, EPOCH, FrozenMap, ValueProblem
from servflow.rules._cells import Test, kind_of, same, to_decimal
from servflow.rules._definition import Input, base_type
from servflow.rules._program import Program

MAX_STEPS = 400_000
"""Most combinations looked at by one check."""

MAX_REGIONS = 30_000
"""Most different combinations of rows kept by one check."""

_WIDE = decimal.Context(prec=400)
_TICK = timedelta(microseconds=1)


@frozen
class Piece:
    """A sample value and the rows it leaves possible; every value of its piece leaves the same rows."""

    value: Any
    mask: int


@frozen
class Axis:
    """One field the table looks at: the pieces its values fall into, null last."""

    path: tuple[str, ...]
    columns: tuple[int, ...]
    pieces: tuple[Piece, ...]
    every: int = field(init=False)
    some: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        every, some = -1, 0
        for piece in self.pieces:
            every &= piece.mask
            some |= piece.mask
        object.__setattr__(self, "every", every)
        object.__setattr__(self, "some", some)


def declared(path: Sequence[str], fields: Mapping[str, Any]) -> tuple[str | None, tuple[Any, ...]]:
    """The type and the allowed values of a name, as far as the field types say."""
    spec: Any = fields
    for name in path:
        if not isinstance(spec, Mapping):
            return None, ()
        spec = spec.get(name, spec.get("*"))
    if isinstance(spec, str):
        return _type_word(spec), ()
    one_of = tuple(getattr(spec, "one_of", ()) or ())
    word = getattr(spec, "type", None)
    return (_type_word(word) if isinstance(word, str) else None), one_of


def _type_word(word: str) -> str | None:
    base = base_type(word)
    return base if base in CONVERTERS and base != "any" else None


def axes_of(inputs: tuple[Input, ...], program: Program, fields: Mapping[str, Any]) -> tuple[tuple[Axis, ...], int]:
    """
    The axes of a table, and the rows whose cells no axis can decide.

    Such a row reads other fields, or tests an input that is an expression and has no value of its own to try.
    """
    grouped: dict[tuple[str, ...], list[int]] = {}
    undecided = 0
    for row in program.residual:
        undecided |= 1 << row
    paths = {source.path for source in program.sources if source.expression is None}
    for index, source in enumerate(program.sources):
        nested = any(source.path[:length] in paths for length in range(1, len(source.path)))
        inner = any(len(path) > len(source.path) and path[: len(source.path)] == source.path for path in paths)
        if source.expression is None and not nested and not inner:
            grouped.setdefault(source.path, []).append(index)
            continue
        for row, tests in enumerate(program.tests):
            if tests[index].atoms:
                undecided |= 1 << row
    axes = tuple(_axis(path, columns, inputs, program, fields) for path, columns in grouped.items())
    return axes, undecided


def _axis(
    path: tuple[str, ...], columns: list[int], inputs: tuple[Input, ...], program: Program, fields: Mapping[str, Any]
) -> Axis:
    type_name, one_of = declared(path, fields)
    for column in columns:
        given = inputs[column]
        type_name = (None if given.type is None else _type_word(given.type)) or type_name
        one_of = given.one_of or one_of
    tests = {test for row in program.tests for column in columns for test in (row[column],)}
    by_mask: dict[int, Any] = {}
    for value in [*sample_values(tests, type_name, one_of), None]:
        mask = program.every_row
        for column in columns:
            mask &= program.columns[column].mask(value)
        by_mask.setdefault(mask, value)
    return Axis(path, tuple(columns), tuple(Piece(value, mask) for mask, value in by_mask.items()))


def sample_values(tests: Iterable[Test], type_name: str | None, one_of: tuple[Any, ...]) -> list[Any]:
    """Values such that every value of the input answers all the tests as one of them does; null is not among them."""
    if one_of:
        return _converted(one_of, type_name)
    if type_name == "bool":
        return [True, False]
    constants: list[Any] = []
    for test in tests:
        for atom in test.atoms:
            for part in atom.operands:
                constants.extend(part.constant if isinstance(part.constant, (list, tuple)) else [part.constant])
    if type_name == "decimal":
        constants = [to_decimal(value, value) if isinstance(value, str) else value for value in constants]
    by_kind: dict[str, list[Any]] = {}
    for value in constants:
        kind = kind_of(value)
        if kind is not None and not any(same(value, other) for other in by_kind.get(kind, ())[-1:]):
            by_kind.setdefault(kind, []).append(value)
    if not by_kind:
        # Without a constant every value answers alike, but for null where a cell asks for it.
        return list(_SAMPLES.get(type_name or "string", ()))
    samples: list[Any] = []
    for kind, values in by_kind.items():
        samples.extend(_SAMPLERS[kind](values, type_name))
    return _converted(samples, type_name)


def _converted(values: Iterable[Any], type_name: str | None) -> list[Any]:
    if type_name is None:
        return list(values)
    kept = []
    for value in values:
        try:
            kept.append(CONVERTERS[type_name](value))
        except ValueProblem:
            continue
    return kept


_SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "string": ("other",),
    "int": (0,),
    "uint": (0,),
    "double": (0.0,),
    "decimal": (Decimal(0),),
    "duration": (timedelta(0),),
    "bytes": (b"",),
    "timestamp": (EPOCH,),
    "list": ((),),
    "map": (FrozenMap(),),
}


def _numbers(values: list[Any], type_name: str | None) -> list[Any]:
    exact = type_name == "decimal" or any(isinstance(value, Decimal) for value in values)
    whole = type_name in ("int", "uint")
    finite = [value for value in values if not isinstance(value, float) or value - value == 0]
    points = sorted({Fraction(value) for value in finite})
    if not points:
        return [*values, 0]
    samples: list[Any] = [_number(point, exact=exact) for point in points]
    for low, high in pairwise(points):
        integer = Fraction(floor(low) + 1)
        if integer < high:
            samples.append(_number(integer, exact=exact))
        elif not whole:
            middle = _number((low + high) / 2, exact=exact)
            if low < Fraction(middle) < high:
                samples.append(middle)
    samples.extend(_number(Fraction(edge), exact=exact) for edge in (floor(points[0]) - 1, floor(points[-1]) + 1))
    return samples + [value for value in values if isinstance(value, float) and value not in finite]


def _number(value: Fraction, *, exact: bool) -> Any:
    if exact:
        return _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(_WIDE)
    return int(value) if value.denominator == 1 else float(value)


def _strings(values: list[Any], type_name: str | None) -> list[Any]:
    points = sorted(set(values))
    fresh = "other"
    while fresh in values:
        fresh += "_"
    samples = [*points, fresh, ""]
    for low, high in zip(points, [*points[1:], None], strict=False):
        following = low + "a" if high is None or low + "a" < high else low + "\0"
        if high is None or following < high:
            samples.append(following)
    return samples


def _instants(values: list[Any], type_name: str | None) -> list[Any]:
    points = sorted(set(values))
    samples = list(points)
    for low, high in pairwise(points):
        if high - low > _TICK:
            samples.append(low + (high - low) // 2)
    for edge, step in ((points[0], -timedelta(days=1)), (points[-1], timedelta(days=1))):
        try:
            samples.append(edge + step)
        except OverflowError:  # nothing lies beyond
            continue
    return samples


def _bytes(values: list[Any], type_name: str | None) -> list[Any]:
    return [*values, b"", *(value + b"\0" for value in values)]


_SAMPLERS: Mapping[str, Callable[[list[Any], str | None], list[Any]]] = {
    "number": _numbers,
    "string": _strings,
    "bool": lambda values, type_name: [True, False],
    "timestamp": _instants,
    "duration": _instants,
    "bytes": _bytes,
}


@frozen
class Region:
    """A combination of pieces: the rows it leaves possible and the value chosen on each axis."""

    mask: int
    values: tuple[Any, ...]
    null: bool


def regions_of(axes: Sequence[Axis], every_row: int) -> list[Region] | None:
    """Every different set of possible rows with one combination that gives it; None where there are too many."""
    current: dict[tuple[int, bool], tuple[Any, ...]] = {(every_row, False): ()}
    steps = 0
    for axis in axes:
        following: dict[tuple[int, bool], tuple[Any, ...]] = {}
        for (mask, null), values in current.items():
            steps += len(axis.pieces)
            if steps > MAX_STEPS:
                return None
            for piece in axis.pieces:
                key = (mask & piece.mask, null or piece.value is None)
                if key not in following:
                    following[key] = (*values, piece.value)
        if len(following) > MAX_REGIONS:
            return None
        current = following
    return [Region(mask, values, null) for (mask, null), values in current.items()]


def witness_of(axes: Sequence[Axis], values: Sequence[Any]) -> dict[str, Any]:
    """The fields a combination stands for, nested where a name is a path."""
    fields: dict[str, Any] = {}
    for axis, value in zip(axes, values, strict=True):
        inner = fields
        for name in axis.path[:-1]:
            inner = inner.setdefault(name, {})
        inner[axis.path[-1]] = value
    return fields


def shared_values(axes: Sequence[Axis], rows: int) -> list[Any]:
    """On each axis a value that leaves all these rows possible, or any value where none does."""
    chosen = []
    for axis in axes:
        fitting = [piece for piece in axis.pieces if piece.mask & rows == rows]
        chosen.append((fitting or axis.pieces)[0].value)
    return chosen
