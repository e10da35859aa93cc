"""Knows that a store on PostgreSQL keeps the contract; must not know what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from servflow.stores import SqlStore, Store
from servflow.testing import StoreContract
from tests.postgres import fresh_database


@contextmanager
def sql_faults(store: SqlStore, after: int) -> Iterator[None]:
    """While it is open the disk is full once, before statement number *after*, counted with the commit."""
    from psycopg.errors import DiskFull
    from sqlalchemy import event

    left = after

    def fail(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            raise DiskFull("no space left on device")

    engine = store._db.engine
    event.listen(engine, "before_cursor_execute", fail)
    event.listen(engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fail)
        event.remove(engine, "commit", fail)


class TestSqlStore(StoreContract):
    """The store on PostgreSQL keeps the contract."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres: str) -> None:
        self.url = fresh_database(postgres)

    def make(self) -> Store:
        return SqlStore(self.url)

    def reopen(self, store: Store) -> Store:
        store.close()
        return SqlStore(self.url)

    def handles(self) -> tuple[Store, Store]:
        return SqlStore(self.url), SqlStore(self.url)

    def die(self, store: Store) -> None:
        assert isinstance(store, SqlStore)
        import psycopg

        pids = [session.connection.connection.driver_connection.info.backend_pid for session in store._db._live]  # type: ignore[union-attr]  # it is one of psycopg
        store.close()
        # The server sees that nobody is there any more when it comes to it; what was locked is free from then on.
        with psycopg.connect(self.url, autocommit=True) as other:
            for _ in range(100_000):
                if not other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)", (pids,)).fetchall():
                    break

    def faults(self, store: Store, after: int) -> AbstractContextManager[None]:
        assert isinstance(store, SqlStore)
        return sql_faults(store, after)


class TestSqlTenantHandle(StoreContract):
    """A handle for one tenant, in a schema of another name, is a store like any other."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres: str) -> None:
        self.url = fresh_database(postgres)

    def make(self) -> Store:
        return SqlStore(self.url, schema="north").for_tenant("north")


class TestInsideAHostsTransaction(StoreContract):
    """A handle in an open transaction of the host's own connection is a store like any other, until that ends."""

    @pytest.fixture(autouse=True)
    def _host(self, postgres: str) -> Iterator[None]:
        import psycopg

        url = fresh_database(postgres)
        with SqlStore(url) as self.store, psycopg.connect(url) as self.host:
            yield
            self.host.rollback()

    def make(self) -> Store:
        return self.store.in_transaction(self.host)
