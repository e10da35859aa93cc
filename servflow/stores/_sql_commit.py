"""Knows how a list of changes is kept with few statements on PostgreSQL; must not know how it is connected to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from servflow.model import Next, Release, Ticket, from_micros, micros
from servflow.stores._chain import START, Link, chained
from servflow.stores._protocol import Answer, Change
from servflow.stores._reservations import Refusal, Settlement, settle
from servflow.stores._sql_connection import Database
from servflow.stores._writing import written

ENTITY = "ticket"
"""The kind of thing these rows are about; other kinds with a revision and a wake can share the tables."""

HERE = "tenant = %s AND entity = %s"

_WAKE = "ticket, revision, woken, woken_at, waits, chain"


@frozen
class Written:
    """A change whose values have all been turned into text, so that writing it cannot fail half-way."""

    change: Change
    snapshot: str | None
    records: tuple[str, ...]
    effects: tuple[str, ...]

    @classmethod
    def of(cls, change: Change) -> Written:
        """
        The texts of a change.

        Raises:
            StoreError: the change contradicts itself.
            InputError: a value cannot be written.
        """
        change.checked()
        keeps = bool(change.records) or change.expected is None
        return cls(
            change,
            written(change.ticket) if keeps else None,
            tuple(written(record) for record in change.records),
            tuple(written(effect) for effect in change.effects),
        )


@define
class _Row:
    """A ticket's row in ``wake``, as this commit leaves it."""

    revision: int | None
    woken: int
    woken_at: int | None
    waits: int
    chain: str
    own: int | None = None
    touched: bool = False
    stepped: bool = False
    opened: bool = False
    ready: Written | None = None
    before: set[str] = field(factory=set)
    now: set[str] | None = None


@define
class _Holding:
    """A key's row in ``holding``, as this commit leaves it."""

    units: int
    owner: str | None
    until: int | None
    stands: int
    released: int
    touched: bool = False


def _names(change: Change) -> Iterable[str]:
    return (one.counter if isinstance(one, Next) else one.key for one in change.reservations)


@define
class Commit:
    """
    One call of ``Store.commit`` inside a transaction: lock and read what it touches, look at the changes, write.

    Rows are locked in one order everywhere: tickets by id, with those that wait for what may be given back, then keys
    by name. Two commits can so wait for one another only where a ticket began to wait meanwhile, or within batches.
    """

    db: Database
    tenant: str
    ready: Sequence[Written]
    rows: dict[str, _Row] = field(factory=dict)
    known: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    holdings: dict[str, _Holding] = field(factory=dict)
    own: dict[tuple[str, str], int] = field(factory=dict)
    changed: set[tuple[str, str]] = field(factory=set)
    waiting: dict[str, set[str]] = field(factory=dict)
    links: list[tuple[str, Link]] = field(factory=list)
    effects: list[tuple[str, str, str]] = field(factory=list)
    answers: list[tuple[str, str, int, int]] = field(factory=list)
    consumed: list[tuple[str, int]] = field(factory=list)
    woke: bool = False

    def run(self) -> tuple[Answer, ...]:
        """The answers, in order; what is applied is written."""
        changes = [one.change for one in self.ready]
        freeing = {one.key for change in changes for one in change.reservations if isinstance(one, Release)}
        self._lock_tickets(changes, freeing)
        self._read_keys(changes)
        self._read_waits(changes)
        self._lock_holdings(changes, freeing)
        answers = tuple(self._look(one) for one in self.ready)
        self._write_tickets()
        self._write_log()
        self._write_waits()
        self._write_holdings()
        self._write_rows()
        return answers

    def _here(self, *more: Any) -> tuple[Any, ...]:
        return (self.tenant, ENTITY, *more)

    # -- locking and reading

    def _lock_tickets(self, changes: Sequence[Change], freeing: set[str]) -> None:
        ids = {change.ticket.id for change in changes}
        new = sorted({change.ticket.id for change in changes if change.expected is None})
        if new:
            # Whoever opens the same ticket, or posts to it, waits here until this transaction ends.
            self.db.rows(
                "INSERT INTO ~wake (tenant, entity, ticket) SELECT %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                self._here(new),
            )
        self._lock(ids | self._waiters(freeing))

    def _waiters(self, keys: set[str]) -> set[str]:
        if not keys:
            return set()
        found = self.db.rows(f"SELECT key, ticket FROM ~wait WHERE {HERE} AND key = ANY(%s::text[])", self._here(sorted(keys)))
        self.waiting = {key: set() for key in keys}
        for key, ticket in found:
            self.waiting[key].add(ticket)
        return {ticket for _, ticket in found}

    def _lock(self, ids: set[str]) -> None:
        if not ids:
            return
        found = self.db.rows(
            f"SELECT {_WAKE} FROM ~wake WHERE {HERE} AND ticket = ANY(%s::text[]) ORDER BY ticket FOR UPDATE",
            self._here(sorted(ids)),
        )
        for row in found:
            self.rows[row[0]] = _Row(*row[1:])

    def _read_keys(self, changes: Sequence[Change]) -> None:
        pairs = sorted({(change.ticket.id, key) for change in changes for key in change.keys})
        if not pairs:
            return
        found = self.db.rows(
            f"SELECT ticket, key, first, last FROM ~answered WHERE {HERE}"
            " AND (ticket, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
            self._here([pair[0] for pair in pairs], [pair[1] for pair in pairs]),
        )
        self.known = {(row[0], row[1]): (row[2], row[3]) for row in found}

    def _read_waits(self, changes: Sequence[Change]) -> None:
        ids = sorted({change.ticket.id for change in changes})
        asked = [id_ for id_ in ids if id_ in self.rows and self.rows[id_].waits]
        if not asked:
            return
        found = self.db.rows(f"SELECT ticket, key FROM ~wait WHERE {HERE} AND ticket = ANY(%s::text[])", self._here(asked))
        for ticket, key in found:
            self.rows[ticket].before.add(key)

    def _lock_holdings(self, changes: Sequence[Change], freeing: set[str]) -> None:
        names = {name for change in changes for name in _names(change)}
        for change in changes:
            row = self.rows.get(change.ticket.id)
            # Who begins to wait for a key and who gives it back meet at the key's row: one of them sees the other.
            names.update(key for key in change.ticket.waits if row is None or key not in row.before)
        if not names:
            return
        asked = sorted(names)
        sql = (
            "SELECT key, units, owner, until, stands, released FROM ~holding"
            f" WHERE {HERE} AND key = ANY(%s::text[]) ORDER BY key FOR UPDATE"
        )
        found = self.db.rows(sql, self._here(asked))
        if len(found) < len(asked):
            self.db.rows(
                "INSERT INTO ~holding (tenant, entity, key) SELECT %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                self._here(asked),
            )
            found = self.db.rows(sql, self._here(asked))
        self.holdings = {row[0]: _Holding(*row[1:]) for row in found}
        ids = sorted({change.ticket.id for change in changes if change.reservations})
        if ids:
            held = self.db.rows(
                f"SELECT key, ticket, units FROM ~held WHERE {HERE} AND key = ANY(%s::text[]) AND ticket = ANY(%s::text[])",
                self._here(asked, ids),
            )
            self.own = {(row[0], row[1]): row[2] for row in held}
        self._lock(self._waiters(freeing) - self.rows.keys())

    # -- what a change comes to, in the light of those before it

    def held(self, key: str, ticket: str) -> int:
        """As ``Books.held``."""
        return self.own.get((key, ticket), 0)

    def total(self, key: str) -> int:
        """As ``Books.total``."""
        return self.holdings[key].units

    def owner(self, key: str) -> tuple[str, datetime | None] | None:
        """As ``Books.owner``."""
        one = self.holdings[key]
        return None if one.owner is None else (one.owner, None if one.until is None else from_micros(one.until))

    def counter(self, name: str) -> int:
        """As ``Books.counter``."""
        return self.holdings[name].stands

    def _look(self, ready: Written) -> Answer:
        change, ticket = ready.change, ready.change.ticket
        for key in change.keys:
            if (ticket.id, key) in self.known:
                first, last = self.known[ticket.id, key]
                return Answer(status="duplicate", key=key, first=first, last=last)
        row = self.rows.get(ticket.id)
        revision = None if row is None else row.revision
        if row is None or revision != change.expected:
            return Answer(status="conflict", revision=revision)
        settled = settle(change.reservations, ticket, self) if change.reservations else None
        if isinstance(settled, Refusal):
            return Answer(status="refused", reservation=settled.reservation, key=settled.key, held=settled.held)
        self._step(row, ready)
        if settled is not None:
            self._settle(settled, ticket)
        first, last = (change.expected or 0) + 1, ticket.revision
        return Answer(status="applied", first=first, last=last, revision=last)

    def _step(self, row: _Row, ready: Written) -> None:
        change, ticket = ready.change, ready.change.ticket
        if change.woken and row.woken <= change.woken:
            row.woken, row.woken_at, row.touched = 0, None, True
        if ready.snapshot is not None:
            numbered = zip((record.sequence for record in change.records), ready.records, strict=True)
            links = chained(row.chain if change.expected is not None else START, numbered, change.salts)
            self.links.extend((ticket.id, one) for one in links)
            row.chain = links[-1].chain if links else row.chain
            row.opened = row.opened or change.expected is None
            row.revision, row.ready, row.touched, row.stepped = ticket.revision, ready, True, True
            row.own = None if ticket.wake is None else micros(ticket.wake)
            self._wait(row, change)
        for effect, body in zip(change.effects, ready.effects, strict=True):
            self.effects.append((effect.id, effect.ticket, body))
        first, last = (change.expected or 0) + 1, ticket.revision
        for key in change.keys:
            self.known[ticket.id, key] = (first, last)
            self.answers.append((ticket.id, key, first, last))
        self.consumed.extend((ticket.id, number) for number in change.consumed)

    def _wait(self, row: _Row, change: Change) -> None:
        ticket = change.ticket
        before = row.before if row.now is None else row.now
        now = set(ticket.waits)
        if before == now:
            return
        row.now = now
        for key in before ^ now:
            if key in self.waiting:
                (self.waiting[key].add if key in now else self.waiting[key].discard)(ticket.id)
        if change.released is None:
            return
        latest = max((self.holdings[key].released for key in now - before), default=0)
        if latest > change.released:
            row.woken, row.woken_at, self.woke = latest, micros(ticket.at), True

    def _settle(self, settled: Settlement, ticket: Ticket) -> None:
        for key, (own, total) in settled.units.items():
            self.own[key, ticket.id] = own
            self.changed.add((key, ticket.id))
            self.holdings[key].units, self.holdings[key].touched = total, True
        for key, until in settled.owners.items():
            one = self.holdings[key]
            one.owner, one.until, one.touched = ticket.id, None if until is None else micros(until), True
        for key in settled.let_go:
            one = self.holdings[key]
            one.owner, one.until, one.touched = None, None, True
        for name, value in settled.counters.items():
            self.holdings[name].stands, self.holdings[name].touched = value, True
        for key in settled.freed:
            number = self._release_number()
            self.holdings[key].released, self.holdings[key].touched = number, True
            for waiting in self.waiting.get(key, ()):
                row = self.rows[waiting]
                row.woken, row.woken_at, row.touched, self.woke = number, micros(ticket.at), True, True

    def _release_number(self) -> int:
        # A counter in a row would hold up, until it is kept, every other transaction that gives something back. The
        # number of the transaction itself says as much; ``released`` tells what may be believed of it.
        session = self.db.session
        assert session is not None  # a commit runs inside a transaction
        if not session.number:
            session.number = int(self.db.rows("SELECT pg_current_xact_id()::text::bigint")[0][0])
        session.releases += 1
        return (session.number << 20) + session.releases

    # -- writing

    def _write_tickets(self) -> None:
        done = [(id_, row) for id_, row in sorted(self.rows.items()) if row.stepped and row.ready is not None]
        for opened in (True, False):
            values = [
                (id_, row.revision, one.workflow, one.state, one.assignee, row.chain, row.ready.snapshot)
                for id_, row in done
                if row.opened is opened and row.ready is not None
                for one in [row.ready.change.ticket]
            ]
            if not values:
                continue
            columns = [list(column) for column in zip(*values, strict=True)]
            given = "unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
            if opened:
                self.db.rows(
                    "INSERT INTO ~ticket (tenant, entity, id, revision, workflow, state, assignee, chain, snapshot)"
                    f" SELECT %s, %s, * FROM {given}",
                    self._here(*columns),
                )
            else:
                self.db.rows(
                    "UPDATE ~ticket t SET revision = n.revision, workflow = n.workflow, state = n.state,"
                    f" assignee = n.assignee, chain = n.chain, snapshot = n.snapshot FROM {given}"
                    " AS n (id, revision, workflow, state, assignee, chain, snapshot)"
                    " WHERE t.tenant = %s AND t.entity = %s AND t.id = n.id",
                    (*columns, *self._here()),
                )

    def _write_log(self) -> None:
        if self.links:
            rows = [(id_, one.sequence, one.body, one.salt, one.chain) for id_, one in self.links]
            self.db.rows(
                "INSERT INTO ~record (tenant, entity, ticket, sequence, body, salt, chain)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])",
                self._here(*_columns(rows)),
            )
        if self.effects:
            self.db.rows(
                "INSERT INTO ~effect (tenant, entity, id, ticket, body) SELECT %s, %s, id, ticket, body"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS n (id, ticket, body, place)"
                " ORDER BY place ON CONFLICT (tenant, entity, id) DO NOTHING",
                self._here(*_columns(self.effects)),
            )
        if self.answers:
            self.db.rows(
                "INSERT INTO ~answered (tenant, entity, ticket, key, first, last)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
                self._here(*_columns(self.answers)),
            )
        if self.consumed:
            tickets, numbers = _columns(self.consumed)
            self.db.rows(
                f"DELETE FROM ~mail WHERE {HERE} AND (ticket, number) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))",
                self._here(tickets, numbers),
            )
            self.db.rows(
                "UPDATE ~wake w SET mail_at = (SELECT min(at) FROM ~mail m WHERE m.tenant = w.tenant AND m.entity = w.entity"
                f" AND m.ticket = w.ticket) WHERE {HERE} AND ticket = ANY(%s::text[])",
                self._here(sorted(set(tickets))),
            )

    def _write_waits(self) -> None:
        changed = [(id_, row.before, row.now) for id_, row in sorted(self.rows.items()) if row.now is not None]
        gone = [(id_, key) for id_, before, now in changed for key in sorted(before - (now or set()))]
        new = [(id_, key) for id_, before, now in changed for key in sorted((now or set()) - before)]
        if gone:
            self.db.rows(
                f"DELETE FROM ~wait WHERE {HERE} AND (ticket, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                self._here(*_columns(gone)),
            )
        if new:
            self.db.rows(
                "INSERT INTO ~wait (tenant, entity, ticket, key) SELECT %s, %s, * FROM unnest(%s::text[], %s::text[])",
                self._here(*_columns(new)),
            )

    def _write_holdings(self) -> None:
        rows = [
            (key, one.units, one.owner, one.until, one.stands, one.released)
            for key, one in sorted(self.holdings.items())
            if one.touched
        ]
        if rows:
            self.db.rows(
                "UPDATE ~holding h SET units = n.units, owner = n.owner, until = n.until, stands = n.stands,"
                " released = n.released"
                " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])"
                " AS n (key, units, owner, until, stands, released)"
                " WHERE h.tenant = %s AND h.entity = %s AND h.key = n.key",
                (*_columns(rows), *self._here()),
            )
        pairs = sorted(self.changed)
        kept = [(key, ticket, self.own[key, ticket]) for key, ticket in pairs if self.own[key, ticket]]
        gone = [pair for pair in pairs if not self.own[pair]]
        if kept:
            self.db.rows(
                "INSERT INTO ~held (tenant, entity, key, ticket, units)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])"
                " ON CONFLICT (tenant, entity, key, ticket) DO UPDATE SET units = excluded.units",
                self._here(*_columns(kept)),
            )
        if gone:
            self.db.rows(
                f"DELETE FROM ~held WHERE {HERE} AND (key, ticket) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                self._here(*_columns(gone)),
            )

    def _write_rows(self) -> None:
        # A ticket that only answered or was woken keeps its own wake: it is written where the snapshot is.
        rows = [
            (
                id_,
                row.stepped,
                row.revision,
                row.own,
                row.woken,
                row.woken_at,
                row.waits if row.now is None else len(row.now),
                row.chain,
            )
            for id_, row in sorted(self.rows.items())
            if row.touched
        ]
        if rows:
            self.db.rows(
                "UPDATE ~wake w SET revision = n.revision, own = CASE WHEN n.stepped THEN n.own ELSE w.own END,"
                " woken = n.woken, woken_at = n.woken_at, waits = n.waits, chain = n.chain"
                " FROM unnest(%s::text[], %s::boolean[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
                " %s::integer[], %s::text[]) AS n (ticket, stepped, revision, own, woken, woken_at, waits, chain)"
                " WHERE w.tenant = %s AND w.entity = %s AND w.ticket = n.ticket",
                (*_columns(rows), *self._here()),
            )


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
