"""Knows at which times an event of an iCalendar file happens; must not know what it means that it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars._recurrence import WEEKDAYS, Rule, Unsupported
from servflow.errors import shown
from servflow.integrations._ical_zones import Zones

MOST_DAYS = 3_660
"""How many days one event may last."""

_DAY = timedelta(days=1)
_MIDNIGHT = time()


@frozen
class Time:
    """When something happens once: two wall times of the calendar's zone, and how long it is in its own."""

    start: datetime
    end: datetime
    whole: bool  # about dates
    length: timedelta | None = None  # None where it is about dates, or begins and ends in two zones


def newest(events: Iterable[Any]) -> tuple[dict[tuple[str, str], Any], list[str], list[Any]]:
    """
    The events of a file by UID and the time they stand for, of each the latest edition; what is said of broken ones; and
    events at another time that are as new as the one that counts.

    A broken event that is cancelled is nothing to talk about.
    """
    latest: dict[tuple[str, str], Any] = {}
    broken, doubtful = [], []
    for number, event in enumerate(events):
        if event.errors:
            if str(event.get("STATUS", "")).upper() != "CANCELLED":
                why = "; ".join(f"{name}: {shown(str(said))}" for name, said in event.errors[:3])
                broken.append(f"{named(event)}: {why}")
            continue
        key = (str(event.get("UID", f"#{number}")), _again(event))
        held = latest.get(key, event)
        if _sequence(event) == _sequence(held) and _differ(event, held):
            doubtful.append(held)
        if _sequence(event) >= _sequence(held):
            latest[key] = event
    return latest, broken, doubtful


def times(event: Any, first: Time, zones: Zones, moved: list[Any]) -> list[Time]:
    """
    When an event happens, as far as the dates of the zones go: its own time, and those of its rule, in order.

    Args:
        event: the event.
        first: what ``first_time`` says of it.
        zones: the zones of the file; the wall times are those of the zone wanted.
        moved: the events that stand for single times of this one.

    Raises:
        Unsupported: a part is valid and not read here.
        ValueError: a part is wrong.
        InputError: the budget does not suffice.
    """
    apart = first.end - first.start
    begin = _value(event, "DTSTART").dt
    if isinstance(begin, datetime):
        begin = zones.aware(begin, _zone_name(event.get("DTSTART")))
    found_times = [(start, first.length) for start in (begin, *_ruled(event, zones, begin, max(apart, timedelta())))]
    for item in _listed(event, "RDATE"):
        start, lasts = item.dt if isinstance(item.dt, tuple) else (item.dt, first.length)
        span = lasts - start if isinstance(lasts, datetime) else lasts
        found_times.append((_like(begin, start, item, zones), span))
    gone = _gone(event, begin, moved, zones)
    hourly = isinstance(begin, datetime) and _is_hourly(event.get("RRULE"))
    found: dict[datetime, Time] = {}
    for start, span in found_times:
        if gone and (_point(start) in gone or (isinstance(start, datetime) and start.date() in gone)):
            continue
        wall = datetime.combine(start, _MIDNIGHT) if first.whole else _wall(start, None, zones)
        # Where it ends is asked of its own zone: the wanted one may change its clocks in between.
        # Turns of hours last as long as they say; of all others the wall time of the end stays.
        since = start.astimezone(UTC) if hourly and isinstance(start, datetime) and start.tzinfo is not None else start
        end = wall + apart if span is None else _wall(since + span, None, zones)
        found[wall] = Time(wall, end, first.whole, span)
    return [found[wall] for wall in sorted(found)]


def _gone(event: Any, begin: date, moved: list[Any], zones: Zones) -> set[Any]:
    """The instances that are not there: taken out, or with an event of their own. Many programs mix dates and times."""
    items = _listed(event, "EXDATE")
    if not event.get("RECURRENCE-ID"):
        items += [other.get("RECURRENCE-ID") for other in moved]
    out = []
    for item in items:
        try:
            out.append(_like(begin, item.dt, item, zones))
        except ValueError:  # a zone that nobody knows: that of the event is meant
            out.append(_like(begin, item.dt, None, zones))
    gone = {_point(value) for value in out}
    if not isinstance(begin, datetime):
        gone |= {value.date() for value in out if isinstance(value, datetime)}
    return gone


def _like(begin: date, value: Any, item: Any, zones: Zones) -> Any:
    """A time that belongs to an event, with its zone; in that of the event where it names none."""
    if not isinstance(value, datetime) or value.tzinfo is not None:
        return value
    named = _zone_name(item)
    return value.replace(tzinfo=begin.tzinfo) if named is None and isinstance(begin, datetime) else zones.aware(value, named)


def _ruled(event: Any, zones: Zones, begin: date, length: timedelta) -> list[date]:
    if event.get("EXRULE") is not None:
        raise Unsupported("EXRULE")
    rule = event.get("RRULE")
    if rule is None:
        return []
    if not isinstance(rule, Mapping):
        raise Unsupported("more than one RRULE")
    ends = (rule.get("UNTIL") or [None])[0]
    if isinstance(begin, datetime) and _is_hourly(rule):
        return list(_hourly(rule, zones, begin, length))
    made = Rule.of({key: value for key, value in rule.items() if str(key).upper() != "UNTIL"})
    day = begin.date() if isinstance(begin, datetime) else begin
    low, high = zones.low - length - 2 * _DAY, zones.high + 2 * _DAY
    out: list[date] = []
    for found in made.dates(day, low, high, zones.budget):
        start = datetime.combine(found, begin.timetz()) if isinstance(begin, datetime) else found
        if ends is not None and _beyond(start, ends):
            break
        out.append(start)
    return out


def _is_hourly(rule: Any) -> bool:
    return isinstance(rule, Mapping) and [str(text).upper() for text in rule.get("FREQ", ())] == ["HOURLY"]


def _hourly(rule: Mapping[str, Any], zones: Zones, begin: datetime, length: timedelta) -> Iterator[datetime]:
    """The times of a rule of hours, which pass as time passes; BYDAY takes those of other days away."""
    parts = {str(key).upper(): [str(item).upper() for item in values] for key, values in rule.items()}
    other = sorted(set(parts) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})
    days = parts.get("BYDAY", [])
    if other or not set(days) <= set(WEEKDAYS):
        raise Unsupported(", ".join(["FREQ=HOURLY", *other]))
    numbers = [
        int(text) if re.fullmatch(r"\d{1,6}", text) else 0 for key in ("INTERVAL", "COUNT") for text in parts.get(key, ["1"])
    ]
    if len(numbers) != 2 or min(numbers) < 1:
        raise ValueError("INTERVAL and COUNT are whole numbers from 1")
    step, left = timedelta(hours=numbers[0]), numbers[1] if "COUNT" in parts else None
    ends = (rule.get("UNTIL") or [None])[0]
    high = datetime.combine(zones.high + 2 * _DAY, _MIDNIGHT)
    low = datetime.combine(zones.low, _MIDNIGHT) - length - 2 * _DAY
    # Times before the range need no look where nothing counts them.
    place = 0 if left is not None else max(0, (low - begin.replace(tzinfo=None)) // step)
    while left is None or left > 0:
        zones.budget.spend()
        if begin.tzinfo is None:
            start = begin + place * step
        else:
            start = (begin.astimezone(UTC) + place * step).astimezone(begin.tzinfo)
        if start.replace(tzinfo=None) > high or (ends is not None and _beyond(start, ends)):
            return
        if not days or WEEKDAYS[start.weekday()] in days:
            left = None if left is None else left - 1
            if place:
                yield start
        place += 1


def first_time(event: Any, zones: Zones, *, midnights: bool = True) -> Time:
    """
    When an event happens the first time.

    Args:
        event: the event.
        zones: the zones of the file; the wall times are those of the zone wanted.
        midnights: whether hours from midnight to midnight mean whole days where the program that wrote them says so.

    Raises:
        Unsupported: it has no length, or a part of it is valid and not read here.
        ValueError: a part is wrong.
    """
    if "RANGE" in getattr(event.get("RECURRENCE-ID"), "params", {}):
        raise Unsupported("RECURRENCE-ID with RANGE")
    begin = _value(event, "DTSTART")
    whole = not isinstance(begin.dt, datetime)
    start = _wall(begin.dt, _zone_name(begin), zones)
    if event.get("DTEND") is not None:
        end = _value(event, "DTEND")
        if isinstance(end.dt, datetime) == whole:
            raise ValueError("DTSTART and DTEND are both dates or both times")
        length = _between(begin, end)
        if length is not None and length < timedelta():
            raise ValueError(f"it ends at {end.dt} and begins at {begin.dt}")
        if whole or (midnights and _all_day(event, begin.dt, end.dt)):
            # Many programs write the last day, not the first one after it, of what lasts a single day.
            days = max((end.dt - begin.dt).days, 1)
            midnight = datetime.combine(begin.dt, _MIDNIGHT)
            return Time(midnight, midnight + days * _DAY, True)
        if length == timedelta():
            raise Unsupported("an event that ends as it begins")
        return Time(start, _wall(end.dt, _zone_name(end), zones), False, length)
    if event.get("DURATION") is not None:
        span = _value(event, "DURATION").dt
        if not isinstance(span, timedelta):
            raise ValueError("DURATION is a length of time such as PT1H")
        if whole:
            return Time(start, start + span, True)
        return Time(start, _wall(begin.dt + span, _zone_name(begin), zones), False, span)
    if not whole:
        raise Unsupported("an instant without DTEND or DURATION")
    return Time(start, start + _DAY, whole)


def _between(begin: Any, end: Any) -> timedelta | None:
    """How long it is by the clock of its own zone; None where it begins and ends in two."""
    if _zone_name(begin) != _zone_name(end) or getattr(begin.dt, "tzinfo", None) != getattr(end.dt, "tzinfo", None):
        return None
    length: timedelta = end.dt - begin.dt
    return length


def _all_day(event: Any, begin: datetime, end: datetime) -> bool:
    """Whether hours mean whole days, as Outlook writes them: from midnight to midnight, whatever zone a reader is in."""
    said = str(event.get("X-MICROSOFT-CDO-ALLDAYEVENT", "")).upper() == "TRUE"
    return said and begin.tzinfo == end.tzinfo and begin < end and begin.time() == end.time() == _MIDNIGHT


def _value(event: Any, name: str) -> Any:
    found = event.get(name)
    if found is None or isinstance(found, list) or not hasattr(found, "dt"):
        raise ValueError(f"{name} is missing, given twice, or no date or time")
    return found


def _zone_name(value: Any) -> str | None:
    named = getattr(value, "params", {}).get("TZID")
    return None if named is None else str(named)


def _wall(value: Any, named: str | None, zones: Zones) -> datetime:
    if isinstance(value, datetime):
        return zones.wall(value, named)
    if not isinstance(value, date):
        raise ValueError(f"{shown(str(value))} is no date or time")
    return datetime.combine(value, _MIDNIGHT)


def _point(value: Any) -> Any:
    """Something that two ways to write one instant share."""
    return value.timestamp() if isinstance(value, datetime) and value.tzinfo is not None else value


def _beyond(start: date, ends: Any) -> bool:
    if not isinstance(start, datetime):
        return bool(start > (ends.date() if isinstance(ends, datetime) else ends))
    if not isinstance(ends, datetime):
        return bool(start.date() > ends)
    if (start.tzinfo is None) != (ends.tzinfo is None):
        return bool(start.replace(tzinfo=None) > ends.replace(tzinfo=None))
    return bool(start > ends)


def _listed(event: Any, name: str) -> list[Any]:
    found = event.get(name)
    out: list[Any] = []
    for item in found if isinstance(found, list) else [] if found is None else [found]:
        out += getattr(item, "dts", [])
    return out


def _again(event: Any) -> str:
    found = event.get("RECURRENCE-ID")
    return "" if found is None else str(getattr(found, "dt", found))


def _differ(event: Any, other: Any) -> bool:
    """Whether two events are at two times; what is called off takes no place."""
    off = any(str(one.get("STATUS", "")).upper() == "CANCELLED" for one in (event, other))
    begins = [getattr(one.get("DTSTART"), "dt", None) for one in (event, other)]
    return not off and begins[0] != begins[1]


def _sequence(event: Any) -> int:
    text = str(event.get("SEQUENCE", 0))
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


SHARED = "an event that shares its UID with a later one of the file"


def text_of(event: Any, name: str) -> str | None:
    """What an event says under a name; the first where it says it more than once, as in several languages."""
    found = event.get(name)
    first = found[0] if isinstance(found, list) else found
    return None if first is None else str(first)


def named(event: Any) -> str:
    return shown((text_of(event, "SUMMARY") or text_of(event, "UID") or "an event without a name")[:80])
