"""Knows how what is done on entry and exit of states is put onto transitions; must not know where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import attrs
from attrs import define, field, frozen

from servflow.errors import DefinitionError, Finding
from servflow.integrations._parts import Parts
from servflow.model import FrozenMap, freeze
from servflow.statemachine import Machine, Node

_HISTORIES = ("shallow", "deep")
_MOST = 500_000

Actions = list[dict[str, Any]]


@frozen
class Crossed:
    """
    What a transition leaves, inner first, and enters, outer first.

    ``maybe_left`` are states it leaves in some configurations only, ``maybe_entered`` those of which history decides.
    """

    left: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    maybe_left: frozenset[str] = frozenset()
    maybe_entered: frozenset[str] = frozenset()


@define(slots=False)
class Crossings:
    """Answers for one machine; of what may be left only the states in *watched* are told."""

    machine: Machine
    watched: frozenset[str]
    _sure: dict[str, frozenset[str]] = field(factory=dict, init=False)
    _perhaps: dict[str, frozenset[str]] = field(factory=dict, init=False)

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Every state."""
        return self.machine.states

    @cached_property
    def around(self) -> Mapping[str, tuple[str, ...]]:
        """State -> itself and what is around it, inner first."""
        found: dict[str, tuple[str, ...]] = {}
        for name, node in self.nodes.items():
            found[name] = (name, *(found[node.parent] if node.parent is not None else ()))
        return found

    def of(self, source: str, targets: Sequence[str], *, internal: bool) -> Crossed:
        """What one transition from one source, or from ``*``, crosses."""
        if not targets:
            return Crossed()
        domain = None if source == "*" else self._domain(source, targets, internal=internal)
        if source not in self._sure:
            self._sure[source] = frozenset(() if source == "*" else self._certain(source))
            self._perhaps[source] = frozenset(self._uncertain(source) & self.watched - self._sure[source])
        entered, open_ = self._entered(targets, domain)
        return Crossed(
            left=self._in_order(name for name in self._sure[source] if self._inside(name, domain))[::-1],
            entered=self._in_order(entered),
            maybe_left=frozenset(name for name in self._perhaps[source] if self._inside(name, domain)),
            maybe_entered=frozenset(name for name in self._inside_of(open_) if self._inside(name, domain)),
        )

    def _inside_of(self, names: Iterable[str]) -> set[str]:
        return self._with_inner(child for name in names for child in self.nodes[name].children)

    def _with_inner(self, names: Iterable[str]) -> set[str]:
        """These states with every state in them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.nodes[name].children)
        return found

    def first(self, entry: Iterable[str]) -> tuple[str, ...]:
        """What is entered at the start."""
        return self._in_order(self._entered(tuple(entry), None)[0])

    def _in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=lambda name: self.nodes[name].order))

    def _domain(self, source: str, targets: Sequence[str], *, internal: bool) -> str | None:
        nodes = self.nodes

        def holds(name: str) -> bool:
            return all(name in self.around[target][1:] for target in targets)

        if internal and nodes[source].kind == "compound" and holds(source):
            return source
        return next((name for name in self.around[source][1:] if nodes[name].kind == "compound" and holds(name)), None)

    def _certain(self, source: str) -> set[str]:
        """What is active whenever a state is."""
        found: set[str] = set()
        waiting = list(self.around[source])
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            node = self.nodes[name]
            inside = [child for child in node.children if self.nodes[child].kind not in _HISTORIES]
            if node.kind == "parallel" or len(inside) == 1:
                waiting.extend(inside)
        return found

    def _uncertain(self, source: str) -> set[str]:
        """Every state that can be active while a state is: what is in it, and in the regions beside it."""
        if source == "*":
            return set(self.nodes)
        starts = [source]
        for here, above in pairwise(self.around[source]):
            if self.nodes[above].kind == "parallel":
                starts += [child for child in self.nodes[above].children if child != here]
        return {name for name in self._with_inner(starts) if self.nodes[name].kind not in _HISTORIES}

    def _entered(self, targets: Sequence[str], domain: str | None) -> tuple[set[str], set[str]]:
        """The states that are entered, and those inside which history decides."""
        found: set[str] = set()
        open_: set[str] = set()
        waiting = list(targets)
        while waiting:
            for name in waiting:
                parent = self.nodes[name].parent
                if self.nodes[name].kind in _HISTORIES and parent is not None:
                    open_.add(parent)
                    name = parent
                found.update(above for above in self.around[name] if self._inside(above, domain))
            waiting = self._missing(found, open_)
        return found - {above for above in found if not open_.isdisjoint(self.around[above][1:])}, open_

    def _inside(self, name: str, domain: str | None) -> bool:
        return name != domain and (domain is None or domain in self.around[name])

    def _missing(self, found: set[str], open_: set[str]) -> list[str]:
        """What must be entered beside and inside states that are, where nothing in them is yet."""
        wanted: list[str] = []
        for name in found:
            node = self.nodes[name]
            if name in open_ or (node.kind == "compound" and any(child in found for child in node.children)):
                continue
            if node.kind == "compound" or (node.kind == "parallel" and node.entry and not found & set(node.children)):
                wanted.extend(node.entry)
            elif node.kind == "parallel":
                inside = (child for child in node.children if self.nodes[child].kind not in _HISTORIES)
                wanted.extend(child for child in inside if child not in found)
        return wanted


@define
class Hooks:
    """
    What is done on entry of states and when they are left.

    ``dropped`` tells what no transition can do by itself, since it depends on what else is active, or on history.
    """

    entry: dict[str, Actions] = field(factory=dict)
    leave: dict[str, Actions] = field(factory=dict)
    dropped: dict[str, None] = field(factory=dict)
    work: int = field(default=0, init=False)

    def onto(self, parts: Parts) -> tuple[FrozenMap[str, Any], ...]:
        """
        The transitions with what they cross: first what is left, inner first, then their own, then what is entered.

        Raises:
            DefinitionError: the parts make no machine, or are too large to look through.
        """
        machine = parts.machine()
        self.entry = {name: do for name, do in self.entry.items() if do}
        self.leave = {name: do for name, do in self.leave.items() if do}
        if not self.entry and not self.leave:
            return parts.transitions
        crossings = Crossings(machine, frozenset(self.leave))
        for name in crossings.first(_listed(parts.initial)):
            if name in self.entry:
                self.dropped[f"what is done on entry of {name} at the start"] = None
        self.work = 0
        return tuple(self._crossed(move, crossings) for move in parts.transitions)

    def _crossed(self, move: FrozenMap[str, Any], crossings: Crossings) -> FrozenMap[str, Any]:
        sources, targets = _listed(move["source"]), _listed(move.get("target"))
        told = f"{move.get('event') or 'a transition without an event'} from {', '.join(sources)}"
        ways = set()
        for source in sources:
            crossed = crossings.of(source, targets, internal=bool(move.get("internal")))
            self.work += sum(map(len, attrs.astuple(crossed, recurse=False)))
            if self.work > _MOST:
                raise DefinitionError.of([Finding("chart.too_large", "transitions", {"limit": _MOST})])
            left = [action for name in crossed.left for action in self.leave.get(name, ())]
            entered = [action for name in crossed.entered for action in self.entry.get(name, ())]
            ways.add((freeze(left), freeze(entered)))
            for name in sorted(crossed.maybe_left & self.leave.keys()):
                self.dropped[f"what is done on exit of {name}, where {told} leaves it in some cases"] = None
            for name in sorted(crossed.maybe_entered & self.entry.keys()):
                self.dropped[f"what is done on entry of {name}, where {told} enters it in some cases"] = None
        if len(ways) > 1:
            self.dropped[f"what is done on entry and exit, where {told} crosses states"] = None
            return move
        before, after = ways.pop()
        do = (*before, *move.get("do", ()), *after)
        return FrozenMap({**move, "do": do}) if do else move


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
