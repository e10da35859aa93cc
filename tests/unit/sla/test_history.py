"""Knows that a history comes to what its operations say one by one; must not know a workflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.sla import Clock, ClockState, fold, run
from servflow.sla._history import asked, entries_of, played

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
MON = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOCK = Clock(name="c", within="4h", warn=["50%"])
HOUR = timedelta(hours=1)


def test_every_part_of_a_state_follows_the_calendar() -> None:
    """Over a night, broken and begun a second time: what is counted, left, due and broken, and which cycle it is."""
    history = [(MON, "start"), (MON + HOUR, "stop"), (MON + 6 * HOUR, "start")]
    at = MON + 30 * HOUR

    assert ClockState(8 * HOUR, -4 * HOUR, MON + 26 * HOUR, MON + 26 * HOUR, "running", 2) == run(CLOCK, OFFICE, history, at)


def test_before_the_start_business_days_are_counted_from_the_instant_asked_about() -> None:
    """What an idle clock would have is what the calendar says it is there."""
    clock = Clock(name="c", within="2 business days")

    assert 16 * HOUR == run(clock, OFFICE, [], MON).remaining


def test_marks_are_reached_by_the_calendar_between_operations() -> None:
    """A mark and a breach that lie before an operation have their own instants, past a night."""
    found = fold(CLOCK, OFFICE, [(MON + 7 * HOUR, "start"), (MON + 28 * HOUR, "pause")], MON + 28 * HOUR)

    assert found is not None
    assert (("50%", "breach"), (MON + 25 * HOUR, MON + 27 * HOUR)) == (found.marks, found.reached)


@pytest.mark.parametrize(("paused", "phase", "due"), [(False, "running", MON + 25 * HOUR), (True, "paused", None)])
def test_a_reset_counts_from_nothing_by_the_calendar(paused: bool, phase: str, due: datetime | None) -> None:
    """Target and count begin anew at the reset; the cycle and a pause stay."""
    clock = Clock(name="c", within={"at": "10:00", "of": "next business day"})
    history = [(MON - 24 * HOUR, "start"), *([(MON + HOUR, "pause")] if paused else []), (MON + 2 * HOUR, "reset")]

    assert ClockState(timedelta(), 7 * HOUR, due, None, phase, 1) == run(clock, OFFICE, history, MON + 2 * HOUR)


def test_a_reset_of_what_does_not_run_is_ignored() -> None:
    """A clock that has ended stays as it was, and one that has not begun begins by no reset."""
    history = [(MON, "start"), (MON + HOUR, "stop"), (MON + 2 * HOUR, "reset")]

    assert run(CLOCK, OFFICE, history[:2], MON + 3 * HOUR) == run(CLOCK, OFFICE, history, MON + 3 * HOUR)
    assert None is fold(CLOCK, OFFICE, history[2:], MON + 3 * HOUR)


@pytest.mark.parametrize(
    ("first", "then", "phase", "cycle"),
    [
        ("start", "resume", "running", 2),
        ("resume", "pause", "running", 1),
        ("reset", "stop", "met", 1),
        ("stop", "cancel", "cancelled", 1),
    ],
)
def test_at_one_instant_the_order_of_operations_is_fixed(first: str, then: str, phase: str, cycle: int) -> None:
    """Cancel goes before stop, reset, pause, resume and start, however they are written."""
    begun = [(MON, "start")] if first != "start" else [(MON, "start"), (MON + HOUR, "stop")]
    both = [(MON + HOUR, first), (MON + HOUR, then)]

    states = [run(CLOCK, OFFICE, [*begun, *order], MON + HOUR) for order in (both, both[::-1])]
    assert [(phase, cycle)] * 2 == [(state.phase, state.cycle) for state in states]


def test_only_what_applied_is_played() -> None:
    """An operation that changes nothing is left out of what happened."""
    history = [(MON, "resume"), (MON, "start"), (MON + HOUR, "start"), (MON + HOUR, "resume"), (MON + 2 * HOUR, "pause")]
    _, span, cal = asked(CLOCK, OFFICE, MON)

    assert [(MON, "start"), (MON + 2 * HOUR, "pause")] == [
        (when, name) for when, name, _ in played(CLOCK, span, cal, entries_of(history, MON + 9 * HOUR))
    ]


@pytest.mark.parametrize(
    ("clock", "calendar", "history", "said"),
    [
        (None, None, [], "^a clock was expected, not None"),
        (CLOCK, 5, [], "^a calendar was expected, not 5"),
        (CLOCK, None, 5, "a history is a list of pairs, not 5"),
        (CLOCK, None, [(MON, "paus")], r"history\[0\]: no operation 'paus'; did you mean 'pause'\?"),
        (CLOCK, None, [(MON, 7)], r"history\[0\]: no operation 7; it may be cancel, stop, reset, pause, resume, start"),
        (Clock(name="c", within="4h", calendar="day"), None, [], r"clock c counts by a calendar \(day\)"),
        (
            Clock(name="c", within="4h", calendar=[{"when": "x", "take": OFFICE}]),
            None,
            [],
            r"clock c counts by a calendar \(chosen by its fields\)",
        ),
    ],
)
def test_a_refusal_says_what_was_expected(clock: Any, calendar: Any, history: Any, said: str) -> None:
    """Each names what is wrong and, where there is one, the next step."""
    with pytest.raises(InputError, match=said):
        run(clock, calendar, history, MON)


def test_an_instant_asked_about_is_named() -> None:
    """A naive instant is told as ``at``."""
    with pytest.raises(TimeError, match=r"^at "):
        run(CLOCK, OFFICE, [], MON.replace(tzinfo=None))


def test_a_target_by_fields_needs_fields() -> None:
    """Where every target has a condition the finding names the clock and the place."""
    with pytest.raises(DefinitionError) as caught:
        run(Clock(name="c", within=[{"when": "x", "take": "1h"}]), OFFICE, [], MON)

    assert [("sla.needs_fields", "within", {"name": "c"})] == [
        (found.code, found.path, dict(found.facts)) for found in caught.value.findings
    ]
