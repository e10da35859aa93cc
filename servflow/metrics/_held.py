"""Knows who had what work when, and when they were there for it; must not know what figures are made of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.calendars import OpenTime
from servflow.errors import InputError
from servflow.metrics._cases import Case
from servflow.model import Engineer, World, instant
from servflow.model._instants import EPOCH, micros

Spans = list[tuple[int, int]]
"""Half-open pairs of microseconds since 1970, in order, none touching the next."""

_FIRST = 4_096
"""From how many stretches on those of one person are put together, where they overlap."""

_NEVER = 2**63 - 1

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
class Stretches:
    """
    Stretches of one person, kept in 16 bytes each; overlapping ones are put together as they become many.

    ``seconds`` of all of them, twice counted where they overlap, are kept apart.
    """

    _starts: array[int] = field(factory=lambda: array("q"))
    _ends: array[int] = field(factory=lambda: array("q"))
    _bound: int = _FIRST

    def add(self, start: int, end: int) -> None:
        """One more."""
        self._starts.append(start)
        self._ends.append(end)
        if len(self._starts) >= self._bound:
            self.put_together()
            self._bound = max(_FIRST, 2 * len(self._starts))

    def put_together(self) -> Spans:
        """All of them in order, overlapping and touching ones as one."""
        found = union(zip(self._starts, self._ends, strict=True))
        self._starts = array("q", (start for start, _ in found))
        self._ends = array("q", (end for _, end in found))
        return found

    def __len__(self) -> int:
        return len(self._starts)


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


def union(spans: Iterable[tuple[int, int]]) -> Spans:
    """Stretches in order, overlapping and touching ones as one, empty ones left out."""
    found: Spans = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def common(one: Spans, other: Spans) -> Spans:
    """What lies in both."""
    found: Spans = []
    here, there = 0, 0
    while here < len(one) and there < len(other):
        start, end = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if start < end:
            found.append((start, end))
        if one[here][1] <= other[there][1]:
            here += 1
        else:
            there += 1
    return found


def without(spans: Spans, away: Spans) -> Spans:
    """What lies in the first and not in the second."""
    edges = [-_NEVER, *(edge for pair in away for edge in pair), _NEVER]
    return common(spans, list(zip(edges[::2], edges[1::2], strict=True)))


def length(spans: Iterable[tuple[int, int]]) -> int:
    """Microseconds of all of them."""
    return sum(end - start for start, end in spans)


def clipped(since: datetime, until: datetime | None, start: int, end: int) -> tuple[int, int] | None:
    """The part within ``[start, end)`` of what lasts until *until*, None: for ever; None where there is none."""
    first, last = max(micros(since), start), end if until is None else min(micros(until), end)
    return (first, last) if first < last else None


def span_of(start: datetime, end: datetime) -> tuple[int, int]:
    """
    Two instants as microseconds.

    Raises:
        InputError: the end is not after the start.
        TimeError: one is naive.
    """
    first, last = micros(instant(start)), micros(instant(end))
    if first >= last:
        raise InputError(
            f"the time that is looked at ends at {end.isoformat()}, which is not after {start.isoformat()}", code="period"
        )
    return first, last


def moment(at: int) -> datetime:
    """The instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def _world(given: Any) -> World:
    return World.of(given) or World()


@define
class Roster:
    """
    When people are there: the shifts or calendars of a world, without absences.

    ``world`` is the roster as it is known now; it is asked about the past too.
    """

    world: World = field(converter=_world)
    _known: dict[tuple[str, int, int], Spans | None] = field(factory=dict)

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

    def open(self, who: str, start: int, end: int) -> Spans | None:
        """
        When somebody is there within ``[start, end)``; None where the roster does not say.

        An engineer's own ``shifts`` come before the calendar that ``shift`` names, as in dispatch; without either, or where
        the world lacks that calendar, nothing is known. Absences are taken out.
        """
        key = (who, start, end)
        if key not in self._known:
            self._known[key] = self._open(who, start, end)
        return self._known[key]

    def _open(self, who: str, start: int, end: int) -> Spans | None:
        person = self.world.by_id.get(who)
        if person is None:
            return None
        if isinstance(person, Engineer) and person.shifts:
            there: Iterable[tuple[datetime, datetime]] = person.shifts
        else:
            calendar = self.world.calendars.get(person.shift) if person.shift is not None else None
            if not isinstance(calendar, OpenTime):
                return None
            there = calendar.intervals(moment(start), moment(end))
        away = person.absences if isinstance(person, Engineer) else ()
        open_ = common(union((micros(a), micros(b)) for a, b in there), [(start, end)])
        return without(open_, union((micros(a), micros(b)) for a, b in away))

    def capacity(self, who: str) -> tuple[int | None, int | None]:
        """How much somebody takes normally and at most, None where there is no limit or nothing is known."""
        person = self.world.by_id.get(who)
        if person is None:
            return None, None
        most = person.capacity
        return (most if person.normal is None else person.normal), most
