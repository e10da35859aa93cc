"""Knows how the time between two instants is counted for a measure; must not know what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from servflow.calendars import OpenTime
from servflow.errors import InputError, shown

Counting = Callable[[datetime, datetime], timedelta]
_NONE = timedelta()


def counting(calendar: Any) -> Counting:
    """
    How time is counted: as it passes for None, else as the calendar counts it; never less than nothing.

    Raises:
        InputError: it is no calendar.
    """
    if calendar is None:
        return _elapsed
    if not isinstance(calendar, OpenTime):
        raise InputError(
            f"calendar is a servflow.Calendar or None (time as it passes), not {shown(calendar)}",
            code="setting",
            name="calendar",
        )
    between = calendar.between
    return lambda since, until: max(_NONE, between(since, until))


def _elapsed(since: datetime, until: datetime) -> timedelta:
    return max(_NONE, until - since)


def joined(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same stretches in order, with those that touch or overlap made one and empty ones left out."""
    found: list[tuple[datetime, datetime]] = []
    for since, until in sorted(stretches):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def names(value: Any, setting: str) -> tuple[str, ...]:
    """
    Names that were given as one text or several.

    Raises:
        InputError: they are no texts.
    """
    given = (value,) if isinstance(value, str) else value
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{setting} is a name or a list of names, not {shown(value)}", code="setting", name=setting)
    found = tuple(given)
    for one in found:
        if not isinstance(one, str) or not one:
            raise InputError(f"{setting} is a name or a list of names, not {shown(one)}", code="setting", name=setting)
    return found


def span(value: Any, setting: str) -> timedelta | None:
    """
    A span of time, or None where none was given.

    Raises:
        InputError: it is no timedelta, or less than nothing.
    """
    if value is None:
        return None
    if not isinstance(value, timedelta) or value < _NONE:
        raise InputError(f"{setting} is a timedelta of at least 0, not {shown(value)}", code="setting", name=setting)
    return value
