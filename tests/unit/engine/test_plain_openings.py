"""Knows that opening many tickets alike says what opening the first did; must not know how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.errors import InputError, ServflowError, TimeError
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


MIRRORED = {**PLAIN, "fields": {**PLAIN["fields"], "customer": {"type": "string", "optional": True}}}
GIVEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a field": {"fields": {"size": 9}},
    "a field as text": {"fields": {"size": "9"}},
    "an attribute": {"fields": {"size": 1, "priority": 1, "tags": ["b", "a"]}},
    "what is not there": {"fields": {"sise": 1}},
    "an actor": {"actor": "ann"},
    "an actor with roles": {"actor": {"id": "ann", "roles": ["clerk"]}, "fields": {"size": 2}},
    "the system": {"actor": "system", "fields": {"size": 2}},
    "an earlier occurrence": {"occurred": NINE - timedelta(hours=1)},
    "a world": {"world": {"version": "7", "persons": {"ann": {"id": "ann", "roles": ["boss"]}}}, "actor": "ann"},
}


def _answer(workflow: Any, given: dict[str, Any]) -> Any:
    try:
        return workflow.open("T", at=NINE, **given)
    except ServflowError as error:
        return str(error)


@pytest.mark.parametrize("before", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("definition", [PLAIN, MIRRORED], ids=["plain", "mirrored"])
def test_what_was_opened_before_changes_no_opening(
    definition: dict[str, Any], before: dict[str, Any], given: dict[str, Any]
) -> None:
    """Whatever is given, and whatever was given the time before, an opening says what a workflow says that opens its first."""
    used = servflow.load(definition)
    _answer(used, before)
    fresh = servflow.load(definition)
    expected, found = _answer(fresh, given), _answer(used, given)

    assert expected == found
    if not isinstance(found, str):
        assert canonical(expected) == canonical(found)
        assert repr(expected) == repr(found)
        assert found.ticket == used.fold(found.records)


def test_a_customer_given_as_a_field_is_the_ticket_s() -> None:
    """A field that an attribute mirrors is heard on every opening."""
    workflow = servflow.load(MIRRORED)

    assert ["c1", "c2"] == [workflow.open(name, {"customer": name}, at=NINE).ticket.customer for name in ("c1", "c2")]
