"""Knows how the tables of an older servflow become today's, one format after the other; must not know when a file is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping

from servflow.stores._chain import START, link, new_salt

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


STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {2: _chain_records}
"""Format -> what makes it of the one before."""


def migrated(db: sqlite3.Connection, written: int) -> None:
    """Bring a file of format *written* up to date, inside the transaction that is open: all steps, or none."""
    for number in sorted(STEPS):
        if number > written:
            STEPS[number](db)
