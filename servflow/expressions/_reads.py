"""Knows which names an expression reads; must not know what they hold."""

from __future__ import annotations

from servflow.expressions._nodes import INDEX, Call, Const, Macro, Name, Node, Select, children
from servflow.expressions._supplied import DEPENDS
from servflow.expressions._writing import identifier, write


def reads(node: Node, type_names: frozenset[int]) -> set[str]:
    """
    The longest path from each free name of a part.

    Args:
        node: the part.
        type_names: the ids of the nodes that name a type.
    """
    found: set[str] = set()
    waiting: list[tuple[Node, frozenset[str]]] = [(node, frozenset())]
    while waiting:
        current, hidden = waiting.pop()
        if id(current) in type_names:
            continue
        root, path = _path(current)
        if isinstance(root, Name):
            if id(root) not in type_names and (root.absolute or root.name not in hidden):
                found.add(".".join((root.name, *path)))
            continue
        if isinstance(current, Call) and not current.method and current.function in DEPENDS:
            found.add(DEPENDS[current.function])
        if isinstance(current, Macro):
            waiting.append((current.target, hidden))
            waiting.extend((arg, hidden | {current.variable}) for arg in current.args)
        else:
            waiting.extend((part, hidden) for part in children(current))
    return found


def path_of_reads(node: Node, type_names: frozenset[int]) -> str | None:
    """The dotted name that a part reads where it is nothing but that; ``has(a.b)`` counts as ``a.b``."""
    root, path = _path(node)
    if not isinstance(root, Name) or id(root) in type_names or id(node) in type_names:
        return None
    return ".".join((root.name, *path))


def told(node: Node, type_names: frozenset[int]) -> str:
    """What people call a part: the dotted name it reads, else its text."""
    return path_of_reads(node, type_names) or write(node)


def _path(node: Node) -> tuple[Node, tuple[str, ...]]:
    """The part a chain of fields and constant text keys starts from, and the chain."""
    steps: list[str] = []
    while True:
        if isinstance(node, Select):
            steps.append(node.field)
            node = node.operand
        elif isinstance(node, Call) and node.function == INDEX and _plain_key(node.args[1]):
            key = node.args[1]
            steps.append(key.value if isinstance(key, Const) else "")
            node = node.args[0]
        else:
            return node, tuple(reversed(steps))


def _plain_key(node: Node) -> bool:
    return isinstance(node, Const) and isinstance(node.value, str) and identifier(node.value)
