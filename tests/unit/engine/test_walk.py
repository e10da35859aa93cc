"""A walk does what firing one by one does, and stands still where an event is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow.engine import Walk, Workflow
from servflow.errors import Refused
from servflow.model import Actor, Person, World

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


def test_a_walk_knows_who_fires_and_in_which_world() -> None:
    """Permission is judged for the actor of each event, in the world that the walk was begun with."""
    workflow = Workflow(
        workflow="walk",
        initial="a",
        roles=["clerk"],
        states={"a": {}, "z": {"closed": True}},
        transitions=[{"event": "end", "source": "a", "target": "z", "allow": "clerk"}],
    )
    ticket = workflow.open("T", at=AT).ticket
    alone, known = Walk(workflow, ticket), Walk(workflow, ticket, World(people=[Person(id="ann", roles=["clerk"])]))

    with pytest.raises(Refused, match="it takes clerk, and ann is none of these"):
        alone.fire("end", at=AT, actor=Actor("ann"))
    known.fire("end", at=AT, actor=Actor("ann"))
    assert ("z",) == known.configuration


def test_a_walk_takes_instants_as_a_call_does() -> None:
    """A little behind the ticket is now, which the record tells; far behind is refused, and the walk stands."""
    walk = Walk(flow(), flow().open("T", at=AT).ticket)
    walk.fire("go", at=AT + timedelta(hours=1))

    (received, *_) = walk.fire("back", at=AT + timedelta(hours=1, seconds=-4))
    assert (AT + timedelta(hours=1), AT + timedelta(hours=1, seconds=-4)) == (received.at, received.clamped)
    before = walk.ticket
    with pytest.raises(Refused, match="lies 0:30:00 behind ticket T at"):
        walk.fire("go", at=AT + timedelta(minutes=30))
    assert before is walk.ticket


def test_a_walk_begins_with_what_its_ticket_missed() -> None:
    """Other calendars are noticed before anything is fired; nothing missed is nothing recorded, and the very ticket."""
    data = {"workflow": "w", "initial": "a", "states": {"a": {}}, "transitions": [{"event": "e", "source": "a"}]}
    data["clocks"] = [{"name": "k", "within": "8h", "calendar": "office"}]
    office = [{"zone": "UTC", "week": {"mon-fri": [hours]}} for hours in ("09:00-17:00", "09:00-13:00")]
    old, new = (Workflow(**data, calendars={"office": week}) for week in office)
    ticket = old.open("T", at=AT).ticket
    same, moved = Walk(old, ticket), Walk(new, ticket)

    assert ([], True) == (same.records, same.ticket is ticket)
    assert ["Repinned"] == [type(record).__name__ for record in moved.records][-1:]
    assert (new.calendars_hash, AT + timedelta(days=1, hours=4)) == (
        moved.ticket.pins["calendars"],
        moved.ticket.clocks["k"].due,
    )


def test_a_walk_forgets_the_ticket_it_stood_at_only_where_something_happened() -> None:
    """Where nothing is recorded the ticket is the same object, and records are those of the last step."""
    walk = Walk(flow(), flow().open("T", at=AT).ticket)
    before = walk.ticket

    assert ([], []) == (walk.advance(at=AT + timedelta(minutes=1)), walk.records)
    assert before is walk.ticket
    made = walk.fire("go", at=AT + timedelta(minutes=2))
    assert walk.records == made != []


def test_a_walk_that_stepped_back_twice_stands_where_it_stood() -> None:
    """Only one step is remembered: stepping back again changes nothing, whatever was fired and refused between."""
    walk = Walk(flow(), flow().open("T", at=AT).ticket)
    walk.fire("go", at=AT)
    before = walk.ticket
    walk.fire("back", at=AT)
    walk.step_back()
    walk.fire("end", at=AT)
    walk.step_back()
    walk.step_back()

    assert before == walk.ticket
