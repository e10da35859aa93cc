"""Knows how tickets are kept in PostgreSQL; must not know what happens to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from servflow.model import Actor, Record, Ticket, from_micros, instant, micros
from servflow.stores._asking import read_order, written_index
from servflow.stores._chain import Head, Link
from servflow.stores._connection import parsed, read_message, read_ticket, read_value
from servflow.stores._kept import COLUMNS, Cache, NoCache, Written
from servflow.stores._protocol import MAX_MESSAGES, Answer, Change, Claim, Message
from servflow.stores._sql_commit import Commit
from servflow.stores._sql_connection import Database, Proof
from servflow.stores._sql_joined import JoinedDatabase
from servflow.stores._sql_outbox import NEVER, Outbox
from servflow.stores._sql_write import HERE
from servflow.stores._writing import written_actor, written_in_order, written_payload

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

# Releases are numbered by the transactions that made them, which need not be kept in that order. So no more is said to
# be known than what every transaction that may still be running, other than this one, can only add to.
_RELEASED = """
SELECT least(
  coalesce((SELECT released FROM ~holding WHERE tenant = %s AND entity = %s AND released > 0
    ORDER BY released DESC LIMIT 1), 0),
  (least((SELECT min(x::text::bigint) FROM pg_snapshot_xip(s.seen) x WHERE x IS DISTINCT FROM s.own),
    CASE WHEN pg_snapshot_xmax(s.seen) = s.own THEN s.own::text::bigint + 1 ELSE pg_snapshot_xmax(s.seen)::text::bigint END)
    << 20) - 1)
FROM (SELECT pg_current_snapshot() AS seen, pg_current_xact_id_if_assigned() AS own) s
"""

# What claims and writers look at has a row of its own: both must say the same.
_HEAD = """
SELECT t.revision, CASE WHEN t.chain = w.chain THEN t.chain ELSE '' END, t.snapshot,
  w.revision, t.workflow, t.state, t.assignee, t.queue, w.own, t.deadline
FROM ~ticket t LEFT JOIN ~wake w ON (w.tenant, w.entity, w.ticket) = (t.tenant, t.entity, t.id)
WHERE t.tenant = %s AND t.entity = %s AND t.id = %s
"""

_DUE = f"coalesce(deadline, {NEVER})"
_INDEXED = (
    f"id IN (SELECT id FROM ~indexed WHERE {HERE} AND name = %s AND hashtextextended(value, 0) = hashtextextended(%s, 0)"
    " AND value = %s)"
)

_POST = f"""
WITH new AS (
  INSERT INTO ~posted (tenant, entity, ticket, key) SELECT n.* FROM (VALUES (%s, %s, %s, %s)) AS n (tenant, entity, ticket, key)
  WHERE NOT EXISTS (SELECT FROM ~answered a
    WHERE (a.tenant, a.entity, a.ticket, a.key) = (n.tenant, n.entity, n.ticket, n.key))
  ON CONFLICT DO NOTHING RETURNING tenant, entity, ticket, key),
mailed AS (
  INSERT INTO ~mail (tenant, entity, ticket, key, event, payload, actor, at)
  SELECT new.*, %s, %s, %s, %s::bigint FROM new RETURNING at),
waking AS (
  UPDATE ~wake SET mail_at = least(mail_at, mailed.at) FROM mailed WHERE {HERE} AND ticket = %s)
SELECT pg_current_xact_id()::text, CASE WHEN %s THEN pg_notify(%s, '')::text END FROM mailed
"""


class SqlStore(Outbox):
    """
    Tickets in a PostgreSQL database: any number of threads, processes and hosts.

    Each thread works in a transaction of its own (READ COMMITTED, row locks); a batch is one transaction of the thread
    that opened it. ``claim`` inside a batch locks the tickets it gives until the batch ends and passes over those that
    others have locked, so workers never get the same ticket, and what a dead one had is free as soon as its connection
    is gone. Outside of a batch it is only a look. Needs ``servflow[sql]``.

    Args:
        url: ``postgresql://user:password@host:5432/database``; the database must be encoded in UTF-8.
        tenant: whose rows this handle sees.
        schema: where the tables are made, by itself; ``servflow`` unless given.
        engine: a SQLAlchemy engine of the host to use instead of the URL; closing the store leaves it open.
        notify: tell who listens, on any host, of what is to be done at once. PostgreSQL keeps transactions that tell
            something one after the other; where many write at once, leave it out and let workers ask more often.

    Raises:
        InputError: the URL is none, or names another kind of database.
        FormatError: the tables were made by a newer servflow, or by another program; they are not touched.
        StoreError: the database cannot be used; says what to do.
    """

    def __init__(
        self,
        url: object = None,
        *,
        tenant: str = "default",
        schema: str | None = None,
        engine: Engine | None = None,
        notify: bool = True,
    ) -> None:
        self.tenant = tenant
        self._db = Database(url, schema, engine, tells=notify)
        self._cache = Cache()

    def for_tenant(self, name: str) -> SqlStore:
        """A handle on the same connections that sees one tenant's rows only; closing one closes all."""
        handle = SqlStore.__new__(SqlStore)
        handle.tenant, handle._db, handle._cache = name, self._db, self._cache
        return handle

    def in_transaction(self, connection: Any) -> SqlStore:
        """
        A handle whose operations run inside the transaction that is open on the host's own connection.

        What it writes is kept or undone by the host's commit or rollback, together with the host's own rows, and seen by
        nobody else before. Its batches are savepoints, and an operation that fails undoes only itself. It ends with the
        transaction: after that it raises ``StoreError``. Until then the tickets that it writes are locked, and others
        that write them wait; where the host asked for more than READ COMMITTED, they may be ``contended``: roll back and
        do the whole transaction again.

        Args:
            connection: a ``Session`` or ``Connection`` of SQLAlchemy (through psycopg 3), ``django.db.connection``, or a
                ``Connection`` of psycopg, to the same database.

        Raises:
            InputError: it is none, or to another database.
            StoreError: no transaction is open on it.
        """
        handle = SqlStore.__new__(SqlStore)
        handle.tenant, handle._db, handle._cache = self.tenant, JoinedDatabase(connection, self._db), NoCache()
        return handle

    def __enter__(self) -> SqlStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def batch(self) -> AbstractContextManager[None]:
        """
        One transaction of this thread, as ``Store.batch`` says.

        Raises:
            StoreError: with the code ``contended`` where another transaction was in the way: do the whole block again;
                with ``unknown`` where the connection was lost just then: do it again with the same keys.
        """
        return self._db.transaction()

    def close(self) -> None:
        """Let go of all connections, for all handles; an open batch is undone. Again is nothing."""
        self._db.close()

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """
        As ``Store.load``.

        Raises:
            FormatError: the ticket was written by a newer servflow.
            StoreError: its snapshot is damaged.
        """
        session = self._db.session
        own = session is not None and (self.tenant, id) in session.written
        known = None if own else self._cache.get(self.tenant, id)
        rows = self._db.rows(
            f"SELECT CASE WHEN revision = %s THEN NULL ELSE snapshot END FROM ~ticket WHERE {HERE} AND id = %s",
            (-1 if known is None else known.revision, *self._here(id)),
        )
        if not rows:
            return None
        if rows[0][0] is None:
            return known
        ticket = read_ticket(self._db.where, id, rows[0][0])
        if not own:
            self._cache.put(self.tenant, ticket)
        return ticket

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``; a list of changes takes as many statements as one."""
        ready = [Written.of(change) for change in changes]
        if not ready:
            return ()
        return self._db.do(lambda: self._commit(ready))

    def _commit(self, ready: Sequence[Written]) -> tuple[Answer, ...]:
        session = self._db.session
        assert session is not None  # do() has begun one
        work = Commit(self._db, self.tenant, ready)
        answers = work.run()
        session.proof = session.proof or work.proof
        kept = [row.ready.change.ticket for row in work.rows.values() if row.ready is not None]
        session.written.update((self.tenant, ticket.id) for ticket in kept)
        session.on_kept.append(lambda: self._cache.put(self.tenant, *kept))
        if work.woke or work.effects:
            self._db.tell()
        return answers

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        rows = self._db.rows(
            f"SELECT first, last FROM ~answered WHERE {HERE} AND ticket = %s AND key = %s", self._here(id, key)
        )
        return Answer(status="duplicate", key=key, first=rows[0][0], last=rows[0][1]) if rows else None

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``; inside a batch it locks what it gives and passes over what others have locked."""
        locking = " FOR UPDATE SKIP LOCKED" if self._db.session is not None else ""
        behind = (-(1 << 63), "") if after is None else (micros(after.wake), after.ticket)
        rows = self._db.rows(
            f"SELECT ticket, due, woken, mail_at, tries FROM ~wake WHERE {HERE} AND due <= %s AND (due, ticket) > (%s, %s)"
            f" ORDER BY due, ticket LIMIT %s{locking}",
            self._here(micros(instant(now, "now")), *behind, limit),
        )
        mail = self._mail([row[0] for row in rows if row[3] is not None])
        return tuple(
            Claim(
                ticket=row[0],
                wake=from_micros(row[1]),
                woken=row[2],
                messages=tuple(mail.get(row[0], ())),
                tries=row[4],
            )
            for row in rows
        )

    def _mail(self, tickets: list[str]) -> dict[str, list[Message]]:
        found: dict[str, list[Message]] = {}
        if not tickets:
            return found
        rows = self._db.rows(
            "SELECT m.* FROM unnest(%s::text[]) AS t (id) CROSS JOIN LATERAL"
            " (SELECT number, ticket, event, payload, key, actor, at FROM ~mail"
            f" WHERE {HERE} AND ticket = t.id ORDER BY number LIMIT {MAX_MESSAGES}) m ORDER BY m.number",
            (tickets, *self._here()),
        )
        for number, ticket, event, payload, key, actor, at in rows:
            row = (number, event, payload, key, actor, at)
            found.setdefault(ticket, []).append(read_message(self._db.where, ticket, row))
        return found

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
        """As ``Store.post``; whoever listens is told."""
        body, sender, sent = written_payload(payload), written_actor(Actor.of(actor)), micros(instant(at, "at"))
        here = self._here(ticket)

        def work() -> bool:
            # The ticket's row is there before the ticket is: mail and opening meet at it, and mail is numbered in order.
            lock = f"SELECT 1 FROM ~wake WHERE {HERE} AND ticket = %s FOR UPDATE"
            if not self._db.rows(lock, here):
                self._db.rows("INSERT INTO ~wake (tenant, entity, ticket) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", here)
                self._db.rows(lock, here)
            made = self._db.rows(_POST, (*here, key, event, body, sender, sent, *here, self._db.tells, self._db.channel))
            session = self._db.session
            if made and session is not None:
                proved = ("SELECT 1 WHERE pg_xact_status(%s::text::xid8) = 'committed'", (made[0][0],))
                session.proof = session.proof or Proof(here, *proved)
            return bool(made)

        return self._db.do(work)

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        rows = self._db.rows(
            f"SELECT number, event, payload, key, actor, at FROM ~mail WHERE {HERE} AND ticket = %s AND number > %s"
            " ORDER BY number LIMIT %s",
            self._here(ticket, after, limit),
        )
        return tuple(read_message(self._db.where, ticket, row) for row in rows)

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        return tuple(
            read_value(self._db.where, f"a record {one.sequence} of ticket {id!r}", one.body)
            for one in self.chain(id, after, limit)
        )

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        behind = self._here(after or "", limit)
        rows = self._db.rows(
            f"(SELECT id FROM ~ticket WHERE {HERE} AND id > %s ORDER BY id LIMIT %s)"
            f" UNION (SELECT DISTINCT ticket FROM ~record WHERE {HERE} AND ticket > %s ORDER BY ticket LIMIT %s)"
            " ORDER BY 1 LIMIT %s",
            (*behind, *behind, limit),
        )
        return tuple(row[0] for row in rows)

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        rows = self._db.rows(_HEAD, self._here(id))
        if not rows:
            return None
        revision, chain, snapshot, *columns = rows[0]
        return Head(revision, chain, snapshot, dict(zip(COLUMNS, columns, strict=True)))

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        rows = self._db.rows(
            f"SELECT sequence, body, salt, chain, seal FROM ~record WHERE {HERE} AND ticket = %s AND sequence > %s"
            " ORDER BY sequence LIMIT %s::bigint",
            self._here(id, after, limit),
        )
        return tuple(Link(*row) for row in rows)

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        body = written_in_order(data)
        self._db.do(
            lambda: self._db.rows(
                "INSERT INTO ~definition (tenant, entity, hash, name, version, body) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant, entity, hash) DO UPDATE SET name = excluded.name, version = excluded.version,"
                " body = excluded.body",
                self._here(hash, name, version, body),
            ),
            repeatable=True,
        )

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        rows = self._db.rows(f"SELECT body FROM ~definition WHERE {HERE} AND hash = %s", self._here(hash))
        if not rows:
            return None
        data: Mapping[str, Any] = parsed(self._db.where, rows[0][0])
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
        by_due = read_order(order)
        conditions, values = [HERE], list(self._here())
        for name, value in (("state", state), ("assignee", assignee), ("workflow", workflow), ("queue", queue)):
            if value is not None:
                conditions.append(f"{name} = %s")
                values.append(value)
        if due_before is not None:
            conditions.append(f"deadline IS NOT NULL AND {_DUE} < %s")
            values.append(micros(instant(due_before, "due_before")))
        for name, text in written_index(where).items():
            conditions.append(_INDEXED)
            values.extend((*self._here(name), text, text))
        if after is not None and by_due:
            conditions.append(
                f"({_DUE}, id) > (coalesce((SELECT deadline FROM ~ticket WHERE {HERE} AND id = %s), {NEVER}), %s)"
            )
            values.extend((*self._here(after), after))
        elif after is not None:
            conditions.append("id > %s")
            values.append(after)
        ordered = f"{_DUE}, id" if by_due else "id"
        rows = self._db.rows(
            f"SELECT id, snapshot FROM ~ticket WHERE {' AND '.join(conditions)} ORDER BY {ordered} LIMIT %s", (*values, limit)
        )
        return tuple(read_ticket(self._db.where, *row) for row in rows)

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        rows = self._db.rows(
            "SELECT key, coalesce(nullif(stands, 0), units) FROM ~holding"
            f" WHERE {HERE} AND key >= %s AND starts_with(key, %s) AND (units <> 0 OR stands <> 0) ORDER BY key",
            self._here(prefix, prefix),
        )
        return dict(rows)

    def released(self) -> int:
        """As ``Store.released``."""
        return int(self._db.rows(_RELEASED, self._here())[0][0])

    def listen(self, timeout: timedelta) -> bool:
        """
        Wait until somebody, on any host, keeps what is to be done at once: mail, a wake-up, an effect.

        A wake that comes by time alone is not told, so a worker asks at least as often as its timers must be exact; nor is
        anything by a store that was opened with ``notify=False``.

        Args:
            timeout: how long to wait at most; elapsed time.

        Returns:
            Whether there may be something to do; also at the first call, since what came before was not heard.
        """
        return self._db.listen(timeout.total_seconds())
