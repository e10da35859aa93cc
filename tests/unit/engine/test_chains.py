"""Knows what starts and ends escalations on a ticket and whom their levels tell; must not know how levels are scheduled."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import DefinitionError
from servflow.model import (
    ChainStarted,
    ChainStopped,
    Escalated,
)
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import after, kinds, move, notify, of, told

# triggers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "event", "begins"),
    [
        ({"state": "b"}, "go", 10),
        ({"event": "go"}, "go", 10),
        ({"event": "complain"}, "complain", 10),
        ({"state": "b", "after": "30m"}, "go", 40),
        ({"age": "2h"}, "go", 120),
        ({"clock": "k"}, "go", 60),
        ({"clock": "k", "mark": "50%"}, "go", 30),
        ({"clock": "k", "mark": "30m after"}, "go", 90),
    ],
)
def test_each_trigger_starts_a_run(start: Any, event: str, begins: int) -> None:
    """A state, an event, the age of the ticket and each mark of a clock start a run at their own instant."""
    case = climbing(start=start, parts={"clocks": [{"name": "k", "within": "1h", "warn": ["50%", "30m after"]}]})
    case.fire(event, minutes=10)

    case.until(begins + 61)

    assert [after(begins + 60)] == [record.scheduled for record in of(Escalated, case.records)]
    assert ["one"] == [effect.to for effect in case.effects]


def test_an_armed_run_is_given_up_when_the_state_is_left() -> None:
    """A delay in a state is waited for in that state only."""
    case = climbing(start={"state": "b", "after": "30m"})
    case.fire("go", minutes=10)

    outcome = case.fire("back", minutes=20)

    assert (["left b"], None) == ([record.reason for record in of(ChainStopped, outcome.records)], outcome.wake)


def test_a_trigger_may_count_in_a_calendar() -> None:
    """An age may count open time."""
    case = climbing(level("one", "0h"), start={"age": "9h", "calendar": "office"})

    assert [after(hours=1, days=1)] == [record.scheduled for record in of(Escalated, case.until(60 * 30).records)]


def test_several_triggers_start_runs_of_their_own() -> None:
    """Each trigger that holds starts a run; one cause starts one live run."""
    case = climbing(start=[{"event": "complain"}, {"state": "b"}])
    case.fire("complain")
    case.fire("complain", minutes=5)
    case.fire("go", minutes=10)

    assert ["event:complain", "state:b"] == [run.cause for run in case.ticket.chains]
    assert [after(), after(10)] == [run.started_at for run in case.ticket.chains]


def test_a_condition_keeps_a_chain_from_starting() -> None:
    """A chain whose condition does not hold does not start."""
    case = climbing(fields={"vip": {"type": "bool", "default": False}}, when="vip")
    case.fire("go")

    assert () == case.ticket.chains


def test_a_condition_that_fails_never_stops_time() -> None:
    """A condition that fails on these values leaves the chain unstarted; the ticket goes on."""
    parts = {"clocks": [{"name": "k", "within": "1h"}]}
    case = climbing(start={"clock": "k"}, when="10 / n > 5", fields={"n": {"type": "int", "default": 0}}, parts=parts)

    outcome = case.until(100)

    assert "Breached" in kinds(outcome)
    assert ((), None) == (outcome.ticket.chains, outcome.wake)


def test_an_action_may_start_a_chain() -> None:
    """The action start begins a run after the step."""
    case = climbing(start={"event": "never"}, parts={"transitions": [move(do=[{"start": "c"}]), move("end", "b", "z")]})
    case.fire("go", minutes=5)

    assert [after(65)] == [run.due for run in case.ticket.chains]


# levels ---------------------------------------------------------------------------------------------------------


def test_levels_come_one_after_another() -> None:
    """Each level counts from the scheduled instant of the one before, and the run ends with the last."""
    case = climbing(level("one"), level("two", "30m"), level("three", "0h"))
    case.fire("go")

    for minute in (61, 91, 92):
        case.until(minute)

    assert [after(60), after(90), after(90)] == [record.scheduled for record in of(Escalated, case.records)]
    assert ["one", "two", "three"] == [effect.to for effect in case.effects]
    assert ((), None) == (case.ticket.chains, case.last.wake)


def test_a_level_may_count_in_a_calendar() -> None:
    """A level with a calendar counts open time."""
    case = climbing(level("one", "9h", calendar="office"))
    case.fire("go")

    assert [after(hours=1, days=1)] == [run.due for run in case.ticket.chains]


def test_a_level_does_all_kinds_of_things() -> None:
    """A level may set, raise, tag, assign and add people, and rules see what it set."""
    do = [
        {"raise_priority": 1},
        {"tag": "late"},
        {"assign": {"to": {"user": "bob"}}},
        {"add_owner": {"to": {"user": "olga"}}},
        {"set": {"n": "1"}},
    ]
    case = climbing(
        {"name": "one", "do": do},
        fields={"n": "int", "m": "int"},
        parts={"rules": [{"name": "r", "when": "n == 1", "then": {"set": {"m": "2"}}}]},
    )
    case.fire("go")
    case.until(1)

    ticket = case.ticket
    assert (2, ("late",), "bob", "olga", 2) == (ticket.priority, ticket.tags, ticket.assignee, ticket.owner, ticket.fields["m"])


def test_what_a_level_cannot_carry_out_is_left_out_visibly() -> None:
    """An update that fails is undone by itself and the record says why; what stands beside it is done."""
    case = climbing(
        {"name": "one", "do": [{"tag": "x"}, {"set": {"priority": "n"}}, notify("boss")]},
        fields={"n": {"type": "int", "default": 99}},
    )
    case.fire("go")

    outcome = case.until(1)

    assert (["Updated", "Escalated"], ("x",), ["boss"]) == (kinds(outcome), outcome.ticket.tags, told(outcome))
    assert any("priority" in why for why in of(Escalated, outcome.records)[0].why)


def test_a_level_that_failed_speaks_for_the_one_before() -> None:
    """Where what a later level brings about fails in the same call it is undone, and only the level's word goes out."""
    case = climbing(
        level("one"),
        {"name": "two", "after": "1h", "do": [{"set": {"n": "2"}}, notify("two")]},
        fields={"n": {"type": "int", "default": 0}},
        parts={"rules": [{"name": "r", "when": "10 / (n - 2) > 100", "then": {"tag": "x"}}]},
    )
    case.fire("go")

    outcome = case.until(300)

    assert [("one", "coalesced"), ("two", "fired")] == reached(outcome)
    assert (["two"], 0) == (told(outcome), outcome.ticket.fields["n"])


def test_a_level_whose_condition_does_not_hold_is_passed_over() -> None:
    """A level with a condition is skipped where it does not hold, with the reason."""
    case = climbing(level("one", when="vip"), level("two"), fields={"vip": {"type": "bool", "default": False}})
    case.fire("go")

    outcome = case.until(61)

    assert ([("one", "skipped")], []) == (reached(outcome), told(outcome))
    assert [("two", "fired")] == reached(case.until(121))


def test_a_level_may_wait_for_its_condition() -> None:
    """With otherwise: wait a level waits until its condition holds, and the next one counts from then."""
    case = climbing(
        level("one", when="vip", otherwise="wait"), level("two"), fields={"vip": {"type": "bool", "default": False}}
    )
    case.fire("go")
    case.until(61)
    assert case.last.wake is None

    case.fire("ticket.update", {"vip": True}, minutes=200)

    assert [("one", "fired")] == reached(case.until(201))
    assert [after(260)] == [run.due for run in case.ticket.chains]


# late -----------------------------------------------------------------------------------------------------------


def test_collapse_lets_the_last_level_speak_for_all() -> None:
    """Of levels caught up in one call only the last notifies; all change state, the rest are on record as coalesced."""
    tagged = {"name": "one", "after": "1h", "do": [notify("one"), {"tag": "late"}]}
    case = climbing(tagged, level("two"), level("three"))
    case.fire("go")

    outcome = case.until(10_000)

    assert [("one", "coalesced"), ("two", "coalesced"), ("three", "fired")] == reached(outcome)
    assert (["three"], ("late",)) == (told(outcome), outcome.ticket.tags)


def test_each_lets_every_level_speak() -> None:
    """With late: each every level caught up notifies."""
    case = climbing(level("one"), level("two"), late="each")
    case.fire("go")

    assert ["one", "two"] == told(case.until(10_000))


def test_a_level_that_says_nothing_speaks_for_nobody() -> None:
    """A level that is skipped or finds nobody does not silence the ones before it."""
    skipped = climbing(level("one"), level("two", when="false"))
    empty = climbing(level("one"), {"name": "two", "after": "1h", "do": [{"notify": {"to": "owner", "template": "t"}}]})
    silent = climbing(level("one"), {"name": "two", "after": "1h", "do": [{"tag": "late"}]})
    for case in (skipped, empty, silent):
        case.fire("go")

        assert ["one"] == told(case.until(10_000))


def test_two_chains_do_not_silence_each_other() -> None:
    """Collapsing is within one run."""
    spec = [{"name": name, "start": {"state": "b"}, "levels": [level(name)]} for name in ("x", "y")]
    case = climbing(parts={"escalations": spec})
    case.fire("go")

    assert ["x", "y"] == told(case.until(10_000))


@pytest.mark.parametrize("event", ["chain.acknowledge", "back", "end"])
def test_what_is_answered_in_the_same_call_is_silent(event: str) -> None:
    """A level caught up in a call whose own event acknowledges or stops the run is coalesced and silent."""
    case = climbing(level("one"), level("two", "10d"), until={"state": "a"})
    case.fire("go")

    outcome = case.fire(event, minutes=90)

    assert ([("one", "coalesced")], []) == (reached(outcome), told(outcome))


def test_the_last_level_is_silent_too_when_its_run_would_have_been_stopped() -> None:
    """It makes no difference whether a level is the last one of its chain."""
    case = climbing(level("one"), until={"state": "a"})
    case.fire("go")

    assert [] == told(case.fire("back", minutes=90))


# the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [{"state": "a"}, {"event": "back"}, "a"])
def test_until_ends_a_run(until: Any) -> None:
    """Entering a state or an event ends the climb early."""
    case = climbing(until=until)
    case.fire("go")

    outcome = case.fire("back", minutes=10)

    assert (1, (), None) == (len(of(ChainStopped, outcome.records)), outcome.ticket.chains, outcome.wake)


def test_an_event_that_only_chains_know_may_be_fired() -> None:
    """An event named by a chain is accepted without a transition for it."""
    case = climbing(start={"event": "complain"}, until={"event": "calm"})
    case.fire("complain")

    assert ["Received", "ChainStopped"] == kinds(case.fire("calm"))


def test_closing_ends_every_run() -> None:
    """A closed ticket escalates no more."""
    case = climbing()
    case.fire("go")

    outcome = case.fire("end")

    assert ["the ticket closed"] == [record.reason for record in of(ChainStopped, outcome.records)]


def test_a_closed_ticket_may_still_be_complained_about() -> None:
    """An event may start a chain on a closed ticket; a state or a mark may not."""
    case = climbing(start=[{"event": "complain"}, {"state": "z"}])
    case.fire("end")
    assert not case.ticket.chains

    case.fire("complain", minutes=5)
    assert ["event:complain"] == [run.cause for run in case.ticket.chains]


@pytest.mark.parametrize(("option", "first"), [("restart", "one"), ("resume", "two"), ("next", "three")])
def test_a_reopened_ticket_enters_the_climb_as_it_says(option: str, first: str) -> None:
    """After a reopening the climb begins anew, at the highest level reached, or one above."""
    case = climbing(level("one"), level("two"), level("three"), on_reopen=option)
    case.fire("go")
    case.until(121)
    for event in ("end", "ticket.reopen", "go"):
        case.fire(event, minutes=130)

    assert [(first, "fired")] == reached(case.until(191))


def test_a_run_records_how_it_began() -> None:
    """A run tells what caused it, when it began and which version of the chain it climbs."""
    case = climbing()
    [started] = of(ChainStarted, case.fire("go", minutes=7).records)

    assert ("state:b", after(7)) == (started.run.cause, started.run.started_at)
    assert case.workflow.escalations[0].hash == started.run.hash


def test_a_level_overrules_a_person() -> None:
    """What a person set keeps rules away, not an escalation: a ticket that runs late rises all the same."""
    case = climbing({"name": "one", "do": [{"raise_priority": 1}]})
    case.fire("ticket.update", {"priority": 3}, actor="ann")
    case.fire("go")

    assert 2 == case.until(1).ticket.priority


@pytest.mark.parametrize(
    ("chain", "path"),
    [
        ({"start": {"clock": "kk"}}, "escalations[0].start.clock"),
        ({"start": {"clock": "k", "mark": "70%"}}, "escalations[0].start.mark"),
        ({"start": {"state": "bb"}}, "escalations[0].start.state"),
        ({"start": [{"event": "x"}, {"state": "bb"}]}, "escalations[0].start[1].state"),
        ({"until": {"state": "bb"}}, "escalations[0].until[0].state"),
        ({"when": "at > opened_at"}, "escalations[0].when"),
        ({"when": "priority"}, "escalations[0].when"),
        ({"levels": [level("one", calendar="ofice")]}, "escalations[0].levels[0].calendar"),
        ({"levels": [level("one", when="nn")]}, "escalations[0].levels[0].when"),
        ({"levels": [{"name": "one", "do": [{"set": {"nn": "1"}}]}]}, "escalations[0].levels[0].do[0].set.nn"),
        (
            {"levels": [{"name": "one", "do": [{"notify": {"to": {"target": "nosuch"}, "template": "t"}}]}]},
            "escalations[0].levels[0].do[0]",
        ),
        ({"on_empty": "fallback", "fallback": {"role": "x"}}, "escalations[0].fallback"),
        ({"levels": []}, "escalations[0].levels"),
    ],
)
def test_a_wrong_chain_is_found_at_its_place(chain: dict[str, Any], path: str) -> None:
    """A definition with a wrong chain is refused with a finding at its place."""
    with pytest.raises(DefinitionError) as caught:
        climbing(
            parts={
                "roles": ["boss"],
                "clocks": [{"name": "k", "within": "1h"}],
                "escalations": [{"name": "c", "start": {"state": "b"}, "levels": [level("one")], **chain}],
            }
        )

    places = [finding.path for finding in caught.value.findings]
    assert all(place.startswith(path) for place in places), places
