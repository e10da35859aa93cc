"""Knows when a ticket that somebody has, or was offered, is taken back; must not know who gets it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from servflow import dispatch
from servflow.dispatch._admit import Admission, admit
from servflow.engine._assigning import unassign
from servflow.engine._dispatching import afresh, decide
from servflow.engine._filling import LOOK_AGAIN, holder, watched
from servflow.engine._offers import end_offer, open_offers
from servflow.engine._raised import tell
from servflow.engine._slots import SlotPlan, progress_of, progressed
from servflow.errors import Refused
from servflow.model import SlotProgress

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

_LATER = ("open", "below", "window", "cool_off", *dispatch.STANDING[1:])
"""Kinds of rules that say nothing of whether somebody may keep what they have, once a value of the ticket changed."""


def heeds(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> bool:
    """Whether another world may take the ticket back from whoever has it, or was offered it, and has work to do yet."""
    again = plan.policy.redispatch
    done = any(state in call.draft.entered for state in plan.policy.until)
    if again is None or again.most <= progress.again or done:
        return False
    if progress.phase == "offered":
        return again.absence or again.presence
    if progress.phase != "filled":
        return False
    unseen = progress.world == LOOK_AGAIN and again.changed
    return again.absence or again.presence or unseen or (again.capacity and bool(progress.waits))


def react(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    """Something happened to a ticket that somebody has: a value that a requirement reads may have changed."""
    again = plan.policy.redispatch
    if again is None or not again.changed or progress.manual or not plan.touched(call.happening.changed):
        return
    who = holder(call, plan)
    if call.world is None:
        progressed(call, plan, attrs.evolve(progress, world=LOOK_AGAIN), "changed, and no world was given")
    elif who is not None and (why := _no_longer(_admitted(call, plan, who))):
        take_back(call, plan, "changed", f"{who} does not meet {why} any more")


def _admitted(call: OneCall, plan: SlotPlan, who: str) -> Admission:
    return admit(plan.policy, call.snapshot(), call.world, call.at, who, hooks=call.workflow.extensions.hooks)


def _no_longer(admission: Admission) -> str:
    """What whoever has the ticket does not meet, of what the ticket asks; empty where they meet it."""
    return ", ".join(item.rule for item in admission.failed if item.kind not in _LATER)


def look(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    """Time, or another world, may take the ticket back from whoever has it."""
    again, who = plan.policy.redispatch, holder(call, plan)
    if again is None or who is None:  # another version of the definition takes nothing back
        progressed(call, plan, watched(call, plan, progress, who or ""), "nothing takes it back")
        return
    if call.world is None:  # nobody can tell; the next call with a world does
        progressed(call, plan, attrs.evolve(progress, change_at=None, world=LOOK_AGAIN), "no world was given")
        return
    admission = _admitted(call, plan, who)
    why = _gone(plan, admission)
    if why:
        take_back(call, plan, why[0], f"{who} {why[1]}")
        return
    if progress.world == LOOK_AGAIN and again.changed and not progress.manual and (lacks := _no_longer(admission)):
        take_back(call, plan, "changed", f"{who} does not meet {lacks} any more")
        return
    if again.capacity and progress.waits and (better := _better(call, plan, who)) is not None:
        take_back(call, plan, "capacity", f"{better} has room again and meets all that was asked")
        return
    after = watched(call, plan, progress, who)
    # What did not change but for the version of the world leaves no record: the same is looked at again, at little cost.
    if attrs.evolve(after, world=progress.world) != progress or progress.world in (None, LOOK_AGAIN):
        progressed(call, plan, after, "looked at again")


def _gone(plan: SlotPlan, admission: Admission) -> tuple[str, str] | None:
    again = plan.policy.redispatch
    rules = {item.rule for item in admission.failed}
    if again is not None and again.absence and not admission.known:
        return "absence", "is not there any more"
    if again is not None and again.absence and "absence" in rules:
        return "absence", "is absent"
    if again is not None and again.presence and "presence" in rules:
        return "presence", "is away or offline"
    return None


def _better(call: OneCall, plan: SlotPlan, who: str) -> str | None:
    """The best of those who meet everything, where that is somebody else and whoever has it does not."""
    assert call.world is not None
    hooks = call.workflow.extensions.hooks
    full = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, stage=0, hooks=hooks, explain=False)
    return full.best if full.best is not None and all(item.id != who for item in full.ranked) else None


def look_at_offers(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    """Offers to people who are not there any more are taken back, and the next are asked."""
    assert call.world is not None
    gone = False
    for offer in open_offers(call, plan):
        if why := _gone(plan, _admitted(call, plan, offer.to)):
            end_offer(call, offer, "withdrawn", f"{offer.to} {why[1]}")
            gone = True
    if gone:
        progressed(call, plan, attrs.evolve(progress, world=call.world.version), "offers were taken back")
        if not open_offers(call, plan):
            decide(call, plan)


def overran(call: OneCall, plan: SlotPlan) -> None:
    """The work has not begun in time."""
    progress, who, again = progress_of(call, plan), holder(call, plan), plan.policy.redispatch
    if progress is None:
        return
    if who is None or again is None or again.overrun is None or again.most <= progress.again:
        progressed(call, plan, attrs.evolve(progress, overrun_at=None), "nothing takes it back")
        return
    take_back(call, plan, "overrun", f"{who} did not begin within {again.overrun.text}", declined=who)


def may_give_back(call: OneCall, plan: SlotPlan, who: str | None) -> bool:
    """Whether somebody who has the ticket may give it back by rejecting it."""
    again, progress = plan.policy.redispatch, progress_of(call, plan)
    filled = progress is not None and progress.phase == "filled" and plan.here(call, progress)
    return again is not None and again.rejection and filled and who is not None and holder(call, plan) == who


def give_back(call: OneCall, plan: SlotPlan, who: str, reason: str) -> None:
    """Whoever has the ticket says no after all."""
    take_back(call, plan, "rejection", f"{who} gave it back" + (f": {reason}" if reason else ""), declined=who)


def take_back(call: OneCall, plan: SlotPlan, cause: str, why: str, *, declined: str | None = None) -> None:
    """
    Empty a slot that somebody had and look for somebody else, with the reason on record.

    Where the machine listens to ``redispatched.<policy>`` it may move the ticket first; else the search goes on where it is.

    Raises:
        Refused: there is no search to go on with (which callers rule out).
    """
    progress = progress_of(call, plan)
    if progress is None:
        raise Refused(f"nothing is dispatched by {plan.policy.name}", code="not_here", event="dispatch")
    who = holder(call, plan)
    unassign(call, plan.policy.slot, f"dispatch[{plan.order}].redispatch", why)
    said = progress.declined if declined is None else tuple(dict.fromkeys((*progress.declined, declined)))
    search = afresh(call, plan, attrs.evolve(progress, declined=said, again=progress.again + 1))
    progressed(call, plan, search, f"redispatch for {cause}: {why}")
    event = f"redispatched.{plan.policy.name}"
    tell(call, event, {"previous": who, "cause": cause})
    if event not in call.compiled.raised.heard:
        decide(call, plan)
