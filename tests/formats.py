"""Knows where what released versions wrote is kept, and how it becomes a file again; must not know what it must read as."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from servflow.stores._sqlite_schema import APPLICATION

FORMATS = Path(__file__).parent / "fixtures" / "formats"


def old_store(version: str, path: Path, format: int = 1) -> Path:  # noqa: A002 - what the number is called
    """The SQLite file that a released version left, as the tables it had and their rows."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.executescript((FORMATS / version / "store.sql").read_text(encoding="utf-8"))
    raw.execute(f"PRAGMA application_id = {APPLICATION}")
    raw.execute(f"PRAGMA user_version = {format}")
    raw.close()
    return path
