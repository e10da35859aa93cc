"""Knows what the three questions about clocks come to where a host has only clocks; must not know a workflow."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import Clock, sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError, InputError, TimeError

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, known_until="2026-03-06")
FREE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-03"], known_until="2026-03-06")
CLOCK = Clock(name="repair", within="16h", warn=["50%"])
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
Pairs = list[tuple[datetime, str]]


def forecast(history: Pairs, estimate: Any, at: datetime, cal: Calendar | None = OFFICE) -> sla.Forecast:
    """Fold a history and ask; the same is asked of the state that ``run`` gives."""
    found = sla.forecast(sla.fold(CLOCK, cal, history, at), estimate, at, cal, clock="repair")
    state = sla.run(CLOCK, cal, history, at)
    assert found == sla.forecast(None if state.phase == "idle" else state, estimate, at, cal, clock="repair")
    return found


def test_a_running_clock_says_when_work_must_start() -> None:
    """Nine hours of sixteen are left at ten on Tuesday's eve; the answer is in open time."""
    found = forecast([(MONDAY, "start")], "4h", MONDAY + 7 * HOUR)

    assert datetime(2026, 3, 3, 12, tzinfo=UTC) == found.finish
    assert datetime(2026, 3, 3, 17, tzinfo=UTC) == found.due
    assert (5 * HOUR, datetime(2026, 3, 3, 13, tzinfo=UTC)) == (found.slack, found.latest_start)
    assert (True, None, False) == (found.feasible, found.reason, found.provisional)


def test_what_takes_too_long_is_told_with_what_is_missing() -> None:
    """The slack is negative and the latest start lies in the past; what lies beyond the known holidays is provisional."""
    found = forecast([(MONDAY, "start")], "40h", MONDAY + 7 * HOUR)

    assert (False, -31 * HOUR) == (found.feasible, found.slack)
    assert found.latest_start is not None
    assert found.latest_start < MONDAY
    assert found.provisional
    assert "31h short, it had to start by" in found.text()
    assert "不足 31h" in found.text("zh")


def test_a_paused_clock_has_slack_and_no_latest_start() -> None:
    """Its due instant moves on; it is told as if it went on now."""
    found = forecast([(MONDAY, "start"), (MONDAY + 4 * HOUR, "pause")], "10h", MONDAY + 24 * HOUR)

    assert ("paused", None, 2 * HOUR, True) == (found.reason, found.latest_start, found.slack, found.feasible)
    assert datetime(2026, 3, 4, 13, tzinfo=UTC) == found.due
    assert "2h to spare whenever it goes on" in found.text()


def test_a_breached_clock_is_told_as_too_late() -> None:
    """By how much is signed open time; the last start that would have done stays true."""
    found = forecast([(MONDAY, "start")], "1h", MONDAY + 50 * HOUR)

    assert ("breached", False, -3 * HOUR) == (found.reason, found.feasible, found.slack)
    assert (datetime(2026, 3, 3, 17, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC)) == (found.due, found.latest_start)
    assert "too late" in found.text()


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([], "idle"),
        ([(MONDAY, "start"), (MONDAY + HOUR, "stop")], "met"),
        ([(MONDAY, "start"), (MONDAY + HOUR, "cancel")], "cancelled"),
    ],
)
def test_without_a_promise_there_is_nothing_to_keep(history: Pairs, reason: str) -> None:
    """Before the start and after the end there is no slack, and the reason says why."""
    found = forecast(history, "1h", MONDAY + 2 * HOUR)

    assert (reason, None, None, None) == (found.reason, found.slack, found.feasible, found.latest_start)
    assert json.loads(json.dumps(found.as_data()))["reason"] == reason
    assert found.text() != found.text("zh")


def test_a_calendar_that_ends_never_makes_it_due() -> None:
    """Where the open time ends before the target there is no due instant, and so no slack."""
    ends = Calendar("UTC", shifts={"2026-03-02": ["09:00-17:00"]})

    found = forecast([(MONDAY, "start")], "1h", MONDAY, ends)

    assert ("never_due", None, MONDAY + HOUR) == (found.reason, found.due, found.finish)


def test_no_work_may_start_until_the_due_instant() -> None:
    """Nothing to be done is done at once, up to the instant itself."""
    found = forecast([(MONDAY, "start")], timedelta(), MONDAY)

    assert (found.due, MONDAY, 16 * HOUR) == (found.latest_start, found.finish, found.slack)


def test_days_are_business_days_or_refused() -> None:
    """A length that passes is no work where a calendar counts; without one it is what it says."""
    assert 16 * HOUR == forecast([(MONDAY, "start")], "2 business days", MONDAY).estimate
    assert 72 * HOUR == forecast([(MONDAY, "start")], "3d", MONDAY, None).estimate
    for estimate, kind in (("3d", InputError), ("soon", TimeError), (-HOUR, TimeError), (None, TimeError)):
        with pytest.raises(kind):
            sla.forecast(None, estimate, MONDAY, OFFICE)  # type: ignore[arg-type]  # it is what is refused
    with pytest.raises(InputError):
        sla.forecast(None, "2 business days", MONDAY, None)
    with pytest.raises(InputError):
        sla.forecast("repair", "1h", MONDAY, None)  # type: ignore[arg-type]  # it is what is refused


def test_another_target_is_tried_as_it_would_be_taken() -> None:
    """What was counted is carried; below that it would be over at once. Another calendar goes on from there."""
    history = [(MONDAY, "start")]
    at = MONDAY + 5 * HOUR

    less = sla.what_if(CLOCK, history, at, OFFICE, within="4h")
    free = sla.what_if(CLOCK, sla.fold(CLOCK, OFFICE, history, at) or [], at, OFFICE, calendar=FREE)
    passing = sla.what_if(CLOCK, history, at, OFFICE, within="3d")

    assert less is not None
    assert less.after is not None
    assert ("appears", at, -HOUR) == (less.breach, less.after.due, less.after.remaining)
    assert free is not None
    assert timedelta(days=1) == free.moved
    assert passing is not None
    assert passing.after is not None
    assert MONDAY + timedelta(days=3) == passing.after.due
    assert sla.what_if(CLOCK, [], at, OFFICE, within="4h") is None


def test_what_if_needs_something_to_try() -> None:
    """Neither a target nor a calendar is no question; a state does not keep enough to answer one."""
    with pytest.raises(InputError, match="say what changes"):
        sla.what_if(CLOCK, [], MONDAY, OFFICE)
    with pytest.raises(InputError, match="does not keep the past"):
        sla.what_if(CLOCK, sla.run(CLOCK, OFFICE, [], MONDAY), MONDAY, OFFICE, within="1h")  # type: ignore[arg-type]  # it is refused
    with pytest.raises(DefinitionError):
        sla.what_if(CLOCK, [(MONDAY, "start")], MONDAY, None, within="2 business days")


def test_another_calendar_is_compared_for_many() -> None:
    """Histories are folded under either; runs are taken over as they stand. Only what differs is told, under its name."""
    late = MONDAY + 30 * HOUR
    held: dict[str, Any] = {
        "sleeps": [(MONDAY, "start")],
        "done": [(MONDAY, "start"), (MONDAY + HOUR, "stop")],
        "idle": [],
        "run": sla.fold(CLOCK, OFFICE, [(MONDAY, "start")], MONDAY),
    }

    found = {change.ticket: change for change in sla.recompute(CLOCK, held, OFFICE, FREE, late)}

    assert {"sleeps", "run"} == found.keys()
    assert timedelta(days=1) == found["sleeps"].moved
    assert "sleeps repair: due 2026-03-04 17:00, was 2026-03-03 17:00" == found["sleeps"].text()
    assert "sleeps repair: 到期 2026-03-04 17:00，原为 2026-03-03 17:00" == found["sleeps"].text("zh")
    assert () == sla.recompute(CLOCK, held, OFFICE, OFFICE, late)
    with pytest.raises(InputError, match="a mapping of names"):
        sla.recompute(CLOCK, [held["run"]], OFFICE, FREE, late)  # type: ignore[arg-type]  # it is what is refused
