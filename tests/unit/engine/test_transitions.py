"""Knows which transitions an event takes and why others are refused; must not know what built-in events do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import LimitError, Refused
from servflow.model import Moved, Received
from tests.unit.engine.flows import CLERK, Case, after, flow, kinds, move, of


def refusal(case: Case, event: str, payload: Any = None, **given: Any) -> Refused:
    """The refusal of an event, after a look that it left the ticket alone."""
    before = case.ticket
    with pytest.raises(Refused) as caught:
        case.fire(event, payload, **given)
    assert before is case.ticket
    return caught.value


def test_an_event_moves_the_ticket() -> None:
    """An allowed event is received, moves the ticket and stamps it with its instant."""
    case = Case(flow())

    outcome = case.fire("go", minutes=5)

    assert ["Received", "Moved"] == kinds(outcome)
    assert ("b", after(5), {"b": after(5)}) == (outcome.ticket.state, outcome.ticket.at, dict(outcome.ticket.entered))
    assert (("a",), ("b",)) == (of(Moved, outcome.records)[0].exited, of(Moved, outcome.records)[0].entered)


def test_a_misspelt_event_is_unknown_with_a_suggestion() -> None:
    """An event nothing in the definition handles is refused as unknown, with the nearest one."""
    error = refusal(Case(flow()), "bak")

    assert ("unknown", "back") == (error.code, error.nearest)
    assert "did you mean 'back'" in str(error)


def test_an_event_of_another_state_says_where_it_is_allowed() -> None:
    """An event that some other state takes is refused as not_here, naming those states."""
    error = refusal(Case(flow()), "back")

    assert ("not_here", ("b",)) == (error.code, error.allowed_in)


def test_an_event_that_is_no_text_is_unknown() -> None:
    """Something that is no name at all is refused like an unknown event."""
    assert "unknown" == refusal(Case(flow()), 5).code  # type: ignore[arg-type]  # what a careless host may pass


def test_a_guard_tells_the_value_of_each_operand() -> None:
    """A false guard is refused with the parts that made it false and their values."""
    case = Case(flow(fields={"n": "int"}, transitions=[move(when="n > 5 && priority == 3")]), {"n": 4})

    error = refusal(case, "go")

    assert "guard" == error.code
    assert "n (4) > 5" in str(error)
    assert "priority" not in str(error), "what holds is not to blame"
    assert error.lines["zh"], "the same in Chinese"


def test_a_guard_that_cannot_be_decided_refuses() -> None:
    """A guard that fails on these values refuses the event and says how it failed."""
    case = Case(flow(fields={"n": {"type": "int", "default": 0}}, transitions=[move(when="10 / n > 1")]))

    error = refusal(case, "go")

    assert ("guard", "division by zero") == (error.code, error.why)


def test_guards_may_read_time() -> None:
    """A guard of a host's event may ask how old the ticket is."""
    case = Case(flow(transitions=[move(when="at - opened_at >= duration('1h')")]))

    assert "guard" == refusal(case, "go", minutes=59).code
    assert "b" == case.fire("go", minutes=60).ticket.state


def test_a_guard_may_read_a_clock() -> None:
    """A guard of a host's event may ask how far a clock has come, and sees a breach on its very microsecond."""
    case = Case(flow(clocks=[{"name": "k", "within": "1h"}], transitions=[move(when="clock.k.breached")]))

    assert "guard" == refusal(case, "go", minutes=60).code, "exactly on time is in time"
    assert "b" == case.fire("go", minutes=60.001).ticket.state


def test_the_first_transition_in_document_order_whose_guard_holds_is_taken() -> None:
    """Of several transitions for one event the first that may be taken is."""
    ways = [move(target="b", when="priority == 1"), move(target="z", when="priority > 1"), move(target="a")]

    assert "z" == Case(flow(transitions=ways)).fire("go").ticket.state


def test_declared_payload_arrives_in_its_types() -> None:
    """A declared payload is converted to its type before guard and updates read it."""
    case = Case(
        flow(
            fields={"paid": "decimal"},
            transitions=[move(payload={"sum": "decimal"}, when="payload.sum > 0", do=[{"set": {"paid": "payload.sum"}}])],
        )
    )

    assert Decimal("12.50") == case.fire("go", {"sum": "12.50"}).ticket.fields["paid"]


@pytest.mark.parametrize(
    ("payload", "said"), [({}, "missing"), ({"sum": "x"}, "exact number"), ({"sum": True}, "exact number")]
)
def test_a_payload_of_another_type_is_refused(payload: dict[str, Any], said: str) -> None:
    """A declared value that is missing or does not fit refuses the event and tells the type."""
    error = refusal(Case(flow(transitions=[move(payload={"sum": "decimal"})])), "go", payload)

    assert ("payload", {"sum": "decimal"}) == (error.code, error.needs)
    assert said in error.problems["sum"]


def test_all_problems_of_a_payload_are_told_at_once() -> None:
    """Every declared value that does not fit is named in one refusal."""
    case = Case(flow(transitions=[move(payload={"n": "int", "who": {"type": "string", "one_of": ["x", "y"]}})]))

    assert {"n", "who"} == set(refusal(case, "go", {"n": "1", "who": "q"}).problems)


def test_optional_and_default_payload() -> None:
    """An optional value may be left out, and a default takes the place of a missing one."""
    payload = {"note": {"type": "string", "optional": True}, "n": {"type": "int", "default": 7}}
    case = Case(flow(fields={"n": "int"}, transitions=[move(payload=payload, do=[{"set": {"n": "payload.n"}}])]))

    assert 7 == case.fire("go").ticket.fields["n"]


def test_a_payload_that_is_no_data_is_refused() -> None:
    """A payload holding objects of the host is refused before anything looks at it."""
    assert "payload" == refusal(Case(flow()), "go", {"x": object()}).code
    assert "payload" == refusal(Case(flow()), "go", ["x"]).code


def test_the_furthest_refusal_is_told() -> None:
    """Where several transitions were possible, the one that came furthest explains the refusal."""
    case = Case(
        flow(roles=["clerk"], transitions=[move(allow=["system"]), move(target="z", allow=["clerk"], when="priority == 1")])
    )

    assert "guard" == refusal(case, "go", actor=CLERK).code


def test_updates_are_all_or_nothing() -> None:
    """A value that does not fit refuses the event, and nothing of what was done before it remains."""
    case = Case(
        flow(
            fields={"n": {"type": "int", "default": 1}, "m": {"type": "int", "default": 1}},
            transitions=[move(do=[{"set": {"n": "2"}}, {"set": {"m": "'x'"}}])],
        )
    )

    assert "payload" == refusal(case, "go").code
    assert 1 == case.ticket.fields["n"]


def test_a_transition_without_target_stays() -> None:
    """A transition without a target carries out its updates and leaves the state and its timers alone."""
    case = Case(flow(fields={"n": "int"}, transitions=[move("note", "a", None, do=[{"set": {"n": "1"}}])]))

    outcome = case.fire("note", minutes=9)

    assert ["Received", "Updated", "Moved"] == kinds(outcome)
    assert (after(), 1) == (outcome.ticket.entered["a"], outcome.ticket.fields["n"])


def test_a_transition_to_its_own_state_enters_it_again() -> None:
    """A transition that targets its source leaves it and enters it anew."""
    case = Case(flow(transitions=[move("again", "a", "a")]))

    assert after(9) == case.fire("again", minutes=9).ticket.entered["a"]


def test_source_star_means_everywhere() -> None:
    """A transition from every state is taken in whatever state the ticket is."""
    case = Case(flow(transitions=[move(), move("drop", "*", "z")]))
    case.fire("go")

    assert "z" == case.fire("drop").ticket.state


def test_an_event_name_may_end_in_a_star() -> None:
    """A descriptor ending in ``.*`` takes every event that begins so, and only those."""
    case = Case(flow(transitions=[move("pay.*")]))

    assert "unknown" == refusal(case, "payment").code
    assert "b" == case.fire("pay.card").ticket.state


def test_several_events_in_one_transition() -> None:
    """A descriptor may list several events."""
    assert "b" == Case(flow(transitions=[move("go leave")])).fire("leave").ticket.state


def test_eventless_transitions_follow_in_the_same_step() -> None:
    """A transition without an event is taken as soon as its condition holds."""
    workflow = flow(
        fields={"n": {"type": "int", "default": 0}},
        transitions=[move(do=[{"set": {"n": "5"}}]), move(None, "b", "z", when="n == 5")],
    )

    outcome = Case(workflow).fire("go")

    assert "z" == outcome.ticket.state
    assert ["Received", "Updated", "Moved", "Moved"] == kinds(outcome)


def test_eventless_transitions_see_what_rules_set() -> None:
    """A rule that makes an eventless transition hold has it taken in the same call."""
    workflow = flow(
        fields={"n": {"type": "int", "default": 0}, "ok": {"type": "bool", "default": False}},
        transitions=[move(None, when="ok")],
        rules=[{"name": "big", "when": "n > 5", "then": [{"set": {"ok": "true"}}]}],
    )

    assert "b" == Case(workflow).fire("ticket.update", {"n": 9}).ticket.state


def test_eventless_transitions_see_what_a_level_sets() -> None:
    """An escalation level that makes an eventless transition hold has it taken at the level's instant."""
    workflow = flow(
        fields={"ok": {"type": "bool", "default": False}},
        transitions=[move(None, when="ok")],
        escalations=[
            {"name": "c", "start": {"state": "a"}, "levels": [{"name": "l", "after": "1h", "do": [{"set": {"ok": "true"}}]}]}
        ],
    )

    assert "b" == Case(workflow).until(61).ticket.state


def test_eventless_transitions_that_go_round_are_stopped() -> None:
    """Eventless transitions in a circle end in an error that names the circle, not in a hang."""
    with pytest.raises(LimitError) as caught:
        Case(flow(transitions=[move(None, "a", "b", when="priority > 0"), move(None, "b", "a", when="priority > 0")]))

    assert "eventless" == caught.value.code


def test_an_internal_event_happens_after_the_step_that_raised_it() -> None:
    """An emitted event is a step of its own, in the name of the system, at the same instant."""
    workflow = flow(
        fields={"n": "int"},
        transitions=[
            move(do=[{"emit": {"event": "x", "payload": {"n": "3"}}}]),
            move("x", "b", "z", do=[{"set": {"n": "payload.n"}}]),
        ],
    )

    outcome = Case(workflow).fire("go", minutes=1)

    assert ["Received", "Moved", "Received", "Updated", "Moved"] == kinds(outcome)
    assert ("z", 3) == (outcome.ticket.state, outcome.ticket.fields["n"])
    internal = of(Received, outcome.records)[1]
    assert ("x", True, "system", after(1)) == (internal.event, internal.internal, internal.actor, internal.at)


def test_an_internal_event_nothing_handles_is_recorded_and_dropped() -> None:
    """An emitted event that no transition takes leaves a record and nothing else."""
    outcome = Case(flow(transitions=[move(do=[{"emit": "nobody_cares"}])])).fire("go")

    assert ["Received", "Moved", "Received"] == kinds(outcome)


def test_internal_events_in_a_circle_are_stopped() -> None:
    """Events that raise each other end in an error that names the limit; the ticket is unchanged."""
    case = Case(flow(transitions=[move("x", "a", None, do=[{"emit": "x"}])]))
    before = case.ticket

    with pytest.raises(LimitError) as caught:
        case.fire("x")

    assert "internal_events" == caught.value.code
    assert before is case.ticket


def test_parallel_regions_move_one_by_one_and_together() -> None:
    """In a parallel state one event moves every region that takes it, and done is raised when all are final."""
    both = {
        "parallel": True,
        "states": {
            "left": {"initial": "l1", "states": {"l1": {}, "l2": {"final": True}}},
            "right": {"initial": "r1", "states": {"r1": {}, "r2": {"final": True}}},
        },
    }
    workflow = flow(
        initial="p",
        states={"p": both, "z": {"closed": True}},
        transitions=[
            move("l", "l1", "l2"),
            move("r", "r1", "r2"),
            move("both", "l1", "l2"),
            move("both", "r1", "r2"),
            move("done.state.p", "p", "z"),
        ],
    )
    case = Case(workflow)

    assert "l1+r1" == case.ticket.state
    assert "l2+r1" == case.fire("l").ticket.state
    assert "z" == case.fire("r").ticket.state
    assert "z" == Case(workflow).fire("both").ticket.state


def test_history_leads_back_to_where_it_was() -> None:
    """A history state remembers the child that was active when its parent was left."""
    workflow = Workflow(
        workflow="w",
        initial="p",
        states={"p": {"initial": "x", "states": {"x": {}, "y": {}, "h": {"history": "shallow", "default": "x"}}}, "q": {}},
        transitions=[move("n", "x", "y"), move("out", "p", "q"), move("in", "q", "h")],
    )
    case = Case(workflow)
    for event in ("n", "out", "in"):
        case.fire(event)

    assert "y" == case.ticket.state


def test_closing_and_reopening_are_told_on_the_ticket() -> None:
    """Entering a closed state sets closed and closed_at; leaving it counts a reopening and keeps the latest closing."""
    case = Case(flow())
    case.fire("end", minutes=3)

    assert (True, after(3), 0) == (case.ticket.closed, case.ticket.closed_at, case.ticket.reopened)

    case.fire("ticket.reopen", minutes=5)

    assert (False, after(3), 1) == (case.ticket.closed, case.ticket.closed_at, case.ticket.reopened)


def test_a_state_inside_a_closed_one_is_closed() -> None:
    """A ticket is closed in every state inside one that is marked closed, and moving about there is no new closing."""
    workflow = flow(
        states={"a": {}, "done": {"closed": True, "initial": "x", "states": {"x": {}, "y": {}}}},
        transitions=[move("end", "a", "done"), move("n", "x", "y")],
    )
    case = Case(workflow)
    case.fire("end", minutes=1)
    case.fire("n", minutes=2)

    assert (True, after(1), 0) == (case.ticket.closed, case.ticket.closed_at, case.ticket.reopened)


def test_reopening_may_be_limited_in_time() -> None:
    """A guard on ticket.reopen may read how long ago the ticket was closed."""
    case = Case(
        flow(transitions=[move("end", "a", "z"), move("ticket.reopen", "z", "a", when="at - closed_at < duration('168h')")])
    )
    case.fire("end")

    assert "guard" == refusal(case, "ticket.reopen", minutes=168 * 60).code
    assert "a" == case.fire("ticket.reopen", minutes=168 * 60 - 1).ticket.state
