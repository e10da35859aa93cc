"""Knows how what a commit came to is written with one statement for each kind of row; must not know how it was come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field

from servflow.stores._chain import Link
from servflow.stores._kept import ENTITY, Written
from servflow.stores._sql_connection import Database

HERE = "tenant = %s AND entity = %s"

_TICKET = "id, revision, workflow, state, assignee, queue, deadline, chain, snapshot"
_TICKETS = (
    "unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],"
    " %s::text[]) AS n (id, revision, workflow, state, assignee, queue, wake, deadline, chain, snapshot)"
)


@define
class Row:
    """A ticket's row in ``wake``, as this commit leaves it; ``tries`` as it was found."""

    revision: int | None
    woken: int
    woken_at: int | None
    waits: int
    chain: str
    tries: int
    touched: bool = False
    opened: bool = False
    ready: Written | None = None
    before: set[str] = field(factory=set)
    now: set[str] | None = None


@define
class Holding:
    """A key's row in ``holding``, as this commit leaves it."""

    units: int
    owner: str | None
    until: int | None
    stands: int
    released: int
    touched: bool = False


@define
class Work:
    """One call of ``Store.commit``: what it locked and read, and what is to be written of it."""

    db: Database
    tenant: str
    ready: Sequence[Written]
    rows: dict[str, Row] = field(factory=dict)
    known: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    holdings: dict[str, Holding] = field(factory=dict)
    own: dict[tuple[str, str], int] = field(factory=dict)
    changed: set[tuple[str, str]] = field(factory=set)
    waiting: dict[str, set[str]] = field(factory=dict)
    links: list[tuple[str, int, str, str, str, str]] = field(factory=list)
    erasing: dict[tuple[str, int], Link] = field(factory=dict)
    erased: set[tuple[str, int]] = field(factory=set)
    effects: list[tuple[str, str, str]] = field(factory=list)
    answers: list[tuple[str, str, int, int]] = field(factory=list)
    consumed: list[tuple[str, int]] = field(factory=list)
    index: dict[str, tuple[tuple[str, str], ...]] = field(factory=dict)
    woke: bool = False
    ordered: list[tuple[str, Row]] = field(factory=list)

    def here(self, *more: Any) -> tuple[Any, ...]:
        """Values that begin with whose rows they are about."""
        return (self.tenant, ENTITY, *more)

    def write(self) -> None:
        """Write everything; a kind of row of which there is none takes no statement."""
        self.ordered = sorted(self.rows.items(), key=lambda item: item[0])
        self._write_tickets()
        self._write_log()
        self._write_erased()
        self._write_index()
        self._write_waits()
        self._write_holdings()
        self._write_rows()

    def _write_tickets(self) -> None:
        for opened in (True, False):
            values = [
                (id_, *row.ready.row, row.chain, row.ready.snapshot)
                for id_, row in self.ordered
                if row.ready is not None and row.opened is opened
            ]
            if not values:
                continue
            if opened:
                self.db.rows(
                    f"INSERT INTO ~ticket (tenant, entity, {_TICKET}) SELECT %s, %s, {_TICKET} FROM {_TICKETS}",
                    self.here(*columns(values)),
                )
            else:
                self.db.rows(
                    "UPDATE ~ticket t SET revision = n.revision, workflow = n.workflow, state = n.state,"
                    " assignee = n.assignee, queue = n.queue, deadline = n.deadline, chain = n.chain, snapshot = n.snapshot"
                    f" FROM {_TICKETS} WHERE t.tenant = %s AND t.entity = %s AND t.id = n.id",
                    (*columns(values), *self.here()),
                )

    def _write_log(self) -> None:
        if self.links:
            self.db.rows(
                "INSERT INTO ~record (tenant, entity, ticket, sequence, body, salt, chain, seal)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])",
                self.here(*columns(self.links)),
            )
        if self.effects:
            self.db.rows(
                "INSERT INTO ~effect (tenant, entity, id, ticket, body) SELECT %s, %s, id, ticket, body"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS n (id, ticket, body, place)"
                " ORDER BY place ON CONFLICT (tenant, entity, id) DO NOTHING",
                self.here(*columns(self.effects)),
            )
        if self.answers:
            self.db.rows(
                "INSERT INTO ~answered (tenant, entity, ticket, key, first, last)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
                self.here(*columns(self.answers)),
            )
        if self.consumed:
            tickets, numbers = columns(self.consumed)
            self.db.rows(
                f"DELETE FROM ~mail WHERE {HERE} AND (ticket, number) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))",
                self.here(tickets, numbers),
            )
            self.db.rows(
                "UPDATE ~wake w SET mail_at = (SELECT min(at) FROM ~mail m WHERE m.tenant = w.tenant AND m.entity = w.entity"
                f" AND m.ticket = w.ticket) WHERE {HERE} AND ticket = ANY(%s::text[])",
                self.here(array(sorted({ticket for ticket, _ in self.consumed}))),
            )

    def _write_erased(self) -> None:
        if self.erased:
            rows = [
                (id_, number, one.body, one.salt, one.seal)
                for id_, number in sorted(self.erased)
                for one in [self.erasing[id_, number]]
            ]
            self.db.rows(
                "UPDATE ~record r SET body = n.body, salt = n.salt, seal = n.seal"
                " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])"
                " AS n (ticket, sequence, body, salt, seal)"
                " WHERE r.tenant = %s AND r.entity = %s AND r.ticket = n.ticket AND r.sequence = n.sequence",
                (*columns(rows), *self.here()),
            )

    def _write_index(self) -> None:
        if not self.index:
            return
        rows = [(id_, name, text) for id_, pairs in sorted(self.index.items()) for name, text in pairs]
        given = columns(rows) if rows else ["{}"] * 3
        old = sorted(id_ for id_ in self.index if not self.rows[id_].opened)
        if old:
            self.db.rows(
                f"DELETE FROM ~indexed WHERE {HERE} AND id = ANY(%s::text[])"
                " AND (id, name) NOT IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                self.here(array(old), *given[:2]),
            )
        if rows:
            self.db.rows(
                "INSERT INTO ~indexed AS i (tenant, entity, id, name, value)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[])"
                " ON CONFLICT (tenant, entity, id, name) DO UPDATE SET value = excluded.value WHERE i.value <> excluded.value",
                self.here(*given),
            )

    def _write_waits(self) -> None:
        changed = [(id_, row.before, row.now) for id_, row in self.ordered if row.now is not None]
        gone = [(id_, key) for id_, before, now in changed for key in sorted(before - (now or set()))]
        new = [(id_, key) for id_, before, now in changed for key in sorted((now or set()) - before)]
        if gone:
            self.db.rows(
                f"DELETE FROM ~wait WHERE {HERE} AND (ticket, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                self.here(*columns(gone)),
            )
        if new:
            self.db.rows(
                "INSERT INTO ~wait (tenant, entity, ticket, key) SELECT %s, %s, * FROM unnest(%s::text[], %s::text[])",
                self.here(*columns(new)),
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
                (*columns(rows), *self.here()),
            )
        pairs = sorted(self.changed)
        kept = [(key, ticket, self.own[key, ticket]) for key, ticket in pairs if self.own[key, ticket]]
        gone = [pair for pair in pairs if not self.own[pair]]
        if kept:
            self.db.rows(
                "INSERT INTO ~held (tenant, entity, key, ticket, units)"
                " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])"
                " ON CONFLICT (tenant, entity, key, ticket) DO UPDATE SET units = excluded.units",
                self.here(*columns(kept)),
            )
        if gone:
            self.db.rows(
                f"DELETE FROM ~held WHERE {HERE} AND (key, ticket) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                self.here(*columns(gone)),
            )

    def _write_rows(self) -> None:
        # A ticket that only answered or was woken keeps its own wake: it is written where the snapshot is.
        rows = [
            (
                id_,
                row.ready is not None,
                row.revision,
                None if row.ready is None else row.ready.row[5],
                row.woken,
                row.woken_at,
                row.waits if row.now is None else len(row.now),
                row.chain,
            )
            for id_, row in self.ordered
            if row.touched
        ]
        if rows:
            self.db.rows(
                "UPDATE ~wake w SET revision = n.revision, own = CASE WHEN n.stepped THEN n.own ELSE w.own END,"
                " woken = n.woken, woken_at = n.woken_at, waits = n.waits, chain = n.chain,"
                " tries = CASE WHEN n.stepped THEN 0 ELSE w.tries END, again = CASE WHEN n.stepped THEN NULL ELSE w.again END"
                " FROM unnest(%s::text[], %s::boolean[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
                " %s::integer[], %s::text[]) AS n (ticket, stepped, revision, own, woken, woken_at, waits, chain)"
                " WHERE w.tenant = %s AND w.entity = %s AND w.ticket = n.ticket",
                (*columns(rows), *self.here()),
            )
        ended = [id_ for id_, row in self.ordered if row.tries and row.ready is not None]
        if ended:
            self.db.rows(
                f"DELETE FROM ~trouble WHERE {HERE} AND sort = 'ticket' AND id = ANY(%s::text[])", self.here(array(ended))
            )


def columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows, at least one, as the arrays that ``unnest`` makes rows of, one for each column."""
    return [array(column) for column in zip(*rows, strict=True)]


def array(values: Sequence[Any]) -> str:
    """
    Text and numbers as PostgreSQL writes an array.

    Written here, and of texts all at once, since a driver that looks at each value for its kind and escapes it by
    patterns takes half as long as the statement itself where the values are snapshots.
    """
    kinds = set(map(type, values))
    if kinds == _TEXTS:
        text = "\0".join(values)
        if text.count("\0") == len(values) - 1:  # else one holds it, which the driver is to refuse
            return '{"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","') + '"}'
    elif kinds <= _PLAIN:
        return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"
    return "{" + ",".join([_element(value) for value in values]) + "}"


_TEXTS = {str}
_PLAIN = {int, bool, type(None)}


def _element(value: str | int | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None else str(value)
