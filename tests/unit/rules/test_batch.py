"""Deciding many sets of fields at once gives what asking one by one gives, in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import ExpressionError, InputError, TimeError
from servflow.rules import HITS, DecisionTable

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
MANY: list[Mapping[str, Any]] = [
    {"tier": tier, "amount": amount, "limit": 5}
    for tier in ("gold", "silver", None, 3, True)
    for amount in (1, 1.0, True, None, 7, Decimal("7.00"), float("nan"), Decimal("sNaN"), "7", [7], timedelta(1), NEW_YEAR)
]


def table(hit: str = "collect", **given: Any) -> DecisionTable:
    parts: dict[str, Any] = {
        "inputs": ["tier", "amount"],
        "outputs": {"fee": {"type": "int", "one_of": [1, 2, 3, 4]}},
        "rows": [['"gold"', "-", "1"], ["-", "> 5", "2"], ["-", "1", "3"], ["-", "limit > 4", "4"], ["true, 3", "[7], 1", "1"]],
    }
    return DecisionTable(name="t", hit=hit, **{**parts, **given})


def alone(made: DecisionTable, many: list[Mapping[str, Any]], at: datetime | None = None) -> list[Any]:
    return [(decision.outputs, decision.matched, str(decision.why)) for decision in (made.decide(each, at) for each in many)]


@pytest.mark.parametrize("hit", [hit for hit in HITS if hit not in ("unique", "any")])
def test_many_decisions_are_the_decisions_one_by_one(hit: str) -> None:
    """Whatever the values are, also those that are equal to Python and not to a table, such as 1 and true."""
    made = table(hit)
    plain = [each for each in MANY if not isinstance(each["amount"], (list, datetime, timedelta))]

    for many in (MANY, plain, [each for each in plain if type(each["amount"]) is int], []):
        decided = [(decision.outputs, decision.matched, str(decision.why)) for decision in made.decide_many(many)]
        assert alone(made, many) == decided


def test_more_than_are_looked_at_together_keep_their_order() -> None:
    """Whoever iterates them gives each one once."""
    made = table("first")
    many = [{"tier": "gold" if number % 3 else "x", "amount": number % 11} for number in range(5_000)]

    decided = made.decide_many(iter(many))

    assert [made.decide(each).matched for each in many] == [decision.matched for decision in decided]


def test_equal_values_of_other_types_are_never_taken_for_each_other() -> None:
    """However far apart they stand in a batch, and whatever was asked before."""
    made = DecisionTable(
        name="t", inputs=["x"], outputs={"o": "int"}, rows=[["1", "1"], ["true", "2"], ['"1"', "3"]], hit="first"
    )
    kinds: list[Any] = [1, True, 1.0, Decimal(1), "1", None, 1]

    answers = [decision.outputs for decision in made.decide_many([{"x": kind} for kind in kinds for _ in range(2_000)])]

    single = [made.decide({"x": kind}).outputs for kind in kinds]
    assert [{"o": 1}, {"o": 2}, {"o": 1}, {"o": 1}, {"o": 3}, None, {"o": 1}] == single == answers[::2_000]
    assert [answer for answer in single for _ in range(2_000)] == answers


def test_declared_inputs_are_converted_as_one_by_one() -> None:
    """What a declared type makes of a value is in the reasons too."""
    made = table(inputs=["tier", {"name": "amount", "type": "double"}])
    many = [{"tier": "gold", "amount": 1}, {"amount": 7}, {}]

    decided = made.decide_many(many)

    assert alone(made, many) == [(decision.outputs, decision.matched, str(decision.why)) for decision in decided]
    assert 1.0 == decided[0].why[0]["inputs"][1]["value"]


@pytest.mark.parametrize(
    ("hit", "wrong", "error", "code"),
    [
        ("unique", {"tier": "gold", "amount": 7}, InputError, "rules.not_unique"),
        ("first", {"amount": "x"}, InputError, "rules.input_value"),
        ("first", {"amount": datetime(2027, 1, 1)}, TimeError, "naive"),
        ("first", [], InputError, "rules.fields"),
        ("collect", {"amount": 3, "limit": "x"}, ExpressionError, "expression"),
    ],
)
def test_the_first_that_fails_is_told_by_its_place(hit: str, wrong: Any, error: type[Exception], code: str) -> None:
    """The error is the one it raises alone, with ``index``; what stands after it is not looked at."""
    inputs = ["tier", {"name": "amount", "type": "int"}] if code == "rules.input_value" else ["tier", "amount"]
    made = table(hit, inputs=inputs)
    fine = {"tier": "gold", "amount": 0, "limit": 1}

    with pytest.raises(error) as caught:
        made.decide_many([fine, fine, wrong, {"amount": object()}])

    with pytest.raises(error) as single:
        made.decide(wrong)
    assert 2 == caught.value.facts["index"]
    assert str(single.value) == str(caught.value)
    assert single.value.code == caught.value.code == code or code == "expression"


def test_many_are_decided_for_one_instant_or_each_for_its_own() -> None:
    """Effective rows count at the instant given for all, or at the field ``at`` of each."""
    rows = [
        {"when": ["-"], "then": ["1"], "effective": {"end": "2027-01-01"}},
        {"when": ["-"], "then": ["2"], "effective": {"start": "2027-01-01"}},
    ]
    made = DecisionTable(name="t", hit="first", zone="UTC", inputs=["tier"], outputs={"fee": "int"}, rows=rows)
    before = NEW_YEAR - timedelta(microseconds=1)

    assert [{"fee": 2}] * 2 == [decision.outputs for decision in made.decide_many([{}, {"at": before}], NEW_YEAR)]
    assert [{"fee": 2}, {"fee": 1}] == [decision.outputs for decision in made.decide_many([{"at": NEW_YEAR}, {"at": before}])]
    with pytest.raises(InputError) as caught:
        made.decide_many([{"at": before}, {}])
    assert ("rules.at", 1) == (caught.value.code, caught.value.facts["index"])
