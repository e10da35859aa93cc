"""Knows how the places of an abstract machine are walked: reachable ones, ways back from some, loops; must not know laws."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from servflow.engine._abstract import Abstract, Place, Trigger
from servflow.engine._abstract_steps import Run, runs
from servflow.engine._abstract_triggers import triggers

OPEN = Trigger("open")

MAX_WORK = 400_000
"""How many runs of steps one search makes at most."""

MAX_REMEMBERED = 200_000
"""How many runs are kept; those beyond are made again when they are asked for."""


@attrs.define(eq=False)
class Found:
    """
    The places reached, in order of their distance from the opening, and which follow on which.

    ``after`` and ``before`` hold places by number; ``complete`` says whether there are no more. The first places,
    ``opened`` in number, are where tickets begin.
    """

    machine: Abstract
    places: list[Place] = attrs.field(factory=list)
    numbers: dict[Place, int] = attrs.field(factory=dict)
    after: list[tuple[int, ...]] = attrs.field(factory=list)
    before: list[list[int]] = attrs.field(factory=list)
    opened: int = 0
    complete: bool = False
    alike: dict[Any, list[int]] = attrs.field(factory=dict)
    remembered: dict[int, list[Run]] = attrs.field(factory=dict)
    room: int = MAX_REMEMBERED

    def add(self, place: Place) -> int:
        """The number of a place, a new one where it was not met."""
        number = self.numbers.get(place)
        if number is None:
            number = self.numbers[place] = len(self.places)
            self.places.append(place)
            self.before.append([])
            self.alike.setdefault(likeness(place), []).append(number)
        return number

    def steps(self, number: int) -> Iterable[Run]:
        """Every run of every step from a place that leads somewhere."""
        known = self.remembered.get(number)
        if known is not None:
            return known
        place = self.places[number]
        made = [
            run
            for trigger in triggers(self.machine, place)
            for run in runs(self.machine, place, trigger)
            if run.target is not None
        ]
        self.room -= len(made)
        if self.room > 0:
            self.remembered[number] = made
        return made

    def openings(self) -> Iterable[Run]:
        """Every way a ticket may be opened."""
        return (run for run in runs(self.machine, None, OPEN) if run.target is not None)

    def distances(self, goals: Iterable[int], within: Callable[[int], bool] | None = None) -> dict[int, int]:
        """For each place from which a goal can be reached, in how many steps; through places that satisfy *within*."""
        found = dict.fromkeys(goals, 0)
        waiting = deque(found)
        while waiting:
            number = waiting.popleft()
            for earlier in self.before[number]:
                if earlier not in found and (within is None or within(earlier)):
                    found[earlier] = found[number] + 1
                    waiting.append(earlier)
        return found


def likeness(place: Place) -> Any:
    """What of a place shows on a ticket: everything but the order in which timers were armed."""
    timers = frozenset(entry[1:] for entry in place.timers)
    return place.configuration, place.history, place.values, timers, frozenset(place.refused)


def explore(machine: Abstract, budget: int, stop: Callable[[Place], bool] | None = None, work: int = MAX_WORK) -> Found:
    """
    Reach every place, nearest first.

    Args:
        budget: how many places are kept at most.
        work: how many runs are made at most.
        stop: ends the search as soon as such a place is met and the places as far away as it are known.
    """
    found = Found(machine)
    for run in found.openings():
        if run.target is not None and len(found.places) < budget:
            found.add(run.target)
    found.opened = len(found.places)
    number = 0
    stopping = 0 if stop is None else next((1 for place in found.places if stop(place)), 0)
    while number < len(found.places):
        if stopping and number >= stopping:
            break
        ahead: dict[int, None] = {}
        cut = found.room < MAX_REMEMBERED - work
        for run in () if cut else found.steps(number):
            known = run.target in found.numbers
            if not known and len(found.places) >= budget:
                cut = True
                break
            assert run.target is not None
            target = found.add(run.target)
            ahead[target] = None
            if not known and stop is not None and not stopping and stop(run.target):
                stopping = len(found.places)
        if cut:
            break
        found.after.append(tuple(ahead))
        for target in ahead:
            found.before[target].append(number)
        number += 1
    found.after.extend(() for _ in range(len(found.places) - len(found.after)))
    found.complete = number == len(found.places) and not stopping and not machine.incomplete
    return found


def components(nodes: Iterable[int], after: Callable[[int], Iterable[int]]) -> list[list[int]]:
    """The strongly connected components of a graph (Tarjan's algorithm, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    inside: set[int] = set()
    out: list[list[int]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(after(root)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        inside.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    inside.add(other)
                    work.append((other, iter(after(other))))
                    break
                if other in inside:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part: list[int] = []
                    while True:
                        part.append(stack.pop())
                        inside.discard(part[-1])
                        if part[-1] == node:
                            break
                    out.append(part)
    return out


__all__ = ["OPEN", "Found", "components", "explore", "likeness"]
