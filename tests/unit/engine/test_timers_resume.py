"""Knows how the timers of a state go on when it is left and entered again; must not know what they fire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import servflow
from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import RestingTimer, TimerFired, TimerRested, TimerSet
from tests.unit.engine.flows import Case, after, flow, kinds, move, of

OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
MOVES = [
    move("end", "a", "z"),
    move("off", "a", "b"),
    move("on", "b", "a"),
    move("ticket.reopen", "z", "b"),
    move("shut", "b", "z"),
]
MODES = ("restart", "deadline", "remaining")


def timed(resume: str, **timer: Any) -> Workflow:
    """State a ends itself after two hours; in between it may be left for b."""
    spec = {"after": "2h", "event": "end", "resume": resume, **timer}
    states = {"a": {"timers": [spec]}, "b": {}, "z": {"closed": True}}
    return flow(states=states, transitions=MOVES, calendars={"office": OFFICE})


def away(workflow: Workflow, left: float, back: float) -> Case:
    """A ticket that left the state and came back, so many minutes after it was opened."""
    case = Case(workflow)
    case.fire("off", minutes=left)
    case.fire("on", minutes=back)
    return case


def dues(case: Case) -> list[Any]:
    """When the live timers of a ticket are due."""
    return [timer.due for timer in case.ticket.timers]


@pytest.mark.parametrize(("resume", "due"), [("restart", 100 + 120), ("deadline", 120), ("remaining", 100 + 90)])
def test_the_three_ways_to_go_on(resume: str, due: float) -> None:
    """Left after 30 of 120 minutes and entered again at 100: anew, at the old instant, or after the 90 that were left."""
    case = away(timed(resume), 30, 100)

    assert [after(due)] == dues(case)
    assert after(due) < case.last.wake < after(due + 0.001)  # type: ignore[operator]  # there is a wake
    assert after(due) == case.until(1000).ticket.closed_at


def test_a_timer_starts_anew_unless_it_says_otherwise() -> None:
    """Nothing is kept of a timer that says nothing: whoever left a state for an answer starts waiting anew."""
    plain = flow(states={"a": {"timers": [{"after": "2h", "event": "end"}]}, "b": {}, "z": {}}, transitions=MOVES[:3])

    case = away(plain, 30, 100)

    assert ([after(220)], ()) == (dues(case), case.ticket.resting_timers)
    assert "restart" == plain.states["a"].timers[0].resume
    assert [] == of(TimerRested, case.records)


def test_a_deadline_that_passed_outside_is_due_at_the_entry() -> None:
    """Nothing fires outside the state; back in it the timer is due at that very instant and fires once time is past it."""
    case = away(timed("deadline"), 30, 500)

    assert ("a", [after(500)]) == (case.ticket.state, dues(case))
    assert [] == kinds(case.until(500))
    assert ("z", after(500)) == (case.wake().ticket.state, case.ticket.closed_at)


def test_what_rests_is_recorded_and_kept_only_while_it_rests() -> None:
    """Leaving records what is kept, with the time that was left where that is what counts; coming back uses it up."""
    for resume, left in (("deadline", None), ("remaining", timedelta(minutes=90))):
        case = Case(timed(resume))
        [timer] = case.ticket.timers
        outcome = case.fire("off", minutes=30)

        assert ["Received", "Moved", "TimerRested"] == kinds(outcome)
        assert (RestingTimer(timer=timer, left=left),) == outcome.ticket.resting_timers
        assert (None, ()) == (outcome.wake, outcome.ticket.timers)
        assert ["Received", "Moved", "TimerSet"] == kinds(case.fire("on", minutes=40))
        assert () == case.ticket.resting_timers


def test_remaining_time_is_used_up_over_several_stays() -> None:
    """Every stay takes from what was left, until nothing is; how often does not matter to the size of the ticket."""
    case = Case(timed("remaining"))
    for turn in range(11):
        case.fire("off", minutes=turn * 100 + 10)
        assert 1 == len(case.ticket.resting_timers)
        case.fire("on", minutes=turn * 100 + 100)

    assert [after(1100 + 10)] == dues(case)
    assert "z" == case.until(1111).ticket.state


def test_a_timer_that_fired_starts_anew() -> None:
    """What ran out once is over: the next entry gives the whole time again."""
    for resume in MODES:
        states = {"a": {"timers": [{"after": "2h", "event": "off", "resume": resume}]}, "b": {}, "z": {}}
        case = Case(flow(states=states, transitions=MOVES[:3]))
        case.until(121)
        assert ("b", ()) == (case.ticket.state, case.ticket.resting_timers)
        case.fire("on", minutes=200)

        assert [after(320)] == dues(case), resume


@pytest.mark.parametrize("resume", MODES)
def test_reopening_starts_every_timer_anew(resume: str) -> None:
    """What rested in the life before is gone when the ticket is reopened."""
    case = Case(timed(resume))
    case.fire("off", minutes=30)
    case.fire("shut", minutes=40)
    case.fire("ticket.reopen", minutes=50)

    assert () == case.ticket.resting_timers
    case.fire("on", minutes=60)
    assert [after(180)] == dues(case)


def test_a_timer_of_the_closed_state_does_not_rest_over_a_reopening() -> None:
    """Leaving the closed state by reopening keeps nothing of its own timers."""
    states = {"a": {}, "b": {}, "z": {"closed": True, "timers": [{"after": "2h", "event": "x", "resume": "remaining"}]}}
    case = Case(flow(states=states, transitions=[move("end", "a", "z"), move("ticket.reopen", "z", "a"), move("x", "z", None)]))
    case.fire("end", minutes=10)
    case.fire("ticket.reopen", minutes=40)

    assert () == case.ticket.resting_timers
    case.fire("end", minutes=50)
    assert [after(170)] == dues(case)


def test_remaining_counts_by_the_calendar() -> None:
    """A night outside takes nothing, and a night inside neither: only the hours of the office count."""
    case = Case(timed("remaining", calendar="office", after="10h"))
    case.fire("off", at=after(hours=24))  # Tuesday at nine: eight of ten hours are over
    [resting] = case.ticket.resting_timers
    case.fire("on", at=after(hours=28))

    assert timedelta(hours=2) == resting.left
    assert [after(hours=30)] == dues(case)


def test_remaining_of_working_days_and_of_days_that_pass() -> None:
    """Working days left are the hours of them that were left; days pass as time passes, with a calendar or without."""
    working = Case(timed("remaining", calendar="office", after="2 business days"), at=after(60))
    working.fire("off", at=after(hours=25))  # Tuesday at ten: a day of eight hours is left
    working.fire("on", at=after(hours=27))
    days = Case(timed("remaining", calendar="office", after="2d"))
    days.fire("off", at=after(hours=24))
    days.fire("on", at=after(hours=30))

    assert [after(hours=51)] == dues(working)
    assert [after(hours=54)] == dues(days)


def test_a_deadline_in_working_time_stays_where_it_was() -> None:
    """The instant is kept, however much of it the calendar counts."""
    case = Case(timed("deadline", calendar="office", after="10h"))
    case.fire("off", minutes=60)
    case.fire("on", minutes=120)

    assert [after(hours=26)] == dues(case)


def test_a_compound_state_is_left_only_as_a_whole() -> None:
    """Moving inside leaves its timer alone; leaving it by any of its children lets it rest."""
    work = {"initial": "x", "states": {"x": {}, "y": {}}, "timers": [{"after": "2h", "event": "end", "resume": "remaining"}]}
    moves = [move("n", "x", "y"), move("end", "work", "z"), move("off", "work", "b"), move("on", "b", "work")]
    case = Case(flow(initial="work", states={"work": work, "b": {}, "z": {}}, transitions=moves))
    case.fire("n", minutes=30)

    assert ([after(120)], ()) == (dues(case), case.ticket.resting_timers)
    case.fire("off", minutes=60)
    case.fire("on", minutes=200)
    assert [after(260)] == dues(case)


def test_regions_rest_one_by_one() -> None:
    """A timer of one region rests when that region's state is left; the other region's goes on."""
    timer = {"after": "2h", "event": "late", "resume": "remaining"}
    states = {
        "p": {
            "parallel": True,
            "states": {
                "l": {"states": {"l1": {"timers": [timer]}, "l2": {}}},
                "r": {"states": {"r1": {"timers": [timer]}, "r2": {}}},
            },
        }
    }
    moves = [move("off", "l1", "l2"), move("on", "l2", "l1"), move("late", "p", None), move("halt", "r1", "r2")]
    case = Case(flow(initial="p", states=states, transitions=moves))
    halted = Case(case.workflow)
    halted.fire("halt", minutes=30)
    case.fire("off", minutes=30)

    assert ["r1"] == [resting.timer.state for resting in halted.ticket.resting_timers]

    assert (["r1"], ["l1"]) == (
        [timer.state for timer in case.ticket.timers],
        [resting.timer.state for resting in case.ticket.resting_timers],
    )
    case.fire("on", minutes=50)
    assert [after(120), after(140)] == dues(case)


def test_entering_again_in_one_step_keeps_what_was_left() -> None:
    """A transition from a state to itself leaves and enters it; the timer goes on as if nothing had happened."""
    for resume, due in (("restart", 150), ("deadline", 120), ("remaining", 120)):
        states = {"a": {"timers": [{"after": "2h", "event": "end", "resume": resume}]}, "b": {}, "z": {}}
        case = Case(flow(states=states, transitions=[move("again", "a", "a"), move("end", "a", "z")]))
        case.fire("again", minutes=30)

        assert [after(due)] == dues(case), resume


def test_a_refused_timer_comes_back_due() -> None:
    """A timer that ran out and was refused has nothing left: back in the state it is tried at once."""
    guarded = [move("end", "a", "z", when="ready"), *MOVES[1:3]]
    for resume, due in (("restart", 320), ("deadline", 200), ("remaining", 200)):
        states = {"a": {"timers": [{"after": "2h", "event": "end", "resume": resume}]}, "b": {}, "z": {}}
        case = Case(flow(states=states, transitions=guarded, fields={"ready": "bool"}))
        case.until(130)
        case.fire("off", minutes=150)
        case.fire("ticket.update", {"ready": True}, minutes=160)
        assert "b" == case.ticket.state, "outside the state nothing is tried"
        case.fire("on", minutes=200)

        assert [after(due)] == dues(case), resume
        assert "z" == case.until(400).ticket.state


def test_force_lets_timers_rest_too() -> None:
    """However a state is left, what its timers keep is kept."""
    case = Case(timed("remaining"))
    case.fire("ticket.force", {"state": "b", "reason": "wrong desk"}, minutes=30)
    case.fire("ticket.force", {"state": "a", "reason": "right after all"}, minutes=100)

    assert [after(190)] == dues(case)


@pytest.mark.parametrize("resume", MODES)
def test_a_week_of_downtime_loses_nothing(resume: str) -> None:
    """Waking the ticket once after a week gives what waking it every day, or at each of its wakes, would have given."""
    states = {
        "a": {
            "timers": [{"after": "3d", "event": "off", "resume": resume}, {"after": "5h", "event": "note", "resume": resume}]
        },
        "b": {"timers": [{"after": "20h", "event": "on", "resume": resume, "calendar": "office"}]},
        "z": {},
    }
    moves = [move("off", "a", "b"), move("on", "b", "a"), move("note", "a", None, do=[{"tag": "seen"}])]
    workflow = flow(states=states, transitions=moves, calendars={"office": OFFICE})
    start = Case(workflow)
    once = workflow.advance(start.ticket, at=after(days=21))
    daily = start.ticket
    for day in range(1, 22):
        daily = workflow.advance(daily, at=after(days=day)).ticket
    waking = start.ticket
    while waking.wake is not None and waking.wake <= after(days=21):
        waking = workflow.advance(waking, at=waking.wake).ticket

    assert daily == waking == once.ticket
    assert len(of(TimerFired, once.records)) > 5


@pytest.mark.parametrize("resume", MODES)
def test_tickets_with_resting_timers_are_kept_and_folded(resume: str) -> None:
    """The snapshot goes through JSON, and the records alone give the same ticket."""
    workflow = timed(resume)
    case = Case(workflow)
    case.fire("off", minutes=30)

    assert case.ticket == servflow.load_ticket(servflow.dump(case.ticket))
    assert case.ticket == workflow.fold(case.records)
    case.fire("on", minutes=100)
    assert case.ticket == workflow.fold(case.records)


def test_a_calendar_that_never_opens_again_leaves_nothing_to_count() -> None:
    """A timer that would never run out rests and comes back as one that never runs out."""
    last = {"zone": "UTC", "shifts": {"2026-03-02": ["09:00-10:00"]}}
    states = {"a": {"timers": [{"after": "5h", "event": "end", "resume": "remaining", "calendar": "last"}]}, "b": {}, "z": {}}
    case = Case(flow(states=states, transitions=MOVES[:3], calendars={"last": last}))
    case.fire("off", minutes=30)
    assert [None] == [resting.left for resting in case.ticket.resting_timers]
    case.fire("on", minutes=100)

    assert None is case.last.wake
    assert case.ticket == servflow.load_ticket(servflow.dump(case.ticket))


def test_another_version_may_have_no_such_timer() -> None:
    """What rested for a timer the definition no longer has is left alone and harms nothing."""
    case = Case(timed("remaining"))
    case.fire("off", minutes=30)
    newer = flow(states={"a": {}, "b": {}, "z": {}}, transitions=MOVES[:3], version=2)

    ticket = newer.fire(case.ticket, "on", at=after(100)).ticket

    assert ((), None) == (ticket.timers, ticket.wake)
    assert [] == of(TimerSet, newer.fire(case.ticket, "on", at=after(100)).records)


@pytest.mark.parametrize("left", [[], [{"after": "2h", "event": "end"}]])
def test_another_version_may_lack_a_timer_that_runs(left: list[Any]) -> None:
    """A live timer that the definition no longer has at its place is gone with its state, and nothing of it is kept."""
    ends = {"after": "2h", "event": "end", "resume": "remaining"}
    other = {"timers": [{"after": "9h", "event": "on"}]}
    old = flow(states={"a": {"timers": [ends, ends]}, "b": other, "z": {}}, transitions=MOVES[:3])
    newer = flow(states={"a": {"timers": left}, "b": other, "z": {}}, transitions=MOVES[:3], version=2)

    ticket = newer.fire(Case(old).ticket, "off", at=after(30)).ticket

    assert ([("b", 0)], ()) == ([(timer.state, timer.index) for timer in ticket.timers], ticket.resting_timers)


def test_a_way_to_resume_nobody_knows_is_a_finding() -> None:
    """A misspelt word is found at load, with the word that was probably meant."""
    with pytest.raises(DefinitionError) as caught:
        timed("remaning")

    [finding] = caught.value.findings
    assert ("name.unknown", "states.a.timers[0].resume", "remaining") == (finding.code, finding.path, finding.facts["nearest"])


def test_it_is_written_as_it_is_read() -> None:
    """The definition as data says how a timer resumes only where that is not the usual way."""
    assert [{"after": "2h", "event": "end", "resume": "deadline"}] == timed("deadline").to_data()["states"]["a"]["timers"]
    assert [{"after": "2h", "event": "end"}] == timed("restart").to_data()["states"]["a"]["timers"]
    assert servflow.load(timed("remaining").to_data()) == timed("remaining")


def test_a_state_entered_again_without_being_left_sets_no_second_timer() -> None:
    """A deep history leads from one state inside another to its neighbour: a refused timer around both is not set twice."""
    inner = {"k1": {}, "k2": {}}
    timers = [{"after": "1h", "event": "due", "resume": "remaining"}]
    states = {
        "w": {"states": {"k": {"states": inner, "timers": timers}, "h": {"history": "deep"}}, "initial": "k"},
        "s": {},
    }
    moves = [
        *(move("off", "w", "s"), move("back", "s", "h"), move("swap", "k1", "k2"), move("swap", "k2", "h")),
        move("due", "k", "s", when="priority == 1"),
    ]
    case = Case(flow(initial="w", states=states, transitions=moves))
    for event in ("off", "back", "swap"):
        case.fire(event, minutes=10)
    case.until(100)
    case.fire("swap", minutes=100)

    assert ("k1", 1, ()) == (case.ticket.state, len(case.ticket.refused_timers), case.ticket.timers)
    case.fire("ticket.update", {"priority": 1}, minutes=110)
    assert ("s", ()) == (case.ticket.state, case.ticket.timers)
