"""Knows which stores of servflow must keep the contract; must not know what it says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from servflow.stores import MemoryStore, SqliteStore, Store
from servflow.testing import StoreContract
from tests.contracts.failing import sqlite_faults


class TestMemoryStore(StoreContract):
    """The store in memory keeps the contract."""

    def make(self) -> Store:
        return MemoryStore()

    def handles(self) -> tuple[Store, Store]:
        store = MemoryStore()
        return store, store.for_tenant("default")

    def die(self, store: Store) -> None:
        pytest.skip("what is in memory dies with all its handles")


class TestSqliteStore(StoreContract):
    """The store in a file keeps the contract."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.path = tmp_path / "tickets.db"

    def make(self) -> Store:
        return SqliteStore(self.path)

    def handles(self) -> tuple[Store, Store]:
        return SqliteStore(self.path), SqliteStore(self.path)

    def reopen(self, store: Store) -> Store:
        store.close()
        return SqliteStore(self.path)

    def faults(self, store: Store, after: int) -> AbstractContextManager[None]:
        assert isinstance(store, SqliteStore)
        return sqlite_faults(store, after)


class TestSqliteInMemory(StoreContract):
    """The same store without a file keeps the contract."""

    def make(self) -> Store:
        return SqliteStore(":memory:")


class TestTenantHandle(StoreContract):
    """A handle for one tenant is a store like any other."""

    def make(self) -> Store:
        return SqliteStore(":memory:").for_tenant("north")


class TestInsideHostTransaction(StoreContract):
    """A handle inside a transaction of the host is a store like any other, also where the host's tables are called as ours."""

    @pytest.fixture(autouse=True)
    def _host(self, tmp_path: Path) -> Iterator[None]:
        self.path = tmp_path / "tickets.db"
        self.host = sqlite3.connect(self.path, check_same_thread=False)
        theirs = ("ticket", "record", "effect", "owner", "wait")
        self.host.executescript("; ".join(f"CREATE TABLE {name} (x)" for name in theirs))
        self.store = SqliteStore(self.path, shared=True)
        yield
        self.host.close()
        self.store.close()

    def make(self) -> Store:
        self.host.execute("BEGIN IMMEDIATE")
        return self.store.in_transaction(self.host)
