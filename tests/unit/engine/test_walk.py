"""A walk does what firing one by one does, and stands still where an event is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow.engine import Walk, Workflow
from servflow.errors import Refused

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def flow() -> Workflow:
    """Two states there and back, a clock paused in one of them, a timer and a close."""
    return Workflow(
        workflow="walk",
        initial="a",
        states={"a": {}, "b": {"timers": [{"after": "3h", "event": "back"}]}, "z": {"closed": True}},
        transitions=[
            {"event": "go", "source": "a", "target": "b"},
            {"event": "back", "source": "b", "target": "a"},
            {"event": "end", "source": ["a", "b"], "target": "z"},
        ],
        clocks=[{"name": "k", "within": "4h", "until": "z", "paused_in": "b", "warn": ["50%"]}],
    )


def test_a_walk_equals_one_call_after_another() -> None:
    """The same events give the same records and the same ticket."""
    workflow = flow()
    ticket = workflow.open("T", at=AT).ticket
    walk = Walk(workflow, ticket)
    hours = [("go", 1), ("back", 2), ("go", 5), ("end", 9)]

    for event, hour in hours:
        outcome = workflow.fire(ticket, event, at=AT + timedelta(hours=hour))
        ticket = outcome.ticket
        assert list(outcome.records) == walk.fire(event, at=AT + timedelta(hours=hour))
        assert (ticket, ticket.wake, ticket.configuration) == (walk.ticket, walk.wake, walk.configuration)


def test_time_passes_on_a_walk() -> None:
    """Advancing a walk does what advancing the ticket does."""
    workflow = flow()
    ticket = workflow.fire(workflow.open("T", at=AT).ticket, "go", at=AT).ticket
    walk = Walk(workflow, ticket)

    walk.advance(at=AT + timedelta(hours=20))

    assert workflow.advance(ticket, at=AT + timedelta(hours=20)).ticket == walk.ticket


def test_a_refused_event_leaves_the_walk_where_it_was() -> None:
    """Also where time had set something before the refused event."""
    workflow = flow()
    walk = Walk(workflow, workflow.open("T", at=AT).ticket)
    walk.fire("go", at=AT)
    before = walk.ticket

    with pytest.raises(Refused):
        walk.fire("go", at=AT + timedelta(hours=1))

    assert before == walk.ticket
    walk.fire("end", at=AT + timedelta(hours=1))
    assert ("z",) == walk.configuration


def test_a_walk_can_step_back_once() -> None:
    """What the last event did is undone, and the walk goes on from there."""
    walk = Walk(flow(), flow().open("T", at=AT).ticket)
    before = walk.ticket
    walk.fire("go", at=AT)

    walk.step_back()

    assert before == walk.ticket
    walk.fire("end", at=AT)
    assert ("z",) == walk.configuration
