"""Knows what the twin of a store for coroutines promises; what its operations mean is tested with the plain ones."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from attrs import evolve

from servflow.errors import InputError
from servflow.model import FrozenMap
from servflow.stores import AsyncStore, InThreads, MemoryStore, SqliteStore, Store, in_threads
from servflow.testing._store_values import MINUTE, NOON, new_ticket, next_step, note

OPERATIONS = [name for name in vars(Store) if not name.startswith("_")]


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Any:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_a_twin(name: str) -> None:
    """Each operation of a store is there, takes the same, and is a coroutine function where it may wait."""
    plain, twin, adapter = (getattr(kind, name) for kind in (Store, AsyncStore, InThreads))

    assert inspect.signature(twin).parameters == inspect.signature(adapter).parameters
    if name != "for_tenant":
        assert inspect.iscoroutinefunction(twin)
        assert inspect.iscoroutinefunction(adapter)
    if name != "batch":
        assert inspect.signature(plain).parameters == inspect.signature(twin).parameters


def test_each_operation_gives_what_the_store_gives(store: Store) -> None:
    """What goes in by one side comes out by the other."""

    async def work() -> None:
        twin = in_threads(store)
        assert isinstance(twin, AsyncStore)
        change = new_ticket("T1", wake=NOON)
        answers = await twin.commit([change, next_step(change.ticket)])
        assert ["applied", "applied"] == [answer.status for answer in answers]
        assert await twin.load("T1") == store.load("T1") is not None
        assert store.history("T1", 1, 5) == await twin.history("T1", 1, 5)
        assert await twin.post("T1", "go", {"n": 1}, key="k", at=NOON, actor="ann")
        assert not await twin.post("T1", "go", key="k", at=NOON)
        assert store.claim(NOON) == await twin.claim(NOON)
        assert () == await twin.claim(NOON, 5, after=store.claim(NOON)[0])
        assert await twin.answered("T1", "k") is None
        store.commit([new_ticket("T2", waits=("c",))])
        assert store.find(workflow="repair", limit=1, after="T1") == await twin.find(workflow="repair", limit=1, after="T1")
        await twin.define("h", "repair", 1, {"workflow": "repair"})
        assert {"workflow": "repair"} == await twin.definition("h") == store.definition("h")
        assert {} == dict(await twin.usage("c"))
        assert 0 == await twin.released()
        assert await twin.for_tenant("other").load("T1") is None

    asyncio.run(work())


def test_effects(store: Store) -> None:
    """Effects are read and acknowledged."""

    async def work() -> None:
        twin = in_threads(store)
        change = new_ticket("T1")
        step = next_step(change.ticket)
        await twin.commit([change])
        store.commit([type(step)(ticket=step.ticket, expected=1, records=step.records, effects=(note("e"), note("f")))])
        assert (note("f"),) == await twin.effects(1, after="e")
        await twin.ack(["e"])
        assert (note("f"),) == await twin.effects()

    asyncio.run(work())


def test_what_fails(store: Store) -> None:
    """Effects are taken, and what fails is kept, listed and revived."""

    async def work() -> None:
        twin = in_threads(store)
        change = new_ticket("T1", wake=NOON)
        store.commit([evolve(change, effects=(note("e"),))])
        assert [1] == [pending.tries for pending in await twin.take(NOON, NOON + MINUTE, 5)]
        await twin.fail("effect", "e", "no such number", at=NOON, again=None)
        await twin.fail("ticket", "T1", "no such rule", at=NOON, again=NOON + MINUTE)
        effect, ticket = await twin.troubles()
        assert (effect, ticket) == store.troubles()
        assert (ticket,) == await twin.troubles(sort="ticket", aside=False, limit=1, after=effect)
        assert () == await twin.claim(NOON)
        assert 1 == await twin.revive("effect", ["e", "f"])
        assert (ticket,) == store.troubles()

    asyncio.run(work())


def test_screens(store: Store) -> None:
    """Whatever tickets are found by goes to the store."""

    async def work() -> None:
        twin = in_threads(store)
        for name in ("A", "B", "C"):
            store.commit([evolve(new_ticket(name, queue="q"), index=FrozenMap(city="上海"))])
        asked: dict[str, Any] = {"state": "new", "workflow": "repair", "queue": "q", "where": {"city": "上海"}, "order": "due"}
        found = await twin.find(**asked, limit=1, after="A")
        assert ["B"] == [ticket.id for ticket in found]
        assert () == await twin.find(due_before=NOON)
        assert () == await twin.find(assignee="ann")

    asyncio.run(work())


def test_batch_is_one_transaction(store: Store) -> None:
    """The work of a batch gets the plain store; an exception undoes it; what would be awaited is refused."""

    def fails(inside: Store) -> None:
        inside.commit([new_ticket("T2")])
        raise ZeroDivisionError

    async def later(_: Store) -> None: ...

    async def work() -> None:
        twin = in_threads(store)
        answers = await twin.batch(lambda inside: inside.commit([new_ticket("T1")]))
        assert "applied" == answers[0].status
        with pytest.raises(ZeroDivisionError):
            await twin.batch(fails)
        with pytest.raises(InputError, match="plain function"):
            await twin.batch(later)
        assert ["T1"] == [ticket.id for ticket in store.find()]

    asyncio.run(work())


def test_close_closes_the_store() -> None:
    """Closing the twin closes what it stands for, and what is no store is refused at once."""
    store = MemoryStore()
    asyncio.run(in_threads(store).close())

    with pytest.raises(Exception, match="closed"):
        store.load("T1")
    with pytest.raises(InputError, match="takes a store"):
        in_threads("tickets.db")  # type: ignore[arg-type] # the point of the test
