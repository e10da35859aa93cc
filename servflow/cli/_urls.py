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


def apart(target: Path, source: str | Path) -> None:
    """
    See that what is written is not what it is made from.

    Raises:
        InputError: both are the same file, which would be lost.
    """
    read = Path(source) if "://" not in str(source) else None if str(source).startswith(SERVERS) else path_of(str(source))
    if read is not None and target.exists() and read.exists() and target.samefile(read):
        raise InputError(
            f"{str(target)!r} is what is read, and would be lost; write to another file", code="same_file", path=str(target)
        )


__all__ = ["SERVERS", "apart", "path_of"]
