"""Knows what changed calendars do to the clocks of tickets; must not know how open time is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.documents import load
from servflow.engine import PastCalendars, Workflow
from servflow.errors import DefinitionError, TimeError
from servflow.model import Amended, Breached, ClockRetargeted, Repinned, Warned, write_instant
from tests.unit.engine.flows import Case, after, flow, kinds, of

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-20:00"]})
HOLIDAY = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-02"])
HOUR = timedelta(hours=1)
NOON = after(hours=27)
"""Of Tuesday, the day after the start: eleven hours of OFFICE are counted, and LATE opens two hours on."""


def counted_by(calendar: Calendar, past: Any = (), **clock: Any) -> Workflow:
    """A workflow with a clock of sixteen hours that lets a changed calendar count from the change on."""
    promise = {"name": "k", "within": "16h", "calendar": "ours", "on_calendar_change": "prospective", **clock}
    return flow(clocks=[promise], host_calendars={"ours": calendar}, past_calendars=past)


def touched(**clock: Any) -> Any:
    """A ticket opened on Monday at nine and touched on Tuesday at ten, under OFFICE."""
    before = counted_by(OFFICE, **clock)
    return before.fire(before.open("T1", at=after()).ticket, "go", at=after(hours=25)).ticket


@pytest.mark.parametrize(
    "past",
    [{"ours": OFFICE}, [{"ours": HOLIDAY}, {"ours": OFFICE}], PastCalendars({"ours": OFFICE}), {"ours": OFFICE.to_data()}],
)
def test_a_clock_counts_by_the_earlier_calendar_up_to_the_change(past: Any) -> None:
    """Also where the ticket was touched since its clock started: eleven hours by the old, five by the new."""
    outcome = counted_by(LATE, past).advance(touched(), at=NOON)

    run = outcome.ticket.clocks["k"]
    assert (after(hours=34), 11 * HOUR, NOON) == (run.due, run.counted, run.since)
    assert [(NOON, "calendars changed")] == [(record.instant, record.reason) for record in of(ClockRetargeted, outcome.records)]


def test_without_the_earlier_calendar_the_due_instant_stays_and_the_record_tells() -> None:
    """What was counted up to the change cannot be known any more, so the clock keeps what it was due by."""
    outcome = counted_by(LATE).advance(touched(), at=NOON)

    assert after(hours=32) == outcome.ticket.clocks["k"].due
    assert ["Repinned"] == kinds(outcome)
    assert "k" == of(Repinned, outcome.records)[0].reason.rpartition(": ")[2]


@pytest.mark.parametrize("looked", [27, 30, 40, 100])
def test_an_edition_that_says_until_when_gives_the_same_whenever_anyone_looks(looked: int) -> None:
    """The calendar counts up to its own end, not up to the first call under the next one."""
    workflow = counted_by(LATE, [PastCalendars({"ours": OFFICE}, NOON)])
    first = workflow.advance(touched(), at=after(hours=looked)).ticket

    run = workflow.advance(first, at=after(hours=101)).ticket.clocks["k"]

    assert (after(hours=34), 11 * HOUR) == (run.breached_at, run.counted)


def test_what_time_set_before_the_change_happens_by_the_earlier_calendar() -> None:
    """Nobody looked for two days: the half was reached on Monday evening, the end by the new calendar on Tuesday."""
    before = counted_by(OFFICE, warn="50%")
    ticket = before.open("T1", at=after()).ticket
    workflow = counted_by(LATE, {"calendars": {"ours": OFFICE}, "until": write_instant(NOON)}, warn="50%")

    records = workflow.advance(ticket, at=after(hours=60)).records

    assert [("Warned", after(hours=8)), ("ClockRetargeted", NOON), ("Breached", after(hours=34))] == [
        (type(record).__name__, record.instant) for record in records if isinstance(record, (Warned, ClockRetargeted, Breached))
    ]
    assert [record.at for record in records] == sorted(record.at for record in records)


def test_each_of_several_editions_counts_up_to_its_end() -> None:
    """Eleven hours by the first, one by the second, and the last four by the present one."""
    past = [PastCalendars({"ours": OFFICE}, NOON), PastCalendars({"ours": LATE}, NOON + 3 * HOUR)]
    day = Calendar("UTC", {"mon-sun": ["10:00-17:00"]})

    run = counted_by(day, past).advance(touched(), at=NOON + 4 * HOUR).ticket.clocks["k"]

    assert (12 * HOUR, NOON + 3 * HOUR, after(hours=51)) == (run.counted, run.since, run.due)


def test_a_paused_clock_goes_on_by_the_new_calendar() -> None:
    """Nothing of it was still being counted, so no earlier calendar is needed."""
    parts = {"paused_in": "b"}
    run = counted_by(LATE, **parts).fire(touched(**parts), "back", at=NOON).ticket.clocks["k"]

    assert (9 * HOUR, after(hours=54)) == (run.counted, run.due)


def test_a_clock_that_recomputes_needs_no_earlier_calendar() -> None:
    """It counts the whole cycle by the new one, and earlier ones change nothing about that."""
    parts = {"on_calendar_change": "recompute"}
    alone = counted_by(LATE, **parts).advance(touched(**parts), at=NOON)
    beside = counted_by(LATE, {"ours": OFFICE}, **parts).advance(touched(**parts), at=NOON)

    assert after(hours=57) == alone.ticket.clocks["k"].due
    assert alone == beside


def test_a_breach_that_follows_is_amended_when_the_day_was_a_holiday() -> None:
    """The breach stays in the records, with what took it back; the clock can be breached again."""
    parts = {"within": "4h", "on_calendar_change": "recompute", "breach": "follows", "warn": "1h after"}
    before = Case(counted_by(OFFICE, **parts))
    before.until(60 * 6)
    outcome = counted_by(HOLIDAY, **parts).advance(before.ticket, at=after(hours=7))

    assert [after(hours=4)] == [record.instant for record in of(Breached, before.records)]
    assert [("breach", after(hours=4)), ("1h after", after(hours=5))] == [
        (record.mark, record.was) for record in of(Amended, outcome.records)
    ]
    run = outcome.ticket.clocks["k"]
    assert (None, (), after(hours=28)) == (run.breached_at, run.marks, run.due)


def test_the_loader_takes_earlier_calendars_too() -> None:
    """Read from a document the workflow finds the edition a ticket ran under as well."""
    data = counted_by(LATE).to_data()
    data.pop("calendars")

    workflow = load(data, {"ours": LATE}, past_calendars={"ours": OFFICE})

    assert after(hours=34) == workflow.advance(touched(), at=NOON).ticket.clocks["k"].due
    assert workflow == counted_by(LATE)


@pytest.mark.parametrize("past", ["ours", [7], {"ours": 7}, {7: OFFICE}, {"calendars": {"ours": OFFICE}, "until": 7}])
def test_what_is_no_edition_is_told(past: Any) -> None:
    """It is a finding like any other, with where it stands."""
    with pytest.raises((DefinitionError, TimeError)) as caught:
        counted_by(LATE, past)

    assert isinstance(caught.value, DefinitionError)
    assert caught.value.findings[0].path.startswith("past_calendars")


def test_what_is_told_late_after_a_change_does_not_undo_it() -> None:
    """A pause that began before the change, and is reported after it, counts from the change: what lay before stays."""
    parts = {"pause": [{"event": "signal"}], "resume": [{"event": "back"}], "warn": "50%"}
    before = Case(counted_by(OFFICE, **parts))
    before.fire("signal", minutes=60)
    before.fire("go", minutes=61)
    before.fire("back", minutes=120)
    before.fire("go", minutes=60 * 25)
    workflow = counted_by(LATE, {"ours": OFFICE}, **parts)

    changed = workflow.advance(before.ticket, at=NOON).ticket
    run = workflow.fire(changed, "signal", at=NOON + 4 * HOUR, occurred=NOON + 3 * HOUR).ticket.clocks["k"]

    assert (10 * HOUR, "running") == (changed.clocks["k"].counted, changed.clocks["k"].phase)
    assert (11 * HOUR, "paused", NOON + 3 * HOUR) == (run.counted, run.phase, run.paused_at)
    earlier = workflow.fire(changed, "signal", at=NOON + 4 * HOUR, occurred=NOON - HOUR).ticket.clocks["k"]
    assert (10 * HOUR, "paused", NOON) == (earlier.counted, earlier.phase, earlier.paused_at)


@pytest.mark.parametrize("looked", [20, 29, 60, 100])
def test_a_clock_that_recomputes_is_not_counted_by_the_earlier_calendar_beside_one_that_does(looked: int) -> None:
    """A prospective clock next to it changes nothing for it, also where marks lay between the last call and this one."""
    whole = {"name": "k", "within": "16h", "calendar": "ours", "warn": ["25%", "50%"]}
    beside = {**whole, "name": "p", "on_calendar_change": "prospective"}

    def told(*clocks: dict[str, Any]) -> Any:
        before, now = (
            flow(clocks=list(clocks), host_calendars={"ours": calendar}, past_calendars=past)
            for calendar, past in ((OFFICE, ()), (LATE, {"ours": OFFICE}))
        )
        run = now.advance(before.open("T1", at=after()).ticket, at=after(hours=looked)).ticket.clocks["k"]
        return run.due, run.breached_at, run.marks, run.reached, run.next_at

    assert told(whole) == told(whole, beside)
