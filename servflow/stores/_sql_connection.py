"""Knows how PostgreSQL is connected to, written in transactions and what its failures mean; must not know any row."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field, frozen

from servflow.errors import InputError, ServflowError, StoreError, shown
from servflow.stores._sql_failures import imported, meaning
from servflow.stores._sql_schema import prepare

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

T = TypeVar("T")

TRIES = 8
"""How often work that lost against other transactions, or its connection before it was to be kept, is done again."""


def _url(value: object) -> URL:
    sqlalchemy, _ = imported()
    try:
        url: URL = sqlalchemy.make_url(value)
    except (sqlalchemy.exc.ArgumentError, ValueError, TypeError) as error:
        # The text is not shown: it may hold a password.
        raise InputError(
            "this is no URL of a database; write postgresql://user:password@host:5432/database", code="url"
        ) from error
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise InputError(
            f"a SqlStore lives in PostgreSQL through psycopg 3 (postgresql://...), not in {shown(url.drivername)};"
            " for SQLite use SqliteStore(path)",
            code="dialect",
            dialect=url.drivername,
        )
    return url.set(drivername="postgresql+psycopg")


def _schema(value: object) -> str:
    name = "servflow" if value is None else value
    if not isinstance(name, str) or not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", name) or name.startswith("pg_"):
        raise InputError(
            f"{shown(name)} cannot be the schema of a store; use lower-case letters, digits and _, at most 41 signs",
            code="schema",
            schema=shown(name),
        )
    return name


_READING = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE", "ROLLBACK")

PATIENCE = 10_000
"""How long is waited for the end of a transaction whose connection was lost, in milliseconds."""


@frozen
class Proof:
    """
    What tells whether a transaction was kept: a row that nobody else can have written.

    ``here`` is a ticket whose row in ``wake`` the transaction has locked or made, so that whoever asks waits until it
    has ended. ``sql`` then gives a row where it was kept.
    """

    here: tuple[Any, ...]
    sql: str
    values: tuple[Any, ...]


@define(eq=False)
class Session:
    """One transaction of one thread."""

    connection: Connection
    depth: int = 0
    written: set[tuple[str, str]] = field(factory=set)
    """Tickets this transaction has written: what others may not believe yet."""
    on_kept: list[Callable[[], None]] = field(factory=list)
    number: int = 0
    releases: int = 0
    told: bool = False
    wrote: bool = False
    proof: Proof | None = None
    """How to find out whether this transaction was kept, should the answer to its commit be lost."""


class Database:
    """A pool of connections to one schema; each thread is in at most one transaction at a time."""

    def __init__(self, url: object, schema: object, engine: Engine | None, *, tells: bool = True) -> None:
        sqlalchemy, _ = imported()
        self.schema = _schema(schema)
        self.channel = f"servflow_{self.schema}"
        self.tells = tells
        self._own = engine is None
        if engine is None:
            self.engine: Engine = sqlalchemy.create_engine(
                _url(url),
                isolation_level="READ COMMITTED",
                max_overflow=30,
                # Read as text whatever the database is encoded in, so that a wrong encoding can be told.
                connect_args={"client_encoding": "utf8"},
            )
        else:
            _url(engine.url)
            self.engine = engine.execution_options(isolation_level="READ COMMITTED")
        self.where = self.engine.url.render_as_string(hide_password=True)
        self._local = threading.local()
        self._texts: dict[str, str] = {}
        self._live: set[Session] = set()
        self.closed = False
        self._ear: Any = None
        self._hearing = threading.Lock()
        try:
            self.do(self._prepare)
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        encoding = self.rows("SHOW server_encoding")[0][0]
        if encoding != "UTF8":
            raise StoreError(
                f"the database {self.where} is encoded in {encoding}; create one with ENCODING 'UTF8' TEMPLATE template0",
                code="encoding",
                encoding=encoding,
            )
        prepare(self.rows, self.schema, f'"{self.schema}"', self.where)
        # Releases are numbered by the server's transactions. Tables restored on another server may be ahead of it.
        ahead = self.rows(
            "SELECT 1 FROM ~holding WHERE released > 0"
            " AND released >> 20 > pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT 1"
        )
        if ahead:
            self.rows("UPDATE ~holding SET released = 1 WHERE released > 0 RETURNING 1")
            self.rows("UPDATE ~wake SET woken = 1 WHERE woken > 0 RETURNING 1")

    # -- statements

    @property
    def session(self) -> Session | None:
        """The transaction this thread is in."""
        found: Session | None = getattr(self._local, "session", None)
        return found

    def text(self, sql: str) -> str:
        """A statement with the schema put in."""
        text = self._texts.get(sql)
        if text is None:
            text = self._texts[sql] = sql.replace("~", f'"{self.schema}".')
        return text

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """
        Run one statement in this thread's transaction, or in one of its own; its rows, none where it gives none.

        Raises:
            StoreError: the database failed.
            InputError: a value cannot be written.
        """
        session = self.session
        if session is None:
            return self.do(lambda: self.rows(sql, values))
        session.wrote = session.wrote or not sql.lstrip().startswith(_READING)
        try:
            result = session.connection.exec_driver_sql(self.text(sql), tuple(values))
            return result.fetchall() if result.returns_rows else []  # type: ignore[return-value]  # rows are tuples
        except Exception as error:
            raise self.failure(error) from error

    # -- transactions

    def do(self, work: Callable[[], T], *, repeatable: bool = False) -> T:
        """
        Do work in a transaction of its own, again where it lost against others; inside a batch under a savepoint.

        Args:
            work: what to do.
            repeatable: doing it twice is the same as once, so it is done again where nobody knows whether it was kept.

        Raises:
            StoreError: the database failed; nothing was kept, unless the code is ``unknown``.
        """
        if self.session is not None:
            with self.transaction():
                return work()
        for left in reversed(range(TRIES)):
            try:
                with self.transaction():
                    return work()
            except StoreError as error:
                again = error.code in ("contended", "lost") or (repeatable and error.code == "unknown")
                if not again or not left or self.closed:
                    raise
        raise AssertionError  # the last try returns or raises

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        One transaction of this thread, or a savepoint inside the one that is open; an exception undoes it.

        Raises:
            StoreError: the database failed; nothing of the block was kept, unless the code is ``unknown``.
        """
        session = self.session
        if session is not None:
            with self._savepoint(session):
                yield
            return
        session = self._begin()
        self._local.session = session
        self._live.add(session)
        try:
            yield
            self._commit(session)
        except BaseException:
            with suppress(Exception):  # the first failure is the one to report; the server undoes what is not committed
                session.connection.rollback()
            raise
        finally:
            self._local.session = None
            self._live.discard(session)
            with suppress(Exception):  # a connection that is gone needs no closing
                if self.closed:  # the pool is gone, so it is not given back
                    session.connection.invalidate()
                session.connection.close()
        for kept in session.on_kept:
            kept()

    def _begin(self) -> Session:
        if self.closed:
            raise StoreError(f"the store {self.where} is closed; open another one", code="closed")
        try:
            return Session(self.engine.connect())
        except Exception as error:
            raise self.failure(error) from error

    def _commit(self, session: Session) -> None:
        if self.closed:
            raise StoreError(f"the store {self.where} was closed in the middle of a transaction", code="closed")
        try:
            session.connection.commit()
        except Exception as error:
            told = self.failure(error)
            if not isinstance(told, StoreError) or told.code != "lost":
                raise told from error
            kept = self._was_kept(session)
            if kept is None:
                raise StoreError(
                    f"the connection to {self.where} was lost while a transaction was being kept, so it may have been kept"
                    " or not; do the same again with the same keys, which make it once",
                    code="unknown",
                ) from error
            if not kept:
                raise told from error

    def _was_kept(self, session: Session) -> bool | None:
        """Whether a transaction was kept whose end nobody was told; None where that cannot be found out."""
        proof = session.proof
        if not session.wrote:
            return False
        if proof is None:
            return None
        for _ in range(TRIES):
            try:
                with self.engine.connect() as connection:
                    run = connection.exec_driver_sql
                    run(f"SET LOCAL lock_timeout = {PATIENCE}")
                    # It may still run, without anybody listening: its rows are free only once it has ended.
                    row = self.text("INSERT INTO ~wake (tenant, entity, ticket) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING")
                    run(row, proof.here)
                    lock = "SELECT 1 FROM ~wake WHERE tenant = %s AND entity = %s AND ticket = %s FOR UPDATE"
                    run(self.text(lock), proof.here)
                    found = run(self.text(proof.sql), proof.values).fetchall()
                    connection.rollback()
                    return bool(found)
            except Exception as error:
                told = self.failure(error)
                if not isinstance(told, StoreError) or told.code not in ("contended", "lost"):
                    return None
        return None

    def transaction_number(self) -> int:
        """The number of the transaction that this thread is in."""
        session = self.session
        assert session is not None  # only what runs inside a transaction asks
        if not session.number:
            session.number = int(self.rows("SELECT pg_current_xact_id()::text::bigint")[0][0])
        return session.number

    @contextmanager
    def _savepoint(self, session: Session) -> Iterator[None]:
        name = f"servflow_{session.depth}"
        session.depth += 1
        try:
            self.rows(f"SAVEPOINT {name}")
        except BaseException:
            session.depth -= 1
            raise
        kept, told = len(session.on_kept), session.told
        try:
            yield
            self.rows(f"RELEASE SAVEPOINT {name}")
        except BaseException:
            del session.on_kept[kept:]
            session.told = told  # what was told in the block is undone with it
            with suppress(Exception):  # where the connection is gone the whole transaction is undone
                session.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
                session.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
            raise
        finally:
            session.depth -= 1

    # -- telling and being told

    def tell(self) -> None:
        """Tell who listens, once the transaction that is open is kept; once for each is enough."""
        session = self.session
        if not self.tells:
            return
        if session is None:
            self.do(self.tell)
        elif not session.told:
            self.rows("SELECT pg_notify(%s, '')", (self.channel,))
            session.told = True

    def listen(self, seconds: float) -> bool:
        """Whether something was told on this store's channel within that many seconds, or may have been before."""
        with self._hearing:
            if self.closed:
                raise StoreError(f"the store {self.where} is closed; open another one", code="closed")
            try:
                if self._ear is None:
                    raw = self.engine.raw_connection()
                    self._ear = raw.driver_connection
                    raw.detach()  # it never goes back into the pool, with all that it listens to
                    self._ear.autocommit = True
                    self._ear.execute(f'LISTEN "{self.channel}"')
                    return True
                return any(True for _ in self._ear.notifies(timeout=max(seconds, 0.0), stop_after=1))
            except Exception as error:
                ear, self._ear = self._ear, None
                if ear is not None:
                    ear.close()
                raise self.failure(error) from error

    def failure(self, error: Exception) -> Exception:
        """What a failure means for the host, with the next step."""
        if self.closed and not isinstance(error, ServflowError):
            return StoreError(f"the store {self.where} is closed; open another one", code="closed")
        return meaning(error, self.where)

    def close(self) -> None:
        """Let go of all connections; a transaction that is open is undone. Again is nothing."""
        if self.closed:
            return
        self.closed = True
        for session in tuple(self._live):
            with suppress(Exception):  # it may just have ended
                driver = session.connection.connection.driver_connection
                if session is self.session and driver is not None:
                    driver.close()
                else:
                    _cut(driver)
        if self._hearing.acquire(blocking=False):
            try:
                if self._ear is not None:
                    self._ear.close()
            finally:
                self._hearing.release()
        else:
            _cut(self._ear)
        if self._own:
            self.engine.dispose()


def _cut(driver: Any) -> None:
    """
    Have whatever another thread does on a connection fail, after which that thread closes it.

    To close it here would free what that thread is just using, and end the process.
    """
    with suppress(Exception):  # it may just have been closed
        line = socket.socket(fileno=os.dup(driver.fileno()))
        try:
            line.shutdown(socket.SHUT_RDWR)
        finally:
            line.close()
