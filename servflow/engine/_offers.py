"""Knows how a slot is offered and offers are taken back; must not know who is best, nor what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from servflow.dispatch import Choice
from servflow.engine._assigning import hold, release
from servflow.escalation import later
from servflow.model import (
    Offer,
    Offered,
    OfferEnded,
    OfferMade,
    SlotProgress,
    Withdraw,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

from servflow.engine._slots import SlotPlan, progressed

MAX_POOL = 200
"""How many of the best candidates a pool is offered to, and how many keys a waiting ticket names."""


def withdraw(call: OneCall, plan: SlotPlan, reason: str, *, but: str | None = None) -> None:
    """Take back every open offer of an entry except one."""
    for offer in call.draft.offers:
        if offer.policy != plan.policy.name or offer.id == but:
            continue
        if getattr(call.draft, offer.slot) == offer.to:  # somebody assigned it to them by hand meanwhile
            call.record(OfferEnded, offer=offer, outcome="accepted", reason=reason)
        else:
            end_offer(call, offer, "withdrawn", reason)


def end_offer(call: OneCall, offer: OfferMade, outcome: str, reason: str) -> None:
    """An offer is over and did not win: its capacity is free again and the candidate is told."""
    release(call, offer.slot, offer.to)
    call.record(OfferEnded, offer=offer, outcome=outcome, reason=reason)
    if outcome != "rejected":
        call.effect(Withdraw, f"offer:{offer.id}", offer.to, to=offer.to, offer=offer.id, policy=offer.policy, reason=reason)


def offer(call: OneCall, plan: SlotPlan, progress: SlotProgress, choice: Choice) -> None:
    pool = choice.action == "pool"
    open_to = {offer.to for offer in call.draft.offers if offer.policy == plan.policy.name}
    options = plan.policy.offer
    expires = None
    if options is not None and options.timeout is not None and not pool:
        expires = later(options.timeout, call.at, call.compiled.calendar(options.calendar))
    # A pool stays open to those whose shift begins later; an offer runs out by itself.
    change_at = choice.next_change if pool else None
    phase = "pool" if pool else "offered"
    progressed(call, plan, attrs.evolve(progress, phase=phase, change_at=change_at), f"{choice.action} to {len(choice.to)}")
    for candidate in choice.to[:MAX_POOL]:
        if candidate in open_to:
            continue
        if not pool:
            hold(call, plan.policy.slot, candidate, limited=plan.limited)
        offer_id = call.effect_id(f"dispatch[{plan.order}].offer", candidate)
        made = OfferMade(
            id=offer_id,
            policy=plan.policy.name,
            slot=plan.policy.slot,
            to=candidate,
            made_at=call.at,
            expires=expires,
            pool=pool,
        )
        call.record(Offered, offer=made)
        call.effect(
            Offer,
            f"dispatch[{plan.order}]",
            candidate,
            to=candidate,
            offer=offer_id,
            policy=plan.policy.name,
            expires=expires,
            pool=pool,
        )
