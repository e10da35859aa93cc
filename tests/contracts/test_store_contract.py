"""Knows which stores of servflow must keep the contract; must not know what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from servflow.stores import MemoryStore, SqliteStore, Store
from servflow.testing import StoreContract


class TestMemoryStore(StoreContract):
    """The store in memory keeps the contract."""

    def make(self) -> Store:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    """The store in a file keeps the contract."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.path = tmp_path / "tickets.db"

    def make(self) -> Store:
        return SqliteStore(self.path)

    def reopen(self, store: Store) -> Store:
        store.close()
        return SqliteStore(self.path)


class TestSqliteInMemory(StoreContract):
    """The same store without a file keeps the contract."""

    def make(self) -> Store:
        return SqliteStore(":memory:")


class TestTenantHandle(StoreContract):
    """A handle for one tenant is a store like any other."""

    def make(self) -> Store:
        return SqliteStore(":memory:").for_tenant("north")
