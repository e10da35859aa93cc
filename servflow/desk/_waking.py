"""Knows what a ticket that wakes is asked to decide: about a message, or about the time; must not know what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from servflow.desk._steps import Steps, placed
from servflow.errors import LimitError
from servflow.model import Outcome, Ticket, World
from servflow.stores import Message

Decided = Callable[[Ticket, datetime, World | None], Outcome]


def by_message(steps: Steps, message: Message) -> Decided:
    """What a ticket makes of a message that waited for it."""

    def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
        at, _ = placed(now, ticket, None)
        return steps.workflows.of_ticket(ticket).fire(
            ticket,
            message.event,
            message.payload,
            at=at,
            actor=message.actor,
            world=world,
            key=message.key,
            occurred=message.at if message.at < at else None,
        )

    return decide


def by_time(steps: Steps, now: datetime) -> Decided:
    """What a ticket makes of the time that passed until *now*; of a long sleep as much as one call may hold."""

    def decide(ticket: Ticket, _: datetime, world: World | None) -> Outcome:
        return brought_on(steps, ticket, max(now, ticket.at), world)[0]

    return decide


def brought_on(steps: Steps, ticket: Ticket, at: datetime, world: World | None) -> tuple[Outcome, bool]:
    """What time alone makes of a ticket by *at*, and whether it got there; of a long sleep as much as one call may hold."""
    flow = steps.workflows.of_ticket(ticket)
    try:
        return flow.advance(ticket, at=at, world=world), True
    except LimitError as error:
        if not sleeps_on(error, ticket):
            raise
        return flow.advance(ticket, at=error.facts["reached"], world=world), False


def sleeps_on(error: Exception, ticket: Ticket) -> bool:
    """Whether a ticket slept so long that one call cannot bring it to the present, but can bring it nearer."""
    reached = error.facts.get("reached") if isinstance(error, LimitError) else None
    return reached is not None and reached > ticket.at


def is_due(ticket: Ticket, now: datetime) -> bool:
    """Whether time alone changes it by now; never before its own instant."""
    return ticket.wake is not None and ticket.wake <= max(now, ticket.at)
