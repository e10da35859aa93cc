"""Knows how tickets are kept in one SQLite file; must not know what happens to them."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import frozen

from servflow.model import Actor, Effect, Record, Ticket, from_micros, instant, load, load_ticket, micros
from servflow.stores._chain import START, Head, Link, chained
from servflow.stores._connection import Connection, parsed
from servflow.stores._joined import JoinedConnection
from servflow.stores._protocol import MAX_MESSAGES, Answer, Change, Claim, Message
from servflow.stores._reservations import Refusal, Settlement, settle
from servflow.stores._writing import read_actor, read_payload, written, written_actor, written_in_order, written_payload

CACHED = 1024
"""How many read snapshots a store keeps decoded; each is believed only while its revision is the stored one."""

ENTITY = "ticket"
"""The kind of thing these rows are about; other kinds with a revision and a wake can share the file."""

_HERE = "tenant = ? AND entity = ?"
_THIS = f"{_HERE} AND id = ?"
_OF = f"{_HERE} AND ticket = ?"


@frozen
class _Written:
    """A change whose values have all been turned into text, so that writing it cannot fail half-way."""

    change: Change
    snapshot: str | None
    records: tuple[str, ...]
    effects: tuple[str, ...]

    @classmethod
    def of(cls, change: Change) -> _Written:
        change.checked()
        keeps = bool(change.records) or change.expected is None
        return cls(
            change,
            written(change.ticket) if keeps else None,
            tuple(written(record) for record in change.records),
            tuple(written(effect) for effect in change.effects),
        )


class _Cache:
    """Decoded snapshots, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], Ticket] = OrderedDict()

    def get(self, tenant: str, id_: str, revision: int) -> Ticket | None:
        ticket = self._held.get((tenant, id_))
        if ticket is None or ticket.sequence != revision:
            return None
        self._held.move_to_end((tenant, id_))
        return ticket

    def put(self, tenant: str, ticket: Ticket) -> None:
        self._held[tenant, ticket.id] = ticket
        self._held.move_to_end((tenant, ticket.id))
        if len(self._held) > CACHED:
            self._held.popitem(last=False)

    def clear(self) -> None:
        self._held.clear()


class _NoCache(_Cache):
    """Believes nothing: a host may undo part of its transaction, and nobody here is told."""

    def put(self, tenant: str, ticket: Ticket) -> None:
        """Kept nowhere."""


@frozen
class _Books:
    """What one tenant's tickets hold."""

    db: Connection
    tenant: str

    def held(self, key: str, ticket: str) -> int:
        row = self.db.row(
            f"SELECT units FROM held WHERE {_HERE} AND key = ? AND ticket = ?", (self.tenant, ENTITY, key, ticket)
        )
        return 0 if row is None else int(row[0])

    def total(self, key: str) -> int:
        row = self.db.row(f"SELECT units FROM total WHERE {_HERE} AND key = ?", (self.tenant, ENTITY, key))
        return 0 if row is None else int(row[0])

    def owner(self, key: str) -> tuple[str, datetime | None] | None:
        row = self.db.row(f"SELECT ticket, until FROM owner WHERE {_HERE} AND key = ?", (self.tenant, ENTITY, key))
        return None if row is None else (row[0], None if row[1] is None else from_micros(row[1]))

    def counter(self, name: str) -> int:
        row = self.db.row(f"SELECT value FROM counter WHERE {_HERE} AND name = ?", (self.tenant, ENTITY, name))
        return 0 if row is None else int(row[0])


class SqliteStore:
    """
    Tickets in one SQLite file: the embedded default, one machine, any number of threads and processes.

    Every change is on the disk before its answer returns (WAL, ``synchronous=FULL``); ``batch`` pays for
    that once. A snapshot and each record is one canonical JSON text.

    Args:
        path: the file, created where it is missing; ``":memory:"`` keeps everything in memory.
        tenant: whose rows this handle sees.
        busy_timeout: how long to wait for another process that is writing.

    Raises:
        FormatError: the file was written by a newer servflow, or by another program; it is not touched.
        StoreError: the file cannot be opened or written; says what to do.
    """

    def __init__(self, path: str | Path, *, tenant: str = "default", busy_timeout: timedelta = timedelta(seconds=10)) -> None:
        self.tenant = tenant
        self._db = Connection(path, busy_timeout)
        self._cache = _Cache()
        # A revision that was rolled back may be written again with other content.
        self._db.on_rollback.append(self._cache.clear)

    def for_tenant(self, name: str) -> SqliteStore:
        """A handle on the same file that sees one tenant's rows only; closing one closes all."""
        handle = SqliteStore.__new__(SqliteStore)
        handle.tenant, handle._db, handle._cache = name, self._db, self._cache
        return handle

    def in_transaction(self, connection: sqlite3.Connection) -> SqliteStore:
        """
        A handle whose operations run inside the transaction that is open on the host's own connection.

        What it keeps is committed, or undone, by the host's ``COMMIT`` or ``ROLLBACK``, together with the host's rows.
        The handle serves until then; until then no other connection can write, this store's own one included.
        Begin with ``BEGIN IMMEDIATE``: a transaction that only read so far may find that another one wrote meanwhile.

        Args:
            connection: to the very file of this store, in which the host keeps its own tables beside; of any thread
                that may use it.

        Raises:
            InputError: it is no SQLite connection, or one to another file.
            StoreError: no transaction is open on it.
        """
        handle = SqliteStore.__new__(SqliteStore)
        handle.tenant, handle._db, handle._cache = self.tenant, JoinedConnection(connection, self._db), _NoCache()
        return handle

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def batch(self) -> AbstractContextManager[None]:
        """One transaction, as ``Store.batch`` says; other processes cannot write until it ends."""
        return self._db.transaction()

    def close(self) -> None:
        """Close the file, for all handles; again is nothing."""
        self._db.close()

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """
        As ``Store.load``.

        Raises:
            FormatError: the ticket was written by a newer servflow.
        """
        with self._db.lock:
            here = (self.tenant, ENTITY, id)
            row = self._db.row(f"SELECT revision FROM ticket WHERE {_THIS}", here)
            if row is None:
                return None
            known = self._cache.get(self.tenant, id, row[0])
            if known is not None:
                return known
            ticket = load_ticket(self._db.row(f"SELECT snapshot FROM ticket WHERE {_THIS}", here)[0])
            self._cache.put(self.tenant, ticket)
            return ticket

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        ready = [_Written.of(change) for change in changes]
        with self._db.transaction():
            return tuple(self._apply(one) for one in ready)

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        row = self._db.row(f"SELECT first, last FROM answered WHERE {_OF} AND key = ?", (self.tenant, ENTITY, id, key))
        return None if row is None else Answer(status="duplicate", key=key, first=row[0], last=row[1])

    def _apply(self, ready: _Written) -> Answer:
        change, ticket = ready.change, ready.change.ticket
        for key in change.keys:
            if duplicate := self.answered(ticket.id, key):
                return duplicate
        row = self._db.row(f"SELECT revision, chain FROM ticket WHERE {_THIS}", (self.tenant, ENTITY, ticket.id))
        revision, before = (None, START) if row is None else (int(row[0]), str(row[1]))
        if revision != change.expected:
            return Answer(status="conflict", revision=revision)
        settled = settle(change.reservations, ticket, _Books(self._db, self.tenant)) if change.reservations else None
        if isinstance(settled, Refusal):
            return Answer(status="refused", reservation=settled.reservation, key=settled.key, held=settled.held)
        numbered = zip((record.sequence for record in change.records), ready.records, strict=True)
        links = chained(before, numbered, change.salts)
        self._write_ticket(ready, links[-1].chain if links else before)
        self._write_log(ready, links)
        self._write_waits(change)
        if settled is not None:
            self._write_holdings(settled, ticket)
        first, last = (change.expected or 0) + 1, ticket.revision
        return Answer(status="applied", first=first, last=last, revision=last)

    def _write_ticket(self, ready: _Written, chain: str) -> None:
        change, ticket = ready.change, ready.change.ticket
        here = (self.tenant, ENTITY, ticket.id)
        if ready.snapshot is not None:
            wake = None if ticket.wake is None else micros(ticket.wake)
            head = (ticket.revision, ticket.workflow, ticket.state, ticket.assignee, wake, chain, ready.snapshot)
            if change.expected is None:
                self._db.run(
                    "INSERT INTO ticket"
                    " (revision, workflow, state, assignee, wake, chain, snapshot, tenant, entity, id, mail_at)"
                    f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT min(at) FROM mail WHERE {_OF}))",
                    (*head, *here, *here),
                )
            else:
                self._db.run(
                    "UPDATE ticket SET revision = ?, workflow = ?, state = ?, assignee = ?, wake = ?, chain = ?, snapshot = ?"
                    f" WHERE {_THIS}",
                    (*head, *here),
                )
            self._cache.put(self.tenant, ticket)
        if change.woken:
            self._db.run(f"UPDATE ticket SET woken = 0, woken_at = NULL WHERE {_THIS} AND woken <= ?", (*here, change.woken))
        if change.consumed:
            self._db.run_many(f"DELETE FROM mail WHERE number = ? AND {_OF}", [(number, *here) for number in change.consumed])
            self._db.run(f"UPDATE ticket SET mail_at = (SELECT min(at) FROM mail WHERE {_OF}) WHERE {_THIS}", (*here, *here))

    def _write_log(self, ready: _Written, links: tuple[Link, ...]) -> None:
        change, ticket = ready.change, ready.change.ticket
        here = (self.tenant, ENTITY, ticket.id)
        self._db.run_many(
            "INSERT INTO record (tenant, entity, ticket, sequence, body, salt, chain) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*here, one.sequence, one.body, one.salt, one.chain) for one in links],
        )
        self._db.run_many(
            "INSERT OR IGNORE INTO effect (tenant, entity, id, ticket, body) VALUES (?, ?, ?, ?, ?)",
            [
                (self.tenant, ENTITY, effect.id, effect.ticket, body)
                for effect, body in zip(change.effects, ready.effects, strict=True)
            ],
        )
        first, last = (change.expected or 0) + 1, ticket.revision
        self._db.run_many(
            "INSERT OR IGNORE INTO answered (tenant, entity, ticket, key, first, last) VALUES (?, ?, ?, ?, ?, ?)",
            [(*here, key, first, last) for key in change.keys],
        )

    def _write_waits(self, change: Change) -> None:
        if not change.records and change.expected is not None:
            return
        ticket = change.ticket
        here = (self.tenant, ENTITY, ticket.id)
        before = {row[0] for row in self._db.rows(f"SELECT key FROM wait WHERE {_OF}", here)}
        now = ticket.waits
        if not before and not now:
            return
        self._db.run_many(f"DELETE FROM wait WHERE {_OF} AND key = ?", [(*here, key) for key in before.difference(now)])
        new = [key for key in now if key not in before]
        self._db.run_many("INSERT INTO wait (tenant, entity, ticket, key) VALUES (?, ?, ?, ?)", [(*here, key) for key in new])
        if change.released is None:
            return
        freed = [
            self._db.row(f"SELECT released FROM total WHERE {_HERE} AND key = ?", (self.tenant, ENTITY, key)) for key in new
        ]
        latest = max((row[0] for row in freed if row is not None), default=0)
        if latest > change.released:
            self._db.run(f"UPDATE ticket SET woken = ?, woken_at = ? WHERE {_THIS}", (latest, micros(ticket.at), *here))

    def _write_holdings(self, settled: Settlement, ticket: Ticket) -> None:
        here = (self.tenant, ENTITY)
        for key, (own, total) in settled.units.items():
            if own:
                self._db.run("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)", (*here, key, ticket.id, own))
            else:
                self._db.run(f"DELETE FROM held WHERE {_HERE} AND key = ? AND ticket = ?", (*here, key, ticket.id))
            self._db.run(
                "INSERT INTO total (tenant, entity, key, units) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (tenant, entity, key) DO UPDATE SET units = excluded.units",
                (*here, key, total),
            )
        for key, until in settled.owners.items():
            end = None if until is None else micros(until)
            self._db.run("INSERT OR REPLACE INTO owner VALUES (?, ?, ?, ?, ?)", (*here, key, ticket.id, end))
        for key in settled.let_go:
            self._db.run(f"DELETE FROM owner WHERE {_HERE} AND key = ?", (*here, key))
        for name, value in settled.counters.items():
            self._db.run("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)", (*here, name, value))
        for key in settled.freed:
            self._wake_waiting(key, ticket.at)

    def _wake_waiting(self, key: str, at: datetime) -> None:
        here = (self.tenant, ENTITY)
        number = self.released() + 1
        self._db.run("INSERT OR REPLACE INTO release VALUES (?, ?, ?)", (*here, number))
        self._db.run(
            "INSERT INTO total (tenant, entity, key, released) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (tenant, entity, key) DO UPDATE SET released = excluded.released",
            (*here, key, number),
        )
        waiting = self._db.rows(f"SELECT ticket FROM wait WHERE {_HERE} AND key = ?", (*here, key))
        self._db.run_many(
            f"UPDATE ticket SET woken = ?, woken_at = ? WHERE {_THIS}", [(number, micros(at), *here, row[0]) for row in waiting]
        )

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        behind = (-1 << 63, "") if after is None else (micros(after.wake), after.ticket)
        with self._db.lock:
            rows = self._db.rows(
                f"SELECT id, due, woken, mail_at FROM ticket WHERE {_HERE} AND due IS NOT NULL AND due <= ?"
                " AND (due, id) > (?, ?) ORDER BY due, id LIMIT ?",
                (self.tenant, ENTITY, micros(instant(now, "now")), *behind, limit),
            )
            return tuple(
                Claim(
                    ticket=row[0], wake=from_micros(row[1]), woken=row[2], messages=() if row[3] is None else self._mail(row[0])
                )
                for row in rows
            )

    def _mail(self, ticket: str) -> tuple[Message, ...]:
        rows = self._db.rows(
            f"SELECT number, event, payload, key, actor, at FROM mail WHERE {_OF} ORDER BY number LIMIT ?",
            (self.tenant, ENTITY, ticket, MAX_MESSAGES),
        )
        return tuple(
            Message(
                id=row[0],
                ticket=ticket,
                event=row[1],
                payload=read_payload(row[2]),
                key=row[3],
                actor=read_actor(row[4]),
                at=from_micros(row[5]),
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
            if self.answered(ticket, key) or not self._db.run("INSERT OR IGNORE INTO posted VALUES (?, ?, ?, ?)", (*here, key)):
                return False
            self._db.run(
                "INSERT INTO mail (tenant, entity, ticket, event, payload, key, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*here, event, body, key, sender, sent),
            )
            self._db.run(f"UPDATE ticket SET mail_at = min(ifnull(mail_at, ?), ?) WHERE {_THIS}", (sent, sent, *here))
            return True

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        with self._db.lock:
            here = (self.tenant, ENTITY)
            row = None if after is None else self._db.row(f"SELECT number FROM effect WHERE {_THIS}", (*here, after))
            rows = self._db.rows(
                f"SELECT body FROM effect WHERE {_HERE} AND number > ? ORDER BY number LIMIT ?",
                (*here, 0 if row is None else row[0], limit),
            )
        return tuple(load(parsed(self._db.path, row[0])) for row in rows)

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        with self._db.transaction():
            self._db.run_many(f"DELETE FROM effect WHERE {_THIS}", [(self.tenant, ENTITY, id_) for id_ in ids])

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        rows = self._db.rows(
            f"SELECT body FROM record WHERE {_OF} AND sequence > ? ORDER BY sequence LIMIT ?",
            (self.tenant, ENTITY, id, after, -1 if limit is None else limit),
        )
        return tuple(load(parsed(self._db.path, row[0])) for row in rows)

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        behind = (self.tenant, ENTITY, after or "", limit)
        rows = self._db.rows(
            f"SELECT * FROM (SELECT id FROM ticket WHERE {_HERE} AND id > ? ORDER BY id LIMIT ?)"
            f" UNION SELECT * FROM (SELECT DISTINCT ticket FROM record WHERE {_HERE} AND ticket > ? ORDER BY ticket LIMIT ?)"
            " ORDER BY 1 LIMIT ?",
            (*behind, *behind, limit),
        )
        return tuple(row[0] for row in rows)

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        row = self._db.row(f"SELECT revision, chain, snapshot FROM ticket WHERE {_THIS}", (self.tenant, ENTITY, id))
        return None if row is None else Head(*row)

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        rows = self._db.rows(
            f"SELECT sequence, body, salt, chain FROM record WHERE {_OF} AND sequence > ? ORDER BY sequence LIMIT ?",
            (self.tenant, ENTITY, id, after, -1 if limit is None else limit),
        )
        return tuple(Link(*row) for row in rows)

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        body = written_in_order(data)
        with self._db.transaction():
            self._db.run(
                "INSERT OR REPLACE INTO definition (tenant, entity, hash, name, version, body) VALUES (?, ?, ?, ?, ?, ?)",
                (self.tenant, ENTITY, hash, name, version, body),
            )

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        row = self._db.row(f"SELECT body FROM definition WHERE {_HERE} AND hash = ?", (self.tenant, ENTITY, hash))
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
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[Ticket, ...]:
        """As ``Store.find``."""
        wanted = {"state": state, "assignee": assignee, "workflow": workflow}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in given)
        rows = self._db.rows(
            f"SELECT snapshot FROM ticket WHERE {_HERE}{where} AND id > ? ORDER BY id LIMIT ?",
            (self.tenant, ENTITY, *given.values(), after or "", limit),
        )
        return tuple(load_ticket(row[0]) for row in rows)

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        here = (self.tenant, ENTITY)
        rows = self._db.rows(
            f"SELECT key, units FROM total WHERE {_HERE} AND key >= ? AND units <> 0"
            f" UNION ALL SELECT name, value FROM counter WHERE {_HERE} AND name >= ? AND value <> 0 ORDER BY 1",
            (*here, prefix, *here, prefix),
        )
        return {key: units for key, units in rows if key.startswith(prefix)}

    def released(self) -> int:
        """As ``Store.released``."""
        row = self._db.row(f"SELECT number FROM release WHERE {_HERE}", (self.tenant, ENTITY))
        return 0 if row is None else int(row[0])
