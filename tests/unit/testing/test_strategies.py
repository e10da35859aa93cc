"""Knows that what is drawn for a workflow fits it and reaches what it can do; must not know how it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings

import servflow
from servflow.errors import Refused, TimeError
from servflow.model import CONVERTERS, Breached, Field
from servflow.testing import PEOPLE, Step, event_sequences, fields_for, instants, play, values_for, workflows

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

WORKFLOW = servflow.Workflow(
    workflow="repair",
    roles=["clerk", "engineer"],
    fields={
        "tier": {"type": "string", "one_of": ["gold", "silver"], "required": True},
        "amount": {"type": "decimal", "default": "0"},
    },
    events={"ticket.update": {"allow": ["clerk"]}, "step.check": {"allow": ["engineer"]}},
    initial="new",
    states={"new": {}, "on_site": {"checklist": ["photo"]}, "done": {"closed": True}},
    transitions=[
        {"event": "arrive", "source": "new", "target": "on_site", "allow": ["engineer"]},
        {
            "event": "finish",
            "source": "on_site",
            "target": "done",
            "allow": ["engineer"],
            "payload": {"note": "string"},
            "when": "checklist.complete",
        },
    ],
    clocks=[{"name": "repair", "within": "4h", "until": "done"}],
)


@pytest.mark.parametrize("kind", sorted(CONVERTERS))
def test_values_fit_their_type(kind: str) -> None:
    """Whatever is drawn for a type is taken by a field of that type."""
    spec = Field(type=kind)

    @given(values_for(spec))
    @settings(max_examples=25, deadline=None)
    def fits(value: Any) -> None:
        spec.convert(value)

    fits()


@given(fields_for(WORKFLOW))
@settings(max_examples=40, deadline=None)
def test_drawn_fields_open_a_ticket(fields: dict[str, Any]) -> None:
    """Every drawn mapping opens a ticket: required fields are there and listed values are kept to."""
    assert fields["tier"] == WORKFLOW.open("t", fields, at=AT).ticket.fields["tier"]


@given(instants(AT, AT + timedelta(days=1)))
@settings(max_examples=40, deadline=None)
def test_instants_are_aware_and_within_bounds(at: datetime) -> None:
    """Drawn instants carry their zone and lie where they were asked for."""
    assert at.tzinfo is not None
    assert AT <= at <= AT + timedelta(days=1)


def test_naive_bounds_are_refused() -> None:
    """Bounds are aware, as instants are everywhere."""
    with pytest.raises(TimeError):
        instants(AT.replace(tzinfo=None))


@given(event_sequences(WORKFLOW))
@settings(max_examples=60, deadline=None)
def test_played_steps_are_decided_or_refused(steps: list[Step]) -> None:
    """Each step has an outcome or a refusal, nothing else escapes, and the ticket never goes back in time."""
    played = play(WORKFLOW, WORKFLOW.open("t", {"tier": "gold"}, at=AT).ticket, steps)
    kept = [outcome.ticket for _, outcome in played if not isinstance(outcome, Refused)]

    assert list(steps) == [step for step, _ in played]
    assert [ticket.at for ticket in kept] == sorted(ticket.at for ticket in kept)


def _reaches(state: str, steps: list[Step]) -> bool:
    played = play(WORKFLOW, WORKFLOW.open("t", {"tier": "gold"}, at=AT).ticket, steps)
    return any(not isinstance(outcome, Refused) and outcome.ticket.state == state for _, outcome in played)


def test_sequences_reach_the_end() -> None:
    """Drawn sequences go through checklist, payload and permission to the last state."""
    steps = find(
        event_sequences(WORKFLOW, max_size=8),
        lambda steps: _reaches("done", steps),
        settings=settings(max_examples=1_000, deadline=None, database=None, phases=[Phase.generate]),
    )

    assert {"arrive", "step.check", "finish"} <= {step.event for step in steps}


def test_sequences_reach_a_breach() -> None:
    """Enough time passes between steps for clocks to run out."""
    steps = find(
        event_sequences(WORKFLOW, max_size=3),
        lambda steps: sum((step.after for step in steps), timedelta()) > timedelta(hours=4),
        settings=settings(max_examples=5_000, deadline=None, database=None),
    )

    played = play(WORKFLOW, WORKFLOW.open("t", {"tier": "gold"}, at=AT).ticket, [*steps, Step(after=timedelta(hours=1))])
    records = [record for _, outcome in played if not isinstance(outcome, Refused) for record in outcome.records]

    assert any(isinstance(record, Breached) for record in records)


def test_actors_are_few() -> None:
    """Few people are drawn, so that one meets what another did."""
    assert 3 == len(PEOPLE)


def _inside(states: Any) -> Iterator[Any]:
    for state in states.values():
        yield state
        yield from _inside(state.states)


def _held(workflow: servflow.Workflow) -> dict[str, bool]:
    """What a workflow has beyond the least that every drawn one has."""
    states = list(_inside(workflow.states))
    return {
        "approvals": any(state.approval for state in states),
        "chains": bool(workflow.escalations),
        "checklists": any(state.checklist for state in states),
        "clocks": len(workflow.clocks) > 1,
        "dispatch": bool(workflow.dispatch),
        "guards": any(move.when for move in workflow.transitions if move.event != "pay"),
        "history": any(state.history for state in states),
        "parallel": any(state.parallel for state in states),
        "rules": bool(workflow.rules),
        "tables": any(len(table.rows) > 2 for table in workflow.tables.values()),
        "timers": any(state.timers for state in states),
    }


def test_drawn_workflows_have_everything_in_turn() -> None:
    """Each part of a definition is in at least one in ten of the drawn workflows."""
    counts: Counter[str] = Counter()

    @settings(max_examples=40, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(workflows())
    def look(workflow: servflow.Workflow) -> None:
        counts.update(["all", *(name for name, held in _held(workflow).items() if held)])

    for number in (1, 2, 3):
        seed(number)(look)()

    rare = {name: counts[name] for name in _held(WORKFLOW) if counts[name] * 10 < counts["all"]}
    assert {} == rare
