"""Knows when a run of a chain begins; must not know how it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow import escalation, sla
from servflow.engine import _chain_answers, _chain_conditions, _chain_silences
from servflow.engine._chain_ends import over
from servflow.engine._chain_handovers import may_go_back
from servflow.engine._chain_plans import ChainPlan, calendars, plan_of, put_on, runs_of
from servflow.engine._chain_triggers import Beginning
from servflow.engine._payloads import refuse
from servflow.errors import Refused, nearest
from servflow.escalation._causes import ASKED, again, cause_kind, first_of
from servflow.model import ChainRun, ChainStopped, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall, StartChain


def react(call: OneCall, plan: ChainPlan) -> None:
    """Begin, or set for later, what the present step starts; nothing begins under an earlier edition of a chain."""
    if plan.past:
        _chain_silences.break_off(call, plan)
        return
    happening = call.happening
    for beginning in plan.starts:
        trigger = beginning.trigger
        if trigger.kind == "when":
            _watch(call, plan, beginning)
        elif trigger.kind == "event":
            if trigger.event == happening.event:
                start(call, plan, beginning, beginning.head, call.at)
        elif trigger.kind == "correlator":
            if trigger.correlator == happening.correlator:
                start(call, plan, beginning, beginning.head, call.at)
        elif call.draft.closed:  # what happens to a ticket may matter after its end; what it waits for does not
            continue
        elif trigger.kind == "state":
            if trigger.state in happening.entered and trigger.state in call.draft.entered:
                _start_or_arm(call, plan, beginning, beginning.head, call.at)
        elif trigger.kind == "age":
            if happening.opened or happening.reopened:
                base = call.draft.opened_at if happening.opened else call.at
                _start_or_arm(call, plan, beginning, f"{beginning.head}{call.draft.reopened}", base)
        elif trigger.kind == "silent":
            _chain_silences.react(call, plan, beginning)


def _watch(call: OneCall, plan: ChainPlan, beginning: Beginning) -> None:
    try:
        risen = _chain_conditions.became_true(call, plan, beginning)
    except Refused as error:
        _undecided(call, plan, beginning.head, call.at, error)
        return
    if risen:
        start(call, plan, beginning, beginning.head, call.at)


def _start_or_arm(call: OneCall, plan: ChainPlan, beginning: Beginning, cause: str, at: datetime) -> None:
    trigger = beginning.trigger
    if trigger.delay is None:
        start(call, plan, beginning, cause, at)
        return
    if trigger.kind == "state" and _live(call, plan, cause):
        cause = again(cause)  # another stay; whether it need be told of shows when it has lasted
    if not _live(call, plan, cause):
        armed = escalation.arm(plan.chain, cause, at, trigger.delay, call.compiled.calendar(trigger.calendar))
        put_on(call, armed)


def _climbing(call: OneCall, run: ChainRun) -> bool:
    """Whether a run about an earlier stay in the same state climbs while this one waits to begin."""
    if cause_kind(run.cause) != "state":
        return False
    first = first_of(run.cause)
    others = [held for held in call.draft.chains if held.chain == run.chain and first_of(held.cause) == first]
    return any(held.phase != "armed" for held in others)


def _live(call: OneCall, plan: ChainPlan, cause: str) -> ChainRun | None:
    return next((run for run in runs_of(call, plan) if run.cause == cause), None)


def start(call: OneCall, plan: ChainPlan, beginning: Beginning, cause: str, at: datetime) -> None:
    """
    Begin a run; nothing happens where no condition of its triggers, or that of the chain, holds.

    Where the cause has a live run, none begins; a level that is named and not passed yet is due at once then. A
    condition that cannot be decided keeps the run from beginning, never the step: the record says why.
    """
    if _live(call, plan, cause) and all(entry is None for _, entry in beginning.ways):
        return
    try:
        way = _way(call, plan, beginning)
    except Refused as error:
        _undecided(call, plan, cause, at, error)
        return
    if way is not None:
        _begin(call, plan, cause, at, way[0])


def _begin(call: OneCall, plan: ChainPlan, cause: str, at: datetime, entry: int | None) -> None:
    """Begin a run, or send the live one of the cause ahead to the level that is named."""
    run = _live(call, plan, cause)
    if run is None:
        begin(call, plan, cause, at, entry)
    elif entry is not None and run.phase != "armed":
        level = plan_of(call.compiled, run).chain.index(plan.chain.levels[entry].name)
        if level is not None and level >= run.level:
            _chain_answers.escalate(call, run, level)


def _way(call: OneCall, plan: ChainPlan, beginning: Beginning | None) -> tuple[int | None] | None:
    """The level at which the first trigger whose condition holds enters; None where the run does not begin."""
    ways = ((None, None),) if beginning is None else beginning.ways
    # A condition alone has held a moment ago: it is what started the run.
    alone = beginning is not None and beginning.trigger.kind == "when"
    found = next(((entry,) for when, entry in ways if alone or call.holds(when, f"start of chain {plan.chain.name}")), None)
    return found if found is not None and call.holds(plan.when, f"chain {plan.chain.name}") else None


def _undecided(call: OneCall, plan: ChainPlan, cause: str, at: datetime, error: Refused) -> None:
    if _live(call, plan, cause):  # it goes on
        return
    run = ChainRun(chain=plan.chain.name, hash=plan.chain.hash, cause=cause, started_at=at, phase="done")
    run = replace(run, generation=call.draft.sequence + 1)
    call.record(ChainStopped, run=run, reason=f"it did not begin: {error.message}")


def begin(call: OneCall, plan: ChainPlan, cause: str, at: datetime, entry: int | None = None) -> None:
    """
    Begin a run at a level, which is due at once, or where runs of the chain enter.

    A reopened ticket goes on by ``on_reopen``, where that leads higher.
    """
    climbed = call.draft.levels.get(plan.chain.name, 0) if call.draft.reopened else 0
    level = escalation.entry_level(plan.chain, climbed)
    run = escalation.begin(plan.chain, cause, at, calendars(call), level=max(level, entry or 0))
    if entry is not None and entry >= level:
        run = replace(run, due=run.started_at, reached=min(entry, climbed))
    put_on(call, run)


def on_mark(call: OneCall, clock: str, mark: str, cause: str, at: datetime) -> None:
    """
    A clock reached a mark at an instant: begin what waits for it; delays count from there.

    Each time a mark repeats is a cause of its own.
    """
    named = sla.mark_of(mark)
    for plan in call.compiled.chains:
        for beginning in plan.starts:
            trigger = beginning.trigger
            if trigger.clock == clock and trigger.mark is not None and sla.mark_name(trigger.mark) == named:
                start(call, plan, beginning, cause, at)


def begin_armed(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    """What an armed run waited for has come: it begins at its scheduled instant, where its conditions hold."""
    beginning = _chain_silences.beginning_of(plan, run.cause)
    if beginning is None:
        reason = "what it waited for starts its chain no more"
    elif _chain_silences.told_already(call, run):
        reason = "the silence before this one is being escalated still"
    elif _climbing(call, run):
        reason = "the stay before this one is being escalated still"
    else:
        try:
            way = _way(call, plan, beginning)
        except Refused as error:
            way, reason = None, f"it did not begin: {error.message}"
        else:
            reason = "its condition does not hold"
        if way is not None:
            begin(call, plan, run.cause, scheduled, way[0])
            return
    over(call, run, reason)


# asked for ------------------------------------------------------------------------------------------------------


def by_action(call: OneCall, asked: StartChain) -> None:
    """
    Begin a run that an action asked for, or move the live ones to a level.

    A level that jumps within its own chain moves its own run; anybody else moves every run that climbs.
    """
    plan = call.compiled.chain_plans.get(asked.chain)
    if plan is None:
        return
    if asked.jump and _jumped(call, plan, asked):
        return
    try:
        holds = call.holds(plan.when, f"chain {asked.chain}")
    except Refused as error:
        _undecided(call, plan, asked.cause, call.at, error)
        return
    if holds:
        _begin(call, plan, asked.cause, call.at, None if asked.level is None else plan.chain.index(asked.level))


def _jumped(call: OneCall, plan: ChainPlan, asked: StartChain) -> bool:
    runs = [run for run in runs_of(call, plan) if run.phase != "armed"]
    own = [run for run in runs if asked.by.startswith(f"chain:{run.chain}:{run.cause}:{run.generation}:")]
    moved = False
    for run in own or runs:
        edition = plan_of(call.compiled, run)
        level = 0 if asked.level is None else edition.chain.index(asked.level)
        if level is not None:  # a run of an edition without the level goes on as it does
            moved = True
            if level >= run.level:
                _chain_answers.escalate(call, run, level)
            elif may_go_back(call, run):
                _chain_answers.escalate(call, replace(run, handed=call.handed), level)
    return moved


def by_event(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Somebody asked for a chain by the event ``chain.start``; what was asked for before and runs is sent ahead at most.

    Raises:
        Refused: there is no such chain or level, or the chain's condition does not hold.
    """
    event, name, level = ASKED.partition(":")[2], payload.get("chain"), payload.get("level")
    plans = call.compiled.chain_plans
    plan = plans.get(name) if isinstance(name, str) else None
    if plan is None:
        close = nearest(name, plans) if isinstance(name, str) else None
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(plans) or 'none'}"
        raise refuse(event, f"there is no chain {name!r}; {hint}", field="chain", value=name, nearest=close)
    entry = None
    if level is not None:
        names = [known.name for known in plan.chain.levels]
        entry = plan.chain.index(level) if isinstance(level, str) else None
        if entry is None:
            close = nearest(level, names) if isinstance(level, str) else None
            hint = f"did you mean {close!r}?" if close else f"it has {', '.join(names)}"
            raise refuse(event, f"chain {name!r} has no level {level!r}; {hint}", field="level", value=level, nearest=close)
    reason = payload.get("reason")
    if reason is not None and (not isinstance(reason, str) or len(reason) > 1_000):
        raise refuse(event, "reason is a text of at most 1000 characters", field="reason")
    if not call.holds(plan.when, f"chain {name}"):
        text = plan.when.text if plan.when is not None else ""
        raise Refused(
            f"{event}: chain {name!r} does not begin on this ticket: {text} does not hold",
            code="guard",
            event=event,
            chain=name,
        )
    _begin(call, plan, ASKED, call.at, entry)
