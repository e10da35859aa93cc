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
from servflow.model import Record
from servflow.testing import event_sequences, fields_for, play

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
