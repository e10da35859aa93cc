"""Knows what an instant is and how it is written; must not know any clock or calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from servflow.errors import TimeError, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant from which microseconds are counted."""

RESOLUTION = timedelta(microseconds=1)
"""The least time between two instants; so much after what it was set for, a thing happens."""

MICROSECOND = timedelta(microseconds=1)


def instant(value: datetime, name: str = "at") -> datetime:
    """
    The same instant written in UTC.

    Args:
        value: an aware instant in any zone.
        name: what the caller calls it, for the error.

    Raises:
        TimeError: the instant is naive or is not an instant at all.
    """
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    if not isinstance(value, datetime):
        raise TimeError(
            f"{name} must be an aware datetime, not {type(value).__name__}",
            code="not_an_instant",
            name=name,
            value=shown(value),
        )
    try:
        # A stranger's zone answers here, and may do anything.
        offset = None if value.tzinfo is None else value.utcoffset()
    except Exception as error:
        raise TimeError(
            f"{name} has a zone that does not work ({type(error).__name__}); use zoneinfo.ZoneInfo or timezone.utc",
            code="not_an_instant",
            name=name,
        ) from None
    if offset is None:
        raise TimeError(
            f"{name} {_wall(value)} is naive; give it a zone, for example .replace(tzinfo=timezone.utc)",
            code="naive",
            name=name,
            value=value,
        )
    # Built from the fields, so that two spellings of one instant are one value: no fold, no subclass, no float.
    wall = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, tzinfo=UTC)
    try:
        return wall - offset
    except OverflowError:
        raise TimeError(f"{name} {_wall(value)} is outside the years 1 to 9999", code="range", name=name) from None


def micros(value: datetime) -> int:
    """Microseconds from 1970-01-01T00:00Z to an aware instant; negative before."""
    return (value - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    """The UTC instant that many microseconds after 1970-01-01T00:00Z."""
    return EPOCH + timedelta(microseconds=value)


def write_instant(value: datetime) -> str:
    """An instant as RFC 3339 text in UTC, with microseconds only where there are any."""
    text = (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
    return text[:-6] + "Z"


def read_instant(text: str) -> datetime:
    """
    The instant written as RFC 3339 text.

    Raises:
        TimeError: the text is not an instant, or has no offset.
    """
    try:
        value = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise TimeError(
            f"{shown(text)} is not an instant such as 2026-03-02T09:00:00Z",
            code="not_an_instant",
            value=shown(text),
        ) from None
    return instant(value)


def _wall(value: datetime) -> str:
    """An instant as an error quotes it, also where its zone has no offset to tell."""
    return datetime.isoformat(value.replace(tzinfo=None))
