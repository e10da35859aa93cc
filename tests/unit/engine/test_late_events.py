"""Knows what an event changes that occurred before it was told; must not know how a clock is rewound."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.errors import Refused, TimeError
from servflow.model import MAX_TOLD, Amended, Breached, ChainStopped, ClockPaused, ClockStopped, Escalated, Received, Warned
from tests.unit.engine.flows import Case, after, flow, kinds, move, notify, of


def promised(**clock: Any) -> Case:
    """A ticket that is to be answered within an hour, and whose breach tells the boss after 30 minutes."""
    chain = {"name": "late", "start": {"clock": "k"}, "levels": [{"name": "boss", "after": "30m", "do": [notify("boss")]}]}
    return Case(flow(clocks=[{"name": "k", "within": "1h", "until": "b", **clock}], escalations=[chain]))


def test_clocks_count_from_when_it_occurred() -> None:
    """A mail received in time and processed late keeps the promise."""
    case = promised()

    outcome = case.fire("go", minutes=58, occurred=after(40))

    assert [after(40)] == [record.instant for record in of(ClockStopped, outcome.records)]
    assert (after(40), None) == ((run := outcome.ticket.clocks["k"]).stopped_at, run.breached_at)
    assert [after(40)] == [record.occurred for record in of(Received, outcome.records)]


def test_a_breach_recorded_meanwhile_is_amended() -> None:
    """A breach that an earlier event disproves is taken back by a record with both instants, and stays on record."""
    case = promised()
    case.until(70)

    outcome = case.fire("go", minutes=75, occurred=after(50))

    [amended] = of(Amended, outcome.records)
    assert ("breach", after(60), after(50)) == (amended.mark, amended.was, amended.instant)
    assert (1, None, "met") == (len(of(Breached, case.records)), (run := outcome.ticket.clocks["k"]).breached_at, run.phase)


def test_an_amended_breach_stops_what_it_started() -> None:
    """The run that the breach caused ends, and nobody is told who had not been told yet."""
    case = promised()
    case.until(70)
    assert ["late"] == [run.chain for run in case.ticket.chains]

    outcome = case.fire("go", minutes=75, occurred=after(50))

    assert ["what started it was amended"] == [record.reason for record in of(ChainStopped, outcome.records)]
    assert ((), None) == (outcome.ticket.chains, outcome.wake)
    assert [] == case.effects


def test_a_level_caught_up_in_the_very_call_tells_nobody() -> None:
    """Where breach and level are caught up by the call whose own event disproves them, the level is recorded and silent."""
    case = promised()

    outcome = case.fire("go", minutes=200, occurred=after(50))

    assert ["coalesced"] == [record.outcome for record in of(Escalated, outcome.records)]
    assert () == outcome.effects


def test_an_amended_mark_may_come_again() -> None:
    """After an earlier pause the breach is re-armed, and starts its escalation again when it comes."""
    parts: dict[str, Any] = {"until": "z", "paused_in": "b"}
    case = promised(**parts)
    case.until(70)
    case.fire("go", minutes=75, occurred=after(50))
    outcome = case.fire("back", minutes=100)

    assert after(110) == outcome.ticket.clocks["k"].due
    case.until(200)
    assert [after(60), after(110)] == [record.instant for record in of(Breached, case.records)]
    assert [after(140)] == [record.scheduled for record in of(Escalated, case.records)]
    assert ["boss"] == [effect.to for effect in case.effects]


def test_marks_before_the_instant_stay() -> None:
    """Only what was set for the instant or later is taken back."""
    case = promised(warn=["50%", "80%"])
    case.until(70)

    outcome = case.fire("go", minutes=75, occurred=after(40))

    assert ["80%", "breach"] == [record.mark for record in of(Amended, outcome.records)]
    assert ("50%",) == outcome.ticket.clocks["k"].marks
    assert 2 == len(of(Warned, case.records))


def test_an_event_that_occurred_exactly_on_time_is_in_time() -> None:
    """What occurred at the due instant itself is in time."""
    case = promised()

    assert case.fire("go", minutes=90, occurred=after(60)).ticket.clocks["k"].breached_at is None


def test_an_event_that_occurred_too_late_changes_nothing() -> None:
    """What occurred after the due instant leaves the breach as it is."""
    case = promised()

    outcome = case.fire("go", minutes=90, occurred=after(61))

    assert [] == of(Amended, outcome.records)
    assert (after(60), after(61)) == ((run := outcome.ticket.clocks["k"]).breached_at, run.stopped_at)


def test_before_the_opening_it_is_clamped_and_recorded() -> None:
    """Something said to have occurred before the ticket was opened counts from the opening."""
    case = promised()

    outcome = case.fire("go", minutes=5, occurred=after(-600))

    assert [after()] == [record.instant for record in of(ClockStopped, outcome.records)]
    assert [after(-600)] == [record.occurred for record in of(Received, outcome.records)]


def test_a_clock_cannot_start_before_the_opening() -> None:
    """A clock started by a late event begins with the ticket at the earliest."""
    case = promised(start=[{"event": "signal"}])

    assert after() == case.fire("signal", minutes=5, occurred=after(-600)).ticket.clocks["k"].started_at


def test_what_was_answered_when_it_came_opens_no_new_cycle() -> None:
    """A question that had come before the answer was answered by it, however late the question is told."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("ask", minutes=10)
    case.fire("answer", minutes=40)

    outcome = case.fire("ask", minutes=50, occurred=after(20))

    run = outcome.ticket.clocks["k"]
    assert (1, after(10), after(40), "met") == (run.cycle, run.started_at, run.stopped_at, run.phase)


def test_a_late_question_that_was_answered_already_opens_a_cycle_that_is_met() -> None:
    """The mail of 9:00 is told after the answer of 9:30: the cycle was open from 9:00 and met at 9:30, in time."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("answer", minutes=31, occurred=after(30))
    assert {} == dict(case.ticket.clocks)

    outcome = case.fire("ask", minutes=90, occurred=after(5))

    run = outcome.ticket.clocks["k"]
    assert (1, after(5), after(30), "met", None) == (run.cycle, run.started_at, run.stopped_at, run.phase, run.breached_at)
    assert ["Received", "ClockStarted", "ClockStopped", "ClockTold"] == kinds(outcome)


def test_a_breach_found_in_a_cycle_that_is_over_is_told_and_starts_nothing() -> None:
    """Answered too late before anybody knew of the question: the breach is on record with its instant, nobody is called."""
    case = promised(within="10m", until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("answer", minutes=30)

    outcome = case.fire("ask", minutes=90, occurred=after(5))

    assert [after(15)] == [record.instant for record in of(Breached, outcome.records)]
    assert (after(15), (), None) == (outcome.ticket.clocks["k"].breached_at, outcome.ticket.chains, outcome.wake)


def test_a_late_question_moves_the_start_of_its_cycle() -> None:
    """The oldest unanswered question opens the cycle: one told late puts the start, the due instant and the breach earlier."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("ask", minutes=50)

    outcome = case.fire("ask", minutes=80, occurred=after(10))

    assert (after(10), after(70)) == ((run := outcome.ticket.clocks["k"]).started_at, run.breached_at)
    assert [after(70)] == [record.instant for record in of(Breached, outcome.records)]
    assert ["late"] == [run.chain for run in outcome.ticket.chains]


def test_the_end_of_an_earlier_cycle_may_be_told_late() -> None:
    """An answer told late ends its own cycle, and its breach is amended though the next cycle runs already."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("ask", minutes=0)
    case.fire("answer", minutes=70)
    case.fire("ask", minutes=75)

    outcome = case.fire("answer", minutes=80, occurred=after(50))

    [amended] = of(Amended, outcome.records)
    assert ("breach", after(60), after(50)) == (amended.mark, amended.was, amended.instant)
    run = outcome.ticket.clocks["k"]
    assert (2, after(75), (1, 0)) == (run.cycle, run.started_at, (run.summary.met, run.summary.breached))


def test_what_an_amended_breach_started_is_found_though_cycles_have_other_numbers() -> None:
    """A cycle told late before the one that was broken; then that one was in time: its chain ends."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    case.fire("ask", minutes=20)
    case.fire("answer", minutes=100)
    assert ["clock:k:1:breach"] == [run.cause for run in case.ticket.chains]
    case.fire("answer", minutes=101, occurred=after(10))
    case.fire("ask", minutes=102, occurred=after(5))
    assert (2, after(80)) == ((run := case.ticket.clocks["k"]).cycle, run.breached_at)

    outcome = case.fire("answer", minutes=103, occurred=after(60))

    assert ["what started it was amended"] == [record.reason for record in of(ChainStopped, outcome.records)]
    assert ("met", None) == ((run := outcome.ticket.clocks["k"]).phase, run.breached_at)


def test_later_pauses_are_played_again() -> None:
    """A pause told late does not undo the pauses and resumes that came after it."""
    case = promised(until="z", pause=[{"event": "hold"}], resume=[{"event": "on"}])
    for event, minutes in (("on", 15), ("hold", 20), ("on", 30)):
        case.fire(event, minutes=minutes)

    outcome = case.fire("hold", minutes=50, occurred=after(10))

    run = outcome.ticket.clocks["k"]
    ran = [(segment.start, segment.end) for segment in run.segments]
    assert [(after(), after(10)), (after(15), after(20)), (after(30), None)] == ran
    assert after(75) == run.due


def test_a_reset_told_late_keeps_what_came_after() -> None:
    """A reset told late begins the count anew at its place; the pause after it stays."""
    case = promised(until="z", pause=[{"event": "hold"}], resume=[{"event": "on"}], reset=[{"event": "again"}])
    case.fire("hold", minutes=20)
    case.fire("on", minutes=30)

    run = case.fire("again", minutes=50, occurred=after(10)).ticket.clocks["k"]

    assert (after(10), after(80)) == (run.started_at, run.due)


def test_what_waits_for_another_clock_is_asked_again() -> None:
    """A first response told late makes the question after it a next one, from when it came."""
    first = {"name": "first", "within": "1h", "stop": {"message": "agent"}}
    following = {
        "name": "next",
        "within": "1h",
        "start": {"message": "customer", "after": "first"},
        "stop": {"message": "agent"},
    }
    case = Case(flow(clocks=[first, following]))
    case.fire("ticket.message", {"side": "customer"}, minutes=20)
    assert ["first"] == list(case.ticket.clocks)

    outcome = case.fire("ticket.message", {"side": "agent"}, minutes=30, occurred=after(10))

    assert (after(10), "met") == ((run := outcome.ticket.clocks["first"]).stopped_at, run.phase)
    assert (after(20), "running") == ((run := outcome.ticket.clocks["next"]).started_at, run.phase)


def test_a_move_told_late_takes_the_place_of_later_ones() -> None:
    """Where the ticket is now decides whether it counts; what merely happened keeps its place."""
    case = promised(until="z", paused_in="b", pause=[{"event": "hold"}], resume=[{"event": "on"}])
    case.fire("go", minutes=10)
    case.fire("back", minutes=20)

    run = case.fire("go", minutes=50, occurred=after(5)).ticket.clocks["k"]

    assert ("paused", after(5)) == (run.phase, run.paused_at)


def test_a_waived_breach_stays_waived() -> None:
    """What is played again and comes to the same breach keeps what was said about it."""
    case = promised(until="z", stop=[{"event": "answer"}], pause=[{"event": "hold"}])
    case.fire("clock.waive", {"clock": "k", "reason": "storm"}, minutes=70)

    assert "storm" == case.fire("hold", minutes=80, occurred=after(65)).ticket.clocks["k"].waived


def test_a_long_story_is_made_short() -> None:
    """However often a clock is told something, the ticket keeps a bounded part of it, and a late event finds its place."""
    case = promised(until="z", start=[{"event": "ask"}], stop=[{"event": "answer"}])
    for number in range(100):
        case.fire("ask", minutes=4 * number)
        case.fire("answer", minutes=4 * number + 2)
    assert len(case.ticket.told["k"].told) <= MAX_TOLD

    outcome = case.fire("answer", minutes=401, occurred=after(397))

    run = outcome.ticket.clocks["k"]
    assert (100, after(396), after(397), 99) == (run.cycle, run.started_at, run.stopped_at, run.summary.met)
    assert outcome.ticket == case.workflow.fold(case.records)


def test_a_late_pause_does_not_undo_a_later_one() -> None:
    """An event that occurred before the clock's latest change counts from that change where it kept no earlier segment."""
    case = promised(until="z", pause=[{"event": "hold"}], resume=[{"event": "on"}])
    case.fire("hold", minutes=10)
    case.fire("on", minutes=20)

    outcome = case.fire("hold", minutes=50, occurred=after(30))

    assert [after(30)] == [record.instant for record in of(ClockPaused, outcome.records)]


def test_occurred_later_than_at_is_refused() -> None:
    """What has not happened yet cannot be told."""
    case = promised()

    with pytest.raises(Refused) as caught:
        case.fire("go", minutes=5, occurred=after(6))
    assert "past" == caught.value.code


def test_a_naive_occurred_is_refused() -> None:
    """Every instant needs a zone."""
    case = promised()

    with pytest.raises(TimeError):
        case.fire("go", minutes=5, occurred=after(1).replace(tzinfo=None))


def test_permission_timers_and_guards_are_judged_now() -> None:
    """An earlier occurrence moves clocks only: guards see the present, and so do timers."""
    case = Case(
        flow(
            states={"a": {}, "b": {"timers": [{"after": "1h", "event": "end"}]}, "z": {"closed": True}},
            transitions=[move(when="at - opened_at >= duration('30m')"), move("end", "b", "z")],
        )
    )

    outcome = case.fire("go", minutes=30, occurred=after(10))

    assert (after(90), after(30)) == (outcome.ticket.timers[0].due, outcome.ticket.entered["b"])


def test_a_ticket_may_be_opened_for_earlier() -> None:
    """A ticket opened late counts from when it came in, and what came due meanwhile has happened."""
    case = Case(flow(clocks=[{"name": "k", "within": "1h"}]), occurred=after(-90))

    assert (after(-90), after(), after(-30)) == (
        case.ticket.opened_at,
        case.ticket.entered["a"],
        case.ticket.clocks["k"].breached_at,
    )
    assert [(after(-30), after())] == [(record.instant, record.at) for record in of(Breached, case.records)]


def test_an_assignment_told_late_counts_from_when_it_occurred() -> None:
    """What an event brings about in its internal steps counts from the same earlier instant."""
    case = Case(flow(clocks=[{"name": "k", "within": "5m", "until": "b"}], transitions=[move("assigned.assignee")]))

    outcome = case.fire("ticket.assign", {"to": "ann"}, minutes=10, occurred=after(2))

    assert (after(2), None) == ((run := outcome.ticket.clocks["k"]).stopped_at, run.breached_at)


# what must not be lost ----------------------------------------------------------------------------------------------


def rested(clock: dict[str, Any], occurred: float | None) -> Case:
    """A ticket that rests from 120 to 180, of which something is updated at 60, told then or at 240."""
    above = {"name": "above", "within": "90h", "until": "z"}
    clocks = [{"name": "k", "paused_in": "b", "until": "z", **clock}, above]
    case = Case(flow(fields={"p": {"type": "int", "default": 2}}, clocks=clocks))
    if occurred is None:
        case.fire("ticket.update", {"p": 1}, minutes=60)
    case.fire("go", minutes=120)
    case.fire("back", minutes=180)
    if occurred is not None:
        case.fire("ticket.update", {"p": 1}, minutes=240, occurred=after(occurred))
    return case


@pytest.mark.parametrize(
    "clock",
    [
        {"within": [{"when": "p == 1", "take": "10h"}, {"take": "20h"}], "warn": ["50%"]},
        {"within": [{"when": "p == 1", "take": "10h"}, {"take": "20h"}], "parent": "above"},
        {"within": "20h", "start": {"field": "p"}},
        {"within": "20h", "reset": {"field": "p"}},
    ],
    ids=["target", "child", "start", "reset"],
)
def test_a_field_told_late_leaves_the_pauses(clock: dict[str, Any]) -> None:
    """What a ticket's fields change from an earlier instant on does not undo that it rested since."""
    late = rested(clock, 60)

    assert rested(clock, None).ticket.clocks == late.ticket.clocks
    assert late.ticket == late.workflow.fold(late.records)


def test_an_end_and_a_start_told_late_by_one_event_amend_what_was() -> None:
    """The mark of the cycle that began later is amended on the clock as it is now, never on none."""
    start = [{"event": "ask"}, {"event": "again"}]
    case = promised(until="z", start=start, stop=[{"event": "again"}], warn=["50%"])
    case.fire("ask", minutes=60)
    case.until(95)

    outcome = case.fire("again", minutes=100, occurred=after(20))

    [amended] = of(Amended, outcome.records)
    assert (after(90), after(20)) == (amended.was, amended.run.started_at)


def test_a_breach_of_a_number_whose_chain_lives_on_starts_one_of_its_own() -> None:
    """A late move makes one of two cycles; the third is the second now, its chain lives on, and the next breach has its own."""
    moves = [move("go"), move("back", "b", "a"), move("aside", "a", "c"), move("here", "c", "a")]
    start, stop = [{"event": "ask"}, {"state": "c"}], [{"event": "answer"}, {"state": "b"}]
    chain = {"name": "late", "start": {"clock": "k"}, "levels": [{"name": "boss", "after": "9h", "do": [notify("boss")]}]}
    clocks = [{"name": "k", "within": "1h", "start": start, "stop": stop}]
    case = Case(flow(states={"a": {}, "b": {}, "c": {}}, transitions=moves, clocks=clocks, escalations=[chain]))
    for event, minutes in (("ask", 0), ("go", 10), ("back", 15), ("ask", 20), ("answer", 30), ("ask", 40)):
        case.fire(event, minutes=minutes)
    case.until(105)
    case.fire("aside", minutes=110, occurred=after(5))
    assert [after(100)] == [run.started_at for run in case.ticket.chains]

    case.fire("answer", minutes=120)
    case.fire("here", minutes=125)
    case.fire("ask", minutes=130)
    case.until(195)

    assert [after(100), after(190)] == [run.started_at for run in case.ticket.chains]
    case.until(1_000)
    assert 2 == len({effect.id for effect in case.effects}) == len(case.effects)
    assert case.ticket == case.workflow.fold(case.records)


def test_what_came_long_before_the_story_is_not_undone_either() -> None:
    """A pause and an end that the clock keeps as its past stay where they were, whatever is told late before them."""
    case = promised(within="9h", start=[{"event": "ask"}], stop=[{"event": "answer"}], pause=[{"event": "hold"}])
    case.fire("ask", minutes=0)
    case.fire("hold", minutes=20)
    case.fire("answer", minutes=30)
    for minutes in range(40, 40 + MAX_TOLD + 2):
        case.fire("hold", minutes=minutes)

    run = case.fire("ask", minutes=200, occurred=after(10)).ticket.clocks["k"]

    assert ("met", after(30), timedelta(minutes=20)) == (run.phase, run.stopped_at, run.counted)


def test_a_late_move_takes_the_ticket_from_where_it_rested() -> None:
    """A move from a state to itself, told late, takes the place of the one that ended the rest: it ends it as well."""
    moves = [move("go"), move("on", "b", "c"), move("again", "c", "c")]
    clock = {
        "name": "k",
        "within": "1h",
        "start": [{"event": "ask"}, {"state": "c"}],
        "stop": {"event": "answer"},
        "paused_in": "b",
    }
    case = Case(flow(states={"a": {}, "b": {}, "c": {}}, transitions=moves, clocks=[clock]))
    for event, minutes in (("ask", 0), ("go", 10), ("on", 30)):
        case.fire(event, minutes=minutes)

    run = case.fire("again", minutes=40, occurred=after(25)).ticket.clocks["k"]

    assert ("running", after(25), timedelta(minutes=10)) == (run.phase, run.since, run.counted)


@pytest.mark.parametrize(
    ("end", "phase"),
    [
        ({"stop": {"event": "answer"}}, "cancelled"),
        ({"stop": {"event": "answer"}, "until": "z"}, "met"),
        ({"stop": {"event": "end"}}, "met"),
        ({"cancel": {"event": "end"}}, "cancelled"),
        ({"stop": {"event": "end"}, "cancel": {"event": "end"}}, "cancelled"),
    ],
)
def test_a_closing_told_late_ends_what_began_after_it(end: dict[str, Any], phase: str) -> None:
    """A closing that occurred before a clock began ends it where it began: on a closed ticket nothing goes on."""
    clock = {"name": "k", "within": "1h", "start": {"state": "b"}, **end}
    case = Case(flow(clocks=[clock]))
    case.fire("go", minutes=20)

    run = case.fire("end", minutes=30, occurred=after(10)).ticket.clocks["k"]

    assert (phase, after(20), timedelta()) == (run.phase, run.stopped_at, run.counted)
    assert (None, case.workflow.fold(case.records)) == (case.ticket.wake, case.ticket)


def test_a_closing_told_late_ends_what_began_twice_after_it() -> None:
    """Of cycles that began after a closing that is told late, the first ends where it began and the others never were."""
    clock = {"name": "k", "within": "1h", "start": {"state": "b"}, "stop": [{"event": "answer"}, {"state": "a"}]}
    case = Case(flow(clocks=[clock]))
    for event, minutes in (("go", 20), ("back", 25), ("go", 28)):
        case.fire(event, minutes=minutes)

    run = case.fire("end", minutes=30, occurred=after(10)).ticket.clocks["k"]

    assert ("cancelled", 1, after(20)) == (run.phase, run.cycle, run.stopped_at)
    assert case.ticket == case.workflow.fold(case.records)


ONE, TWO, THREE = (("ticket.update", {"p": number}) for number in (1, 2, 3))
HERE, THERE, ELSEWHERE = (("ticket.update", {"queue": name}) for name in "qxy")
GO, BACK, ASIDE = ("go", None), ("back", None), ("aside", None)


def long_told(clock: dict[str, Any], filler: str, *told: tuple[str, Any], late: tuple[str, Any]) -> Any:
    """A clock that began at 2, was told two things at 20 and 30, and much that changed nothing; then something of 10."""
    moves = [move("go"), move("back", "b", "a"), move("aside", ["a", "b"], "c")]
    spec = {
        "name": "k",
        "within": "9h",
        "start": [{"event": "ask"}, {"state": "c"}, {"queue": "y"}, {"field": {"p": 3}}],
        **clock,
    }
    parts = {"fields": {"p": {"type": "int", "default": 0}}, "queues": ["q", "x", "y"], "transitions": moves}
    case = Case(flow(states={"a": {}, "b": {}, "c": {}, "z": {"closed": True}}, clocks=[spec], **parts))
    case.fire(*HERE, minutes=1)
    case.fire("ask", minutes=2)
    for number, (event, payload) in enumerate(told):
        case.fire(event, payload, minutes=20 + 10 * number)
    for number in range(MAX_TOLD + 4):
        case.fire(filler, minutes=100 + number)
    return case.fire(*late, minutes=200, occurred=after(10)).ticket.clocks["k"]


@pytest.mark.parametrize(
    ("clock", "told", "late", "paused"),
    [
        ({"pause": {"field": {"p": 1}}, "resume": {"field": {"p": 2}}}, (ONE, TWO), ASIDE, 10),
        ({"pause": {"field": {"p": 1}}, "resume": {"field": {"p": 2}}}, (ONE, TWO), THREE, 0),
        ({"paused_in": "b"}, (GO, BACK), ASIDE, 0),
        ({"paused_in": "b"}, (GO, BACK), THREE, 10),
        ({"paused_in": "b", "pause": {"event": "hold"}}, (GO, BACK), ASIDE, 10),
        ({"counts_in": "a"}, (GO, BACK), ("ask", None), 10),
        ({"counts_in_queue": "q"}, (THERE, HERE), ASIDE, 10),
        ({"counts_in_queue": ["q", "y"]}, (THERE, HERE), ELSEWHERE, 0),
    ],
    ids=["field-move", "field-field", "rest-move", "rest-field", "mixed-move", "counts-event", "queue-move", "queue-queue"],
)
def test_a_late_event_takes_the_place_only_of_what_is_like_it(
    clock: dict[str, Any], told: tuple[Any, ...], late: tuple[str, Any], paused: int
) -> None:
    """A pause that a clock keeps as its past goes where only a move, a queue or a field of the late kind can have made it."""
    run = long_told({"stop": {"event": "answer"}, "reset": {"event": "never"}, **clock}, "ask", *told, late=late)

    assert after(2) + timedelta(hours=9, minutes=paused) == run.due


@pytest.mark.parametrize(
    ("clock", "told", "late", "phase"),
    [
        ({"stop": {"field": {"p": 1}}}, ONE, ASIDE, "met"),
        ({"stop": {"state": "b"}}, GO, ASIDE, "running"),
        ({"stop": {"event": "answer"}}, ("answer", None), ASIDE, "met"),
        ({"stop": {"left_queue": "q"}}, THERE, ELSEWHERE, "running"),
        ({"stop": {"left_queue": "q"}}, THERE, ASIDE, "met"),
        ({"stop": {"event": "answer"}, "cancel": {"event": "drop"}}, ("drop", None), ASIDE, "cancelled"),
        ({"stop": {"event": "answer"}, "cancel": {"state": "b"}}, GO, ASIDE, "running"),
        ({"stop": {"event": "answer"}, "cancel": {"field": {"p": 1}}}, ONE, THREE, "cancelled"),
    ],
    ids=["field", "state", "event", "queue", "queue-move", "drop", "cancel", "or-closed"],
)
def test_an_end_that_is_past_goes_only_for_what_is_like_it(
    clock: dict[str, Any], told: tuple[str, Any], late: tuple[str, Any], phase: str
) -> None:
    """So does an end: what merely happened stays, and what a field says is not undone by a move."""
    run = long_told({"resume": {"event": "on"}, **clock}, "on", told, late=late)

    assert phase == run.phase
