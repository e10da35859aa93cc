"""Knows what can be said about a chart without running it: what is never reached, left, or at rest."""

from __future__ import annotations

from servflow.errors import DefinitionError, Finding
from servflow.statemachine._chart import HISTORIES, LEAVES, ROOT, Arm, Chart, Kind
from servflow.statemachine._microstep import domain, first_entry, microstep, without_conflicts


def _entry_marks(chart: Chart, node: int, reached: set[int]) -> None:
    """Mark a state, everything around it and everything its entry may lead to."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node in reached or node == ROOT:
            continue
        reached.add(node)
        waiting.append(chart.parent[node])
        if chart.kind[node] is Kind.PARALLEL:
            waiting.extend(chart.children[node])
        waiting.extend(chart.entry[node])


def reachable(chart: Chart) -> set[int]:
    """
    States that could become active if every guard held and every event came.

    A compound state entered through one of its states is taken to be entered by default too, so this may
    say that a state is reachable when it is not, never the other way round.
    """
    reached: set[int] = set()
    for node in chart.entry[ROOT]:
        _entry_marks(chart, node, reached)
    waiting = {number: arm for number, arm in enumerate(chart.arms) if arm.targets}
    by_source: dict[int, list[Arm]] = {}
    for arm in waiting.values():
        by_source.setdefault(arm.source, []).append(arm)
    asked: set[int] = set()
    while fresh := (reached | {ROOT}) - asked:
        asked |= fresh
        for source in fresh:
            for arm in by_source.get(source, ()):
                for target in arm.targets:
                    _entry_marks(chart, target, reached)
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


def _forced(chart: Chart, leaves: tuple[int, ...]) -> tuple[int, ...] | None:
    """The eventless arms certainly taken here; None where a guard has a say."""
    enabled: dict[int, None] = {}
    for leaf in leaves:
        for node in chart.chain(leaf):
            found = next((arm for arm in chart.arms_of[node] if chart.rows[chart.arms[arm].row].events is None), None)
            if found is not None:
                if chart.rows[chart.arms[found].row].guard is not None:
                    return None
                enabled[found] = None
                break
    return without_conflicts(chart, tuple(enabled), {})


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
    starts = [first_entry(chart).leaves]
    reached = reachable(chart)
    alone = [node in LEAVES for node in chart.kind]
    for node in range(1, len(chart.ids)):
        alone[node] = (
            alone[node] and node in reached and all(chart.kind[above] is not Kind.PARALLEL for above in chart.chain(node))
        )
    starts.extend((node,) for node in range(1, len(chart.ids)) if alone[node])
    settled: set[tuple[int, ...]] = set()
    for start in starts:
        loop = _loop_from(chart, start, settled)
        if loop:
            rows = tuple(dict.fromkeys(chart.arms[arm].row for arm in loop))
            states = chart.names(dict.fromkeys(chart.arms[arm].source for arm in loop if chart.arms[arm].source != ROOT))
            facts = {"transitions": rows, "states": states}
            raise DefinitionError.of(
                [Finding(code="machine.endless", path=f"transitions[{rows[0]}]", facts=facts, witness=rows)]
            )


def _loop_from(chart: Chart, leaves: tuple[int, ...], settled: set[tuple[int, ...]]) -> tuple[int, ...]:
    trail: dict[tuple[int, ...], tuple[int, ...]] = {}
    while leaves not in settled:
        if leaves in trail:
            places = list(trail)
            return tuple(arm for place in places[places.index(leaves) :] for arm in trail[place])
        forced = _forced(chart, leaves)
        if not forced or _has_history(chart, forced):
            break
        trail[leaves] = forced
        micro = microstep(chart, leaves, {}, forced)
        if micro.halted or micro.remembered:
            break
        leaves = micro.leaves
    settled.update(trail)
    settled.add(leaves)
    return ()


def _has_history(chart: Chart, arms: tuple[int, ...]) -> bool:
    """Whether a history state has a say in where these arms lead."""
    for arm in arms:
        for target in chart.arms[arm].targets:
            run = range(target, chart.last[target] + 1)
            if any(chart.kind[node] in HISTORIES for node in run):
                return True
    return False
