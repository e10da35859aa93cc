"""Knows the tables of a store on PostgreSQL and the steps that bring older ones up to date; must not know who writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from servflow.errors import FormatError, ServflowError
from servflow.model import load_ticket, micros
from servflow.stores._asking import whom

# Text is compared byte by byte (COLLATE "C"), which in UTF-8 is the order of code points and so the order of every
# other store. A snapshot is text and not jsonb, which refuses U+0000, rounds nothing but reorders everything, and so
# could not give back the canonical bytes that records are chained by. Instants are microseconds since 1970 in UTC.
_TABLES = """
CREATE TABLE ~wake (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  revision bigint, own bigint, woken bigint NOT NULL DEFAULT 0, woken_at bigint, mail_at bigint,
  waits integer NOT NULL DEFAULT 0, chain text COLLATE "C" NOT NULL DEFAULT '',
  due bigint GENERATED ALWAYS AS (CASE WHEN revision IS NOT NULL THEN least(own, woken_at, mail_at) END) STORED,
  PRIMARY KEY (tenant, entity, ticket)) WITH (fillfactor = 70);
CREATE INDEX wake_due ON ~wake (tenant, entity, due, ticket) WHERE due IS NOT NULL;
CREATE TABLE ~ticket (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL, workflow text COLLATE "C" NOT NULL, state text COLLATE "C" NOT NULL,
  assignee text COLLATE "C", chain text COLLATE "C" NOT NULL, snapshot text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, id)) WITH (fillfactor = 80);
CREATE INDEX ticket_state ON ~ticket (tenant, entity, state, id);
CREATE INDEX ticket_assignee ON ~ticket (tenant, entity, assignee, id) WHERE assignee IS NOT NULL;
CREATE TABLE ~record (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL, body text COLLATE "C" NOT NULL, salt text COLLATE "C" NOT NULL, chain text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, sequence));
CREATE TABLE ~answered (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key));
CREATE TABLE ~effect (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
  ticket text COLLATE "C" NOT NULL, body text COLLATE "C" NOT NULL,
  UNIQUE (tenant, entity, id));
CREATE INDEX effect_order ON ~effect (tenant, entity, number);
CREATE TABLE ~mail (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL, payload text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
  actor text COLLATE "C", at bigint NOT NULL);
CREATE INDEX mail_order ON ~mail (tenant, entity, ticket, number);
CREATE TABLE ~posted (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key));
CREATE TABLE ~wait (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, ticket, key));
CREATE INDEX wait_key ON ~wait (tenant, entity, key, ticket);
CREATE TABLE ~holding (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
  units bigint NOT NULL DEFAULT 0, owner text COLLATE "C", until bigint, stands bigint NOT NULL DEFAULT 0,
  released bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, entity, key));
CREATE INDEX holding_released ON ~holding (tenant, entity, released) WHERE released > 0;
CREATE TABLE ~held (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
  ticket text COLLATE "C" NOT NULL, units bigint NOT NULL,
  PRIMARY KEY (tenant, entity, key, ticket));
CREATE TABLE ~definition (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, hash text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL, version bigint NOT NULL, body text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, hash));
"""

# Who failed is passed over until it is tried again; the largest number stands for never, before somebody revives it.
_TROUBLES = """
ALTER TABLE ~wake DROP COLUMN due, ADD COLUMN tries integer NOT NULL DEFAULT 0, ADD COLUMN again bigint;
ALTER TABLE ~wake ADD COLUMN due bigint GENERATED ALWAYS AS (CASE
  WHEN revision IS NOT NULL AND again IS DISTINCT FROM 9223372036854775807 AND least(own, woken_at, mail_at) IS NOT NULL
  THEN greatest(least(own, woken_at, mail_at), again) END) STORED;
CREATE INDEX wake_due ON ~wake (tenant, entity, due, ticket) WHERE due IS NOT NULL;
ALTER TABLE ~effect ADD COLUMN tries integer NOT NULL DEFAULT 0, ADD COLUMN again bigint,
  ADD COLUMN aside boolean NOT NULL DEFAULT false;
CREATE INDEX effect_new ON ~effect (tenant, entity, number) WHERE again IS NULL AND NOT aside;
CREATE INDEX effect_again ON ~effect (tenant, entity, again, number) WHERE again IS NOT NULL AND NOT aside;
CREATE INDEX effect_turn ON ~effect (tenant, entity, ticket, number) WHERE NOT aside;
CREATE TABLE ~trouble (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, sort text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL, ticket text COLLATE "C" NOT NULL, tries integer NOT NULL, error text COLLATE "C" NOT NULL,
  since bigint NOT NULL, at bigint NOT NULL, again bigint,
  PRIMARY KEY (tenant, entity, sort, id));
"""

# Without a default for the seal an older servflow that still runs cannot write past what it does not know of.
_ERASED = """
ALTER TABLE ~record ADD COLUMN seal text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE ~record ALTER COLUMN seal DROP DEFAULT;
"""

# A value may be longer than an entry of an index, so its hash is indexed. Who is never due comes last.
_SCREENS = """
ALTER TABLE ~ticket ADD COLUMN queue text COLLATE "C", ADD COLUMN deadline bigint;
"""

_SCREENS_INDEXED = """
CREATE INDEX ticket_queue ON ~ticket (tenant, entity, queue, id) WHERE queue IS NOT NULL;
CREATE INDEX ticket_deadline ON ~ticket (tenant, entity, coalesce(deadline, 9223372036854775807), id);
CREATE TABLE ~indexed (
  tenant text COLLATE "C" NOT NULL, entity text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, entity, id, name));
CREATE INDEX indexed_value ON ~indexed (tenant, entity, name, hashtextextended(value, 0), id);
"""

Run = Callable[[str, Sequence[Any]], list[Any]]
"""Runs one statement and gives its rows."""

PAGE = 1_000
"""How many snapshots a step reads at once."""


def _pages(run: Run) -> Iterator[list[tuple[str, str, str, str]]]:
    """Tenant, entity, id and snapshot of every ticket."""
    behind: tuple[str, str, str] = ("", "", "")
    while True:
        rows = run(
            "SELECT tenant, entity, id, snapshot FROM ~ticket WHERE (tenant, entity, id) > (%s, %s, %s)"
            f" ORDER BY tenant, entity, id LIMIT {PAGE}",
            behind,
        )
        yield rows
        if len(rows) < PAGE:
            return
        behind = tuple(rows[-1][:3])


def _fill_screens(run: Run) -> None:
    """The queue and the deadline of every ticket that was kept before there were columns for them."""
    for rows in _pages(run):
        found = [(tenant, entity, id_, *_screen(text)) for tenant, entity, id_, text in rows]
        known = [row for row in found if row[3:] != (None, None)]
        if known:
            run(
                "UPDATE ~ticket t SET queue = n.queue, deadline = n.deadline"
                " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])"
                " AS n (tenant, entity, id, queue, deadline)"
                " WHERE (t.tenant, t.entity, t.id) = (n.tenant, n.entity, n.id)",
                [list(column) for column in zip(*known, strict=True)],
            )


def _fill_whom(run: Run) -> None:
    """Whom every ticket concerns that was kept before one was found by that."""
    for rows in _pages(run):
        known = [(*here, name, value) for *here, text in rows for name, value in whom(text).items()]
        if known:
            run(
                "INSERT INTO ~indexed (tenant, entity, id, name, value)"
                " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
                " ON CONFLICT (tenant, entity, id, name) DO NOTHING",
                [list(column) for column in zip(*known, strict=True)],
            )


def _screen(text: str) -> tuple[str | None, int | None]:
    try:
        ticket = load_ticket(text)
    except ServflowError:
        return (None, None)  # a damaged one stays what it is; ``servflow verify`` tells of it
    return (ticket.queue, None if ticket.due is None else micros(ticket.due))


Step = tuple[str | Callable[[Run], None], ...]
"""Statements, each behind a semicolon at the end of its line, and functions that do what no statement can."""

STEPS: tuple[Step, ...] = ((_TABLES,), (_TROUBLES, _ERASED, _SCREENS, _fill_screens, _SCREENS_INDEXED), (_fill_whom,))
"""Step *n* brings tables of format *n* (0: there are none) to format *n* + 1; a step that was released is never changed."""

FORMAT = len(STEPS)
"""Version of the tables that this servflow reads and writes."""


def prepare(run: Run, schema: str, quoted: str, where: str) -> None:
    """
    Create the tables, or bring older ones up to date, inside the open transaction.

    Args:
        run: runs one statement; ``~`` stands for the schema.
        schema: the schema's name, *quoted* the same as it is written in SQL.
        where: how to call the database in a sentence.

    Raises:
        FormatError: the tables belong to a newer servflow or to another program; nothing is touched then.
    """
    if _written(run, schema, where) == FORMAT:
        return
    # One after the other: many workers start at the same moment.
    run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7377))", (schema,))
    written = _written(run, schema, where)
    if written == 0:
        # Asked first: who owns a schema need not have the right to make one.
        if not run("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)):
            run(f"CREATE SCHEMA {quoted}", ())
        run("CREATE TABLE ~format (version bigint NOT NULL)", ())
        run("INSERT INTO ~format VALUES (0)", ())
    for step in STEPS[written:]:
        for part in step:
            if callable(part):
                part(run)
                continue
            for statement in part.strip().split(";\n"):
                run(statement.rstrip(";"), ())
    if written < FORMAT:
        run("UPDATE ~format SET version = %s", (FORMAT,))


def _written(run: Run, schema: str, where: str) -> int:
    """The format of the tables; 0 where there are none."""
    kinds = run(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v') LIMIT 1000",
        (schema,),
    )
    names = {row[0] for row in kinds}
    if not names:
        return 0
    if not {"format", "wake", "holding"} <= names:
        raise FormatError(
            f"the schema {schema} of {where} holds tables of another program; give servflow a schema of its own (schema=...)",
            code="foreign",
            schema=schema,
        )
    rows = run("SELECT version FROM ~format", ())
    written = int(rows[0][0]) if rows else 0
    if written > FORMAT:
        raise FormatError(
            f"the store {where} has format {written}, this servflow reads up to {FORMAT}; upgrade servflow",
            format=written,
            known=FORMAT,
            schema=schema,
        )
    return written
