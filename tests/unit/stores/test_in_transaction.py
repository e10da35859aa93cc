"""Knows what a store promises inside a transaction of its host; that it is a store like any other is the contract's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from servflow.desk import Desk
from servflow.errors import InputError, StoreError
from servflow.model import FrozenMap, Take
from servflow.stores import MemoryStore, SqliteStore
from servflow.testing._store_values import NOON, first_mail, keep, new_ticket, next_step, note, opened
from tests.unit.desk.tiny import TinyWorkflow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The one file of host and store."""
    return tmp_path / "host.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store that does not wait long for others."""
    with SqliteStore(path) as made:
        yield made


@pytest.fixture
def host(store: SqliteStore, path: Path) -> Iterator[sqlite3.Connection]:
    """The host's own connection to the same file, with a table of its own."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE customer (name TEXT)")
    yield connection
    connection.close()


def customers(host: sqlite3.Connection) -> list[str]:
    """What the host's own table holds."""
    return [row["name"] for row in host.execute("SELECT name FROM customer")]


def test_both_are_committed(store: SqliteStore, host: sqlite3.Connection) -> None:
    """The host's row and the ticket appear to others together, with the host's commit."""
    host.execute("INSERT INTO customer VALUES ('ann')")
    inside = store.in_transaction(host)
    ticket = opened(inside, reservations=(Take(key="c"),))
    keep(inside, next_step(ticket), effects=(note("e"),), keys=("k",))
    assert inside.post("T1", "go", key="m", at=NOON)
    assert 2 == inside.load("T1").revision  # type: ignore[union-attr] # it is there
    assert (None, (), ()) == (store.load("T1"), store.effects(), store.claim(NOON))
    host.commit()

    assert ["ann"] == customers(host)
    assert 2 == store.load("T1").revision  # type: ignore[union-attr] # as above
    assert ("e", "m", {"c": 1}) == (store.effects()[0].id, first_mail(store).key, dict(store.usage()))


def test_both_are_undone(store: SqliteStore, host: sqlite3.Connection) -> None:
    """A rollback of the host undoes its row and the ticket's step, and no cache remembers it."""
    ticket = opened(store)
    host.execute("INSERT INTO customer VALUES ('ann')")
    inside = store.in_transaction(host)
    lost = next_step(ticket, fields=FrozenMap(by="lost"))
    assert "applied" == keep(inside, lost, keys=("k",), effects=(note("e"),)).status
    assert lost.ticket == inside.load("T1")
    host.rollback()

    assert [] == customers(host)
    assert ticket == store.load("T1")
    assert (None, ()) == (store.answered("T1", "k"), store.effects())
    kept = next_step(ticket, fields=FrozenMap(by="kept"))
    assert "applied" == keep(store, kept).status
    assert kept.ticket == store.load("T1")
    host.execute("BEGIN IMMEDIATE")
    assert kept.ticket == store.in_transaction(host).load("T1")


def test_part_of_a_transaction_is_undone(store: SqliteStore, host: sqlite3.Connection) -> None:
    """After a rollback to the host's savepoint the same revision, written anew, reads as written last."""
    ticket = opened(store)
    host.execute("BEGIN IMMEDIATE")
    inside = store.in_transaction(host)
    host.execute("SAVEPOINT mine")
    keep(inside, next_step(ticket, fields=FrozenMap(by="lost")))
    assert "lost" == inside.load("T1").fields["by"]  # type: ignore[union-attr] # it is there
    host.execute("ROLLBACK TO mine")
    assert ticket == inside.load("T1")
    kept = next_step(ticket, fields=FrozenMap(by="kept"))
    keep(inside, kept)
    host.commit()

    assert kept.ticket == store.load("T1") == store.for_tenant("default").load("T1")


def test_a_batch_that_fails_leaves_the_rest(store: SqliteStore, host: sqlite3.Connection) -> None:
    """A batch inside the transaction is undone alone; what the host wrote before stays."""
    host.execute("INSERT INTO customer VALUES ('ann')")
    inside = store.in_transaction(host)
    opened(inside, "A")

    def fails() -> None:
        with inside.batch():
            opened(inside, "B")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    host.commit()

    assert (["ann"], ["A"]) == (customers(host), [ticket.id for ticket in store.find()])


def test_after_the_end(store: SqliteStore, host: sqlite3.Connection) -> None:
    """Once the host committed or rolled back the handle does nothing more and says why; a closed one neither."""
    host.execute("BEGIN")
    inside = store.in_transaction(host)
    opened(inside)
    host.commit()
    for use in (lambda: inside.load("T1"), lambda: keep(inside, new_ticket("B")), lambda: inside.ack(["e"])):
        with pytest.raises(StoreError, match="is over") as caught:
            use()
        assert "no_transaction" == caught.value.code
    assert not host.in_transaction

    host.execute("BEGIN")
    again = store.in_transaction(host)
    again.close()
    with pytest.raises(StoreError, match="handle is closed"):
        again.load("T1")
    assert host.in_transaction
    host.rollback()
    assert store.load("T1") is not None


def test_tenants(store: SqliteStore, host: sqlite3.Connection) -> None:
    """A handle inside a transaction sees the tenant of the store it was made from, and gives others."""
    host.execute("BEGIN")
    inside = store.for_tenant("north").in_transaction(host)
    opened(inside, "N")
    opened(inside.for_tenant("south"), "S")
    host.commit()

    assert (None, None) == (store.load("N"), store.load("S"))
    assert ("N", "S") == tuple(store.for_tenant(name).find()[0].id for name in ("north", "south"))


def test_others_wait(path: Path, host: sqlite3.Connection) -> None:
    """While the host's transaction writes, another writer is told that the file is locked, and can try again."""
    from datetime import timedelta

    with SqliteStore(path, busy_timeout=timedelta(0)) as store:
        host.execute("BEGIN IMMEDIATE")
        opened(store.in_transaction(host))
        with pytest.raises(StoreError) as caught:
            keep(store, new_ticket("B"))
        assert "locked" == caught.value.code
        host.commit()
        assert "applied" == keep(store, new_ticket("B")).status


@pytest.mark.parametrize(("given", "code"), [("text", "connection"), ("memory", "other_file"), ("other", "other_file")])
def test_what_cannot_be_joined(given: str, code: str, store: SqliteStore, tmp_path: Path) -> None:
    """No connection, one to memory and one to another file are refused with the reason."""
    connections = {"text": "host.db", "memory": sqlite3.connect(":memory:"), "other": sqlite3.connect(tmp_path / "other.db")}
    with pytest.raises(InputError) as caught:
        store.in_transaction(connections[given])

    assert code == caught.value.code
    for connection in connections.values():
        if isinstance(connection, sqlite3.Connection):
            connection.close()


def test_a_store_in_memory_cannot_join(host: sqlite3.Connection) -> None:
    """No other connection reaches what is in memory."""
    with SqliteStore(":memory:") as store, pytest.raises(InputError, match="in memory"):
        store.in_transaction(host)


def test_no_transaction(store: SqliteStore, host: sqlite3.Connection) -> None:
    """Without an open transaction there is nothing to join, and a connection that reads bytes is refused."""
    with pytest.raises(StoreError, match="begin one first") as caught:
        store.in_transaction(host)
    assert "no_transaction" == caught.value.code
    host.text_factory = bytes
    with pytest.raises(InputError, match="text_factory"):
        store.in_transaction(host)


class TestSqlAlchemy:
    """A host whose tables are of SQLAlchemy passes its session or connection as it is, with an engine of the usual kind."""

    @pytest.fixture
    def engine(self, path: Path, host: sqlite3.Connection) -> Iterator[Any]:
        """The host's own engine on the file, which waits for nobody."""
        from sqlalchemy import create_engine

        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
        yield engine
        engine.dispose()

    def test_session(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """What a session has only read so far, or has begun nothing in, is one transaction with the desk's from there on."""
        from sqlalchemy import text
        from sqlalchemy.orm import Session, scoped_session, sessionmaker

        desk = Desk(TinyWorkflow(), store, now=lambda: NOON)
        for name, undo in (("T1", False), ("T2", True)):
            with Session(engine) as session:
                assert [] == session.execute(text("SELECT name FROM customer WHERE name = 'ann'")).all()
                desk.in_transaction(session).open(name)
                session.execute(text("INSERT INTO customer VALUES (:name)"), {"name": name})
                with session.begin_nested() as nested:
                    desk.in_transaction(session).fire(name, "go")
                    nested.rollback()
                assert 1 == desk.in_transaction(session).get(name).revision
                session.rollback() if undo else session.commit()
        scoped = scoped_session(sessionmaker(engine))
        desk.in_transaction(scoped).fire("T1", "go")
        scoped.commit()
        scoped.remove()

        assert (["T1"], ("T1",)) == (customers(host), store.ids())
        assert "go" == desk.get("T1").state

    def test_connection(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """What is done in ``engine.begin()`` is kept with it; where nothing was begun nothing would be, so that is refused."""
        with engine.begin() as connection:
            opened(store.in_transaction(connection))
            assert () == store.ids()
        with engine.connect() as connection, pytest.raises(StoreError, match=r"engine\.begin\(\)") as caught:
            store.in_transaction(connection)
        with engine.connect() as closed:
            pass
        with pytest.raises(InputError, match="to SQLite and open"):
            store.in_transaction(closed)

        assert "no_transaction" == caught.value.code
        assert ("T1",) == store.ids()

    def test_a_savepoint_of_the_session(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """A handle from before ``begin_nested()`` works inside it, also where the session has sent nothing there yet."""
        from sqlalchemy.orm import Session

        desk = Desk(TinyWorkflow(), store, now=lambda: NOON)
        with Session(engine) as session:
            inside = desk.in_transaction(session)
            inside.open("T1")
            with session.begin_nested() as nested:
                inside.open("T2")
                inside.fire("T1", "go")
                nested.rollback()
            session.commit()

        assert ("T1",) == store.ids()
        assert 1 == desk.get("T1").revision

    def test_a_savepoint_alone(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """Where SQLite may know of a savepoint only, its end would keep what the host undoes: refused, nothing is kept."""
        from sqlalchemy.orm import Session

        with Session(engine) as session:
            with session.begin_nested(), pytest.raises(StoreError, match=r"once before session\.begin_nested\(\)") as caught:
                store.in_transaction(session)
            opened(store.in_transaction(session))
            with session.begin_nested():
                opened(store.in_transaction(session), "T2")
            session.rollback()

        assert "no_transaction" == caught.value.code
        assert () == store.ids()

    def test_a_connection_that_went_to_another(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """After its session's end a handle writes into no transaction of whom the pool gave the connection to."""
        from sqlalchemy.orm import Session

        with Session(engine) as session:
            stale = store.in_transaction(session)
            under = session.connection().connection.driver_connection
        with Session(engine) as other:
            inside = store.in_transaction(other)
            assert under is other.connection().connection.driver_connection
            for work in (lambda: opened(stale), stale.ids):
                with pytest.raises(StoreError, match="is over") as caught:
                    work()
                assert "no_transaction" == caught.value.code
            assert () == inside.ids()

    def test_a_session_that_failed(self, engine: Any, store: SqliteStore) -> None:
        """A session that waits for its ``rollback()``, or knows no engine, is told as that; one of coroutines is none."""
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        with Session(engine) as session:
            inside = store.in_transaction(session)
            session.connection().invalidate()
            with pytest.raises(StoreError, match="roll back and begin anew") as caught:
                opened(inside)
            assert "failed_transaction" == caught.value.code
        with pytest.raises(StoreError, match="bound to the store's database") as caught:
            store.in_transaction(Session())
        with pytest.raises(InputError, match="to SQLite and open"):
            store.in_transaction(AsyncSession())

        assert "failed_transaction" == caught.value.code
        assert () == store.ids()

    def test_who_writes_is_waited_for(self, engine: Any, store: SqliteStore, host: sqlite3.Connection) -> None:
        """Another connection that is writing is told as what it is, with how to go by one's own; nothing is joined."""
        host.execute("BEGIN IMMEDIATE")
        with engine.begin() as connection, pytest.raises(StoreError, match="in_transaction") as caught:
            store.in_transaction(connection)
        host.rollback()

        assert "locked" == caught.value.code


def test_what_was_read_before_has_changed(path: Path, store: SqliteStore) -> None:
    """A transaction that has read cannot write once another has written; it is told to begin again, and to join first."""
    early = sqlite3.connect(path, isolation_level=None)
    early.execute("BEGIN")
    early.execute("SELECT * FROM ticket").fetchall()
    opened(store)
    with pytest.raises(StoreError, match="join it before you read") as caught:
        opened(store.in_transaction(early), "T2")
    early.close()

    assert "locked" == caught.value.code
    assert ("T1",) == store.ids()
    with pytest.raises(InputError, match="the connection is closed"):
        store.in_transaction(early)


class TestDesk:
    """The desk's verbs inside a transaction of the host."""

    def test_verbs(self, store: SqliteStore, host: sqlite3.Connection) -> None:
        """What the desk does inside is committed or undone with the host's rows; the desk outside goes on as before."""
        desk = Desk(TinyWorkflow(), store, now=lambda: NOON)
        for name, end in (("T1", host.commit), ("T2", host.rollback)):
            host.execute("INSERT INTO customer VALUES (?)", (name,))
            inside = desk.in_transaction(host)
            inside.open(name)
            assert "go" == inside.fire(name, "go").ticket.state == inside.get(name).state
            end()

        assert (["T1"], ["T1"]) == (customers(host), [ticket.id for ticket in store.find()])
        assert 5 == desk.fire("T1", "on").ticket.revision

    def test_a_desk_on_another_store(self) -> None:
        """A store that knows no transactions of hosts says so."""
        with pytest.raises(StoreError, match="cannot join"):
            Desk(TinyWorkflow(), MemoryStore()).in_transaction(None)


def test_values_that_cannot_be_written(store: SqliteStore, host: sqlite3.Connection) -> None:
    """A change that cannot be written leaves the host's transaction as it was."""
    host.execute("INSERT INTO customer VALUES ('ann')")
    inside = store.in_transaction(host)
    bad = evolve(new_ticket("B"), effects=(evolve(note("e", "B"), id="\ud800"),))
    with pytest.raises(Exception, match=r"."):
        inside.commit([new_ticket("A"), bad])
    host.commit()

    assert (["ann"], ()) == (customers(host), store.find())
