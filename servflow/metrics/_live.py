"""Knows many tickets as far as their records have come in; must not know where records are kept or what is measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from servflow.correlation._own import own
from servflow.errors import InputError, TimeError, shown
from servflow.metrics._cases import Case
from servflow.metrics._measure import Measure
from servflow.metrics._reading import Reading
from servflow.metrics._table import Table, measure_table
from servflow.model import EMPTY, Erased, Opened, Record, instant


class Live:
    """
    Tickets read as their records are committed; at any instant they come to what reading all records anew would.

    Each ticket's records come in their order, those of several tickets in any interleaving. What was fed already is
    ignored, so a feed may be repeated. A ticket takes some kilobytes, more where it has more records; ``forget`` lets
    it go. A figure is asked of all tickets that are kept, in one pass.

    Where a ticket says that it was erased, what was known of it is let go at once, and ``stale`` names it until its
    records, as they stand since, are fed again from the first.

    Args:
        done: states on whose entry the work counts as done; see ``read_case``.
    """

    def __init__(self, *, done: Collection[str] = ()) -> None:
        self._done = frozenset(done)
        self._read: dict[str, Reading] = {}
        self._stale: dict[str, None] = {}
        self._others: set[str] = set()

    def __len__(self) -> int:
        return len(self._read)

    @property
    def stale(self) -> tuple[str, ...]:
        """The tickets that were erased and are to be fed anew."""
        return tuple(self._stale)

    def feed(self, ticket: str, records: Iterable[Record]) -> None:
        """
        Read on: the next records of one ticket, in order.

        Raises:
            InputError: they do not begin with ``Opened``, or leave one out; what came before that one was read.
        """
        whole = False
        for record in records:
            reading = self._read.get(ticket)
            if reading is None:
                if not self._begins(ticket, record):
                    continue
                reading = self._read[ticket] = Reading(self._done)
                whole = True
            if record.sequence <= reading.sequence:
                continue
            if record.sequence != reading.sequence + 1:
                raise InputError(
                    f"ticket {ticket!r}: record {record.sequence} comes after {reading.sequence}; feed them all, in order",
                    code="gap",
                    ticket=ticket,
                    sequence=record.sequence,
                )
            if isinstance(record, Erased) and not whole:
                del self._read[ticket]
                self._stale[ticket] = None
                return
            reading.read(record)

    def _begins(self, ticket: str, record: Record) -> bool:
        """Whether this is where a ticket begins to be read; no: what is not to be read is passed over."""
        if isinstance(record, Opened):
            if own(record):
                self._others.add(ticket)
                return False
            if record.id != ticket:
                raise InputError(
                    f"these are the records of ticket {record.id!r}, not of {shown(ticket)}", code="history", ticket=record.id
                )
            self._stale.pop(ticket, None)
            return True
        if ticket in self._others or ticket in self._stale:
            return False
        raise InputError(
            f"ticket {shown(ticket)}: the records of a ticket begin with Opened; feed whole histories", code="history"
        )

    def forget(self, ticket: str) -> None:
        """Let a ticket go; fed again from its first record, it is read anew."""
        self._read.pop(ticket, None)
        self._stale.pop(ticket, None)
        self._others.discard(ticket)

    def cases(self, at: datetime) -> Iterator[Case]:
        """
        Every ticket as of an instant, in the order in which they were first fed.

        Raises:
            TimeError: *at* is naive, or lies before what was read of a ticket.
        """
        at = instant(at)
        for reading in (*self._read.values(),):
            yield _as_of(reading, at)

    def case(self, ticket: str, at: datetime) -> Case | None:
        """
        One ticket as of an instant; None where it is not kept.

        Raises:
            TimeError: *at* is naive, or lies before what was read of it.
        """
        reading = self._read.get(ticket)
        return None if reading is None else _as_of(reading, instant(at))

    def table(
        self,
        names: Iterable[str | Measure[Any]] | None = None,
        *,
        at: datetime,
        by: str | Sequence[str] = (),
        period: str | None = None,
        zone: str = "UTC",
        settings: Mapping[str, Any] = EMPTY,
    ) -> Table:
        """
        Measures over all tickets, as ``measure_table`` gives them.

        Raises:
            InputError: as for ``measure_table``.
            TimeError: *at* is naive, or lies before what was read of a ticket.
        """
        return measure_table(self.cases(at), names, at=at, by=by, period=period, zone=zone, settings=settings)


def _as_of(reading: Reading, at: datetime) -> Case:
    if reading.at is not None and at < reading.at:
        raise TimeError(
            f"records up to {reading.at.isoformat()} were read; {at.isoformat()} lies before",
            code="past",
            at=at,
            read=reading.at,
        )
    return reading.case(at)
