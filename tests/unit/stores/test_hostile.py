"""Knows that damaged files and strange arguments are told as errors of servflow; must not know how rows are laid out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from servflow.errors import InputError, ServflowError, StoreError, shown
from servflow.stores import SqliteStore


@pytest.mark.parametrize("path", [None, 5, b"x", [], "", "a\0b", "\ud800"], ids=shown)
def test_a_path_is_text_that_can_name_a_file(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no path is an InputError and makes no file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        SqliteStore(path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("body", ["zz", "{", "[" * 100_000, b"\x00\xff"], ids=["word", "open", "deep", "bytes"])
def test_a_damaged_definition_is_told(body: str | bytes, tmp_path: Path) -> None:
    """A definition that is not JSON is a StoreError."""
    path = tmp_path / "store.db"
    with closing(SqliteStore(path)) as store:
        store.define("h", "w", 1, {"a": 1})
        with closing(sqlite3.connect(path)) as direct, direct:
            direct.execute("UPDATE definition SET body = ?", (body,))
        with pytest.raises(StoreError):
            store.definition("h")


def test_text_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    """Bytes flipped within a text column are a StoreError."""
    path = tmp_path / "store.db"
    with closing(SqliteStore(path)) as store:
        store.define("h", "w", 1, {"a": 1})
        with closing(sqlite3.connect(path)) as direct, direct:
            direct.execute("UPDATE definition SET body = CAST(x'ff' AS TEXT)")
        with pytest.raises(StoreError):
            store.definition("h")


def test_a_number_no_database_holds_is_told(tmp_path: Path) -> None:
    """A ticket's id of thousands of digits is an error of servflow."""
    with closing(SqliteStore(tmp_path / "store.db")) as store, pytest.raises(ServflowError):
        store.history(10**5_000)  # type: ignore[arg-type]  # what a careless caller passes
