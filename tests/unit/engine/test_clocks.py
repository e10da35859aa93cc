"""Knows what starts, moves and ends a ticket's clocks; must not know how open time is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError, Refused
from servflow.model import (
    Amended,
    Breached,
    ClockPaused,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockRun,
    ClockStarted,
    ClockStopped,
    Warned,
)
from tests.unit.engine.flows import Case, after, flow, kinds, move, of

OFFICE: dict[str, Any] = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
HOUR = timedelta(hours=1)


def clocked(
    fields: dict[str, Any] | None = None, *, given: Any = None, parts: dict[str, Any] | None = None, **clock: Any
) -> Case:
    """A ticket with one clock, called k, which has an hour unless said otherwise."""
    workflow = flow(
        fields=fields or {}, calendars={"office": OFFICE}, clocks=[{"name": "k", "within": "1h", **clock}], **(parts or {})
    )
    return Case(workflow, given)


def run(case: Case) -> ClockRun:
    """The clock as it stands."""
    return case.ticket.clocks["k"]


# start, stop, pause ---------------------------------------------------------------------------------------------


def test_a_clock_without_start_runs_from_the_opening() -> None:
    """A clock starts with the ticket unless it says otherwise."""
    case = clocked()

    assert ("running", after(), after(60)) == (run(case).phase, run(case).started_at, run(case).due)


@pytest.mark.parametrize(
    ("condition", "event", "payload"),
    [
        ({"state": "b"}, "go", None),
        ({"event": "go"}, "go", None),
        ({"event": "signal"}, "signal", None),
        ({"message": {"side": "customer"}}, "ticket.message", {"side": "customer"}),
        ({"message": {}}, "ticket.message", {"side": "agent", "public": False}),
        ({"message": {"side": "agent", "public": True}}, "ticket.message", {"side": "agent"}),
        ({"field": "n"}, "ticket.update", {"n": 5}),
        ({"field": {"n": 7}}, "ticket.update", {"n": 7}),
        ({"field": "assignee"}, "ticket.assign", {"to": "ann"}),
        ({"field": {"priority": 1}}, "ticket.update", {"priority": 1}),
        ({"queue": "care"}, "ticket.update", {"queue": "care"}),
    ],
)
@pytest.mark.parametrize("part", ["start", "stop", "pause", "reset", "cancel"])
def test_each_condition_moves_a_clock(part: str, condition: Any, event: str, payload: Any) -> None:
    """Every kind of condition starts, stops, pauses, resets and cancels a clock."""
    parts: dict[str, Any] = {part: [condition]}
    case = clocked({"n": "int"}, **parts)

    outcome = case.fire(event, payload, minutes=10)

    kind = {"start": ClockStarted, "stop": ClockStopped, "pause": ClockPaused, "reset": ClockReset, "cancel": ClockStopped}[
        part
    ]
    assert [after(10)] == [record.instant for record in of(kind, outcome.records)]
    phase = {"start": "running", "stop": "met", "pause": "paused", "reset": "running", "cancel": "cancelled"}[part]
    assert phase == run(case).phase


@pytest.mark.parametrize(
    ("condition", "event", "payload"),
    [
        ({"message": {"side": "customer"}}, "ticket.message", {"side": "agent"}),
        ({"message": {"public": True}}, "ticket.message", {"public": False}),
        ({"field": {"n": 7}}, "ticket.update", {"n": 6}),
        ({"field": "n"}, "ticket.update", {"m": 6}),
        ({"queue": "care"}, "ticket.update", {"queue": "desk"}),
        ({"state": "z"}, "go", None),
    ],
)
def test_what_does_not_match_moves_nothing(condition: Any, event: str, payload: Any) -> None:
    """A condition that something else came near to leaves the clock alone."""
    case = clocked({"n": "int", "m": "int"}, stop=[condition])

    assert [] == of(ClockStopped, case.fire(event, payload).records)


def test_a_declared_field_called_queue_moves_clocks_too() -> None:
    """Where the definition declares the queue as a field, coming into it is the same."""
    case = clocked({"queue": "string"}, start=[{"queue": "care"}])

    assert 1 == len(of(ClockStarted, case.fire("ticket.update", {"queue": "care"}).records))


def test_until_is_short_for_a_stop_on_a_state() -> None:
    """Entering the state named by until stops the clock: the promise was kept."""
    case = clocked(until="b")
    case.fire("go", minutes=60)

    assert ("met", None, after(60)) == (run(case).phase, run(case).breached_at, run(case).stopped_at)


def test_a_clock_does_not_start_where_its_promise_holds_already() -> None:
    """A clock whose until state is the initial one never starts."""
    assert {} == dict(clocked(until="a").ticket.clocks)


@pytest.mark.parametrize("start", [[], [{"state": "b"}]])
def test_what_a_ticket_passes_on_its_way_to_the_end_promises_nothing(start: Any) -> None:
    """A step that goes through a state and closes the ticket leaves no clock running that nothing could stop."""
    moves = [move("go", "a", "b"), move(None, "b", "z"), move("ticket.reopen", "z", "c")]
    clock = {"name": "c", "within": "1h", "start": start, "until": "c"}
    states = {"a": {}, "b": {"approval": {"within": "1h"}}, "c": {}, "z": {"closed": True}}
    case = Case(flow(initial="a" if start else "b", states=states, transitions=moves, clocks=[clock]))
    if start:
        case.fire("go", minutes=1)

    assert ("z", {}, None) == (case.ticket.state, dict(case.ticket.clocks), case.last.wake)


def test_a_promise_may_begin_with_the_closing() -> None:
    """A clock that starts in the closed state itself, or at the event that closes, runs after the closing."""
    for start in ({"state": "z"}, {"event": "end"}):
        case = Case(flow(clocks=[{"name": "c", "within": "1h", "start": [start]}]))
        case.fire("end", minutes=1)

        assert "running" == case.ticket.clocks["c"].phase


def test_closing_cancels_what_still_runs() -> None:
    """A clock that nothing stopped ends with the ticket, neither kept nor broken."""
    case = clocked()
    case.fire("end", minutes=10)

    assert ("cancelled", None) == (run(case).phase, case.ticket.wake)


def test_a_clock_until_closed_is_met_by_closing() -> None:
    """Where closing is what was promised, closing keeps the promise."""
    case = clocked(until="z")
    case.fire("end", minutes=10)

    assert "met" == run(case).phase


def test_no_time_counts_in_a_pausing_state() -> None:
    """A clock rests while the ticket is in a state it is paused in, and goes on with what was left."""
    case = clocked(paused_in="b")
    case.fire("go", minutes=20)

    assert ("paused", None, None) == (run(case).phase, run(case).due, case.ticket.wake)

    outcome = case.fire("back", minutes=100)

    assert ["Received", "Moved", "ClockResumed"] == kinds(outcome)
    assert (after(140), timedelta(minutes=20)) == (run(case).due, run(case).counted)


def test_from_one_pausing_state_to_another_it_stays_paused() -> None:
    """Going from one pausing state to another is no resume."""
    parts = {"states": {"a": {}, "b": {}, "c": {}}, "transitions": [move(), move("on", "b", "c"), move("back", "c", "a")]}
    case = clocked(paused_in=["b", "c"], parts=parts)
    case.fire("go", minutes=20)

    assert [] == of(ClockResumed, case.fire("on", minutes=30).records)
    assert "running" == (case.fire("back", minutes=40), run(case).phase)[1]


def test_a_clock_that_starts_in_a_pausing_state_rests_at_once() -> None:
    """A clock started where it is paused counts nothing until the state is left."""
    case = clocked(paused_in="a")
    case.fire("go", minutes=30)

    assert after(90) == run(case).due


def test_pause_and_resume_by_events() -> None:
    """Events may pause and resume a clock; resuming one that runs does nothing."""
    case = clocked(pause=[{"event": "hold"}], resume=[{"event": "on"}])
    assert ["Received", "ClockTold"] == kinds(case.fire("on", minutes=5))
    case.fire("hold", minutes=10)
    case.fire("on", minutes=40)

    assert after(90) == run(case).due


def test_at_one_instant_stop_goes_before_start() -> None:
    """An event that stops and starts a clock ends one cycle and begins the next."""
    case = clocked(start=[{"event": "reply"}], stop=[{"event": "reply"}])
    case.fire("reply", minutes=1)

    outcome = case.fire("reply", minutes=2)

    assert ["Received", "ClockStopped", "ClockStarted", "ClockTold"] == kinds(outcome)
    assert (2, after(2)) == (run(case).cycle, run(case).started_at)


def test_cancel_goes_before_stop() -> None:
    """An event that would cancel and stop cancels."""
    case = clocked(cancel=[{"event": "x"}], stop=[{"event": "x"}])
    case.fire("x")

    assert "cancelled" == run(case).phase


def test_reset_counts_from_nothing() -> None:
    """A reset keeps the cycle and begins to count anew."""
    case = clocked(reset=[{"event": "x"}])
    case.fire("x", minutes=30)

    assert (1, after(90), timedelta()) == (run(case).cycle, run(case).due, run(case).counted)


def test_a_promise_without_a_target_is_not_made() -> None:
    """Where no choice applies to the ticket nothing is promised."""
    case = clocked({"tier": "string"}, within=[{"when": "tier == 'gold'", "take": "1h"}])

    assert {} == dict(case.ticket.clocks)


# marks ----------------------------------------------------------------------------------------------------------


def test_breach_comes_just_after_due() -> None:
    """At the due instant the clock is in time; a microsecond later it is breached, at the due instant."""
    case = clocked()

    assert [] == kinds(case.until(60))
    outcome = case.until(60.001)

    assert [after(60)] == [record.instant for record in of(Breached, outcome.records)]
    assert (after(60), after(60), ("breach",)) == (run(case).due, run(case).breached_at, run(case).marks)


def test_warn_marks_come_in_their_order() -> None:
    """Marks before and after the end are each recorded at their own instant, however late anybody looks."""
    case = clocked(warn=["50%", "10m before", "30m after", "150%"])

    outcome = case.until(1000)

    seen = [(record.mark, record.instant) for record in of(Warned, outcome.records)]
    assert [("50%", after(30)), ("10m before", after(50)), ("30m after", after(90)), ("150%", after(90))] == seen
    assert ["Warned", "Warned", "Breached", "Warned", "Warned"] == kinds(outcome)
    assert [after(30), after(50), after(60), after(90), after(90)] == [record.at for record in outcome.records]


def test_stopping_exactly_on_time_is_in_time() -> None:
    """An event at the due instant itself keeps the promise."""
    case = clocked(until="b")

    assert [] == of(Breached, case.fire("go", minutes=60).records)
    assert not run(case).over


def test_stopping_late_is_breached_and_over() -> None:
    """An event after the due instant finds the clock breached at its due instant."""
    case = clocked(until="b")
    case.fire("go", minutes=90)

    assert ("met", after(60), True) == (run(case).phase, run(case).breached_at, run(case).over)


def test_breached_in_closed_hours_is_not_over() -> None:
    """Stopped after closing time the promise is broken, though no more time counted than was promised."""
    case = clocked(within="8h", calendar="office", until="b")
    case.fire("go", minutes=9 * 60)

    assert (after(hours=8), False) == (run(case).breached_at, run(case).over)


# counting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("within", "due"),
    [
        ("8h", datetime(2026, 3, 2, 17, tzinfo=UTC)),
        ("9h", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        (timedelta(hours=9), datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("3d", datetime(2026, 3, 5, 9, tzinfo=UTC)),
        ("1w", datetime(2026, 3, 9, 9, tzinfo=UTC)),
        ("2 business days", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        ("5 business days", datetime(2026, 3, 9, 9, tzinfo=UTC)),
        ({"end_of": "business day"}, datetime(2026, 3, 2, 17, tzinfo=UTC)),
        ({"end_of": "next business day"}, datetime(2026, 3, 3, 17, tzinfo=UTC)),
        ({"at": "12:00", "of": "next business day"}, datetime(2026, 3, 3, 12, tzinfo=UTC)),
    ],
)
def test_targets_count_as_they_are_written(within: Any, due: datetime) -> None:
    """Hours count open time, days pass, business days and places in the calendar become open time at the start."""
    moment = run(clocked(within=within, calendar="office")).due

    assert due in (moment, Calendar(**OFFICE).next_opening(moment)), moment  # type: ignore[arg-type]  # a promise has a due


def test_without_a_calendar_hours_pass() -> None:
    """A clock without a calendar counts time as it passes."""
    assert after(hours=30) == run(clocked(within="30h")).due


def test_business_days_need_a_calendar() -> None:
    """A definition that counts business days without a calendar is refused."""
    with pytest.raises(DefinitionError):
        clocked(within="2 business days")


def test_the_calendar_may_be_chosen_by_condition() -> None:
    """Calendars are chosen like targets: the first whose condition holds."""
    choice = [{"when": "tier == 'gold'", "take": None}, {"take": "office"}]
    fields = {"tier": "string"}

    assert after(hours=10) == run(clocked(fields, given={"tier": "gold"}, within="10h", calendar=choice)).due
    assert after(hours=2, days=1) == run(clocked(fields, given={"tier": "basic"}, within="10h", calendar=choice)).due


def test_the_hosts_calendar_of_a_name_counts() -> None:
    """A calendar that the host gives by name counts without being in the definition."""
    workflow = flow(clocks=[{"name": "k", "within": "9h", "calendar": "ours"}], host_calendars={"ours": Calendar(**OFFICE)})

    assert after(hours=1, days=1) == run(Case(workflow)).due


# retargets ------------------------------------------------------------------------------------------------------

TIER = {"tier": {"type": "string", "default": "basic"}}
CHOICE = [{"when": "tier == 'gold'", "take": "1h"}, {"take": "4h"}]


@pytest.mark.parametrize(
    ("option", "due"),
    [("carry", after(60)), ("restart", after(90)), ("recount", after(60)), ("keep", after(240))],
)
def test_a_change_of_what_the_target_reads_retargets(option: str, due: datetime) -> None:
    """A changed field chooses another target, applied as on_retarget says."""
    case = clocked(TIER, within=CHOICE, on_retarget=option)

    outcome = case.fire("ticket.update", {"tier": "gold"}, minutes=30)

    assert due == run(case).due
    assert (0 if option == "keep" else 1) == len(of(ClockRetargeted, outcome.records))


def test_a_retarget_into_the_past_breaches_at_the_retarget() -> None:
    """Where the new target was used up already, the breach is when the target changed, not before."""
    case = clocked(TIER, within=CHOICE)
    case.fire("ticket.update", {"tier": "gold"}, minutes=90)

    assert after(90) == (case.until(91), run(case).breached_at)[1]


def test_a_rule_may_retarget() -> None:
    """What a rule sets chooses the target in the same step."""
    parts = {"rules": [{"name": "r", "when": "n > 5", "then": {"set": {"tier": "'gold'"}}}]}
    case = clocked({**TIER, "n": "int"}, within=CHOICE, parts=parts)

    assert after(60) == (case.fire("ticket.update", {"n": 9}), run(case).due)[1]


def test_a_target_may_depend_on_a_table() -> None:
    """A target that asks a table is chosen again when the table's inputs change."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"fast": "bool"}, "rows": [[">5", "true"], ["-", "false"]]}
    case = clocked(
        {"n": "int"}, within=[{"when": "table.t.fast", "take": "1h"}, {"take": "4h"}], parts={"tables": {"t": table}}
    )

    assert after(60) == (case.fire("ticket.update", {"n": 9}), run(case).due)[1]


def test_a_target_may_depend_on_the_state() -> None:
    """A target that asks for the state is chosen again when the ticket moves."""
    case = clocked(within=[{"when": "state == 'b'", "take": "1h"}, {"take": "4h"}])

    assert after(60) == (case.fire("go"), run(case).due)[1]


def test_a_target_that_cannot_be_chosen_refuses_the_event() -> None:
    """A condition of a target that fails on these values refuses the event that made it fail."""
    case = clocked({"n": {"type": "int", "default": 1}}, within=[{"when": "10 / n > 5", "take": "1h"}, {"take": "2h"}])

    with pytest.raises(Refused) as caught:
        case.fire("ticket.update", {"n": 0})
    assert "guard" == caught.value.code


# reopening ------------------------------------------------------------------------------------------------------


def reopened(**clock: Any) -> Case:
    """A ticket settled after 20 minutes, closed after 30 and reopened after 100."""
    case = clocked(until="b", **clock)
    case.fire("go", minutes=20)
    case.fire("end", minutes=30)
    case.fire("ticket.reopen", minutes=100)
    return case


def test_a_reopened_ticket_gets_a_new_cycle() -> None:
    """By default the promise is made anew, and the old cycle is kept as a summary."""
    found = run(reopened())

    assert (2, "running", after(160), 1) == (found.cycle, found.phase, found.due, found.summary.met)


def test_a_reopened_ticket_may_resume() -> None:
    """With resume the clock goes on where it stopped; the time between does not count."""
    found = run(reopened(on_reopen="resume"))

    assert (1, "running", after(140), timedelta(minutes=20)) == (found.cycle, found.phase, found.due, found.counted)


def test_a_reopened_ticket_may_ignore_the_clock() -> None:
    """With ignore the clock stays as it ended."""
    found = run(reopened(on_reopen="ignore"))

    assert (1, "met") == (found.cycle, found.phase)


def test_a_clock_with_a_start_waits_for_it_after_a_reopening() -> None:
    """A clock that starts by a condition begins its new cycle by that condition, not by the reopening."""
    case = clocked(until="b", start=[{"event": "signal"}])
    case.fire("signal", minutes=10)
    for event in ("go", "end", "ticket.reopen"):
        case.fire(event, minutes=20)

    assert ("met", 1) == (run(case).phase, run(case).cycle)
    case.fire("signal", minutes=30)
    assert ("running", 2) == (run(case).phase, run(case).cycle)


# calendars that change ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "due"), [("recompute", after(hours=8, days=1)), ("prospective", after(hours=8, days=1))])
def test_a_new_holiday_counts_as_the_clock_says(option: str, due: datetime) -> None:
    """A changed calendar counts from the next call on, without another version of the workflow."""
    clocks = [{"name": "k", "within": "8h", "calendar": "ours", "on_calendar_change": option}]
    before = flow(clocks=clocks, host_calendars={"ours": Calendar(**OFFICE)})
    later = flow(clocks=clocks, host_calendars={"ours": Calendar(**OFFICE, holidays=["2026-03-02"])})
    ticket = before.open("T1", at=after()).ticket

    moved = later.fire(ticket, "go", at=after()).ticket

    assert before.hash == later.hash
    assert due == moved.clocks["k"].due
    assert later.calendars_hash == moved.pins["calendars"]


# what is told ---------------------------------------------------------------------------------------------------

ENDED, AWAY = [("ClockStarted", "")], ["go", "back"]


@pytest.mark.parametrize(
    ("clock", "events", "told"),
    [
        ({"until": "z"}, ["end"], [*ENDED, ("ClockStopped", "reached")]),
        ({"cancel": {"state": "b"}}, ["go"], [*ENDED, ("ClockStopped", "cancelled by its condition")]),
        ({}, ["end"], [*ENDED, ("ClockStopped", "the ticket closed")]),
        ({"paused_in": "b"}, AWAY, [*ENDED, ("ClockPaused", "in state b"), ("ClockResumed", "")]),
        (
            {"pause": {"state": "b"}, "resume": {"state": "a"}},
            AWAY,
            [*ENDED, ("ClockPaused", "paused by its condition"), ("ClockResumed", "")],
        ),
        ({"paused_in": "a"}, [], [*ENDED, ("ClockPaused", "started while paused")]),
        ({"reset": {"state": "b"}}, ["go"], [*ENDED, ("ClockReset", "reset by its condition")]),
        (
            {"until": "z", "on_reopen": "resume"},
            ["end", "ticket.reopen"],
            [*ENDED, ("ClockStopped", "reached"), ("ClockResumed", "reopened")],
        ),
    ],
)
def test_every_change_of_a_clock_says_why(clock: dict[str, Any], events: list[str], told: list[tuple[str, str]]) -> None:
    """The record of a change has the reason in words, or none where its kind says it all."""
    case = clocked(**{"within": "4h", **clock})
    for event in events:
        case.fire(event)

    assert told == [
        (type(one).__name__, one.reason)
        for one in case.records
        if type(one).__name__.startswith("Clock") and hasattr(one, "reason")
    ]


def test_what_does_not_change_the_target_leaves_a_clock_alone() -> None:
    """A field that targets do not read is nothing to a clock, and one they read is something even if the target stays."""
    within = [{"when": "n > 5", "take": "2h"}, {"take": "4h"}]
    case = clocked({"n": {"type": "int", "default": 0}, "m": {"type": "int", "default": 0}}, within=within)

    assert ["Received", "Updated"] == kinds(case.fire("ticket.update", {"m": 1}))
    assert ["Received", "Updated"] == kinds(case.fire("ticket.update", {"n": 1}))
    (moved,) = of(ClockRetargeted, case.fire("ticket.update", {"n": 6}).records)
    assert ("target changed", 2 * HOUR) == (moved.reason, moved.run.within)


# a target that applies later ------------------------------------------------------------------------------------

TEN, HALF = [{"when": "vip", "take": "10h"}], [("Warned", 90), ("Breached", 120)]


@pytest.mark.parametrize(
    ("clock", "gone", "at", "start", "stands", "then"),
    [
        ({}, None, 60, 0, ("running", 120, 0), [("Breached", 120)]),
        ({}, None, 120, 0, ("running", 120, 0), [("Breached", 120)]),
        ({}, None, 180, 0, ("running", 180, 0), [("Breached", 180)]),  # nothing is late before it was promised
        ({"warn": ["50%"]}, None, 90, 0, ("running", 120, 0), HALF),
        ({"start": {"state": "b"}}, 30, 60, 30, ("running", 150, 0), [("Breached", 150)]),
        ({"paused_in": "b"}, 30, 60, 0, ("paused", None, 30), []),
        ({"paused_in": "b"}, 30, 180, 0, ("paused", None, 30), []),
        ({"counts_in": "b"}, None, 60, 0, ("paused", None, 0), []),
        ({"counts_in_queue": ["care"]}, None, 60, 0, ("paused", None, 0), []),
        ({"calendar": "office", "within": TEN}, None, 60, 0, ("running", 26 * 60, 0), []),
        ({"start": {"state": "b"}}, None, 60, None, None, []),
        ({"start": {"event": "go"}}, 30, 60, None, None, []),  # only an event could tell, and it is over
        ({"until": "b"}, 30, 60, None, None, []),
        ({"stop": {"event": "go"}}, None, 60, None, None, []),
        ({"cancel": {"event": "go"}}, None, 60, None, None, []),
        ({"reset": {"event": "go"}}, None, 60, None, None, []),
    ],
)
def test_a_target_that_applies_later_counts_from_the_start(
    clock: dict[str, Any], gone: float | None, at: float, start: float | None, stands: Any, then: list[tuple[str, float]]
) -> None:
    """A clock that promised nothing begins from when it would have run, as far as the ticket knows; what it missed is due."""
    case = clocked({"vip": {"type": "bool", "default": False}}, **{"within": [{"when": "vip", "take": "2h"}], **clock})
    if gone is not None:
        case.fire("go", minutes=gone)

    outcome = case.fire("ticket.update", {"vip": True}, minutes=at)

    started = of(ClockStarted, outcome.records)
    begun = [] if start is None else [(after(start), "a target applies now")]
    assert begun == [(one.instant, one.reason) for one in started]
    if stands is None:
        assert {} == dict(case.ticket.clocks)
    else:
        phase, due, counted = stands
        assert (phase, None if due is None else after(due), timedelta(minutes=counted), clock.get("calendar")) == (
            run(case).phase,
            run(case).due,
            run(case).counted,
            run(case).calendar,
        )
    marks = [
        (type(one).__name__, one.instant) for one in of(Warned, case.until(at + 300).records) + of(Breached, case.last.records)
    ]
    assert [(kind, after(when)) for kind, when in then] == marks


def test_a_reset_counts_by_the_calendar_anew() -> None:
    """What was counted is forgotten, and the whole target lies in open time from the reset on, also when that is told late."""
    spec = {"within": "4h", "calendar": "office", "reset": {"event": "go"}}
    case, late = clocked(**spec), clocked(**spec)

    (reset,) = of(ClockReset, case.fire("go", minutes=6 * 60).records)
    assert ("office", after(hours=26), timedelta()) == (reset.run.calendar, reset.run.due, reset.run.counted)
    late.fire("go", minutes=7 * 60, occurred=after(6 * 60))
    assert (after(hours=26), "office") == (run(late).due, run(late).calendar)


def test_a_reset_by_a_field_told_late_takes_back_a_breach() -> None:
    """A clock that only fields reset counts anew from when that occurred; what was reached since has not happened."""
    fields = {"n": {"type": "int", "default": 0}}
    case = clocked(fields, within="4h", calendar="office", reset={"field": "n"}, warn=["50%"])
    case.until(5 * 60)

    outcome = case.fire("ticket.update", {"n": 1}, minutes=5 * 60, occurred=after(3 * 60))

    assert [("breach", after(4 * 60), "occurred earlier")] == [
        (one.mark, one.was, one.reason) for one in of(Amended, outcome.records)
    ]
    assert [after(3 * 60)] == [one.instant for one in of(ClockReset, outcome.records)]
    assert ("office", after(7 * 60), None) == (run(case).calendar, run(case).due, run(case).breached_at)
    (warned,) = of(Warned, case.until(6 * 60).records)
    assert after(5 * 60) == warned.instant


def test_a_reset_and_another_target_stay_within_the_clock_around() -> None:
    """What a clock may have at most is worked out again with every change, by what counts for it."""
    fields = {"n": {"type": "int", "default": 0}, "m": {"type": "int", "default": 0}}
    inner = {"name": "in", "within": [{"when": "m > 0", "take": "7h"}, {"take": "4h"}], "reset": {"field": "n"}, "parent": "k"}
    workflow = flow(
        fields=fields, calendars={"office": OFFICE}, clocks=[{"name": "k", "within": "8h"}, {**inner, "calendar": "office"}]
    )
    reset, target = Case(workflow), Case(workflow)
    reset.fire("ticket.update", {"n": 1}, minutes=6 * 60)
    target.fire("ticket.update", {"m": 1}, minutes=2 * 60)

    assert [(after(8 * 60), "office"), (after(7 * 60), "office")] == [
        (case.ticket.clocks["in"].due, case.ticket.clocks["in"].calendar) for case in (reset, target)
    ]


def test_another_calendar_keeps_what_the_old_one_counted() -> None:
    """Eight hours of the office are eight hours; the two that are left pass in the other calendar, or without one."""
    shifts = {"office": OFFICE, "late": {"zone": "UTC", "week": {"mon-fri": ["19:00-23:00"]}}}
    for name, due in (("late", after(hours=12)), (None, after(hours=12) - HOUR)):
        calendar = [{"when": "n > 0", "take": name}, {"take": "office"}]
        spec = {"name": "k", "within": "10h", "calendar": calendar}
        case = Case(flow(fields={"n": {"type": "int", "default": 0}}, calendars=shifts, clocks=[spec]))

        (moved,) = of(ClockRetargeted, case.fire("ticket.update", {"n": 1}, minutes=9 * 60).records)

        assert (8 * HOUR, due, name) == (moved.run.counted, moved.run.due, moved.run.calendar)


# definitions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "path"),
    [
        ({"until": "bb"}, "clocks[0]"),
        ({"start": {"state": "bb"}}, "clocks[0]"),
        ({"paused_in": "bb"}, "clocks[0].paused_in"),
        ({"calendar": "ofice"}, "clocks[0].calendar"),
        ({"start": {"field": "nn"}}, "clocks[0]"),
        ({"within": [{"when": "nn == 1", "take": "1h"}]}, "clocks[0].within[0].when"),
        ({"within": [{"when": "at > opened_at", "take": "1h"}]}, "clocks[0].within[0].when"),
        ({"within": "soon"}, "clocks[0].within"),
        ({"warn": ["80"]}, "clocks[0].warn[0]"),
        ({"on_retarget": "cary"}, "clocks[0].on_retarget"),
    ],
)
def test_a_wrong_clock_is_found_at_its_place(clock: dict[str, Any], path: str) -> None:
    """A definition with a wrong clock is refused with a finding at its place."""
    with pytest.raises(DefinitionError) as caught:
        clocked({"n": "int"}, **clock)

    places = [finding.path for finding in caught.value.findings]
    assert all(place.startswith(path) for place in places), places


WRONG = "name.unknown"
QUEUES, TYPED = {"queues": ["care", "lab"]}, {"transitions": [move("go stop", payload={"n": {"type": "int"}}), move("rest")]}


@pytest.mark.parametrize(
    ("clock", "parts", "found"),
    [
        ({"until": "bb"}, {}, (WRONG, "until", {"kind": "state", "name": "bb"})),
        ({"paused_in": "bb"}, {}, (WRONG, "paused_in", {"kind": "state", "name": "bb"})),
        ({"start": {"state": "bb"}}, {}, (WRONG, "start[0]", {"kind": "state", "name": "bb"})),
        ({"cancel": {"left": "bb"}}, {}, (WRONG, "cancel[0].left", {"kind": "state", "name": "bb"})),
        ({"start": {"field": "nn"}}, {}, (WRONG, "start[0].field", {"kind": "field", "name": "nn"})),
        ({"pause": {"field": {"nn": 1}}}, {}, (WRONG, "pause[0].field", {"kind": "field", "name": "nn"})),
        ({"start": {"queue": "car"}}, QUEUES, (WRONG, "start[0].queue", {"kind": "queue", "name": "car"})),
        ({"cancel": {"left_queue": "car"}}, QUEUES, (WRONG, "cancel[0].left_queue", {"kind": "queue", "name": "car"})),
        ({"stop": {"event": "go", "after": "kk"}}, {}, (WRONG, "stop[0].after", {"kind": "clock", "name": "kk"})),
        ({"within": "2 business days"}, {}, ("clock.needs_calendar", "within", {"clock": "k"})),
        ({"reset": {"event": "stop", "when": "payload.n == 'x'"}}, TYPED, ("expression.invalid", "reset[0].when", {})),
        ({"start": {"queue": "car"}}, {}, None),
        *(({"reset": {"field": name}}, {}, None) for name in ("priority", "assignee", "owner", "outlet", "customer")),
        ({"reset": {"event": "rest", "when": "payload.n == 'x'"}}, TYPED, None),
        ({"reset": {"message": {"side": "customer"}, "when": "payload.text == 'x'"}}, {}, None),
    ],
)
def test_what_a_clock_waits_for_is_checked_by_name(clock: dict[str, Any], parts: dict[str, Any], found: Any) -> None:
    """A finding says what kind of name is not there and where; what is there, or cannot be known, is taken."""
    if found is None:
        assert "T1" == clocked(parts=parts, **clock).ticket.id
        return
    with pytest.raises(DefinitionError) as caught:
        clocked(parts=parts, **clock)

    [finding] = caught.value.findings
    facts = {name: finding.facts[name] for name in ("kind", "name", "clock") if name in finding.facts}
    assert (found[0], f"clocks[0].{found[1]}", found[2]) == (finding.code, finding.path, facts)
