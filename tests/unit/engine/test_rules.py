"""Knows when rules run and what they leave alone; must not know how a condition is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import LimitError, Refused
from servflow.model import SYSTEM, Decided, Updated
from tests.unit.engine.flows import Case, flow, kinds, move, of

FIELDS: dict[str, Any] = {
    "n": {"type": "int", "default": 0},
    "m": {"type": "int", "default": 0},
    "k": {"type": "int", "default": 0},
    "safety": {"type": "bool", "default": False},
}


def ruled(*rules: dict[str, Any], fields: dict[str, Any] | None = None, actor: Any = None, **more: Any) -> Case:
    """A ticket under these rules."""
    return Case(flow(fields=FIELDS, rules=list(rules), **more), fields, actor=actor)


def rule(when: str | None, then: Any, name: str = "r", **more: Any) -> dict[str, Any]:
    """A rule, as a definition writes it."""
    return {"name": name, "then": then, **({} if when is None else {"when": when}), **more}


def test_rules_run_at_opening() -> None:
    """A rule whose condition holds at opening acts at once and says on what values."""
    case = ruled(rule("safety", [{"set": {"priority": "1"}}, {"queue": "safety"}]), fields={"safety": True})

    assert (1, "safety") == (case.ticket.priority, case.ticket.queue)
    [decided] = of(Decided, case.records)
    assert ("rule", "r", {"safety": True}) == (decided.maker, decided.name, dict(decided.values))


def test_rules_run_when_a_field_they_read_changes() -> None:
    """A change of what a rule reads has it asked again; a change of anything else does not."""
    case = ruled(rule("n > 5", {"set": {"m": "m + 1"}}))

    assert 0 == case.fire("ticket.update", {"k": 9}).ticket.fields["m"]
    assert 1 == case.fire("ticket.update", {"n": 9}).ticket.fields["m"]
    assert 1 == case.fire("ticket.update", {"k": 8}).ticket.fields["m"]
    assert 2 == case.fire("ticket.update", {"n": 8}).ticket.fields["m"]


def test_a_rule_without_condition_runs_once_at_opening() -> None:
    """A rule without a condition holds always, and runs when the ticket opens."""
    case = ruled(rule(None, {"tag": "new"}))
    case.fire("ticket.update", {"n": 1})

    assert (("new",), 1) == (case.ticket.tags, len(of(Decided, case.records)))


def test_rules_chain() -> None:
    """A rule that sets what another one reads has that one asked again, in the same step."""
    case = ruled(
        rule("m > 0", {"set": {"k": "m * 10"}}, "second"),
        rule("n > 0", {"set": {"m": "n + 1"}}, "first"),
    )

    outcome = case.fire("ticket.update", {"n": 1})

    assert (2, 20) == (outcome.ticket.fields["m"], outcome.ticket.fields["k"])
    assert ["Received", "Updated", "Decided", "Updated", "Decided", "Updated"] == kinds(outcome)


def test_rules_see_the_state_and_the_assignee() -> None:
    """Rules are asked again when the ticket moves or changes hands."""
    case = ruled(rule("state == 'b'", {"tag": "moved"}, "s"), rule("assignee == 'ann'", {"tag": "anns"}, "t"))
    case.fire("go")
    case.fire("ticket.assign", {"to": "ann"})

    assert ("moved", "anns") == case.ticket.tags


def test_rules_see_what_a_table_reads() -> None:
    """A rule that asks a table is asked again when the table's inputs change."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"level": "int"}, "rows": [[">5", "2"], ["-", "1"]]}
    case = ruled(rule("table.t.level == 2", {"set": {"m": "table.t.level"}}), tables={"t": table})

    assert 2 == case.fire("ticket.update", {"n": 6}).ticket.fields["m"]


def test_what_a_person_set_stays() -> None:
    """A rule leaves alone what a person gave at opening or later."""
    case = ruled(rule("n > 0", {"set": {"m": "7", "k": "7"}}), fields={"m": 3}, actor="ann")
    case.fire("ticket.update", {"n": 1}, actor="ann")

    assert (3, 7) == (case.ticket.fields["m"], case.ticket.fields["k"])


def test_overwrite_overrules_a_person() -> None:
    """A rule with overwrite sets the value whoever set it."""
    case = ruled(rule("n > 0", {"set": {"m": "7"}}, overwrite=True), fields={"m": 3, "n": 1}, actor="ann")

    assert 7 == case.ticket.fields["m"]


def test_what_the_system_set_may_change() -> None:
    """What a program gave, and what rules or transitions set, is no person's choice."""
    case = ruled(rule("n > 0", {"set": {"m": "n"}}), fields={"m": 3}, actor=SYSTEM)
    case.fire("ticket.update", {"n": 1}, actor=SYSTEM)
    case.fire("ticket.update", {"n": 2}, actor=SYSTEM)

    assert (2, ()) == (case.ticket.fields["m"], case.ticket.set_by_person)


def test_a_person_may_change_what_a_rule_set() -> None:
    """The latest word is the person's: the rule does not take it back."""
    case = ruled(rule("n > 0", {"set": {"m": "n"}}), fields={"n": 1})
    case.fire("ticket.update", {"m": 9}, actor="ann")
    case.fire("ticket.update", {"n": 2}, actor=SYSTEM)

    assert 9 == case.ticket.fields["m"]


def test_person_set_priority_and_queue_stay_too() -> None:
    """Priority and queue are kept like fields, also from raise_priority."""
    case = ruled(
        rule("n > 0", [{"raise_priority": 1}, {"queue": "care"}]), fields={"priority": 4, "queue": "desk"}, actor="ann"
    )
    case.fire("ticket.update", {"n": 1}, actor="ann")

    assert (4, "desk") == (case.ticket.priority, case.ticket.queue)


def test_rules_that_set_each_other_off_are_stopped() -> None:
    """Two rules that go on changing what the other reads end in an error naming one of them."""
    case = ruled(rule("m >= 0", {"set": {"k": "m + 1"}}, "up"), rule("k > 0 && n > 0", {"set": {"m": "k + 1"}}, "on"))

    with pytest.raises(LimitError) as caught:
        case.fire("ticket.update", {"n": 1})
    assert "rules" == caught.value.code
    assert caught.value.rule in ("up", "on")


def test_a_rule_that_cannot_be_decided_refuses_the_event() -> None:
    """A rule that fails on these values refuses the event that set them, and names itself."""
    case = ruled(rule("n == 0 || 10 / (n - 1) > 1", {"tag": "x"}))

    with pytest.raises(Refused) as caught:
        case.fire("ticket.update", {"n": 1})
    assert ("guard", "r") == (caught.value.code, caught.value.rule)


def test_a_rule_may_set_the_source_of_its_updates() -> None:
    """An update tells which place in the definition is behind it."""
    case = ruled(rule("n > 0", {"set": {"m": "1"}}), fields={"n": 1})

    assert ["rules[0].then[0]"] == [record.source for record in of(Updated, case.records)]


def test_a_rule_may_raise_an_event() -> None:
    """What a rule emits happens after the step, as a step of its own."""
    case = ruled(rule("n > 5", {"emit": "go"}), transitions=[move()])

    assert "b" == case.fire("ticket.update", {"n": 6}).ticket.state
