"""Knows whose calendar a level counts in and what takes its place where nobody knows; must not know how levels follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from attrs import evolve, field, frozen

from servflow.calendars import OpenTime, from_data
from servflow.errors import InputError
from servflow.escalation._level import Level
from servflow.escalation._recipients import Target, resolve
from servflow.escalation._spans import ELAPSED, CalendarOf, Counts
from servflow.model import CountedIn, Outlet, Person, Ticket, World

Found = tuple[Counts, CountedIn | None]
"""What counts, and how to find it again; None where the level's own calendar does."""


def _nobody() -> None:
    return None


@frozen
class Finder:
    """
    Finds what levels count in: calendars by name as any ``CalendarOf`` does, and those of people and places.

    ``world`` and ``ticket`` tell who and where, ``own`` the name of the calendar the ticket itself counts in. What
    none of them knows is replaced: the shift of somebody by the ticket's calendar, and that by time as it passes.
    """

    named: CalendarOf
    world: World | None = None
    ticket: Callable[[], Ticket | None] = _nobody
    own: Callable[[], str | None] = _nobody
    targets: Mapping[str, Target] = field(factory=dict)

    def __call__(self, name: str | None) -> Counts:
        return self.named(name)

    def begins(self, level: Level, at: datetime) -> tuple[Counts, CountedIn]:
        """What a delay of a level counts in that begins at an instant."""
        said: list[str] = []
        found = CountedIn(calendar=level.named)
        owners: dict[str | None, Person | Outlet | None] = {}
        for whose in dict.fromkeys((level.counts_of, level.zone)):
            if whose == "recipient":
                owners[whose] = self._responder(level, at, said)
            elif whose == "outlet":
                owners[whose] = self._outlet(said)
        owner = owners.get(level.zone)
        if level.named is None:
            shift = self._shift(owners.get(level.counts_of), said)
            found = evolve(found, shift=shift, calendar=self._own(said) if shift is None else None)
        moves = level.calendar is not None or (found.calendar is not None and owner is not None)
        if level.zone is not None and moves:
            found = evolve(found, zone=self._zone(level.zone, owner, said))
        return self.again(evolve(found, because="; ".join(said)))

    def again(self, found: CountedIn) -> tuple[Counts, CountedIn]:
        """What a delay counts in that was found before; where the world does not know it any more, what takes its place."""
        gone = self.lost(found)
        if gone is not None:
            said = [gone]
            found = CountedIn(calendar=self._own(said), because="; ".join(said))
            return self.named(found.calendar), found
        counts: Any = self.named(found.calendar) if found.shift is None else self._of_world(found.shift)
        if found.zone is None or (found.calendar is None and found.shift is None):
            return counts, found
        if isinstance(counts, OpenTime):
            return in_zone(counts, found.zone), found
        because = "; ".join(filter(None, (found.because, "its hours cannot be read in another zone")))
        return counts, evolve(found, zone=None, because=because)

    def lost(self, found: CountedIn) -> str | None:
        """Why what was found before is not known any more; None where it is."""
        if found.shift is None:
            try:
                self.named(found.calendar)
            except (KeyError, InputError):  # another version of the definition has no calendar of this name
                return f"there is no calendar {found.calendar}"
            return None
        if isinstance(self._of_world(found.shift), Counts):
            return None
        return "no world was given" if self.world is None else f"the world has no calendar {found.shift}"

    def _of_world(self, name: str) -> Any:
        return None if self.world is None else self.world.calendars.get(name)

    def _own(self, said: list[str]) -> str | None:
        name = self.own()
        own = "the ticket has no calendar, counts as time passes"
        said.append(own if name is None else f"counts in {name}, the calendar of the ticket")
        return name

    def _responder(self, level: Level, at: datetime, said: list[str]) -> Person | None:
        ticket = self.ticket()
        if self.world is None or ticket is None:
            said.append("no world was given")
            return None
        for to in level.responders():
            for known in resolve(to, ticket, self.world, at, targets=self.targets).ids:
                person = self.world.persons.get(known)
                if person is not None:
                    return person
        said.append("the world knows nobody the level addresses")
        return None

    def _outlet(self, said: list[str]) -> Outlet | None:
        ticket = self.ticket()
        name = None if ticket is None else ticket.outlet
        if self.world is None or ticket is None:
            said.append("no world was given")
            return None
        known = None if name is None else self.world.by_id.get(name)
        if isinstance(known, Outlet):
            return known
        said.append("the ticket has no outlet" if name is None else f"the world has no outlet {name}")
        return None

    def _shift(self, owner: Person | Outlet | None, said: list[str]) -> str | None:
        if owner is None:
            return None
        shift: str | None = getattr(owner, "shift", None)  # engineers and outlets have one, other people do not
        if shift is None:
            said.append(f"the world knows no shift of {owner.id}")
        elif self.world is None or not isinstance(self.world.calendars.get(shift), Counts):
            said.append(f"the world has no calendar {shift}, the shift of {owner.id}")
            shift = None
        else:
            said.append(f"counts in {shift}, the shift of {owner.id}")
        return shift

    def _zone(self, zone: str, owner: Person | Outlet | None, said: list[str]) -> str | None:
        if zone not in ("outlet", "recipient"):
            return zone
        if owner is None:
            said.append("read in its own zone")
            return None
        where: str | None = owner.zone
        said.append(f"the world knows no zone of {owner.id}" if where is None else f"read in {where}, the zone of {owner.id}")
        return where


def counted(cal_of: CalendarOf, level: Level, at: datetime) -> Found:
    """What a delay of a level counts in that begins at an instant."""
    return _finder(cal_of).begins(level, at) if level.asks else (cal_of(level.named), None)


def counting(cal_of: CalendarOf, level: Level, found: CountedIn | None, at: datetime) -> Found:
    """What a delay of a level counts in that began before an instant, so that what is left of it counts in the same."""
    return counted(cal_of, level, at) if found is None else _finder(cal_of).again(found)


def freezing(cal_of: CalendarOf, level: Level, found: CountedIn | None, at: datetime) -> Found:
    """
    What is left of a delay counts in when it freezes: what it began in.

    Where nobody knows that any more time as it passes takes its place, so that a freeze that ends at once leaves the due
    instant as it was; hours of another calendar may all be over, and the level would come early.
    """
    gone = None if found is None else _finder(cal_of).lost(found)
    if gone is None:
        return counting(cal_of, level, found, at)
    return ELAPSED, CountedIn(because=f"{gone}; what is left counts as time passes")


def _finder(cal_of: CalendarOf) -> Finder:
    return cal_of if isinstance(cal_of, Finder) else Finder(cal_of)


@lru_cache(maxsize=256)
def in_zone(calendar: OpenTime, zone: str) -> OpenTime:
    """The same hours, holidays and shifts on the wall clocks of another time zone."""
    return from_data(_moved(calendar.to_data(), zone))


def _moved(data: Any, zone: str) -> Any:
    # As deep as a calendar may be made, which is bounded.
    if "zone" in data:
        return {**data, "zone": zone}
    return {operation: [_moved(part, zone) for part in parts] for operation, parts in data.items()}


__all__ = ["Finder", "counted", "counting", "freezing", "in_zone"]
