"""Knows how very many clocks are counted under another calendar at once; must not know how a run is carried on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from servflow.calendars import OpenTime
from servflow.errors import LimitError, TimeError
from servflow.model import EPOCH, ClockRun, from_dict
from servflow.sla._clock import Clock
from servflow.sla._fold import NOTHING_AHEAD, Ahead
from servflow.sla._parts import BREACH
from servflow.sla._standing import ClockChange

_MICROSECOND = timedelta(microseconds=1)
_BACK, _AHEAD = timedelta(days=3 * 366), timedelta(days=366)
"""How far around the instant of the question calendars are laid out; what lies outside is counted one at a time."""

_FEW = 500
"""For so many runs it does not pay to lay calendars out."""


class _Line:
    """A calendar laid out as one line of stretches, so that a question is one bisection and no call."""

    def __init__(self, cal: OpenTime, low: datetime, high: datetime) -> None:
        # It begins with a stretch of no length, so that every later instant has one before it.
        spans = [(low, low), *cal.intervals(low, high)]
        self.starts = [_micros(start) for start, _ in spans]
        self.ends = [_micros(end) for _, end in spans]
        sums = list(accumulate((end - start for start, end in zip(self.starts, self.ends, strict=True)), initial=0))
        self.total = sums.pop()
        self.before = sums

    def upto(self, at_us: int) -> int:
        """Open time from the beginning of the line to an instant."""
        place = bisect_right(self.starts, at_us) - 1
        return self.before[place] + min(at_us, self.ends[place]) - self.starts[place]


class Redue:
    """
    Counts runs of one clock under another calendar in whole microseconds, with no run in between.

    It gives what ``recalendar`` gives, for runs that have nothing left to happen before the instant they are compared at:
    under ``on_calendar_change: recompute`` as of each ticket's own instant, under ``prospective`` as of that instant.

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
        self._carries, self._over = clock.on_calendar_change == "prospective", clock.breached_by == "over"
        # What was reached may be taken back then.
        self._rearms = clock.breach == "follows" or clock.marks == "again"

    def many(
        self, tickets: Sequence[str], runs: Sequence[ClockRun], since: Sequence[datetime], *, few: int = _FEW
    ) -> list[ClockChange | bool]:
        """
        Every run before and after, in order: False where nothing differs, True where only the slow way knows.

        Up to *few* of them the calendars themselves are asked for each; the answers are the same.

        Args:
            tickets: the id of each run's ticket.
            runs: live ones.
            since: for each the instant from which another calendar may move its marks: the ticket's own.
        """
        if len(runs) > few and not self._over:
            began = min((run.since for run in runs if run.since is not None), default=self._at)
            try:
                low, high = max(self._at - _BACK, EPOCH, began - _MICROSECOND), self._at + _AHEAD
                lines = _Line(self._old, low, high), _Line(self._new, low, high)
            except (LimitError, TimeError, OverflowError):  # a calendar that cannot be laid out that far
                pass
            else:
                return self._along(zip(tickets, runs, since, strict=True), *lines, _micros(low))
        return [self._one(*item) for item in zip(tickets, runs, since, strict=True)]

    def _along(
        self, items: Iterable[tuple[str, ClockRun, datetime]], old: _Line, new: _Line, low_us: int
    ) -> list[ClockChange | bool]:
        # Every line here runs once per ticket: no calls but to bisect, and integers until an instant must be told.
        old_starts, old_ends, old_before, old_at = old.starts, old.ends, old.before, old.upto(self._at_us)
        starts, ends, before, new_at = new.starts, new.ends, new.before, new.upto(self._at_us)
        out: list[ClockChange | bool] = []
        give, make, put = out.append, object.__new__, object.__setattr__
        name, at, at_us, known, carries = self._clock.name, self._at, self._at_us, self._marks, self._carries
        for ticket, run, since in items:
            began = run.since
            if began is None or run.breached_at is not None or (run.marks and self._rearms):
                give(self._one(ticket, run, since))
                continue
            apart = began - EPOCH
            began_us = (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds
            marks = known.get(run.within) or self._marks_of(run.within)
            amount, mark = marks[0]
            was = closed = 0
            if run.folded or run.marks or len(run.segments) != 1:
                was, closed = run.counted // _MICROSECOND, 0 if carries else self._closed(run)
                amount, mark = next(pair for pair in marks if pair[1] not in run.marks)
            place = bisect_right(old_starts, began_us) - 1
            end = old_ends[place]
            was += old_at - old_before[place] + old_starts[place] - (began_us if began_us < end else end)
            place = bisect_right(starts, began_us) - 1
            end = ends[place]
            # Where on the line nothing would have been counted, had it run without a pause.
            base = new_at - was if carries else before[place] - starts[place] + (began_us if began_us < end else end) - closed
            first, wanted = base + amount, base + marks[-1][0]
            if began_us <= low_us or first <= 0 or wanted > new.total:
                give(self._one(ticket, run, since))
                continue
            place = bisect_left(before, first) - 1
            first_us = starts[place] + first - before[place]
            if first_us < at_us:  # it may have been reached by now, or is held back by the latest resume
                give(self._one(ticket, run, since))
                continue
            place = bisect_left(before, wanted) - 1
            due = EPOCH + timedelta(0, 0, starts[place] + wanted - before[place])
            held = {"clock": name, "at": at, "ticket": ticket, "_run": run, "_before": was, "_after": new_at - base}
            held["_due"], held["_next_mark"], held["_next_at"] = due, mark, first_us
            late = held["_provisional"] = self._provisional(due)
            alike = due == run.due and mark == run.next_mark and late == run.provisional and was == new_at - base
            if alike and EPOCH + timedelta(0, 0, first_us) == run.next_at:
                give(False)
                continue
            change = make(ClockChange)
            put(change, "__dict__", held)
            give(change)
        return out

    def _closed(self, run: ClockRun) -> int:
        """What the new calendar counts of the segments that have ended."""
        ended = ((item.start, item.end) for item in run.segments if item.end is not None)
        return sum((self._new.between_us(_micros(start), _micros(end)) for start, end in ended), run.folded // _MICROSECOND)

    def _one(self, ticket: str, run: ClockRun, since: datetime) -> ClockChange | bool:
        """One run, asked of the calendars themselves."""
        if run.marks and self._rearms:
            return True
        try:
            counted = run.counted // _MICROSECOND if self._carries else self._closed(run)
            if run.breached_at is not None:
                return self._breached(ticket, run, counted)
            if run.since is None:
                return self._paused(ticket, run, counted, since)
            return self._running(ticket, run, counted, since)
        except (TimeError, OverflowError):  # a promise without a due instant
            return True

    def _running(self, ticket: str, run: ClockRun, counted: int, since: datetime) -> ClockChange | bool:
        began = run.since or since
        began_us = _micros(began)
        was = run.counted // _MICROSECOND + self._old.between_us(began_us, self._at_us)
        if self._carries:
            began, began_us, counted = self._at, self._at_us, was
        marks = self._marks_of(run.within)
        floor = max(began, since)
        due = max(self._used_up(self._new, began_us, marks[-1][0] - counted), floor)
        amount, mark = next(pair for pair in marks if pair[1] not in run.marks)
        next_at = due if mark == BREACH else max(self._after(began_us, amount - counted), floor)
        if next_at < self._at:
            return True
        now = counted + self._new.between_us(began_us, self._at_us)
        return self._change(ticket, run, (was, now), Ahead(due, mark, next_at, self._provisional(due)))

    def _paused(self, ticket: str, run: ClockRun, counted: int, since: datetime) -> ClockChange | bool:
        was, whole = run.counted // _MICROSECOND, run.within // _MICROSECOND
        then, now = (
            self._used_up(cal, self._at_us, left) for cal, left in ((self._old, whole - was), (self._new, whole - counted))
        )
        floor = run.retargeted_at
        resumed = (then if floor is None else max(then, floor), max(now, since))
        return self._change(ticket, run, (was, counted), NOTHING_AHEAD, resumed)

    def _breached(self, ticket: str, run: ClockRun, counted: int) -> ClockChange | bool:
        was = run.counted // _MICROSECOND
        if self._clock.late_marks:
            return True
        if run.since is not None:
            was += self._old.between_us(_micros(run.since), self._at_us)
            counted += (self._old if self._carries else self._new).between_us(_micros(run.since), self._at_us)
        resumed = (run.due, run.due) if run.phase == "paused" else (None, None)
        return self._change(ticket, run, (was, counted), Ahead(run.due, None, None, False), resumed)

    def _change(
        self,
        ticket: str,
        run: ClockRun,
        counted: tuple[int, int],
        ahead: Ahead,
        resumed: tuple[datetime | None, datetime | None] = (None, None),
    ) -> ClockChange | bool:
        same = ahead == (run.due, run.next_mark, run.next_at, run.provisional) and resumed[0] == resumed[1]
        if same and counted[0] == counted[1]:
            return False
        held: dict[str, Any] = {"clock": self._clock.name, "at": self._at, "ticket": ticket, "_run": run, "_resumed": resumed}
        held["_before"], held["_after"] = counted
        held["_due"], held["_next_mark"], held["_next_at"], held["_provisional"] = ahead
        return from_dict(ClockChange, held)

    def _after(self, at_us: int, left: int) -> datetime:
        return EPOCH + timedelta(0, 0, self._new.after_us(at_us, left) if left > 0 else at_us)

    def _used_up(self, cal: OpenTime, at_us: int, left: int) -> datetime:
        """The due instant of what is left from an instant on; with ``breached_by: over`` more must be about to count."""
        found = EPOCH + timedelta(0, 0, cal.after_us(at_us, left) if left > 0 else at_us)
        return cal.next_opening(found) if self._over and left >= 0 and not cal.is_open(found) else found

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


__all__ = ["Redue"]
