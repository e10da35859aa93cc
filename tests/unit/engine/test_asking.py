"""Knows what a host may ask about a ticket or a definition; must not know how a step is carried out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from servflow.engine import Extensions, Option
from servflow.errors import DefinitionError, InputError, Refused
from servflow.expressions import Function
from servflow.model import Actor, Engineer, World, dump
from tests.unit.engine.flows import CLERK, START, Case, after, flow, move, notify


def options(case: Case, **given: Any) -> dict[str, Option]:
    """What could be done now, by event."""
    return {option.event: option for option in case.workflow.available(case.ticket, **{"at": case.ticket.at, **given})}


# available ------------------------------------------------------------------------------------------------------


def test_what_is_ready_needs_payload_or_is_refused() -> None:
    """Each event of the state is ready, needs a payload, or is refused with why and code; events of other states are absent."""
    workflow = flow(
        fields={"n": {"type": "int", "default": 4}},
        transitions=[
            move(title="Start"),
            move("pay", "a", "b", payload={"sum": "decimal"}),
            move("end", "a", "z", when="n > 5"),
            move("back", "b", "a"),
            move("assigned.assignee", "a", "b"),
        ],
    )

    found = options(Case(workflow))

    assert ("ready", ("b",), "Start") == ((go := found["go"]).status, go.targets, go.title)
    assert ("needs", {"sum": "decimal"}) == (found["pay"].status, dict(found["pay"].payload))
    assert ("refused", "guard") == (found["end"].status, found["end"].code)
    assert "n (4) > 5" in found["end"].why
    assert not {"back", "assigned.assignee"} & set(found)


def test_a_guard_on_the_payload_needs_it_first() -> None:
    """Where only the payload's part of a guard is open it is needed; where another part fails that part is told."""
    guard = "payload.sum > 0 && n > 5"
    workflow = flow(fields={"n": "int"}, transitions=[move(when=guard, payload={"sum": "int"})])

    low, high = Case(workflow, {"n": 4}), Case(workflow, {"n": 6})

    assert ("refused", "guard") == ((option := options(low)["go"]).status, option.code)
    assert "n (4) > 5" in option.why
    assert "payload" not in option.why
    assert "needs" == options(high)["go"].status


def test_a_guard_may_call_the_hosts_functions() -> None:
    """Host functions in a guard are known when its parts are looked at."""
    big = Function("big", ("int",), "bool", lambda value: value > 5)
    workflow = flow(
        fields={"n": "int"},
        extensions=Extensions(functions=[big]),
        transitions=[move(when="big(n) && payload.sum > 0", payload={"sum": "int"})],
    )

    assert ["needs", "refused"] == [options(Case(workflow, {"n": n}))["go"].status for n in (6, 4)]


def test_permission_is_told_by_actor() -> None:
    """The answer depends on who asks, and names what it takes."""
    case = Case(flow(roles=["clerk"], events={"ticket.update": {"allow": ["clerk"]}}, transitions=[move(allow="clerk")]))

    nobody, clerk = options(case), options(case, actor=CLERK)

    assert ("refused", "not_permitted") == (nobody["go"].status, nobody["go"].code)
    assert "it takes clerk" in nobody["go"].why
    assert ("refused", "ready", "needs") == (nobody["ticket.update"].status, clerk["go"].status, clerk["ticket.update"].status)
    assert "ticket.message" not in clerk, "what was granted to nobody is no option"


def test_built_in_events_are_offered_where_they_mean_something() -> None:
    """Checks, offers, answers to escalations and waivers appear only while there is something to do them on."""
    chain = {"name": "c", "start": {"state": "b"}, "levels": [{"name": "one", "after": "1h", "do": [notify("x")]}]}
    workflow = flow(
        states={"a": {}, "b": {"checklist": ["look"]}, "z": {"closed": True}},
        escalations=[chain],
        clocks=[{"name": "k", "within": "1h"}],
    )
    case = Case(workflow)
    special = {"step.check", "chain.acknowledge", "clock.waive", "offer.accept"}

    assert set() == special & set(options(case))
    case.fire("go")
    assert {"step.check", "chain.acknowledge"} == special & set(options(case))
    assert "clock.waive" in options(case, at=after(61))


def test_an_offer_is_an_option_for_whom_it_was_made_to() -> None:
    """Only who was asked is shown that they can accept."""
    workflow = flow(dispatch=[{"name": "d", "state": "a", "mode": "offer"}])
    case = Case(workflow, world=World(engineers=[Engineer(id="ann")]))

    assert "ready" == options(case, actor="ann")["offer.accept"].status
    assert "refused" == options(case, actor="bob")["offer.accept"].status


def test_options_look_at_the_instant_asked_for() -> None:
    """Time that passes until the instant is taken into account, and the ticket stays as it is."""
    case = Case(flow(states={"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}, "z": {"closed": True}}))
    before = case.ticket

    assert "go" in options(case)
    assert {"back", "end"} <= set(options(case, at=after(61)))
    assert before is case.ticket


def test_what_is_ready_can_be_fired() -> None:
    """The same code answers and acts: ready events succeed, refused ones are refused with the same words."""
    case = Case(
        flow(
            roles=["clerk"],
            fields={"n": "int"},
            transitions=[move(allow="clerk"), move("end", "a", "z", allow="clerk", when="n == 1")],
        )
    )

    for option in case.workflow.available(case.ticket, at=after(), actor=CLERK):
        if option.status == "ready":
            case.workflow.fire(case.ticket, option.event, at=after(), actor=CLERK)
            continue
        with pytest.raises(Refused) as caught:
            case.workflow.fire(case.ticket, option.event, at=after(), actor=CLERK)
        assert ("refused", option.why) == (option.status, str(caught.value))


def test_options_become_json() -> None:
    """Buttons and API answers are made from the same data."""
    found = [option.as_data() for option in options(Case(flow())).values()]

    assert found == json.loads(json.dumps(found))
    named = {"event", "status", "why", "code", "payload", "targets", "stays", "title", "refusals", "change"}
    assert named == set(found[0])


# explain --------------------------------------------------------------------------------------------------------


def lively() -> Case:
    """A ticket with everything under way."""
    workflow = flow(
        states={"a": {"timers": [{"after": "3h", "event": "end"}]}, "b": {}, "z": {"closed": True}},
        clocks=[{"name": "k", "within": "1h", "warn": ["50%"], "paused_in": "b"}, {"name": "l", "within": "2h"}],
        escalations=[{"name": "c", "start": {"state": "a"}, "levels": [{"name": "one", "after": "90m", "do": [notify("x")]}]}],
        dispatch=[
            {
                "name": "d",
                "state": "a",
                "mode": "offer",
                "offer": {"timeout": "40m"},
                "relax": [{"after": "50m", "mode": "pool"}],
            }
        ],
    )
    return Case(workflow, world=World(engineers=[Engineer(id="ann")]))


def test_explain_tells_where_the_ticket_is_and_what_comes() -> None:
    """An explanation has the state, the clocks, the climbs, the searches and all that is set by time, in order."""
    case = lively()

    told = case.workflow.explain(case.ticket, at=after(10), world=World(engineers=[Engineer(id="ann")]))

    assert ("T1", "a", after(), after(10), False) == (told.ticket, told.state, told.since, told.at, told.closed)
    assert ["mark", "offer", "relaxation", "level", "mark", "timer"] == [item.kind for item in told.coming]
    assert [30, 40, 50, 90, 120, 180] == [(item.at - after()).seconds // 60 for item in told.coming]
    assert ("c", "running", "one") == ((run := told.escalations[0])["chain"], run["phase"], run["next_level"])
    assert (["ann"], "offered") == ((slot := told.slots[0])["offers"], slot["phase"])
    assert slot["now"]
    assert slot["now_zh"]


def test_explain_adds_up_a_clock() -> None:
    """A clock is told with signed remaining time and a timeline that adds up to what was counted."""
    case = lively()
    case.fire("go", minutes=20)
    case.fire("back", minutes=50)

    view = case.workflow.explain(case.ticket, at=after(110)).clocks[0]

    assert (timedelta(minutes=80), timedelta(minutes=-20), True, after(90)) == (
        view.counted,
        view.remaining,
        view.over,
        view.breached_at,
    )
    assert view.counted == sum((row.counted for row in view.timeline), timedelta())
    assert ["running", "paused", "running"] == [row.phase for row in view.timeline][:3]


def test_explain_tells_when_a_paused_clock_would_be_due() -> None:
    """A paused clock has no due instant, but says when it would be due if it went on now."""
    case = lively()
    case.fire("go", minutes=20)

    view = case.workflow.explain(case.ticket, at=after(100)).clocks[0]

    assert ("paused", None, after(140)) == (view.phase, view.due, view.due_if_resumed)


def test_an_explanation_becomes_json() -> None:
    """An explanation is data through and through."""
    data = lively().workflow.explain(lively().ticket, at=after(10)).as_data()

    assert data == json.loads(json.dumps(data))


# graph and check ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["mermaid", "dot", "table"])
def test_the_graph_shows_events_and_guards(form: str) -> None:
    """Every drawing names the states, the events and the guards."""
    drawn = flow(transitions=[move(when="priority < 3"), move("end", ["a", "b"], "z")]).graph(form)

    assert "go" in drawn
    assert "end" in drawn
    assert "priority" in drawn


def test_the_graph_may_mark_a_ticket() -> None:
    """With a ticket the drawing shows where it is."""
    case = Case(flow())

    assert case.workflow.graph() != case.workflow.graph(ticket=case.ticket)


def test_an_unknown_form_is_refused() -> None:
    """Only the three forms are known."""
    with pytest.raises(InputError):
        flow().graph("png")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}}}, "state.unreachable"),
        ({"transitions": [move(), move("end", "a", "z")]}, "state.dead_end"),
        ({"roles": ["clerk"], "transitions": [move()]}, "transition.nobody"),
        (
            {
                "roles": ["clerk"],
                "states": {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}},
                "transitions": [move(allow="clerk")],
            },
            "timer.not_allowed",
        ),
        (
            {
                "fields": {"n": "int"},
                "tables": {"t": {"hit": "first", "inputs": ["n"], "outputs": {"m": "int"}, "rows": [[">3", "1"], [">5", "2"]]}},
            },
            "rules",
        ),
    ],
)
def test_check_warns_of_what_loads_but_looks_wrong(parts: dict[str, Any], code: str) -> None:
    """States nothing leads to or out of, events nobody may fire and tables with holes are told as warnings."""
    found = flow(**parts).check()

    assert any(finding.code.startswith(code) for finding in found), found
    assert all(finding.text("zh") for finding in found)


def test_a_sound_definition_has_no_findings() -> None:
    """Nothing found is a good sign."""
    assert () == flow().check()


def test_explain_of_nobody_in_particular() -> None:
    """The options of an explanation are those of nobody: with roles everything is refused."""
    case = Case(flow(roles=["clerk"], transitions=[move(allow="clerk")]), actor=Actor("carl", ["clerk"]))

    assert {"refused"} == {option.status for option in case.workflow.explain(case.ticket, at=after()).options}


def test_buttons_come_with_types_and_as_data() -> None:
    """A built-in event says what it takes, what may be left out, and is JSON when dumped."""
    workflow = flow(events={"step.check": {}}, states={"a": {"checklist": ["look"]}, "b": {}, "z": {"closed": True}})
    ticket = workflow.open("T", at=START).ticket

    options = {option.event: option for option in workflow.available(ticket, at=START)}

    assert {"step": "string", "evidence": "any?"} == dict(options["step.check"].payload)
    assert ("needs", "needs step (string)") == (options["step.check"].status, options["step.check"].why)
    assert "step.check" == dump(options["step.check"])["event"]


def test_roles_are_not_named_like_relations() -> None:
    """System, assignee and the like are relations; as roles they could never be held."""
    with pytest.raises(DefinitionError) as caught:
        flow(roles=["clerk", "assignee"])

    assert [("role.relation", "roles[1]")] == [(found.code, found.path) for found in caught.value.findings]
