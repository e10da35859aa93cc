"""Knows how the tickets of a store are moved to another version, one transaction each; must not know how a ticket moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from attrs import define, evolve, field

from servflow.desk._editions import Kept, with_chains
from servflow.desk._reports import MigrationReport
from servflow.desk._steps import Steps
from servflow.desk._sweep import NEARER, PAGE, sweep
from servflow.engine import MigrationPlan, migrate
from servflow.errors import LimitError
from servflow.model import Outcome, Ticket, World


def run(steps: Steps, plan: MigrationPlan, tickets: Iterable[str] | None, limit: int | None) -> MigrationReport:
    """Move every ticket that runs under the plan's old definition, or those named, and say what it came to."""
    ids = _candidates(steps, plan) if tickets is None else tuple(tickets)
    plans = _Pinned(plan, steps.store.definition)
    swept = sweep(steps, ids, partial(_decided, plans), verb="migrate", enough=(limit, ("moved",)), refused="refused")
    names = ("moved", "done", "other", "refused", "failed")
    return MigrationReport(**{name: swept.counts[name] for name in names}, more=swept.more, problems=swept.problems)


def _candidates(steps: Steps, plan: MigrationPlan) -> Iterator[str]:
    after: str | None = None
    while page := steps.store.find(workflow=plan.new.workflow, limit=PAGE, after=after):
        yield from (ticket.id for ticket in page)
        after = page[-1].id


@define
class _Pinned:
    """A plan, by the editions of chains that tickets are pinned to and both of its definitions then know."""

    plan: MigrationPlan
    kept: Kept
    made: dict[frozenset[str], MigrationPlan] = field(factory=dict)

    def of(self, ticket: Ticket) -> MigrationPlan:
        """The plan for this ticket."""
        hashes = frozenset(run.hash for run in ticket.chains)
        if not hashes:
            return self.plan
        if hashes not in self.made:
            old, new = (with_chains(flow, hashes, self.kept) for flow in (self.plan.old, self.plan.new))
            self.made[hashes] = evolve(self.plan, old=old, new=new)
        return self.made[hashes]


def _decided(plans: _Pinned, ticket: Ticket, at: datetime, world: World | None) -> tuple[str, Outcome]:
    plan = plans.of(ticket)
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
        return NEARER, plan.old.advance(ticket, at=reached, world=world)
