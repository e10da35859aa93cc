"""Knows what a dispatcher's answer to a proposal does; must not know who is proposed next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.dispatch._admit import admit
from servflow.engine._answering import declined, refused
from servflow.engine._assigning import release
from servflow.engine._dispatching import decide
from servflow.engine._filling import fill
from servflow.engine._payloads import known_keys, refuse, text
from servflow.engine._slots import SlotPlan, progress_of, progressed
from servflow.errors import Refused
from servflow.model import SlotProgress, Take

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

Payload = Mapping[str, Any]

APPROVE, DECLINE = "dispatch.approve", "dispatch.decline"


def approve(call: OneCall, payload: Payload) -> None:
    """
    Give the ticket to whom dispatch proposed, or to somebody else the dispatcher names.

    Whoever was proposed must still meet every rule. Somebody named must meet those that nothing relaxes; what else
    keeps them out is recorded, for it is the dispatcher's decision.

    Raises:
        Refused: nothing is proposed (``not_here``), or they may not have it (``guard``).
    """
    known_keys(call, APPROVE, payload)
    plan, progress = _proposed(call, APPROVE, payload)
    named = text(APPROVE, payload, "to", limit=200)
    to = named or str(progress.proposed)
    takes, because = _judged(call, plan, to, by_name=to != progress.proposed)
    if to != progress.proposed:
        release(call, plan.policy.slot, progress.proposed)
        said = f"{to} was named instead of {progress.proposed}" + (f", who {because}" if because else "")
    else:
        said = f"{to} was confirmed"
    fill(call, plan, progress, to, said, takes=takes, because=said, manual=to != progress.proposed)


def _judged(call: OneCall, plan: SlotPlan, to: str, *, by_name: bool) -> tuple[tuple[Take, ...] | None, str]:
    if call.world is None:
        return None, ""
    found = admit(plan.policy, call.snapshot(), call.world, call.at, to, hooks=call.workflow.extensions.hooks)
    if not found.known:
        raise refuse(APPROVE, f"there is no {to} among the {plan.policy.candidates}", field="to", value=to)
    stopping = found.strict(plan.policy) if by_name else found.failed
    if stopping:
        raise refused(APPROVE, attrs.evolve(found, failed=stopping))
    takes = () if plan.policy.slot == "owner" else found.takes
    if not by_name:
        return takes, ""
    lacks = ", ".join(item.rule for item in found.failed)
    return tuple(attrs.evolve(take, limit=None) for take in takes), f"does not meet {lacks}" if lacks else ""


def decline(call: OneCall, payload: Payload) -> None:
    """
    Say no to whom dispatch proposed: they are not proposed again, and the next is.

    Raises:
        Refused: nothing is proposed (``not_here``).
    """
    known_keys(call, DECLINE, payload)
    plan, progress = _proposed(call, DECLINE, payload)
    reason = text(DECLINE, payload, "reason", limit=1_000) or ""
    who = str(progress.proposed)
    release(call, plan.policy.slot, who)
    after = attrs.evolve(declined(progress, [who]), proposed=None)
    progressed(call, plan, after, f"{who} was declined" + (f": {reason}" if reason else ""))
    decide(call, plan)


def ready(call: OneCall, event: str) -> None:
    """
    Look whether an answer without further words would be taken.

    Raises:
        Refused: it would not, and why.
    """
    plan, progress = _proposed(call, event, {})
    if event == APPROVE:
        _judged(call, plan, str(progress.proposed), by_name=False)


def proposals(call: OneCall) -> list[tuple[SlotPlan, SlotProgress]]:
    """The entries that wait for a dispatcher."""
    found = ((plan, progress_of(call, plan)) for plan in call.compiled.slots)
    return [(plan, progress) for plan, progress in found if progress is not None and progress.phase == "proposed"]


def _proposed(call: OneCall, event: str, payload: Payload) -> tuple[SlotPlan, SlotProgress]:
    slot = text(event, payload, "slot", limit=200)
    found = [(plan, progress) for plan, progress in proposals(call) if slot in (None, plan.policy.slot)]
    if not found:
        raise Refused(
            f"{event} is not allowed now: nobody is proposed" + (f" as {slot}" if slot else ""),
            code="not_here",
            event=event,
        )
    if len(found) > 1:
        known = tuple(plan.policy.slot for plan, _ in found)
        raise refuse(event, f"several are proposed; name the slot: {', '.join(known)}", field="slot", known=known, value=None)
    return found[0]
