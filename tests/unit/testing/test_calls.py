"""Holds what a machine draws to what it sees of the ticket; must not know how runs are made of it."""

from __future__ import annotations

from datetime import UTC, datetime

import servflow
from servflow.testing._calls import Calls

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def workflow() -> servflow.Workflow:
    """A repair that is paid for."""
    return servflow.load("""
workflow: repair
fields: {amount: {type: decimal, default: "0"}}
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done, payload: {amount: decimal}}]
""")


def drawn(calls: Calls, amount: str) -> str:
    """What could be sent with the end of a repair that holds an amount, as Hypothesis writes it."""
    ticket = calls.workflow.open("T1", {"amount": amount}, at=NOON).ticket
    [finish] = [option for option in calls.workflow.available(ticket, at=NOON) if option.event == "finish"]
    return repr(calls.payload(ticket, finish))


def test_what_is_drawn_for_a_ticket_does_not_depend_on_others() -> None:
    """A run that is played again draws the same, whatever tickets came before it."""
    fresh, used = Calls(workflow()), Calls(workflow())
    held = drawn(used, "77")

    assert "78" in held
    assert drawn(fresh, "0") == drawn(used, "0")
    assert drawn(Calls(workflow()), "77") == held
