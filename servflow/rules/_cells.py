"""Knows how the text of an input cell reads and when it holds; must not know tables, hit policies or indexes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, field, frozen

from servflow.errors import ExpressionError
from servflow.expressions import Expression, Function
from servflow.model import CONVERTERS, ValueProblem

MAX_CELL = 10_000
"""Longest cell, in characters; the limit of one expression."""

MAX_ATOMS = 1_000
"""Most alternatives in one comma list."""

_QUOTED = re.compile(
    r"""
    [rR][bB]?(?:"{3}.*?"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
    | [bB][rR](?:"{3}.*?"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
    | [bB]?(?:"{3}(?:\\.|[^\\])*?"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(r"\"[^\"\\\n]*\"|'[^'\\\n]*'")
_INT = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,40}\.[0-9]{1,40}")
_WORDS = {"true": True, "false": False, "null": None}
_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>|=)\s*(\S.*)", re.DOTALL)
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_IDENTIFIER_PART = re.compile(r"\w")


Functions = Mapping[str, Function] | None


class CellProblem(Exception):
    """Internal: a cell cannot be read; says why and where in it. The caller knows the path."""

    def __init__(self, problem: str, position: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.position = position


@frozen
class Operand:
    """
    One value a cell names: a constant, or an expression that reads fields.

    ``text`` is what was written, so that ``1.50`` is exact where the input turns out to be a decimal.
    """

    text: str
    constant: Any = None
    expression: Expression | None = None

    def value(self, fields: Mapping[str, Any]) -> Any:
        """The constant, or what the expression gives; a condition on a missing value is false."""
        found = self.expression
        if found is None:
            return self.constant
        return found.test(fields) if found.type == "bool" else found.value(fields)

    def as_decimal(self) -> Operand:
        """The same operand where text that is a number, and a number with a point, is that exact decimal."""
        if self.expression is None and isinstance(self.constant, (str, float)):
            written = self.constant if isinstance(self.constant, str) else self.text
            return evolve(self, constant=to_decimal(written, self.constant))
        return self


@frozen
class Atom:
    """
    One alternative of a cell: ``equal`` or ``differs`` with its operand in ``low``, or a ``range``.

    A comparison is a range with one open side. Every answer is True, False or None (cannot be told).
    """

    kind: str
    low: Operand | None = None
    high: Operand | None = None
    low_closed: bool = True
    high_closed: bool = True

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Its operands that are there, low first."""
        return tuple(operand for operand in (self.low, self.high) if operand is not None)

    def holds(self, value: Any, fields: Mapping[str, Any]) -> bool | None:
        """Whether the input's value passes; None where the two cannot be ordered."""
        if self.kind == "range":
            return self._within(value, fields)
        assert self.low is not None
        expression, other = self.low.expression, self.low.value(fields)
        conditional = expression is not None and (value is not None or expression.type == "bool")
        if conditional and isinstance(other, bool) and not isinstance(value, bool):
            # A condition over other fields, not something to compare the input with.
            found = other
        else:
            found = _equals(value, other, dynamic=expression is not None)
        return not found if self.kind == "differs" else found

    def _within(self, value: Any, fields: Mapping[str, Any]) -> bool | None:
        for bound, closed, sign in ((self.low, self.low_closed, 1), (self.high, self.high_closed, -1)):
            if bound is None:
                continue
            limit = fit(bound.value(fields), value)
            kind = kind_of(value)
            if kind is None or kind != kind_of(limit):
                return None
            if same(value, limit):
                if not closed:
                    return False
            elif (value > limit) != (sign > 0):
                return False
        return True


@frozen
class Test:
    """
    A whole input cell: any of its atoms, or none of them when ``negated``; no atoms is ``-``.

    Logic is three-valued: equality is always decided, an ordering against null or another kind of value
    is not, and what is not decided neither matches nor matches when negated.
    """

    text: str  # alone decides equality: the rest is read from it, and may hold lists
    atoms: tuple[Atom, ...] = field(default=(), eq=False)
    negated: bool = field(default=False, eq=False)
    dynamic: bool = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        dynamic = any(operand.expression is not None for atom in self.atoms for operand in atom.operands)
        object.__setattr__(self, "dynamic", dynamic)

    def holds(self, value: Any, fields: Mapping[str, Any]) -> bool:
        """Whether the row may match with this value of the input."""
        if not self.atoms:
            return True
        unknown = False
        for atom in self.atoms:
            answer = atom.holds(value, fields)
            if answer:
                return not self.negated
            unknown = unknown or answer is None
        return self.negated and not unknown

    def as_decimal(self) -> Test:
        """The same cell read for a decimal input."""
        return evolve(
            self,
            atoms=tuple(
                evolve(atom, low=atom.low and atom.low.as_decimal(), high=atom.high and atom.high.as_decimal())
                for atom in self.atoms
            ),
        )

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions the cell evaluates, in the order written."""
        return tuple(operand.expression for atom in self.atoms for operand in atom.operands if operand.expression is not None)


_KINDS: Mapping[type, str] = {str: "string", int: "number", bool: "bool", timedelta: "duration", bytes: "bytes"}
"""Types whose every value is of one kind; bool cannot be derived from."""


def kind_of(value: Any) -> str | None:
    """Which values it can be ordered with: one word per kind, None where it orders with nothing."""
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    if isinstance(value, (int, float, Decimal)):
        return None if is_nan(value) else "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, datetime):
        return "timestamp" if value.utcoffset() is not None else None
    if isinstance(value, timedelta):
        return "duration"
    return "bytes" if isinstance(value, bytes) else None


def is_nan(value: Any) -> bool:
    """Whether it is no number although it has the type of one."""
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, float) and value != value  # noqa: PLR0124 - only NaN differs from itself


def to_decimal(written: str, otherwise: Any) -> Any:
    """The exact decimal a text is, or *otherwise* where it is none."""
    try:
        return CONVERTERS["decimal"](written)
    except ValueProblem:
        return otherwise


def fit(other: Any, value: Any) -> Any:
    """The cell's value as the input's value needs it: text beside a decimal is that decimal."""
    return to_decimal(other, other) if isinstance(value, Decimal) and isinstance(other, str) else other


def _equals(value: Any, other: Any, *, dynamic: bool) -> bool:
    if isinstance(other, (list, tuple)):
        return same(value, other) or any(same(value, fit(item, value)) for item in other)
    if other is None:
        # The word null matches null; an expression that found nothing matches nothing.
        return value is None and not dynamic
    return same(value, fit(other, value))


def same(left: Any, right: Any) -> bool:
    """Equality as in expressions: numbers by value, true is not 1, NaN equals nothing."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float, Decimal)) and isinstance(right, (int, float, Decimal)):
        return not is_nan(left) and not is_nan(right) and left == right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return tuple(left) == tuple(right)
    if isinstance(left, datetime) and isinstance(right, datetime) and kind_of(left) == kind_of(right) == "timestamp":
        # Python holds an instant in a repeated hour unequal to every instant written in another zone.
        return not left - right
    return bool(left == right)


def operand(text: str, functions: Functions = None) -> Operand:
    """
    Read one value of a cell.

    Args:
        text: a literal or an expression.
        functions: the host's functions by name.

    Raises:
        CellProblem: it is no expression.
    """
    if _STRING.fullmatch(text):
        return Operand(text, text[1:-1])
    if _INT.fullmatch(text):
        return Operand(text, int(text))
    if _NUMBER.fullmatch(text):
        return Operand(text, float(text))
    if text in _WORDS:
        return Operand(text, _WORDS[text])
    try:
        expression = Expression.parse(text, functions=functions)
        if expression.reads:
            return Operand(text, None, expression)
        return Operand(text, expression.evaluate({}))
    except ExpressionError as error:
        raise CellProblem(error.message, error.facts.get("position")) from error


def read_cell(text: str, functions: Functions = None) -> Test:
    """
    Read an input cell.

    Args:
        text: the cell.
        functions: the host's functions by name.

    Raises:
        CellProblem: no form of a cell fits; says why.
    """
    stripped = text.strip()
    if stripped in ("", "-"):
        return Test("-")
    if len(stripped) > MAX_CELL:
        raise CellProblem(f"a cell has at most {MAX_CELL} characters, not {len(stripped)}")
    negated = _NOT.fullmatch(stripped)
    inner = negated[1].strip() if negated else stripped
    if negated and (inner in ("", "-") or _NOT.fullmatch(inner)):
        raise CellProblem("not(...) holds values, comparisons or ranges to exclude")
    parts = _alternatives(inner)
    if len(parts) > MAX_ATOMS:
        raise CellProblem(f"a comma list has at most {MAX_ATOMS} alternatives, not {len(parts)}")
    return Test(stripped, tuple(_atom(part, functions) for part in parts), bool(negated))


def _atom(part: tuple[str, ...], functions: Functions) -> Atom:
    if len(part) == 4:
        opening, low, high, closing = part
        return Atom("range", operand(low, functions), operand(high, functions), opening == "[", closing == "]")
    text = part[0]
    compared = _COMPARISON.fullmatch(text)
    if compared is None:
        return Atom("equal", operand(text, functions))
    sign, right = compared[1], operand(compared[2].strip(), functions)
    if sign in ("=", "=="):
        return Atom("equal", right)
    if sign == "!=":
        return Atom("differs", right)
    if sign[0] == ">":
        return Atom("range", low=right, low_closed=sign == ">=")
    return Atom("range", high=right, high_closed=sign == "<=")


def _blanked(text: str) -> str:
    """The text with every quoted part replaced by letters, so that brackets and commas in it do not count."""
    pieces: list[str] = []
    position = 0
    while position < len(text):
        quoted = None
        if text[position] in "rRbB\"'" and not (position and _IDENTIFIER_PART.match(text[position - 1])):
            quoted = _QUOTED.match(text, position)
            if quoted is None and text[position] in "\"'":
                # An open quote: nothing after it has structure; the expression parser says what is wrong.
                pieces.append("q" * (len(text) - position))
                break
        if quoted is None:
            pieces.append(text[position])
            position += 1
        else:
            pieces.append("q" * len(quoted[0]))
            position = quoted.end()
    return "".join(pieces)


def _alternatives(text: str) -> list[tuple[str, ...]]:
    """Split at the commas outside quotes and brackets; a range comes as (opening, low, high, closing)."""
    blank = _blanked(text)
    found: list[tuple[str, ...]] = []
    start = 0
    while True:
        while start < len(blank) and blank[start].isspace():
            start += 1
        bounds = _range_at(blank, start)
        if bounds is not None:
            dots, close = bounds
            found.append((blank[start], text[start + 1 : dots].strip(), text[dots + 2 : close].strip(), blank[close]))
            end = close + 1
            while end < len(blank) and blank[end].isspace():
                end += 1
        else:
            end = _comma_after(blank, start)
            found.append((text[start:end].strip(),))
        if any(not piece for piece in found[-1]):
            raise CellProblem("a value is missing beside a comma or in a range", start)
        if end >= len(blank):
            return found
        start = end + 1


def _comma_after(blank: str, start: int) -> int:
    depth = 0
    for position in range(start, len(blank)):
        letter = blank[position]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and depth <= 0:
            return position
    return len(blank)


def _range_at(blank: str, start: int) -> tuple[int, int] | None:
    """Where a range that opens here has its dots and its closing bracket; None where no range opens."""
    if start >= len(blank) or blank[start] not in "([]":
        return None
    depth, dots, position = 0, -1, start + 1
    while position < len(blank):
        letter = blank[position]
        ends = depth == 0 and letter in ")][" and blank[position + 1 :].lstrip()[:1] in ("", ",")
        if ends and dots >= 0:
            return dots, position
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                return None
            depth -= 1
        elif letter == "," and depth == 0:
            return None
        elif letter == "." and depth == 0 and blank.startswith("..", position):
            if dots >= 0:
                return None
            dots, position = position, position + 1
        position += 1
    return None
