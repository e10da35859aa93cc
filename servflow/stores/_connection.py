"""Knows how one SQLite file is opened, locked, written in transactions and what its failures mean; must not know any row."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from servflow.errors import FormatError, InputError, ServflowError, StoreError, shown
from servflow.model import FrozenMap, Ticket, from_micros, load, load_ticket
from servflow.stores._migrating import migrated
from servflow.stores._protocol import Message
from servflow.stores._sqlite_schema import APPLICATION, FORMAT, NAMES, SCHEMA, SHARED
from servflow.stores._writing import read_actor, read_payload, read_text

SMALL = 16 * 1024 * 1024
"""Up to how many bytes a file is written anew by itself when something in it was erased, which takes a tenth of a second."""

_REMEDIES = {
    "SQLITE_BUSY_SNAPSHOT": (
        "locked",
        "what this transaction has read was changed since; roll it back and do it again, and join it before you read",
    ),
    "SQLITE_BUSY": (
        "locked",
        (
            "another process is writing, or a transaction of yours in this one, for which there is desk.in_transaction; keep"
            " transactions short or give a longer busy_timeout"
        ),
    ),
    "SQLITE_LOCKED": ("locked", "another connection of this process is writing; share one store instead"),
    "SQLITE_READONLY": ("read_only", "the file or its directory may not be written; check the permissions"),
    "SQLITE_PERM": ("read_only", "the file or its directory may not be written; check the permissions"),
    "SQLITE_CANTOPEN": ("cannot_open", "check that the directory exists and may be written, and that the path is a file"),
    "SQLITE_NOTADB": ("not_a_database", "the file holds something else; give another path"),
    "SQLITE_CORRUPT": ("damaged", "the file is damaged; restore a backup"),
    "SQLITE_FULL": ("full", "the disk is full; make room and try again"),
    "SQLITE_IOERR": ("failed", "the disk did not do what was asked; check it and try again"),
}


def failure(error: sqlite3.Error, path: str) -> StoreError:
    """What a failure of SQLite means for the host, with the next step."""
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreError(f"the store {path} is closed; open another one", code="closed", path=path)
    name = str(getattr(error, "sqlite_errorname", ""))
    for known, (code, remedy) in _REMEDIES.items():
        if name == known or name.startswith(f"{known}_"):
            return StoreError(f"the store {path} cannot be used: {error}; {remedy}", code=code, path=path)
    return StoreError(f"the store {path} failed: {error}; nothing was half-written", code="failed", path=path)


UNUSABLE = (sqlite3.Error, UnicodeError, OverflowError)
"""What sqlite3 raises."""


def unusable(error: Exception, path: str) -> ServflowError:
    """What an error that sqlite3 raised means: for the storage, or of a value it was given."""
    if isinstance(error, sqlite3.Error):
        return failure(error, path)
    if isinstance(error, UnicodeEncodeError):
        return InputError(f"{error.object!r} is not valid text: {error.reason}", value=error.object)
    if isinstance(error, UnicodeDecodeError):
        return damaged(path, f"text that is not UTF-8: {error.reason}")
    return InputError(f"a number is too large for a store: {error}; give one of 64 bits", code="number")


def _path(value: object) -> str:
    if not isinstance(value, (str, Path)):
        raise InputError(f"a store lives at a path, not at {shown(value)}", code="path", value=shown(value))
    text = str(value)
    if not text or "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InputError(f"{shown(text)} cannot be the path of a store", code="path", value=shown(text))
    return text


def damaged(path: str, what: str, **facts: Any) -> StoreError:
    """The error for a row that no version of servflow wrote; *facts* say whose it is."""
    return StoreError(
        f"the store {path} holds {what}; the file is damaged; restore a backup", code="damaged", path=path, **facts
    )


def parsed(path: str, text: Any) -> Any:
    """
    The JSON of one column.

    Raises:
        StoreError: it is none.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(path, f"a row that is not JSON ({error})") from error


def read_value(path: str, what: str, text: Any, **facts: Any) -> Any:
    """
    The record or effect that a store keeps as *text*; *facts* say which it is.

    Raises:
        FormatError: a newer servflow wrote it.
        StoreError: it is damaged.
    """
    try:
        return load(read_text(text))
    except InputError as error:
        raise damaged(path, f"{what} that cannot be read ({error})", **facts) from error


def read_ticket(path: str, id_: str, text: Any) -> Ticket:
    """
    The ticket that a store keeps as *text*.

    Raises:
        FormatError: a newer servflow wrote it.
        StoreError: it is damaged.
    """
    try:
        return load_ticket(text)
    except InputError as error:
        raise StoreError(
            f"the store {path} holds a snapshot of ticket {id_!r} that cannot be read ({error}); the file is damaged; restore a"
            " backup, servflow verify tells whether its records are whole",
            code="damaged",
            path=path,
            ticket=id_,
        ) from error


def read_message(path: str, ticket: str, row: Sequence[Any]) -> Message:
    """
    The message of a ticket that a store keeps as *row*: its number, event, payload, key, actor and instant.

    Raises:
        StoreError: it is damaged; ``ticket`` says whose mail it is, so that others need not wait for it.
    """
    number, event, text, key, actor, at = row
    try:
        payload = read_payload(text)
        if not isinstance(payload, FrozenMap):
            raise InputError("its payload is no mapping")
        return Message(
            id=number, ticket=ticket, event=event, payload=payload, key=key, actor=read_actor(actor), at=from_micros(at)
        )
    except (InputError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(path, f"mail of ticket {ticket!r} that cannot be read ({error})", ticket=ticket, number=number) from error


class Connection:
    """One SQLite file, shared by all handles and threads of a store: whoever uses it holds its lock."""

    def __init__(self, path: str | Path, busy_timeout: timedelta, *, shared: bool = False) -> None:
        self.path = _path(path)
        self._shared = shared
        self.lock = threading.RLock()
        self.on_rollback: list[Callable[[], None]] = []
        self.prefix = ""
        self._depth = 0
        self._remains = False
        self._patience = 0.0
        self._busy = busy_timeout.total_seconds()
        if self.path != ":memory:" and not Path(self.path).absolute().parent.is_dir():
            raise StoreError(
                f"the directory of {self.path} does not exist; create it first", code="directory_missing", path=self.path
            )
        try:
            # Transactions are begun and ended below, never by the driver; threads take turns by the lock.
            self._sqlite = sqlite3.connect(
                self.path, timeout=self._busy, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as error:
            raise failure(error, self.path) from error
        try:
            self._prepare()
        except BaseException as error:
            self._sqlite.close()
            if isinstance(error, sqlite3.Error):
                raise failure(error, self.path) from error
            raise

    def _pragma(self, name: str) -> int:
        return int(self._sqlite.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_new(self) -> bool:
        """
        Whether the tables are still to be made; reads only, so that nothing is touched that is not servflow's.

        Raises:
            FormatError: the file belongs to a newer servflow or to another program, or the host has tables of these names.
        """
        # The mark is read last: whoever makes the tables meanwhile commits them with it, and must not look foreign.
        names = {name for (name,) in self._sqlite.execute("SELECT lower(name) FROM sqlite_master")}
        numbered = self._pragma("user_version")
        application = self._pragma("application_id")
        if application == APPLICATION:
            written = self._pragma("user_version")
            if written > FORMAT:
                raise FormatError(
                    f"the store {self.path} has format {written}, this servflow reads up to {FORMAT}; upgrade servflow",
                    format=written,
                    known=FORMAT,
                    path=self.path,
                )
            # Asked after the mark: a file that was shared from the first has names of its own, whoever opens it later.
            found = self._sqlite.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"{SHARED}ticket",)).fetchone()
            self.prefix = SHARED if found else ""
            return False
        self.prefix = SHARED if self._shared else ""
        taken = sorted(names & {self.prefix + name for name in NAMES}) if self._shared else sorted(names)
        if application or numbered or taken:
            raise FormatError(f"{self.path} {self._foreign(application or numbered, taken)}", code="foreign", path=self.path)
        return True

    def _foreign(self, marked: int, taken: list[str]) -> str:
        """Why the file cannot be used, and what can be done."""
        if not self._shared:
            return (
                "is the database of another program; give servflow a file of its own, or, if that program is yours,"
                " shared=True to have servflow's tables made beside its own"
            )
        if marked:
            return (
                "is marked as the database of another program (application_id or user_version is set), and has room for one"
                " mark only; give servflow a file of its own"
            )
        return f"has {', '.join(taken)}, as servflow's tables are called; rename them, or give servflow a file of its own"

    def _prepare(self) -> None:
        new = self._is_new()
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        self._sqlite.execute("PRAGMA synchronous = FULL")
        # What is overwritten or deleted is gone from its page: erasing could not find the copies that steps leave behind.
        self._sqlite.execute("PRAGMA secure_delete = ON")
        with self.transaction():  # begins by taking the write lock: a file that may not be written is found out here
            if new and self._is_new():  # asked again under the lock: another process may have been first
                for statement in SCHEMA:
                    self._sqlite.execute(statement.replace("~", self.prefix))
                self._sqlite.execute(f"PRAGMA application_id = {APPLICATION}")
                self._sqlite.execute(f"PRAGMA user_version = {FORMAT}")
            elif (written := self._pragma("user_version")) < FORMAT:  # one that is up to date is not written to
                migrated(self._sqlite, written)
                self._sqlite.execute(f"PRAGMA user_version = {FORMAT}")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self.lock:
            try:
                return self._sqlite.execute(sql.replace("~", self.prefix), values).fetchall()
            except UNUSABLE as error:
                raise unusable(error, self.path) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The only row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one writing statement inside a transaction; how many rows it changed."""
        return self._sqlite.execute(sql.replace("~", self.prefix), values).rowcount

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one writing statement for many rows inside a transaction."""
        if rows:
            self._sqlite.executemany(sql.replace("~", self.prefix), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        One transaction, or a savepoint inside the one that is open; an exception undoes it.

        Raises:
            StoreError: the database failed; nothing of the block was kept.
        """
        with self.lock:
            outer = self._depth == 0
            name = f"s{self._depth}"
            try:
                self._sqlite.execute("BEGIN IMMEDIATE" if outer else f"SAVEPOINT {name}")
            except sqlite3.Error as error:
                raise failure(error, self.path) from error
            self._depth += 1
            try:
                yield
                if not self._sqlite.in_transaction:
                    raise StoreError(
                        f"the store {self.path} gave up the transaction after a failure; do it again", code="failed"
                    )
                self._sqlite.execute("COMMIT" if outer else f"RELEASE {name}")
            except BaseException as error:
                self._undo(outer, name)
                if isinstance(error, UNUSABLE):
                    raise unusable(error, self.path) from error
                raise
            finally:
                self._depth -= 1
            if outer and self._remains:
                self._scrub()

    def _undo(self, outer: bool, name: str) -> None:
        for forget in self.on_rollback:
            forget()
        with suppress(sqlite3.Error):  # the first failure is the one to report; SQLite may have rolled back by itself
            if self._sqlite.in_transaction:
                if outer:
                    self._sqlite.execute("ROLLBACK")
                else:
                    self._sqlite.execute(f"ROLLBACK TO {name}")
                    self._sqlite.execute(f"RELEASE {name}")

    def scrub(self) -> None:
        """
        Leave nothing of what this transaction overwrites behind once it is kept: not in the file, nor in the log beside it.

        Where somebody is just reading or writing, that is done after a later transaction. A file of more than ``SMALL``
        bytes is not written anew for it: pages that were split long ago may still hold a copy, until ``compact``.
        """
        self._remains, self._patience = True, min(self._busy, 1.0)

    def _scrub(self) -> None:
        # What was to be kept is kept: nothing that goes wrong here may say otherwise.
        with suppress(sqlite3.Error):
            self._sqlite.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
            try:
                if self._pragma("page_count") * self._pragma("page_size") <= SMALL:
                    self._sqlite.execute("VACUUM")
                self._remains = not self._emptied()
            finally:
                self._patience = 0.0  # the first time is waited for, later ones come by themselves
                self._sqlite.execute(f"PRAGMA busy_timeout = {int(self._busy * 1000)}")

    def _emptied(self) -> bool:
        """Whether the log beside the file could be emptied."""
        return not self._sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def compact(self) -> None:
        """
        Write the whole file anew, without what was overwritten or deleted.

        Raises:
            StoreError: a transaction is open on this store, others are writing, or the disk is full; the file is as it was.
        """
        with self.lock:
            if self._depth:
                raise StoreError(f"the store {self.path} cannot be compacted in a batch; do it outside", code="batch")
            try:
                self._sqlite.execute("VACUUM")
                self._remains = not self._emptied()
            except sqlite3.Error as error:
                raise failure(error, self.path) from error

    def close(self) -> None:
        """Close the file; again is nothing."""
        with self.lock:
            self._sqlite.close()
