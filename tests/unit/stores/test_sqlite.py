"""Knows what is special about the store in a SQLite file; what every store must do is in the contract."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from servflow.errors import FormatError, InputError, StoreError
from servflow.model import FrozenMap
from servflow.stores import SqliteStore
from servflow.stores._connection import failure
from servflow.stores._sqlite_schema import APPLICATION, FORMAT
from servflow.stores._sqlite_tries import _READY
from servflow.testing._store_values import keep, new_ticket, next_step, note, opened


def code_of(path: Path | str, **options: timedelta) -> str:
    """The code of the error that opening a store raises."""
    with pytest.raises(StoreError) as caught:
        SqliteStore(path, **options)
    return caught.value.code


class TestOpening:
    """What opening a path comes to."""

    def test_new_file_is_marked(self, tmp_path: Path) -> None:
        """A new file carries servflow's mark and format, and is in WAL mode."""
        SqliteStore(tmp_path / "t.db").close()
        raw = sqlite3.connect(tmp_path / "t.db")

        assert APPLICATION == raw.execute("PRAGMA application_id").fetchone()[0]
        assert FORMAT == raw.execute("PRAGMA user_version").fetchone()[0]
        assert "wal" == raw.execute("PRAGMA journal_mode").fetchone()[0]
        raw.close()

    def test_every_commit_reaches_the_disk(self, tmp_path: Path) -> None:
        """The connection is in full synchronous mode."""
        with SqliteStore(tmp_path / "t.db") as store:
            assert 2 == store._db.row("PRAGMA synchronous")[0]

    def test_newer_format_is_left_alone(self, tmp_path: Path) -> None:
        """A file of a newer servflow is refused and not one byte of it changes."""
        path = tmp_path / "t.db"
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE future (x)")
        raw.execute(f"PRAGMA application_id = {APPLICATION}")
        raw.execute(f"PRAGMA user_version = {FORMAT + 1}")
        raw.commit()
        raw.close()
        before = path.read_bytes()
        with pytest.raises(FormatError, match="upgrade servflow") as caught:
            SqliteStore(path)

        assert (FORMAT + 1, FORMAT) == (caught.value.format, caught.value.known)
        assert before == path.read_bytes()
        assert ["t.db"] == [entry.name for entry in tmp_path.iterdir()]

    def test_foreign_database_is_left_alone(self, tmp_path: Path) -> None:
        """The database of another program is refused and not one byte of it changes."""
        path = tmp_path / "crm.db"
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE customer (x)")
        raw.commit()
        raw.close()
        before = path.read_bytes()

        assert "foreign" == code_of(path)
        assert before == path.read_bytes()

    def test_beside_the_tables_of_a_host(self, tmp_path: Path) -> None:
        """Where the host says that the file is shared the tables are made beside its own, once."""
        path = tmp_path / "crm.db"
        with closing(sqlite3.connect(path)) as host:
            host.execute("CREATE TABLE customer (name)")
            host.execute("CREATE TABLE ticket (id)")  # the host's names are its own
            host.execute("INSERT INTO customer VALUES ('ann')")
            host.commit()
            with SqliteStore(path, shared=True) as store:
                ticket = opened(store)
            with SqliteStore(path) as store:
                assert ticket == store.load("T1")
            with SqliteStore(path, shared=True) as store:
                assert ticket == store.load("T1")
            assert [("ann",)] == host.execute("SELECT name FROM customer").fetchall()
            names = {name for (name,) in host.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")}

        assert {"customer", "ticket"} == {name for name in names if not name.startswith("servflow_")}

    def test_a_file_that_is_shared_later_keeps_its_names(self, tmp_path: Path) -> None:
        """Tables that were made before a host came are found under the names they have."""
        path = tmp_path / "tickets.db"
        with SqliteStore(path) as store:
            ticket = opened(store)
        with SqliteStore(path, shared=True) as store:
            assert ticket == store.load("T1")

    @pytest.mark.parametrize(
        ("theirs", "said"),
        [
            ("CREATE TABLE Servflow_Owner (x); CREATE TABLE total (x)", "has servflow_owner, as servflow's"),
            ("PRAGMA user_version = 7", "user_version is set"),
            ("PRAGMA application_id = 7", "application_id or"),
        ],
    )
    def test_no_room_beside_a_host(self, theirs: str, said: str, tmp_path: Path) -> None:
        """A host whose tables have the same names, or that marks the file for itself, is told; the file stays as it is."""
        path = tmp_path / "crm.db"
        with closing(sqlite3.connect(path)) as host:
            host.executescript(theirs)
        before = path.read_bytes()
        with pytest.raises(FormatError, match=said) as caught:
            SqliteStore(path, shared=True)

        assert "foreign" == caught.value.code
        assert before == path.read_bytes()

    def test_not_a_database(self, tmp_path: Path) -> None:
        """A file that holds something else is refused with the next step, unchanged."""
        path = tmp_path / "notes.txt"
        path.write_text("no database" * 500)

        assert "not_a_database" == code_of(path)
        assert "no database" * 500 == path.read_text()

    def test_missing_directory(self, tmp_path: Path) -> None:
        """A missing directory is named, not created."""
        assert "directory_missing" == code_of(tmp_path / "no" / "t.db")

    def test_directory_instead_of_a_file(self, tmp_path: Path) -> None:
        """A directory cannot be a store."""
        assert "cannot_open" == code_of(tmp_path)

    def test_locked(self, tmp_path: Path) -> None:
        """While another process writes, opening and committing wait as long as told and then say so."""
        path = tmp_path / "t.db"
        store = SqliteStore(path, busy_timeout=timedelta(milliseconds=20))
        ticket = opened(store)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="busy_timeout") as caught:
            keep(store, next_step(ticket))

        assert "locked" == caught.value.code
        assert "locked" == code_of(path, busy_timeout=timedelta(milliseconds=20))
        assert ticket == store.load("T1")
        other.execute("ROLLBACK")
        other.close()
        assert "applied" == keep(store, next_step(ticket)).status
        store.close()

    @pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold back the superuser")
    def test_read_only_file(self, tmp_path: Path) -> None:
        """A file that may not be written is refused at opening."""
        path = tmp_path / "t.db"
        SqliteStore(path).close()
        path.chmod(0o400)

        assert "read_only" == code_of(path)

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("SQLITE_READONLY_DIRECTORY", "read_only"),
            ("SQLITE_FULL", "full"),
            ("SQLITE_CORRUPT_INDEX", "damaged"),
            ("SQLITE_IOERR_WRITE", "failed"),
            ("SQLITE_MISUSE", "failed"),
        ],
    )
    def test_what_failures_mean(self, name: str, code: str) -> None:
        """Each failure of SQLite has a code a host can act on."""
        error = sqlite3.OperationalError("boom")
        error.sqlite_errorname = name

        assert code == failure(error, "t.db").code


class TestTogether:
    """Several handles and processes on one file."""

    def test_another_handle_sees_every_step(self, tmp_path: Path) -> None:
        """A snapshot kept decoded is believed only while it is the stored one."""
        one, two = SqliteStore(tmp_path / "t.db"), SqliteStore(tmp_path / "t.db")
        ticket = opened(one)
        assert ticket == two.load("T1")
        step = next_step(ticket, fields=FrozenMap(by="two"))
        keep(two, step)

        assert step.ticket == one.load("T1")
        one.close()
        two.close()

    def test_a_revision_that_was_undone_is_forgotten(self, tmp_path: Path) -> None:
        """After a batch was undone and another handle wrote the same revision, the other's snapshot is loaded."""
        one, two = SqliteStore(tmp_path / "t.db"), SqliteStore(tmp_path / "t.db")
        ticket = opened(one)

        def undone() -> None:
            with one.batch():
                keep(one, next_step(ticket, fields=FrozenMap(by="one")))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            undone()
        step = next_step(ticket, fields=FrozenMap(by="two"))
        keep(two, step)

        assert step.ticket == one.load("T1")
        one.close()
        two.close()

    def test_a_killed_process_leaves_what_it_committed(self, tmp_path: Path) -> None:
        """After a process died in the middle of a batch, what it had committed is there and nothing else."""
        path = tmp_path / "t.db"
        script = (
            "import os, sys; from servflow.stores import SqliteStore\n"
            "from servflow.testing._store_values import keep, new_ticket\n"
            f"store = SqliteStore({str(path)!r}); keep(store, new_ticket('A'))\n"
            "with store.batch():\n    keep(store, new_ticket('B')); os._exit(9)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False)
        with SqliteStore(path) as store:
            assert 9 == done.returncode
            assert ["A"] == [ticket.id for ticket in store.find()]

    def test_a_thousand_tickets_pass_the_cache(self) -> None:
        """More tickets than are kept decoded are all read right."""
        with SqliteStore(":memory:") as store:
            with store.batch():
                changes = [new_ticket(f"T{index}", fields=FrozenMap(n=index)) for index in range(1100)]
                store.commit(changes)

            assert [0, 1, 1099] == [store.load(f"T{index}").fields["n"] for index in (0, 1, 1099)]


class TestInput:
    """What callers pass."""

    def test_text_that_is_no_text(self) -> None:
        """A lone surrogate is refused wherever it stands, and nothing is kept."""
        with SqliteStore(":memory:") as store:
            with pytest.raises(InputError):
                store.load("\ud800")
            with pytest.raises(InputError):
                keep(store, new_ticket(fields=FrozenMap(x="\ud800")))
            with pytest.raises(InputError):
                keep(store, new_ticket(), effects=(evolve(note("e"), to="\ud800"),))
            with pytest.raises(InputError):
                store.post("T1", "go", {1: 2}, key="k", at=note("e").at)
            assert () == store.find()


def test_every_table_tells_tenant_and_entity(tmp_path: Path) -> None:
    """Each row that is kept says whose it is and what kind of thing it is about, a definition's included."""
    path = tmp_path / "store.db"
    with closing(SqliteStore(path)) as store:
        store.define("h", "repair", 1, {"name": "repair"})
        assert {"name": "repair"} == store.definition("h")
    with closing(sqlite3.connect(path)) as plain:
        tables = [row[0] for row in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        kept = [name for name in tables if name not in ("sqlite_sequence", "meta")]
        columns = {name: {row[1] for row in plain.execute(f"PRAGMA table_info({name})")} for name in kept}
        assert ("ticket",) == plain.execute("SELECT entity FROM definition").fetchone()

    assert "definition" in columns
    assert [] == [name for name, found in columns.items() if not {"tenant", "entity"} <= found]


def test_taking_effects_looks_at_no_others() -> None:
    """However many effects wait, or stand behind one that waits, none of them is passed over one by one."""
    with SqliteStore(":memory:") as store:
        here = ("default", "ticket")
        plan = store._db.rows(f"EXPLAIN QUERY PLAN {_READY}", (*here, 9, *here, 0, 9, *here, 0, 9))
        steps = [row[3] for row in plan if "effect" in row[3]]

    assert [] == [step for step in steps if step.startswith("SCAN")]
    assert 1 == sum("INDEX effect_new (" in step for step in steps)
    assert 2 == sum("COVERING INDEX effect_again (" in step for step in steps)
