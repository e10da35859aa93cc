"""Knows what requirements and relaxations of dispatch do to a ticket; must not know how candidates are judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow import Actor, Workflow
from servflow.errors import DefinitionError
from servflow.model import SlotChanged, Take, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday, 10:00 in Shanghai


def workflow(**entry: Any) -> Workflow:
    """A workflow that looks for somebody once a ticket was inspected."""
    return servflow.load(
        {
            "servflow": 1,
            "workflow": "w",
            "fields": {
                "minutes": {"type": "int", "default": 90},
                "begin": {"type": "timestamp", "optional": True},
            },
            "calendars": {"office": {"zone": "Asia/Shanghai", "week": {"mon-fri": ["09:00-11:00", "14:00-18:00"]}}},
            "initial": "fresh",
            "states": {"fresh": {}, "looking": {}, "given": {}, "done": {"closed": True}},
            "transitions": [
                {"event": "inspect", "source": "fresh", "target": "looking"},
                {"event": "assigned.who", "source": "looking", "target": "given"},
                {"event": "finish", "source": "given", "target": "done"},
            ],
            "dispatch": [{"name": "who", "state": "looking", "until": "done", **entry}],
        }
    )


def inspected(flow: Workflow, world: Any, by: str = "ann", **fields: Any) -> Any:
    """What comes of inspecting a new ticket."""
    opened = flow.open("T1", fields, at=AT)
    return flow.fire(opened.ticket, "inspect", at=AT, actor=Actor(by), world=world)


def test_who_did_one_thing_does_not_do_the_other() -> None:
    """The ticket remembers who did what a policy keeps apart, and somebody else gets it."""
    flow = workflow(require=[{"separate": "inspect", "safety": True}])
    world = World(engineers=[{"id": "ann"}, {"id": "bob"}])

    outcome = inspected(flow, world)

    assert "bob" == outcome.ticket.assignee
    assert {"inspect": "ann"} == dict(outcome.ticket.last_actors)
    assert outcome.ticket == flow.fold([*flow.open("T1", at=AT).records, *outcome.records])


def test_an_event_that_nobody_can_do_is_found() -> None:
    """Keeping apart who did something that cannot happen is a mistake, told with what was probably meant."""
    with pytest.raises(DefinitionError) as refused:
        workflow(require=[{"separate": "inspekt"}])

    [found] = refused.value.findings
    assert ("dispatch[0].require[0].separate", "name.unknown") == (found.path, found.code)
    assert "inspect" == found.facts["nearest"]


def test_a_ticket_takes_its_minutes() -> None:
    """What a policy says a ticket takes is what is reserved, up to the candidate's capacity."""
    flow = workflow(require=[{"below": "capacity"}], takes="minutes")
    world = World(engineers=[{"id": "ann", "capacity": 480}, {"id": "bob", "capacity": 480}], loads={"ann": 400, "bob": 390})

    outcome = inspected(flow, world, "clerk")

    assert "bob" == outcome.ticket.assignee
    assert Take(key="engineer:bob", units=90, limit=480) in outcome.reservations


def test_less_is_asked_in_counted_time() -> None:
    """A step may count in a calendar: the ticket wakes when its office was open for so long, and once for several things."""
    step = {"after": "2h", "calendar": "office", "drop": ["language", "channel"], "below": "capacity"}
    flow = workflow(require=[{"language": "'fr'"}, {"channel": "'chat'"}, {"below": "normal"}], relax=[step])
    world = World(engineers=[{"id": "ann", "capacity": 2, "normal": 0, "serves": []}])

    waiting = inspected(flow, world, "clerk").ticket
    relaxed = flow.advance(waiting, at=waiting.wake, world=world)

    assert AT + timedelta(hours=5) == relaxed.ticket.at  # 10:00 to 11:00, then 14:00 to 15:00
    assert "ann" == relaxed.ticket.assignee
    reasons = [record.reason for record in relaxed.records if isinstance(record, SlotChanged)]
    assert "drop language, channel; below capacity after 2h" == reasons[0]


def test_a_changed_visit_is_decided_again() -> None:
    """A ticket that waits because nobody is free at its visit looks again when the visit is moved."""
    flow = workflow(visit={"start": "begin", "minutes": "minutes"})
    away = [(AT + timedelta(hours=24), AT + timedelta(hours=48))]
    world = World(engineers=[{"id": "ann", "absences": away}])

    waiting = inspected(flow, world, "clerk", begin=AT + timedelta(hours=30)).ticket
    moved = flow.fire(waiting, "ticket.update", {"begin": AT + timedelta(hours=20)}, at=AT, world=world)

    assert (None, "ann") == (waiting.assignee, moved.ticket.assignee)
    assert AT + timedelta(hours=48) == waiting.slots["assignee"].change_at  # the visit is over by then: now counts


def test_who_is_still_away_when_presence_begins_to_count_gives_it_back() -> None:
    """Tomorrow's work goes to somebody who is off tonight; two hours before it the ticket looks by itself whether they came."""
    flow = workflow(visit={"start": "begin", "minutes": "minutes"}, presence="2h", redispatch=["presence"], require=[])
    away = World(engineers=[{"id": "ann"}], presence={"ann": "offline"})
    begin = AT + timedelta(hours=20)

    given = inspected(flow, away, by="clerk", begin=begin)
    there = flow.advance(given.ticket, at=begin, world=World(engineers=[{"id": "ann"}]))
    gone = flow.advance(given.ticket, at=given.ticket.wake, world=away)

    assert ("ann", "ann", None) == (given.ticket.assignee, there.ticket.assignee, gone.ticket.assignee)
    assert begin - timedelta(hours=2) == gone.ticket.at
