"""Knows how a story lets people accept, pull and book a ticket; must not know what a law says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from servflow.errors import ServflowError
from servflow.model import Actor, Ticket, World, write_instant

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

Event = tuple[str, dict[str, Any], list[Actor | None]]
Actors = Callable[[Ticket, list[Any], set[str | None]], list[Actor | None]]


def accepting(workflow: Workflow, ticket: Ticket) -> list[Event]:
    """Whoever was offered the ticket takes it."""
    return [("offer.accept", {}, [Actor(offer.to, workflow.roles), Actor(offer.to)]) for offer in ticket.offers[:1]]


def coming_for(
    workflow: Workflow,
    ticket: Ticket,
    event: str,
    actors: Actors,
    *,
    world: World | Mapping[str, Any] | None,
    passing: timedelta,
) -> list[Event]:
    """What may bring an event of dispatch about: somebody pulls the ticket, or a visit is booked or given up."""

    def granted(name: str) -> list[Actor | None]:
        spec = workflow.events.get(name)
        return actors(ticket, list(spec.allow) if spec is not None else [], set())

    if event in ("parts.ready", "parts.short"):
        if event == "parts.ready" and any(line.state == "needed" for line in ticket.parts):
            return [("part.reserve", {}, granted("part.reserve"))]
        return [("part.need", {"part": "part-1"}, granted("part.need"))]
    phases = {progress.phase for progress in ticket.slots.values()}
    if event.startswith("unbooked."):
        held = ticket.appointment
        names = ("appointment.cancel", "appointment.lost") if held is not None and held.booked else ()
        return [(name, {}, granted(name)) for name in names]
    if event.startswith("assigned.") and "queued" in phases:
        return [("queue.take", {}, [Actor("engineer-1", workflow.roles), Actor("engineer-1")])]
    if event.startswith("assigned.") and "booking" in phases:
        try:
            windows = workflow.slots(ticket, at=ticket.at + passing, world=world, days=2)
        except ServflowError:  # how long the visit lasts cannot be computed: nobody can book it
            return []
        return [("appointment.book", {"start": write_instant(one.start)}, granted("appointment.book")) for one in windows[:1]]
    return []
