"""Knows that a real workflow fits the desk, end to end; must not know the desk's inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import Notify, World
from servflow.stores import MemoryStore, SqliteStore, Store

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


def repair() -> Workflow:
    """A workflow with capacity, a promise, a timer and a child ticket."""
    return Workflow(
        workflow="repair",
        fields={"category": "string"},
        initial="new",
        states={"new": {}, "working": {"timers": [{"after": "6h", "event": "close"}]}, "closed": {"closed": True}},
        transitions=[
            {"event": "assigned.engineer", "source": "new", "target": "working"},
            {
                "event": "parts",
                "source": "working",
                "do": [{"open": {"workflow": "repair", "relation": "child", "fields": {"category": "'washer'"}}}],
            },
            {"event": "close", "source": "working", "target": "closed"},
        ],
        dispatch=[
            {
                "name": "engineer",
                "slot": "assignee",
                "candidates": "engineers",
                "state": "new",
                "require": [{"skill": "category"}, {"below": "capacity"}],
                "mode": "assign",
            }
        ],
        clocks=[{"name": "repair", "within": "4h", "until": "closed"}],
        escalations=[
            {
                "name": "late",
                "start": {"clock": "repair", "mark": "breach"},
                "levels": [{"name": "boss", "do": [{"notify": {"to": {"role": "boss"}, "template": "late"}}]}],
            }
        ],
    )


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


def test_a_day_at_the_desk(store: Store) -> None:
    """Capacity goes round, a breach is told once at its instant, the timer closes, and every ticket folds from its records."""
    flow, now, told = repair(), [MORNING], []
    world = World(engineers=[{"id": "ann", "skills": ["washer"], "capacity": 1}], people=[{"id": "zoe", "roles": ["boss"]}])
    desk = Desk(flow, store, now=lambda: now[0], world=world, handlers={"notify": told.append})
    first, second = desk.open("T1", {"category": "washer"}).ticket, desk.open("T2", {"category": "washer"}).ticket
    assert ("ann", None) == (first.assignee, second.assignee)
    assert {"engineer:ann": 1} == dict(store.usage())

    now[0] += timedelta(hours=5)
    assert 2 == desk.tick().advanced
    desk.fire("T1", "close")
    assert 1 == desk.tick().advanced
    assert ("closed", "ann", "working") == (desk.get("T1").state, desk.get("T2").assignee, desk.get("T2").state)
    assert {"engineer:ann": 1} == dict(store.usage())

    while desk.deliver().worked:
        pass
    assert [("T1", "zoe"), ("T2", "zoe")] == sorted((effect.ticket, effect.to) for effect in told if isinstance(effect, Notify))
    assert {MORNING + timedelta(hours=4)} == {effect.at for effect in told}

    now[0] += timedelta(hours=7)
    while desk.tick().worked:
        pass
    assert ["closed", "closed"] == [ticket.state for ticket in store.find()]
    assert {} == dict(store.usage())
    for ticket in store.find():
        assert ticket == flow.fold(desk.history(ticket.id))


def test_a_child_is_opened(store: Store) -> None:
    """An open action becomes a ticket of its own with its parent, when it is delivered."""
    desk = Desk(repair(), store, now=lambda: MORNING, world=World(engineers=[{"id": "ann", "skills": ["washer"]}]))
    desk.open("T1", {"category": "washer"})
    desk.fire("T1", "parts")
    while desk.deliver().worked:
        pass
    (child,) = (ticket for ticket in store.find() if ticket.id != "T1")

    assert "T1" == child.parent
    assert child.id.startswith("T1.")


def test_refused_is_unchanged(store: Store) -> None:
    """What the workflow refuses leaves the ticket and its history as they were."""
    desk = Desk(repair(), store, now=lambda: MORNING)
    before = desk.open("T1", {"category": "washer"}).ticket
    with pytest.raises(Refused):
        desk.fire("T1", "close")

    assert before == desk.get("T1")
    assert desk.available("T1")
    assert desk.explain("T1")


def test_a_ticket_that_slept_for_weeks_is_caught_up_in_several_rounds() -> None:
    """More timers than one call works off: the desk takes them in rounds, and the end is where one long call would be."""
    ticking = Workflow(
        workflow="ticking",
        states={"a": {"timers": [{"after": "1m", "event": "tick"}]}},
        transitions=[{"event": "tick", "source": "a", "target": "a"}],
    )
    begin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    now = [begin]
    desk = Desk(ticking, MemoryStore(), now=lambda: now[0])
    desk.open("T")

    now[0] = begin + timedelta(weeks=3)
    while desk.tick().worked:
        pass

    assert begin + timedelta(weeks=3) - timedelta(minutes=1) == desk.get("T").at
