"""Knows the laws of rule sets; must not know how rules are indexed or which of them wait."""

from __future__ import annotations

import itertools
import json
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import DefinitionError, ExpressionError, LimitError
from servflow.model import SYSTEM, Decided
from servflow.rules import Rule, RuleSet
from tests.oracles import rule_agenda as oracle

NAMES = ["a", "b", "c"]
VALUES = [None, 0, 1, 2, 3, 2**63, -1, True, False, "x", "y", "", 1.0, 2.5, float("nan"), Decimal(1), Decimal("2.5"), [1], b"x"]
CONSTANTS = ["0", "1", "2", "'x'", "'y'", "null", "true", "1.5", "2u", "b'x'", "-1"]
FEW = [Rule(name=f"idle {index}", when=f"never == {index}") for index in range(13)]
"""So many that rules are looked up instead of asked one by one."""

names = st.sampled_from(NAMES)
atoms = st.one_of(
    st.builds("{} {} {}".format, names, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from(CONSTANTS)),
    st.builds("{} {} {}".format, st.sampled_from(["1", "'x'", "null"]), st.sampled_from(["==", "<", ">=", "!="]), names),
    st.builds("{} in [{}]".format, names, st.lists(st.sampled_from(CONSTANTS), max_size=3).map(", ".join)),
    st.builds("{}{}".format, st.sampled_from(["", "!", ".", "!!"]), names),
    st.sampled_from(
        ["a + 1 > b", "size(a) > 0", "has(a.b)", "[1, 2].exists(v, v == a)", "a.b == 1", "true", "1 / a == 1", "d"]
    ),
)
conditions = st.one_of(
    st.lists(atoms, min_size=1, max_size=4).map(" && ".join), st.lists(atoms, min_size=2, max_size=2).map(" || ".join)
)
held = st.sampled_from(VALUES)
fields = st.dictionaries(names, held, max_size=3)


def rule(conditions: Any, values: Any) -> Any:
    """Rules as definitions write them, without their names."""
    return st.fixed_dictionaries(
        {},
        optional={
            "then": st.fixed_dictionaries({"set": st.dictionaries(names, values, min_size=1, max_size=2)}),
            "when": conditions,
            "priority": st.integers(1, 3),
            "stop": st.just(True),
            "group": st.sampled_from(["g", "h"]),
            "overwrite": st.just(True),
        },
    )


def scored(rule: dict[str, Any], score: Any) -> dict[str, Any]:
    return rule if score is None else {**rule, "score": score[0], "threshold": score[1]}


weights = st.sampled_from([1, 2, -1, 0.5, "0.25", 3])
scores = st.none() | st.tuples(
    st.lists(st.fixed_dictionaries({"when": atoms, "weight": weights}), min_size=1, max_size=3),
    st.sampled_from([0, 1, 2, 0.75]),
)
values = st.sampled_from(["0", "1", "2", "'x'", "true", "null", "a", "b", "c"])
sets = st.lists(st.builds(scored, rule(conditions, values), scores), max_size=7).map(
    lambda rules: [{"name": f"r{index}", **one} for index, one in enumerate(rules)]
)


def expected(rules: list[dict[str, Any]], given_fields: dict[str, Any], person: frozenset[str], in_force: Any = None) -> Any:
    try:
        fired, at_rest = oracle.play(rules, given_fields, in_force, person)
    except oracle.Undecided as undecided:
        return "undecided", str(undecided)
    except oracle.Endless as endless:
        return "endless", str(endless)
    except ExpressionError:
        return "value", ""
    return fired, {name: repr(value) for name, value in at_rest.items()}


def decided(rule_set: RuleSet, given_fields: dict[str, Any], person: frozenset[str], at: datetime | None = None) -> Any:
    try:
        found = rule_set.decide(given_fields, at, set_by_person=person)
    except LimitError as error:
        return "endless", error.rule
    except ExpressionError as error:
        return ("undecided", error.facts["rule"]) if error.facts["path"] == "when" else ("value", "")
    return list(found.fired), {name: repr(value) for name, value in {**given_fields, **found.outputs}.items()}


@given(sets, fields, st.frozensets(names, max_size=1))
@settings(max_examples=150, deadline=None)
def test_a_set_decides_as_asking_each_rule_in_turn(
    rules: list[dict[str, Any]], given_fields: dict[str, Any], person: frozenset[str]
) -> None:
    """Whatever the index leaves out would not have held, what it fails on would have failed, and the order is the same."""
    wanted = expected(rules, given_fields, person)

    assert wanted == decided(RuleSet(rules), given_fields, person)
    assert wanted == decided(RuleSet([*(Rule(**one) for one in rules), *FEW]), given_fields, person)


DAY = datetime(2026, 11, 1, tzinfo=UTC)
periods = st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(5, 9))


@given(st.lists(st.tuples(rule(atoms, values), periods), max_size=5), fields, st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_a_rule_acts_in_its_period_only(written: list[Any], given_fields: dict[str, Any], hour: int) -> None:
    """Half-open: the rules in force are those that have begun and not ended; the others might as well not be there."""
    rules, in_force = [], []
    for index, (one, (start, end)) in enumerate(written):
        period = {"start": start, "end": end}
        shown = {key: (DAY + timedelta(hours=at)).isoformat() for key, at in period.items() if at is not None}
        rules.append({"name": f"r{index}", **one, **({"effective": shown} if shown else {})})
        if (start is None or start <= hour) and (end is None or hour < end):
            in_force.append(index)

    found = decided(RuleSet(rules), given_fields, frozenset(), DAY + timedelta(hours=hour))

    assert expected(rules, given_fields, frozenset(), in_force) == found


@given(sets)
@settings(max_examples=60, deadline=None)
def test_a_set_survives_its_document_and_pickle(rules: list[dict[str, Any]]) -> None:
    """What a set writes reads back as an equal set of the same hash."""
    rule_set = RuleSet(rules, version=3)

    again = RuleSet(json.loads(json.dumps(rule_set.to_data())), version=3)

    assert rule_set == again == pickle.loads(pickle.dumps(rule_set))
    assert rule_set.hash == again.hash


@given(sets, fields)
@settings(max_examples=60, deadline=None)
def test_explain_agrees_with_decide(rules: list[dict[str, Any]], given_fields: dict[str, Any]) -> None:
    """Exactly the rules that acted are told as acting, in the order in which they come."""
    rule_set = RuleSet(rules)
    try:
        found = rule_set.decide(given_fields)
    except (ExpressionError, LimitError):
        return

    entries = rule_set.explain(given_fields)

    assert set(found.fired) == {entry["rule"] for entry in entries if entry["fired"]}
    order = sorted(range(len(rules)), key=lambda index: oracle.place(rules, index))
    assert [rules[index]["name"] for index in order] == [entry["rule"] for entry in entries]
    assert all(entry["fired"] or entry["why"] for entry in entries)


SMALL = [None, -2, -1, 0, 1, 2, 3, 4, 5]  # all that three names can tell apart around 1 and 2
plain = st.one_of(
    st.builds("{} {} {}".format, names, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(1, 2)),
    st.builds("{} in {}".format, names, st.lists(st.integers(1, 2), min_size=1, max_size=2)),
    st.builds("{} {} null".format, names, st.sampled_from(["==", "!="])),
    st.builds("{} < {}".format, names, names),
)
plain_rules = st.lists(
    st.fixed_dictionaries(
        {"when": st.lists(plain, min_size=1, max_size=3).map(" && ".join)},
        optional={
            "then": st.builds(lambda name, value: {"set": {name: value}}, names, st.sampled_from(["0", "1", "2"])),
            "stop": st.just(True),
            "priority": st.integers(1, 2),
        },
    ),
    max_size=5,
).map(lambda rules: [{"name": f"r{index}", **one} for index, one in enumerate(rules)])
EVERY = [dict(zip(NAMES, combined, strict=True)) for combined in itertools.product(SMALL, repeat=3)]


@given(plain_rules)
@settings(max_examples=30, deadline=None)
def test_check_finds_what_trying_every_value_finds(rules: list[dict[str, Any]]) -> None:
    """Dead and shadowed rules exactly; contradictions and circles with values on which they show."""
    rule_set = RuleSet(rules)
    hold = [[oracle.holds(rules, index, values)[0] for index in range(len(rules))] for values in EVERY]
    dead = {index for index in range(len(rules)) if not any(held[index] for held in hold)}
    before = [
        [
            other
            for other in range(len(rules))
            if rules[other].get("stop") and oracle.place(rules, other) < oracle.place(rules, index)
        ]
        for index in range(len(rules))
    ]
    shadowed = {
        index
        for index in set(range(len(rules))) - dead
        if any(all(held[other] for held in hold if held[index]) for other in before[index] if other not in dead)
    }

    found: dict[str, list[Any]] = {}
    for finding in rule_set.check(dict.fromkeys(NAMES, "int")):
        found.setdefault(finding.code, []).append(finding)

    assert "rules.rules_undecided" not in found
    assert dead == {finding.facts["index"] for finding in found.get("rules.rule_dead", [])}
    assert shadowed == {finding.facts["index"] for finding in found.get("rules.rule_shadowed", [])}
    for finding in [*found.get("rules.rule_shadowed", []), *found.get("rules.rule_conflict", [])]:
        assert oracle.holds(rules, finding.facts["index"], finding.witness)[0]
        assert oracle.holds(rules, finding.facts["first"], finding.witness)[0]
    for finding in found.get("rules.endless_cycle", []):
        with pytest.raises(LimitError):
            rule_set.decide(finding.witness)


DECLARED = {**{name: {"type": "int", "optional": True} for name in NAMES}, "t": {"type": "string", "optional": True}}
typed = st.one_of(plain, st.builds("t {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from("xy")))
typed_rules = st.lists(
    st.builds(
        scored,
        st.fixed_dictionaries(
            {
                "then": st.fixed_dictionaries(
                    {"set": st.dictionaries(names, st.sampled_from(["0", "2", "null", "a"]), min_size=1)}
                )
            },
            optional={
                "when": st.lists(typed, min_size=1, max_size=3).map(" && ".join) | st.builds("{} || {}".format, typed, typed),
                "priority": st.integers(1, 3),
                "stop": st.just(True),
                "group": st.sampled_from(["g", "h"]),
            },
        ),
        st.none() | st.tuples(st.lists(st.fixed_dictionaries({"when": typed, "weight": weights}), min_size=1), st.just(1)),
    ),
    max_size=9,
).map(lambda rules: [{"name": f"r{index}", **one} for index, one in enumerate(rules)])
typed_fields = st.fixed_dictionaries({}, optional={**dict.fromkeys(NAMES, st.integers(0, 3)), "t": st.sampled_from("xy")})


@given(typed_rules, typed_fields)
@settings(max_examples=40, deadline=None)
def test_a_ticket_is_opened_as_the_set_decides(rules: list[dict[str, Any]], given_fields: dict[str, Any]) -> None:
    """A workflow and a set of its rules come to the same values by the same rules, in the same order."""
    try:
        workflow = Workflow(workflow="w", fields=DECLARED, states={"new": {}}, rules=rules)
    except DefinitionError as error:
        for finding in error.findings:
            with pytest.raises(LimitError):
                RuleSet(rules).decide(finding.witness)
        return
    try:
        decision = RuleSet(workflow.rules).decide(given_fields)
    except LimitError:
        with pytest.raises(LimitError):
            workflow.open("T", given_fields, at=DAY, actor=SYSTEM)
        return

    outcome = workflow.open("T", given_fields, at=DAY, actor=SYSTEM)

    found = outcome.ticket.fields
    at_rest = {**given_fields, **decision.outputs}
    assert {name: at_rest.get(name) for name in DECLARED} == {name: found.get(name) for name in DECLARED}
    decided_by = [record for record in outcome.records if isinstance(record, Decided)]
    assert list(decision.fired) == [record.name for record in decided_by]
    assert all(decision.hash == record.why["hash"] for record in decided_by)
