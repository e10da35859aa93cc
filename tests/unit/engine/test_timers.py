"""Knows when state timers fire, are refused and are tried again; must not know clocks or chains."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import LimitError
from servflow.model import TimerFired, TimerRefused
from tests.unit.engine.flows import START, Case, after, flow, kinds, move, of

TIMED: dict[str, Any] = {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}, "z": {"closed": True}}
COUNT = {"n": {"type": "int", "default": 0}}


def timed(**more: Any) -> Case:
    """A ticket whose first state leaves for b an hour after it was entered."""
    return Case(flow(**{"states": TIMED, "transitions": [move(), move("back", "b", "a"), move("stay", "a", None)], **more}))


def test_a_timer_fires_once_time_is_past_it() -> None:
    """At the timer's instant nothing has happened yet; a microsecond later it has, at its own instant."""
    case = timed()

    assert after(60) < case.last.wake < after(60.001)  # type: ignore[operator]  # there is a wake
    assert [] == kinds(case.until(60))
    outcome = case.until(200)

    assert ["TimerFired", "Moved"] == kinds(outcome)
    assert ("b", after(60), None) == (outcome.ticket.state, outcome.ticket.at, outcome.wake)


def test_leaving_the_state_forgets_the_timer() -> None:
    """A timer belongs to its state; a later entry sets it anew."""
    case = timed()
    case.fire("go", minutes=30)

    assert not case.ticket.timers
    case.fire("back", minutes=50)
    assert [after(110)] == [timer.due for timer in case.ticket.timers]


def test_a_transition_without_target_leaves_the_timer_alone() -> None:
    """Something that does not leave the state does not set its timers back."""
    case = timed()
    case.fire("stay", minutes=30)

    assert [after(60)] == [timer.due for timer in case.ticket.timers]


def test_a_timer_fires_before_a_later_event() -> None:
    """What was set for earlier happens first, so the event finds the state the timer led to."""
    case = timed(transitions=[move(), move("end", "b", "z")])

    outcome = case.fire("end", minutes=90)

    assert ["TimerFired", "Moved", "Received", "Moved"] == kinds(outcome)
    assert [after(60), after(60), after(90), after(90)] == [record.at for record in outcome.records]


def test_an_event_at_the_timers_own_instant_comes_first() -> None:
    """Whether a host ticks or fires first at one instant does not matter: the event wins."""
    ticked = timed(transitions=[move(), move("end", "a", "z")])
    ticked.until(60)
    direct = timed(transitions=[move(), move("end", "a", "z")])

    assert ticked.fire("end", minutes=60).ticket == direct.fire("end", minutes=60).ticket
    assert "z" == direct.ticket.state


def test_an_event_at_the_very_wake_comes_after_the_timer() -> None:
    """The wake is past what was set, so whoever fires then finds what the timer left."""
    case = timed(transitions=[move(), move("end", "b", "z")])

    outcome = case.workflow.fire(case.ticket, "end", at=case.last.wake)  # type: ignore[arg-type]  # there is a wake

    assert ["TimerFired", "Moved", "Received", "Moved"] == kinds(outcome)
    assert (after(60), case.last.wake) == (outcome.records[0].at, outcome.records[-1].at)


def test_what_listens_to_an_event_hears_it_from_a_timer_too() -> None:
    """A clock that stops with an event stops where a timer fires it, and where the workflow raises it itself."""
    clock = {"name": "k", "within": "9h", "stop": {"event": "go"}}
    fired = timed(clocks=[clock])
    fired.until(61)
    raised = timed(
        clocks=[{**clock, "stop": {"event": "told"}}], transitions=[move(do=[{"emit": "told"}]), move("told", "b", None)]
    )
    raised.until(61)

    assert [("met", after(60))] * 2 == [
        (case.ticket.clocks["k"].phase, case.ticket.clocks["k"].stopped_at) for case in (fired, raised)
    ]


def test_two_timers_in_document_order() -> None:
    """Timers for one instant fire in the order they are written; the loser is gone with the state."""
    states = {"a": {"timers": [{"after": "60m", "event": "end"}, {"after": "1h", "event": "go"}]}, "b": {}, "z": {}}

    assert "z" == Case(flow(states=states)).until(61).ticket.state


def test_a_timer_may_count_in_a_calendar() -> None:
    """A timer with a calendar counts open time and ends at the left limit; days pass as time passes."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    states = {
        "a": {"timers": [{"after": "8h", "event": "go", "calendar": "office"}]},
        "b": {"timers": [{"after": "5d", "event": "end", "calendar": "office"}]},
        "z": {},
    }
    case = Case(flow(states=states, calendars={"office": office}))

    assert [after(hours=8)] == [timer.due for timer in case.ticket.timers]
    case.fire("go", minutes=1)
    assert [after(1, days=5)] == [timer.due for timer in case.ticket.timers]


def test_a_timer_on_a_state_around_others() -> None:
    """A timer of a compound state goes on while its children change."""
    states = {"p": {"initial": "x", "states": {"x": {}, "y": {}}, "timers": [{"after": "1h", "event": "go"}]}, "z": {}}
    case = Case(flow(initial="p", states=states, transitions=[move("n", "x", "y"), move("go", "p", "z")]))
    case.fire("n", minutes=30)

    assert "z" == case.until(61).ticket.state


def test_a_refused_timer_is_recorded_and_waits() -> None:
    """A timer whose guard is false leaves a record with the reason and does not fire again by time."""
    case = timed(fields=COUNT, transitions=[move(when="n > 5")])

    outcome = case.until(90)

    [record] = of(TimerRefused, outcome.records)
    assert ("guard", ("n",)) == (record.code, record.refused.reads)
    assert "n (0) > 5" in record.why
    assert (None, "a") == (outcome.wake, outcome.ticket.state)


def test_a_refused_timer_is_tried_again_when_what_its_guard_reads_changes() -> None:
    """A change of what the guard reads tries the timer again; it fires then, not at its old instant."""
    case = timed(fields={**COUNT, "m": "int"}, transitions=[move(when="n > 5")])
    case.until(90)

    assert [] == of(TimerRefused, case.fire("ticket.update", {"m": 1}).records), "what it does not read is no reason"
    assert ["Received", "Updated", "TimerRefused"] == kinds(case.fire("ticket.update", {"n": 3}))
    outcome = case.fire("ticket.update", {"n": 9}, minutes=120)

    assert ["Received", "Updated", "TimerFired", "Moved"] == kinds(outcome)
    assert ("b", after(120), ()) == (outcome.ticket.state, outcome.ticket.at, outcome.ticket.refused_timers)


def test_a_refused_timer_follows_the_assignee() -> None:
    """Assigning tries a timer again whose guard asks who has the ticket, once."""
    case = timed(transitions=[move(when="assignee == 'ann'")])
    case.until(61)

    assert 1 == len(of(TimerRefused, case.fire("ticket.assign", {"to": "bob"}).records))
    assert "b" == case.fire("ticket.assign", {"to": "ann"}).ticket.state


def test_a_refused_timer_follows_the_checklist() -> None:
    """Checking the last step tries a timer again whose guard waits for it."""
    case = timed(states={**TIMED, "a": {**TIMED["a"], "checklist": ["x"]}}, transitions=[move(when="checklist.complete")])
    case.until(61)

    assert "b" == case.fire("step.check", {"step": "x"}).ticket.state


def test_a_refused_timer_follows_what_a_table_reads() -> None:
    """A guard that asks a table reads what the table reads."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"ok": "bool"}, "rows": [[">5", "true"], ["-", "false"]]}
    case = timed(fields=COUNT, tables={"t": table}, transitions=[move(when="table.t.ok")])
    case.until(61)

    assert "b" == case.fire("ticket.update", {"n": 9}).ticket.state


def test_several_refused_timers_wait_each_for_its_own() -> None:
    """Of two that were refused one is tried again and fires; the other waits on, and refused once more it is one still."""
    states = {"a": {"timers": [{"after": "1h", "event": "go"}, {"after": "2h", "event": "tell"}]}, "b": {}, "z": {}}
    ways = [move(when="n > 5"), move("tell", "a", None, when="m > 5")]
    case = Case(flow(states=states, fields={**COUNT, "m": {"type": "int", "default": 0}}, transitions=ways))
    case.until(200)

    def waiting() -> list[tuple[int, tuple[str, ...]]]:
        return [(held.timer.index, held.reads) for held in case.ticket.refused_timers]

    assert [(0, ("n",)), (1, ("m",))] == waiting()
    case.fire("ticket.update", {"n": 1})
    assert [(1, ("m",)), (0, ("n",))] == waiting()
    case.fire("ticket.update", {"m": 9})
    assert ([(0, ("n",))], "a") == (waiting(), case.ticket.state)
    assert ("b", []) == (case.fire("ticket.update", {"n": 9}).ticket.state, waiting())


def test_a_timer_whose_updates_fail_is_refused_and_tried_again() -> None:
    """A timer whose update does not fit undoes its step, says why, and is tried again when its guard's values change."""
    fields = {"p": {"type": "int", "default": 99}}
    case = timed(fields=fields, transitions=[move(when="p > 0", do=[{"set": {"priority": "p"}}])])

    outcome = case.until(61)

    assert (["TimerRefused"], "a") == (kinds(outcome), outcome.ticket.state)
    [refused] = of(TimerRefused, outcome.records)
    assert ("payload", True) == (refused.code, "99" in refused.why)
    assert ("b", 2) == ((ticket := case.fire("ticket.update", {"p": 2}).ticket).state, ticket.priority)


def test_what_a_timer_raises_cannot_hold_the_ticket_up() -> None:
    """A timer whose internal event cannot be carried out comes to nothing, visibly, and time goes on for the ticket."""
    fields = {"p": {"type": "int", "default": 99}}
    ways = [move(do=[{"emit": "x"}]), move("x", "b", "z", do=[{"set": {"priority": "p"}}])]
    case = timed(fields=fields, transitions=ways)

    outcome = case.until(61)

    assert outcome.records, "what came of it is on record"
    assert outcome.wake is None
    assert [] == kinds(case.until(120))


def test_a_timer_that_nothing_takes_is_recorded() -> None:
    """A timer of a compound state that the present child does not take is refused as not_here."""
    states = {"p": {"initial": "x", "states": {"x": {}, "y": {}}, "timers": [{"after": "1h", "event": "go"}]}, "z": {}}
    case = Case(flow(initial="p", states=states, transitions=[move("n", "x", "y"), move("go", "y", "z")]))

    assert ["not_here"] == [record.code for record in of(TimerRefused, case.until(61).records)]


def test_timers_that_follow_each_other_each_have_their_instant() -> None:
    """A timer set by a timer counts from that one's instant, however late anybody looks."""
    states = {"a": TIMED["a"], "b": {"timers": [{"after": "2h", "event": "end"}]}, "z": {}}
    case = Case(flow(states=states))

    outcome = case.until(10_000)

    assert [after(60), after(180)] == [record.at for record in of(TimerFired, outcome.records)]
    assert after(180) == outcome.ticket.at


def test_timers_that_set_each_other_without_progress_are_stopped() -> None:
    """Timers of no length in a circle are given up with a note, and the ticket goes on."""
    timer = {"timers": [{"after": "0h", "event": "go"}]}
    case = Case(flow(states={"a": timer, "b": timer}, transitions=[move(), move("go", "b", "a")]))

    outcome = case.until(1)

    assert ["circle"] == [record.code for record in of(TimerRefused, outcome.records)]
    assert outcome.wake is None
    assert case.until(2).ticket == outcome.ticket


def test_a_ticket_that_slept_too_long_says_how_far_to_advance_first() -> None:
    """More timers than one call works off: advancing to the instant named gets through."""
    ticking = {"a": {"timers": [{"after": "1m", "event": "tick"}]}}
    workflow = flow(states=ticking, initial="a", transitions=[{"event": "tick", "source": "a", "target": "a"}])
    ticket = workflow.open("T", at=START).ticket

    with pytest.raises(LimitError) as caught:
        workflow.advance(ticket, at=after(30_000))

    assert after(20_001) == caught.value.reached
    ticket = workflow.advance(ticket, at=caught.value.reached).ticket
    assert after(29_999) == workflow.advance(ticket, at=after(30_000)).ticket.at
