"""Knows what a desk promises to coroutines; what its verbs decide is tested with the plain one."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from servflow.desk import AsyncDesk, DeliverReport, Desk
from servflow.errors import InputError, NotFound, Refused
from servflow.model import Open, World
from servflow.stores import MemoryStore, SqliteStore, Store, in_threads
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow

VERBS = [
    name
    for name, value in vars(Desk).items()
    if not name.startswith("_") and inspect.isfunction(value) and name not in ("batch", "in_transaction")
]


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Any:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def make(store: Store) -> Callable[..., AsyncDesk]:
    """Makes a desk at noon; handlers are named, with __ for the colon."""

    def made(sources: Any = (), world: Any = None, **handlers: Any) -> AsyncDesk:
        named = {name.replace("__", ":"): handler for name, handler in handlers.items()}
        return AsyncDesk(TinyWorkflow(), store, now=lambda: NOON, handlers=named, sources=sources, world=world)

    return made


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it; a wait that never ends fails the test instead of hanging it."""

    async def bounded() -> Any:
        return await asyncio.wait_for(work, 30)

    return asyncio.run(bounded())


def source_open(name: str) -> Open:
    """What a source asks for."""
    return Open(id=f"src-{name}", ticket=name, at=NOON, cause="1", action="a", new_ticket=name, workflow="tiny")


@pytest.mark.parametrize("verb", VERBS)
def test_the_verbs_are_those_of_the_desk(verb: str) -> None:
    """Every verb of the desk is there as a coroutine function and takes the same."""
    twin = getattr(AsyncDesk, verb)

    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(getattr(Desk, verb)) == inspect.signature(twin)


def test_it_is_made_as_a_desk_is() -> None:
    """The arguments are named and ordered as those of the desk."""
    assert list(inspect.signature(Desk).parameters) == list(inspect.signature(AsyncDesk).parameters)


class TestVerbs:
    """What is decided and kept is what the plain desk decides and keeps."""

    def test_open_fire_and_look(self, make: Any, store: Store) -> None:
        """A ticket is opened, moved and read; its history comes in pages."""

        async def work() -> None:
            desk = make()
            await desk.open("T1", {"a": 1}, key="k")
            outcome = await desk.fire("T1", "go", actor="ann", key="once")
            again = await desk.fire("T1", "go", actor="ann", key="once")
            assert outcome.ticket == again.ticket == await desk.get("T1") == store.load("T1")
            assert outcome.records == await desk.history("T1", after=1)
            assert [2] == [record.sequence for record in await desk.history("T1", after=1, limit=1)]
            assert "go" == (await desk.preview("T1", "go")).ticket.state
            assert ("available", "T1", NOON, "ann") == await desk.available("T1", actor="ann")
            assert ("explain", "T1", NOON) == await desk.explain("T1")
            assert "tiny" == (await desk.workflow_of("T1")).workflow
            with pytest.raises(Refused):
                await desk.fire("T1", "no")
            with pytest.raises(NotFound):
                await desk.get("T2")

        run(work())

    def test_many_at_once(self, make: Any) -> None:
        """Steps of one ticket that are fired at once are all kept, each decided again where it lost the race."""

        async def work() -> None:
            desk = make()
            await desk.open("T1")
            await asyncio.gather(*(desk.fire("T1", f"e{n}") for n in range(8)))
            events = {record.event for record in await desk.history("T1", after=1) if hasattr(record, "payload")}
            assert {f"e{n}" for n in range(8)} == events

        run(work())

    def test_a_lost_race_is_decided_again(self, store: Store) -> None:
        """Somebody else moves the ticket while it is decided: the desk loads and decides again."""
        flow = TinyWorkflow()
        others = Desk(TinyWorkflow(), store, now=lambda: NOON)

        def once() -> None:
            flow.meanwhile = None
            others.fire("T1", "theirs")

        async def work() -> None:
            desk = AsyncDesk(flow, store, now=lambda: NOON)
            await desk.open("T1")
            flow.meanwhile = once
            outcome = await desk.fire("T1", "ours")
            assert 5 == outcome.ticket.revision
            assert 2 == [event for _, event, _ in flow.asked].count("ours")

        run(work())

    def test_the_loop_goes_on(self, store: Store) -> None:
        """While one verb waits for something, other coroutines run."""
        flow = TinyWorkflow()
        go_on = threading.Event()

        def held() -> None:
            flow.meanwhile = None
            assert go_on.wait(300)

        async def work() -> None:
            desk = AsyncDesk(flow, store, now=lambda: NOON)
            await desk.open("T1")
            flow.meanwhile = held
            fired = asyncio.ensure_future(desk.fire("T1", "go"))
            await desk.get("T1")
            go_on.set()
            assert "go" == (await fired).ticket.state

        run(work())

    def test_batch(self, make: Any, store: Store) -> None:
        """The work of a batch is one transaction, and what it gives comes back."""

        def fails(desk: Desk) -> None:
            desk.open("T2")
            raise ZeroDivisionError

        async def work() -> None:
            desk = make()
            assert "T1" == await desk.batch(lambda inside: inside.open("T1").ticket.id)
            with pytest.raises(ZeroDivisionError):
                await desk.batch(fails)
            assert ["T1"] == [ticket.id for ticket in store.find()]
            assert ["T1"] == [ticket.id for ticket in await desk.store.find()]

            async def later(_: Desk) -> None: ...

            with pytest.raises(InputError, match="plain function"):
                await desk.batch(later)

        run(work())

    def test_what_in_threads_gave_stands_for_its_store(self, store: Store) -> None:
        """A desk made on the twin of a store keeps its tickets in that store."""
        run(AsyncDesk(TinyWorkflow(), in_threads(store), now=lambda: NOON).open("T1"))

        assert store.load("T1") is not None

    @pytest.mark.parametrize("word", ["now", "world"])
    def test_asked_inside_a_transaction(self, word: str) -> None:
        """The time and the world are asked for while a transaction is open, so a coroutine function is refused."""

        async def later() -> Any: ...

        with pytest.raises(InputError, match="plain function"):
            AsyncDesk(TinyWorkflow(), MemoryStore(), **{word: later})

    def test_what_is_no_store_or_handler(self) -> None:
        """Another kind of store is refused, and so is a handler that cannot be called."""
        with pytest.raises(InputError, match="plain store"):
            AsyncDesk(TinyWorkflow(), "tickets.db")  # type: ignore[arg-type] # the point of the test
        with pytest.raises(InputError, match="cannot be called"):
            AsyncDesk(TinyWorkflow(), MemoryStore(), handlers={"notify": 7})  # type: ignore[dict-item] # as above
        with pytest.raises(InputError, match="did you mean"):
            AsyncDesk(TinyWorkflow(), MemoryStore(), handlers={"notfy": print})

    def test_a_world_that_is_a_function(self, store: Store) -> None:
        """The world is asked for in the thread of the decision."""
        flow = TinyWorkflow()
        run(AsyncDesk(flow, store, now=lambda: NOON, world=lambda: World(version="7")).open("T1"))

        assert ["7"] == [world.version for _, _, world in flow.asked if world is not None]


class TestHandlers:
    """Handlers of both kinds, and what becomes of them when somebody goes."""

    def test_awaited_on_the_loop(self, make: Any, store: Store) -> None:
        """A coroutine function is awaited on the caller's loop, a plain one is called beside it, in order."""
        seen: list[tuple[str, bool]] = []

        async def work() -> None:
            here = threading.get_ident()

            async def later(effect: Any) -> None:
                await asyncio.sleep(0)
                seen.append((effect.to, threading.get_ident() == here))

            def plain(effect: Any) -> None:
                seen.append((effect.name, threading.get_ident() == here))

            desk = make(notify=later, call=plain)
            await desk.open("T1", {"notify": ["ann", "bob"], "call": [{"name": "c"}]})
            assert 3 == (await desk.deliver()).delivered

        run(work())
        assert [("ann", True), ("bob", True), ("c", False)] == seen
        assert () == store.effects()

    def test_whatever_is_awaitable(self, make: Any) -> None:
        """A plain function that gives a coroutine, and an object called asynchronously, are awaited as well."""
        seen: list[str] = []

        async def later(effect: Any) -> None:
            seen.append(effect.id)

        class Sender:
            async def __call__(self, effect: Any) -> None:
                seen.append(effect.id)

        async def work() -> None:
            desk = make(notify=partial(lambda _, effect: later(effect), 0), call=Sender())
            await desk.open("T1", {"notify": ["ann"], "call": [{"name": "c"}]})
            assert 2 == (await desk.deliver()).delivered

        run(work())
        assert 2 == len(seen)

    def test_reply_of_a_call(self, make: Any) -> None:
        """What an asynchronous handler of a call returns goes back to the ticket."""

        async def price(_: Any) -> dict[str, Any]:
            return {"amount": 7}

        async def work() -> None:
            desk = make(call__price=price)
            await desk.open("T1", {"call": [{"name": "price", "reply": "priced"}]})
            await desk.deliver()
            assert 1 == (await desk.tick()).fired
            assert "priced" == (await desk.get("T1")).state

        run(work())

    def test_failure_keeps_the_effect(self, make: Any) -> None:
        """An asynchronous handler that raises leaves its effect pending, and the report holds the error."""

        async def broken(_: Any) -> None:
            raise ConnectionError("no line")

        async def work() -> None:
            desk = make(notify=broken)
            await desk.open("T1", {"notify": ["ann"]})
            report = await desk.deliver()
            assert ["no line"] == [str(problem.error) for problem in report.problems]
            assert 1 == len(await desk.store.effects())

        run(work())

    def test_handlers_use_the_desk(self, make: Any) -> None:
        """Handlers of many rounds at once await the desk's verbs, with more of them than the loop has threads."""
        desks: list[AsyncDesk] = []

        async def follow(effect: Any) -> None:
            await desks[int(effect.to)].fire(effect.ticket, "told")

        async def work() -> None:
            desks.extend(make(notify=follow) for _ in range(80))
            await desks[0].open("T1", {"notify": ["0"]})
            reports = await asyncio.gather(*(desk.deliver() for desk in desks))
            assert sum(report.delivered for report in reports) >= 1
            assert "told" == (await desks[0].get("T1")).state

        run(work())

    def test_a_round_inside_itself(self, make: Any) -> None:
        """A handler that awaits deliver would wait for itself: it fails with that sentence; another round does not."""

        async def again(_: Any) -> None:
            await desks[0].tick()
            await desks[0].deliver()

        desks: list[AsyncDesk] = [make(notify=again)]

        async def work() -> None:
            await desks[0].open("T1", {"notify": ["ann"]})
            report = await desks[0].deliver()
            assert [("inside_itself", "deliver")] == [(p.error.code, p.error.round) for p in report.problems]  # type: ignore[attr-defined] # facts of an InputError

        run(work())

    def test_the_callers_context(self, make: Any) -> None:
        """Handlers see the context variables of whoever awaits the round."""
        name: ContextVar[str] = ContextVar("name", default="nobody")
        seen: list[str] = []

        async def later(_: Any) -> None:
            seen.append(name.get())

        async def work() -> None:
            desk = make(notify=later, call=lambda _: seen.append(name.get()))
            await desk.open("T1", {"notify": ["ann"], "call": [{"name": "c"}]})
            name.set("request 7")
            await desk.deliver()

        run(work())
        assert ["request 7", "request 7"] == seen

    def test_a_cancelled_round(self, make: Any, store: Store) -> None:
        """Whoever cancels a round cancels the handler it waits for; its effect and the later ones stay, and come again."""
        reached: list[str] = []
        begun: list[asyncio.Event] = []

        async def slow(effect: Any) -> None:
            reached.append(effect.to)
            if len(begun) == 1:
                begun[0].set()
                await asyncio.Event().wait()

        async def work() -> None:
            desk = make(notify=slow)
            await desk.open("T1", {"notify": ["ann", "bob"]})
            await desk.open("T2", {"notify": ["eve"]})
            begun.append(asyncio.Event())
            round_ = asyncio.ensure_future(desk.deliver())
            await begun[0].wait()
            round_.cancel()
            with pytest.raises(asyncio.CancelledError):
                await round_
            begun.clear()
            assert 3 == len(store.effects())
            assert 3 == (await desk.deliver()).delivered

        run(work())
        assert ["ann", "ann", "eve", "bob"] == reached

    def test_a_handler_cancelled_by_another(self, make: Any) -> None:
        """A handler that is cancelled by something of its own has failed; the round goes on."""

        async def cancelled(effect: Any) -> None:
            if effect.to == "ann":
                raise asyncio.CancelledError

        async def work() -> DeliverReport:
            desk = make(notify=cancelled)
            await desk.open("T1", {"notify": ["ann"]})
            await desk.open("T2", {"notify": ["bob"]})
            report: DeliverReport = await desk.deliver()
            return report

        report = run(work())
        assert (1, 1) == (report.delivered, report.failed)

    def test_one_loop_after_another(self, make: Any) -> None:
        """A desk made once serves loops that come and go."""
        seen: list[str] = []

        async def later(effect: Any) -> None:
            seen.append(effect.to)

        desk = make(notify=later)
        for name in ("T1", "T2"):
            run(desk.open(name, {"notify": [name]}))
            run(desk.deliver())

        assert ["T1", "T2"] == seen


class TestSources:
    """Sources of both kinds."""

    def test_each_kind(self, make: Any) -> None:
        """Functions and objects, plain or asynchronous, are asked; asynchronous functions are given this desk."""
        given: list[Any] = []

        class Plain:
            def due(self, now: datetime) -> list[Open]:
                assert NOON == now
                return [source_open("A")]

        class Later:
            async def due(self, now: datetime) -> list[Open]:
                assert NOON == now
                return [source_open("B")]

        def function(desk: Desk, _: datetime) -> list[Open]:
            given.append(type(desk))
            return [source_open("C")]

        async def coroutine(desk: AsyncDesk, _: datetime) -> list[Open]:
            given.append(type(desk))
            await desk.store.released()
            return [source_open("D")]

        async def work() -> None:
            desk = make(sources=(Plain(), Later(), function, coroutine))
            assert 4 == (await desk.tick()).sent
            assert ["A", "B", "C", "D"] == [ticket.id for ticket in await desk.store.find()]

        run(work())
        assert [Desk, AsyncDesk] == given

    def test_a_source_that_fails(self, make: Any) -> None:
        """An asynchronous source that raises is told, and what wakes is done all the same."""

        async def broken(_: Any, __: datetime) -> list[Open]:
            raise ConnectionError("no line")

        async def work() -> None:
            desk = make(sources=(broken,))
            await desk.open("T1", {"wake": 0})
            report = await desk.tick()
            assert (["no line"], 1) == ([str(problem.error) for problem in report.problems], report.advanced)

        run(work())

    def test_time_moves_tickets(self, store: Store) -> None:
        """What is set for a later instant happens in the tick after it."""
        at = [NOON]

        async def work() -> None:
            desk = AsyncDesk(TinyWorkflow(), store, now=lambda: at[0])
            await desk.open("T1", {"wake": 5})
            assert 0 == (await desk.tick()).advanced
            at[0] = NOON + 5 * MINUTE
            assert 1 == (await desk.tick()).advanced

        run(work())
