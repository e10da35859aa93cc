"""Knows what FEEL means as cells and expressions of a table; must not know FEEL's grammar, XML or how a table decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.errors import ExpressionError
from servflow.expressions import Expression
from servflow.integrations._feel_read import ORDER, Node, NotFeel, Tests, unsupported
from servflow.integrations._sheet_cells import span_text
from servflow.model import write_instant

Tree = dict[str, Any]

NUMBERS = ("decimal", "int", "uint", "double")
_OPERATORS = {"<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "+": "_+_", "-": "_-_", "*": "_*_"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ORDERED = tuple(_OPERATORS[sign] for sign in ORDER)
_METHODS = {"contains": "contains", "starts with": "startsWith", "ends with": "endsWith"}
_CONDITIONS = ("compare", "and", "or", "in")
_TEMPORAL = ("date", "date and time", "duration", "time")
_DURATION = re.compile(r"(-)?P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,9}))?S)?)?")
_MONTHS = re.compile(r"-?P([0-9]+Y)?([0-9]+M)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2}|@[A-Za-z0-9_+/-]+)?"
)
_INT = 2**63


@frozen
class Column:
    """What a cell stands in: the declared type, and what ``?`` is where an expression can name it."""

    type: str | None = None
    asked: Tree | None = None


@frozen
class Meaning:
    """
    What names stand for, and how what was read is written here.

    Args:
        resolve: the tree of a path of FEEL names; raises ``NotFeel`` for a name nobody knows.
        zone: where dates, and instants without an offset, are meant; they are refused where it is None.
    """

    resolve: Callable[[tuple[str, ...], int], Tree]
    zone: str | None = None

    # cells ----------------------------------------------------------------------------------------------------------

    def input_cell(self, tests: Tests, column: Column) -> str:
        """
        The input cell that unary tests are.

        Raises:
            NotFeel: they hold what a cell cannot say.
        """
        if not tests.parts:
            return "-"
        parts = [test for part in tests.parts for test in _unfolded(part)]
        if tests.negated and any(_is_condition(part) for part in parts):
            # What is neither true nor false is neither way matched, so the parts are turned round one by one.
            trees = [self._truth(_asking(part), column, yes=False) for part in parts]
            return self._condition(_joined("_&&_", trees), column, parts[0].at)
        written = [self._alternative(part, column) for part in parts]
        joined = ", ".join(written)
        return f"not({joined})" if tests.negated else joined

    def output_cell(self, node: Node, kind: str) -> str:
        """
        The output cell that an output entry is.

        Args:
            node: the entry.
            kind: the type of the output.

        Raises:
            NotFeel: it holds what a cell cannot say.
        """
        if _is_condition(node):
            return _text(self._said(node, Column(kind)), node.at)
        return self._operand(node, Column(kind))

    def tree(self, node: Node) -> Tree:
        """
        The tree that an input expression is.

        Raises:
            NotFeel: it holds what an expression cannot say.
        """
        tree = self._said(node, Column()) if _is_condition(node) else self._value(node, Column())
        _text(tree, node.at)
        return tree

    def constant(self, node: Node, kind: str | None) -> Any:
        """
        The value of a literal, as ``one_of`` and ``default`` hold it.

        Raises:
            NotFeel: it is no literal, or never one of this type.
        """
        if node.kind == "number":
            number: Decimal = node.value
            _fits(node, kind)
            if kind == "double":
                return float(number)
            whole = number == number.to_integral_value() and -_INT <= number < _INT
            if kind == "decimal":
                return _digits(number)
            if not whole:
                raise NotFeel(
                    str(number)[:40],
                    (f"is never a value of type {kind}", f"永远不会是 {kind} 类型的值")
                    if kind
                    else ("would not be exact in a column without a type", "在没有类型的列中不精确"),
                    node.at,
                    ("give the column the typeRef number", "请为该列指定 typeRef number"),
                )
            return int(number)
        if node.kind in ("string", "const"):
            _fits(node, kind)
            return node.value
        if node.kind == "at" or (node.kind == "call" and node.value in _TEMPORAL):
            return Expression.from_tree(self._value(node, Column())).evaluate({})
        raise NotFeel("an expression", ("stands where only a value can be", "此处只能是值"), node.at)

    # one alternative of an input cell -------------------------------------------------------------------------------

    def _alternative(self, node: Node, column: Column) -> str:
        if node.kind == "test":
            operand = self._operand(node.parts[0], column)
            return f"{node.value} {operand}"
        if node.kind == "range":
            low, high = (self._operand(part, column) for part in node.parts)
            return f"{'[' if node.value[0] else '('}{low}..{high}{']' if node.value[1] else ')'}"
        if _is_condition(node):
            return self._condition(self._truth(node, column, yes=True), column, node.at)
        return self._operand(node, column)

    @staticmethod
    def _condition(tree: Tree, column: Column, at: int) -> str:
        if column.type in (None, "bool", "any"):
            raise NotFeel(
                "a condition",
                (
                    "stands in a column whose values may be true or false themselves",
                    "所在列的值本身可能是布尔值",
                ),
                at,
                ("give the input expression a typeRef other than boolean", "请为输入表达式指定 boolean 以外的 typeRef"),
            )
        return _text(tree, at)

    def _operand(self, node: Node, column: Column) -> str:
        kind = column.type
        if node.kind == "number":
            _fits(node, kind)
            number: Decimal = node.value
            if number == number.to_integral_value():
                text = str(int(number))
                if len(text.lstrip("-")) <= 18:
                    return text
                return f'"{text}"' if kind == "decimal" else _text(self._value(node, column), node.at)
            return _digits(number) if kind in NUMBERS else _text(_exact(number), node.at)
        if node.kind in ("string", "const", "list"):
            _fits(node, kind)
        return _text(self._value(node, column), node.at)

    # values ---------------------------------------------------------------------------------------------------------

    def _value(self, node: Node, column: Column) -> Tree:
        kind = node.kind
        if kind == "number":
            number: Decimal = node.value
            if number == number.to_integral_value() and -_INT <= number < _INT:
                return {"const": int(number)}
            return _exact(number)
        if kind in ("string", "const"):
            return {"const": node.value}
        if kind in ("name", "member"):
            return self.resolve(_path(node), node.at)
        if kind == "input":
            if column.asked is None:
                raise NotFeel(
                    "'?'", ("stands where no input has a name an expression can read", "此处没有可读取的输入"), node.at
                )
            return column.asked
        if kind == "minus":
            return {"call": "-_", "args": [self._value(node.parts[0], column)]}
        if kind in ("sum", "product"):
            return self._arithmetic(node, column)
        if kind == "list":
            return {"list": [self._value(part, column) for part in node.parts]}
        if kind == "if":
            asked, yes, no = node.parts
            args = [self._truth(asked, column, yes=True, known=True), self._value(yes, column), self._value(no, column)]
            return {"call": "_?_:_", "args": args}
        if kind == "at":
            return self._moment(node.value, node.at)
        if kind == "call" and not _is_condition(node):
            return self._called(node, column)
        if _is_condition(node):
            return self._truth(node, column, yes=True)
        raise unsupported("a test as a value", node.at)

    def _arithmetic(self, node: Node, column: Column) -> Tree:
        left, right = (self._value(part, column) for part in node.parts)
        if node.value == "/":  # of two whole numbers too it is exact in FEEL
            return {"call": "_/_", "args": [_decimal(left), right]}
        return {"call": _OPERATORS[node.value], "args": [left, right]}

    def _called(self, node: Node, column: Column) -> Tree:
        name, parts = node.value, node.parts
        if name in _TEMPORAL and len(parts) == 1 and parts[0].kind == "string":
            text = parts[0].value
            if name == "time":
                raise unsupported("a time of day", node.at)
            if name == "duration":
                return _duration(text, node.at)
            if name == "date" and not _DATE.fullmatch(text):
                raise NotFeel(f"'{text[:40]}'", ("is no date", "不是日期"), node.at)
            return self._moment(text, node.at)
        if name == "string length" and len(parts) == 1:
            return {"call": "size", "args": [self._value(parts[0], column)]}
        if name == "number" and len(parts) == 1:
            return _decimal(self._value(parts[0], column))
        raise unsupported(f"the function {name}() with {len(parts)} arguments", node.at)

    def _moment(self, text: str, at: int) -> Tree:
        if text.lstrip("-").startswith("P"):
            return _duration(text, at)
        found = _MOMENT.fullmatch(text if not _DATE.fullmatch(text) else f"{text}T00:00:00")
        if found is None:
            raise unsupported(f"the moment '{text[:40]}'", at)
        day, clock, fraction, offset = found.groups()
        try:
            local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock))
            local = local.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
            read = local.replace(tzinfo=self._zone(offset, text, at)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise NotFeel(f"'{text[:40]}'", (f"is no moment: {error}", "不是有效的时刻"), at) from None
        return {"call": "timestamp", "args": [{"const": write_instant(read)}]}

    def _zone(self, offset: str | None, text: str, at: int) -> Any:
        if offset is not None and not offset.startswith("@"):
            return datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
        name = offset[1:] if offset else self.zone
        if name is None:
            raise NotFeel(
                f"'{text[:40]}'",
                ("has no offset, and here an instant always has one", "没有此处必需的时区偏移"),
                at,
                ("say zone='Asia/Shanghai' to mean local time there", "请用 zone='Asia/Shanghai' 指定当地时区"),
            )
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise NotFeel(f"the zone '{name[:40]}'", ("is not known", "未知"), at) from None

    # conditions -----------------------------------------------------------------------------------------------------

    def _said(self, node: Node, column: Column) -> Tree:
        """A condition as a value: true, false, or null where FEEL says neither."""
        if not _may_be_null(node):
            return self._truth(node, column, yes=True)
        plain = self._truth(node, column, yes=True)
        if plain.get("call") in _ORDERED:
            sides = [_not_null(arg) for arg in plain["args"] if _is_read(arg)]
            return _untyped([_joined("_&&_", sides), plain, {"const": None}]) if sides else plain
        holds, fails = (self._truth(node, column, yes=yes, known=True) for yes in (True, False))
        inner: Tree = {"call": "_?_:_", "args": [fails, {"const": False}, {"const": None}]}
        return _untyped([holds, {"const": True}, inner])

    def _truth(self, node: Node, column: Column, *, yes: bool, known: bool = False) -> Tree:
        """
        What holds exactly where FEEL says true; with *yes* false, exactly where it says false. Null is neither.

        With *known* it asks by itself that what is ordered is not null, as is needed where a condition is part of a value.
        """
        if node.kind in ("and", "or"):
            parts = [self._truth(part, column, yes=yes, known=known) for part in node.parts]
            return _joined("_&&_" if (node.kind == "and") == yes else "_||_", parts)
        if node.kind == "call" and node.value == "not" and len(node.parts) == 1:
            return self._truth(node.parts[0], column, yes=not yes, known=known)
        if node.kind == "compare":
            left, right = node.parts
            tree = self._compared(node.value, self._value(left, column), self._value(right, column), yes=yes)
            return _known(tree) if known else tree
        if node.kind == "in":
            left = node.parts[0]
            parts = [self._tested(left, test, column, yes=yes) for part in node.parts[1:] for test in _unfolded(part)]
            joined = _joined("_||_" if yes else "_&&_", parts)
            return _known(joined) if known else joined
        if node.kind == "call" and node.value in _METHODS and len(node.parts) == 2:
            target, part = (self._value(each, column) for each in node.parts)
            call = {"call": _METHODS[node.value], "target": target, "args": [part]}
            there = [_not_null(each) for each in (target, part) if "const" not in each]
            if yes:
                return _joined("_&&_", [*there, call]) if known else call
            return _joined("_&&_", [*there, {"call": "!_", "args": [call]}])
        if node.kind == "const" and isinstance(node.value, bool):
            return {"const": node.value is yes}
        found = self._value(node, column)
        if not yes:
            return {"call": "_==_", "args": [found, {"const": False}]}
        return {"call": "_==_", "args": [found, {"const": True}]} if known else found

    def _tested(self, left: Node, test: Node, column: Column, *, yes: bool) -> Tree:
        value = self._value(left, column)
        if test.kind == "range":
            low, high = (self._value(part, column) for part in test.parts)
            bounds = [(">=" if test.value[0] else ">", low), ("<=" if test.value[1] else "<", high)]
            parts = [self._compared(sign, value, bound, yes=yes) for sign, bound in bounds]
            return _joined("_&&_" if yes else "_||_", parts)
        if test.kind == "test":
            return self._compared(test.value, value, self._value(test.parts[0], column), yes=yes)
        if _is_condition(test):
            raise unsupported("a condition inside 'in'", test.at)
        if test.kind in ("name", "member"):  # it may hold a list or one value
            raise unsupported("'in' a name", test.at)
        return self._compared("=", value, self._value(test, column), yes=yes)

    @staticmethod
    def _compared(sign: str, left: Tree, right: Tree, *, yes: bool) -> Tree:
        if sign in ORDER:
            return {"call": _OPERATORS[sign if yes else _OPPOSITE[sign]], "args": [left, right]}
        equal = (sign == "=") == yes
        if {"const": None} in (left, right):
            return {"call": "_==_" if equal else "_!=_", "args": [left, right]}
        same = {"call": "_==_", "args": [left, right]}
        # Not written as !=, which does not hold for null here, while null is unequal to every value in FEEL.
        return same if equal else {"call": "!_", "args": [same]}


def _is_condition(node: Node) -> bool:
    return node.kind in _CONDITIONS or (node.kind == "call" and (node.value == "not" or node.value in _METHODS))


def _may_be_null(node: Node) -> bool:
    """Whether FEEL may say neither true nor false of a condition; equality is always decided."""
    if node.kind in ("and", "or") or (node.kind == "call" and node.value == "not" and len(node.parts) == 1):
        return any(_may_be_null(part) for part in node.parts)
    if node.kind == "compare":
        return node.value in ORDER
    if node.kind == "in":
        return any(test.kind == "range" or (test.kind == "test" and test.value in ORDER) for test in node.parts[1:])
    return node.kind != "const" or node.value is None


def _unfolded(node: Node) -> list[Node]:
    """A test on ``?`` as the alternatives it is without it; anything else as it is."""
    if node.kind == "compare":
        left, right = node.parts
        if left.kind == "input" and not _asks(right):
            return [Node("test", node.value, (right,), node.at)]
        if right.kind == "input" and not _asks(left):
            return [Node("test", _TURNED[node.value], (left,), node.at)]
    if node.kind == "in" and node.parts[0].kind == "input":
        simple = [part for part in node.parts[1:] if part.kind in ("range", "test", "number", "string", "const", "list")]
        if len(simple) == len(node.parts) - 1:
            return [inner for part in simple for inner in (part.parts if part.kind == "list" else (part,))]
    if node.kind == "list" and node.parts and all(part.kind in ("number", "string", "const") for part in node.parts):
        return list(node.parts)
    return [node]


def _asks(node: Node) -> bool:
    return node.kind == "input" or any(_asks(part) for part in node.parts)


def _asking(node: Node) -> Node:
    """A test of the input as a condition that says ``?``."""
    asked = Node("input", None, (), node.at)
    return node if _is_condition(node) else Node("in", None, (asked, node), node.at)


def _path(node: Node) -> tuple[str, ...]:
    path: list[str] = []
    while node.kind == "member":
        path.append(node.value)
        node = node.parts[0]
    return (*[node.value], *reversed(path))


def _joined(call: str, parts: list[Tree]) -> Tree:
    flat: list[Tree] = []
    for part in parts:
        flat.extend(part["args"] if part.get("call") == call else [part])
    return flat[0] if len(flat) == 1 else {"call": call, "args": flat}


def _untyped(args: list[Tree]) -> Tree:
    # A condition would be false here where it is null; what has no type stays null.
    return {"call": "dyn", "args": [{"call": "_?_:_", "args": args}]}


def _known(tree: Tree) -> Tree:
    """The same condition with every ordering false where a side of it is null, rather than failing."""
    call, args = tree.get("call"), tree.get("args", [])
    if call in ("_&&_", "_||_"):
        return _joined(call, [_known(arg) for arg in args])
    if call in _ORDERED:
        return _joined("_&&_", [*(_not_null(arg) for arg in args if _is_read(arg)), tree])
    return tree


def _is_read(tree: Tree) -> bool:
    return "name" in tree or "select" in tree


def _not_null(tree: Tree) -> Tree:
    return {"call": "_!=_", "args": [tree, {"const": None}]}


def _digits(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text and number == number.to_integral_value() else text


def _exact(number: Decimal) -> Tree:
    return {"call": "decimal", "args": [{"const": _digits(number)}]}


def _decimal(tree: Tree) -> Tree:
    return tree if tree.get("call") == "decimal" else {"call": "decimal", "args": [tree]}


def _duration(text: str, at: int) -> Tree:
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        if _MONTHS.fullmatch(text):
            raise unsupported(f"the years and months duration '{text[:40]}'", at)
        raise NotFeel(f"'{text[:40]}'", ("is no duration", "不是时长"), at)
    sign, days, hours, minutes, seconds, fraction = found.groups()
    try:
        span = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    except OverflowError:
        raise NotFeel(f"'{text[:40]}'", ("is too long", "过长"), at) from None
    span += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    written = span_text(-span if sign else span)
    return {"call": "duration", "args": [{"const": written[len('duration("') : -2]}]}


_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "bool": (bool,),
    "timestamp": (),
    "duration": (),
    **dict.fromkeys(NUMBERS, (Decimal,)),
}


def _fits(node: Node, kind: str | None) -> None:
    """Refuse a literal that can never be a value of the column: here a text beside a decimal would be read as one."""
    allowed = _KINDS.get(kind or "")
    if allowed is None:
        return
    for part in node.parts if node.kind == "list" else (node,):
        if part.kind in ("string", "number", "const") and part.value is not None and type(part.value) not in allowed:
            shown = f'"{part.value[:40]}"' if part.kind == "string" else str(part.value).lower()
            raise NotFeel(shown, (f"is never a value of type {kind}", f"永远不会是 {kind} 类型的值"), part.at)


def _text(tree: Tree, at: int) -> str:
    try:
        return Expression.from_tree(tree).text
    except ExpressionError as error:
        raise NotFeel(
            "this", (f"cannot be an expression here: {error.message}", f"无法作为表达式 ({error.message})"), at
        ) from None
