"""Knows how what is done on entry and exit of states is put onto transitions; must not know where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from servflow.errors import DefinitionError, Finding
from servflow.integrations._parts import Parts
from servflow.model import FrozenMap, freeze
from servflow.statemachine import Machine, Node

_HISTORIES = ("shallow", "deep")
_MOST = 2_000_000

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
    """Answers for one machine."""

    machine: Machine

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
        below = [name for name in self.nodes if self._inside(name, domain)]
        sure = set() if source == "*" else self._certain(source)
        entered, open_ = self._entered(targets, domain)
        return Crossed(
            left=tuple(reversed([name for name in below if name in sure])),
            entered=self._in_order(entered),
            maybe_left=frozenset(
                name for name in below if name not in sure and (source == "*" or self._possible(name, source))
            ),
            maybe_entered=frozenset(name for name in below if not open_.isdisjoint(self.around[name][1:])),
        )

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

    def _possible(self, name: str, source: str) -> bool:
        """Whether two states can be active together."""
        if self.nodes[name].kind in _HISTORIES:
            return False
        if source in self.around[name] or name in self.around[source]:
            return True
        common = next((above for above in self.around[name] if above in self.around[source]), None)
        return common is not None and self.nodes[common].kind == "parallel"

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
        if len(machine.states) * len(parts.transitions) > _MOST:
            raise DefinitionError.of([Finding("chart.too_large", "transitions", {"limit": _MOST})])
        crossings = Crossings(machine)
        for name in crossings.first(_listed(parts.initial)):
            if name in self.entry:
                self.dropped[f"what is done on entry of {name} at the start"] = None
        return tuple(self._crossed(move, crossings) for move in parts.transitions)

    def _crossed(self, move: FrozenMap[str, Any], crossings: Crossings) -> FrozenMap[str, Any]:
        sources, targets = _listed(move["source"]), _listed(move.get("target"))
        told = f"{move.get('event') or 'a transition without an event'} from {', '.join(sources)}"
        ways = set()
        for source in sources:
            crossed = crossings.of(source, targets, internal=bool(move.get("internal")))
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
