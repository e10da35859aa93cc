"""Knows what a host without a workflow may give a clock and its history; must not know tickets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.sla import Clock, run

OFFICE = Calendar("Europe/Berlin", {"mon-fri": ["09:00-17:00"]}, known_until="2026-03-31")
MON = datetime(2026, 3, 2, 9, tzinfo=UTC)  # ten o'clock in Berlin
START = [(MON, "start")]


@pytest.mark.parametrize(
    ("within", "due"),
    [
        (timedelta(hours=4), datetime(2026, 3, 2, 13, tzinfo=UTC)),
        ("4h", datetime(2026, 3, 2, 13, tzinfo=UTC)),
        ("90m", datetime(2026, 3, 2, 10, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 3, 5, 9, tzinfo=UTC)),  # passes, whatever the calendar says
        ("2 business days", datetime(2026, 3, 4, 9, tzinfo=UTC)),
        ({"end_of": "business day"}, datetime(2026, 3, 2, 16, tzinfo=UTC)),
        ({"end_of": "next business day"}, datetime(2026, 3, 3, 16, tzinfo=UTC)),
        ({"at": "16:00", "of": "next business day"}, datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ([{"take": "8h"}], datetime(2026, 3, 3, 9, tzinfo=UTC)),
    ],
)
def test_every_way_to_write_a_target(within: Any, due: datetime) -> None:
    """A clock on its own is due at the same instant as in a workflow, however its target is written."""
    assert due == run(Clock(name="c", within=within), OFFICE, START, MON).due


def test_a_clock_may_bring_its_calendar() -> None:
    """Where no calendar is given the clock's own counts; another one given counts instead."""
    clock = Clock(name="c", within="8h", calendar=OFFICE)

    assert datetime(2026, 3, 3, 9, tzinfo=UTC) == run(clock, None, START, MON).due
    assert MON + timedelta(hours=8) == run(clock, Calendar.always(), START, MON).due


def test_a_clock_that_names_its_calendar_is_not_counted_without_one() -> None:
    """Counting all time because a calendar was forgotten is an error that names it."""
    with pytest.raises(InputError, match="office"):
        run(Clock(name="c", within="8h", calendar="office"), None, START, MON)


def test_a_history_may_come_from_anywhere() -> None:
    """A generator, lists for pairs, any order and any zone come to the same; what comes after the instant is ignored."""
    clock = Clock(name="c", within="4h")
    entries: list[Any] = [
        [MON.astimezone(ZoneInfo("Asia/Kathmandu")), "start"],
        (MON + timedelta(hours=2), "resume"),
        [MON + timedelta(hours=1), "pause"],
        (MON + timedelta(days=9), "stop"),
    ]

    state = run(clock, OFFICE, (entry for entry in reversed(entries)), MON + timedelta(hours=3))

    assert (timedelta(hours=2), MON + timedelta(hours=5), "running") == (state.counted, state.due, state.phase)


def test_nothing_has_happened_yet() -> None:
    """Without a history, or before it begins, the clock is idle with all of its time."""
    for history in ([], START):
        state = run(Clock(name="c", within="4h"), OFFICE, history, MON - timedelta(days=1))
        assert sla.ClockState(timedelta(), timedelta(hours=4), None, None, "idle", 0) == state


def test_the_run_itself_tells_marks_and_whether_it_is_provisional() -> None:
    """Which marks were reached and when, what comes next, and that a due instant may still change."""
    clock = Clock(name="c", within="8h", warn=["50%", "1h before", "2h after"])

    kept = sla.fold(clock, OFFICE, START, MON + timedelta(hours=5))
    late = sla.fold(clock, OFFICE, [(datetime(2026, 3, 31, 14, tzinfo=UTC), "start")], datetime(2026, 3, 31, 15, tzinfo=UTC))

    assert kept is not None
    assert (("50%",), (MON + timedelta(hours=4),), "1h before") == (kept.marks, kept.reached, kept.next_mark)
    assert not kept.provisional
    assert late is not None
    assert late.provisional


@pytest.mark.parametrize(
    "entry", [(MON.replace(tzinfo=None), "start"), ("2026-03-02T09:00", "start"), (date(2026, 3, 2), "start"), (0, "start")]
)
def test_what_is_no_aware_instant_is_refused(entry: Any) -> None:
    """A naive instant, a text, a date and a number are told apart from an instant, with the place in the history."""
    with pytest.raises((TimeError, InputError), match=r"history\[1\]"):
        run(Clock(name="c", within="4h"), OFFICE, [*START, entry], MON)


def test_operations_out_of_place_are_ignored() -> None:
    """Pausing, stopping or resuming what does not run changes nothing, and a second start neither."""
    clock = Clock(name="c", within="4h")
    noise = [(MON - timedelta(hours=1), verb) for verb in ("pause", "stop", "resume", "reset", "cancel")]
    twice = [(MON + timedelta(hours=1), "start"), (MON + timedelta(hours=1), "resume")]

    expected = run(clock, OFFICE, START, MON + timedelta(hours=2))
    assert expected == run(clock, OFFICE, [*noise, *START, *twice], MON + timedelta(hours=2))


def test_business_days_need_a_calendar() -> None:
    """Without a calendar there are no business days; the finding says what to pass."""
    with pytest.raises(DefinitionError):
        run(Clock(name="c", within="2 business days"), None, START, MON)


@pytest.mark.parametrize("within", ["0h", "0m", timedelta(), timedelta(hours=-1), "-4h", "0 business days", "", None, 4, True])
def test_a_target_of_nothing_or_less_is_refused(within: Any) -> None:
    """Zero, negative and missing spans are findings at the clock's ``within``."""
    with pytest.raises(DefinitionError) as refused:
        Clock(name="c", within=within)
    assert ["within"] == [finding.path for finding in refused.value.findings]
