"""Knows where a span leads to in counted time or in time as it passes; must not know chains or runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from servflow.errors import TimeError
from servflow.model import Span

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a level is due whose calendar never opens again."""


@runtime_checkable
class Counts(Protocol):
    """What a climb needs of a calendar."""

    def after(self, at: datetime, counted: timedelta) -> datetime: ...
    def between(self, a: datetime, b: datetime) -> timedelta: ...
    def after_days(self, at: datetime, n: int) -> datetime: ...


CalendarOf = Callable[[str | None], Counts]
"""Finds the calendar for a name; for None it gives time as it passes."""


def plus(at: datetime, length: timedelta) -> datetime:
    return NEVER if length >= NEVER - at else at + length


def later(span: Span, at: datetime, calendar: Counts) -> datetime:
    """
    The instant a span leads to from *at*, an instant in UTC.

    Exact spans and business days count in the calendar and end at the left limit (closing time, not
    the next opening); days pass as time passes; a zero span is *at* itself. Where the calendar never
    opens again it is ``NEVER``: to refuse what led here would punish the ticket for its calendar.
    """
    if span.elapsed:
        return plus(at, span.exact)
    if not span.exact and not span.business_days:
        return at
    try:
        found = calendar.after_days(at, span.business_days) if span.business_days else calendar.after(at, span.exact)
    except TimeError:
        return NEVER
    return min(found, NEVER)


def time_left(span: Span, at: datetime, due: datetime, calendar: Counts) -> timedelta:
    """What is left of a span that leads to *due*, as the span counts; never negative, the maximum where it never ends."""
    if due >= NEVER:
        return timedelta.max
    if due <= at:
        return timedelta()
    return due - at if span.elapsed else calendar.between(at, due)


def regained(span: Span, at: datetime, left: timedelta, calendar: Counts) -> datetime:
    """The instant that what was left of a span leads to from *at*."""
    return NEVER if left == timedelta.max else later(Span(left, elapsed=span.elapsed), at, calendar)


class _Elapsed:
    """Time as it passes, as a calendar."""

    def after(self, at: datetime, counted: timedelta) -> datetime:
        return plus(at, counted)

    def between(self, a: datetime, b: datetime) -> timedelta:
        return b - a

    def after_days(self, at: datetime, n: int) -> datetime:
        return plus(at, timedelta(days=n))


ELAPSED: Counts = _Elapsed()
"""Time as it passes, for levels that name no calendar."""
