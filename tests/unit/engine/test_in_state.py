"""Knows how conditions ask where a ticket is and how much time a calendar counted; must not know how a machine steps."""

from __future__ import annotations

from typing import Any

import pytest

import servflow
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, ExpressionError, Refused
from servflow.expressions import Expression, Function, evaluate
from servflow.model import Breached, TimerFired, TimerRefused
from tests.unit.engine.flows import Case, after, flow, kinds, move, of

OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
REGIONS: dict[str, Any] = {
    "work": {
        "parallel": True,
        "states": {
            "repair": {"initial": "doing", "states": {"doing": {}, "done": {}}},
            "parts": {"initial": "ordered", "states": {"ordered": {}, "there": {}}},
        },
    },
    "z": {"closed": True},
}


def regions(*transitions: dict[str, Any], **more: Any) -> Workflow:
    """Two regions side by side: the repair, and the parts it waits for."""
    moves = [move("finish", "doing", "done"), move("arrive", "ordered", "there")]
    return flow(**{"initial": "work", "states": REGIONS, "transitions": [*moves, *transitions], **more})


def problems(workflow: Any) -> list[tuple[str, str, Any]]:
    """Code, path and suggestion of each finding of a definition that is refused."""
    with pytest.raises(DefinitionError) as caught:
        workflow()
    return [(finding.code, finding.path, finding.facts.get("nearest")) for finding in caught.value.findings]


def test_a_guard_sees_leaves_and_what_is_around_them() -> None:
    """A leaf, the compound state around it and the parallel state around that are all active; what was left is not."""
    asked = "in_state('there') && in_state('parts') && in_state('work') && !in_state('ordered')"
    case = Case(regions(move("close", "work", "z", when=asked)))

    with pytest.raises(Refused) as caught:
        case.fire("close")
    assert 'in_state("there") is false' in str(caught.value)
    case.fire("arrive")

    assert "z" == case.fire("close").ticket.state


def test_guards_of_one_event_see_where_it_found_the_ticket() -> None:
    """Both regions decide on the states before the step, whichever of them comes first in the document."""
    both = [
        move("go", "doing", "done", when="in_state('ordered')"),
        move("go", "ordered", "there", when="in_state('doing')"),
    ]

    assert ("done", "there") == Case(regions(*both)).fire("go").ticket.configuration
    assert ("done", "there") == Case(regions(*reversed(both))).fire("go").ticket.configuration


def test_eventless_transitions_see_what_was_reached() -> None:
    """What needs no event is decided on the states reached, in the same step."""
    case = Case(regions(move(None, "work", "z", when="in_state('done') && in_state('there')")))

    assert "done+ordered" == case.fire("finish").ticket.state
    assert "z" == case.fire("arrive").ticket.state


def test_updates_see_the_states_before_their_transition() -> None:
    """What a transition computes, it computes where it started from."""
    told = [{"set": {"early": "in_state('doing') && !in_state('done')"}}]
    case = Case(regions(fields={"early": "bool"}, transitions=[move("finish", "doing", "done", do=told)]))

    assert case.fire("finish").ticket.fields["early"] is True


def test_a_rule_runs_again_when_the_state_changes() -> None:
    """A rule that asks for a state depends on the state, however it changes."""
    rule = {"name": "seen", "when": "in_state('b')", "then": [{"set": {"seen": "seen + 1"}}]}
    fields = {"seen": {"type": "int", "default": 0}}
    case = Case(flow(fields=fields, rules=[rule]))

    assert 0 == case.ticket.fields["seen"]
    assert 1 == case.fire("go").ticket.fields["seen"]
    case.fire("back")
    assert 2 == case.fire("ticket.force", {"state": "b", "reason": "found there"}).ticket.fields["seen"]


def test_a_refused_timer_is_tried_again_when_the_state_it_asks_for_is_reached() -> None:
    """A timer whose guard asks for a state of another region fires as soon as that state is entered."""
    states = {
        **REGIONS["work"]["states"],
        "repair": {"timers": [{"after": "1h", "event": "end"}], "states": {"doing": {}, "done": {}}},
    }
    workflow = flow(
        initial="work",
        states={"work": {"parallel": True, "states": states}, "z": {"closed": True}},
        transitions=[move("arrive", "ordered", "there"), move("end", "work", "z", when="in_state('there')")],
    )
    case = Case(workflow)

    [refused] = of(TimerRefused, case.until(61).records)
    assert ("state",) == refused.refused.reads
    outcome = case.fire("arrive", minutes=90)

    assert (1, "z", after(90)) == (len(of(TimerFired, outcome.records)), outcome.ticket.state, outcome.ticket.at)


def test_clocks_and_chains_may_ask_for_a_state() -> None:
    """The target of a clock is chosen anew when the state it asks for is entered, and a level waits for it."""
    clock = {"name": "k", "within": [{"when": "in_state('b')", "take": "30m"}, {"take": "2h"}], "on_retarget": "keep"}
    level = {"name": "one", "when": "in_state('b')", "otherwise": "skip", "do": [{"tag": "seen"}]}
    chain = {"name": "c", "start": {"clock": "k", "mark": "breach"}, "levels": [level]}
    case = Case(flow(clocks=[{**clock, "on_retarget": "carry"}], escalations=[chain]))

    case.fire("go", minutes=10)
    outcome = case.until(200)

    assert [after(30)] == [record.run.breached_at for record in of(Breached, outcome.records)]
    assert ("seen",) == outcome.ticket.tags


def test_a_state_that_is_not_declared_is_found_at_load() -> None:
    """A wrong name is a finding where it stands, with the name that was probably meant."""
    expected = [("name.unknown", "transitions[2].when", "there")]

    assert expected == problems(lambda: regions(move("close", "work", "z", when="in_state('their')")))


@pytest.mark.parametrize("when", ["in_state(x)", "in_state('b' + 'c')", "in_state(5)", "in_state()", "in_state('b', 'c')"])
def test_the_state_is_one_text_written_out(when: str) -> None:
    """What cannot be checked before it runs is refused."""
    expected = [("expression.invalid", "transitions[0].when", None)]

    assert expected == problems(lambda: flow(fields={"x": "string"}, transitions=[move(when=when)]))


@pytest.mark.parametrize("name", ["in_state", "state", "counted", "calendars"])
def test_no_field_collides_with_it(name: str) -> None:
    """A field may have the very name of the function and keeps its own value."""
    workflow = flow(fields={name: "string"}, transitions=[move(when=f"in_state('a') && {name} == 'x'")])

    with pytest.raises(Refused):
        Case(workflow, {name: "y"}).fire("go")
    assert "b" == Case(workflow, {name: "x"}).fire("go").ticket.state


def test_text_and_tree_lead_back_to_each_other() -> None:
    """A condition that asks for a state is written, read and compared like any other, also where nobody can answer."""
    parsed = Expression.parse("in_state('b') || n > 1")
    workflow = flow(fields={"n": "int"}, transitions=[move(when=parsed.tree), move("back", "b", "a")])

    assert parsed.text == Expression.from_tree(parsed.tree).text == 'in_state("b") || n > 1'
    assert parsed == Expression.from_tree(parsed.tree)
    assert servflow.load(workflow.to_data()) == workflow
    assert {"n", "state"} == parsed.reads
    assert (("in_state", "b"),) == parsed.asks


def test_outside_a_workflow_it_is_unknown() -> None:
    """An expression by itself has no states to ask for."""
    with pytest.raises(ExpressionError, match="no function in_state here"):
        evaluate("in_state('a')", {"in_state": True, "a": 1})
    with pytest.raises(ExpressionError, match="no function counted here"):
        evaluate("counted('office', timestamp('2026-03-02T09:00:00Z'), timestamp('2026-03-02T10:00:00Z'))", {})


def test_a_host_cannot_take_its_name() -> None:
    """A function of the host that would hide it is refused."""
    mine = Extensions(functions=[Function("in_state", ("string",), "bool", lambda state: True)])

    with pytest.raises(DefinitionError):
        flow(transitions=[move(when="in_state('a')")], extensions=mine)


def test_a_tree_may_call_functions_of_the_host() -> None:
    """A condition written as a tree may call what the host registered, as one written as a text may."""
    mine = Extensions(functions=[Function("twice", ("int",), "int", lambda n: 2 * n)])
    tree = Expression.parse("twice(priority) > 5", functions=mine.functions).tree

    assert "b" == Case(flow(transitions=[move(when=tree)], extensions=mine)).fire("go").ticket.state


# counted ------------------------------------------------------------------------------------------------------


def test_counted_is_the_open_time_between_two_instants() -> None:
    """Closed hours do not count, so a night passes and the guard still holds; at the end of the amount it does not."""
    when = "counted('office', opened_at, at) < duration('9h')"
    workflow = flow(calendars={"office": OFFICE}, transitions=[move(when=when)])

    assert "b" == Case(workflow).fire("go", at=after(hours=24, minutes=59)).ticket.state
    with pytest.raises(Refused) as caught:
        Case(workflow).fire("go", at=after(hours=25))
    assert '(32400s) < duration("9h") is false' in str(caught.value)


def test_counted_is_negative_backwards_and_null_without_an_instant() -> None:
    """The later instant first gives a negative length; an instant that is not there makes no comparison hold."""
    back = flow(calendars={"office": OFFICE}, transitions=[move(when="counted('office', at, opened_at) == duration('-1h')")])
    none = flow(calendars={"office": OFFICE}, transitions=[move(when="counted('office', closed_at, at) >= duration('0s')")])

    assert "b" == Case(back).fire("go", minutes=60).ticket.state
    with pytest.raises(Refused):
        Case(none).fire("go", minutes=60)


def test_after_days_is_a_number_of_working_days_later() -> None:
    """Two working days after Monday at ten is Wednesday at ten; after Monday's opening it is the closing of Tuesday."""
    workflow = flow(calendars={"office": OFFICE}, transitions=[move(when="at < after_days('office', opened_at, 2)")])

    assert "b" == Case(workflow, at=after(60)).fire("go", at=after(hours=48, minutes=59)).ticket.state
    with pytest.raises(Refused):
        Case(workflow, at=after(60)).fire("go", at=after(hours=49))
    assert "b" == Case(workflow).fire("go", at=after(hours=31, minutes=59)).ticket.state
    with pytest.raises(Refused):
        Case(workflow).fire("go", at=after(hours=32))


def test_the_calendar_is_declared_and_time_is_no_trigger() -> None:
    """A calendar nobody declared is found at load, and so is a condition that would change with time alone."""
    calendars = {"office": OFFICE}
    wrong = move(when="counted('ofice', opened_at, at) > duration('1h')")
    alone = move(None, "b", "z", when="counted('office', opened_at, at) > duration('1h')")

    assert [("name.unknown", "transitions[0].when", "office")] == problems(
        lambda: flow(calendars=calendars, transitions=[wrong])
    )
    assert [("expression.time", "transitions[0].when", None)] == problems(
        lambda: flow(calendars=calendars, transitions=[alone])
    )


def test_counted_between_fields_is_no_matter_of_time() -> None:
    """Between two instants on the ticket nothing changes by itself, so a rule may ask."""
    rule = {"name": "long", "when": "counted('office', opened_at, promised) > duration('8h')", "then": [{"tag": "long"}]}
    case = Case(flow(calendars={"office": OFFICE}, fields={"promised": "timestamp"}, rules=[rule]))

    assert () == case.fire("ticket.update", {"promised": after(hours=23)}).ticket.tags
    assert ("long",) == case.fire("ticket.update", {"promised": after(hours=25)}).ticket.tags


# what else a guard sees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("n == 5", True),
        ("payload.m == 7", True),
        ("actor.id == 'ann' && 'engineer' in actor.roles", True),
        ("assignee == 'ann'", True),
        ("clock.k.counted == duration('1h')", True),
        ("clock.k.remaining == duration('-30m')", True),
        ("clock.k.breached", True),
        ("clock.j.breached", False),
        ("clock.j.counted == clock.j.within - clock.j.remaining", True),
        ("at == timestamp('2026-03-02T10:00:00Z') && entered_at == opened_at", True),
        ("state == 'a' && in_state('a')", True),
    ],
)
def test_a_guard_sees(when: str, holds: bool) -> None:
    """Fields, payload, actor, assignee, clocks, time and states are what a guard decides on."""
    workflow = flow(
        fields={"n": "int"},
        clocks=[{"name": "k", "within": "30m"}, {"name": "j", "within": "2h"}],
        transitions=[move(when=when, payload={"m": "int"})],
    )
    case = Case(workflow, {"n": 5})
    case.fire("ticket.assign", {"to": "ann"})
    actor = {"id": "ann", "roles": ["engineer"]}

    if holds:
        assert "Moved" in kinds(case.fire("go", {"m": 7}, minutes=60, actor=actor))
    else:
        with pytest.raises(Refused):
            case.fire("go", {"m": 7}, minutes=60, actor=actor)
