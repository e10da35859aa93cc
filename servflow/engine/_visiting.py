"""Knows what people who pull and customers who book ask of a workflow; must not know how it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from servflow.dispatch import NextFor, Window
from servflow.engine import _appointing, _queueing
from servflow.engine._as_of import as_of
from servflow.engine._given import Given
from servflow.errors import LimitError
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
            ticket: as the host holds it.
            at: aware instant of asking.
            world: who could come; its ``booked`` says when they are with others.
            days: only so many days, today included.
            policy: the dispatch entry; by default the one that waits for a booking, or by which one was made.
            explain: give every window, also those to which nobody can come, each with all verdicts.

        Raises:
            InputError: the workflow has no such entry with appointments.
            ExpressionError: it cannot be computed how long the visit lasts.
            TimeError: *at* is naive.
        """
        flow = cast("Workflow", self)
        (found,) = present(flow, (ticket,), at, world)
        return _appointing.slots(flow, found, at, world, days=days, policy=policy, explain=explain)


def present(
    workflow: Workflow, tickets: Iterable[Ticket], at: datetime, world: World | Mapping[str, Any] | None
) -> tuple[Ticket, ...]:
    """
    The tickets as time alone has them at an instant, whether or not their host has let it pass for them yet.

    One that slept so long that a call cannot bring it to the present is taken as it is.
    """
    given = Given.of(at, None, world, None)
    return tuple(_present(workflow, ticket, given) for ticket in tickets)


def _present(workflow: Workflow, ticket: Ticket, given: Given) -> Ticket:
    if ticket.workflow != workflow.workflow or ticket.wake is None or ticket.wake > given.at:
        return ticket
    try:
        return as_of(workflow, ticket, given).snapshot()
    except LimitError:
        return ticket
