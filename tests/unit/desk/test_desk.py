"""Knows what a desk promises for opening, firing and ticking; delivery is tested beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.errors import Conflict, InputError, NotFound, Refused, ReservationRefused, StoreError, TimeError
from servflow.model import Actor, FrozenMap, Open, Received, Release, Send, Take, World
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch


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
    """A desk with one workflow."""
    return Desk(flow, store, now=watch)


class TestOpenAndFire:
    """The two verbs a host calls."""

    def test_open_keeps_the_ticket(self, desk: Desk) -> None:
        """What was opened is there, with its history."""
        outcome = desk.open("T1", {"a": 1})

        assert outcome.ticket == desk.get("T1")
        assert outcome.records == desk.history("T1")
        assert NOON == outcome.ticket.at

    def test_open_twice(self, desk: Desk) -> None:
        """An id is taken once; the error says at which revision the ticket stands."""
        desk.open("T1")
        with pytest.raises(Conflict, match="exists already") as caught:
            desk.open("T1")

        assert ("exists", 1) == (caught.value.code, caught.value.revision)

    def test_open_with_a_key_is_once(self, desk: Desk, flow: TinyWorkflow) -> None:
        """The same key gives the first result without asking the workflow, whatever else is passed."""
        first = desk.open("T1", {"a": 1}, key="mail-7")
        desk.fire("T1", "go")
        asked = len(flow.asked)
        again = desk.open("T1", {"a": 2}, key="mail-7")

        assert (first.ticket, first.records, ()) == (again.ticket, again.records, again.effects)
        assert asked == len(flow.asked)

    def test_fire_keeps_the_step(self, desk: Desk) -> None:
        """An event moves the ticket and its records are appended."""
        desk.open("T1")
        outcome = desk.fire("T1", "go", {"x": 1}, actor="ann")

        assert "go" == desk.get("T1").state
        assert outcome.records == desk.history("T1", after=1)

    def test_fire_with_a_key_is_once(self, desk: Desk, flow: TinyWorkflow) -> None:
        """The same key gives the ticket and the records of then, and no effects again."""
        desk.open("T1")
        first = desk.fire("T1", "go", {"notify": ["ann"]}, key="k")
        desk.fire("T1", "stop")
        asked = len(flow.asked)
        again = desk.fire("T1", "anything", key="k")

        assert (first.ticket, first.records, ()) == (again.ticket, again.records, again.effects)
        assert asked == len(flow.asked)
        assert "stop" == desk.get("T1").state

    def test_refused_changes_nothing(self, desk: Desk) -> None:
        """A refused event raises, leaves the ticket as it was and its key unused."""
        before = desk.open("T1").ticket
        with pytest.raises(Refused):
            desk.fire("T1", "no", key="k")

        assert before == desk.get("T1")
        assert 1 == len(desk.history("T1"))
        assert "go" == desk.fire("T1", "go", key="k").ticket.state

    def test_unknown_ticket(self, desk: Desk) -> None:
        """Whatever is asked of a ticket nobody opened, it is not found."""
        for ask in (desk.get, desk.history, desk.available, desk.explain, lambda id_: desk.fire(id_, "go")):
            with pytest.raises(NotFound, match="'T9'"):
                ask("T9")

    def test_late_event_keeps_when_it_occurred(self, desk: Desk, watch: Watch) -> None:
        """While the ticket's own instant is ahead, an event is applied there, and the present kept as when it occurred."""
        watch.at = NOON + MINUTE
        desk.open("T1")
        watch.at = NOON
        records = desk.fire("T1", "go").records
        earlier = desk.fire("T1", "go", occurred=NOON - MINUTE).records

        assert (NOON + MINUTE, NOON) == (records[0].at, records[0].occurred)
        assert (NOON + MINUTE, NOON - MINUTE) == (earlier[0].at, earlier[0].occurred)

    def test_naive_time_is_refused(self, flow: TinyWorkflow, store: Store) -> None:
        """A source of time without a zone is refused."""
        with pytest.raises(TimeError):
            Desk(flow, store, now=lambda: datetime(2026, 3, 2)).open("T1")

    def test_system_clock_by_default(self, flow: TinyWorkflow, store: Store) -> None:
        """Without a source of time the desk reads the system clock."""
        before = datetime.now(UTC)
        at = Desk(flow, store).open("T1").ticket.at

        assert before <= at <= datetime.now(UTC)

    def test_views(self, desk: Desk) -> None:
        """What is available and why is asked of the ticket's own workflow."""
        desk.open("T1")

        assert ("available", "T1", NOON, "ann") == desk.available("T1", actor="ann")
        assert ("explain", "T1", NOON) == desk.explain("T1")

    def test_batch_is_one_transaction(self, desk: Desk) -> None:
        """What fails in the middle of a batch leaves nothing of it."""
        desk.open("T1")

        def work() -> None:
            with desk.batch():
                desk.fire("T1", "go")
                desk.open("T2")
                desk.fire("T1", "no")

        with pytest.raises(Refused):
            work()
        assert "new" == desk.get("T1").state
        with pytest.raises(NotFound):
            desk.get("T2")


class TestVersions:
    """Several workflows, and several versions of one."""

    def test_tickets_keep_their_version(self, store: Store) -> None:
        """New tickets get the highest version; old ones stay under the one they were opened under."""
        one, two = TinyWorkflow(version=1), TinyWorkflow(version=2)
        Desk(one, store).open("old")
        desk = Desk([two, one], store)
        desk.open("new")
        desk.fire("old", "go")
        desk.fire("new", "go")

        assert ["open", "go"] == [event for _, event, _ in one.asked]
        assert (1, 2) == (desk.get("old").version, desk.get("new").version)

    def test_missing_version_names_the_remedy(self, store: Store) -> None:
        """A ticket whose version the desk was not given is not touched; the store still has its definition."""
        Desk(TinyWorkflow(version=1), store).open("old")
        with pytest.raises(NotFound, match="tiny-1") as caught:
            Desk(TinyWorkflow(version=2), store).fire("old", "go")

        assert {"workflow": "tiny", "version": 1} == store.definition(caught.value.hash)

    def test_several_names(self, store: Store) -> None:
        """With several workflows the name is needed, and a misspelt one is suggested."""
        desk = Desk({"a": TinyWorkflow("repair"), "b": TinyWorkflow("complaint")}, store)
        with pytest.raises(InputError, match="complaint, repair"):
            desk.open("T1")
        with pytest.raises(NotFound, match="did you mean 'repair'"):
            desk.open("T1", workflow="repiar")

        assert "repair" == desk.open("T1", workflow="repair").ticket.workflow

    @pytest.mark.parametrize("given", [[], {}, [object()], ["flow"]])
    def test_no_workflow(self, given: Any, store: Store) -> None:
        """A desk without a workflow, or with something else, is refused."""
        with pytest.raises(InputError):
            Desk(given, store)

    def test_two_under_one_name_and_version(self, store: Store) -> None:
        """Two different definitions under one name and version are refused."""
        other = TinyWorkflow()
        other.hash = "else"
        with pytest.raises(InputError, match="version 1"):
            Desk([TinyWorkflow(), other], store)


class TestTogether:
    """Others at the same time."""

    def test_a_lost_race_is_decided_again(self, desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """Where somebody was faster, the event is decided on the new ticket."""
        desk.open("T1")
        other = Desk(TinyWorkflow(), store, now=watch)

        def once() -> None:
            flow.meanwhile = None
            other.fire("T1", "stop")

        flow.meanwhile = once
        outcome = desk.fire("T1", "go")

        assert ["T1", "stop", "go"] == [
            getattr(record, "event", "T1") for record in desk.history("T1") if not isinstance(record, Received)
        ]
        assert 5 == outcome.ticket.revision

    def test_endless_races_end(self, desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """Where others are always faster, a conflict is raised in the end."""
        desk.open("T1")
        other = Desk(TinyWorkflow(), store, now=watch)
        flow.meanwhile = lambda: other.fire("T1", "stop")
        with pytest.raises(Conflict, match="20 times"):
            desk.fire("T1", "go")

        assert "stop" == desk.get("T1").state

    def test_a_throng_around_one_ticket(self, desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """Where others are faster each time, they are kept out in the end: what fails in a transaction is held by it."""
        desk.open("T1")
        other = Desk(TinyWorkflow(), store, now=watch)
        inside = []

        class Held:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

            @contextmanager
            def batch(self) -> Iterator[None]:
                with store.batch():
                    inside.append(True)
                    yield
                    inside.pop()

        flow.meanwhile = lambda: None if inside else other.fire("T1", "stop")
        throng: Any = Held()
        Desk(flow, throng, now=watch).fire("T1", "go")

        assert "go" == desk.get("T1").state

    def test_a_refused_reservation_is_decided_with_a_fresh_world(self, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """Where capacity went meanwhile, the world is asked again."""
        worlds = iter([World(version="stale"), World(version="stale"), World(version="fresh")])
        desk = Desk(flow, store, now=watch, world=lambda: next(worlds))
        desk.open("T1")

        full, free = Take(key="ann", limit=0), Take(key="bob", limit=1)
        flow.reserve["T1", "go"] = lambda world: (full,) if world.version == "stale" else (free,)
        desk.fire("T1", "go")

        assert {"bob": 1} == dict(store.usage())
        assert ["stale", "stale", "fresh"] == [world.version for _, _, world in flow.asked]

    def test_a_reservation_that_never_holds(self, desk: Desk, flow: TinyWorkflow) -> None:
        """Where nothing helps, the error names what does not hold."""
        desk.open("T1")
        flow.reserve["T1", "go"] = (Take(key="ann", limit=0),)
        with pytest.raises(ReservationRefused, match="ann") as caught:
            desk.fire("T1", "go")

        assert ("ann", 0) == (caught.value.key, caught.value.held)
        assert "new" == desk.get("T1").state

    def test_a_fixed_world_counts_loads_from_the_store(self, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """A world given as a value is laid over with what the store says is held, under a version of its own."""
        desk = Desk(flow, store, now=watch, world=World(engineers=[{"id": "ann"}]))
        flow.reserve["T1", "open"] = (Take(key="engineer:ann", units=2),)
        desk.open("T1")
        desk.open("T2")
        desk.open("T3")

        first, second, third = (world for _, _, world in flow.asked)
        assert ({}, {"ann": 2}) == (dict(first.loads), dict(second.loads))
        assert first != second
        assert second is third


class TestTick:
    """What time, mail and sources ask for."""

    def test_time(self, desk: Desk, watch: Watch) -> None:
        """A ticket whose wake has come is advanced; before it nothing happens."""
        desk.open("T1", {"wake": 5})
        assert not desk.tick().worked
        watch.at = NOON + 7 * MINUTE
        report = desk.tick()

        assert (1, 1, True) == (report.claimed, report.advanced, report.worked)
        assert ("woken", NOON + 5 * MINUTE) == (desk.get("T1").state, desk.get("T1").at)
        assert not desk.tick().worked

    def test_limit(self, desk: Desk, watch: Watch) -> None:
        """A round stops at its limit; rounds go on until there is nothing to do."""
        for index in range(5):
            desk.open(f"T{index}", {"wake": 1})
        watch.at = NOON + MINUTE

        assert [2, 2, 1, 0] == [desk.tick(limit=2).advanced for _ in range(4)]

    def test_mail(self, desk: Desk, store: Store, watch: Watch) -> None:
        """Mail is fired in order, as of when it was sent, by whoever sent it; its key makes it once."""
        desk.open("T1")
        watch.at = NOON + 2 * MINUTE
        store.post("T1", "go", {"x": 1}, key="m1", at=NOON + MINUTE, actor=Actor("ann", ["clerk"]))
        store.post("T1", "stop", key="m2", at=NOON + 2 * MINUTE)
        report = desk.tick()

        received = [record for record in desk.history("T1") if isinstance(record, Received)]
        assert (1, 2, 0) == (report.claimed, report.fired, report.failed)
        assert ["go", "stop"] == [record.event for record in received]
        assert [NOON + MINUTE, None] == [record.occurred for record in received]
        assert ["ann", None] == [record.actor for record in received]
        assert desk.fire("T1", "go", key="m1").records == desk.history("T1", after=1, limit=2)
        assert not desk.tick().worked

    def test_mail_that_was_fired_already(self, desk: Desk, store: Store) -> None:
        """Where the host fired the same key meanwhile, the message is only taken out."""
        desk.open("T1")
        store.post("T1", "go", key="m", at=NOON)
        desk.fire("T1", "go", key="m")
        report = desk.tick()

        assert (0, 1) == (report.fired, report.duplicates)
        assert 3 == len(desk.history("T1"))
        assert not desk.tick().worked

    def test_refused_mail_is_taken_out(self, desk: Desk, store: Store) -> None:
        """A message that is refused is consumed and told of; the next one is read, and its key is used up."""
        desk.open("T1")
        store.post("T1", "no", key="m1", at=NOON)
        store.post("T1", "go", key="m2", at=NOON)
        report = desk.tick()

        assert (1, 1, 0) == (report.refused, report.fired, report.failed)
        (problem,) = report.problems
        assert ("T1", "no", "not_here") == (problem.where, problem.what, problem.error.code)
        assert "go" == desk.get("T1").state
        assert not store.post("T1", "no", key="m1", at=NOON)
        assert not desk.tick().worked

    def test_one_failure_holds_up_nobody(self, desk: Desk, store: Store, watch: Watch) -> None:
        """A ticket that fails stays as it is and is told of; others go on, even behind a limit of one."""
        desk.open("bad", {"wake": 1, "bug": True})
        desk.open("good", {"wake": 2})
        desk.open("mail", {"wake": 3})
        store.post("mail", "bug", key="m", at=NOON)
        store.post("mail", "go", key="m2", at=NOON)
        watch.at = NOON + 3 * MINUTE
        report = desk.tick(limit=1)

        assert "woken" == desk.get("good").state
        assert ("new", 1) == (desk.get("bad").state, len(desk.history("bad")))
        assert "woken" == desk.get("mail").state
        assert [("mail", "bug"), ("bad", "advance")] == [(problem.where, problem.what) for problem in report.problems]
        assert not desk.tick().worked

    def test_a_ticket_that_does_not_move_is_told(self, desk: Desk, watch: Watch) -> None:
        """A workflow that finds nothing to do at the wake it named itself is a failure, not an endless loop."""
        desk.open("T1", {"wake": 1, "stuck": True})
        watch.at = NOON + MINUTE
        report = desk.tick()

        assert (1, "did_not_move", False) == (report.failed, report.problems[0].error.code, report.worked)

    def test_missing_version_in_a_round(self, desk: Desk, store: Store, watch: Watch) -> None:
        """A ticket of a version the desk lacks is told of and left for a desk that has it."""
        Desk(TinyWorkflow(version=7), store, now=watch).open("T7", {"wake": 1})
        watch.at = NOON + MINUTE
        report = desk.tick()

        assert (1, "workflow_version") == (report.failed, report.problems[0].error.code)

    def test_released_capacity_wakes(self, desk: Desk, flow: TinyWorkflow) -> None:
        """A ticket that waits for a key is looked at once when the key is given back."""
        flow.reserve.update({("H", "open"): (Take(key="ann"),), ("H", "done"): (Release(key="ann"),)})
        desk.open("H")
        desk.open("W", {"wait": ["ann"]})
        assert 0 == desk.tick().claimed
        desk.fire("H", "done")
        report = desk.tick()

        assert (1, 1, 0) == (report.claimed, report.idle, report.advanced)
        assert ("W", "advance", None) == flow.asked[-1]
        assert 0 == desk.tick().claimed

    def test_sources(self, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """Functions and objects give what is due; the same effect again is nothing; one that fails holds up nobody."""
        head = {"ticket": "", "at": NOON, "cause": "plan", "action": "plan"}

        class Plan:
            def due(self, now: datetime) -> list[Any]:
                return [Open(id="o1", workflow="tiny", new_ticket="P1", **head)] if now >= NOON else []

        def broken(desk: Desk, now: datetime) -> None:
            raise ConnectionError("no route to the mail server")

        def letters(desk: Desk, now: datetime) -> list[Any]:
            return [Send(id="s1", to_ticket="P1", event="go", key="letter-1", **head)]

        desk = Desk(flow, store, now=watch, sources=[broken, Plan(), letters])
        report = desk.tick()

        assert (2, 1, "sources[0]") == (report.sent, report.failed, report.problems[0].where)
        assert ("go", 1) == (desk.get("P1").state, report.fired)
        assert 0 == desk.tick().sent

    def test_an_opening_that_is_refused(self, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """What a source asks for and is refused is told of; what comes after it in the same source is done."""
        head = {"ticket": "", "at": NOON, "cause": "plan", "action": "plan", "workflow": "tiny"}
        bad = Open(id="o1", new_ticket="P1", fields=FrozenMap(no=True), **head)
        good = Open(id="o2", new_ticket="P2", **head)
        report = Desk(flow, store, now=watch, sources=[lambda desk, now: [bad, good]]).tick()

        assert (1, 1, "o1") == (report.sent, report.failed, report.problems[0].what)

    def test_a_source_that_gives_something_else(self, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
        """What is neither Open nor Send is told of."""
        report = Desk(flow, store, now=watch, sources=[lambda desk, now: ["T1"]]).tick()

        assert ("input", 1) == (report.problems[0].error.code, report.failed)

    def test_a_store_that_fails_ends_the_round(self, desk: Desk, store: Store, watch: Watch) -> None:
        """Where the store itself fails the round raises."""
        desk.open("T1", {"wake": 1})
        watch.at = NOON + timedelta(hours=1)
        store.close()
        with pytest.raises(StoreError):
            desk.tick()
