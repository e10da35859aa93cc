"""Knows how a store's statements run inside a transaction that a host opened on its own connection; must not know any row."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from servflow.errors import InputError, StoreError, shown
from servflow.stores._connection import Connection, failure
from servflow.stores._hosts import beneath, only_savepoint, still


class _Inside:
    """A host's connection as ``Connection`` uses one: no statement runs once the host's transaction is over."""

    def __init__(self, host: sqlite3.Connection, path: str, given: object) -> None:
        self._host = host
        self._given = given
        self._path = path
        self._closed = False

    @property
    def in_transaction(self) -> bool:
        return self._host.in_transaction

    def _cursor(self, *, undoing: bool = False) -> sqlite3.Cursor:
        if self._closed:
            raise StoreError("this handle is closed; ask the store for another one", code="closed", path=self._path)
        # What a pool gave to somebody else meanwhile is in a transaction too, in theirs.
        if not ((undoing or still(self._given, self._host)) and self._host.in_transaction):
            raise StoreError(
                f"the transaction in which {self._path} was joined is over; begin one and ask the store for another handle",
                code="no_transaction",
                path=self._path,
            )
        cursor = sqlite3.Cursor(self._host)
        cursor.row_factory = None  # whatever the host makes of its rows
        return cursor

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._cursor(undoing=sql.startswith("ROLLBACK TO")).execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> sqlite3.Cursor:
        return self._cursor().executemany(sql, rows)

    def close(self) -> None:
        """The connection is the host's: only this use of it ends."""
        self._closed = True


def _main(rows: list[Any]) -> str:
    """The file of a connection by what ``PRAGMA database_list`` said; empty where there is none."""
    return next((row[2] or "" for row in rows if row[1] == "main"), "")


def _checked(host: object, own: Connection, given: object) -> sqlite3.Connection:
    path = own.path
    if not isinstance(host, sqlite3.Connection):
        raise InputError(
            f"a SqliteStore joins a transaction of a Session or Connection of SQLAlchemy, of django.db.connection or of a"
            f" sqlite3.Connection, to SQLite and open, not of {shown(given)}",
            code="connection",
            value=shown(given),
        )
    if host.text_factory is not str:
        raise InputError(
            "the connection reads text as something else than str; join with one whose text_factory is str", code="connection"
        )
    try:
        cursor = sqlite3.Cursor(host)
        cursor.row_factory = None
        other = _main(cursor.execute("PRAGMA database_list").fetchall())
    except sqlite3.ProgrammingError as error:
        raise InputError(f"the connection is closed, or of another thread: {error}", code="connection") from error
    except sqlite3.Error as error:
        raise failure(error, path) from error
    mine = _main(own.rows("PRAGMA database_list"))
    with suppress(OSError):
        if mine and other and Path(mine).samefile(other):
            return host
    raise InputError(
        f"the connection is to {other or 'memory'}, the store is {mine or 'in memory'}; both must be one file, since only one"
        " file commits at once: open the store first, then keep the host's tables in its file",
        code="other_file",
        path=path,
        other=other,
    )


def _ready(given: object, own: Connection) -> sqlite3.Connection:
    """The host's connection, in a transaction; one that only its framework has begun so far is begun here, ready to write."""
    found, begun = beneath(given)
    host = _checked(found, own, given)
    if not host.in_transaction and not begun:
        raise StoreError(
            f"no transaction is open on the connection to {own.path}; begin one first: with BEGIN IMMEDIATE, of SQLAlchemy with"
            " engine.begin() or session.begin(), of Django with transaction.atomic()",
            code="no_transaction",
            path=own.path,
        )
    if only_savepoint(given):
        raise StoreError(
            f"SQLite may know of a savepoint on {own.path} and of no transaction around it, whose end would then keep what is"
            " done in it; ask for in_transaction once before session.begin_nested()",
            code="no_transaction",
            path=own.path,
        )
    if not host.in_transaction:
        try:
            host.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise failure(error, own.path) from error
    return host


class JoinedConnection(Connection):
    """What ``Connection`` does, by savepoints inside the transaction of a host; nothing here ever ends that."""

    def __init__(self, host: object, own: Connection) -> None:
        self.path, self.prefix = own.path, own.prefix
        self.lock = threading.RLock()
        self.on_rollback = []
        self._depth = 1  # the host's transaction is the outer one
        self._own = own
        inside: Any = _Inside(_ready(host, own), own.path, host)
        self._sqlite = inside

    def scrub(self) -> None:
        """As ``Connection.scrub``; what is done once it is kept is done after the next transaction of the store itself."""
        self._sqlite.execute("PRAGMA secure_delete = ON")
        self._own.scrub()

    def compact(self) -> None:
        """
        Refused: only outside of every transaction can a file be written anew.

        Raises:
            StoreError: always.
        """
        raise StoreError(f"{self.path} cannot be compacted inside a transaction; do it by the store itself", code="batch")
