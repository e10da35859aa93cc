"""Knows how the people of a call centre share a line; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from servflow import Desk, Workflow, World
from servflow.model import Decided
from servflow.stores import MemoryStore

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALLS = Workflow(
    workflow="calls",
    fields={"topic": {"type": "string", "default": "billing"}, "tier": {"type": "string", "default": "standard"}},
    roles=["agent"],
    events={"queue.take": {"allow": ["agent"]}},
    initial="waiting",
    states={"waiting": {}, "talking": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "assigned.line", "source": "waiting", "target": "talking", "allow": ["system"]},
        {"event": "put_back", "source": "talking", "target": "waiting", "allow": ["assignee"]},
        {"event": "solve", "source": "talking", "target": "closed", "allow": ["assignee"]},
    ],
    clocks=[{"name": "answer", "within": [{"when": "tier == 'gold'", "take": "5m"}, {"take": "30m"}], "until": "talking"}],
    dispatch=[
        {
            "name": "line",
            "state": "waiting",
            "candidates": "agents",
            "require": [{"skill": "topic"}, {"below": "capacity"}],
            "mode": "queue",
            "relax": [{"after": "20m", "drop": "skill"}],
        }
    ],
)
TEAM = World(
    agents=[
        {"id": "ann", "skills": ["billing"], "capacity": 1, "roles": ["agent"]},
        {"id": "bob", "skills": ["billing", "repair"], "capacity": 1, "roles": ["agent"]},
    ]
)


def test_a_morning_in_the_call_centre() -> None:
    """Gold goes first, each gets what they know about, a call that is put back waits again, and after a while anybody helps."""
    now = [NINE]
    desk = Desk(CALLS, MemoryStore(), now=lambda: now[0], world=TEAM)
    desk.open("plain")
    now[0] += MINUTE
    desk.open("gold", {"tier": "gold"})
    desk.open("broken", {"topic": "repair"})

    assert "gold" == desk.next_for("ann").ticket.id  # type: ignore[union-attr]  # there is one
    assert "plain" == desk.next_for("bob").ticket.id  # type: ignore[union-attr]  # there is one
    assert None is desk.next_for("ann").ticket

    desk.fire("plain", "put_back", actor="bob")
    assert ["broken", "plain"] == [one.ticket for one in desk.next_for("bob", take=False).seen.ranked]  # due first
    desk.fire("gold", "solve", actor="ann")
    waiting = desk.next_for("ann", take=False).seen
    assert ("plain", {"broken": ("skill",)}) == (
        waiting.ticket,
        {ticket: tuple(one.rule for one in why) for ticket, why in waiting.passed_over.items()},
    )

    assert "plain" == desk.next_for("ann").ticket.id  # type: ignore[union-attr]  # there is one
    desk.fire("plain", "solve", actor="ann")
    now[0] += 21 * MINUTE
    desk.tick()
    assert "broken" == desk.next_for("ann").ticket.id  # type: ignore[union-attr]  # less is asked by now

    decided = [record for record in desk.history("broken") if isinstance(record, Decided)]
    assert [{"action": "take", "to": ("ann",)}] == [dict(record.result) for record in decided]
    assert {"engineer:ann": 1} == dict(desk.store.usage())
    assert desk.get("broken") == CALLS.fold(desk.history("broken"))
