"""Knows the dispatch entries of a workflow, linked, and how far each has come; must not know who is best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from servflow.dispatch import Policy
from servflow.engine._assigning import SLOTS
from servflow.engine._at_work import at_work
from servflow.expressions import IN_STATE, Expression
from servflow.model import (
    SlotChanged,
    SlotProgress,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled


@attrs.frozen(kw_only=True)
class SlotPlan:
    """One dispatch entry, linked: where it runs and what it reads."""

    policy: Policy
    order: int
    when: Expression | None
    reads: frozenset[str]
    home: frozenset[str]
    """Where it goes on once somebody had the ticket: its states, and those in which it may be taken back."""
    work: frozenset[str] = frozenset()
    """Where there is work again for whoever has the slot, once the ticket comes back from where it was done."""

    def touched(self, changed: set[str]) -> bool:
        """Whether something changed that its requirements read, the slot of which they are (``of``) among it."""
        return bool(changed & self.reads) or (self.policy.of is not None and self.policy.of in changed)

    def here(self, call: OneCall, progress: SlotProgress) -> bool:
        """Whether the search may go on where the ticket is."""
        policy = self.policy
        if not policy.state:  # an event began it; closing the ticket ends it
            return not (call.happening.closed and call.draft.closed)
        places = self.home if progress.phase == "filled" or progress.again else policy.state
        return any(state in call.draft.entered for state in places)


def compile_slots(compiled: Compiled) -> tuple[SlotPlan, ...]:
    """Link every dispatch entry; names that are not declared go to the findings."""
    return tuple(_compile(compiled, order, policy) for order, policy in enumerate(compiled.workflow.dispatch))


def _compile(compiled: Compiled, order: int, policy: Policy) -> SlotPlan:
    path = f"dispatch[{order}]"
    problems = compiled.problems
    for state in policy.until:
        problems.known("state", state, compiled.states, f"{path}.until")
    problems.known("slot", policy.slot, SLOTS, f"{path}.slot")
    found = policy.check(
        compiled.timeless,
        states=compiled.states,
        hooks=compiled.workflow.extensions.hooks,
        functions={**compiled.workflow.extensions.functions, "in_state": IN_STATE},
    )
    problems.findings.extend(attrs.evolve(finding, path=f"{path}.{finding.path}".rstrip(".")) for finding in found)
    for where, read in _expressions(policy):
        # The policy itself refuses ``at`` and ``clock``; which tables move with time only the workflow knows.
        if timed := [name for name in problems.timed(read) if name.startswith("table.")]:
            problems.add("dispatch.reads_time", f"{path}.{where}", names=timed)
    for index, entry in enumerate(policy.require):
        compiled.check_not_by(" ".join(entry.separate), f"{path}.require[{index}].separate")
    calendars = [(f"relax[{index}].calendar", step.calendar) for index, step in enumerate(policy.relax)]
    calendars.append(("offer.calendar", policy.offer.calendar if policy.offer is not None else None))
    calendars.append(("redispatch.calendar", policy.redispatch.calendar if policy.redispatch is not None else None))
    if policy.appointment is not None:
        calendars.append(("appointment.calendar", policy.appointment.calendar))
    for where, name in calendars:
        if name is not None:
            problems.known("calendar", name, compiled.calendars, f"{path}.{where}")
    conditions = [item for requirement in policy.require for item in requirement.expressions.values()]
    conditions += () if policy.visit is None else policy.visit.expressions.values()
    conditions += () if policy.takes is None else (policy.takes,)
    reads = {name for item in conditions for name in compiled.depends_on(item)} - {"candidate"}
    when = policy.when
    if when is not None and problems.strict and not any(item.path == "when" for item in found):
        when = problems.expression(when, compiled.timeless, f"{path}.when", functions=compiled.functions)
    if not policy.state and not policy.event:
        problems.add("dispatch.never", path, policy=policy.name)
    return SlotPlan(
        policy=policy,
        order=order,
        when=when,
        reads=frozenset(reads),
        home=_home(compiled, policy, path),
        work=at_work(compiled, policy),
    )


def _home(compiled: Compiled, policy: Policy, path: str) -> frozenset[str]:
    again = policy.redispatch
    if again is None or not policy.state:
        return frozenset(policy.state)
    for state in again.state:
        compiled.problems.known("state", state, compiled.states, f"{path}.redispatch.state")
    event = f"assigned.{policy.name}"
    leads = {state for index in compiled.takers.of(event) for state in compiled.transitions[index].target or ()}
    leads &= set(compiled.states)
    began = {state for state in leads if state in policy.until or compiled.is_closed((state,))}
    if not again.state and leads and leads == began:
        compiled.problems.add(
            "dispatch.redispatch_never_filled", f"{path}.redispatch", "warning", policy=policy.name, states=policy.state
        )
    return frozenset({*policy.state, *(again.state or leads - began)})


def _expressions(policy: Policy) -> Iterator[tuple[str, Expression]]:
    """Every expression of a dispatch entry, with its path."""
    if policy.when is not None:
        yield "when", policy.when
    yield from policy.needs
    for index, requirement in enumerate(policy.require):
        for key, read in requirement.expressions.items():
            yield f"require[{index}].{key}", read
    for number, level in enumerate(policy.prefer):
        for index, term in enumerate(level):
            for key, read in term.expressions.items():
                yield f"prefer[{number}][{index}].{key}", read


def progress_of(call: OneCall, plan: SlotPlan) -> SlotProgress | None:
    progress = call.draft.slots.get(plan.policy.slot)
    return progress if progress is not None and progress.policy == plan.policy.name else None


def progressed(call: OneCall, plan: SlotPlan, progress: SlotProgress | None, reason: str) -> None:
    call.record(SlotChanged, slot=plan.policy.slot, policy=plan.policy.name, progress=progress, reason=reason)


def plan_of(call: OneCall, policy: str) -> SlotPlan:
    """The entry of that name."""
    return next(plan for plan in call.compiled.slots if plan.policy.name == policy)
