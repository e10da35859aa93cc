"""Knows how a desk keeps the turns of queues fair over tickets; must not know who is picked when nobody counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.model import Next, Notify, TurnTaken, World
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import NOON

QUEUE = {"id": "care", "members": ["ann", "bob", "cal"]}
ROUND = {"queue": "care", "pick": "round_robin"}
FLOW = Workflow(
    workflow="small",
    initial="a",
    states={"a": {}},
    transitions=[{"event": "ask", "source": "a", "do": [{"notify": {"to": ROUND, "template": "t"}}]}],
    escalations=[
        {"name": "c", "start": {"state": "a"}, "levels": [{"name": "one", "do": [{"notify": {"to": ROUND, "template": "t"}}]}]}
    ],
)


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


def told(desk: Desk, ticket: str) -> list[int]:
    """The turns a ticket took, by its records."""
    return [record.turn for record in desk.history(ticket) if isinstance(record, TurnTaken)]


WORLD = {"queues": [QUEUE], "turns": {}}


@pytest.mark.parametrize("world", [WORLD, lambda: WORLD, lambda: World.of({**WORLD, "turns": {"care": 99}})])
def test_tickets_take_turns(store: Store, world: Any) -> None:
    """Each new ticket begins one turn further, by the count of the store, also where the host tells the world each time."""
    desk = Desk([FLOW], store, now=lambda: NOON, world=world)
    for number in range(6):
        desk.open(f"T{number}", {}, workflow="small")
        desk.fire(f"T{number}", "ask")
        desk.fire(f"T{number}", "ask")

    assert [[number, number + 1] for number in range(6)] == [told(desk, f"T{number}") for number in range(6)]
    assert {"turn:care": 6} == dict(store.usage("turn:"))


def test_two_who_read_the_same_count_ask_for_the_same_turn(store: Store) -> None:
    """The store can hold a turn for one of them only; decided again with what it says, the other takes the next one."""
    desk = Desk([FLOW], store, now=lambda: NOON, world={"queues": [QUEUE], "turns": {}})
    desk.open("T0", {}, workflow="small")
    desk.open("T1", {}, workflow="small")
    stale = [desk.get("T0"), desk.get("T1")]
    world = {"queues": [QUEUE], "turns": {}}
    asked = [FLOW.fire(ticket, "ask", at=NOON, world=world).reservations for ticket in stale]

    assert asked[0] == asked[1] == (Next(counter="turn:care", expected=0),)
    desk.fire("T0", "ask")
    desk.fire("T1", "ask")
    assert ([0], [1]) == (told(desk, "T0"), told(desk, "T1"))


def test_shares_are_even_over_many_tickets() -> None:
    """Of nine tickets everybody gets three."""
    counted: Counter[str] = Counter()
    for number in range(9):
        ticket = FLOW.open(f"T{number}", {}, at=NOON).ticket
        outcome = FLOW.fire(ticket, "ask", at=NOON, world={"queues": [QUEUE], "turns": {"care": number}})
        counted.update(effect.to for effect in outcome.effects if isinstance(effect, Notify))

    assert {"ann": 3, "bob": 3, "cal": 3} == dict(counted)


GOING_ROUND = Workflow(
    workflow="dealt",
    initial="a",
    states={"a": {}},
    dispatch=[{"name": "engineer", "state": "a", "prefer": [{"term": "round_robin", "share": "candidate.capacity"}]}],
)
STAFF = {"engineers": [{"id": "ann", "capacity": 2}, {"id": "bob", "capacity": 1}]}


@pytest.mark.parametrize("world", [STAFF, lambda: STAFF])
def test_a_desk_counts_the_turns_that_its_dispatch_goes_by(store: Store, world: Any) -> None:
    """Whoever writes ``round_robin`` gets turns from a desk, also where the world does not speak of turns."""
    desk = Desk([FLOW, GOING_ROUND], store, now=lambda: NOON, world=world)
    for number in range(6):
        desk.open(f"T{number}", {}, workflow="dealt")

    assert ["ann", "bob", "ann"] * 2 == [desk.get(f"T{number}").assignee for number in range(6)]


def test_a_desk_without_dispatch_in_turns_counts_none(store: Store) -> None:
    """Where nothing goes round and the world says nothing, queues are drawn from as before, and nothing is reserved."""
    desk = Desk([FLOW], store, now=lambda: NOON, world={"queues": [QUEUE]})
    desk.open("T", {}, workflow="small")
    desk.fire("T", "ask")

    assert {} == dict(store.usage("turn:"))


def test_a_turn_is_decided_again_from_its_record(store: Store) -> None:
    """A store keeps where turns stand by now; the record of a decision says where they stood, so the world need not."""
    world = World.of(STAFF)
    desk = Desk([GOING_ROUND], store, now=lambda: NOON, world=lambda: world)
    for number in range(6):
        desk.open(f"T{number}", {}, workflow="dealt")

    for number in range(6):
        records = desk.history(f"T{number}")
        assert GOING_ROUND.again(records, world=world).same
        assert GOING_ROUND.again(records, world=world.with_turns({}, version=world.version)).same
    moved = world.with_turns({"dispatch:engineer/bob": 1}, version=world.version)
    assert ["read"] == [item.what for item in GOING_ROUND.again(desk.history("T0"), world=moved).inputs]
