"""Knows what a desk answers that is asked what its tickets' chains would do; must not know how it is worked out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Workflow
from servflow.errors import InputError, NotFound
from servflow.model import Person, World
from servflow.stores import MemoryStore, SqliteStore

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOON = NINE + timedelta(hours=3)
FLOW = Workflow(
    workflow="w",
    roles=["boss"],
    initial="a",
    states={"a": {}, "z": {"closed": True}},
    transitions=[{"event": "end", "source": "a", "target": "z", "allow": ["boss"]}],
    escalations=[
        {
            "name": "late",
            "start": {"state": "a"},
            "levels": [{"name": "boss", "after": "5h", "do": [{"notify": {"to": {"role": "boss"}, "template": "t"}}]}],
        }
    ],
)
WORLD = World(people=[Person(id="bo", roles=["boss"])])


def desk_of(store: Any, now: datetime = NINE) -> Desk:
    return Desk(FLOW, store, now=lambda: now, world=WORLD)


def test_a_desk_plans_its_ticket_in_its_world() -> None:
    """It looks from now on, finds people in its own world, and keeps nothing."""
    store = MemoryStore()
    desk_of(store).open("T1")
    desk = desk_of(store, NOON)
    before = desk.get("T1")
    plan = desk.plan("T1", NINE + timedelta(days=1), script=[(NOON, "ack")], chain="late")

    assert ([], NOON) == ([item.to for item in plan], plan.at)
    assert [("bo",)] == [item.to for item in desk.plan("T1", NINE + timedelta(days=1))]
    assert before == desk.get("T1")
    with pytest.raises(InputError, match="of now and of its own world"):
        desk.plan("T1", NINE, at=NINE)
    with pytest.raises(NotFound):
        desk.plan("T2", NINE)


def test_an_explanation_of_a_desk_tells_every_run() -> None:
    """Also a run that has left the ticket is explained, from the records."""
    store = MemoryStore()
    desk_of(store).open("T1")
    late = desk_of(store, NINE + timedelta(days=1))
    late.tick()
    [run] = late.explain("T1").history

    assert (("bo",), "done", ()) == (run.told, run.phase, late.get("T1").chains)


def test_coroutines_plan_alike() -> None:
    """The desk for coroutines gives the same plan."""
    store = MemoryStore()
    desk_of(store).open("T1")

    async def ask() -> Any:
        return await AsyncDesk(FLOW, store, now=lambda: NINE, world=WORLD).plan("T1", NINE + timedelta(days=1))

    assert desk_of(store).plan("T1", NINE + timedelta(days=1)) == asyncio.run(ask())


def test_a_plan_of_one_tenant_is_of_its_own_ticket(tmp_path: Any) -> None:
    """Tickets of the same id in two tenants are planned apart, and neither is touched."""
    whole = SqliteStore(tmp_path / "s.db")
    north, south = whole.for_tenant("north"), whole.for_tenant("south")
    desk_of(north).open("T1")
    desk_of(south, NOON).open("T1")
    dues = [desk_of(tenant, NOON).plan("T1", NINE + timedelta(days=1))[0].at for tenant in (north, south)]

    assert [NINE + timedelta(hours=5), NOON + timedelta(hours=5)] == dues
    assert [1, 1] == [sum(type(record).__name__ == "Opened" for record in tenant.history("T1")) for tenant in (north, south)]
    whole.close()
