"""Knows when a ticket's escalation runs start, fire, rest and end; must not know how levels are scheduled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow import escalation, sla
from servflow.engine._actions import Update, compile_updates, run_updates
from servflow.engine._call import Late
from servflow.escalation import Chain, Trigger
from servflow.expressions import Expression
from servflow.model import (
    Acknowledged,
    ChainResumed,
    ChainRun,
    ChainStarted,
    ChainStopped,
    Effect,
    Escalated,
    Notify,
    Reminded,
    Unreachable,
    micros,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled

FROZEN = ("acknowledged", "snoozed")


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


# reacting -----------------------------------------------------------------------------------------------------


def react(call: OneCall) -> None:
    """Let every chain look at what happened: stop, release, start, in document order."""
    happening = call.happening
    amend(call)
    for plan in call.compiled.chains:
        _end(call, plan)
        if happening.changed or happening.entered:
            _release_held(call, plan)
        if not call.draft.closed or happening.event in plan.events:
            _begin(call, plan)


def amend(call: OneCall) -> None:
    """End what marks started that have not happened after all."""
    for cause in call.amended:
        _hush(call, lambda late, cause=cause: late.run[1] == cause)  # type: ignore[misc]  # bound now
        for run in [run for run in call.draft.chains if run.cause == cause]:
            stop(call, run, "what started it was amended")
    call.amended.clear()


def _runs(call: OneCall, plan: ChainPlan) -> list[ChainRun]:
    return [run for run in call.draft.chains if run.chain == plan.chain.name]


def _end(call: OneCall, plan: ChainPlan) -> None:
    happening = call.happening
    ended = "the ticket closed" if happening.closed else None
    for ending in plan.chain.until:
        if ending.kind == "state" and ending.value in happening.entered:
            ended = ended or f"entered {ending.value}"
        elif ending.kind == "event" and ending.value == happening.event:
            ended = ended or f"event {ending.value}"
    if ended is not None:  # also for a run whose last level has fired and which is off the ticket already
        _hush(call, lambda late: late.run[0] == plan.chain.name)
    for run in _runs(call, plan):
        reason = ended
        if run.phase == "armed" and run.cause.startswith("state:") and run.cause[6:] in happening.exited:
            reason = f"left {run.cause[6:]}"
        if reason is not None:
            stop(call, run, reason)


def stop(call: OneCall, run: ChainRun, reason: str) -> None:
    """End a run; levels caught up in the very call that ends it notify nobody."""
    _hush(call, lambda late: late.run == (run.chain, run.cause))
    call.record(ChainStopped, run=escalation.stop(run), reason=reason)


def _hush(call: OneCall, which: Callable[[Late], bool]) -> None:
    # Levels caught up in a call whose own event acknowledges or ends the run notify nobody.
    if call.own_event:
        for late in [late for late in call.late if which(late)]:
            _fold_away(call, late)


def _fold_away(call: OneCall, late: Late) -> None:
    record = call.records[late.place]
    call.records[late.place] = attrs.evolve(record, outcome="coalesced")  # type: ignore[call-arg]  # Escalated and Reminded have it
    call.late.remove(late)


def _release_held(call: OneCall, plan: ChainPlan) -> None:
    for run in _runs(call, plan):
        if escalation.held(plan.chain, run) and call.holds(plan.levels[run.level][0], f"chain {run.chain}"):
            call.record(ChainResumed, run=escalation.release(run, call.at))


def _begin(call: OneCall, plan: ChainPlan) -> None:
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
    return any(run.cause == cause for run in _runs(call, plan))


def start(call: OneCall, plan: ChainPlan, cause: str, at: datetime) -> None:
    """Begin a run; nothing happens where the chain's condition does not hold or the cause has a live run."""
    if _live(call, plan, cause) or not call.holds(plan.when, f"chain {plan.chain.name}"):
        return
    level = escalation.entry_level(plan.chain, call.draft.levels.get(plan.chain.name, 0)) if call.draft.reopened else 0
    _started(call, escalation.begin(plan.chain, cause, at, call.compiled.calendar, level=level))


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


# by time ------------------------------------------------------------------------------------------------------


def fire(call: OneCall, plan: ChainPlan, run: ChainRun, kind: str, scheduled: datetime) -> None:
    """What time alone does next to a run, at its scheduled instant."""
    call.cause = f"chain:{run.chain}:{run.cause}:{run.generation}:{run.climb}:{run.level}:{kind}@{micros(scheduled)}"
    if kind != "begin" and run.hash != plan.chain.hash and _beyond(plan, run, kind):
        call.record(ChainStopped, run=escalation.stop(run), reason="its chain was changed and has fewer levels now")
    elif kind == "begin":
        _begin_armed(call, plan, run, scheduled)
    elif kind == "level":
        _fire_level(call, plan, run, scheduled)
    elif kind == "reminder":
        _fire_reminder(call, plan, run, scheduled)
    else:
        woken = escalation.wake_up(plan.chain, run, scheduled, call.compiled.calendar)
        call.record(ChainResumed, run=woken)


def _beyond(plan: ChainPlan, run: ChainRun, kind: str) -> bool:
    levels = len(plan.chain.levels)
    return run.level >= levels if kind != "reminder" else run.reminders[0].level >= levels


def _begin_armed(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    if not call.holds(plan.when, f"chain {run.chain}"):
        call.record(ChainStopped, run=escalation.stop(run), reason="its condition does not hold")
        return
    level = escalation.entry_level(plan.chain, call.draft.levels.get(plan.chain.name, 0)) if call.draft.reopened else 0
    _started(call, escalation.begin(plan.chain, run.cause, scheduled, call.compiled.calendar, level=level))


@attrs.frozen(kw_only=True)
class Said:
    """What a level came to: its notifications, held back since a later level may speak for them, and whom they tell."""

    outcome: str
    effects: list[Effect] = attrs.field(factory=list)
    told: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def _fire_level(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    level = plan.chain.levels[run.level]
    when, updates = plan.levels[run.level]
    if when is not None and not call.holds(when, f"level {level.name}"):
        said = Said(outcome="skipped", why=(f"{when.text} does not hold",))
        waits = level.otherwise == "wait"
    else:
        said = _say(call, plan, updates)
        waits = said.outcome == "empty" and plan.chain.on_empty == "hold"
    if waits:
        after = escalation.hold(run)
    else:
        after = escalation.climb(plan.chain, run, call.compiled.calendar, fired=said.outcome != "skipped")
    if said.told:  # a level that tells nobody speaks for nobody
        _supersede(call, plan, run, scheduled)
    call.record(
        Escalated,
        run=after,
        level=run.level,
        name=level.name,
        scheduled=scheduled,
        outcome=said.outcome,
        to=said.told,
        why=said.why,
    )
    _speak(call, run, scheduled, said)


def _speak(call: OneCall, run: ChainRun, scheduled: datetime, said: Said) -> None:
    if said.outcome == "fired":
        call.late.append(Late((run.chain, run.cause), scheduled, len(call.records) - 1, said.effects))
    else:
        call.effects.extend(said.effects)


def _say(call: OneCall, plan: ChainPlan, updates: tuple[Update, ...]) -> Said:
    """Carry out a level's updates; its notifications are held back."""
    before = len(call.effects)
    run_updates(call, updates)
    fresh = call.effects[before:]
    spoken: list[Effect] = [effect for effect in fresh if isinstance(effect, (Notify, Unreachable))]
    call.effects[before:] = [effect for effect in fresh if not isinstance(effect, (Notify, Unreachable))]
    empty = any(isinstance(effect, Unreachable) for effect in spoken)
    if empty and not any(isinstance(effect, Notify) for effect in spoken) and plan.chain.on_empty == "fallback":
        spoken.extend(_fallback(call, plan, updates))
    told = tuple(dict.fromkeys(effect.to for effect in spoken if isinstance(effect, Notify)))
    why = tuple(
        dict.fromkeys(effect.reason for effect in spoken if isinstance(effect, (Notify, Unreachable)) and effect.reason)
    )
    return Said(outcome="empty" if empty and not told else "fired", effects=spoken, told=told, why=why)


def _fallback(call: OneCall, plan: ChainPlan, updates: tuple[Update, ...]) -> list[Effect]:
    found = escalation.resolve(
        plan.chain.fallback, call.snapshot(), call.world, call.at, targets=call.workflow.extensions.targets
    )
    template = next((update.parts["template"] for update in updates if update.kind == "notify"), plan.chain.name)
    before = len(call.effects)
    for recipient in found.ids:
        call.effect(Notify, "fallback", recipient, to=recipient, template=template, reason=f"fallback: {found.reason}")
    made = call.effects[before:]
    del call.effects[before:]
    return made


def _supersede(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    # Collapse: of the levels caught up in one call only the last one speaks.
    if plan.chain.late == "collapse":
        for late in [late for late in call.late if late.run == (run.chain, run.cause) and late.scheduled < scheduled]:
            _fold_away(call, late)


def _fire_reminder(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    reminder = run.reminders[0]
    _, updates = plan.levels[reminder.level]
    call.cause += f":{reminder.level}:{reminder.left}"
    notices = tuple(update for update in updates if update.kind == "notify")
    said = _say(call, plan, notices)
    if said.told:
        _supersede(call, plan, run, scheduled)
    after = escalation.remind(plan.chain, run, call.compiled.calendar)
    call.record(Reminded, run=after, level=reminder.level, scheduled=scheduled, outcome=said.outcome, to=said.told)
    _speak(call, run, scheduled, said)


# by people ----------------------------------------------------------------------------------------------------


def acknowledge(call: OneCall, run: ChainRun, until: datetime | None = None, *, snooze: bool = False) -> None:
    """Somebody took notice of a run, for good or until an instant."""
    plan = next(plan for plan in call.compiled.chains if plan.chain.name == run.chain)
    by = call.actor.id if call.actor is not None else None
    cal_of = call.compiled.calendar
    if snooze:
        after = escalation.snooze(plan.chain, run, call.at, until, by, cal_of)
    else:
        after = escalation.acknowledge(plan.chain, run, call.at, by, cal_of)
    _hush(call, lambda late: late.run == (run.chain, run.cause))
    if after != run:
        call.record(Acknowledged, run=after, by=by, snoozed=snooze)


def escalate(call: OneCall, run: ChainRun, level: int | str | None) -> None:
    """Somebody asked for the next level, or a given one, now."""
    plan = next(plan for plan in call.compiled.chains if plan.chain.name == run.chain)
    after = escalation.escalate(plan.chain, run, call.at, level, cal_of=call.compiled.calendar)
    if after != run:
        call.record(ChainResumed, run=after)
