"""Knows where what released versions wrote is kept, and how it becomes a file again; must not know what it must read as."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from servflow.stores._sqlite_schema import APPLICATION

FORMATS = Path(__file__).parent / "fixtures" / "formats"

TABLES = Path(__file__).parent / "fixtures" / "tables"
"""Files of formats that no release wrote, each in a folder named after the format."""


def old_store(version: str, path: Path, format: int = 1) -> Path:  # noqa: A002 - what the number is called
    """The SQLite file that a released version left, as the tables it had and their rows."""
    return _made(FORMATS / version / "store.sql", path, format)


def old_tables(format: int, path: Path) -> Path:  # noqa: A002 - what the number is called
    """The SQLite file of a format that no release wrote."""
    return _made(TABLES / str(format) / "store.sql", path, format)


def _made(script: Path, path: Path, number: int) -> Path:
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.executescript(script.read_text(encoding="utf-8"))
    raw.execute(f"PRAGMA application_id = {APPLICATION}")
    raw.execute(f"PRAGMA user_version = {number}")
    raw.close()
    return path
