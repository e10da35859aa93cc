"""Knows whether what happened is what a clock waits for; must not know what the clock does then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._scope import scope_types
from servflow.expressions import Expression
from servflow.model import ClockRun, same_value
from servflow.sla import Condition

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled

MOVES = ("state", "left")
"""What only a move of the ticket itself brings about."""
MOVED = {"state": "state", "left": "state", "queue": "queue", "left_queue": "queue", "field": "field"}
"""Of what the ticket is each kind of condition tells; what merely happens has its place in time instead."""


@attrs.frozen
class Wait:
    """One condition, linked: what narrows it is an expression that can be asked."""

    kind: str
    value: Any
    when: Expression | None
    after: str | None


def compile_condition(compiled: Compiled, condition: Condition, path: str) -> Wait:
    """Link one condition; names that are not declared and what reads time go to the findings."""
    kind, value, known = condition.kind, condition.value, compiled.problems.known
    types: Mapping[str, Any] | None = None
    if kind in MOVES:
        known("state", value, compiled.states, path if kind == "state" else f"{path}.{kind}")
    elif kind == "field":
        for name in value if isinstance(value, Mapping) else (value,):
            there = (*compiled.workflow.fields, "priority", "assignee", "owner", "outlet", "customer")
            known("field", name, there, f"{path}.field")
    elif kind in ("queue", "left_queue") and compiled.workflow.queues and isinstance(value, str):
        known("queue", value, compiled.workflow.queues, f"{path}.{kind}")
    elif kind in ("event", "message"):
        types = with_payload(compiled, "ticket.message" if kind == "message" else value)
    when = compiled.condition(condition.when, f"{path}.when", types=types)
    if condition.after is not None:
        known("clock", condition.after, compiled.clock_names, f"{path}.after")
    return Wait(kind, value, when, condition.after)


def with_payload(compiled: Compiled, event: str) -> Mapping[str, Any]:
    """What a condition on an event may read: the fields, who did it and, where exactly one is declared, its typed payload."""
    declared = [move.payload for move in compiled.transitions if event in (move.event or "").split() and move.payload]
    spec = compiled.workflow.events.get(event)
    if spec is not None and spec.payload:
        declared.append(spec.payload)
    one = declared[0] if declared and all(payload == declared[0] for payload in declared) else None
    payload = scope_types({}, {}, (), one)["payload"]
    return {**compiled.timeless, "payload": payload, "actor": compiled.types["actor"]}


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


def matches_any(call: OneCall, waits: tuple[Wait, ...], happening: Happening) -> bool:
    """Whether something a clock waits for has happened, and all that narrows it holds."""
    # A loop rather than any(): most clocks have one condition or none, and this runs at every event.
    for wait in waits:  # noqa: SIM110 - see above
        if matches(call, wait, happening) and (wait.after is None or stopped(call, wait.after)):
            return True
    return False


def matches(call: OneCall, wait: Wait, happening: Happening) -> bool:
    """Whether something a clock waits for has happened, whatever else must have been before."""
    return _matches(call, wait, happening) and (wait.when is None or call.holds(wait.when, "clock condition"))


def stopped(call: OneCall, clock: str) -> bool:
    """Whether a clock of the ticket has been stopped before: in time or not, in this cycle or an earlier one."""
    run = call.draft.clocks.get(clock)
    return run is not None and (run.phase == "met" or run.summary.cycles > run.summary.cancelled)


def _matches(call: OneCall, wait: Wait, happening: Happening) -> bool:
    kind, value = wait.kind, wait.value
    if kind == "event":
        return bool(happening.event == value)
    if kind == "state":
        return value in happening.entered
    if kind == "message":
        return happening.message is not None and all(happening.message.get(key) == wanted for key, wanted in value.items())
    if kind == "left":
        return value in happening.exited and value not in call.draft.entered
    if kind == "queue":
        return happening.queue and happening.came_from != value and bool(call.draft.queue == value)
    if kind == "left_queue":
        return happening.queue and happening.came_from == value and bool(call.draft.queue != value)
    wanted = value if isinstance(value, Mapping) else {value: None}
    if not any(name in happening.changed for name in wanted):
        return False
    if not isinstance(value, Mapping):
        return True
    return all(same_value(call.scope().get(name), expected) for name, expected in value.items())


def starts(call: OneCall, plan: ClockPlan, run: ClockRun | None, happening: Happening) -> bool:
    """Whether what happened starts a clock, or its next cycle."""
    clock, closed = plan.clock, happening.closed and call.draft.closed
    if plan.only_in is not None and plan.only_in not in call.draft.entered:
        return False  # it was entered and left in one step
    start = plan.start
    if closed:  # the states it went through on its way to the end promise nothing any more
        start = tuple(one for one in start if one.kind not in MOVES or one.value in call.draft.entered)
    if happening.reopened and run is not None and not matches_any(call, start, happening):
        if closed:  # reopened and closed again in one step
            return False
        return clock.on_reopen != "ignore" and not (clock.start and clock.on_reopen == "new_cycle")
    if not clock.start:
        return happening.opened and not closed
    return matches_any(call, start, happening)


def resting(call: OneCall, plan: ClockPlan) -> str | None:
    """Why a clock does not count where the ticket is now; None where it does."""
    entered = call.draft.entered
    if plan.only_in is not None and plan.only_in not in entered:
        return f"outside {plan.only_in}"
    if not plan.paused_in.isdisjoint(entered):
        return f"in state {next(name for name in plan.clock.paused_in if name in entered)}"
    if plan.counts_in and plan.counts_in.isdisjoint(entered):
        return f"outside {', '.join(plan.clock.counts_in)}"
    if plan.counts_in_queue and call.draft.queue not in plan.counts_in_queue:
        return f"outside queue {', '.join(plan.clock.counts_in_queue)}"
    return None


def may_go_on(plan: ClockPlan, happening: Happening) -> bool:
    """Whether what happened took the ticket from where the clock did not count."""
    return (
        plan.only_in is not None
        or not plan.paused_in.isdisjoint(happening.exited)
        or not plan.counts_in.isdisjoint(happening.entered)
        or (bool(plan.counts_in_queue) and happening.queue)
    )


def places(call: OneCall, plan: ClockPlan, happening: Happening) -> Iterator[tuple[str, bool, bool]]:
    """
    Of the ticket's states and its queue, where either has changed: whether a clock rests there, and whether it may go on.

    A clock counts only where it rests by neither.
    """
    entered, queue = call.draft.entered, plan.counts_in_queue
    if (happening.opened or happening.entered or happening.exited) and (plan.paused_in or plan.counts_in or plan.only_in):
        outside = bool(plan.counts_in) and plan.counts_in.isdisjoint(entered)
        rests = outside or not plan.paused_in.isdisjoint(entered) or (plan.only_in is not None and plan.only_in not in entered)
        left = plan.only_in is not None or not plan.paused_in.isdisjoint(happening.exited)
        yield "state", rests, left or not plan.counts_in.isdisjoint(happening.entered)
    if (happening.opened or happening.queue) and queue:
        yield "queue", call.draft.queue not in queue, happening.queue


def came_in(plan: ClockPlan, happening: Happening, place: str) -> bool:
    """Whether the ticket came from where a clock rested, rather than from elsewhere where it counted too."""
    if place == "queue":
        return happening.came_from not in plan.counts_in_queue
    return not plan.paused_in.isdisjoint(happening.exited) or plan.counts_in.isdisjoint(happening.exited)
