"""Holds explained rule sets to what they tell: which rule nearly acted, and which change would have others act."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from servflow.rules import Rule, RuleSet

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rules(*conditions: str, **more: Any) -> RuleSet:
    return RuleSet([Rule(name=f"r{n}", when=when, then=[{"set": {f"o{n}": "1"}}], **more) for n, when in enumerate(conditions)])


def test_the_nearest_rule_is_the_one_with_the_fewest_parts_against_it() -> None:
    """Of several the one that is the least far away; each part says what it saw and what would do."""
    made = rules("a > 1 && b == 2 && c == 3", "a > 1 && b == 2", "a > 900 && b == 3")

    nearest = made.explain({"a": 5, "b": 3, "c": 9}).nearest

    assert ("r1", 1, 1) == (nearest["rule"], nearest["index"], len(nearest["failed"]))
    (part,) = nearest["failed"]
    assert ("b == 2", ("b (3) == 2 is false",), {"b": 2}) == (part["condition"], part["lines"], part["to"])


def test_the_smallest_change_has_other_rules_act() -> None:
    """The fewest fields, then the nearest value; the set itself was asked."""
    made = rules("amount >= 200 && tier == 'gold'", "amount >= 500")
    fields = {"amount": Decimal("180.00"), "tier": "gold"}

    change = made.explain(fields).change

    assert ("amount", Decimal("180.00"), Decimal(200)) == tuple(change["fields"][0][key] for key in ("field", "from", "to"))
    assert (("r0",), {"o0": 1}) == (change["fired"], change["outputs"])
    assert change["fired"] == made.decide({**fields, "amount": change["fields"][0]["to"]}).fired


def test_a_rule_that_would_no_longer_act_is_a_change_too() -> None:
    """Where all act already, the change is one after which one does not."""
    made = rules("n < 5")

    explained = made.explain({"n": 4})

    assert (None, ()) == (explained.nearest, explained.change["fired"])
    assert ({"field": "n", "from": 4, "to": 5},) == explained.change["fields"]


def test_time_is_no_change() -> None:
    """A rule that waits for a date is told as not in force; nobody is told to wait."""
    made = rules("at > timestamp('2027-01-01T00:00:00Z')")

    assert None is made.explain({"at": NOON}).change


def test_it_is_a_tuple_with_text_and_data() -> None:
    """Entries first; text in both languages and JSON-ready data of all of it; it can be kept."""
    explained = rules("n < 5", "n > 7 && m == 'x'").explain({"n": 4, "m": "x"})
    chinese = rules("n < 5", "n > 7 && m == 'x'").explain({"n": 4, "m": "x"}, "zh")

    assert "the nearest miss is r1; conditions against it: 1" in explained.text
    assert "n: 5 instead of 4" in explained.text
    assert "n：由 4 改为 5" in chinese.text
    assert json.loads(json.dumps(explained.to_data())) == explained.to_data()
    assert (2, tuple(explained)) == (len(explained), pickle.loads(pickle.dumps(explained)))


def test_a_score_that_is_too_low_may_be_the_smallest_change() -> None:
    """One value more is less of a change than the three that another rule is away from."""
    rules = RuleSet(
        [
            {
                "name": "risk",
                "score": [{"when": "b > 3", "weight": 2}, {"when": "c == 'x'", "weight": 1}],
                "threshold": 2,
                "then": {"set": {"m": "1"}},
            },
            {"name": "far", "when": "a > 1 && b > 100 && d", "then": {"set": {"m": "2"}}},
        ]
    )

    change = rules.explain({"a": 0, "b": 3, "c": "x"}).change

    assert change is not None
    assert ({"field": "b", "from": 3, "to": 4},) == change["fields"]
    assert ("risk",) == change["fired"]
