"""Knows how the tables of an older servflow become today's, one format after the other; must not know when a file is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping

from servflow.errors import ServflowError
from servflow.model import load_ticket, micros
from servflow.stores._asking import whom
from servflow.stores._chain import START, link, new_salt
from servflow.stores._sqlite_schema import EFFECT_TURNS, INDEXED, RECORD, TICKET, TICKET_INDEXES, TROUBLE, statements

_CHAINED = """
CREATE TABLE record_2 (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
  salt TEXT NOT NULL, chain TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, sequence)) WITHOUT ROWID
"""


def _links(old: sqlite3.Cursor) -> Iterator[tuple[object, ...]]:
    last, chain = None, START
    for tenant, entity, ticket, sequence, body in old:
        if (tenant, entity, ticket) != last:
            last, chain = (tenant, entity, ticket), START
        salt = new_salt()
        chain = link(chain, body, salt)
        yield tenant, entity, ticket, sequence, body, salt, chain


def _chain_records(db: sqlite3.Connection) -> None:
    # The table is made anew: without a default for the chain, an older servflow that still has the file open
    # fails where it would write a record outside of it.
    db.execute(_CHAINED)
    old = db.execute("SELECT tenant, entity, ticket, sequence, body FROM record ORDER BY tenant, entity, ticket, sequence")
    db.executemany("INSERT INTO record_2 VALUES (?, ?, ?, ?, ?, ?, ?)", _links(old))
    db.execute("DROP TABLE record")
    db.execute("ALTER TABLE record_2 RENAME TO record")
    db.execute("ALTER TABLE ticket ADD COLUMN chain TEXT NOT NULL DEFAULT ''")
    db.execute(
        "UPDATE ticket SET chain = ifnull((SELECT chain FROM record WHERE record.tenant = ticket.tenant"
        " AND record.entity = ticket.entity AND record.ticket = ticket.id AND record.sequence = ticket.revision), '')"
    )


def _screen(snapshot: str) -> tuple[str | None, int | None]:
    try:
        ticket = load_ticket(snapshot)
    except ServflowError:
        return None, None  # a damaged one stays what it is; ``servflow verify`` tells of it
    return ticket.queue, None if ticket.due is None else micros(ticket.due)


def _screens(old: sqlite3.Cursor) -> Iterator[tuple[object, ...]]:
    for row in old:
        yield (*row, *_screen(row[-1]))


def _failures_and_screens(db: sqlite3.Connection) -> None:
    # Records are made anew for the seal, which has no default: it stops an older servflow that still has the file open.
    db.execute("ALTER TABLE record RENAME TO record_2")
    db.execute(RECORD.replace("~", ""))
    db.execute("INSERT INTO record SELECT tenant, entity, ticket, sequence, body, salt, chain, '' FROM record_2")
    db.execute("DROP TABLE record_2")
    names = "tenant, entity, id, revision, workflow, state, assignee, wake, woken, woken_at, mail_at, chain, snapshot"
    db.execute("ALTER TABLE ticket RENAME TO ticket_2")
    db.execute(TICKET.replace("~", ""))
    db.executemany(
        f"INSERT INTO ticket ({names}, queue, deadline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _screens(db.execute(f"SELECT {names} FROM ticket_2")),
    )
    db.execute("DROP TABLE ticket_2")
    db.execute("ALTER TABLE effect ADD COLUMN again INTEGER")
    for name in ("tries", "aside", "first"):
        db.execute(f"ALTER TABLE effect ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE effect SET first = 1 WHERE number IN (SELECT min(number) FROM effect GROUP BY tenant, entity, ticket)")
    for statement in statements(TICKET_INDEXES, EFFECT_TURNS, TROUBLE, INDEXED):
        db.execute(statement.replace("~", ""))  # no file of these formats has names of its own


def _whom(old: sqlite3.Cursor) -> Iterator[tuple[str, ...]]:
    for *here, snapshot in old:
        for name, value in whom(snapshot).items():
            yield *here, name, value, *here, name


def _found_by_whom(db: sqlite3.Connection) -> None:
    # A field of that name is what the ticket is found by already.
    db.executemany(
        "INSERT INTO indexed (tenant, entity, ticket, name, value) SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS"
        " (SELECT 1 FROM indexed WHERE tenant = ? AND entity = ? AND ticket = ? AND name = ?)",
        _whom(db.execute("SELECT tenant, entity, id, snapshot FROM ticket")),
    )


STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {2: _chain_records, 3: _failures_and_screens, 4: _found_by_whom}
"""Format -> what makes it of the one before."""


def migrated(db: sqlite3.Connection, written: int) -> None:
    """Bring a file of format *written* up to date, inside the transaction that is open: all steps, or none."""
    for number in sorted(STEPS):
        if number > written:
            STEPS[number](db)
