"""Knows how a fold asks which time counts; must not know what a clock is."""

from __future__ import annotations

from datetime import datetime, timedelta

from servflow.calendars import OpenTime
from servflow.errors import DefinitionError, Finding, TimeError
from servflow.model import Span
from servflow.sla._parts import Relative

ZERO = timedelta()


def between(cal: OpenTime | None, start: datetime, end: datetime) -> timedelta:
    """Counted time from one instant to another, negative to an earlier one; without a calendar all of it."""
    return end - start if cal is None else cal.between(start, end)


def after(cal: OpenTime | None, at: datetime, amount: timedelta) -> datetime | None:
    """The left limit of an amount from an instant, the instant itself for none or less; None where it is never reached."""
    if amount <= ZERO:
        return at
    try:
        return at + amount if cal is None else cal.after(at, amount)
    except (TimeError, OverflowError):
        # A calendar that runs out, or the year 9999, must not refuse the event that touched the clock:
        # such a promise has no due instant.
        return None


def opening(cal: OpenTime | None, at: datetime) -> datetime:
    """The instant itself while time counts, else the next at which it does; itself where the calendar ends with it."""
    if cal is None:
        return at
    try:
        return cal.next_opening(at)
    except TimeError:
        return at


def target(span: Span | Relative, cal: OpenTime | None, at: datetime) -> timedelta:
    """
    What a target comes to when a clock starts.

    An exact length is itself, also one that passes (``3d``; the clock then runs without a calendar).
    Business days and places in the calendar become the open time from the start to them; a place
    that lies before the start gives nothing, so the clock is due at once.

    Args:
        cal: the calendar that counts.
        at: the start.

    Raises:
        DefinitionError: business days or a place are asked for and there is no calendar.
        TimeError: the calendar has no such day.
    """
    if isinstance(span, Span) and not span.business_days:
        return span.exact
    if cal is None:
        wanted = span.text if isinstance(span, Span) else " ".join(span.to_data().values())
        raise DefinitionError.of([Finding("sla.needs_calendar", "within", {"value": wanted})])
    if isinstance(span, Span):
        end = cal.after_days(at, span.business_days)
    elif span.at is None:
        end = cal.end_of_day(at, span.days)
    else:
        end = cal.at_time(at, span.at, span.days)
    return max(ZERO, cal.between(at, end))


def passes(span: Span | Relative) -> bool:
    """Whether a target passes as time passes, so that the clock runs without a calendar (``3d``)."""
    return isinstance(span, Span) and span.elapsed
