"""Knows when reservations hold and what they change; must not know where holdings are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from attrs import define, field, frozen

from servflow.model import Next, Release, Reservation, Take, Ticket, Unique


class Books(Protocol):
    """What a store knows about holdings before a change."""

    def held(self, key: str, ticket: str) -> int:
        """Units of a key one ticket holds."""
        ...

    def total(self, key: str) -> int:
        """Units of a key all tickets hold."""
        ...

    def owner(self, key: str) -> tuple[str, datetime | None] | None:
        """The ticket that holds a unique key, and until when."""
        ...

    def counter(self, name: str) -> int:
        """Where a counter stands; 0 where it never moved."""
        ...


@frozen
class Refusal:
    """The first reservation that does not hold, and what stands against it."""

    reservation: Reservation
    key: str
    held: int | str


@define
class Settlement:
    """
    What the reservations of one change come to, in order and net.

    ``units`` maps a key to (this ticket's units, everybody's units) after the change; ``owners`` a
    unique key to its new ``until``; ``let_go`` are unique keys given back; ``freed`` the keys of which
    there is more to take than before.
    """

    units: dict[str, tuple[int, int]] = field(factory=dict)
    before: dict[str, int] = field(factory=dict)
    owners: dict[str, datetime | None] = field(factory=dict)
    let_go: set[str] = field(factory=set)
    counters: dict[str, int] = field(factory=dict)

    @property
    def freed(self) -> tuple[str, ...]:
        """Keys somebody may have waited for, sorted."""
        less = {key for key, (_, total) in self.units.items() if total < self.before[key]}
        return tuple(sorted(less | self.let_go))


def settle(reservations: Iterable[Reservation], ticket: Ticket, books: Books) -> Settlement | Refusal:
    """What a ticket's reservations come to, or the first that does not hold; nothing is written."""
    result = Settlement()
    for reservation in reservations:
        if isinstance(reservation, (Take, Release)):
            refusal = _units(result, reservation, ticket, books)
        elif isinstance(reservation, Unique):
            refusal = _unique(result, reservation, ticket, books)
        else:
            refusal = _next(result, reservation, books)
        if refusal is not None:
            return refusal
    return result


def _units(result: Settlement, reservation: Take | Release, ticket: Ticket, books: Books) -> Refusal | None:
    key = reservation.key
    if key not in result.units:
        result.units[key] = (books.held(key, ticket.id), books.total(key))
        result.before[key] = result.units[key][1]
    own, total = result.units[key]
    if isinstance(reservation, Take):
        if reservation.limit is not None and total + reservation.units > reservation.limit:
            return Refusal(reservation, key, total)
        result.units[key] = (own + reservation.units, total + reservation.units)
        return None
    back = min(reservation.units, own)  # more than it holds can nobody give back
    result.units[key] = (own - back, total - back)
    holder = books.owner(key)
    if key in result.owners or (holder is not None and holder[0] == ticket.id):
        result.owners.pop(key, None)
        result.let_go.add(key)
    return None


def _unique(result: Settlement, reservation: Unique, ticket: Ticket, books: Books) -> Refusal | None:
    holder = books.owner(reservation.key)
    if holder is not None and holder[0] != ticket.id and (holder[1] is None or holder[1] > ticket.at):
        return Refusal(reservation, reservation.key, holder[0])
    result.owners[reservation.key] = reservation.until
    result.let_go.discard(reservation.key)
    return None


def _next(result: Settlement, reservation: Next, books: Books) -> Refusal | None:
    name = reservation.counter
    stands = result.counters.get(name)
    if stands is None:
        stands = books.counter(name)
    if stands != reservation.expected:
        return Refusal(reservation, name, stands)
    result.counters[name] = stands + 1
    return None
