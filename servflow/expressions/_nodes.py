"""Knows the shapes an expression is made of; must not know how they are written or run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from attrs import frozen

AND = "_&&_"
OR = "_||_"
NOT = "!_"
NEGATE = "-_"
CONDITIONAL = "_?_:_"
INDEX = "_[_]"
IN = "_in_"

EQUALITY = ("_==_", "_!=_")
ORDERING = ("_<_", "_<=_", "_>_", "_>=_")
COMPARISONS = (*EQUALITY, *ORDERING, IN)
ARITHMETIC = ("_+_", "_-_", "_*_", "_/_", "_%_")

# How tightly each binary operator binds, as the specification's table orders them.
PRECEDENCE = {OR: 1, AND: 2, **dict.fromkeys(COMPARISONS, 3), "_+_": 4, "_-_": 4, "_*_": 5, "_/_": 5, "_%_": 5}
ARITY = {NOT: 1, NEGATE: 1, CONDITIONAL: 3, INDEX: 2, **dict.fromkeys((*COMPARISONS, *ARITHMETIC), 2)}
OPERATORS = frozenset((*PRECEDENCE, *ARITY))

MACROS = {"all": (1,), "exists": (1,), "exists_one": (1,), "filter": (1,), "map": (1, 2)}
"""Each macro with the numbers of expressions that may follow its variable."""

# Never a name and never a field; the reserved ones may be fields.
KEYWORDS = frozenset({"false", "in", "null", "true"})
RESERVED = KEYWORDS | frozenset(
    "as break const continue else for function if import let loop namespace package return var void while".split()  # noqa: SIM905 - one line reads better than eighteen quoted words
)


@frozen(eq=False)
class Const:
    """A literal; the value is in the engine's own form, so ``1u`` is a Uint."""

    value: Any
    position: int = 0
    height: int = 1


@frozen(eq=False)
class Name:
    """A free name or a macro's variable; ``absolute`` (a leading dot) passes over the macro's variables."""

    name: str
    absolute: bool = False
    position: int = 0
    height: int = 1


@frozen(eq=False)
class Select:
    """A field of a map; with ``test`` the question whether it is there: ``has(operand.field)``."""

    operand: Node
    field: str
    test: bool
    position: int
    height: int


@frozen(eq=False)
class Call:
    """An operator, function or method, whose receiver is the first argument. ``&&`` and ``||`` take any number from two."""

    function: str
    args: tuple[Node, ...]
    method: bool
    position: int
    height: int


@frozen(eq=False)
class ListOf:
    """A list literal."""

    items: tuple[Node, ...]
    position: int
    height: int


@frozen(eq=False)
class MapOf:
    """A map literal: keys and values in turn."""

    entries: tuple[tuple[Node, Node], ...]
    position: int
    height: int


@frozen(eq=False)
class Macro:
    """``target.macro(variable, *args)``, the args evaluated for each element with the variable bound to it."""

    macro: str
    target: Node
    variable: str
    args: tuple[Node, ...]
    position: int
    height: int


Node: TypeAlias = Const | Name | Select | Call | ListOf | MapOf | Macro


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, in the order they are written."""
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Select):
        return (node.operand,)
    if isinstance(node, ListOf):
        return node.items
    if isinstance(node, Macro):
        return (node.target, *node.args)
    if isinstance(node, MapOf):
        return tuple(part for entry in node.entries for part in entry)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in no promised order."""
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(children(current))


def path_of(node: Node) -> tuple[Name, tuple[str, ...]] | None:
    """The root name and the fields of a chain such as ``a.b.c``; None for anything else."""
    fields: list[str] = []
    while isinstance(node, Select) and not node.test:
        fields.append(node.field)
        node = node.operand
    if isinstance(node, Name):
        return node, tuple(reversed(fields))
    return None


def is_null(node: Node) -> bool:
    """Whether the node is the literal ``null``."""
    return isinstance(node, Const) and node.value is None
