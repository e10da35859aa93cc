"""Knows what a table's cells make of one set of fields, cell by cell; must not know how that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

from attrs import evolve, field, frozen

from servflow.errors import ExpressionError
from servflow.expressions import Function, distance
from servflow.model import FrozenMap
from servflow.rules._cells import Atom, Operand, Test
from servflow.rules._definition import Input, Output, Row, base_type
from servflow.rules._effective import asked_at, bounds_of
from servflow.rules._nearby import Near, fraction_of, near_values
from servflow.rules._program import Program, read_values
from servflow.rules._said import trace_lines

FAR = Fraction(1)
_ROUGH = 1e-9  # far more than the sums of a table's columns can be off by


class Decided(Protocol):
    """What a table said: its outputs and the rows that matched."""

    @property
    def outputs(self) -> Any: ...  # a mapping, a list or a value, as the hit policy gives
    @property
    def matched(self) -> tuple[int, ...]: ...  # rows, the deciding one first


class Asked(Protocol):
    """A table that can be asked again on other fields."""

    @property
    def name(self) -> str: ...  # for sentences
    @property
    def hit(self) -> str: ...  # one of HITS
    @property
    def inputs(self) -> tuple[Input, ...]: ...  # the input columns
    @property
    def outputs(self) -> Mapping[str, Output]: ...  # the output columns, in order
    @property
    def rows(self) -> tuple[Row, ...]: ...  # as written
    @property
    def zone(self) -> str | None: ...  # where dates of effective periods are meant
    @property
    def functions(self) -> Mapping[str, Function] | None: ...  # the host's functions

    def decide(self, fields: Mapping[str, Any], at: datetime | None = None) -> Decided:
        """The outputs for these fields, with the rows that gave them."""


def bits(mask: int) -> Iterator[int]:
    """The rows of a mask, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def mask_of(flags: list[bool]) -> int:
    """The rows that are flagged, as a mask; in one go, however many they are."""
    return int("".join("1" if flag else "0" for flag in reversed(flags)) or "0", 2)


def held(fields: Mapping[str, Any], program: Program) -> dict[str, Any]:
    """What the table reads of the fields, kept by itself: the mapping may change, or find its values only when asked."""
    roots = {source.path[0] for source in program.sources if source.path} | {"at"}
    roots |= {name.split(".", 1)[0] for name in program.reads}
    found: dict[str, Any] = {}
    for name in sorted(roots):
        try:
            found[name] = fields[name]
        except KeyError:
            continue
    return found


@frozen(eq=False, slots=False)
class Question:
    """One table asked on one set of fields; answers are worked out once and only where somebody looks."""

    table: Asked
    program: Program
    fields: Mapping[str, Any]
    at: datetime | None
    in_force: int
    values: list[Any] = field(init=False)
    _answers: dict[tuple[int, Test], bool] = field(init=False, factory=dict)
    _needs: dict[tuple[int, Test], Near | None] = field(init=False, factory=dict)
    _rough: dict[tuple[int, str], float] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "values", read_values(self.table.name, self.table.inputs, self.program, self.fields))

    @cached_property
    def instant(self) -> datetime | None:
        """The instant it is asked for, in UTC."""
        return asked_at(self.at, self.fields)

    @cached_property
    def holding(self) -> tuple[int, ...]:
        """For each input the rows whose cell holds; a cell that cannot be evaluated does not."""
        masks = [column.mask(value) for column, value in zip(self.program.columns, self.values, strict=True)]
        failed: dict[int, dict[int, None]] = {}
        for row, tests in self.program.residual.items():
            for index, test in tests:
                if not self.holds(index, test):
                    failed.setdefault(index, {})[row] = None
        count = len(self.table.rows)
        for index, rows in failed.items():
            masks[index] &= ~mask_of([row in rows for row in range(count)])
        return tuple(masks)

    @cached_property
    def matching(self) -> int:
        """The rows that are in force and all of whose cells hold."""
        mask = self.in_force
        for column in self.holding:
            mask &= column
        return mask

    def holds(self, index: int, test: Test) -> bool:
        """Whether a cell holds for the value its input has."""
        key = (index, test)
        if key not in self._answers:
            try:
                self._answers[key] = test.holds(self.values[index], self.fields)
            except ExpressionError:
                self._answers[key] = False
        return self._answers[key]

    def failing(self, row: int) -> list[int]:
        """The inputs whose cells stand against a row, in order; -1 where it is not in force."""
        found = [] if self.in_force >> row & 1 else [-1]
        return found + [index for index, mask in enumerate(self.holding) if not mask >> row & 1]

    def need(self, index: int, test: Test) -> Near | None:
        """The nearest value of an input on which a cell holds; None where it is not the input's value that decides."""
        key = (index, test)
        if key not in self._needs:
            self._needs[key] = self._nearest(index, test)
        return self._needs[key]

    def _nearest(self, index: int, test: Test) -> Near | None:
        column, value = self.table.inputs[index], self.values[index]
        read = self._filled(test, value) if test.dynamic else test
        if read is None:
            return None
        type_name = None if column.type is None else base_type(column.type)
        kind = None if type_name == "any" else type_name
        if not column.one_of:
            plain = _plainly(read.as_decimal() if kind == "decimal" else read, value)
            if plain is not None:
                return plain
        fitting = [near for near in near_values([read], kind, column.one_of, value) if self._suits(read, near, kind)]
        return min(fitting, key=lambda near: near.cost, default=None)

    @staticmethod
    def _suits(test: Test, near: Near, type_name: str | None) -> bool:
        return (test.as_decimal() if type_name == "decimal" else test).holds(near.value, {})

    def _filled(self, test: Test, value: Any) -> Test | None:
        """The cell with what its expressions come to now; None where one is a condition by itself or fails."""
        atoms: list[Atom] = []
        for atom in test.atoms:
            ends: dict[str, Operand | None] = {}
            for name in ("low", "high"):
                part: Operand | None = getattr(atom, name)
                if part is not None and part.expression is not None:
                    try:
                        found = part.value(self.fields)
                    except ExpressionError:
                        return None
                    if found is None or (isinstance(found, bool) and not isinstance(value, bool)):
                        return None
                    part = Operand(part.text, found)
                ends[name] = part
            atoms.append(evolve(atom, low=ends["low"], high=ends["high"]))
        return evolve(test, atoms=tuple(atoms))

    def entry_into_force(self, row: int) -> datetime | None:
        """The nearest instant at which a row is in force, where it is not."""
        start, end = bounds_of(self.table.rows[row].effective, self.table.zone, "", [])
        at = self.instant
        if end is None or (start is not None and at is not None and at < start):
            return start
        last = end - timedelta(seconds=1)  # the end itself is outside, and every open bound is passed by a second
        return last if start is None else max(start, last)

    def condition(self, row: int, index: int) -> FrozenMap[str, Any]:
        """One condition of a row as data: what was asked, what was there, and how far the two are apart."""
        if index < 0:
            told: dict[str, Any] = {"input": "effective", "cell": str(self.table.rows[row].effective), "value": self.instant}
            return _apart(told, self.instant, self.entry_into_force(row))
        test, value = self.program.tests[row][index], self.values[index]
        told = {"input": self.table.inputs[index].name, "cell": test.text, "value": value}
        told |= self.evidence(index, test)
        near = self.need(index, test)
        if near is None:
            return FrozenMap(told)
        if near.invented:
            told["any"] = True
        return _apart(told, value, near.value)

    def evidence(self, index: int, test: Test) -> dict[str, Any]:
        """The values an expression of the cell or its input read, and the comparisons it came to."""
        source = self.program.sources[index].expression
        expressions = (*(() if source is None else (source,)), *test.expressions)
        if not expressions:
            return {}
        found: dict[str, Any] = {"reads": readings(self.fields, {name for each in expressions for name in each.reads})}
        if test.expressions:
            found["traces"] = tuple(FrozenMap(each.trace(self.fields).as_data()) for each in test.expressions)
        return found

    def lines(self, test: Test, lang: str) -> tuple[str, ...]:
        """The comparisons a cell came to, as sentences."""
        return trace_lines([part.trace(self.fields) for part in test.expressions], lang)

    def rough(self, row: int) -> float:
        """How far all conditions against a row are from being met, nearly."""
        tests, rough = self.program.tests[row], self._rough
        total = 0.0 if self.in_force >> row & 1 else float(self.far(row, -1))
        for index, mask in enumerate(self.holding):
            if not mask >> row & 1:
                key = (index, tests[index].text)
                known = rough.get(key)
                if known is None:
                    known = rough[key] = float(self.far(row, index))
                total += known
        return total

    def far_in_all(self, row: int) -> Fraction:
        """How far all conditions against a row are from being met, exactly."""
        return sum((self.far(row, index) for index in self.failing(row)), Fraction(0))

    def far(self, row: int, index: int) -> Fraction:
        """How far one condition is from being met, from 0 to 1."""
        if index < 0:
            return distance(self.instant, self.entry_into_force(row))
        near = self.need(index, self.program.tests[row][index])
        return FAR if near is None else near.far


def _plainly(test: Test, value: Any) -> Near | None:
    """The nearest value of the most common cells, which are many: texts, and ranges that include the bound in question."""
    if test.negated or value is None:
        return None
    texts = isinstance(value, str)
    for atom in test.atoms:
        low, high = atom.low, atom.high
        if atom.kind == "equal" and low is not None and type(low.constant) is type(value) and (texts or len(test.atoms) == 1):
            return Near(low.constant, distance(value, low.constant)) if low.constant != value else None
        if atom.kind != "range" or len(test.atoms) > 1 or texts:
            return None
        for bound, closed, below in ((low, atom.low_closed, True), (high, atom.high_closed, False)):
            if bound is None or not closed or type(bound.constant) is not type(value) or isinstance(value, bool):
                continue
            other = high if below else low
            alone = other is None or (
                type(other.constant) is type(value)
                and (bound.constant < other.constant if below else bound.constant > other.constant)
            )
            if (value < bound.constant if below else value > bound.constant) and (alone or test.holds(bound.constant, {})):
                return Near(bound.constant, distance(value, bound.constant))
    return None


def readings(fields: Mapping[str, Any], names: set[str] | frozenset[str]) -> FrozenMap[str, Any]:
    """The values of dotted names, in the order of the names; null where one is missing."""
    return FrozenMap({name: at_path(fields, name.split(".")) for name in sorted(names)})


def at_path(fields: Any, path: list[str] | tuple[str, ...]) -> Any:
    """The value a path of names leads to; null where it leads nowhere."""
    for name in path:
        if not isinstance(fields, Mapping):
            return None
        try:
            fields = fields[name]
        except KeyError:
            return None
    return fields


def _apart(told: dict[str, Any], value: Any, wanted: Any) -> FrozenMap[str, Any]:
    told["to"] = wanted
    if fraction_of(value) is not None and fraction_of(wanted) is not None:
        with suppress(TypeError, ArithmeticError):  # between an exact number and a double there is no exact difference
            told["by"] = abs(wanted - value)
    return FrozenMap(told)


def nearest_row(question: Question) -> int | None:
    """
    The row that comes nearest to matching without matching: the fewest conditions stand against it.

    Of several the one whose conditions are the least far from being met in sum, then the first.
    """
    losing = question.program.every_row & ~question.matching
    if not losing:
        return None
    # Counts of failing conditions, one bit of every count per plane, so that all rows are counted at once.
    planes: list[int] = []
    for holding in (question.in_force, *question.holding):
        carry = question.program.every_row & ~holding
        for place, plane in enumerate(planes):
            planes[place], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    for plane in reversed(planes):
        losing = losing & ~plane or losing
    # Measured roughly first: exact fractions are slow, and only the nearest need them.
    rough: dict[int, float] = {row: question.rough(row) for row in bits(losing)}
    edge = min(rough.values()) + _ROUGH
    return min((row for row, far in rough.items() if far <= edge), key=lambda row: (question.far_in_all(row), row))
