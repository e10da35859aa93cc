"""Knows how a comparison becomes a closure, quick where its operands allow; must not know other operators."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from attrs import evolve

from servflow.errors import ExpressionError
from servflow.expressions import _quick as quick
from servflow.expressions._builtins import COERCED
from servflow.expressions._faults import placed
from servflow.expressions._nodes import EQUALITY, IN, Call, Const, ListOf, Name, Node, is_null, path_of
from servflow.expressions._operators import contained, equal, ordering
from servflow.expressions._reading import Run
from servflow.expressions._types import Types, kind_at
from servflow.expressions._values import TYPE_NAMES, Uint


class _Mode(Protocol):
    @property
    def lenient(self) -> bool: ...

    @property
    def demanding(self) -> bool: ...


class _Shared(Protocol):
    @property
    def types(self) -> Types: ...

    @property
    def type_names(self) -> frozenset[int]: ...


class Around(Protocol):
    """What a comparison needs of the compiler it is part of."""

    @property
    def mode(self) -> _Mode: ...

    @property
    def shared(self) -> _Shared: ...

    framed: bool

    def operand(self, node: Node) -> Run:
        """The closure of an operand."""
        ...

    def folded(self, node: Node) -> Node:
        """The node, or the constant it always comes to."""
        ...

    def nullable(self, node: Node) -> Run:
        """The closure of an operand that null suits, whatever the mode."""
        ...


Decide = Callable[[Any, Any, Any], bool]
"""From two admitted values and what pays for the steps to the result."""


def _decision(function: str) -> Decide:
    if function == IN:
        return contained
    if function == "_==_":
        return equal
    if function == "_!=_":
        return lambda left, right, meter: not equal(left, right, meter)
    order = ordering(function)
    return lambda left, right, meter: order(left, right)


def comparison(node: Call, around: Around, *, negated: bool = False) -> Run:
    """
    The closure of ``== != < <= > >=`` or ``in``.

    Lenient: with null on either side it is false, but for ``== null`` and ``!= null`` written so. Demanding: an error,
    but for these two. With ``negated`` the opposite of all that, as ``!`` before it has it.
    """
    condition = around.mode.lenient or around.mode.demanding
    left, right = node.args
    if condition and node.function in EQUALITY and (is_null(left) or is_null(right)):
        asked = around.nullable(left if is_null(right) else right)
        return _null_test(asked, equals=(node.function == "_==_") != negated)
    general = _general(node, around, _decision(node.function))
    if negated:
        return _opposite(node, around, general)
    return general if around.framed else _short(node, around, general) or general


def _opposite(node: Call, around: Around, general: Run) -> Run:
    """The opposite of a comparison: by the opposite sign where that comes to the same, else of what the comparison gives."""

    def otherwise(env: Any) -> bool:
        return not general(env)

    sign = _AGAINST.get(node.function)
    # Of not-a-number neither < nor >= holds: only what cannot be a double has an opposite order.
    ordered = any(isinstance(side, Const) and type(side.value) in (str, int) for side in node.args)
    doubles = any(kind_at(around.shared.types, side) == "double" for side in node.args)
    if sign is None or around.framed or not (node.function in EQUALITY or (ordered and not doubles)):
        return otherwise
    return _short(evolve(node, function=sign), around, otherwise) or otherwise


_AGAINST = {"_==_": "_!=_", "_!=_": "_==_", "_<_": "_>=_", "_<=_": "_>_", "_>_": "_<=_", "_>=_": "_<_"}


def _null_test(operand: Run, *, equals: bool) -> Run:
    if equals:
        return lambda env: operand(env) is None
    return lambda env: operand(env) is not None


def _general(node: Call, around: Around, decide: Decide) -> Run:
    one, two = around.operand(node.args[0]), around.operand(node.args[1])
    lenient, framed, position = around.mode.lenient, around.framed, node.position

    def run(env: Any) -> bool:
        left, right = one(env), two(env)
        if lenient and (left is None or right is None):
            return False
        try:
            return decide(left, right, env if framed else None)
        except ExpressionError as error:
            raise placed(error, position)  # noqa: B904 - the same error, told where

    return run


def _short(node: Call, around: Around, general: Run) -> Run | None:
    """The short cut for the form of a comparison, if it has one; it leaves to the general way what is not just so."""
    function = node.function
    left, right = (around.folded(arg) for arg in node.args)
    if function == IN:
        return _short_in(left, right, around, general)
    if isinstance(left, Const):
        left, right, function = right, left, _TURNED.get(function, function)
    wanted = kind_at(around.shared.types, left)
    if isinstance(right, Const):
        kind = _kind_beside(right.value, wanted)
        if kind is None:
            return None
        if _free(left, around):
            assert isinstance(left, Name)
            return quick.compares(left.name, function, right.value, kind, general)
        chain = path_of(left)
        if chain is None or len(chain[1]) != 1 or not _free(chain[0], around) or id(left) in around.shared.type_names:
            return None
        return quick.inner_compares((chain[0].name, chain[1][0]), function, right.value, kind, general)
    if not (isinstance(left, Name) and isinstance(right, Name) and _free(left, around) and _free(right, around)):
        return None
    both = {wanted, kind_at(around.shared.types, right)}
    if both == {"double"}:
        return quick.doubles_compare(left.name, right.name, function, general)
    return None if both & COERCED else quick.names_compare(left.name, right.name, function, general)


def _short_in(left: Node, right: Node, around: Around, general: Run) -> Run | None:
    if isinstance(left, Const) and type(left.value) is str and _free(right, around):
        assert isinstance(right, Name)
        return quick.has_text(right.name, left.value, general)
    if not (isinstance(right, ListOf) and right.items and isinstance(left, Name) and _free(left, around)):
        return None
    values = [item.value for item in right.items if isinstance(item, Const)]
    kinds = {type(value) for value in values}
    if len(values) != len(right.items) or len(kinds) != 1 or kind_at(around.shared.types, left) in COERCED:
        return None
    kind = kinds.pop()
    return quick.among(left.name, values, kind, general) if kind in (str, int) else None


def _kind_beside(constant: Any, wanted: str) -> type | None:
    """The Python type of values that are compared with a constant as they are, given the kind the name was declared with."""
    if type(constant) not in _NUMERIC:
        return type(constant)
    return _PLAIN_NUMBERS.get(wanted, type(constant) if wanted == "dyn" and type(constant) is not Uint else None)


_TURNED = {"_<_": "_>_", "_>_": "_<_", "_<=_": "_>=_", "_>=_": "_<=_"}
_NUMERIC = (int, Uint, float, Decimal)
_PLAIN_NUMBERS: dict[str, type] = {"int": int, "double": float, "decimal": Decimal}


def _free(node: Node, around: Around) -> bool:
    return isinstance(node, Name) and node.name not in TYPE_NAMES and id(node) not in around.shared.type_names
