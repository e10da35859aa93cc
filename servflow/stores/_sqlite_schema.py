"""Knows the tables of a SQLite file and the number of their format; must not know who reads or writes them."""

from __future__ import annotations

import re

FORMAT = 4
"""Version of the tables; it grows with every change an older servflow could not read."""

APPLICATION = 0x73766677
"""What marks a file as servflow's own in its header ("svfw"), so that no foreign database is written to."""

SHARED = "servflow_"
"""What stands for ``~`` in a file that a host shares, so that its own tables may have any name; in others nothing does."""

NEVER = (1 << 63) - 1
"""What stands in ``again`` of a ticket that was set aside: it is due at no instant."""

# The snapshot stands last: what comes behind a long text is reached only through all of its pages.
TICKET = """
CREATE TABLE ~ticket (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL,
  revision INTEGER NOT NULL, workflow TEXT NOT NULL, state TEXT NOT NULL, assignee TEXT, queue TEXT,
  wake INTEGER, woken INTEGER NOT NULL DEFAULT 0, woken_at INTEGER, mail_at INTEGER,
  again INTEGER, tries INTEGER NOT NULL DEFAULT 0, deadline INTEGER, chain TEXT NOT NULL DEFAULT '',
  due INTEGER GENERATED ALWAYS AS (nullif(max(min(ifnull(wake, 9223372036854775807), ifnull(woken_at, 9223372036854775807),
    ifnull(mail_at, 9223372036854775807)), ifnull(again, -9223372036854775807)), 9223372036854775807)) VIRTUAL,
  snapshot TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, id))
"""

# Those for screens end in what is asked for besides, so that no row is looked up before it is known to be on the page.
TICKET_INDEXES = """
CREATE INDEX ~ticket_due ON ~ticket (tenant, entity, due, id) WHERE due IS NOT NULL;
CREATE INDEX ~ticket_state ON ~ticket (tenant, entity, state, id, deadline);
CREATE INDEX ~ticket_assignee ON ~ticket (tenant, entity, assignee, id, deadline) WHERE assignee IS NOT NULL;
CREATE INDEX ~ticket_queue ON ~ticket (tenant, entity, queue, id, deadline) WHERE queue IS NOT NULL;
CREATE INDEX ~ticket_deadline ON ~ticket (tenant, entity, deadline, id, workflow)
"""

RECORD = """
CREATE TABLE ~record (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
  salt TEXT NOT NULL, chain TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, sequence)) WITHOUT ROWID
"""

# ``first`` marks of each ticket's effects the one whose turn it is, so that taking some looks at no other. What is
# acknowledged or set aside hands the turn on by itself, also where an older servflow still has the file open.
EFFECT_TURNS = """
CREATE INDEX ~effect_turn ON ~effect (tenant, entity, ticket, number) WHERE aside = 0;
CREATE INDEX ~effect_new ON ~effect (tenant, entity, number) WHERE first = 1 AND again IS NULL;
CREATE INDEX ~effect_again ON ~effect (tenant, entity, first, again, tries, number) WHERE first = 1 AND again IS NOT NULL;
CREATE TRIGGER ~effect_gone AFTER DELETE ON ~effect WHEN old.first = 1 BEGIN
  UPDATE ~effect SET first = 1 WHERE number = (SELECT min(number) FROM ~effect
    WHERE tenant = old.tenant AND entity = old.entity AND ticket = old.ticket AND aside = 0); END;
CREATE TRIGGER ~effect_aside AFTER UPDATE OF aside ON ~effect BEGIN
  UPDATE ~effect SET first = 0 WHERE number = new.number; UPDATE ~effect SET first = 0
    WHERE tenant = new.tenant AND entity = new.entity AND ticket = new.ticket AND aside = 0 AND first = 1;
  UPDATE ~effect SET first = 1 WHERE number = (SELECT min(number) FROM ~effect
    WHERE tenant = new.tenant AND entity = new.entity AND ticket = new.ticket AND aside = 0); END
"""

TROUBLE = """
CREATE TABLE ~trouble (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, sort TEXT NOT NULL, id TEXT NOT NULL, ticket TEXT NOT NULL,
  tries INTEGER NOT NULL, error TEXT NOT NULL, since INTEGER NOT NULL, at INTEGER NOT NULL, again INTEGER,
  PRIMARY KEY (tenant, entity, sort, id)) WITHOUT ROWID;
CREATE INDEX ~trouble_aside ON ~trouble (tenant, entity, sort, id) WHERE again IS NULL
"""

INDEXED = """
CREATE TABLE ~indexed (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, ticket TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, name, value, ticket)) WITHOUT ROWID;
CREATE INDEX ~indexed_ticket ON ~indexed (tenant, entity, ticket)
"""

_REST = """
CREATE TABLE ~answered (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE TABLE ~effect (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL,
  ticket TEXT NOT NULL, body TEXT NOT NULL, again INTEGER, tries INTEGER NOT NULL DEFAULT 0,
  aside INTEGER NOT NULL DEFAULT 0, first INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, entity, id));
CREATE INDEX ~effect_order ON ~effect (tenant, entity, number);
CREATE TABLE ~mail (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL,
  event TEXT NOT NULL, payload TEXT NOT NULL, key TEXT NOT NULL, actor TEXT, at INTEGER NOT NULL);
CREATE INDEX ~mail_order ON ~mail (tenant, entity, ticket, number);
CREATE TABLE ~posted (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE TABLE ~wait (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key)) WITHOUT ROWID;
CREATE INDEX ~wait_key ON ~wait (tenant, entity, key, ticket);
CREATE TABLE ~held (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, ticket TEXT NOT NULL, units INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, key, ticket)) WITHOUT ROWID;
CREATE TABLE ~total (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, units INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, entity, key)) WITHOUT ROWID;
CREATE TABLE ~owner (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, ticket TEXT NOT NULL, until INTEGER,
  PRIMARY KEY (tenant, entity, key)) WITHOUT ROWID;
CREATE TABLE ~counter (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity, name)) WITHOUT ROWID;
CREATE TABLE ~release (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (tenant, entity)) WITHOUT ROWID;
CREATE TABLE ~definition (
  tenant TEXT NOT NULL, entity TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant, entity, hash))
"""


def statements(*parts: str) -> list[str]:
    """The statements of a text, each of which ends in a semicolon and begins a line with CREATE."""
    return [one.strip().rstrip(";") for part in parts for one in part.replace(";\nCREATE", ";;\nCREATE").split(";;\n")]


SCHEMA = statements(TICKET, TICKET_INDEXES, RECORD, _REST, EFFECT_TURNS, TROUBLE, INDEXED)
"""What makes the tables of a new file, statement by statement."""

NAMES = frozenset(found[1] for one in SCHEMA if (found := re.match(r"CREATE \w+ ~(\w+)", one)))
"""What the tables, indexes and triggers of a new file are called; where a host shares it ``SHARED`` stands before each."""
