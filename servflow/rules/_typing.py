"""Knows what is wrong with a table's cells once field types are known; must not know how a table decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from servflow.errors import ExpressionError, Finding, nearest
from servflow.expressions import Expression
from servflow.rules._cells import Functions, Operand, Test
from servflow.rules._definition import Input, Output, Written, base_type
from servflow.rules._program import KINDS, Program, fault_of, meant_as_text
from servflow.rules._space import declared


def typed_findings(table: Written, program: Program, fields: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Every problem of every input and cell under these types, in document order."""
    found: list[Finding] = []
    names = Names(fields, table.functions)
    types: list[tuple[str | None, tuple[Any, ...]]] = []
    for index, column in enumerate(table.inputs):
        types.append(_input_type(column, program, index, names, found))
    tests: dict[tuple[int, Test], Finding | None] = {}
    cells: dict[tuple[int, str], Finding | None] = {}
    outputs = tuple(table.outputs.values())
    for row, row_tests in enumerate(program.tests):
        for index, test in enumerate(row_tests):
            key = (index, test)
            if key not in tests:
                tests[key] = _test_fault(test, *types[index], names)
            _place(tests[key], f"rows[{row}][{index}]", found)
        for index, cell in enumerate(program.cells[row]):
            if cell.operand is None:
                continue
            place = (index, cell.operand.text)
            if place not in cells:
                cells[place] = _output_fault(outputs[index], cell.operand, names)
            _place(cells[place], f"rows[{row}][{len(row_tests) + index}]", found)
    return tuple(found)


@frozen
class Names:
    """What an expression may name."""

    fields: Mapping[str, Any]
    functions: Functions


def _place(fault: Finding | None, path: str, found: list[Finding]) -> None:
    if fault is not None:
        found.append(Finding(fault.code, path, fault.facts))


def _input_type(
    column: Input, program: Program, index: int, names: Names, found: list[Finding]
) -> tuple[str | None, tuple[Any, ...]]:
    source, fields = program.sources[index], names.fields
    path = f"inputs[{index}]"
    if source.expression is None and source.path[0] not in fields:
        facts = {"name": source.path[0], "known": tuple(sorted(fields)), "nearest": nearest(source.path[0], fields)}
        found.append(Finding("rules.unknown_name", path, facts))
        return column.type, column.one_of
    if source.expression is None and len(source.path) == 1:
        type_name, one_of = declared(source.path, fields)
        return column.type or type_name, column.one_of or one_of
    text = ".".join(source.path) if source.expression is None else source.expression.text
    fault, type_name = _parsed(text, names)
    _place(fault, path, found)
    return column.type or type_name, column.one_of


def _parsed(text: str, names: Names) -> tuple[Finding | None, str | None]:
    try:
        return None, Expression.parse(text, names.fields, functions=names.functions).type
    except ExpressionError as error:
        facts = {"cell": text, "problem": error.message, "position": error.facts.get("position")}
        return Finding("rules.cell", "", facts), None


def _test_fault(test: Test, type_name: str | None, one_of: tuple[Any, ...], names: Names) -> Finding | None:
    read = test.as_decimal() if type_name == "decimal" else test
    fault = fault_of(read, type_name, one_of)
    if fault is not None:
        return fault
    kind = None if type_name is None else KINDS.get(base_type(type_name))
    for part in _dynamic(test):
        fault, result = _parsed(part.text, names)
        if fault is not None:
            return meant_as_text(fault, type_name)
        its_kind = None if result is None else KINDS.get(base_type(result))
        if kind is not None and its_kind is not None and its_kind not in (kind, "bool"):
            return Finding("rules.cell_type", "", {"cell": test.text, "value": part.text, "type": type_name})
    return None


def _dynamic(test: Test) -> Iterator[Operand]:
    return (part for atom in test.atoms for part in atom.operands if part.expression is not None)


def _output_fault(output: Output, part: Operand, names: Names) -> Finding | None:
    fault, result = _parsed(part.text, names)
    if fault is not None:
        return meant_as_text(fault, output.type)
    kind = KINDS.get(base_type(output.type))
    its_kind = None if result is None else KINDS.get(base_type(result))
    if kind is None or its_kind is None or kind == its_kind:
        return None
    if output.type == "decimal" and its_kind == "string":
        return None  # text that is a number is that decimal
    return Finding("rules.output_type", "", {"output": output.name, "cell": part.text, "found": result, "type": output.type})
