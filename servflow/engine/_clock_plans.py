"""Knows how the clocks of a definition are linked to what they listen to; must not know any ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import OpenTime
from servflow.engine._clock_conditions import MOVED, MOVES, Wait, compile_condition
from servflow.engine._clock_tables import CALENDAR, TARGET, check_output, check_together, needs_calendar
from servflow.engine._tables import read_by
from servflow.expressions import Expression
from servflow.model import Span
from servflow.sla import CONDITIONS, Clock, TableOutput, short

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._idioms import Promise


@attrs.frozen(kw_only=True)
class ClockPlan:
    """One clock, linked: its choices with their conditions, and what it listens to."""

    clock: Clock
    order: int
    targets: tuple[tuple[Expression | None, Any], ...]
    calendars: tuple[tuple[Expression | None, Any], ...]
    reads: frozenset[str]
    events: frozenset[str]
    states: frozenset[str]
    watches_fields: bool
    watches_messages: bool
    watches_queue: bool
    pauses: bool
    paused_in: frozenset[str]
    counts_in: frozenset[str]
    counts_in_queue: frozenset[str]
    rests: bool
    """Whether there are places in which it does not count."""
    stop_states: frozenset[str]
    stop_else: tuple[Wait, ...]
    cancel: tuple[Wait, ...]
    reset: tuple[Wait, ...]
    pause: tuple[Wait, ...]
    resume: tuple[Wait, ...]
    start: tuple[Wait, ...]
    hears: bool
    """
    Whether what it was told is kept, so that a late event finds its place: it waits for what merely happens, or for more
    than one of the ticket's states, its queue and its fields.
    """
    afters: frozenset[str]
    """The clocks that must have been stopped before something it waits for counts."""
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
    targets, calendars = _targets(compiled, clock, path), _calendars(compiled, clock, path)
    asked = [take for _, take in targets if isinstance(take, TableOutput)]
    if all(take is None for _, take in calendars) and (
        clock.counts_days or any(needs_calendar(compiled, output) for output in asked)
    ):
        compiled.problems.add("clock.needs_calendar", f"{path}.within", clock=clock.name)
    named = calendars[0][1]
    if len(calendars) == 1 and isinstance(named, TableOutput):
        for output in asked:
            check_together(compiled, output, named)
    waits = _waits(compiled, clock, path)
    conditions = [wait for listed in waits.values() for wait in listed]
    reads = frozenset(name for when, _ in (*targets, *calendars) if when is not None for name in compiled.depends_on(when))
    reads |= {name for _, take in (*targets, *calendars) if isinstance(take, TableOutput) for name in _read_by(compiled, take)}
    places = (*clock.paused_in, *clock.counts_in, *clock.counts_in_queue)
    stops = {item.value for item in clock.stop if short(item)}
    return ClockPlan(
        clock=clock,
        order=order,
        targets=tuple(targets),
        calendars=tuple(calendars),
        reads=reads,
        events=frozenset(item.value for item in conditions if item.kind == "event"),
        states=frozenset((*clock.paused_in, *clock.counts_in, *(item.value for item in conditions if item.kind in MOVES)))
        | ({promise.state} if promise.state is not None else set()),
        watches_fields=bool(reads) or any(item.kind == "field" for item in conditions),
        watches_messages=any(item.kind == "message" for item in conditions),
        watches_queue=bool(clock.counts_in_queue) or any(item.kind in ("queue", "left_queue") for item in conditions),
        pauses=bool(places or clock.pause or clock.resume or promise.step is not None),
        paused_in=frozenset(clock.paused_in),
        counts_in=frozenset(clock.counts_in),
        counts_in_queue=frozenset(clock.counts_in_queue),
        rests=bool(places),
        stop_states=frozenset(stops),
        stop_else=tuple(wait for wait, item in zip(waits["stop"], clock.stop, strict=True) if not short(item)),
        cancel=waits["cancel"],
        reset=waits["reset"],
        pause=waits["pause"],
        resume=waits["resume"],
        start=waits["start"],
        hears=promise.step is None and _hears(clock, conditions),
        afters=frozenset(wait.after for wait in conditions if wait.after is not None),
        fixed=_fixed(targets, calendars),
        only_in=promise.state,
        step=promise.step,
    )


def _hears(clock: Clock, conditions: list[Wait]) -> bool:
    kinds = {item.kind for item in conditions}
    places = {MOVED[kind] for kind in kinds if kind in MOVED}
    if clock.paused_in or clock.counts_in:
        places.add("state")
    if clock.counts_in_queue:
        places.add("queue")
    return clock.parent is None and (len(places) > 1 or not kinds <= MOVED.keys())


Linked = list[tuple[Expression | None, Any]]


def _targets(compiled: Compiled, clock: Clock, path: str) -> Linked:
    """The targets, each with its condition; what a table gives is checked."""
    targets: Linked = []
    for index, choice in enumerate(clock.choices):
        place = f"{path}.within[{index}]" if isinstance(clock.within, tuple) else f"{path}.within"
        if isinstance(choice.take, TableOutput):
            check_output(compiled, choice.take, f"{place}.take" if isinstance(clock.within, tuple) else place, TARGET)
        targets.append((compiled.condition(choice.when, f"{place}.when"), choice.take))
    return targets


def _calendars(compiled: Compiled, clock: Clock, path: str) -> Linked:
    """The names of the calendars, each with its condition; one written here gets a name, what a table gives is checked."""
    calendars: Linked = []
    for index, choice in enumerate(clock.calendars):
        place = f"{path}.calendar[{index}]" if isinstance(clock.calendar, tuple) else f"{path}.calendar"
        take = choice.take
        if isinstance(take, OpenTime):
            name = f"{clock.name}#{index}"
            compiled.calendars[name] = take
            take = name
        elif isinstance(take, TableOutput):
            check_output(compiled, take, f"{place}.take" if isinstance(clock.calendar, tuple) else place, CALENDAR)
        elif take is not None:
            compiled.problems.known("calendar", take, compiled.calendars, f"{path}.calendar")
        calendars.append((compiled.condition(choice.when, f"{place}.when"), take))
    return calendars


def _read_by(compiled: Compiled, output: TableOutput) -> frozenset[str]:
    return read_by(compiled.workflow.tables, output.table)


def _waits(compiled: Compiled, clock: Clock, path: str) -> dict[str, tuple[Wait, ...]]:
    """What each condition of a clock waits for, by what it does to the clock."""
    made: dict[str, tuple[Wait, ...]] = {}
    for key in CONDITIONS:
        made[key] = tuple(
            # What ends it in a state is kept as until, however it was written.
            compile_condition(compiled, item, f"{path}.until" if key == "stop" and short(item) else f"{path}.{key}[{index}]")
            for index, item in enumerate(getattr(clock, key))
        )
    for key in ("paused_in", "counts_in"):
        for state in getattr(clock, key):
            compiled.problems.known("state", state, compiled.states, f"{path}.{key}")
    if compiled.workflow.queues:
        for queue in clock.counts_in_queue:
            compiled.problems.known("queue", queue, compiled.workflow.queues, f"{path}.counts_in_queue")
    return made


def in_order(compiled: Compiled) -> tuple[ClockPlan, ...]:
    """The clocks as they look at what happened: in document order, but after those that they ask whether they were stopped."""
    left, placed = list(compiled.clocks), dict[str, ClockPlan]()
    names = {plan.clock.name for plan in left}
    while left:
        ready = next((plan for plan in left if plan.afters & names <= placed.keys()), None)
        if ready is None:
            circle = tuple(plan.clock.name for plan in left)
            for plan in left:
                if plan.afters & set(circle):
                    place = compiled.promises[plan.order].path
                    compiled.problems.add("clock.after_circle", place, clock=plan.clock.name, clocks=circle)
            return compiled.clocks
        left.remove(ready)
        placed[ready.clock.name] = ready
    return tuple(placed.values())


def _fixed(targets: Linked, calendars: Linked) -> tuple[timedelta, str | None] | None:
    (when, take), (condition, name) = targets[0], calendars[0]
    if when is not None or condition is not None or not isinstance(take, Span) or take.business_days:
        return None
    if isinstance(name, TableOutput) and not take.elapsed:
        return None
    return take.exact, None if take.elapsed else name
