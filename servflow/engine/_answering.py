"""Knows what follows an answer to an offer or a proposal, or none in time; must not know who is best."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow.dispatch._admit import Admission, admit
from servflow.engine._dispatching import decide
from servflow.engine._filling import fill
from servflow.engine._offers import end_offer, open_offers, withdraw
from servflow.engine._slots import SlotPlan, plan_of, progress_of, progressed
from servflow.errors import Refused
from servflow.escalation._spans import later
from servflow.model import (
    FrozenMap,
    OfferEnded,
    OfferMade,
    SlotProgress,
    Take,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_DECLINED = 500
"""How many who declined a ticket remembers for one slot; the oldest may be asked again after that."""


def declined(progress: SlotProgress, who: Iterable[str]) -> SlotProgress:
    """The search with somebody more who is not asked again."""
    listed = tuple(dict.fromkeys((*progress.declined, *who)))
    return attrs.evolve(progress, declined=listed[-MAX_DECLINED:])


def expire(call: OneCall, offer: OfferMade) -> None:
    """Nobody answered an offer in time: the next candidate's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "expired", "no answer in time")
    progress = progress_of(call, plan)
    if progress is not None:
        _next(call, plan, _unanswered(call, plan, progress, offer.to), f"{offer.to} did not answer")


def expire_alone(call: OneCall, offer: OfferMade, why: str) -> None:
    """Nobody answered, and what follows failed: the offer is over, and the search waits for somebody else or another world."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "expired", f"no answer in time; what follows failed: {why}")
    progress = progress_of(call, plan)
    if progress is not None:
        after = _unanswered(call, plan, progress, offer.to)
        again = min((end for end in after.silent.values() if end > call.at), default=None)
        progressed(call, plan, attrs.evolve(after, phase="waiting", change_at=again), f"failed: {why}")


def _unanswered(call: OneCall, plan: SlotPlan, progress: SlotProgress, who: str) -> SlotProgress:
    """The search without somebody who did not answer: for good, or as long as the policy leaves them alone."""
    options = plan.policy.offer
    if options is None or options.cool_off is None:
        return declined(progress, [who])
    until = later(options.cool_off, call.at, call.compiled.calendar(options.calendar))
    return attrs.evolve(progress, silent=_silent(progress, call.at, who, until))


def _silent(progress: SlotProgress, at: datetime, who: str, until: datetime) -> FrozenMap[str, datetime]:
    kept = [(name, end) for name, end in progress.silent.items() if end > at and name != who]
    return FrozenMap([*kept[-MAX_DECLINED + 1 :], (who, until)])


def reject(call: OneCall, offer: OfferMade, reason: str) -> None:
    """The candidate said no: the next one's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "rejected", reason)
    progress = progress_of(call, plan)
    if progress is not None:
        _next(call, plan, declined(progress, [offer.to]), f"{offer.to} did not take it")


def _next(call: OneCall, plan: SlotPlan, after: SlotProgress, reason: str) -> None:
    progressed(call, plan, after, reason)
    if not any(not other.pool for other in open_offers(call, plan)):
        decide(call, plan)


def accept(call: OneCall, offer: OfferMade) -> None:
    """
    The candidate said yes first: the others are told that they lost.

    Raises:
        Refused: they may not have it any more (``guard``); the offer stands until it is rejected or runs out.
    """
    plan = plan_of(call, offer.policy)
    takes = still(call, plan, offer.to, "offer.accept")
    call.record(OfferEnded, offer=offer, outcome="accepted", reason="")
    withdraw(call, plan, "somebody else took it")
    progress = progress_of(call, plan)
    if progress is not None:
        fill(call, plan, progress, offer.to, f"{offer.to} took it", takes=takes)


def still(call: OneCall, plan: SlotPlan, who: str, event: str) -> tuple[Take, ...] | None:
    """
    What a candidate takes of their capacity, once they may still have the ticket; None where no world tells.

    Raises:
        Refused: they may not, with each rule that keeps them out and when time alone lets them in again.
    """
    if call.world is None:
        return None
    found = admit(plan.policy, call.snapshot(), call.world, call.at, who, hooks=call.workflow.extensions.hooks)
    if not found.known:
        raise Refused(
            f"{event} is not allowed now: there is no {who} among the {plan.policy.candidates} any more",
            code="guard",
            event=event,
            candidate=who,
            rules=plan.policy.candidates,
            verdicts=(),
        )
    if found.failed:
        raise refused(event, found)
    return () if plan.policy.slot == "owner" else found.takes


def refused(event: str, found: Admission) -> Refused:
    """The refusal of somebody whom a rule keeps out."""
    first = found.failed[0]
    why = "; ".join(item.text() for item in found.failed)
    return Refused(
        f"{event} is not allowed now: {why}",
        code="guard",
        event=event,
        candidate=found.candidate,
        rules=", ".join(item.rule for item in found.failed),
        have=first.have,
        limit=first.need,
        verdicts=tuple(item.as_data() for item in found.failed),
    )
