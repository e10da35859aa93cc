"""Knows what narrows the conditions of a clock and where it counts; must not know how time is counted."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import DefinitionError, Refused
from servflow.model import Actor, ClockPaused, ClockStarted, ClockStopped
from servflow.sla import Clock, Condition
from tests.unit.engine.flows import Case, after, flow, move, of

STATES: dict[str, Any] = {"a": {}, "b": {}, "c": {}, "z": {"closed": True}}
MOVES = [move(), move("back", "b", "a"), move("on", "b", "c"), move("end", ["a", "b", "c"], "z")]


def clocked(*clocks: dict[str, Any], given: Any = None, **parts: Any) -> Case:
    """A ticket with these clocks; each has an hour unless it says otherwise."""
    made = [{"name": f"k{number}", "within": "1h", **clock} for number, clock in enumerate(clocks)]
    return Case(flow(clocks=made, states=STATES, transitions=MOVES, **parts), given)


def phases(case: Case) -> dict[str, str]:
    """How each clock stands."""
    return {name: run.phase for name, run in case.ticket.clocks.items()}


# what a condition looks at ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message", "counts"),
    [
        (None, {"channel": "chat"}, True),
        (None, {"channel": "mail"}, False),
        (None, {}, False),
        ({"channel": "chat"}, {}, True),
        ({"channel": "chat"}, {"channel": "mail"}, False),
    ],
)
def test_a_message_of_one_channel(given: Any, message: dict[str, Any], counts: bool) -> None:
    """A condition on a channel takes the message's own, or the ticket's where the message names none."""
    case = clocked({"start": {"message": {"side": "customer", "channel": "chat"}}}, given=given)

    case.fire("ticket.message", {"side": "customer", **message}, minutes=5)

    assert counts == bool(case.ticket.clocks)


def test_leaving_a_state() -> None:
    """A clock may start when the ticket leaves a state, wherever it goes then."""
    case = clocked({"start": {"left": "b"}})

    assert [] == of(ClockStarted, case.fire("go", minutes=5).records)
    assert [after(10)] == [record.instant for record in of(ClockStarted, case.fire("on", minutes=10).records)]


def test_leaving_for_the_end_promises_nothing() -> None:
    """A state that is left for a closed one starts nothing."""
    assert [] == of(ClockStarted, clocked({"start": {"left": "a"}}).fire("end").records)


def test_coming_into_a_queue_and_leaving_it() -> None:
    """A queue's own promise starts when the ticket comes in and is kept when it goes on."""
    case = clocked({"start": {"queue": "care"}, "stop": {"left_queue": "care"}}, queues=["desk", "care"])
    case.fire("ticket.update", {"queue": "care"}, minutes=10)
    case.fire("ticket.update", {"queue": "care"}, minutes=15)
    outcome = case.fire("ticket.update", {"queue": "desk"}, minutes=20)

    assert [after(20)] == [record.instant for record in of(ClockStopped, outcome.records)]
    assert ("met", after(10)) == ((run := case.ticket.clocks["k0"]).phase, run.started_at)


def test_a_queue_gone_through_within_one_step_was_not_entered() -> None:
    """Where a rule sends the ticket on in the same step, only the queue it ends up in counts."""
    rule = {"name": "on", "when": "queue == 'care'", "then": [{"queue": "desk"}]}
    case = clocked({"start": {"queue": "care"}}, {"start": {"queue": "desk"}}, queues=["desk", "care"], rules=[rule])

    case.fire("ticket.update", {"queue": "care"}, minutes=10)

    assert {"k1": "running"} == phases(case)


# what narrows it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "event", "payload", "counts"),
    [
        ({"event": "signal", "when": "payload.why == 'parts'"}, "signal", {"why": "parts"}, True),
        ({"event": "signal", "when": "payload.why == 'parts'"}, "signal", {"why": "people"}, False),
        ({"event": "signal", "when": "actor.id == 'ann'"}, "signal", {}, True),
        ({"state": "b", "when": "n == 7"}, "go", None, True),
        ({"state": "b", "when": "n == 8"}, "go", None, False),
        ({"field": "n", "when": "n > 7"}, "ticket.update", {"n": 8}, True),
        ({"field": "n", "when": "n > 8"}, "ticket.update", {"n": 8}, False),
        ({"message": "customer", "when": "payload.text.contains('urgent')"}, "ticket.message", {"text": "urgent!"}, True),
        ({"queue": "care", "when": {"op": "==", "args": [{"name": "n"}, 7]}}, "ticket.update", {"queue": "care"}, None),
    ],
)
def test_when_must_hold_at_that_moment(condition: Any, event: str, payload: Any, counts: bool | None) -> None:
    """Beside what it waits for, a condition may ask the fields, and of an event also its payload and who did it."""
    if counts is None:
        condition = {**condition, "when": "n == 7"}
        counts = True
    if event == "ticket.message":
        payload = {"side": "customer", **payload}
    case = clocked({"start": condition}, given={"n": 7}, fields={"n": "int"})

    case.fire(event, payload, minutes=5, actor=Actor("ann"))

    assert counts == bool(case.ticket.clocks)


def test_a_stop_that_is_narrowed_is_no_until() -> None:
    """A state that stops a clock only sometimes stays a condition, and does not keep the clock from starting."""
    clock = Clock(name="k", within="1h", stop=[{"state": "b"}, {"state": "c", "when": "n == 1"}])

    assert (("b",), {"state": "c", "when": "n == 1"}) == (clock.until, clock.to_data()["stop"][0])
    assert Clock(**clock.to_data()) == clock
    case = clocked({"until": [], "stop": {"state": "a", "when": "n == 1"}}, fields={"n": "int"}, given={"n": 0})
    assert {"k0": "running"} == phases(case)


def test_what_cannot_be_decided_refuses_the_event() -> None:
    """As with guards: a condition that cannot make sense of what the event brings refuses it rather than guess."""
    case = clocked({"start": {"event": "signal", "when": "payload.hours > 4"}})

    with pytest.raises(Refused) as caught:
        case.fire("signal", {"hours": "four"})
    assert "guard" == caught.value.code


def test_only_after_another_clock_was_stopped() -> None:
    """The promise of a next response is made only once the first response was given."""
    first = {"name": "first", "stop": {"message": "agent"}}
    following = {"name": "next", "start": {"message": "customer", "after": "first"}, "stop": {"message": "agent"}}
    case = clocked(first, following)

    case.fire("ticket.message", {"side": "customer"}, minutes=5)
    assert {"first": "running"} == phases(case)
    case.fire("ticket.message", {"side": "agent"}, minutes=10)
    case.fire("ticket.message", {"side": "customer"}, minutes=20)
    assert {"first": "met", "next": "running"} == phases(case)
    assert after(20) == case.ticket.clocks["next"].started_at


def test_the_very_event_that_stops_the_other_counts_wherever_it_stands() -> None:
    """A clock that waits for another looks after it, in whatever order the document names them."""
    update = {"name": "update", "start": {"message": "agent", "after": "first"}}
    first = {"name": "first", "stop": {"message": "agent"}}

    for clocks in ((update, first), (first, update)):
        case = clocked(*clocks)
        case.fire("ticket.message", {"side": "agent"}, minutes=10)
        assert {"first": "met", "update": "running"} == phases(case)


def test_a_cancelled_clock_was_not_stopped() -> None:
    """A promise that was given up does not stand for one that was kept or came late."""
    first = {"name": "first", "cancel": {"event": "drop"}}
    case = clocked(first, {"name": "next", "start": {"event": "ask", "after": "first"}})
    case.fire("drop", minutes=5)
    case.fire("ask", minutes=6)

    assert {"first": "cancelled"} == phases(case)


# where it counts ----------------------------------------------------------------------------------------------------


def test_time_in_a_set_of_states() -> None:
    """counts_in names the only states in which time counts, whatever lies between."""
    case = clocked({"within": "30m", "counts_in": ["b", "c"]})
    assert "paused" == case.ticket.clocks["k0"].phase
    case.fire("go", minutes=10)
    case.fire("back", minutes=20)
    case.fire("go", minutes=100)
    case.fire("on", minutes=110)

    assert ("running", after(120)) == ((run := case.ticket.clocks["k0"]).phase, run.due)
    assert ["started while paused", "outside b, c"] == [record.reason for record in of(ClockPaused, case.records)]


def test_time_in_a_queue() -> None:
    """counts_in_queue names the only queues in which time counts."""
    case = clocked({"within": "30m", "counts_in_queue": "care"}, queues=["desk", "care"], given={"queue": "care"})
    case.fire("ticket.update", {"queue": "desk"}, minutes=10)
    case.fire("ticket.update", {"queue": "care"}, minutes=60)

    assert after(80) == case.ticket.clocks["k0"].due
    assert ["outside queue care"] == [record.reason for record in of(ClockPaused, case.records)]


def test_a_place_in_which_it_is_paused_beats_one_in_which_it_counts() -> None:
    """A clock counts where it may and is not paused."""
    case = clocked({"counts_in": ["a", "b"], "paused_in": "b"})
    assert "running" == case.ticket.clocks["k0"].phase
    case.fire("go", minutes=5)
    assert "paused" == case.ticket.clocks["k0"].phase


# definitions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "code", "path", "near"),
    [
        ({"start": {"satte": "a"}}, "sla.condition", "clocks[0].start", "state"),
        ({"start": {"state": "a", "event": "go"}}, "sla.condition", "clocks[0].start", None),
        ({"start": {"when": "n == 1"}}, "sla.condition", "clocks[0].start", None),
        ({"start": {"state": "a", "wen": "n == 1"}}, "sla.condition", "clocks[0].start", "when"),
        ({"start": {"state": "a", "when": 7}}, "sla.when", "clocks[0].start.when", None),
        ({"start": {"state": "a", "after": ["k1"]}}, "sla.after", "clocks[0].start.after", None),
        ({"start": {"message": {"chanel": "mail"}}}, "sla.message", "clocks[0].start", "channel"),
        ({"start": {"message": {"side": "custmer"}}}, "sla.side", "clocks[0].start", "customer"),
        ({"start": {"left": "bb"}}, "name.unknown", "clocks[0].start[0].left", "b"),
        ({"start": {"left_queue": "cares"}}, "name.unknown", "clocks[0].start[0].left_queue", "care"),
        ({"start": {"state": "a", "after": "k2"}}, "name.unknown", "clocks[0].start[0].after", None),
        ({"start": {"state": [f"s{number}" for number in range(65)]}}, "sla.too_many", "clocks[0].start", None),
        ({"counts_in": "bb"}, "name.unknown", "clocks[0].counts_in", "b"),
        ({"counts_in_queue": "cares"}, "name.unknown", "clocks[0].counts_in_queue", "care"),
        ({"start": {"state": "a", "when": "nn == 1"}}, "expression.invalid", "clocks[0].start[0].when", "n"),
        ({"start": {"state": "a", "when": "at > opened_at"}}, "expression.time", "clocks[0].start[0].when", None),
        ({"start": {"event": "go", "when": "payload.why == 1"}}, "expression.invalid", "clocks[0].start[0].when", None),
        ({"start": {"state": "a", "when": "payload.why == ''"}}, "expression.invalid", "clocks[0].start[0].when", None),
    ],
)
def test_a_slip_is_told_at_its_place(clock: dict[str, Any], code: str, path: str, near: str | None) -> None:
    """Every word of a condition is looked at when the definition is loaded, with what was probably meant."""
    with pytest.raises(DefinitionError) as caught:
        clocked(
            clock,
            {},
            fields={"n": "int"},
            queues=["care"],
            **({"events": {"go": {"payload": {"why": "string"}}}} if "payload" in str(clock) else {}),
        )

    found = [(finding.code, finding.path, finding.facts.get("nearest")) for finding in caught.value.findings]
    assert [(code, path, near)] == found


def test_clocks_that_wait_for_each_other_are_refused() -> None:
    """A circle of clocks, each after the other, could never begin."""
    with pytest.raises(DefinitionError) as caught:
        clocked({"start": {"event": "x", "after": "k1"}}, {"start": {"event": "x", "after": "k0"}}, {})

    assert [("clock.after_circle", "clocks[0]"), ("clock.after_circle", "clocks[1]")] == [
        (finding.code, finding.path) for finding in caught.value.findings
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"message": {"side": "agent", "public": True, "channel": "mail"}},
        {"left": "a", "when": "n == 1", "after": "k"},
        {"field": {"n": 7}, "when": {"op": "==", "args": [1, 1]}},
        {"left_queue": "care"},
    ],
)
def test_a_condition_reads_back_as_it_is_written(data: dict[str, Any]) -> None:
    """to_data and of are each other's inverse."""
    assert data == Condition.of(data).to_data()
    assert Condition.of(data) == Condition.of(Condition.of(data).to_data())


def test_a_workflow_with_all_of_it_reads_back() -> None:
    """The whole definition comes back equal from its data."""
    case = clocked(
        {"start": {"state": ["a", "b"], "when": "n == 1"}, "counts_in": "a", "counts_in_queue": ["care"]},
        {"start": {"message": {"channel": "chat"}, "after": "k0"}, "stop": [{"left": "b"}, {"left_queue": "care"}]},
        fields={"n": "int"},
        queues=["care"],
    )

    assert Workflow(**case.workflow.to_data()) == case.workflow
