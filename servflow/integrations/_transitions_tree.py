"""Knows the states of a machine of `transitions` as a tree of paths; must not know its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, field

from servflow.errors import InputError, nearest

Path = tuple[str, ...]
"""The names of a state and of those around it, outermost first; a flat machine has paths of one name."""

DEPTH_LIMIT = 50
STATES_LIMIT = 10_000
ITSELF = ""
"""Last name of the path that means: in a state with children, but in none of them."""


@define(eq=False)
class Node:
    """One state: those inside it in document order, and which of them are entered with it."""

    path: Path
    state: Any
    children: tuple[Path, ...] = ()
    starts: tuple[Path, ...] = ()
    parallel: bool = False
    bare: bool = False

    @property
    def final(self) -> bool:
        """Whether the machine calls it final."""
        return bool(getattr(self.state, "final", False))


def name_of_state(state: Any) -> str:
    """The name of a state given as a name, a member of an Enum or a state."""
    return str(getattr(state, "name", state))


def listed(value: Any) -> list[Any]:
    """One value or several, as a list; empty for None."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


@define(eq=False)
class Tree:
    """The states of one machine by path, in document order."""

    separator: str
    nested: bool
    nodes: dict[Path, Node] = field(factory=dict)
    order: list[Path] = field(factory=list)
    place: dict[Path, int] = field(factory=dict)
    resting: dict[Path, list[Path]] = field(factory=dict)

    @classmethod
    def of(cls, machine: Any) -> Tree:
        """
        Read the states of a machine.

        Raises:
            InputError: a state starts in some of its children but not in all, or there are too many or too deep.
        """
        nested = any(hasattr(state, "states") for state in machine.states.values())
        tree = cls(separator=str(getattr(machine.state_cls, "separator", "_")), nested=nested)
        waiting: list[tuple[Path, Any]] = [((name,), state) for name, state in reversed(list(machine.states.items()))]
        while waiting:
            path, state = waiting.pop()
            if len(tree.nodes) >= STATES_LIMIT or len(path) > DEPTH_LIMIT:
                raise InputError(
                    f"the machine has more than {STATES_LIMIT} states or nests them deeper than {DEPTH_LIMIT}",
                    code="integrations.size",
                )
            inside = getattr(state, "states", None) or {}
            tree.place[path] = len(tree.order)
            tree.order.append(path)
            node = tree.nodes[path] = Node(path, state)
            names = [name_of_state(name) for name in listed(getattr(state, "initial", None))] if inside else []
            unknown = [name for name in names if name not in inside]
            if unknown:
                raise tree.no_state(unknown[0], f"initial of {tree.name(path)}", inside)
            if len(names) > 1 and set(names) != set(inside):
                raise InputError(
                    f"state {tree.name(path)} starts in {', '.join(names)} but not in all of {', '.join(inside)}; "
                    "a parallel state of a definition has all of its children: put the others elsewhere",
                    code="integrations.parallel",
                    state=tree.name(path),
                )
            node.parallel = len(names) > 1
            order = names if node.parallel else list(inside)
            node.children = tuple((*path, name) for name in order)
            node.starts = tuple((*path, name) for name in names)
            waiting.extend(((*path, name), inside[name]) for name in reversed(order))
        return tree

    def no_state(self, name: str, where: str, known: Iterable[str]) -> InputError:
        """The error for a name that is no state."""
        close = nearest(name, list(known))
        hint = f"; did you mean {close!r}?" if close else ""
        return InputError(
            f"{where} names {name!r}, which is no state of the machine{hint}", code="integrations.state", state=name
        )

    def name(self, path: Path) -> str:
        """What `transitions` calls the state, and so does the definition where the ticket can rest in it."""
        return self.separator.join(part for part in path if part != ITSELF)

    def key(self, path: Path) -> str:
        """The id in the definition of the state with all that is in it."""
        return f"{self.name(path)}{self.separator}*" if path in self.nodes and self.nodes[path].bare else self.name(path)

    def path(self, name: Any, scope: Path, where: str) -> Path:
        """
        The state a name means inside *scope*.

        Raises:
            InputError: there is none.
        """
        text = name_of_state(name)
        parts = tuple(text.split(self.separator)) if self.nested else (text,)
        for found in ((*scope, *parts), parts):
            if found in self.nodes:
                return found
        raise self.no_state(text, where, map(self.name, self.nodes))

    def initial(self, value: Any) -> list[Path]:
        """
        Where the machine starts, as it was told.

        Raises:
            InputError: it names nothing, or several states that are no regions of one parallel state.
        """
        waiting, found = listed(value), []
        while waiting:
            item = waiting.pop(0)
            if isinstance(item, (list, tuple)):
                waiting = [*item, *waiting]
            else:
                found.append(self.path(item, (), "initial"))
        if not found:
            raise InputError("the machine has no initial state; give it one", code="integrations.initial")
        for first in found:
            for other in found:
                shared = first[: common(first, other)]
                if first != other and not (shared in self.nodes and self.nodes[shared].parallel):
                    raise InputError(
                        f"the machine starts in {self.name(first)} and {self.name(other)} at once, which are not in regions of "
                        "one parallel state; put them into one",
                        code="integrations.parallel",
                    )
        return found

    def mark_bare(self, rests: Iterable[Path]) -> None:
        """Where the machine may rest in a state with children without being in any, that state gets a leaf of its own."""
        for path in rests:
            node = self.nodes[path]
            node.bare = bool(node.children) and not node.starts

    def inside(self, path: Path) -> Iterator[Path]:
        """The state and every state in it, in document order; every state for ()."""
        for index in range(self.place[path] if path else 0, len(self.order)):
            if self.order[index][: len(path)] != path:
                return
            yield self.order[index]

    def leaves(self, path: Path) -> list[Path]:
        """Where the machine can rest in that state."""
        found = self.resting.get(path)
        if found is None:
            found = self.resting[path] = []
            for other in self.inside(path):
                node = self.nodes[other]
                if not node.children:
                    found.append(other)
                elif node.bare:
                    found.append((*other, ITSELF))
        return found

    def above_parallel(self, path: Path) -> Path | None:
        """The region of the innermost parallel state around *path* that it is in, itself included."""
        for length in range(len(path) - 1, 0, -1):
            if self.nodes[path[:length]].parallel:
                return path[: length + 1]
        return None

    def entered(self, target: Path, below: Path) -> list[Path]:
        """What is entered on the way from *below* to *target*, and with it, in the order the machine does it."""
        found = [target[:length] for length in range(len(below) + 1, len(target) + 1)]
        queue = [target]
        while queue:
            starts = self.nodes[queue.pop(0)].starts
            found.extend(starts)
            queue.extend(starts)
        return found

    def certain(self, path: Path) -> set[Path]:
        """The states that are active whenever *path* is."""
        found = {path[:length] for length in range(1, len(path) + 1)}
        waiting = [path]
        for length in range(1, len(path)):
            node = self.nodes[path[:length]]
            if node.parallel:
                waiting.extend(child for child in node.children if child != path[: length + 1])
        while waiting:
            here = waiting.pop()
            found.add(here)
            node = self.nodes[here]
            if node.parallel or (len(node.children) == 1 and not node.bare):
                waiting.extend(node.children)
        return found

    def possible(self, other: Path, path: Path) -> bool:
        """Whether *other* can be active while *path* is."""
        shared = common(other, path)
        return shared in (len(other), len(path)) or (shared > 0 and self.nodes[other[:shared]].parallel)

    def domain(self, source: Path, target: Path, internal: bool) -> Path:
        """The state that a transition of a statechart leaves standing: by the rules of SCXML, () for the whole machine."""
        if internal and common(source, target) == len(source) < len(target) and not self.nodes[source].parallel:
            return source
        length = min(common(source, target), len(source) - 1, len(target) - 1)
        while length and self.nodes[target[:length]].parallel:
            length -= 1
        return target[:length]


def common(first: Path, other: Path) -> int:
    """How many names two paths share from the outside."""
    length = 0
    for a, b in zip(first, other, strict=False):
        if a != b:
            break
        length += 1
    return length
