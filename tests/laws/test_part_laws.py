"""Knows what holds of spare parts whatever tickets and desks do in whatever order; must not know how parts are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from servflow import Desk, Workflow, World, dump, load_ticket
from servflow.errors import Refused
from servflow.model import SYSTEM, Call, Record, Ticket, part_key
from servflow.stores import MemoryStore, SqliteStore, Store

EXAMPLES = 25
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


TOLD = {"part": "payload.part", "quantity": "payload.quantity", "place": "parts.origin"}
UNITS = {"part": "string", "quantity": {"type": "int", "default": 1}}
BOOKING = Workflow(
    workflow="booking",
    initial="repairing",
    states={"repairing": {}},
    transitions=[
        {
            "event": "part.use",
            "source": "repairing",
            "payload": UNITS,
            "do": [{"call": {"name": "book_out", "data": TOLD, "reply": "part.booked"}}],
        },
        {
            "event": "part.return",
            "source": "repairing",
            "payload": {**UNITS, "condition": "string"},
            "do": [{"call": {"name": "take_in", "data": {**TOLD, "condition": "payload.condition"}}}],
        },
    ],
)
STEPS = st.tuples(
    st.sampled_from(("part.need", "part.use", "part.return", "part.release", "deliver", "tick")),
    st.integers(0, 2),
    st.sampled_from(("pump", "fuse")),
    st.integers(1, 2),
    st.sampled_from(("", "north")),
    st.booleans(),
)


class Shelves:
    """What the host's stock says, which goes out and comes in when it is told, and may not answer at first."""

    def __init__(self, pumps: int, answers: Iterator[bool]) -> None:
        self.stock = {"": {"pump": pumps, "fuse": 2}, "north": {"pump": 1}}
        self.answers = answers

    def call(self, effect: Call) -> dict[str, Any]:
        if not next(self.answers, True):
            raise OSError("the stock system does not answer")
        units = int(effect.data["quantity"]) * (-1 if effect.name == "book_out" else 1)
        if effect.name == "book_out" or effect.data["condition"] == "good":
            lying = self.stock[str(effect.data["place"])]
            lying[str(effect.data["part"])] += units
        return {}

    def lying(self) -> dict[tuple[str, str], int]:
        return {(place, part): units for place, held in self.stock.items() for part, units in held.items()}


def standing(ticket: Ticket, state: str) -> dict[tuple[str, str], int]:
    """How many units stand in a state on a ticket, by where they came from."""
    found: dict[tuple[str, str], int] = {}
    for line in ticket.parts:
        if line.state == state:
            found[(line.origin or "", line.part)] = found.get((line.origin or "", line.part), 0) + line.quantity
    return found


@LAWS
@example(  # one of two fuses is booked out, and the other one is asked for before the stock system answers again
    steps=[
        ("part.need", 0, "fuse", 2, "", True),
        ("part.use", 0, "fuse", 1, "", True),
        ("part.use", 0, "fuse", 1, "", True),
        ("deliver", 0, "fuse", 1, "", True),
        ("tick", 0, "fuse", 1, "", True),
        ("part.need", 1, "fuse", 1, "", True),
    ],
    pumps=0,
    answers=[True, False],
)
@given(steps=st.lists(STEPS, max_size=40), pumps=st.integers(0, 4), answers=st.lists(st.booleans(), max_size=30))
def test_what_is_put_aside_lies_there_and_in_the_end_the_stock_is_right(
    steps: list[Any], pumps: int, answers: list[bool]
) -> None:
    """
    Law: whenever the stock system answers, a unit that is put aside really lies where it was taken from.

    And once it has answered everything, it says what lies there: all that was there, less what was built in or is broken.
    """
    shelves, now = Shelves(pumps, iter(answers)), [T0]
    real = shelves.lying()  # what a person who looks sees
    store = MemoryStore()
    handlers = {"call": shelves.call, "*": lambda effect: None}
    desk = Desk(
        BOOKING,
        store,
        handlers=handlers,
        now=lambda: now[0],
        world=lambda: World(stock={**shelves.stock[""], "north": shelves.stock["north"]}),
    )
    for number in range(3):
        desk.open(f"R-{number}")
    for event, number, part, units, place, good in steps:
        now[0] += timedelta(minutes=7)
        if event in ("deliver", "tick"):
            getattr(desk, event)()
            continue
        payload = payload_of(event, part, units, good)
        before = standing(desk.get(f"R-{number}"), "used")
        with suppress(Refused):
            desk.fire(f"R-{number}", event, {**payload, "place": place} if event == "part.need" and place else payload)
        after = standing(desk.get(f"R-{number}"), "used")
        if event == "part.use" or good:
            real = {key: units - after.get(key, 0) + before.get(key, 0) for key, units in real.items()}
        for key, there in real.items():
            assert sum(standing(desk.get(f"R-{one}"), "reserved").get(key, 0) for one in range(3)) <= there
    for _ in range(40):
        now[0] += timedelta(days=2)
        desk.deliver()
        desk.tick()
    assert real == shelves.lying()
