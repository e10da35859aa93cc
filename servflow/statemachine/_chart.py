"""Knows a checked chart as arrays in document order; must not know how it was written down or how a step is cached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any

from attrs import field, frozen

ROOT = 0


class Kind(IntEnum):
    """What a node of the chart is; the root counts as compound."""

    ATOMIC = 0
    COMPOUND = 1
    PARALLEL = 2
    FINAL = 3
    SHALLOW = 4
    DEEP = 5


HISTORIES = (Kind.SHALLOW, Kind.DEEP)
LEAVES = (Kind.ATOMIC, Kind.FINAL)


@frozen
class Row:
    """
    One transition as it was given: what it listens to, where it may start, where it leads.

    ``events`` is None for an eventless transition. ``sources`` holds node numbers, the root for ``"*"``.
    ``targets`` is empty for a targetless transition. ``guard`` has ``test(bindings) -> bool`` and ``text``.
    """

    events: tuple[str, ...] | None
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    internal: bool = False
    guard: Any = None


@frozen
class Arm:
    """
    A transition seen from one of its sources, which is what the algorithm of the Recommendation calls a transition.

    ``targets`` decide how much is left; ``entry`` is the same without states that other targets lie in.
    """

    row: int
    source: int
    targets: tuple[int, ...]
    entry: tuple[int, ...]
    internal: bool


@frozen
class Chart:
    """
    The tree of states by node number, numbered in document order with the root at 0.

    Everything below a node lies in one run of numbers, so ``node < other <= last[node]`` tells descent.
    ``entry`` is where a compound state starts, or what a history state falls back to.
    """

    ids: tuple[str, ...]
    parent: tuple[int, ...]
    kind: tuple[Kind, ...]
    last: tuple[int, ...]
    entry: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...]
    children: tuple[tuple[int, ...], ...] = field(eq=False)
    histories: tuple[tuple[int, ...], ...] = field(eq=False)
    arms: tuple[Arm, ...] = field(eq=False)
    arms_of: tuple[tuple[int, ...], ...] = field(eq=False)
    number: dict[str, int] = field(eq=False)

    def below(self, node: int, ancestor: int) -> bool:
        """Whether a node is a proper descendant of another."""
        return ancestor < node <= self.last[ancestor]

    def chain(self, node: int) -> Iterator[int]:
        """The node, its parent and so on up to and including the root."""
        while node >= 0:
            yield node
            node = self.parent[node]

    def closure(self, leaves: Iterable[int]) -> set[int]:
        """These nodes with everything above them, the root left out."""
        active: set[int] = set()
        for node in leaves:
            while node > ROOT and node not in active:
                active.add(node)
                node = self.parent[node]
        return active

    def names(self, nodes: Iterable[int]) -> tuple[str, ...]:
        """The ids of nodes, in the order given."""
        return tuple(self.ids[node] for node in nodes)


def last_nodes(parent: tuple[int, ...]) -> tuple[int, ...]:
    """For every node the highest number in its subtree."""
    last = list(range(len(parent)))
    for node in range(len(parent) - 1, ROOT, -1):
        above = parent[node]
        last[above] = max(last[above], last[node])
    return tuple(last)


def innermost(parent: tuple[int, ...], nodes: tuple[int, ...]) -> tuple[int, ...]:
    """The nodes that contain none of the others, each once, in the order given."""
    above: set[int] = set()
    for node in nodes:
        node = parent[node]
        while node > ROOT and node not in above:
            above.add(node)
            node = parent[node]
    return tuple(dict.fromkeys(node for node in nodes if node not in above))
