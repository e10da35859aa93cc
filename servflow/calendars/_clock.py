"""Knows how wall times, windows, weekdays and dates are written; must not know what they are for."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from servflow.calendars._zones import DAY, EPOCH_ORDINAL

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of the week as definitions write them, in order."""

Window = tuple[int, int]
"""Start and end in microseconds after midnight of the start date; the end may lie on the next date."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARLY = re.compile(r"\d{2}-\d{2}", re.ASCII)
_LEAP_YEAR = 2000


def clock(value: object, *, end: bool = False) -> int | None:
    """Microseconds after midnight of ``"09:00"``, ``"09:00:30.5"`` or a ``time``; ``"24:00"`` only as an end; or None."""
    if isinstance(value, time):
        if value.tzinfo is not None:
            return None
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 20 else None
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if minutes > 59 or seconds > 59:
        return None
    total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + int((found[4] or "").ljust(6, "0"))
    return total if total < DAY or (end and total == DAY) else None


def window(value: object) -> Window | None:
    """
    The window written as ``"09:00-17:00"`` or a pair of wall times; None when it is neither.

    An end that is not after the start lies on the next date, so ``"09:00-09:00"`` lasts 24 hours.
    """
    parts: list[object]
    if isinstance(value, str):
        parts = list(value.split("-")) if len(value) <= 40 else []
    elif isinstance(value, (list, tuple)):
        parts = list(value)
    else:
        return None
    if len(parts) != 2:
        return None
    start, end = clock(parts[0]), clock(parts[1], end=True)
    if start is None or end is None:
        return None
    return (start, end if end > start else end + DAY)


def _clock_text(value: int) -> str:
    seconds, rest = divmod(value, 1_000_000)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    if rest:
        return f"{text}:{second:02}.{rest:06}"
    return f"{text}:{second:02}" if second else text


def window_text(value: Window) -> str:
    """The canonical spelling of a window, which reads back as the same window."""
    start, end = value
    return f"{_clock_text(start)}-{_clock_text(end if end <= DAY else end - DAY)}"


def weekdays(text: object) -> tuple[int, ...] | None:
    """The weekdays (0 is Monday) of ``"mon"``, ``"mon-fri"``, ``"sat-mon"``, ``"mon,wed-thu"``; None for anything else."""
    if not isinstance(text, str) or len(text) > 100:
        return None
    out: list[int] = []
    for part in text.split(","):
        ends = [name.strip().lower() for name in part.split("-")]
        if len(ends) > 2 or any(name not in WEEKDAYS for name in ends):
            return None
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        out.extend((first + step) % 7 for step in range((last - first) % 7 + 1))
    return tuple(out)


def day(value: object) -> int | None:
    """Days since 1970-01-01 of a ``date`` or ``"YYYY-MM-DD"``; None for anything else, an instant included."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not _DATE.fullmatch(text):
            return None
        try:
            value = date.fromisoformat(text)
        except ValueError:
            return None
    return value.toordinal() - EPOCH_ORDINAL if isinstance(value, date) else None


def day_text(value: int) -> str:
    """The date as ``"YYYY-MM-DD"``."""
    return date.fromordinal(value + EPOCH_ORDINAL).isoformat()


def yearly(value: object) -> tuple[int, int] | None:
    """Month and day of ``"MM-DD"``; None for anything else. ``"02-29"`` is a date of leap years only."""
    if not isinstance(value, str) or not _YEARLY.fullmatch(value.strip()):
        return None
    month, number = (int(part) for part in value.strip().split("-"))
    try:
        date(_LEAP_YEAR, month, number)
    except ValueError:
        return None
    return month, number
