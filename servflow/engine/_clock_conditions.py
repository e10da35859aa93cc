"""Knows whether what happened is what a clock waits for; must not know what the clock does then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from servflow.model import same_value
from servflow.sla import Condition

if TYPE_CHECKING:
    from servflow.engine._call import Happening, OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled


def check_condition(compiled: Compiled, condition: Condition, path: str) -> None:
    if condition.kind == "state":
        compiled.problems.known("state", condition.value, compiled.states, path)
    elif condition.kind == "field":
        names = condition.value if isinstance(condition.value, Mapping) else (condition.value,)
        for name in names:
            known = (*compiled.workflow.fields, "priority", "assignee", "owner", "outlet", "customer")
            compiled.problems.known("field", name, known, f"{path}.field")
    elif condition.kind == "queue" and compiled.workflow.queues and isinstance(condition.value, str):
        compiled.problems.known("queue", condition.value, compiled.workflow.queues, f"{path}.queue")


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


def matches_any(call: OneCall, conditions: tuple[Condition, ...], happening: Happening) -> bool:
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


def inside(call: OneCall, plan: ClockPlan) -> bool:
    if plan.only_in is not None and plan.only_in not in call.draft.entered:
        return True
    return not plan.paused_in.isdisjoint(call.draft.entered)
