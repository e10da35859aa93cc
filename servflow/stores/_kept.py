"""Knows what a database keeps of a change, as text, and which snapshots it read lately; must not know which database."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from servflow.model import Ticket, encode_value, freeze
from servflow.stores._protocol import Change
from servflow.stores._writing import written

ENTITY = "ticket"
"""The kind of thing the rows are about; other kinds with a revision and a wake can share the tables."""

CACHED = 1024
"""How many read snapshots a store keeps decoded; each is believed only while its revision is the stored one."""


@frozen
class Written:
    """
    A change whose values have all been turned into text, so that writing it cannot fail half-way.

    ``snapshot`` is None where the change keeps the one that is there. ``erased`` are the texts of ``Change.erased``.
    ``index`` are the names and texts of ``Change.index``; None leaves them as they are.
    """

    change: Change
    snapshot: str | None
    records: tuple[str, ...]
    effects: tuple[str, ...]
    erased: tuple[str, ...] = ()
    index: tuple[tuple[str, str], ...] | None = None

    @classmethod
    def of(cls, change: Change) -> Written:
        """
        The texts of a change.

        Raises:
            StoreError: the change contradicts itself.
            InputError: a value cannot be written.
        """
        change.checked()
        keeps = bool(change.records) or change.expected is None
        return cls(
            change,
            written(change.ticket) if keeps else None,
            tuple([written(record) for record in change.records]),
            tuple([written(effect) for effect in change.effects]),
            tuple([written(record) for record in change.erased]),
            None if change.index is None else indexed(change.index),
        )


def indexed(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """
    What a ticket is found by, as names and texts: of two values the texts are equal where both are of one kind and equal.

    Raises:
        InputError: a value cannot be written.
    """
    return tuple([(name, written_value(value)) for name, value in values.items()])


def written_value(value: Any) -> str:
    """
    One value of a field as canonical text.

    Raises:
        InputError: it cannot be written.
    """
    # The list carries it through the writer, which takes whole values of the model, and is taken off again.
    return written([encode_value(freeze(value))])[1:-1]


class Cache:
    """Decoded snapshots by tenant and id, the least recently used forgotten first; of any thread."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], Ticket] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant: str, id_: str) -> Ticket | None:
        """The snapshot last put here; whether it is still the stored one is for the caller to find out."""
        with self._lock:
            ticket = self._held.get((tenant, id_))
            if ticket is not None:
                self._held.move_to_end((tenant, id_))
            return ticket

    def put(self, tenant: str, ticket: Ticket) -> None:
        """Remember a snapshot."""
        with self._lock:
            self._held[tenant, ticket.id] = ticket
            self._held.move_to_end((tenant, ticket.id))
            if len(self._held) > CACHED:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()


class NoCache(Cache):
    """Believes nothing: a host may undo part of its transaction, and nobody here is told."""

    def put(self, tenant: str, ticket: Ticket) -> None:
        """Kept nowhere."""
