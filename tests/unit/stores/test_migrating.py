"""Knows what becomes of a SQLite file that an older servflow wrote; must not know what is in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from servflow.errors import StoreError
from servflow.model import FrozenMap
from servflow.stores import SqliteStore, link
from servflow.stores._sqlite_schema import FORMAT
from servflow.testing._store_values import NOON, keep, next_step
from tests.formats import old_store

Rows = list[tuple[object, ...]]


def rows(path: Path, sql: str) -> Rows:
    """What a query finds in a file."""
    raw = sqlite3.connect(path)
    found = raw.execute(sql).fetchall()
    raw.close()
    return found


RECORDS = "SELECT tenant, entity, ticket, sequence, body FROM record ORDER BY 1, 2, 3, 4"
TICKETS = "SELECT tenant, entity, id, revision, due, woken, snapshot FROM ticket ORDER BY 1, 2, 3"


class TestFormatOne:
    """Files without a chain, as version 0.1.0 wrote them."""

    def test_nothing_but_the_chain_is_new(self, tmp_path: Path) -> None:
        """Opening the file keeps every record and snapshot byte for byte, and marks it with today's format."""
        path = old_store("0.1.0", tmp_path / "t.db")
        before = rows(path, RECORDS), rows(path, TICKETS)
        SqliteStore(path).close()

        assert before == (rows(path, RECORDS), rows(path, TICKETS))
        assert [(FORMAT,)] == rows(path, "PRAGMA user_version")
        assert 200 < len(before[0])

    def test_every_record_is_chained(self, tmp_path: Path) -> None:
        """The records of each ticket of each tenant are chained from the first to the head, and the chain goes on."""
        with SqliteStore(old_store("0.1.0", tmp_path / "t.db")) as store:
            for handle in (store, store.for_tenant("north")):
                assert handle.ids()
                for name in handle.ids():
                    previous = ""
                    for one in handle.chain(name):
                        previous = link(previous, one.body, one.salt)
                        assert previous == one.chain
                    head = handle.head(name)
                    assert head is not None
                    assert previous == head.chain
            north = store.for_tenant("north")
            ticket = north.load("T1")
            assert ticket is not None
            keep(north, next_step(ticket))
            *_, before, last = north.chain("T1")
            assert link(before.chain, last.body, last.salt) == last.chain

    def test_mail_effects_and_holdings_are_there(self, tmp_path: Path) -> None:
        """What waited in the old file still waits."""
        with SqliteStore(old_store("0.1.0", tmp_path / "t.db"), tenant="north") as store:
            assert ["e1"] == [effect.id for effect in store.effects()]
            assert {"ann": 2} == dict(store.usage())
            (claim,) = store.claim(NOON)
            assert [FrozenMap({"x": 1.5, "名": "王"})] == [message.payload for message in claim.messages]
            assert "duplicate" == getattr(store.answered("T1", "k1"), "status", None)

    def test_opened_twice_changes_nothing_more(self, tmp_path: Path) -> None:
        """Salts and chains are drawn once; the second opening leaves them."""
        path = old_store("0.1.0", tmp_path / "t.db")
        SqliteStore(path).close()
        before = rows(path, "SELECT * FROM record ORDER BY 1, 2, 3, 4")
        SqliteStore(path).close()

        assert before == rows(path, "SELECT * FROM record ORDER BY 1, 2, 3, 4")

    def test_a_step_that_fails_leaves_the_file(self, tmp_path: Path) -> None:
        """Where the tables cannot be made anew, the file keeps its format and every row."""
        path = old_store("0.1.0", tmp_path / "t.db")
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE record_2 (x)")
        raw.close()
        before = rows(path, RECORDS), rows(path, TICKETS)
        with pytest.raises(StoreError, match="record_2"):
            SqliteStore(path)

        assert before == (rows(path, RECORDS), rows(path, TICKETS))
        assert [(1,)] == rows(path, "PRAGMA user_version")

    def test_an_older_writer_is_stopped(self, tmp_path: Path) -> None:
        """An older version that still has the file open cannot add a record outside of the chain."""
        path = old_store("0.1.0", tmp_path / "t.db")
        older = sqlite3.connect(path)
        SqliteStore(path).close()
        with pytest.raises(sqlite3.IntegrityError, match="salt"):
            older.execute(
                "INSERT INTO record (tenant, entity, ticket, sequence, body) VALUES ('north', 'ticket', 'T1', 9, '{}')"
            )
        older.close()
