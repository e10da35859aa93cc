"""Knows open time the slow, obvious way, minute by minute on the wall clock; must not know how servflow counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Walk:
    """A calendar given as plain data, with windows by single weekday and dates as ``YYYY-MM-DD`` or ``MM-DD``."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.zone = ZoneInfo(data["zone"])
        # Windows start on whole minutes of the wall clock, which in Monrovia lay half a minute off those of UTC.
        self.step = MINUTE / 2 if data["zone"] == "Africa/Monrovia" else MINUTE
        self.week: Mapping[str, Sequence[str]] = data.get("week", {})
        self.holidays = set(data.get("holidays", ()))
        self.shifts: Mapping[str, Sequence[str]] = data.get("shifts", {})
        self.breaks: Mapping[str, Sequence[str]] = data.get("breaks", {})

    def _windows(self, day: date) -> Sequence[str]:
        text = day.isoformat()
        if text in self.shifts:
            return self.shifts[text]
        if text in self.holidays or text[5:] in self.holidays:
            return ()
        return self.week.get(NAMES[day.weekday()], ())

    @staticmethod
    def _covers(windows: Sequence[str], minute: int) -> bool:
        for window in windows:
            start, end = (_minutes(part) for part in window.split("-"))
            if start <= minute < (end if end > start else end + 1440):
                return True
        return False

    def is_open(self, at: datetime) -> bool:
        """Whether the wall clock stands in a window that no break cuts."""
        wall = at.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        today = wall.date()
        days = [(today - timedelta(days=back), minute + 1440 * back) for back in (0, 1)]
        if any(self._covers(self.breaks.get(day.isoformat(), ()), m) for day, m in days):
            return False
        return any(self._covers(self._windows(day), m) for day, m in days)

    def between(self, a: datetime, b: datetime) -> timedelta:
        """Count the open steps from a to b, both on whole minutes."""
        if b < a:
            return -self.between(b, a)
        total, at = timedelta(), a.astimezone(UTC)
        while at < b:
            total += self.step if self.is_open(at) else timedelta()
            at += self.step
        return total

    def after(self, at: datetime, counted: timedelta) -> datetime:
        """Walk on until that much time was open."""
        at = at.astimezone(UTC)
        while counted > timedelta():
            counted -= self.step if self.is_open(at) else timedelta()
            at += self.step
        return at

    def before(self, at: datetime, counted: timedelta) -> datetime:
        """Walk back until that much time was open."""
        at = at.astimezone(UTC)
        while counted > timedelta():
            at -= self.step
            counted -= self.step if self.is_open(at) else timedelta()
        return at

    def working(self, day: date) -> bool:
        """Whether some minute of the windows that start on the date exists in the zone and no break cuts it."""
        alone = Walk({"zone": self.zone.key, "shifts": {day.isoformat(): list(self._windows(day))}, "breaks": self.breaks})
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
        return any(alone.is_open(start + n * MINUTE) for n in range(4 * 1440))


class WalkMany:
    """Calendars joined, met or subtracted: each minute asks all of them."""

    def __init__(self, operation: str, parts: Sequence[Walk]) -> None:
        self.operation = operation
        self.parts = parts

    def is_open(self, at: datetime) -> bool:
        """Whether any part is open, all are, or the first and not the second."""
        flags = [part.is_open(at) for part in self.parts]
        if self.operation == "minus":
            return flags[0] and not flags[1]
        return any(flags) if self.operation == "any_of" else all(flags)

    def after(self, at: datetime, counted: timedelta, most: int) -> datetime | None:
        """Walk on until that much time was open; None where that many minutes are not enough."""
        for _ in range(most):
            if counted <= timedelta():
                return at
            counted -= MINUTE if self.is_open(at) else timedelta()
            at += MINUTE
        return None
