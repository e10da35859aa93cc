"""Knows how the sleeping tickets of a store are counted by changed calendars; must not know how a clock is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from servflow.desk._reports import RecalendarReport
from servflow.desk._steps import Steps
from servflow.desk._sweep import NEARER, PAGE, sweep
from servflow.desk._waking import brought_on
from servflow.engine import Workflow
from servflow.engine._recompute import recompute, with_calendars
from servflow.errors import NotFound, ServflowError
from servflow.model import Outcome, Ticket, World
from servflow.sla import ClockChange
from servflow.stores import Store

_LIVE = ("running", "paused")


def concerned(steps: Steps, name: str | None) -> Iterator[tuple[Workflow, list[Ticket]]]:
    """Tickets with a live clock on a calendar, page by page, by the version they run under."""
    after: str | None = None
    while page := steps.store.find(workflow=name, limit=PAGE, after=after):
        after = page[-1].id
        flows: dict[int, tuple[Workflow, list[Ticket]]] = {}
        for ticket in page:
            if not any(run.calendar is not None and run.phase in _LIVE for run in ticket.clocks.values()):
                continue
            try:
                flow: Any = steps.workflows.of_ticket(ticket)
            except NotFound:  # its version is missing here, so nobody at this desk moves it at all
                continue
            if isinstance(flow, Workflow):
                flows.setdefault(id(flow), (flow, []))[1].append(ticket)
        yield from flows.values()


def preview(steps: Steps, calendars: Any, name: str | None, at: datetime) -> Iterator[ClockChange]:
    """What other calendars would change for every ticket in the store; without them, what those of the desk change."""
    tried: dict[int, Workflow] = {}
    world = steps.around.world()
    for flow, tickets in concerned(steps, name):
        if calendars is not None:
            other = tried.get(id(flow)) or tried.setdefault(id(flow), with_calendars(flow, calendars))
            yield from recompute(flow, other, tickets, at, world)
            continue
        yield from against_pinned(steps.store, flow, tickets, at, world)


def against_pinned(
    store: Store, flow: Workflow, tickets: Iterable[Ticket], at: datetime, world: World | None = None
) -> Iterator[ClockChange]:
    """What a definition's calendars change for tickets counted by earlier ones, as far as the store knows these."""
    pinned: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        if _is_stale(flow, ticket):
            pinned.setdefault(ticket.pins["calendars"], []).append(ticket)
    for hash_, stale in pinned.items():
        yield from recompute(_earlier(store, flow, hash_), flow, stale, at, world)


def _is_stale(flow: Workflow, ticket: Ticket) -> bool:
    return bool(ticket.pins.get("calendars", flow.calendars_hash) != flow.calendars_hash)


def _earlier(store: Store, flow: Workflow, pinned: str) -> Workflow | None:
    """The definition with the calendars that were pinned; None where the store does not keep them."""
    for hash_ in (pinned, flow.hash):
        kept = store.definition(hash_)
        calendars = None if kept is None else kept.get("calendars")
        if not isinstance(calendars, Mapping):
            continue
        try:
            made = with_calendars(flow, {name: data for name, data in calendars.items() if name in flow.named_calendars})
        except ServflowError:
            continue
        if made.calendars_hash == pinned:
            return made
    return None


def run(steps: Steps, name: str | None, tickets: Iterable[str] | None, limit: int | None) -> RecalendarReport:
    """Count every ticket that runs under earlier calendars again, each in a transaction of its own."""
    ids = _stale_ids(steps, name) if tickets is None else tuple(tickets)
    swept = sweep(
        steps, ids, partial(_decided, steps), verb="recalendar", enough=(limit, ("recounted", "same")), refused="failed"
    )
    names = ("recounted", "same", "done", "failed")
    return RecalendarReport(**{key: swept.counts[key] for key in names}, more=swept.more, problems=swept.problems)


def _stale_ids(steps: Steps, name: str | None) -> Iterator[str]:
    for flow, tickets in concerned(steps, name):
        yield from (ticket.id for ticket in tickets if _is_stale(flow, ticket))


def _decided(steps: Steps, ticket: Ticket, at: datetime, world: World | None) -> tuple[str, Outcome]:
    flow: Any = steps.workflows.of_ticket(ticket)
    if not isinstance(flow, Workflow) or not _is_stale(flow, ticket):
        return "done", Outcome(ticket=ticket)
    outcome, arrived = brought_on(steps, ticket, at, world)
    if not arrived:
        return NEARER, outcome
    old, new = (_told(one) for one in (ticket, outcome.ticket))
    return "same" if old == new else "recounted", outcome


def _told(ticket: Ticket) -> dict[str, tuple[Any, ...]]:
    return {name: (run.phase, run.due, run.next_at, run.counted) for name, run in ticket.clocks.items()}
