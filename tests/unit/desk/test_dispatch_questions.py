"""Holds a desk to asking about dispatch of its own world and time, for each tenant apart and from coroutines too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import servflow
from servflow.desk import AsyncDesk, Desk
from servflow.errors import InputError, NotFound
from servflow.model import World
from servflow.stores import MemoryStore, SqliteStore, Store

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
FLOW = servflow.load(
    {
        "workflow": "repair",
        "initial": "new",
        "states": {"new": {}, "going": {}},
        "transitions": [{"event": "assigned.engineer", "source": "new", "target": "going"}],
        "dispatch": [{"name": "engineer", "state": "new", "require": [{"below": "capacity"}]}],
    }
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "t.db")
    yield made
    made.close()


def desk_of(store: Store, *engineers: str, capacity: int = 1) -> Desk:
    """A desk whose engineers take one ticket each."""
    world = World(engineers=[{"id": name, "capacity": capacity} for name in engineers])
    return Desk(FLOW, store, now=lambda: AT, world=world)


def test_a_desk_asks_its_own_world(store: Store) -> None:
    """Loads are those of the store: who has a ticket is full, and a unit of capacity, or a ticket less, would help."""
    desk = desk_of(store, "ann")
    desk.open("T1")
    desk.open("T2")

    assert ["below"] == [verdict.rule for verdict in desk.why_not("T2", "ann")]
    assert ["load", "capacity", "drop"] == [change.kind for change in desk.unblock("T2")]
    assert "wait" == desk.choice("T2").action
    assert desk.why_not("T1", "ann").fits  # what the ticket itself holds of somebody does not count


def test_each_tenant_asks_for_itself(store: Store) -> None:
    """What one tenant's tickets take of an engineer of the same name is nothing to another's."""
    north, south = desk_of(store.for_tenant("north"), "ann"), desk_of(store.for_tenant("south"), "ann", "bob", capacity=2)
    for desk in (north, south):
        desk.open("T1")
        desk.open("T2")

    assert not north.why_not("T2", "ann").fits
    assert south.why_not("T2", "ann").fits
    assert () == south.unblock("T2")
    with pytest.raises(NotFound):
        desk_of(store.for_tenant("east"), "ann").why_not("T1", "ann")


def test_coroutines_ask_the_same() -> None:
    """The twin of a desk answers as the desk does."""
    with closing(MemoryStore()) as store:
        desk = desk_of(store, "ann")
        desk.open("T1")
        desk.open("T2")
        twin = AsyncDesk(FLOW, store, now=lambda: AT, world=World(engineers=[{"id": "ann", "capacity": 1}]))

        async def asked() -> tuple[object, ...]:
            return await twin.choice("T2"), await twin.why_not("T2", "ann"), await twin.unblock("T2")

        assert (desk.choice("T2"), desk.why_not("T2", "ann"), desk.unblock("T2")) == asyncio.run(asked())


def test_a_desk_without_a_world_says_so() -> None:
    """Who fits cannot be told of nobody."""
    with closing(MemoryStore()) as store:
        desk = Desk(FLOW, store, now=lambda: AT)
        desk.open("T1")

        with pytest.raises(InputError, match="pass world="):
            desk.why_not("T1", "ann")
