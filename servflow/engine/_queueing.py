"""Knows how a ticket waits in line until somebody pulls it; must not know who is best for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import dispatch
from servflow.dispatch import NextFor
from servflow.dispatch._admit import Admission, admit
from servflow.dispatch._queue import Judged, alone, in_line, judge
from servflow.engine._assigning import assign
from servflow.engine._decided import decided
from servflow.engine._filling import filled
from servflow.engine._lining import QUEUED
from servflow.engine._payloads import text
from servflow.engine._slots import SlotPlan, plan_of, progress_of
from servflow.errors import InputError, Refused
from servflow.model import SYSTEM, FrozenMap, Ticket, World, instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._workflow import Workflow

TAKE = "queue.take"
INDEX = "queued:"
"""What the names begin with under which a store finds waiting tickets; the dispatch entry's name follows."""


FOUND_BY = ("asset", "customer", "outlet", "parent", "requester")
"""What a ticket has besides its fields by which a store finds it, in every workflow."""


def index_of(workflow: Workflow, ticket: Ticket) -> Mapping[str, Any]:
    """What a store finds the ticket by, where not null: ``FOUND_BY``, fields marked ``indexed``, and its waiting lines."""
    held = ticket.fields
    found = {name: value for name in FOUND_BY if (value := getattr(ticket, name)) is not None}
    found |= {name: held[name] for name in workflow.compiled.indexed if held.get(name) is not None}
    for progress in ticket.slots.values() if ticket.slots else ():
        if progress.phase == QUEUED:
            found[INDEX + progress.policy] = True
    return FrozenMap(found)


def lines(workflow: Workflow) -> tuple[str, ...]:
    """The dispatch entries whose tickets may wait to be pulled."""
    return tuple(policy.name for policy in workflow.dispatch if "queue" in policy.modes)


def _waiting(call: OneCall, payload: Mapping[str, Any]) -> list[SlotPlan]:
    wanted = text(TAKE, payload, "policy", limit=200)
    queued = [progress.policy for progress in call.draft.slots.values() if progress.phase == QUEUED]
    named = [name for name in queued if wanted in (None, name)]
    if not named:
        said = f"of {wanted} " if wanted else ""
        raise Refused(
            f"{TAKE} is not allowed now: the ticket does not wait in a line {said}to be pulled"
            + (f"; it waits in {', '.join(queued)}" if queued else ""),
            code="not_here",
            event=TAKE,
            state=call.draft.state,
            allowed_in=tuple(sorted({state for name in lines(call.workflow) for state in plan_of(call, name).policy.state})),
        )
    return [plan_of(call, name) for name in named]


def admitted(call: OneCall, payload: Mapping[str, Any]) -> tuple[SlotPlan, Admission]:
    """
    The line the ticket waits in, the first in which they may take it, and how whoever fires stands to it.

    Raises:
        Refused: it does not wait, nobody is named, or a requirement keeps them from it (``guard``).
    """
    plans = _waiting(call, payload)
    actor = call.actor.id if call.actor is not None and call.actor != SYSTEM else None
    if actor is None:
        raise Refused(f"{TAKE} is not permitted: say who takes it", code="not_permitted", event=TAKE, actor=None, needs=())
    if call.world is None:
        raise Refused(
            f"{TAKE} is not allowed now: no world was passed, so nobody knows whether {actor} may take it",
            code="guard",
            event=TAKE,
            actor=actor,
        )
    hooks = call.workflow.extensions.hooks
    each = [(one, admit(one.policy, call.snapshot(), call.world, call.at, actor, hooks=hooks)) for one in plans]
    plan, found = next((pair for pair in each if pair[1].fits), each[0])
    if not found.fits:
        said = "; ".join(verdict.text() for verdict in found.failed)
        raise Refused(
            f"{TAKE} is not allowed now: {said or f'{actor} is none of the {plan.policy.candidates} of the world'}",
            code="guard",
            event=TAKE,
            actor=actor,
            failed=tuple(verdict.rule for verdict in found.failed),
            again_at=max((one.again_at for one in found.failed if one.again_at is not None), default=None),
        )
    return plan, found


def take(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Whoever fires it takes the ticket out of the line, where every requirement lets them.

    Raises:
        Refused: as ``admitted``.
    """
    plan, found = admitted(call, payload)
    actor, world, hooks = found.candidate, call.world, call.workflow.extensions.hooks
    progress = progress_of(call, plan)
    if progress is None or world is None:
        return
    choice = dispatch.evaluate(plan.policy, call.snapshot(), alone(world, actor), call.at, hooks=hooks, explain=False)
    decided(call, plan, attrs.evolve(choice, action="take", to=(actor,)))
    filled(call, plan, attrs.evolve(progress, world=choice.world), actor, f"{actor} took it")
    assign(call, plan.policy.slot, actor, f"dispatch[{plan.order}]", policy=plan.policy.name, takes=found.takes)


def next_for(
    workflow: Workflow,
    tickets: Iterable[Ticket],
    engineer: str,
    at: datetime,
    *,
    world: World | Mapping[str, Any] | None,
    policy: str | None = None,
) -> NextFor:
    """Which of these tickets somebody who pulls should take next, in whichever line of the workflow it waits."""
    at = instant(at)
    only = alone(World.of(world) or World(), engineer)
    return in_line(engineer, at, *judged(workflow, tickets, only, at, engineer, policy=policy))


def judged(
    workflow: Workflow, tickets: Iterable[Ticket], only: World, at: datetime, engineer: str, *, policy: str | None = None
) -> tuple[list[Judged], list[str]]:
    """
    What the lines of a workflow make of tickets in a world of one person, and which tickets wait in none.

    A ticket that waits in several is judged by the first in which they may take it.
    """
    plans = {plan.policy.name: plan for plan in workflow.compiled.slots}
    if policy is not None and policy not in plans:
        known = ", ".join(plans) or "none"
        raise InputError(f"{workflow.workflow} has no dispatch entry {policy!r}; it has {known}", code="dispatch.policy")
    hooks = workflow.extensions.hooks
    each, others = [], []
    for ticket in sorted({ticket.id: ticket for ticket in tickets}.values(), key=lambda one: one.id):
        found = [one for one in ticket.slots.values() if one.phase == QUEUED and one.policy in plans]
        mine = [plans[one.policy].policy for one in found if policy in (None, one.policy)]
        if ticket.workflow != workflow.workflow or not mine:
            others.append(ticket.id)
        else:
            found_in = [judge(mine[0], ticket, only, at, engineer, hooks=hooks)]
            for other in mine[1:]:
                if not found_in[-1].choice.ranked:
                    found_in.append(judge(other, ticket, only, at, engineer, hooks=hooks))
            each.append(found_in[-1] if found_in[-1].choice.ranked else found_in[0])
    return each, others


__all__ = ["INDEX", "TAKE", "admitted", "index_of", "judged", "lines", "next_for", "take"]
