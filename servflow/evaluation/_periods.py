"""Knows the days, weeks, months and quarters of a time zone; must not know what is counted in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

PERIODS = ("day", "week", "month", "quarter")
"""How long a period is; a week begins on Monday."""


@frozen
class Span:
    """One period: its name, and its instants from ``start`` (which belongs to it) to ``end`` (which does not), in UTC."""

    name: str
    start: datetime
    end: datetime


def ended(unit: str, zone: ZoneInfo, now: datetime, back: int) -> tuple[Span, ...]:
    """The last periods that had ended by an instant, the oldest first."""
    first = _first(unit, now.astimezone(zone).date())
    found = []
    for _ in range(back):
        last, first = first, _first(unit, first - timedelta(days=1))
        found.append(Span(_name(unit, first), _midnight(first, zone), _midnight(last, zone)))
    return tuple(reversed(found))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _first(unit: str, day: date) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(month=day.month if unit == "month" else (day.month - 1) // 3 * 3 + 1, day=1)


def _name(unit: str, first: date) -> str:
    if unit == "day":
        return first.isoformat()
    if unit == "week":
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{first:%Y-%m}" if unit == "month" else f"{first.year}-Q{(first.month + 2) // 3}"


__all__ = ["PERIODS", "Span", "ended"]
