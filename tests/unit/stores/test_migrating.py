"""Knows what becomes of a SQLite file that an older servflow wrote; must not know what is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from servflow.errors import StoreError
from servflow.model import FrozenMap, micros
from servflow.stores import SqliteStore, link
from servflow.stores._sqlite_schema import FORMAT
from servflow.testing._store_values import NOON, keep, new_ticket, next_step
from tests.formats import old_store, old_tables

Rows = list[tuple[object, ...]]

MINUTE = timedelta(minutes=1)


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


class TestFormatTwo:
    """Files that know nothing of failures, attempts, erased records and screens."""

    def test_nothing_is_lost(self, tmp_path: Path) -> None:
        """Opening the file keeps every record, snapshot, salt and chain byte for byte; no record was erased."""
        path = old_tables(2, tmp_path / "t.db")
        log = "SELECT tenant, entity, ticket, sequence, body, salt, chain FROM record ORDER BY 1, 2, 3, 4"
        before = rows(path, log), rows(path, TICKETS), rows(path, "SELECT id, body FROM effect ORDER BY number")
        SqliteStore(path).close()

        after = rows(path, log), rows(path, TICKETS), rows(path, "SELECT id, body FROM effect ORDER BY number")
        assert before == after
        assert [("",)] == rows(path, "SELECT DISTINCT seal FROM record")
        assert [(FORMAT,)] == rows(path, "PRAGMA user_version")

    def test_screens_find_what_was_kept_before(self, tmp_path: Path) -> None:
        """Queues and deadlines are read from the snapshots; a damaged one stays as it is and holds up nothing."""
        path = old_tables(2, tmp_path / "t.db")
        with SqliteStore(path) as store:
            assert ["A"] == [ticket.id for ticket in store.find(queue="care", due_before=NOON + 2 * MINUTE)]
            assert [] == [ticket.id for ticket in store.find(due_before=NOON + MINUTE)]
            north = store.for_tenant("north")
            assert ["A"] == [ticket.id for ticket in north.find(queue="north_desk", order="due")]

        sql = "SELECT tenant, id, queue, (deadline - ?) / 60000000 FROM ticket ORDER BY 1, 2"
        known = [("default", "A", "care", 1), ("default", "B", None, None), ("default", "D", None, None)]
        assert [*known, ("north", "A", "north_desk", 2)] == rows(path, sql.replace("?", str(micros(NOON))))
        assert [("{damaged",)] == rows(path, "SELECT snapshot FROM ticket WHERE id = 'D'")

    def test_effects_are_taken_in_their_turn(self, tmp_path: Path) -> None:
        """What was pending is taken, of each ticket the first; the next follows when that is acknowledged."""
        with SqliteStore(old_tables(2, tmp_path / "t.db")) as store:
            assert ["a1", "b1"] == [one.effect.id for one in store.take(NOON, NOON + MINUTE)]
            store.ack(["a1", "b1"])
            assert ["a2"] == [one.effect.id for one in store.take(NOON, NOON + MINUTE)]
            assert ["a1"] == [one.effect.id for one in store.for_tenant("north").take(NOON, NOON + MINUTE)]

    def test_the_chain_goes_on(self, tmp_path: Path) -> None:
        """What is proved of the file before is proved behind the next step too."""
        with SqliteStore(old_tables(2, tmp_path / "t.db")) as store:
            ticket = store.load("A")
            assert ticket is not None
            assert "applied" == keep(store, next_step(ticket)).status
            previous = ""
            for one in store.chain("A"):
                assert one.follows(previous)
                previous = one.chain
            assert getattr(store.head("A"), "chain", None) == previous

    def test_an_older_writer_is_stopped(self, tmp_path: Path) -> None:
        """An older version that still has the file open cannot add a record, and what it acknowledges hands on the turn."""
        path = old_tables(2, tmp_path / "t.db")
        older = sqlite3.connect(path, isolation_level=None)
        with SqliteStore(path) as store:
            with pytest.raises(sqlite3.IntegrityError, match="seal"):
                older.execute(
                    "INSERT INTO record (tenant, entity, ticket, sequence, body, salt, chain)"
                    " VALUES ('default', 'ticket', 'A', 9, '{}', '', '')"
                )
            older.execute("DELETE FROM effect WHERE tenant = 'default' AND entity = 'ticket' AND id = 'a1'")
            older.close()
            assert ["a2", "b1"] == [one.effect.id for one in store.take(NOON, NOON + MINUTE)]


@pytest.mark.parametrize("make", [lambda path: old_store("0.1.0", path), lambda path: old_tables(2, path)], ids=["1", "2"])
def test_an_older_file_has_the_tables_of_a_new_one(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """Columns, indexes and triggers are those of a file made today, so that all files behave alike."""
    new, old = tmp_path / "new.db", make(tmp_path / "old.db")
    SqliteStore(new).close()
    SqliteStore(old).close()

    for sql in (
        "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY 1, 2",
        "SELECT name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY 1",
        (
            'SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden FROM sqlite_schema m'
            " JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, x.name"
        ),
    ):
        assert rows(new, sql) == rows(old, sql)


class TestFormatThree:
    """Files in which tickets are not found by whom they concern; their tables are today's."""

    def test_they_are_found_by_whom_they_concern(self, tmp_path: Path) -> None:
        """Of every tenant, while a field of such a name stays what it is found by; a damaged ticket holds up nothing."""
        path = tmp_path / "t.db"
        with SqliteStore(path) as store:
            for handle, name in ((store, "A"), (store, "B"), (store, "D"), (store.for_tenant("north"), "A")):
                ticket = evolve(new_ticket(name).ticket, customer="mia" if name != "B" else "joe", asset="王")
                index = {"customer": "of a field"} if name == "B" else {}
                handle.commit([evolve(new_ticket(name), ticket=ticket, index=FrozenMap(index))])
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("UPDATE ticket SET snapshot = '{damaged' WHERE id = 'D'")
        raw.execute("PRAGMA user_version = 3")
        raw.close()

        with SqliteStore(path) as store:
            found = [[one.id for one in store.find(where={"customer": name})] for name in ("mia", "joe", "of a field")]
            assert [["A"], [], ["B"]] == found
            assert ["A"] == [one.id for one in store.for_tenant("north").find(where={"customer": "mia", "asset": "王"})]
        assert [(FORMAT,)] == rows(path, "PRAGMA user_version")
