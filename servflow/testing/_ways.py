"""Knows which transitions of a workflow lead on to which, guards aside; must not know whether anybody may take them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from attrs import frozen

from servflow.engine import Workflow
from servflow.engine._children import CLOSED, OPENED
from servflow.model import Moved, Record

_HELPERS = (
    ("assigned.", ("offer.accept", "queue.take", "appointment.book", "dispatch.approve", "ticket.assign")),
    ("exhausted.", ("offer.reject",)),
    ("redispatched.", ("offer.reject",)),
    ("unbooked.", ("appointment.lost", "appointment.cancel", "appointment.no_show")),
    ("approved.", ("approval.approve",)),
    ("rejected.", ("approval.reject",)),
    ("done.checklist.", ("step.check",)),
    ("checked.", ("step.check",)),
    ("unchecked.", ("step.uncheck", "step.check")),
    ("children.", ("ticket.child_closed", "ticket.child_opened")),
    ("parts.short", ("part.need",)),
    ("parts.ready", ("part.reserve", "part.booked", "part.release", "part.need")),
)
"""What people do that brings an internal event about, by how its name begins."""

_OPENERS = (
    ("children", (OPENED, CLOSED)),
    ("checklist", ("step.check",)),
    ("parts", ("part.reserve", "part.booked", "part.use", "part.release")),
)
"""What is done that may open a guard for which nobody fires an event, by how what it reads begins."""


@frozen
class Way:
    """A transition as somebody goes it: out of any of some states, by any of some events, into all of some others."""

    index: int
    source: frozenset[str]
    events: frozenset[str]
    by: frozenset[str]
    """Its events, and whatever brings about those that nobody fires."""
    into: frozenset[str]
    beside: bool
    """Whether what is active around it, such as another region, stays so."""
    allow: frozenset[str]


class Ways:
    """
    The transitions of a workflow as a map, to find the way to one of them.

    States are taken one by one, so that of parallel regions each is a place of its own. Nothing is asked but the chart:
    a way may turn out to be shut.
    """

    def __init__(self, workflow: Workflow) -> None:
        compiled = workflow.compiled
        self.ways = tuple(_way(workflow, index) for index in range(len(compiled.transitions)))
        self._out: dict[str, list[int]] = {name: [] for name in compiled.states}
        for way in self.ways:
            for name in way.source:
                self._out[name].append(way.index)
        self._beyond: dict[str, frozenset[int]] = {}
        self._far: dict[int, dict[str, int]] = {}

    def here(self, entered: Iterable[str]) -> list[Way]:
        """Those that lead out of where a ticket is, in the order of the definition."""
        return [self.ways[index] for index in sorted({index for name in entered for index in self._out.get(name, ())})]

    def ahead(self, entered: Iterable[str], taken: Collection[int] = ()) -> list[int]:
        """Those that a ticket can still come to and has not *taken*."""
        return sorted(frozenset[int]().union(*(self._after(name) for name in entered)).difference(taken))

    def gives_up(self, entered: Collection[str], way: Way, taken: Collection[int]) -> bool:
        """Whether most of what is ahead cannot be come to any more once a way was gone, as after a cancellation."""
        if not way.into:
            return False
        after = {*way.into, *entered} if way.beside else way.into
        done = {*taken, way.index}
        return len(self.ahead(after, done)) * 2 < len(self.ahead(entered, done))

    def towards(self, entered: Iterable[str], goal: int) -> list[Way]:
        """The first step of every shortest way to a transition; none where no way leads there."""
        far = self._distances(goal)
        lengths = {way.index: self._length(way, goal, far) for way in self.here(entered)}
        found = [length for length in lengths.values() if length is not None]
        return [self.ways[index] for index, length in lengths.items() if found and length == min(found)]

    def _length(self, way: Way, goal: int, far: dict[str, int]) -> int | None:
        if way.index == goal:
            return 0
        return min((far[name] + 1 for name in way.into if name in far), default=None)

    def _distances(self, goal: int) -> dict[str, int]:
        """From each state how many steps it takes to a transition, that one not counted."""
        if goal not in self._far:
            far = dict.fromkeys(self.ways[goal].source, 0)
            edge, steps = set(far), 0
            while edge:
                steps += 1
                leading = (way for way in self.ways if not edge.isdisjoint(way.into))
                edge = {name for way in leading for name in way.source} - far.keys()
                far.update(dict.fromkeys(edge, steps))
            self._far[goal] = far
        return self._far[goal]

    def _after(self, name: str) -> frozenset[int]:
        """All that can be come to from a state."""
        if name not in self._beyond:
            found: set[int] = set()
            seen, edge = {name}, {name}
            while edge:
                new = {index for place in edge for index in self._out.get(place, ())} - found
                found |= new
                edge = {place for index in new for place in self.ways[index].into} - seen
                seen |= edge
            self._beyond[name] = frozenset(found)
        return self._beyond[name]


def _way(workflow: Workflow, index: int) -> Way:
    compiled = workflow.compiled
    move = compiled.transitions[index]
    events = frozenset((move.event or "").split())
    helpers = [word for event in sorted(events) for start, words in _HELPERS if event.startswith(start) for word in words]
    guard = compiled.links[index].guard
    if not events and guard is not None:
        helpers += [word for start, words in _OPENERS if any(read.startswith(start) for read in guard.reads) for word in words]
    specs = [workflow.events.get(word) for word in helpers]
    granted = [move.allow, *(spec.allow for spec in specs if spec is not None)]
    into = frozenset(name for target in move.target for name in _entered(workflow, target))
    around = {name for source in move.source if source != "*" for name in compiled.around[source][1:]}
    return Way(
        index=index,
        source=frozenset(compiled.states if "*" in move.source else move.source),
        events=events,
        by=events | frozenset(helpers),
        into=into,
        beside=not around.isdisjoint(into),
        allow=frozenset(str(who) for allow in granted for who in allow),
    )


def _entered(workflow: Workflow, name: str) -> Iterator[str]:
    """A state with what is around it and what is entered in it."""
    compiled = workflow.compiled
    if compiled.states[name].history is not None:  # it leads to whatever was left
        for outer in compiled.around[name][1:2]:
            yield from _entered(workflow, outer)
            yield from compiled.states[outer].states
        return
    yield from compiled.around[name]
    yield from _inner(compiled.states[name])


def _inner(state: Any) -> Iterator[str]:
    first = (state.initial,) if isinstance(state.initial, str) else tuple(state.initial or ())
    for child, inner in state.states.items():
        if state.parallel or child in first:
            yield child
            yield from _inner(inner)


def taken_by(records: Iterable[Record]) -> frozenset[int]:
    """The transitions that records tell of, by their places in the definition."""
    return frozenset(index for record in records if isinstance(record, Moved) for index in record.transitions)


__all__ = ["Way", "Ways", "taken_by"]
