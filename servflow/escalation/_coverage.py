"""Knows where an on-call schedule leaves nobody, or one person alone; must not know how it finds who is on call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from servflow.calendars import OpenTime
from servflow.errors import Finding, InputError, shown
from servflow.escalation._members import Users
from servflow.escalation._overrides import Override
from servflow.escalation._reports import common, named, shifts_of
from servflow.escalation._roster import Roster
from servflow.escalation._rotation import Shift
from servflow.escalation._schedule import Schedule
from servflow.model import World, instant, write_instant

MOST_DAYS = 3_660
MOST_OVERRIDES = 500
"""How many overrides of one report are tried without; further ones are told to be of use."""

_NOTHING = timedelta()
_HOUR = timedelta(hours=1)


@frozen
class IdleOverride:
    """
    An override that changes nothing: ``place`` in the schedule's list, and why.

    ``why`` is ``over`` (it ended before the report begins), ``temporary`` (a temporary stretch replaces everything while it
    lasts) or ``no effect`` (the same people are on call without it).
    """

    place: int
    override: Override
    why: str

    def to_data(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"place": self.place, **self.override.to_data(), "why": self.why}


@frozen
class Coverage:
    """
    Who is on call from ``start`` to ``end``, by how many there are.

    ``gaps`` are the stretches with nobody, ``alone`` those with one person, ``together`` those with more; each as long as the
    same people are on call. ``idle`` are overrides that change nothing, ``unknown`` the people whom the world does not know
    (empty without a world), ``known_until`` is where a roster ends that knows no further, where that is before ``end``.
    ``asked`` is how much of the time somebody ought to be on call.
    """

    start: datetime
    end: datetime
    gaps: tuple[Shift, ...]
    alone: tuple[Shift, ...]
    together: tuple[Shift, ...]
    idle: tuple[IdleOverride, ...] = ()
    unknown: Users = ()
    known_until: datetime | None = None
    asked: timedelta | None = None

    @property
    def covered(self) -> float:
        """The part of the time with somebody on call, from 0 to 1."""
        asked = self.end - self.start if self.asked is None else self.asked
        return 1.0 - _length(self.gaps) / asked if asked else 1.0

    @property
    def depends_on(self) -> dict[str, timedelta]:
        """For how long everything hangs on one person, the longest first."""
        found: dict[str, timedelta] = {}
        for one in self.alone:
            found[one.users[0]] = found.get(one.users[0], _NOTHING) + one.end - one.start
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What somebody has to do something about, as sentences; people alone and people together are none."""
        found = [
            Finding("coverage.gap", "", {"start": write_instant(gap.start), "end": write_instant(gap.end)}, severity="warning")
            for gap in self.gaps
        ]
        if self.known_until is not None:
            facts = {"until": write_instant(self.known_until)}
            found.append(Finding("coverage.known_until", "known_until", facts, severity="warning"))
        found += [Finding("coverage.unknown", "", {"user": user}, severity="warning") for user in self.unknown]
        for one in self.idle:
            facts = {"start": write_instant(one.override.start), "end": write_instant(one.override.end)}
            code = f"coverage.override_{one.why.replace(' ', '_')}"
            found.append(Finding(code, f"overrides[{one.place}]", facts, severity="warning"))
        return tuple(found)

    def to_data(self) -> dict[str, Any]:
        """JSON-ready; lengths of time are in hours."""
        stretches = {name: [_stretch(one) for one in getattr(self, name)] for name in ("gaps", "alone", "together")}
        return {
            "start": write_instant(self.start),
            "end": write_instant(self.end),
            "covered": self.covered,
            **stretches,
            "depends_on_hours": {user: length / _HOUR for user, length in self.depends_on.items()},
            "idle": [one.to_data() for one in self.idle],
            "unknown": list(self.unknown),
            "known_until": None if self.known_until is None else write_instant(self.known_until),
        }


def coverage(
    schedule: Any,
    at: datetime,
    days: int = 30,
    *,
    world: World | Mapping[str, Any] | None = None,
    calendar: OpenTime | None = None,
) -> Coverage:
    """
    Where a schedule leaves nobody on call in the next days, where one person is alone, and what in it does nothing.

    Args:
        schedule: a schedule, rotation or roster, or anything with ``on_call`` and ``next_change``.
        at: aware instant from which on it is looked at.
        days: how many days of 24 hours, 1 to 3,660.
        world: whose people are known; None: it is not asked who is.
        calendar: when somebody ought to be on call; None: always.

    Raises:
        TimeError: *at* is naive.
        InputError: *days* is out of range, or the schedule cannot be asked.
        LimitError: there are more than 100,000 shifts.
    """
    low = instant(at)
    if not _whole(days) or not 1 <= days <= MOST_DAYS:
        raise InputError(f"days is a whole number from 1 to {MOST_DAYS:,}, not {shown(days)}", code="oncall.days")
    try:
        high = low + timedelta(days=days)
    except OverflowError:
        raise InputError(f"{days} days after {write_instant(low)} there is no calendar any more", code="oncall.days") from None
    parts: tuple[list[Shift], list[Shift], list[Shift]] = ([], [], [])
    for one in stretches(schedule, low, high):
        parts[min(len(one.users), 2)].append(one)
    known = World.of(world)
    users = dict.fromkeys([*named(schedule), *(user for group in parts for one in group for user in one.users)])
    unknown = () if known is None else tuple(user for user in users if user not in known.persons)
    until = schedule.known_until if isinstance(schedule, Roster) else None
    until = None if until is None or until >= high else until
    idle = tuple(_idle(schedule, low, high)) if isinstance(schedule, Schedule) else ()
    gaps, alone, together = (tuple(part) for part in parts)
    asked = high - low
    if calendar is not None:
        asked = calendar.between(low, high)
        opened = list(calendar.intervals(low, high))
        gaps = tuple(Shift(start, end, ()) for start, end in common([(gap.start, gap.end) for gap in gaps], opened))
    return Coverage(low, high, gaps, alone, together, idle=idle, unknown=unknown, known_until=until, asked=asked)


def stretches(schedule: Any, start: datetime, end: datetime) -> list[Shift]:
    """
    The whole of ``[start, end)`` cut where other people come on call, those with nobody included.

    Raises:
        InputError: the schedule cannot be asked.
        LimitError: there are more than 100,000 shifts.
    """
    edges: list[tuple[datetime, int, Users]] = []
    for shift in shifts_of(schedule, start, end):
        edges += [(max(shift.start, start), 1, shift.users), (min(shift.end, end), -1, shift.users)]
    held: dict[str, int] = {}
    found: list[Shift] = []
    at = start
    for moment, change, users in [*sorted(edges, key=lambda edge: edge[:2]), (end, 0, ())]:
        if moment > at:
            now = tuple(user for user, count in held.items() if count)
            if found and set(found[-1].users) == set(now):
                found[-1] = Shift(found[-1].start, moment, found[-1].users)
            else:
                found.append(Shift(at, moment, now))
            at = moment
        for user in users:
            count = held.pop(user, 0) + change
            if count:
                held[user] = count
    return found


def _idle(schedule: Schedule, low: datetime, high: datetime) -> list[IdleOverride]:
    found = []
    tried = 0
    for place, one in enumerate(schedule.overrides):
        if one.end <= low:
            found.append(IdleOverride(place, one, "over"))
            continue
        if one.start >= high or tried >= MOST_OVERRIDES:
            continue
        tried += 1
        # Only what lies over this stretch can make a difference, so only that is compared.
        near = [other for other in schedule.overrides if other.start < one.end and one.start < other.end]
        others = [other for other in near if other is not one]
        replaced = [other for other in schedule.temporary if other.start < one.end and one.start < other.end]
        whole, without = (
            stretches(evolve(schedule, overrides=kept, temporary=replaced), one.start, one.end) for kept in (near, others)
        )
        if _same(whole, without):
            bare = stretches(evolve(schedule, overrides=near, temporary=()), one.start, one.end)
            hidden = bool(replaced) and not _same(
                bare, stretches(evolve(schedule, overrides=others, temporary=()), one.start, one.end)
            )
            found.append(IdleOverride(place, one, "temporary" if hidden else "no effect"))
    return found


def _same(one: list[Shift], other: list[Shift]) -> bool:
    return [(part.start, part.end, set(part.users)) for part in one] == [
        (part.start, part.end, set(part.users)) for part in other
    ]


def _length(found: tuple[Shift, ...]) -> timedelta:
    return sum((one.end - one.start for one in found), _NOTHING)


def _stretch(one: Shift) -> dict[str, Any]:
    hours = (one.end - one.start) / _HOUR
    return {"start": write_instant(one.start), "end": write_instant(one.end), "users": list(one.users), "hours": hours}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
