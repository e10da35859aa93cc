"""Knows what the name of a database stands for, a file or a server; must not open any."""

from __future__ import annotations

from pathlib import Path

from servflow.errors import InputError

SCHEME = "sqlite:///"
SERVERS = ("postgresql://", "postgresql+psycopg://", "postgres://")


def path_of(url: str) -> Path:
    """
    The file a URL or path names.

    Raises:
        InputError: it is a URL of a store this version does not have.
    """
    if url.startswith(SCHEME):
        return Path(url.removeprefix(SCHEME))
    if "://" in url:
        raise InputError(
            f"there is no store for {url.partition('://')[0]}:// here; give the path of a SQLite file, sqlite:///PATH, or"
            " postgresql://user:password@host:5432/database",
            code="no_store",
            scheme=url.partition("://")[0],
            url=url,
        )
    return Path(url)


__all__ = ["SERVERS", "path_of"]
