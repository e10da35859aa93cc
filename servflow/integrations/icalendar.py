"""Knows calendars and on-call shifts as iCalendar files: what is read, what is written; must not know how events are read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from servflow.calendars import Calendar, Holiday, HolidayList, OpenTime, Proposal
from servflow.calendars._zones import segments_between
from servflow.errors import InputError, TimeError, nearest, shown
from servflow.escalation import Roster
from servflow.integrations import _ical_on_call
from servflow.integrations._ical_people import Names
from servflow.integrations._ical_read import KINDS, MAX_LENGTH, Asked, Events, components, package, texts_of
from servflow.integrations._ical_zones import bounded

_YEARLY_SINCE = 1972  # a leap year, so that every yearly date has a first one
_PRODUCT = "-//servflow//calendars//EN"
_ON_CALL = "-//servflow//on call//EN"
_DAY = timedelta(days=1)
_EPOCH = datetime.combine(date(1970, 1, 1), time())  # as a wall clock of UTC shows it


def read_ics(
    source: str | bytes | Path,
    *,
    zone: str,
    start: date,
    end: date,
    kinds: Mapping[str, str] | None = None,
    name: str | None = None,
) -> HolidayList:
    """
    The dates that an iCalendar file says differ from the week.

    An event about whole days is a holiday, or a make-up workday where it says so (``X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY``, a
    category ``WORKDAY``). One about hours is a break, unless it is ``TRANSP:TRANSPARENT`` (left out), or a shift where its
    category is ``SHIFT``. Cancelled events are left out. A rule that falls on one date of every year is a yearly date; every
    other one is worked out from *start* to *end*. Times in UTC or in another zone become wall times of *zone*, times without a
    zone are such already. What is valid and not read stands in ``notes``.

    Args:
        source: a ``Path``, bytes in UTF-8, or a text; a text of one line that ends in ``.ics`` names a file.
        zone: whose wall time the hours are.
        start: the first date wanted.
        end: the last date wanted, at most 200 years later.
        kinds: what words in summary, description or categories make of an event: ``{"补班": "workday", "Observance": "skip"}``
            with ``holiday``, ``workday``, ``shift``, ``closed``, ``break`` or ``skip``; the first word that is found decides.
        name: where the dates come from; if None the name the file gives itself, else that of the file. A newer file of the
            same name takes back the holidays that are no longer in it.

    Raises:
        InputError: the file is no iCalendar, too large, its rules go too far, or an event cannot be read; all such are told.
    """
    bounded(start, end)
    known = _kinds(kinds or {})
    _zone(zone)
    calendars = components(_text(source))
    titles = [str(calendar.get("X-WR-CALNAME")) for calendar in calendars if calendar.get("X-WR-CALNAME")]
    called = name if name is not None else next(iter(titles), None) or (path.name if (path := _path(source)) else "iCalendar")
    events = Events(Asked(start, end, zone, known, called))
    for calendar in calendars:
        events.take(calendar)
    told = [str(calendar.get("X-SERVFLOW-KNOWN-UNTIL")) for calendar in calendars if calendar.get("X-SERVFLOW-KNOWN-UNTIL")]
    shifts: dict[str, Any] = {text: [] for text in events.closed}
    return HolidayList(
        events.holidays.values(),
        {**shifts, **texts_of(events.windows["shift"])},
        min(told, default=None),
        called,
        workdays=events.workdays,
        breaks=texts_of(events.windows["break"]),
        covers=[start, end],
        notes=events.notes,
    )


def propose(
    calendar: Calendar,
    source: str | bytes | Path,
    *,
    start: date,
    end: date,
    kinds: Mapping[str, str] | None = None,
    name: str | None = None,
    replace: bool = False,
) -> Proposal:
    """
    What an iCalendar file would change in a calendar; nothing is applied unless the caller takes ``proposed``.

    Args:
        calendar: what it would be laid over; hours are wall times of its zone, and its own entries win unless *replace*.
        source: as for ``read_ics``.
        start: the first date wanted.
        end: the last date wanted.
        kinds: as for ``read_ics``.
        name: as for ``read_ics``.
        replace: as for ``Proposal.of``.

    Raises:
        InputError: as for ``read_ics`` and ``Proposal.of``.
    """
    zone = getattr(calendar, "zone", "UTC")  # what is no calendar is refused by the proposal
    listed = read_ics(source, zone=zone, start=start, end=end, kinds=kinds, name=name)
    return Proposal.of(calendar, listed, replace=replace)


def write_ics(
    calendar: OpenTime,
    *,
    stamp: datetime,
    start: date | None = None,
    end: date | None = None,
    open_hours: bool = False,
    name: str | None = None,
) -> str:
    """
    A calendar as an iCalendar text for other programs.

    Holidays are events about whole days (yearly ones with a rule), shifts and breaks events about hours in the calendar's
    zone, dates closed by an empty shift are whole days too. ``read_ics`` gives the same holidays, shifts and breaks back. The
    week is not part of it; *open_hours* adds every open stretch as an event, which reading leaves out. An event keeps its UID
    however often and whenever it is written.

    Args:
        calendar: what to write; of a combination only its open hours can be.
        stamp: aware instant for ``DTSTAMP``: when the text was made. Nothing here reads a clock.
        start: the first date; None: no bound.
        end: the last date; None: no bound.
        open_hours: whether the open stretches are written; needs both dates.
        name: what the calendar is called; its own name if None.

    Raises:
        InputError: the package is not installed, *open_hours* lacks its dates, a combination is to be written without them, or
            a window has fractions of a second.
        TimeError: *stamp* is naive.
    """
    made = package()
    _check(calendar, stamp, start, end, open_hours)
    called = name or getattr(calendar, "name", None)
    written = _head(calendar, called)
    found = list(_dated(calendar, start, end)) if isinstance(calendar, Calendar) else []
    if open_hours and start is not None and end is not None:
        found += _open(calendar, start, end)
    for key, facts in found:
        event = made.Event()
        event.add("UID", f"{hashlib.sha256(f'{called} {calendar.days_zone} {key}'.encode()).hexdigest()[:32]}@servflow")
        event.add("DTSTAMP", stamp.astimezone(UTC).replace(microsecond=0))
        for part, value in facts.items():
            if value is not None:
                event.add(part, value)
        written.add_component(event)
    _describe(written, found, calendar.days_zone)
    text: str = written.to_ical().decode("utf-8")
    return text


def read_on_call(
    source: str | bytes | Path,
    *,
    start: datetime,
    end: datetime,
    zone: str | None = None,
    people: Names = None,
    who: Sequence[str] = ("summary", "attendee", "description"),
) -> Roster:
    """
    The shifts in an on-call feed, as other systems publish them: each event is a shift of those whom it names.

    The roster can stand wherever a schedule can. Events that overlap put all of their people on call; where summaries begin
    with levels such as ``[L1]``, only those of the highest level with somebody. Cancelled events are left out, rules with their
    exceptions and moved events are worked out from *start* to *end*. A shift of a rule ends at the same wall time every time,
    so that it hands over where the next one begins also when the clocks change. What is not understood stands in ``notes``:
    events that cannot be read, names that nobody is known by, shifts of nobody.

    Args:
        source: a ``Path``, bytes in UTF-8, or a text; a text of one line that ends in ``.ics`` names a file.
        start: aware instant: since when shifts are wanted.
        end: aware instant: until when, at most 200 years later; there are at most 20,000 shifts.
        zone: whose whole days and times without a zone are meant; None: the zone the file names for itself, else UTC, with a
            note.
        people: who is meant by a name: a mapping from names and addresses to ids, a world (its people's ids and names), or a
            function of a text that gives an id, several or None. Upper and lower case are the same in a mapping, and a name is
            also found inside a longer text. Ids that ``write_shifts`` wrote count where they are known here. None: names are
            ids; ``On call - NAME - ...`` gives NAME.
        who: where an event names people, of ``summary``, ``attendee`` (who has not declined) and ``description``; the first
            that names somebody decides. Several names stand apart by commas, semicolons, slashes or lines.

    Raises:
        InputError: the package is not installed, the file is no iCalendar or too large, or its rules go too far.
        TimeError: *start* or *end* is naive.
        DefinitionError: more than 100 people are on call at one time.
    """
    if zone is not None:
        _zone(zone)
    calendars = components(_text(source))
    titles = [str(calendar.get("X-WR-CALNAME")) for calendar in calendars if calendar.get("X-WR-CALNAME")]
    path = _path(source)
    called = next(iter(titles), None) or (path.name if path else "")
    places = (who,) if isinstance(who, str) else tuple(who)
    return _ical_on_call.roster(calendars, start, end, zone=zone, people=people, places=places, name=called)


def write_shifts(
    schedule: Any,
    person: str | None,
    start: datetime,
    end: datetime,
    *,
    stamp: datetime,
    zone: str | None = None,
    name: str | None = None,
) -> str:
    """
    The shifts of a person, or of everybody, as an iCalendar text that a phone or an office program subscribes to.

    A shift goes on while the person is on call, whoever else comes and goes. It keeps its UID however often and whenever it
    is written, so a program that reads the text again moves nothing.
    ``read_on_call`` gives the same shifts back.

    Args:
        schedule: a schedule, rotation or roster, or anything with ``on_call`` and ``next_change``.
        person: an id; None: everybody, an event for each.
        start: aware instant: every shift that meets the time from here on is written, whole.
        end: aware instant: until here.
        stamp: aware instant for ``DTSTAMP``: when the text was made. Nothing here reads a clock.
        zone: the zone to write times in; None: UTC.
        name: what the schedule is called; it is part of the UIDs, so that two schedules of one person do not mix.

    Raises:
        InputError: the package is not installed, *schedule* cannot be asked, or a shift has fractions of a second.
        TimeError: an instant is naive.
    """
    made = package()
    if stamp.tzinfo is None or stamp.utcoffset() is None:
        raise TimeError("stamp must be an aware instant: when the text was made", code="naive", value=stamp)
    if zone is not None:
        _zone(zone)
    written = made.Calendar()
    titled = "On call" + (f": {name}" if name else "") + (f" ({person})" if person else "")
    heads = (("PRODID", _ON_CALL), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("X-WR-CALNAME", titled))
    for head, text in heads:
        written.add(head, text)
    written.add("X-WR-TIMEZONE", zone or "UTC")
    found = [_ical_on_call.facts(*one, zone, name) for one in _ical_on_call.shifts_of(schedule, start, end, person)]
    for key, facts in found:
        event = made.Event()
        event.add("UID", _ical_on_call.uid(key, name))
        event.add("DTSTAMP", stamp.astimezone(UTC).replace(microsecond=0))
        for part, value in facts.items():
            event.add(part, value)
        written.add_component(event)
    if zone is not None:
        _describe(written, found, zone)
    out: str = written.to_ical().decode("utf-8")
    return out


def _check(calendar: OpenTime, stamp: datetime, start: date | None, end: date | None, open_hours: bool) -> None:
    if stamp.tzinfo is None or stamp.utcoffset() is None:
        raise TimeError("stamp must be an aware instant: when the text was made", code="naive", value=stamp)
    if start is not None and end is not None:
        bounded(start, end)
    if not isinstance(calendar, Calendar) and not open_hours:
        raise InputError("a combination has no holidays of its own to write; say open_hours=True", code="ical.combination")
    if open_hours and (start is None or end is None):
        raise InputError("open hours are written from start to end; say both", code="ical.range")


def _head(calendar: OpenTime, called: str | None) -> Any:
    written = package().Calendar()
    for key, value in (("PRODID", _PRODUCT), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("X-WR-CALNAME", called)):
        if value:
            written.add(key, value)
    written.add("X-WR-TIMEZONE", calendar.days_zone)
    until = getattr(calendar, "known_until", None)
    if until is not None:
        written.add("X-SERVFLOW-KNOWN-UNTIL", until.isoformat())
    return written


def _describe(written: Any, found: list[tuple[str, dict[str, Any]]], zone: str) -> None:
    """Put the description of the zone into the file, which programs need that do not know it by name."""
    days = [value.date() for _, facts in found for value in facts.values() if isinstance(value, datetime)]
    if not any(isinstance(value, datetime) and value.tzinfo is not UTC for _, facts in found for value in facts.values()):
        return
    made = package()
    described = made.Timezone()
    described.add("TZID", zone)
    low, high = date(max(min(days).year - 1, 1), 1, 1), date(min(max(days).year + 2, 9999), 1, 1)
    changes: dict[tuple[timedelta, timedelta, bool, str], list[datetime]] = {}
    for onset, before, after in _offsets(zone, low, high):
        there = (onset - before + timedelta(minutes=1)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        changes.setdefault((before, after, bool(there.dst()), there.tzname() or zone), []).append(onset)
    for (before, after, summer, called), onsets in changes.items():
        part = made.TimezoneDaylight() if summer else made.TimezoneStandard()
        part.add("DTSTART", onsets[0])
        part.add("TZOFFSETFROM", before)
        part.add("TZOFFSETTO", after)
        part.add("TZNAME", called)
        if onsets[1:]:
            part.add("RDATE", onsets[1:])
        described.add_component(part)
    written.subcomponents.insert(0, described)


def _offsets(zone: str, low: date, high: date) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Each change of the offset: the wall time just before it, and the offsets; the first stands for all before it."""
    held: timedelta | None = None
    low_us, high_us = ((datetime.combine(day, time()) - _EPOCH) // timedelta(microseconds=1) for day in (low, high))
    for begin, _, offset_us in segments_between(zone, low_us, high_us):
        offset = timedelta(microseconds=offset_us)
        if held is None:
            yield datetime.combine(low, time()), offset, offset
        elif offset != held:
            yield _EPOCH + timedelta(microseconds=begin) + held, held, offset
        held = offset


def _dated(calendar: Calendar, start: date | None, end: date | None) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in calendar.holidays:
        if len(item.date) == len("MM-DD"):
            day = date(_YEARLY_SINCE, int(item.date[:2]), int(item.date[3:]))
            yield f"holiday {item.date}", {**_whole("HOLIDAY", day, item), "RRULE": {"FREQ": ["YEARLY"]}}
        elif _inside(item.date, start, end):
            yield f"holiday {item.date}", _whole("HOLIDAY", date.fromisoformat(item.date), item)
    zone = ZoneInfo(calendar.zone)
    for kind, pairs in (("SHIFT", calendar.shifts), ("BREAK", calendar.breaks)):
        for text, windows in pairs:
            if not _inside(text, start, end):
                continue
            day = date.fromisoformat(text)
            if not windows:
                yield f"closed {text}", _whole("CLOSED", day, None)
            for place, window in enumerate(windows):
                begin, finish = (_clock(part, day, window) for part in window.split("-"))
                finish = finish if finish > begin else finish + _DAY
                facts = {
                    "DTSTART": begin.replace(tzinfo=zone),
                    "DTEND": finish.replace(tzinfo=zone),
                    "SUMMARY": "Open" if kind == "SHIFT" else "Closed",
                    "CATEGORIES": [kind],
                    "TRANSP": "TRANSPARENT" if kind == "SHIFT" else "OPAQUE",
                    "X-SERVFLOW-KIND": kind,
                }
                yield f"{kind.lower()} {text} {place}", facts


def _whole(kind: str, day: date, item: Holiday | None) -> dict[str, Any]:
    return {
        "DTSTART": day,
        "DTEND": day + _DAY,
        "SUMMARY": "Closed" if item is None or item.name is None else item.name,
        "CATEGORIES": [kind],
        "TRANSP": "TRANSPARENT",
        "X-SERVFLOW-KIND": kind,
        "X-SERVFLOW-NAME": None if item is None else item.name,
        "X-SERVFLOW-SOURCE": None if item is None else item.source,
    }


def _open(calendar: OpenTime, start: date, end: date) -> list[tuple[str, dict[str, Any]]]:
    zone = ZoneInfo(calendar.days_zone)
    low, high = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (start, end + _DAY))
    return [
        (
            f"open {begin.isoformat()}",
            {
                "DTSTART": begin,
                "DTEND": finish,
                "SUMMARY": "Open",
                "CATEGORIES": ["OPEN"],
                "TRANSP": "TRANSPARENT",
                "X-SERVFLOW-KIND": "OPEN",
            },
        )
        for begin, finish in calendar.intervals(low, high)
    ]


def _clock(text: str, day: date, window: str) -> datetime:
    if "." in text:
        said = f"iCalendar has no fractions of a second, and {day} has the window {window}"
        raise InputError(said, code="ical.fraction", date=str(day), window=window)
    if text == "24:00":
        return datetime.combine(day + _DAY, time())
    return datetime.combine(day, time.fromisoformat(text))


def _inside(text: str, start: date | None, end: date | None) -> bool:
    return (start is None or start.isoformat() <= text) and (end is None or text <= end.isoformat())


def _kinds(kinds: Mapping[str, str]) -> Mapping[str, str]:
    for word, kind in kinds.items():
        if not word or kind not in KINDS:
            close = nearest(str(kind), KINDS)
            hint = f"did you mean {close!r}?" if close else f"it is one of {', '.join(KINDS)}"
            raise InputError(f"kinds: {shown(word)} becomes {shown(kind)}; {hint}", code="ical.kinds", nearest=close)
    return kinds


def _zone(zone: str) -> None:
    Calendar(zone, {"mon": ["00:00-24:00"]})  # says what is wrong with a zone, as everywhere


def _path(source: object) -> Path | None:
    if isinstance(source, str) and "\n" not in source and source.lower().endswith(".ics"):
        return Path(source)
    return source if isinstance(source, Path) else None


def _text(source: object) -> str:
    given, path = source, _path(source)
    if path is not None:
        with path.open("rb") as file:
            given = file.read(MAX_LENGTH + 1)
    if not isinstance(given, (str, bytes)):
        raise InputError(f"iCalendar is a path, a text or bytes, not {type(given).__name__}", code="ical.source")
    if len(given) > MAX_LENGTH:
        raise InputError(f"the file is longer than {MAX_LENGTH:,} bytes", code="ical.too_large", limit=MAX_LENGTH)
    if isinstance(given, str):
        return given
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        with suppress(UnicodeDecodeError):  # some programs fold after so many bytes, in the middle of a character
            return re.sub(rb"\r?\n[ \t]", b"", given).decode("utf-8-sig")
        raise InputError(
            f"iCalendar is written in UTF-8, and byte {error.start} of this is not", code="ical.encoding"
        ) from None


__all__ = ["MAX_LENGTH", "propose", "read_ics", "read_on_call", "write_ics", "write_shifts"]
