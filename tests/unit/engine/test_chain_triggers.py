"""Knows what begins a run of a chain, exactly when and only once; must not know what its levels do."""

from __future__ import annotations

import json
from typing import Any

import pytest

import servflow
from servflow.engine import Workflow, migrate, plan_migration
from servflow.engine._verbs import Walk
from servflow.errors import DefinitionError, Refused
from servflow.escalation._causes import state_of
from servflow.model import SYSTEM, ChainStarted, ChainStopped, Escalated, dump, load_ticket
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import CLERK, Case, after, flow, kinds, move, notify, of, told

SEVERITY: dict[str, Any] = {"severity": {"type": "string", "one_of": ["minor", "major"], "default": "minor"}}
MAJOR = {"when": "severity == 'major'"}
AGENT = {"side": "agent", "text": "on it"}
CUSTOMER = {"side": "customer", "text": "hello?"}


def begun(case: Case) -> list[tuple[str, Any]]:
    """The runs that have begun to climb, with what caused them and the instant from which they count."""
    return [(one.run.cause, one.run.started_at) for one in of(ChainStarted, case.records) if one.run.phase == "running"]


def spoke(case: Case) -> list[Any]:
    """The scheduled instants of the levels that fired."""
    return [one.scheduled for one in of(Escalated, case.records) if one.outcome == "fired"]


# a condition that becomes true ----------------------------------------------------------------------------------


def test_a_condition_that_becomes_true_starts_a_run() -> None:
    """The rise of a condition begins a run in the very step, and delays count from there."""
    case = climbing(start=MAJOR, fields=SEVERITY)
    case.fire("ticket.update", {"severity": "major"}, minutes=10)
    case.until(71)

    assert [after(10)] == [at for _, at in begun(case)]
    assert [after(70)] == spoke(case)


def test_a_condition_that_holds_at_the_opening_became_true_then() -> None:
    """Nothing holds before a ticket is opened."""
    case = climbing(start=MAJOR, fields=SEVERITY)
    other = Case(case.workflow, {"severity": "major"})

    assert ([], [after()]) == (begun(case), [at for _, at in begun(other)])


def test_a_condition_that_goes_on_holding_starts_nothing_again() -> None:
    """Only the rise counts: neither another event, nor time, nor the end of the run begins another one."""
    case = climbing(level("one", "1h"), start=MAJOR, fields={**SEVERITY, "n": "int"})
    case.fire("ticket.update", {"severity": "major"})
    case.until(120)
    case.fire("ticket.update", {"n": 2}, minutes=130)
    case.fire("go", minutes=140)

    assert 1 == len(begun(case))


def test_a_condition_that_fell_may_rise_again() -> None:
    """What fell and rises again begins another run once the one before has ended, and none beside it."""
    case = climbing(level("one", "1h"), start=MAJOR, fields=SEVERITY)
    for minute in (0, 10):  # the second rise comes while the first run still climbs
        case.fire("ticket.update", {"severity": "major"}, minutes=minute)
        case.fire("ticket.update", {"severity": "minor"}, minutes=minute + 5)
    case.fire("ticket.update", {"severity": "major"}, minutes=90)

    assert [after(), after(90)] == [at for _, at in begun(case)]


def test_rules_and_levels_may_make_a_condition_true() -> None:
    """A condition sees what rules and levels of other chains have set, at their own instants."""
    chains = [
        {"name": "a", "start": {"event": "go"}, "levels": [{"name": "one", "after": "2h", "do": [{"set": {"n": "1"}}]}]},
        {"name": "b", "start": {"when": "severity == 'major'"}, "levels": [level("two", "30m")]},
    ]
    rules = [{"name": "r", "when": "n == 1", "then": {"set": {"severity": "'major'"}}}]
    case = Case(flow(fields={**SEVERITY, "n": "int"}, escalations=chains, rules=rules))
    case.fire("go")
    case.until(600)

    assert [after(120), after(150)] == spoke(case)


def test_ticks_between_change_nothing_about_a_rise() -> None:
    """What was before is read off the ticket: cut between all steps, through JSON, it comes to the same."""
    case = climbing(start=MAJOR, fields=SEVERITY)
    case.fire("ticket.update", {"severity": "major"}, minutes=5)
    row = dump(case.ticket)
    again = case.workflow.fire(load_ticket(row), "ticket.update", {"severity": "major"}, at=after(20))

    assert 1 == len(again.ticket.chains)
    assert case.workflow.fold([*case.records, *again.records]) == again.ticket
    assert case.workflow.rerun([*case.records, *again.records], None).ticket == again.ticket


def test_a_reopened_ticket_starts_again_what_still_holds() -> None:
    """A condition is judged on open tickets, so that one that held at the closing rises with the reopening."""
    case = climbing(level("one"), level("two"), start=MAJOR, fields=SEVERITY, on_reopen="next")
    case.fire("ticket.update", {"severity": "major"})
    case.until(61)
    case.fire("end", minutes=65)
    case.fire("ticket.update", {"severity": "minor"}, minutes=66)
    case.fire("ticket.update", {"severity": "major"}, minutes=67)

    assert () == case.ticket.chains

    case.fire("ticket.reopen", minutes=70)

    assert [(1, after(70))] == [(run.level, run.base) for run in case.ticket.chains]


def test_a_ticket_opened_again_and_again_is_escalated() -> None:
    """How often a ticket was reopened is in scope."""
    case = climbing(level("one", "0m"), start={"when": "reopened >= 2"})
    counts = []
    for minute in (10, 20, 30):
        case.fire("end", minutes=minute)
        case.fire("ticket.reopen", minutes=minute + 5)
        counts.append(len(begun(case)))

    assert [0, 1, 2] == counts


def test_a_condition_that_cannot_be_decided_stops_no_event_and_is_told_once() -> None:
    """The event goes through; the record says why nothing began, not again while that stays so."""
    case = climbing(start={"when": "10 / n > 5"}, fields={"n": {"type": "int", "default": 5}})
    bad = case.fire("ticket.update", {"n": 0}, minutes=1)
    worse = case.fire("go", minutes=2)
    good = case.fire("ticket.update", {"n": 1}, minutes=3)

    stops = of(ChainStopped, bad.records)
    assert ("ChainStopped" in kinds(worse), 1) == (False, len(stops))
    assert "it did not begin" in stops[0].reason
    assert "ChainStarted" in kinds(good)


def test_a_step_that_is_undone_leaves_no_rise_behind() -> None:
    """A level that set a field and was undone has not made the condition true; the next rise counts."""
    chains = [
        {
            "name": "a",
            "start": {"event": "go"},
            "levels": [{"name": "one", "after": "1h", "do": [{"set": {"severity": "'major'"}}, {"set": {"n": "0"}}]}],
        },
        {"name": "b", "start": MAJOR, "levels": [level("two")]},
    ]
    rule = {"name": "r", "when": "1 / n > 5", "then": [{"tag": "x"}]}
    case = Case(flow(fields={**SEVERITY, "n": {"type": "int", "default": 9}}, escalations=chains, rules=[rule]))
    case.fire("go")
    case.until(90)
    case.fire("ticket.update", {"severity": "major"}, minutes=100)

    assert [("a", after()), ("b", after(100))] == [
        (one.run.chain, one.run.started_at) for one in of(ChainStarted, case.records)
    ]


def test_a_condition_may_not_read_time() -> None:
    """Time alone would make it true, and nobody could say when the ticket wakes."""
    with pytest.raises(DefinitionError) as caught:
        climbing(start={"when": "at > opened_at"})

    assert [("expression.time", "escalations[0].start.when")] == [(one.code, one.path) for one in caught.value.findings]


# a condition beside another trigger -----------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "begins"), [(1, 1), (2, 1), (3, 0)])
def test_a_bad_rating_starts_a_run_even_after_the_closing(score: int, begins: int) -> None:
    """The condition of an event reads what came with it."""
    case = climbing(start={"event": "rating.add", "when": "payload.score <= 2"})
    case.fire("end")
    case.fire("rating.add", {"score": score}, minutes=5)

    assert begins == len(begun(case))


def test_a_condition_beside_a_delay_is_judged_when_it_is_over() -> None:
    """An armed run begins only where its condition holds then."""
    start = [{"age": "1h", "when": "severity == 'major'"}]
    calm = climbing(start=start, fields=SEVERITY)
    grave = climbing(start=start, fields=SEVERITY)
    grave.fire("ticket.update", {"severity": "major"}, minutes=30)
    calm.until(61)
    grave.until(61)

    assert ([], [after(60)]) == (begun(calm), [at for _, at in begun(grave)])
    assert ["its condition does not hold"] == [one.reason for one in of(ChainStopped, calm.records)]


def test_an_event_is_not_stopped_by_a_condition_that_fails_on_it() -> None:
    """A payload with which the condition cannot be decided starts nothing; the event has happened all the same."""
    case = climbing(start={"event": "complain", "when": "10 / payload.n > 2"})
    outcome = case.fire("complain", {"n": 0}, minutes=1)

    assert ["Received", "ChainStopped"] == kinds(outcome)
    assert ["Received", "ChainStarted"] == kinds(case.fire("complain", {"n": 2}, minutes=2))


def test_the_first_trigger_whose_condition_holds_says_where_the_run_enters() -> None:
    """One happening starts one run, whichever triggers wait for it."""
    start = [
        {"event": "complain", "when": "payload.level == 'legal'", "level": "director"},
        {"event": "complain"},
    ]
    case = climbing(level("clerk"), level("director"), start=start)
    case.fire("complain", {"level": "legal"})
    other = Case(case.workflow)
    other.fire("complain", {"level": "minor"})

    assert [1, 0] == [run.level for run in (*case.ticket.chains, *other.ticket.chains)]


def test_two_ages_start_two_runs() -> None:
    """Triggers that wait differently are different happenings, each with a run of its own."""
    case = climbing(level("clerk", "0h"), level("boss", "0h"), start=[{"age": "24h"}, {"age": "48h", "level": "boss"}])
    case.until(49 * 60)

    assert [("age:0", after(hours=24)), ("age.2:0", after(hours=48))] == begun(case)
    assert [("clerk", after(hours=24)), ("boss", after(hours=24)), ("boss", after(hours=48))] == [
        (one.name, one.scheduled) for one in of(Escalated, case.records)
    ]


def test_a_stay_that_begins_while_the_one_before_is_escalated_is_not_forgotten() -> None:
    """The first run is over before the second stay has lasted, which then begins a run of its own."""
    case = climbing(level("one", "1h"), start={"state": "b", "after": "4h"})
    case.fire("go")
    case.fire("back", minutes=241)
    case.fire("go", minutes=242)
    case.until(1_000)

    assert [after(240), after(482)] == [at for _, at in begun(case)]
    assert [after(300), after(542)] == spoke(case)
    assert ["b", "b"] == [state_of(cause) for cause, _ in begun(case)]
    assert case.ticket == case.workflow.fold(case.records)


def test_a_stay_is_not_told_of_while_the_one_before_still_is() -> None:
    """Both are about the ticket being there too long: one run is enough, and the record says so."""
    case = climbing(level("one", "9h"), start={"state": "b", "after": "4h"})
    case.fire("go")
    for minute in (241, 400):
        case.fire("back", minutes=minute)
        case.fire("go", minutes=minute + 1)
    case.until(1_000)

    assert [after(240)] == [at for _, at in begun(case)]
    assert ["left b", "the stay before this one is being escalated still"] == [
        one.reason for one in of(ChainStopped, case.records)
    ]


def test_leaving_a_state_gives_up_every_run_that_waits_in_it() -> None:
    """Two delays in one state both end when it is left."""
    case = climbing(start=[{"state": "b", "after": "1h"}, {"state": "b", "after": "2h"}])
    case.fire("go")
    outcome = case.fire("back", minutes=30)

    assert (["left b", "left b"], ()) == ([one.reason for one in of(ChainStopped, outcome.records)], outcome.ticket.chains)


# silence --------------------------------------------------------------------------------------------------------


def silent(side: str = "agent", *levels: dict[str, Any], **more: Any) -> Case:
    trigger = {"silent": side, "after": "4h", **{key: more.pop(key) for key in ("public", "calendar") if key in more}}
    return climbing(*(levels or (level("one", "0h"), level("two", "2h"))), start=trigger, **more)


def test_silence_counts_from_the_opening_and_from_each_message() -> None:
    """Every message of the side sets the silence anew; those of the other side do not."""
    case = silent()
    case.fire("ticket.message", AGENT, minutes=60)
    case.fire("ticket.message", CUSTOMER, minutes=200)
    case.until(310)
    case.until(24 * 60)

    assert [("silent:agent", after(300))] == begun(case)
    assert [after(300), after(420)] == spoke(case)


def test_an_internal_note_may_break_no_silence() -> None:
    """``public: true`` counts what the customer can read."""
    case = silent(public=True)
    case.fire("ticket.message", {**AGENT, "public": False}, minutes=60)
    case.until(241)

    assert [after(240)] == spoke(case)


def test_silence_may_count_open_time() -> None:
    """Two hours before the office closes, four hours end two hours after it opens again."""
    case = silent(calendar="office")
    case.fire("ticket.message", AGENT, minutes=3 * 60)
    case.fire("ticket.message", AGENT, minutes=6 * 60)
    case.until(2 * 24 * 60)

    assert [("silent:agent", after(hours=26))] == begun(case)


def test_a_message_at_the_very_instant_breaks_the_silence() -> None:
    """A silence is complete once time is past it."""
    case = silent()
    case.fire("ticket.message", AGENT, minutes=240)
    case.until(400)

    assert [] == begun(case)


def test_a_message_told_late_counts_from_when_it_was_written() -> None:
    """Written after one hour and told after three, it moves the silence by one hour."""
    case = silent()
    case.fire("ticket.message", AGENT, minutes=180, occurred=after(60))
    case.fire("ticket.message", AGENT, minutes=190, occurred=after(30))  # older still: broken already
    case.until(24 * 60)

    assert [("silent:agent", after(300))] == begun(case)


def test_a_message_written_in_time_takes_back_what_the_silence_began() -> None:
    """Told after the silence was complete, it ends the run; in the call that caught up nobody is told."""
    late, seen = silent(), silent()
    outcome = late.fire("ticket.message", AGENT, minutes=250, occurred=after(239))
    seen.until(245)
    seen.fire("ticket.message", AGENT, minutes=250, occurred=after(239))

    assert ([], [("one", "coalesced")]) == (told(outcome), reached(outcome))
    assert [["silent:agent"], ["silent:agent"]] == [[run.cause for run in case.ticket.chains] for case in (late, seen)]
    assert [after(479), after(479)] == [case.ticket.chains[0].due for case in (late, seen)]
    assert [["armed"], ["armed"]] == [[run.phase for run in case.ticket.chains] for case in (late, seen)]


def test_a_message_written_after_the_silence_takes_nothing_back() -> None:
    """The run goes on, and another waits beside it; while the first climbs the second does not begin."""
    case = silent("agent", level("one", "0h"), level("two", "20h"))
    case.until(241)
    case.fire("ticket.message", AGENT, minutes=250, occurred=after(245))

    assert [("silent:agent", "running"), ("silent:agent:2", "armed")] == [(run.cause, run.phase) for run in case.ticket.chains]

    case.until(600)

    assert ["silent:agent"] == [run.cause for run in case.ticket.chains]
    assert ["the silence before this one is being escalated still"] == [one.reason for one in of(ChainStopped, case.records)]


def test_a_message_older_than_the_silence_changes_nothing() -> None:
    """What was written before the message that began the silence neither ends the run nor answers it."""
    case = silent("agent", level("one", "0h"), level("two", "20h"), until={"message": "agent"})
    case.fire("ticket.message", AGENT, minutes=60)
    case.until(310)
    case.fire("ticket.message", AGENT, minutes=320, occurred=after(30))

    assert [("silent:agent", "running", 1)] == [
        (run.cause, run.phase, run.level) for run in case.ticket.chains if run.phase == "running"
    ]


def test_a_message_may_end_a_run() -> None:
    """``until: {message: agent}``: whoever was missed has written."""
    case = silent("agent", level("one", "0h"), level("two", "2h"), until={"message": "agent"})
    case.until(241)
    case.fire("ticket.message", CUSTOMER, minutes=250)
    case.fire("ticket.message", AGENT, minutes=260)

    assert ["message of agent"] == [one.reason for one in of(ChainStopped, case.records)]
    assert [("silent:agent", "armed", after(500))] == [(run.cause, run.phase, run.due) for run in case.ticket.chains]


def test_a_closed_ticket_misses_nobody() -> None:
    """The closing gives up what waits, and a message after it sets nothing; a reopening does."""
    case = silent()
    case.fire("end", minutes=10)
    case.fire("ticket.message", AGENT, minutes=20)

    assert () == case.ticket.chains

    case.fire("ticket.reopen", minutes=30)

    assert [after(270)] == [run.due for run in case.ticket.chains]


# correlators, hosts and actions ---------------------------------------------------------------------------------


def test_a_firing_of_a_correlator_starts_a_run() -> None:
    """By the built-in event, or by whatever event the correlator sends under its own key."""
    case = climbing(start={"correlator": "repeat_complaint", "when": "payload.count >= 3"})
    few = case.fire("correlator.fired", {"correlator": "repeat_complaint", "count": 2}, minutes=1)
    other = case.fire("correlator.fired", {"correlator": "no_update", "count": 9}, minutes=2)
    enough = case.fire("correlator.fired", {"correlator": "repeat_complaint", "count": 3}, minutes=3)
    sent = Case(case.workflow)
    sent.fire("go", {"count": 4}, key="~set-off:repeat_complaint:0123")

    assert [["Received"], ["Received"], ["Received", "ChainStarted"]] == [kinds(one) for one in (few, other, enough)]
    assert [("correlator:repeat_complaint", after())] == begun(sent)
    assert sent.workflow.rerun(sent.records, None).ticket == sent.ticket


def test_only_the_system_tells_of_firings_once_there_are_roles() -> None:
    """What correlators found is no button for people."""
    case = climbing(start={"correlator": "x"}, parts={"roles": ["clerk"]})

    with pytest.raises(Refused) as caught:
        case.fire("correlator.fired", {"correlator": "x"}, actor=CLERK)
    case.fire("correlator.fired", {"correlator": "x"}, actor=SYSTEM)

    assert ("not_permitted", 1) == (caught.value.code, len(case.ticket.chains))


def test_somebody_may_ask_for_a_chain() -> None:
    """``chain.start`` begins a run at a level, due at once; asked for again while it lives it begins no other."""
    case = climbing(level("one"), level("two"), start={"event": "never"})
    case.fire("chain.start", {"chain": "c", "level": "one", "reason": "the minister called"}, minutes=5)
    case.fire("chain.start", {"chain": "c"}, minutes=6)

    assert [("event:chain.start", 1, after(65))] == [(run.cause, run.level, run.due) for run in case.ticket.chains]


@pytest.mark.parametrize(
    ("payload", "code", "said"),
    [
        ({"chain": "d"}, "payload", "there is no chain 'd'"),
        ({"chain": "c", "level": "ones"}, "payload", "did you mean 'one'"),
        ({"chain": "c", "level": 1}, "payload", "has no level 1"),
        ({"chain": "c"}, "guard", "vip does not hold"),
        ({}, "payload", "there is no chain None"),
    ],
)
def test_what_cannot_be_started_is_refused(payload: dict[str, Any], code: str, said: str) -> None:
    """A person is told what there is; the ticket is as it was."""
    case = climbing(start={"event": "never"}, when="vip", fields={"vip": {"type": "bool", "default": False}})

    with pytest.raises(Refused, match=said) as caught:
        case.fire("chain.start", payload)

    assert (code, ()) == (caught.value.code, case.ticket.chains)


def test_chain_start_is_denied_until_it_is_granted() -> None:
    """Like every built-in event, once roles are declared."""
    parts: dict[str, Any] = {"roles": ["clerk"], "events": {"chain.start": {"allow": ["clerk"]}}}
    closed = climbing(start={"event": "never"}, parts={"roles": ["clerk"]})
    granted = climbing(start={"event": "never"}, parts=parts)

    with pytest.raises(Refused) as caught:
        closed.fire("chain.start", {"chain": "c"}, actor=CLERK)
    granted.fire("chain.start", {"chain": "c"}, actor=CLERK)

    assert ("not_permitted", 1) == (caught.value.code, len(granted.ticket.chains))
    assert "chain.start" in {option.event for option in granted.workflow.available(granted.ticket, at=after(9), actor=CLERK)}


def chains(*actions: Any, second: Any = None) -> list[dict[str, Any]]:
    """Chain a of two levels, the first of which does something; chain b of three."""
    return [
        {
            "name": "a",
            "start": {"event": "complain"},
            "levels": [{"name": "a1", "after": "1h", "do": list(actions)}, level("a2")],
        },
        {"name": "b", "start": second or {"event": "never"}, "levels": [level("b1"), level("b2"), level("b3")]},
    ]


def test_a_level_may_start_another_chain_at_a_level() -> None:
    """``start: {chain, level}`` begins a run of its own beside the first; the level is due at once."""
    case = Case(flow(escalations=chains({"start": {"chain": "b", "level": "b2"}})))
    case.fire("complain")
    case.until(61)

    assert [("a", 1), ("b", 2)] == [(run.chain, run.level) for run in case.ticket.chains]
    assert [("a1", after(60)), ("b2", after(60))] == [(one.name, one.scheduled) for one in of(Escalated, case.records)]


def test_a_jump_moves_a_live_run_and_starts_one_where_none_is_live() -> None:
    """Forward stays in the climb; the level it jumps to is due at that instant."""
    steps = chains({"jump": {"chain": "b", "level": "b3"}}, second={"event": "go"})
    idle, busy = Case(flow(escalations=steps)), Case(flow(escalations=steps))
    busy.fire("go", minutes=20)
    for case in (idle, busy):
        case.fire("complain", minutes=30)
        case.until(81)
        case.until(91)

    assert [("a1", after(90)), ("b3", after(90))] == [(one.name, one.scheduled) for one in of(Escalated, idle.records)]
    assert [("b1", "fired"), ("a1", "fired"), ("b2", "skipped"), ("b3", "fired")] == [
        (one.name, one.outcome) for one in of(Escalated, busy.records)
    ]
    assert [after(80), after(90), after(90)] == spoke(busy)


def test_a_transition_may_jump_back_and_begins_another_climb() -> None:
    """No level fires twice in one climb."""
    parts = {"transitions": [move(), move("again", "b", "b", do=[{"jump": {"chain": "c", "level": "one"}}])]}
    case = climbing(level("one", "1h"), level("two", "1h"), start={"state": "b"}, parts=parts)
    case.fire("go")
    case.until(61)
    case.fire("again", minutes=70)
    case.until(71)

    assert [(2, 1, after(130))] == [(run.climb, run.level, run.due) for run in case.ticket.chains]
    assert [after(60), after(70)] == spoke(case)


def test_a_level_that_jumps_ahead_in_its_chain_moves_its_own_run_alone() -> None:
    """Other runs of the chain go on as they were."""
    one = {"name": "one", "after": "1h", "do": [{"jump": {"chain": "c", "level": "three"}}]}
    case = climbing(one, level("two"), level("three"), start=[{"event": "x"}, {"event": "y"}])
    case.fire("x")
    case.fire("y", minutes=30)
    case.until(61)

    assert [("event:y", 0)] == [(run.cause, run.level) for run in case.ticket.chains]
    assert [("one", "fired"), ("two", "skipped"), ("three", "fired")] == [
        (item.name, item.outcome) for item in of(Escalated, case.records)
    ]


# bad input ------------------------------------------------------------------------------------------------------


def found(*escalations: Any, **parts: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        Workflow(**{**flow().to_data(), "escalations": list(escalations), **parts})
    return [(one.code, one.path) for one in caught.value.findings]


def chain(name: str, *actions: Any, start: Any = None) -> dict[str, Any]:
    return {"name": name, "start": start or {"event": name}, "levels": [{"name": "one", "do": [*actions]}, {"name": "two"}]}


def test_a_circle_of_chains_is_refused_with_the_circle() -> None:
    """The finding names each level on the way round."""
    with pytest.raises(DefinitionError) as caught:
        flow(
            escalations=[
                chain("a", {"start": "b"}),
                chain("b", {"jump": {"chain": "c", "level": "one"}}),
                chain("c", {"start": "a"}),
            ]
        )

    circles = [one.facts["circle"] for one in caught.value.findings]
    assert ["chain.circle"] * 3 == [one.code for one in caught.value.findings]
    assert ("a.one", "b.one", "c.one", "a.one") == circles[0]
    assert "a.one" in caught.value.findings[0].text("zh")


@pytest.mark.parametrize("action", [{"start": "a"}, {"jump": {"chain": "a", "level": "one"}}])
def test_a_chain_that_leads_back_into_itself_is_refused(action: Any) -> None:
    """A chain that is to climb again has ``repeat``, which is counted."""
    assert [("chain.circle", "escalations[0].levels[0].do[0]")] == found(chain("a", action))


def test_what_meets_above_is_no_circle() -> None:
    """Chains may hand over to each other as long as the way leads up."""
    first = {"name": "a", "start": {"event": "x"}, "levels": [{"name": "one", "do": [{"start": "b"}]}, {"name": "two"}]}
    second = {
        "name": "b",
        "start": {"event": "y"},
        "levels": [{"name": "one", "do": [{"jump": {"chain": "a", "level": "two"}}]}],
    }

    assert () == flow(escalations=[first, second]).check()


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (chain("a", {"start": "x"}), ("name.unknown", "escalations[0].levels[0].do[0].start")),
        (chain("a", {"start": {"chain": "a", "level": "x"}}), ("name.unknown", "escalations[0].levels[0].do[0].start.level")),
        (chain("a", {"jump": {"level": "x"}}), ("name.unknown", "escalations[0].levels[0].do[0].jump.chain")),
        (chain("a", {"jump": {"chain": "a", "at": 1}}), ("name.unknown", "escalations[0].levels[0].do[0].jump.at")),
        (chain("a", {"start": 3}), ("name.unknown", "escalations[0].levels[0].do[0].start")),
        (chain("a", start={"event": "x", "level": "three"}), ("escalation.no_level", "escalations[0].start.level")),
        (chain("a", start={"silent": "agent"}), ("escalation.missing", "escalations[0].start.after")),
        (chain("a", start={"silent": "agent", "after": "0h"}), ("escalation.zero", "escalations[0].start.after")),
        (chain("a", start={"silent": "agents", "after": "1h"}), ("escalation.option", "escalations[0].start.silent")),
        (chain("a", start={"event": "x", "public": True}), ("escalation.belongs", "escalations[0].start.public")),
        (
            chain("a", start={"silent": "agent", "after": "1h", "public": 1}),
            ("escalation.option", "escalations[0].start.public"),
        ),
        (chain("a", start={"event": "x", "closed": True}), ("escalation.belongs", "escalations[0].start.closed")),
        (chain("a", start={"when": "priority > 1", "closed": 1}), ("escalation.option", "escalations[0].start.closed")),
        (chain("a", start={"when": "n =="}), ("expression.invalid", "escalations[0].start.when")),
        (chain("a", start={"when": "priority"}), ("expression.not_a_condition", "escalations[0].start.when")),
        (chain("a", start={"state": "b", "when": "payload.x"}), ("expression.invalid", "escalations[0].start.when")),
        (
            chain("a", start={"event": "rating.add", "when": "payload.scor < 3"}),
            ("expression.invalid", "escalations[0].start.when"),
        ),
        (chain("a", start={"event": "x", "when": "clock.k.over"}), ("expression.invalid", "escalations[0].start.when")),
        (chain("a", start={"level": "one"}), ("escalation.trigger", "escalations[0].start")),
        ({**chain("a"), "until": {"message": "boss"}}, ("escalation.option", "escalations[0].until[0].message")),
        ({**chain("a"), "until": {"state": "z", "public": True}}, ("escalation.belongs", "escalations[0].until[0].public")),
    ],
)
def test_what_is_written_wrong_is_told_where(wrong: Any, expected: tuple[str, str]) -> None:
    """Each part that is wrong is found at load, with its place."""
    assert expected in found(wrong)


def test_the_parts_of_triggers_survive_being_written() -> None:
    """What a document says of triggers, endings and jumps is what it says again."""
    start = [
        {"silent": "agent", "after": "4h", "public": True},
        {"correlator": "x", "when": "payload.count > 2", "level": "two"},
    ]
    spec = {**chain("b", notify("boss"), start=[*start, {"when": {"const": True}}]), "until": [{"message": "agent"}]}
    made = flow(escalations=[spec, chain("a", {"jump": {"chain": "b", "level": "two"}})])

    assert made == Workflow(**made.to_data())
    assert start == made.to_data()["escalations"][0]["start"][:2]


# other definitions ----------------------------------------------------------------------------------------------


def test_what_holds_under_a_new_definition_has_not_become_true() -> None:
    """A migration is no happening; the next rise is."""
    old = climbing(start={"event": "never"}, fields=SEVERITY)
    old.fire("ticket.update", {"severity": "major"})
    parts = {**old.workflow.to_data(), "version": 2}
    parts["escalations"] = [{**parts["escalations"][0], "start": MAJOR}]
    parts["states"] = {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}, "z": {"closed": True}}
    new = Workflow(**parts)
    outcome = migrate(old.ticket, plan_migration(old.workflow, new), at=after(10))
    calm = new.fire(outcome.ticket, "ticket.update", {"severity": "minor"}, at=after(20))
    again = new.fire(calm.ticket, "ticket.update", {"severity": "major"}, at=after(30))

    assert ((), [after(30)]) == (outcome.ticket.chains, [run.started_at for run in again.ticket.chains])


def test_runs_that_wait_in_a_state_follow_its_new_name() -> None:
    """Each of several delays in one state goes on in the renamed one, and ends when that is left."""
    old = climbing(start=[{"state": "b", "after": "1h"}, {"state": "b", "after": "2h"}])
    old.fire("go")
    text = json.dumps({**old.workflow.to_data(), "version": 2}).replace('"b"', '"waiting"')
    new = Workflow(**json.loads(text))
    moved = migrate(old.ticket, plan_migration(old.workflow, new, states={"b": "waiting"}), at=after(10)).ticket
    left = new.fire(moved, "back", at=after(20))

    assert ["state:waiting", "state.2:waiting"] == [run.cause for run in moved.chains]
    assert ((), 2) == (left.ticket.chains, len(of(ChainStopped, left.records)))


def test_a_run_waits_for_nothing_that_its_chain_no_longer_knows() -> None:
    """Moved to an edition without its trigger, it ends instead of beginning."""
    old = silent()
    parts = {**old.workflow.to_data(), "version": 2}
    parts["escalations"] = [{**parts["escalations"][0], "start": {"event": "never"}}]
    new = Workflow(**parts)
    plan = plan_migration(old.workflow, new, chains="move")
    ticket = migrate(old.ticket, plan, at=after(10)).ticket
    outcome = new.advance(ticket, at=after(300))

    assert ((), ()) == (outcome.ticket.chains, outcome.effects)


def test_a_walk_sees_the_same_rises() -> None:
    """Without a snapshot between events it comes to the same ticket, also after a step back."""
    case = climbing(level("one", "1h"), start=MAJOR, fields=SEVERITY)
    walk = Walk(case.workflow, case.ticket)
    for minute, severity in ((10, "major"), (100, "major"), (110, "minor"), (120, "major")):
        walk.fire("ticket.update", {"severity": severity}, at=after(minute))
        case.fire("ticket.update", {"severity": severity}, minutes=minute)

    assert case.ticket == walk.ticket

    walk.step_back()
    walk.fire("ticket.update", {"severity": "major"}, at=after(120))

    assert case.ticket == walk.ticket


def test_several_sides_may_end_a_run() -> None:
    """A list of sides in one mapping is several endings, in Python as in YAML."""
    text = """
workflow: w
states: {a: {}, z: {closed: true}}
transitions: [{event: end, source: a, target: z}]
escalations:
  - {name: c, start: {event: x}, until: {message: [agent, customer]}, levels: [{name: one, after: 1h}]}
"""
    case = Case(servflow.load(text))
    case.fire("x")
    outcome = case.fire("ticket.message", CUSTOMER, minutes=1)

    assert (["message of customer"], ()) == ([one.reason for one in of(ChainStopped, outcome.records)], outcome.ticket.chains)


def test_a_silence_under_an_earlier_edition_is_broken_as_well() -> None:
    """A run that waits under the edition it is pinned to hears messages, though the present one does not listen."""
    old = silent()
    parts = {**old.workflow.to_data(), "version": 2}
    parts["escalations"] = [{**parts["escalations"][0], "start": {"event": "never"}}]
    new = Workflow(**parts, past_chains=[old.workflow.escalations[0]])
    ticket = migrate(old.ticket, plan_migration(old.workflow, new), at=after(10)).ticket
    heard = new.fire(ticket, "ticket.message", AGENT, at=after(60)).ticket
    outcome = new.advance(heard, at=after(301))

    assert [("silent:agent", "armed", after(300))] == [(run.cause, run.phase, run.due) for run in heard.chains]
    assert (["one"], [old.ticket.chains[0].hash]) == (told(outcome), [run.hash for run in outcome.ticket.chains])


@pytest.mark.parametrize(
    ("when", "events"),
    [
        ("in_state('b')", [("go", {})]),
        ("table.risk.high", [("ticket.update", {"severity": "major"})]),
        ("children.open > 1", [("ticket.child_opened", {"child": "C1"}), ("ticket.child_opened", {"child": "C2"})]),
        ("checklist.complete && state == 'b'", [("go", {}), ("step.check", {"step": "photo"})]),
        ("assignee == 'ann' && priority == 1", [("ticket.assign", {"to": "ann"}), ("ticket.update", {"priority": 1})]),
        ("'vip' in tags", [("ticket.update", {"tags": ["vip"]})]),
        ("reopened == 1", [("end", {}), ("ticket.reopen", {})]),
    ],
)
def test_whatever_a_condition_reads_makes_it_rise(when: str, events: list[tuple[str, Any]]) -> None:
    """Names that are worked out count like those that are held: it rises with the last of the events, and once."""
    table = {"inputs": ["severity"], "outputs": {"high": "bool"}, "rows": [["'major'", "true"], ["-", "false"]], "hit": "first"}
    states = {"a": {}, "b": {"checklist": ["photo"]}, "z": {"closed": True}}
    case = climbing(start={"when": when}, fields=SEVERITY, parts={"tables": {"risk": table}, "states": states})
    found = []
    for minute, (event, payload) in enumerate([*events, ("note", {})], 1):
        case.fire(event, payload, minutes=minute) if event != "note" else case.fire("ticket.message", AGENT, minutes=minute)
        found.append(len(begun(case)))

    assert [*[0] * (len(events) - 1), 1, 1] == found


def test_what_is_graver_sends_the_live_run_ahead() -> None:
    """One cause has one run; but an event that names a level which is not passed yet makes that due at once."""
    start = [{"event": "complain", "when": "payload.level == 'legal'", "level": "director"}, {"event": "complain"}]
    case = climbing(level("clerk"), level("boss"), level("director"), level("board"), start=start)
    for minute, grave in ((0, "minor"), (10, "minor"), (20, "legal"), (30, "legal")):
        case.fire("complain", {"level": grave}, minutes=minute)

    assert [("event:complain", 3, after(80))] == [(run.cause, run.level, run.due) for run in case.ticket.chains]
    assert [("clerk", "skipped"), ("boss", "skipped"), ("director", "fired")] == [
        (one.name, one.outcome) for one in of(Escalated, case.records)
    ]


def test_a_condition_that_cannot_be_decided_any_more_ends_no_run() -> None:
    """What has begun goes on; only what would begin is kept from it."""
    case = climbing(start={"when": "10 / n > 5"}, fields={"n": {"type": "int", "default": 1}})
    outcome = case.fire("ticket.update", {"n": 0}, minutes=1)

    assert (1, ["Received", "Updated"]) == (len(case.ticket.chains), kinds(outcome))


# closed tickets -------------------------------------------------------------------------------------------------

RATED: dict[str, Any] = {"stars": {"type": "int", "optional": True}}


@pytest.mark.parametrize("closed", [True, False])
def test_a_condition_may_become_true_after_the_closing(closed: bool) -> None:
    """What customers think of it comes last; it counts where the trigger says so, once, and reopening is no rise then."""
    case = climbing(start={"when": "stars <= 2", **({"closed": True} if closed else {})}, fields=RATED)
    same = climbing(start={"when": "stars <= 2", "closed": closed}, fields=RATED)
    assert case.workflow == same.workflow
    case.fire("end", minutes=10)
    case.fire("ticket.update", {"stars": 1}, minutes=20)
    case.fire("ticket.update", {"stars": 2}, minutes=30)
    case.until(81)
    case.until(500)
    case.fire("ticket.reopen", minutes=600)

    assert [after(20 if closed else 600)] == [at for _, at in begun(case)]
    assert ([after(80), after(140)] if closed else []) == spoke(case)
    assert case.ticket == case.workflow.fold(case.records)


def test_what_becomes_true_in_the_very_step_that_closes_begins() -> None:
    """The closing ends what runs, not what it starts."""
    close = {"event": "end", "source": "*", "target": "z", "do": [{"set": {"stars": "1"}}]}
    starts = {"when": "stars <= 2", "closed": True}
    case = climbing(start=starts, fields=RATED, parts={"transitions": [move(), close]})
    case.fire("end", minutes=10)

    assert [after(10)] == [at for _, at in begun(case)]


def test_no_stay_in_a_closed_state_is_escalated_whatever_else_starts_the_chain() -> None:
    """An event starts the chain of a closed ticket; that it names the closing event does not make it wait there."""
    case = climbing(start=[{"state": "z", "after": "1h"}, {"event": "end"}])
    case.fire("end", minutes=10)

    assert ["event:end"] == [run.cause for run in case.ticket.chains]
