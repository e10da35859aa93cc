"""Knows what an answer of a person does to a run on a ticket; must not know which event brought it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import escalation
from servflow.engine._chain_ends import hush
from servflow.engine._chain_plans import calendars, plan_of
from servflow.model import Acknowledged, ChainResumed, ChainRun

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def acknowledge(call: OneCall, run: ChainRun, until: datetime | None = None, *, snooze: bool = False) -> None:
    """Somebody took notice of a run, for good or until an instant."""
    plan = plan_of(call.compiled, run)
    by = call.actor.id if call.actor is not None else None
    cal_of = calendars(call)
    if snooze:
        after = escalation.snooze(plan.chain, run, call.at, until, by, cal_of)
    else:
        after = escalation.acknowledge(plan.chain, run, call.at, by, cal_of)
    hush(call, lambda late: late.of(run), "the call that caught it up acknowledged the run")
    if after != run:
        call.record(Acknowledged, run=after, by=by, snoozed=snooze)


def escalate(call: OneCall, run: ChainRun, level: int | str | None) -> None:
    """Somebody asked for the next level, or a given one, now."""
    plan = plan_of(call.compiled, run)
    after = escalation.escalate(plan.chain, run, call.at, level, cal_of=calendars(call))
    if after != run:
        call.record(ChainResumed, run=after)
