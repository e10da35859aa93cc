"""Knows how what a call's handler gave comes back to its ticket as an event; must not know handlers or rounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from servflow.errors import InputError, shown
from servflow.model import SYSTEM, Call, Effect
from servflow.stores import Store


def reply_of(effect: Effect, value: object) -> Mapping[str, Any] | None:
    """
    What is sent back for an effect whose handler gave *value*; None where nothing is.

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
    return value


def post_reply(store: Store, effect: Call, reply: Mapping[str, Any], at: datetime) -> bool:
    """Put a call's answer into its ticket's mailbox as the event it names; False where it was there before."""
    assert effect.reply is not None  # reply_of gave something
    return store.post(effect.ticket, effect.reply, reply, key=f"reply:{effect.id}", at=at, actor=SYSTEM)
