"""Knows what `servflow doctor` tries on a machine and in a database, and what to do where it fails; must not know commands."""

from __future__ import annotations

import codecs
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from servflow.cli._doctor import BASE, EXTRAS, installed, parts
from servflow.cli._urls import SERVERS, path_of
from servflow.errors import InputError

OLDEST_SQLITE = (3, 24)
"""The first SQLite with all that the store asks of it."""

OLD_ZONES = 2
"""Years after which the zones a package brings are told to be old: some country has changed its clocks by then."""

PATIENCE = timedelta(seconds=5)
"""How long a server may take to answer."""


@frozen
class Check:
    """
    One thing that was tried.

    ``status`` is ``ok``, ``warn`` (it works, and will not for long or not everywhere) or ``fail``. ``name`` and ``told`` are
    keys of ``_words.py`` after ``doctor.``, filled in with ``facts``; what to do next is ``told`` with ``.next`` behind it.
    """

    name: str
    status: str
    told: str
    facts: dict[str, Any]


def _ok(name: str, told: str, **facts: Any) -> Check:
    return Check(name, "ok", told, facts)


def checks(database: str | None = None) -> Iterator[Check]:
    """
    Everything that is tried, in order.

    Args:
        database: a file or URL to look into as well; nothing in it is changed, and none is made.
    """
    yield _packages()
    yield from _sqlite()
    yield from _zones()
    yield _terminal()
    if database is not None:
        yield from (_server(database) if database.startswith(SERVERS) else _file(database))


def _packages() -> Check:
    missing = [part.name for part in parts() if part.version is None and not part.extra]
    if missing:
        return Check("packages", "fail", "packages.missing", {"names": ", ".join(missing)})
    for name in BASE:  # installed need not mean whole: one that was built for another Python cannot be imported
        try:
            import_module(name)
        except ImportError as error:
            return Check("packages", "fail", "packages.broken", {"name": name, "why": str(error)})
    lacking = [extra for extra, names in EXTRAS.items() if any(installed(name) is None for name in names)]
    return _ok("packages", "packages.some" if lacking else "packages.all", names=", ".join(lacking))


def _sqlite() -> Iterator[Check]:
    version = sqlite3.sqlite_version
    old = sqlite3.sqlite_version_info < OLDEST_SQLITE
    oldest = ".".join(map(str, OLDEST_SQLITE))
    yield (
        Check("sqlite", "fail", "sqlite.old", {"version": version, "oldest": oldest})
        if old
        else _ok("sqlite", "sqlite.fine", version=version)
    )
    try:
        with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "try.db")) as tried:
            mode = tried.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except (OSError, sqlite3.Error) as error:
        yield Check("wal", "warn", "wal.untried", {"why": str(error)})
    else:
        yield _ok("wal", "wal.fine") if mode == "wal" else Check("wal", "fail", "wal.none", {"mode": mode})
    try:
        with closing(sqlite3.connect(":memory:")) as tried:
            tried.execute("SELECT json_extract('[1]', '$[0]')").fetchone()
    except sqlite3.Error as error:
        yield Check("json", "warn", "json.none", {"why": str(error)})
    else:
        yield _ok("json", "json.fine")


def _zones() -> Iterator[Check]:
    try:
        here = datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
        works = here.utcoffset() == timedelta(hours=2)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        works = False
    yield _ok("zoneinfo", "zoneinfo.fine") if works else Check("zoneinfo", "fail", "zoneinfo.none", {})
    yield zones_of(_release(), datetime.now(UTC).year)


def _release() -> str | None:
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except ImportError:
        return None


def zones_of(release: str | None, year: int) -> Check:
    """What is said of a release of the time zone database, such as ``2025b``, in a year."""
    if release is None:
        return Check("tzdata", "fail", "tzdata.none", {})
    made = int(release[:4]) if release[:4].isdecimal() else year
    if year - made >= OLD_ZONES:
        return Check("tzdata", "warn", "tzdata.old", {"release": release, "years": year - made})
    return _ok("tzdata", "tzdata.fine", release=release)


def _terminal() -> Check:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        named = codecs.lookup(encoding).name
        "工单 …".encode(named)
    except (LookupError, UnicodeEncodeError):
        return Check("terminal", "warn", "terminal.narrow", {"encoding": encoding})
    return _ok("terminal", "terminal.fine", encoding=named)


def _file(url: str) -> Iterator[Check]:
    """Of an SQLite file: whether it is servflow's, in which format, and whether it can be written; only looked at."""
    try:
        path = path_of(url)
        if not path.is_file():
            yield Check("database", "fail", "database.gone", {"path": str(path)})
            return
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            mark, written = (opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    except (InputError, OSError, ValueError, sqlite3.Error) as error:
        yield Check("database", "fail", "database.unread", {"path": url, "why": getattr(error, "message", None) or str(error)})
        return
    # Only here: the stores stand on packages that may be what is missing.
    from servflow.stores._sqlite_schema import APPLICATION, FORMAT

    facts = {"path": str(path), "format": written, "known": FORMAT}
    if mark != APPLICATION:
        yield Check("database", "fail", "database.foreign", facts)
        return
    yield _ok("database", "database.fine", **facts)
    if written > FORMAT:
        yield Check("format", "fail", "format.newer", facts)
    else:
        yield Check("format", "warn", "format.older", facts) if written < FORMAT else _ok("format", "format.fine", **facts)
    yield _writable(path)


def _writable(path: Path) -> Check:
    facts = {"path": str(path)}
    # The log beside a database is made in its folder; a superuser is told yes by both, and found out below.
    if not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        return Check("writable", "fail", "writable.not", facts)
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=1, isolation_level=None)
        ) as tried:
            tried.execute("BEGIN IMMEDIATE")
            tried.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return Check("writable", "warn", "writable.busy", facts)
        return Check("writable", "fail", "writable.not", facts)
    return _ok("writable", "writable.fine", **facts)


def _server(url: str) -> Iterator[Check]:
    """Of a PostgreSQL: whether it answers, and whether tables can be made; nothing is."""
    try:
        import psycopg
    except ImportError:
        yield Check("database", "fail", "server.driver", {})
        return
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(plain, connect_timeout=int(PATIENCE.total_seconds())) as opened:
            yield from _asked(opened.execute, opened.info.server_version)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]  # it names host and port
        secret = _password(plain)
        if secret:
            told = told.replace(secret, "***")
        yield Check("database", "fail", "server.gone", {"why": told})


def _password(url: str) -> str:
    """The password of a URL, for it is never told; everything behind the scheme where it cannot be found."""
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return url.partition("://")[2]


def _asked(execute: Callable[[str], Any], version: int) -> Iterator[Check]:
    yield _ok("database", "server.fine", version=version // 10_000)
    may = execute("SELECT has_schema_privilege(current_schema(), 'CREATE')").fetchone()
    read_only = execute("SHOW transaction_read_only").fetchone()
    writable = bool(may and may[0]) and read_only is not None and read_only[0] == "off"
    yield _ok("writable", "server.writable") if writable else Check("writable", "fail", "server.not", {})


__all__ = ["Check", "checks", "zones_of"]
