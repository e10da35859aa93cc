"""Knows what an answer of a person does to a run on a ticket; must not know which event brought it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import escalation
from servflow.engine import _chain_ends
from servflow.engine._chain_plans import calendars, plan_of
from servflow.model import Acknowledged, ChainResumed, ChainRun, Escalated

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._chain_plans import ChainPlan


def _by(call: OneCall) -> str | None:
    return call.actor.id if call.actor is not None else None


def acknowledge(call: OneCall, run: ChainRun, until: datetime | None = None, *, snooze: bool = False) -> None:
    """Somebody took notice of a run, for good or until an instant."""
    plan = plan_of(call.compiled, run)
    by = _by(call)
    cal_of = calendars(call)
    if snooze:
        after = escalation.snooze(plan.chain, run, call.at, until, by, cal_of)
    else:
        after = escalation.acknowledge(plan.chain, run, call.at, by, cal_of)
    did = "snoozed" if snooze else "acknowledged"
    _chain_ends.hush(call, lambda late: late.of(run), f"the call that caught it up {did} the run")
    if after != run:
        _chain_ends.silence(call, run, after.quiet, f"the run was {did}")
        call.record(Acknowledged, run=after, by=by, snoozed=snooze)


def take_back(call: OneCall, run: ChainRun, phase: str) -> None:
    """An acknowledgement was taken back, or a snooze ended before its time."""
    plan = plan_of(call.compiled, run)
    step = escalation.take_back if phase == "acknowledged" else escalation.end_snooze
    after = step(plan.chain, run, call.at, calendars(call))
    ended = "the acknowledgement was taken back" if phase == "acknowledged" else "the snooze was ended"
    if after != run:
        resumed(call, plan, run, after, ended, by=_by(call))


def resumed(call: OneCall, plan: ChainPlan, run: ChainRun, after: ChainRun, reason: str, *, by: str | None = None) -> None:
    """
    A run goes on, or elsewhere; levels that the climb before it did not reach are named.

    What its level waited for may have come while the run was frozen.
    """
    left = _chain_ends.unreached(plan, run) if after.climb != run.climb else ()
    _chain_ends.silence(call, run, after.quiet, reason)
    call.record(ChainResumed, run=after, reason=reason, by=by, levels=left)
    release(call, plan, after)


def release(call: OneCall, plan: ChainPlan, run: ChainRun) -> None:
    """Let a level that waits for its condition, or for somebody to reach, try again where the condition holds."""
    if escalation.held(plan.chain, run) and call.holds(plan.levels[run.level][0], f"chain {run.chain}"):
        call.record(ChainResumed, run=escalation.release(run, call.at), reason="it need not wait any longer")


def escalate(call: OneCall, run: ChainRun, level: int | str | None) -> str | None:
    """Somebody asked for the next level, or a given one, now; what stands against it, if anything."""
    plan = plan_of(call.compiled, run)
    after = escalation.escalate(plan.chain, run, call.at, level, cal_of=calendars(call))
    if after == run and run.due != call.at:
        return f"chain {run.chain!r} has no level above {plan.chain.levels[-1].name}"
    _sent(call, plan, run, after)
    return None


def deescalate(call: OneCall, run: ChainRun, level: int | str | None) -> str | None:
    """Somebody gave a run back to a level below; what stands against it, if anything."""
    plan = plan_of(call.compiled, run)
    after = escalation.deescalate(plan.chain, run, call.at, level, cal_of=calendars(call))
    if after == run:
        names = [known.name for known in plan.chain.levels[: max(0, run.level - 1)]]
        below = f"below are {', '.join(names)}" if names else "none lies below"
        return f"chain {run.chain!r} has no such level below the one it has reached; {below}"
    _sent(call, plan, run, after)
    return None


def _sent(call: OneCall, plan: ChainPlan, run: ChainRun, after: ChainRun) -> None:
    """Levels that somebody had passed over have that for their outcome; those of a climb that ended are named."""
    by, named = _by(call), plan.chain.levels[after.level].name
    why = f"{by or 'somebody'} sent the run to {named}"
    resumed(call, plan, run, after, why, by=by)
    if after.climb != run.climb:
        return
    for place in range(run.level, after.level):
        passed = plan.chain.levels[place].name
        call.record(
            Escalated, run=after, level=place, name=passed, scheduled=call.at, outcome="skipped", why=(f"passed over: {why}",)
        )


def stop(call: OneCall, run: ChainRun, reason: str) -> None:
    """Somebody ended a run."""
    _chain_ends.stop(call, run, reason, by=_by(call))


def can_rise(call: OneCall, run: ChainRun) -> bool:
    """Whether there is a level above for a run to be sent to."""
    return run.level < len(plan_of(call.compiled, run).chain.levels)


def can_fall(run: ChainRun) -> bool:
    """Whether there is a level below the one that a run reached last."""
    return run.level >= 2
