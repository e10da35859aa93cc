"""Knows the values of one field that a table tells apart, and where a cell holds among them; must not know rows."""

from __future__ import annotations

import decimal
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor, inf, isinf, nan
from typing import Any

from attrs import evolve, field, frozen

from servflow.errors import ExpressionError
from servflow.expressions import Expression
from servflow.model import CONVERTERS, EPOCH, FrozenMap, ValueProblem, write_instant
from servflow.rules._cells import CellProblem, Test, kind_of, read_cell, same
from servflow.rules._runs import Runs, both, less, pairs

_WIDE = decimal.Context(prec=400)
_TICK = timedelta(microseconds=1)
_KINDS = ("number", "string", "bool", "timestamp", "duration", "bytes")

_ALONE: Mapping[str, tuple[Any, ...]] = {
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


_STRANGERS: tuple[tuple[str, Any], ...] = (("string", "other"), ("number", 0), ("bool", True), ("duration", timedelta(0)))


@frozen
class Stretch:
    """The positions of one kind of values; ``keys`` order them and ``points`` says which are constants of some cell."""

    kind: str
    start: int
    keys: tuple[Any, ...]
    points: tuple[bool, ...]
    ordered: bool

    @property
    def end(self) -> int:
        """The position after its last."""
        return self.start + len(self.keys)


@frozen
class Line:
    """
    The values one field may have, cut where a cell could begin or end to hold.

    ``values`` has one value per position; every value there is answers all cells as the value of its position does. Constants
    and the open stretches between them take turns, in order within a kind; null is the last position where the field may be
    missing. ``texts`` are the constants as written.
    """

    values: tuple[Any, ...]
    stretches: tuple[Stretch, ...]
    null: int | None
    exact: bool = False
    texts: Mapping[int, str] = field(factory=dict, eq=False)
    strange: int | None = None
    """Where a value stands that no cell orders or names: NaN, or of another kind where nobody says what values are."""
    _where: Mapping[tuple[str, Any], int] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        where = {
            (stretch.kind, key): stretch.start + index for stretch in self.stretches for index, key in enumerate(stretch.keys)
        }
        object.__setattr__(self, "_where", where)

    @property
    def everything(self) -> Runs:
        """All positions."""
        return (0, len(self.values)) if self.values else ()

    @property
    def present(self) -> Runs:
        """All positions but null and the strange value."""
        ends = (self.strange, self.null, len(self.values))
        end = next(each for each in ends if each is not None)
        return (0, end) if end else ()

    def runs(self, test: Test) -> Runs:
        """Where a cell holds; a cell that reads fields may hold everywhere."""
        if test.dynamic or not test.atoms:
            return self.everything
        if not self.exact:
            quick = self._listed(test) if test.atoms[0].kind == "equal" else self._interval(test)
            if quick is not None:
                return quick
        return self._tried(test)

    def _listed(self, test: Test) -> Runs | None:
        """Where a cell of plain values alone holds; None for any other cell, and where a value is not on the line."""
        found: set[int] = set()
        for atom in test.atoms:
            value = None if atom.low is None else atom.low.constant
            if atom.kind != "equal" or isinstance(value, (list, tuple)):
                return None
            if value is None and self.null is not None:
                found.add(self.null)
                continue
            kind = kind_of(value)
            at = None if kind is None else self._where.get((kind, value))
            if at is None:
                return None
            found.add(at)
        held: list[int] = []
        for position in sorted(found):
            if held and held[-1] == position:
                held[-1] = position + 1
            else:
                held += (position, position + 1)
        return less(self.everything, tuple(held)) if test.negated else tuple(held)

    def _interval(self, test: Test) -> Runs | None:
        """Where a cell that is one interval of one kind holds; None for any other, and where a bound is not on the line."""
        atom = test.atoms[0]
        if test.negated or len(test.atoms) != 1 or atom.kind != "range":
            return None
        kinds = {kind_of(part.constant) for part in atom.operands}
        stretch = next((each for each in self.stretches if each.kind in kinds), None)
        if stretch is None or len(kinds) != 1:
            return None
        low = high = None
        if atom.low is not None:
            low = self._where.get((stretch.kind, atom.low.constant))
        if atom.high is not None:
            high = self._where.get((stretch.kind, atom.high.constant))
        if (low is None) != (atom.low is None) or (high is None) != (atom.high is None):
            return None
        start = stretch.start if low is None else low + (not atom.low_closed)
        end = stretch.end if high is None else high + atom.high_closed
        return (start, end) if start < end else ()

    def _tried(self, test: Test) -> Runs:
        """Where any cell of constants holds, by asking it between each two of its constants."""
        read = test.as_decimal() if self.exact else test
        constants = [*_constants(test), *(_constants(read) if read is not test else ())]
        edges = {0, len(self.values)}
        for stretch in self.stretches:
            edges.update((stretch.start, stretch.end))
            for value in constants:
                if kind_of(value) == stretch.kind:
                    key = _key(value)
                    at = bisect_left(stretch.keys, key)
                    edges.add(stretch.start + at)
                    if at < len(stretch.keys) and stretch.keys[at] == key:
                        edges.add(stretch.start + at + 1)
        edges.update(position for position in (self.strange, self.null) if position is not None)
        # Between two neighbouring edges lies no constant of this cell: it answers alike there.
        held: list[int] = []
        for start, end in pairwise(sorted(edges)):
            value = self.values[start]
            if (read if isinstance(value, Decimal) else test).holds(value, {}):
                if held and held[-1] == start:
                    held[-1] = end
                else:
                    held += (start, end)
        return tuple(held)

    def written(self, runs: Runs, like: Sequence[str] = ()) -> str | None:
        """
        A cell that holds exactly there; None where no cell says it.

        Args:
            runs: the positions.
            like: cells whose alternatives together say the same; joined where no shorter cell is found.
        """
        candidates = ["-"]
        outside = less(self.everything, runs)
        for positions, form in ((runs, "{}"), (outside, "not({})")):
            parts = self._parts(positions)
            if parts:
                candidates.append(form.format(", ".join(parts)))
        if like and not any(text.startswith("not") or text == "-" for text in like):
            candidates.append(", ".join(like))
        fitting = [text for text in candidates if self._says(text, runs)]
        return min(fitting, key=len, default=None)

    def sayable(self, runs: Runs, position: int, whole: Runs) -> Runs:
        """The most of these positions around one of them that a cell can say; all of them where no cell says even that."""
        if runs == whole or self.written(runs) is not None:
            return runs
        within = next(((each.start, each.end) for each in self.stretches if each.start <= position < each.end), (0, 0))
        for part in (both(runs, within), *(run for run in pairs(runs) if run[0] <= position < run[1])):
            if part and part != runs and self.written(part) is not None:
                return part
        return (position, position + 1) if self.written((position, position + 1)) is not None else runs

    def _says(self, text: str, runs: Runs) -> bool:
        try:
            return self.runs(read_cell(text)) == runs
        except CellProblem:
            return False

    def _parts(self, runs: Runs) -> list[str] | None:
        """The alternatives of a comma list that holds there; None where one of them has no text."""
        parts: list[str] = []
        for stretch in self.stretches:
            for start, end in pairs(both(runs, (stretch.start, stretch.end))):
                parts += self._part(stretch, start, end) or [""]
        if self.null is not None and both(runs, (self.null, self.null + 1)):
            parts.append("null")
        return parts if all(parts) else None

    def _part(self, stretch: Stretch, start: int, end: int) -> list[str] | None:
        points = [stretch.points[position - stretch.start] for position in (start, end - 1)]
        if all(stretch.points[start - stretch.start : end - stretch.start]) and (end - start == 1 or not stretch.ordered):
            return [self.text(position) for position in range(start, end)]
        if not stretch.ordered:
            return None
        below = start if points[0] else start - 1
        above = end - 1 if points[1] else end
        low = self.text(below) if below >= stretch.start else None
        high = self.text(above) if above < stretch.end else None
        # The outermost stretch of a listed or bounded line has nothing beyond it: a comparison says the same, shorter.
        if low is not None and high is not None and below != above:
            return [f"{'[' if points[0] else '('}{low}..{high}{']' if points[1] else ')'}"]
        if low is not None:
            return [f"{'>=' if points[0] else '>'} {low}"]
        return None if high is None else [f"{'<=' if points[1] else '<'} {high}"]

    def text(self, position: int) -> str:
        """The value of a position as a cell writes it."""
        return self.texts.get(position) or written(self.values[position])


def written(value: Any) -> str:
    """A value as a cell writes it."""
    if isinstance(value, Decimal):
        return str(value) if re.fullmatch("-?[0-9]{1,18}", str(value)) else f'"{value}"'
    if isinstance(value, datetime):
        return f"timestamp('{write_instant(value)}')"
    if isinstance(value, timedelta):
        return f"duration('{value / _TICK:.0f}us')" if value.microseconds else f"duration('{value.total_seconds():.0f}s')"
    if isinstance(value, float) and isinf(value):
        return f"double('{value}')"
    try:
        return Expression.from_tree({"const": value}).text if isinstance(value, (str, bytes)) else _plain(value)
    except ExpressionError:
        return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def line_of(tests: Iterable[Test], type_name: str | None, one_of: tuple[Any, ...], *, nullable: bool = True) -> Line:
    """
    The line of a field that these cells look at.

    Args:
        tests: every cell that looks at it.
        type_name: what its values are; None where nobody says.
        one_of: the only values there are; empty where nobody says.
        nullable: whether it may be missing.
    """
    tests = [test for test in tests if test.atoms]
    constants = _written_constants(tests)
    exact = type_name == "decimal" or any(isinstance(value, Decimal) for value, _ in constants)
    if exact:
        constants += _written_constants([test.as_decimal() for test in tests])
    by_kind: dict[str, dict[Any, tuple[Any, str]]] = {}
    for value, text in constants:
        kind = kind_of(value)
        if kind is not None:
            by_kind.setdefault(kind, {}).setdefault(_key(value), (value, text))
    ranges = [atom for test in tests for atom in test.atoms if atom.kind == "range"]
    ordered = {kind_of(part.constant) for atom in ranges for part in (atom.low, atom.high) if part is not None}
    samples = _samples(by_kind, type_name, one_of, exact=exact, ordered=ordered)
    listed = bool(one_of) or type_name == "bool"
    ordered |= {"number", "timestamp", "duration"}
    line = _laid_out(samples, by_kind, ordered, nullable=nullable, listed=listed, exact=exact)
    return line if listed or not by_kind else _with_strange(line, type_name, by_kind)


def _with_strange(line: Line, type_name: str | None, by_kind: Mapping[str, Any]) -> Line:
    """The line with a value that stands for all that cells can neither order nor name, where there are such values."""
    if type_name == "double":
        strange: Any = nan
    elif type_name is None:
        strange = next((value for kind, value in _STRANGERS if kind not in by_kind), nan)
    else:
        return line
    place = len(line.values) if line.null is None else line.null
    null = None if line.null is None else place + 1
    return evolve(line, values=(*line.values[:place], strange, *line.values[place:]), null=null, strange=place)


def _samples(
    by_kind: Mapping[str, Mapping[Any, tuple[Any, str]]],
    type_name: str | None,
    one_of: tuple[Any, ...],
    *,
    exact: bool,
    ordered: set[str | None],
) -> list[Any]:
    if one_of:
        return _converted(one_of, type_name)
    if type_name == "bool":
        return [True, False]
    if not by_kind:
        # Without a constant every value answers alike, but for null where a cell asks for it.
        return list(_ALONE.get(type_name or "string", ()))
    samples: list[Any] = []
    for kind, found in by_kind.items():
        values = [value for value, _ in found.values()]
        if kind == "number":
            samples += _numbers(values, exact=exact, whole=type_name in ("int", "uint"))
        elif kind == "bool":
            samples += (True, False)
        elif kind == "string":
            samples += _strings(values, ordered="string" in ordered)
        elif kind == "bytes":
            samples += _octets(values, ordered="bytes" in ordered)
        else:
            samples += _moments(values)
    return _converted(samples, type_name)


def _laid_out(
    samples: list[Any],
    by_kind: Mapping[str, Mapping[Any, tuple[Any, str]]],
    ordered: set[str | None],
    *,
    nullable: bool,
    listed: bool,
    exact: bool,
) -> Line:
    found: dict[str, dict[Any, Any]] = {}
    others: list[Any] = []
    for value in samples:
        kind = kind_of(value)
        if kind is None:
            others.append(value)
        else:
            found.setdefault(kind, {}).setdefault(_key(value), value)
    values: list[Any] = []
    texts: dict[int, str] = {}
    stretches: list[Stretch] = []
    for kind in _KINDS:
        keys = sorted(found.get(kind, ()))
        if not keys:
            continue
        known = by_kind.get(kind, {})
        start = len(values)
        for key in keys:
            if key in known:
                texts[len(values)] = known[key][1]
            values.append(found[kind][key])
        points = tuple(listed or kind == "bool" or key in known for key in keys)
        stretches.append(Stretch(kind, start, tuple(keys), points, kind in ordered))
    values += others
    null = len(values) if nullable else None
    return Line(tuple([*values, None] if nullable else values), tuple(stretches), null, exact, texts)


def _written_constants(tests: Iterable[Test]) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    for test in tests:
        for atom in test.atoms:
            for part in (atom.low, atom.high):
                if part is None or part.expression is not None:
                    continue
                if isinstance(part.constant, (list, tuple)):
                    found += ((item, written(item)) for item in part.constant)
                else:
                    found.append((part.constant, part.text))
    return found


def _constants(test: Test) -> list[Any]:
    return [value for value, _ in _written_constants([test])]


def _key(value: Any) -> Any:
    """What values of one kind are ordered by; a decimal cannot be compared with a fraction as it is."""
    if isinstance(value, Decimal):
        return float(value) if value.is_infinite() else Fraction(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _converted(values: Iterable[Any], type_name: str | None) -> list[Any]:
    if type_name is None:
        return list(values)
    kept: list[Any] = []
    for value in values:
        try:
            converted = CONVERTERS[type_name](value)
        except ValueProblem:
            continue
        if same(converted, value) or kind_of(value) is None or isinstance(value, str):
            kept.append(converted)
    return kept


def _numbers(values: list[Any], *, exact: bool, whole: bool) -> list[Any]:
    endless = [value for value in values if isinstance(value, float) and isinf(value)]
    points = sorted({_key(value) for value in values} - {inf, -inf})
    if not points:
        return [*endless, 0]
    samples: list[Any] = [_number(point, exact=exact) for point in points]
    for low, high in pairwise(points):
        integer = floor(low) + 1
        if integer < high:
            samples.append(_number(integer, exact=exact))
        elif not whole:
            middle = _number((Fraction(low) + Fraction(high)) / 2, exact=exact)
            if low < _key(middle) < high:
                samples.append(middle)
    samples.extend(_number(edge, exact=exact) for edge in (floor(points[0]) - 1, floor(points[-1]) + 1))
    return samples + endless


def _number(value: Any, *, exact: bool) -> Any:
    if exact:
        fraction = Fraction(value)
        return _WIDE.divide(Decimal(fraction.numerator), Decimal(fraction.denominator)).normalize(_WIDE)
    return int(value) if value == floor(value) else float(value)


def _strings(values: list[Any], *, ordered: bool) -> list[Any]:
    points = sorted(set(values))
    fresh = "other"
    while fresh in values:
        fresh += "_"
    if not ordered:
        return [*points, fresh]
    samples = [*points, ""]
    for low, high in zip(points, [*points[1:], None], strict=False):
        following = low + "a" if high is None or low + "a" < high else low + "\0"
        if high is None or following < high:
            samples.append(following)
    return samples


def _octets(values: list[Any], *, ordered: bool) -> list[Any]:
    points = sorted(set(values))
    if not ordered:
        return [*points, points[-1] + b"\0"]
    following = [
        low + b"\0" for low, high in zip(points, [*points[1:], None], strict=False) if high is None or low + b"\0" < high
    ]
    return [*points, b"", *following]


def _moments(values: list[Any]) -> list[Any]:
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
