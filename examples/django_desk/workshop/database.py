"""Knows how one name of a database is said to Django and to servflow, so that both mean the same; must not know any table."""

from __future__ import annotations

from typing import Any

from servflow.stores import SqliteStore, SqlStore, Store

POSTGRES = ("postgresql://", "postgres://")


def database(name: str) -> dict[str, Any]:
    """What Django is told of the database: a file of SQLite, or the address of a PostgreSQL."""
    if not name.startswith(POSTGRES):
        # A transaction that begins by reading could not write once another one wrote meanwhile: it begins by writing.
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    from psycopg.conninfo import conninfo_to_dict

    said = conninfo_to_dict(name)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in said.items() if key not in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{theirs: str(said[ours]) for ours, theirs in known.items() if ours in said},
        "OPTIONS": options,
    }


def store(told: dict[str, Any]) -> Store:
    """The store in the very database that Django was told of."""
    if told["ENGINE"].endswith("sqlite3"):
        return SqliteStore(told["NAME"], shared=True)
    from sqlalchemy import URL

    said = {"host": told.get("HOST"), "port": told.get("PORT"), **told.get("OPTIONS", {})}
    return SqlStore(
        URL.create(
            "postgresql",
            username=told.get("USER") or None,
            password=told.get("PASSWORD") or None,
            database=told["NAME"],
            query={name: str(value) for name, value in said.items() if value},  # as a query, a host may be a socket too
        ).render_as_string(hide_password=False)
    )
