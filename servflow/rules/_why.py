"""Knows how the reasons behind a decision are put together as data; must not know how rows match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from servflow.model import FrozenMap
from servflow.rules._definition import Input, Output, Row
from servflow.rules._program import Program
from servflow.rules._question import held, readings
from servflow.rules._said import trace_lines


class Reasoned(Protocol):
    """The table that decided."""

    @property
    def inputs(self) -> tuple[Input, ...]: ...  # the input columns
    @property
    def outputs(self) -> Mapping[str, Output]: ...  # the output columns, in order
    @property
    def rows(self) -> tuple[Row, ...]: ...  # as written


@frozen(eq=False)
class Seen:
    """
    What a decision saw beside the values of its inputs: the fields that cells read, and what each row gave.

    Kept as it was, because the fields are the caller's and may change before anybody asks why.
    """

    program: Program
    fields: Mapping[str, Any]
    given: Mapping[int, Mapping[str, Any]]


def seen_by(
    program: Program,
    fields: Mapping[str, Any],
    behind: Sequence[int],
    given: Sequence[Mapping[str, Any]] = (),
    rows: Sequence[int] = (),
) -> Seen | None:
    """
    What has to be kept for the reasons; None where they rest on the inputs' values alone.

    Args:
        program: what the table runs.
        fields: as given to ``decide``.
        behind: the rows that made the result.
        given: what each of *rows* gives.
        rows: the rows that were evaluated.
    """
    computed = any(source.expression is not None for source in program.sources)
    if computed or any(row in program.residual or program.constants[row] is None for row in behind):
        return Seen(program, held(fields, program), dict(zip(rows, given, strict=True)))
    return None


def reason(table: Reasoned, row: int, values: Sequence[Any], seen: Seen | None = None) -> Mapping[str, Any]:
    """
    Why one row made the result.

    ``inputs`` has for each input its ``cell`` and ``value``; where the cell or the input is an expression, also what it
    ``reads``, and for a cell the comparisons as ``lines`` of text and as ``traces``. ``computed`` has for each computed
    output its ``cell``, ``value`` and what it ``reads``; ``effective`` the period of the row.
    """
    written = table.rows[row]
    inputs = tuple(_input(table, row, index, values[index], seen) for index in range(len(table.inputs)))
    found: dict[str, Any] = {"row": row, "inputs": inputs}
    computed = () if seen is None else _computed(table, row, seen)
    if computed:
        found["computed"] = computed
    if written.id is not None:
        found["id"] = written.id
    if written.note is not None:
        found["note"] = written.note
    if written.effective is not None:
        found["effective"] = FrozenMap(written.effective.to_data())
    if written.labels:
        found["labels"] = written.labels
    return FrozenMap(found)


def _input(table: Reasoned, row: int, index: int, value: Any, seen: Seen | None) -> FrozenMap[str, Any]:
    told: dict[str, Any] = {"input": table.inputs[index].name, "cell": table.rows[row].when[index], "value": value}
    if seen is not None:
        source, test = seen.program.sources[index].expression, seen.program.tests[row][index]
        expressions = (*(() if source is None else (source,)), *test.expressions)
        if expressions:
            told["reads"] = readings(seen.fields, {name for each in expressions for name in each.reads})
        if test.expressions:
            traces = [each.trace(seen.fields) for each in test.expressions]
            told["lines"] = trace_lines(traces)
            told["traces"] = tuple(FrozenMap(trace.as_data()) for trace in traces)
    return FrozenMap(told)


def _computed(table: Reasoned, row: int, seen: Seen) -> tuple[FrozenMap[str, Any], ...]:
    """The outputs of a row that are computed, each with what it came to and what it was computed from."""
    found: list[FrozenMap[str, Any]] = []
    for name, cell in zip(table.outputs, seen.program.cells[row], strict=True):
        part = cell.operand
        if part is None or part.expression is None:
            continue
        value = seen.given[row][name] if row in seen.given else None
        told = {"output": name, "cell": part.text, "value": value, "reads": readings(seen.fields, part.expression.reads)}
        found.append(FrozenMap(told))
    return tuple(found)
