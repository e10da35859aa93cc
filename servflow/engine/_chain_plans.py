"""Knows a workflow's chains linked with its names and conditions; must not know any run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from servflow import escalation, sla
from servflow.engine._actions import Update, compile_updates
from servflow.escalation import CalendarOf, Chain, Trigger
from servflow.expressions import Expression

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


def compile_chains(compiled: Compiled) -> tuple[ChainPlan, ...]:
    """Link every chain; names that are not declared and conditions that read time go to the findings."""
    return tuple(_compile(compiled, order, chain) for order, chain in enumerate(compiled.workflow.escalations))


def _compile(compiled: Compiled, order: int, chain: Chain) -> ChainPlan:
    path = f"escalations[{order}]"
    problems, types = compiled.problems, compiled.timeless
    for index, trigger in enumerate(chain.start):
        _check_trigger(compiled, trigger, f"{path}.start" if len(chain.start) == 1 else f"{path}.start[{index}]")
    for index, ending in enumerate(chain.until):
        if ending.kind == "state":
            problems.known("state", ending.value, compiled.states, f"{path}.until[{index}].state")
    if chain.fallback is not None:
        spec = compiled.workflow
        targets = spec.extensions.targets
        problems.findings.extend(
            escalation.check_to(chain.fallback, f"{path}.fallback", spec.roles, spec.queues, targets=targets)
        )
    levels = []
    for index, level in enumerate(chain.levels):
        where = f"{path}.levels[{index}]"
        if level.calendar is not None:
            problems.known("calendar", level.calendar, compiled.calendars, f"{where}.calendar")
        levels.append(
            (
                compiled.condition(level.when, f"{where}.when"),
                compile_updates(compiled, level.do, types, f"{where}.do", timeless=True),
            )
        )
    events = {trigger.event for trigger in chain.start if trigger.event} | {
        ending.value for ending in chain.until if ending.kind == "event"
    }
    return ChainPlan(
        chain=chain,
        order=order,
        when=compiled.condition(chain.when, f"{path}.when"),
        levels=tuple(levels),
        events=frozenset(events),
    )


def _check_trigger(compiled: Compiled, trigger: Trigger, path: str) -> None:
    problems = compiled.problems
    if trigger.clock is not None and problems.known("clock", trigger.clock, compiled.clock_names, f"{path}.clock"):
        clock = next(promise.clock for promise in compiled.promises if promise.clock.name == trigger.clock)
        problems.known("mark", sla.mark_name(trigger.mark or ""), ("breach", *clock.warn), f"{path}.mark")
    if trigger.state is not None:
        problems.known("state", trigger.state, compiled.states, f"{path}.state")
    if trigger.calendar is not None:
        problems.known("calendar", trigger.calendar, compiled.calendars, f"{path}.calendar")


def plan_of(compiled: Compiled, run: ChainRun) -> ChainPlan:
    """The chain a run climbs."""
    return compiled.chain_plans[run.chain]


def runs_of(call: OneCall, plan: ChainPlan) -> list[ChainRun]:
    """The live runs of a chain, in the order in which they began."""
    return [run for run in call.draft.chains if run.chain == plan.chain.name]


def calendars(call: OneCall) -> CalendarOf:
    """What the levels of a chain count in, by what they name."""
    return call.compiled.calendar
