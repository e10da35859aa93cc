"""Knows what a simulated store was given, what was promised to whom and what breaks a promise; must not know who asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from servflow.desk._facts import counted_by, is_fact
from servflow.model import (
    Call,
    Effect,
    FrozenMap,
    Next,
    Open,
    Outcome,
    Record,
    Release,
    Reservation,
    Send,
    Take,
    Ticket,
    Unique,
    frozen_map,
)
from servflow.stores import Answer, Change

CAPACITY = ("engineer:", "outlet:")
"""Under these names a ticket takes hold of the capacity of engineers and outlets."""


@frozen
class Note:
    """What one operation kept: ``what`` it was, ``of`` what, and the instant its process thought it was."""

    what: str
    of: Any
    at: datetime | None = None


@frozen
class Violation:
    """
    A promise that was broken: ``rule`` names it, ``told`` says what was seen, ``step`` is the last step before it was seen.

    The rules: ``kept`` (nothing acknowledged is lost), ``once`` (nothing is applied twice), ``order``, ``time`` (timers fire
    once and never early), ``effects`` (carried out at least once, and the same each time), ``held`` (what
    holds across tickets), ``read`` (what is read is what was kept), ``audit`` (``verify`` finds nothing), ``asleep`` (what is
    to be done is woken) and ``raised`` (nothing fails in a way nobody can expect).
    """

    rule: str
    told: str
    step: int


@define
class _Books:
    """Who holds what, counted anew from what was kept, by rules written down a second time."""

    units: dict[str, dict[str, int]] = field(factory=dict)
    owners: dict[str, tuple[str, datetime | None]] = field(factory=dict)
    counters: dict[str, int] = field(factory=dict)

    def settle(self, reservation: Reservation, ticket: Ticket) -> str | None:
        """Enter one reservation; what is wrong with its having been granted."""
        if isinstance(reservation, Take):
            holders = self.units.setdefault(reservation.key, {})
            holders[ticket.id] = holders.get(ticket.id, 0) + reservation.units
            total = sum(holders.values())
            if reservation.limit is not None and total > reservation.limit:
                return f"{total} units of {reservation.key!r} are held by {holders}, {reservation.limit} at most were allowed"
        elif isinstance(reservation, Release):
            holders = self.units.get(reservation.key, {})
            holders[ticket.id] = max(0, holders.get(ticket.id, 0) - reservation.units)
            if self.owners.get(reservation.key, ("", None))[0] == ticket.id:
                del self.owners[reservation.key]
        elif isinstance(reservation, Unique):
            holder, until = self.owners.get(reservation.key, (ticket.id, None))
            self.owners[reservation.key] = (ticket.id, reservation.until)
            if holder != ticket.id and (until is None or until > ticket.at):
                return f"{reservation.key!r} was given to {ticket.id!r} while {holder!r} holds it"
        elif isinstance(reservation, Next):
            stands = self.counters.get(reservation.counter, 0)
            self.counters[reservation.counter] = max(stands, reservation.expected) + 1
            if reservation.expected != stands:
                return f"number {reservation.expected} of counter {reservation.counter!r} was given out when {stands} came next"
        return None


@define
class Ledger:
    """Everything that was kept, acknowledged and carried out, in the order in which that happened."""

    steps: Any
    violations: list[Violation] = field(factory=list)
    books: _Books = field(factory=_Books)
    records: dict[str, list[Record]] = field(factory=dict)
    tickets: dict[str, Ticket] = field(factory=dict)
    keys: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    consumed: set[int] = field(factory=set)
    emitted: dict[str, Effect] = field(factory=dict)
    delivered: dict[str, int] = field(factory=dict)
    tried: dict[str, int] = field(factory=dict)
    aside: set[str] = field(factory=set)
    dead: dict[str, None] = field(factory=dict)
    taken: dict[str, datetime] = field(factory=dict)
    done: set[str] = field(factory=set)
    mailed: dict[str, list[str]] = field(factory=dict)
    read: dict[str, list[str]] = field(factory=dict)
    promised: set[tuple[str, str]] = field(factory=set)
    answers: dict[tuple[str, str], Outcome] = field(factory=dict)
    refused: set[tuple[str, str]] = field(factory=set)
    deliveries: int = 0
    sent: dict[tuple[str, str], list[tuple[str | None, FrozenMap[str, Any]]]] = field(factory=dict)
    replies: set[tuple[str, str]] = field(factory=set)
    decided: dict[tuple[str, int, int], list[Outcome]] = field(factory=dict)
    wanted: set[tuple[str, str]] = field(factory=set)
    changes: Counter[str] = field(factory=Counter)

    def broken(self, rule: str, told: str) -> None:
        """A promise was broken."""
        self.violations.append(Violation(rule, told, self.steps()))

    def sends(self, ticket: str, key: str, event: str | None, payload: Mapping[str, Any] | None = None) -> None:
        """Somebody wants an event, or where that is None the opening itself, to reach a ticket under a key."""
        self.sent.setdefault((ticket, key), []).append((event, frozen_map(payload or {})))

    def asks(self, ticket: str, key: str | None, event: str, payload: Mapping[str, Any] | None) -> None:
        """A desk asks a workflow about an event."""
        if key is not None and (event, frozen_map(payload or {})) not in self.sent.get((ticket, key), ()):
            self.broken("kept", f"{event!r} with {payload} came to {ticket!r} under {key!r}, which nobody sent")

    def decides(self, outcome: Outcome) -> Outcome:
        """A workflow decided."""
        if outcome.records:
            place = (outcome.ticket.id, outcome.records[0].sequence, outcome.ticket.revision)
            self.decided.setdefault(place, []).append(outcome)
        return outcome

    def wants(self, correlator: str, facts: Iterable[str]) -> None:
        """A correlator wants facts, by their keys, to be kept with the step they are from."""
        self.wanted.update((correlator, key) for key in facts)

    def _as_decided(self, change: Change) -> None:
        """Check that a change keeps the whole of what some workflow decided and correlators want, and nothing of its own."""
        ticket, decided = change.ticket, []
        facts = [effect for effect in change.effects if isinstance(effect, Send) and is_fact(effect)]
        for fact in facts:
            if (counted_by(fact)[0], fact.key) not in self.wanted:
                self.broken("kept", f"{fact.id!r} was kept, which no correlator wants")
        effects = change.effects[: len(change.effects) - len(facts)]
        if change.records:
            decided = self.decided.pop((ticket.id, change.records[0].sequence, ticket.revision), [])
        elif not (change.effects or change.reservations):
            return
        kept = (ticket, change.records, effects, change.reservations)
        if all(kept != (one.ticket, one.records, one.effects, one.reservations) for one in decided):
            self.broken("kept", f"what was kept of {ticket.id!r} up to {ticket.revision} is not what its workflow decided")

    def keep(self, note: Note) -> None:
        """Something was kept for good."""
        if note.what == "commit" and note.at is not None:
            for change, answer in note.of:
                self._applied(change, answer, note.at)
        elif note.what == "post":
            ticket, key = note.of
            self.mailed.setdefault(ticket, []).append(key)
        elif note.what == "take" and note.at is not None:
            ids, until = note.of
            self._taken(ids, until, note.at)
        elif note.what in ("fail", "aside") and note.of[0] == "effect":
            self.taken.pop(note.of[1], None)
            if note.what == "aside" and note.of[1] not in self.done:  # what is done by now, nothing happens to
                self.aside.add(note.of[1])
                self.dead[note.of[1]] = None
        elif note.what == "ack" or (note.what == "revive" and note.of[0] == "effect"):
            ids = note.of if note.what == "ack" else note.of[1]
            self.done.update(ids if note.what == "ack" else ())
            for id_ in ids:
                self.dead.pop(id_, None)
                self.taken.pop(id_, None)

    def _taken(self, ids: Iterable[str], until: datetime, at: datetime) -> None:
        for id_ in ids:
            if (before := self.taken.get(id_)) is not None and at < before:
                self.broken("effects", f"effect {id_!r} was taken at {at}, when somebody had it until {before}")
            self.taken[id_] = until

    def _applied(self, change: Change, answer: Answer, latest: datetime) -> None:
        ticket, before = change.ticket, self.tickets.get(change.ticket.id)
        revision = None if before is None else before.revision
        if change.expected != revision:
            self.broken("once", f"a step of {ticket.id!r} decided on revision {change.expected} was kept on top of {revision}")
        if change.consumed:
            self.read.setdefault(ticket.id, []).extend(change.keys)
        for key in change.keys:
            if (ticket.id, key) in self.keys:
                self.broken("once", f"key {key!r} of {ticket.id!r} was used a second time")
            if (ticket.id, key) not in self.sent:
                self.broken("once", f"{ticket.id!r} was changed under {key!r}, a key that nobody used")
            self.keys[ticket.id, key] = (answer.first, answer.last)
        for message in change.consumed:
            if message in self.consumed:
                self.broken("once", f"message {message} of {ticket.id!r} was read a second time")
            self.consumed.add(message)
        self.changes[ticket.id] += 1
        self._as_decided(change)
        self._early(change.records, before, latest)
        if change.records or before is None:
            self.tickets[ticket.id] = ticket
            self.records.setdefault(ticket.id, []).extend(change.records)
        for reservation in change.reservations:
            if wrong := self.books.settle(reservation, ticket):
                self.broken("held", wrong)
        for effect in change.effects:
            known = self.emitted.setdefault(effect.id, effect)
            if known != effect:
                self.broken("effects", f"effect {effect.id!r} was asked for twice, as {known} and as {effect}")
            if isinstance(effect, Send):
                self.sends(effect.to_ticket, effect.key, effect.event, effect.payload)
            elif isinstance(effect, Open):
                self.sends(effect.new_ticket, effect.id, None)

    def _early(self, records: Sequence[Record], before: Ticket | None, latest: datetime) -> None:
        # An event that comes while the ticket is ahead of the clock is applied at the ticket's own instant.
        bound = latest if before is None else max(latest, before.at)
        for record in records:
            if record.at > bound:
                self.broken("time", f"{record} was kept when the clock of who kept it had reached {bound} only")

    def saw(self, id_: str, ticket: Ticket | None, notes: Iterable[Note]) -> None:
        """A process read a ticket; *notes* are what it has not yet kept for good."""
        now = self.tickets.get(id_)
        expected = 0 if now is None else now.revision
        for note in notes:
            if note.what == "commit":
                expected = next((c.ticket.revision for c, _ in reversed(note.of) if c.ticket.id == id_), expected)
        seen = 0 if ticket is None else ticket.revision
        if seen != expected:
            self.broken("read", f"ticket {id_!r} was read at revision {seen}, when {expected} had been kept")

    def carried_out(self, effect: Effect, value: Any = None) -> None:
        """A handler acted on an effect, and gave *value*."""
        self.deliveries += 1
        self.tried[effect.id] = self.tried.get(effect.id, 0) + 1
        self.delivered.setdefault(effect.id, self.deliveries)
        known = self.emitted.get(effect.id)
        if known is None:
            self.broken("effects", f"a handler got {effect}, which no step that was kept asked for")
        elif known != effect:
            self.broken("effects", f"a handler got {effect}, but {known} was asked for under this id")
        if isinstance(effect, Call) and effect.reply is not None and isinstance(value, Mapping):
            self.sends(effect.ticket, f"reply:{effect.id}", effect.reply, value)
            self.replies.add((effect.ticket, f"reply:{effect.id}"))

    def acknowledged(self, ticket: str, key: str, outcome: Outcome) -> None:
        """Somebody got an answer to what he asked for."""
        first = self.answers.setdefault((ticket, key), outcome)
        if first.records != outcome.records:
            self.broken("once", f"key {key!r} of {ticket!r} gave {outcome.records}, after it had given {first.records}")
        if first.ticket != outcome.ticket:
            self.broken("once", f"key {key!r} gave {ticket!r} as {outcome.ticket}, after it had given it as {first.ticket}")
        if (ticket, key) not in self.keys:
            self.broken("kept", f"an answer was given to key {key!r} of {ticket!r} though nothing was kept under it")
