"""Holds proofs to what real tickets do: each definition here has a ticket that does what a hasty proof would rule out."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.engine import Proof, Workflow

CHECKS = {"step.check": {"allow": ["r"]}, "step.uncheck": {"allow": ["r"]}}


def proved(form: str, condition: str, states: dict[str, Any], transitions: list[dict[str, Any]], **more: Any) -> Proof:
    """The proof of one law of a workflow with one role, r."""
    laws = [{"name": "law", form: condition}]
    return Workflow(workflow="w", roles=["r"], states=states, transitions=transitions, laws=laws, **more).prove()[0]


def flat(*names: str, **given: dict[str, Any]) -> dict[str, Any]:
    """States of which the last is closed."""
    made: dict[str, Any] = {name: given.get(name, {}) for name in names}
    made[names[-1]] = {"closed": True}
    return made


def test_values_of_one_name_that_come_with_different_events_are_told_apart() -> None:
    """A value listed for one event may be any other for the next."""
    moves = [
        {"event": "x", "source": "a", "target": "b", "allow": ["r"], "payload": {"n": {"type": "string", "one_of": ["p"]}}},
        {"event": "y", "source": "b", "target": "c", "allow": ["r"], "payload": {"n": "string"}, "when": "payload.n == 'z'"},
    ]
    assert proved("never", "closed", flat("a", "b", "c"), moves).verdict == "refuted"


@pytest.mark.parametrize("declared", [{}, {"payload": {"n": "string"}}, {"payload": {"n": {"type": "int", "optional": True}}}])
def test_values_of_different_types_under_one_name_are_not_taken_for_each_other(declared: dict[str, Any]) -> None:
    """What is no whole number for one event may still come with another."""
    guard = "payload.n == 'z'" if "optional" not in str(declared) else "payload.n == null"
    moves = [
        {"event": "x", "source": "a", "target": "b", "allow": ["r"], "payload": {"n": "int"}, "when": "payload.n > 1"},
        {"event": "y", "source": "b", "target": "c", "allow": ["r"], "when": guard, **declared},
    ]
    assert proved("never", "closed", flat("a", "b", "c"), moves).verdict != "proved"


def test_a_timer_brings_the_defaults_of_a_payload() -> None:
    """Nothing comes with the event of a timer, so a guard finds the default."""
    payload = {"n": {"type": "int", "default": 5}}
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["system"], "payload": payload, "when": "payload.n == 5"}]
    states = flat("a", "c", a={"timers": [{"after": "1h", "event": "x"}]})
    assert proved("never", "closed", states, moves).verdict == "refuted"


def test_a_ticket_opened_at_a_checklist_has_it_to_do() -> None:
    """The first state may have a checklist too."""
    moves = [{"event": "y", "source": "a", "target": "c", "allow": ["r"], "when": "!checklist.complete"}]
    assert proved("never", "closed", flat("a", "c", a={"checklist": ["p"]}), moves, events=CHECKS).verdict == "refuted"


def test_a_check_may_be_taken_back() -> None:
    """A complete checklist does not stay complete."""
    moves = [
        {"event": "x", "source": "a", "allow": ["r"], "when": "checklist.complete", "do": [{"queue": "q"}]},
        {
            "event": "y",
            "source": "a",
            "target": "c",
            "allow": ["r"],
            "when": "queue == 'q' && !checklist.complete",
        },
    ]
    rules = [{"name": "z", "when": "true", "then": [{"queue": "z"}], "overwrite": True}]
    states = flat("a", "c", a={"checklist": ["p"]})
    made = proved("never", "closed", states, moves, events=CHECKS, queues=["q", "z"], rules=rules)
    assert made.verdict == "refuted"
    assert "step.uncheck" in made.story["en"]


def test_a_step_may_be_granted_by_itself() -> None:
    """Checking needs no grant of its event where the step has one."""
    moves = [{"event": "y", "source": "a", "target": "c", "allow": ["r"], "when": "checklist.complete"}]
    states = flat("a", "c", a={"checklist": [{"step": "p", "allow": ["r"]}]})
    assert proved("never", "closed", states, moves).verdict == "refuted"


@pytest.mark.parametrize("slot", ["assignee", "outlet", "owner"])
def test_every_slot_may_be_emptied_by_hand(slot: str) -> None:
    """Whoever may assign may take back."""
    moves = [
        {"event": "x", "source": "a", "target": "b", "allow": ["r"], "when": f"{slot} != null"},
        {"event": "y", "source": "b", "target": "c", "allow": ["r"], "when": f"{slot} == null"},
    ]
    made = proved("never", "closed", flat("a", "b", "c"), moves, events={"ticket.assign": {"allow": ["r"]}})
    assert made.verdict == "refuted"


def test_a_ticket_may_be_taken_back_from_whoever_has_it() -> None:
    """With redispatch, and only with it, somebody assigned may be gone where the ticket had gone with them."""
    moves = [
        {"event": "assigned.seek", "source": "a", "target": "b", "allow": ["system"]},
        {"event": "y", "source": "b", "target": "c", "allow": ["r"], "when": "assignee == null"},
    ]
    entry = {"name": "seek", "state": "a"}
    for redispatch, verdict in ((None, "proved"), (["absence"], "undecided")):
        policy = entry if redispatch is None else {**entry, "redispatch": redispatch}
        assert verdict == proved("never", "closed", flat("a", "b", "c"), moves, dispatch=[policy]).verdict


def test_long_chains_of_events_are_followed_as_far_as_the_kernel_goes() -> None:
    """Seventy events that raise each other are many, and no circle."""
    states = flat(*(f"s{index}" for index in range(71)))
    moves = [
        {
            "event": f"e{index}",
            "source": f"s{index}",
            "target": f"s{index + 1}",
            "allow": ["r", "system"],
            "do": [{"emit": {"event": f"e{index + 1}"}}],
        }
        for index in range(70)
    ]
    assert proved("never", "closed", states, moves).verdict == "refuted"


@pytest.mark.parametrize("count", [99, 100])
def test_long_chains_of_eventless_transitions_are_followed_as_far_as_the_kernel_goes(count: int) -> None:
    """A hundred may follow each other."""
    states = flat(*(f"s{index}" for index in range(count + 2)))
    moves: list[dict[str, Any]] = [{"event": "go", "source": "s0", "target": "s1", "allow": ["r"]}]
    moves += [{"source": f"s{index}", "target": f"s{index + 1}"} for index in range(1, count + 1)]
    assert proved("never", "closed", states, moves).verdict == "refuted"


def test_long_chains_of_rules_are_followed_as_far_as_the_kernel_goes() -> None:
    """Eighty rules that set each other off are many, and no circle."""
    fields = {f"f{index}": {"type": "bool", "default": index == 0} for index in range(81)}
    rules = [
        {"name": f"r{index}", "when": f"f{index}", "then": [{"set": {f"f{index + 1}": "true"}}], "overwrite": True}
        for index in range(80)
    ]
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["r"], "when": "f80"}]
    assert proved("never", "closed", flat("a", "c"), moves, fields=fields, rules=rules).verdict != "proved"


@pytest.mark.parametrize(
    ("fields", "update"),
    [
        ({"n": {"type": "int", "default": 0}}, "10 / n"),
        ({"n": {"type": "int"}}, "n + 1"),
        ({"n": {"type": "int", "default": 0}}, "payload.n"),
    ],
)
def test_a_way_on_which_an_update_may_fail_is_not_certain(fields: dict[str, Any], update: str) -> None:
    """An event whose update cannot be computed is refused."""
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["r"], "do": [{"set": {"m": update}}]}]
    fields = {**fields, "m": {"type": "int", "default": 0}}
    made = proved("always_possible", "closed", flat("a", "c"), moves, fields=fields)
    assert made.verdict == "undecided"
    assert update in made.why["en"]


@pytest.mark.parametrize("update", ["n + 1", "n * 2 - 1", "n > 1 ? n : 0", "n / 2", "payload.q + n"])
def test_a_way_on_which_no_update_fails_is_certain(update: str) -> None:
    """What is there can be computed with."""
    payload = {"payload": {"q": "int"}} if "payload" in update else {}
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["r"], "do": [{"set": {"n": update}}], **payload}]
    made = proved("always_possible", "closed", flat("a", "c"), moves, fields={"n": {"type": "int", "default": 0}})
    assert made.verdict == "proved"


def test_a_text_that_is_not_listed_may_not_fit() -> None:
    """A field with one_of takes another's value only where that is one of them."""
    fields = {"n": {"type": "string"}, "m": {"type": "string", "one_of": ["q", "p"]}, "k": {"type": "string", "one_of": ["q"]}}
    verdicts = []
    for source in ("n", "k"):
        moves = [{"event": "x", "source": "a", "target": "c", "allow": ["r"], "do": [{"set": {"m": source}}]}]
        verdicts.append(proved("always_possible", "closed", flat("a", "c"), moves, fields=fields).verdict)
    assert verdicts == ["undecided", "proved"]


def test_the_rest_of_a_level_goes_on_where_an_action_fails() -> None:
    """A value that does not fit is left out of a level by itself; what follows may lead on."""
    fields = {"n": {"type": "string", "default": "x"}, "m": {"type": "string", "one_of": ["q"], "default": "q"}}
    levels = [{"name": "l", "after": "1h", "do": [{"set": {"m": "n"}}, {"emit": {"event": "x"}}]}]
    chain = {"name": "c", "start": {"state": "a"}, "levels": levels}
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["system"], "when": "n == 'x' && m == 'q'"}]
    assert proved("never", "closed", flat("a", "c"), moves, fields=fields, escalations=[chain]).verdict == "refuted"


def test_whoever_is_barred_may_be_the_only_one() -> None:
    """The requester who asked may not approve, and there is no other requester; of a role there are others."""
    for relation, verdict in (("requester", "undecided"), ("r", "proved")):
        moves = [
            {"event": "x", "source": "a", "target": "b", "allow": [relation]},
            {"event": "y", "source": "b", "target": "c", "allow": [relation], "not_by": "x"},
        ]
        assert proved("always_possible", "closed", flat("a", "b", "c"), moves).verdict == verdict


def test_where_nobody_is_assigned_nobody_manages_them() -> None:
    """The manager of nobody is nobody."""
    moves = [{"event": "x", "source": "a", "target": "c", "allow": [{"manager_of": "assignee"}]}]
    assert proved("always_possible", "closed", flat("a", "c"), moves).verdict == "refuted"


def test_an_approval_comes_only_from_where_it_is_asked_for() -> None:
    """What waits elsewhere for it waits in vain."""
    moves = [
        {"event": "go", "source": "a", "target": "b", "allow": ["r"]},
        {"event": "approved.a", "source": "b", "target": "c"},
    ]
    states = flat("a", "b", "c", a={"approval": {"quorum": 1, "allow": ["r"]}})
    assert proved("always_possible", "closed", states, moves).verdict != "proved"


def test_several_values_may_change_at_once() -> None:
    """One update may pass over what two would have met on the way."""
    fields = {"p": {"type": "bool", "default": False}, "q": {"type": "bool", "default": False}}
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["system"], "when": "!p"}]
    made = Workflow(
        workflow="w",
        roles=["r"],
        fields=fields,
        states=flat("a", "c", a={"timers": [{"after": "1h", "event": "x"}]}),
        transitions=moves,
        events={"ticket.update": {"allow": ["r"]}},
        laws=[{"name": "law", "when": "in_state('a') && p == q && !p", "leads_to": "p != q || closed"}],
    ).prove()[0]
    assert made.verdict == "refuted"


def route(name: str, when: str | None, **more: Any) -> dict[str, Any]:
    """A rule that says which way a ticket goes."""
    condition = {} if when is None else {"when": when}
    return {"name": name, **condition, "then": [{"set": {"way": f"'{name}'"}}], "group": "route", "overwrite": True, **more}


SAFETY = route("safety", "!safe", stop=True, priority=1)
LARGE, DESK = route("large", "n > 5", stop=True), route("desk", None)


def routed(condition: str, *rules: dict[str, Any]) -> str:
    """Whether a ticket is ever closed under a condition, where nothing changes after it was opened."""
    fields = {
        "safe": {"type": "bool", "default": True},
        "n": {"type": "int", "default": 0},
        "way": {"type": "string", "default": "none"},
    }
    moves = [{"event": "x", "source": "a", "target": "c", "allow": ["r"], "when": condition}]
    return proved("never", "closed", flat("a", "c"), moves, rules=list(rules), fields=fields).verdict


def test_a_rule_that_stops_keeps_later_ones_from_acting() -> None:
    """What priority and stop rule out is proved; without stop the last word is that of the rule that comes last."""
    assert "proved" == routed("way == 'large' && !safe", LARGE, SAFETY, DESK)
    assert "proved" == routed("way == 'desk' && n > 5", LARGE, SAFETY, DESK)
    assert "refuted" == routed("way == 'safety' && n > 5", LARGE, SAFETY, DESK)
    assert "refuted" == routed("way == 'large' && !safe", LARGE, {**SAFETY, "stop": False}, DESK)
    assert "refuted" == routed("way == 'large' && !safe", {**LARGE, "group": "other"}, SAFETY)


def test_a_rule_that_stops_counts_although_it_changes_nothing_that_is_followed() -> None:
    """It keeps others away all the same."""
    tagging = {**SAFETY, "then": [{"tag": "unsafe"}]}

    assert "refuted" == routed("way == 'other' && !safe && n > 5", tagging, LARGE, DESK)
    assert "proved" == routed("way == 'other' && safe", tagging, LARGE, DESK)


def test_a_rule_may_be_in_force_or_not() -> None:
    """Time is not followed: both are possible."""
    sale = {**SAFETY, "effective": {"start": "2027-01-01T00:00:00Z"}}

    assert "proved" != routed("way == 'desk' && !safe", sale, DESK)
    assert "proved" != routed("way == 'safety'", sale, DESK)
    assert "proved" == routed("way == 'safety' && safe", sale, DESK)


def test_a_score_is_followed_as_the_condition_it_is() -> None:
    """Only what reaches the threshold acts."""
    score = [{"when": "n > 5", "weight": 2}, {"when": "!safe", "weight": 1}]
    scored = route("risk", None, score=score, threshold=3, stop=True)

    assert "refuted" == routed("way == 'risk' && n > 5 && !safe", scored, DESK)
    assert "proved" == routed("way == 'risk' && safe", scored, DESK)
    assert "proved" == routed("way == 'risk'", {**scored, "threshold": 4}, DESK)


def test_what_reads_unfollowed_names_may_be_set_off_at_any_time_or_not() -> None:
    """A rule that holds is not taken to have acted when only names may have changed that nobody follows."""
    fields = {"safe": {"type": "bool", "default": True}, "x": "list", "way": {"type": "string", "default": "none"}}
    rules = [{"name": "r", "when": "safe || size(x) > 3", "then": [{"set": {"way": "'in'"}}], "overwrite": True}]
    moves = [
        {"event": "y", "source": "a", "target": "b", "allow": ["r"], "do": [{"set": {"way": "'out'"}}]},
        {"event": "z", "source": "b", "target": "c", "allow": ["r"], "when": "way == 'out'"},
    ]

    assert proved("never", "closed", flat("a", "b", "c"), moves, rules=rules, fields=fields).verdict != "proved"


@pytest.mark.parametrize("value", ["payload.n", "m", "n + 1"])
def test_another_value_no_condition_tells_apart_sets_rules_off_all_the_same(value: str) -> None:
    """A change from 5 to 7 sets off a rule that asks for more than 1, though it makes no answer another."""
    fields = {"n": {"type": "int", "default": 5}, "m": {"type": "int", "default": 7}, "ok": {"type": "bool", "default": False}}
    rules = [{"name": "r", "when": "n > 1", "then": [{"set": {"ok": "true"}}]}]
    moves = [
        {
            "event": "x",
            "source": "a",
            "target": "b",
            "allow": ["r"],
            "when": "n > 1 && m > 1",
            "do": [{"set": {"ok": "false"}}],
        },
        {"event": "y", "source": "b", "target": "b", "allow": ["r"], "do": [{"set": {"n": value}}]},
    ]
    moves[1] |= {"payload": {"n": "int"}, "when": "payload.n > 1"} if "payload" in value else {}

    assert proved("never", "in_state('b') && ok", flat("a", "b", "c"), moves, rules=rules, fields=fields).verdict != "proved"


def test_rules_that_may_set_each_other_off_without_end_are_followed_for_a_while_only() -> None:
    """What is left open in each round would make more ways than anybody can look at: the proof says so."""
    names = [f"f{index}" for index in range(3)]
    fields = {**{name: {"type": "int", "default": 0} for name in names}, "d": {"type": "int", "default": 1}}
    rules = [
        {"name": name, "when": f"{name} > {index}", "then": [{"set": {names[index - 1]: f"{name} - d"}}], "overwrite": True}
        for index, name in enumerate(names)
    ]
    moves = [{"event": "x", "source": "a", "target": "b", "allow": ["r"], "when": "f0 > 3"}]

    proof = proved("never", "in_state('b') && f1 > 7", flat("a", "b", "c"), moves, rules=rules, fields=fields)

    assert proof.verdict != "proved"


def test_a_firing_of_a_correlator_comes_in_the_name_of_the_system() -> None:
    """The desk brings it, so a transition that only the system may take can be taken."""
    moves = [{"event": "correlator.fired", "source": "a", "target": "c", "allow": ["system"]}]
    assert proved("never", "closed", flat("a", "c"), moves).verdict == "refuted"
