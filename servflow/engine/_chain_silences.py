"""Knows when nobody of a side has written for too long; must not know what then happens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import escalation
from servflow.engine._chain_ends import hush, stop
from servflow.engine._chain_plans import ChainPlan, plan_of, put_on, runs_of
from servflow.engine._chain_triggers import Beginning
from servflow.escalation._causes import cause_kind, first_of
from servflow.escalation._spans import later
from servflow.model import ChainRun, ChainStarted

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

BROKEN = "what started it was amended: the side had written in time"
_SECOND = ":2"


def react(call: OneCall, plan: ChainPlan, beginning: Beginning) -> None:
    """
    Set a run for when a side will have been silent for too long: from the opening, a reopening, and each of its messages.

    A message told late counts from when it was written. One that was written before a silence was complete takes back what
    that silence has begun. One told so late that the silence after it would be over as well counts from when it was told,
    unless it takes something back: whether that silence was told already nobody knows any more.
    """
    happening, draft = call.happening, call.draft
    if draft.closed:
        return
    if happening.opened or happening.reopened:
        _arm(call, plan, beginning, draft.opened_at if happening.opened else call.at)
    elif happening.message is not None and beginning.trigger.heard(happening.message):
        taken_back = _take_back(call, plan, beginning)
        waiting = [run for run in _of(call, plan, beginning) if run.phase == "armed"]
        if not waiting:
            since, due = call.effective, _due(call, beginning, call.effective)
            _arm(call, plan, beginning, since if taken_back or due >= call.at else call.at)
        for run in waiting:
            if plan_of(call.compiled, run) is plan:
                _again(call, plan, beginning, run)


def break_off(call: OneCall, plan: ChainPlan) -> None:
    """What a message means to runs that wait under an earlier edition of a chain."""
    message = call.happening.message
    if call.draft.closed or message is None:
        return
    for beginning in plan.starts:
        if beginning.trigger.kind == "silent" and beginning.trigger.heard(message):
            _take_back(call, plan, beginning)
            for run in _of(call, plan, beginning):
                if run.phase == "armed" and plan_of(call.compiled, run) is plan:
                    _again(call, plan, beginning, run)


def told_already(call: OneCall, run: ChainRun) -> bool:
    """Whether another run about the silence of the same side climbs while this one waits to begin."""
    if cause_kind(run.cause) != "silent":
        return False
    name = run.cause.removesuffix(_SECOND)
    others = [held for held in call.draft.chains if held.chain == run.chain and held.cause in (name, name + _SECOND)]
    return any(held.phase != "armed" and held.cause != run.cause for held in others)


def beginning_of(plan: ChainPlan, cause: str) -> Beginning | None:
    """The triggers an armed run waits for; None where the chain has none of the kind any more."""
    kind = cause_kind(cause)
    if kind == "silent":
        cause = cause.removesuffix(_SECOND)
    cause = first_of(cause)
    matches = [one for one in plan.starts if one.head == cause or (kind == "age" and cause.startswith(one.head))]
    return matches[0] if matches else None


def older(call: OneCall, plan: ChainPlan, run: ChainRun) -> bool:
    """Whether the present message was written before the very silence that a run is about: then it answers nothing."""
    beginning = beginning_of(plan, run.cause) if cause_kind(run.cause) == "silent" else None
    if beginning is None or run.phase == "armed":
        return False
    return _due(call, beginning, call.effective) <= run.started_at


def _of(call: OneCall, plan: ChainPlan, beginning: Beginning) -> list[ChainRun]:
    names = (beginning.head, beginning.head + _SECOND)
    return [run for run in runs_of(call, plan) if run.cause in names]


def _due(call: OneCall, beginning: Beginning, since: datetime) -> datetime:
    trigger = beginning.trigger
    assert trigger.after is not None
    return later(trigger.after, since, call.compiled.calendar(trigger.calendar))


def _arm(call: OneCall, plan: ChainPlan, beginning: Beginning, since: datetime) -> None:
    live = {run.cause for run in _of(call, plan, beginning)}
    # A silence may begin while one before it is being escalated still.
    cause = next((name for name in (beginning.head, beginning.head + _SECOND) if name not in live), None)
    if cause is not None:
        _wait(call, plan, beginning, cause, since)


def _wait(call: OneCall, plan: ChainPlan, beginning: Beginning, cause: str, since: datetime) -> None:
    trigger = beginning.trigger
    assert trigger.after is not None
    calendar = call.compiled.calendar(trigger.calendar)
    put_on(call, escalation.arm(plan.chain, cause, since, trigger.after, calendar))


def _again(call: OneCall, plan: ChainPlan, beginning: Beginning, run: ChainRun) -> None:
    """A message breaks the silence that a run waits for, unless one written later has done so already."""
    if run.due is not None and _due(call, beginning, call.effective) > run.due:
        _wait(call, plan, beginning, run.cause, call.effective)


def _take_back(call: OneCall, plan: ChainPlan, beginning: Beginning) -> bool:
    """End what a silence began that was broken before it was complete; says whether any of it was going on still."""
    said, due = call.effective, _due(call, beginning, call.effective)
    if said >= call.at:  # whatever has begun had begun before it
        return False
    names = (beginning.head, beginning.head + _SECOND)
    live = [run for run in _of(call, plan, beginning) if run.phase != "armed" and said <= run.started_at < due]
    begun = [record.run for record in call.records if isinstance(record, ChainStarted) and record.run.phase != "armed"]
    over = [run for run in begun if run.chain == plan.chain.name and run.cause in names and said <= run.started_at < due]
    for run in over:  # its levels may all be done, and it off the ticket
        hush(call, lambda late, run=run: late.of(run), BROKEN)  # type: ignore[misc]  # bound now
    for run in live:
        stop(call, run, BROKEN)
    return bool(live)  # not *over*: the ticket may not hang on which call caught it up
