"""Knows how on-call duty is shared out among people; must not know tickets, nor how a schedule finds who is on call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from servflow.calendars import Calendar, HolidayList, minus
from servflow.errors import DefinitionError, InputError, LimitError, shown
from servflow.escalation._members import Users
from servflow.escalation._roster import Roster
from servflow.escalation._rotation import MAX_SHIFTS, Rotation, Shift
from servflow.escalation._schedule import Schedule
from servflow.model import World, instant, write_instant

Stretch = tuple[datetime, datetime]

_ALL_DAY = ["00:00-24:00"]
_EVERY_DAY = {"mon-sun": _ALL_DAY}
_NOTHING = timedelta()
_HOUR = timedelta(hours=1)
_INSTANT = timedelta(microseconds=1)
_MOST_JOINED = 500


@frozen
class PersonDuty:
    """
    How much duty one person has, in time as it passes: an hour that clocks show twice counts twice.

    ``night``, ``weekend`` and ``holiday`` are the parts of ``duty`` in each, by the wall time of ``zone``; a Saturday night
    is in the first two. ``nights``, ``weekends`` and ``holidays`` count how many of them have any duty; ``shifts`` counts
    shifts that have any within the time reported. ``share`` is the person's part of everybody's duty, from 0 to 1.
    """

    user: str
    zone: str
    duty: timedelta
    night: timedelta
    weekend: timedelta
    holiday: timedelta
    shifts: int
    nights: int
    weekends: int
    holidays: int
    share: float

    @property
    def hours(self) -> float:
        """The duty in hours."""
        return self.duty / _HOUR

    def to_data(self) -> dict[str, Any]:
        """JSON-ready; lengths of time are in hours."""
        lengths = {name: getattr(self, name) / _HOUR for name in ("duty", "night", "weekend", "holiday")}
        counts = {name: getattr(self, name) for name in ("shifts", "nights", "weekends", "holidays", "share")}
        return {
            "user": self.user,
            "zone": self.zone,
            **{f"{name}_hours": length for name, length in lengths.items()},
            **counts,
        }


@frozen
class Fairness:
    """How duty is shared out from ``start`` to ``end``: everybody whom the schedule names, most duty first."""

    start: datetime
    end: datetime
    people: tuple[PersonDuty, ...]

    @property
    def duty(self) -> timedelta:
        """Everybody's duty in sum; two on call for an hour are two hours."""
        return sum((one.duty for one in self.people), _NOTHING)

    def of(self, user: str) -> PersonDuty:
        """
        The row of a person.

        Raises:
            InputError: the report does not name them.
        """
        for one in self.people:
            if one.user == user:
                return one
        raise InputError(
            f"the report names nobody called {shown(user)}; say whom else it is about with people=", user=shown(user)
        )

    def to_data(self) -> dict[str, Any]:
        """JSON-ready."""
        people = [one.to_data() for one in self.people]
        return {"start": write_instant(self.start), "end": write_instant(self.end), "people": people}


@frozen
class _Hours:
    """The nights, weekends and holidays of a zone in one stretch of time."""

    night: list[Stretch]
    weekend: list[Stretch]
    holiday: list[Stretch]

    def row(self, user: str, zone: str, stretches: list[Stretch], total: timedelta) -> PersonDuty:
        joined = _joined(stretches)
        duty = sum((end - start for start, end in joined), _NOTHING)
        night, nights = _overlap(joined, self.night)
        weekend, weekends = _overlap(joined, self.weekend)
        holiday, _ = _overlap(joined, self.holiday)
        days = {day for part in common(joined, self.holiday) for day in _dates(*part, zone)}
        share = duty / total if total else 0.0
        counts = (len(stretches), nights, weekends, len(days))
        return PersonDuty(user, zone, duty, night, weekend, holiday, *counts, share)


def fairness(
    schedule: Any,
    start: datetime,
    end: datetime,
    *,
    zone: str | None = None,
    world: World | Mapping[str, Any] | None = None,
    night: str = "22:00-06:00",
    weekend: str | Iterable[str] = "sat-sun",
    holidays: Any = (),
    people: Iterable[str] = (),
) -> Fairness:
    """
    How duty, nights, weekends and holidays are shared out among people.

    A shift of a person goes on through changes of who else is on call; it ends where their turn does, also where the next is
    theirs again.

    Args:
        schedule: a schedule, rotation or roster, or anything with ``on_call`` and ``next_change``.
        start: aware instant from which duty counts.
        end: until when.
        zone: in whose wall time nights and days are; None: the schedule's own, where it has just one.
        world: where it knows a person's own zone, theirs is taken instead.
        night: the window of a night; it belongs to the date on which it begins.
        weekend: the days of a weekend, such as ``fri-sat``, or a list of them; days next to each other are one weekend.
        holidays: dates, ``MM-DD`` for every year, a ``HolidayList`` or the ``Calendar`` whose holidays are meant; the make-up
            workdays of a list are no weekend.
        people: who else is to be in the report, though the schedule does not name them.

    Raises:
        TimeError: an instant is naive.
        InputError: *end* is not after *start*, no zone is known, or the schedule cannot be asked.
        LimitError: there are more than 100,000 shifts.
        DefinitionError: *night*, *weekend*, *holidays* or *zone* are wrong.
    """
    low, high = _range(start, end)
    known = World.of(world)
    found = _collected(schedule, low, high)
    users = dict.fromkeys([*named(schedule), *found, *((people,) if isinstance(people, str) else people)])
    zones = {user: _own_zone(known, user) for user in users}
    fallback = zone or (None if users and all(zones.values()) else _zone_of(schedule))
    hours: dict[str, _Hours] = {}
    clipped = {user: [(max(one.start, low), min(one.end, high)) for one in found.get(user, ())] for user in users}
    total = sum((stop - begin for one in clipped.values() for begin, stop in _joined(one)), _NOTHING)
    rows = []
    for user in users:
        where = zones[user] or fallback or "UTC"
        if where not in hours:
            hours[where] = _hours(where, night, weekend, holidays, (low, high))
        rows.append(hours[where].row(user, where, clipped[user], total))
    return Fairness(low, high, tuple(sorted(rows, key=lambda row: (-row.duty, row.user))))


def duties(schedule: Any, start: datetime, end: datetime) -> dict[str, list[Shift]]:
    """
    The shifts of each person that meet ``[start, end)``, whole, in order.

    A shift goes on through changes of who else is on call, as far as 500 of them beyond what is asked; it ends where the
    person's turn does, also where the next is theirs again. Of a schedule without ``shifts`` only what lies within is known.

    Raises:
        TimeError: an instant is naive.
        InputError: the schedule cannot be asked.
        LimitError: there are more than 100,000.
    """
    low, high = instant(start, "start"), instant(end, "end")
    found = _collected(schedule, low, high)
    if hasattr(schedule, "shifts"):
        for user, held in found.items():
            held[0] = Shift(_reached(schedule, user, held[0].start, back=True), held[0].end, (user,))
            held[-1] = Shift(held[-1].start, _reached(schedule, user, held[-1].end, back=False), (user,))
    return found


def _collected(schedule: Any, start: datetime, end: datetime) -> dict[str, list[Shift]]:
    found: dict[str, list[Shift]] = {}
    for shift in shifts_of(schedule, start, end):
        for user in shift.users:
            held = found.setdefault(user, [])
            if held and (held[-1].end > shift.start or (held[-1].end == shift.start and _goes_on(schedule, user, shift.start))):
                held[-1] = Shift(held[-1].start, max(held[-1].end, shift.end), (user,))
            else:
                held.append(Shift(shift.start, shift.end, (user,)))
    return found


def _goes_on(schedule: Any, user: str, at: datetime) -> bool:
    """Whether a shift of somebody goes on at an instant at which one that names them ends and one begins."""
    if not isinstance(schedule, Schedule):
        return not hasattr(schedule, "shifts")  # shifts of turns and those written out end where they say
    return not any(_meet(layer, user, at) for layer in schedule.layers)


def _meet(schedule: Any, user: str, at: datetime) -> list[Shift]:
    """The shift of somebody that ends at an instant and the one that begins there; none where there are not both."""
    around = [one for one in schedule.shifts(at - _INSTANT, at + _INSTANT) if user in one.users]
    both = [one for one in around if one.end == at][-1:] + [one for one in around if one.start == at][:1]
    return both if len(both) > 1 else []


def _reached(schedule: Any, user: str, at: datetime, *, back: bool) -> datetime:
    """Where a shift of somebody that begins or ends at an instant really does, if others only came or went there."""
    for _ in range(_MOST_JOINED):
        both = _meet(schedule, user, at)
        if not both or not _goes_on(schedule, user, at):
            break
        at = both[0].start if back else both[1].end
    return at


def shifts_of(schedule: Any, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """
    Who is on call when, in order: the shifts that a schedule knows, or what its answers come to from change to change.

    Raises:
        InputError: it has neither ``shifts`` nor both ``on_call`` and ``next_change``.
        LimitError: there are more than 100,000.
    """
    if hasattr(schedule, "shifts"):
        shifts: tuple[Shift, ...] = tuple(schedule.shifts(start, end))
        return shifts
    if not hasattr(schedule, "on_call") or not hasattr(schedule, "next_change"):
        said = f"a schedule answers on_call and next_change, or shifts; {shown(schedule)} does not"
        raise InputError(said, code="oncall.schedule")
    found: list[Shift] = []
    at = start
    while at < end:
        if len(found) >= MAX_SHIFTS:
            raise LimitError(f"more than {MAX_SHIFTS} shifts; ask for a shorter stretch of time", limit=MAX_SHIFTS)
        until = schedule.next_change(at)
        until = end if until is None else min(until, end)
        if until <= at:
            raise InputError(
                f"the schedule says that {write_instant(at)} is followed by {write_instant(until)}", code="oncall.order"
            )
        users = tuple(schedule.on_call(at))
        if users:
            found.append(Shift(at, until, users))
        at = until
    return tuple(found)


def named(schedule: Any) -> Users:
    """Everybody whom a schedule names, on call or not; nobody where it is the host's own."""
    if isinstance(schedule, Rotation):
        lists = [schedule.users, *(change.users for change in schedule.changes)]
        return tuple(dict.fromkeys(user for groups in lists for group in groups for user in group))
    if isinstance(schedule, Roster):
        return schedule.users
    if isinstance(schedule, Schedule):
        inner = [user for layer in schedule.layers for user in named(layer)]
        inner += [user for one in schedule.overrides if one.action != "remove" for user in one.users]
        inner += [user for stretch in schedule.temporary for shift in stretch.shifts for user in shift.users]
        return tuple(dict.fromkeys(inner))
    return ()


def _range(start: datetime, end: datetime) -> Stretch:
    low, high = instant(start, "start"), instant(end, "end")
    if high <= low:
        said = f"the end {write_instant(high)} is not after the start {write_instant(low)}"
        raise InputError(said, code="oncall.range")
    return low, high


def _own_zone(world: World | None, user: str) -> str | None:
    person = None if world is None else world.persons.get(user)
    return None if person is None else person.zone


def zones_of(schedule: Any) -> tuple[str, ...]:
    """The zones in which a schedule's turns are counted, in order of the alphabet; none where it does not tell."""
    if isinstance(schedule, Rotation):
        return (schedule.zone,)
    return tuple(sorted({layer.zone for layer in schedule.layers})) if isinstance(schedule, Schedule) else ()


def _zone_of(schedule: Any) -> str:
    zones = zones_of(schedule)
    if len(zones) != 1:
        told = f"its layers are in {', '.join(zones)}" if zones else "it names none itself"
        said = f"in whose wall time are nights and weekends? say zone=, for this schedule does not tell: {told}"
        raise InputError(said, code="oncall.zone")
    return zones[0]


def _calendar(part: str, zone: str, week: Mapping[str, Any], **more: Any) -> Calendar:
    """A calendar of one part of what was asked; what is wrong in it is told as wrong there."""
    try:
        return Calendar(zone, week, **more)
    except DefinitionError as error:
        told = [evolve(one, path=part) if one.path.startswith("week") else one for one in error.findings]
        raise DefinitionError.of(told) from None


def _hours(zone: str, night: str, weekend: str | Iterable[str], holidays: Any, asked: Stretch) -> _Hours:
    dates = holidays.holidays if isinstance(holidays, (HolidayList, Calendar)) else holidays
    worked = holidays.workdays if isinstance(holidays, HolidayList) else ()
    days = weekend if isinstance(weekend, str) else ",".join(map(str, weekend))
    nights = _calendar("night", zone, {"mon-sun": [night]})
    free = _calendar("weekend", zone, {days: _ALL_DAY}, shifts={day: [] for day in worked})
    rest = minus(Calendar(zone, _EVERY_DAY), Calendar(zone, _EVERY_DAY, holidays=dates)) if dates else None
    found = [[] if calendar is None else list(calendar.intervals(*asked)) for calendar in (nights, free, rest)]
    return _Hours(*found)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def common(stretches: list[Stretch], windows: list[Stretch]) -> list[Stretch]:
    """What two lists of stretches, each in order and apart, have in common."""
    found = []
    place = 0
    for start, end in stretches:
        while place < len(windows) and windows[place][1] <= start:
            place += 1
        other = place
        while other < len(windows) and windows[other][0] < end:
            found.append((max(start, windows[other][0]), min(end, windows[other][1])))
            other += 1
    return found


def _overlap(stretches: list[Stretch], windows: list[Stretch]) -> tuple[timedelta, int]:
    """How long stretches lie in windows, and in how many of them."""
    parts = common(stretches, windows)
    touched = 0
    place = 0
    for start, end in windows:
        while place < len(parts) and parts[place][1] <= start:
            place += 1
        touched += place < len(parts) and parts[place][0] < end
    return sum((end - start for start, end in parts), _NOTHING), touched


def _dates(start: datetime, end: datetime, zone: str) -> Iterable[date]:
    here = ZoneInfo(zone)
    first = start.astimezone(here).date()
    last = (end - timedelta(microseconds=1)).astimezone(here).date()
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
