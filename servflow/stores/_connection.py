"""Knows how one SQLite file is opened, locked, written in transactions and what its failures mean; must not know any row."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from servflow.errors import FormatError, InputError, StoreError, shown
from servflow.stores._migrating import migrated

FORMAT = 2
"""Version of the tables; it grows with every change an older servflow could not read."""

APPLICATION = 0x73766677
"""What marks a file as servflow's own in its header ("svfw"), so that no foreign database is written to."""

_SCHEMA = """
CREATE TABLE ticket (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL,
  revision INTEGER NOT NULL, workflow TEXT NOT NULL, state TEXT NOT NULL, assignee TEXT,
  wake INTEGER, woken INTEGER NOT NULL DEFAULT 0, woken_at INTEGER, mail_at INTEGER,
  due INTEGER GENERATED ALWAYS AS (nullif(min(ifnull(wake, 9223372036854775807), ifnull(woken_at, 9223372036854775807),
    ifnull(mail_at, 9223372036854775807)), 9223372036854775807)) VIRTUAL,
  snapshot TEXT NOT NULL, chain TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant, entity, id));
CREATE INDEX ticket_due ON ticket (tenant, entity, due, id) WHERE due IS NOT NULL;
CREATE INDEX ticket_state ON ticket (tenant, entity, state, id);
CREATE INDEX ticket_assignee ON ticket (tenant, entity, assignee, id) WHERE assignee IS NOT NULL;
CREATE TABLE record (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
  salt TEXT NOT NULL, chain TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, sequence)) WITHOUT ROWID;
CREATE TABLE answered (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE TABLE effect (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL,
  ticket TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (tenant, entity, id));
CREATE INDEX effect_order ON effect (tenant, entity, number);
CREATE TABLE mail (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL,
  event TEXT NOT NULL, payload TEXT NOT NULL, key TEXT NOT NULL, actor TEXT, at INTEGER NOT NULL);
CREATE INDEX mail_order ON mail (tenant, entity, ticket, number);
CREATE TABLE posted (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE TABLE wait (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE INDEX wait_key ON wait (tenant, entity, key, ticket);
CREATE TABLE held (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, ticket TEXT NOT NULL, units INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, key, ticket)) WITHOUT ROWID;
CREATE TABLE total (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, units INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, entity, key)) WITHOUT ROWID;
CREATE TABLE owner (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, ticket TEXT NOT NULL, until INTEGER,
  PRIMARY KEY (tenant, entity, key)) WITHOUT ROWID;
CREATE TABLE counter (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, name)) WITHOUT ROWID;
CREATE TABLE release (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity)) WITHOUT ROWID;
CREATE TABLE definition (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, hash));
"""

_REMEDIES = {
    "SQLITE_BUSY": ("locked", "another process is writing; keep transactions short or give a longer busy_timeout"),
    "SQLITE_LOCKED": ("locked", "another connection of this process is writing; share one store instead"),
    "SQLITE_READONLY": ("read_only", "the file or its directory may not be written; check the permissions"),
    "SQLITE_PERM": ("read_only", "the file or its directory may not be written; check the permissions"),
    "SQLITE_CANTOPEN": ("cannot_open", "check that the directory exists and may be written, and that the path is a file"),
    "SQLITE_NOTADB": ("not_a_database", "the file holds something else; give another path"),
    "SQLITE_CORRUPT": ("damaged", "the file is damaged; restore a backup"),
    "SQLITE_FULL": ("full", "the disk is full; make room and try again"),
    "SQLITE_IOERR": ("failed", "the disk did not do what was asked; check it and try again"),
}


def failure(error: sqlite3.Error, path: str) -> StoreError:
    """What a failure of SQLite means for the host, with the next step."""
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreError(f"the store {path} is closed; open another one", code="closed", path=path)
    name = str(getattr(error, "sqlite_errorname", ""))
    for known, (code, remedy) in _REMEDIES.items():
        if name == known or name.startswith(f"{known}_"):
            return StoreError(f"the store {path} cannot be used: {error}; {remedy}", code=code, path=path)
    return StoreError(f"the store {path} failed: {error}; nothing was half-written", code="failed", path=path)


def _path(value: object) -> str:
    if not isinstance(value, (str, Path)):
        raise InputError(f"a store lives at a path, not at {shown(value)}", code="path", value=shown(value))
    text = str(value)
    if not text or "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InputError(f"{shown(text)} cannot be the path of a store", code="path", value=shown(text))
    return text


def damaged(path: str, what: str) -> StoreError:
    """The error for a row that no version of servflow wrote."""
    return StoreError(f"the store {path} holds {what}; the file is damaged; restore a backup", code="damaged", path=path)


def parsed(path: str, text: Any) -> Any:
    """
    The JSON of one column.

    Raises:
        StoreError: it is none.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(path, f"a row that is not JSON ({error})") from error


class Connection:
    """One SQLite file, shared by all handles and threads of a store: whoever uses it holds its lock."""

    def __init__(self, path: str | Path, busy_timeout: timedelta) -> None:
        self.path = _path(path)
        self.lock = threading.RLock()
        self.on_rollback: list[Callable[[], None]] = []
        self._depth = 0
        self._busy = busy_timeout.total_seconds()
        if self.path != ":memory:" and not Path(self.path).absolute().parent.is_dir():
            raise StoreError(
                f"the directory of {self.path} does not exist; create it first", code="directory_missing", path=self.path
            )
        try:
            # Transactions are begun and ended below, never by the driver; threads take turns by the lock.
            self._sqlite = sqlite3.connect(
                self.path, timeout=self._busy, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as error:
            raise failure(error, self.path) from error
        try:
            self._prepare()
        except BaseException as error:
            self._sqlite.close()
            if isinstance(error, sqlite3.Error):
                raise failure(error, self.path) from error
            raise

    def _pragma(self, name: str) -> int:
        return int(self._sqlite.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_new(self) -> bool:
        """
        Whether the file is still empty; reads only, so that nothing is touched that is not servflow's.

        Raises:
            FormatError: the file belongs to a newer servflow or to another program.
        """
        # The mark is read last: whoever makes the tables meanwhile commits them with it, and must not look foreign.
        used = self._sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] or self._pragma("user_version")
        application = self._pragma("application_id")
        if application == APPLICATION:
            written = self._pragma("user_version")
            if written > FORMAT:
                raise FormatError(
                    f"the store {self.path} has format {written}, this servflow reads up to {FORMAT}; upgrade servflow",
                    format=written,
                    known=FORMAT,
                    path=self.path,
                )
            return False
        if application or used:
            raise FormatError(
                f"{self.path} is the database of another program; give servflow a file of its own",
                code="foreign",
                path=self.path,
            )
        return True

    def _prepare(self) -> None:
        new = self._is_new()
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        self._sqlite.execute("PRAGMA synchronous = FULL")
        with self.transaction():  # begins by taking the write lock: a file that may not be written is found out here
            if new and self._is_new():  # asked again under the lock: another process may have been first
                for statement in _SCHEMA.split(";\n"):
                    self._sqlite.execute(statement)
                self._sqlite.execute(f"PRAGMA application_id = {APPLICATION}")
                self._sqlite.execute(f"PRAGMA user_version = {FORMAT}")
            elif (written := self._pragma("user_version")) < FORMAT:  # one that is up to date is not written to
                migrated(self._sqlite, written)
                self._sqlite.execute(f"PRAGMA user_version = {FORMAT}")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self.lock:
            try:
                return self._sqlite.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise failure(error, self.path) from error
            except UnicodeEncodeError as error:
                raise InputError(f"{error.object!r} is not valid text: {error.reason}", value=error.object) from error
            except UnicodeDecodeError as error:
                raise damaged(self.path, f"text that is not UTF-8: {error.reason}") from error
            except OverflowError as error:
                raise InputError(f"a number is too large to be looked for: {error}", code="number") from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The only row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one writing statement inside a transaction; how many rows it changed."""
        return self._sqlite.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one writing statement for many rows inside a transaction."""
        if rows:
            self._sqlite.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        One transaction, or a savepoint inside the one that is open; an exception undoes it.

        Raises:
            StoreError: the database failed; nothing of the block was kept.
        """
        with self.lock:
            outer = self._depth == 0
            name = f"s{self._depth}"
            try:
                self._sqlite.execute("BEGIN IMMEDIATE" if outer else f"SAVEPOINT {name}")
            except sqlite3.Error as error:
                raise failure(error, self.path) from error
            self._depth += 1
            try:
                yield
                if not self._sqlite.in_transaction:
                    raise StoreError(
                        f"the store {self.path} gave up the transaction after a failure; do it again", code="failed"
                    )
                self._sqlite.execute("COMMIT" if outer else f"RELEASE {name}")
            except BaseException as error:
                self._undo(outer, name)
                if isinstance(error, sqlite3.Error):
                    raise failure(error, self.path) from error
                raise
            finally:
                self._depth -= 1

    def _undo(self, outer: bool, name: str) -> None:
        for forget in self.on_rollback:
            forget()
        with suppress(sqlite3.Error):  # the first failure is the one to report; SQLite may have rolled back by itself
            if self._sqlite.in_transaction:
                if outer:
                    self._sqlite.execute("ROLLBACK")
                else:
                    self._sqlite.execute(f"ROLLBACK TO {name}")
                    self._sqlite.execute(f"RELEASE {name}")

    def close(self) -> None:
        """Close the file; again is nothing."""
        with self.lock:
            self._sqlite.close()
