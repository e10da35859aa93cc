"""Knows how tickets in a SQLite file are found for screens; must not know who looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.model import instant, micros
from servflow.stores._asking import read_order, written_index
from servflow.stores._connection import Connection
from servflow.stores._kept import ENTITY


@frozen
class Asked:
    """What tickets of one tenant are looked for, as ``Store.find`` has it."""

    tenant: str
    equal: Mapping[str, str | None]
    due_before: datetime | None
    where: Mapping[str, Any] | None
    order: str

    def snapshots(self, db: Connection, limit: int, after: str | None) -> list[tuple[str, str]]:
        """The ids and texts of one page, in order."""
        asked: list[tuple[str, Any]] = [(f"t.{name} = ?", value) for name, value in self.equal.items() if value is not None]
        if self.due_before is not None:
            asked.append(("t.deadline < ?", micros(instant(self.due_before, "due_before"))))
        found = list(written_index(self.where).items())
        with db.lock:
            if not read_order(self.order):
                key = "f.ticket" if found else "t.id"  # the column of the table that is gone through
                return self._page(db, found, [*asked, (f"{key} > ?", after or "")], key, limit)
            return list(self._by_deadline(db, found, asked, limit, after))

    def _by_deadline(
        self, db: Connection, found: list[tuple[str, str]], asked: list[tuple[str, Any]], limit: int, after: str | None
    ) -> Iterator[tuple[str, str]]:
        """First those that are due, then those that never are: an index gives either in order, but not one behind the other."""
        row = None
        if after is not None:
            row = db.row(
                "SELECT deadline FROM ~ticket WHERE tenant = ? AND entity = ? AND id = ?", (self.tenant, ENTITY, after)
            )
        last = None if row is None else row[0]
        if after is None or last is not None:
            behind = [("t.deadline IS NOT NULL", None)] if last is None else [("(t.deadline, t.id) > (?, ?)", (last, after))]
            page = self._page(db, found, [*asked, *behind], "t.deadline, t.id", limit)
            yield from page
            limit, after = limit - len(page), None
        if limit and self.due_before is None:
            yield from self._page(db, found, [*asked, ("t.deadline IS NULL", None), ("t.id > ?", after or "")], "t.id", limit)

    def _page(
        self, db: Connection, found: list[tuple[str, str]], asked: list[tuple[str, Any]], order: str, limit: int
    ) -> list[tuple[str, str]]:
        """Snapshots that match everything; where values of fields are given, the first of them leads to the tickets."""
        tables, conditions, values = f"~ticket t{self._index(order)}", [], []
        for number, (name, value) in enumerate(found):
            one = "f.tenant = ? AND f.entity = ? AND f.name = ? AND f.value = ?"
            if number == 0:
                tables = "~indexed f CROSS JOIN ~ticket t ON t.tenant = f.tenant AND t.entity = f.entity AND t.id = f.ticket"
            else:
                one = f"EXISTS (SELECT 1 FROM ~indexed g WHERE {one.replace('f.', 'g.')} AND g.ticket = f.ticket)"
            conditions.append(one)
            values += [self.tenant, ENTITY, name, value]
        if not found:
            conditions, values = ["t.tenant = ? AND t.entity = ?"], [self.tenant, ENTITY]
        for condition, value in asked:
            conditions.append(condition)
            values += value if isinstance(value, tuple) else [value] * condition.count("?")
        # The page is found first, by indexes alone where they hold all that is asked; only then are its rows looked up.
        page = f"SELECT t.id, t.deadline FROM {tables} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?"
        rows = db.rows(
            f"SELECT t.id, t.snapshot FROM ({page}) p CROSS JOIN ~ticket t ON t.tenant = ? AND t.entity = ? AND t.id = p.id"
            f" ORDER BY {'p.deadline, p.id' if 'deadline' in order else 'p.id'}",
            (*values, max(limit, 0), self.tenant, ENTITY),  # below 0 it would be all there are
        )
        return rows

    def _index(self, order: str) -> str:
        """
        What leads to the tickets where no value of a field does.

        SQLite would rather go through all tickets in the order that is asked for, which is fast only where many of them match.
        """
        for name in ("assignee", "state", "queue"):  # from what fewest tickets have
            if self.equal.get(name) is not None:
                return f" INDEXED BY ~ticket_{name}"
        return " INDEXED BY ~ticket_deadline" if self.due_before is not None or "deadline" in order else ""
