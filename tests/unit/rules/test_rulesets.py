"""Knows the order, groups, periods and scores of rules and how hosts decide by them; must not know how rules are indexed."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import DefinitionError, ExpressionError, InputError, LimitError, TimeError
from servflow.expressions import Function
from servflow.model import Action
from servflow.rules import Current, DecisionTable, Rule, RuleSet

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)


def rule(name: str, when: str | None = None, **more: Any) -> dict[str, Any]:
    """A rule, as a definition writes it."""
    return {"name": name, **({} if when is None else {"when": when}), **more}


def setting(name: str, when: str | None = None, **more: Any) -> dict[str, Any]:
    """A rule that says who it was."""
    return rule(name, when, then={"set": {"by": f"'{name}'"}}, **more)


def codes(rules: Any, **more: Any) -> list[tuple[str, str]]:
    """What is wrong with rules, and where."""
    with pytest.raises(DefinitionError) as caught:
        RuleSet(rules, **more)
    return [(finding.path, finding.code) for finding in caught.value.findings]


def test_the_highest_priority_comes_first_then_the_order_of_the_document() -> None:
    """1 is the highest; rules without a priority come last."""
    rules = RuleSet(
        [setting("last"), setting("second", priority=2), setting("first", priority=1), setting("third", priority=2)]
    )

    assert ("first", "second", "third", "last") == rules.decide({}).fired


def test_a_rule_that_stops_closes_its_group_and_no_other() -> None:
    """Once it has acted no other rule of its group acts; other groups go on."""
    rules = RuleSet(
        [
            setting("one", "n > 1", stop=True, group="route"),
            setting("two", group="route"),
            setting("other", group="price"),
            setting("free"),
        ]
    )

    assert ("one", "other", "free") == rules.decide({"n": 2}).fired
    assert ("two", "other", "free") == rules.decide({"n": 1}).fired


def test_rules_without_a_group_are_one_group() -> None:
    """So a rule that stops is the first match of all of them."""
    rules = RuleSet([setting("gold", "tier == 'gold'", stop=True), setting("rest")])

    assert (("gold",), ("rest",)) == (rules.decide({"tier": "gold"}).fired, rules.decide({}).fired)


def test_a_rule_set_off_again_may_act_although_it_stopped_its_group() -> None:
    """Stop keeps the others away, not the rule itself."""
    rules = RuleSet([rule("up", "n < 3 && m >= 0", then={"set": {"n": "n + 1"}}, stop=True, group="g")])
    chained = RuleSet([*rules, rule("next", "n > 0", then={"set": {"m": "n"}})])

    assert ("up", "next", "up", "next", "up", "next") == chained.decide({"n": 0, "m": 0}).fired


def test_rules_run_until_nothing_changes() -> None:
    """What one sets another reads; the fields given stay as they are."""
    rules = RuleSet(
        [
            rule("fine", "total > 100", then=[{"set": {"check": "true"}}, {"notify": {"to": "owner", "template": "big"}}]),
            rule("sum", then={"set": {"total": "price * count"}}),
        ]
    )
    given = {"price": 30, "count": 4}

    found = rules.decide(given)

    assert ("sum", "fine") == found.fired
    assert {"total": 120, "check": True} == dict(found.outputs)
    assert (Action("notify", {"to": "owner", "template": "big"}),) == found.actions
    assert {"price": 30, "count": 4} == given
    assert {"rule": "fine", "index": 0, "values": {"total": 120}, "set": {"check": True}} == dict(found.why[1])


def test_what_a_person_set_stays_unless_overwritten() -> None:
    """As on a ticket: only a rule with overwrite changes it."""
    rules = RuleSet([rule("a", then={"set": {"x": "1", "y": "1"}}), rule("b", then={"set": {"y": "2"}}, overwrite=True)])

    assert {"x": 1, "y": 2} == dict(rules.decide({}).outputs)
    assert {"y": 2} == dict(rules.decide({"x": 9, "y": 9}, set_by_person=["x", "y"]).outputs)


def test_rules_that_never_come_to_rest_are_stopped() -> None:
    """The error names one of them."""
    rules = RuleSet([rule("up", then={"set": {"a": "b + 1"}}), rule("on", then={"set": {"b": "a + 1"}})], name="loop")

    with pytest.raises(LimitError, match="loop: rules acted") as caught:
        rules.decide({"a": 0, "b": 0})
    assert ("rules", "up") == (caught.value.code, caught.value.rule)


def test_many_rules_may_act_once_each() -> None:
    """The limit is on acting again, so a large set in which all act is none."""
    count = 500
    rules = RuleSet(
        [rule("total", "a0 > 0", then={"set": {"all": "a0"}})]
        + [rule(f"r{index}", then={"set": {f"a{index}": f"{index} + 1"}}) for index in range(count)]
    )

    assert count + 1 == len(rules.decide({}).fired)


def test_a_score_adds_up_exactly() -> None:
    """Weights may be decimals, texts and negative; the sum is read as score, and why tells it term by term."""
    fraud = rule(
        "fraud",
        score=[
            {"when": "amount > 1000", "weight": 0.1, "note": "large"},
            {"when": "country != home", "weight": "0.2"},
            {"when": "age < 1", "weight": 1},
            {"when": "known", "weight": -1},
        ],
        threshold=0.3,
        then={"set": {"risk": "score"}},
    )
    rules = RuleSet([fraud])

    found = rules.decide({"amount": 2000, "country": "x", "home": "y", "age": 3})

    assert {"risk": Decimal("0.3")} == dict(found.outputs)
    [why] = found.why
    assert (Decimal("0.3"), Decimal("0.3")) == (why["score"], why["threshold"])
    assert [True, True, False, False] == [term["holds"] for term in why["terms"]]
    assert "large" == why["terms"][0]["note"]
    assert () == rules.decide({"amount": 2000, "country": "x", "home": "y", "age": 3, "known": True}).fired
    assert fraud["name"] == Rule(**json.loads(json.dumps(Rule(**fraud).to_data()))).name
    assert Rule(**fraud) == Rule(**json.loads(json.dumps(Rule(**fraud).to_data())))


def test_a_whole_score_is_an_int_and_when_comes_first() -> None:
    """Where all weights are whole so is the sum; a condition besides must hold too. A threshold of 0 may be reached by none."""
    rules = RuleSet(
        [
            rule("s", "ready", score={"when": "a", "weight": 2.0}, threshold=2, then={"set": {"n": "score + 1"}}),
            rule("none", score=[{"when": "a", "weight": 1}], threshold=0, then={"set": {"m": "score"}}),
        ]
    )

    assert {"n": 3, "m": 1} == dict(rules.decide({"a": True, "ready": True}).outputs)
    assert {"m": 0} == dict(rules.decide({"ready": True}).outputs)
    assert frozenset({"a", "ready"}) == rules[0].reads


def test_a_rule_is_in_force_from_its_start_and_before_its_end() -> None:
    """Half-open; dates begin at midnight in the zone written beside them."""
    period = {"start": "2026-11-11", "end": "2026-11-12", "zone": "Asia/Shanghai"}
    rules = RuleSet([setting("sale", effective=period), setting("from", effective={"start": "2026-11-11T12:00:00Z"})])

    assert ("sale",) == rules.decide({}, datetime(2026, 11, 10, 16, tzinfo=UTC)).fired
    assert ("from",) == rules.decide({}, datetime(2026, 11, 11, 16, tzinfo=UTC)).fired
    assert ("sale", "from") == rules.decide({"at": NOON}).fired
    assert () == rules.decide({}, datetime(2026, 11, 10, 15, 59, tzinfo=UTC)).fired
    assert period == rules[0].to_data()["effective"]
    assert rules == RuleSet(json.loads(json.dumps(rules.to_data()))) == pickle.loads(pickle.dumps(rules))


def test_periods_need_an_instant() -> None:
    """It is asked for, never read from a clock; a naive one is refused."""
    rules = RuleSet([setting("sale", effective={"end": "2026-11-12T00:00:00Z"})])

    with pytest.raises(InputError, match="no instant was given") as caught:
        rules.decide({})
    assert "rules.at" == caught.value.code
    with pytest.raises(TimeError):
        rules.decide({}, datetime(2026, 1, 1))
    assert ("x",) == RuleSet([setting("x")]).decide({}).fired


def test_everything_wrong_with_a_set_comes_at_once() -> None:
    """Each with the rule's index and its own key."""
    bad: list[Any] = [
        {"name": "a", "priority": 0, "stop": "yes", "group": "", "labels": [1], "note": 5},
        {"name": "b", "effective": {"start": "2026-01-01"}},
        {"name": "c", "effective": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z", "ende": 1}},
        {
            "name": "d",
            "score": [{"when": "a >", "weight": 1}, {"when": "a", "weight": "x"}, {"weight": 1}, 7, {"when": "a", "w": 1}],
        },
        {"name": "e", "threshold": 3},
        {"name": "f", "score": [{"when": "a", "weight": 1}]},
        {"name": "g", "effective": {"start": "2026-01-01", "zone": "Asia/Beijing"}},
        {"name": "h", "prio": 1},
        "rule",
    ]

    assert [
        ("[0].stop", "rules.flag"),
        ("[0].priority", "rules.priority"),
        ("[0].group", "rules.word"),
        ("[0].note", "rules.word"),
        ("[0].labels[0]", "rules.word"),
        ("[1].effective.start", "rules.period_zone"),
        ("[2].effective", "rules.unknown_key"),
        ("[3].score[0].when", "rules.cell"),
        ("[3].score[1].weight", "rules.weight"),
        ("[3].score[2]", "rules.term_form"),
        ("[3].score[3]", "rules.term_form"),
        ("[3].score[4]", "rules.unknown_key"),
        ("[3].score[4]", "rules.term_form"),
        ("[3].threshold", "rules.threshold"),
        ("[4].threshold", "rules.threshold_alone"),
        ("[5].threshold", "rules.threshold"),
        ("[6].effective.zone", "rules.zone"),
        ("[7]", "rules.unknown_key"),
        ("[8]", "rules.rule_form"),
    ] == codes(bad)


@pytest.mark.parametrize(
    "weight", [True, float("nan"), float("inf"), "1e400", 10**30, "0.0000001", "", "--1", [1], Decimal("NaN"), "9" * 5000, 1e-7]
)
def test_weights_are_exact_numbers_of_a_bounded_size(weight: Any) -> None:
    """What cannot be added up exactly is refused where it stands."""
    assert [("[0].score[0].weight", "rules.weight")] == codes([rule("s", score=[{"when": "a", "weight": weight}], threshold=1)])


def test_a_score_longer_than_a_condition_is_refused() -> None:
    """A definition stays within the bounds of conditions, with advice."""
    terms = [{"when": f"name_{index} == '{'x' * 150}'", "weight": 1} for index in range(100)]

    assert [("[0].score", "rules.score_long")] == codes([rule("s", score=terms, threshold=1)])
    assert [("[0].score", "rules.score_form")] == codes([rule("s", score=terms * 2, threshold=1)])


def test_dates_may_be_dates_and_labels_one_word() -> None:
    """YAML reads dates as dates; what is written is text."""
    made = Rule(name="r", effective={"start": date(2026, 1, 1), "zone": "UTC"}, labels="sale", note="n")

    assert {"start": "2026-01-01", "zone": "UTC"} == made.to_data()["effective"]
    assert (("sale",), "n") == (made.labels, made.note)
    assert Rule(name="r", effective={}).effective is None


def test_unknown_keys_of_a_rule_are_told_with_what_was_meant() -> None:
    """All at once; the host's functions are no key of a document."""
    with pytest.raises(DefinitionError) as caught:
        RuleSet([{"name": "r", "then": {"tag": "x"}, "priorty": 1, "functions": {"f": 1}, "stop": "yes"}])

    assert [("rules.unknown_key", "priority"), ("rules.unknown_key", None), ("rules.flag", None)] == [
        (finding.code, finding.facts.get("nearest")) for finding in caught.value.findings
    ]


def test_a_hash_says_what_the_rules_mean() -> None:
    """Notes, labels, names and versions of the set leave it alone; anything else, tables included, does not."""
    table = DecisionTable(name="fee", hit="first", inputs=["a"], outputs={"total": "int"}, rows=[["-", "1"]])
    other = DecisionTable(name="fee", hit="first", inputs=["a"], outputs={"total": "int"}, rows=[["-", "2"]])
    base = RuleSet([setting("r", "table.fee.total > 0")], {"fee": table})

    assert base.hash == RuleSet([setting("r", "table.fee.total > 0", note="n", labels=["l"])], {"fee": table}, version=2).hash
    assert base.hash != RuleSet([setting("r", "table.fee.total > 0")], {"fee": other}).hash
    assert base.hash != RuleSet([setting("r", "table.fee.total > 0", priority=1)], {"fee": table}).hash
    assert (("r",), base.hash) == (base.decide({}).fired, base.decide({}).hash)
    noted, plain = (
        RuleSet([rule("s", then={"set": {"m": "1"}}, score=[{"when": "b", "weight": 1, **note}], threshold=1)])
        for note in ({"note": "why"}, {})
    )
    assert noted.hash == plain.hash


def test_a_set_can_be_the_one_in_force() -> None:
    """Hosts swap sets as they swap tables."""
    old, new = RuleSet([setting("old")], version="1"), RuleSet([setting("new")], version="2")
    current = Current(old)

    assert (("old",), "1") == (current.decide({}).fired, current.decide({}).version)
    assert old == current.swap(new, expect=old.hash)
    assert ("new",) == current.decide({}).fired


def test_rules_read_tables_while_they_decide() -> None:
    """A table is decided on the fields as they are at that moment."""
    table = DecisionTable(name="fee", hit="first", inputs=["n"], outputs={"total": "int"}, rows=[["> 5", "2"], ["-", "1"]])
    rules = RuleSet(
        [rule("grow", then={"set": {"n": "9"}}), rule("fee", then={"set": {"fee": "table.fee.total"}}, priority=1)],
        {"fee": table},
    )

    assert (("fee", "grow", "fee"), 2) == (rules.decide({"n": 1}).fired, rules.decide({"n": 1}).outputs["fee"])


def test_errors_say_whose_they_are() -> None:
    """The rule, and which part of it."""
    with pytest.raises(ExpressionError, match="rule r, when:"):
        RuleSet([rule("r", "a > 1")]).decide({"a": "x"})
    with pytest.raises(ExpressionError, match=r"rule r, then\[0\].set.x:"):
        RuleSet([rule("r", then={"set": {"x": "1 / a"}})]).decide({"a": 0})
    with pytest.raises(InputError) as caught:
        RuleSet([]).decide([1])  # type: ignore[arg-type] # what hosts pass by mistake
    assert "rules.fields" == caught.value.code


def test_functions_of_the_host_are_called_by_rules_given_as_data() -> None:
    """They are handed to the set once."""
    functions = {"twice": Function("twice", ("int",), "int", lambda value: value * 2)}

    rules = RuleSet([rule("r", "twice(a) > 2", then={"set": {"b": "twice(a)"}})], functions=functions)

    assert {"b": 4} == dict(rules.decide({"a": 2}).outputs)


def test_explain_says_for_each_rule_why_it_did_not_act() -> None:
    """In the order in which they come, in both languages."""
    rules = RuleSet(
        [
            rule("scored", score=[{"when": "n > 1", "weight": 1}, {"when": "n > 9", "weight": 2}], threshold=2, group="s"),
            rule("later", "n > 0", effective={"start": "2027-01-01T00:00:00Z"}),
            rule("first", "n > 0 && tier == 'gold'", stop=True),
            rule("best", "n > 0 && n < 9", stop=True),
            rule("rest"),
        ]
    )

    entries = rules.explain({"n": 5, "tier": "silver"}, at=NOON)

    assert [
        ("scored", "score"), ("later", "effective"), ("first", "when"), ("best", None), ("rest", "stopped"),
    ] == [(entry["rule"], entry.get("why")) for entry in entries]  # fmt: skip
    assert [False, False, False, True, False] == [entry["fired"] for entry in entries]
    assert (1, 2) == (entries[0]["score"], entries[0]["threshold"])
    assert 'tier == "gold"' == entries[2]["condition"]
    assert "best" == entries[4]["by"]
    assert "scored did not act: its score is 1, below 2" == entries[0]["text"]
    assert "rest 未被询问：best 已执行并结束了该组" == rules.explain({"n": 5}, "zh", NOON)[4]["text"]


def test_a_condition_all_of_whose_failing_parts_are_errors_but_one_is_told_by_that_one() -> None:
    """A part that fails counts for nothing where another is false."""
    [entry] = RuleSet([rule("r", "a > 1 && b == 2")]).explain({"a": "x", "b": 3})

    assert "b == 2" == entry["condition"]


def test_a_slip_in_the_zone_of_a_period_is_told_with_zone_among_the_keys() -> None:
    """Who misspells the zone of a rule's period hears of it as a key that may stand there."""
    with pytest.raises(DefinitionError) as caught:
        Rule(name="r", then=[{"queue": "q"}], effective={"start": "2026-01-01T00:00:00Z", "zoen": "Asia/Shanghai"})

    (finding,) = caught.value.findings
    assert ("rules.unknown_key", ("start", "end", "zone"), "zone") == (
        finding.code,
        finding.facts["known"],
        finding.facts["nearest"],
    )
