"""Knows what becomes of proposals and offers where their tickets move to another version; must not know who is best."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import servflow
from servflow.desk import Desk
from servflow.model import Engineer, World
from servflow.stores import MemoryStore

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORLD = World(engineers=[Engineer(id="ann", capacity=1, cost=1), Engineer(id="bob", capacity=1, cost=2)])


def flow(version: int, mode: str, name: str) -> servflow.Workflow:
    """A version that dispatches in a mode by an entry of some name."""
    return servflow.Workflow(
        workflow="visit",
        version=version,
        states={"new": {}, "taken": {}, "closed": {"closed": True}},
        transitions=[
            {"event": f"assigned.{name}", "source": "new", "target": "taken"},
            {"event": "finish", "source": "taken", "target": "closed"},
        ],
        dispatch=[
            {"name": name, "state": "new", "require": [{"below": "capacity"}], "mode": mode, "offer": {"timeout": "10m"}}
        ],
    )


@pytest.mark.parametrize("name", ["seek", "other"])
@pytest.mark.parametrize(("old", "new"), [("approve", "approve"), ("approve", "offer"), ("offer", "approve")])
def test_a_search_that_moves_goes_on_and_holds_one_place(old: str, new: str, name: str) -> None:
    """By the same entry it stands as it stood, by another it begins anew; one place is held, and all free at the end."""
    store, now = MemoryStore(), [NINE]
    desk = Desk(flow(1, old, "seek"), store, now=lambda: now[0], world=WORLD)
    desk.open("T1")
    now[0] += timedelta(minutes=1)
    plan = servflow.plan_migration(flow(1, old, "seek"), flow(2, new, name), [desk.get("T1")])

    assert 1 == desk.migrate(plan).moved
    ticket = desk.get("T1")
    assert (name, [1]) == (ticket.slots["assignee"].policy, list(store.usage("engineer:").values()))
    if ticket.offers:
        desk.fire("T1", "offer.accept", actor=ticket.offers[0].to)
    else:
        desk.fire("T1", "dispatch.approve")
    assert [1] == list(store.usage("engineer:").values())
    assert {} == (desk.fire("T1", "finish"), store.usage("engineer:"))[1]
