"""Knows what a worker promises; must not know how a desk decides or a store keeps."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk, Retry, Worker
from servflow.errors import FormatError, InputError, StoreError
from servflow.model import Effect
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store
from tests.postgres import fresh_database
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch

PATIENT = 300.0
"""Seconds after which a test that waits for ever fails instead; nothing passes or fails by being quick."""

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made: Store
    if request.param == "postgres":
        made = SqlStore(fresh_database(request.getfixturevalue("postgres")))
    else:
        made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield made
    made.close()


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


@pytest.fixture
def make(store: Store, watch: Watch) -> Callable[..., Worker]:
    """Makes a worker; what is not named is a handler, with __ for the colon."""

    def made(desk: Mapping[str, Any] | None = None, worker: Mapping[str, Any] | None = None, **handlers: Any) -> Worker:
        named = {name.replace("__", ":"): handler for name, handler in handlers.items()}
        given = {"retry": Retry(tries=2), **(desk or {})}
        made = Desk(given.pop("flow", TinyWorkflow()), given.pop("store", store), now=watch, handlers=named, **given)
        return Worker(made, **{"every": timedelta(milliseconds=5), **(worker or {})})

    return made


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    """The workers at work in threads; at the end they are stopped and must return, and what ended them is raised."""
    failed: list[BaseException] = []

    def run(worker: Worker) -> None:
        try:
            worker.run()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join(PATIENT)
    assert [] == [thread.name for thread in threads if thread.is_alive()]
    if failed:
        raise failed[0]


def until(true: Callable[[], Any]) -> None:
    """Look again and again until it is so; a wait that never ends fails the test instead of hanging it."""
    again = threading.Event()
    for _ in range(int(PATIENT / 0.005)):
        if true():
            return
        again.wait(0.005)
    raise AssertionError("it did not happen")


class TestRounds:
    """What one round does, and what it tells."""

    def test_all_that_there_is_to_do(self, make: Any, store: Store, watch: Watch) -> None:
        """Timers, mail, effects, replies to them and what follows from those are done before it returns."""
        worker = make(call__stock=lambda _: {"notify": ["bob"]}, notify=lambda _: None)
        desk = worker._desk
        desk.open("T1", {"call": [{"name": "stock", "reply": "stocked"}]})
        desk.open("T2", {"wake": 1})
        store.post("T1", "no", key="m", at=NOON)
        watch.at += MINUTE
        report = worker.round()

        assert ("stocked", "woken", ()) == (desk.get("T1").state, desk.get("T2").state, store.effects())
        expected = {"advanced": 1, "fired": 1, "refused": 1, "delivered": 2, "failed": 0, "dead": 0}
        assert expected == {name: report.counts[name] for name in expected}
        assert ([("T1", "no")], False) == ([(one.where, one.what) for one in report.problems], report.failed)
        assert dict(report.counts) == dict(worker.counts)

    def test_failures_are_counted(self, make: Any, watch: Watch) -> None:
        """What is tried again and what is set aside are told apart, for tickets and for effects."""

        def broken(_: Effect) -> None:
            raise ConnectionError("no line")

        worker = make(notify=broken)
        worker._desk.open("T1", {"notify": ["ann"]})
        worker._desk.open("T2", {"wake": 1, "bug": True})
        watch.at += MINUTE
        first = worker.round()
        watch.at += MINUTE
        second = worker.round()

        names = ("failed", "set_aside", "retried", "dead")
        assert [(1, 0, 1, 0), (1, 1, 0, 1)] == [tuple(one.counts[name] for name in names) for one in (first, second)]
        assert (True, 2) == (second.failed, len(worker._desk.troubles(aside=True)))
        assert not worker.round().failed

    def test_without_hands_nothing_is_handed_out(self, make: Any, store: Store) -> None:
        """With no workers effects stay for whoever has handlers."""
        worker = make(worker={"workers": 0})
        worker._desk.open("T1", {"notify": ["ann"]})
        worker.round()

        assert 1 == len(store.effects())

    def test_what_is_asked_for_wrongly(self, make: Any, store: Store) -> None:
        """Numbers out of bounds, and what is no plain desk, are refused with the next step."""
        for wrong in ({"workers": -1}, {"every": 1}, {"limit": 0}, {"timeout": timedelta()}, {"workers": 1.5}):
            with pytest.raises(InputError, match=next(iter(wrong))):
                make(worker=wrong)
        with pytest.raises(InputError, match="longer patience"):
            make(worker={"timeout": 2 * MINUTE})
        with pytest.raises(InputError, match="plain Desk"):
            Worker(AsyncDesk(TinyWorkflow(), store))  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(InputError, match="works for a Desk"):
            Worker("desk")  # type: ignore[arg-type]  # as above

    def test_a_world_that_cannot_be_had(self, make: Any, watch: Watch) -> None:
        """Where the world fails no ticket is blamed; when it is back, all that waited is done."""
        line = [False]

        def world() -> None:
            if not line[0]:
                raise ConnectionError("no line")

        line[0] = True
        worker = make(desk={"world": world, "retry": Retry(tries=1)})
        for name in ("T1", "T2"):
            worker._desk.open(name, {"wake": 1})
        worker._desk.store.post("T1", "go", key="m", at=NOON)
        line[0] = False
        watch.at += MINUTE
        assert (1, 0) == (worker.round().counts["failed"], worker.counts["set_aside"])
        assert () == worker._desk.troubles()
        line[0] = True

        assert (1, 1) == (worker.round().counts["fired"], worker.counts["advanced"])


class TestHandlers:
    """Threads, coroutines, and what hangs."""

    def test_no_more_are_taken_than_can_be_begun(self, make: Any, store: Store) -> None:
        """Three handlers run at once; the rest of the effects is left to others."""
        barrier, go = threading.Barrier(4), threading.Event()

        def handler(_: Effect) -> None:
            barrier.wait(PATIENT)
            go.wait(PATIENT)

        worker = make(worker={"workers": 3}, notify=handler)
        for index in range(9):
            worker._desk.open(f"T{index}", {"notify": ["ann"]})
        with running(worker):
            barrier.wait(PATIENT)
            assert 6 == len(store.take(NOON, NOON, 100))  # the others: nobody has them
            barrier.reset()
            worker.stop()
            go.set()

        assert (3, 6) == (worker.counts["delivered"], len(store.effects()))

    def test_a_handler_that_hangs(self, make: Any, watch: Watch) -> None:
        """It is reported failed when its time is over; the others go on; its late return is an acknowledgement."""
        go, begun, done = threading.Event(), threading.Event(), []

        def handler(effect: Effect) -> None:
            if effect.ticket == "T0":
                begun.set()
                go.wait(PATIENT)
            done.append(effect.ticket)

        worker = make(notify=handler)
        for index in range(5):
            worker._desk.open(f"T{index}", {"notify": ["ann"]})
        with running(worker):
            begun.wait(PATIENT)
            until(lambda: len(done) == worker.counts["delivered"] == 4)
            watch.at += 30 * SECOND
            until(worker._desk.troubles)
            assert (1, 1, 4) == (worker.counts["timeouts"], worker.hanging, worker.counts["delivered"])
            (trouble,) = worker._desk.troubles()
            assert ("T0", 1, "LimitError (handler_timeout)") == (trouble.ticket, trouble.tries, trouble.error.split(":")[0])
            go.set()
            until(lambda: worker.counts["delivered"] == 5)

        assert ((), (), 0) == (worker._desk.troubles(), worker._desk.store.effects(), worker.hanging)

    def test_all_handlers_hang(self, make: Any, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """The worker says so, goes on ticking, hands out nothing more, and ends all the same when it is stopped."""
        go, begun = threading.Event(), threading.Barrier(3)

        def handler(_: Effect) -> None:
            begun.wait(PATIENT)
            go.wait(PATIENT)

        worker = make(worker={"workers": 2}, notify=handler)
        for index in range(3):
            worker._desk.open(f"T{index}", {"notify": ["ann"]})
        worker._desk.open("T9", {"wake": 1})
        with caplog.at_level(logging.ERROR, "servflow.worker"), running(worker):
            begun.wait(PATIENT)
            watch.at += MINUTE
            until(lambda: worker.hanging == 2 and worker._desk.get("T9").state == "woken")
            until(lambda: "all 2 handlers hang" in caplog.text)
            assert 3 == len(worker._desk.store.effects())
        go.set()

        assert 2 == worker.counts["timeouts"]

    def test_coroutines(self, make: Any, store: Store) -> None:
        """Coroutine functions, awaitables and plain functions all do; coroutines share one loop, and replies come back."""
        loops, seen = set(), []

        async def price(effect: Any) -> dict[str, Any]:
            loops.add(asyncio.get_running_loop())
            await asyncio.sleep(0)
            seen.append(effect.name)
            return {"amount": 7}

        worker = make(call=price, notify=lambda effect: price(_Named(effect.to)), call__plain=lambda one: seen.append(one.name))
        for index in range(4):
            calls = [{"name": "price", "reply": "priced"}, {"name": "plain"}]
            worker._desk.open(f"T{index}", {"call": calls, "notify": [f"n{index}"]})
        report = worker.round()

        assert (12, 4, 1) == (report.counts["delivered"], report.counts["fired"], len(loops))
        assert {"price": 4, "plain": 4, "n0": 1, "n1": 1, "n2": 1, "n3": 1} == dict(Counter(seen))
        assert {"priced"} == {ticket.state for ticket in store.find()}
        assert all(loop.is_closed() for loop in loops)

    def test_a_coroutine_that_hangs(self, make: Any, watch: Watch) -> None:
        """It is cancelled when its time is over, and its place is free again."""
        begun, ended = threading.Event(), []

        async def handler(effect: Any) -> None:
            if effect.to == "quick":
                return
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.append(effect.to)
                raise

        worker = make(worker={"workers": 1}, notify=handler)
        worker._desk.open("T1", {"notify": ["ann"]})
        with running(worker):
            begun.wait(PATIENT)
            until(lambda: worker._hands._running)
            watch.at += 30 * SECOND
            until(worker._desk.troubles)
            worker._desk.open("T2", {"notify": ["quick"]})
            until(lambda: worker.counts["delivered"] == 1)
            assert (0, 1) == (worker.hanging, worker.counts["timeouts"])

        assert ["ann"] == ended

    def test_a_coroutine_that_blocks_its_loop(self, make: Any, watch: Watch) -> None:
        """A loop that does not turn is replaced after a while, and takes a place until it turns again."""
        go, begun, seen = threading.Event(), threading.Event(), []

        async def handler(effect: Any) -> None:
            if not begun.is_set():
                begun.set()
                go.wait(PATIENT)
            seen.append(effect.ticket)

        worker = make(desk={"retry": Retry(tries=99, factor=1)}, notify=handler)
        worker._desk.open("T1", {"notify": ["ann"]})
        with running(worker):
            begun.wait(PATIENT)
            worker._desk.open("T2", {"notify": ["bob"]})
            until(lambda: worker._hands.busy == 2)
            watch.at += 30 * SECOND  # both have taken too long, and the loop is asked whether it turns
            until(lambda: worker.counts["timeouts"] == 2)

            def both() -> bool:
                watch.at += SECOND  # it does not answer; and what was put on it meanwhile takes too long as well
                return {"T1", "T2"} <= set(seen) and not worker._desk.store.effects()

            until(both)
            assert 1 == worker.hanging
            go.set()
            until(lambda: worker.hanging == 0)

    def test_who_asks_the_process_to_end(self, make: Any) -> None:
        """SystemExit in a handler, plain or not, is a failure like any other; the worker goes on."""

        def plain(_: Effect) -> None:
            raise SystemExit(3)

        async def later(_: Effect) -> None:
            raise SystemExit(4)

        worker = make(notify=plain, call=later, call__fine=lambda _: None)
        for index in range(2):
            worker._desk.open(f"T{index}", {"notify": ["ann"]})
            worker._desk.open(f"U{index}", {"call": [{"name": "c"}]})
            worker._desk.open(f"V{index}", {"call": [{"name": "fine"}]})
        report = worker.round()

        assert (4, 2) == (report.counts["retried"], report.counts["delivered"])
        assert all("asked the process to end" in trouble.error for trouble in worker._desk.troubles())

    @pytest.mark.parametrize("gone", [asyncio.CancelledError, GeneratorExit, type("Strange", (BaseException,), {})])
    def test_who_raises_what_is_no_exception(self, make: Any, gone: type[BaseException]) -> None:
        """What would only end a thread is a failure like any other, in a plain handler and in a coroutine."""

        def plain(_: Effect) -> None:
            raise gone("so long")

        async def later(_: Effect) -> None:
            raise gone("so long")

        worker = make(notify=plain, call=later)
        worker._desk.open("T1", {"notify": ["ann"]})
        worker._desk.open("T2", {"call": [{"name": "c"}]})
        report = worker.round()

        assert (2, [1, 1]) == (report.counts["retried"], [trouble.tries for trouble in worker._desk.troubles()])

    def test_a_look_is_not_longer_than_a_handler_may_take(self, make: Any) -> None:
        """While handlers run the pauses are short enough to see that one hangs; with none they are as long as asked for."""
        pauses: list[float] = []
        entered, go = threading.Event(), threading.Event()

        def wait(seconds: float) -> None:
            entered.wait(PATIENT)
            pauses.append(seconds)
            go.set()

        def handler(_: Effect) -> None:
            entered.set()
            go.wait(PATIENT)

        worker = make(worker={"every": MINUTE, "timeout": SECOND, "wait": wait}, notify=handler)
        worker._desk.open("T1", {"notify": ["ann"]})
        worker.round()

        assert 1.0 == pauses[0]

    def test_handlers_use_the_desk(self, make: Any) -> None:
        """A handler may fire on the same desk, on its own ticket too."""
        worker: Worker = make(notify=lambda effect: worker._desk.fire(effect.ticket, "told", key=effect.id))
        for index in range(20):
            worker._desk.open(f"T{index}", {"notify": ["ann"]})

        assert 20 == worker.round().counts["delivered"]
        assert {"told"} == {ticket.state for ticket in worker._desk.store.find()}


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


class TestOrderAndOnce:
    """Who gets what, in which order, and how often."""

    def test_two_workers(self, make: Any, store: Store) -> None:
        """Two workers on one store hand out every effect once, those of one ticket in their order."""
        seen: list[tuple[str, str]] = []
        workers = [make(notify=lambda effect: seen.append((effect.ticket, effect.to))) for _ in range(2)]
        for index in range(12):
            workers[0]._desk.open(f"T{index:02}", {"notify": [str(number) for number in range(8)]})
        with running(*workers):
            until(lambda: not store.effects())

        assert 96 == len(seen)
        for index in range(12):
            assert [str(number) for number in range(8)] == [to for ticket, to in seen if ticket == f"T{index:02}"]
        assert 96 == sum(worker.counts["delivered"] for worker in workers)

    def test_two_handles_on_one_file(self, tmp_path: Path, make: Any) -> None:
        """Two workers with a handle each, as two processes have, hand out every effect once and in order."""
        stores = [SqliteStore(tmp_path / "shared.db") for _ in range(2)]
        seen: list[tuple[str, str]] = []
        workers = [make(desk={"store": one}, notify=lambda effect: seen.append((effect.ticket, effect.to))) for one in stores]
        for index in range(6):
            workers[0]._desk.open(f"T{index}", {"notify": [str(number) for number in range(4)], "wake": 0})
        with running(*workers):
            until(lambda: not stores[0].effects())
        for one in stores:
            one.close()

        assert {f"T{index}": ["0", "1", "2", "3"] for index in range(6)} == {
            f"T{index}": [to for ticket, to in seen if ticket == f"T{index}"] for index in range(6)
        }
        assert 6 == sum(worker.counts["advanced"] for worker in workers)

    def test_a_worker_that_died(self, make: Any, store: Store, watch: Watch) -> None:
        """What it took comes again when patience is over; a receiver that remembers ids sees each once."""
        seen: list[str] = []
        worker = make(desk={"retry": Retry(tries=5)}, notify=lambda effect: seen.append(effect.id))
        for index in range(5):
            worker._desk.open(f"T{index}", {"notify": ["ann", "bob"]})
        taken = store.take(watch.at, watch.at + MINUTE, 3)
        seen.append(taken[0].effect.id)  # it did one, and died before it could say so
        assert 4 == worker.round().counts["delivered"]
        watch.at += MINUTE
        assert 6 == worker.round().counts["delivered"]

        assert (11, 10) == (len(seen), len(set(seen)))
        assert () == store.effects()

    def test_new_effects_get_on_beside_failing_ones(self, make: Any, store: Store, watch: Watch) -> None:
        """Where many keep failing, what is new is not held up behind them."""
        good: list[str] = []

        def handler(effect: Any) -> None:
            if effect.to == "sick":
                watch.at += MINUTE  # slow as well, so that all of them are due again at once
                raise ConnectionError
            good.append(effect.to)

        worker = make(
            desk={"retry": Retry(tries=500, factor=1), "patience": 600 * MINUTE}, worker={"workers": 2}, notify=handler
        )
        for index in range(20):
            worker._desk.open(f"S{index}", {"notify": ["sick"]})
        for index in range(5):
            worker._desk.open(f"W{index}", {"notify": [f"well{index}"]})
        with running(worker):
            until(lambda: len(good) == 5)

    def test_stopped_under_load(self, make: Any, store: Store) -> None:
        """What runs is finished and acknowledged, nothing new is taken, and the rest is there for the next one."""
        begun, go, done = threading.Barrier(5), threading.Event(), []

        def handler(effect: Any) -> None:
            begun.wait(PATIENT)
            go.wait(PATIENT)
            done.append(effect.id)

        worker = make(notify=handler)
        for index in range(50):
            worker._desk.open(f"T{index:02}", {"notify": ["ann"]})
        with running(worker):
            begun.wait(PATIENT)
            worker.stop()
            assert 4 == worker._hands.busy
            go.set()
        assert (4, 4, 46) == (len(done), worker.counts["delivered"], len(store.effects()))
        after = make(notify=lambda effect: done.append(effect.id))

        assert 46 == after.round().counts["delivered"]
        assert 50 == len(set(done))

    def test_stopped_by_a_handler_of_a_round(self, make: Any, store: Store) -> None:
        """A round that is stopped ends, takes nothing more, and has acknowledged what was done."""
        worker: Worker = make(worker={"workers": 1}, notify=lambda _: worker.stop())
        worker._desk.open("T1", {"notify": ["ann"]})
        worker._desk.open("T2", {"notify": ["bob"]})
        report = worker.round()

        assert (1, ["T2"]) == (report.counts["delivered"], [effect.ticket for effect in store.effects()])

    def test_stopped_before_it_began(self, make: Any) -> None:
        """It returns at once."""
        worker = make()
        worker.stop()
        worker.run()

        assert 0 == worker.counts["rounds"]

    def test_two_versions_at_once(self, make: Any, store: Store, watch: Watch) -> None:
        """Workers with an old and a new version each do what they can; together they leave nothing."""
        old = make(desk={"flow": TinyWorkflow(), "retry": Retry(tries=50, factor=1)})
        new = make(desk={"flow": [TinyWorkflow(), TinyWorkflow(version=2)], "retry": Retry(tries=50, factor=1)})
        for index in range(5):
            old._desk.open(f"A{index}", {"wake": 1})
            new._desk.open(f"B{index}", {"wake": 1})
        watch.at += MINUTE
        assert (5, 5) == (old.round().counts["advanced"], old.counts["failed"])
        watch.at += MINUTE

        assert (5, 0) == (new.round().counts["advanced"], new.counts["failed"])
        assert ({1, 2}, ()) == ({ticket.version for ticket in store.find()}, store.troubles())


class Failing:
    """A store that fails as it is told to, a number of times, in one of its operations."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.told: list[tuple[str, str, int]] = []
        self.failed: list[str] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)

        def called(*given: Any, **named: Any) -> Any:
            for index, (wanted, code, left) in enumerate(self.told):
                if wanted == name and left:
                    self.told[index] = (wanted, code, left - 1)
                    self.failed.append(code)
                    raise FormatError("newer") if code == "format" else StoreError("no", code=code)
            return operation(*given, **named)

        return called if callable(operation) else operation


class TestStoreInTrouble:
    """What a worker does where the store cannot be used."""

    @pytest.fixture
    def failing(self, store: Store) -> Failing:
        """The store, until told to fail."""
        return Failing(store)

    @pytest.mark.parametrize("operation", ["claim", "take", "ack", "fail"])
    @pytest.mark.parametrize("code", ["contended", "unknown"])
    def test_what_is_repeated_at_once(self, make: Any, failing: Failing, operation: str, code: str) -> None:
        """Where another transaction was in the way, or an answer was lost, it is done again without waiting."""
        calls: list[str] = []

        def handler(effect: Any) -> dict[str, Any]:
            calls.append(effect.name)
            if effect.name == "bad":
                raise ConnectionError
            return {"x": 1}

        worker = make(desk={"store": failing}, worker={"wait": lambda _: None}, call=handler)
        for index, name in enumerate(("good", "bad")):
            worker._desk.open(f"T{index}", {"call": [{"name": name, "reply": "r"}]})
        failing.told = [(operation, code, 3)]
        worker.round()

        assert (3, 3) == (worker.counts["store_errors"], worker.counts["repeated"])
        assert (1, 1, 1) == (worker.counts["delivered"], worker.counts["retried"], worker.counts["fired"])
        assert {"good", "bad"} == set(calls)

    def test_a_reply_that_cannot_be_posted_now(self, make: Any, failing: Failing) -> None:
        """The handler is not called again for it: what it gave is kept until it can be told."""
        calls: list[str] = []

        def handler(effect: Any) -> dict[str, Any]:
            calls.append(effect.id)
            return {"x": 1}

        worker = make(desk={"store": failing}, call=handler)
        worker._desk.open("T1", {"call": [{"name": "c", "reply": "r"}]})
        failing.told = [("post", "lost", 6)]
        with running(worker):
            until(lambda: worker.counts["fired"] == 1)

        assert (1, 1, "r", 6) == (len(calls), worker.counts["delivered"], worker._desk.get("T1").state, len(failing.failed))

    def test_a_failure_that_cannot_be_told_now(self, make: Any, failing: Failing) -> None:
        """The handler is not called again for it, and never by the thread that looks after all others."""
        calls: list[str] = []

        def handler(_: Effect) -> None:
            calls.append(threading.current_thread().name)
            raise ConnectionError("no line")

        worker = make(desk={"store": failing, "retry": Retry(tries=1)}, notify=handler)
        worker._desk.open("T1", {"notify": ["ann"]})
        failing.told = [("fail", "lost", 6)]
        with running(worker):
            until(lambda: worker.counts["dead"])

        (trouble,) = worker._desk.troubles()
        assert (1, 1, "ConnectionError: no line") == (len(calls), trouble.tries, trouble.error)

    @pytest.mark.parametrize("code", ["lost", "locked", "too_many", "full", "read_only", "damaged", "failed"])
    def test_what_is_waited_for(self, make: Any, failing: Failing, watch: Watch, code: str) -> None:
        """It is told and counted, the pauses grow up to their longest, and all goes on when the store is back."""
        waited: list[float] = []
        worker: Worker = make(desk={"store": failing}, worker={"wait": waited.append, "every": SECOND}, notify=lambda _: None)
        worker._desk.open("T1", {"wake": 1, "notify": ["ann"]})
        watch.at += MINUTE
        failing.told = [("claim", code, 14)]
        with running(worker):
            until(lambda: worker.counts["advanced"] and worker.counts["delivered"])

        assert [1, 2, 4, 8, 16, 30, 30] == waited[:7]
        assert 7 <= worker.counts["store_errors"] <= 14

    @pytest.mark.parametrize("code", ["format", "closed"])
    def test_what_no_waiting_mends(self, make: Any, failing: Failing, code: str) -> None:
        """A newer format and a closed store end the worker with their error."""
        worker = make(desk={"store": failing})
        failing.told = [("claim", code, 1)]
        with pytest.raises(StoreError) as caught, running(worker):
            until(lambda: worker._stopping)

        assert code == caught.value.code

    def test_what_is_done_is_acknowledged_with_what_is_taken(self, make: Any, failing: Failing) -> None:
        """One transaction acknowledges and takes; where it fails neither has happened, and no handler is called again."""
        seen: list[str] = []

        def handler(effect: Any) -> None:
            if not seen:
                failing.told = [("take", "lost", 1)]
            seen.append(effect.id)

        worker = make(desk={"store": failing}, worker={"workers": 1}, notify=handler)
        for name in ("T1", "T2", "T3"):
            worker._desk.open(name, {"notify": ["ann"]})
        with pytest.raises(StoreError):
            worker.round()
        assert (1, 3) == (len(seen), len(failing._store.effects()))
        worker.round()

        assert (3, 3, 0) == (len(seen), len(set(seen)), len(failing._store.effects()))
        assert 3 == worker.counts["delivered"]

    def test_an_acknowledgement_that_gets_lost_for_long(self, make: Any, failing: Failing) -> None:
        """What was done is acknowledged when the store is back, and not done again."""
        seen: list[str] = []
        worker = make(desk={"store": failing}, notify=lambda effect: seen.append(effect.id))
        worker._desk.open("T1", {"notify": ["ann", "bob"]})
        failing.told = [("ack", "lost", 6)]
        with running(worker):
            until(lambda: not failing._store.effects())

        assert (2, 2) == (len(seen), worker.counts["delivered"])


class TestTelemetry:
    """What is told while it is done."""

    def test_spans_and_counters(self, make: Any, watch: Watch) -> None:
        """Rounds and handlers are spans with what they are about; what they came to is counted by its outcome."""
        spans: list[tuple[str, dict[str, Any], str]] = []
        counted: Counter[tuple[str, str]] = Counter()
        measured: list[tuple[str, float]] = []

        class Heard:
            @contextmanager
            def span(self, name: str, attributes: Mapping[str, Any]) -> Iterator[Callable[[str, Any], None]]:
                held, came = dict(attributes), "fine"
                try:
                    yield held.__setitem__
                except Exception as error:
                    came = type(error).__name__
                    raise
                finally:
                    spans.append((name, held, came))

            def count(self, name: str, value: int, attributes: Mapping[str, Any]) -> None:
                counted[name, attributes["outcome"]] += value

            def measure(self, name: str, value: float, attributes: Mapping[str, Any]) -> None:
                measured.append((name, value))

        def handler(effect: Any) -> None:
            if effect.to == "bad":
                raise ConnectionError

        worker = make(worker={"telemetry": Heard()}, notify=handler)
        worker._desk.open("T1", {"notify": ["ann"], "wake": 1, "call": [{"name": "c"}]})
        worker._desk.open("T2", {"notify": ["bad"], "wake": 1, "bug": True})
        for _ in range(2):
            watch.at += MINUTE + SECOND
            worker.round()

        assert [("servflow.lateness", 1.0)] == measured
        handled = [(held, came) for name, held, came in spans if name == "servflow.effect"]
        assert [
            ("T1", "notify", 1, "fine"),
            ("T2", "notify", 1, "ConnectionError"),
            ("T2", "notify", 2, "ConnectionError"),
        ] == sorted((held["servflow.ticket"], held["servflow.kind"], held["servflow.tries"], came) for held, came in handled)
        assert {"servflow.tick", "servflow.deliver", "servflow.effect"} == {name for name, _, _ in spans}
        assert {
            ("servflow.tickets", "advanced"): 1,
            ("servflow.tickets", "failed"): 1,
            ("servflow.tickets", "set_aside"): 1,
            ("servflow.effects", "delivered"): 1,
            ("servflow.effects", "unhandled"): 1,
            ("servflow.effects", "failed"): 1,
            ("servflow.effects", "set_aside"): 1,
        } == dict(counted)
