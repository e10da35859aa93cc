"""Knows how one ticket's effects reach other tickets; must not know handlers or rounds."""

from __future__ import annotations

from datetime import datetime

from servflow.desk._steps import Steps
from servflow.errors import InputError, Refused, TimeError
from servflow.model import SYSTEM, Open, Outcome, Send, World

NEVER = (Refused, InputError, TimeError)
"""What a ticket that another one opens is refused with: trying again gives the same."""


def open_for(steps: Steps, effect: Open) -> bool:
    """
    Open the ticket an effect asks for; False where the same effect opened it before.

    Raises:
        Conflict: a ticket of that id exists and was opened otherwise.
        NotFound: the desk has no such workflow.
        Refused: the workflow does not open it.
    """
    flow = steps.workflows.to_open(effect.workflow)
    fields = effect.fields if effect.parent is None else {**effect.fields, "parent": effect.parent}

    def decide(now: datetime, world: World | None) -> Outcome:
        since = effect.at if effect.at < now else None
        return flow.open(effect.new_ticket, fields, at=now, actor=SYSTEM, world=world, occurred=since)

    answer, _ = steps.open(effect.new_ticket, decide, key=effect.id)
    return answer.status == "applied"


def post_for(steps: Steps, effect: Send) -> bool:
    """Put the event an effect sends into the other ticket's mailbox; False where it was there before."""
    return steps.store.post(effect.to_ticket, effect.event, effect.payload, key=effect.key, at=effect.at, actor=SYSTEM)
