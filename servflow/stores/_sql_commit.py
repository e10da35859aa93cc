"""Knows how a list of changes is kept with few statements on PostgreSQL; must not know how it is connected to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import define

from servflow.errors import StoreError
from servflow.model import Next, Release, Ticket, from_micros, micros
from servflow.stores._chain import START, Link, erased
from servflow.stores._kept import Written
from servflow.stores._protocol import Answer, Change
from servflow.stores._reservations import Refusal, Settlement, settle
from servflow.stores._sql_connection import Proof
from servflow.stores._sql_write import HERE, Holding, Row, Work, array, columns

_WAKE = "ticket, revision, woken, woken_at, waits, chain, tries"


def _names(change: Change) -> Iterable[str]:
    return (one.counter if isinstance(one, Next) else one.key for one in change.reservations)


@define
class Commit(Work):
    """
    One call of ``Store.commit`` inside a transaction: lock and read what it touches, look at the changes, write.

    Rows are locked in one order everywhere: tickets by id, with those that wait for what may be given back, then keys
    by name. Two commits can so wait for one another only where a ticket began to wait meanwhile, or within batches.
    """

    def run(self) -> tuple[Answer, ...]:
        """The answers, in order; what is applied is written."""
        changes = [one.change for one in self.ready]
        rich = [one.change for one in self.ready if not one.plain]
        freeing = {one.key for change in rich for one in change.reservations if isinstance(one, Release)}
        self._lock_tickets(changes, freeing)
        self._read_keys(changes)
        self._read_waits(changes)
        self._read_erased(rich)
        self._lock_holdings(changes, freeing)
        answers = tuple(self._look(one) for one in self.ready)
        self.write()
        return answers

    # -- locking and reading

    def _lock_tickets(self, changes: Sequence[Change], freeing: set[str]) -> None:
        ids = {change.ticket.id for change in changes}
        new = sorted({change.ticket.id for change in changes if change.expected is None})
        if new:
            # Whoever opens the same ticket, or posts to it, waits here until this transaction ends.
            self.db.rows(
                "INSERT INTO ~wake (tenant, entity, ticket) SELECT %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                self.here(array(new)),
            )
        self._lock(ids | self._waiters(freeing))

    def _waiters(self, keys: set[str]) -> set[str]:
        if not keys:
            return set()
        found = self.db.rows(
            f"SELECT key, ticket FROM ~wait WHERE {HERE} AND key = ANY(%s::text[])", self.here(array(sorted(keys)))
        )
        self.waiting = {key: set() for key in keys}
        for key, ticket in found:
            self.waiting[key].add(ticket)
        return {ticket for _, ticket in found}

    def _lock(self, ids: set[str]) -> None:
        if not ids:
            return
        found = self.db.rows(
            f"SELECT {_WAKE} FROM ~wake WHERE {HERE} AND ticket = ANY(%s::text[]) ORDER BY ticket FOR UPDATE",
            self.here(array(sorted(ids))),
        )
        for row in found:
            self.rows[row[0]] = Row(*row[1:])

    def _read_keys(self, changes: Sequence[Change]) -> None:
        pairs = sorted({(change.ticket.id, key) for change in changes for key in change.keys})
        if not pairs:
            return
        found = self.db.rows(
            f"SELECT ticket, key, first, last FROM ~answered WHERE {HERE}"
            " AND (ticket, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
            self.here(*columns(pairs)),
        )
        self.known = {(row[0], row[1]): (row[2], row[3]) for row in found}

    def _read_waits(self, changes: Sequence[Change]) -> None:
        ids = sorted({change.ticket.id for change in changes})
        asked = [id_ for id_ in ids if id_ in self.rows and self.rows[id_].waits]
        if not asked:
            return
        found = self.db.rows(
            f"SELECT ticket, key FROM ~wait WHERE {HERE} AND ticket = ANY(%s::text[])", self.here(array(asked))
        )
        for ticket, key in found:
            self.rows[ticket].before.add(key)

    def _read_erased(self, changes: Sequence[Change]) -> None:
        pairs = sorted({(change.ticket.id, record.sequence) for change in changes for record in change.erased})
        if not pairs:
            return
        found = self.db.rows(
            f"SELECT ticket, sequence, body, salt, chain, seal FROM ~record WHERE {HERE}"
            " AND (ticket, sequence) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))",
            self.here(*columns(pairs)),
        )
        self.erasing = {(row[0], row[1]): Link(*row[1:]) for row in found}

    def _lock_holdings(self, changes: Sequence[Change], freeing: set[str]) -> None:
        names = {name for change in changes if change.reservations for name in _names(change)}
        for ready in self.ready:
            if not ready.waits:
                continue
            row = self.rows.get(ready.change.ticket.id)
            # Who begins to wait for a key and who gives it back meet at the key's row: one of them sees the other.
            names.update(key for key in ready.waits if row is None or key not in row.before)
        if not names:
            return
        asked = sorted(names)
        sql = (
            "SELECT key, units, owner, until, stands, released FROM ~holding"
            f" WHERE {HERE} AND key = ANY(%s::text[]) ORDER BY key FOR UPDATE"
        )
        found = self.db.rows(sql, self.here(array(asked)))
        if len(found) < len(asked):
            self.db.rows(
                "INSERT INTO ~holding (tenant, entity, key) SELECT %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                self.here(array(asked)),
            )
            found = self.db.rows(sql, self.here(array(asked)))
        self.holdings = {row[0]: Holding(*row[1:]) for row in found}
        ids = sorted({change.ticket.id for change in changes if change.reservations})
        if ids:
            held = self.db.rows(
                f"SELECT key, ticket, units FROM ~held WHERE {HERE} AND key = ANY(%s::text[]) AND ticket = ANY(%s::text[])",
                self.here(array(asked), array(ids)),
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
        return ready.answer

    def _step(self, row: Row, ready: Written) -> None:
        change, id_ = ready.change, ready.change.ticket.id
        if ready.snapshot is not None:
            for link in ready.links(START if change.expected is None else row.chain):
                self.links.append((id_, *link))
                row.chain = link[3]
            if change.expected is None:
                row.opened = True
            row.revision, row.ready, row.touched = ready.row[0], ready, True
        if change.effects:
            bodies = zip(change.effects, ready.effects, strict=True)
            self.effects.extend((effect.id, effect.ticket, body) for effect, body in bodies)
        if ready.index is not None:
            self.index[id_] = ready.index
        for key in change.keys:
            self.known[id_, key] = (ready.answer.first, ready.answer.last)
            self.answers.append((id_, key, ready.answer.first, ready.answer.last))
        if not ready.plain or row.before or row.now:
            self._step_more(row, ready)

    def _step_more(self, row: Row, ready: Written) -> None:
        change, id_ = ready.change, ready.change.ticket.id
        if change.woken and row.woken <= change.woken:
            row.woken, row.woken_at, row.touched = 0, None, True
        if ready.snapshot is not None and (ready.waits or row.before or row.now):
            self._wait(row, ready)
        if change.erased:
            self._erase(ready)
        self.consumed.extend((id_, number) for number in change.consumed)

    def _erase(self, ready: Written) -> None:
        id_ = ready.change.ticket.id
        for record, body in zip(ready.change.erased, ready.erased, strict=True):
            place = (id_, record.sequence)
            new = [number for number, row in enumerate(self.links) if row[:2] == place]
            if new:  # kept by this very call
                link = erased(Link(*self.links[new[0]][1:]), body)
                self.links[new[0]] = (id_, link.sequence, link.body, link.salt, link.chain, link.seal)
            elif place in self.erasing:
                self.erasing[place] = erased(self.erasing[place], body)
                self.erased.add(place)
            else:
                raise StoreError(
                    f"ticket {id_!r} has no record {record.sequence} to erase; see servflow verify",
                    code="erased",
                    ticket=id_,
                    sequence=record.sequence,
                )

    def _wait(self, row: Row, ready: Written) -> None:
        change, ticket = ready.change, ready.change.ticket
        before = row.before if row.now is None else row.now
        now = set(ready.waits)
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
        session.releases += 1
        return (self.db.transaction_number() << 20) + session.releases

    @property
    def proof(self) -> Proof | None:
        """What tells that this was kept: a record with its salt, or else a key; None where neither is written."""
        if self.links:
            id_, number, _, _, chain, _ = self.links[0]
            return Proof(
                self.here(id_),
                f"SELECT 1 FROM ~record WHERE {HERE} AND ticket = %s AND sequence = %s AND chain = %s",
                self.here(id_, number, chain),
            )
        if self.answers:
            id_, key, _, _ = self.answers[0]
            return Proof(
                self.here(id_), f"SELECT 1 FROM ~answered WHERE {HERE} AND ticket = %s AND key = %s", self.here(id_, key)
            )
        return None
