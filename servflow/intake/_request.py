"""Knows what a message comes to before and after a desk has taken it in; must not know how either is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import field, frozen

from servflow.model import EMPTY, FrozenMap, Unique

Status = Literal["opened", "merged", "duplicate"]


@frozen(kw_only=True)
class Thanks:
    """Whom to tell that a message came in, by which template, and with what."""

    to: str
    template: str
    merged: str
    data: FrozenMap[str, Any] = EMPTY


@frozen(kw_only=True)
class Request:
    """
    What a desk needs to open a ticket.

    ``id`` follows from channel and key, so that the same message gives the same ticket however often and wherever it
    is received; ``key`` makes the opening once. ``received`` is the instant it came in, ``occurred`` when it happened if
    that was earlier. ``fields`` are those of the ticket, ``values`` every name there is: what the channel read and what
    the tables put out. ``matter`` is what only one open ticket may be about, until ``until`` (None: until it is closed);
    None where nothing is matched. ``text`` is what is added to an open ticket, ``sender`` who said it. ``thanks`` is the
    acknowledgement; None where there is none.
    """

    workflow: str
    id: str
    key: str
    channel: str
    received: datetime
    occurred: datetime | None = None
    fields: FrozenMap[str, Any] = EMPTY
    why: tuple[Mapping[str, Any], ...] = ()
    values: FrozenMap[str, Any] = EMPTY
    matter: str | None = None
    until: datetime | None = None
    text: str = ""
    sender: str | None = None
    thanks: Thanks | None = None

    def arguments(self) -> dict[str, Any]:
        """What to call a desk with: ``desk.open(**request.arguments())``; without matching and acknowledgement."""
        return {
            "id": self.id,
            "fields": {**self.fields, "channel": self.channel},
            "workflow": self.workflow,
            "key": self.key,
            "occurred": self.occurred,
        }

    @property
    def reservations(self) -> tuple[Unique, ...]:
        """What must hold for a ticket of its own: nobody has taken this message in, and none is open about the matter."""
        return (self.once,) if self.matter is None else (self.once, Unique(key=self.matter, until=self.until))

    @property
    def once(self) -> Unique:
        """That this very message was not taken in before, wherever it went."""
        return Unique(key=self.key)


@frozen(kw_only=True)
class Receipt:
    """
    What became of a message.

    ``opened``: it has a ticket of its own. ``merged``: it was added to the open ticket about the same matter.
    ``duplicate``: this very message came in before; ``first`` says what became of it then. ``ticket`` is the ticket it is on
    in each case. Where a ticket about the same matter, or the one it answers, would not take it, ``beside`` is that other
    ticket, and ``reason`` the refusal in words; so it is where the message was added and what it would change was not.
    ``request`` is what was made of the message; None where it was recognised before it was read again.
    """

    status: Status
    ticket: str
    first: Literal["opened", "merged"]
    channel: str
    key: str
    beside: str | None = None
    reason: str = ""
    request: Request | None = field(default=None, repr=False)  # it says again all that came in
