"""Knows what a rule is made of and what a change concerns; must not know how rules are run."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from servflow.errors import DefinitionError
from servflow.expressions import Expression, Function
from servflow.model import Action
from servflow.rules import DecisionTable, Rule, RuleSet


def table(name: str, source: str, output: str) -> DecisionTable:
    return DecisionTable(name=name, hit="first", inputs=[source], outputs={"total": "any"}, rows=[["-", output]])


def test_a_rule_holds_its_condition_and_actions() -> None:
    """The keywords are the keys of the document."""
    rule = Rule(name="safety first", when="safety", then=[{"set": {"priority": "1"}}, {"queue": "safety"}])

    assert Expression.parse("safety") == rule.when
    assert (Action("set", {"priority": "1"}), Action("queue", "safety")) == rule.then
    assert False is rule.overwrite
    assert frozenset({"safety"}) == rule.reads
    assert rule == Rule(**rule.to_data()) == pickle.loads(pickle.dumps(rule))


def test_a_rule_may_have_no_condition_one_action_or_a_tree() -> None:
    """What is left out means always; a tree is as good as its text."""
    tree = Expression.parse("a > 1").tree

    assert None is Rule(name="r", then={"queue": "q"}).when
    assert Rule(name="r", when="a > 1") == Rule(name="r", when=tree)
    assert Rule(name="r", when="true") == Rule(name="r", when=True)
    assert {"name": "r", "when": "a", "then": [], "overwrite": True} == Rule(name="r", when="a", overwrite=True).to_data()


def test_all_problems_of_a_rule_come_at_once() -> None:
    """Each with its place under the rule's own keys."""
    bad: dict[str, Any] = {"name": " ", "when": "a >", "then": [{"sett": {}}, {"set": {"x": "1 +"}}], "overwrite": "no"}
    with pytest.raises(DefinitionError) as caught:
        Rule(**bad)

    assert {("name", "rules.text"), ("overwrite", "rules.flag"), ("when", "rules.cell"), ("then[0]", "action.unknown")} <= {
        (finding.path, finding.code) for finding in caught.value.findings
    }
    for part in ({"when": 5}, {"then": 5}, {"then": [{"set": {"x": "1 +"}}]}, {"when": {"what": 1}}):
        with pytest.raises(DefinitionError):
            Rule(name="r", **part)


def test_values_that_are_set_count_as_read_but_never_their_own_name() -> None:
    """A rule is refreshed by what its values read; counting up does not set it off again."""
    rule = Rule(name="r", when="a", then=[{"set": {"total": "price * visits", "visits": "visits + 1"}}])

    assert frozenset({"a", "price"}) == rule.reads


def test_a_change_concerns_the_rules_that_read_it_in_document_order() -> None:
    """Paths meet from both ends; a rule that reads nothing is concerned by no change."""
    rules = RuleSet(
        [
            Rule(name="r0", when="b > 1 || a > 1"),
            Rule(name="r1", then={"queue": "q"}),
            Rule(name="r2", when="customer.level == 'gold'"),
            Rule(name="r3", when="a > 2"),
        ]
    )

    assert (0, 3) == rules.affected(frozenset({"a"}))
    assert (0, 2) == rules.affected(frozenset({"customer", "b"}))
    assert (2,) == rules.affected(frozenset({"customer.level"}))
    assert () == rules.affected(frozenset({"customer.name", "zzz"}))
    assert () == rules.affected(frozenset())
    assert frozenset({"a", "b", "customer.level"}) == rules.reads
    assert (4, "r2", ["r0", "r1", "r2", "r3"]) == (len(rules), rules[2].name, [rule.name for rule in rules])
    assert (0, 3) == pickle.loads(pickle.dumps(rules)).affected(frozenset({"a"}))


def test_a_rule_that_reads_a_table_reads_what_the_table_reads() -> None:
    """Through as many tables as there are, also where they read each other in a circle."""
    tables = {"fee": table("fee", "category", "table.tax.total"), "tax": table("tax", "region", "table.fee.total")}
    rules = RuleSet([Rule(name="r", when="table.fee.total != null")], tables)

    assert (0,) == rules.affected(frozenset({"category"})) == rules.affected(frozenset({"region"}))
    assert () == rules.affected(frozenset({"tier"}))


def test_two_rules_of_one_name_are_refused() -> None:
    """A name says which rule decided, so it says one."""
    with pytest.raises(DefinitionError) as caught:
        RuleSet([Rule(name="r"), Rule(name="r")])

    assert [("[1].name", "rules.twice")] == [(finding.path, finding.code) for finding in caught.value.findings]


def test_the_cache_of_a_rule_set_is_bounded() -> None:
    """Many different changes never cost more memory than a fixed number of them."""
    rules = RuleSet([Rule(name="r", when="f7")])

    affected = [rules.affected(frozenset({f"f{index}"})) for index in range(3_000)]

    assert [7] == [index for index, concerned in enumerate(affected) if concerned]
    assert len(rules._cache) <= 1_024


def test_conditions_call_the_functions_of_the_host() -> None:
    """A registered function is known to the condition and the values."""
    functions = {"twice": Function("twice", ("int",), "int", lambda value: value * 2)}

    rule = Rule(name="r", when="twice(a) > 2", then=[{"set": {"b": "twice(c)"}}], functions=functions)

    assert frozenset({"a", "c"}) == rule.reads
