"""Laws of the templates: whatever people do to their tickets, only refusals come of it, and records amount to the ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servflow
from servflow.documents import TEMPLATES, read_template
from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import Actor, Record, Ticket, World
from servflow.testing import event_sequences, fields_for, histories_for, play
from servflow.testing._calls import Calls

FLOWS = sorted(name for name, made in TEMPLATES.items() if made.kind == "workflow")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


@cache
def flow(name: str) -> Workflow:
    """The template of that name."""
    return servflow.load(read_template(f"{name}.yaml"))


@pytest.mark.parametrize("name", FLOWS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_records_amount_to_the_ticket(name: str, data: Any) -> None:
    """Law: folding the records of any life of a ticket gives the ticket, and reading it back changes nothing."""
    workflow = flow(name)
    try:
        outcome = workflow.open("T", data.draw(fields_for(workflow)), at=START)
    except Refused:
        return
    records: list[Record] = list(outcome.records)
    ticket = outcome.ticket
    for _, done in play(workflow, ticket, data.draw(event_sequences(workflow, max_size=10))):
        if not isinstance(done, Refused):
            records += done.records
            ticket = done.ticket

    assert workflow.fold(records) == ticket
    assert servflow.load_ticket(servflow.dump(ticket)) == ticket
    assert ticket.wake is None or ticket.wake > ticket.at


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FLOWS), st.data())
def test_a_value_that_is_told_lets_the_event_through(name: str, data: Any) -> None:
    """Law: with the value of the payload that an option or a refusal names the event happens, whoever asks and wherever."""
    workflow, calls = flow(name), people(name)
    life = data.draw(histories_for(workflow, max_size=8))
    ticket, world = life.ticket, life.world
    for actor in (None, *calls.actors(ticket, world)):
        for _, asked in calls.options_of(actor, ticket, ticket.at, world):
            if asked.status != "needs":
                continue
            if asked.change is not None:
                assert refused(workflow, ticket, (asked.event, _sent({}, asked.change), actor, world)) is None
            payload = data.draw(calls.payload(ticket, asked))
            no = refused(workflow, ticket, (asked.event, payload, actor, world))
            change = no and no.facts.get("change")
            if change and "payload" in change:
                assert refused(workflow, ticket, (asked.event, _sent(payload, change), actor, world)) is None


@cache
def people(name: str) -> Calls:
    """Who may send what to tickets of that template."""
    return Calls(flow(name))


def _sent(payload: dict[str, Any], change: Any) -> dict[str, Any]:
    return {**payload, change["payload"]: change["to"]}


def refused(workflow: Workflow, ticket: Ticket, sent: tuple[str, dict[str, Any], Actor | None, World | None]) -> Refused | None:
    """Why an event does not happen; None where it does."""
    event, payload, actor, world = sent
    try:
        workflow.fire(ticket, event, payload, at=ticket.at, actor=actor, world=world)
    except Refused as refusal:
        return refusal
    return None
