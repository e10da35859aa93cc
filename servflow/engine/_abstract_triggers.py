"""Knows what may happen next in a place of the abstract machine; must not know what it does."""

from __future__ import annotations

from typing import Any

from servflow.engine._abstract import GIVEN, MAX_JOINT, Abstract, Place, Trigger
from servflow.engine._assigning import SLOTS


def triggers(machine: Abstract, place: Place) -> list[Trigger]:
    """Everything that may happen in a place."""
    found = [Trigger("timer", state, index) for _, state, index in first_timers(machine, place)]
    found += [Trigger("retry", state, index) for state, index in place.refused]
    chart = machine.chart
    found += [Trigger("event", event) for event in machine.host_events if chart.candidates(place.configuration, event)]
    for trigger in machine.spontaneous:
        if trigger.kind == "level" or _possible(machine, place, trigger.name):
            found.append(trigger)
    if machine.updatable:
        found += _by_hand(machine, place)
    if machine.usable("ticket.assign"):
        found += [Trigger("assign", slot) for slot in SLOTS if slot in machine.order]
    if "checklist.complete" in machine.order and _listed_here(machine, place):
        found += [Trigger("check", event) for event in ("step.check", "step.uncheck") if machine.checks(event)]
    if machine.forcible:
        found += [Trigger("force", name) for name in machine.compiled.forcible]
    return found


def _by_hand(machine: Abstract, place: Place) -> list[Trigger]:
    compiled = machine.compiled
    reacts = machine.joint or compiled.has_eventless or machine.relevant_rules or compiled.moves("ticket.update")
    names = [item for item in machine.domains if item.name in machine.workflow.fields or item.name in GIVEN]
    size = 1
    for item in names:
        size *= len(item.regions)
    if not names:
        return []
    if not reacts:
        return [Trigger("update", item.name) for item in names]
    if size <= MAX_JOINT:
        return [Trigger("update", "*")]
    # What reacts to a change could tell one change of several values from several changes.
    machine.incomplete = machine.incomplete or "too many values may change at once"
    return [Trigger("update", item.name) for item in names]


def _listed_here(machine: Abstract, place: Place) -> bool:
    return any(machine.chart.contains(place.configuration, state) for state in machine.compiled.checklists)


def _possible(machine: Abstract, place: Place, event: str) -> bool:
    """Whether an event of dispatch can come while the ticket stands there."""
    first, _, name = event.partition(".")
    if any(plan.policy.name == name and plan.policy.appointment is not None for plan in machine.compiled.slots):
        return True  # a visit stays booked wherever the ticket goes
    if first not in ("assigned", "exhausted", "redispatched"):
        return machine.raisable(event)
    if first == "assigned" and machine.usable("ticket.assign"):
        return True
    for plan in machine.compiled.slots:
        if plan.policy.name == name:
            return bool(plan.policy.event) or any(machine.chart.contains(place.configuration, state) for state in plan.home)
    return True


def first_timers(machine: Abstract, place: Place) -> list[tuple[int, str, int]]:
    """The armed timers that may be the first to run out."""
    found = []
    for position, (group, state, index) in enumerate(place.timers):
        mine = machine.compiled.timed_states[state][index]
        if not any(
            _sooner(machine.compiled.timed_states[other][place_of], mine, same_group=before == group, earlier=number < position)
            for number, (before, other, place_of) in enumerate(place.timers)
            if before <= group and number != position
        ):
            found.append((group, state, index))
    return found


def _sooner(one: Any, other: Any, *, same_group: bool, earlier: bool) -> bool:
    """Whether a timer armed no later runs out first for certain."""
    if one.calendar != other.calendar or bool(one.after.business_days) or bool(other.after.business_days):
        return False
    if getattr(one, "resume", "restart") != "restart" or getattr(other, "resume", "restart") != "restart":
        return False
    if one.after.exact == other.after.exact:
        return same_group and earlier
    return bool(one.after.exact < other.after.exact)


__all__ = ["first_timers", "triggers"]
