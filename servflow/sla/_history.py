"""Knows how a whole history of a clock folds into its state; must not know a ticket or a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.errors import DefinitionError, Finding, InputError, nearest, shown
from servflow.model import ClockRun, Span, instant
from servflow.sla._clock import Clock
from servflow.sla._fold import LIVE, begin, cancel, pause, reach, reset, resume, stop
from servflow.sla._parts import Relative, TableOutput
from servflow.sla._questions import counted as counted_at
from servflow.sla._time import ZERO, passes, target

OPERATIONS = ("cancel", "stop", "reset", "pause", "resume", "start")
"""What a history can hold, in the order in which it applies at one instant."""

_VERBS = {"pause": pause, "resume": resume, "stop": stop, "cancel": cancel}
_ORDER = {name: place for place, name in enumerate(OPERATIONS)}


@frozen
class ClockState:
    """
    What a clock comes to at an instant.

    ``remaining`` is the target less ``counted``, negative beyond it. ``due`` is None while idle and
    while paused and unbreached, and equals ``breached_at`` once breached; a clock stopped in time keeps
    the one it had at the stop, a cancelled one has none. ``phase`` is ``idle``, ``running``, ``paused``,
    ``met`` (stopped, in time or not) or ``cancelled``. ``cycle`` counts from 1, 0 while idle.
    """

    counted: timedelta
    remaining: timedelta
    due: datetime | None
    breached_at: datetime | None
    phase: str
    cycle: int

    @property
    def over(self) -> bool:
        """Whether more than the target is counted; not the same as breached."""
        return self.remaining < ZERO

    @property
    def percent(self) -> float:
        """The share of the target that is counted, in percent, beyond 100 once it is over; 100 for a target of no length."""
        within = self.counted + self.remaining
        return 100 * (self.counted / within) if within else 100.0


def run(clock: Clock, calendar: OpenTime | None, history: Iterable[Sequence[Any]], at: datetime) -> ClockState:
    """
    Fold a history of operations into the state at an instant.

    Entries may come in any order; those after *at* are ignored. At one instant cancel goes before
    stop, reset, pause, resume and start, whatever order they are given in. An operation that does not
    apply in the phase is ignored: a start while running or paused, anything but a start while idle.
    A start after the end begins a new cycle; a reset keeps the cycle and the pause, and forgets
    what was counted and breached.

    Args:
        clock: of a list of targets the one without a condition is taken.
        calendar: what counts; None for the clock's own, and where it has none for time as it passes, which is also how
            ``3d`` counts on any calendar.
        history: pairs of an aware instant and ``start``, ``pause``, ``resume``, ``stop``, ``reset`` or ``cancel``.
        at: aware instant.

    Raises:
        TimeError: an instant is naive.
        InputError: an entry is no such pair, or the clock only names its calendar and none is given.
        DefinitionError: every target has a condition, or business days are asked for without a calendar.
    """
    current, now, span, cal = _folded(clock, calendar, history, at)
    if current is None:
        within = target(span, cal, now)
        return ClockState(ZERO, within, None, None, "idle", 0)
    counted = counted_at(current, now, cal)
    return ClockState(counted, current.within - counted, current.due, current.breached_at, current.phase, current.cycle)


def fold(clock: Clock, calendar: OpenTime | None, history: Iterable[Sequence[Any]], at: datetime) -> ClockRun | None:
    """
    As ``run``, but the clock's run itself, which every question and change of this package takes; None before any start.

    Raises:
        TimeError: an instant is naive.
        InputError: an entry is no such pair, or the clock only names its calendar and none is given.
        DefinitionError: every target has a condition, or business days are asked for without a calendar.
    """
    return _folded(clock, calendar, history, at)[0]


def _folded(
    clock: Clock, calendar: OpenTime | None, history: Iterable[Sequence[Any]], at: datetime
) -> tuple[ClockRun | None, datetime, Span | Relative, OpenTime | None]:
    now, span, cal = asked(clock, calendar, at)
    current: ClockRun | None = None
    for _, _, after in played(clock, span, cal, entries_of(history, now)):
        current = after
    return (None if current is None else _reached(clock, current, now, cal)), now, span, cal


def asked(clock: Clock, calendar: OpenTime | None, at: datetime) -> tuple[datetime, Span | Relative, OpenTime | None]:
    """The instant in UTC, the one target, and the calendar that counts it."""
    now = instant(at)
    for what, value, kind in (("a clock", clock, Clock), ("a calendar", calendar, OpenTime | None)):
        if not isinstance(value, kind):
            raise InputError(f"{what} was expected, not {shown(value)}", code="argument", value=shown(value))
    span = _span(clock)
    return now, span, None if passes(span) else _counting(clock, calendar)


def _counting(clock: Clock, calendar: OpenTime | None) -> OpenTime | None:
    """The calendar given, else the clock's own; a clock that only names one is not counted by none at all."""
    own = clock.calendars[-1]
    if calendar is not None or own.take is None:
        return calendar
    if isinstance(own.take, OpenTime) and own.when is None:
        return own.take
    named = own.take if isinstance(own.take, str) else "chosen by its fields"
    raise InputError(
        f"clock {clock.name} counts by a calendar ({named}): pass that calendar, for without one all time would count",
        code="calendar",
        clock=clock.name,
        calendar=named,
    )


def played(
    clock: Clock, span: Span | Relative, cal: OpenTime | None, entries: Iterable[tuple[datetime, str]]
) -> Iterator[tuple[datetime, str, ClockRun]]:
    """Every operation that applies, in order, and the run after it."""
    current: ClockRun | None = None
    for when, operation in entries:
        before = current = None if current is None else _reached(clock, current, when, cal)
        if operation == "start":
            if current is None or current.phase not in LIVE:
                current = begin(clock, when, target(span, cal, when), None, cal, current)
        elif operation == "reset":
            if current is not None and current.phase in LIVE:
                current = reset(clock, current, when, target(span, cal, when), None, cal)
        elif current is not None:
            current = _VERBS[operation](clock, current, when, cal)
        if current is not None and current is not before:
            yield when, operation, current


def _span(clock: Clock) -> Span | Relative:
    last = clock.choices[-1]
    if last.when is not None or isinstance(last.take, TableOutput):
        raise DefinitionError.of([Finding("sla.needs_fields", "within", {"name": clock.name})])
    found: Span | Relative = last.take
    return found


def entries_of(history: Iterable[Sequence[Any]], now: datetime) -> list[tuple[datetime, str]]:
    """The operations of a history up to an instant, in the order in which they apply."""
    out: list[tuple[datetime, str]] = []
    if isinstance(history, (str, bytes, Mapping)) or not isinstance(history, Iterable):
        raise InputError(f"a history is a list of pairs, not {shown(history)}", code="history")
    for index, entry in enumerate(history):
        if not isinstance(entry, (tuple, list)) or len(entry) != 2:
            raise InputError(
                f"history[{index}] {shown(entry)} must be a pair of an instant and an operation", code="history", index=index
            )
        when, operation = entry
        if not isinstance(operation, str) or operation not in _ORDER:
            close = nearest(operation, OPERATIONS)
            asked = f"; did you mean {close!r}?" if close else f"; it may be {', '.join(OPERATIONS)}"
            raise InputError(f"history[{index}]: no operation {shown(operation)}{asked}", code="history", index=index)
        found = instant(when, f"history[{index}]")
        if found <= now:
            out.append((found, operation))
    return sorted(out, key=lambda item: (item[0], _ORDER[item[1]]))


def _reached(clock: Clock, current: ClockRun, now: datetime, cal: OpenTime | None) -> ClockRun:
    # Ends: every mark happens once in a cycle.
    while current.next_at is not None and current.next_at < now:
        current = reach(clock, current, cal)
    return current
