"""Knows how a slot is offered and offers are taken back; must not know who is best, nor what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from servflow.engine._assigning import hold, release
from servflow.escalation._spans import later
from servflow.model import (
    Offer,
    Offered,
    OfferEnded,
    OfferMade,
    SlotProgress,
    Take,
    Withdraw,
)

if TYPE_CHECKING:
    from datetime import datetime

    from servflow.engine._call import OneCall

from servflow.engine._slots import SlotPlan, progress_of, progressed

MAX_POOL = 200
"""How many of the best candidates a pool is offered to, and how many keys a waiting ticket names."""


def open_offers(call: OneCall, plan: SlotPlan) -> tuple[OfferMade, ...]:
    """The open offers of an entry, in the order in which they were made."""
    return tuple(offer for offer in call.draft.offers if offer.policy == plan.policy.name)


def withdraw(call: OneCall, plan: SlotPlan, reason: str) -> None:
    """Take back every open offer of an entry, and what was proposed to the dispatcher."""
    for offer in open_offers(call, plan):
        if getattr(call.draft, offer.slot) == offer.to:  # somebody assigned it to them by hand meanwhile
            call.record(OfferEnded, offer=offer, outcome="accepted", reason=reason)
        else:
            end_offer(call, offer, "withdrawn", reason)
    progress = progress_of(call, plan)
    if progress is not None and progress.proposed is not None:
        if getattr(call.draft, plan.policy.slot) != progress.proposed:
            release(call, plan.policy.slot, progress.proposed)
        progressed(call, plan, attrs.evolve(progress, proposed=None), reason)


def end_offer(call: OneCall, offer: OfferMade, outcome: str, reason: str) -> None:
    """An offer is over and did not win: its capacity is free again and the candidate is told."""
    if getattr(call.draft, offer.slot) != offer.to:
        release(call, offer.slot, offer.to)
    call.record(OfferEnded, offer=offer, outcome=outcome, reason=reason)
    if outcome != "rejected":
        call.effect(Withdraw, f"offer:{offer.id}", offer.to, to=offer.to, offer=offer.id, policy=offer.policy, reason=reason)


def room(plan: SlotPlan, progress: SlotProgress, opened: int, *, pool: bool) -> int:
    """How many more may be asked just now, with so many offers open."""
    options = plan.policy.offer
    most = MAX_POOL if pool else 1
    if options is not None:
        most = options.broadcast or MAX_POOL if pool else options.parallel
    left = most - opened
    if options is not None and options.attempts is not None:
        left = min(left, options.attempts - progress.asked)
    return max(0, left)


def offer(
    call: OneCall,
    plan: SlotPlan,
    progress: SlotProgress,
    to: Mapping[str, tuple[Take, ...]],
    *,
    pool: bool,
    change_at: datetime | None = None,
) -> None:
    """
    Ask candidates, the best first; each with what they would take of their capacity, which a pool does not hold.

    Args:
        change_at: when a pool is looked at again; an offer runs out by itself.
    """
    options = plan.policy.offer
    expires = None
    if options is not None and options.timeout is not None and not pool:
        expires = later(options.timeout, call.at, call.compiled.calendar(options.calendar))
    after = attrs.evolve(
        progress, phase="pool" if pool else "offered", change_at=change_at if pool else None, asked=progress.asked + len(to)
    )
    after = attrs.evolve(after, exhausted=False)
    progressed(call, plan, after, f"{'pool' if pool else 'offer'} to {len(to)}")
    for candidate, takes in to.items():
        if not pool:
            hold(call, takes)
        _make(call, plan, candidate, expires, pool=pool)


def _make(call: OneCall, plan: SlotPlan, candidate: str, expires: datetime | None, *, pool: bool) -> None:
    policy = plan.policy
    offer_id = call.effect_id(f"dispatch[{plan.order}].offer", candidate)
    made = OfferMade(
        id=offer_id, policy=policy.name, slot=policy.slot, to=candidate, made_at=call.at, expires=expires, pool=pool
    )
    call.record(Offered, offer=made)
    call.effect(
        Offer,
        f"dispatch[{plan.order}]",
        candidate,
        to=candidate,
        offer=offer_id,
        policy=policy.name,
        expires=expires,
        pool=pool,
    )
