"""Knows how a clock begins for a ticket that is under way already; must not know why it did not begin before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import sla
from servflow.engine import _checklist
from servflow.engine._clock_caps import capped
from servflow.engine._clock_conditions import resting
from servflow.engine._clock_targets import chosen
from servflow.model import ClockStarted, replace
from servflow.sla import short

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled


def begin(call: OneCall, plan: ClockPlan, start: datetime | None, reason: str) -> None:
    """
    Start a clock from an earlier instant, where the ticket is where it would be running.

    What it would have reached before now is reached by the promise, not before it.
    """
    draft, clock = call.draft, plan.clock
    if plan.step is not None and not (plan.only_in is not None and _checklist.may_start(call, plan.only_in, plan.step)):
        return  # it is done already, or another step comes first
    if start is None or draft.closed or not plan.stop_states.isdisjoint(draft.entered):
        return
    found = chosen(call, plan, start)
    if found.within is None:
        return
    fresh = sla.begin(clock, start, found.within, found.calendar, found.cal)
    if start < call.effective:  # nothing of it has happened yet, however long ago it was due
        fresh = replace(fresh, due=None)
    inside = [draft.entered[state] for state in plan.paused_in if state in draft.entered]
    if inside or resting(call, plan) is not None:
        fresh = sla.pause(clock, fresh, max(start, min(inside, default=draft.entered_at)), found.cal)
    if start < call.effective:
        fresh = sla.remark(clock, fresh, call.effective, found.cal)
    fresh = capped(call, plan, fresh, max(start, call.effective), found.cal)
    call.record(ClockStarted, clock=clock.name, instant=start, run=fresh, reason=found.reason(call, reason))


def since(call: OneCall, plan: ClockPlan) -> datetime | None:
    """From when a clock would have run by what the ticket still knows; None where only an event could tell."""
    draft = call.draft
    if not plan.clock.start:
        return draft.opened_at
    entered = [draft.entered[item.value] for item in plan.clock.start if short(item) and item.value in draft.entered]
    return min(entered, default=None)


def promise(call: OneCall, plan: ClockPlan) -> None:
    """
    A target may apply to a ticket for which nothing was promised so far: then the clock begins, from when it would have run.

    Only where nothing has ended it for sure: whether an event or a message has, nobody knows, nor in a state that can be
    reached from one that ends it.
    """
    draft = call.draft
    if plan.stop_else or plan.cancel or plan.reset or (plan.only_in is not None and plan.only_in not in draft.entered):
        return
    ends = plan.stop_states if draft.reopened else plan.stop_states - call.compiled.closed_states
    if not draft.closed and not beyond(call.compiled, ends).isdisjoint(draft.entered):
        return
    begin(call, plan, since(call, plan), "a target applies now")


def beyond(compiled: Compiled, ends: frozenset[str]) -> frozenset[str]:
    """Some states and all that may be reached from one of them; rather too many than too few."""
    known = compiled.beyond.get(ends)
    if known is None:
        found = {name for end in ends for name in _around(compiled, end)}
        before = -1
        while found and len(found) != before:
            before = len(found)
            for move in compiled.transitions:
                if "*" in move.source or not found.isdisjoint(move.source):
                    found.update(name for target in move.target for name in _around(compiled, target))
        known = compiled.beyond[ends] = frozenset(found)
    return known


def _around(compiled: Compiled, state: str) -> tuple[str, ...]:
    """A state with all that stands in the same outermost one: what else is active there is not followed."""
    above = compiled.around.get(state, (state,))[-1]
    return (state, *(name for name, around in compiled.around.items() if around[-1] == above))


__all__ = ["begin", "promise", "since"]
