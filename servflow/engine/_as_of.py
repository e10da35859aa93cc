"""Knows how a ticket would stand at an instant; must not know what is asked of it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.engine._call import OneCall
from servflow.engine._given import Given
from servflow.engine._timeline import catch_up
from servflow.engine._verbs import begin
from servflow.model import EMPTY, Ticket

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow


def as_of(workflow: Workflow, ticket: Ticket, given: Given) -> OneCall:
    """
    A call in which time alone has done what it would do before an instant; nothing is fired in it.

    Raises:
        Refused: the instant lies behind the ticket.
        InputError: the ticket belongs to another workflow.
    """
    call = begin(workflow, ticket, given)
    at = call.at
    if call.records or (ticket.wake is not None and ticket.wake <= at):
        catch_up(call, at)
    call.at = at
    call.occurred = None
    call.act_as(given.actor)
    call.payload = EMPTY
    call.scope_cache = None
    return call
