"""Knows how a comparison becomes a closure, quick where its operands allow; must not know other operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from servflow.errors import ExpressionError
from servflow.expressions import _quick as quick
from servflow.expressions._builtins import COERCED, coerced
from servflow.expressions._faults import fault, placed
from servflow.expressions._nodes import EQUALITY, IN, Call, Const, ListOf, Name, Node, is_null
from servflow.expressions._operators import contained, equal, ordering
from servflow.expressions._reading import Run
from servflow.expressions._reads import told
from servflow.expressions._types import Types, kind_at
from servflow.expressions._values import TYPE_NAMES, admit


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


def comparison(node: Call, around: Around) -> Run:
    """
    The closure of ``== != < <= > >=`` or ``in``.

    Lenient: with null on either side it is false, but for ``== null`` and ``!= null`` written so. Demanding: an error,
    but for these two.
    """
    condition = around.mode.lenient or around.mode.demanding
    left, right = node.args
    if condition and node.function in EQUALITY and (is_null(left) or is_null(right)):
        return _null_test(around.nullable(left if is_null(right) else right), equals=node.function == "_==_")
    decide = _decision(node.function)
    if condition and not around.framed:
        short = _short(node, around, decide)
        if short is not None:
            return short
    return _general(node, around, decide)


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


def _short(node: Call, around: Around, decide: Decide) -> Run | None:
    left, right = node.args
    if not _free(left, around):
        return None
    function, position = node.function, node.position
    assert isinstance(left, Name)
    wanted = kind_at(around.shared.types, left)
    demanding, type_names = around.mode.demanding, around.shared.type_names

    def settle(one: Any, two: Any) -> bool:
        if one is None or two is None:
            if demanding:
                empty = left if one is None else right
                raise fault("null", name=told(empty, type_names), position=empty.position)
            return False
        try:
            return decide(_formed(wanted, one), admit(two), None)
        except ExpressionError as error:
            raise placed(error, position)  # noqa: B904 - the same error, told where

    if isinstance(right, Const):
        constant = right.value

        def slow(value: Any) -> bool:
            return settle(value, constant)

        if type(constant) is str and function == "_==_":
            return quick.text_equals(left.name, constant, slow)
        if type(constant) is str and function == "_!=_":
            return quick.text_differs(left.name, constant, slow)
        if type(constant) is int and function != IN:
            return quick.number_compares(left.name, function, constant, slow)
        return None
    if function == IN and isinstance(right, ListOf) and right.items and all(_is_text(item) for item in right.items):
        texts = [item.value for item in right.items if isinstance(item, Const)]
        return quick.text_among(left.name, frozenset(texts), lambda value: settle(value, texts))
    if function != IN and _free(right, around) and wanted not in COERCED:
        assert isinstance(right, Name)
        if kind_at(around.shared.types, right) not in COERCED:
            return quick.names_compare(left.name, right.name, function, settle)
    return None


def _is_text(node: Node) -> bool:
    return isinstance(node, Const) and type(node.value) is str


def _free(node: Node, around: Around) -> bool:
    return isinstance(node, Name) and node.name not in TYPE_NAMES and id(node) not in around.shared.type_names


def _formed(wanted: str, value: Any) -> Any:
    return coerced(wanted, admit(value)) if wanted in COERCED else admit(value)
