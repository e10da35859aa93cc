"""Knows what an escalation does when nobody is there, somebody answers, or it says itself again; must not know its triggers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from servflow.errors import Refused
from servflow.model import (
    Acknowledged,
    ChainResumed,
    ChainStopped,
    Escalated,
    Person,
    Reminded,
    Unreachable,
    World,
)
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import CLERK, Case, after, of, told

# nobody there ---------------------------------------------------------------------------------------------------

ROLE = {"name": "one", "after": "1h", "do": [{"notify": {"to": {"role": "boss"}, "template": "t"}}]}
EMPTY, MANNED = World(), World(people=[Person(id="bea", roles=["boss"])])


def test_nobody_to_reach_is_skipped_but_told() -> None:
    """By default a level that finds nobody goes by with an unreachable effect."""
    case = climbing(ROLE, level("two"))
    case.fire("go")

    outcome = case.until(61, world=EMPTY)

    assert ([("one", "empty")], 1) == (reached(outcome), len(of(Unreachable, outcome.effects)))
    assert [("two", "fired")] == reached(case.until(121))


def test_nobody_to_reach_may_hold() -> None:
    """With hold the level waits, and is tried again when the ticket changes."""
    case = climbing(ROLE, level("two"), on_empty="hold")
    case.fire("go")
    case.until(61, world=EMPTY)
    assert (None, 0) == (case.last.wake, case.ticket.chains[0].level)

    case.fire("ticket.update", {"priority": 1}, minutes=100, world=MANNED)

    assert ["bea"] == told(case.until(101, world=MANNED))


def test_nobody_to_reach_may_fall_back() -> None:
    """With fallback somebody else is told, with the reason."""
    case = climbing(ROLE, on_empty="fallback", fallback={"user": "duty"})
    case.fire("go")

    outcome = case.until(61, world=EMPTY)

    assert ([("one", "fired")], ["duty"]) == (reached(outcome), told(outcome))


# answers --------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_pauses_the_climb() -> None:
    """Acknowledging freezes the climb, names who did it, and nothing more happens by time."""
    case = climbing()
    case.fire("go")
    outcome = case.fire("chain.acknowledge", minutes=30, actor="ann")

    assert ["ann"] == [record.by for record in of(Acknowledged, outcome.records)]
    assert ("acknowledged", None) == (case.ticket.chains[0].phase, case.last.wake)


def test_an_acknowledgement_may_run_out() -> None:
    """After ack_ttl the climb goes on with what was left."""
    case = climbing(ack_ttl="2h")
    case.fire("go")
    case.fire("chain.acknowledge", minutes=20)

    assert [after(140)] == [record.at for record in of(ChainResumed, case.until(141).records)]
    assert [after(180)] == [run.due for run in case.ticket.chains]


def test_after_an_acknowledgement_it_may_begin_again() -> None:
    """With unack: restart the climb begins at the first level when the acknowledgement runs out."""
    case = climbing(ack_ttl="2h", unack="restart")
    case.fire("go")
    case.until(61)
    case.fire("chain.acknowledge", minutes=80)
    case.until(201)

    assert [(0, after(260))] == [(run.level, run.due) for run in case.ticket.chains]


def test_an_acknowledgement_may_be_only_noted() -> None:
    """With on_ack: continue the climb goes on."""
    case = climbing(on_ack="continue")
    case.fire("go")
    case.fire("chain.acknowledge", minutes=30, actor="ann")

    assert [("running", "ann", after(60))] == [(run.phase, run.by, run.due) for run in case.ticket.chains]


def test_a_snooze_ends_at_its_instant() -> None:
    """A snooze freezes the climb until its instant; it then goes on with what was left."""
    case = climbing()
    case.fire("go")
    case.fire("chain.snooze", {"until": "3h"}, minutes=20)
    case.until(201)

    assert [("running", after(240))] == [(run.phase, run.due) for run in case.ticket.chains]


def test_the_next_level_may_be_asked_for() -> None:
    """Escalating makes the next level due now; the level after it counts from there."""
    case = climbing()
    case.fire("go")

    case.fire("chain.escalate", minutes=10)
    outcome = case.until(11)

    assert [("one", "fired")] == reached(outcome)
    assert [after(70)] == [run.due for run in case.ticket.chains]


def test_a_level_may_be_asked_for_by_name() -> None:
    """Escalating to a named level passes over the ones between."""
    case = climbing(level("one"), level("two"), level("three"))
    case.fire("go")
    case.fire("chain.escalate", {"level": "three", "chain": "c"}, minutes=10)

    assert [("three", "fired")] == reached(case.until(1000))


def test_an_answer_reaches_only_the_chain_it_names() -> None:
    """Acknowledging one chain leaves the others climbing."""
    spec = [{"name": name, "start": {"state": "b"}, "levels": [level(name)]} for name in ("x", "y")]
    case = climbing(parts={"escalations": spec})
    case.fire("go")
    case.fire("chain.acknowledge", {"chain": "x"})

    assert ["acknowledged", "running"] == [run.phase for run in case.ticket.chains]


# reminders, repeats ---------------------------------------------------------------------------------------------


def test_reminders_say_a_level_again() -> None:
    """A level's notifications come again every so often, while the next level comes nearer."""
    case = climbing(level("one", remind={"every": "20m", "times": 4}), level("two"))
    case.fire("go")
    for minute in (61, 81, 101, 121, 141, 161):
        case.until(minute)

    assert [80, 100, 120, 140] == [(record.scheduled - after()).seconds // 60 for record in of(Reminded, case.records)]
    assert ["one", "one", "one", "two", "one", "one"] == [effect.to for effect in case.effects]
    assert len({effect.id for effect in case.effects}) == 6


def test_a_chain_may_climb_again() -> None:
    """After its last level a chain may begin again, so many times."""
    case = climbing(level("one"), repeat={"times": 2, "after": "30m"}, late="each")
    case.fire("go")

    outcome = case.until(10_000)

    assert [60, 150, 240] == [(record.scheduled - after()).seconds // 60 for record in of(Escalated, outcome.records)]
    assert 3 == len({effect.id for effect in outcome.effects})


# taken back -----------------------------------------------------------------------------------------------------


def test_an_acknowledgement_is_taken_back() -> None:
    """The climb goes on with what was left, on record with who took it back and why."""
    case = climbing()
    case.fire("go")
    case.fire("chain.acknowledge", minutes=20, actor="ann")
    outcome = case.fire("chain.unacknowledge", minutes=50, actor="bob")

    assert [("the acknowledgement was taken back", "bob", ())] == [
        (record.reason, record.by, record.levels) for record in of(ChainResumed, outcome.records)
    ]
    assert [("running", after(90))] == [(run.phase, run.due) for run in case.ticket.chains]


def test_taken_back_it_may_begin_again() -> None:
    """With unack: restart the levels that the climb before had not come to are named."""
    case = climbing(level("one"), level("two"), level("three"), unack="restart")
    case.fire("go")
    case.until(61)
    case.fire("chain.acknowledge", minutes=70)
    outcome = case.fire("chain.unacknowledge", minutes=100)

    assert [("two", "three")] == [record.levels for record in of(ChainResumed, outcome.records)]
    assert [(0, 2, after(160))] == [(run.level, run.climb, run.due) for run in case.ticket.chains]


def test_a_snooze_is_ended_before_its_time() -> None:
    """What was left counts from there."""
    case = climbing()
    case.fire("go")
    case.fire("chain.snooze", {"until": "9h"}, minutes=20)
    case.fire("chain.unsnooze", minutes=50)

    assert [("running", after(90))] == [(run.phase, run.due) for run in case.ticket.chains]


@pytest.mark.parametrize(
    ("first", "event"),
    [
        (None, "chain.unacknowledge"),
        (None, "chain.unsnooze"),
        ("chain.acknowledge", "chain.unsnooze"),
        ("chain.snooze", "chain.unacknowledge"),
    ],
)
def test_only_what_was_given_is_taken_back(first: str | None, event: str) -> None:
    """Nothing to take back is refused, and nothing changes."""
    case = climbing()
    case.fire("go")
    if first is not None:
        case.fire(first, {"until": "9h"} if first == "chain.snooze" else {}, minutes=5)
    before = case.ticket

    with pytest.raises(Refused, match="nothing of c is"):
        case.fire(event, minutes=10)
    assert before == case.ticket


def test_a_level_that_waited_while_it_was_acknowledged_is_looked_at_again() -> None:
    """What came true meanwhile lets it go on as soon as the acknowledgement is over, taken back or run out."""
    for event in ("chain.unacknowledge", None):
        fields = {"vip": {"type": "bool", "default": False}}
        case = climbing(level("one", when="vip", otherwise="wait"), level("two"), fields=fields, ack_ttl="10h")
        case.fire("go")
        case.until(61)
        case.fire("chain.acknowledge", minutes=70)
        case.fire("ticket.update", {"vip": True}, minutes=80)
        assert "acknowledged" == case.ticket.chains[0].phase
        if event is not None:
            case.fire(event, minutes=100)

        case.until(10_000)
        assert ["one", "two"] == [record.name for record in of(Escalated, case.records) if record.outcome != "skipped"]


# up and down ----------------------------------------------------------------------------------------------------


def test_levels_that_are_passed_over_have_that_for_their_outcome() -> None:
    """Nobody is left out without a word: whoever was passed over is on record, and who did it."""
    case = climbing(level("one"), level("two"), level("three"))
    case.fire("go")
    outcome = case.fire("chain.escalate", {"level": "three"}, minutes=10, actor="ann")

    assert [("one", "skipped"), ("two", "skipped")] == reached(outcome)
    assert {("passed over: ann sent the run to three",)} == {record.why for record in of(Escalated, outcome.records)}


def test_a_run_may_be_given_back_below() -> None:
    """The level below is told again, in a climb of its own; levels above come again in their turn."""
    case = climbing(level("one"), level("two"), level("three"))
    case.fire("go")
    case.until(61)
    case.until(121)
    outcome = case.fire("chain.deescalate", minutes=130, actor="ann")

    assert [("ann sent the run to one", ("three",))] == [
        (record.reason, record.levels) for record in of(ChainResumed, outcome.records)
    ]
    for minute in (131, 191, 251):
        case.until(minute)
    assert ["one", "two", "one", "two", "three"] == [effect.to for effect in case.effects]
    assert 5 == len({effect.id for effect in case.effects})


@pytest.mark.parametrize(
    ("event", "payload", "why"),
    [
        ("chain.deescalate", {}, "none lies below"),
        ("chain.deescalate", {"level": "two"}, "none lies below"),
        ("chain.deescalate", {"level": "tow"}, "did you mean 'two'"),
        ("chain.escalate", {"level": "tow"}, "did you mean 'two'"),
        ("chain.escalate", {"chain": "d"}, "no escalation 'd'"),
        ("chain.escalate", {"run": 77}, "no run 77 is live; live are"),
        ("chain.stop", {"run": "x", "reason": "x"}, "number of a run"),
        ("chain.stop", {}, "reason"),
        ("chain.stop", {"reason": "  "}, "reason"),
    ],
)
def test_where_a_run_cannot_go_is_refused(event: str, payload: dict[str, Any], why: str) -> None:
    """A verb that could change no run says what stands against it."""
    case = climbing()
    case.fire("go")
    case.until(61)

    with pytest.raises(Refused, match=why):
        case.fire(event, payload, minutes=70)


def test_there_is_nothing_above_the_last_level() -> None:
    """A run that only reminds any more cannot be sent up."""
    case = climbing(level("one", remind={"every": "1h", "times": 9}))
    case.fire("go")
    case.until(61)

    with pytest.raises(Refused, match="no level above one"):
        case.fire("chain.escalate", minutes=70)


def test_a_level_that_one_chain_has_is_asked_of_that_one() -> None:
    """Where several chains run, those go up that have the level."""
    spec = [{"name": name, "start": {"state": "b"}, "levels": [level("first"), level(name)]} for name in ("x", "y")]
    case = climbing(parts={"escalations": spec})
    case.fire("go")
    case.fire("chain.escalate", {"level": "y"}, minutes=10)

    assert [0, 1] == [run.level for run in case.ticket.chains]


# the end --------------------------------------------------------------------------------------------------------


def test_a_run_may_be_stopped() -> None:
    """It ends with the reason, with who ended it, and with the levels it did not reach."""
    case = climbing(level("one"), level("two"), level("three"))
    case.fire("go")
    case.until(61)
    outcome = case.fire("chain.stop", {"reason": "called the customer"}, minutes=70, actor="ann")

    assert [("called the customer", "ann", ("two", "three"))] == [
        (record.reason, record.by, record.levels) for record in of(ChainStopped, outcome.records)
    ]
    assert ((), None) == (case.ticket.chains, case.last.wake)


def test_a_run_that_waits_for_its_beginning_may_be_stopped() -> None:
    """None of its levels is reached."""
    case = climbing(start={"state": "b", "after": "5h"})
    case.fire("go")
    outcome = case.fire("chain.stop", {"reason": "known"}, minutes=10)

    assert [("one", "two")] == [record.levels for record in of(ChainStopped, outcome.records)]


def test_whatever_ends_a_run_names_the_levels_it_did_not_reach() -> None:
    """Closing too."""
    case = climbing()
    case.fire("go")
    case.until(61)

    assert [("two",)] == [record.levels for record in of(ChainStopped, case.fire("end", minutes=70).records)]


def test_one_of_several_runs_may_be_meant() -> None:
    """A run is named by the number of the record that began it."""
    case = climbing(start=[{"event": "complain"}, {"state": "b"}])
    case.fire("complain")
    case.fire("go", minutes=5)
    first, second = case.ticket.chains
    case.fire("chain.acknowledge", {"run": second.generation}, minutes=10)
    assert ["running", "acknowledged"] == [run.phase for run in case.ticket.chains]

    case.fire("chain.stop", {"run": first.generation, "reason": "x"}, minutes=10)
    assert [second.generation] == [run.generation for run in case.ticket.chains]


# nobody ---------------------------------------------------------------------------------------------------------


def test_a_run_that_reached_nobody_says_so_once() -> None:
    """At the end of its climb it says for the whole run why nobody heard."""
    case = climbing(ROLE, level("two", when="false"))
    case.fire("go")
    case.until(61, world=EMPTY)
    [effect] = of(Unreachable, case.until(121, world=EMPTY).effects)

    assert "chain c" == effect.to
    assert effect.reason.startswith("one: ")
    assert effect.reason.endswith("; two: false does not hold")


def test_a_run_that_was_stopped_has_nothing_to_say() -> None:
    """Nobody was to hear of it any more."""
    case = climbing(ROLE, level("two"))
    case.fire("go")
    case.until(61, world=EMPTY)

    assert () == case.fire("end", minutes=70).effects


def test_a_run_that_was_to_tell_nobody_says_nothing() -> None:
    """A chain whose levels only change the ticket has nobody to miss."""
    case = climbing({"name": "one", "when": "false", "do": [{"tag": "x"}]})
    case.fire("go")

    assert () == case.until(61).effects


# who may --------------------------------------------------------------------------------------------------------

VERBS = {
    "chain.acknowledge": {},
    "chain.unacknowledge": {},
    "chain.snooze": {"until": "1h"},
    "chain.unsnooze": {},
    "chain.escalate": {},
    "chain.deescalate": {},
    "chain.stop": {"reason": "x"},
    "chain.delivered": {"effect": "x"},
    "chain.failed": {"effect": "x"},
}


@pytest.mark.parametrize("event", VERBS)
def test_each_verb_is_denied_until_it_is_granted(event: str) -> None:
    """Once roles are declared a verb needs a grant, like every built-in event."""
    transitions = [{"event": "go", "source": "a", "target": "b", "allow": ["clerk"]}]
    parts: dict[str, Any] = {"roles": ["clerk"], "transitions": [*transitions, {"event": "end", "source": "b", "target": "z"}]}
    denied, granted = climbing(parts=parts), climbing(parts={**parts, "events": {event: {"allow": ["clerk"]}}})
    for case in (denied, granted):
        case.fire("go", actor=CLERK)

    with pytest.raises(Refused) as caught:
        denied.fire(event, VERBS[event], minutes=5, actor=CLERK)
    assert "not_permitted" == caught.value.code
    with contextlib.suppress(Refused):  # nothing may be there to be done
        granted.fire(event, VERBS[event], minutes=5, actor=CLERK)
    with pytest.raises(Refused) as caught:
        granted.fire("chain.stop" if event != "chain.stop" else "chain.escalate", {"reason": "x"}, minutes=5, actor=CLERK)
    assert "not_permitted" == caught.value.code


def test_a_screen_offers_what_could_be_done() -> None:
    """Each verb is offered where there is a run that it could change."""

    def offered(case: Case) -> list[str]:
        found = case.workflow.available(case.ticket, at=case.ticket.at)
        return [option.event.removeprefix("chain.") for option in found if option.event in VERBS]

    case = climbing(level("one"), level("two"), level("three"))
    assert [] == offered(case)
    case.fire("go")
    assert ["acknowledge", "snooze", "escalate", "stop"] == offered(case)
    case.until(121)
    assert ["acknowledge", "snooze", "escalate", "deescalate", "stop"] == offered(case)
    case.fire("chain.acknowledge", minutes=130)
    assert ["acknowledge", "unacknowledge", "snooze", "escalate", "deescalate", "stop"] == offered(case)
    case.fire("chain.snooze", {"until": "1h"}, minutes=130)
    assert ["acknowledge", "snooze", "unsnooze", "escalate", "deescalate", "stop"] == offered(case)


def test_a_run_that_never_begins_names_all_its_levels() -> None:
    """What waited for its beginning and does not begin has reached none of its levels."""
    case = climbing(start={"state": "b", "after": "1h"}, when="vip", fields={"vip": {"type": "bool", "default": False}})
    case.fire("go")

    assert [("one", "two")] == [record.levels for record in of(ChainStopped, case.until(61).records)]


def test_a_level_that_fails_keeps_those_above_it() -> None:
    """A level that cannot be carried out says why, and those above it hear of the ticket all the same."""
    broken = {"name": "two", "after": "1h", "do": [{"set": {"priority": "n"}}]}
    case = climbing(level("one"), broken, level("three"), fields={"n": {"type": "int", "default": 99}})
    case.fire("go")

    assert [("one", "fired"), ("two", "fired"), ("three", "fired")] == [
        (name, "fired" if outcome == "coalesced" else outcome) for name, outcome in reached(case.until(181))
    ]


def test_levels_that_did_not_apply_tried_to_reach_nobody() -> None:
    """A run none of whose levels had a condition that held is over; nobody was missed."""
    case = climbing(level("one", when="false"), level("two", when="false"))
    case.fire("go")
    outcome = case.until(121)

    assert ([("one", "skipped"), ("two", "skipped")], [], ()) == (reached(outcome), list(outcome.effects), case.ticket.chains)


def test_a_run_that_tried_behind_a_level_that_did_not_apply_says_so() -> None:
    """One level that tried is enough; the one before it that did not apply has nothing to do with it."""
    case = climbing(level("one", when="false"), {**ROLE, "name": "two"})
    case.fire("go")
    effects = of(Unreachable, case.until(121, world=EMPTY).effects)

    assert [("role boss", "role boss is held by nobody"), ("chain c", "two: role boss is held by nobody")] == [
        (effect.to, effect.reason) for effect in effects
    ]


def test_whoever_took_notice_of_a_run_has_heard_of_it() -> None:
    """With on_ack: continue a name stands on the run, so it does not say that nobody heard."""
    case = climbing(ROLE, {**ROLE, "name": "two"}, on_ack="continue")
    case.fire("go")
    case.until(61, world=EMPTY)
    case.fire("chain.acknowledge", minutes=70, actor=CLERK)

    assert ["role boss"] == [effect.to for effect in of(Unreachable, case.until(121, world=EMPTY).effects)]


def test_a_level_that_gave_the_ticket_to_somebody_reached_somebody() -> None:
    """Whom it would have told is nobody, but the ticket is in somebody's hands."""
    do = [{"assign": {"to": {"user": "bob"}}}, *ROLE["do"]]
    case = climbing({**ROLE, "do": do}, level("two", when="false"))
    case.fire("go")

    assert ["role boss"] == [effect.to for effect in of(Unreachable, case.until(121, world=EMPTY).effects)]


def test_a_name_that_was_mistyped_is_corrected() -> None:
    """Whoever means a chain that does not exist is told which one may be meant."""
    case = climbing(name="outage")
    case.fire("go")

    with pytest.raises(Refused) as caught:
        case.fire("chain.acknowledge", {"chain": "outrage"}, minutes=10)

    assert "chain.acknowledge: no escalation 'outrage' is running; did you mean 'outage'?" == caught.value.message
