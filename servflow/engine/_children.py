"""Knows which tickets this one waits for; must not know how they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._raised import tell
from servflow.errors import Refused
from servflow.model import SYSTEM, FrozenMap, Linked, Send

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

OPENED, CLOSED, REOPENED = "ticket.child_opened", "ticket.child_closed", "ticket.child_reopened"
MAX_CHILDREN = 1_000
"""How many open children a ticket has at most."""


def child_opened(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    A ticket was opened as a child of this one by somebody else; one that is known already changes nothing.

    Raises:
        Refused: the payload names no child, or there are too many.
    """
    child = _child(payload, OPENED)
    if child in call.draft.children or child in call.draft.children_closed:
        return
    if len(call.draft.children) >= MAX_CHILDREN:
        raise Refused(
            f"{OPENED}: a ticket has at most {MAX_CHILDREN} open children", code="payload", event=OPENED, field="child"
        )
    call.record(Linked, other=child, relation="child")
    call.happening.changed.add("children")


def child_closed(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    A child was closed; said again, or of a ticket that is no child, nothing changes.

    Raises:
        Refused: the payload names no child.
    """
    child = _child(payload, CLOSED)
    if child in call.draft.children:
        call.record(Linked, other=child, relation="child_closed")
        call.happening.changed.add("children")
        if not call.draft.children:
            tell(call, "children.closed", FrozenMap({"child": child}))


def child_reopened(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    A closed child was opened again, so that the ticket waits for it anew.

    Raises:
        Refused: the payload names no child.
    """
    child = _child(payload, REOPENED)
    if child in call.draft.children_closed:
        call.record(Linked, other=child, relation="child_reopened")
        call.happening.changed.add("children")


def tell_parent(call: OneCall) -> None:
    """Send word to the parent of a ticket that was opened by hand, closed, or opened again."""
    parent, happening = call.draft.parent, call.happening
    if parent is None or not (happening.opened or happening.closed or happening.reopened):
        return
    if happening.opened and call.actor != SYSTEM:  # what opens a child by an update knows it already
        _send(call, parent, OPENED, "child_opened")
    if call.draft.closed:
        event, action = CLOSED, "child_closed"
    elif happening.reopened:
        event, action = REOPENED, "child_reopened"
    else:
        return  # it was only opened
    _send(call, parent, event, action)


def _send(call: OneCall, parent: str, event: str, action: str) -> None:
    key = call.effect_id(action, parent)
    payload = FrozenMap({"child": call.draft.id})
    call.effect(Send, f"{action}.send", parent, to_ticket=parent, event=event, payload=payload, key=key)


def _child(payload: Mapping[str, Any], event: str) -> str:
    child = payload.get("child")
    if not isinstance(child, str) or not 0 < len(child) <= 300:
        raise Refused(
            f"{event}: child is a text of at most 300 characters, not {child!r}", code="payload", event=event, field="child"
        )
    return child


__all__ = ["CLOSED", "OPENED", "REOPENED", "child_closed", "child_opened", "child_reopened", "tell_parent"]
