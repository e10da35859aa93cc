"""Knows what a store on PostgreSQL promises inside a transaction of its host; that it is a store is the contract's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.errors import InputError, StoreError
from servflow.model import FrozenMap, Release, Take
from servflow.stores import SqlStore
from servflow.testing._store_values import NOON, first_mail, keep, new_ticket, next_step, note, opened
from tests.postgres import fresh_database
from tests.unit.desk.tiny import TinyWorkflow


@pytest.fixture
def url(postgres: str) -> str:
    """The one database of host and store."""
    return fresh_database(postgres)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A store on it."""
    with SqlStore(url) as made:
        yield made


@pytest.fixture
def host(store: SqlStore, url: str) -> Iterator[Any]:
    """The host's own connection, which makes mappings of its rows, with a table of its own."""
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("CREATE TABLE customer (name text)")
        connection.commit()
        yield connection
        connection.rollback()


def customers(host: Any) -> list[str]:
    """What the host's own table holds."""
    return [row["name"] for row in host.execute("SELECT name FROM customer ORDER BY name").fetchall()]


def test_a_host_in_another_zone(store: SqlStore, host: Any) -> None:
    """In which zone a session of the host shows instants says nothing of where it is; Django sets one."""
    host.execute("SET TIME ZONE 'Asia/Shanghai'")
    opened(store.in_transaction(host))
    host.commit()

    assert store.load("T1") is not None


def test_both_are_committed(store: SqlStore, host: Any) -> None:
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


def test_both_are_undone(store: SqlStore, host: Any) -> None:
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
    assert kept.ticket == store.load("T1") == store.in_transaction(host).load("T1")


def test_part_of_a_transaction_is_undone(store: SqlStore, host: Any) -> None:
    """After a rollback to the host's savepoint the same revision, written anew, reads as written last."""
    ticket = opened(store)
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


def test_a_batch_that_fails_leaves_the_rest(store: SqlStore, host: Any) -> None:
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

    assert (["ann"], ("A",)) == (customers(host), store.ids())


@pytest.mark.parametrize("work", [lambda store: store.load("a\0b"), lambda store: store.history("T1", 0, 1 << 70)])
def test_what_fails_leaves_the_transaction_as_it_was(work: Any, store: SqlStore, host: Any) -> None:
    """An operation that PostgreSQL refuses does not take the host's transaction with it."""
    host.execute("INSERT INTO customer VALUES ('ann')")
    inside = store.in_transaction(host)
    with pytest.raises(InputError):
        work(inside)
    opened(inside)
    host.commit()

    assert (["ann"], ("T1",)) == (customers(host), store.ids())


def test_a_transaction_that_failed_before(store: SqlStore, host: Any) -> None:
    """Where a statement of the host failed, the handle says what the host has to do first."""
    import psycopg

    inside = store.in_transaction(host)
    with pytest.raises(psycopg.Error):
        host.execute("SELECT 1 / 0")
    with pytest.raises(StoreError, match="roll it back") as caught:
        inside.load("T1")

    assert "failed_transaction" == caught.value.code


def test_after_the_end(store: SqlStore, host: Any) -> None:
    """Once the host committed or rolled back the handle does nothing more and says why; a closed one neither."""
    inside = store.in_transaction(host)
    opened(inside)
    host.commit()
    for use in (lambda: inside.load("T1"), lambda: keep(inside, new_ticket("B")), lambda: inside.ack(["e"])):
        with pytest.raises(StoreError, match="is over") as caught:
            use()
        assert "no_transaction" == caught.value.code

    again = store.in_transaction(host)
    again.close()
    with pytest.raises(StoreError, match="handle is closed"):
        again.load("T1")
    assert [] == customers(host)
    assert store.load("T1") is not None


def test_tenants(store: SqlStore, host: Any) -> None:
    """A handle inside a transaction sees the tenant of the store it was made from, and gives others."""
    inside = store.for_tenant("north").in_transaction(host)
    opened(inside, "N")
    opened(inside.for_tenant("south"), "S")
    host.commit()

    assert (None, None) == (store.load("N"), store.load("S"))
    assert ("N", "S") == tuple(store.for_tenant(name).find()[0].id for name in ("north", "south"))


def test_others_wait_until_the_host_commits(store: SqlStore, host: Any) -> None:
    """Who writes the same ticket meanwhile decides on what the host kept, and is told so."""
    ticket = opened(store)
    keep(store.in_transaction(host), next_step(ticket))
    answers: list[str] = []
    other = threading.Thread(target=lambda: answers.append(keep(store, next_step(ticket)).status))
    other.start()
    host.commit()
    other.join()

    assert ["conflict"] == answers


def test_what_the_host_gives_back_wakes_who_waits(store: SqlStore, host: Any) -> None:
    """Releases of two transactions on one connection are numbered by their own transaction, so that none is lost."""
    holder = opened(store, "H", reservations=(Take(key="ann", units=2),))
    for turn in range(2):
        read = store.released()
        inside = store.in_transaction(host)
        step = next_step(holder)
        keep(inside, step, reservations=(Release(key="ann"),))
        host.commit()
        holder = step.ticket
        keep(store, new_ticket(f"W{turn}", waits=("ann",)), released=read)

    assert ["W0", "W1"] == [claim.ticket for claim in store.claim(NOON)]


@pytest.mark.parametrize(("given", "code"), [("text", "connection"), ("closed", "connection"), ("other", "other_database")])
def test_what_cannot_be_joined(given: str, code: str, postgres: str, url: str, store: SqlStore) -> None:
    """No connection, a closed one and one to another database are refused with the reason."""
    import psycopg

    with psycopg.connect(fresh_database(postgres)) as other, psycopg.connect(url) as closed:
        closed.close()
        with pytest.raises(InputError) as caught:
            store.in_transaction({"text": url, "closed": closed, "other": other}[given])

    assert code == caught.value.code


def test_no_transaction(store: SqlStore, url: str) -> None:
    """Where the driver begins none by itself and the host began none, there is nothing to join."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as host:
        with pytest.raises(StoreError, match="begin one first") as caught:
            store.in_transaction(host)
        with host.transaction():
            opened(store.in_transaction(host))

    assert "no_transaction" == caught.value.code
    assert ("T1",) == store.ids()


class TestSqlAlchemy:
    """A connection, and a session of its ORM."""

    @pytest.fixture
    def engine(self, url: str, store: SqlStore) -> Iterator[Any]:
        """The host's own engine, with a table of its own."""
        from sqlalchemy import create_engine, make_url, text

        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE customer (name text)"))
        yield engine
        engine.dispose()

    def test_connection(self, engine: Any, store: SqlStore) -> None:
        """What is done in ``engine.begin()`` is kept or undone with it."""
        from sqlalchemy import text

        for name, undo in (("A", False), ("B", True)):
            with engine.connect() as connection, connection.begin() as transaction:
                opened(store.in_transaction(connection), name)
                connection.execute(text("INSERT INTO customer VALUES (:name)"), {"name": name})
                if undo:
                    transaction.rollback()
        with engine.connect() as connection:
            names = [row.name for row in connection.execute(text("SELECT name FROM customer"))]

        assert (["A"], ("A",)) == (names, store.ids())

    def test_a_connection_that_has_begun_nothing(self, engine: Any, store: SqlStore) -> None:
        """What SQLAlchemy has not begun it would not commit, although the driver would begin it: refused, not lost."""
        with engine.connect() as connection, pytest.raises(StoreError, match=r"engine\.begin\(\)") as caught:
            store.in_transaction(connection)

        assert "no_transaction" == caught.value.code

    def test_session(self, engine: Any, store: SqlStore) -> None:
        """A desk inside a session's transaction, and one inside a savepoint that is undone."""
        from sqlalchemy import text
        from sqlalchemy.orm import Session

        desk = Desk(TinyWorkflow(), store, now=lambda: NOON)
        with Session(engine) as session, session.begin():
            session.execute(text("INSERT INTO customer VALUES ('ann')"))
            desk.in_transaction(session.connection()).open("T1")
            with session.begin_nested() as nested:
                desk.in_transaction(session).fire("T1", "go")
                nested.rollback()
            assert 1 == desk.in_transaction(session).get("T1").revision

        assert ("T1",) == store.ids()
        assert "go" == desk.fire("T1", "go").ticket.state

    def test_a_savepoint_and_an_end(self, engine: Any, store: SqlStore) -> None:
        """A handle from before ``begin_nested()`` works inside it; after the end it writes into nobody else's transaction."""
        from sqlalchemy.orm import Session

        with Session(engine) as session:
            inside = store.in_transaction(session)
            opened(inside)
            with session.begin_nested() as nested:
                opened(inside, "T2")
                nested.rollback()
            session.commit()
        with Session(engine) as other:
            opened(store.in_transaction(other), "T3")
            with pytest.raises(StoreError, match="is over"):
                opened(inside, "T4")
            other.commit()

        assert ("T1", "T3") == store.ids()


class TestDesk:
    """The desk's verbs inside a transaction of the host."""

    def test_verbs(self, store: SqlStore, host: Any) -> None:
        """What the desk does inside is committed or undone with the host's rows; the desk outside goes on as before."""
        desk = Desk(TinyWorkflow(), store, now=lambda: NOON)
        for name, end in (("T1", host.commit), ("T2", host.rollback)):
            host.execute("INSERT INTO customer VALUES (%s)", (name,))
            inside = desk.in_transaction(host)
            inside.open(name)
            assert "go" == inside.fire(name, "go").ticket.state == inside.get(name).state
            end()

        assert (["T1"], ("T1",)) == (customers(host), store.ids())
        assert 5 == desk.fire("T1", "on").ticket.revision
