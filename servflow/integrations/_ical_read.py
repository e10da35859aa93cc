"""Knows which dates and hours the events of an iCalendar file say, and which cannot be read; must not know any calendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from attrs import define, field, frozen

from servflow.calendars import Holiday
from servflow.calendars._recurrence import Budget, Rule, Unsupported
from servflow.errors import Finding, InputError, shown
from servflow.integrations._ical_times import MOST_DAYS, SHARED, Time, first_time, named, newest, text_of, times
from servflow.integrations._ical_zones import Zones

MAX_LENGTH = 2_000_000
MOST_COMPONENTS = 10_000
MOST_DEPTH = 8
MOST_OCCURRENCES = 20_000
KINDS = ("holiday", "workday", "shift", "closed", "break", "skip")

_DAY = timedelta(days=1)
_MIDNIGHT = time()
_CATEGORIES = {"HOLIDAY": "holiday", "HOLIDAYS": "holiday", "WORKDAY": "workday", "SHIFT": "shift", "BREAK": "break"}
_APPLE = {"WORK-HOLIDAY": "holiday", "ALTERNATE-WORKDAY": "workday"}
_MOST_TOLD = 10
_PARTS = ("VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT")
_ABOUT = {"METHOD", "X-WR-CALNAME", "X-WR-TIMEZONE", "X-APPLE-SPECIAL-DAY", "X-MICROSOFT-CDO-ALLDAYEVENT"}
_WHAT = {"UID", "RECURRENCE-ID", "STATUS", "TRANSP", "SUMMARY", "DESCRIPTION", "CATEGORIES", "ATTENDEE"}
_WHEN = {"DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "TZID", "TZOFFSETFROM", "TZOFFSETTO"}
_READ = _ABOUT | _WHAT | _WHEN
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)[;:]")
_OFFSET = re.compile(r":[+-]?([01]\d|2[0-3])[0-5]\d([0-5]\d)?[ \t]*$", re.ASCII)
_FORMS = {
    "SEQUENCE": re.compile(r":[ \t]*\d{1,9}[ \t]*$", re.ASCII),
    "TZOFFSETFROM": _OFFSET,
    "TZOFFSETTO": _OFFSET,
}
"""What is left out unless it has this form, as the package would refuse the event, or the whole file, for it."""


def package() -> Any:
    """
    The package icalendar.

    Raises:
        InputError: it is not installed.
    """
    try:
        import icalendar
    except ModuleNotFoundError:
        raise InputError(
            "the package icalendar is not installed; pip install 'servflow[ical]'",
            code="integrations.missing",
            package="icalendar",
        ) from None
    return icalendar


def components(text: str) -> list[Any]:
    """
    The calendars of a text, as the package reads them.

    Time zones are read as plain data: what a stranger's rules for one say is worked out here, with bounded work.

    Raises:
        InputError: the text is no iCalendar, or has more in it than is read.
    """
    made = package()
    unfolded = re.sub(r"\r?\n[ \t]", "", text.removeprefix("\ufeff"))
    kept: list[str] = []
    depth = count = aside = 0  # aside: how deep parts begin that nobody asks about
    for number, line in enumerate(re.split(r"\r?\n", unfolded), 1):
        word, _, part = line.upper().partition(":")
        if word == "BEGIN":
            depth, count = depth + 1, count + 1
            aside = aside or (0 if part.strip() in _PARTS else depth)
        if not aside and _wanted(line, garbage=depth > 1):
            kept.append(line)
        if word == "END":
            aside = 0 if depth == aside else aside
            depth -= 1
        if depth > MOST_DEPTH or depth < 0 or count > MOST_COMPONENTS:
            said = f"more than {MOST_COMPONENTS:,} parts, parts more than {MOST_DEPTH} deep, or an END of nothing"
            raise InputError(f"line {number}: {said}; this file is not read", code="ical.too_large", line=number)
    if depth or not count:
        raise InputError(
            "this is no iCalendar file, or it was cut off: it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR",
            code="ical.text",
        )
    plain = re.sub(r"(?im)^(BEGIN|END):VTIMEZONE[ \t]*\r?$", r"\1:X-VTIMEZONE", "\r\n".join([*kept, ""]))
    # What is wrong in a part of a zone is kept with it, as in an event, instead of taking the whole file away.
    plain = re.sub(r"(?im)^(BEGIN|END):(STANDARD|DAYLIGHT)[ \t]*\r?$", r"\1:VEVENT", plain)
    # The package guesses what /vendor/Europe/Berlin may mean, and warns; by another name it is what the file describes.
    plain = re.sub(r'(?im)(^TZID:|;TZID="?)/', r"\1", plain)
    try:
        found: list[Any] = made.Calendar.from_ical(plain, multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"this is no iCalendar file: {shown(str(error))}", code="ical.text") from None
    if not found or any(part.name != "VCALENDAR" for part in found):
        raise InputError("this is no iCalendar file: it begins with BEGIN:VCALENDAR", code="ical.text")
    return found


def _wanted(line: str, *, garbage: bool) -> bool:
    """Whether a line is read. What nobody asks about costs no time, and does no harm where it is broken."""
    found = _PROPERTY.match(line)
    if found is None:
        return garbage
    name = found[1].upper()
    if name in ("BEGIN", "END"):
        return line[found.end() - 1] == ":"
    if name in _FORMS:
        return _FORMS[name].search(line) is not None
    return name in _READ or name.startswith("X-SERVFLOW-")


@frozen
class Asked:
    """What is wanted of a file: the dates, the zone, what words make of an event, and where it comes from."""

    low: date
    high: date
    zone: str
    kinds: Mapping[str, str]
    source: str | None


@define
class Events:
    """What the events of a file come to."""

    asked: Asked
    budget: Budget = field(factory=Budget)
    holidays: dict[str, Holiday] = field(factory=dict)
    workdays: set[str] = field(factory=set)
    windows: dict[str, dict[str, list[tuple[datetime, datetime]]]] = field(factory=lambda: {"shift": {}, "break": {}})
    closed: set[str] = field(factory=set)
    notes: list[Finding] = field(factory=list)
    _broken: list[str] = field(factory=list)
    _left: int = MOST_OCCURRENCES

    def take(self, calendar: Any) -> None:
        """
        Read all events of one calendar of a file.

        Raises:
            InputError: an event cannot be read, or there are too many; all that are broken are told.
        """
        blocks = [part for part in calendar.subcomponents if part.name == "X-VTIMEZONE"]
        zones = Zones.of(self.asked.zone, blocks, self.asked.low, self.asked.high, self.budget)
        events = [part for part in calendar.subcomponents if part.name == "VEVENT"]
        called_off = str(calendar.get("METHOD", "")).upper() == "CANCEL"
        special = any(str(event.get("X-APPLE-SPECIAL-DAY", "")).upper() in _APPLE for event in events)
        latest, broken, doubtful = newest(events)
        for event in doubtful:
            self._note("left_out", event, why=SHARED)
        self._broken += broken
        moved: dict[str, list[Any]] = {}
        for (uid, again), event in latest.items():
            if again:
                moved.setdefault(uid, []).append(event)
        for (uid, _), event in latest.items():
            if called_off or str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            try:
                self._event(event, zones, moved.get(uid, []), special)
            except InputError:
                raise
            except Unsupported as error:
                self._note("left_out", event, why=str(error))
            except (ValueError, OverflowError, AttributeError, TypeError) as error:
                self._broken.append(f"{named(event)}: {error}")
        if self._broken:
            more = f" (and {len(self._broken) - _MOST_TOLD} more)" if len(self._broken) > _MOST_TOLD else ""
            said = "; ".join(self._broken[:_MOST_TOLD])
            raise InputError(f"events that cannot be read: {said}{more}", code="ical.event", events=len(self._broken))

    def _event(self, event: Any, zones: Zones, moved: list[Any], special: bool) -> None:
        first = first_time(event, zones)
        kind = self._kind(event, first.whole, special)
        if kind == "skip":
            return
        rule = event.get("RRULE")
        plain = not any(event.get(name) for name in ("EXDATE", "RDATE")) and not moved and isinstance(rule, Mapping)
        if kind == "holiday" and first.whole and plain and self._yearly(event, first, rule):
            return
        for one in times(event, first, zones, moved):
            self._put(kind, event, one)

    def _kind(self, event: Any, whole: bool, special: bool) -> str:
        own = str(event.get("X-SERVFLOW-KIND", "")).lower()
        if own:
            return own if own in KINDS else "skip"
        categories = _categories(event)
        said = " ".join(text_of(event, name) or "" for name in ("SUMMARY", "DESCRIPTION")).casefold()
        for word, kind in self.asked.kinds.items():
            if word.casefold() in said or word.casefold() in categories:
                return kind
        apple = str(event.get("X-APPLE-SPECIAL-DAY", "")).upper()
        if apple in _APPLE:
            return _APPLE[apple]
        for name in categories:
            if name.upper() in _CATEGORIES:
                return _CATEGORIES[name.upper()]
        if whole and special:
            self._note("festival", event)
            return "skip"
        if not whole and str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
            self._note("free", event)
            return "skip"
        return "holiday" if whole else "break"

    def _yearly(self, event: Any, first: Time, rule: Mapping[str, Any]) -> bool:
        """Take a holiday of every year as such, where no year of the range lies before its first."""
        if "UNTIL" in rule or first.start.year > self.asked.low.year or not Rule.of(rule).yearly(first.start.date()):
            return False
        days = _days(first.start.date(), first.end.date())
        if len(days) > 1 and any((day.month, day.day) in ((2, 28), (2, 29)) for day in days):
            return False  # in other years it would reach other dates
        for day in days:
            self._holiday(event, f"{day:%m-%d}")
        return True

    def _put(self, kind: str, event: Any, one: Time) -> None:
        if one.end <= one.start:
            if one.length is None:
                raise ValueError(f"it ends at {one.end} and begins at {one.start}")
            self._note("left_out", event, why=f"the hour that clocks show twice on {one.start.date()}")
            return
        if one.end - one.start > timedelta(days=MOST_DAYS):
            raise ValueError(f"it lasts longer than {MOST_DAYS} days")
        last = (one.end - timedelta(microseconds=1)).date()
        if last < self.asked.low or one.start.date() > self.asked.high:
            if event.get("RRULE") is None:
                self._note("outside", event, date=str(one.start.date()))
            return
        for day in _days(one.start.date(), last + _DAY):
            self._left -= 1
            if self._left < 0:
                said = f"more than {MOST_OCCURRENCES:,} dates in one file; ask for a shorter time"
                raise InputError(said, code="ical.too_much", limit=MOST_OCCURRENCES)
            text = day.isoformat()
            if not self.asked.low <= day <= self.asked.high:
                continue
            if one.whole and kind == "holiday":
                self._holiday(event, text)
            elif one.whole and kind in ("workday", "closed"):
                (self.workdays if kind == "workday" else self.closed).add(text)
            elif one.end - one.start <= _DAY and day == one.start.date():
                self._window(kind, text, one.start, one.end)
                return
            else:
                begin = datetime.combine(day, _MIDNIGHT)
                self._window(kind, text, max(one.start, begin), min(one.end, begin + _DAY))

    def _window(self, kind: str, text: str, start: datetime, end: datetime) -> None:
        held = self.windows["shift" if kind in ("shift", "workday") else "break"]
        held.setdefault(text, []).append((start, end))

    def _holiday(self, event: Any, text: str) -> None:
        own = "X-SERVFLOW-KIND" in event
        name = text_of(event, "X-SERVFLOW-NAME" if own else "SUMMARY")
        source = event.get("X-SERVFLOW-SOURCE") or self.asked.source
        given = Holiday(text, None if name is None else name[:500], None if source is None else str(source)[:500])
        held = self.holidays.get(text)
        if held is None or held.name is None:
            self.holidays[text] = given
        elif given.name is not None and given.name != held.name:
            self.holidays[text] = Holiday(text, f"{held.name}; {given.name}"[:500], held.source)

    def _note(self, code: str, event: Any, **facts: Any) -> None:
        facts = {"event": named(event), **facts}
        self.notes.append(Finding(f"ical.{code}", "", facts, severity="warning"))


def _days(first: date, end: date) -> list[date]:
    if (end - first).days > MOST_DAYS:
        raise ValueError(f"it lasts longer than {MOST_DAYS} days")
    return [first + timedelta(days=number) for number in range((end - first).days)]


def _categories(event: Any) -> list[str]:
    found = event.get("CATEGORIES")
    groups = found if isinstance(found, list) else [] if found is None else [found]
    return [str(name).casefold() for group in groups for name in getattr(group, "cats", [group])]


def texts_of(found: Mapping[str, list[tuple[datetime, datetime]]]) -> dict[str, list[tuple[time, time | str]]]:
    """The windows of each date, those that overlap made one, as a calendar takes them."""
    out: dict[str, list[tuple[time, time | str]]] = {}
    carried: list[tuple[datetime, datetime]] = []  # what of a date before goes on here, at most one
    numbers = {date.fromisoformat(text).toordinal() for text in found}
    for number in sorted(numbers | {number + 1 for number in numbers if number < date.max.toordinal()}):
        text = date.fromordinal(number).isoformat()
        here, carried = [*found.get(text, ()), *carried], []
        joined: list[tuple[datetime, datetime]] = []
        for start, end in sorted(here):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        for place, (start, end) in enumerate(joined):
            if end - start > _DAY:  # only the last one can be: the rest of it is of the next date
                midnight = datetime.combine(start + _DAY, _MIDNIGHT)
                joined[place] = (start, midnight)
                carried = [(midnight, end)]
        if joined:
            out[text] = [(start.time(), "24:00" if _to_midnight(start, end) else end.time()) for start, end in joined]
    return out


def _to_midnight(start: datetime, end: datetime) -> bool:
    return end.time() == _MIDNIGHT and (end - start <= _DAY)
