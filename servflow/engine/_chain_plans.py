"""Knows a workflow's chains linked with its names and conditions; must not know any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from servflow.engine._actions import Update, compile_updates
from servflow.engine._chain_circles import check_circles
from servflow.engine._chain_handovers import handed_on
from servflow.engine._chain_triggers import Beginning, compile_starts
from servflow.escalation import Chain, Finder
from servflow.escalation._addresses import check_to
from servflow.expressions import Expression
from servflow.model import ChainStarted, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.model import ChainRun


@attrs.frozen(kw_only=True)
class ChainPlan:
    """One chain, linked: its conditions and the updates of its levels."""

    chain: Chain
    order: int
    when: Expression | None
    levels: tuple[tuple[Expression | None, tuple[Update, ...]], ...]
    events: frozenset[str]
    starts: tuple[Beginning, ...] = ()
    past: bool = False
    """An earlier edition, which only runs that are pinned to it climb."""


def compile_chains(compiled: Compiled) -> tuple[ChainPlan, ...]:
    """Link every chain; names that are not declared and conditions that read time go to the findings."""
    plans = tuple(_compile(compiled, order, chain) for order, chain in enumerate(compiled.workflow.escalations))
    check_circles(compiled, plans)
    return plans


def _compile(compiled: Compiled, order: int, chain: Chain) -> ChainPlan:
    path = f"escalations[{order}]"
    problems = compiled.problems
    for index, ending in enumerate(chain.until):
        if ending.kind == "state":
            problems.known("state", ending.value, compiled.states, f"{path}.until[{index}].state")
    events = {trigger.event for trigger in chain.start if trigger.event} | {
        ending.value for ending in chain.until if ending.kind == "event"
    }
    linked = _linked(compiled, order, chain, path, frozenset(events))
    return attrs.evolve(linked, starts=compile_starts(compiled, chain, path))


def _linked(compiled: Compiled, order: int, chain: Chain, path: str, events: frozenset[str]) -> ChainPlan:
    spec, problems = compiled.workflow, compiled.problems
    if chain.quiet is not None:
        problems.known("calendar", chain.quiet.calendar, compiled.calendars, f"{path}.quiet.calendar")
    if chain.fallback is not None:
        targets = spec.extensions.targets
        problems.findings.extend(
            check_to(chain.fallback, f"{path}.fallback", spec.roles, spec.queues, targets=targets, fields=spec.fields)
        )
    levels = []
    for index, level in enumerate(chain.levels):
        where = f"{path}.levels[{index}]"
        if level.named is not None:
            problems.known("calendar", level.named, compiled.calendars, f"{where}.calendar")
        updates = compile_updates(compiled, level.do, compiled.timeless, f"{where}.do", timeless=True)
        if level.keep_owner:
            updates = tuple(_keeping(update) if update.kind == "assign" else update for update in updates)
        levels.append((compiled.condition(level.when, f"{where}.when"), updates))
    return ChainPlan(
        chain=chain,
        order=order,
        when=compiled.condition(chain.when, f"{path}.when"),
        levels=tuple(levels),
        events=events,
    )


def _keeping(update: Update) -> Update:
    return attrs.evolve(update, parts={**update.parts, "keep_owner": True})


def compile_past(compiled: Compiled) -> Mapping[str, ChainPlan]:
    """
    Link earlier editions of chains, by their hash, for the runs that are pinned to them.

    No run begins under one any more but those that wait for time already; so where something that would start it is gone
    from the definition, only what waits for it is lost.
    """
    present = {plan.chain.hash for plan in compiled.chains}
    places = {plan.chain.name: plan.order for plan in compiled.chains}
    found: dict[str, ChainPlan] = {}
    for index, chain in enumerate(compiled.workflow.past_chains):
        if chain.hash in present or chain.hash in found:
            continue
        path = f"past_chains[{index}]"
        name = f"escalations[{places[chain.name]}]" if chain.name in places else f"past_chains.{chain.hash[:16]}"
        events = frozenset(ending.value for ending in chain.until if ending.kind == "event")
        made = _linked(compiled, places.get(chain.name, len(places) + index), chain, path, events)
        before = len(compiled.problems.findings)
        starts = compile_starts(compiled, chain, path)
        if len(compiled.problems.findings) > before:
            del compiled.problems.findings[before:]
            starts = ()
        made = attrs.evolve(made, starts=starts)
        found[chain.hash] = attrs.evolve(made, past=True, levels=_renamed(made, path, name))
    return found


def _renamed(plan: ChainPlan, path: str, name: str) -> tuple[tuple[Expression | None, tuple[Update, ...]], ...]:
    # Effects, runs that an action starts and what quiet hours hold back are known by the place of the action: it stays what it
    # was before the chain was edited, as far as that can be told, and does not hang on what other editions are given.
    return tuple(
        (when, tuple(attrs.evolve(update, path=update.path.replace(path, name, 1)) for update in updates))
        for when, updates in plan.levels
    )


def editions(compiled: Compiled) -> tuple[ChainPlan, ...]:
    """Every chain in document order, each followed by its earlier editions."""
    past = compiled.past_chains
    return tuple(sorted((*compiled.chains, *past.values()), key=lambda plan: plan.order)) if past else compiled.chains


def plan_of(compiled: Compiled, run: ChainRun) -> ChainPlan:
    """
    The edition of its chain that a run climbs: the one it is pinned to. One that waits to begin may begin by the present one.

    Raises:
        KeyError: neither is known, which is refused before a call begins (``_verbs.begin``).
    """
    found = find_plan(compiled, run)
    if found is None:
        raise KeyError(run.chain)
    return found


def find_plan(compiled: Compiled, run: ChainRun) -> ChainPlan | None:
    """What ``plan_of`` gives; None where neither the edition nor a chain of its name is known."""
    present = compiled.chain_plans.get(run.chain)
    if present is not None and present.chain.hash == run.hash:
        return present
    return compiled.past_chains.get(run.hash, present)


def knows(compiled: Compiled, run: ChainRun) -> bool:
    """Whether the edition that a run climbs is known; one that waits to begin has none yet that it could break with."""
    plan = find_plan(compiled, run)
    return plan is not None and (run.phase == "armed" or plan.chain.hash == run.hash)


def runs_of(call: OneCall, plan: ChainPlan) -> list[ChainRun]:
    """The live runs of a chain, whichever edition of it they are pinned to, in the order in which they began."""
    return [run for run in call.draft.chains if run.chain == plan.chain.name]


def put_on(call: OneCall, run: ChainRun) -> None:
    """Put a run on the ticket; the number of its record tells it from another one of the same cause and instant."""
    numbered = handed_on(call, replace(run, generation=call.draft.sequence + 1))
    if numbered is not None:
        call.record(ChainStarted, run=numbered)


def calendars(call: OneCall) -> Finder:
    """What the levels of a chain count in, by what they name and by whom the world and the ticket know."""
    return Finder(
        call.compiled.calendar,
        call.world,
        call.snapshot,
        lambda: _own_calendar(call),
        call.workflow.extensions.targets,
    )


def _own_calendar(call: OneCall) -> str | None:
    """The calendar the ticket counts in: that of its first clock that runs, or had run; else the only one there is."""
    runs = [run for clock in call.compiled.clocks if (run := call.draft.clocks.get(clock.clock.name)) is not None]
    named = [run for run in runs if run.calendar in call.compiled.calendars]
    found = next((run for run in named if run.phase in ("running", "paused")), named[0] if named else None)
    if found is not None:
        return found.calendar
    known = tuple(call.compiled.calendars)
    return known[0] if len(known) == 1 else None
