"""Knows how an event is told that a correlator set off; must not know what any correlator looks for."""

from __future__ import annotations

SET_OFF = "~set-off:"
"""The ids of the effects of firings begin with it, and the keys under which they reach tickets; such steps feed nobody."""

FIRED = "correlator.fired"
"""The built-in event by which a firing may reach a ticket whose workflow declares none for it."""


def set_off_key(correlator: str, effect: str) -> str:
    """The key under which the effect of a firing reaches a ticket; it names the correlator."""
    return f"{SET_OFF}{correlator}:{effect.removeprefix(SET_OFF)}"


def set_off_by(key: str | None) -> str | None:
    """The correlator that a key names; None for every other key."""
    if key is None or not key.startswith(SET_OFF):
        return None
    return key.removeprefix(SET_OFF).rpartition(":")[0] or None
