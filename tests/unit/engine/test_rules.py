"""Knows when rules run and what they leave alone; must not know how a condition is evaluated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from servflow.errors import DefinitionError, LimitError, Refused
from servflow.model import SYSTEM, Decided, Updated
from tests.unit.engine.flows import Case, flow, kinds, move, of

FIELDS: dict[str, Any] = {
    "n": {"type": "int", "default": 0},
    "m": {"type": "int", "default": 0},
    "k": {"type": "int", "default": 0},
    "safety": {"type": "bool", "default": False},
}


def ruled(
    *rules: dict[str, Any],
    fields: dict[str, Any] | None = None,
    actor: Any = None,
    declared: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    """A ticket under these rules."""
    return Case(flow(fields={**FIELDS, **(declared or {})}, rules=list(rules), **more), fields, actor=actor)


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
    """Rules that go on changing what the others read end in an error naming all of them, and no other."""
    case = ruled(
        rule("n > 0", {"tag": "seen"}, "seen"),
        rule("n * n - 7 * n + 10 == 0 && n * m >= m", {"set": {"k": "m + 1"}}, "up"),
        rule("k > 0 && n * n == n + n + n + n + n", {"set": {"m": "k + 1"}}, "on"),
    )

    with pytest.raises(LimitError, match=r"more than 200 times in one step.*up, on") as caught:
        case.fire("ticket.update", {"n": 5})
    assert ("rules", ("up", "on"), 200) == (caught.value.code, caught.value.rules, caught.value.limit)
    assert 0 == case.ticket.fields.get("n", 0)


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


def test_the_highest_priority_acts_first() -> None:
    """1 is the highest, rules without one come last; the last word is that of the rule that comes last."""
    case = ruled(
        rule("n > 0", {"set": {"m": "m * 10 + 3"}}, "third"),
        rule("n > 0", {"set": {"m": "m * 10 + 2"}}, "second", priority=2),
        rule("n > 0", {"set": {"m": "m * 10 + 1"}}, "first", priority=1),
        fields={"n": 1},
    )

    assert ["first", "second", "third"] == [record.name for record in of(Decided, case.records)]
    assert 123 == case.ticket.fields["m"]


ROUTES = (
    rule("safety", {"queue": "safety"}, "safety", stop=True, group="route"),
    rule("n > 5", {"queue": "large"}, "large", stop=True, group="route"),
    rule("n > 0", {"queue": "desk"}, "desk", group="route"),
    rule("n > 0", {"set": {"k": "n"}}, "count"),
)


def test_a_rule_that_stops_keeps_the_rest_of_its_group_away() -> None:
    """Rules of other groups act as ever."""
    case = ruled(*ROUTES, fields={"n": 9, "safety": True})

    assert ("safety", 9) == (case.ticket.queue, case.ticket.fields["k"])


def test_a_stopping_rule_that_holds_keeps_later_ones_away_although_nothing_set_it_off() -> None:
    """A change of what only the later rule reads does not undo the route; once the first no longer holds, the later may act."""
    case = ruled(*ROUTES, fields={"n": 1, "safety": True})

    assert "safety" == case.fire("ticket.update", {"n": 9}).ticket.queue
    assert "safety" == case.fire("ticket.update", {"safety": False}).ticket.queue
    assert "large" == case.fire("ticket.update", {"n": 8}).ticket.queue
    assert "desk" == case.fire("ticket.update", {"n": 2}).ticket.queue


def test_a_rule_acts_only_while_it_is_in_force() -> None:
    """Judged at the instant of the step; its beginning and its end wake nobody."""
    period = {"start": "2026-05-04T01:10:00Z", "end": "2026-05-04T01:20:00Z"}
    case = ruled(rule("n > 0", {"set": {"m": "m + 1"}}, effective=period))
    start = case.ticket.at
    assert None is case.ticket.wake

    before = case.workflow.fire(case.ticket, "ticket.update", {"n": 1}, at=start, actor=SYSTEM).ticket
    inside = case.workflow.fire(before, "ticket.update", {"n": 2}, at=_at("01:10"), actor=SYSTEM).ticket
    after = case.workflow.fire(inside, "ticket.update", {"n": 3}, at=_at("01:20"), actor=SYSTEM).ticket

    assert [0, 1, 1] == [ticket.fields["m"] for ticket in (before, inside, after)]


def _at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-04T{clock}:00+00:00")


SCORED = rule(
    None,
    [{"set": {"m": "score", "k": "score * 2"}}, {"tag": "risky"}],
    "risk",
    score=[
        {"when": "n > 5", "weight": 30},
        {"when": "safety", "weight": 25, "note": "unsafe"},
        {"when": "k > 99", "weight": -5},
    ],
    threshold=30,
)


def test_a_score_is_added_up_and_recorded_term_by_term() -> None:
    """The record says what the rule saw, what each condition counted, and by which set it was decided."""
    case = ruled(SCORED, fields={"n": 6, "safety": True})

    [decided] = of(Decided, case.records)
    assert (55, 110, ("risky",)) == (case.ticket.fields["m"], case.ticket.fields["k"], case.ticket.tags)
    assert (55, {"k": 0, "n": 6, "safety": True}) == (decided.result, dict(decided.values))
    assert (55, 30, [30, 25, 0]) == (
        decided.why["score"],
        decided.why["threshold"],
        [term["weight"] * term["holds"] for term in decided.why["terms"]],
    )
    assert case.workflow.compiled.rule_set.hash == decided.why["hash"]
    assert case.ticket == case.workflow.fold(case.records)


def test_a_score_below_its_threshold_does_nothing() -> None:
    """And is counted again when something it reads changes."""
    case = ruled(SCORED, fields={"safety": True})

    assert () == case.ticket.tags
    assert ("risky",) == case.fire("ticket.update", {"n": 6}).ticket.tags


def test_every_part_of_a_score_is_typed() -> None:
    """Each at its own place; the sum has a type too."""
    with pytest.raises(DefinitionError) as caught:
        flow(
            fields=FIELDS,
            rules=[
                rule(None, {"set": {"safety": "score && true"}}, score=[{"when": "n == 'x'", "weight": 1}], threshold=1),
                rule(
                    None,
                    {"tag": "x"},
                    "t",
                    score=[{"when": "nn > 1", "weight": 1}, {"when": "at > at", "weight": 1}],
                    threshold=1,
                ),
            ],
        ).check()
    found = {(finding.path, finding.code) for finding in caught.value.findings}
    assert {
        ("rules[0].score[0].when", "expression.invalid"),
        ("rules[1].score[0].when", "expression.invalid"),
        ("rules[1].score[1].when", "expression.time"),
    } <= found


def test_more_rules_than_the_old_limit_may_act_at_opening() -> None:
    """What is limited is acting again and again, not acting."""
    case = ruled(*(rule("n > 0", {"set": {f"f{index}": "n"}}, f"r{index}") for index in range(260)), fields={"n": 1},
                 declared={f"f{index}": {"type": "int", "default": 0} for index in range(260)})  # fmt: skip

    assert 260 == len(of(Decided, case.records))


def test_check_tells_what_is_wrong_with_rules_together() -> None:
    """Each finding stands at its rule and has a witness."""
    made = flow(
        fields=FIELDS,
        rules=[
            rule("n > 5", {"queue": "a"}, "any", stop=True, group="g"),
            rule("n > 6 && safety", {"tag": "x"}, "hidden", group="g"),
            rule("k > 1", {"set": {"m": "2"}}, "two"),
            rule("k > 2", {"set": {"m": "3"}}, "three"),
            rule("k > 2 && k < 0", {"tag": "x"}, "dead"),
            rule("m > 900", {"set": {"n": "1"}}, "back", group="h"),
            rule("n == 3", {"set": {"m": "901"}}, "forth", group="h"),
        ],
    )

    found = {(finding.code, finding.path): finding for finding in made.check() if finding.code.startswith("rules.")}

    assert {
        ("rules.rule_shadowed", "rules[1]"),
        ("rules.rule_conflict", "rules[3]"),
        ("rules.rule_dead", "rules[4]"),
        ("rules.cycle", "rules[5]"),
    } <= found.keys()
    assert "back -> n -> forth -> m -> back" == found["rules.cycle", "rules[5]"].facts["path"]
    assert ("k > 2", "k < 0") == tuple(found["rules.rule_dead", "rules[4]"].witness["never"])
    assert found["rules.rule_conflict", "rules[3]"].witness["k"] > 2


def test_rules_that_never_come_to_rest_are_refused_at_load() -> None:
    """The circle is told with the values on which it was tried, whenever its rules are in force; the harmless one is not."""
    with pytest.raises(DefinitionError) as caught:
        flow(
            fields=FIELDS,
            rules=[
                rule("n < 3", {"set": {"safety": "true"}}, "harmless"),
                rule("safety", {"set": {"n": "4"}}, "as well"),
                rule("m >= 7", {"set": {"k": "m + 1"}}, "up", effective={"start": "2027-05-01T00:00:00Z"}),
                rule("k > 0", {"set": {"m": "k + 1"}}, "on"),
            ],
        )

    (found,) = caught.value.findings
    assert ("rules.endless_cycle", "error", "rules[2]") == (found.code, found.severity, found.path)
    assert "up -> k -> on -> m -> up" == found.facts["path"]
    assert found.witness["m"] >= 7


def test_rules_that_come_to_rest_load_though_they_run_in_a_circle() -> None:
    """A circle is told by a check, and reaches its fixed point."""
    made = flow(
        fields=FIELDS,
        rules=[rule("m < 9", {"set": {"k": "m + 1"}}, "up"), rule("k < 9", {"set": {"m": "k + 1"}}, "on")],
    )

    ticket = made.open("T1", {}, at=_at("09:00"), actor=SYSTEM).ticket

    assert ["rules.cycle"] == [finding.code for finding in made.check() if finding.code.startswith("rules.")]
    assert (9, 8) == (ticket.fields["k"], ticket.fields["m"])
