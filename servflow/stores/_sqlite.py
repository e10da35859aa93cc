"""Knows how tickets are kept in one SQLite file; must not know what happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from servflow.model import Actor, Effect, Record, Ticket, from_micros, instant, micros
from servflow.stores._chain import Head, Link
from servflow.stores._connection import Connection, parsed, read_message, read_ticket, read_value
from servflow.stores._joined import JoinedConnection
from servflow.stores._kept import COLUMNS, ENTITY, Cache, NoCache, Written
from servflow.stores._protocol import MAX_MESSAGES, Answer, Change, Claim, Message, Pending, Sort, Trouble
from servflow.stores._sqlite_commit import HERE, OF, THIS, Commit, known, released
from servflow.stores._sqlite_find import Asked
from servflow.stores._sqlite_tries import Tries
from servflow.stores._writing import written_actor, written_in_order, written_payload

_COLUMNS = ", ".join(COLUMNS)


class SqliteStore:
    """
    Tickets in one SQLite file: the embedded default, one machine, any number of threads and processes.

    Every change is on the disk before its answer returns (WAL, ``synchronous=FULL``); ``batch`` pays for
    that once. A snapshot and each record is one canonical JSON text.

    Args:
        path: the file, created where it is missing; ``":memory:"`` keeps everything in memory.
        tenant: whose rows this handle sees.
        busy_timeout: how long to wait for another process that is writing.
        shared: whether the host may have tables of its own in the file already. Then servflow's are made beside them,
            once, with names that begin with ``servflow_``, and the file gets servflow's mark (``application_id``,
            ``user_version``) and a log beside it (WAL).

    Raises:
        FormatError: the file was written by a newer servflow, or by another program, or the host has tables of the same names;
            it is not touched.
        StoreError: the file cannot be opened or written; says what to do.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        tenant: str = "default",
        busy_timeout: timedelta = timedelta(seconds=10),
        shared: bool = False,
    ) -> None:
        self.tenant = tenant
        self._db = Connection(path, busy_timeout, shared=shared)
        self._cache = Cache()
        # A revision that was rolled back may be written again with other content.
        self._db.on_rollback.append(self._cache.clear)

    def for_tenant(self, name: str) -> SqliteStore:
        """A handle on the same file that sees one tenant's rows only; closing one closes all."""
        handle = SqliteStore.__new__(SqliteStore)
        handle.tenant, handle._db, handle._cache = name, self._db, self._cache
        return handle

    def in_transaction(self, connection: Any) -> SqliteStore:
        """
        A handle whose operations run inside the transaction that is open on the host's own connection.

        What it keeps is committed, or undone, by the host's ``COMMIT`` or ``ROLLBACK``, together with the host's rows.
        The handle serves until then; until then no other connection can write, this store's own one included.
        Begin with ``BEGIN IMMEDIATE``: a transaction that only read so far may find that another one wrote meanwhile. A
        transaction that SQLAlchemy has begun and SQLite was not told of yet is begun so here.

        Args:
            connection: a ``Session`` or ``Connection`` of SQLAlchemy, ``django.db.connection``, or a ``sqlite3.Connection``,
                to the very file of this store, in which the host keeps its own tables beside; of any thread that may use it.

        Raises:
            InputError: it is no SQLite connection, or one to another file.
            StoreError: no transaction is open on it, or another one is writing for longer than the host's connection waits.
        """
        handle = SqliteStore.__new__(SqliteStore)
        handle.tenant, handle._db, handle._cache = self.tenant, JoinedConnection(connection, self._db), NoCache()
        return handle

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def batch(self) -> AbstractContextManager[None]:
        """One transaction, as ``Store.batch`` says; other processes cannot write until it ends."""
        return self._db.transaction()

    def compact(self) -> None:
        """
        Write the file anew, without what was overwritten or deleted; others cannot write meanwhile.

        What a change erases (``Change.erased``) leaves its page and the log beside the file at once, and files up to 16 MB are
        compacted then. In larger ones a page that was split earlier may hold an old copy until this is called: do it in a
        quiet hour after erasing. It needs room for the file twice over.

        Raises:
            StoreError: a batch is open, others are writing, or the disk is full; the file is as it was.
        """
        self._db.compact()

    def close(self) -> None:
        """Close the file, for all handles; again is nothing."""
        self._db.close()

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """
        As ``Store.load``.

        Raises:
            FormatError: the ticket was written by a newer servflow.
            StoreError: its snapshot is damaged.
        """
        with self._db.lock:
            here = (self.tenant, ENTITY, id)
            row = self._db.row(f"SELECT revision FROM ~ticket WHERE {THIS}", here)
            if row is None:
                return None
            kept = self._cache.get(self.tenant, id)
            if kept is not None and kept.revision == row[0]:
                return kept
            ticket = read_ticket(self._db.path, id, self._db.row(f"SELECT snapshot FROM ~ticket WHERE {THIS}", here)[0])
            self._cache.put(self.tenant, ticket)
            return ticket

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        ready = [Written.of(change) for change in changes]
        if not ready:
            return ()
        with self._db.transaction():
            return Commit(self._db, self.tenant, self._cache).run(ready)

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        return known(self._db, self.tenant, id, key)

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        behind = (-1 << 63, "") if after is None else (micros(after.wake), after.ticket)
        with self._db.lock:
            rows = self._db.rows(
                f"SELECT id, due, woken, mail_at, tries FROM ~ticket WHERE {HERE} AND due IS NOT NULL AND due <= ?"
                " AND (due, id) > (?, ?) ORDER BY due, id LIMIT ?",
                (self.tenant, ENTITY, micros(instant(now, "now")), *behind, max(limit, 0)),
            )
            return tuple(
                Claim(
                    ticket=row[0],
                    wake=from_micros(row[1]),
                    messages=() if row[3] is None else self.mail(row[0], MAX_MESSAGES),
                    woken=row[2],
                    tries=row[4],
                )
                for row in rows
            )

    def post(
        self,
        ticket: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str,
        at: datetime,
        actor: Actor | Mapping[str, Any] | str | None = None,
    ) -> bool:
        """As ``Store.post``."""
        here = (self.tenant, ENTITY, ticket)
        body, sender, sent = written_payload(payload), written_actor(Actor.of(actor)), micros(instant(at, "at"))
        with self._db.transaction():
            if self.answered(ticket, key) or not self._db.run(
                "INSERT OR IGNORE INTO ~posted VALUES (?, ?, ?, ?)", (*here, key)
            ):
                return False
            self._db.run(
                "INSERT INTO ~mail (tenant, entity, ticket, event, payload, key, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*here, event, body, key, sender, sent),
            )
            self._db.run(f"UPDATE ~ticket SET mail_at = min(ifnull(mail_at, ?), ?) WHERE {THIS}", (sent, sent, *here))
            return True

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        rows = self._db.rows(
            # As bytes, so that text which is none is told as the mail of this ticket, and not as a statement that failed.
            "SELECT number, event, CAST(payload AS BLOB), key, CAST(actor AS BLOB), at FROM ~mail"
            f" WHERE {OF} AND number > ? ORDER BY number LIMIT ?",
            (self.tenant, ENTITY, ticket, after, max(limit, 0)),
        )
        return tuple(read_message(self._db.path, ticket, row) for row in rows)

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        return Tries(self._db, self.tenant).pending(limit, after)

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``."""
        return Tries(self._db, self.tenant).take(now, until, limit)

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """As ``Store.fail``."""
        Tries(self._db, self.tenant).fail(sort, id, error, at, again)

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        return Tries(self._db, self.tenant).troubles(sort, aside, limit, after)

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``."""
        return Tries(self._db, self.tenant).revive(sort, ids)

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        Tries(self._db, self.tenant).ack(ids)

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        rows = self._db.rows(
            f"SELECT sequence, body FROM ~record WHERE {OF} AND sequence > ? ORDER BY sequence LIMIT ?",
            (self.tenant, ENTITY, id, after, -1 if limit is None else limit),
        )
        return tuple(read_value(self._db.path, f"a record {number} of ticket {id!r}", body) for number, body in rows)

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        behind = (self.tenant, ENTITY, after or "", max(limit, 0))
        rows = self._db.rows(
            f"SELECT * FROM (SELECT id FROM ~ticket WHERE {HERE} AND id > ? ORDER BY id LIMIT ?)"
            f" UNION SELECT * FROM (SELECT DISTINCT ticket FROM ~record WHERE {HERE} AND ticket > ? ORDER BY ticket LIMIT ?)"
            " ORDER BY 1 LIMIT ?",
            (*behind, *behind, max(limit, 0)),
        )
        return tuple(row[0] for row in rows)

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        row = self._db.row(f"SELECT chain, snapshot, {_COLUMNS} FROM ~ticket WHERE {THIS}", (self.tenant, ENTITY, id))
        return None if row is None else Head(row[2], row[0], row[1], dict(zip(COLUMNS, row[2:], strict=True)))

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        rows = self._db.rows(
            f"SELECT sequence, body, salt, chain, seal FROM ~record WHERE {OF} AND sequence > ? ORDER BY sequence LIMIT ?",
            (self.tenant, ENTITY, id, after, -1 if limit is None else limit),
        )
        return tuple(Link(*row) for row in rows)

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        body = written_in_order(data)
        with self._db.transaction():
            self._db.run(
                "INSERT OR REPLACE INTO ~definition (tenant, entity, hash, name, version, body) VALUES (?, ?, ?, ?, ?, ?)",
                (self.tenant, ENTITY, hash, name, version, body),
            )

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        row = self._db.row(f"SELECT body FROM ~definition WHERE {HERE} AND hash = ?", (self.tenant, ENTITY, hash))
        if row is None:
            return None
        data: Mapping[str, Any] = parsed(self._db.path, row[0])
        return data

    def find(
        self,
        *,
        state: str | None = None,
        assignee: str | None = None,
        workflow: str | None = None,
        queue: str | None = None,
        due_before: datetime | None = None,
        where: Mapping[str, Any] | None = None,
        order: Literal["id", "due"] = "id",
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[Ticket, ...]:
        """As ``Store.find``."""
        equal = {"state": state, "assignee": assignee, "workflow": workflow, "queue": queue}
        asked = Asked(self.tenant, equal, due_before, where, order)
        return tuple(read_ticket(self._db.path, *row) for row in asked.snapshots(self._db, limit, after))

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        here = (self.tenant, ENTITY)
        rows = self._db.rows(
            f"SELECT key, units FROM ~total WHERE {HERE} AND key >= ? AND units <> 0"
            f" UNION ALL SELECT name, value FROM ~counter WHERE {HERE} AND name >= ? AND value <> 0 ORDER BY 1",
            (*here, prefix, *here, prefix),
        )
        return {key: units for key, units in rows if key.startswith(prefix)}

    def released(self) -> int:
        """As ``Store.released``."""
        return released(self._db, self.tenant)
