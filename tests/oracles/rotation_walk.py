"""Knows who is on call by walking minute by minute along a wall clock; must not know servflow."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MARGIN = timedelta(days=3)
EVEN = {"wall hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def month_later(start: datetime, months: int) -> datetime:
    """The wall time that many months later, the 31st clamped."""
    total = start.year * 12 + start.month - 1 + months
    year, month = divmod(total, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))


class Walk:
    """
    Everything about one zone between two instants, at every whole minute.

    ``shown`` is the wall time; ``passed`` the latest wall time shown so far, which tells what has had its
    first occurrence; ``coming`` the earliest wall time that a later minute shows, which tells what has yet to
    have its last.
    """

    def __init__(self, zone: str, start: datetime, end: datetime) -> None:
        key = ZoneInfo(zone)
        begin = start.astimezone(UTC).replace(second=0, microsecond=0) - MARGIN
        count = int((end - begin + MARGIN) / MINUTE) + 1
        self.begin = begin
        self.shown = [(begin + MINUTE * step).astimezone(key).replace(tzinfo=None, fold=0) for step in range(count)]
        self.passed, latest = [], self.shown[0]
        for wall in self.shown:
            latest = max(latest, wall)
            self.passed.append(latest)
        self.coming, earliest = [], self.shown[-1] + MARGIN
        for wall in reversed(self.shown):
            self.coming.append(earliest)
            earliest = min(earliest, wall)
        self.coming.reverse()

    def place(self, at: datetime) -> int:
        """Where the minute of an instant is kept."""
        return int((at - self.begin) / MINUTE)

    def turn(self, at: datetime, start: datetime, count: int, unit: str) -> int:
        """The turn that has begun last: the boundary's wall time has been shown or skipped."""
        wall = self.passed[self.place(at)]
        if unit != "month":
            return (wall - start) // (EVEN[unit] * count)
        turn = (wall.year - start.year) * 12 // count - 40
        while month_later(start, (turn + 1) * count) <= wall:
            turn += 1
        return turn

    def is_open(self, at: datetime, windows: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
        """Whether a window, given in minutes after midnight, has opened for the first and not closed for the last time."""
        place = self.place(at)
        near = self.shown[place].date()
        for step in range(-4, 5):
            day = date.fromordinal(near.toordinal() + step)
            midnight = datetime.combine(day, datetime.min.time())
            for opens, closes in windows.get(DAYS[day.weekday()], ()):
                end = midnight + MINUTE * closes
                started = self.passed[place] >= midnight + MINUTE * opens
                # Not shown yet, or to be shown again; where it is skipped the last minute before the gap is still open.
                if started and (self.shown[place] < end or self.coming[place] <= end):
                    return True
        return False

    def held(self, at: datetime, start: datetime, count: int, unit: str, days: int) -> bool:
        """Whether the wall clock has yet to show the end of the first days of the turn it is in."""
        turn = self.turn(at, start, count, unit)
        if unit == "month":
            begun = month_later(start, turn * count)
        else:
            begun = start + turn * count * EVEN[unit]
        return self.passed[self.place(at)] < begun + timedelta(days=days)


def passed_on(users: Sequence[str], edits: Sequence[tuple[int, Sequence[str]]], turns: int) -> list[str]:
    """
    Who has each turn in the end, when a list is passed on by hand and edited by hand in some turns.

    Whoever has the turn keeps it; if the edit takes them off the list, the next on the old list who is on the new one has it.
    """
    now, holder, found = list(users), users[0], []
    for turn in range(turns):
        if turn:
            holder = now[(now.index(holder) + 1) % len(now)]
        for _, edited in (edit for edit in edits if edit[0] == turn):
            waiting = now[now.index(holder) :] + now[: now.index(holder)]
            holder = next((user for user in waiting if user in edited), edited[0])
            now = list(edited)
        found.append(holder)
    return found


def overridden(users: Sequence[str], holding: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> list[str]:
    """Who is left of those on call, and who comes, where overrides hold: (action, users, whom they cover for) each."""
    wholly = [named for action, named, covered in holding if action == "replace" and not covered]
    found = [user for named in wholly for user in named] if wholly else list(users)
    away = {user for action, named, _ in holding if action == "remove" for user in named}
    covers = {user: named for action, named, covered in holding if action == "replace" for user in covered}
    left = [other for user in found if user not in away for other in covers.get(user, (user,))]
    return left + [user for action, named, _ in holding if action == "add" for user in named]
