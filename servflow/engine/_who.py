"""Knows how questions about who gets a ticket are answered by the policy that would choose; must not change anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from servflow import dispatch
from servflow.dispatch import Again, Choice, Hooks, Policy, Unblock, WhyNot
from servflow.engine._as_of import as_of
from servflow.engine._given import Given
from servflow.errors import InputError, nearest
from servflow.model import Decided, Record, Ticket, World

if TYPE_CHECKING:
    from datetime import datetime

    from servflow.engine._workflow import Workflow


@attrs.frozen(kw_only=True)
class Asked:
    """What a policy is asked about: the ticket as it stands at an instant, and the world."""

    policy: Policy
    ticket: Ticket
    world: World
    at: datetime
    hooks: Hooks

    @classmethod
    def of(cls, workflow: Workflow, ticket: Ticket, given: Given, slot: str | None) -> Asked:
        """
        Read what is asked: offers that ran out and relaxations until then have happened, nothing is decided.

        Raises:
            InputError: no world was given, or no entry is meant, with those there are.
            Refused: the instant lies behind the ticket.
        """
        if given.world is None:
            said = "who fits is told of a world; pass world=, with the engineers, outlets and calendars there are"
            raise InputError(said, code="dispatch.world")
        call = as_of(workflow, ticket, attrs.evolve(given, world=None))  # without a world nothing is decided
        standing = call.snapshot()
        policy = policy_for(workflow, standing, slot)
        return cls(policy=policy, ticket=standing, world=given.world, at=call.at, hooks=workflow.extensions.hooks)


def policy_for(workflow: Workflow, ticket: Ticket, slot: str | None = None) -> Policy:
    """
    The dispatch entry that is meant by the name of a slot or of an entry, or by none.

    Of several: one that runs, then one that begins where the ticket is, then the first.

    Raises:
        InputError: there is none; or none is named and several slots could be meant.
    """
    entries = workflow.dispatch
    if not entries:
        raise InputError(f"workflow {workflow.workflow!r} has no dispatch", code="dispatch.slot", workflow=workflow.workflow)
    named = [policy for policy in entries if slot is None or slot in (policy.name, policy.slot)]
    if not named:
        known = sorted({word for policy in entries for word in (policy.name, policy.slot)})
        close = nearest(slot, known) if isinstance(slot, str) else None
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(known)}"
        raise InputError(f"no dispatch entry and no slot is named {slot!r}; {hint}", code="dispatch.slot", slot=slot)
    running = [policy for policy in named if _runs(ticket, policy)]
    searching = [policy for policy in running if ticket.slots[policy.slot].phase != "filled"]
    here = [policy for policy in named if any(state in ticket.entered for state in policy.state)]
    for found in (searching, running, here):
        if found:
            return found[-1] if found is running else found[0]
    if slot is None and len({policy.slot for policy in named}) > 1:
        known = [policy.name for policy in named]
        said = f"dispatch of {ticket.id!r} has not begun; say which entry is meant: slot= one of {', '.join(known)}"
        raise InputError(said, code="dispatch.slot", known=known)
    return named[0]


def _runs(ticket: Ticket, policy: Policy) -> bool:
    progress = ticket.slots.get(policy.slot)
    return progress is not None and progress.policy == policy.name


def choice(workflow: Workflow, ticket: Ticket, given: Given, slot: str | None) -> Choice:
    """What an entry would choose, with every verdict."""
    asked = Asked.of(workflow, ticket, given, slot)
    return dispatch.evaluate(asked.policy, asked.ticket, asked.world, asked.at, hooks=asked.hooks)


def why_not(workflow: Workflow, ticket: Ticket, candidate: str, given: Given, slot: str | None) -> WhyNot:
    """Why somebody does not get the ticket."""
    asked = Asked.of(workflow, ticket, given, slot)
    return dispatch.why_not(asked.policy, asked.ticket, asked.world, asked.at, candidate, hooks=asked.hooks)


def unblock(workflow: Workflow, ticket: Ticket, given: Given, slot: str | None, limit: int) -> Unblock:
    """What would let somebody in."""
    asked = Asked.of(workflow, ticket, given, slot)
    return dispatch.unblock(asked.policy, asked.ticket, asked.world, asked.at, hooks=asked.hooks, limit=limit)


def again(workflow: Workflow, records: Iterable[Record], sequence: int | None, world: World | None) -> Again:
    """A recorded decision decided again, on the ticket that the records before it amount to."""
    log = list(records)
    made = [place for place, item in enumerate(log) if isinstance(item, Decided) and item.maker == "dispatch"]
    if sequence is not None:
        made = [place for place in made if log[place].sequence == sequence]
    if not made:
        which = "" if sequence is None else f" with the sequence {sequence}"
        raise InputError(f"the records hold no decision of dispatch{which}", code="dispatch.again", sequence=sequence)
    record: Any = log[made[-1]]
    policy = next((policy for policy in workflow.dispatch if policy.name == record.name), None)
    if policy is None:
        known = [entry.name for entry in workflow.dispatch]
        said = f"workflow {workflow.workflow!r} has no dispatch entry {record.name!r}; it has {', '.join(known) or 'none'}"
        raise InputError(said, code="dispatch.slot", slot=record.name)
    ticket = workflow.fold(log[: made[-1]])
    return dispatch.again(record, policy, ticket, world, hooks=workflow.extensions.hooks)
