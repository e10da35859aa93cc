"""Knows when a date of a plan is due and when its ticket opens, in a zone and by a calendar; must not know what came before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars._days import _step
from servflow.calendars._zones import EPOCH_ORDINAL, checked, day_of, resolve
from servflow.errors import TimeError
from servflow.model import from_micros, micros
from servflow.recurring._every import ByRule, Dates, Every
from servflow.recurring._plan import Common, Plan

_UNKNOWN = object()
_MOST_KNOWN = 5_000
_FARTHEST = 366
"""How many days a calendar may move a date; further away it stays where it was."""


@frozen
class Slot:
    """One date of a plan: as it was counted, as a calendar moved it, and when it is due and opens."""

    day: date
    moved: date
    due: datetime
    opens: datetime


@frozen
class Dues:
    """The dates of a plan for one asset, as instants."""

    plan: Plan
    dates: Dates
    low: date

    @classmethod
    def of(cls, plan: Plan, anchor: date, first: int) -> Dues:
        """The dues of a plan that counts from an anchor, whose first date is the anchor itself (0) or one period later (1)."""
        low = anchor if plan.begins is None else max(anchor, plan.begins)
        if plan.rule is not None:
            return cls(plan, ByRule(plan.rule, anchor), low)
        if plan.every is None:
            raise AssertionError("checked when the plan was read")
        return cls(plan, Every(plan.every, anchor, first, plan.times), low)

    def slots(self, day: date) -> Iterator[Slot]:
        """The slots whose date is not before *day*, in order, until the plan ends."""
        for found in self.dates.dates(max(day, self.low)):
            if self.plan.until is not None and found > self.plan.until:
                return
            made = slot(self.plan, found, self.plan.ahead)
            if made is None:
                return
            yield made

    def latest(self, day: date, first: Slot, limit: datetime) -> Slot:
        """The last slot that opens at *limit* or before, counted from *first*, which does."""
        target = min(local_day(self.plan.zone, later(limit, self.plan.ahead)), self.plan.until or date.max)
        begin = date.min if target.toordinal() <= _FARTHEST else target - timedelta(days=40)
        place = self.dates.last(max(day, self.low), begin)
        best = first
        for found in self.slots(first.day if place is None else max(place, first.day)):
            if found.opens > limit:
                # A calendar moves no date behind the next but one, and dates go on for ever: this one ends it.
                if (found.day - target).days > 40:
                    break
                continue
            best = found
        return best

    def between(self, first: Slot, other: Slot) -> int:
        """How many dates were passed over from one slot to another."""
        return self.dates.between(first.day, other.day)


def next_slot(plan: Plan, anchor: date, first: int, behind: datetime | None, now: datetime) -> tuple[Slot, int] | None:
    """
    The slot that is next behind an instant, and how many before it are passed over; None where there is none.

    It is the same for all assets that count from the same date, of which a walk meets many, so it is found once for them.
    """
    asked = anchor, first, behind, now
    known = plan.known.get(asked, _UNKNOWN)
    if known is _UNKNOWN:
        if len(plan.known) >= _MOST_KNOWN:
            plan.known.clear()
        known = plan.known[asked] = _next_slot(plan, Dues.of(plan, anchor, first), behind, now)
    return known  # type: ignore[no-any-return]  # it is what was found here


def _next_slot(plan: Plan, dues: Dues, behind: datetime | None, now: datetime) -> tuple[Slot, int] | None:
    low = dues.low
    if behind is not None:
        low = max(low, _later(local_day(plan.zone, behind), max(timedelta(days=1), plan.apart)))
    found = next((one for one in dues.slots(low) if behind is None or one.due > behind), None)
    if found is None or found.opens > now or plan.all_missed:
        return None if found is None else (found, 0)
    best = dues.latest(low, found, now)
    return best, dues.between(found, best)


def _later(day: date, length: timedelta) -> date:
    days = -(-length // timedelta(days=1))  # part of a day counts as one
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max


def later(at: datetime, length: timedelta) -> datetime:
    """An instant so much later; the last one there is where that lies behind it."""
    try:
        return at + length
    except OverflowError:
        return datetime.max.replace(tzinfo=at.tzinfo)


def local_day(zone: str, at: datetime) -> date:
    """The date a zone shows at an instant."""
    return date.fromordinal(day_of(zone, micros(at)) + EPOCH_ORDINAL)


def slot(plan: Common, day: date, ahead: timedelta) -> Slot | None:
    """What a date of a plan comes to; None beyond the years there are."""
    moved = moved_by(plan, day)
    wall = plan.at
    micro = ((wall.hour * 60 + wall.minute) * 60 + wall.second) * 1_000_000 + wall.microsecond
    try:
        due = from_micros(checked(resolve(plan.zone, moved.toordinal() - EPOCH_ORDINAL, micro)))
        return Slot(day, moved, due, due - ahead)
    except (TimeError, OverflowError):
        return None


def moved_by(plan: Common, day: date) -> date:
    """The working day a date is moved to; the date itself where it is one, or none is near."""
    if plan.calendar is None:
        return day
    calendar: Any = plan.calendar
    number = day.toordinal() - EPOCH_ORDINAL
    if calendar._of_day(number):
        return day
    ways = {"next": (1,), "previous": (-1,), "nearest": (-1, 1)}[plan.move]
    found = [near for step in ways if (near := _near(calendar, number, step)) is not None]
    if not found:
        return day
    # Of two that are equally near the earlier one: what is looked after too early does no harm.
    best = min(found, key=lambda near: abs(near - number))
    return date.fromordinal(best + EPOCH_ORDINAL)


def _near(calendar: Any, number: int, step: int) -> int | None:
    try:
        found = _step(calendar, number, step)
    except TimeError:
        return None
    return found if abs(found - number) <= _FARTHEST else None
