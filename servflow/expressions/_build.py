"""Knows how nodes are put together within the bounds; must not know where they come from."""

from __future__ import annotations

import math

from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._nodes import AND, NEGATE, OR, Call, Const, ListOf, Macro, MapOf, Node, Select
from servflow.expressions._values import Uint, short


def _height(parts: tuple[Node, ...], position: int) -> int:
    height = 1 + max((part.height for part in parts), default=0)
    if height > limits.MAX_HEIGHT:
        raise fault("too_tall", limit=limits.MAX_HEIGHT, position=position)
    return height


def _counted(count: int, what: str, position: int) -> None:
    if count > limits.MAX_ITEMS:
        raise fault("too_many", what=what, limit=limits.MAX_ITEMS, position=position)


def call(function: str, args: tuple[Node, ...], position: int, *, method: bool = False) -> Node:
    """
    A call in canonical form.

    Nested ``&&`` (``||``) become one: the operator is associative, errors included. The minus of a
    numeric literal becomes part of the literal.
    """
    if function in (AND, OR):
        flat: list[Node] = []
        for arg in args:
            flat.extend(arg.args if isinstance(arg, Call) and arg.function == function else (arg,))
        args = tuple(flat)
    elif function == NEGATE and isinstance(args[0], Const):
        value = args[0].value
        if (type(value) is int and value >= 0) or (type(value) is float and math.copysign(1.0, value) > 0):
            return Const(-value, position)
    _counted(len(args), f"arguments of {function}", position)
    return Call(function, args, method, position, _height(args, position))


def select(operand: Node, field: str, position: int, *, test: bool = False) -> Select:
    """The field of an operand, or the question whether it has one."""
    return Select(operand, field, test, position, _height((operand,), position))


def list_of(items: tuple[Node, ...], position: int) -> ListOf:
    """A list literal."""
    _counted(len(items), "elements of a list", position)
    return ListOf(items, position, _height(items, position))


def map_of(entries: tuple[tuple[Node, Node], ...], position: int) -> MapOf:
    """A map literal."""
    _counted(len(entries), "entries of a map", position)
    return MapOf(entries, position, _height(tuple(part for entry in entries for part in entry), position))


def macro(name: str, target: Node, variable: str, args: tuple[Node, ...], *, position: int) -> Macro:
    """A macro with its variable."""
    return Macro(name, target, variable, args, position, _height((target, *args), position))


def integer(value: int, position: int, *, unsigned: bool = False) -> Const:
    """An integer literal, refused outside 64 bits."""
    if unsigned:
        if not 0 <= value <= limits.UINT_MAX:
            raise fault("literal_range", literal=f"{short(value)}u", kind="uint", position=position)
        return Const(Uint(value), position)
    if not limits.INT_MIN <= value <= limits.INT_MAX:
        raise fault("literal_range", literal=short(value), kind="int", position=position)
    return Const(value, position)
