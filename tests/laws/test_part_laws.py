"""Knows what holds of spare parts whatever tickets and desks do in whatever order; must not know how parts are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow import Desk, Workflow, World, dump, load_ticket
from servflow.errors import Refused
from servflow.model import SYSTEM, Record, Ticket, part_key
from servflow.stores import MemoryStore, SqliteStore, Store

EXAMPLES = int(os.environ.get("SERVFLOW_EXAMPLES", "25"))
LAWS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
REPAIR = Workflow(
    workflow="repair",
    initial="repairing",
    states={"repairing": {}, "waiting_parts": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "parts.short", "source": "repairing", "target": "waiting_parts"},
        {"event": "parts.ready", "source": "waiting_parts", "target": "repairing"},
        {"event": "ticket.cancel", "source": "*", "target": "closed"},
        {"event": "ticket.reopen", "source": "closed", "target": "repairing"},
    ],
)
PARTS = ("pump", "fuse")
EVENTS = ("part.need", "part.use", "part.return", "part.release", "part.booked", "ticket.cancel", "ticket.reopen")
MOVES = st.tuples(
    st.integers(0, 1), st.integers(0, 3), st.sampled_from(EVENTS), st.sampled_from(PARTS), st.integers(1, 3), st.booleans()
)
"""Which desk, which ticket, what, of which part, how many, and whether they come back in good order."""


def payload_of(event: str, part: str, units: int, good: bool) -> dict[str, Any]:
    """What is said with an event."""
    if not event.startswith("part."):
        return {"reason": "again"} if event == "ticket.reopen" else {}
    condition = {"condition": "good" if good else "defective"} if event == "part.return" else {}
    return {"part": part, "quantity": units, **condition}


@contextmanager
def two_desks(kind: str, world: Callable[[], World], now: Callable[[], datetime]) -> Iterator[tuple[Desk, Desk, Store]]:
    """Two desks of one store."""
    with TemporaryDirectory() as folder:
        store: Store = MemoryStore() if kind == "memory" else SqliteStore(Path(folder) / "tickets.db")
        other = store if kind == "memory" else SqliteStore(Path(folder) / "tickets.db")
        handlers = {"*": lambda effect: None}
        try:
            yield (
                Desk(REPAIR, store, handlers=handlers, now=now, world=world),
                Desk(REPAIR, other, handlers=handlers, now=now, world=world),
                store,
            )
        finally:
            store.close()
            if other is not store:
                other.close()


def held(tickets: list[Ticket]) -> dict[str, int]:
    """How many units tickets say that they hold, by key."""
    found: dict[str, int] = {}
    for ticket in tickets:
        for line in ticket.parts:
            if line.held:
                found[line.key] = found.get(line.key, 0) + line.quantity
    return found


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@LAWS
@given(moves=st.lists(MOVES, max_size=25), stock=st.integers(0, 4), more=st.integers(0, 3))
def test_tickets_never_hold_more_than_lies_on_the_shelf(kind: str, moves: list[Any], stock: int, more: int) -> None:
    """
    Law: whatever several tickets do at two desks, the store holds what their lines say, and at most the stock.

    And nobody waits beside a free part: once all that was released has been looked at, no line that waits would fit.
    """
    minutes, shelf = [0], {"pump": stock, "fuse": 2}
    with two_desks(kind, lambda: World(stock=shelf), lambda: T0 + timedelta(minutes=minutes[0])) as (one, other, store):
        for number in range(4):
            one.open(f"R-{number}")
        for desk, ticket, event, part, units, good in moves:
            minutes[0] += 1
            with suppress(Refused):
                (one, other)[desk].fire(f"R-{ticket}", event, payload_of(event, part, units, good))
            tickets = [one.get(f"R-{number}") for number in range(4)]
            assert dict(store.usage("part:")) == held(tickets)
            assert all(units <= shelf[key.removeprefix("part:")] for key, units in held(tickets).items())
        shelf["pump"] += more
        one.look_again()
        for _ in range(3):
            minutes[0] += 1
            other.tick()
        tickets = [one.get(f"R-{number}") for number in range(4)]
        left = {part: shelf[part] - store.usage("part:").get(part_key(part), 0) for part in PARTS}
        waiting = [line for ticket in tickets for line in ticket.parts if line.state == "needed"]
        assert [] == [line for line in waiting if line.quantity <= left[line.part]]
        assert all(REPAIR.fold(one.history(ticket.id)) == ticket == load_ticket(dump(ticket)) for ticket in tickets)


@LAWS
@given(moves=st.lists(MOVES, max_size=25), stock=st.integers(0, 6))
def test_the_records_are_the_ticket_and_the_events_give_it_again(moves: list[Any], stock: int) -> None:
    """Laws: fold gives the ticket; its own events decided again give it too; a refusal changes nothing; no waiting twice."""
    world = World(stock={"pump": stock, "fuse": 2})
    outcome = REPAIR.open("R-1", at=T0, world=world)
    ticket, records = outcome.ticket, list(outcome.records)
    for minute, (_, _, event, part, units, good) in enumerate(moves):
        before = dump(ticket)
        at = T0 + timedelta(minutes=minute)
        try:
            outcome = REPAIR.fire(ticket, event, payload_of(event, part, units, good), at=at, world=world, actor=SYSTEM)
        except Refused:
            assert before == dump(ticket)
            continue
        ticket = outcome.ticket
        records += outcome.records
        assert ticket is REPAIR.advance(ticket, at=at, world=world).ticket
    received: list[Record] = [one for one in records if not getattr(one, "internal", False)]

    assert ticket == REPAIR.fold(records)
    assert ticket == REPAIR.rerun(received, world).ticket
    assert len({line.line for line in ticket.parts}) == len(ticket.parts)
