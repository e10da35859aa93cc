"""Knows how a host keeps tickets in one JSON column with nothing but the standard library; must not know a desk or a store."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import servflow
from servflow import Outcome, Ticket
from servflow.model import micros

SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,            -- the host's own column
    ticket TEXT NOT NULL,              -- the snapshot, as JSON
    revision INTEGER NOT NULL,         -- an update says WHERE revision = the one that was read
    wake INTEGER                       -- when time alone changes the ticket, in microseconds since 1970
);
CREATE INDEX IF NOT EXISTS cases_wake ON cases (wake) WHERE wake IS NOT NULL;
CREATE TABLE IF NOT EXISTS log (
    id TEXT NOT NULL, sequence INTEGER NOT NULL, record TEXT NOT NULL, key TEXT,
    PRIMARY KEY (id, sequence)
);
CREATE UNIQUE INDEX IF NOT EXISTS log_key ON log (id, key) WHERE key IS NOT NULL;  -- the same request twice is once
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, effect TEXT NOT NULL);
"""

INSERT = "INSERT INTO cases (ticket, revision, wake, id, customer) VALUES (?, ?, ?, ?, ?)"
UPDATE = "UPDATE cases SET ticket = ?, revision = ?, wake = ? WHERE id = ? AND revision = ?"
TRIES = 20
"""How often a step is decided again where others were faster."""

workflow = servflow.load(Path(__file__).with_name("repair.yaml"))
world = servflow.World(people=[{"id": "ann", "roles": ["agent"]}, {"id": "lea", "roles": ["lead"]}])
staff = {person.id: servflow.Actor(person.id, roles=person.roles) for person in world.people}


class Host:
    """The host: its cases, each with a ticket; *now* gives the present."""

    def __init__(self, path: str, now: Callable[[], datetime]) -> None:
        self.db, self.now = sqlite3.connect(path, isolation_level=None), now
        self.db.executescript(SCHEMA)

    def open(self, id_: str, customer: str, **fields: Any) -> Ticket:
        """A new case and its ticket, or neither."""
        outcome = workflow.open(id_, {**fields, "customer": customer}, at=self.now(), world=world)
        self._keep(outcome, INSERT, (id_, customer))
        return outcome.ticket

    def fire(self, id_: str, event: str, user: str, key: str | None = None, **payload: Any) -> Ticket:
        """Somebody does something; the same key again changes nothing."""

        def decide(ticket: Ticket, at: datetime) -> Outcome:
            return workflow.fire(ticket, event, payload, at=at, actor=staff.get(user), world=world, key=key)

        return self._step(id_, decide, key)

    def tick(self) -> int:
        """Time passes for the cases that wake, which an index finds; how many there were."""
        due = self.db.execute("SELECT id FROM cases WHERE wake <= ? ORDER BY wake, id LIMIT 100", [micros(self.now())])
        ids = [id_ for (id_,) in due.fetchall()]
        for id_ in ids:
            self._step(id_, lambda ticket, at: workflow.advance(ticket, at=at, world=world))
        return len(ids)

    def deliver(self, handler: Callable[[Any], None]) -> None:
        """Carry out what is in the outbox, in order and at least once: a row goes when the handler has returned."""
        for number, effect in self.db.execute("SELECT number, effect FROM outbox ORDER BY number").fetchall():
            handler(json.loads(effect))
            self.db.execute("DELETE FROM outbox WHERE number = ?", [number])

    def ticket(self, id_: str) -> Ticket:
        """The ticket of a case."""
        row = self.db.execute("SELECT ticket FROM cases WHERE id = ?", [id_]).fetchone()
        if row is None:
            raise servflow.NotFound(f"there is no case {id_!r}", ticket=id_)
        return servflow.load_ticket(json.loads(row[0]))

    def _step(self, id_: str, decide: Callable[[Ticket, datetime], Outcome], key: str | None = None) -> Ticket:
        for _ in range(TRIES):
            if key is not None and self.db.execute("SELECT 1 FROM log WHERE id = ? AND key = ?", [id_, key]).fetchone():
                return self.ticket(id_)
            before = self.ticket(id_)
            outcome = decide(before, max(self.now(), before.at))
            if not outcome.records or self._keep(outcome, UPDATE, (id_, before.revision), key):
                return outcome.ticket
        raise servflow.Conflict(f"others changed {id_!r} first, {TRIES} times in a row; try again later", ticket=id_)

    def _keep(self, outcome: Outcome, sql: str, where: tuple[Any, ...], key: str | None = None) -> bool:
        """All of one step in one transaction, or nothing of it where somebody was faster."""
        if outcome.reservations:  # what must hold across tickets takes a store, which checks it under the same commit
            raise servflow.StoreError("a workflow that takes reservations needs a servflow store", code="reservations")
        ticket = outcome.ticket
        wake = None if ticket.wake is None else micros(ticket.wake)
        self.db.execute("BEGIN IMMEDIATE")
        with self.db:
            if not self.db.execute(sql, (json.dumps(servflow.dump(ticket)), ticket.revision, wake, *where)).rowcount:
                return False
            for place, record in enumerate(outcome.records):
                row = (ticket.id, record.sequence, json.dumps(servflow.dump(record)), None if place else key)
                self.db.execute("INSERT INTO log VALUES (?, ?, ?, ?)", row)
            for effect in outcome.effects:
                self.db.execute("INSERT INTO outbox (id, effect) VALUES (?, ?)", (effect.id, json.dumps(servflow.dump(effect))))
        return True


def main(path: str = ":memory:") -> None:
    """A case from Monday to Friday."""
    at = datetime.fromisoformat("2026-03-02T10:00:00+01:00")
    host = Host(path, lambda: at)

    def later(**time: float) -> None:
        nonlocal at
        at += timedelta(**time)
        while host.tick():
            pass
        host.deliver(lambda effect: print(f"{at:%a %H:%M}  to {effect['to']}: {effect['template']}"))

    print(f"{at:%a %H:%M}  {host.open('C-1', 'mia', subject='the drum sticks', tier='gold').state}")
    host.fire("C-1", "take", "ann")
    print(f"{at:%a %H:%M}  due {host.ticket('C-1').due:%a %H:%M} UTC")
    later(hours=1)
    host.fire("C-1", "ask", "ann")
    later(days=3, minutes=1)
    host.fire("C-1", "reply", "ann")
    later(days=1)
    for _ in range(2):
        ticket = host.fire("C-1", "finish", "ann", key="click-7", note="new belt")
    later()
    (count,) = host.db.execute("SELECT count(*) FROM log").fetchone()
    print(f"{at:%a %H:%M}  {ticket.state}, breached {ticket.clocks['repair'].breached_at:%a %H:%M} UTC, {count} records")
    host.db.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
