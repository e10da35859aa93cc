"""Knows what a host can rely on that has DBOS carry out its effects; must not know how DBOS keeps anything."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk, Retry
from servflow.errors import InputError, ServflowError
from servflow.integrations import Durable, durable
from servflow.model import EMPTY, Call, Effect, FrozenMap
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store
from tests.postgres import fresh_database
from tests.requirements import require
from tests.surface.layout import ROOT
from tests.unit.desk.tiny import NOON, TinyWorkflow

AT_ONCE = Retry(tries=3, first=timedelta(milliseconds=1))


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    """A PostgreSQL for the store and for DBOS."""
    require("dbos")
    return fresh_database(postgres)


@pytest.fixture(scope="module")
def dbos(url: str) -> Iterator[Any]:
    """A DBOS that runs; its workflows are registered later, so every test gives them a name of its own."""
    from dbos import DBOS

    # DBOS flushes what it logged to before, which may be the output of another test, closed since.
    logging.getLogger("dbos").handlers.clear()
    DBOS(config={"name": "shop", "system_database_url": url, "log_level": "CRITICAL"})
    DBOS.launch()
    yield DBOS
    DBOS.destroy(destroy_registry=True)


class Place:
    """A desk whose handlers are workflows, and one ticket that no other test has."""

    def __init__(self, dbos: Any, store: Store) -> None:
        self.dbos, self.store = dbos, store
        self.ticket = self.name = f"T{uuid.uuid4().hex}"

    def desk(self, handlers: dict[str, Any], store: Store | None = None, **more: Any) -> Desk:
        """A desk; its handlers are ``effects``."""
        self.effects = durable(handlers, self.store, **{"name": self.name, "retry": AT_ONCE, "now": lambda: NOON, **more})
        return Desk(TinyWorkflow(), self.store, now=lambda: NOON, handlers=self.effects)

    def ended(self) -> list[tuple[str, str]]:
        """Every workflow of this test once it has ended: id and status."""
        found = self.dbos.list_workflows(workflow_id_prefix=self.ticket)
        for one in found:
            try:
                self.dbos.retrieve_workflow(one.workflow_id).get_result(polling_interval_sec=0.02)
            except ServflowError:
                continue
        return [(one.workflow_id, one.status) for one in self.dbos.list_workflows(workflow_id_prefix=self.ticket)]


@pytest.fixture
def place(dbos: Any, url: str) -> Iterator[Place]:
    """A place on PostgreSQL."""
    with closing(SqlStore(url)) as store:
        yield Place(dbos, store)


class TestCarryingOut:
    """What becomes of an effect."""

    def test_delivered_twice_is_carried_out_once(self, place: Place) -> None:
        """An effect that comes again, because whoever delivered it died, does not reach its handler again."""
        seen: list[Effect] = []
        desk = place.desk({"notify": seen.append})
        desk.open(place.ticket, {"notify": ["ann"]})
        [effect] = [one for one in place.store.effects() if one.ticket == place.ticket]
        for _ in range(2):
            place.effects["notify"](effect)  # and the process died before it could acknowledge
        report = desk.deliver()

        assert [(effect.id, "SUCCESS")] == place.ended()
        assert [effect] == seen
        assert (1, 0, ()) == (report.delivered, report.failed, place.store.effects())

    def test_a_reply_reaches_its_ticket(self, place: Place) -> None:
        """What a call's handler gives comes back as the event the call names, with values of every kind."""
        desk = place.desk({"call:price": lambda effect: {"notify": [], "until": NOON, "of": effect.data["part"]}})
        desk.open(place.ticket, {"call": [{"name": "price", "reply": "priced", "data": FrozenMap(part="pump")}]})
        desk.deliver()
        place.ended()
        desk.tick()
        [_, received, _] = desk.history(place.ticket)

        assert "priced" == desk.get(place.ticket).state
        assert {"notify": (), "until": NOON, "of": "pump"} == dict(received.payload)

    def test_a_coroutine_function(self, place: Place) -> None:
        """A handler may be a coroutine function, and its reply arrives as well."""

        async def price(effect: Call) -> dict[str, Any]:
            return {}

        desk = place.desk({"call": price})
        desk.open(place.ticket, {"call": [{"name": "price", "reply": "priced"}, {"name": "tell"}]})
        desk.deliver()

        assert {"SUCCESS"} == {status for _, status in place.ended()}
        assert (1, "priced") == (desk.tick().fired, desk.get(place.ticket).state)

    def test_an_async_desk(self, place: Place) -> None:
        """An AsyncDesk takes the same handlers."""
        import asyncio

        seen: list[str] = []
        place.desk({"notify": lambda effect: seen.append(effect.to)})
        desk = AsyncDesk(TinyWorkflow(), place.store, now=lambda: NOON, handlers=place.effects)

        async def work() -> int:
            await desk.open(place.ticket, {"notify": ["ann"]})
            return (await desk.deliver()).delivered

        assert 1 == asyncio.run(work())
        assert ["SUCCESS"] == [status for _, status in place.ended()]
        assert ["ann"] == seen

    def test_a_failure_is_tried_again(self, place: Place) -> None:
        """A handler that raises is called again by DBOS; the desk has nothing more to do with it."""
        tried: list[str] = []

        def flaky(effect: Any) -> None:
            tried.append(effect.to)
            if len(tried) < 3:
                raise ConnectionError("no mail today")

        desk = place.desk({"notify": flaky})
        desk.open(place.ticket, {"notify": ["ann"]})
        report = desk.deliver()

        assert ["SUCCESS"] == [status for _, status in place.ended()]
        assert (["ann"] * 3, 1, 0) == (tried, report.delivered, report.failed)

    def test_what_fails_for_good_is_listed(self, place: Place) -> None:
        """After the last try the workflow is an error with the handler's words, even where its exception cannot be kept."""

        class Odd(Exception):
            def __init__(self, one: str, two: threading.Lock) -> None:
                super().__init__(one, two)

            def __str__(self) -> str:
                return "no mail today"

        def broken(effect: Any) -> None:
            raise Odd("x", threading.Lock())

        desk = place.desk({"notify": broken})
        desk.open(place.ticket, {"notify": ["ann"]})
        desk.deliver()
        [(id_, status)] = place.ended()
        with pytest.raises(ServflowError, match="the handler of 'notify' failed: Odd: no mail today") as caught:
            place.dbos.retrieve_workflow(id_).get_result()
        steps = [step["function_name"] for step in place.dbos.list_workflow_steps(id_)]

        assert ("ERROR", "handler", id_) == (status, caught.value.code, caught.value.effect)
        assert ["notify", "DBOS.sleep", "notify", "DBOS.sleep", "notify"] == steps

    def test_what_failed_for_good_can_be_tried_again(self, place: Place) -> None:
        """Once the cause is mended, a fork of the workflow carries the effect out, and its reply arrives."""
        broken = True

        def price(effect: Any) -> dict[str, Any]:
            if broken:
                raise ConnectionError("no supplier today")
            return {}

        desk = place.desk({"call": price}, retry=Retry(tries=1))
        desk.open(place.ticket, {"call": [{"name": "price", "reply": "priced"}]})
        desk.deliver()
        [(id_, status)] = place.ended()
        broken = False
        place.dbos.fork_workflow(id_, 1).get_result(polling_interval_sec=0.02)

        assert ("ERROR", 1, "priced") == (status, desk.tick().fired, desk.get(place.ticket).state)

    def test_a_reply_that_is_none(self, place: Place) -> None:
        """A call that needs a reply and gets something else than a mapping fails, with what it got."""
        desk = place.desk({"call": lambda effect: 7}, retry=Retry(tries=1))
        desk.open(place.ticket, {"call": [{"name": "price", "reply": "priced"}]})
        desk.deliver()
        [(id_, status)] = place.ended()
        with pytest.raises(ServflowError, match="its reply 'priced' needs a mapping"):
            place.dbos.retrieve_workflow(id_).get_result()

        assert "ERROR" == status

    def test_a_handler_of_another_name(self, place: Place) -> None:
        """An effect that was started under another key is with DBOS already, and counts as delivered."""
        seen: list[str] = []
        desk = place.desk({"call": lambda effect: seen.append("call")})
        desk.open(place.ticket, {"call": [{"name": "price"}]})
        [effect] = [one for one in place.store.effects() if one.ticket == place.ticket]
        place.effects["call"](effect)
        report = place.desk({"call:price": lambda effect: seen.append("call:price")}).deliver()
        place.ended()

        assert (1, ["call"]) == (report.delivered, seen)


class TestTenants:
    """Tenants whose tickets have the same ids."""

    def test_each_has_its_own(self, place: Place) -> None:
        """The same effect id in two tenants is two workflows, and each reply goes to its own ticket."""
        seen: list[str] = []
        place.desk({"call": lambda effect: seen.append(effect.id) or {}})
        desks = [
            Desk(
                TinyWorkflow(),
                place.store.for_tenant(name),
                now=lambda: NOON,
                handlers=place.effects.for_tenant(name),
            )
            for name in (place.ticket, place.ticket + "-2")
        ]
        for desk in desks:
            desk.open("T1", {"call": [{"name": "price", "reply": "priced"}]})
            desk.deliver()
        found = place.ended()
        for desk in desks:
            desk.tick()

        assert {f"{place.ticket}:T1:1:Call:0", f"{place.ticket}-2:T1:1:Call:0"} == {id_ for id_, _ in found}
        assert ["T1:1:Call:0"] * 2 == seen
        assert ["priced", "priced"] == [desk.get("T1").state for desk in desks]

    @pytest.mark.parametrize("make", [MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
    def test_of_the_store_that_is_given(self, make: Callable[[], Store]) -> None:
        """A store of one tenant is that tenant's from the beginning."""
        require("dbos")
        with closing(make()) as store:
            effects = durable({"notify": print}, store.for_tenant("north"), name=f"t{uuid.uuid4().hex}")

            assert "north:e1" == effects.workflow_id(_call("e1"))
            assert "e1" == effects.for_tenant("default").workflow_id(_call("e1"))


def _call(id_: str) -> Call:
    return Call(id=id_, ticket="T1", at=NOON, cause="1", action="do", name="x", data=EMPTY)


class TestQueues:
    """Limits that DBOS keeps."""

    def test_one_after_the_other(self, place: Place) -> None:
        """On a queue with one place a partition, effects of one ticket keep their order through failures; others go on."""
        place.dbos.register_queue(place.name, partition_concurrency=1, polling_interval_sec=0.02)
        seen: list[tuple[str, str]] = []
        failures = iter([ConnectionError("not yet"), ConnectionError("not yet")])

        def handle(effect: Any) -> None:
            if effect.to == "ann" and (error := next(failures, None)):
                raise error
            seen.append((effect.ticket[-1], effect.to))

        desk = place.desk({"notify": handle}, queue=place.name, ordered=True)
        desk.open(f"{place.ticket}-1", {"notify": ["ann", "bob", "cyd"]})
        desk.open(f"{place.ticket}-2", {"notify": ["dan", "eve"]})
        while desk.deliver().worked:
            continue

        assert ["SUCCESS"] * 5 == [status for _, status in place.ended()]
        assert ["ann", "bob", "cyd"] == [to for ticket, to in seen if ticket == "1"]
        assert ["dan", "eve"] == [to for ticket, to in seen if ticket == "2"]

    def test_order_needs_a_queue(self, place: Place) -> None:
        """Order without a queue is refused with what to give."""
        with pytest.raises(InputError, match="ordered needs a queue"):
            place.desk({"notify": print}, ordered=True)

    def test_a_kind_that_does_not_exist(self, place: Place) -> None:
        """A handler for no kind is refused before anything is registered."""
        with pytest.raises(InputError, match="did you mean 'notify'"):
            place.desk({"notfy": print})

    def test_it_is_a_mapping(self, place: Place) -> None:
        """Some handlers can go without DBOS."""
        place.desk({"notify": print, "call:price": print})

        assert isinstance(place.effects, Durable)
        assert {"notify", "call:price", "assign"} == {**place.effects, "assign": print}.keys()
        assert 2 == len(place.effects)


class TestKills:
    """A process that is killed while an effect is carried out."""

    @pytest.mark.parametrize(("hangs", "calls"), [("handler", 2), ("reply", 1)])
    def test_it_is_finished_after_a_restart(self, postgres: str, tmp_path: Path, hangs: str, calls: int) -> None:
        """
        DBOS finds it again, though it was acknowledged to the store, and the reply arrives.

        A handler that was cut off is called again; one whose answer was kept is not.
        """
        require("dbos")
        url, log = fresh_database(postgres), tmp_path / "calls"
        host = [sys.executable, "-m", "tests.unit.integrations.dbos_host", url, str(log)]
        with subprocess.Popen([*host, hangs], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
            assert killed.stdout is not None
            said = {killed.stdout.readline() for _ in range(2)}  # from here on only DBOS knows of it
            killed.kill()
        again = subprocess.run(
            [*host, "nowhere"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
        )

        assert {"hanging\n", "acknowledged\n"} == said
        assert ("priced\n", 0) == (again.stdout, again.returncode), again.stderr[-2000:]
        assert ["T1:1:Call:0"] * calls == log.read_text("utf-8").splitlines()
