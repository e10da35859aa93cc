"""Knows how a desk keeps each edition of the calendars its tickets are counted by; must not know how they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import Ticket, write_instant
from servflow.stores import Store

Kept = Callable[[str], Mapping[str, Any] | None]


def keep(store: Store, flow: object, now: Callable[[], datetime]) -> None:
    """
    Keep the calendars of a workflow under their hash, with when they were first counted by.

    So that after a change a clock can count by the earlier ones up to it, whichever desk meets the ticket.
    """
    if not isinstance(flow, Workflow) or not flow.compiled.calendars or store.definition(flow.calendars_hash) is not None:
        return
    calendars = {name: calendar.to_data() for name, calendar in flow.compiled.calendars.items()}
    data = {"calendars": calendars, "since": write_instant(now())}
    store.define(flow.calendars_hash, flow.workflow, flow.version, data)


def with_edition(flow: Workflow, ticket: Ticket, kept: Kept) -> Workflow:
    """The workflow with the calendars a ticket ran under, where they are others, matter, and the store keeps them."""
    pinned = ticket.pins.get("calendars")
    if pinned is None or pinned == flow.calendars_hash or pinned in flow.past_hashes:
        return flow
    if all(plan.clock.on_calendar_change == "recompute" for plan in flow.compiled.clocks):
        return flow
    earlier, present = kept(pinned), kept(flow.calendars_hash)
    if earlier is None or "calendars" not in earlier:
        return flow
    edition = {"calendars": earlier["calendars"], "until": None if present is None else present.get("since")}
    try:
        return evolve(flow, past_calendars=(*flow.past_calendars, edition))
    except DefinitionError:
        return flow  # it was changed, or is no such thing


__all__ = ["keep", "with_edition"]
