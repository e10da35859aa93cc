"""Knows when a ticket's clocks start, pause, stop and reach their marks; must not know how time is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow import sla
from servflow.engine import _checklist, _clock_story
from servflow.engine._clock_caps import capped, follow, said
from servflow.engine._clock_conditions import matches_any, may_go_on, resting, starts
from servflow.engine._clock_late import rewound
from servflow.engine._clock_since import promise
from servflow.engine._clock_targets import LIVE, chosen, reset, retarget
from servflow.model import (
    Breached,
    ClockPaused,
    ClockResumed,
    ClockRun,
    ClockStarted,
    ClockStopped,
    Warned,
)
from servflow.sla import BREACH

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall
    from servflow.engine._clock_plans import ClockPlan


def react(call: OneCall) -> None:
    """Let every clock look at what happened, in document order."""
    happening = call.happening
    late = call.occurred is not None and not happening.opened
    waiting = _clock_story.waiting(call) if late else {}
    for plan in call.compiled.clocks_for(happening):
        if plan.hears:
            _hear(call, plan, happening, waiting)
        else:
            _react(call, plan, happening)
    for plan in call.compiled.clock_order if waiting else ():
        if plan.clock.name in waiting:  # what it was told may count now, or count no more
            _clock_story.place(call, plan, (), waiting[plan.clock.name])
    if call.compiled.children:
        follow(call)


def _hear(call: OneCall, plan: ClockPlan, happening: Happening, waiting: dict[str, _clock_story.Standing]) -> None:
    told = _clock_story.asked(call, plan, happening)
    if call.occurred is not None and not happening.opened:
        more, why = _clock_story.retargeted(call, plan) if happening.changed & plan.reads else ((), "")
        if told or more:
            _clock_story.place(call, plan, (*told, *more), waiting.pop(plan.clock.name, None), why)
        return
    if not told and not happening.changed & plan.reads:
        return  # whatever changes a clock is among what it is told
    was = call.draft.clocks.get(plan.clock.name)
    _react(call, plan, happening)
    _clock_story.note(call, plan, told, was)


def _react(call: OneCall, plan: ClockPlan, happening: Happening) -> None:
    # The order at one instant: cancel, stop, reset, pause, resume, start, retarget.
    clock = plan.clock
    live = call.draft.clocks.get(clock.name)
    if live is not None and live.phase in LIVE:
        if plan.cancel and matches_any(call, plan.cancel, happening):
            _change(call, plan, "cancel", "cancelled by its condition")
        elif not plan.stop_states.isdisjoint(happening.entered) or (
            plan.stop_else and matches_any(call, plan.stop_else, happening)
        ):
            _change(call, plan, "stop", "reached")
        elif happening.closed and call.draft.closed:
            _change(call, plan, "cancel", "the ticket closed")
        elif plan.only_in in happening.exited and plan.step is None:
            _change(call, plan, "cancel", f"left {plan.only_in}")
        if plan.reset and matches_any(call, plan.reset, happening):
            reset(call, plan)
        live = call.draft.clocks[clock.name]
        if plan.pauses and live.phase in LIVE:
            _pause_or_resume(call, plan, happening, live)
        live = call.draft.clocks.get(clock.name)  # what stopped just now may start its next cycle
    if (live is None or live.phase not in LIVE) and starts(call, plan, live, happening):
        _start(call, plan, happening)
    elif happening.changed & plan.reads:
        if live is None and not happening.opened:
            promise(call, plan)
        elif call.occurred is None or happening.opened or (live is not None and live.cap is not None):
            retarget(call, plan)
        else:
            told, why = _clock_story.retargeted(call, plan)
            if told:
                _clock_story.place(call, plan, told, why=why)


def _run(call: OneCall, plan: ClockPlan) -> ClockRun | None:
    return call.draft.clocks.get(plan.clock.name)


def _pause_or_resume(call: OneCall, plan: ClockPlan, happening: Happening, run: ClockRun) -> None:
    why = resting(call, plan)
    if run.phase == "running":
        if why is not None:
            _change(call, plan, "pause", why)
        elif plan.pause and matches_any(call, plan.pause, happening):
            _change(call, plan, "pause", "paused by its condition")
    elif why is None and (may_go_on(plan, happening) or matches_any(call, plan.resume, happening)):
        _change(call, plan, "resume", "")


_KINDS: Mapping[str, Any] = {
    "pause": (sla.pause, ClockPaused),
    "resume": (sla.resume, ClockResumed),
    "stop": (sla.stop, ClockStopped),
    "cancel": (sla.cancel, ClockStopped),
}


def _change(call: OneCall, plan: ClockPlan, operation: str, reason: str) -> None:
    run = _run(call, plan)
    if run is None:
        return
    cal = call.compiled.counting(run.calendar, run.name)
    back, at = rewound(call, plan, run, cal)
    change, kind = _KINDS[operation]
    changed = change(plan.clock, back, at, cal)
    if changed is not run:
        changed = capped(call, plan, changed, at, cal)
    if operation == "resume":
        reason = reason or said(plan, changed)
    if changed is not run:
        call.record(kind, clock=plan.clock.name, instant=at, run=changed, reason=reason)


def _start(call: OneCall, plan: ClockPlan, happening: Happening) -> None:
    clock = plan.clock
    if not plan.stop_states.isdisjoint(call.draft.entered):
        return  # what it promises holds already
    if plan.step is not None and not (plan.only_in is not None and _checklist.may_start(call, plan.only_in, plan.step)):
        return  # it is done already, or another step comes first
    run = _run(call, plan)
    # What occurred before the opening, or before the cycle that ended last, counts from there.
    at = call.draft.opened_at if happening.opened else max(call.effective, call.draft.opened_at)
    if run is not None and run.stopped_at is not None:
        at = max(at, run.stopped_at)
    if run is not None and happening.reopened and clock.on_reopen == "resume" and run.phase == "met":
        cal = call.compiled.counting(run.calendar, run.name)
        again = capped(call, plan, sla.reopen(clock, run, at, cal), at, cal)
        call.record(ClockResumed, clock=clock.name, instant=at, run=again, reason="reopened")
    else:
        found = chosen(call, plan, at)
        if found.within is None:
            return  # no target applies to this ticket, so nothing is promised
        fresh = sla.begin(clock, at, found.within, found.calendar, found.cal, run)
        fresh = capped(call, plan, fresh, at, found.cal)
        reason = found.reason(call, said(plan, fresh))
        call.record(ClockStarted, clock=clock.name, instant=at, run=fresh, reason=reason)
    if plan.rests and resting(call, plan) is not None:
        _change(call, plan, "pause", "started while paused")


def reach_mark(call: OneCall, plan: ClockPlan, reason: str = "") -> str:
    """The next mark of a clock has come: record it at its own instant, and say which it was."""
    run = call.draft.clocks[plan.clock.name]
    mark, instant = run.next_mark or BREACH, run.next_at or call.at
    after = sla.reach(plan.clock, run, call.compiled.counting(run.calendar, run.name))
    if mark == BREACH:
        call.record(Breached, clock=plan.clock.name, instant=instant, run=after, reason=reason)
    else:
        call.record(Warned, clock=plan.clock.name, instant=instant, run=after, mark=mark, reason=reason)
    return mark
