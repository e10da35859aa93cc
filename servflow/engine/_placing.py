"""Knows when dispatch runs, waits and relaxes on a ticket; must not know who is best."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import dispatch
from servflow.dispatch import Choice
from servflow.engine._assigning import assign, release, unassign
from servflow.errors import LimitError
from servflow.escalation import later
from servflow.model import (
    Call,
    Decided,
    FrozenMap,
    SlotProgress,
    freeze,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

from servflow.engine._offers import MAX_POOL, offer, withdraw
from servflow.engine._slots import SlotPlan, plan_of, progress_of, progressed

MAX_DECISIONS = 500
"""How often dispatch may decide in one call before the call is stopped as running in a circle."""


# reacting -----------------------------------------------------------------------------------------------------


def react(call: OneCall) -> None:
    """Let every dispatch entry look at what happened, in document order."""
    happening = call.happening
    for plan in call.compiled.slots:
        policy = plan.policy
        entered = any(state in happening.entered and state in call.draft.entered for state in policy.state)
        asked = happening.event is not None and happening.event in policy.event
        progress = progress_of(call, plan)
        if any(state in happening.entered and state in call.draft.entered for state in policy.until):
            release(call, policy.slot, getattr(call.draft, policy.slot))
        if entered or asked:
            if (running := call.draft.slots.get(policy.slot)) is not None:  # of this entry or of another one
                drop(call, plan_of(call, running.policy), "the search began again")
            begin(call, plan)
        elif progress is not None:
            if policy.state and not any(state in call.draft.entered for state in policy.state):
                drop(call, plan, f"left {', '.join(policy.state)}")
            elif getattr(call.draft, policy.slot) is not None and progress.phase != "filled":
                withdraw(call, plan, "filled by somebody")
                progressed(
                    call, plan, attrs.evolve(progress, phase="filled", relax_at=None, change_at=None, waits=()), "filled"
                )
            elif progress.phase == "waiting" and (happening.changed & plan.reads):
                decide(call, plan)


def begin(call: OneCall, plan: SlotPlan) -> None:
    """Empty the slot and look for somebody anew."""
    policy = plan.policy
    unassign(call, policy.slot, f"dispatch[{plan.order}]")
    if not call.holds(plan.when, f"dispatch {policy.name}"):
        return
    progress = SlotProgress(policy=policy.name, since=call.at, relax_at=relax_at(call, plan, call.at, 0))
    progressed(call, plan, progress, "searching")
    decide(call, plan)


def relax_at(call: OneCall, plan: SlotPlan, since: datetime, stage: int) -> datetime | None:
    """When less is asked for next, after so many relaxations; None after the last."""
    if stage >= len(plan.policy.relax):
        return None
    step = plan.policy.relax[stage]
    return max(later(step.after, since, call.compiled.calendar(step.calendar)), call.at)


def drop(call: OneCall, plan: SlotPlan, reason: str) -> None:
    """End the search of an entry: open offers are withdrawn."""
    withdraw(call, plan, reason)
    progressed(call, plan, None, reason)


# deciding -----------------------------------------------------------------------------------------------------


def decide(call: OneCall, plan: SlotPlan) -> None:
    """Choose who gets the slot with the world at hand, record the choice with its reasons and act on it."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    if call.world is None:
        _ask_host(call, plan, progress)
        return
    call.decisions += 1
    if call.decisions > MAX_DECISIONS:
        raise LimitError(
            f"dispatch {plan.policy.name!r} decided more than {MAX_DECISIONS} times in one call; "
            "its events lead back to its state",
            code="budget",
            limit=MAX_DECISIONS,
        )
    hooks = call.workflow.extensions.hooks
    choice = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, hooks=hooks, explain=False)
    call.record(
        Decided,
        maker="dispatch",
        name=plan.policy.name,
        world=call.world.version,
        values=FrozenMap({name: freeze(call.scope().get(name)) for name in sorted(plan.reads)}),
        result=freeze({"action": choice.action, "to": list(choice.to)}),
        why=freeze(_why(choice)),
    )
    _act(call, plan, progress, choice)


_KEPT_RANKS = 5


def _why(choice: Choice) -> dict[str, Any]:
    # The record keeps the counts, the best few and what keeps out those nearest to fitting; the rest can be
    # decided again from the world's version.
    return {
        "summary": choice.summary(),
        "kind": choice.kind,
        "mode": choice.mode,
        "stage": choice.stage,
        "considered": choice.considered,
        "needs": {rule: list(need) for rule, need in choice.needs.items()},
        "counts": dict(choice.counts),
        "again": {rule: list(found) for rule, found in choice.again.items()},
        "ranked": [item.as_data() for item in choice.ranked[:_KEPT_RANKS]],
        "next_change": choice.next_change,
        "fingerprint": choice.fingerprint,
        "origin": dict(choice.origin),
    }


def _ask_host(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    if progress.phase != "waiting" or progress.world is not None:
        data = FrozenMap({"policy": plan.policy.name, "slot": plan.policy.slot})
        call.effect(Call, f"dispatch[{plan.order}]", name="dispatch", data=data)
    progressed(call, plan, attrs.evolve(progress, phase="waiting", world=None, change_at=None), "no world was given")


def _act(call: OneCall, plan: SlotPlan, progress: SlotProgress, choice: Choice) -> None:
    seen = attrs.evolve(progress, world=choice.world, change_at=None, waits=())
    if choice.action == "wait" and progress.phase == "pool" and any(o.policy == plan.policy.name for o in call.draft.offers):
        # Whoever was asked may still take it; nobody new fits just now.
        progressed(call, plan, attrs.evolve(seen, change_at=choice.next_change), choice.summary())
    elif choice.action == "wait":
        waiting = attrs.evolve(seen, phase="waiting", waits=choice.waits[:MAX_POOL], change_at=choice.next_change)
        progressed(call, plan, waiting, choice.summary())
        if progress.phase != "waiting":
            call.raise_event(f"exhausted.{plan.policy.name}")
    elif choice.action == "assign":
        progressed(call, plan, attrs.evolve(seen, phase="filled", relax_at=None), "assigned")
        assign(call, plan.policy.slot, choice.to[0], f"dispatch[{plan.order}]", policy=plan.policy.name, limited=plan.limited)
    else:
        offer(call, plan, seen, choice)


# by time ---


def relax(call: OneCall, plan: SlotPlan) -> None:
    """It is time to ask for less."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    stage = progress.stage + 1
    step = plan.policy.relax[stage - 1]
    declined = () if step.kind == "mode" else progress.declined
    relaxed = attrs.evolve(progress, stage=stage, declined=declined, relax_at=relax_at(call, plan, progress.since, stage))
    progressed(call, plan, relaxed, f"{step.kind} {step.target} after {step.after.text}")
    if step.kind == "mode":
        withdraw(call, plan, f"the ticket is dispatched by {step.target} now")
        decide(call, plan)
    elif progress.phase == "waiting":
        decide(call, plan)


def pass_over(call: OneCall, plan: SlotPlan, why: str, *, relaxing: bool) -> None:
    """What time had set for a slot failed: the search goes on without it, and says so."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    if relaxing:
        stage = progress.stage + 1
        after = attrs.evolve(progress, stage=stage, relax_at=relax_at(call, plan, progress.since, stage))
    else:
        after = attrs.evolve(progress, change_at=None)
    progressed(call, plan, after, f"failed: {why}")


def stale(call: OneCall) -> tuple[SlotPlan, ...]:
    """Entries that wait and would be decided with another world now."""
    if call.world is None:
        return ()
    version = call.world.version
    return tuple(
        plan
        for plan in call.compiled.slots
        if (progress := progress_of(call, plan)) is not None
        and progress.phase in ("waiting", "pool")
        and progress.world != version
    )
