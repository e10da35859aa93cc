"""Knows which dates between two instants a calendar treats unlike its week; must not know which clock runs there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from servflow.calendars import Calendar, OpenTime

MOST_DAYS = 12
"""How many dates of one sort are told; then how many more there are."""

_MOST_CALENDARS = 8
_MOST_YEARS = 10  # that yearly holidays are looked for in


def special_days(cal: OpenTime, start: datetime, end: datetime) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """
    The holidays, the dates with hours of their own and the dates with breaks, each as a text.

    Of a combination those of its parts are told: each of them is a reason why time there counts unlike in other weeks.
    """
    holidays: dict[str, str] = {}
    shifts: dict[str, str] = {}
    breaks: dict[str, str] = {}
    for plain in _plain(cal):
        first, last = _dates(plain.zone, start, end)
        own = {text for text, _ in plain.shifts}
        for text, name in _holidays(plain, first, last):
            if text not in own:  # a dated shift beats a holiday
                holidays.setdefault(text, f"{text} {name}".strip())
        for pairs, out in ((plain.shifts, shifts), (plain.breaks, breaks)):
            for text, windows in pairs:
                if first.isoformat() <= text <= last.isoformat():
                    out.setdefault(text, f"{text} {', '.join(windows) or 'closed'}")
    return _told(holidays), _told(shifts), _told(breaks)


def _told(days: dict[str, str]) -> tuple[str, ...]:
    told = tuple(days[text] for text in sorted(days))
    return told if len(told) <= MOST_DAYS else (*told[:MOST_DAYS], f"+{len(told) - MOST_DAYS}")


def _plain(cal: OpenTime) -> list[Calendar]:
    found: list[Calendar] = []
    waiting = [cal]
    while waiting and len(found) < _MOST_CALENDARS:
        one = waiting.pop(0)
        if isinstance(one, Calendar):
            found.append(one)
        else:
            waiting.extend(getattr(one, "parts", ()))
    return found


def _dates(zone: str, start: datetime, end: datetime) -> tuple[date, date]:
    try:
        return start.astimezone(ZoneInfo(zone)).date(), (end - timedelta.resolution).astimezone(ZoneInfo(zone)).date()
    except OverflowError:  # at either end of what a datetime holds
        return start.date(), end.date()


def _holidays(cal: Calendar, first: date, last: date) -> Iterator[tuple[str, str]]:
    low, high = first.isoformat(), last.isoformat()
    years = range(first.year, min(last.year, first.year + _MOST_YEARS) + 1)
    closed = {text for text, _ in cal.week}
    for holiday in cal.holidays:
        yearly = len(holiday.date) == len("MM-DD")
        for text in [f"{year:04}-{holiday.date}" for year in years] if yearly else [holiday.date]:
            if low <= text <= high and (name := _weekday(text)) is not None and name in closed:
                yield text, holiday.name or ""


def _weekday(text: str) -> str | None:
    """The weekday of a date; None for one that this year does not have."""
    try:
        return ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[date.fromisoformat(text).weekday()]
    except ValueError:
        return None
