"""Knows when dispatch begins, relaxes and ends on a ticket; must not know how it decides, nor who is best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from servflow.engine import _taking_back
from servflow.engine._assigning import hold_anew, holds, release, unassign
from servflow.engine._dispatching import afresh, decide, relax_at
from servflow.engine._filling import filled, holder
from servflow.engine._offers import withdraw
from servflow.engine._slots import SlotPlan, plan_of, progress_of, progressed
from servflow.model import Assigned, FrozenMap, SlotProgress, replace

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall

LOOKING = ("waiting", "pool", "proposed")
"""The phases in which another world, or time, may bring somebody else."""


# reacting -----------------------------------------------------------------------------------------------------


def react(call: OneCall) -> None:
    """Let every dispatch entry look at what happened, in document order."""
    happening = call.happening
    if happening.queue and happening.came_from is not None and call.draft.held:
        release(call, "queue", happening.came_from)
    for plan in call.compiled.slots:
        policy = plan.policy
        entered = any(state in happening.entered and state in call.draft.entered for state in policy.state)
        asked = happening.event is not None and happening.event in policy.event
        progress = progress_of(call, plan)
        if any(state in happening.entered and state in call.draft.entered for state in policy.until):
            _done(call, plan)
        if entered or asked:
            if (running := call.draft.slots.get(policy.slot)) is not None:  # of this entry or of another one
                drop(call, plan_of(call, running.policy), "the search began again", keep=progress is not None)
            begin(call, plan)
        elif progress is not None:
            _go_on(call, plan, progress, happening)
        if _back_at_work(call, plan, happening) or _needs_otherwise(call, plan, happening):
            hold_anew(call, policy.slot)


def _back_at_work(call: OneCall, plan: SlotPlan, happening: Happening) -> bool:
    """Whether the ticket came to where there is work from where there is none; going on once it is done is no work."""
    work = plan.work
    return (
        bool(work and happening.exited) and work.isdisjoint(happening.exited) and not work.isdisjoint(call.draft.configuration)
    )


def _needs_otherwise(call: OneCall, plan: SlotPlan, happening: Happening) -> bool:
    """Whether the ticket may take more or less by now, or of another channel, of whoever has it."""
    if not happening.changed or not holds(call, plan.policy.slot):
        return False
    return "channel" in happening.changed or (plan.policy.takes is not None and bool(happening.changed & plan.reads))


def _done(call: OneCall, plan: SlotPlan) -> None:
    """The work is done: capacity is free again, and nothing takes the ticket back any more."""
    release(call, plan.policy.slot, holder(call, plan))
    progress = progress_of(call, plan)
    if progress is not None and progress.phase == "filled" and plan.policy.redispatch is not None:
        progressed(
            call, plan, attrs.evolve(progress, change_at=None, overrun_at=None, waits=(), manual=True), "the work is done"
        )


def _go_on(call: OneCall, plan: SlotPlan, progress: SlotProgress, happening: Happening) -> None:
    who = holder(call, plan)
    if not plan.here(call, progress):
        drop(call, plan, f"left {', '.join(plan.policy.state)}" if plan.policy.state else "the ticket was closed")
    elif who is not None and progress.phase != "filled":
        withdraw(call, plan, "filled by somebody")
        filled(call, plan, progress_of(call, plan) or progress, who, "filled", manual=True)
    elif who is None and progress.phase == "filled":
        _emptied(call, plan, progress)
    elif progress.phase == "searching" or (progress.phase == "waiting" and plan.touched(happening.changed)):
        decide(call, plan)
    elif progress.phase == "filled" and plan.policy.redispatch is not None:
        _taking_back.react(call, plan, progress)


def _emptied(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    """Somebody emptied the slot where it is to be filled: the search goes on, without whoever had it."""
    emptied = (record for record in reversed(call.records) if isinstance(record, Assigned) and record.slot == plan.policy.slot)
    before = next((record.previous for record in emptied if record.to is None), None)
    declined = tuple(dict.fromkeys((*progress.declined, *(() if before is None else (before,)))))
    search = afresh(call, plan, attrs.evolve(progress, declined=declined))
    progressed(call, plan, search, "emptied by somebody")
    decide(call, plan)


def begin(call: OneCall, plan: SlotPlan) -> None:
    """Empty the slot and look for somebody anew."""
    policy = plan.policy
    before = progress_of(call, plan)
    held = getattr(call.draft, policy.slot)
    unassign(call, policy.slot, f"dispatch[{plan.order}]")
    if not call.holds(plan.when, f"dispatch {policy.name}"):
        if before is not None:
            progressed(call, plan, None, "its condition does not hold")
        return
    if before is not None and before.again:  # taken back, so that the machine moved it here: not without end
        search = replace(afresh(call, plan, before), had=held)
    else:
        search = SlotProgress(policy=policy.name, since=call.at, relax_at=relax_at(call, plan, call.at, 0), had=held)
    progressed(call, plan, search, "searching")
    decide(call, plan)


def drop(call: OneCall, plan: SlotPlan, reason: str, *, keep: bool = False) -> None:
    """End the search of an entry: open offers are withdrawn. With *keep* it begins again at once and is not forgotten."""
    withdraw(call, plan, reason)
    progress = progress_of(call, plan)
    if not (keep and progress is not None and progress.again):
        progressed(call, plan, None, reason)


# by time ---


def relax(call: OneCall, plan: SlotPlan) -> None:
    """It is time to ask for less."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    stage = progress.stage + 1
    step = plan.policy.relax[stage - 1]
    forgotten = step.mode is not None  # another way of asking: whoever said no to the first may be asked by the second
    relaxed = attrs.evolve(
        progress,
        stage=stage,
        declined=() if forgotten else progress.declined,
        silent=FrozenMap() if forgotten else progress.silent,
        asked=0,
        relax_at=relax_at(call, plan, progress.since, stage),
    )
    progressed(call, plan, relaxed, f"{step.text} after {step.after.text}")
    if step.mode is not None:
        withdraw(call, plan, f"the ticket is dispatched by {step.mode} now")
        decide(call, plan)
    elif progress.phase in ("waiting", "pool"):
        decide(call, plan)


def look(call: OneCall, plan: SlotPlan) -> None:
    """Time, or another world, may have brought something new: look again."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    if progress.phase == "filled":
        _taking_back.look(call, plan, progress)
    elif progress.phase == "offered":
        _taking_back.look_at_offers(call, plan, progress)
    else:
        decide(call, plan, looking=True)


def pass_over(call: OneCall, plan: SlotPlan, why: str, *, kind: str) -> None:
    """What time or another world (``kind``) brought a slot failed: the search goes on without it, and says so."""
    progress = progress_of(call, plan)
    if progress is None:
        return
    if kind == "relax":
        stage = progress.stage + 1
        after = attrs.evolve(progress, stage=stage, relax_at=relax_at(call, plan, progress.since, stage))
    elif kind == "overrun":
        after = attrs.evolve(progress, overrun_at=None)
    elif kind == "world":
        after = attrs.evolve(progress, world=None if call.world is None else call.world.version)
    else:
        after = attrs.evolve(progress, change_at=None)
    progressed(call, plan, after, f"failed: {why}")


def stale(call: OneCall) -> tuple[SlotPlan, ...]:
    """Entries that would be looked at differently with another world now."""
    if call.world is None or not call.draft.slots:
        return ()
    version = call.world.version
    return tuple(
        plan
        for plan in call.compiled.slots
        if (progress := progress_of(call, plan)) is not None
        and progress.world != version
        and (progress.phase in LOOKING or _taking_back.heeds(call, plan, progress))
    )
