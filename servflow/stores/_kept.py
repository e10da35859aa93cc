"""Knows what a database keeps of a change, as text, and which snapshots it read lately; must not know which database."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from attrs import field, fields, frozen

from servflow.model import Ticket, micros
from servflow.stores._asking import written_index
from servflow.stores._chain import joined, new_salt, seal
from servflow.stores._protocol import Answer, Change
from servflow.stores._writing import written

ENTITY = "ticket"
"""The kind of thing the rows are about; other kinds with a revision and a wake can share the tables."""

CACHED = 1024
"""How many read snapshots a store keeps decoded; each is believed only while its revision is the stored one."""


Row = tuple[int, str, str, str | None, str | None, int | None, int | None]
"""What columns say of a ticket, in the order of ``COLUMNS``; the last two in microseconds."""

COLUMNS = ("revision", "workflow", "state", "assignee", "queue", "wake", "deadline")


@frozen
class Written:
    """
    A change whose values have all been turned into text, so that writing it cannot fail half-way.

    ``snapshot`` is None where the change keeps the one that is there. ``erased`` are the texts of ``Change.erased``.
    ``index`` are the names and texts of ``Change.index``; None leaves them as they are. ``row`` and ``waits`` are what
    is kept beside the snapshot, ``sealed`` are of each record its number, text, salt, kept seal and the seal that counts.
    ``answer`` is what a store says where it keeps all that. ``plain`` says that nothing is touched but the ticket, its log,
    effects, keys and index.
    """

    change: Change
    snapshot: str | None
    records: tuple[str, ...]
    effects: tuple[str, ...]
    erased: tuple[str, ...]
    index: tuple[tuple[str, str], ...] | None
    row: Row
    waits: tuple[str, ...]
    sealed: tuple[tuple[int, str, str, str, str], ...]
    answer: Answer
    plain: bool

    @classmethod
    def of(cls, change: Change) -> Written:
        """
        The texts of a change; those of a ``Prepared`` one are there already.

        Raises:
            StoreError: the change contradicts itself.
            InputError: a value cannot be written.
        """
        if isinstance(change, Prepared):
            return change.written
        change.checked()
        ticket, keeps = change.ticket, bool(change.records) or change.expected is None
        records = tuple([written(record) for record in change.records])
        waits = ticket.waits if keeps else ()
        revision = ticket.revision
        return cls(
            change=change,
            snapshot=written(ticket) if keeps else None,
            records=records,
            effects=tuple([written(effect) for effect in change.effects]),
            erased=tuple([written(record) for record in change.erased]),
            index=None if change.index is None else tuple(written_index(change.index).items()),
            row=row_of(ticket),
            waits=waits,
            sealed=_sealed(change, records),
            answer=Answer(status="applied", first=(change.expected or 0) + 1, last=revision, revision=revision),
            plain=keeps and not (waits or change.reservations or change.consumed or change.woken or change.erased),
        )

    def links(self, previous: str) -> list[tuple[int, str, str, str, str]]:
        """The records behind the chain *previous*, as the attributes of ``Link``."""
        found = []
        for sequence, body, salt, kept, sealed in self.sealed:
            previous = joined(previous, sealed)
            found.append((sequence, body, salt, previous, kept))
        return found


@frozen(kw_only=True)
class Prepared(Change):
    """
    What ``prepared`` makes: any store takes it as the ``Change`` it is, and one that knows of it finds the texts made.

    Prepare before a ``batch`` begins, so that others are held off no longer than writing takes, or where the same change
    may be committed again.
    """

    written: Written = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "written", Written.of(Change(**{name: getattr(self, name) for name in _ATTRIBUTES})))


def prepared(change: Change) -> Change:
    """
    The same change, checked and turned into text now, so that ``Store.commit`` has only to keep it.

    Raises:
        StoreError: the change contradicts itself.
        InputError: a value cannot be written.
    """
    return change if isinstance(change, Prepared) else Prepared(**{name: getattr(change, name) for name in _ATTRIBUTES})


_ATTRIBUTES = tuple(attribute.name for attribute in fields(Change))


def row_of(ticket: Ticket) -> Row:
    """What columns say of a ticket."""
    wake, due = ticket.wake, ticket.due
    return (
        ticket.revision,
        ticket.workflow,
        ticket.state,
        ticket.assignee,
        ticket.queue,
        None if wake is None else micros(wake),
        None if due is None else micros(due),
    )


def _sealed(change: Change, records: Sequence[str]) -> tuple[tuple[int, str, str, str, str], ...]:
    found = []
    for number, body in enumerate(records):
        salt = change.salts[number] if change.salts else new_salt()
        kept = change.seals[number] if change.seals else ""
        found.append((change.records[number].sequence, body, salt, kept, kept or seal(body, salt)))
    return tuple(found)


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

    def put(self, tenant: str, *tickets: Ticket) -> None:
        """Remember snapshots."""
        held = self._held
        with self._lock:
            for ticket in tickets:
                held[tenant, ticket.id] = ticket
                held.move_to_end((tenant, ticket.id))
            while len(held) > CACHED:
                held.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()


class NoCache(Cache):
    """Believes nothing: a host may undo part of its transaction, and nobody here is told."""

    def put(self, tenant: str, *tickets: Ticket) -> None:
        """Kept nowhere."""
