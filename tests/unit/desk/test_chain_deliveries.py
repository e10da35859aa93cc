"""Knows what a desk tells a ticket of the notifications of its chains; must not know what the ticket makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk, Retry, Worker
from servflow.engine import Workflow
from servflow.model import DeliveryNoted, Received
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import MINUTE, NOON, Watch

HOUR = timedelta(hours=1)


def flow(**chain: Any) -> Workflow:
    """A ticket that tells ann at once and bob an hour later."""
    levels = [
        {"name": who, "after": delay, "do": [{"notify": {"to": {"user": who}, "template": "t"}}]}
        for who, delay in (("ann", "0s"), ("bob", "1h"))
    ]
    return Workflow(
        workflow="small",
        initial="a",
        states={"a": {}},
        roles=["clerk"],
        escalations=[{"name": "c", "start": {"state": "a"}, "levels": levels, **chain}],
    )


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


class Phone:
    """A handler that fails for some, and remembers whom it tried."""

    def __init__(self, *broken: str) -> None:
        self.broken, self.tried = set(broken), list[str]()

    def __call__(self, effect: Any) -> None:
        self.tried.append(effect.to)
        if effect.to in self.broken:
            raise ConnectionError(f"no line to {effect.to}")


def results(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.to, one.result, one.reason) for one in desk.history("T1") if isinstance(one, DeliveryNoted)]


def rounds(desk: Desk, watch: Watch, count: int, step: timedelta = MINUTE) -> None:
    """What a worker does, so many times."""
    for _ in range(count):
        watch.at += step
        desk.tick()
        desk.deliver()


def test_a_failure_for_good_makes_the_next_level_due(store: Store) -> None:
    """Once the last try has failed the ticket hears of it, and the next level is told at once instead of in an hour."""
    phone, watch = Phone("ann"), Watch()
    desk = Desk(flow(advance_on_failure="any"), store, now=watch, handlers={"notify": phone}, retry=Retry(tries=2))
    desk.open("T1")
    rounds(desk, watch, 6)

    assert ["ann", "ann", "bob"] == phone.tried
    assert ("ann", "failed", "ConnectionError: no line to ann") == results(desk)[0]
    assert watch.at < NOON + HOUR


def test_what_was_handed_over_is_delivered(store: Store) -> None:
    """A handler that returned has delivered; the ticket hears of it once, however often it is asked."""
    phone, watch = Phone(), Watch()
    desk = Desk(flow(advance_on_failure="all"), store, now=watch, handlers={"notify": phone})
    desk.open("T1")
    rounds(desk, watch, 6)

    assert [("ann", "delivered", "")] == results(desk)


def test_a_chain_that_does_not_ask_costs_nothing(store: Store) -> None:
    """No mail, no record: everything is as it was."""
    phone, watch = Phone("ann"), Watch()
    desk = Desk(flow(), store, now=watch, handlers={"notify": phone}, retry=Retry(tries=1))
    desk.open("T1")
    rounds(desk, watch, 6)

    assert [] == [one.event for one in desk.history("T1") if isinstance(one, Received)]
    assert 0 == len(store.mail("T1"))


def test_it_is_told_once_though_the_desk_dies_in_between(store: Store) -> None:
    """Where the acknowledgement was lost the handler is called again, and the ticket is not told again."""
    phone, watch = Phone(), Watch()
    desk = Desk(flow(advance_on_failure="any"), store, now=watch, handlers={"notify": phone})
    desk.open("T1")
    watch.at += MINUTE
    desk.tick()
    for pending in desk._delivery.take(9):  # carried out, and gone before it was reported
        desk._delivery.attempt(pending)
    rounds(desk, watch, 4)

    assert ["ann", "ann"] == phone.tried
    assert [("ann", "delivered", "")] == results(desk)


def test_what_nobody_handles_has_failed(store: Store) -> None:
    """A desk without a handler for notifications reaches nobody, and does not pretend to."""
    watch = Watch()
    desk = Desk(flow(advance_on_failure="any"), store, now=watch)
    desk.open("T1")
    rounds(desk, watch, 4)

    assert [("ann", "failed", "no handler takes notifications")] == results(desk)


def test_a_dead_letter_that_is_revived_may_be_delivered(store: Store) -> None:
    """What failed for good and was delivered later is told as both."""
    phone, watch = Phone("ann"), Watch()
    desk = Desk(flow(advance_on_failure="all"), store, now=watch, handlers={"notify": phone}, retry=Retry(tries=1))
    desk.open("T1")
    watch.at += MINUTE
    desk.tick()
    desk.deliver()
    phone.broken.clear()
    desk.revive("effect", [trouble.id for trouble in desk.troubles()])
    desk.deliver()
    rounds(desk, watch, 1)

    assert [("ann", "failed"), ("ann", "delivered")] == [(to, result) for to, result, _ in results(desk)]


def test_coroutines_are_told_of_too() -> None:
    """A desk of coroutines tells what its handlers came to, by the same code."""

    async def phone(effect: Any) -> None:
        if effect.to == "ann":
            raise ConnectionError("no line")

    async def run() -> list[Any]:
        watch, store = Watch(), MemoryStore()
        desk = AsyncDesk(flow(advance_on_failure="any"), store, now=watch, handlers={"notify": phone}, retry=Retry(tries=1))
        await desk.open("T1")
        for _ in range(5):
            watch.at += MINUTE
            await desk.tick()
            await desk.deliver()
        return [record for record in await desk.history("T1") if isinstance(record, DeliveryNoted)]

    assert [("ann", "failed")] == [(one.to, one.result) for one in asyncio.run(run())]


def test_a_worker_tells_what_its_handlers_came_to() -> None:
    """Handlers beside each other in threads report as those of a plain desk do."""
    phone, watch, store = Phone("ann"), Watch(), MemoryStore()
    desk = Desk(flow(advance_on_failure="any"), store, now=watch, handlers={"notify": phone}, retry=Retry(tries=1))
    desk.open("T1")
    for _ in range(4):
        watch.at += MINUTE
        Worker(desk).round()

    assert [("ann", "failed")] == [(to, result) for to, result, _ in results(desk)]
    assert ["ann", "bob"] == phone.tried
