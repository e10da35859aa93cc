"""Knows when a run of a chain begins; must not know how it goes on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow import escalation, sla
from servflow.engine._chain_plans import ChainPlan, calendars, runs_of
from servflow.escalation import Trigger
from servflow.model import ChainRun, ChainStarted, ChainStopped

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def react(call: OneCall, plan: ChainPlan) -> None:
    happening = call.happening
    for trigger in plan.chain.start:
        if trigger.event is not None and trigger.event == happening.event:
            start(call, plan, f"event:{trigger.event}", call.at)
        elif trigger.state is not None and trigger.state in happening.entered and trigger.state in call.draft.entered:
            _start_or_arm(call, plan, trigger, f"state:{trigger.state}", call.at)
        elif trigger.age is not None and (happening.opened or happening.reopened):
            base = call.draft.opened_at if happening.opened else call.at
            _start_or_arm(call, plan, trigger, f"age:{call.draft.reopened}", base)


def _start_or_arm(call: OneCall, plan: ChainPlan, trigger: Trigger, cause: str, at: datetime) -> None:
    if trigger.delay is None:
        start(call, plan, cause, at)
        return
    if _live(call, plan, cause):
        return
    _started(call, escalation.arm(plan.chain, cause, at, trigger.delay, call.compiled.calendar(trigger.calendar)))


def _live(call: OneCall, plan: ChainPlan, cause: str) -> bool:
    return any(run.cause == cause for run in runs_of(call, plan))


def start(call: OneCall, plan: ChainPlan, cause: str, at: datetime) -> None:
    """Begin a run; nothing happens where the chain's condition does not hold or the cause has a live run."""
    if _live(call, plan, cause) or not call.holds(plan.when, f"chain {plan.chain.name}"):
        return
    level = escalation.entry_level(plan.chain, call.draft.levels.get(plan.chain.name, 0)) if call.draft.reopened else 0
    _started(call, escalation.begin(plan.chain, cause, at, calendars(call), level=level))


def _started(call: OneCall, run: ChainRun) -> None:
    # The number of its record tells this run from another one of the same cause and instant.
    call.record(ChainStarted, run=attrs.evolve(run, generation=call.draft.sequence + 1))


def start_by_name(call: OneCall, chain: str, cause: str) -> None:
    """Begin a run that an action asked for."""
    for plan in call.compiled.chains:
        if plan.chain.name == chain:
            start(call, plan, cause, call.at)


def on_mark(call: OneCall, clock: str, mark: str, cause: str, at: datetime) -> None:
    """
    A clock reached a mark at an instant: begin what waits for it; delays count from there.

    Each time a mark repeats is a cause of its own.
    """
    named = sla.mark_of(mark)
    for plan in call.compiled.chains:
        for trigger in plan.chain.start:
            if trigger.clock == clock and trigger.mark is not None and sla.mark_name(trigger.mark) == named:
                start(call, plan, cause, at)


def begin_armed(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    if not call.holds(plan.when, f"chain {run.chain}"):
        call.record(ChainStopped, run=escalation.stop(run), reason="its condition does not hold")
        return
    level = escalation.entry_level(plan.chain, call.draft.levels.get(plan.chain.name, 0)) if call.draft.reopened else 0
    _started(call, escalation.begin(plan.chain, run.cause, scheduled, calendars(call), level=level))
