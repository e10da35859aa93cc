"""Several desks over one database hand out, accept and give back the same places at once; whatever the threads do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Conflict, Refused, ReservationRefused
from servflow.model import Engineer, OfferEnded, World
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.postgres import fresh_database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAPACITY = 2
PEOPLE = ("ann", "bob", "cat")
DESKS = 3


def flow(mode: str) -> Workflow:
    """Tickets that are offered to two at once, or to all; whoever has one may finish it."""
    return Workflow(
        workflow=mode,
        states={"new": {}, "taken": {}, "done": {"closed": True}},
        transitions=[
            {"event": "assigned.seek", "source": "new", "target": "taken"},
            {"event": "finish", "source": "taken", "target": "done"},
        ],
        dispatch=[
            {
                "name": "seek",
                "state": "new",
                "require": [{"below": "capacity"}],
                "mode": mode,
                "offer": {"timeout": "10m", "parallel": 2, "cool_off": "5m"},
            }
        ],
    )


FLOWS = [flow("pool"), flow("offer")]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def handle(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """How one more handle on the same store is had; all are closed."""
    with ExitStack() as closing:
        if request.param == "memory":
            shared = MemoryStore()
            yield lambda: shared
        elif request.param == "sqlite":
            yield lambda: closing.enter_context(SqliteStore(tmp_path / "tickets.db"))
        else:
            url = fresh_database(request.getfixturevalue("postgres"))
            from servflow.stores import SqlStore

            yield lambda: closing.enter_context(SqlStore(url))


def desk_of(store: Store, now: Callable[[], datetime]) -> Desk:
    """A desk that counts what everybody holds."""

    def world() -> World:
        held = store.usage("engineer:")
        people = [Engineer(id=who, capacity=CAPACITY) for who in PEOPLE]
        return World(engineers=people, loads={key.removeprefix("engineer:"): units for key, units in held.items()})

    return Desk(FLOWS, store, now=now, world=world)


def test_a_rush_overbooks_nobody_and_every_offer_is_won_once(handle: Callable[[], Store]) -> None:
    """Everybody accepts and finishes everything at once, at several desks: no place is taken twice, no ticket won twice."""
    clock = [NOON]
    desks = [desk_of(handle(), lambda: clock[0]) for _ in range(DESKS)]
    ids = [f"T{number}" for number in range(8)]
    for number, id_ in enumerate(ids):
        desks[0].open(id_, workflow=FLOWS[number % 2].workflow)
    kept = desks[0].store

    def rush(number: int) -> None:
        rng = random.Random(f"{number} at {clock[0]}")
        for id_ in rng.sample(ids, len(ids)):
            for event, who in (("offer.accept", rng.choice(PEOPLE)), ("finish", None)):
                if event == "offer.accept" or rng.random() < 0.3:
                    tried(desks[number], id_, event, who)
        desks[number].tick()

    with ThreadPoolExecutor(DESKS) as threads:
        for _ in range(3):
            list(threads.map(rush, range(DESKS)))
            usage: dict[str, int] = {key: units for key, units in kept.usage("engineer:").items() if units}
            assert all(units <= CAPACITY for units in usage.values())
            tickets = [ticket for id_ in ids if (ticket := kept.load(id_)) is not None]
            assert usage == Counter(held.key for ticket in tickets for held in ticket.held)
            clock[0] += timedelta(minutes=11)

    for ticket in tickets:
        records = kept.history(ticket.id)
        won = [record for record in records if isinstance(record, OfferEnded) and record.outcome == "accepted"]
        assert len(won) == (ticket.assignee is not None)
        assert ticket == next(one for one in FLOWS if one.workflow == ticket.workflow).fold(records)
    assert any(ticket.assignee for ticket in tickets)


def tried(desk: Desk, id_: str, event: str, who: Any) -> None:
    """Do something that may well be refused."""
    try:
        desk.fire(id_, event, actor=who)
    except (Refused, ReservationRefused, Conflict):
        return
