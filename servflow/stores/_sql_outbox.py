"""Knows how effects are handed out and failures kept in PostgreSQL; must not know what an effect does or why it fails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from servflow.errors import FormatError, StoreError
from servflow.model import Effect, from_micros, instant, micros
from servflow.stores._asking import read_error, read_sort
from servflow.stores._connection import read_value
from servflow.stores._kept import ENTITY
from servflow.stores._protocol import Pending, Sort, Trouble
from servflow.stores._sql_connection import Database
from servflow.stores._sql_write import HERE

NEVER = (1 << 63) - 1
"""When a ticket that was set aside is tried again."""

# The first of its ticket: one that comes behind another waits for it, also where that one is locked by whoever takes it.
# Asked for each by its smallest number, and not by what lies before it, since that is never joined in any other way:
# where the server has no figures of the table yet, it would read all of it for each.
_FIRST = """
e.number = (SELECT min(b.number) FROM ~effect b
  WHERE b.tenant = e.tenant AND b.entity = e.entity AND b.ticket = e.ticket AND NOT b.aside)
"""

_TAKE = f"""
WITH new AS (
  SELECT number FROM ~effect e WHERE {HERE} AND again IS NULL AND NOT aside AND {_FIRST}
  ORDER BY number LIMIT %s FOR UPDATE OF e SKIP LOCKED),
tried AS (
  SELECT number FROM ~effect e WHERE {HERE} AND again <= %s AND NOT aside AND {_FIRST}
  ORDER BY again, number LIMIT %s FOR UPDATE OF e SKIP LOCKED),
ranked AS (SELECT number, row_number() OVER () AS place FROM tried),
shared AS (
  SELECT number FROM new UNION ALL SELECT number FROM ranked WHERE place <= %s ORDER BY number LIMIT %s),
chosen AS (
  SELECT number FROM shared UNION ALL
  (SELECT number FROM ranked WHERE place > %s ORDER BY place LIMIT %s - (SELECT count(*) FROM shared)))
UPDATE ~effect e SET again = %s, tries = e.tries + 1 FROM chosen WHERE e.number = chosen.number
RETURNING e.number, e.id, e.body, e.tries
"""

_FAILED = {
    "ticket": f"""
UPDATE ~wake SET tries = tries + 1, again = coalesce(%s::bigint, {NEVER})
  WHERE {HERE} AND ticket = %s AND revision IS NOT NULL AND again IS DISTINCT FROM {NEVER}
  RETURNING tenant, entity, ticket AS id, ticket, tries
""",
    "effect": f"""
UPDATE ~effect SET aside = %s::bigint IS NULL, again = %s
  WHERE {HERE} AND id = %s AND NOT aside RETURNING tenant, entity, id, ticket, tries
""",
}

_KEEP_TROUBLE = """
INSERT INTO ~trouble AS t (tenant, entity, sort, id, ticket, tries, error, since, at, again)
SELECT tenant, entity, %s, id, ticket, tries, %s, %s::bigint, %s::bigint, %s::bigint FROM failed
ON CONFLICT (tenant, entity, sort, id)
DO UPDATE SET tries = excluded.tries, error = excluded.error, at = excluded.at, again = excluded.again
"""

# How often an effect was taken and until when it is are said by its own row: taking it anew changes nothing here.
_TROUBLES = """
SELECT t.sort, t.id, t.ticket, coalesce(e.tries, t.tries), t.error, t.since, t.at,
  CASE WHEN t.again IS NOT NULL THEN coalesce(e.again, t.again) END
FROM ~trouble t LEFT JOIN ~effect e
  ON t.sort = 'effect' AND (e.tenant, e.entity, e.id) = (t.tenant, t.entity, t.id)
WHERE t.tenant = %s AND t.entity = %s AND (t.sort, t.id) > (%s, %s)
"""

_REVIVED = {
    "ticket": f"UPDATE ~wake SET tries = 0, again = NULL WHERE {HERE} AND ticket = ANY(%s::text[]) AND tries > 0"
    " RETURNING ticket AS id",
    "effect": f"UPDATE ~effect SET tries = 0, again = NULL, aside = false WHERE {HERE} AND id = ANY(%s::text[])"
    f" AND id IN (SELECT id FROM ~trouble WHERE {HERE} AND sort = 'effect' AND id = ANY(%s::text[])) RETURNING id",
}


class Outbox:
    """The operations of a store that are about effects and about what failed."""

    tenant: str
    _db: Database

    def _here(self, *more: Any) -> tuple[Any, ...]:
        return (self.tenant, ENTITY, *more)

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        rows = self._db.rows(
            f"SELECT id, body FROM ~effect WHERE {HERE} AND number >"
            f" coalesce((SELECT number FROM ~effect WHERE {HERE} AND id = %s), 0) ORDER BY number LIMIT %s",
            (*self._here(), *self._here(after, limit)),
        )
        return tuple(self._read(*row) for row in rows)

    def _read(self, id_: str, body: str) -> Effect:
        effect: Effect = read_value(self._db.where, f"an effect {id_!r}", body, effect=id_)
        return effect

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``; what another one takes at this moment is passed over."""
        most = max(1, limit // 2)
        at, end = micros(instant(now, "now")), micros(instant(until, "until"))
        given = (*self._here(limit), *self._here(at, limit), most, limit, most, limit, end)
        # Whose answer was lost comes again after *until*, like those of a worker that died.
        rows = self._db.do(lambda: self._db.rows(_TAKE, given), repeatable=True)
        read = ((self._whole(id_, body, now), tries) for _, id_, body, tries in sorted(rows))
        return tuple(Pending(effect, tries) for effect, tries in read if effect is not None)

    def _whole(self, id_: str, body: str, now: datetime) -> Effect | None:
        # One row that is damaged must not hold up all others for ever: it is set aside, where it is listed with its error.
        try:
            return self._read(id_, body)
        except FormatError:
            raise  # a newer servflow reads it
        except StoreError as error:
            self.fail("effect", id_, str(error), at=now, again=None)
            return None

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        asked = sorted(set(ids))
        self._db.do(
            lambda: self._db.rows(
                f"WITH done AS (DELETE FROM ~effect WHERE {HERE} AND id = ANY(%s::text[]) RETURNING id)"
                f" DELETE FROM ~trouble WHERE {HERE} AND sort = 'effect' AND id IN (SELECT id FROM done)",
                (*self._here(asked), *self._here()),
            ),
            repeatable=True,
        )

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as everywhere
        """As ``Store.fail``."""
        kind, failed = read_sort(sort), micros(instant(at, "at"))
        then = None if again is None else micros(instant(again, "again"))
        marked = (then, *self._here(id)) if kind == "ticket" else (then, then, *self._here(id))
        self._db.rows(
            f"WITH failed AS ({_FAILED[kind]}) {_KEEP_TROUBLE}", (*marked, kind, read_error(error), failed, failed, then)
        )

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        where, values = "", self._here(*(("", "") if after is None else (after.sort, after.id)))
        if sort is not None:
            where, values = " AND t.sort = %s", (*values, read_sort(sort))
        if aside is not None:
            where += " AND t.again IS NULL" if aside else " AND t.again IS NOT NULL"
        rows = self._db.rows(_TROUBLES + where + " ORDER BY t.sort, t.id LIMIT %s", (*values, limit))
        return tuple(
            Trouble(
                sort=row[0],
                id=row[1],
                ticket=row[2],
                tries=row[3],
                error=row[4],
                since=from_micros(row[5]),
                at=from_micros(row[6]),
                again=None if row[7] is None else from_micros(row[7]),
            )
            for row in rows
        )

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``; whoever listens is told."""
        kind, asked = read_sort(sort), sorted(set(ids))
        marked = self._here(asked) if kind == "ticket" else (*self._here(asked), *self._here(asked))

        def work() -> int:
            rows = self._db.rows(
                f"WITH revived AS ({_REVIVED[kind]}), ended AS (DELETE FROM ~trouble WHERE {HERE} AND sort = %s"
                " AND id IN (SELECT id FROM revived)) SELECT count(*) FROM revived",
                (*marked, *self._here(kind)),
            )
            if rows[0][0]:
                self._db.tell()
            return int(rows[0][0])

        return self._db.do(work)
