"""Knows how a search decides and what it does with the choice; must not know when, nor who is best."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.dispatch import Choice, _admit
from servflow.dispatch._case import Case
from servflow.dispatch._evaluate import choose
from servflow.engine._assigning import hold, release
from servflow.engine._decided import decided
from servflow.engine._filling import MAX_WAITS, fill
from servflow.engine._lining import stands_by
from servflow.engine._offers import offer, open_offers, room, withdraw
from servflow.engine._raised import tell
from servflow.engine._slots import SlotPlan, progress_of, progressed
from servflow.engine._turning import had, take_turns
from servflow.errors import LimitError
from servflow.escalation._spans import later
from servflow.model import (
    Call,
    FrozenMap,
    SlotProgress,
    Take,
    replace,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_DECISIONS = 500
"""How often dispatch may decide in one call before the call is stopped as running in a circle."""

ANSWER = "dispatch.answer"
"""The event with which a host answers whom a ticket goes to, where no world was given."""


def afresh(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> SlotProgress:
    """A search that begins now; who declined, and how often it was taken back, is not forgotten."""
    return SlotProgress(
        policy=plan.policy.name,
        since=call.at,
        relax_at=relax_at(call, plan, call.at, 0),
        declined=progress.declined,
        silent=progress.silent,
        again=progress.again,
    )


def relax_at(call: OneCall, plan: SlotPlan, since: datetime, stage: int) -> datetime | None:
    """When less is asked for next, after so many relaxations; None after the last."""
    if stage >= len(plan.policy.relax):
        return None
    step = plan.policy.relax[stage]
    return max(later(step.after, since, call.compiled.calendar(step.calendar)), call.at)


# deciding -----------------------------------------------------------------------------------------------------


def decide(call: OneCall, plan: SlotPlan, *, looking: bool = False) -> None:
    """
    Choose who gets the slot with the world at hand, record the choice with its reasons and act on it.

    Args:
        looking: it is only looked at again; what waits as before, for the same, leaves no record.
    """
    progress = progress_of(call, plan)
    if progress is None:
        return
    if stands_by(call, plan, progress):
        return
    if call.world is None:
        ask_host(call, plan, progress)
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
    case = Case.make(plan.policy, call.snapshot(), call.world, call.at, hooks=hooks)
    choice = choose(case, explain=False)
    if looking and _as_before(progress, choice, call.at):
        return
    decided(call, plan, choice)
    given = had(call, plan.policy)
    _act(call, plan, progress, choice, case)
    take_turns(call, plan.policy, choice, given)


def _as_before(progress: SlotProgress, choice: Choice, at: datetime) -> bool:
    # Of thousands that wait for one place one gets it: the others would fill their histories with having looked.
    if choice.action != "wait" or progress.phase != "waiting" or not progress.exhausted or not progress.world:
        return False
    ahead = progress.change_at is None or progress.change_at > at
    return ahead and (choice.waits[:MAX_WAITS], choice.next_change) == (progress.waits, progress.change_at)


def ask_host(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    """Without a world the host is asked; its answer comes back as an event."""
    if progress.phase != "waiting" or progress.world is not None:
        data: dict[str, Any] = {"policy": plan.policy.name, "slot": plan.policy.slot}
        if progress.stage:
            data["stage"] = progress.stage
        if away := (*progress.declined, *(who for who, until in progress.silent.items() if until > call.at)):
            data["declined"] = away
        call.effect(Call, f"dispatch[{plan.order}]", name="dispatch", data=FrozenMap(data), reply=ANSWER)
        progress = replace(progress, requested=progress.stage)
    progressed(call, plan, replace(progress, phase="waiting", world=None, change_at=None), "no world was given")


def _act(call: OneCall, plan: SlotPlan, progress: SlotProgress, choice: Choice, case: Case) -> None:
    seen = replace(progress, world=choice.world, change_at=None, waits=())
    opened = {offer.to for offer in open_offers(call, plan)}
    if choice.action == "wait" and opened:
        # Whoever was asked may still take it; nobody new fits just now.
        progressed(call, plan, replace(seen, change_at=choice.next_change), choice.summary())
    elif choice.action == "wait":
        wait(call, plan, seen, choice.summary(), waits=choice.waits[:MAX_WAITS], change_at=choice.next_change)
    elif choice.action == "assign":
        withdraw(call, plan, "somebody was assigned")
        fill(call, plan, seen, choice.to[0], "assigned", takes=takes_of(plan, case, choice.to[0]))
    elif choice.action == "approve":
        fitting = {item.id for item in choice.ranked}
        # Somebody who was proposed stays so while they fit: the dispatcher may be asking them just now.
        to = progress.proposed if progress.proposed in fitting and progress.proposed is not None else choice.to[0]
        propose(call, plan, seen, to, takes=takes_of(plan, case, to), change_at=choice.next_change)
    else:
        pool = choice.action == "pool"
        asked = [who for who in choice.to if who not in opened][: room(plan, seen, len(opened), pool=pool)]
        if asked or opened:
            shares = {who: () if pool else takes_of(plan, case, who) for who in asked}
            offer(call, plan, seen, shares, pool=pool, change_at=choice.next_change)
        else:
            wait(call, plan, seen, f"{seen.asked} offers were made, as many as may be")


def wait(
    call: OneCall,
    plan: SlotPlan,
    progress: SlotProgress,
    why: str,
    *,
    waits: tuple[str, ...] = (),
    change_at: datetime | None = None,
) -> None:
    """Nobody is found: the slot waits, and the machine hears of it once."""
    before = progress_of(call, plan)
    release(call, plan.policy.slot, progress.proposed)
    told = before is not None and before.phase == "waiting" and (before.exhausted or before.world is not None)
    waiting = replace(progress, phase="waiting", proposed=None, waits=waits, change_at=change_at, exhausted=True)
    progressed(call, plan, waiting, why)
    if not told:
        call.raise_event(f"exhausted.{plan.policy.name}")


def takes_of(plan: SlotPlan, case: Case, who: str) -> tuple[Take, ...]:
    """What a chosen candidate takes of their capacity, with the limits under which they were chosen; owners take none."""
    if plan.policy.slot == "owner":
        return ()
    return _admit.takes_of(case, who)


def propose(
    call: OneCall,
    plan: SlotPlan,
    progress: SlotProgress,
    to: str,
    *,
    takes: tuple[Take, ...],
    change_at: datetime | None = None,
) -> None:
    """Ask the dispatcher to confirm somebody, whose capacity is held meanwhile."""
    if progress.proposed is not None and progress.proposed != to:
        release(call, plan.policy.slot, progress.proposed)
    hold(call, takes)
    asked = progress.asked + (progress.proposed != to)
    after = replace(progress, phase="proposed", proposed=to, change_at=change_at, asked=asked, exhausted=False)
    progressed(call, plan, after, f"{to} is proposed")
    if progress.proposed != to:
        tell(call, f"proposed.{plan.policy.name}", {"to": to})
