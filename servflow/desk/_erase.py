"""Knows what must be done with a ticket before a person's data can be taken out of it; must not know where such data stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.desk._steps import Steps
from servflow.desk._workflows import Runnable
from servflow.engine import Erasure
from servflow.errors import Conflict, InputError
from servflow.model import Migrated, Opened, Outcome, Record, Ticket, World, replace
from servflow.stores import Store

PAGE = 500


@frozen
class Asked:
    """What ``Desk.erase`` was asked for, as the kernel takes it."""

    options: dict[str, Any]

    def decide(self, steps: Steps, ticket: Ticket, now: datetime) -> Erasure:
        """The ticket and its records without what is to be erased."""
        flow = steps.workflows.of_ticket(ticket)
        erase = getattr(flow, "erase", None)
        if erase is None:
            raise InputError(f"a {type(flow).__name__} cannot erase; servflow.Workflow can", code="erase", ticket=ticket.id)
        records = steps.store.history(ticket.id)
        made: Erasure = erase(ticket, records, _flows(steps, ticket, records), at=max(now, ticket.at), **self.options)
        return made


def _flows(steps: Steps, ticket: Ticket, records: Iterable[Record]) -> list[Runnable]:
    """The definitions a ticket ran under."""
    pinned = [record.pins for record in records if isinstance(record, (Opened, Migrated))]
    return [steps.workflows.of_ticket(replace(ticket, pins=pins)) for pins in pinned]


def erase(steps: Steps, id_: str, asked: Asked, key: str | None) -> Outcome:
    """
    Take a person's data out of one ticket, in one transaction with the look at what waits for it.

    It is looked for before, so that nothing is done in vain, and again once the ticket is this transaction's: where a store
    does not hold off others from the beginning, something may have come in between.

    Raises:
        Conflict: effects of it were not carried out, or messages not read (``pending``).
    """
    if key is None or steps.store.answered(id_, key) is None:
        _catch_up(steps, id_)
    with steps.store.batch():
        if key is None or steps.store.answered(id_, key) is None:
            _refuse_pending(steps, id_)
        answer, outcome = steps.change(id_, lambda ticket, now, _: asked.decide(steps, ticket, now), key=key)
        if answer.status == "applied" and outcome.records:
            _refuse_pending(steps, id_)
        return outcome


def _catch_up(steps: Steps, id_: str) -> None:
    """Let what time has set happen first, as a round would: what is erased must not come back from it."""
    ticket = steps.get(id_)
    if ticket.wake is None or ticket.wake > steps.around.now():
        return

    def advance(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
        return steps.workflows.of_ticket(ticket).advance(ticket, at=max(now, ticket.at), world=world)

    steps.change(id_, advance)


def _refuse_pending(steps: Steps, id_: str) -> None:
    steps.get(id_)
    effects = tuple(_effects(steps.store, id_))
    mail = _mail(steps.store, id_)
    if effects or mail:
        told = [f"{len(effects)} effects that were not carried out ({', '.join(effects[:3])})"] if effects else []
        told += [f"{mail} messages it has not read"] if mail else []
        raise Conflict(
            f"ticket {id_!r} has {' and '.join(told)}, which may say what is to be erased; let deliver and tick finish them,"
            " or look at troubles: revive what was set aside, or forget an effect with store.ack",
            code="pending",
            ticket=id_,
            effects=effects,
            messages=mail,
        )


def _effects(store: Store, id_: str) -> Iterable[str]:
    after: str | None = None
    while page := store.effects(PAGE, after=after):
        yield from (effect.id for effect in page if effect.ticket == id_)
        after = page[-1].id


def _mail(store: Store, id_: str) -> int:
    """How many messages wait for a ticket, whatever instant they are dated."""
    found, after = 0, 0
    while page := store.mail(id_, PAGE, after=after):
        found, after = found + len(page), page[-1].id
    return found
