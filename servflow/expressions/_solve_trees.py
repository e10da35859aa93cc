"""Knows how the parts of a condition make up what it may come to; must not know what any part asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

YES, NO, FAULT = 1, 2, 4
ANY = YES | NO | FAULT
"""What a part may still come to, as a set of bits; a fault is an evaluation that fails."""

Tree: TypeAlias = "tuple[str, Any]"
"""``("atom", index)``, ``("known", bits)``, ``("and", parts)``, ``("or", parts)``, ``("not", part)``, ``("if", parts)``."""


def negated(tree: Tree) -> Tree:
    """What ``!`` makes of a tree, pushed down to the atoms; ``!(a || b)`` fails exactly where ``!a && !b`` does."""
    sort, inner = tree
    if sort == "not":
        unturned: Tree = inner
        return unturned
    if sort == "known":
        return ("known", (inner & FAULT) | (YES if inner & NO else 0) | (NO if inner & YES else 0))
    if sort in ("and", "or"):
        return ("or" if sort == "and" else "and", [negated(part) for part in inner])
    if sort == "if":
        return ("if", [inner[0], negated(inner[1]), negated(inner[2])])
    return ("not", tree)


def come_to(tree: Tree, truth: Sequence[int]) -> int:
    """What a tree may come to, from what its atoms may; trees are as high as expressions may be, which is not much."""
    sort, inner = tree
    if sort == "atom":
        return truth[inner]
    if sort == "known":
        return int(inner)
    if sort == "not":
        bits = come_to(inner, truth)
        return (bits & FAULT) | (YES if bits & NO else 0) | (NO if bits & YES else 0)
    parts = [come_to(part, truth) for part in inner]
    if sort == "if":
        condition, then, otherwise = parts
        return (then if condition & YES else 0) | (otherwise if condition & NO else 0) | (condition & FAULT)
    settles, passes = (NO, YES) if sort == "and" else (YES, NO)
    any_one = 0
    for bits in parts:
        any_one |= bits
    found = any_one & settles
    if all(bits & passes for bits in parts):
        found |= passes
    if any_one & FAULT and all(bits & (passes | FAULT) for bits in parts):
        found |= FAULT
    return found


def undecided(tree: Tree, truth: Sequence[int]) -> int | None:
    """The first atom that still matters to a tree."""
    waiting = [tree]
    while waiting:
        part = waiting.pop(0)
        sort, inner = part
        if sort == "atom":
            if truth[inner] not in (YES, NO, FAULT):
                return int(inner)
        elif sort == "not":
            waiting.insert(0, inner)
        elif sort != "known" and come_to(part, truth) not in (YES, NO, FAULT):
            waiting[:0] = inner
    return None


def atoms_of(tree: Tree) -> set[int]:
    """The atoms a tree is made of."""
    found, waiting = set(), [tree]
    while waiting:
        sort, inner = waiting.pop()
        if sort == "atom":
            found.add(int(inner))
        elif sort == "not":
            waiting.append(inner)
        elif sort != "known":
            waiting.extend(inner)
    return found
