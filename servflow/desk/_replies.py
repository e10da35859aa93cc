"""Knows how what became of an effect comes back to its ticket as an event; must not know handlers or rounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from servflow.errors import InputError, shown
from servflow.model import SYSTEM, Call, Effect, Notify
from servflow.stores import Store

BOOKED = "part.booked"

_PARTS = ("part", "line", "quantity", "place")
"""What a call that is answered by the booking of spare parts may say of them."""

MAX_REASON = 1_000
"""How much of an error a ticket is told."""


def reply_of(effect: Effect, value: object) -> Mapping[str, Any] | None:
    """
    What is sent back for an effect whose handler gave *value*; None where nothing is.

    What the call said of spare parts is booked out, unless the answer says otherwise: a handler that only answers that it
    is done would book out all that the ticket used, of which the stock may not be less yet.

    Raises:
        InputError: the effect is a call that has a reply, and the value is no mapping.
    """
    if not isinstance(effect, Call) or effect.reply is None or value is None:
        return None
    if not isinstance(value, Mapping):
        raise InputError(
            f"the handler of call {effect.name!r} gave {shown(value)}; its reply {effect.reply!r} needs a mapping,"
            " or None where the host answers later",
            call=effect.name,
            reply=effect.reply,
        )
    if effect.reply == BOOKED and not {"part", "line"} & value.keys():
        return {**{name: effect.data[name] for name in _PARTS if name in effect.data}, **value}
    return value


def post_reply(store: Store, effect: Call, reply: Mapping[str, Any], at: datetime) -> bool:
    """Put a call's answer into its ticket's mailbox as the event it names; False where it was there before."""
    assert effect.reply is not None  # reply_of gave something
    return store.post(effect.ticket, effect.reply, reply, key=f"reply:{effect.id}", at=at, actor=SYSTEM)


def post_result(store: Store, effect: Effect, at: datetime, failed: str | None = None) -> bool:
    """
    Tell a ticket that a notification was delivered, or for what reason it failed for good, where its chain asks for that.

    Each is told once, however often it comes to the same; False where it was told before or nobody asks.
    """
    if not isinstance(effect, Notify) or not effect.report:
        return False
    payload = {**effect.report, "effect": effect.id}
    if failed is not None:
        payload["reason"] = failed[:MAX_REASON]
    result = "delivered" if failed is None else "failed"
    return store.post(effect.ticket, f"chain.{result}", payload, key=f"{result}:{effect.id}", at=at, actor=SYSTEM)
