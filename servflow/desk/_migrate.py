"""Knows how the tickets of a store are moved to another version, one transaction each; must not know how a ticket moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from servflow.desk._reports import MAX_PROBLEMS, MigrationReport, Problem
from servflow.desk._steps import Steps
from servflow.engine import MigrationPlan, migrate
from servflow.errors import Conflict, LimitError, NotFound, Refused, ReservationRefused, ServflowError, StoreError
from servflow.model import Outcome, Ticket, World

_PAGE = 500
_ONE_TICKETS = (Conflict, ReservationRefused, NotFound)
_MOST_ROUNDS = 1_000
"""How often a ticket that slept for very long is brought nearer to the present before its move is given up for now."""


def run(steps: Steps, plan: MigrationPlan, tickets: Iterable[str] | None, limit: int | None) -> MigrationReport:
    """Move every ticket that runs under the plan's old definition, or those named, and say what it came to."""
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    more = False
    for id_ in _candidates(steps, plan) if tickets is None else tuple(tickets):
        if limit is not None and counts["moved"] >= limit:
            more = True
            break
        try:
            counts[_one(steps, plan, id_)] += 1
        except Refused as error:
            counts["refused"] += 1
            problems.append(Problem(id_, "migrate", error))
        except ServflowError as error:
            if isinstance(error, StoreError) and not isinstance(error, _ONE_TICKETS):
                raise
            counts["failed"] += 1
            problems.append(Problem(id_, "migrate", error))
    names = ("moved", "done", "other", "refused", "failed")
    return MigrationReport(**{name: counts[name] for name in names}, more=more, problems=tuple(problems[:MAX_PROBLEMS]))


def _candidates(steps: Steps, plan: MigrationPlan) -> Iterator[str]:
    after: str | None = None
    while page := steps.store.find(workflow=plan.new.workflow, limit=_PAGE, after=after):
        yield from (ticket.id for ticket in page)
        after = page[-1].id


def _one(steps: Steps, plan: MigrationPlan, id_: str) -> str:
    """One ticket, decided again on whatever others make of it meanwhile."""
    for _ in range(_MOST_ROUNDS):
        came: list[str] = []

        def decide(ticket: Ticket, now: datetime, world: World | None, came: list[str] = came) -> Outcome:
            word, outcome = _decided(plan, ticket, max(now, ticket.at), world)
            came[:] = [word]
            return outcome

        steps.change(id_, decide)
        if came != ["nearer"]:
            return came[0]
    return "failed"


def _decided(plan: MigrationPlan, ticket: Ticket, at: datetime, world: World | None) -> tuple[str, Outcome]:
    pinned = ticket.pins.get("workflow")
    same = plan.old.hash == plan.new.hash
    if pinned == plan.new.hash and (not same or ticket.pins == plan.new.pins):
        return "done", Outcome(ticket=ticket)
    if pinned != plan.old.hash:
        return "other", Outcome(ticket=ticket)
    try:
        return "moved", migrate(ticket, plan, at=at, world=world)
    except LimitError as error:
        reached = error.facts.get("reached")
        if reached is None or reached <= ticket.at:
            raise
        return "nearer", plan.old.advance(ticket, at=reached, world=world)
