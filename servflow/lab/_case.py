"""Knows how one case runs through a workflow and what is counted of it; must not know how the log is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from servflow.engine import Walk, Workflow
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.lab._figures import Tallies
from servflow.lab._log import Case, Change, Reading
from servflow.lab._map import LogMap
from servflow.lab._report import MOST_EXAMPLES, Damage, Edge, Report
from servflow.model import SYSTEM, Actor, ClockRun, ClockStopped, FrozenMap, Record, Ticket

MOST_ACTORS = 100_000
"""How many different actors of a log are remembered before their names are forgotten again."""

OUTSIDE = "unknown_state"
"""The code of a change into or out of a state that the map does not know."""

ELSEWHERE = "elsewhere"
"""The code of a change whose event the workflow takes to another state than the log."""

Pair = tuple[str | None, str | None]
Keep = Callable[[Workflow, Ticket, tuple[Record, ...]], object]
"""Is told of a case that was replayed: under which workflow, the ticket as it is in the end, and its records."""

Problem = (Refused, ExpressionError, LimitError)
"""What the kernel says no with; the ticket is unchanged after each of them."""


@attrs.define
class _Edges:
    """Changes of one sort: how often each occurs, and where it was refused."""

    counts: Counter[Pair] = attrs.field(factory=Counter)
    why: dict[Pair, Counter[str]] = attrs.field(factory=dict)
    examples: dict[Pair, list[str]] = attrs.field(factory=dict)

    def refuse(self, pair: Pair, case: str, code: str) -> None:
        self.why.setdefault(pair, Counter())[code] += 1
        examples = self.examples.setdefault(pair, [])
        if len(examples) < MOST_EXAMPLES and case not in examples:
            examples.append(case)

    def edges(self) -> tuple[Edge, ...]:
        return tuple(
            Edge(
                source=source,
                target=target,
                count=count,
                refused=self.why[source, target].total() if (source, target) in self.why else 0,
                why=FrozenMap(self.why.get((source, target), {})),
                examples=tuple(self.examples.get((source, target), ())),
            )
            for (source, target), count in self.counts.most_common()
        )


class _Paths:
    """
    The paths of all cases as one tree, so that what a case adds is one look-up a change.

    A node is a path; node 0 is the empty one. Edges and variants are read off the tree in the end.
    """

    def __init__(self) -> None:
        self.nodes: dict[tuple[int, str], int] = {}
        self.passed = [0]
        self.ended: Counter[int] = Counter()

    def step(self, node: int, state: str) -> int:
        """The path one state longer."""
        found = self.nodes.get((node, state))
        if found is None:
            found = self.nodes[node, state] = len(self.passed)
            self.passed.append(0)
        self.passed[found] += 1
        return found

    def count(self, starts: Counter[Pair], flow: Counter[Pair]) -> None:
        """Add what all cases passed to the counts of first states and of edges."""
        state_of: list[str | None] = [None]
        for (before, state), node in self.nodes.items():
            state_of.append(state)
            (flow if before else starts)[state_of[before], state] += self.passed[node]


@attrs.define
class _Way:
    """One case on its way through the workflow."""

    case: Case
    walk: Walk
    state: str | None = None
    """The state the log shows."""
    outside: bool = False
    sound: bool = True
    records: list[Record] = attrs.field(factory=list)
    """What happened, where somebody wants to keep it."""
    ended: dict[tuple[str, int], ClockRun] = attrs.field(factory=dict)


class Runner:
    """Runs cases through one workflow and keeps what they come to."""

    def __init__(self, spec: LogMap, workflow: Workflow, original: Workflow, keep: Keep | None = None) -> None:
        self._workflow = workflow
        self._keep = keep
        self._original = original
        self.states: dict[str, str] = dict(spec.states) or {name: name for name in workflow.compiled.chart.leaves}
        self._events = {state: (event,) for state, event in spec.events.items()}
        self._roles = (*workflow.roles, *SYSTEM.roles) if spec.roles is None else spec.roles
        self._nobody = _nobody(spec, workflow, self._roles)
        self._actors: dict[str, Actor] = {}
        self._leading: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}
        # Only such a workflow can move a ticket between two rows.
        compiled = workflow.compiled
        self._moves_alone = bool(compiled.timed_states or compiled.chains or compiled.slots)
        # Only such a workflow can have more cycles of a clock than the ticket shows.
        clocks = [promise.clock for promise in compiled.promises]
        self._cycles = any(clock.start or clock.on_reopen == "new_cycle" for clock in clocks)
        self._cases = self._conforming = 0
        self._flow, self._starts, self._ends, self._milestones = _Edges(), _Edges(), _Edges(), _Edges()
        self._paths = _Paths()
        self._tallies = Tallies(workflow)
        self._refused: list[Damage] = []

    def run(self, case: Case) -> None:
        """Replay one case."""
        self._cases += 1
        try:
            outcome = self._workflow.open(case.id, case.fields, at=case.opened, actor=self._nobody)
        except Problem as problem:
            self._refused.append(Damage(line=case.line, reason="open", value=problem.message[:200]))
            return
        way = _Way(case, Walk(self._workflow, outcome.ticket))
        self._note(way, (*outcome.records, *way.walk.records))
        milestones = iter(case.milestones)
        coming = next(milestones, None)
        node, step = 0, self._paths.step
        for change in case.changes:
            while coming is not None and coming[0] < change.at:
                self._milestone(way, *coming)
                coming = next(milestones, None)
            node = step(node, change.state)
            code = self._change(way, change)
            if code is not None:
                way.sound = False
                edges = self._starts if way.state is None else self._flow
                edges.refuse((way.state, change.state), case.id, code)
            way.state = change.state
        while coming is not None:
            self._milestone(way, *coming)
            coming = next(milestones, None)
        self._paths.ended[node] += 1
        self._end(way)

    def _change(self, way: _Way, change: Change) -> str | None:
        """Have the ticket follow the log by one state; why the workflow would not, or None."""
        target = self.states.get(change.state)
        if target is None:
            way.outside = True
            return OUTSIDE
        if way.outside:
            way.outside, code = False, OUTSIDE
        else:
            moved = self._move(way, change, target)
            if moved is None:
                return None
            code = moved
        if target not in way.walk.configuration:
            said = {"state": target, "reason": f"the log shows {change.state}"[:200]}
            self._note(way, self._fire(way, "ticket.force", change.at, SYSTEM, said))
        return code

    def _move(self, way: _Way, change: Change, target: str) -> str | None:
        """Fire what leads to a state; the code of the refusal where nothing does, and then nothing has changed."""
        walk = way.walk
        if self._moves_alone and walk.wake is not None and walk.wake <= change.at:
            self._advance(way, change.at)
        here = walk.configuration
        if target in here:
            return None
        actor = self._nobody if change.actor is None else self._actor(change.actor)
        events = self._events.get(change.state) or self._leading.get((here, target))
        code = "not_here"
        for event in self._leads(here, target) if events is None else events:
            try:
                records = self._fire(way, event, change.at, actor)
            except Problem as problem:
                code = problem.code
                continue
            if target in walk.configuration:
                self._note(way, records)
                return None
            walk.step_back()
            code = ELSEWHERE
        return code

    def _fire(
        self, way: _Way, event: str, at: datetime, actor: Actor | None, payload: Mapping[str, Any] | None = None
    ) -> Sequence[Record]:
        return way.walk.fire(event, payload, at=at, actor=actor)

    def _advance(self, way: _Way, at: datetime) -> None:
        self._note(way, way.walk.advance(at=at))

    def _note(self, way: _Way, records: Sequence[Record]) -> None:
        """What came to stay; a step that was taken back is not told."""
        if self._keep is not None:
            way.records.extend(records)
        if self._cycles:
            # A later cycle takes the place of an ended one on the ticket, so ends are taken from the records.
            for record in records:
                if type(record) is ClockStopped:
                    way.ended[record.clock, record.run.cycle] = record.run

    def _leads(self, configuration: tuple[str, ...], target: str) -> tuple[str, ...]:
        """The events of transitions from a configuration to a state, in document order."""
        chart = self._workflow.compiled.chart
        here = {"*", *configuration, *(above for leaf in configuration for above in chart.ancestors(leaf))}
        names = [
            name
            for move in self._workflow.compiled.transitions
            if move.event is not None and here.intersection(move.source) and self._reaches(move.target, target)
            for name in move.event.split()
            if not name.endswith("*")
        ]
        found = self._leading[configuration, target] = tuple(dict.fromkeys(names))
        return found

    def _reaches(self, targets: tuple[str, ...], state: str) -> bool:
        # A transition to a compound state may come to rest in any of its leaves; firing it tells in which.
        return state in targets or any(above in targets for above in self._workflow.compiled.chart.ancestors(state))

    def _actor(self, name: str) -> Actor:
        found = self._actors.get(name)
        if found is None:
            if len(self._actors) >= MOST_ACTORS:
                self._actors.clear()
            found = self._actors[name] = Actor(name, self._roles)
        return found

    def _milestone(self, way: _Way, at: datetime, event: str) -> None:
        pair = (way.state or way.walk.ticket.state, event)
        self._milestones.counts[pair] += 1
        try:
            self._note(way, self._fire(way, event, at, self._nobody))
        except Problem as problem:
            way.sound = False
            self._milestones.refuse(pair, way.case.id, problem.code)

    def _end(self, way: _Way) -> None:
        case = way.case
        if way.walk.wake is not None and way.walk.wake <= case.last:
            self._advance(way, case.last)
        ticket = way.walk.ticket
        if way.outside or not ticket.closed:
            way.sound = False
            pair = (way.state or ticket.state, None)
            self._ends.counts[pair] += 1
            self._ends.refuse(pair, case.id, "not_closed")
        self._conforming += way.sound
        self._tallies.add(ticket, way.ended, case.last)
        if self._keep is not None:
            self._keep(self._workflow, ticket, tuple(way.records))

    def report(self, reading: Reading) -> Report:
        """What all cases came to, with what reading the log came to."""
        original = self._original
        self._flow.counts.clear()
        self._starts.counts.clear()
        self._paths.count(self._starts.counts, self._flow.counts)
        damaged = Counter(reading.reasons)
        damaged["open"] += len(self._refused)
        flow = self._flow.edges()
        return Report(
            workflow=original.workflow,
            version=original.version,
            hash=original.hash,
            rows=reading.rows,
            cases=self._cases,
            conforming=self._conforming,
            edges=self._flow.counts.total(),
            kinds=len(flow),
            variants=len(self._paths.ended.keys() - {0}),
            flow=flow,
            starts=self._starts.edges(),
            ends=self._ends.edges(),
            milestones=self._milestones.edges(),
            clocks=self._tallies.figures(),
            folded=self._tallies.folded,
            unknown=tuple(item for item in reading.unknown_states() if item.state not in self.states),
            damaged=FrozenMap(+damaged),
            damage=(*reading.damage, *self._refused[:100]),
            clamped=reading.clamped,
            before_opening=reading.before_opening,
            without_opening=reading.without_opening,
            returned=reading.returns(),
            limited=reading.limited,
        )


def _nobody(spec: LogMap, workflow: Workflow, roles: tuple[str, ...]) -> Actor | None:
    """Who acts where the log does not say who: nobody in particular, unless the workflow asks for somebody."""
    asks = any(move.allow for move in workflow.compiled.transitions) or any(event.allow for event in workflow.events.values())
    if spec.roles is None and not workflow.roles and not asks:
        return None
    return Actor("log", roles)
