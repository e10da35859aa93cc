"""Knows what a host can be asked to do and what must hold across tickets; must not know how."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.model._maps import EMPTY, FrozenMap


def effect_id(ticket: str, cause: str, action: str, recipient: str = "", count: int = 0) -> str:
    """
    The id of an effect: a hash of all that tells it from every other, the same however often it is computed.

    Args:
        ticket: whose effect it is.
        cause: the record, timer or firing behind it.
        action: its place in the definition.
        recipient: who it is addressed to, where one action reaches several.
        count: how many effects of this cause, action and recipient came before.
    """
    # Lengths keep the parts apart: ids and recipients come from outside and may hold any separator.
    parts = (ticket, cause, action, recipient, str(count))
    return hashlib.blake2b("".join(f"{len(part)}:{part}" for part in parts).encode(), digest_size=16).hexdigest()


@frozen(kw_only=True)
class Effect:
    """
    Something the host must do, at least once; ``id`` is the same however often it is computed.

    ``at`` is the instant it belongs to (not when it was computed), ``cause`` the record or timer
    behind it and ``action`` its place in the definition.
    """

    id: str
    ticket: str
    at: datetime
    cause: str
    action: str


@frozen(kw_only=True)
class Notify(Effect):
    """
    Tell somebody: ``to`` is a person, or ``role:x``/``queue:x`` where the world did not say who that is.

    ``report`` is empty unless a chain asks what becomes of it; the desk, or the host, then fires ``chain.delivered`` or
    ``chain.failed`` on the ticket with this payload and the effect's id as ``effect``.
    """

    to: str
    template: str
    data: FrozenMap[str, Any] = EMPTY
    reason: str = ""
    urgent: bool = False
    report: FrozenMap[str, Any] = EMPTY


@frozen(kw_only=True)
class Unreachable(Effect):
    """
    A notification or assignment that found nobody, or failed: what was asked for and why it came to nothing.

    ``to`` is ``chain x`` where a whole run of chain x reached nobody.
    """

    to: str
    reason: str


@frozen(kw_only=True)
class Call(Effect):
    """Run the host's function ``name``; its answer comes back as the event ``reply``, where one is named."""

    name: str
    data: FrozenMap[str, Any] = EMPTY
    reply: str | None = None


@frozen(kw_only=True)
class Open(Effect):
    """Open another ticket; ``new_ticket`` is its id, derived from the effect's id."""

    workflow: str
    new_ticket: str
    fields: FrozenMap[str, Any] = EMPTY
    parent: str | None = None


@frozen(kw_only=True)
class Send(Effect):
    """Fire an event on another ticket; ``key`` makes it once."""

    to_ticket: str
    event: str
    payload: FrozenMap[str, Any] = EMPTY
    key: str


@frozen(kw_only=True)
class Assign(Effect):
    """
    Tell the host that a slot was filled (``to``) or emptied (None): ``assignee``, ``outlet`` or ``owner``.

    Of ``helper`` and ``watcher`` there are several: one more is ``to``, one less is ``previous``.
    """

    slot: str
    to: str | None
    previous: str | None = None


@frozen(kw_only=True)
class Offer(Effect):
    """Offer the ticket to one candidate until ``expires``."""

    to: str
    offer: str
    policy: str
    expires: datetime | None = None
    pool: bool = False


@frozen(kw_only=True)
class Withdraw(Effect):
    """Take an offer back from one candidate, with the reason."""

    to: str
    offer: str
    policy: str
    reason: str


@frozen(kw_only=True)
class Link(Effect):
    """Tell the host that two tickets belong together, and how."""

    other: str
    relation: str


@frozen(kw_only=True)
class Take:
    """``units`` of ``key`` are taken; refused when more than ``limit`` would be held (None: counted, not limited)."""

    key: str
    units: int = 1
    limit: int | None = None


@frozen(kw_only=True)
class Release:
    """``units`` of ``key`` are given back."""

    key: str
    units: int = 1


@frozen(kw_only=True)
class Unique:
    """No other ticket holds ``key`` before ``until`` (None: for good)."""

    key: str
    until: datetime | None = None


@frozen(kw_only=True)
class Next:
    """The counter still stands at ``expected``; it moves on by one when the outcome is committed."""

    counter: str
    expected: int


Reservation = Take | Release | Unique | Next
"""What must hold across tickets when the outcome is committed."""
