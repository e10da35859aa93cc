"""Knows how a desk's ticket is drawn as forms by its own time, world and version; must not know how a form is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.desk import Desk
from servflow.embedding._forms import Form, forms
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import Actor


def desk_forms(
    desk: Desk,
    id: str,  # noqa: A002 - the word of the whole library
    *,
    actor: Actor | Mapping[str, Any] | str | None = None,
    lang: str = "en",
    zone: str | None = None,
) -> tuple[Form, ...]:
    """
    What ``forms`` gives for a ticket of a desk now: under the version it runs by, in the desk's world.

    As every verb of a desk it asks at the ticket's own instant where the clock of this machine is behind that.

    Args:
        desk: where the ticket is kept; of an ``AsyncDesk`` its ``plain`` one, in a thread.
        id: of the ticket.
        actor: for whom, as ``Desk.fire`` takes it.
        lang: as for ``forms``.
        zone: as for ``forms``.

    Raises:
        NotFound: there is no such ticket, or its version of the workflow is missing.
        InputError: it is the ticket of a correlator, in which nothing is to be done, or the zone is none.
    """
    ticket = desk.get(id)
    workflow = desk.workflow_of(id)
    if not isinstance(workflow, Workflow):
        raise InputError(
            f"{id} is kept by {ticket.workflow}, which nobody works on; draw the forms of a ticket of a workflow",
            code="verb",
            ticket=id,
            workflow=ticket.workflow,
        )
    around = desk._steps.around
    at, world = max(around.now(), ticket.at), around.world()
    return forms(workflow, ticket, at=at, actor=actor, world=world, lang=lang, zone=zone)


__all__ = ["desk_forms"]
