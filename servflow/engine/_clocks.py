"""Knows when a ticket's clocks start, pause, stop and reach their marks; must not know how time is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from servflow import sla
from servflow.calendars import OpenTime
from servflow.engine import _checklist
from servflow.errors import DefinitionError, Refused, TimeError
from servflow.expressions import Expression
from servflow.model import (
    Amended,
    Breached,
    ClockPaused,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockRun,
    ClockStarted,
    ClockStopped,
    Span,
    Warned,
    replace,
    same_value,
)
from servflow.sla import BREACH, Clock, Condition

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall
    from servflow.engine._compile import Compiled
    from servflow.engine._idioms import Promise

LIVE = ("running", "paused")


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
            _check_condition(compiled, condition, f"{path}.until" if short else f"{path}.{key}[{index}]")
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


def _check_condition(compiled: Compiled, condition: Condition, path: str) -> None:
    if condition.kind == "state":
        compiled.problems.known("state", condition.value, compiled.states, path)
    elif condition.kind == "field":
        names = condition.value if isinstance(condition.value, Mapping) else (condition.value,)
        for name in names:
            known = (*compiled.workflow.fields, "priority", "assignee", "owner", "outlet", "customer")
            compiled.problems.known("field", name, known, f"{path}.field")
    elif condition.kind == "queue" and compiled.workflow.queues and isinstance(condition.value, str):
        compiled.problems.known("queue", condition.value, compiled.workflow.queues, f"{path}.queue")


# reacting -----------------------------------------------------------------------------------------------------


def react(call: OneCall) -> None:
    """Let every clock look at what happened, in document order."""
    happening = call.happening
    for plan in call.compiled.clocks_for(happening):
        _react(call, plan, happening)


def concerns(plan: ClockPlan, happening: Happening) -> bool:
    """Whether what happened can matter to a clock at all."""
    if happening.opened or happening.closed or happening.reopened:
        return True
    states = plan.states
    return (
        (happening.event is not None and happening.event in plan.events)
        or any(name in states for name in happening.entered)
        or any(name in states for name in happening.exited)
        or (plan.watches_fields and bool(happening.changed - {"state"}))
        or ("state" in plan.reads and "state" in happening.changed)
        or (plan.watches_messages and happening.message is not None)
        or (plan.watches_queue and happening.queue)
    )


def _react(call: OneCall, plan: ClockPlan, happening: Happening) -> None:
    # The order at one instant: cancel, stop, reset, pause, resume, start, retarget.
    clock = plan.clock
    live = call.draft.clocks.get(clock.name)
    if live is not None and live.phase in LIVE:
        if clock.cancel and _any(call, clock.cancel, happening):
            _change(call, plan, "cancel", "cancelled by its condition")
        elif not plan.stop_states.isdisjoint(happening.entered) or (plan.stop_else and _any(call, plan.stop_else, happening)):
            _change(call, plan, "stop", "reached")
        elif happening.closed and call.draft.closed:
            _change(call, plan, "cancel", "the ticket closed")
        elif plan.only_in in happening.exited and plan.step is None:
            _change(call, plan, "cancel", f"left {plan.only_in}")
        if clock.reset and _any(call, clock.reset, happening):
            _reset(call, plan)
        if plan.pauses and call.draft.clocks[clock.name].phase in LIVE:
            _pause_or_resume(call, plan, happening)
        live = call.draft.clocks.get(clock.name)  # what stopped just now may start its next cycle
    if (live is None or live.phase not in LIVE) and _starts(call, plan, live, happening):
        _start(call, plan, happening)
    elif plan.reads and happening.changed & plan.reads:
        _retarget(call, plan)


def _run(call: OneCall, plan: ClockPlan) -> ClockRun | None:
    return call.draft.clocks.get(plan.clock.name)


def _any(call: OneCall, conditions: tuple[Condition, ...], happening: Happening) -> bool:
    # A loop rather than any(): most clocks have one condition or none, and this runs at every event.
    for condition in conditions:  # noqa: SIM110 - see above
        if _matches(call, condition, happening):
            return True
    return False


def _matches(call: OneCall, condition: Condition, happening: Happening) -> bool:
    kind, value = condition.kind, condition.value
    if kind == "event":
        return bool(happening.event == value)
    if kind == "state":
        return value in happening.entered
    if kind == "queue":
        return happening.queue and bool(call.draft.queue == value)
    if kind == "message":
        return happening.message is not None and all(happening.message.get(key) == wanted for key, wanted in value.items())
    wanted = value if isinstance(value, Mapping) else {value: None}
    if not any(name in happening.changed for name in wanted):
        return False
    if not isinstance(value, Mapping):
        return True
    return all(same_value(call.scope().get(name), expected) for name, expected in value.items())


def _inside(call: OneCall, plan: ClockPlan) -> bool:
    if plan.only_in is not None and plan.only_in not in call.draft.entered:
        return True
    return not plan.paused_in.isdisjoint(call.draft.entered)


def _pause_or_resume(call: OneCall, plan: ClockPlan, happening: Happening) -> None:
    run = _run(call, plan)
    if run is None or run.phase not in LIVE:
        return
    inside = _inside(call, plan)
    if run.phase == "running":
        if inside:
            state = next((name for name in plan.clock.paused_in if name in call.draft.entered), None)
            _change(call, plan, "pause", f"in state {state}" if state is not None else f"outside {plan.only_in}")
        elif plan.clock.pause and _any(call, plan.clock.pause, happening):
            _change(call, plan, "pause", "paused by its condition")
        return
    left = plan.only_in is not None or not plan.paused_in.isdisjoint(happening.exited)
    if not inside and (left or _any(call, plan.clock.resume, happening)):
        _change(call, plan, "resume", "")


_KINDS: Mapping[str, Any] = {
    "pause": (sla.pause, ClockPaused),
    "resume": (sla.resume, ClockResumed),
    "stop": (sla.stop, ClockStopped),
    "cancel": (sla.cancel, ClockStopped),
}


def _change(call: OneCall, plan: ClockPlan, operation: str, reason: str) -> None:
    run = _run(call, plan)
    if run is None:
        return
    cal = call.compiled.counting(run.calendar)
    back, at = _rewound(call, plan, run, cal)
    change, kind = _KINDS[operation]
    changed = change(plan.clock, back, at, cal)
    if changed is not run:
        call.record(kind, clock=plan.clock.name, instant=at, run=changed, reason=reason)


def _rewound(call: OneCall, plan: ClockPlan, run: ClockRun, cal: OpenTime | None) -> tuple[ClockRun, datetime]:
    """The clock as it was when the event occurred; marks that have not happened after all are amended."""
    at = call.effective
    if call.occurred is None:
        return run, at
    at = sla.clamp(run, at)
    back, undone = sla.rewind(plan.clock, run, at, cal)
    for mark, was in undone:
        call.record(Amended, clock=plan.clock.name, instant=at, run=back, mark=mark, was=was, reason="occurred earlier")
        call.amended.append(cause_of(plan.clock.name, run.cycle, mark))
    return back, at


def cause_of(clock: str, cycle: int, mark: str) -> str:
    """What a chain that a clock's mark started gives as its cause."""
    return f"clock:{clock}:{cycle}:{mark}"


def _starts(call: OneCall, plan: ClockPlan, run: ClockRun | None, happening: Happening) -> bool:
    clock, closed = plan.clock, happening.closed and call.draft.closed
    if plan.only_in is not None and plan.only_in not in call.draft.entered:
        return False  # it was entered and left in one step
    start = clock.start
    if closed:  # the states it went through on its way to the end promise nothing any more
        start = tuple(one for one in start if one.kind != "state" or one.value in call.draft.entered)
    if happening.reopened and run is not None and not _any(call, start, happening):
        if closed:  # reopened and closed again in one step
            return False
        return clock.on_reopen != "ignore" and not (clock.start and clock.on_reopen == "new_cycle")
    if not clock.start:
        return happening.opened and not closed
    return _any(call, start, happening)


def _start(call: OneCall, plan: ClockPlan, happening: Happening) -> None:
    clock = plan.clock
    if not plan.stop_states.isdisjoint(call.draft.entered):
        return  # what it promises holds already
    if plan.step is not None and not (plan.only_in is not None and _checklist.may_start(call, plan.only_in, plan.step)):
        return  # it is done already, or another step comes first
    run = _run(call, plan)
    # What occurred before the opening, or before the cycle that ended last, counts from there.
    at = call.draft.opened_at if happening.opened else max(call.effective, call.draft.opened_at)
    if run is not None and run.stopped_at is not None:
        at = max(at, run.stopped_at)
    if run is not None and happening.reopened and clock.on_reopen == "resume" and run.phase == "met":
        cal = call.compiled.counting(run.calendar)
        again = sla.reopen(clock, run, at, cal)
        call.record(ClockResumed, clock=clock.name, instant=at, run=again, reason="reopened")
    else:
        within, name, cal = choose(call, plan, at)
        if within is None:
            return  # no target applies to this ticket, so nothing is promised
        fresh = sla.begin(clock, at, within, name, cal, run)
        call.record(ClockStarted, clock=clock.name, instant=at, run=fresh)
    if plan.paused_in and _inside(call, plan):
        _change(call, plan, "pause", "started while paused")


def choose(call: OneCall, plan: ClockPlan, at: datetime) -> tuple[timedelta | None, str | None, OpenTime | None]:
    """
    The target and calendar that apply to the ticket now: the first choice whose condition holds.

    Raises:
        Refused: the calendar has no such day.
    """
    if plan.fixed is not None:
        within, name = plan.fixed
        return within, name, call.compiled.counting(name)
    where = f"clock {plan.clock.name}"
    take = next((take for when, take in plan.targets if call.holds(when, where)), None)
    name = next((take for when, take in plan.calendars if call.holds(when, where)), None)
    if take is None:
        return None, None, None
    if sla.passes(take):
        name = None
    cal = call.compiled.counting(name)
    try:
        return sla.target(take, cal, at), name, cal
    except (TimeError, DefinitionError) as error:
        raise Refused(f"clock {plan.clock.name}: {error}", code="guard", clock=plan.clock.name, why=str(error)) from error


def _reset(call: OneCall, plan: ClockPlan) -> None:
    run = _run(call, plan)
    if run is None or run.phase not in LIVE:
        return
    within, name, cal = choose(call, plan, call.effective)
    if within is not None:
        run, at = _rewound(call, plan, run, call.compiled.counting(run.calendar))
        fresh = sla.reset(plan.clock, run, at, within, name, cal)
        call.record(ClockReset, clock=plan.clock.name, instant=at, run=fresh, reason="reset by its condition")


def _retarget(call: OneCall, plan: ClockPlan) -> None:
    run = _run(call, plan)
    if run is None or run.phase not in LIVE:
        return
    within, name, cal = choose(call, plan, run.started_at)
    if within is None:
        return
    old = call.compiled.counting(run.calendar)
    if within == run.within and name == run.calendar:
        return
    back, at = _rewound(call, plan, run, old)
    changed = sla.retarget(plan.clock, back, at, within, name, cal, old_cal=old)
    if changed is not run:
        call.record(ClockRetargeted, clock=plan.clock.name, instant=at, run=changed, reason="target changed")


def recalendar(call: OneCall) -> None:
    """
    Calendars have changed since the ticket was last touched: count its live clocks again.

    A clock that says ``prospective`` counts by the new ones from its latest start or resume, where the ticket has
    not been touched since; else it keeps its due instant until it is next resumed, for the calendar it was counted
    by up to now is gone.
    """
    for plan in call.compiled.clocks:
        run = _run(call, plan)
        if run is None or run.phase not in LIVE or run.calendar is None:
            continue
        if plan.clock.on_calendar_change == "prospective" and run.since is not None and run.since < call.at:
            continue
        cal = call.compiled.counting(run.calendar)
        changed = sla.recalendar(plan.clock, run, call.at, cal, None)
        if changed != replace(run, retargeted_at=changed.retargeted_at):
            call.record(ClockRetargeted, clock=plan.clock.name, instant=call.at, run=changed, reason="calendar changed")


def reach_mark(call: OneCall, plan: ClockPlan, reason: str = "") -> str:
    """The next mark of a clock has come: record it at its own instant, and say which it was."""
    run = call.draft.clocks[plan.clock.name]
    mark, instant = run.next_mark or BREACH, run.next_at or call.at
    after = sla.reach(plan.clock, run, call.compiled.counting(run.calendar))
    if mark == BREACH:
        call.record(Breached, clock=plan.clock.name, instant=instant, run=after, reason=reason)
    else:
        call.record(Warned, clock=plan.clock.name, instant=instant, run=after, mark=mark, reason=reason)
    return mark
