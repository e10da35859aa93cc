"""Knows how the clocks of a definition are linked to what they listen to; must not know any ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import OpenTime
from servflow.engine._clock_conditions import check_condition
from servflow.expressions import Expression
from servflow.model import Span
from servflow.sla import Clock, Condition

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._idioms import Promise


@attrs.frozen(kw_only=True)
class ClockPlan:
    """One clock, linked: its choices with their conditions, and what it listens to."""

    clock: Clock
    order: int
    targets: tuple[tuple[Expression | None, Any], ...]
    calendars: tuple[tuple[Expression | None, str | None], ...]
    reads: frozenset[str]
    events: frozenset[str]
    states: frozenset[str]
    watches_fields: bool
    watches_messages: bool
    watches_queue: bool
    pauses: bool
    paused_in: frozenset[str]
    stop_states: frozenset[str]
    stop_else: tuple[Condition, ...]
    fixed: tuple[timedelta, str | None] | None
    """Target and calendar where both are the same for every ticket."""
    only_in: str | None = None
    """The state it belongs to: outside, a step's promise rests, and any other is given up."""
    step: str | None = None
    """The checklist step it promises."""


def compile_clocks(compiled: Compiled) -> tuple[ClockPlan, ...]:
    """Link every clock; names that are not declared and conditions that read time go to the findings."""
    return tuple(_compile(compiled, order, promise) for order, promise in enumerate(compiled.promises))


def _compile(compiled: Compiled, order: int, promise: Promise) -> ClockPlan:
    clock, path = promise.clock, promise.path
    targets = []
    for index, choice in enumerate(clock.choices):
        targets.append((compiled.condition(choice.when, f"{path}.within[{index}].when"), choice.take))
    calendars: list[tuple[Expression | None, str | None]] = []
    for index, choice in enumerate(clock.calendars):
        when = compiled.condition(choice.when, f"{path}.calendar[{index}].when")
        take = choice.take
        if isinstance(take, OpenTime):
            name = f"{clock.name}#{index}"
            compiled.calendars[name] = take
            take = name
        elif take is not None:
            compiled.problems.known("calendar", take, compiled.calendars, f"{path}.calendar")
        calendars.append((when, take))
    if clock.counts_days and all(take is None for _, take in calendars):
        compiled.problems.add("clock.needs_calendar", f"{path}.within", clock=clock.name)
    conditions = []
    for key in ("start", "stop", "pause", "resume", "reset", "cancel"):
        for index, condition in enumerate(getattr(clock, key)):
            conditions.append(condition)
            short = key == "stop" and condition.kind == "state"  # kept as until, however it was written
            check_condition(compiled, condition, f"{path}.until" if short else f"{path}.{key}[{index}]")
    for state in clock.paused_in:
        compiled.problems.known("state", state, compiled.states, f"{path}.paused_in")
    reads = frozenset(name for when, _ in (*targets, *calendars) if when is not None for name in compiled.depends_on(when))
    return ClockPlan(
        clock=clock,
        order=order,
        targets=tuple(targets),
        calendars=tuple(calendars),
        reads=reads,
        events=frozenset(item.value for item in conditions if item.kind == "event"),
        states=frozenset((*clock.paused_in, *(item.value for item in conditions if item.kind == "state")))
        | ({promise.state} if promise.state is not None else set()),
        watches_fields=bool(reads) or any(item.kind == "field" for item in conditions),
        watches_messages=any(item.kind == "message" for item in conditions),
        watches_queue=any(item.kind == "queue" for item in conditions),
        pauses=bool(clock.paused_in or clock.pause or clock.resume or promise.step is not None),
        paused_in=frozenset(clock.paused_in),
        stop_states=frozenset(item.value for item in clock.stop if item.kind == "state"),
        stop_else=tuple(item for item in clock.stop if item.kind != "state"),
        fixed=_fixed(targets, calendars),
        only_in=promise.state,
        step=promise.step,
    )


def _fixed(targets: list[Any], calendars: list[tuple[Expression | None, str | None]]) -> tuple[timedelta, str | None] | None:
    (when, take), (condition, name) = targets[0], calendars[0]
    if when is not None or condition is not None or not isinstance(take, Span) or take.business_days:
        return None
    return take.exact, None if take.elapsed else name
