"""Knows how very many clocks are counted under another calendar at once; must not know how a run is carried on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from servflow.calendars import OpenTime
from servflow.errors import LimitError, TimeError
from servflow.model import EPOCH, ClockRun
from servflow.sla._clock import Clock
from servflow.sla._fold import NOTHING_AHEAD, Ahead
from servflow.sla._parts import BREACH
from servflow.sla._standing import ClockChange, Counted, counted_change

_MICROSECOND = timedelta(microseconds=1)
_BACK, _AHEAD = timedelta(days=3 * 366), timedelta(days=2 * 366)
"""How far around the instant of the question calendars are laid out; what lies outside is counted one at a time."""

_FEW = 500
"""For so many runs it does not pay to lay calendars out."""


class Item(NamedTuple):
    """A live run of a ticket; ``since`` is the instant from which another calendar may move its marks: the ticket's own."""

    ticket: str
    run: ClockRun
    since: datetime


class _Line:
    """A calendar laid out as one line of stretches, so that a question is one bisection and no call."""

    def __init__(self, cal: OpenTime, low: datetime, high: datetime) -> None:
        spans = cal.intervals(low, high)
        self.starts = [_micros(start) for start, _ in spans]
        self.ends = [_micros(end) for _, end in spans]
        sums = list(accumulate((end - start for start, end in zip(self.starts, self.ends, strict=True)), initial=0))
        self.total = sums.pop()
        self.before = sums

    def upto(self, at_us: int) -> int:
        """Open time from the beginning of the line to an instant."""
        place = bisect_right(self.starts, at_us) - 1
        return 0 if place < 0 else self.before[place] + min(at_us, self.ends[place]) - self.starts[place]


class Redue:
    """
    Counts runs of one clock under another calendar in whole microseconds, with no run in between.

    It gives what ``recalendar`` as of each ticket's own instant gives under ``on_calendar_change: recompute``, for runs that
    have nothing left to happen before the instant they are compared at.

    Args:
        clock: the definition they share.
        old: the calendar that counted them so far.
        new: the calendar to try.
        at: the instant to compare at, in UTC, not before any of theirs.
    """

    def __init__(self, clock: Clock, old: OpenTime, new: OpenTime, at: datetime) -> None:
        self._clock, self._old, self._new = clock, old, new
        self._at, self._at_us = at, _micros(at)
        self._marks: dict[timedelta, list[tuple[int, str]]] = {}
        self._known: tuple[datetime | None, datetime | None] = (None, None)

    def many(self, items: Sequence[Item], *, few: int = _FEW) -> list[ClockChange | bool]:
        """
        Every run before and after, in order: False where nothing differs, True where only the slow way knows.

        Up to *few* of them the calendars themselves are asked for each; the answers are the same.
        """
        if len(items) <= few:
            return [self._one(item) for item in items]
        try:
            low, high = max(self._at - _BACK, EPOCH), self._at + _AHEAD
            return self._along(items, _Line(self._old, low, high), _Line(self._new, low, high), _micros(low))
        except (LimitError, TimeError, OverflowError):  # a calendar that cannot be laid out that far
            return [self._one(item) for item in items]

    def _along(self, items: Sequence[Item], old: _Line, new: _Line, low_us: int) -> list[ClockChange | bool]:
        # Every line here runs once per ticket: no calls but to bisect, and integers until an instant is told.
        old_starts, old_ends, old_before = old.starts, old.ends, old.before
        starts, ends, before, total = new.starts, new.ends, new.before, new.total
        old_at, new_at = old.upto(self._at_us), new.upto(self._at_us)
        out: list[ClockChange | bool] = []
        give = out.append
        name, at = self._clock.name, self._at
        for item in items:
            ticket, run, since = item
            began = run.since
            if began is None or len(run.segments) != 1 or run.breached_at is not None or run.marks:
                give(self._one(item))
                continue
            apart = began - EPOCH
            began_us = (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds
            marks = self._marks.get(run.within) or self._marks_of(run.within)
            if began_us <= low_us:
                give(self._one(item))
                continue
            counted = run.counted // _MICROSECOND
            place = bisect_right(old_starts, began_us) - 1
            so_far = 0
            if place >= 0:
                end = old_ends[place]
                so_far = old_before[place] + (began_us if began_us < end else end) - old_starts[place]
            was = counted + old_at - so_far
            place = bisect_right(starts, began_us) - 1
            so_far = 0
            if place >= 0:
                end = ends[place]
                so_far = before[place] + (began_us if began_us < end else end) - starts[place]
            counted = run.folded // _MICROSECOND
            now = counted + new_at - so_far
            wanted = so_far + marks[-1][0] - counted
            amount, mark = marks[0]
            first = so_far + amount - counted
            if first <= so_far or wanted > total:
                give(self._one(item))
                continue
            floor = began if began > since else since
            place = bisect_left(before, wanted) - 1
            due = EPOCH + timedelta(0, 0, starts[place] + wanted - before[place])
            due = max(due, floor)
            next_at = due
            if first != wanted:
                place = bisect_left(before, first) - 1
                next_at = EPOCH + timedelta(0, 0, starts[place] + first - before[place])
                next_at = max(next_at, floor)
            if next_at < at:
                give(True)
                continue
            late = self._provisional(due)
            if was == now and due == run.due and next_at == run.next_at and late == run.provisional and mark == run.next_mark:
                give(False)
                continue
            give(counted_change(ticket, name, at, Counted(run, was, now, Ahead(due, mark, next_at, late))))
        return out

    def _one(self, item: Item) -> ClockChange | bool:
        """One run, asked of the calendars themselves."""
        run = item.run
        try:
            counted = run.folded // _MICROSECOND
            for segment in run.segments:
                if segment.end is not None:
                    counted += self._new.between_us(_micros(segment.start), _micros(segment.end))
            if run.breached_at is not None:
                return self._breached(item, counted)
            return self._paused(item, counted) if run.since is None else self._running(item, counted, run.since)
        except (TimeError, OverflowError):  # a promise without a due instant
            return True

    def _running(self, item: Item, counted: int, began: datetime) -> ClockChange | bool:
        run, began_us = item.run, _micros(began)
        marks = self._marks_of(run.within)
        floor = max(began, item.since)
        due = max(self._after(began_us, marks[-1][0] - counted), floor)
        amount, mark = next(pair for pair in marks if pair[1] not in run.marks)
        next_at = due if mark == BREACH else max(self._after(began_us, amount - counted), floor)
        if next_at < self._at:
            return True
        was = run.counted // _MICROSECOND + self._old.between_us(began_us, self._at_us)
        now = counted + self._new.between_us(began_us, self._at_us)
        return self._change(item, Counted(run, was, now, Ahead(due, mark, next_at, self._provisional(due))))

    def _paused(self, item: Item, counted: int) -> ClockChange | bool:
        run, was = item.run, item.run.counted // _MICROSECOND
        whole = run.within // _MICROSECOND
        then, now = (
            EPOCH + timedelta(0, 0, cal.after_us(self._at_us, left) if left > 0 else self._at_us)
            for cal, left in ((self._old, whole - was), (self._new, whole - counted))
        )
        floor = run.retargeted_at
        resumed = (then if floor is None else max(then, floor), max(now, item.since))
        return self._change(item, Counted(run, was, counted, NOTHING_AHEAD, resumed))

    def _breached(self, item: Item, counted: int) -> ClockChange | bool:
        run, was = item.run, item.run.counted // _MICROSECOND
        if self._clock.late_marks:
            return True
        if run.since is not None:
            was += self._old.between_us(_micros(run.since), self._at_us)
            counted += self._new.between_us(_micros(run.since), self._at_us)
        resumed = (run.due, run.due) if run.phase == "paused" else (None, None)
        return self._change(item, Counted(run, was, counted, Ahead(run.due, None, None, False), resumed))

    def _change(self, item: Item, found: Counted) -> ClockChange | bool:
        run = found.run
        same = found.ahead == (run.due, run.next_mark, run.next_at, run.provisional) and found.resumed[0] == found.resumed[1]
        if same and found.before == found.after:
            return False
        return counted_change(item.ticket, self._clock.name, self._at, found)

    def _after(self, at_us: int, left: int) -> datetime:
        return EPOCH + timedelta(0, 0, self._new.after_us(at_us, left) if left > 0 else at_us)

    def _marks_of(self, within: timedelta) -> list[tuple[int, str]]:
        """The marks up to the breach with their amounts, the first to be reached first."""
        found = self._marks.get(within)
        if found is None:
            early = [(mark.amount(within) // _MICROSECOND, mark.name) for mark in self._clock.early_marks]
            # A mark before the end goes before the breach, whatever its amount: nothing is warned of after it.
            found = [*sorted(early, key=lambda pair: pair[0]), (within // _MICROSECOND, BREACH)]
            self._marks[within] = found
        return found

    def _provisional(self, due: datetime) -> bool:
        """Whether a due instant may still change: beyond some instant all may, so few are asked for."""
        sure, unsure = self._known
        if sure is not None and due <= sure:
            return False
        if unsure is not None and due >= unsure:
            return True
        if self._new.provisional(due):
            self._known = (sure, due)
            return True
        self._known = (due, unsure)
        return False


def _micros(at: datetime) -> int:
    """Microseconds since 1970 of an instant in UTC."""
    apart = at - EPOCH
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds


__all__ = ["Item", "Redue"]
