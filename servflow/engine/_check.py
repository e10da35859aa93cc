"""Knows what can be said about a definition that loads, with a witness for each; must not change anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.engine._abstract import Abstract, held_roles
from servflow.engine._abstract_player import MAX_CALLS, Player, search
from servflow.engine._abstract_search import Found, components, explore
from servflow.engine._candidates import cases, guards
from servflow.engine._check_chains import DAYS, chain_findings
from servflow.engine._check_clocks import clock_paths
from servflow.engine._check_dispatch import dispatch_findings
from servflow.engine._check_rules import rule_check
from servflow.engine._check_targets import clock_targets
from servflow.engine._copies import copies
from servflow.engine._parts import EVENTS as PART_EVENTS
from servflow.engine._proving import Proof
from servflow.engine._unset import unset_fields
from servflow.engine._witnesses import Story
from servflow.errors import Finding
from servflow.model import World, freeze
from servflow.rules import failed_cases

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

PLACES, WORK = 3_000, 40_000
"""How many abstract states are looked at for the findings besides laws, and how many runs of steps."""


def findings(
    workflow: Workflow, world: World | None, proofs: tuple[Proof, ...], at: datetime | None = None, days: int = DAYS
) -> tuple[Finding, ...]:
    """
    Everything that can be said about a definition that loads.

    Args:
        world: where given, who holds a role and whom chains reach is looked for in it.
        at: where given, clocks are looked at as those of tickets opened then, and schedules for so many days from then on.
        days: how many days of schedules are looked at.
    """
    compiled = workflow.compiled
    found = [finding for finding in compiled.problems.findings if finding.severity != "error"]
    seen = _look(workflow, world)
    found += _states(seen)
    found += _permissions(workflow, world)
    found += _passed_by(workflow)
    found += guards(seen)
    found += cases(seen)
    found += _timer_loops(seen)
    clocks = list(clock_paths(seen, lambda goals: _way_to(seen, goals)))
    found += clocks
    found += clock_targets(seen, at)
    dead = frozenset(str(item.facts["clock"]) for item in clocks if item.code == "clock.never_starts")
    found += chain_findings(seen, world, at, days, dead)
    found += dispatch_findings(workflow, world, at)
    found += unset_fields(seen)
    found += copies(compiled)
    for name, table in workflow.tables.items():
        for item in table.check(compiled.types):
            path = f"tables.{name}.{item.path}".rstrip(".")
            found.append(Finding(item.code, path, item.facts, item.severity, witness=item.witness))
        for item in failed_cases(table, table.run_cases(compiled.types)):
            path = f"tables.{name}.{item.path}"
            found.append(Finding(item.code, path, item.facts, item.severity, witness=item.witness))
    found += _rules(workflow)
    found += [_of_law(made) for made in proofs if made.verdict != "proved"]
    return tuple(found)


def _rules(workflow: Workflow) -> Iterator[Finding]:
    """What is wrong with the rules taken together; that they never come to rest is shown by opening a ticket."""
    if not workflow.rules:
        return
    for item in rule_check(workflow).findings():
        yield Finding(item.code, f"rules{item.path}", item.facts, item.severity, witness=item.witness)


def _look(workflow: Workflow, world: World | None) -> Found:
    """The places tickets can be in; ``ticket.force`` is left out, for it leads anywhere."""
    machine = Abstract(workflow, world=world, loose=True)
    machine.forcible = machine.updatable = False  # what may be updated at any time is not followed at all
    return explore(machine, PLACES, work=WORK)


def _of_law(made: Proof) -> Finding:
    facts: dict[str, Any] = {"law": made.name, "states": made.states}
    if made.verdict == "refuted":
        return Finding("law.refuted", made.path, {**facts, "story": dict(made.story)}, "error", witness=made.witness)
    return Finding("law.undecided", made.path, {**facts, "why": dict(made.why)}, "info")


# states -------------------------------------------------------------------------------------------------------


def _states(seen: Found) -> Iterator[Finding]:
    machine, chart = seen.machine, seen.machine.chart
    compiled = machine.compiled
    unreachable = dict.fromkeys(chart.unreachable())
    stuck = {state: None for state in chart.dead_ends() if not compiled.is_closed((state,))}
    unclosed: dict[str, None] = {}
    if seen.complete:
        nodes = chart.states
        active = {name for place in seen.places for name in _active(machine, place.configuration)}
        # A state that every ticket leaves in the step that enters it is no place, and is reached all the same.
        reached = active | machine.reached | {name for name, node in nodes.items() if node.kind in ("shallow", "deep")}
        unreachable = {state: None for state in nodes if state not in reached}
        final = {name for name, node in nodes.items() if node.kind == "final"}
        stuck = {state: None for state in chart.leaves if state in active and state not in final and _dead(seen, state)}
        if compiled.closed_states:
            closed = seen.distances(
                number for number, place in enumerate(seen.places) if compiled.is_closed(place.configuration)
            )
            unclosed = {
                state: None
                for state in chart.leaves
                if state in active and state not in stuck and not any(number in closed for number in _with(seen, state))
            }
    for state in unreachable:
        blocked = [link.path for link in compiled.links if state in link.spec.target and link.spec.source != (state,)]
        code = "state.blocked" if state not in chart.unreachable() else "state.unreachable"
        yield Finding(
            code, _path(machine, state), {"state": state, "transitions": blocked}, "warning", witness={"blocked": blocked}
        )
    for state in stuck:
        facts = {"state": state}
        yield Finding("state.dead_end", _path(machine, state), facts, "warning", witness=_way_to(seen, _with(seen, state)))
    for state in unclosed:
        facts = {"state": state}
        yield Finding("state.cannot_close", _path(machine, state), facts, "warning", witness=_way_to(seen, _with(seen, state)))


def _active(machine: Abstract, configuration: tuple[str, ...]) -> set[str]:
    return {*configuration, *(above for leaf in configuration for above in machine.chart.ancestors(leaf))}


def _path(machine: Abstract, state: str) -> str:
    return machine.compiled.paths.get(state, f"states.{state}")


def _with(seen: Found, state: str) -> list[int]:
    return [number for number, place in enumerate(seen.places) if state in place.configuration]


def _dead(seen: Found, state: str) -> bool:
    """Whether no ticket that stands in a state ever stands elsewhere."""
    machine = seen.machine
    if machine.compiled.is_closed((state,)):
        return False
    here = _with(seen, state)
    inside = set(here)
    return all(after in inside for number in here for after in seen.after[number])


def _way_to(seen: Found, goals: list[int]) -> Any:
    """The witness of a ticket that gets to one of these places; None where none could be made."""
    story: Story | None = search(seen.machine, seen, goals, lambda story, _: story, calls=MAX_CALLS // 4)
    return None if story is None else freeze(story.witness())


# permissions --------------------------------------------------------------------------------------------------


def _permissions(workflow: Workflow, world: World | None) -> Iterator[Finding]:
    if not workflow.roles:
        return
    compiled = workflow.compiled
    held = held_roles(world)
    heard = {timer.event for state in compiled.states.values() for timer in state.timers}
    for link in compiled.links:
        event = link.spec.event
        path = f"{link.path}.allow"
        if event is not None and not link.allow:
            yield Finding("transition.nobody", path, {"event": event}, "warning")
        elif event is not None and held is not None:
            roles = [entry for entry in link.allow if isinstance(entry, str) and entry in workflow.roles]
            if roles and len(roles) == len(link.allow) and not held & set(roles):
                yield Finding("transition.unheld", path, {"event": event, "roles": roles}, "warning", witness={"roles": roles})
        if event in heard and "system" not in link.allow:
            yield Finding("timer.not_allowed", path, {"event": event}, "warning")


def _passed_by(workflow: Workflow) -> Iterator[Finding]:
    """Events of spare parts that may happen without what their transitions do: prices that nobody adds, stock nobody books."""
    told: set[str] = set()
    for link in workflow.compiled.links:
        event, spec = link.spec.event, link.spec
        if event is None or event not in PART_EVENTS or event in told or not spec.do:
            continue
        granted = workflow.events.get(event)
        if not workflow.roles or (granted is not None and granted.allow):
            told.add(event)
            where = f"events.{event}.allow" if workflow.roles else f"{link.path}.do"
            yield Finding("part.passed_by", where, {"event": event, "transition": link.path}, "warning")


# timers -------------------------------------------------------------------------------------------------------


def _timer_loops(seen: Found) -> Iterator[Finding]:
    machine = seen.machine
    if not machine.compiled.timed_states:
        return
    after: dict[int, list[int]] = {}
    for number, place in enumerate(seen.places):
        if place.timers and seen.after[number]:
            runs = (run for run in seen.steps(number) if run.trigger.kind == "timer" and run.target is not None)
            after[number] = [seen.numbers[run.target] for run in runs if run.target in seen.numbers]
    told: set[frozenset[str]] = set()
    for part in components(after, lambda number: after.get(number, [])):
        if len(part) == 1 and part[0] not in after.get(part[0], []):
            continue
        states = frozenset(name for number in part for name in seen.places[number].configuration)
        if states in told:
            continue
        loop = search(machine, seen, part, lambda story, _: _round(seen, story), calls=MAX_CALLS // 4)
        if loop is None:
            continue
        told.add(states)
        story, names, period, events = loop
        acts = any(link.updates for link in machine.compiled.links if link.spec.event in events)
        facts = {"states": names, "period": period, "events": events}
        state = names[0].split("+", maxsplit=1)[0]
        witness = freeze({**story.witness(), "cycle": names, "period": period})
        yield Finding("timer.loop", f"{_path(machine, state)}.timers", facts, "info" if acts else "warning", witness=witness)


def _round(seen: Found, story: Story) -> Any:
    """One round by time alone on the kernel: the story with it, the states, how long it takes, the events; None for none."""
    player = Player(seen.machine, seen)
    names = [story.ticket.state]
    began, ticket = story.ticket.at, story.ticket
    first = {(timer.state, timer.index) for timer in ticket.timers}
    told, events = story, []
    for _ in range(40):
        due = min((timer.due for timer in told.ticket.timers), default=None)
        if due is None or told.ticket.wake is None:
            return None
        step = player.passed(told, told.ticket.wake)
        if step is None:
            return None
        events += [part.rpartition(": ")[2] for part in step.en[len(told.en) :] if ": " in part]
        told = step
        names.append(told.ticket.state)
        same = told.ticket.configuration == ticket.configuration and told.ticket.fields == ticket.fields
        if events and same and {(timer.state, timer.index) for timer in told.ticket.timers} == first:
            passed = told.ticket.at - began
            return told, names, f"{int(passed.total_seconds())}s", tuple(dict.fromkeys(events))
    return None


__all__ = ["PLACES", "findings"]
