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


def test_the_whole_of_an_answer_as_data() -> None:
    """Instants in UTC, lengths in seconds, nothing left out."""
    assert {
        "clock": "repair",
        "at": "2026-03-02T16:00:00Z",
        "estimate": 14400.0,
        "finish": "2026-03-03T12:00:00Z",
        "due": "2026-03-03T17:00:00Z",
        "slack": 18000.0,
        "latest_start": "2026-03-03T13:00:00Z",
        "feasible": True,
        "reason": None,
        "provisional": False,
    } == forecast([(MONDAY, "start")], "4h", MONDAY + 7 * HOUR).as_data()


@pytest.mark.parametrize(
    ("estimate", "later", "lang", "said"),
    [
        (
            "4h",
            7,
            "en",
            "work of 4h started now is done by 2026-03-03 12:00, due 2026-03-03 17:00; 5h to spare, start by 2026-03-03 13:00",
        ),
        (
            "4h",
            7,
            "zh",
            "现在开始，4h 的工作在 2026-03-03 12:00 完成，到期 2026-03-03 17:00；余量 5h，最晚 2026-03-03 13:00 开始",
        ),
        (
            "40h",
            7,
            "en",
            (
                "work of 40h started now is done by 2026-03-09 16:00, due 2026-03-03 17:00; 31h short, "
                "it had to start by 2026-02-25 09:00; provisional"
            ),
        ),
        ("1h", 48, "zh", "已晚：2026-03-03 17:00 已违约"),
    ],
)
def test_an_answer_is_one_line(estimate: str, later: int, lang: str, said: str) -> None:
    """Name, work, both instants and what is left, in either language."""
    assert f"repair: {said}" == forecast([(MONDAY, "start")], estimate, MONDAY + later * HOUR).text(lang)


def test_what_is_never_due_is_told_whole() -> None:
    """Such an answer has its finish, is provisional and says why."""
    ends = Calendar("UTC", shifts={"2026-03-02": ["09:00-17:00"]})
    found = forecast([(MONDAY, "start")], "1h", MONDAY, ends)

    expected = sla.Forecast(
        clock="repair", at=MONDAY, estimate=HOUR, finish=MONDAY + HOUR, reason="never_due", provisional=True
    )
    assert expected == found
    assert "repair: the calendar never opens for long enough, so the clock is never due; provisional" == found.text()


def test_done_exactly_when_due_is_in_time() -> None:
    """The edge belongs to the promise, of the work and of the clock itself."""
    at = MONDAY + 24 * HOUR
    found = forecast([(MONDAY, "start")], "8h", at)

    assert (found.due, timedelta(), at, True) == (found.finish, found.slack, found.latest_start, found.feasible)
    assert None is forecast([(MONDAY, "start")], "8h", MONDAY + 32 * HOUR).reason


def test_without_a_calendar_the_latest_start_lies_the_work_before_the_due_instant() -> None:
    """All time counts, also backwards past now."""
    found = forecast([(MONDAY, "start")], "20h", MONDAY + HOUR, None)

    assert (MONDAY - 4 * HOUR, -5 * HOUR) == (found.latest_start, found.slack)


def test_an_answer_is_named_by_the_run_or_by_what_is_given() -> None:
    """A run has its own name; of a state or of nothing it is the definition's or the text given."""
    history = [(MONDAY, "start")]
    run, state = sla.fold(CLOCK, OFFICE, history, MONDAY), sla.run(CLOCK, OFFICE, history, MONDAY)

    assert ("repair", "repair", "repair", "other", "") == (
        sla.forecast(run, "1h", MONDAY, OFFICE, clock="other").clock,
        sla.forecast(state, "1h", MONDAY, OFFICE, clock=CLOCK).clock,
        sla.forecast(None, "1h", MONDAY, OFFICE, clock=CLOCK).clock,
        sla.forecast(None, "1h", MONDAY, OFFICE, clock="other").clock,
        sla.forecast(state, "1h", MONDAY, OFFICE).clock,
    )


def test_after_the_end_the_due_instant_is_still_told() -> None:
    """A clock that was stopped keeps the one it had."""
    assert (
        datetime(2026, 3, 3, 17, tzinfo=UTC) == forecast([(MONDAY, "start"), (MONDAY + HOUR, "stop")], "1h", MONDAY + HOUR).due
    )


@pytest.mark.parametrize("spent", [4, 8])
def test_a_paused_clock_breached_by_more_than_its_target_has_until_the_next_opening(spent: int) -> None:
    """What is used up at closing time is exceeded once it opens again; without the definition that is not known."""
    clock = Clock(name="repair", within="8h", breached_by="over")
    history = [(MONDAY, "start"), (MONDAY + spent * HOUR, "pause")]
    at, closing = MONDAY + (24 + spent) * HOUR, MONDAY + 32 * HOUR

    for held in (sla.fold(clock, OFFICE, history, at), sla.run(clock, OFFICE, history, at)):
        assert closing + 16 * HOUR == sla.forecast(held, "1h", at, OFFICE, clock=clock).due
        assert closing == sla.forecast(held, "1h", at, OFFICE).due


def test_a_due_instant_that_has_passed_unnoticed_is_a_breach() -> None:
    """A run kept as of an earlier instant is judged by the instant asked about."""
    run = sla.fold(CLOCK, OFFICE, [(MONDAY, "start")], MONDAY)

    assert "breached" == sla.forecast(run, "1h", MONDAY + 33 * HOUR, OFFICE).reason


def test_refusals_name_the_estimate_and_the_instant() -> None:
    """What is wrong is told with what was given and the next step."""
    with pytest.raises(
        InputError, match="2 business days' needs a calendar, and this clock counts time as it passes; write it in hours"
    ):
        sla.forecast(None, "2 business days", MONDAY, None)
    with pytest.raises(TimeError, match=r"^at "):
        sla.forecast(None, "1h", MONDAY.replace(tzinfo=None), None)


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
