"""Knows tickets and steps made by hand for tests of stores; must not know any workflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from servflow.model import (
    ClockRun,
    FrozenMap,
    Moved,
    Notify,
    Opened,
    Record,
    Reservation,
    SlotProgress,
    Ticket,
    Updated,
)
from servflow.stores import Answer, Change, Message, Store, Trouble

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def new_ticket(name: str = "T1", *, waits: tuple[str, ...] = (), **attributes: Any) -> Change:
    """The change that opens a ticket, made by hand: a store need not know any workflow."""
    at = attributes.pop("at", NOON)
    slots = FrozenMap({"assignee": SlotProgress(policy="p", since=at, waits=waits)}) if waits else FrozenMap()
    ticket = Ticket(
        id=name, workflow="repair", at=at, sequence=1, opened_at=at, configuration=("new",), slots=slots, **attributes
    )
    return Change(ticket=ticket, expected=None, records=(Opened(sequence=1, at=at, id=name, workflow="repair", version=1),))


def next_step(ticket: Ticket, count: int = 1, **attributes: Any) -> Change:
    """The change that moves a ticket on by *count* records, with other attributes of the ticket as given."""
    at = attributes.get("at", ticket.at)
    records = tuple(Moved(sequence=ticket.sequence + 1 + index, at=at, event="go") for index in range(count))
    moved = evolve(ticket, sequence=ticket.sequence + count, **attributes)
    return Change(ticket=moved, expected=ticket.revision, records=records)


def said(sequence: int, name: str) -> Record:
    """A record that says who a ticket is about, or what is left of it once that was erased."""
    return Updated(sequence=sequence, at=NOON, fields=FrozenMap(name=name))


def note(name: str, ticket: str = "T1") -> Notify:
    """An effect of a ticket."""
    return Notify(id=name, ticket=ticket, at=NOON, cause="1", action="a", to="ann", template="t")


def clock(name: str, due: datetime | None, phase: str = "running") -> ClockRun:
    """A promise of a ticket, due at an instant."""
    return ClockRun(name=name, phase=phase, within=timedelta(hours=4), started_at=NOON, due=due)


def keep(store: Store, change: Change, **more: Any) -> Answer:
    """Commit one change and give its answer."""
    (answer,) = store.commit([evolve(change, **more)])
    return answer


def opened(store: Store, name: str = "T1", reservations: tuple[Reservation, ...] = (), **attributes: Any) -> Ticket:
    """A ticket that the store has just kept."""
    change = new_ticket(name, **attributes)
    assert keep(store, change, reservations=reservations).status == "applied"
    return change.ticket


def with_effects(store: Store, ticket: str, *names: str) -> Ticket:
    """A ticket that the store has just kept, with an effect of each name."""
    change = new_ticket(ticket)
    assert keep(store, change, effects=tuple(note(name, ticket) for name in names)).status == "applied"
    return change.ticket


def taken(store: Store, now: datetime = NOON, until: datetime = NOON + MINUTE, limit: int = 100) -> list[tuple[str, int]]:
    """The ids of the effects that are taken, and which attempt each is."""
    return [(pending.effect.id, pending.tries) for pending in store.take(now, until, limit)]


def troubled(store: Store, **asked: Any) -> list[str]:
    """The ids of what is in trouble."""
    return [trouble.id for trouble in store.troubles(**asked)]


def claimed(store: Store, now: datetime = NOON) -> list[tuple[str, int]]:
    """The ids of the tickets that have something to do, and how often each failed."""
    return [(claim.ticket, claim.tries) for claim in store.claim(now)]


def trouble(id: str, ticket: str, **more: Any) -> Trouble:  # noqa: A002 - as the protocol has it
    """What is listed of an effect that was taken once and failed at noon, but for *more*."""
    at = more.pop("at", NOON)
    given = {"sort": "effect", "tries": 1, "error": "no answer", "since": at, **more}
    return Trouble(id=id, ticket=ticket, at=at, **given)


def first_mail(store: Store) -> Message:
    """The oldest message of the first ticket that wakes at noon."""
    return store.claim(NOON)[0].messages[0]


def everything(store: Store) -> tuple[Any, ...]:
    """All that can be read of a small store, so that two moments or two handles can be compared."""
    tickets = store.find()
    histories = tuple(store.history(ticket.id) for ticket in tickets)
    waiting = store.effects(), store.claim(NOON + MINUTE), store.troubles()
    return tickets, histories, waiting, dict(store.usage()), store.released(), store.find(where={"city": "上海"}, order="due")
