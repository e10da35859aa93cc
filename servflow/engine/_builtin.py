"""Knows what the built-in events do to a ticket; must not know who may fire them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine import (
    _answering,
    _appointing,
    _approval,
    _approving,
    _checklist,
    _children,
    _helping,
    _host_answers,
    _parts,
    _queueing,
    _rating,
    _taking_back,
)
from servflow.engine._assigning import SLOTS, assign, unassign
from servflow.engine._builtin_chains import CHAIN_EVENTS
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._dispatching import ANSWER
from servflow.engine._fitting import attribute, change, fitted
from servflow.engine._moving import enter
from servflow.engine._payloads import known_keys, refuse, text
from servflow.errors import Refused, nearest
from servflow.model import (
    FIRED,
    SYSTEM,
    Messaged,
    OfferMade,
    Waived,
)
from servflow.sla import SIDES
from servflow.statemachine import NOTHING

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

Payload = Mapping[str, Any]


def perform(call: OneCall, event: str, payload: Payload) -> None:
    """
    Do what a built-in event does.

    Raises:
        Refused: its payload does not fit, with code ``payload``.
    """
    action = BUILT_IN_EVENTS[event]
    if action is not None:
        action(call, payload)


def _by(call: OneCall) -> str | None:
    return call.actor.id if call.actor is not None else None


def _update(call: OneCall, payload: Payload) -> None:
    if not payload:
        raise refuse("ticket.update", "the payload names no field to update", needs={})
    fields, attributes = split(call, payload, "ticket.update")
    change(call, fields, attributes, "ticket.update", person=call.actor not in (None, SYSTEM))


def split(call: OneCall, given: Payload, event: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Values by name as fields and attributes of the ticket, each in its own type.

    Raises:
        Refused: a name is neither, or a value does not fit.
    """
    declared = call.workflow.fields
    fields: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in given.items():
        try:
            if name in declared:
                fields[name] = fitted(declared[name], value, name)
            elif name in ATTRIBUTES:
                attributes[name] = attribute(call, name, value)
            else:
                close = nearest(name, (*declared, *ATTRIBUTES))
                problems[name] = f"there is no field {name!r}" + (f"; did you mean {close!r}?" if close else "")
        except Refused as problem:
            problems[name] = problem.message
    if problems:
        raise refuse(event, "; ".join(problems.values()), problems=problems)
    return fields, attributes


def _assign(call: OneCall, payload: Payload) -> None:
    event = "ticket.assign"
    known_keys(call, event, payload)
    slot = payload.get("slot", "assignee")
    if slot not in SLOTS:
        listed = f"{', '.join(SLOTS[:-1])} or {SLOTS[-1]}"
        raise refuse(event, f"slot is {listed}, not {slot!r}", field="slot", value=slot, known=SLOTS)
    if "to" not in payload or payload["to"] == "":
        why = "to names who gets it; to: null takes it from whoever has it"
        raise refuse(event, why, field="to", problems={"to": "string"}, needs={"to": "string"})
    to = text(event, payload, "to", limit=200)
    if to is None:
        unassign(call, slot, event)
    else:
        assign(call, slot, attribute(call, "queue", to) if slot == "queue" else to, event)


def _message(call: OneCall, payload: Payload) -> None:
    event = "ticket.message"
    side, public = payload.get("side", "agent"), payload.get("public", True)
    if side not in SIDES:
        raise refuse(event, f"side is one of {', '.join(SIDES)}, not {side!r}", field="side", value=side)
    if not isinstance(public, bool):
        raise refuse(event, f"public is true or false, not {public!r}", field="public", value=public)
    channel = text(event, payload, "channel", limit=200)
    said = text(event, payload, "text") or ""
    call.record(Messaged, side=side, public=public, channel=channel, text=said, actor=_by(call), occurred=call.occurred)
    came_by = channel if channel is not None else call.draft.channel
    call.happening.message = {"side": side, "public": public, "channel": came_by}


def _force(call: OneCall, payload: Payload) -> None:
    event = "ticket.force"
    target = text(event, payload, "state", needed=True, limit=200)
    text(event, payload, "reason", needed=True)
    known = call.compiled.forcible
    if target not in known:
        close = nearest(str(target), known)
        said = f"there is no state {target!r} to go to" + (f"; did you mean {close!r}?" if close else "")
        raise refuse(event, said, field="state", value=target, nearest=close)
    forced = call.compiled.force_chart
    history = call.draft.history or NOTHING
    chosen = (known[str(target)],)
    # The transitions of the definition were not taken, so none is named.
    enter(call, attrs.evolve(forced.apply(call.draft.configuration, history, chosen), order=()), event)


def _offer(call: OneCall, payload: Payload, event: str) -> OfferMade:
    actor = _by(call)
    wanted = payload.get("offer")
    mine = [offer for offer in call.draft.offers if offer.to == actor and wanted in (None, offer.id)]
    if not mine:
        has = call.draft.assignee
        taken = f"; {'you have' if has == actor else f'{has} has'} it" if has is not None and not call.draft.offers else ""
        raise Refused(
            f"{event} is not permitted: no open offer of this ticket was made to {actor}{taken}",
            code="not_permitted",
            event=event,
            actor=actor,
            needs=tuple(offer.to for offer in call.draft.offers),
        )
    return mine[0]


def _accept(call: OneCall, payload: Payload) -> None:
    _answering.accept(call, _offer(call, payload, "offer.accept"))


def _reject(call: OneCall, payload: Payload) -> None:
    reason, actor = text("offer.reject", payload, "reason", limit=1_000) or "", _by(call)
    if actor is not None and not any(offer.to == actor for offer in call.draft.offers):
        for plan in call.compiled.slots:  # whoever accepted may say no after all, where the definition lets them
            if _taking_back.may_give_back(call, plan, actor):
                _taking_back.give_back(call, plan, actor, reason)
                return
    _answering.reject(call, _offer(call, payload, "offer.reject"), reason)


def _waive(call: OneCall, payload: Payload) -> None:
    event = "clock.waive"
    name = text(event, payload, "clock", needed=True, limit=200)
    reason = text(event, payload, "reason", needed=True, limit=1_000)
    if not str(reason).strip():
        raise refuse(event, "reason says why the breach is excused; it is empty", field="reason")
    run = call.draft.clocks.get(str(name))
    cycle = payload.get("cycle")
    if run is not None and cycle is not None and cycle != run.cycle:
        if isinstance(cycle, bool) or cycle not in run.summary.late:
            listed = ", ".join(map(str, run.summary.late)) or "none"
            why = f"cycle {cycle!r} of clock {name!r} is no breached one; breached are {listed}"
            raise refuse(event, why, field="cycle", value=cycle, known=run.summary.late)
        call.record(Waived, clock=str(name), instant=call.at, run=run, reason=str(reason), by=_by(call), cycle=cycle)
        return
    if run is None or run.breached_at is None:
        late = tuple(clock for clock, held in call.draft.clocks.items() if held.breached_at is not None)
        known = ", ".join(call.draft.clocks) or "none"
        why = "is not breached" if run is not None else f"is not breached, nor one of this ticket's clocks ({known})"
        if run is not None and run.summary.late:
            earlier = ", ".join(map(str, run.summary.late))
            why += f" in its present cycle {run.cycle}; name an earlier one with cycle: {earlier}"
        raise refuse(
            event, f"clock {name!r} {why}; breached are {', '.join(late) or 'none'}", field="clock", value=name, known=late
        )
    call.record(
        Waived, clock=str(name), instant=call.at, run=attrs.evolve(run, waived=reason), reason=str(reason), by=_by(call)
    )


def _fired(_: OneCall, payload: Payload) -> None:
    text(FIRED, payload, "correlator", limit=200)  # chains look at the rest


BUILT_IN_EVENTS: Mapping[str, Callable[[OneCall, Payload], None] | None] = {
    "ticket.update": _update,
    "ticket.assign": _assign,
    "ticket.message": _message,
    "ticket.cancel": None,
    "ticket.reopen": None,
    "ticket.force": _force,
    "step.check": _checklist.check,
    "step.uncheck": _checklist.uncheck,
    "approval.approve": lambda call, payload: _approval.vote(call, _approval.APPROVE, payload),
    "approval.reject": lambda call, payload: _approval.vote(call, _approval.REJECT, payload),
    "offer.accept": _accept,
    "offer.reject": _reject,
    _approving.APPROVE: _approving.approve,
    _approving.DECLINE: _approving.decline,
    ANSWER: _host_answers.answer,
    _queueing.TAKE: _queueing.take,
    **_appointing.EVENTS,
    **_parts.EVENTS,
    **CHAIN_EVENTS,
    **_rating.EVENTS,
    "ticket.watch": _helping.start_watching,
    "ticket.unwatch": _helping.stop_watching,
    "helper.done": _helping.done,
    "helper.remove": _helping.remove,
    "clock.waive": _waive,
    FIRED: _fired,
    "ticket.child_opened": _children.child_opened,
    "ticket.child_closed": _children.child_closed,
    "ticket.child_reopened": _children.child_reopened,
}
"""What each built-in event does; None where it is only a name for the definition's own transitions."""
