"""Knows what follows an answer to an offer, or none in time; must not know who is best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from servflow.engine._assigning import assign
from servflow.errors import Refused
from servflow.model import (
    OfferEnded,
    OfferMade,
    SlotProgress,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

from servflow.engine._offers import end_offer, withdraw
from servflow.engine._placing import decide
from servflow.engine._slots import SlotPlan, plan_of, progress_of, progressed

MAX_DECLINED = 500
"""How many who declined a ticket remembers for one slot; the oldest may be asked again after that."""


def _declined(progress: SlotProgress, who: Iterable[str]) -> SlotProgress:
    listed = tuple(dict.fromkeys((*progress.declined, *who)))
    return attrs.evolve(progress, declined=listed[-MAX_DECLINED:])


def expire(call: OneCall, offer: OfferMade) -> None:
    """Nobody answered an offer in time: the next candidate's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "expired", "no answer in time")
    _next(call, plan, offer)


def reject(call: OneCall, offer: OfferMade, reason: str) -> None:
    """The candidate said no: the next one's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "rejected", reason)
    _next(call, plan, offer)


def _next(call: OneCall, plan: SlotPlan, offer: OfferMade) -> None:
    progress = progress_of(call, plan)
    if progress is None:
        return
    progressed(call, plan, _declined(progress, [offer.to]), f"{offer.to} did not take it")
    if not any(other.policy == plan.policy.name and not other.pool for other in call.draft.offers):
        decide(call, plan)


def accept(call: OneCall, offer: OfferMade) -> None:
    """The candidate said yes first: the others are told that they lost."""
    plan = plan_of(call, offer.policy)
    _check_room(call, plan, offer)
    call.record(OfferEnded, offer=offer, outcome="accepted", reason="")
    withdraw(call, plan, "somebody else took it", but=offer.id)
    progress = progress_of(call, plan)
    if progress is not None:
        progressed(
            call, plan, attrs.evolve(progress, phase="filled", relax_at=None, change_at=None, waits=()), f"{offer.to} took it"
        )
    assign(call, offer.slot, offer.to, f"dispatch[{plan.order}]", policy=plan.policy.name, limited=plan.limited)


def _check_room(call: OneCall, plan: SlotPlan, offer: OfferMade) -> None:
    # An offer made to one holds their capacity already; out of a pool it is taken only now.
    known = call.world.by_id.get(offer.to) if call.world is not None and offer.pool and plan.limited else None
    if known is None or known.capacity is None or call.world is None:
        return
    load = call.world.loads.get(offer.to, 0)
    if load >= known.capacity:
        raise Refused(
            f"offer.accept is not allowed now: {offer.to} has {load} of {known.capacity} tickets already",
            code="guard",
            event="offer.accept",
            have=load,
            limit=known.capacity,
        )
