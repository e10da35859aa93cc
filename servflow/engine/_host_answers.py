"""Knows what a host's answer to a request for dispatch does; must not know how the host found it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._assigning import needed
from servflow.engine._dispatching import ANSWER, ask_host, propose, wait
from servflow.engine._filling import LOOK_AGAIN, fill
from servflow.engine._offers import MAX_POOL, offer, open_offers, room
from servflow.engine._payloads import known_keys, refuse, text
from servflow.engine._slots import SlotPlan, progress_of
from servflow.errors import Refused, TimeError
from servflow.model import SlotProgress, Take, read_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

Payload = Mapping[str, Any]


def answer(call: OneCall, payload: Payload) -> None:
    """
    Do with whom the host names what the policy does with whom it finds: assign the first, offer to the best, propose.

    ``to`` is one candidate or a list of them, the best first; null or empty: nobody. ``limits`` says how much of each may
    be taken at most, which is checked at commit. ``again_at`` is when to ask again, where nobody was found.

    Raises:
        Refused: no request waits for an answer (``not_here``), or the payload does not fit (``payload``).
    """
    known_keys(call, ANSWER, payload)
    plan, progress = _asked(call, payload)
    listed, limits = _listed(payload), _limits(payload)
    again_at = _again_at(call, payload)
    seen = attrs.evolve(progress, world=LOOK_AGAIN, change_at=None)
    away = {*progress.declined, *(who for who, until in progress.silent.items() if until > call.at)}
    opened = {one.to for one in open_offers(call, plan)}
    to = {who: _takes(call, plan, who, limits) for who in listed if who not in away and who not in opened}
    mode = next((step.mode for step in reversed(plan.policy.relax[: progress.stage]) if step.mode), plan.policy.mode)
    pool = mode == "pool"
    most = room(plan, seen, len(opened), pool=pool) if mode in ("offer", "pool") else 1
    to = dict(list(to.items())[:most])
    if not to and progress.stage > progress.requested:
        ask_host(call, plan, seen)  # who was sought is not who is sought by now
    elif not to:
        why = "the host named nobody" if not listed else "whom the host named has declined, or was asked as often as may be"
        wait(call, plan, seen, why, change_at=again_at)
    elif mode in ("offer", "pool"):
        offer(call, plan, seen, {who: () if pool else takes for who, takes in to.items()}, pool=pool)
    elif mode == "approve":
        who, takes = next(iter(to.items()))
        propose(call, plan, seen, who, takes=takes)
    else:
        who, takes = next(iter(to.items()))
        fill(call, plan, seen, who, "assigned as the host answered", takes=takes)


def _takes(call: OneCall, plan: SlotPlan, who: str, limits: Mapping[str, int]) -> tuple[Take, ...]:
    taken = needed(call, plan.policy.slot, who)
    return tuple(attrs.evolve(take, limit=limits.get(who)) if "/" not in take.key else take for take in taken)


def _asked(call: OneCall, payload: Payload) -> tuple[SlotPlan, SlotProgress]:
    slot, policy = text(ANSWER, payload, "slot", limit=200), text(ANSWER, payload, "policy", limit=200)
    found = [
        (plan, progress)
        for plan in call.compiled.slots
        if slot in (None, plan.policy.slot)
        and policy in (None, plan.policy.name)
        and (progress := progress_of(call, plan)) is not None
        and progress.phase == "waiting"
        and progress.world is None
    ]
    if not found:
        raise Refused(
            f"{ANSWER} is not allowed now: no request for dispatch waits for an answer",
            code="not_here",
            event=ANSWER,
        )
    if len(found) > 1:
        known = tuple(plan.policy.slot for plan, _ in found)
        raise refuse(ANSWER, f"several wait for an answer; name the slot: {', '.join(known)}", field="slot", known=known)
    return found[0]


def _listed(payload: Payload) -> list[str]:
    if "to" not in payload:
        raise refuse(ANSWER, "to names who gets the ticket, the best first; null where nobody does", field="to", value=None)
    given = payload["to"]
    items = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(items, (list, tuple)) or len(items) > MAX_POOL:
        raise refuse(ANSWER, f"to is a name or a list of at most {MAX_POOL} names", field="to", value=given)
    for item in items:
        if not isinstance(item, str) or not 0 < len(item) <= 200:
            raise refuse(ANSWER, f"to names candidates, and {item!r} is no name", field="to", value=item)
    return list(dict.fromkeys(items))


def _limits(payload: Payload) -> Mapping[str, int]:
    given = payload.get("limits") or {}
    if not isinstance(given, Mapping):
        raise refuse(ANSWER, f"limits maps candidates to whole numbers, not {given!r}", field="limits", value=given)
    for name, most in given.items():
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise refuse(ANSWER, f"the limit of {name} is a whole number from 0 on, not {most!r}", field="limits", value=most)
    return given


def _again_at(call: OneCall, payload: Payload) -> datetime | None:
    given = payload.get("again_at")
    if given is None:
        return None
    try:
        found: datetime = given if isinstance(given, datetime) else read_instant(given)
    except (TimeError, ValueError, TypeError):
        raise refuse(ANSWER, f"again_at is an instant with its zone, not {given!r}", field="again_at", value=given) from None
    return found if found > call.at else None
