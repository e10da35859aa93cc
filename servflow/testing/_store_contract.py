"""Knows what every store must do, as tests a host runs against its own; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from servflow.errors import ServflowError, StoreError
from servflow.model import (
    Call,
    FrozenMap,
    Next,
    Record,
    Release,
    Take,
    Unique,
    Updated,
)
from servflow.stores import Answer, Change, Store
from servflow.testing._store_contract_audit import AuditContract
from servflow.testing._store_contract_calls import CallsContract
from servflow.testing._store_contract_effects import EffectsContract
from servflow.testing._store_contract_handles import HandlesContract
from servflow.testing._store_contract_screens import ScreensContract
from servflow.testing._store_contract_troubles import TroublesContract
from servflow.testing._store_contract_waking import WakingContract
from servflow.testing._store_values import (
    MINUTE,
    NOON,
    claimed,
    clock,
    everything,
    first_mail,
    keep,
    new_ticket,
    next_step,
    note,
    opened,
    said,
    taken,
    troubled,
    with_effects,
)


class StoreContract(
    AuditContract, WakingContract, CallsContract, EffectsContract, TroublesContract, ScreensContract, HandlesContract
):
    """
    What a host runs against its own store: a pytest class to inherit from.

    ``make`` gives an empty store. ``handles`` gives two handles on one empty store that share nothing but the
    storage, ``reopen`` another one on what a store holds after it was closed, ``faults`` makes the storage
    fail. The tests that need one that is not given are skipped::

        class TestOurStore(StoreContract):
            def make(self):
                return OurStore(fresh_database())
    """

    def reopen(self, store: Store) -> Store:
        """Close the store and open what it held again; skips the test where nothing outlives the store."""
        pytest.skip("this store does not outlive its process")

    @contextmanager
    def opened_store(self) -> Iterator[Store]:
        """An empty store, closed afterwards."""
        made = self.make()
        try:
            yield made
        finally:
            made.close()

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An empty store, closed after the test."""
        with self.opened_store() as made:
            yield made

    # -- tickets and revisions

    def test_is_a_store(self, store: Store) -> None:
        """The store has every operation of the protocol."""
        assert isinstance(store, Store)

    def test_unknown_ticket_is_none(self, store: Store) -> None:
        """A ticket nobody kept is None, and has no history."""
        assert store.load("nobody") is None
        assert () == store.history("nobody")

    def test_what_is_kept_comes_back_equal(self, store: Store) -> None:
        """A snapshot and its records come back equal, and the answer names the records."""
        change = new_ticket(fields=FrozenMap(category="washer"), wake=NOON)
        answer = keep(store, change)

        assert Answer(status="applied", first=1, last=1, revision=1) == answer
        assert change.ticket == store.load("T1")
        assert change.records == store.history("T1")

    def test_any_text_number_and_zone_comes_back_equal(self, store: Store) -> None:
        """Chinese text, emoji, zeros, decimals, large numbers and instants of any zone survive."""
        fields = FrozenMap(
            客户="王小明 🧺",
            nul="a\x00b",
            amount=Decimal("0.10"),
            huge=2**64 - 1,
            when=datetime(2026, 3, 2, 20, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC),
            span=timedelta(microseconds=1),
            raw=b"\x00\xff",
            many=(1, "二", FrozenMap(deep=Decimal("1E+3"))),
        )
        change = new_ticket("工单-①/%_'\"", fields=fields)
        keep(store, change)

        loaded = store.load(change.ticket.id)
        assert loaded is not None
        assert change.ticket == loaded
        assert "0.10" == str(loaded.fields["amount"])

    def test_large_snapshot(self, store: Store) -> None:
        """A snapshot of a megabyte comes back equal."""
        change = new_ticket(fields=FrozenMap(text="长" * 350_000))
        keep(store, change)

        assert change.ticket == store.load("T1")

    def test_open_twice_is_a_conflict(self, store: Store) -> None:
        """A ticket that exists cannot be opened again, and stays as it is."""
        ticket = opened(store)
        answer = keep(store, new_ticket(fields=FrozenMap(other=1)))

        assert Answer(status="conflict", revision=1) == answer
        assert ticket == store.load("T1")

    def test_step_of_a_ticket_that_is_not_there(self, store: Store) -> None:
        """A step of a ticket nobody kept is a conflict and keeps nothing."""
        assert Answer(status="conflict", revision=None) == keep(store, next_step(new_ticket().ticket))
        assert store.load("T1") is None

    def test_stale_writer_is_refused(self, store: Store) -> None:
        """Of two steps decided on one revision the first wins; the other leaves no trace."""
        ticket = opened(store)
        first, second = next_step(ticket, fields=FrozenMap(by="first")), next_step(ticket, 2, fields=FrozenMap(by="second"))

        assert "applied" == keep(store, first).status
        late = keep(store, second, effects=(note("e"),), keys=("k",), reservations=(Take(key="c"),))
        assert Answer(status="conflict", revision=2) == late
        assert first.ticket == store.load("T1")
        assert 2 == len(store.history("T1"))
        assert () == store.effects()
        assert {} == dict(store.usage())
        assert store.answered("T1", "k") is None

    def test_of_many_writers_at_once_one_wins(self, store: Store) -> None:
        """Threads that all decided on one revision: exactly one is applied."""
        ticket = opened(store)
        answers: list[Answer] = []
        threads = [
            threading.Thread(
                target=lambda change: answers.append(keep(store, change)), args=[next_step(ticket, fields=FrozenMap(n=n))]
            )
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert ["applied"] + ["conflict"] * 7 == sorted(answer.status for answer in answers)
        assert 2 == len(store.history("T1"))

    def test_changes_of_one_call_are_answered_alone(self, store: Store) -> None:
        """Several changes in one call: each gets its own answer, in order, in the light of those before it."""
        one, two = new_ticket("A"), new_ticket("B")
        answers = store.commit([one, one, two, next_step(one.ticket)])

        assert ["applied", "conflict", "applied", "applied"] == [answer.status for answer in answers]
        assert 2 == len(store.history("A"))

    def test_numbers_that_do_not_fit(self, store: Store) -> None:
        """Records that do not lead from the expected to the new revision are refused with everything else in the call."""
        ticket = opened(store)
        wrong = evolve(next_step(ticket, 2), records=next_step(ticket, 2).records[:1])
        with pytest.raises(StoreError):
            store.commit([new_ticket("B"), wrong])

        assert store.load("B") is None
        assert ticket == store.load("T1")

    # -- history

    def test_history_in_parts(self, store: Store) -> None:
        """Records come in order, from any number on, as many as asked for."""
        ticket = opened(store)
        keep(store, next_step(ticket, 12))

        assert list(range(1, 14)) == [record.sequence for record in store.history("T1")]
        assert [9, 10] == [record.sequence for record in store.history("T1", after=8, limit=2)]
        assert () == store.history("T1", after=13)

    # -- keys

    def test_same_key_twice_is_once(self, store: Store) -> None:
        """A key that was kept answers with the records of its first use, however stale the second change is."""
        ticket = opened(store)
        step = next_step(ticket, 3)
        keep(store, step, keys=("k",))
        again = keep(store, next_step(step.ticket), keys=("new", "k"))

        assert Answer(status="duplicate", key="k", first=2, last=4) == again
        assert again == store.answered("T1", "k")
        assert again == keep(store, next_step(ticket), keys=("k",))
        assert 4 == len(store.history("T1"))
        assert store.answered("T1", "new") is None

    def test_keys_belong_to_a_ticket(self, store: Store) -> None:
        """The same key on another ticket is another key."""
        keep(store, new_ticket("A"), keys=("k",))

        assert "applied" == keep(store, new_ticket("B"), keys=("k",)).status

    # -- failures

    def test_what_cannot_be_written_leaves_no_trace(self, store: Store) -> None:
        """A value no database can hold is refused, and nothing of the whole call is kept."""
        ticket = opened(store)
        broken: tuple[Record, ...] = (Updated(sequence=2, at=NOON, fields=FrozenMap(x=object())),)
        bad = evolve(next_step(ticket), records=broken)
        with pytest.raises(ServflowError):
            store.commit([evolve(new_ticket("B"), effects=(note("e", "B"),), keys=("k",)), bad])

        assert store.load("B") is None
        assert () == store.effects()
        assert ticket == store.load("T1")
        assert "applied" == keep(store, next_step(ticket)).status

    def test_batch_that_fails_is_undone(self, store: Store) -> None:
        """An exception that leaves a batch undoes everything since its start: tickets, effects, mail, holdings, acks."""
        ticket = opened(store, reservations=(Take(key="c", units=2),))
        keep(store, next_step(ticket), effects=(note("e1"), note("e2")))
        store.post("T1", "go", key="m1", at=NOON)
        before = everything(store)

        def work() -> None:
            with store.batch():
                opened(store, "B")
                current = store.load("T1")
                assert current is not None
                change = next_step(current, fields=FrozenMap(x=1), assignee="ann")
                release = (Release(key="c"), Next(counter="n", expected=0), Unique(key="u"))
                keep(store, change, effects=(note("e3"),), reservations=release, consumed=(first_mail(store).id,))
                store.post("T1", "go", key="m2", at=NOON)
                store.ack(["e1"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work()
        assert before == everything(store)

    def test_batch_inside_a_batch(self, store: Store) -> None:
        """An inner batch that fails is undone alone; the outer one goes on and is kept."""
        with store.batch():
            ticket = opened(store, "A")
            with pytest.raises(ZeroDivisionError):
                self._fail_after(store, next_step(ticket, fields=FrozenMap(lost=True)))
            assert ticket == store.load("A")
            kept = next_step(ticket, fields=FrozenMap(kept=True))
            assert "applied" == keep(store, kept).status

        assert kept.ticket == store.load("A")

    def _fail_after(self, store: Store, change: Change) -> None:
        with store.batch():
            keep(store, change)
            raise ZeroDivisionError

    # -- effects

    def test_effects_until_acknowledged(self, store: Store) -> None:
        """Effects come again, in order, until they are acknowledged; an unknown id is passed over."""
        ticket = opened(store)
        call = Call(id="e2", ticket="T1", at=NOON, cause="1", action="a", name="查询", data=FrozenMap(n=1))
        keep(store, next_step(ticket), effects=(note("e1"), call, note("e3")))

        assert (note("e1"), call, note("e3")) == store.effects()
        assert (note("e1"), call, note("e3")) == store.effects()
        store.ack(["e1", "nobody"])
        store.ack(["e1"])
        assert (call, note("e3")) == store.effects()
        assert (call,) == store.effects(limit=1)
        assert (note("e3"),) == store.effects(after="e2")
        store.ack(["e2", "e3"])
        assert () == store.effects()

    def test_an_effect_that_is_pending_is_not_doubled(self, store: Store) -> None:
        """The same effect id kept twice is delivered once, in its first place."""
        one = opened(store)
        two = next_step(one)
        keep(store, two, effects=(note("e"), note("f")))
        keep(store, next_step(two.ticket), effects=(note("e"),))

        assert ["e", "f"] == [effect.id for effect in store.effects()]

    # -- definitions, screens, tenants

    def test_definitions_by_hash(self, store: Store) -> None:
        """A definition is kept under its hash, as it was given last: calendars may change under one hash."""
        data = {"workflow": "维修", "states": {"new": {}}, "list": [1, 2.5, None, True]}
        store.define("h1", "repair", 1, {**data, "calendars": {}})
        store.define("h1", "repair", 1, data)

        assert data == store.definition("h1")
        assert store.definition("h2") is None

    def test_a_definition_keeps_the_order_of_its_names(self, store: Store) -> None:
        """The first state may be the initial one, so names come back in the order they were given."""
        store.define("h1", "repair", 1, {"workflow": "repair", "states": {"new": {}, "done": {}, "again": {}}})

        kept = store.definition("h1")
        assert kept is not None
        assert ["workflow", "states"] == list(kept)
        assert ["new", "done", "again"] == list(kept["states"])

    def test_a_definition_is_kept_apart_from_the_hosts(self, store: Store) -> None:
        """What a host does to a definition it gave, or was given, changes nothing of what is kept."""
        given: dict[str, Any] = {"workflow": "repair", "states": {"new": {}}}
        store.define("h1", "repair", 1, given)
        given["states"]["lost"] = {}
        assert {"workflow": "repair", "states": {"new": {}}} == store.definition("h1")
        taken: Any = store.definition("h1")
        taken["states"]["lost"] = {}
        assert {"workflow": "repair", "states": {"new": {}}} == store.definition("h1")

    def test_find(self, store: Store) -> None:
        """Screens find tickets by state, assignee and workflow, ordered by id, page by page."""
        for name, who in (("C", "ann"), ("A", "ann"), ("B", "bob")):
            opened(store, name, assignee=who)
        keep(store, next_step(store.find(after="B")[0], configuration=("done", "paid")))

        assert ["A", "B", "C"] == [ticket.id for ticket in store.find()]
        assert ["A", "C"] == [ticket.id for ticket in store.find(assignee="ann")]
        assert ["C"] == [ticket.id for ticket in store.find(state="done+paid", assignee="ann", workflow="repair")]
        assert ["B"] == [ticket.id for ticket in store.find(limit=1, after="A")]
        assert () == store.find(workflow="other")

    def test_tenants_see_nothing_of_each_other(self, store: Store) -> None:
        """Tickets, mail, effects, holdings, keys and definitions of one tenant do not exist for another."""
        other = store.for_tenant("other")
        holder = opened(store, reservations=(Take(key="ann", limit=1), Unique(key="u"), Next(counter="n", expected=0)))
        store.post("T1", "go", key="m", at=NOON)
        store.define("h", "repair", 1, {})
        keep(store, next_step(holder), effects=(note("e"),), keys=("k",))

        assert other.load("T1") is None
        assert ((), (), (), ()) == (other.find(), other.effects(), other.claim(NOON), other.history("T1"))
        assert ({}, 0, None) == (dict(other.usage()), other.released(), other.definition("h"))
        reservations = (Take(key="ann", limit=1), Unique(key="u"), Next(counter="n", expected=0))
        answer = keep(other, new_ticket(waits=("ann",)), keys=("k",), reservations=reservations, effects=(note("e"),))
        assert "applied" == answer.status
        keep(other, next_step(new_ticket(waits=("ann",)).ticket), reservations=(Release(key="ann"),))
        other.ack(["e"])
        assert {"ann": 1, "n": 1} == dict(store.usage())
        assert (note("e"),) == store.effects()
        assert ["T1"] == [ticket.id for ticket in store.for_tenant("other").find()]

    # -- durability

    def test_everything_outlives_the_store(self) -> None:
        """After closing and opening again everything is there: tickets, records, keys, mail, effects, holdings, wake-ups."""
        store = self.make()
        holder = opened(store, "H", reservations=(Take(key="ann", units=2), Unique(key="u"), Next(counter="n", expected=0)))
        opened(store, "W", waits=("ann",), wake=NOON + MINUTE)
        opened(store, "Z", wake=NOON)
        keep(store, next_step(holder), keys=("k",), effects=(note("e", "H"),), reservations=(Release(key="ann"),))
        store.post("H", "go", {"x": 1}, key="m", at=NOON)
        store.define("h", "repair", 1, {"a": 1})
        before = everything(store)
        try:
            again = self.reopen(store)
        except BaseException:  # a store that cannot be opened again skips here, and is closed all the same
            store.close()
            raise
        try:
            assert before == everything(again)
            assert Answer(status="duplicate", key="k", first=2, last=2) == again.answered("H", "k")
            assert not again.post("H", "go", key="m", at=NOON)
            assert "refused" == keep(again, new_ticket("B"), reservations=(Unique(key="u"),)).status
            assert {"a": 1} == again.definition("h")
        finally:
            again.close()

    def test_it_goes_on_where_it_stood(self) -> None:
        """After opening again who waits is woken, what is held can be given back, turns and numbers go on, by tenant."""
        store = self.make()
        holder = opened(store, "H", reservations=(Take(key="ann", units=2), Next(counter="n", expected=0)))
        opened(store, "W", waits=("ann",))
        kept = next_step(holder)
        keep(store, kept, effects=(note("e1", "H"),))
        opened(store.for_tenant("other"), "H", assignee="eve")
        try:
            again = self.reopen(store)
        except BaseException:  # as above
            store.close()
            raise
        try:
            assert kept.ticket == again.load("H")
            step = next_step(kept.ticket)
            change = (Release(key="ann", units=2), Next(counter="n", expected=1))
            assert "applied" == keep(again, step, effects=(note("e2", "H"),), reservations=change).status
            assert ["W"] == [claim.ticket for claim in again.claim(NOON)]
            assert {"n": 2} == dict(again.usage())
            assert ["e1", "e2"] == [effect.id for effect in again.effects()]
            assert [1, 2, 3] == [record.sequence for record in again.history("H")]
            assert ["eve"] == [ticket.assignee for ticket in again.for_tenant("other").find()]
        finally:
            again.close()

    def test_failures_and_screens_outlive_the_store(self) -> None:
        """After opening again what was taken is taken, what failed waits or is set aside, what was indexed is found."""
        store = self.make()
        for name in ("A", "B", "C"):
            with_effects(store, name, f"{name}1", f"{name}2")
        taken(store, until=NOON + 2 * MINUTE)
        store.fail("effect", "A1", "没有人接听", at=NOON, again=None)
        store.fail("effect", "B1", "no answer", at=NOON, again=NOON + MINUTE)
        for name, next_try in (("W", NOON + MINUTE), ("X", None)):
            opened(store, name, wake=NOON)
            store.fail("ticket", name, "no rule", at=NOON, again=next_try)
        erasing = new_ticket("S", queue="q", clocks=FrozenMap(c=clock("c", NOON)))
        keep(store, erasing, index=FrozenMap(city="上海"), effects=(note("s", "S"),))
        keep(store, next_step(erasing.ticket), erased=(said(1, ""),))
        before = everything(store), store.troubles(), store.chain("S")
        try:
            again = self.reopen(store)
        except BaseException:  # as above
            store.close()
            raise
        try:
            assert before == (everything(again), again.troubles(), again.chain("S"))
            later = NOON + 9 * MINUTE
            assert [("A2", 1), ("s", 1)] == taken(again, NOON, later)
            assert [("B1", 2)] == taken(again, NOON + MINUTE, later)
            assert [("C1", 2)] == taken(again, NOON + 2 * MINUTE, later)
            assert [("W", 1)] == claimed(again, NOON + MINUTE)
            assert ["A1", "X"] == troubled(again, aside=True)
            asked = again.find(where={"city": "上海"}, queue="q", due_before=NOON + MINUTE, order="due")
            assert ["S"] == [ticket.id for ticket in asked]
            assert 2 == again.revive("effect", ["A1"]) + again.revive("ticket", ["X"])
        finally:
            again.close()

    def test_closed_is_closed(self, store: Store) -> None:
        """A closed store refuses with a StoreError; closing it again is nothing."""
        store.close()
        store.close()
        with pytest.raises(StoreError):
            store.load("T1")
        with pytest.raises(StoreError):
            store.commit([new_ticket()])
