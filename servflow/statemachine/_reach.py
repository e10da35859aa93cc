"""Knows what can be said about a chart without running it; must not know guards or data."""

from __future__ import annotations

from itertools import accumulate

from attrs import define, field

from servflow.errors import DefinitionError, Finding
from servflow.statemachine._chart import HISTORIES, LEAVES, ROOT, Arm, Chart, Kind
from servflow.statemachine._microstep import domain, first_entry, microstep, without_conflicts


def _newly_marked(chart: Chart, node: int, reached: set[int]) -> list[int]:
    """Mark a state, everything around it and everything its entry may lead to; the ones not marked before."""
    marked: list[int] = []
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node in reached or node == ROOT:
            continue
        reached.add(node)
        marked.append(node)
        waiting.append(chart.parent[node])
        if chart.kind[node] is Kind.PARALLEL:
            waiting.extend(chart.children[node])
        waiting.extend(chart.entry[node])
    return marked


def reachable(chart: Chart) -> set[int]:
    """
    States that could become active if every guard held and every event came.

    A compound state entered through one of its states is taken to be entered by default too, so this may
    say that a state is reachable when it is not, never the other way round.
    """
    reached: set[int] = set()
    by_source: dict[int, list[Arm]] = {}
    for arm in chart.arms:
        if arm.targets:
            by_source.setdefault(arm.source, []).append(arm)
    waiting = [ROOT, *(node for target in chart.entry[ROOT] for node in _newly_marked(chart, target, reached))]
    while waiting:
        for arm in by_source.get(waiting.pop(), ()):
            for target in arm.targets:
                waiting.extend(_newly_marked(chart, target, reached))
    return reached


def unreachable(chart: Chart) -> tuple[str, ...]:
    """Ids of states that are never active, in document order."""
    reached = reachable(chart)
    return chart.names(node for node in range(1, len(chart.ids)) if node not in reached and chart.kind[node] not in HISTORIES)


def dead_ends(chart: Chart) -> tuple[str, ...]:
    """Ids of reachable leaves, final ones aside, that no transition leaves for somewhere else."""
    moving = [arm for arm in chart.arms if arm.targets and (arm.source,) != arm.targets]
    leaving = {arm.source for arm in moving}
    # A transition in one region that leads out of its parallel state takes the other regions along.
    for arm in moving:
        where = domain(chart, arm, {})
        node = arm.source
        while node > where:
            if chart.kind[node] is Kind.PARALLEL:
                leaving.add(node)
            node = chart.parent[node]
    reached = reachable(chart)
    stuck = (
        node
        for node, kind in enumerate(chart.kind)
        if kind is Kind.ATOMIC and node in reached and leaving.isdisjoint(chart.chain(node))
    )
    return chart.names(stuck)


@define
class _Follower:
    """
    Follows eventless transitions that no guard can stop.

    ``budget`` bounds the states entered on the way, because charts of many wide regions make single moves long.
    """

    chart: Chart
    settled: set[tuple[int, ...]] = field(factory=set)
    budget: int = 100_000
    eventless: dict[int, int] = field(init=False)
    histories: list[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        chart = self.chart
        self.eventless = {}
        for number, arm in enumerate(chart.arms):
            if chart.rows[arm.row].events is None:
                self.eventless.setdefault(arm.source, number)
        self.histories = list(accumulate((int(kind in HISTORIES) for kind in chart.kind), initial=0))

    def loop_from(self, leaves: tuple[int, ...]) -> tuple[int, ...]:
        """The arms of a loop that starts here or further on; empty where there is none for certain."""
        trail: dict[tuple[int, ...], tuple[int, ...]] = {}
        while leaves not in self.settled and self.budget > 0:
            if leaves in trail:
                places = list(trail)
                return tuple(arm for place in places[places.index(leaves) :] for arm in trail[place])
            forced = self._forced(leaves)
            if not forced or any(self._recalls(arm) for arm in forced):
                break
            trail[leaves] = forced
            micro = microstep(self.chart, leaves, {}, forced)
            self.budget -= 1 + len(micro.entered)
            if micro.halted or micro.remembered:
                break
            leaves = micro.leaves
        self.settled.update(trail)
        self.settled.add(leaves)
        return ()

    def _forced(self, leaves: tuple[int, ...]) -> tuple[int, ...]:
        """The eventless arms certainly taken here; none where a guard has a say."""
        enabled: dict[int, None] = {}
        for leaf in leaves:
            arm = next((self.eventless[node] for node in self.chart.chain(leaf) if node in self.eventless), None)
            if arm is not None:
                if self.chart.rows[self.chart.arms[arm].row].guard is not None:
                    return ()
                enabled[arm] = None
        return without_conflicts(self.chart, tuple(enabled), {})

    def _recalls(self, arm: int) -> bool:
        """Whether a history state has a say in where an arm leads."""
        chart = self.chart
        return any(self.histories[chart.last[node] + 1] > self.histories[node] for node in chart.arms[arm].targets)


def _alone(chart: Chart) -> list[int]:
    """Reachable leaves beside which nothing else is ever active."""
    beside = [kind is Kind.PARALLEL for kind in chart.kind]
    for node in range(1, len(chart.ids)):
        beside[node] = beside[node] or beside[chart.parent[node]]
    return [node for node in sorted(reachable(chart)) if chart.kind[node] in LEAVES and not beside[node]]


def check_endless(chart: Chart) -> None:
    """
    Refuse eventless transitions that certainly go round without end.

    Followed are the start, and every reachable leaf on its own where nothing else can be active beside it. Loops
    that need a guard to hold, or a history to remember, are left to the limit on microsteps.

    Raises:
        DefinitionError: with the loop, as transition indexes, for a witness.
    """
    if all(row.events is not None for row in chart.rows):
        return
    follower = _Follower(chart)
    for start in [first_entry(chart).leaves, *((leaf,) for leaf in _alone(chart))]:
        loop = follower.loop_from(start)
        if loop:
            arms = [chart.arms[arm] for arm in loop]
            rows = tuple(dict.fromkeys(arm.row for arm in arms))
            states = chart.names(dict.fromkeys(arm.source for arm in arms))
            facts = {"transitions": rows, "states": [name or "*" for name in states]}
            raise DefinitionError.of(
                [Finding(code="machine.endless", path=f"transitions[{rows[0]}]", facts=facts, witness=rows)]
            )
