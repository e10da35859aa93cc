"""Knows how tickets of a store see another world and who comes first where a place is free; must not know who is best."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import AsyncDesk, Desk, LookReport
from servflow.model import Engineer, World
from servflow.stores import MemoryStore, SqliteStore, Store

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FLOW = servflow.Workflow(
    workflow="visit",
    states={"new": {}, "taken": {}, "done": {"closed": True}},
    transitions=[
        {"event": "assigned.seek", "source": "new", "target": "taken"},
        {"event": "finish", "source": ["new", "taken"], "target": "done"},
    ],
    dispatch=[
        {
            "name": "seek",
            "state": "new",
            "require": [{"below": "capacity"}],
            "prefer": [{"term": "cost", "weight": -1}],
            "redispatch": {"absence": True},
        }
    ],
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    with ExitStack() as closing:
        kept = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
        yield closing.enter_context(kept) if isinstance(kept, SqliteStore) else kept


class Office:
    """A desk whose people change; what they hold is counted from the store."""

    def __init__(self, store: Store, **capacities: int) -> None:
        self.store, self.now = store, NINE
        self.people: dict[str, dict[str, Any]] = {
            name: {"capacity": most, "cost": cost} for cost, (name, most) in enumerate(capacities.items())
        }
        self.desk = Desk(FLOW, store, now=lambda: self.now, world=self.world)

    def world(self) -> World:
        loads = {key.removeprefix("engineer:"): units for key, units in self.store.usage("engineer:").items()}
        return World(engineers=[Engineer(id=name, **parts) for name, parts in self.people.items()], loads=loads)

    def absent(self, name: str) -> None:
        """Somebody falls ill now, which nobody knew of."""
        self.people[name]["absences"] = [(self.now, self.now + timedelta(days=3))]

    def holders(self, *tickets: str) -> list[str | None]:
        return [self.desk.get(id_).assignee for id_ in tickets]


def test_leave_that_nobody_knew_of_takes_sleeping_tickets_back(store: Store) -> None:
    """The store is not told that somebody fell ill; told to look again, their tickets go to others at once."""
    office = Office(store, ann=2, bob=1)
    for id_ in ("T1", "T2"):
        office.desk.open(id_)
    office.now += 5 * MINUTE
    office.absent("ann")

    assert (0, ["ann", "ann"]) == (office.desk.tick().claimed, office.holders("T1", "T2")), "nothing polls the world"
    assert LookReport(changed=2) == office.desk.look_again()
    assert ["bob", None] == office.holders("T1", "T2")
    assert {"engineer:bob": 1} == store.usage("engineer:")
    assert LookReport(same=2) == office.desk.look_again(), "the same world says the same"


def test_who_comes_back_gets_what_waits(store: Store) -> None:
    """Somebody new is seen by those that wait, the most urgent first; the other waits for their place from then on."""
    office = Office(store, ann=1)
    office.desk.open("T1")
    office.desk.open("T2", {"priority": 3})
    office.desk.open("T3", {"priority": 1})
    office.people["bob"] = {"capacity": 1, "cost": 9}

    assert (2, ["ann", None, "bob"]) == (office.desk.look_again().changed, office.holders("T1", "T2", "T3"))
    assert ("engineer:ann", "engineer:bob") == office.desk.get("T2").slots["assignee"].waits


def test_only_some_tickets_look_again(store: Store) -> None:
    """The tickets of one person, so many of a workflow, and no others."""
    office = Office(store, ann=3)
    for number in range(3):
        office.desk.open(f"T{number}")
    office.absent("ann")
    mine = [ticket.id for ticket in office.desk.find(assignee="ann")]

    assert LookReport(changed=1) == office.desk.look_again(tickets=mine[:1])
    assert (1, True) == ((report := office.desk.look_again(workflow="visit", limit=1)).changed, report.more)
    assert LookReport() == office.desk.look_again(workflow="other")
    assert [None, None, "ann"] == office.holders("T0", "T1", "T2")


def test_a_missing_ticket_is_told_and_holds_up_no_other(store: Store) -> None:
    """One of the ids is unknown: the others look all the same."""
    office = Office(store, ann=1)
    office.desk.open("T1")
    office.absent("ann")
    report = office.desk.look_again(tickets=["T9", "T1"])

    assert (1, 1, ["T9"]) == (report.changed, report.failed, [problem.where for problem in report.problems])


def test_a_free_place_goes_to_the_most_urgent_and_then_the_oldest(store: Store) -> None:
    """Tickets that wait for one place come in a fair order, however they are called and however many a round answers."""
    office = Office(store, ann=1)
    office.desk.open("T0")
    order = ["Z", "B", "A", "Y", "C"]
    urgency = {"Y": 2, "C": 1}
    for id_ in order:
        office.now += MINUTE
        office.desk.open(id_, {"priority": urgency[id_]} if id_ in urgency else {})
    got = []
    current = "T0"
    while current:
        office.now += MINUTE
        office.desk.fire(current, "finish")
        while office.desk.tick(limit=2).worked:
            pass
        current = next((id_ for id_ in order if id_ not in got and office.desk.get(id_).assignee), "")
        got += [current] if current else []

    assert ["C", "Y", "Z", "B", "A"] == got


def test_those_that_got_nothing_keep_no_record_of_having_looked(store: Store) -> None:
    """One of many gets the place; the histories of the others do not grow with every release."""
    office = Office(store, ann=1)
    for number in range(12):
        office.desk.open(f"T{number:02}")
    before = {f"T{number:02}": office.desk.get(f"T{number:02}").revision for number in range(2, 12)}
    office.desk.fire("T00", "finish")
    report = office.desk.tick()

    assert (1, 10, "ann") == (report.advanced, report.idle, office.desk.get("T01").assignee)
    assert before == {id_: office.desk.get(id_).revision for id_ in before}
    assert 0 == office.desk.tick().claimed, "they have looked"


def test_a_desk_of_coroutines_looks_too() -> None:
    """What the plain desk does, awaited."""
    office = Office(MemoryStore(), ann=1)
    office.desk.open("T1")
    office.absent("ann")

    async def look() -> LookReport:
        return await AsyncDesk(FLOW, office.store, now=lambda: office.now, world=office.world).look_again()

    assert (LookReport(changed=1), [None]) == (asyncio.run(look()), office.holders("T1"))
