"""Knows what a store in memory holds for each tenant and how a failed batch is undone; must not know what is asked of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from attrs import define, field

from servflow.errors import StoreError
from servflow.model import Effect, Record, Ticket
from servflow.stores._chain import Link
from servflow.stores._protocol import Message, Sort, Trouble

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Any = object()


@define
class Journal:
    """What was where before, so that a failed batch can be undone."""

    lock: threading.RLock = field(factory=threading.RLock)
    depth: int = 0
    undo: list[tuple[dict[Any, Any], Any, Any]] = field(factory=list)
    closed: bool = False

    def put(self, mapping: dict[K, V], key: K, value: V) -> None:
        """Set a key, and remember what was there."""
        self.undo.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def drop(self, mapping: dict[K, V], key: K) -> None:
        """Remove a key if it is there, and remember what was."""
        if key in mapping:
            self.undo.append((mapping, key, mapping.pop(key)))

    @contextmanager
    def block(self) -> Iterator[None]:
        """
        A transaction, which holds the others off; an exception that leaves it undoes what was done since it began.

        Raises:
            StoreError: the store is closed.
        """
        with self.lock:
            if self.closed:
                raise StoreError("the store is closed; open another one", code="closed")
            mark = len(self.undo)
            self.depth += 1
            try:
                yield
            except BaseException:
                self._undo(mark)
                raise
            finally:
                self.depth -= 1
                if self.depth == 0:
                    self.undo.clear()

    def _undo(self, mark: int) -> None:
        for mapping, key, old in reversed(self.undo[mark:]):
            if old is _ABSENT:
                mapping.pop(key, None)
                continue
            back = key not in mapping
            mapping[key] = old
            if back and isinstance(key, int):
                # What is numbered is read in the order of its numbers, and a key put back stands last.
                ordered = sorted(mapping.items())
                mapping.clear()
                mapping.update(ordered)
        del self.undo[mark:]


@define
class Space:
    """
    Everything of one tenant; every mapping is written through the journal.

    ``attempts`` says of an effect how often it was taken and from when on it may be taken again; ``troubles`` what
    failed and was not done since; ``index`` what a ticket is found by, as text.
    """

    tickets: dict[str, Ticket] = field(factory=dict)
    records: dict[str, dict[int, Record]] = field(factory=dict)
    links: dict[str, dict[int, Link]] = field(factory=dict)
    keys: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    effects: dict[int, Effect] = field(factory=dict)
    order: dict[str, int] = field(factory=dict)
    attempts: dict[str, tuple[int, datetime]] = field(factory=dict)
    troubles: dict[tuple[Sort, str], Trouble] = field(factory=dict)
    mail: dict[str, dict[int, Message]] = field(factory=dict)
    posted: dict[tuple[str, str], int] = field(factory=dict)
    units: dict[str, dict[str, int]] = field(factory=dict)
    totals: dict[str, int] = field(factory=dict)
    owners: dict[str, tuple[str, datetime | None]] = field(factory=dict)
    counters: dict[str, int] = field(factory=dict)
    waits: dict[str, dict[str, bool]] = field(factory=dict)
    freed: dict[str, int] = field(factory=dict)
    woken: dict[str, tuple[int, datetime]] = field(factory=dict)
    due: dict[str, datetime] = field(factory=dict)
    index: dict[str, dict[str, str]] = field(factory=dict)
    definitions: dict[str, str] = field(factory=dict)
    numbers: dict[str, int] = field(factory=dict)

    def held(self, key: str, ticket: str) -> int:
        """Units of a key one ticket holds."""
        return self.units.get(key, {}).get(ticket, 0)

    def total(self, key: str) -> int:
        """Units of a key all tickets hold."""
        return self.totals.get(key, 0)

    def owner(self, key: str) -> tuple[str, datetime | None] | None:
        """The ticket that holds a unique key, and until when."""
        return self.owners.get(key)

    def counter(self, name: str) -> int:
        """Where a counter stands; 0 where it never moved."""
        return self.counters.get(name, 0)

    def tries(self, effect: Effect) -> int:
        """How often an effect was taken."""
        return self.attempts[effect.id][0] if effect.id in self.attempts else 0
