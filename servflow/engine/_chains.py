"""Knows the order in which a ticket's runs react, and what time does to them; must not know what a level does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import escalation
from servflow.engine import _chain_answers, _chain_levels, _chain_quiet, _chain_silences, _chain_starts
from servflow.engine._chain_ends import hush, stop
from servflow.engine._chain_failures import doubt
from servflow.engine._chain_plans import ChainPlan, calendars, editions, plan_of
from servflow.escalation._causes import state_of
from servflow.model import ChainResumed, ChainRun, micros

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

AMENDED = "what started it was amended"


def react(call: OneCall) -> None:
    """Let every chain look at what happened: stop, release, start, in document order."""
    happening = call.happening
    amend(call)
    for plan in editions(call.compiled):
        _end(call, plan)
        if happening.changed or happening.entered:
            _release_held(call, plan)
        _chain_starts.react(call, plan)


def amend(call: OneCall) -> None:
    """End what marks started that have not happened after all."""
    for cause in call.amended:
        hush(call, lambda late, cause=cause: late.run.cause == cause, AMENDED)  # type: ignore[misc]  # bound now
        for run in [run for run in call.draft.chains if run.cause == cause]:
            stop(call, run, AMENDED)
    call.amended.clear()


def _pinned(call: OneCall, plan: ChainPlan) -> list[ChainRun]:
    """The live runs that climb this very edition of a chain."""
    return [run for run in call.draft.chains if plan_of(call.compiled, run) is plan]


def _end(call: OneCall, plan: ChainPlan) -> None:
    happening = call.happening
    ended = "the ticket closed" if happening.closed else None
    written: str | None = None
    for ending in plan.chain.until:
        if ending.kind == "state" and ending.value in happening.entered:
            ended = ended or f"entered {ending.value}"
        elif ending.kind == "event" and ending.value == happening.event:
            ended = ended or f"event {ending.value}"
        elif ending.kind == "message" and happening.message is not None and ending.heard(happening.message):
            written = f"message of {ending.value}"
    if ended is not None:  # also for a run whose last level has fired and which is off the ticket already
        hush(call, lambda late: plan_of(call.compiled, late.run) is plan, f"the call that caught it up ended the run: {ended}")
    if written is not None:
        why = f"the call that caught it up ended the run: {written}"
        hush(
            call,
            lambda late: plan_of(call.compiled, late.run) is plan and not _chain_silences.older(call, plan, late.run),
            why,
        )
    for run in _pinned(call, plan):
        reason = ended
        if reason is None and written is not None and run.phase != "armed" and not _chain_silences.older(call, plan, run):
            reason = written
        if run.phase == "armed" and (state := state_of(run.cause)) in happening.exited:
            reason = f"left {state}"
        if reason is not None:
            stop(call, run, reason)


def _release_held(call: OneCall, plan: ChainPlan) -> None:
    for run in _pinned(call, plan):
        # What cannot be decided does not hold: the event goes through, and the level goes on waiting.
        if escalation.held(plan.chain, run) and doubt(call, plan.levels[run.level][0], f"chain {run.chain}") is None:
            call.record(ChainResumed, run=escalation.release(run, call.at))


def fire(call: OneCall, plan: ChainPlan, run: ChainRun, kind: str, scheduled: datetime, *, failed: str = "") -> None:
    """
    What time alone does next to a run, at its scheduled instant.

    Args:
        failed: why a level failed before, which is reached all the same: those it tells hear of it.
    """
    call.cause = f"chain:{run.chain}:{run.cause}:{run.generation}:{run.climb}:{run.level}:{kind}@{micros(scheduled)}"
    if kind == "begin":
        _chain_starts.begin_armed(call, plan, run, scheduled)
    elif kind == "level":
        _chain_levels.fire_level(call, plan, run, scheduled, failed=failed)
    elif kind == "reminder":
        _chain_levels.fire_reminder(call, plan, run, scheduled)
    elif kind == "quiet":
        _chain_quiet.fire_quiet(call, plan, run, scheduled)
    else:
        woken = escalation.wake_up(plan.chain, run, scheduled, calendars(call))
        ended = "the snooze ran out" if run.phase == "snoozed" else "the acknowledgement ran out"
        _chain_answers.resumed(call, plan, run, woken, ended)
