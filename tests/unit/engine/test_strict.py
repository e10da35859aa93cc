"""Knows what ``strict: true`` means for a workflow; must not know how an expression is evaluated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import servflow

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
DATA = {
    "workflow": "returns",
    "strict": True,
    "initial": "new",
    "fields": {
        "tier": {"type": "string", "one_of": ["gold", "silver"], "optional": True},
        "amount": {"type": "int", "optional": True},
    },
    "states": {"new": {}, "paid": {"closed": True}, "refused": {"closed": True}},
    "transitions": [
        {"event": "pay", "source": "new", "target": "paid", "when": "tier == 'gold' && amount < 100"},
        {"event": "refuse", "source": "new", "target": "refused", "when": "!(tier == 'gold')"},
        {"event": "drop", "source": "new", "target": "refused", "when": "tier == null || tier == 'silver'"},
    ],
}


def opened(data=None, **fields):
    workflow = servflow.load(DATA if data is None else data)
    return workflow, workflow.open("T", fields, at=NINE).ticket


@pytest.mark.parametrize(
    ("event", "fields", "missing"),
    [("pay", {}, "tier"), ("pay", {"tier": "gold"}, "amount"), ("refuse", {}, "tier"), ("refuse", {"amount": 3}, "tier")],
)
def test_a_guard_that_would_compare_with_nothing_refuses_and_names_it(event, fields, missing):
    """The refusal is that of a guard, says which field is missing, and leaves the ticket as it was."""
    workflow, ticket = opened(**fields)
    with pytest.raises(servflow.Refused) as caught:
        workflow.fire(ticket, event, at=TEN)

    assert ("guard", (missing,)) == (caught.value.code, caught.value.facts["missing"])
    assert missing in caught.value.message
    option = next(option for option in workflow.available(ticket, at=TEN) if option.event == event)
    assert ("refused", True) == (option.status, missing in option.why)


def test_without_it_the_comparison_does_not_match():
    """The same guard of a workflow that is not strict takes a missing tier for one that is not gold."""
    workflow, ticket = opened({**DATA, "strict": False})

    assert "refused" == workflow.fire(ticket, "refuse", at=TEN).ticket.state


def test_what_asks_about_null_goes_through():
    """A condition that says what it means by nothing is no stricter than before."""
    workflow, ticket = opened()

    assert "refused" == workflow.fire(ticket, "drop", at=TEN).ticket.state


@pytest.mark.parametrize(
    "part",
    [
        {"dispatch": [{"name": "d", "slot": "assignee", "candidates": "engineers", "state": "new", "when": "tier == 'gold'"}]},
        {"clocks": [{"name": "d", "within": [{"when": "tier == 'gold'", "take": "1h"}, {"take": "2h"}], "until": "paid"}]},
    ],
)
def test_dispatch_and_clocks_are_strict_too(part):
    """What starts by itself stops the opening as a rule does, and names the field."""
    with pytest.raises(servflow.Refused, match="tier is missing or null"):
        servflow.load({**DATA, **part}).open("T", {}, at=NINE)

    assert "new" == servflow.load({**DATA, **part, "strict": False}).open("T", {}, at=NINE).ticket.state


def test_a_strict_rule_is_refused_by_name():
    """A rule that cannot be decided stops the opening, rather than passing the ticket by."""
    rules = [{"name": "small", "when": "amount < 100", "then": [{"set": {"tier": "'silver'"}}]}]
    workflow = servflow.load({**DATA, "rules": rules})
    with pytest.raises(servflow.Refused) as caught:
        workflow.open("T", {}, at=NINE)

    assert ("guard", "small") == (caught.value.code, caught.value.facts["rule"])
    assert "amount" in caught.value.message
    assert "silver" == workflow.open("T", {"amount": 5}, at=NINE).ticket.fields["tier"]


def test_being_strict_is_part_of_the_definition():
    """It round-trips, changes the hash, is told by ``diff``, and left out where it is false."""
    strict, plain = servflow.load(DATA), servflow.load({**DATA, "strict": False})

    assert strict == servflow.load(servflow.dump(strict)) != plain
    assert strict.hash != plain.hash
    assert ["strict"] == [change.path for change in servflow.diff(plain, strict).changes]
    assert "strict" not in plain.to_data()


@pytest.mark.parametrize("value", ["yes", 1, None, []])
def test_anything_but_true_or_false_is_refused(value):
    """The key takes a bool and nothing that looks like one."""
    with pytest.raises(servflow.DefinitionError) as caught:
        servflow.engine.Workflow(**{**DATA, "strict": value})

    assert [("definition.value", "strict")] == [(finding.code, finding.path) for finding in caught.value.findings]


def test_a_proof_knows_that_nothing_does_not_pass_a_strict_guard():
    """What a strict guard keeps out when a field is missing is not taken for reachable: the witness gives the field."""
    workflow = servflow.load({**DATA, "laws": [{"name": "never refused", "never": "in_state('refused')"}]})
    proof = next(iter(workflow.prove()))

    assert "refuted" == proof.verdict
    assert "refused" == workflow.replay_witness(proof.witness)[-1].ticket.state
