"""Knows how cells and expressions of a table are said in FEEL, and refuses what cannot be; must not know XML or documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import define, field

from servflow.errors import ExpressionError, shown
from servflow.expressions import Expression, Function
from servflow.integrations._feel_read import NotFeel
from servflow.rules import Input, Output
from servflow.rules._cells import Atom, CellProblem, Operand, Test, operand, read_cell

Tree = dict[str, Any]

_KEYWORDS = frozenset({"if", "then", "else", "and", "or", "not", "between", "in", "instance", "true", "false", "null"}) | {
    "for",
    "some",
    "every",
    "return",
    "satisfies",
    "function",
    "external",
}
_NAME = re.compile(r"[^\W\d]\w*(?: \w+)*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BINARY = {"_==_": ("=", 3), "_<_": ("<", 3), "_<=_": ("<=", 3), "_>_": (">", 3), "_>=_": (">=", 3)}
_SUMS = {"_+_": ("+", 4), "_-_": ("-", 4), "_*_": ("*", 5)}
_METHODS = {"contains": "contains", "startsWith": "starts with", "endsWith": "ends with"}
_ORDERED = ("_<_", "_<=_", "_>_", "_>=_")
_LOOSE, _OR, _AND, _COMPARED, _ADDED, _MULTIPLIED, _TIGHT = range(7)

Written = tuple[str, int]


def refused(what: str, en: str = "has no counterpart in FEEL", zh: str = "在 FEEL 中没有对应") -> NotFeel:
    """The refusal of something that cannot be said in FEEL."""
    return NotFeel(what, (en, zh))


def feel_string(text: str) -> str:
    """A text as a FEEL literal."""
    return '"' + "".join(_ESCAPES.get(sign) or (sign if sign.isprintable() else _coded(sign)) for sign in text) + '"'


def _coded(sign: str) -> str:
    return f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):06X}"


def feel_value(value: Any) -> str:
    """
    A constant as a FEEL literal.

    Raises:
        NotFeel: FEEL has no such value.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return feel_string(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if number.is_finite():
            return format(number, "f")
    if isinstance(value, datetime):
        return f'date and time("{value.astimezone(UTC).isoformat().replace("+00:00", "Z")}")'
    if isinstance(value, timedelta):
        return f'duration("{_duration(value)}")'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(feel_value(item) for item in value) + "]"
    raise refused(f"the value {shown(value)}")


def _duration(value: timedelta) -> str:
    micros = abs(value) // timedelta(microseconds=1)
    seconds, rest = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    part = f".{rest:06d}".rstrip("0") if rest else ""
    clock = "".join(
        (f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}{part}S" if seconds or rest else "")
    )
    body = f"{days}D" if days else ""
    body += f"T{clock}" if clock else ""
    return f"{'-' if value < timedelta() else ''}P{body or 'T0S'}"


@define
class Speaker:
    """
    Says the cells of one table in FEEL and gathers which names and tables they read.

    ``outputs`` gives for every table that is written along the names of its outputs; None of a table that gives no single
    result.
    """

    functions: Mapping[str, Function] | None = None
    outputs: Mapping[str, tuple[str, ...] | None] = field(factory=dict)
    reads: dict[str, None] = field(factory=dict)
    tables: dict[str, None] = field(factory=dict)

    def source(self, column: Input) -> str:
        """
        What an input column reads.

        Raises:
            NotFeel: it cannot be said.
        """
        text = column.name if column.expr is None else column.expr
        try:
            expression = Expression.parse(text, functions=self.functions)
        except ExpressionError as error:
            if column.expr is None and _NAME.fullmatch(text):
                return self._field(text)
            raise refused(repr(text[:60]), f"is no expression: {error.message}", f"不是表达式 ({error.message})") from None
        return self._value(expression)

    def expression(self, expression: Expression) -> str:
        """
        An expression in FEEL.

        Raises:
            NotFeel: it cannot be said.
        """
        return self._tree(expression.tree, truth=expression.type == "bool")[0]

    def input_cell(self, text: str, kind: str | None) -> str:
        """
        Unary tests for an input cell.

        Args:
            text: the cell.
            kind: the type of the column, where known.

        Raises:
            NotFeel: they cannot be said.
        """
        try:
            test = read_cell(text, self.functions)
        except CellProblem as problem:  # never of a table that was made
            raise refused(repr(text[:60]), problem.problem, problem.problem) from None
        if kind == "decimal":
            test = test.as_decimal()
        if not test.atoms:
            return "-"
        if any(atom.kind == "differs" for atom in test.atoms):
            return self._differing(test, kind)
        written = ", ".join(self._atom(atom, kind) for atom in test.atoms)
        return f"not({written})" if test.negated else written

    def output_cell(self, text: str, output: Output) -> str:
        """
        An output entry for an output cell.

        Raises:
            NotFeel: it cannot be said.
        """
        if text in ("", "-"):
            return feel_value(output.default)
        try:
            part = operand(text, self.functions)
        except CellProblem as problem:  # never of a table that was made
            raise refused(repr(text[:60]), problem.problem, problem.problem) from None
        if part.expression is not None:
            return self._value(part.expression)
        return self._operand(part.as_decimal() if output.type == "decimal" else part)

    def _value(self, expression: Expression) -> str:
        """An expression whose value counts: where a condition finds nothing it is false here, and null in FEEL."""
        said = self.expression(expression)
        return said if expression.type != "bool" or _decided(expression.tree) else f"if {said} then true else false"

    # cells ----------------------------------------------------------------------------------------------------------

    def _differing(self, test: Test, kind: str | None) -> str:
        if len(test.atoms) > 1:
            raise refused("'!=' among alternatives")
        low = test.atoms[0].low
        assert low is not None
        if low.expression is not None and kind in (None, "any", "bool") and low.expression.type in ("bool", "dyn"):
            raise refused("'!=' a condition")
        written = self._operand(low)
        return written if test.negated else f"not({written})"

    def _atom(self, atom: Atom, kind: str | None) -> str:
        if atom.kind == "range":
            low = None if atom.low is None else self._operand(atom.low)
            high = None if atom.high is None else self._operand(atom.high)
            if low is None:
                return f"{'<=' if atom.high_closed else '<'} {high}"
            if high is None:
                return f"{'>=' if atom.low_closed else '>'} {low}"
            return f"{'[' if atom.low_closed else '('}{low}..{high}{']' if atom.high_closed else ')'}"
        part = atom.low
        assert part is not None
        if part.expression is not None and part.expression.type == "bool" and kind in (None, "any", "bool"):
            raise NotFeel(
                f"the condition {part.text[:60]!r}",
                ("stands in a column whose values may be true or false themselves", "所在列的值本身可能是布尔值"),
                0,
                ("give the column a type", "请为该列指定类型"),
            )
        return self._operand(part)

    def _operand(self, part: Operand) -> str:
        if part.expression is None:
            return part.text if isinstance(part.constant, float) else feel_value(part.constant)
        return self.expression(part.expression)

    # expressions: their height is bounded by the parser ------------------------------------------------------------

    def _tree(self, tree: Any, *, truth: bool) -> Written:
        if "const" in tree:
            if tree.get("type") == "bytes":
                raise refused("bytes")
            written = feel_value(tree["const"])
            return written, _TIGHT if not written.startswith("-") else _MULTIPLIED
        if "name" in tree:
            return self._field(tree["name"]), _TIGHT
        if "select" in tree or tree.get("call") == "_[_]":
            return self._path(tree), _TIGHT
        if "has" in tree:
            return f"{self._path({'select': tree['has'], 'of': tree['of']})} != null", _COMPARED
        if "list" in tree:
            return "[" + ", ".join(self._tree(item, truth=False)[0] for item in tree["list"]) + "]", _TIGHT
        if "macro" in tree or "map" in tree:
            raise refused(f"the macro {tree['macro']}()" if "macro" in tree else "a map")
        return self._call(tree, truth=truth)

    def _call(self, tree: Tree, *, truth: bool) -> Written:
        call, args = tree["call"], tree.get("args", [])
        if call in ("_&&_", "_||_"):
            level, word = (_AND, " and ") if call == "_&&_" else (_OR, " or ")
            return word.join(self._within(arg, level + 1, truth=True) for arg in args), level
        if call in _BINARY or call in _SUMS:
            sign, level = (_BINARY | _SUMS)[call]
            left = level + 1 if call in _BINARY else level
            return f"{self._within(args[0], left)} {sign} {self._within(args[1], level + 1)}", level
        if call == "_!=_":
            return self._unequal(args, truth=truth)
        if call == "!_":
            return self._negated(args[0])
        if call == "_?_:_":
            asked = self._tree(args[0], truth=truth)[0]
            yes, no = (self._tree(arg, truth=truth)[0] for arg in args[1:])
            return f"if {asked} then {yes} else {no}", _LOOSE
        if call == "-_":
            return f"-{self._within(args[0], _TIGHT)}", _MULTIPLIED
        if call == "_in_":
            if "list" not in args[1]:
                raise refused("'in' a list that is not written out")
            items = ", ".join(self._within(item, _ADDED) for item in args[1]["list"])
            return f"{self._within(args[0], _ADDED)} in ({items})", _COMPARED
        return self._function(tree, call, args)

    def _function(self, tree: Tree, call: str, args: list[Tree]) -> Written:
        if call == "_/_" and any(_is_exact(arg) for arg in args):
            parts = [arg["args"][0] if _is_exact(arg) and "const" not in arg["args"][0] else arg for arg in args]
            left, right = self._within(parts[0], _MULTIPLIED), self._within(parts[1], _MULTIPLIED + 1)
            return f"{left} / {right}", _MULTIPLIED
        if call == "_/_":
            raise refused("'/'", "may cut off what is left of whole numbers, which FEEL keeps", "可能舍去 FEEL 会保留的余数")
        if call == "dyn" and len(args) == 1:
            return self._tree(args[0], truth=False)
        if call in _METHODS and "target" in tree and len(args) == 1:
            said = [self._tree(part, truth=False)[0] for part in (tree["target"], args[0])]
            return f"{_METHODS[call]}({', '.join(said)})", _TIGHT
        if call in ("timestamp", "duration", "decimal") and len(args) == 1 and isinstance(args[0].get("const"), (str, int)):
            try:
                written = feel_value(Expression.from_tree(tree).evaluate({}))
            except ExpressionError as error:
                raise refused(f"{call}()", error.message, error.message) from None
            return written, _TIGHT if not written.startswith("-") else _MULTIPLIED
        shown_as = {"_%_": "'%'"}.get(call, f"the function {call}()")
        raise refused(shown_as)

    def _within(self, tree: Tree, least: int, *, truth: bool = False) -> str:
        text, level = self._tree(tree, truth=truth)
        return text if level >= least else f"({text})"

    def _unequal(self, args: list[Tree], *, truth: bool) -> Written:
        left, right = (self._within(arg, _ADDED) for arg in args)
        plain = f"{left} != {right}"
        if {"const": None} in args or not truth:
            return plain, _COMPARED
        # In a condition nothing is unequal to null here; in FEEL every value is.
        known = [f"{text} != null" for text, arg in zip((left, right), args, strict=True) if "const" not in arg]
        return " and ".join([*known, plain]), _AND

    def _negated(self, tree: Tree) -> Written:
        call, args = tree.get("call"), tree.get("args", [])
        if call == "_==_":
            return f"{self._within(args[0], _ADDED)} != {self._within(args[1], _ADDED)}", _COMPARED
        if call == "_in_":
            return f"not({self._tree(tree, truth=True)[0]})", _TIGHT
        if "name" in tree or "select" in tree:
            return f"{self._tree(tree, truth=True)[0]} != true", _COMPARED
        what = {"_<_": "'<'", "_<=_": "'<='", "_>_": "'>'", "_>=_": "'>='"}.get(call or "", "this")
        raise refused(f"'!' of {what}", "holds for null here and not in FEEL", "此处对 null 成立而 FEEL 中不成立")

    def _path(self, tree: Tree) -> str:
        path: list[str] = []
        while "name" not in tree:
            if "select" in tree:
                path.append(tree["select"])
                tree = tree["of"]
            elif tree.get("call") == "_[_]" and isinstance(tree["args"][1].get("const"), str):
                path.append(tree["args"][1]["const"])
                tree = tree["args"][0]
            else:
                raise refused("an index")
        path.append(tree["name"])
        path.reverse()
        if path[0] == "table":
            return self._other(path)
        for part in path:
            _nameable(part)
        self.reads[path[0]] = None
        return ".".join(path)

    def _other(self, path: list[str]) -> str:
        asked = ".".join(path)
        name = path[1] if len(path) > 1 else ""
        outputs = self.outputs.get(name)
        if outputs is None or len(path) != 3 or path[2] not in outputs:
            raise NotFeel(
                asked[:80],
                ("is no result of a table that is written along", "不是一同写出的决策表的结果"),
                0,
                ("write both tables into one document, and read one output of a single result", "请将两张表写入同一文档"),
            )
        _nameable(name)
        self.tables[name] = None
        return name if len(outputs) == 1 else f"{name}.{_nameable(path[2])}"

    def _field(self, name: str) -> str:
        if name == "table":
            raise refused("the name table")
        self.reads[_nameable(name)] = None
        return name


def _nameable(name: str) -> str:
    if not _NAME.fullmatch(name) or _KEYWORDS & set(name.split()):
        raise refused(f"the name {name[:60]!r}", "is no name in FEEL", "不是 FEEL 的名称")
    return name


def _decided(tree: Tree) -> bool:
    """Whether FEEL too says true or false of a condition, whatever is null."""
    call, args = tree.get("call"), tree.get("args", [])
    if call in ("_&&_", "_||_"):
        return all(_decided(arg) for arg in args)
    if call == "_?_:_":
        return _decided(args[1]) and _decided(args[2])
    return call in ("_==_", "_!=_", "!_", "_in_") or "has" in tree or "const" in tree


def _is_exact(tree: Tree) -> bool:
    return tree.get("call") == "decimal"
