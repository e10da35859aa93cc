"""Knows how a store's statements run inside a transaction that a host opened on PostgreSQL; must not know any row."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from servflow.errors import InputError, StoreError, shown
from servflow.stores._hosts import beneath, still
from servflow.stores._sql_connection import Database, Session
from servflow.stores._sql_failures import imported, meaning

T = TypeVar("T")

# A server has one instant at which it started, whatever the zone of a session, and a database one number on it.
_WHERE = (
    "SELECT extract(epoch FROM pg_postmaster_start_time())::text,"
    " (SELECT oid FROM pg_database WHERE datname = current_database())::bigint, current_database()"
)


class _Result:
    """What a statement gave, as SQLAlchemy says it."""

    def __init__(self, cursor: Any) -> None:
        self.returns_rows = cursor.description is not None
        self.fetchall = cursor.fetchall


class _Inside:
    """A host's connection: no statement runs once the host's transaction is over."""

    def __init__(self, host: Any, where: str, given: object) -> None:
        _, self._driver = imported()
        self._host = host
        self._given = given
        self._where = where
        self.closed = False

    def exec_driver_sql(self, sql: str, values: Sequence[Any] = ()) -> _Result:
        """Run one statement; the rows are tuples, whatever the host makes of its own."""
        states = self._driver.pq.TransactionStatus
        if self.closed:
            raise StoreError("this handle is closed; ask the store for another one", code="closed")
        status = self._host.info.transaction_status
        if status == states.INERROR and not sql.startswith("ROLLBACK TO"):
            raise StoreError(
                "a statement of this transaction failed before; roll it back, or to a savepoint before that statement",
                code="failed_transaction",
            )
        # What a pool gave to somebody else meanwhile is in a transaction too, in theirs.
        if status == states.IDLE or not (sql.startswith("ROLLBACK TO") or still(self._given, self._host)):
            raise StoreError(
                f"the transaction in which {self._where} was joined is over; begin one and ask the store for another handle",
                code="no_transaction",
            )
        cursor = self._driver.Cursor(self._host, row_factory=self._driver.rows.tuple_row)
        return _Result(cursor.execute(sql, values))


def _of_driver(host: Any) -> tuple[Any, bool]:
    """The connection of psycopg under what the host gave, and whether a transaction can be joined there."""
    sqlalchemy, driver = imported()
    found, begun = beneath(host)
    if isinstance(found, driver.Connection) and not found.closed:
        idle = found.info.transaction_status == driver.pq.TransactionStatus.IDLE
        # What SQLAlchemy has not begun it would not commit either, whatever the driver begins by itself.
        return found, not (found.autocommit and idle) and (begun or not isinstance(host, sqlalchemy.engine.Connection))
    raise InputError(
        f"a SqlStore joins a transaction of a Session or Connection of SQLAlchemy, of django.db.connection or of a Connection"
        f" of psycopg 3, to PostgreSQL and open, not of {shown(host)}",
        code="connection",
        value=shown(host),
    )


def _checked(host: Any, own: Database) -> Any:
    _, driver = imported()
    found, begun = _of_driver(host)
    if not begun:
        raise StoreError(
            f"no transaction is open on the connection to {own.where}; begin one first (of SQLAlchemy with engine.begin() or"
            " session.begin(), of Django with transaction.atomic()), or turn its autocommit off",
            code="no_transaction",
        )
    try:
        # Where the driver begins transactions by itself, it does so here.
        there = driver.Cursor(found, row_factory=driver.rows.tuple_row).execute(_WHERE).fetchone()
    except driver.Error as error:
        raise meaning(error, own.where) from error
    here = tuple(own.rows(_WHERE)[0])
    if here != there:
        raise InputError(
            f"the connection is to the database {there[2]!r}, the store is in {here[2]!r} of {own.where}; both must be one"
            " database of one server, since only one database commits at once: keep the host's tables in the store's database",
            code="other_database",
            other=there[2],
        )
    return found


class JoinedDatabase(Database):
    """What ``Database`` does, by savepoints inside the transaction of a host; nothing here ever ends that."""

    def __init__(self, host: object, own: Database) -> None:
        self.schema, self.channel, self.tells, self.where = own.schema, own.channel, own.tells, own.where
        self._texts = own._texts
        self._own_database = own
        self._inside = _Inside(_checked(host, own), own.where, host)
        inside: Any = self._inside
        self._session = Session(inside)
        self._turn = threading.RLock()
        self.closed = False

    @property
    def session(self) -> Session | None:
        """The host's transaction."""
        return self._session

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """As ``Database.rows``; a statement that fails leaves the host's transaction as it was."""
        with self._turn:
            if self._session.depth:
                return super().rows(sql, values)
            with self._savepoint(self._session):
                return super().rows(sql, values)

    def do(self, work: Callable[[], T], *, repeatable: bool = False) -> T:
        """As ``Database.do``: under a savepoint."""
        with self.transaction():
            return work()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As ``Database.transaction``: a savepoint."""
        with self._turn, self._savepoint(self._session):
            yield
        self._session.on_kept.clear()  # whether it is kept nobody is told here
        self._session.written.clear()

    def transaction_number(self) -> int:
        """As ``Database.transaction_number``; asked each time, since a host may have begun another one."""
        return int(self.rows("SELECT pg_current_xact_id()::text::bigint")[0][0])

    def tell(self) -> None:
        """As ``Database.tell``; told each time, since a host may have undone part of its transaction."""
        if self.tells:
            self.rows("SELECT pg_notify(%s, '')", (self.channel,))

    def listen(self, seconds: float) -> bool:
        """As ``Database.listen``, on a connection of the store's own."""
        return self._own_database.listen(seconds)

    def close(self) -> None:
        """The connection is the host's: only this use of it ends."""
        self.closed = self._inside.closed = True
