"""Knows what a clock can wait for, how it is written and what is refused; must not know what happens to the clock then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from servflow.errors import DefinitionError, shown
from servflow.sla import Clock, Condition

SIDES = ("agent", "customer", "system")
KINDS = ("state", "event", "message", "field", "queue", "left", "left_queue")
PLAIN_LIST = {"and": [{"==": ["n", 1]}, {"in": ["a", ["a", "b"]]}]}


def refused(data: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Code, path and facts of what is wrong with one condition, the same below a clock's path."""
    with pytest.raises(DefinitionError) as caught:
        Condition.of(data)
    with pytest.raises(DefinitionError) as inside:
        Clock(name="c", within="1h", stop=[data])
    alone = [(found.code, found.path, dict(found.facts)) for found in caught.value.findings]
    assert [(code, f"stop[0].{path}".rstrip("."), facts) for code, path, facts in alone] == [
        (found.code, found.path, dict(found.facts)) for found in inside.value.findings
    ]
    return alone


@pytest.mark.parametrize(
    "data",
    [
        {"state": "a"},
        {"event": "e", "when": "n == 1"},
        {"left": "a", "after": "k"},
        {"field": {"priority": None}, "when": PLAIN_LIST, "after": "k"},
        {"message": {"side": "agent", "public": False, "channel": "chat"}},
        {"message": {}},
    ],
)
def test_a_condition_is_written_as_it_was_read(data: dict[str, Any]) -> None:
    """Every kind and everything that narrows it comes back as plain dictionaries and lists."""
    assert data == json.loads(json.dumps(Condition.of(data).to_data()))
    assert data == Condition.of(Condition.of(data)).to_data()


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ({"message": None}, {"message": {}}),
        ({"message": "customer"}, {"message": {"side": "customer"}}),
        ({"message": {"side": None, "channel": "chat"}}, {"message": {"channel": "chat"}}),
        ({"state": " a ", "when": " x ", "after": " k "}, {"state": "a", "when": "x", "after": "k"}),
    ],
)
def test_short_spellings_mean_the_long_ones(data: dict[str, Any], meant: dict[str, Any]) -> None:
    """What may be left out, and spaces around names, make no difference."""
    assert Condition.of(meant) == Condition.of(data)


def test_a_list_of_names_is_one_condition_for_each() -> None:
    """All of them are narrowed alike."""
    clock = Clock(name="c", within="1h", stop=[{"state": ["a", "b"], "when": "x", "after": "k"}])

    assert (Condition("state", "a", "x", "k"), Condition("state", "b", "x", "k")) == clock.stop
    assert () == clock.until


@pytest.mark.parametrize(
    ("data", "near"),
    [
        ({"stat": "x"}, "state"),
        ({"state": "x", "evnt": "y"}, "event"),
        ({"aftr": "x"}, "after"),
        ({"state": "x", "event": "y"}, None),
        ({"zzz": 1}, None),
        ({"when": "x"}, None),
        ({}, None),
        ("state", None),
        (7, None),
    ],
)
def test_a_condition_looks_at_exactly_one_known_thing(data: Any, near: str | None) -> None:
    """Another number of kinds, or one that is not known, is told whole, with the nearest known word."""
    facts = {"value": shown(data), "kinds": KINDS} | ({} if near is None else {"nearest": near})

    assert [("sla.condition", "", facts)] == refused(data)


@pytest.mark.parametrize(
    ("data", "code", "path", "facts"),
    [
        ({"state": "a", "when": " "}, "sla.when", "when", {"value": "''"}),
        ({"state": "a", "when": {}}, "sla.when", "when", {"value": "{}"}),
        ({"state": "a", "when": 7}, "sla.when", "when", {"value": "7"}),
        ({"state": "a", "after": " "}, "sla.after", "after", {"value": "' '"}),
        ({"state": "a", "after": 7}, "sla.after", "after", {"value": "7"}),
        ({"state": 7}, "sla.names", "state", {"value": "7"}),
        ({"field": {"a": 1, "b": 2}}, "sla.field", "", {"value": shown({"a": 1, "b": 2})}),
        ({"field": {"a": [1]}}, "sla.field", "", {"value": shown({"a": [1]})}),
        ({"field": {}}, "sla.field", "", {"value": "{}"}),
        ({"message": 7}, "sla.message", "", {"value": "7"}),
        ({"message": {"sides": "agent"}}, "sla.message", "", {"value": shown({"sides": "agent"}), "nearest": "side"}),
        ({"message": {"zzz": "agent"}}, "sla.message", "", {"value": shown({"zzz": "agent"})}),
        ({"message": {"public": "yes"}}, "sla.message", "", {"value": shown({"public": "yes"})}),
        ({"message": {"side": 7}}, "sla.message", "", {"value": shown({"side": 7})}),
        ({"message": {"channel": 7}}, "sla.message", "", {"value": shown({"channel": 7})}),
        ({"message": {"channel": " "}}, "sla.message", "", {"value": shown({"channel": " "})}),
        ({"message": "agnt"}, "sla.side", "", {"value": "'agnt'", "known": SIDES, "nearest": "agent"}),
        ({"message": "zzz"}, "sla.side", "", {"value": "'zzz'", "known": SIDES}),
    ],
)
def test_what_does_not_suit_its_kind_is_told_with_its_place(data: Any, code: str, path: str, facts: dict[str, Any]) -> None:
    """Every refusal has its code, the place and the value, and a known word where one is near."""
    assert [(code, path, facts)] == refused(data)
