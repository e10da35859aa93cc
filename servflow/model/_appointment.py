"""Knows what an appointment of a ticket is and by which keys its time is reserved; must not know who is to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from attrs import frozen

CELL = timedelta(minutes=5)
"""How long the cells are in which the time of people is reserved: visits begin and last whole cells, so none is lost."""

VISIT = "visit:"
"""What the keys begin with by which the time of people is reserved; the cell in UTC and who is to come follow."""

_SHAPE = "%Y-%m-%dT%H:%M"


@frozen(kw_only=True)
class Appointment:
    """
    A visit that was agreed with the customer, and how often it came to nothing.

    ``phase`` is ``booked``, or why there is none at present: ``cancelled``, ``missed`` (nobody was there), ``lost`` (who
    was to come cannot), ``done``. Only while it is booked has it ``start`` and ``end``, half-open, and ``to``, who is to
    come. ``moved`` counts how often it was moved by the customer, ``missed`` the visits at which nobody was there, ``lost``
    those that were given up because who was to come could not. ``reminded`` counts the reminders that went out. ``world`` is
    the version of the world in which it was booked: only another one is asked whether whoever comes still can.
    """

    policy: str
    slot: str = "assignee"
    phase: str = "booked"
    start: datetime | None = None
    end: datetime | None = None
    to: str | None = None
    booked_at: datetime | None = None
    moved: int = 0
    missed: int = 0
    lost: int = 0
    reminded: int = 0
    world: str | None = None

    @property
    def booked(self) -> bool:
        """Whether there is a visit to come to."""
        return self.phase == "booked"


def cells(start: datetime, end: datetime) -> Iterator[datetime]:
    """The beginnings in UTC of all cells that the stretch [start, end) touches, in order."""
    at = start.astimezone(UTC)
    at -= timedelta(minutes=at.minute % (CELL.seconds // 60), seconds=at.second, microseconds=at.microsecond)
    while at < end:
        yield at
        at += CELL


def visit_keys(to: str, start: datetime, end: datetime) -> tuple[str, ...]:
    """The keys of somebody's time from *start* until before *end*; two stretches share one where they overlap."""
    return tuple(f"{VISIT}{at.strftime(_SHAPE)}/{to}" for at in cells(start, end))


def hours_of(start: datetime, end: datetime) -> tuple[str, ...]:
    """What the keys of everybody's time in [start, end) begin with, an hour each."""
    return tuple(dict.fromkeys(f"{VISIT}{at.strftime('%Y-%m-%dT%H')}" for at in cells(start, end)))


def stretches(held: Mapping[str, int]) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """Who is booked when, from the units that are held by key; stretches that touch are one."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for key in sorted(held):
        if not key.startswith(VISIT) or held[key] < 1:
            continue
        cell, _, who = key.removeprefix(VISIT).partition("/")
        at = datetime.strptime(cell, _SHAPE).replace(tzinfo=UTC)
        booked = found.setdefault(who, [])
        if booked and booked[-1][1] == at:
            booked[-1] = (booked[-1][0], at + CELL)
        else:
            booked.append((at, at + CELL))
    return {who: tuple(booked) for who, booked in found.items()}
