"""Knows what another target or calendar makes of clocks that have no workflow; must not know what starts or stops them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from servflow.calendars import OpenTime
from servflow.errors import InputError, shown
from servflow.model import ClockRun, Span, instant
from servflow.sla._change import recalendar, retarget
from servflow.sla._clock import Clock
from servflow.sla._fold import LIVE, reach
from servflow.sla._history import ClockState, fold
from servflow.sla._standing import ClockChange, standing
from servflow.sla._time import passes, target

History = Iterable[Sequence[Any]]


class Unchanged(Enum):
    """That something stays as it is, where None is a value of its own."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED
"""Said of a target or calendar that stays as it is; None would take it away."""


def _run_at(clock: Clock, held: ClockRun | History | None, cal: OpenTime | None, at: datetime) -> ClockRun | None:
    """A clock as of an instant: a history is folded, a run is let reach what lies before it."""
    given: Any = held
    if given is None:
        return None
    if isinstance(given, ClockState):
        raise InputError("a state does not keep the past; pass the history, or what fold gave", code="argument")
    if not isinstance(given, ClockRun):
        return fold(clock, cal, given, at)
    run = given
    while run.next_at is not None and run.next_at < at:
        run = reach(clock, run, cal)
    return run


def what_if(
    clock: Clock,
    held: ClockRun | History,
    at: datetime,
    cal: OpenTime | None,
    *,
    within: Span | timedelta | str | None = None,
    calendar: OpenTime | Unchanged | None = UNCHANGED,
) -> ClockChange | None:
    """
    What another target or another calendar from an instant on would make of a clock, as its ``on_retarget`` says.

    Args:
        held: a history as ``run`` takes it, or a run the host keeps.
        at: aware instant of the change.
        cal: the calendar that counts so far, None for time as it passes.
        within: the new target, where it changes; business days are those from the start of the cycle.
        calendar: what counts from then on, where that changes; None for time as it passes.

    Returns:
        The clock before and after; None for one that has not started.

    Raises:
        TimeError: an instant is naive, or the target is no length of time.
        InputError: neither a target nor a calendar was given, or an argument is something else.
        DefinitionError: business days are asked for without a calendar.
    """
    now = instant(at, "at")
    if within is None and isinstance(calendar, Unchanged):
        raise InputError("say what changes: within, calendar, or both", code="argument")
    new = cal if isinstance(calendar, Unchanged) else calendar
    before = _run_at(clock, held, cal, now)
    if before is None:
        return None
    amount = before.within
    if within is not None:
        span = Span.of(within)
        new = None if passes(span) else new
        amount = target(span, new, before.started_at)
    # Runs name their calendar; one without a name still tells another calendar from its own.
    name = before.calendar if new == cal else f"{before.calendar or ''}*"
    after = retarget(clock, before, now, amount, name, new, old_cal=cal)
    return ClockChange(
        clock=clock.name, at=now, before=standing(before, now, cal, clock), after=standing(after, now, new, clock)
    )


def recompute(
    clock: Clock, held: Mapping[str, ClockRun | History], old: OpenTime | None, new: OpenTime | None, at: datetime
) -> tuple[ClockChange, ...]:
    """
    What would change for clocks if another calendar counted, for instance one with a new holiday list.

    A history is folded under either calendar, as if it had been so from the beginning. A run is taken over at *at*, as
    ``on_calendar_change`` says: its marks and its breach are never earlier than that. What has ended stays as it was.

    Args:
        held: histories as ``run`` takes them, or runs the host keeps, each under a name of the host's.
        old: the calendar so far.
        new: the calendar to try.
        at: aware instant to compare at.

    Returns:
        One for every clock for which anything differs, in the order given, with the name in ``ticket``.

    Raises:
        TimeError: an instant is naive.
        InputError: *held* is no mapping, or holds something else.
    """
    now = instant(at, "at")
    given: object = held
    if not isinstance(given, Mapping):
        raise InputError(f"clocks are a mapping of names to histories or runs, not {shown(given)}", code="argument")
    found = []
    for name, one in held.items():
        one = tuple(one) if not isinstance(one, ClockRun) and isinstance(one, Iterable) else one
        before = _run_at(clock, one, old, now)
        if before is None or before.phase not in LIVE:
            continue
        if isinstance(one, ClockRun):
            after = recalendar(clock, before, now, new, old)
        else:
            after = _run_at(clock, one, new, now) or before
        change = ClockChange(
            ticket=name,
            clock=clock.name,
            at=now,
            before=standing(before, now, old, clock),
            after=standing(after, now, new, clock),
        )
        if change.differs:
            found.append(change)
    return tuple(found)


__all__ = ["UNCHANGED", "History", "Unchanged", "recompute", "what_if"]
