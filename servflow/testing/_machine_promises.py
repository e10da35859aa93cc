"""Knows what must hold of every run of every workflow, and what authors of workflows mean to hold; must not draw anything."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from servflow.engine import Workflow
from servflow.engine._witnesses import holds
from servflow.errors import InputError, nearest, shown
from servflow.model import Migrated, Record, Ticket, TimerRefused, Unreachable, dump, load_ticket

MAX_RECORDS = 500
"""How many records may be written at one instant before the machine takes it for a workflow that runs in circles."""

PROMISES = ("after_closing", "field_lost", "laws", "migration", "refused_timer", "stuck", "unreachable")
"""What a sound workflow keeps, unless its author says that it is meant otherwise (``allow``)."""


def insist(found: object, text: str) -> None:
    """Fail with a sentence unless something holds."""
    if not found:
        raise AssertionError(text)


# laws of the kernel -------------------------------------------------------------------------------------------------


def keeps_the_laws(workflow: Workflow, ticket: Ticket, records: list[Record] | None) -> Ticket:
    """
    The ticket as a host would read it back, once it is sure that it can be stored, wakes later, and is its records.

    Without *records* the last is not asked.
    """
    kept = load_ticket(json.loads(json.dumps(dump(ticket))))
    insist(kept == ticket, "the ticket is another one after dump, JSON and load_ticket")
    insist(ticket.wake is None or ticket.wake > ticket.at, f"the ticket is to wake at {ticket.wake}, not after its own instant")
    if records is not None:
        insist(workflow.fold(records) == ticket, "fold(records) is another ticket than the one the run holds")
        insist(ticket.sequence == len(records), f"the ticket counts {ticket.sequence} records and has {len(records)}")
    return kept


# what authors mean --------------------------------------------------------------------------------------------------


def broken(run: Any, step: tuple[Record, ...], effects: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """Every promise of the workflow that the last step broke, by its name, and how."""
    ticket: Ticket = run.ticket
    where = " + ".join(ticket.configuration)
    if ticket.closed:
        going = list(_going_on(run.workflow, ticket))
        if going:
            yield "after_closing", f"the ticket is closed ({where}) and these go on: {', '.join(going)}"
    for record in step:
        if isinstance(record, TimerRefused) and record.code in ("not_here", "not_permitted", "unknown"):
            timer = record.refused.timer
            yield "refused_timer", f"a timer of state {timer.state} ran out and nothing takes its event: {record.why}"
    if run.judges_people:
        for effect in effects:
            if isinstance(effect, Unreachable):
                yield "unreachable", f"{effect.action} reaches nobody ({effect.to}): {effect.reason}"
    if not ticket.closed and ticket.wake is None and run.nobody_can_go_on():
        yield "stuck", f"in {where} nobody can do anything that leads on, and time does nothing either"


def _going_on(workflow: Workflow, ticket: Ticket) -> Iterator[str]:
    """
    What goes on though the ticket is closed, by its definition.

    A clock or chain that began after the closing is meant, such as one that a bad rating starts, unless its own definition
    ends it where the ticket is. So is a clock that the closing itself starts, which begins earlier where that is told late.
    """
    compiled = workflow.compiled
    shut = compiled.closed_states
    ended = {plan.clock.name for plan in compiled.clocks if not shut.isdisjoint(plan.stop_states)}
    ended |= {
        plan.clock.name for plan in compiled.clocks for wait in plan.cancel if wait.kind == "state" and wait.value in shut
    }
    meant = {plan.clock.name for plan in compiled.clocks for wait in plan.start if wait.kind == "state" and wait.value in shut}
    for name, clock in ticket.clocks.items():
        if clock.phase == "running" and (name in ended or (name not in meant and _before_closing(ticket, clock.started_at))):
            yield f"clock {name}"
    over = {chain.name for chain in workflow.escalations for end in chain.until if end.kind == "state" and end.value in shut}
    for one in ticket.chains:
        if one.chain in over or _before_closing(ticket, one.started_at):
            yield f"chain {one.chain}"
    yield from (f"the offer to {offer.to}" for offer in ticket.offers)


def _before_closing(ticket: Ticket, started: datetime) -> bool:
    return ticket.closed_at is not None and started < ticket.closed_at


def lost(before: Ticket, after: Ticket, record: Migrated | None) -> str | None:
    """What a migration let go of that had a value."""
    renamed = {name for name in before.fields if before.fields[name] is not None and name not in after.fields}
    values = [value for name, value in after.fields.items() if name not in before.fields]
    gone = sorted(name for name in renamed if before.fields[name] not in values)
    return f"the migration loses the values of {', '.join(gone)}" if gone and record is not None else None


# laws of the definition ---------------------------------------------------------------------------------------------


class Laws:
    """The laws of a definition along one run: ``never`` at every step, ``leads_to`` with ``within`` by its deadline."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.waiting: dict[str, datetime] = {}

    def look(self, ticket: Ticket, at: datetime) -> Iterator[str]:
        """The laws that the ticket breaks, as it stands until *at*."""
        for plan in self.workflow.compiled.laws:
            law = plan.law
            if law.form == "never" and holds(self.workflow, plan.wanted, ticket):
                yield f"law {law.name!r}: what must never be is: {law.never}"
            elif law.form == "leads_to" and law.within is not None and plan.when is not None:
                within = law.within.exact
                if law.name in self.waiting and at > self.waiting[law.name]:
                    yield f"law {law.name!r}: {law.leads_to} was to come within {law.within.text} and has not"
                if holds(self.workflow, plan.wanted, ticket):
                    self.waiting.pop(law.name, None)
                elif law.name in self.waiting:
                    continue
                elif holds(self.workflow, plan.when, ticket):
                    self.waiting[law.name] = ticket.at + within


# those of users -----------------------------------------------------------------------------------------------------

Invariant = Callable[[Any], None]


def read_invariants(given: Any) -> tuple[Invariant, ...]:
    """
    Functions of the run made of what users write.

    One parameter takes the ticket, two take the ticket and its records so far; one named ``run`` takes the whole run. What
    gives False fails, what gives anything else, also None, holds; or it asserts by itself.
    """
    if callable(given) or not isinstance(given, Iterable):
        raise InputError(
            f"invariants are a list of functions, such as [lambda ticket: ...], not {shown(given)}", name="invariants"
        )
    return tuple(_invariant(function) for function in given)


def _invariant(function: Any) -> Invariant:
    if not callable(function):
        raise InputError(f"an invariant is a function of the ticket, not {shown(function)}", name="invariants")
    names = list(inspect.signature(function).parameters)
    if not 1 <= len(names) <= 2:
        raise InputError(
            f"an invariant takes (ticket), (ticket, records) or (run), not ({', '.join(names)})", name="invariants"
        )

    def check(run: Any) -> None:
        if len(names) == 2:
            held = function(run.ticket, tuple(run.records))
        else:
            held = function(run if names == ["run"] else run.ticket)
        insist(held is not False, f"the invariant {_name(function)} does not hold")

    return check


def _name(function: Any) -> str:
    name = getattr(function, "__name__", repr(function))
    if name != "<lambda>":
        return str(name)
    try:
        text = inspect.getsource(function).strip()
    except (OSError, TypeError):
        return "that was given"
    return text if len(text) < 200 else f"{text[:200]}..."


def read_allow(allow: Iterable[str]) -> frozenset[str]:
    """The promises an author does not make, checked."""
    given = (allow,) if isinstance(allow, str) else tuple(allow)
    for name in given:
        if name not in PROMISES:
            close = nearest(str(name), PROMISES)
            hint = f"did you mean {close!r}?" if close else f"there are {', '.join(PROMISES)}"
            raise InputError(f"machine_for makes no promise named {shown(name)}; {hint}", name="allow", known=PROMISES)
    return frozenset(given)
