"""Knows how PostgreSQL is connected to, written in transactions and what its failures mean; must not know any row."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from servflow.errors import InputError, ServflowError, StoreError, shown
from servflow.stores._sql_schema import prepare

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

T = TypeVar("T")

TRIES = 8
"""How often work that lost against other transactions, or its connection before it was to be kept, is done again."""

_REMEDIES = {
    "53100": ("full", "the disk of the server is full; make room and try again"),
    "53200": ("full", "the server is out of memory; try again, or give it more"),
    "53300": ("too_many", "the server takes no more connections; raise max_connections or run fewer workers"),
    "25006": ("read_only", "the server is read-only (a standby?); connect to the primary"),
    "42501": ("permission", "grant the user USAGE and CREATE on the schema and all rights on its tables"),
    "28": ("cannot_open", "check the user and the password"),
    "3D": ("cannot_open", "create the database first"),
    "3F": ("cannot_open", "create the schema first, or grant CREATE on the database"),
    "55P03": ("locked", "another transaction holds the rows for long; keep transactions short"),
    "57014": ("locked", "the server gave up the statement (statement_timeout?); try again"),
    "42P01": ("damaged", "a table is missing; restore a backup"),
    "XX": ("damaged", "the server found damage; restore a backup"),
}
_CONTENDED = ("40001", "40P01")
_TEXT = ("22021", "22P05")


def _imported() -> tuple[Any, Any]:
    try:
        import psycopg
        import sqlalchemy
    except ModuleNotFoundError as error:
        raise StoreError(
            f"a store on PostgreSQL needs {error.name}; install it with: pip install 'servflow[sql]'", code="extra_missing"
        ) from error
    return sqlalchemy, psycopg


def _url(value: object) -> URL:
    sqlalchemy, _ = _imported()
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


class Database:
    """A pool of connections to one schema; each thread is in at most one transaction at a time."""

    def __init__(self, url: object, schema: object, engine: Engine | None) -> None:
        sqlalchemy, driver = _imported()
        self.schema = _schema(schema)
        self.channel = f"servflow_{self.schema}"
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
        self._errors: Any = sqlalchemy.exc
        self._driver: Any = driver
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
        try:
            result = session.connection.exec_driver_sql(self.text(sql), tuple(values))
            return result.fetchall() if result.returns_rows else []  # type: ignore[return-value]  # rows are tuples
        except Exception as error:
            raise self.failure(error) from error

    # -- transactions

    def do(self, work: Callable[[], T]) -> T:
        """
        Do work in a transaction of its own, again where it lost against others; inside a batch under a savepoint.

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
                if error.code not in ("contended", "lost") or not left or self.closed:
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
            if isinstance(told, StoreError) and told.code == "lost":
                raise StoreError(
                    f"the connection to {self.where} was lost while a transaction was being kept, so it may have been kept"
                    " or not; do the same again with the same keys, which make it once",
                    code="unknown",
                ) from error
            raise told from error

    @contextmanager
    def _savepoint(self, session: Session) -> Iterator[None]:
        name = f"s{session.depth}"
        self.rows(f"SAVEPOINT {name}")
        session.depth += 1
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

    # -- failures

    def failure(self, error: Exception) -> Exception:
        """What a failure of the database means for the host, with the next step."""
        if isinstance(error, ServflowError):
            return error
        if isinstance(error, UnicodeEncodeError):
            return InputError(f"{error.object!r} is not valid text: {error.reason}", value=error.object)
        if isinstance(error, self._errors.TimeoutError):
            return StoreError(f"no connection to {self.where} is free: {error}; use fewer threads", code="too_many")
        cause = getattr(error, "orig", None) or error
        state = str(getattr(cause, "sqlstate", None) or "")
        said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        if self.closed:
            return StoreError(f"the store {self.where} is closed; open another one", code="closed")
        if state in _TEXT or (isinstance(cause, self._driver.DataError) and not state):
            return InputError(f"PostgreSQL cannot hold this: {said}", code="value")
        if state.startswith("22") or isinstance(error, (OverflowError, ValueError)):
            return InputError(f"a value cannot be written or looked for: {said}", code="value")
        if state in _CONTENDED:
            return StoreError(
                f"the store {self.where} gave up this transaction for the sake of another: {said}; do it again",
                code="contended",
            )
        for known, (code, remedy) in _REMEDIES.items():
            if state.startswith(known):
                return StoreError(f"the store {self.where} cannot be used: {said}; {remedy}", code=code)
        if (
            getattr(error, "connection_invalidated", False)
            or state[:2] in ("08", "57")
            or (not state and isinstance(cause, self._driver.OperationalError))
        ):
            return StoreError(
                f"the connection to {self.where} is lost or cannot be made: {said}; nothing was half-written;"
                " see that the server runs and try again",
                code="lost",
            )
        return StoreError(f"the store {self.where} failed: {said}; nothing was half-written", code="failed")

    def close(self) -> None:
        """Let go of all connections; a transaction that is open is undone. Again is nothing."""
        if self.closed:
            return
        self.closed = True
        for session in tuple(self._live):
            with suppress(Exception):  # it may just have ended
                driver = session.connection.connection.driver_connection
                if driver is not None:
                    driver.close()
        if self._ear is not None:
            with suppress(Exception):  # as above
                self._ear.close()
        if self._own:
            self.engine.dispose()
