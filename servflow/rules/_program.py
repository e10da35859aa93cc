"""Knows a table made ready to decide: readers, indexed columns, tests and output cells; must not know hit policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from attrs import frozen

from servflow.errors import ExpressionError, Finding, InputError, render, shown
from servflow.expressions import Expression
from servflow.model import CONVERTERS, FrozenMap, ValueProblem, instant
from servflow.rules._cells import MAX_CELL, CellProblem, Functions, Operand, Test, is_nan, kind_of, operand, read_cell, same
from servflow.rules._definition import Input, Output, Row, base_type
from servflow.rules._effective import InForce, bounds_of, check_versions
from servflow.rules._index import Column
from servflow.rules._look_alikes import plain_spelling

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_RAW_NAME = re.compile(r"\w+(?: \w+)*")

DICTS = frozenset({dict, FrozenMap})
"""Mappings that hold what they hold; others may find values only when asked."""

_PLAIN = frozenset({str, int, float, bool, type(None), Decimal})

T = TypeVar("T")
Reader = Callable[[Mapping[str, Any]], Any]


@frozen
class Source:
    """Where an input's value comes from: a path of names, or an expression."""

    path: tuple[str, ...] = ()
    expression: Expression | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The names it reads, dotted."""
        return self.expression.reads if self.expression is not None else frozenset({".".join(self.path)})

    def read(self, fields: Mapping[str, Any]) -> Any:
        """The input's value; null where a name is missing."""
        if self.expression is not None:
            return self.expression.test(fields) if self.expression.type == "bool" else self.expression.value(fields)
        value: Any = fields
        for name in self.path:
            if not isinstance(value, Mapping):
                return None
            try:
                value = value[name]  # not get(): a mapping may find its values only when asked this way
            except KeyError:
                return None
        return value

    def reader(self) -> Reader:
        """What reads the value fastest."""
        if len(self.path) != 1:
            return self.read
        name = self.path[0]

        def read(fields: Mapping[str, Any]) -> Any:
            try:
                return fields[name]
            except KeyError:
                return None

        return read


@frozen
class Cell:
    """An output cell: a constant in its output's type, or an operand to evaluate and convert."""

    constant: Any = None
    operand: Operand | None = None


@frozen(eq=False)
class Program:
    """A table ready to decide. ``residual`` holds, per row that has any, the tests that read fields."""

    sources: tuple[Source, ...]
    readers: tuple[Reader, ...]
    columns: tuple[Column, ...]
    tests: tuple[tuple[Test, ...], ...]
    every_row: int
    residual: Mapping[int, tuple[tuple[int, Test], ...]]
    cells: tuple[tuple[Cell, ...], ...]
    constants: tuple[FrozenMap[str, Any] | None, ...]
    reads: frozenset[str]
    guarded: tuple[int, ...]
    """The inputs that declare which values they take."""
    effective: InForce | None = None
    """The rows in force at an instant; None where all rows always are."""
    names: tuple[str, ...] | None = None
    """What the inputs read, where each is a plain name."""


def source_of(column: Input, functions: Functions) -> Source:
    """
    Where this column reads from; a name is read as it stands, even where no expression could name it.

    Args:
        column: the column as written.
        functions: the host's functions by name.

    Raises:
        CellProblem: it is neither a name nor an expression.
    """
    text = column.name if column.expr is None else column.expr
    if _NAME.fullmatch(text) and text not in ("true", "false", "null"):
        return Source(tuple(text.split(".")))
    try:
        return Source(expression=Expression.parse(text, functions=functions))
    except ExpressionError as error:
        if column.expr is None and _RAW_NAME.fullmatch(text):
            return Source((text,))
        raise CellProblem(error.message, error.facts.get("position")) from error


def compile_table(
    inputs: tuple[Input, ...],
    outputs: Mapping[str, Output],
    rows: tuple[Row, ...],
    functions: Functions,
    found: list[Finding],
    *,
    zone: str | None = None,
) -> Program:
    """Make a table ready; every cell and period that cannot be read becomes a finding."""
    sources = tuple(_source(column, index, functions, found) for index, column in enumerate(inputs))
    given = tuple(outputs.values())
    tests = _compiled(
        [row.when for row in rows], 0, lambda index, text: _read_test(inputs[index], text, functions), Test("-"), found
    )
    cells = _compiled(
        [row.then for row in rows],
        len(inputs),
        lambda index, text: _read_output_cell(given[index], text, functions),
        Cell(),
        found,
    )
    columns = []
    for index, column in enumerate(inputs):
        masks: dict[Test, int] = {}
        for row, row_tests in enumerate(tests):
            masks[row_tests[index]] = masks.get(row_tests[index], 0) | 1 << row
        columns.append(Column(masks, len(rows), decimal=column.type == "decimal"))
    residual = {}
    for row, row_tests in enumerate(tests):
        dynamic = tuple((index, test) for index, test in enumerate(row_tests) if test.dynamic)
        if dynamic:
            residual[row] = dynamic
    names = tuple(outputs)
    constants = tuple(
        FrozenMap(zip(names, (cell.constant for cell in row_cells), strict=True))
        if all(cell.operand is None for cell in row_cells)
        else None
        for row_cells in cells
    )
    return Program(
        sources,
        tuple(source.reader() for source in sources),
        tuple(columns),
        tests,
        (1 << len(rows)) - 1,
        residual,
        cells,
        constants,
        _reads(sources, tests, cells),
        tuple(index for index, column in enumerate(inputs) if column.type is not None or column.one_of),
        _in_force(rows, zone, found),
        tuple(source.path[0] for source in sources) if all(len(source.path) == 1 for source in sources) else None,
    )


def _in_force(rows: tuple[Row, ...], zone: str | None, found: list[Finding]) -> InForce | None:
    before = len(found)
    bounds = [bounds_of(row.effective, zone, f"rows[{index}].effective", found) for index, row in enumerate(rows)]
    if len(found) == before:
        check_versions([row.id for row in rows], bounds, found)
    return InForce(bounds) if any(row.effective is not None for row in rows) else None


def _source(column: Input, index: int, functions: Functions, found: list[Finding]) -> Source:
    try:
        return source_of(column, functions)
    except CellProblem as problem:
        text = column.name if column.expr is None else column.expr
        facts = {"cell": text, "problem": problem.problem, "position": problem.position}
        found.append(Finding("rules.cell", f"inputs[{index}]", facts))
        return Source((column.name,))


def _compiled(
    texts: Sequence[tuple[str, ...]], offset: int, read: Callable[[int, str], T | Finding], spare: T, found: list[Finding]
) -> tuple[tuple[T, ...], ...]:
    """What each cell reads as; one that cannot be read becomes a finding where it stands, and *spare* takes its place."""
    # Tables repeat themselves: each distinct text of a column is read once.
    known: dict[tuple[int, str], T | Finding] = {}
    compiled: list[tuple[T, ...]] = []
    for row, cells in enumerate(texts):
        entries: list[T] = []
        for key in enumerate(cells):
            if key not in known:
                known[key] = read(*key)
            entry = known[key]
            if isinstance(entry, Finding):
                found.append(Finding(entry.code, f"rows[{row}][{offset + key[0]}]", entry.facts))
                entry = spare
            entries.append(entry)
        compiled.append(tuple(entries))
    return tuple(compiled)


def _read_test(column: Input, text: str, functions: Functions) -> Test | Finding:
    try:
        test = read_cell(text, functions)
    except CellProblem as problem:
        return _unread(text, problem, lambda plain: read_cell(plain, functions))
    if column.type == "decimal":
        test = test.as_decimal()
    return fault_of(test, column.type, column.one_of) or test


def _unread(text: str, problem: CellProblem, read: Callable[[str], object]) -> Finding:
    """Why a cell cannot be read; where its characters only look right, how it was meant."""
    facts = {"cell": text, "problem": problem.problem, "position": problem.position}
    plain = plain_spelling(text) if len(text) <= MAX_CELL else None
    if plain is not None:
        try:
            read(plain)
            facts["nearest"] = plain
        except CellProblem:
            pass
    return Finding("rules.cell", "", facts)


_PLAIN_TEXT = re.compile(r"\w[\w .:/-]{0,78}")


def meant_as_text(fault: Finding, type_name: str | None) -> Finding:
    """A cell that cannot be read where text stands: written without its quotes it was meant with them."""
    if fault.code != "rules.cell" or type_name != "string" or "nearest" in fault.facts:
        return fault
    text = fault.facts["cell"]
    if not _PLAIN_TEXT.fullmatch(text) or "did you mean" in str(fault.facts["problem"]):  # a name that is nearly one
        return fault
    return Finding(fault.code, fault.path, {**fault.facts, "nearest": f'"{text}"'})


KINDS = {
    "string": "string",
    "int": "number",
    "uint": "number",
    "double": "number",
    "decimal": "number",
    "bool": "bool",
    "timestamp": "timestamp",
    "duration": "duration",
    "bytes": "bytes",
}


def fault_of(test: Test, type_name: str | None, one_of: tuple[Any, ...]) -> Finding | None:
    """Why a cell can never hold for an input of this type and these values, as a finding without a path."""
    kind = None if type_name is None else KINDS.get(base_type(type_name))
    for atom in test.atoms:
        for part in atom.operands:
            if part.expression is not None:
                continue
            if part.constant is None:
                if atom.kind == "range":
                    return Finding("rules.order_null", "", {"cell": test.text})
                continue
            values = part.constant if isinstance(part.constant, (list, tuple)) else (part.constant,)
            for value in values:
                if is_nan(value):
                    return Finding("rules.nan", "", {"cell": test.text})
                if kind is not None and kind_of(value) != kind:
                    return Finding("rules.cell_type", "", {"cell": test.text, "value": value, "type": type_name})
                if one_of and atom.kind != "range" and not any(same(value, allowed) for allowed in one_of):
                    return Finding("rules.never_holds", "", {"cell": test.text, "value": value, "one_of": one_of})
    return None


def _read_output_cell(output: Output, text: str, functions: Functions) -> Cell | Finding:
    if text in ("", "-"):
        return Cell(output.default)
    try:
        part = operand(text, functions)
    except CellProblem as problem:
        return meant_as_text(_unread(text, problem, lambda plain: operand(plain, functions)), output.type)
    if base_type(output.type) == "decimal":
        part = part.as_decimal()
    if part.expression is not None:
        return Cell(operand=part)
    try:
        return Cell(output.convert(part.constant))
    except ValueProblem as problem:
        return Finding("rules.output_value", "", {"output": output.name, "cell": text, "expected": str(problem)})


def _reads(
    sources: tuple[Source, ...], tests: tuple[tuple[Test, ...], ...], cells: tuple[tuple[Cell, ...], ...]
) -> frozenset[str]:
    names: set[str] = set()
    for source in sources:
        names |= source.reads
    for test in {test for row in tests for test in row if test.dynamic}:
        for expression in test.expressions:
            names |= expression.reads
    for row_cells in cells:
        for cell in row_cells:
            if cell.operand is not None and cell.operand.expression is not None:
                names |= cell.operand.expression.reads
    return frozenset(names)


def read_values(table: str, inputs: tuple[Input, ...], program: Program, fields: Mapping[str, Any]) -> list[Any]:
    """
    The value of every input, in its declared type.

    Raises:
        InputError: a value does not fit the type or the values its input declares.
        ExpressionError: an input's expression cannot be evaluated.
        TimeError: a value is a naive instant.
    """
    given: object = fields
    if type(given) in DICTS and program.names is not None:
        values = [*map(fields.get, program.names)]
    elif not isinstance(given, Mapping):
        raise InputError(f"a table decides on a mapping of names to values, not on {shown(given)}", code="rules.fields")
    else:
        values = [read(fields) for read in program.readers]
    if not _PLAIN.issuperset(map(type, values)):
        for index, value in enumerate(values):
            if isinstance(value, datetime):
                values[index] = instant(value, inputs[index].name)
    for index in program.guarded:
        if values[index] is not None:
            values[index] = fitted(table, inputs[index], values[index])
    return values


def fitted(table: str, column: Input, value: Any) -> Any:
    """
    A value as its input declares it; null stays null.

    Raises:
        InputError: it does not fit the type or the values its input declares.
    """
    if value is None:
        return None
    try:
        if column.type is not None:
            value = CONVERTERS[base_type(column.type)](value)
        if column.one_of and not any(same(value, allowed) for allowed in column.one_of):
            raise ValueProblem("one of " + ", ".join(str(item) for item in column.one_of))
    except ValueProblem as problem:
        facts = {"table": table, "input": column.name, "value": value, "expected": str(problem)}
        raise InputError(render("rules.input_value", facts), code="rules.input_value", **facts) from None
    return value


def evaluate_outputs(
    table: str, outputs: Mapping[str, Output], program: Program, row: int, fields: Mapping[str, Any]
) -> FrozenMap[str, Any]:
    """
    What one row gives, every value in its output's type.

    Raises:
        InputError: a value does not fit its output.
        ExpressionError: a cell cannot be evaluated; says which.
    """
    constant = program.constants[row]
    if constant is not None:
        return constant
    found: dict[str, Any] = {}
    for index, (name, output) in enumerate(outputs.items()):
        cell = program.cells[row][index]
        if cell.operand is None:
            found[name] = cell.constant
            continue
        value: Any = None
        try:
            value = cell.operand.value(fields)
            found[name] = output.convert(value)
        except ExpressionError as error:
            raise located(error, table, f"rows[{row}][{len(program.sources) + index}]") from error
        except ValueProblem as problem:
            facts = {"table": table, "row": row, "output": name, "value": value, "expected": str(problem)}
            raise InputError(render("rules.result", facts), code="rules.result", **facts) from None
    return FrozenMap(found)


def located(error: ExpressionError, table: str, path: str) -> ExpressionError:
    """The same error, saying which cell of which table it comes from."""
    return ExpressionError(f"table {table}, {path}: {error.message}", **{**error.facts, "table": table, "path": path})
