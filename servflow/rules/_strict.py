"""Knows when a strict table would compare with nothing; must not know hit policies or indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from servflow.errors import ExpressionError, InputError, render
from servflow.expressions import Expression
from servflow.rules._cells import Atom, Functions, Operand, Test
from servflow.rules._definition import Input
from servflow.rules._program import Program, located

Fields = Mapping[str, Any]


class _Nothing(Exception):
    """Internal: a cell reads something that is missing or null; says what. The caller knows the row."""


@frozen
class _Demanding(Operand):
    """An operand that fails where it reads nothing."""

    def value(self, fields: Fields) -> Any:
        found = self.expression
        if found is None:
            return self.constant
        try:
            value = found.test(fields) if found.type == "bool" else found.value(fields)
        except ExpressionError as error:
            if error.code == "expression.null":
                raise _Nothing(error.facts["name"]) from error
            raise
        if value is None:
            raise _Nothing(self.text)
        return value


class Demands:
    """
    The rows of a strict table that match.

    A row is its cells joined as by ``&&``: a cell that does not hold settles it, and otherwise a cell that would compare with
    what is missing or null is an error. Only ``-`` and ``null``, also inside ``not(...)`` or a list, ask nothing of it.

    Args:
        name: the table's name, for errors.
        inputs: its input columns.
        program: the table, ready to decide.
        functions: the host's functions by name.
    """

    def __init__(self, name: str, inputs: tuple[Input, ...], program: Program, functions: Functions) -> None:
        self.name = name
        self.inputs = inputs
        self.program = program
        self.functions = functions
        self._expressions: dict[str, Expression] = {}
        self._tests: dict[tuple[int, str], Test] = {}

    def matched(self, mask: int, values: Sequence[Any], fields: Fields, *, first: bool) -> list[int]:
        """
        The rows that match, in order.

        Args:
            mask: the rows that the inputs with a value leave possible.
            values: what each input was given.
            fields: what cells may read.
            first: whether the first of them is enough.

        Raises:
            InputError: ``rules.null``: a row that nothing else stands against would compare with nothing.
            ExpressionError: a cell of a row that may match cannot be evaluated.
        """
        self._ask_inputs(fields)
        found: list[int] = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            row = lowest.bit_length() - 1
            if self._matches(row, values, fields):
                found.append(row)
                if first:
                    break
        return found

    def _ask_inputs(self, fields: Fields) -> None:
        for index, source in enumerate(self.program.sources):
            condition = source.expression
            if condition is None or condition.type != "bool":
                continue
            try:
                self._strict(condition).test(fields)
            except ExpressionError as error:
                if error.code == "expression.null":
                    facts = {"table": self.name, "input": self.inputs[index].name, "name": error.facts["name"]}
                    raise InputError(render("rules.null_input", facts), code="rules.null_input", **facts) from error
                raise

    def _matches(self, row: int, values: Sequence[Any], fields: Fields) -> bool:
        unasked: InputError | None = None
        for index, written in enumerate(self.program.tests[row]):
            value = values[index]
            if value is not None and not written.dynamic:
                continue  # the index has decided it
            try:
                if not self._holds(self._test(index, written), value, fields, self.inputs[index].name):
                    return False
            except _Nothing as nothing:
                facts = {"table": self.name, "row": row, "input": self.inputs[index].name}
                facts |= {"cell": written.text, "name": str(nothing)}
                unasked = unasked or InputError(render("rules.null", facts), code="rules.null", **facts)
            except ExpressionError as error:
                raise located(error, self.name, f"rows[{row}][{index}]") from error
        if unasked is not None:
            raise unasked
        return True

    @staticmethod
    def _holds(test: Test, value: Any, fields: Fields, name: str) -> bool:
        nothing: _Nothing | None = None
        if not test.atoms:
            return True
        for atom in test.atoms:
            try:
                # One alternative that holds settles the cell, as with ``||``.
                if _on_nothing(atom, fields, name) if value is None else Test(test.text, (atom,)).holds(value, fields):
                    return not test.negated
            except _Nothing as found:
                nothing = nothing or found
        if nothing is not None:
            raise nothing
        # Also what cannot be told of a value, such as text beside > 3, must not match when negated.
        return test.negated if value is None else test.holds(value, fields)

    def _strict(self, condition: Expression) -> Expression:
        known = self._expressions.get(condition.text)
        if known is None:
            known = self._expressions[condition.text] = Expression.parse(
                condition.source, functions=self.functions, strict=True
            )
        return known

    def _test(self, index: int, written: Test) -> Test:
        known = self._tests.get((index, written.text))
        if known is None:
            atoms = tuple(evolve(atom, low=self._operand(atom.low), high=self._operand(atom.high)) for atom in written.atoms)
            known = self._tests[index, written.text] = evolve(written, atoms=atoms)
        return known

    def _operand(self, written: Operand | None) -> Operand | None:
        if written is None or written.expression is None:
            return written
        return _Demanding(written.text, written.constant, self._strict(written.expression))


def _on_nothing(atom: Atom, fields: Fields, name: str) -> bool:
    """Whether an alternative holds where the input is null: only the word null and conditions on other fields can tell."""
    part = atom.low
    if atom.kind != "range" and part is not None:
        holds: bool | None = None
        if part.expression is None:
            holds = True if part.constant is None else None
        elif part.expression.type == "bool":
            holds = part.value(fields)
        if holds is not None:
            return holds == (atom.kind == "equal")
    raise _Nothing(name)
