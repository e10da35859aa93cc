"""Knows how a message is added to a ticket only while that is open; must not know where messages come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from servflow.desk._holding import Joined
from servflow.desk._steps import Steps, placed
from servflow.errors import InputError, Refused
from servflow.model import SYSTEM, Actor, Outcome, Release, Ticket, World
from servflow.stores import Answer

MESSAGE, REOPEN = "ticket.message", "ticket.reopen"


class NotOpen(Exception):
    """Internal: the ticket is closed when it would be added to, and cannot be reopened."""


@frozen(kw_only=True)
class Adding:
    """A message for a ticket that is open: what it says, who says it, the key that makes it once, and what goes with it."""

    payload: dict[str, Any]
    actor: Actor
    key: str
    occurred: datetime | None
    more: Joined
    reopen: bool = False
    beside: Callable[[Ticket], tuple[str, Mapping[str, Any]] | None] = lambda _: None
    """What the system fires on the ticket with the message on it: an event and its payload, or nothing."""

    refused: Callable[[str], None] = lambda _: None
    """Told in words why that was not done; the message stands."""


def add(steps: Steps, id_: str, adding: Adding) -> Answer:
    """
    Add a message to a ticket as it is when that is kept, after all that time had set for it.

    Raises:
        NotOpen: it is closed, and was not to be reopened or would not be.
        Refused: it is open, and does not take the message.
        ReservationRefused: what must hold with it does not.
        Conflict: others were first, however often it was tried.
        NotFound: there is no such ticket, or its version of the workflow is missing.
    """

    def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
        at, since = placed(now, ticket, adding.occurred)
        there = _brought(steps, ticket, at, world)
        given: dict[str, Any] = {"at": at, "actor": adding.actor, "world": world}
        flow = steps.workflows.of_ticket(ticket)
        if not there.ticket.closed:
            said = flow.fire(ticket, MESSAGE, adding.payload, key=adding.key, occurred=since, **given)
            return adding.more.to(_changed(flow, adding, said, at, world))
        if not adding.reopen:
            raise NotOpen
        try:
            again = flow.fire(ticket, REOPEN, {}, **given)
        except Refused:
            raise NotOpen from None
        said = flow.fire(again.ticket, MESSAGE, adding.payload, key=adding.key, occurred=since, **given)
        return adding.more.to(_changed(flow, adding, _then(again, said), at, world))

    return steps.change(id_, decide, key=adding.key, given=adding.more.reservations)[0]


def _changed(flow: Any, adding: Adding, said: Outcome, at: datetime, world: World | None) -> Outcome:
    """The outcome with what goes beside the message, where that is done."""
    try:
        asked = adding.beside(said.ticket)
        if asked is None:
            return said
        event, payload = asked
        return _then(said, flow.fire(said.ticket, event, payload, at=at, actor=SYSTEM, world=world))
    except (InputError, Refused) as error:
        adding.refused(error.message)
        return said


def _then(first: Outcome, second: Outcome) -> Outcome:
    """Two steps of one ticket as one."""
    return evolve(
        second,
        records=(*first.records, *second.records),
        effects=(*first.effects, *second.effects),
        reservations=(*first.reservations, *second.reservations),
    )


def free(steps: Steps, id_: str, key: str) -> None:
    """
    Give back what a ticket holds by a ``Unique`` where it is closed, after all that time had set for it.

    Raises:
        NotFound: there is no such ticket, or its version of the workflow is missing.
        Conflict: others were first, however often it was tried.
    """

    def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
        at, _ = placed(now, ticket, None)
        there = _brought(steps, ticket, at, world)
        return Joined((Release(key=key),)).to(there) if there.ticket.closed else there

    steps.change(id_, decide)


def _brought(steps: Steps, ticket: Ticket, at: datetime, world: World | None) -> Outcome:
    """What time has made of a ticket by now, which may have closed it although nobody has woken it since."""
    if ticket.wake is None or ticket.wake > at:
        return Outcome(ticket=ticket)
    outcome: Outcome = steps.workflows.of_ticket(ticket).advance(ticket, at=at, world=world)
    return outcome
