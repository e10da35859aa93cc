"""Knows a definition for each code of check() that has it and a near one that has not; must not know how they are found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import Finding, InputError, LimitError, Refused
from servflow.model import Ticket
from tests.unit.engine.flows import flow, move

ROLES = {"roles": ["clerk", "boss"]}
CLERK = {"allow": ["clerk"]}


def coded(workflow: Workflow, code: str, **given: Any) -> list[Finding]:
    """The findings of one code."""
    return [finding for finding in workflow.check(**given) if finding.code == code]


def end(workflow: Workflow, finding: Finding) -> Ticket:
    """Where the witness of a finding leads on the kernel."""
    return workflow.replay_witness(finding)[-1].ticket


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "state.unreachable",
        {"states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}}},
        {},
    ),
    (
        "state.blocked",
        {"fields": {"n": "int"}, "transitions": [move(when="n > 5 && n < 3"), move("end", "a", "z"), move("end", "b", "z")]},
        {"fields": {"n": "int"}, "transitions": [move(when="n > 5 && n < 7"), move("end", "a", "z"), move("end", "b", "z")]},
    ),
    (
        "state.blocked",
        {
            "fields": {"done": {"type": "bool", "default": False}},
            "transitions": [
                move(do=[{"set": {"done": "false"}}]),
                move("end", "b", "z", when="done"),
                move("back", "b", "a"),
            ],
            **ROLES,
            "events": {"go": CLERK, "end": CLERK, "back": CLERK},
        },
        {
            "fields": {"done": {"type": "bool", "default": False}},
            "transitions": [
                move(do=[{"set": {"done": "true"}}]),
                move("end", "b", "z", when="done"),
                move("back", "b", "a"),
            ],
            **ROLES,
            "events": {"go": CLERK, "end": CLERK, "back": CLERK},
        },
    ),
    (
        "state.dead_end",
        {"transitions": [move(), move("end", "a", "z")]},
        {"transitions": [move(), move("end", ["a", "b"], "z")]},
    ),
    (
        "state.dead_end",
        {**ROLES, "transitions": [move(**CLERK), move("end", "a", "z", **CLERK), move("end", "b", "z")]},
        {**ROLES, "transitions": [move(**CLERK), move("end", "a", "z", **CLERK), move("end", "b", "z", **CLERK)]},
    ),
    (
        "state.cannot_close",
        {
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [move("end", "a", "z"), move(), move("on", "b", "c"), move("off", "c", "b")],
        },
        {
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [move("end", ["a", "c"], "z"), move(), move("on", "b", "c"), move("off", "c", "b")],
        },
    ),
    (
        "state.cannot_close",
        {
            "fields": {"n": "int"},
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [
                move("end", "a", "z"),
                move(),
                move("on", "b", "c"),
                move("off", "c", "b"),
                move("end", "c", "z", when="n > 5 && n < 5"),
            ],
        },
        {
            "fields": {"n": "int"},
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [
                move("end", "a", "z"),
                move(),
                move("on", "b", "c"),
                move("off", "c", "b"),
                move("end", "c", "z", when="n > 0"),
            ],
        },
    ),
    (
        "transition.overlap",
        {
            "fields": {"n": "int"},
            "transitions": [move(when="n > 10"), move("go", "a", "z", when="n < 20"), move("end", "b", "z")],
        },
        {
            "fields": {"n": "int"},
            "transitions": [move(when="n > 10"), move("go", "a", "z", when="n < 5"), move("end", "b", "z")],
        },
    ),
    (
        "transition.overlap",
        {
            "transitions": [
                move(when="payload.n > 10", payload={"n": "int"}),
                move("go", "a", "z", when="payload.n < 20", payload={"n": "int"}),
                move("end", "b", "z"),
            ]
        },
        # A last one without a condition is an else: the order is meant.
        {
            "transitions": [
                move(when="payload.n > 10", payload={"n": "int"}),
                move("go", "a", "z", when="payload.n < 20", payload={"n": "int"}),
                move("go", "a", None, payload={"n": "int"}),
                move("end", "b", "z"),
            ]
        },
    ),
    (
        "transition.gap",
        {
            "fields": {"n": "int"},
            "transitions": [move(when="n > 10"), move("go", "a", "z", when="n < 10"), move("end", "b", "z")],
        },
        {
            "fields": {"n": "int"},
            "transitions": [move(when="n > 10"), move("go", "a", "z", when="n <= 10"), move("end", "b", "z")],
        },
    ),
    (
        "transition.hidden",
        {"fields": {"n": "int"}, "transitions": [move(), move("go", "a", "z", when="n < 10"), move("end", "b", "z")]},
        {"fields": {"n": "int"}, "transitions": [move("go", "a", "z", when="n < 10"), move(), move("end", "b", "z")]},
    ),
    # An exception before the general event hides nothing; the general one before it does.
    (
        "transition.hidden",
        {"transitions": [move("sent", "a", "z"), move("sent.back", "a", "b"), move("end", "b", "z")]},
        {"transitions": [move("sent.back", "a", "b"), move("sent", "a", "z"), move("end", "b", "z")]},
    ),
    (
        "transition.hidden",
        {"transitions": [move("pay refund", "a", "z"), move("pay", "a", "b"), move("end", "b", "z")]},
        {"transitions": [move("pay", "a", "b"), move("pay refund", "a", "z"), move("end", "b", "z")]},
    ),
    # States that every ticket leaves in the very step that enters them.
    (
        "state.blocked",
        {
            "states": {"a": {}, "w": {"states": {"b": {}, "c": {"final": True}}}, "z": {"closed": True}},
            "transitions": [move(), move("on", "b", "c", when="false"), move("done.state.w", "w", "z"), move("end", "b", "z")],
        },
        {
            "states": {"a": {}, "w": {"states": {"b": {}, "c": {"final": True}}}, "z": {"closed": True}},
            "transitions": [move(), move("on", "b", "c"), move("done.state.w", "w", "z")],
        },
    ),
    (
        "state.blocked",
        {
            "fields": {"n": "int"},
            "states": {"a": {}, "sort": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [
                move("go", "a", "sort", **CLERK),
                move(None, "sort", "b", when="n > 3"),
                move(None, "sort", "c", when="n > 5"),
                move(None, "sort", "z"),
                move("end", ["b", "c"], "z", **CLERK),
            ],
            **ROLES,
        },
        {
            "fields": {"n": "int"},
            "states": {"a": {}, "sort": {}, "b": {}, "c": {}, "z": {"closed": True}},
            "transitions": [
                move("go", "a", "sort", **CLERK),
                move(None, "sort", "c", when="n > 5"),
                move(None, "sort", "b", when="n > 3"),
                move(None, "sort", "z"),
                move("end", ["b", "c"], "z", **CLERK),
            ],
            **ROLES,
        },
    ),
    (
        "state.blocked",
        {"transitions": [move(do=[{"tag": "on"}], **CLERK), move("on", "b", "z", allow=["system"])], **ROLES},
        {"transitions": [move(do=[{"emit": "on"}], **CLERK), move("on", "b", "z", allow=["system"])], **ROLES},
    ),
    # A guard that holds only where a ticket passes through.
    (
        "guard.never",
        {
            "fields": {"n": {"type": "int", "default": 0}},
            "transitions": [
                move("fast", do=[{"set": {"n": "4"}}, {"emit": "on"}], **CLERK),
                move("slow", do=[{"set": {"n": "0"}}], **CLERK),
                move("on", "b", "z", when="n == 5", allow=["system"]),
                move("end", "b", "z", **CLERK),
            ],
            **ROLES,
        },
        {
            "fields": {"n": {"type": "int", "default": 0}},
            "transitions": [
                move("fast", do=[{"set": {"n": "5"}}, {"emit": "on"}], **CLERK),
                move("slow", do=[{"set": {"n": "0"}}], **CLERK),
                move("on", "b", "z", when="n == 5", allow=["system"]),
                move("end", "b", "z", **CLERK),
            ],
            **ROLES,
        },
    ),
    (
        "guard.never",
        {
            "fields": {"tier": {"type": "string", "one_of": ["gold", "silver"]}},
            "transitions": [move(when="tier != 'gold' && tier != 'silver' && tier != null"), move("end", ["a", "b"], "z")],
        },
        {
            "fields": {"tier": {"type": "string", "one_of": ["gold", "silver"]}},
            "transitions": [move(when="tier != 'gold' && tier != null"), move("end", ["a", "b"], "z")],
        },
    ),
    (
        "guard.always",
        {"fields": {"n": "int"}, "transitions": [move(when="n > 3 || !(n > 3)"), move("end", ["a", "b"], "z")]},
        {"fields": {"n": "int"}, "transitions": [move(when="n > 3 || n < 3"), move("end", ["a", "b"], "z")]},
    ),
    (
        "timer.loop",
        {
            "states": {
                "a": {"timers": [{"after": "2h", "event": "go"}]},
                "b": {"timers": [{"after": "1h", "event": "back"}]},
                "z": {"closed": True},
            }
        },
        {"states": {"a": {"timers": [{"after": "2h", "event": "go"}]}, "b": {}, "z": {"closed": True}}},
    ),
    (
        "field.unset",
        {"fields": {"n": "int"}, "transitions": [move(when="n > 3"), move("end", ["a", "b"], "z")]},
        {"fields": {"n": {"type": "int", "required": True}}, "transitions": [move(when="n > 3"), move("end", ["a", "b"], "z")]},
    ),
    (
        "field.unset",
        {
            "fields": {"n": "int"},
            "transitions": [move(when="n > 3"), move("end", ["a", "b"], "z", do=[{"set": {"n": "4"}}])],
        },
        {
            "fields": {"n": "int"},
            "transitions": [move(do=[{"set": {"n": "4"}}]), move("end", "b", "z", when="n > 3"), move("end", "a", "z")],
        },
    ),
    (
        "eventless.loop",
        {
            "fields": {"n": "int"},
            "transitions": [
                move(),
                move(None, "b", "c", when="n > 3 || !(n > 3)"),
                move(None, "c", "b", when="n == null || n != null"),
                move("end", ["a", "b"], "z"),
            ],
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
        },
        {
            "fields": {"n": "int"},
            "transitions": [
                move(),
                move(None, "b", "c", when="n > 3"),
                move(None, "c", "b", when="n < 3"),
                move("end", ["a", "b"], "z"),
            ],
            "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
        },
    ),
    (
        "law.refuted",
        {"laws": [{"name": "stays", "never": "in_state('z')"}]},
        {"laws": [{"name": "stays", "never": "in_state('a') && in_state('z')"}]},
    ),
]


@pytest.mark.parametrize(("code", "has", "near"), CASES)
def test_a_code_is_found_where_it_is_and_nowhere_near(code: str, has: Mapping[str, Any], near: Mapping[str, Any]) -> None:
    """Each finding has a definition that has it, and one almost the same that has not."""
    found = coded(flow(**has), code)

    assert found, flow(**has).check()
    assert [] == coded(flow(**near), code)
    for finding in found:
        assert "<" not in finding.text(), finding.text()
        assert "<" not in finding.text("zh").replace(" < ", " "), finding.text("zh")


@pytest.mark.parametrize(
    ("code", "has"), [(code, has) for code, has, _ in CASES if code in ("state.dead_end", "state.cannot_close")]
)
def test_a_state_that_is_a_trap_comes_with_a_ticket_in_it(code: str, has: Mapping[str, Any]) -> None:
    """The witness of a trap leads a real ticket into it."""
    workflow = flow(**has)
    for finding in coded(workflow, code):
        assert finding.facts["state"] == end(workflow, finding).state


@pytest.mark.parametrize("has", [has for code, has, _ in CASES if code == "transition.overlap"])
def test_an_overlap_comes_with_values_on_which_both_hold(has: dict[str, Any]) -> None:
    """On the witness each of the two alone would be taken, and together the first is."""
    workflow = flow(**has)
    (finding,) = coded(workflow, "transition.overlap")
    then = finding.witness["then"]
    ends = []
    for kept in ("first", "second"):
        other = finding.facts["second" if kept == "first" else "first"]
        moves = [item for index, item in enumerate(has["transitions"]) if index != other]
        alone = flow(**{**has, "transitions": moves})
        ticket = end(alone, finding)
        ends.append(alone.fire(ticket, then["event"], then["payload"], at=ticket.at).ticket.state)
    ticket = end(workflow, finding)

    both = workflow.fire(ticket, then["event"], then["payload"], at=ticket.at).ticket.state

    assert ["b", "z"] == ends
    assert "b" == both


def test_a_gap_comes_with_values_on_which_nothing_is_taken() -> None:
    """On the witness the event is refused by its guards."""
    has = next(has for code, has, _ in CASES if code == "transition.gap")
    workflow = flow(**has)
    (finding,) = coded(workflow, "transition.gap")
    then, ticket = finding.witness["then"], end(workflow, finding)

    with pytest.raises(Refused) as refused:
        workflow.fire(ticket, then["event"], then["payload"], at=ticket.at)

    assert "guard" == refused.value.code
    assert {"n": 10} == dict(finding.witness["values"])


def test_a_timer_loop_comes_with_its_round_and_its_period() -> None:
    """The witness goes round once by time alone and stands where it stood."""
    has = next(has for code, has, _ in CASES if code == "timer.loop")
    workflow = flow(**has)
    (finding,) = coded(workflow, "timer.loop")
    outcomes = workflow.replay_witness(finding)

    assert ["a", "b", "a"] == list(finding.witness["cycle"])
    assert "10800s" == finding.witness["period"]
    assert ["a", "b", "a"] == [outcome.ticket.state for outcome in outcomes]
    assert all(step["event"] is None for step in finding.witness["path"])


def test_a_field_that_nothing_sets_comes_with_a_ticket_that_lacks_it() -> None:
    """On the witness the field is null."""
    has = next(has for code, has, _ in CASES if code == "field.unset")
    workflow = flow(**has)
    (finding,) = coded(workflow, "field.unset")

    assert end(workflow, finding).fields.get(finding.witness["null"]) is None


def test_an_eventless_loop_is_what_the_kernel_refuses() -> None:
    """Entering the loop is refused as one, and the ticket stays."""
    has = next(has for code, has, _ in CASES if code == "eventless.loop")
    workflow = flow(**has)
    (finding,) = coded(workflow, "eventless.loop")
    ticket = workflow.open(
        "T", {"n": 1}, at=end(flow(), Finding("x", witness={"at": "2026-01-05T09:00:00Z", "path": []})).at
    ).ticket

    with pytest.raises(LimitError) as refused:
        workflow.fire(ticket, "go", at=ticket.at)

    assert "eventless" == refused.value.code
    assert {"b", "c"} == set(finding.facts["states"])


def test_what_is_true_of_the_definition_alone_has_no_ticket() -> None:
    """A witness without a ticket cannot be replayed, and says so."""
    workflow = flow(states={"a": {}, "b": {}, "c": {}, "z": {"closed": True}})
    (finding,) = coded(workflow, "state.unreachable")

    with pytest.raises(InputError):
        workflow.replay_witness(finding)


def test_roles_that_nobody_holds_close_the_way() -> None:
    """With a world, a transition that only an unheld role may take counts as taken by nobody."""
    workflow = flow(
        **ROLES, transitions=[move(**CLERK), move("end", "b", "z", allow=["boss"]), move("end", "a", "z", allow=["clerk"])]
    )
    world = {"people": [{"id": "carl", "roles": ["clerk"]}]}

    assert [] == coded(workflow, "state.dead_end")
    assert ["b"] == [finding.facts["state"] for finding in coded(workflow, "state.dead_end", world=world)]
    assert [("end", ["boss"])] == [
        (finding.facts["event"], list(finding.facts["roles"])) for finding in coded(workflow, "transition.unheld", world=world)
    ]


def test_a_ticket_that_may_be_corrected_is_not_told_to_lack_a_field() -> None:
    """Where ticket.update is granted a null field can be mended."""
    assert [] == coded(
        flow(**ROLES, events={"ticket.update": CLERK}, fields={"n": "int"}, transitions=[move(when="n > 3", **CLERK)]),
        "field.unset",
    )


def test_a_guard_that_asks_for_null_knows_what_it_reads() -> None:
    """A condition that compares with null is no reading before setting."""
    assert [] == coded(
        flow(fields={"n": "int"}, transitions=[move(when="n == null || n > 3"), move("end", ["a", "b"], "z")]), "field.unset"
    )
