"""Knows what every store must do so that nobody changes its records unseen; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import json

import pytest
from attrs import evolve

from servflow.errors import StoreError
from servflow.model import FrozenMap, Take, Ticket, canonical
from servflow.stores import Head, Store, link
from servflow.stores._chain import seal
from servflow.stores._kept import COLUMNS, row_of
from servflow.testing._store_values import MINUTE, NOON, clock, keep, new_ticket, next_step, opened, said


def with_a_person(store: Store) -> Ticket:
    """A ticket that was just kept, whose second and third records say who it is about."""
    step = next_step(opened(store), 2)
    keep(store, evolve(step, records=(said(2, "王小明"), said(3, "王小明"))))
    return step.ticket


def holds(store: Store, name: str = "T1") -> bool:
    """Whether every record follows the one before, up to the ticket's head."""
    previous, links, head = "", store.chain(name), store.head(name)
    for one in links:
        if not one.follows(previous):
            return False
        previous = one.chain
    return head is not None and (len(links), previous) == (head.revision, head.chain)


class AuditContract:
    """The records as they are kept, chained by their hashes, also where what one said was erased."""

    def test_records_are_chained(self, store: Store) -> None:
        """Each record is kept as its canonical text, with the hash of it and of all before it."""
        ticket = next_step(opened(store), 2).ticket
        keep(store, next_step(opened(store, "T2"), 2))
        keep(store, next_step(new_ticket().ticket, 2))
        links, previous = store.chain("T1"), ""

        assert [1, 2, 3] == [one.sequence for one in links]
        for one, record in zip(links, store.history("T1"), strict=True):
            assert canonical(record).decode() == one.body
            assert 32 == len(one.salt)
            assert link(previous, one.body, one.salt) == one.chain
            previous = one.chain
        head = store.head("T1")
        assert head == Head(ticket.revision, previous, head.snapshot if head else "")
        assert canonical(ticket) == canonical(json.loads(head.snapshot if head else ""))

    def test_columns_say_what_the_ticket_says(self, store: Store) -> None:
        """What a store keeps beside a snapshot, if anything, is given as it is kept and agrees with it after every step."""
        ticket = opened(store, wake=NOON)
        step = next_step(ticket, assignee="ann", queue="q", wake=NOON + MINUTE, clocks=FrozenMap(c=clock("c", NOON)))
        for one in (step, next_step(step.ticket, clocks=FrozenMap())):
            keep(store, one)
            head, said = store.head("T1"), dict(zip(COLUMNS, row_of(one.ticket), strict=True))
            assert head is not None
            assert {name: said[name] for name in head.columns} == dict(head.columns)

    def test_chain_goes_on(self, store: Store) -> None:
        """Records kept later, one by one or many at once, go on where the chain stood."""
        ticket = opened(store)
        for count in (1, 3, 2):
            step = next_step(ticket, count)
            keep(store, step)
            ticket = step.ticket
        links = store.chain("T1")
        chains = ["", *(one.chain for one in links)]

        assert chains[1:] == [link(chains[index], one.body, one.salt) for index, one in enumerate(links)]
        assert 7 == len({one.salt for one in links})
        assert links[4:6] == store.chain("T1", after=4, limit=2)

    def test_change_without_records_leaves_the_chain(self, store: Store) -> None:
        """A change that keeps only a key, and one that is turned away, add nothing to the chain."""
        ticket = opened(store)
        links, head = store.chain("T1"), store.head("T1")
        keep(store, next_step(ticket, 0), keys=("k",))
        keep(store, next_step(ticket, 2), keys=("k",))
        keep(store, new_ticket())

        assert (links, head) == (store.chain("T1"), store.head("T1"))

    def test_nothing_of_a_failed_batch_is_chained(self, store: Store) -> None:
        """What a batch wrote before it failed is in no chain, and the chain goes on without it."""
        ticket = opened(store)
        links, head = store.chain("T1"), store.head("T1")
        try:
            with store.batch():
                keep(store, next_step(ticket, 2))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert (links, head) == (store.chain("T1"), store.head("T1"))
        keep(store, next_step(ticket))
        last = store.chain("T1")[-1]
        assert link(links[0].chain, last.body, last.salt) == last.chain

    def test_salts_of_records_that_move(self, store: Store) -> None:
        """Records that were kept elsewhere keep their salts and so their chain; a wrong number of salts keeps nothing."""
        salts = ("0" * 32, "a" * 32)
        ticket = opened(store)
        keep(store, next_step(ticket, 2), salts=salts)

        assert salts == tuple(one.salt for one in store.chain("T1", 1))
        with pytest.raises(StoreError):
            keep(store, new_ticket("T2"), salts=salts)
        assert ("T1",) == store.ids()

    def test_an_erased_record(self, store: Store) -> None:
        """It is kept as it is now, its seal in place of what it said, its salt forgotten; the chain is as it was."""
        ticket = with_a_person(store)
        before, kept = store.chain("T1"), store.history("T1")
        step = next_step(ticket, fields=FrozenMap(name=""))
        assert "applied" == keep(store, step, erased=(said(2, ""), said(3, ""))).status

        assert (kept[0], said(2, ""), said(3, ""), *step.records) == store.history("T1")
        after = store.chain("T1")
        assert before[0] == after[0]
        for old, new in zip(before[1:], after[1:3], strict=True):
            assert (canonical(said(old.sequence, "")).decode(), "", old.chain) == (new.body, new.salt, new.chain)
            assert seal(old.body, old.salt) == new.seal
        assert ("", 32) == (after[3].seal, len(after[3].salt))
        assert holds(store)
        keep(store, next_step(step.ticket, 2))
        assert holds(store)
        assert step.ticket.fields == (store.load("T1") or ticket).fields

    def test_a_record_erased_again_keeps_its_first_seal(self, store: Store) -> None:
        """What stood there in between was never in the chain."""
        step = next_step(with_a_person(store))
        keep(store, step, erased=(said(2, "王"),))
        first = store.chain("T1")[1]
        keep(store, next_step(step.ticket), erased=(said(2, ""),))

        again = store.chain("T1")[1]
        assert (first.seal, first.chain, "") == (again.seal, again.chain, again.salt)
        assert said(2, "") == store.history("T1")[1]
        assert holds(store)

    def test_a_change_that_is_turned_away_erases_nothing(self, store: Store) -> None:
        """A stale, refused, repeated or undone change leaves every record as it was."""
        ticket = with_a_person(store)
        keep(store, next_step(ticket), keys=("k",))
        step, erased = next_step(next_step(ticket).ticket), (said(2, ""),)
        links, history = store.chain("T1"), store.history("T1")
        assert "conflict" == keep(store, next_step(ticket), erased=erased).status
        assert "duplicate" == keep(store, step, erased=erased, keys=("k",)).status
        assert "refused" == keep(store, step, erased=erased, reservations=(Take(key="c", limit=0),)).status
        try:
            with store.batch():
                assert "applied" == keep(store, step, erased=erased).status
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

        assert (links, history) == (store.chain("T1"), store.history("T1"))

    @pytest.mark.parametrize(
        ("count", "sequence"),
        [
            pytest.param(0, 2, id="unsaid"),
            pytest.param(1, 4, id="its own"),
            pytest.param(1, 9, id="not there"),
            pytest.param(1, 0, id="none"),
        ],
    )
    def test_what_cannot_be_erased(self, store: Store, count: int, sequence: int) -> None:
        """A change erases records kept before it, and has a record that says so; another keeps nothing of the whole call."""
        ticket = with_a_person(store)
        links = store.chain("T1")
        with pytest.raises(StoreError):
            store.commit([new_ticket("T2"), evolve(next_step(ticket, count), erased=(said(sequence, ""),))])

        assert ("T1",) == store.ids()
        assert links == store.chain("T1")

    def test_seals_of_records_that_move(self, store: Store) -> None:
        """Records that were kept and erased elsewhere keep their seals and so their chain; a wrong number keeps nothing."""
        ticket = with_a_person(store)
        keep(store, next_step(ticket), erased=(said(2, ""),))
        links, records = store.chain("T1"), store.history("T1")
        salts, seals = tuple(one.salt for one in links), tuple(one.seal for one in links)
        moved = evolve(new_ticket("T2"), ticket=evolve(ticket, id="T2", sequence=4), records=records, salts=salts)
        assert "applied" == keep(store, moved, seals=seals).status

        assert links == store.chain("T2")
        assert holds(store, "T2")
        with pytest.raises(StoreError):
            keep(store, next_step(moved.ticket), seals=seals)
        assert links == store.chain("T2")

    def test_ids_in_pages(self, store: Store) -> None:
        """Every id comes once, in order, page by page; where there is none, there is neither head nor chain."""
        for name in ("B", "A", "ä", "C"):
            opened(store, name)

        assert ("A", "B", "C", "ä") == store.ids()
        assert ("A", "B") == store.ids(2)
        assert ("C", "ä") == store.ids(2, after="B")
        assert () == store.ids(after="ä")
        assert (None, ()) == (store.head("D"), store.chain("D"))
