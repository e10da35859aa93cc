"""Knows what people who pull and customers who book ask of a workflow; must not know how it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from servflow.dispatch import NextFor, Window
from servflow.engine import _appointing, _queueing
from servflow.engine._as_of import as_of
from servflow.engine._given import Given
from servflow.engine._verbs import begin
from servflow.errors import InputError, LimitError, shown
from servflow.model import Ticket, World

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow


class Visiting:
    """Which ticket is next for somebody, and which visits can be booked; nothing here changes anything."""

    def next_for(
        self,
        tickets: Iterable[Ticket],
        engineer: str,
        *,
        at: datetime,
        world: World | Mapping[str, Any] | None,
        policy: str | None = None,
    ) -> NextFor:
        """
        Which of these tickets somebody who pulls should take next, and for every other one why not.

        To take it, fire ``queue.take`` as that person.

        Args:
            tickets: as the host holds them, in any order; those that do not wait to be pulled are passed over.
            engineer: the id of an engineer, agent or bot of the world.
            at: aware instant of the decision.
            world: the snapshot to decide with.
            policy: only the line of this dispatch entry.

        Raises:
            InputError: nobody of that id takes tickets, or there is no such entry.
            TimeError: *at* is naive.
        """
        flow = cast("Workflow", self)
        found = present(flow, tickets, at, world)
        return _queueing.next_for(flow, found, engineer, at, world=world, policy=policy)

    def slots(
        self,
        ticket: Ticket,
        *,
        at: datetime,
        world: World | Mapping[str, Any] | None,
        days: int | None = None,
        policy: str | None = None,
        explain: bool = False,
    ) -> tuple[Window, ...]:
        """
        The visits of a ticket that can be booked now, or to which a booked one can be moved, in order.

        To book one, fire ``appointment.book`` with its ``start``; with the same world and instant that is possible.

        Args:
            ticket: as the host holds it; one that is closed has none, one that waits for no booking those that it could have.
            at: aware instant of asking.
            world: who could come; its ``booked`` says when they are with others.
            days: only so many days, today included.
            policy: the dispatch entry; by default the one that waits for a booking, or by which one was made.
            explain: give every window, also those to which nobody can come, each with all verdicts.

        Raises:
            InputError: the workflow has no such entry with appointments, or the ticket belongs to another workflow.
            Refused: the instant lies behind the ticket (``past``).
            ExpressionError: it cannot be computed how long the visit lasts.
            TimeError: *at* is naive.
        """
        flow = cast("Workflow", self)
        given = Given.of(at, None, world, None)
        if days is not None and (isinstance(days, bool) or not isinstance(days, int)):
            raise InputError(f"days is a whole number of days, today included, not {shown(days)}", code="argument")
        begin(flow, ticket, given)
        found = _present(flow, ticket, given)
        if found.closed:
            return ()
        return _appointing.slots(flow, found, at, world, days=days, policy=policy, explain=explain)


def present(
    workflow: Workflow, tickets: Iterable[Ticket], at: datetime, world: World | Mapping[str, Any] | None
) -> tuple[Ticket, ...]:
    """
    The tickets as time alone has them at an instant, whether or not their host has let it pass for them yet.

    One that slept so long that a call cannot bring it to the present is taken as it is.
    """
    given = Given.of(at, None, world, None)
    each: object = tickets
    if not isinstance(each, Iterable):
        raise InputError(f"pass the tickets that wait, not {shown(each)}", code="argument")
    return tuple(_present(workflow, ticket, given) for ticket in tickets)


def _present(workflow: Workflow, ticket: Ticket, given: Given) -> Ticket:
    given_ticket: object = ticket
    if not isinstance(given_ticket, Ticket):
        raise InputError(f"pass Tickets, not a {type(given_ticket).__name__}; load_ticket(row) reads a stored one")
    if ticket.workflow != workflow.workflow or ticket.wake is None or ticket.wake > given.at:
        return ticket
    try:
        return as_of(workflow, ticket, given).snapshot()
    except LimitError:
        return ticket
