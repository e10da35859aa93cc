"""Knows what becomes of tickets that fail again and again; must not know how a store keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.desk import Desk, Retry
from servflow.errors import InputError, StoreError
from servflow.model import EMPTY, Ticket
from servflow.stores import Change, MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch

HOUR = 60 * MINUTE


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


@pytest.fixture
def flow() -> TinyWorkflow:
    """The workflow of the desk."""
    return TinyWorkflow()


@pytest.fixture
def desk(flow: TinyWorkflow, store: Store, watch: Watch) -> Desk:
    """A desk that tries three times."""
    return Desk(flow, store, now=watch, retry=Retry(tries=3))


def test_a_poison_ticket_among_a_hundred(desk: Desk, watch: Watch) -> None:
    """The others are done in the very round in which it fails first; it is set aside after its last try, and listed."""
    for index in range(100):
        desk.open(f"T{index:03}", {"wake": 1} if index != 50 else {"wake": 1, "bug": True})
    watch.at += MINUTE
    first = desk.tick()
    assert (100, 99, 1, 0) == (first.claimed, first.advanced, first.failed, first.set_aside)

    told = [first.failed]
    while not (report := desk.tick()).set_aside:
        told.append(report.failed)
        watch.at = desk.troubles()[0].again
    assert 3 == sum(told) + report.failed
    (trouble,) = desk.troubles(sort="ticket", aside=True)
    assert ("T050", 3, "ZeroDivisionError", None) == (trouble.ticket, trouble.tries, trouble.error, trouble.again)
    watch.at += 1000 * HOUR
    assert 0 == desk.tick().claimed


def test_poison_mail(desk: Desk, store: Store, watch: Watch) -> None:
    """Mail that breaks its workflow keeps its place, waits longer each time, and sets its ticket aside in the end."""
    desk.open("T1")
    store.post("T1", "bug", key="m1", at=NOON)
    store.post("T1", "go", key="m2", at=NOON)
    for tries in (1, 2, 3):
        report = desk.tick()
        assert (1, tries == 3) == (report.failed, bool(report.set_aside))
        again = desk.troubles()[0].again
        assert Retry(tries=3).again("T1", tries, watch.at) == again
        watch.at = again or watch.at

    assert ("new", 0) == (desk.get("T1").state, desk.tick().claimed)


def test_a_later_version_mends_it(store: Store, watch: Watch) -> None:
    """Revived under a desk that can do it, the ticket goes on as if nothing had been."""
    old = Desk(TinyWorkflow(), store, now=watch, retry=Retry(tries=1))
    old.open("T1", {"wake": 1, "bug": True})
    watch.at += MINUTE
    assert 1 == old.tick().set_aside

    class Mended(TinyWorkflow):
        def advance(self, ticket: Ticket, **given: Any) -> Any:
            return super().advance(evolve(ticket, fields=EMPTY), **given)

    new = Desk(Mended(), store, now=watch)
    assert 0 == new.tick().claimed
    assert (1, 0) == (new.revive("ticket", ["T1"]), new.revive("ticket", ["T1"]))
    assert 1 == new.tick().advanced
    assert () == new.troubles()


def test_a_host_that_moves_it_ends_the_trouble(desk: Desk, watch: Watch) -> None:
    """An event that is kept makes a ticket tried afresh: what it waits for now is something else."""
    desk.open("T1", {"wake": 1, "bug": True})
    watch.at += MINUTE
    for _ in range(3):
        desk.tick()
        watch.at += MINUTE
    assert 1 == len(desk.troubles(aside=True))
    desk.fire("T1", "go")

    assert () == desk.troubles()


def test_an_answer_without_records_ends_the_trouble(desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
    """Mail that failed and is refused the next time is consumed, and nothing is left that says the ticket is ill."""
    desk.open("T1")
    desk.fire("T1", "go")

    def fails() -> None:
        flow.meanwhile = None
        raise ConnectionError("no line")

    flow.meanwhile = fails
    store.post("T1", "no", key="m", at=NOON)
    assert (1, 0) == (desk.tick().failed, desk.tick().refused)
    watch.at += MINUTE
    assert 1 == desk.tick().refused

    assert () == desk.troubles()
    assert 0 == desk.tick().claimed


class Breaking:
    """A store whose transaction breaks where one ticket is kept, as a database may do."""

    def __init__(self, store: Store, code: str) -> None:
        self._store, self._code = store, code
        self.broken = False
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, changes: Any) -> Any:
        change: Change
        for change in changes:
            if self.broken and change.ticket.id == "bad":
                self.times += 1
                raise StoreError("it broke", code=self._code)
        return self._store.commit(changes)


def test_a_ticket_that_breaks_the_transaction(store: Store, watch: Watch) -> None:
    """Where one ticket breaks the transaction of all, each is answered in one of its own, and that one is set aside."""
    behind = Breaking(store, "failed")
    desk = Desk(TinyWorkflow(), behind, now=watch, retry=Retry(tries=2))  # type: ignore[arg-type]  # it stands in for a store
    for name in ("bad", "good", "worse"):
        desk.open(name, {"wake": 1})
    behind.broken = True
    watch.at += MINUTE
    report = desk.tick()

    assert (3, 2, 1, 0) == (report.claimed, report.advanced, report.failed, report.set_aside)
    assert [("bad", "it broke")] == [(one.where, str(one.error)) for one in report.problems]
    assert [("bad", "StoreError (failed): it broke", 1)] == [(one.id, one.error, one.tries) for one in desk.troubles()]
    watch.at += MINUTE
    assert 1 == desk.tick().set_aside


@pytest.mark.parametrize("code", ["contended", "unknown", "lost", "locked"])
def test_a_store_that_is_in_trouble_itself(store: Store, watch: Watch, code: str) -> None:
    """What lies in the storage is held against no ticket: the round raises, leaves no trace, and is done again."""
    behind = Breaking(store, code)
    desk = Desk(TinyWorkflow(), behind, now=watch)  # type: ignore[arg-type]  # as above
    for name in ("bad", "good"):
        desk.open(name, {"wake": 1})
    behind.broken = True
    watch.at += MINUTE
    with pytest.raises(StoreError, match="it broke"):
        desk.tick()
    assert (["new", "new"], 1, ()) == ([desk.get(name).state for name in ("bad", "good")], behind.times, desk.troubles())
    behind.broken = False

    assert 2 == desk.tick().advanced


def test_a_clock_that_goes_back(desk: Desk, watch: Watch) -> None:
    """Nothing is advanced to before its own instant, and nothing fires early by the desk's own time."""
    desk.open("T1", {"wake": 5})
    watch.at = NOON - HOUR
    assert 0 == desk.tick().claimed
    watch.at = NOON + 4 * MINUTE
    assert 0 == desk.tick().claimed
    watch.at = NOON + 6 * MINUTE
    assert 1 == desk.tick().advanced
    watch.at = NOON
    desk.fire("T1", "go", {"wake": 1})

    assert NOON + 5 * MINUTE == desk.get("T1").at
    watch.at = NOON + 6 * MINUTE
    assert 1 == desk.tick().advanced


class TestRetry:
    """When what failed is tried again."""

    def test_waits_double_up_to_the_most(self) -> None:
        """Without jitter each wait is exactly twice the one before, and never above the longest."""
        retry = Retry(tries=9, first=timedelta(seconds=3), most=timedelta(seconds=60), jitter=0)
        waits = [retry.again("T1", tries, NOON) for tries in range(1, 10)]

        assert [3, 6, 12, 24, 48, 60, 60, 60] == [(at - NOON).total_seconds() for at in waits[:-1] if at is not None]
        assert waits[-1] is None

    def test_jitter(self) -> None:
        """It comes on top, differs between ids, is the same each time, and never passes the longest wait."""
        retry = Retry(tries=1000, first=timedelta(seconds=10), factor=1, jitter=0.5, most=timedelta(seconds=14))
        waits = [retry.again(f"T{index}", 1, NOON) for index in range(200)]
        spans = [at - NOON for at in waits if at is not None]

        assert waits == [retry.again(f"T{index}", 1, NOON) for index in range(200)]
        assert 100 < len(set(spans))
        assert timedelta(seconds=10) <= min(spans)
        assert timedelta(seconds=14) == max(spans)

    def test_the_very_instant(self) -> None:
        """The instants are part of what processes of different versions agree on."""
        assert "2026-03-02T12:00:01.072116+00:00" == str(Retry().again("T1", 1, NOON)).replace(" ", "T")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tries": 0},
            {"tries": True},
            {"tries": 1001},
            {"tries": 2.0},
            {"first": timedelta()},
            {"first": 1},
            {"factor": 0.5},
            {"factor": float("nan")},
            {"factor": "2"},
            {"jitter": -0.1},
            {"jitter": 1.5},
            {"most": timedelta(seconds=-1)},
            {"first": timedelta(hours=2)},
        ],
    )
    def test_what_makes_no_sense(self, wrong: dict[str, Any]) -> None:
        """A number out of bounds is refused when the retry is made, by its name."""
        with pytest.raises(InputError, match=next(iter(wrong)) if wrong.get("first") != timedelta(hours=2) else "most"):
            Retry(**wrong)

    @pytest.mark.parametrize(("name", "value"), [("retry", 3), ("retry", None), ("patience", 60), ("patience", timedelta())])
    def test_what_a_desk_refuses(self, name: str, value: Any) -> None:
        """A desk says by name what it cannot use."""
        with pytest.raises(InputError, match=name):
            Desk(TinyWorkflow(), MemoryStore(), **{name: value})
