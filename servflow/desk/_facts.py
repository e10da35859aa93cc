"""Knows what correlators want of new records, as effects of the same commit; must not know how these are delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from servflow.correlation._own import MARK, own
from servflow.desk._workflows import Correlating, Workflows
from servflow.model import SET_OFF, FrozenMap, Record, Send, Ticket, frozen_map

WRONG = "wrong"
"""In place of a fact: why it could not be made."""

_ACTION = "correlator"


def is_correlators(id_: str) -> bool:
    """Whether a ticket of this id may hold what a correlator knows of one key."""
    return id_.startswith(MARK)


def facts_of(
    workflows: Workflows, before: Ticket | None, ticket: Ticket, records: tuple[Record, ...], keys: Iterable[str]
) -> tuple[Send, ...]:
    """
    What correlators want of the records a step made, each as an effect that goes with the step.

    Nothing is told of correlators' own tickets, nor of a step that a correlator set off (its *keys* say so): however they
    are written, no two of them can keep each other going.
    """
    if not (workflows.correlators and records) or own(ticket) or any(key.startswith(SET_OFF) for key in keys):
        return ()
    made: list[Send] = []
    for correlator in workflows.correlators.values():
        problems: list[Any] = []
        try:
            facts = correlator.facts(before, records, problems=problems)
        except Exception as error:  # whatever a host's own function or correlator raises: a customer's step is kept
            facts, problems = (), [(records[0], error)]
        made += [_fed(correlator, fact) for fact in facts]
        made += [_wrong(correlator, ticket, *problem) for problem in problems]
    return tuple(made)


def is_fact(effect: object) -> bool:
    """Whether an effect brings a correlator what it wants."""
    return isinstance(effect, Send) and effect.action.startswith(_ACTION + ":")


def counted_by(effect: Send) -> tuple[str, str]:
    """The name and the hash of the correlator that a fact was made for."""
    _, hash_, name = effect.action.split(":", 2)
    return name, hash_


def _action(correlator: Correlating) -> str:
    return f"{_ACTION}:{correlator.hash}:{correlator.workflow}"


def _fed(correlator: Correlating, fact: Any) -> Send:
    to = correlator.ticket_id(fact.key)
    return Send(
        # The same whenever the step is decided, and under every version.
        id=f"{to}<{fact.event_key}",
        # In the order of what goes to this key, and not of the ticket it tells of: there it would wait whenever a handler
        # of that ticket fails.
        ticket=to,
        at=fact.at,
        cause=fact.id,
        action=_action(correlator),
        to_ticket=to,
        event="record",
        payload=frozen_map(fact.payload),
        key=fact.event_key,
    )


def _wrong(correlator: Correlating, ticket: Ticket, record: Record, error: Exception) -> Send:
    """What could not be told, told to whoever delivers: the ticket's own step must not fail for it."""
    told = f"record {record.sequence} of ticket {ticket.id!r} cannot be counted by correlator {correlator.workflow!r}: {error}"
    return Send(
        id=f"{MARK}{correlator.workflow}<{ticket.id}:{record.sequence}",
        ticket=f"{MARK}{correlator.workflow}",
        at=record.at,
        cause=f"{ticket.id}:{record.sequence}",
        action=_action(correlator),
        to_ticket="",
        event="record",
        payload=FrozenMap({WRONG: told[:1_000]}),
        key=f"{ticket.id}:{record.sequence}",
    )
