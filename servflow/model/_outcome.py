"""Knows what one call of the kernel gives back; must not know how it came about."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from servflow.model._effects import Effect, Reservation
from servflow.model._records import Record
from servflow.model._ticket import Ticket


@frozen(kw_only=True, slots=False)
class Outcome:
    """
    The result of one call: the ticket after it and all that follows from it.

    ``records`` have happened, ``effects`` are to be done by the host, ``reservations`` must hold
    across tickets when the outcome is committed. ``waits`` and ``wake`` stand on the ticket too.
    """

    ticket: Ticket
    records: tuple[Record, ...] = ()
    effects: tuple[Effect, ...] = ()
    reservations: tuple[Reservation, ...] = ()

    @property
    def waits(self) -> tuple[str, ...]:
        """Keys whose release makes the store wake the ticket."""
        return self.ticket.waits

    @property
    def wake(self) -> datetime | None:
        """The first instant at which time alone changes the ticket; None means never."""
        return self.ticket.wake
