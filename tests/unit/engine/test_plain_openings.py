"""Knows that opening many tickets alike says what opening the first did; must not know how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.errors import InputError, TimeError
from servflow.model import canonical

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "workflow": "w",
    "fields": {"size": {"type": "int", "default": 3}},
    "states": {"a": {"states": {"a1": {}, "a2": {}}}, "b": {}},
    "transitions": [{"event": "go", "source": "a1", "target": "b"}],
}
MORE: dict[str, dict[str, Any]] = {
    "plain": {},
    "a timer": {
        "states": {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}},
        "transitions": [{"event": "go", "source": "a", "target": "b"}],
    },
    "a clock": {"clocks": [{"name": "c", "within": "2h", "until": "b"}]},
    "a rule": {"rules": [{"name": "r", "when": "size > 2", "then": [{"set": {"priority": "1"}}]}]},
    "an eventless transition": {"transitions": [{"source": "a1", "target": "a2"}, *PLAIN["transitions"]]},
    "closed at once": {"states": {"a": {"closed": True}}, "transitions": []},
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_the_third_opening_says_what_the_first_says(more: dict[str, Any]) -> None:
    """Whatever reacts to openings, the outcome of a later one is that of a workflow which opens its first."""
    used = servflow.load({**PLAIN, **more})
    for number in range(2):
        used.open(f"T{number}", at=NINE)
    at = NINE + timedelta(days=3, microseconds=7)

    late, first = used.open("T", at=at), servflow.load({**PLAIN, **more}).open("T", at=at)

    assert first == late
    assert canonical(first) == canonical(late)
    assert late.ticket == used.fold(late.records)
    assert used.advance(late.ticket, at=at + timedelta(hours=5)) == used.advance(first.ticket, at=at + timedelta(hours=5))


def test_what_is_given_is_heard_after_plain_openings() -> None:
    """A field, an actor or an earlier occurrence after openings without them are taken as given."""
    workflow = servflow.load(PLAIN)
    for number in range(2):
        workflow.open(f"T{number}", at=NINE)

    assert 9 == workflow.open("T", {"size": 9}, at=NINE).ticket.fields["size"]
    assert "ann" == workflow.open("T", at=NINE, actor="ann").ticket.requester
    assert NINE == workflow.open("T", at=NINE + timedelta(hours=1), occurred=NINE).ticket.opened_at
    with pytest.raises(InputError):
        workflow.open("", at=NINE)
    with pytest.raises(TimeError):
        workflow.open("T", at=datetime(2026, 3, 2))
