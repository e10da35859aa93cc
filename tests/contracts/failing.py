"""Knows how to make a SQLite store fail at a chosen statement; must not know what is asked of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from servflow.stores import SqliteStore


class FailingConnection:
    """
    A connection that fails once, before its statement number *after*; rows written many at a time count one by one.

    What keeps nothing is not counted: a store may go on where its file could not be swept after a commit.
    """

    def __init__(self, real: Any, after: int) -> None:
        self._real, self._left = real, after

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        if sql.startswith(("PRAGMA", "VACUUM")):
            return self._real.execute(sql, values)
        self._left -= 1
        if self._left == -1:
            raise sqlite3.OperationalError(f"the disk failed before {sql[:40]}")
        return self._real.execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        for values in rows:
            self.execute(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def sqlite_faults(store: SqliteStore, after: int) -> Iterator[None]:
    """While it is open the store's connection fails as ``FailingConnection`` says."""
    real = store._db._sqlite
    store._db._sqlite = FailingConnection(real, after)  # type: ignore[assignment]  # stands in for a connection
    try:
        yield
    finally:
        store._db._sqlite = real
