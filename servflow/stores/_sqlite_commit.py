"""Knows how changes are looked at and written to a SQLite file; must not know how it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from servflow.model import Ticket, from_micros, micros
from servflow.stores._chain import START, Link, erased
from servflow.stores._connection import Connection, damaged
from servflow.stores._kept import ENTITY, Cache, Written
from servflow.stores._protocol import Answer, Change
from servflow.stores._reservations import Refusal, Settlement, settle

HERE = "tenant = ? AND entity = ?"
THIS = f"{HERE} AND id = ?"
OF = f"{HERE} AND ticket = ?"

AT_ONCE = 64
"""How many tickets one statement looks up."""

_HEADS = (
    "SELECT id, revision, chain, tries,"
    " EXISTS (SELECT 1 FROM ~wait w WHERE w.tenant = t.tenant AND w.entity = t.entity AND w.ticket = t.id)"
    f" FROM ~ticket t WHERE {HERE} AND id "
)
_HEAD = f"{_HEADS}= ?"
_SOME_HEADS = f"{_HEADS}IN ({', '.join('?' * AT_ONCE)})"

_OPEN = (
    "INSERT INTO ~ticket"
    " (revision, workflow, state, assignee, queue, wake, deadline, chain, snapshot, tenant, entity, id, mail_at)"
    f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT min(at) FROM ~mail WHERE {OF}))"
)
_STEP = (
    "UPDATE ~ticket SET revision = ?, workflow = ?, state = ?, assignee = ?, queue = ?, wake = ?, deadline = ?, chain = ?,"
    f" snapshot = ?, again = NULL, tries = 0 WHERE {THIS}"
)
_RECORD = "INSERT INTO ~record (sequence, body, salt, chain, seal, tenant, entity, ticket) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_EFFECT = (
    "INSERT OR IGNORE INTO ~effect (tenant, entity, id, ticket, body, first)"
    f" VALUES (?, ?, ?, ?, ?, NOT EXISTS (SELECT 1 FROM ~effect WHERE {OF} AND aside = 0))"
)
_ANSWERED = "INSERT OR IGNORE INTO ~answered (tenant, entity, ticket, key, first, last) VALUES (?, ?, ?, ?, ?, ?)"
_UNINDEXED = f"DELETE FROM ~indexed WHERE {OF}"
_INDEXED = "INSERT INTO ~indexed (tenant, entity, ticket, name, value) VALUES (?, ?, ?, ?, ?)"
_KNOWN = f"SELECT first, last FROM ~answered WHERE {OF} AND key = ?"
_RECOVERED = f"DELETE FROM ~trouble WHERE {HERE} AND sort = 'ticket' AND id = ?"


@frozen
class _Books:
    """What one tenant's tickets hold."""

    db: Connection
    tenant: str

    def held(self, key: str, ticket: str) -> int:
        row = self.db.row(
            f"SELECT units FROM ~held WHERE {HERE} AND key = ? AND ticket = ?", (self.tenant, ENTITY, key, ticket)
        )
        return 0 if row is None else int(row[0])

    def total(self, key: str) -> int:
        row = self.db.row(f"SELECT units FROM ~total WHERE {HERE} AND key = ?", (self.tenant, ENTITY, key))
        return 0 if row is None else int(row[0])

    def owner(self, key: str) -> tuple[str, datetime | None] | None:
        row = self.db.row(f"SELECT ticket, until FROM ~owner WHERE {HERE} AND key = ?", (self.tenant, ENTITY, key))
        return None if row is None else (row[0], None if row[1] is None else from_micros(row[1]))

    def counter(self, name: str) -> int:
        row = self.db.row(f"SELECT value FROM ~counter WHERE {HERE} AND name = ?", (self.tenant, ENTITY, name))
        return 0 if row is None else int(row[0])


def known(db: Connection, tenant: str, ticket: str, key: str) -> Answer | None:
    """The ``duplicate`` answer a change of a ticket with this key gets, or None where the key is new."""
    row = db.row(_KNOWN, (tenant, ENTITY, ticket, key))
    return None if row is None else Answer(status="duplicate", key=key, first=row[0], last=row[1])


def released(db: Connection, tenant: str) -> int:
    """The number of the latest release."""
    row = db.row(f"SELECT number FROM ~release WHERE {HERE}", (tenant, ENTITY))
    return 0 if row is None else int(row[0])


@define
class Commit:
    """
    One call of ``Store.commit`` inside a transaction.

    What touches nothing but its ticket, the log, effects, keys and what the ticket is found by is gathered, and written with
    one statement for each kind of row. What touches more is written at once, behind all that was gathered before it.
    """

    db: Connection
    tenant: str
    cache: Cache
    heads: dict[str, tuple[int, str, int, int]] = field(factory=dict)
    keys: dict[tuple[str, str], Answer] = field(factory=dict)
    opened: list[tuple[Any, ...]] = field(factory=list)
    stepped: list[tuple[Any, ...]] = field(factory=list)
    records: list[tuple[Any, ...]] = field(factory=list)
    effects: list[tuple[Any, ...]] = field(factory=list)
    answers: list[tuple[Any, ...]] = field(factory=list)
    index: dict[str, tuple[tuple[str, str], ...]] = field(factory=dict)
    unindexed: list[tuple[Any, ...]] = field(factory=list)
    snapshots: list[Ticket] = field(factory=list)

    def run(self, ready: Sequence[Written]) -> tuple[Answer, ...]:
        """The answers, in order; what is applied is written."""
        self._read(ready)
        answers = tuple([self._look(one) for one in ready])
        self._flush()
        return answers

    def _read(self, ready: Sequence[Written]) -> None:
        here = (self.tenant, ENTITY)
        if len(ready) == 1:
            rows = self.db.rows(_HEAD, (*here, ready[0].change.ticket.id))
            self.heads = {row[0]: row[1:] for row in rows}
            return
        ids = list(dict.fromkeys([one.change.ticket.id for one in ready]))
        for start in range(0, len(ids), AT_ONCE):
            page = ids[start : start + AT_ONCE]
            # The last one fills up the page, so that there is one statement however many are asked for.
            rows = self.db.rows(_SOME_HEADS, (*here, *page, *page[-1:] * (AT_ONCE - len(page))))
            self.heads.update({row[0]: row[1:] for row in rows})

    def _look(self, ready: Written) -> Answer:
        change = ready.change
        id_ = change.ticket.id
        for key in change.keys:
            duplicate = self.keys.get((id_, key)) or known(self.db, self.tenant, id_, key)
            if duplicate:
                return duplicate
        head = self.heads.get(id_)
        revision, before, tries, waiting = head if head is not None else (None, START, 0, 0)
        if revision != change.expected:
            return Answer(status="conflict", revision=revision)
        if ready.plain and not waiting and not tries:
            self._gather(ready, before, 0)
            return ready.answer
        settled = settle(change.reservations, change.ticket, _Books(self.db, self.tenant)) if change.reservations else None
        if isinstance(settled, Refusal):
            return Answer(status="refused", reservation=settled.reservation, key=settled.key, held=settled.held)
        kept = ready.snapshot is not None
        self._gather(ready, before, len(ready.waits) if kept else waiting)
        self._flush()
        if tries and kept:
            self.db.run(_RECOVERED, (self.tenant, ENTITY, id_))
        self._answer_mail(change)
        if kept and (waiting or ready.waits):
            self._write_waits(ready)
        if settled is not None:
            self._write_holdings(settled, change.ticket)
        if change.erased:
            self._erase(ready)
        return ready.answer

    def _gather(self, ready: Written, before: str, waiting: int) -> None:
        change = ready.change
        ticket = change.ticket
        here = (self.tenant, ENTITY, ticket.id)
        chain = before
        for link in ready.links(before):
            chain = link[3]
            self.records.append(link + here)
        if ready.snapshot is not None:
            row = (*ready.row, chain, ready.snapshot, *here)
            if change.expected is None:
                self.opened.append(row + here)
            else:
                self.stepped.append(row)
            self.snapshots.append(ticket)
            self.heads[ticket.id] = (ready.row[0], chain, 0, waiting)
        if change.effects:
            for effect, body in zip(change.effects, ready.effects, strict=True):
                of = (self.tenant, ENTITY, effect.ticket)
                self.effects.append((self.tenant, ENTITY, effect.id, effect.ticket, body, *of))
        if ready.index is not None:
            self.index[ticket.id] = ready.index
            if change.expected is not None:
                self.unindexed.append(here)
        for key in change.keys:
            first, last = ready.answer.first, ready.answer.last
            self.answers.append((*here, key, first, last))
            self.keys[ticket.id, key] = Answer(status="duplicate", key=key, first=first, last=last)

    def _flush(self) -> None:
        for sql, rows in (
            (_OPEN, self.opened),
            (_STEP, self.stepped),
            (_RECORD, self.records),
            (_EFFECT, self.effects),
            (_ANSWERED, self.answers),
            (_UNINDEXED, self.unindexed),
            (_INDEXED, [(self.tenant, ENTITY, id_, *one) for id_, pairs in self.index.items() for one in pairs]),
        ):
            if rows:
                self.db.run_many(sql, rows)
                rows.clear()
        self.index.clear()
        self.cache.put(self.tenant, *self.snapshots)
        self.snapshots.clear()

    def _answer_mail(self, change: Change) -> None:
        here = (self.tenant, ENTITY, change.ticket.id)
        if change.woken:
            self.db.run(f"UPDATE ~ticket SET woken = 0, woken_at = NULL WHERE {THIS} AND woken <= ?", (*here, change.woken))
        if change.consumed:
            self.db.run_many(f"DELETE FROM ~mail WHERE number = ? AND {OF}", [(number, *here) for number in change.consumed])
            self.db.run(f"UPDATE ~ticket SET mail_at = (SELECT min(at) FROM ~mail WHERE {OF}) WHERE {THIS}", (*here, *here))

    def _write_waits(self, ready: Written) -> None:
        change, now = ready.change, ready.waits
        here = (self.tenant, ENTITY, change.ticket.id)
        before = {row[0] for row in self.db.rows(f"SELECT key FROM ~wait WHERE {OF}", here)}
        self.db.run_many(f"DELETE FROM ~wait WHERE {OF} AND key = ?", [(*here, key) for key in before.difference(now)])
        new = [key for key in now if key not in before]
        self.db.run_many("INSERT INTO ~wait (tenant, entity, ticket, key) VALUES (?, ?, ?, ?)", [(*here, key) for key in new])
        if change.released is None:
            return
        freed = [
            self.db.row(f"SELECT released FROM ~total WHERE {HERE} AND key = ?", (self.tenant, ENTITY, key)) for key in new
        ]
        latest = max((row[0] for row in freed if row is not None), default=0)
        if latest > change.released:
            self.db.run(f"UPDATE ~ticket SET woken = ?, woken_at = ? WHERE {THIS}", (latest, micros(change.ticket.at), *here))

    def _write_holdings(self, settled: Settlement, ticket: Ticket) -> None:
        here = (self.tenant, ENTITY)
        for key, (own, total) in settled.units.items():
            if own:
                self.db.run("INSERT OR REPLACE INTO ~held VALUES (?, ?, ?, ?, ?)", (*here, key, ticket.id, own))
            else:
                self.db.run(f"DELETE FROM ~held WHERE {HERE} AND key = ? AND ticket = ?", (*here, key, ticket.id))
            self.db.run(
                "INSERT INTO ~total (tenant, entity, key, units) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (tenant, entity, key) DO UPDATE SET units = excluded.units",
                (*here, key, total),
            )
        for key, until in settled.owners.items():
            end = None if until is None else micros(until)
            self.db.run("INSERT OR REPLACE INTO ~owner VALUES (?, ?, ?, ?, ?)", (*here, key, ticket.id, end))
        for key in settled.let_go:
            self.db.run(f"DELETE FROM ~owner WHERE {HERE} AND key = ?", (*here, key))
        for name, value in settled.counters.items():
            self.db.run("INSERT OR REPLACE INTO ~counter VALUES (?, ?, ?, ?)", (*here, name, value))
        for key in settled.freed:
            self._wake_waiting(key, ticket.at)

    def _wake_waiting(self, key: str, at: datetime) -> None:
        here = (self.tenant, ENTITY)
        number = released(self.db, self.tenant) + 1
        self.db.run("INSERT OR REPLACE INTO ~release VALUES (?, ?, ?)", (*here, number))
        self.db.run(
            "INSERT INTO ~total (tenant, entity, key, released) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (tenant, entity, key) DO UPDATE SET released = excluded.released",
            (*here, key, number),
        )
        waiting = self.db.rows(f"SELECT ticket FROM ~wait WHERE {HERE} AND key = ?", (*here, key))
        self.db.run_many(
            f"UPDATE ~ticket SET woken = ?, woken_at = ? WHERE {THIS}", [(number, micros(at), *here, row[0]) for row in waiting]
        )

    def _erase(self, ready: Written) -> None:
        self.db.scrub()
        here = (self.tenant, ENTITY, ready.change.ticket.id)
        for sequence, body in _numbered(ready):
            row = self.db.row(
                f"SELECT sequence, body, salt, chain, seal FROM ~record WHERE {OF} AND sequence = ?", (*here, sequence)
            )
            if row is None:
                raise damaged(self.db.path, f"no record {sequence} of ticket {ready.change.ticket.id!r}")
            new = erased(Link(*row), body)
            self.db.run(
                f"UPDATE ~record SET body = ?, salt = ?, seal = ? WHERE {OF} AND sequence = ?",
                (new.body, new.salt, new.seal, *here, sequence),
            )


def _numbered(ready: Written) -> Iterator[tuple[int, str]]:
    return zip((record.sequence for record in ready.change.erased), ready.erased, strict=True)
