"""Knows how effects are taken and what failed is kept in a SQLite file; must not know who carries anything out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.errors import FormatError, StoreError
from servflow.model import Effect, from_micros, instant, micros
from servflow.stores._asking import read_error, read_sort, shared
from servflow.stores._connection import Connection, read_value
from servflow.stores._kept import ENTITY
from servflow.stores._protocol import Pending, Sort, Trouble
from servflow.stores._sqlite_commit import HERE, THIS
from servflow.stores._sqlite_schema import NEVER

# Who was never tried is found in the order of numbers. Who was, is found by when it may be tried again, since there may be
# any number that wait: only those that do not are put in order. Each is asked for by itself, so that neither hides the other.
_NEW = f"SELECT number FROM ~effect WHERE {HERE} AND first = 1 AND again IS NULL ORDER BY number LIMIT ?"
_AGAIN = (
    f"SELECT number FROM ~effect WHERE {HERE} AND first = 1 AND again IS NOT NULL AND again <= ? AND tries {{}} 0"
    " ORDER BY number LIMIT ?"
)
_ANY = (
    f"SELECT EXISTS (SELECT 1 FROM ~effect WHERE {HERE} AND first = 1 AND again IS NULL)"
    f" OR EXISTS (SELECT 1 FROM ~effect WHERE {HERE} AND first = 1 AND again IS NOT NULL AND again <= ?)"
)
_READY = (
    f"SELECT number, id, tries, body, again FROM ~effect WHERE number IN (SELECT * FROM ({_NEW})"
    f" UNION ALL SELECT * FROM ({_AGAIN.format('=')}) UNION ALL SELECT * FROM ({_AGAIN.format('>')})) ORDER BY number"
)
_AS_TROUBLE = f"UPDATE ~trouble SET tries = ?, again = ? WHERE {HERE} AND sort = 'effect' AND id = ?"
_OVER = f"DELETE FROM ~trouble WHERE {HERE} AND sort = ? AND id = ?"
_FAILED = (
    "INSERT INTO ~trouble (tenant, entity, sort, id, ticket, tries, error, since, at, again)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant, entity, sort, id) DO UPDATE SET"
    " tries = excluded.tries, error = excluded.error, at = excluded.at, again = excluded.again"
)
_STANDS = {
    "ticket": f"SELECT id, tries, again IS {NEVER} FROM ~ticket WHERE {THIS}",
    "effect": f"SELECT ticket, tries, aside FROM ~effect WHERE {THIS}",
}
_REVIVED = {
    "ticket": f"UPDATE ~ticket SET again = NULL, tries = 0 WHERE {THIS}",
    "effect": f"UPDATE ~effect SET again = NULL, tries = 0, aside = 0 WHERE {THIS}",
}


@frozen
class Tries:
    """The effects of one tenant, and what failed of its tickets and effects."""

    db: Connection
    tenant: str

    def _here(self, *more: Any) -> tuple[Any, ...]:
        return (self.tenant, ENTITY, *more)

    def pending(self, limit: int, after: str | None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        with self.db.lock:
            row = None if after is None else self.db.row(f"SELECT number FROM ~effect WHERE {THIS}", self._here(after))
            rows = self.db.rows(
                f"SELECT id, body FROM ~effect WHERE {HERE} AND number > ? ORDER BY number LIMIT ?",
                self._here(0 if row is None else row[0], max(limit, 0)),
            )
        return tuple(self._read(*row) for row in rows)

    def _read(self, id_: str, body: str) -> Effect:
        effect: Effect = read_value(self.db.path, f"an effect {id_!r}", body, effect=id_)
        return effect

    def take(self, now: datetime, until: datetime, limit: int) -> tuple[Pending, ...]:
        """As ``Store.take``; where there is nothing to take nobody is held off."""
        at, end = micros(instant(now, "now")), micros(instant(until, "until"))
        if limit < 1 or not self.db.row(_ANY, (*self._here(), *self._here(at)))[0]:
            return ()
        with self.db.transaction():
            taken = shared(self._ready(at, limit), lambda row: int(row[2]), limit)
            self.db.run_many(
                "UPDATE ~effect SET tries = tries + 1, again = ? WHERE number = ?", [(end, row[0]) for row in taken]
            )
            self.db.run_many(_AS_TROUBLE, [(row[2] + 1, end, *self._here(row[1])) for row in taken if row[4] is not None])
        return tuple(Pending(effect, row[2] + 1) for row in taken if (effect := self._whole(row[1], row[3], now)) is not None)

    def _whole(self, id_: str, body: str, now: datetime) -> Effect | None:
        # One row that is damaged must not hold up all others for ever: it is set aside, where it is listed with its error.
        try:
            return self._read(id_, body)
        except FormatError:
            raise  # a newer servflow reads it
        except StoreError as error:
            self.fail("effect", id_, str(error), now, None)
            return None

    def _ready(self, at: int, limit: int) -> list[Any]:
        return self.db.rows(_READY, (*self._here(limit), *self._here(at, limit), *self._here(at, limit)))

    def fail(self, sort: Sort, id_: str, error: str, at: datetime, again: datetime | None) -> None:
        """As ``Store.fail``."""
        sort, error, when = read_sort(sort), read_error(error), micros(instant(at, "at"))
        next_ = None if again is None else micros(instant(again, "again"))
        with self.db.transaction():
            row = self.db.row(_STANDS[sort], self._here(id_))
            if row is None or row[2]:
                return
            ticket, tries, _ = row
            if sort == "ticket":
                tries += 1
                values = (NEVER if next_ is None else next_, tries)
                self.db.run(f"UPDATE ~ticket SET again = ?, tries = ? WHERE {THIS}", (*values, *self._here(id_)))
            else:
                values = (when if next_ is None else next_, next_ is None)
                self.db.run(f"UPDATE ~effect SET again = ?, aside = ? WHERE {THIS}", (*values, *self._here(id_)))
            self.db.run(_FAILED, self._here(sort, id_, ticket, tries, error, when, when, next_))

    def troubles(self, sort: Sort | None, aside: bool | None, limit: int, after: Trouble | None) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        asked, values = "", self._here()
        if sort is not None:
            asked, values = " AND sort = ?", (*values, read_sort(sort))
        if aside is not None:
            asked += f" AND again IS {'' if aside else 'NOT '}NULL"
        # What was set aside is looked for by people, past any number that is tried again by itself.
        by = " INDEXED BY ~trouble_aside" if aside else ""
        if after is not None:
            asked, values = f"{asked} AND (sort, id) > (?, ?)", (*values, after.sort, after.id)
        rows = self.db.rows(
            f"SELECT sort, id, ticket, tries, error, since, at, again FROM ~trouble{by} WHERE {HERE}{asked}"
            " ORDER BY sort, id LIMIT ?",
            (*values, max(limit, 0)),
        )
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
        """As ``Store.revive``."""
        sort, count = read_sort(sort), 0
        with self.db.transaction():
            for id_ in ids:
                if self.db.run(_OVER, self._here(sort, id_)):
                    self.db.run(_REVIVED[sort], self._here(id_))
                    count += 1
        return count

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        done = [self._here(id_) for id_ in ids]
        with self.db.transaction():
            self.db.run_many(f"DELETE FROM ~effect WHERE {THIS}", done)
            self.db.run_many(_OVER, [self._here("effect", one[2]) for one in done])
