"""Knows on-call feeds as iCalendar files: the shifts in one, and how shifts are written; must not know chains or tickets."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field

from servflow.calendars._recurrence import Budget, Unsupported
from servflow.calendars._zones import EPOCH_ORDINAL, resolve
from servflow.errors import Finding, InputError, nearest, shown
from servflow.escalation import Roster, Shift, duties
from servflow.integrations._ical_people import OWN, PLACES, Names, People, level, who
from servflow.integrations._ical_read import MOST_OCCURRENCES
from servflow.integrations._ical_times import MOST_DAYS, SHARED, Time, first_time, named, newest, text_of, times
from servflow.integrations._ical_zones import Zones, bounded
from servflow.model import from_micros, instant, write_instant

_MOST_NOTES = 100
_LONGEST_NAME = 200
_DAY = timedelta(days=1)


@define
class Feed:
    """What the events of an on-call feed come to."""

    start: datetime
    end: datetime
    zone: str | None  # of whole days and of times without a zone; None: the file's own
    people: People
    places: Sequence[str]
    budget: Budget = field(factory=Budget)
    notes: list[Finding] = field(factory=list)
    shifts: list[tuple[int, Shift]] = field(factory=list)
    _left: int = MOST_OCCURRENCES

    def take(self, calendar: Any) -> None:
        """
        Read all events of one calendar of a file; what is not understood becomes a note.

        Raises:
            InputError: it is too much, or the zone the caller gave is none.
        """
        blocks = [part for part in calendar.subcomponents if part.name == "X-VTIMEZONE"]
        low, high = self.start.date() - _DAY, self.end.date() + _DAY
        zones = Zones.of("UTC", blocks, low, high, self.budget)
        zone, assumed = self._floating(calendar)
        zones.floating = ZoneInfo(zone)
        latest, broken, doubtful = newest(part for part in calendar.subcomponents if part.name == "VEVENT")
        for why in broken:
            self.note("unreadable", why=why)
        for event in doubtful:
            self.note("left_out", event=named(event), why=SHARED)
        moved: dict[str, list[Any]] = {}
        for (uid, again), event in latest.items():
            if again:
                moved.setdefault(uid, []).append(event)
        called_off = str(calendar.get("METHOD", "")).upper() == "CANCEL"
        for (uid, _), event in latest.items():
            if called_off or str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            try:
                if self._event(event, zones, zone, moved.get(uid, [])) and assumed:
                    self.note("zone_assumed", event=named(event), zone=zone)
                    assumed = False
            except InputError:
                raise
            except Unsupported as error:
                self.note("left_out", event=named(event), why=str(error))
            except (ValueError, OverflowError, AttributeError, TypeError) as error:
                self.note("unreadable", why=f"{named(event)}: {error}")

    def _floating(self, calendar: Any) -> tuple[str, bool]:
        """The zone of whole days and of times without one, and whether nobody named it."""
        if self.zone is not None:
            return self.zone, False
        told = str(calendar.get("X-WR-TIMEZONE") or "")
        try:
            return ZoneInfo(told).key, False
        except (KeyError, ValueError, OSError):
            return "UTC", True

    def _event(self, event: Any, zones: Zones, zone: str, moved: list[Any]) -> bool:
        """Take the shifts of one event; whether any of them needed a zone that it does not name itself."""
        first = first_time(event, zones, midnights=False)
        found = [shift for one in times(event, first, zones, moved) if (shift := self._shift(one, zone)) is not None]
        if not found:
            return False
        users, unknown = who(event, self.people, self.places)
        for name in unknown:
            self.note("unknown_person", event=named(event), name=shown(name))
        if not users:
            self.note("nobody", event=named(event))
            return False
        rank = level(text_of(event, "SUMMARY") or "")[0]
        self.shifts += [(rank, Shift(start, end, users)) for start, end in found]
        begin = event.get("DTSTART")
        return first.whole or (begin.dt.tzinfo is None and "TZID" not in begin.params)

    def _shift(self, one: Time, zone: str) -> tuple[datetime, datetime] | None:
        if one.end <= one.start:
            raise ValueError(f"it ends at {one.end} and begins at {one.start}")
        if one.end - one.start > timedelta(days=MOST_DAYS):
            raise ValueError(f"it lasts longer than {MOST_DAYS} days")
        if one.whole:
            start, end = (from_micros(resolve(zone, at.toordinal() - EPOCH_ORDINAL, 0)) for at in (one.start, one.end))
        else:
            start, end = one.start.replace(tzinfo=UTC), one.end.replace(tzinfo=UTC)
        if end <= self.start or start >= self.end or start >= end:
            return None
        self._left -= 1
        if self._left < 0:
            said = f"more than {MOST_OCCURRENCES:,} shifts in one file; ask for a shorter time"
            raise InputError(said, code="ical.too_much", limit=MOST_OCCURRENCES)
        return start, end

    def note(self, code: str, **facts: Any) -> None:
        """Remember what was not understood, each thing once and no more than people read."""
        told = Finding(f"ical.{code}", "", facts, severity="warning")
        if len(self.notes) < _MOST_NOTES and told not in self.notes:
            self.notes.append(told)

    def duties(self) -> list[Shift]:
        """The shifts; where levels are given, those of a lower one only while no higher one has somebody."""
        out: list[Shift] = []
        above: list[tuple[datetime, datetime]] = []
        for rank in sorted({rank for rank, _ in self.shifts}, reverse=True):
            here = [shift for other, shift in self.shifts if other == rank]
            out += [part for shift in here for part in _without(shift, above)]
            above = _joined([*above, *((shift.start, shift.end) for shift in here)])
        return out


def _joined(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    out: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _without(shift: Shift, above: list[tuple[datetime, datetime]]) -> Iterator[Shift]:
    at = shift.start
    place = bisect_right(above, at, key=lambda stretch: stretch[1])  # they are apart and in order, so their ends are too
    while place < len(above) and above[place][0] < shift.end:
        start, end = above[place]
        if start > at:
            yield Shift(at, start, shift.users)
        at = end
        place += 1
    if at < shift.end:
        yield Shift(at, shift.end, shift.users)


def roster(
    calendars: Iterable[Any],
    start: datetime,
    end: datetime,
    *,
    zone: str | None,
    people: Names,
    places: Sequence[str],
    name: str,
) -> Roster:
    """The roster of the calendars of a file; its arguments are those of ``read_on_call``."""
    low, high = instant(start, "start"), instant(end, "end")
    bounded(low.date(), high.date())
    if high <= low:
        raise InputError(f"the range ends before it begins: {write_instant(low)} to {write_instant(high)}", code="ical.range")
    for place in places:
        if place not in PLACES:
            close = nearest(str(place), PLACES)
            hint = f"did you mean {close!r}?" if close else f"it is one of {', '.join(PLACES)}"
            raise InputError(f"who: {shown(place)}; {hint}", code="ical.who", nearest=close)
    feed = Feed(low, high, zone, People.of(people), places)
    for calendar in calendars:
        feed.take(calendar)
    return Roster(feed.duties(), low, high, name[:_LONGEST_NAME], tuple(feed.notes))


def shifts_of(schedule: Any, a: datetime, b: datetime, person: str | None) -> list[tuple[datetime, datetime, str]]:
    """The shifts of a person, or of everybody, each with its user, in order."""
    found = duties(schedule, a, b).items()
    return sorted((one.start, one.end, user) for user, held in found for one in held if person is None or user == person)


def facts(start: datetime, end: datetime, user: str, zone: str | None, name: str | None) -> tuple[str, dict[str, Any]]:
    """One shift as the key of its event and what stands in it."""
    for at in (start, end):
        if at.microsecond:
            said = f"iCalendar has no fractions of a second, and a shift begins or ends at {write_instant(at)}"
            raise InputError(said, code="ical.fraction", at=write_instant(at))
    titled = f"On call - {user}" + (f" - {name}" if name else "")
    return f"{user} {write_instant(start)}", {
        "DTSTART": _in_zone(start, zone),
        "DTEND": _in_zone(end, zone),
        "SUMMARY": titled,
        "CATEGORIES": ["ON-CALL"],
        "TRANSP": "TRANSPARENT",
        OWN: user,
    }


def uid(key: str, name: str | None) -> str:
    """The UID of a shift's event: the same however often and whenever it is written."""
    return f"{hashlib.sha256(f'on call {name} {key}'.encode()).hexdigest()[:32]}@servflow"


def _in_zone(at: datetime, zone: str | None) -> datetime:
    if zone is None:
        return at.astimezone(UTC)
    here = at.astimezone(ZoneInfo(zone))
    # The second time a clock shows an hour cannot be written in its zone: a reader takes it for the first.
    return at.astimezone(UTC) if here.fold else here.replace(fold=0)
