"""Knows all values the inputs of one or two tables tell apart, and where each row holds; must not judge the rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from attrs import frozen

from servflow.model import CONVERTERS
from servflow.rules._definition import Input, Output, Row, base_type
from servflow.rules._effective import Effective, bounds_of
from servflow.rules._line import Line, Stretch, line_of
from servflow.rules._program import Program
from servflow.rules._runs import Runs, both

AT = ("at",)
"""Where the instant of a decision is read from where rows have effective periods."""


class Whole(Protocol):
    """A table as it is written, with its rows."""

    @property
    def name(self) -> str: ...  # the table's name, for sentences
    @property
    def hit(self) -> str: ...  # one of HITS
    @property
    def inputs(self) -> tuple[Input, ...]: ...  # the input columns
    @property
    def outputs(self) -> Mapping[str, Output]: ...  # the output columns, in order
    @property
    def rows(self) -> tuple[Row, ...]: ...  # the rows
    @property
    def zone(self) -> str | None: ...  # where its dates are meant


@frozen
class Axis:
    """
    One field the tables look at.

    ``cells`` are the different places where rows hold, and ``of_row`` says which is whose. ``period`` is true for the axis of
    effective periods.
    """

    path: tuple[str, ...]
    line: Line
    cells: tuple[Runs, ...]
    of_row: tuple[int, ...]
    period: bool = False

    def rows_of(self, cell: int) -> int:
        """The rows that hold where a cell does, as a mask."""
        mask = bytearray((len(self.of_row) + 7) // 8)
        for row, own in enumerate(self.of_row):
            if own == cell:
                mask[row >> 3] |= 1 << (row & 7)
        return int.from_bytes(mask, "little")

    @property
    def name(self) -> str:
        """The field's name, dotted where it is a path."""
        return ".".join(self.path)

    def runs(self, row: int) -> Runs:
        """Where a row holds."""
        return self.cells[self.of_row[row]]


@frozen
class Space:
    """
    The axes of one table, or of two whose rows are then counted through.

    ``undecided`` are the rows that may match or not whatever the axes say: their cells read other fields, or test an input
    that is an expression and has no value of its own to try.
    """

    axes: tuple[Axis, ...]
    rows: int
    undecided: int

    @property
    def everything(self) -> tuple[Runs, ...]:
        """All values, null and missing among them."""
        return tuple(axis.line.everything for axis in self.axes)

    @property
    def present(self) -> tuple[Runs, ...]:
        """All values but null."""
        return tuple(axis.line.present for axis in self.axes)

    def box(self, row: int) -> tuple[Runs, ...]:
        """Where a row holds, axis by axis."""
        return tuple(axis.runs(row) for axis in self.axes)

    def witness(self, point: Sequence[int]) -> dict[str, Any]:
        """The fields a point stands for, nested where a name is a path."""
        fields: dict[str, Any] = {}
        for axis, position in zip(self.axes, point, strict=True):
            inner = fields
            for name in axis.path[:-1]:
                inner = inner.setdefault(name, {})
            inner[axis.path[-1]] = axis.line.values[position]
        return fields

    def corner(self, box: Sequence[Runs]) -> tuple[int, ...] | None:
        """A point of a box, constants and values that are there before others; None where it is empty."""
        if not all(box):
            return None
        return tuple(nicest(axis.line, runs) for axis, runs in zip(self.axes, box, strict=True))


def nicest(line: Line, runs: Runs) -> int:
    """A position of these that people understand best: a constant, else a value between, else null."""
    for start, end in zip(runs[::2], runs[1::2], strict=True):
        for stretch in line.stretches:
            for position in range(max(start, stretch.start), min(end, stretch.end)):
                if stretch.points[position - stretch.start]:
                    return position
    return runs[0]


def bits(mask: int) -> Iterator[int]:
    """The rows of a mask, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def declared(path: Sequence[str], fields: Mapping[str, Any]) -> tuple[str | None, tuple[Any, ...]]:
    """The type and the allowed values of a name, as far as the field types say."""
    spec: Any = fields
    for name in path:
        if not isinstance(spec, Mapping):
            return None, ()
        spec = spec.get(name, spec.get("*"))
    if isinstance(spec, str):
        return type_word(spec), ()
    one_of = tuple(getattr(spec, "one_of", ()) or ())
    word = getattr(spec, "type", None)
    return (type_word(word) if isinstance(word, str) else None), one_of


def type_word(word: str) -> str | None:
    """The type whose values a line can list or order; None for what may be anything."""
    base = base_type(word)
    return base if base in CONVERTERS and base != "any" else None


def space_of(tables: Sequence[tuple[Whole, Program]], fields: Mapping[str, Any]) -> Space:
    """
    The space of one table, or of several whose rows are counted through.

    Args:
        tables: tables with their programs.
        fields: field types, where known.
    """
    count = sum(len(table.rows) for table, _ in tables)
    known = {source.path for _, program in tables for source in program.sources if source.expression is None}
    grouped: dict[tuple[str, ...], list[list[int]]] = {}
    undecided = first = 0
    for number, (table, program) in enumerate(tables):
        for row in program.residual:
            undecided |= 1 << (first + row)
        for index, source in enumerate(program.sources):
            path = source.path
            nested = any(path[:length] in known for length in range(1, len(path)))
            inner = any(len(other) > len(path) and other[: len(path)] == path for other in known)
            if source.expression is None and not nested and not inner:
                grouped.setdefault(path, [[] for _ in tables])[number].append(index)
                continue
            for row, tests in enumerate(program.tests):
                if tests[index].atoms:
                    undecided |= 1 << (first + row)
        first += len(table.rows)
    timed = any(program.effective is not None for _, program in tables)
    axes = [_axis(path, columns, tables, fields) for path, columns in grouped.items()]
    if timed and not any(axis.path == AT for axis in axes):
        axes.append(_periods(tables))
    elif timed:
        # An input that reads ``at`` and the periods are one field; cells of both kinds cut no common line.
        undecided = (1 << count) - 1
        axes = [_periods(tables) if axis.path == AT else axis for axis in axes]
    return Space(tuple(axes), count, undecided)


def _axis(
    path: tuple[str, ...],
    columns: Sequence[Sequence[int]],
    tables: Sequence[tuple[Whole, Program]],
    fields: Mapping[str, Any],
) -> Axis:
    type_name, one_of = declared(path, fields)
    for (table, _), indexes in zip(tables, columns, strict=True):
        for index in indexes:
            given = table.inputs[index]
            type_name = (None if given.type is None else type_word(given.type)) or type_name
            if given.one_of:
                one_of = tuple(value for value in given.one_of if value in one_of) or given.one_of
    tests = {row[index] for (_, program), own in zip(tables, columns, strict=True) for row in program.tests for index in own}
    line = line_of(tests, type_name, one_of)
    single: dict[str, Runs] = {}
    cells: dict[Runs, int] = {}
    of_row: list[int] = []
    for (_, program), own in zip(tables, columns, strict=True):
        held = [line.everything] * len(program.tests)
        for index in own:
            for place, row in enumerate(program.tests):
                test = row[index]
                runs = single.get(test.text)
                if runs is None:
                    runs = single[test.text] = line.runs(test)
                held[place] = runs if len(own) == 1 else both(held[place], runs)
        of_row += [cells.setdefault(runs, len(cells)) for runs in held]
    return Axis(path, line, tuple(cells), tuple(of_row))


def _periods(tables: Sequence[tuple[Whole, Program]]) -> Axis:
    """The axis of time: one position before the first boundary, and one from each boundary on."""
    known: dict[tuple[Effective | None, str | None], tuple[datetime | None, datetime | None]] = {}
    periods: list[tuple[datetime | None, datetime | None]] = []
    for table, _ in tables:
        for row in table.rows:
            key = (row.effective, table.zone)
            if key not in known:
                known[key] = bounds_of(row.effective, table.zone, "", [])
            periods.append(known[key])
    points = sorted({point for period in periods for point in period if point is not None})
    before = min(sample for _, program in tables if program.effective for sample in program.effective.samples)
    values = (before, *points) if not points or before < points[0] else tuple(points)
    offset = len(values) - len(points)
    cells: dict[Runs, int] = {}
    of_row: list[int] = []
    for start, end in periods:
        first = 0 if start is None else bisect_left(points, start) + offset
        last = len(values) if end is None else bisect_left(points, end) + offset
        of_row.append(cells.setdefault((first, last) if first < last else (), len(cells)))
    stretch = Stretch("timestamp", 0, values, (False, *([True] * len(points)))[-len(values) :], True)
    return Axis(AT, Line(values, (stretch,), None), tuple(cells), tuple(of_row), period=True)


def samples_of(
    inputs: tuple[Input, ...], program: Program, path: tuple[str, ...], fields: Mapping[str, Any]
) -> tuple[Any, ...]:
    """
    Values of one input such that each row answers any value as it answers one of them; null is not among them.

    Args:
        inputs: the input columns.
        program: the table made ready.
        path: what the input reads.
        fields: field types, where known.
    """
    own = [index for index, source in enumerate(program.sources) if source.expression is None and source.path == path]
    if not own:
        return ()
    type_name, one_of = declared(path, fields)
    for index in own:
        type_name = type_word(inputs[index].type or "any") or type_name
        one_of = inputs[index].one_of or one_of
    line = line_of({row[index] for row in program.tests for index in own}, type_name, one_of)
    by_mask: dict[int, Any] = {}
    for position in sorted(range(len(line.values)), key=lambda position: position not in line.texts):
        value = line.values[position]
        mask = program.every_row
        for index in own:
            mask &= program.columns[index].mask(value)
        if value is not None and position != line.strange:
            by_mask.setdefault(mask, value)
    return tuple(by_mask.values())
