"""Knows who had what work when, and when they were there for it; must not know what figures are made of it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any, Self

from attrs import define, field

from servflow.calendars import OpenTime
from servflow.calendars._spans import common, merged, without
from servflow.calendars._zones import Spans
from servflow.metrics._cases import Case
from servflow.model import Engineer, World
from servflow.model._instants import from_micros, micros

_FIRST = 4_096
"""From how many steps on those at one instant are put together."""

_KEPT = "metrics.roster"
"""Under which name a world keeps its roster, so that the hours of its people are listed once."""


def held_spans(
    case: Case, slots: Iterable[str] = ("assignee",), states: Iterable[str] = ()
) -> Iterator[tuple[str, datetime, datetime | None]]:
    """
    Who had the open ticket when: (who, since, until), ``until`` None while they still have it.

    Args:
        slots: which of its slots count.
        states: only while it is in one of these states; all the time it is open unless given.
    """
    wanted = frozenset(slots)
    spans = case.open_spans
    if states:
        named = frozenset(states)
        spans = tuple((stay.since, stay.until) for stay in case.stays if stay.state in named and not stay.closed)
    for stint in case.stints:
        if stint.slot in wanted:
            for since, until in spans:
                start = max(since, stint.since)
                ends = [end for end in (until, stint.until) if end is not None]
                end = min(ends) if ends else None
                if end is None or start < end:
                    yield stint.who, start, end


@define
class Steps:
    """
    How much somebody holds as time passes: one step up or down for each instant at which that changes, 16 bytes each.

    Steps at one instant are put together as they become many.
    """

    _at: array[int] = field(factory=lambda: array("q"))
    _by: array[int] = field(factory=lambda: array("q"))
    _bound: int = _FIRST

    def add(self, start: int, end: int, units: int = 1) -> None:
        """Something held from *start* until *end*."""
        self._at.extend((start, end))
        self._by.extend((units, -units))
        if len(self._at) >= self._bound:
            self._put_together()
            self._bound = max(_FIRST, 2 * len(self._at))

    def _put_together(self) -> list[tuple[int, int]]:
        found: dict[int, int] = {}
        for at, by in zip(self._at, self._by, strict=True):
            found[at] = found.get(at, 0) + by
        steps = sorted((at, by) for at, by in found.items() if by)
        self._at, self._by = array("q", (at for at, _ in steps)), array("q", (by for _, by in steps))
        return steps

    def levels(self) -> Iterator[tuple[int, int, int]]:
        """(from, until, how much) for every stretch in which something is held, in order."""
        held, since = 0, 0
        for at, by in self._put_together():
            if held:
                yield since, at, held
            held, since = held + by, at

    def __len__(self) -> int:
        return len(self._at)


def _world(given: Any) -> World:
    return World.of(given) or World()


@define
class Hours:
    """Stretches in which somebody is there, listed for as long a time as anybody has asked about yet."""

    told: Callable[[int, int], Spans]
    start: int = 0
    end: int = 0
    _starts: list[int] = field(factory=list)
    _ends: list[int] = field(factory=list)
    _before: list[int] = field(factory=lambda: [0])

    def cover(self, start: int, end: int) -> Self:
        """List them for ``[start, end)`` too; itself, for chaining."""
        if self.start <= start and end <= self.end:
            return self
        if self.start == self.end:
            self.start = self.end = start
        spans = list(zip(self._starts, self._ends, strict=True))
        if start < self.start:
            spans, self.start = [*self.told(start, self.start), *spans], start
        if end > self.end:
            spans, self.end = [*spans, *self.told(self.end, end)], end
        self._starts, self._ends = [one for one, _ in spans], [one for _, one in spans]
        self._before = list(accumulate((b - a for a, b in spans), initial=0))
        return self

    def until(self, at: int) -> int:
        """Microseconds of them from the first one that is listed until an instant."""
        place = bisect_right(self._starts, at)
        return self._before[place] - max(0, self._ends[place - 1] - at if place else 0)


@define
class Roster:
    """
    When people are there: the shifts or calendars of a world, without absences.

    ``world`` is the roster as it is known now; it is asked about the past too.
    """

    world: World = field(converter=_world)
    _hours: dict[str, Hours | None] = field(factory=dict)
    _calendars: dict[str, Hours] = field(factory=dict)

    @classmethod
    def of(cls, source: Roster | World | Mapping[str, Any] | None) -> Roster | None:
        """
        The roster of a world, or of the mapping of one; None where there is none.

        Raises:
            InputError: it is no such mapping.
        """
        if source is None or isinstance(source, Roster):
            return source
        world = World.of(source)
        if world is None:
            return None
        known = world.derived.get(_KEPT)
        if not isinstance(known, Roster) or known.world is not world:
            known = world.derived[_KEPT] = cls(world)
        return known

    @property
    def people(self) -> set[str]:
        """Everybody who can take tickets and of whom it says when they are there; programs are not among them."""
        world = self.world
        return {one.id for one in (*world.engineers, *world.agents) if one.shifts or one.shift is not None}

    def hours(self, who: str, start: int, end: int) -> Hours | None:
        """
        When somebody is there, within ``[start, end)`` at least; None where the roster does not say.

        An engineer's own ``shifts`` come before the calendar that ``shift`` names, as in dispatch; without either, or where
        the world lacks that calendar, nothing is known. Absences are taken out.
        """
        known = self._hours_of(who)
        return None if known is None else known.cover(start, end)

    def knows(self, who: str) -> bool:
        """Whether it says when somebody is there."""
        return self._hours_of(who) is not None

    def _hours_of(self, who: str) -> Hours | None:
        if who not in self._hours:
            self._hours[who] = self._of(who)
        return self._hours[who]

    def _of(self, who: str) -> Hours | None:
        person = self.world.by_id.get(who)
        if person is None:
            return None
        away = merged((micros(a), micros(b)) for a, b in person.absences) if isinstance(person, Engineer) else []
        if isinstance(person, Engineer) and person.shifts:
            there = without(merged((micros(a), micros(b)) for a, b in person.shifts), away)
            return Hours(lambda start, end: common(there, [(start, end)]))
        if person.shift is None:
            return None
        shared = self._shared(person.shift)
        if shared is None or not away:
            return shared
        return Hours(lambda start, end: without(shared.told(start, end), away))

    def _shared(self, name: str) -> Hours | None:
        """The hours of all who have a calendar for a shift and no absences."""
        calendar = self.world.calendars.get(name)
        if not isinstance(calendar, OpenTime):
            return None
        if name not in self._calendars:
            self._calendars[name] = Hours(
                lambda start, end: [(micros(a), micros(b)) for a, b in calendar.intervals(from_micros(start), from_micros(end))]
            )
        return self._calendars[name]

    def capacity(self, who: str) -> tuple[int | None, int | None]:
        """How much somebody takes normally and at most, None where there is no limit or nothing is known."""
        person = self.world.by_id.get(who)
        if person is None:
            return None, None
        most = person.capacity
        return (most if person.normal is None else person.normal), most
