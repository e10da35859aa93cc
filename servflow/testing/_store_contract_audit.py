"""Knows what every store must do so that nobody changes its records unseen; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import json

import pytest

from servflow.errors import StoreError
from servflow.model import canonical
from servflow.stores import Head, Store, link
from servflow.testing._store_values import keep, new_ticket, next_step, opened


class AuditContract:
    """The records as they are kept, chained by their hashes."""

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

    def test_ids_in_pages(self, store: Store) -> None:
        """Every id comes once, in order, page by page; where there is none, there is neither head nor chain."""
        for name in ("B", "A", "ä", "C"):
            opened(store, name)

        assert ("A", "B", "C", "ä") == store.ids()
        assert ("A", "B") == store.ids(2)
        assert ("C", "ä") == store.ids(2, after="B")
        assert () == store.ids(after="ä")
        assert (None, ()) == (store.head("D"), store.chain("D"))
