"""Knows how values fall into regions that conditions cannot tell apart; must not know any state or move."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs

from servflow.errors import ExpressionError
from servflow.expressions import Expression, Function
from servflow.model import Field, ValueProblem

_COMPARISONS = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
_ORDERINGS = frozenset({"_<_", "_<=_", "_>_", "_>=_"})
MAX_CONSTANTS = 40
"""How many constants one name may be compared with before its values are taken as unknown."""

Functions = Mapping[str, Function]
Lookup = Callable[[str], "Region | None"]


@attrs.frozen(eq=False)
class Region:
    """Values that no condition tells apart: one of them to stand for all, and whether it is the only one."""

    value: Any
    single: bool


@attrs.frozen(eq=False)
class Domain:
    """All regions of one name; ``place`` finds the region of a value."""

    name: str
    regions: tuple[Region, ...]
    place: Callable[[Any], int | None]


NULL = Region(None, True)


@attrs.define
class Mentions:
    """What conditions compare one name with."""

    constants: list[Any] = attrs.field(factory=list)
    ordered: bool = False


# conditions ---------------------------------------------------------------------------------------------------


@attrs.define(eq=False)
class Leaf:
    """A part of a condition without and, or, not: what it reads and how it is asked."""

    expression: Expression
    reads: tuple[str, ...]
    simple: bool
    answers: dict[tuple[int, ...], bool | None] = attrs.field(factory=dict)
    held: list[Region] = attrs.field(factory=list)  # keeps regions alive, whose ids the answers are filed under

    def ask(self, lookup: Lookup) -> bool | None:
        """Whether it holds; None where the regions do not tell."""
        regions = []
        for name in self.reads:
            region = lookup(name)
            if region is None or not (region.single or self.simple):
                return None
            regions.append(region)
        key = tuple(id(region) for region in regions)
        if key not in self.answers:
            self.held.extend(regions)
            self.answers[key] = self._test(regions)
        return self.answers[key]

    def _test(self, regions: list[Region]) -> bool | None:
        try:
            return self.expression.test(bindings(zip(self.reads, (region.value for region in regions), strict=True)))
        except ExpressionError:
            return None


def bindings(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by dotted name as nested mappings."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        *outer, last = name.split(".")
        inside = out
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return out


@attrs.frozen(eq=False)
class Question:
    """A condition taken apart at its ands, ors and nots, to be asked of regions."""

    text: str
    root: Any
    reads: frozenset[str]

    def ask(self, lookup: Lookup, active: Callable[[str], bool]) -> bool | None:
        """
        Whether the condition holds; None where that is not known.

        Args:
            lookup: name -> its region, or None.
            active: whether a state is active.
        """
        return _ask(self.root, lookup, active)


def _ask(node: Any, lookup: Lookup, active: Callable[[str], bool]) -> bool | None:
    # Recursion follows the nesting of an expression, which its parser limits.
    kind = node[0]
    if kind == "leaf":
        found: bool | None = node[1].ask(lookup)
        return found
    if kind == "state":
        return active(node[1])
    if kind == "const":
        constant: bool = node[1]
        return constant
    if kind == "not":
        inner = _ask(node[1], lookup, active)
        return None if inner is None else not inner
    if kind == "if":
        chosen = _ask(node[1], lookup, active)
        if chosen is not None:
            return _ask(node[2 if chosen else 3], lookup, active)
        one, other = _ask(node[2], lookup, active), _ask(node[3], lookup, active)
        return one if one is other else None
    decisive = kind == "or"
    unknown = False
    for part in node[1]:
        answer = _ask(part, lookup, active)
        if answer is decisive:
            return decisive
        unknown = unknown or answer is None
    return None if unknown else not decisive


def question(expression: Expression, functions: Functions, mentions: dict[str, Mentions]) -> Question:
    """Take a condition apart; what its parts compare names with is added to *mentions*."""
    return Question(
        expression.text, _taken_apart(expression.tree, functions, mentions, strict=expression.strict), expression.reads
    )


def _taken_apart(tree: Any, functions: Functions, mentions: dict[str, Mentions], *, strict: bool) -> Any:
    call, args = tree.get("call"), tree.get("args", ())
    if call in ("_&&_", "_||_"):
        return (
            "and" if call == "_&&_" else "or",
            tuple(_taken_apart(part, functions, mentions, strict=strict) for part in args),
        )
    if call == "!_":
        return ("not", _taken_apart(args[0], functions, mentions, strict=strict))
    if call == "_?_:_":
        return ("if", *(_taken_apart(part, functions, mentions, strict=strict) for part in args))
    if call == "in_state" and "target" not in tree and "in_state" not in _hidden(functions):
        return ("state", args[0].get("const"))
    if isinstance(tree.get("const"), bool):
        return ("const", tree["const"])
    expression = Expression.from_tree(tree, functions=functions, strict=strict)
    reads = tuple(sorted(expression.reads))
    simple = len(reads) == 1 and _simple(tree, reads[0], functions, mentions)
    for name in reads:
        mentions.setdefault(name, Mentions())
    return ("leaf", Leaf(expression, reads, simple))


def _hidden(functions: Functions) -> frozenset[str]:
    return frozenset(name for name, function in functions.items() if function.context is None)


def _simple(tree: Any, name: str, functions: Functions, mentions: dict[str, Mentions]) -> bool:
    """Whether a part only compares a name with constants, so that regions decide it; the constants are kept."""
    if path(tree) == name:
        return True  # a bool by itself
    if "has" in tree:
        return path({"select": tree["has"], "of": tree["of"]}) == name
    call, args = tree.get("call"), tree.get("args", ())
    if call in _COMPARISONS:
        left, right = args
        other = right if path(left) == name else left if path(right) == name else None
        constants = None if other is None else _constants(other, functions)
    elif call == "_in_" and path(args[0]) == name and "list" in args[1]:
        each = [_constants(item, functions) for item in args[1]["list"]]
        constants = None if any(found is None for found in each) else [one for found in each for one in found or ()]
    else:
        return False
    if constants is None:
        return False
    known = mentions.setdefault(name, Mentions())
    known.constants.extend(value for value in constants if value is not None)
    known.ordered = known.ordered or call in _ORDERINGS
    return True


def path(tree: Any) -> str | None:
    """The dotted name a tree reads; None where it is something else."""
    steps: list[str] = []
    while "select" in tree:
        steps.append(tree["select"])
        tree = tree["of"]
    return ".".join([tree["name"], *reversed(steps)]) if "name" in tree else None


def _constants(tree: Any, functions: Functions) -> list[Any] | None:
    try:
        made = Expression.from_tree(tree, functions=functions)
        return None if made.reads or made.asks else [made.evaluate({})]
    except ExpressionError:
        return None


# domains ------------------------------------------------------------------------------------------------------


def domain(name: str, spec: Field, known: Mentions, bounds: tuple[int, int] | None = None) -> Domain | None:
    """
    The regions of a name by its type and by what it is compared with; None where they cannot be told.

    Null comes last. *bounds* limit whole numbers.
    """
    if spec.type == "bool":
        return _listed(name, (False, True))
    if spec.one_of:
        return _listed(name, spec.allowed)
    constants = _distinct(spec, known.constants)
    if len(constants) > MAX_CONSTANTS or spec.type not in _ORDERED:
        return None
    if spec.type == "string":
        return None if known.ordered else _worded(name, constants)
    try:
        return _ranged(name, spec.type, sorted(constants), bounds)
    except (TypeError, ValueError, ArithmeticError):
        return None


def _distinct(spec: Field, constants: list[Any]) -> list[Any]:
    found: list[Any] = []
    for constant in constants:
        value = constant
        if spec.type == "decimal" and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = Decimal(str(value))
        if not isinstance(value, _OWN.get(spec.type, object)) or (isinstance(value, bool) and spec.type in _OWN):
            continue  # never equal to a value of this type: what else has the name elsewhere is compared with it
        if value not in found:
            found.append(value)
    return found


def _listed(name: str, values: tuple[Any, ...]) -> Domain:
    regions = (*(Region(value, True) for value in values), NULL)

    def place(value: Any) -> int | None:
        if value is None:
            return len(values)
        return next((index for index, held in enumerate(values) if held == value and type(held) is type(value)), None)

    return Domain(name, regions, place)


def _worded(name: str, constants: list[Any]) -> Domain:
    fresh = "other" if name != "assignee" else "somebody"
    while fresh in constants:
        fresh += "_"
    regions = (*(Region(value, True) for value in constants), Region(fresh, False), NULL)

    def place(value: Any) -> int | None:
        if value is None:
            return len(constants) + 1
        if not isinstance(value, str):
            return None
        return constants.index(value) if value in constants else len(constants)

    return Domain(name, regions, place)


_NUMBERS = (int, float, Decimal)
_OWN: Mapping[str, Any] = {"string": str, "int": _NUMBERS, "uint": _NUMBERS, "decimal": _NUMBERS, "double": _NUMBERS}
"""Type -> what its values are compared with."""

_ORDERED: Mapping[str, Any] = {
    "string": None,
    "int": 1,
    "uint": 1,
    "decimal": Decimal(1),
    "double": 1.0,
    "duration": timedelta(hours=1),
    "timestamp": timedelta(days=1),
}
"""Type -> a step that leads out of the range of the constants."""


def _ranged(name: str, kind: str, constants: list[Any], bounds: tuple[int, int] | None) -> Domain:
    """One region for each constant and one for each stretch between them; for whole numbers empty stretches are left out."""
    whole = kind in ("int", "uint")
    low, high = bounds or ((0, 2**64 - 1) if kind == "uint" else (-(2**63), 2**63 - 1))
    step = _ORDERED[kind]
    regions: list[Region] = []
    codes: dict[int, int] = {}
    for code in range(2 * len(constants) + 1):
        region = _stretch(kind, constants, code, step)
        if whole:
            region = _whole(constants, code, low, high)
        if region is not None:
            codes[code] = len(regions)
            regions.append(region)
    regions.append(NULL)
    nan = None
    if kind == "double":
        nan = len(regions)
        regions.append(Region(float("nan"), True))

    def place(value: Any) -> int | None:
        if value is None:
            return codes_null
        if isinstance(value, float) and value != value:  # noqa: PLR0124 - only NaN differs from itself
            return nan
        try:
            index = bisect_left(constants, value)
            return codes.get(2 * index + 1 if index < len(constants) and constants[index] == value else 2 * index)
        except TypeError:
            return None

    codes_null = len(regions) - (2 if nan is not None else 1)
    return Domain(name, tuple(regions), place)


def _stretch(kind: str, constants: list[Any], code: int, step: Any) -> Region | None:
    if not constants:
        start = {"duration": timedelta(hours=1), "decimal": Decimal(1), "double": 1.0}.get(kind)
        return None if start is None else Region(start, False)
    index, on = divmod(code, 2)
    if on:
        value = constants[index]
        return Region(float(value) if kind == "double" else value, True)
    if index == 0:
        return Region(constants[0] - step, False)
    if index == len(constants):
        return Region(constants[-1] + step, False)
    middle = constants[index - 1] + (constants[index] - constants[index - 1]) / 2
    return Region(middle, False)


def _whole(constants: list[Any], code: int, low: int, high: int) -> Region | None:
    index, on = divmod(code, 2)
    if on:
        value = constants[index]
        return Region(int(value), True) if value == int(value) and low <= value <= high else None
    first = low if index == 0 else max(low, _floor(constants[index - 1]) + 1)
    last = high if index == len(constants) else min(high, -_floor(-constants[index]) - 1)
    if first > last:
        return None
    near = last if index == 0 and constants else first
    if not constants:
        near = min(max(1, low), high)
    return Region(near, first == last)


def _floor(value: Any) -> int:
    return int(value // 1)


def value_of(expression: Expression, lookup: Lookup) -> tuple[bool, Any]:
    """The value of an expression where what it reads is known exactly: whether it is, and the value."""
    pairs = []
    for name in sorted(expression.reads):
        region = lookup(name)
        if region is None or not region.single:
            return False, None
        pairs.append((name, region.value))
    if expression.asks:
        return False, None
    try:
        return True, expression.value(bindings(pairs))
    except ExpressionError:
        return False, None


def fits(spec: Field, value: Any) -> tuple[bool, Any]:
    """A value as a field holds it: whether it fits, and the value."""
    try:
        return True, spec.convert(value)
    except ValueProblem:
        return False, None


__all__ = [
    "NULL",
    "Domain",
    "Leaf",
    "Lookup",
    "Mentions",
    "Question",
    "Region",
    "bindings",
    "domain",
    "fits",
    "path",
    "question",
    "value_of",
]
