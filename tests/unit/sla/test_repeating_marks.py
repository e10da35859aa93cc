"""Knows marks that come again and again after a breach; must not know what they set off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError
from servflow.model import ClockRun

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFICE = Calendar(zone="UTC", week={"mon-fri": ["09:00-17:00"]})
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def a_clock(*warn: str, within: str = "2h", **more: Any) -> sla.Clock:
    """A promise with some marks."""
    return sla.Clock(name="c", within=within, warn=list(warn), **more)


def begun(clock: sla.Clock, cal: Calendar | None = None) -> ClockRun:
    """A run that started on Monday at nine."""
    return sla.begin(clock, MONDAY, timedelta(hours=2), None, cal)


def until(clock: sla.Clock, run: ClockRun, at: datetime, cal: Calendar | None = None) -> ClockRun:
    """The run after everything set strictly before an instant."""
    while run.next_at is not None and run.next_at < at:
        run = sla.reach(clock, run, cal)
    return run


def told(run: ClockRun) -> list[tuple[str, str]]:
    """Marks and when they were reached."""
    return [(name, f"{at:%a %H:%M}") for name, at in zip(run.marks, run.reached, strict=True)]


def test_every_hour_after() -> None:
    """It is reached again each time so much has been counted since the breach; each time has its number."""
    clock = a_clock("50%", "every 1h after", "150%")

    assert [
        ("50%", "Mon 10:00"),
        ("breach", "Mon 11:00"),
        ("every 1h after #1", "Mon 12:00"),
        ("150%", "Mon 12:00"),
        ("every 1h after #2", "Mon 13:00"),
    ] == told(until(clock, begun(clock), MONDAY + 5 * HOUR - HOUR / 2))


def test_so_many_times() -> None:
    """With a number it is reached that often and then no more."""
    clock = a_clock("every 30m after, 2 times")
    run = until(clock, begun(clock), MONDAY + timedelta(days=30))

    assert (["breach", "every 30m after, 2 times #1", "every 30m after, 2 times #2"], None) == ([*run.marks], run.next_at)


def test_counted_by_the_calendar_and_over_pauses() -> None:
    """Closed hours and pauses lie between two of them as between anything else that is counted."""
    clock = a_clock("every 4h after")
    run = until(clock, begun(clock, OFFICE), MONDAY + 7 * HOUR, OFFICE)
    run = sla.pause(clock, run, MONDAY + 7 * HOUR, OFFICE)
    run = sla.resume(clock, run, MONDAY + timedelta(days=1), OFFICE)

    assert ("every 4h after #2", "Tue 12:00") == (run.next_mark, f"{run.next_at:%a %H:%M}")


def test_what_is_kept_is_bounded_and_the_count_goes_on() -> None:
    """A thousand repetitions leave the latest 64, and there is no thousand and first."""
    clock = a_clock("every 1m after")
    run = until(clock, begun(clock), MONDAY + timedelta(days=2))

    assert (65, "breach", "every 1m after #937", "every 1m after #1000", None) == (
        len(run.marks),
        run.marks[0],
        run.marks[1],
        run.marks[-1],
        run.next_at,
    )


@pytest.mark.parametrize("minutes", [0, 10, 60, 119, 120, 121, 150, 150.5, 299, 300, 301])
def test_a_rewind_brings_the_count_back(minutes: float) -> None:
    """Going back gives the run that never went on, also past what it keeps; what was undone is told, each with its instant."""
    clock = a_clock("80%", "every 1m after")
    there = MONDAY + timedelta(minutes=minutes)
    far = until(clock, begun(clock), MONDAY + timedelta(minutes=300, seconds=30))
    back, undone = sla.rewind(clock, far, there, None)
    never = until(clock, begun(clock), there)

    assert (never.marks[-1:], never.next_mark, never.next_at) == (back.marks[-1:], back.next_mark, back.next_at)
    again = until(clock, back, MONDAY + timedelta(minutes=300, seconds=30))
    assert far.marks[-20:] == again.marks[-20:] if len(undone) > 20 else far == again
    marks = 1 + 1 + 180
    assert marks - len(undone) == sum(1 for minute in [96, 120, *range(121, 301)] if minute < minutes)


@pytest.mark.parametrize(
    "warn",
    [("every 5m after", "3h after"), ("3h after", "every 2h after", "every 5m after"), ("every 10m after", "every 8m after")],
)
def test_a_rewind_over_nights_and_pauses_tells_each_repetition_by_its_own_instant(warn: tuple[str, ...]) -> None:
    """What no longer is kept is worked out from the stretches that counted: it is what was told when it happened."""
    clock = a_clock(*warn)
    happened: list[tuple[str, datetime]] = []

    def worked_off(run: ClockRun, at: datetime) -> ClockRun:
        while run.next_at is not None and run.next_at < at:
            happened.append((run.next_mark or "", run.next_at))
            run = sla.reach(clock, run, OFFICE)
        return run

    run = sla.begin(clock, MONDAY + 7 * HOUR, 2 * HOUR, None, OFFICE)  # broken on Tuesday at ten
    for hours, move in [
        (26, sla.pause),
        (27, sla.resume),
        (28, sla.pause),
        (29.5, sla.resume),
        (33, sla.pause),  # an hour after closing, at which one falls
        (47, sla.resume),
        (49, sla.pause),
        (50, sla.resume),
    ]:
        at = MONDAY + hours * HOUR
        run = move(clock, worked_off(run, at), at, OFFICE)
    run = worked_off(run, MONDAY + timedelta(days=3))

    known = [*zip(run.marks, run.reached, strict=True)]
    for there in sorted({when + tick for _, when in happened for tick in (timedelta(), TICK, 3 * HOUR)}):
        back, undone = sla.rewind(clock, run, there, OFFICE)
        expected = [item for item in known if item[1] < there]
        for mark in clock.late_marks:
            if not any(mark.number(name) for name, _ in expected):
                expected += [item for item in happened if item[1] < there and mark.number(item[0])][-1:]
        assert sorted(expected) == sorted(zip(back.marks, back.reached, strict=True))
        assert sorted(item for item in happened if item[1] >= there) == sorted(undone)
        assert sorted(when for _, when in undone) == [when for _, when in undone]


def test_another_mark_does_not_make_room_among_repetitions() -> None:
    """Only the next repetition of a mark takes the place of its oldest."""
    clock = a_clock("every 1m after", "4000s after")
    run = until(clock, begun(clock), MONDAY + 2 * HOUR + timedelta(minutes=66, seconds=30))

    reached = sla.reach(clock, run, None)

    assert ("every 1m after #66", "1h6m40s after") == (run.marks[-1], reached.marks[-1])
    assert (*run.marks, reached.marks[-1]) == reached.marks


def test_a_calendar_change_tells_missed_ones_once() -> None:
    """Repetitions that a new calendar has put behind are one, the latest of them, at the change."""
    clock = a_clock("every 1h after")
    run = until(clock, begun(clock, OFFICE), MONDAY + 3.5 * HOUR, OFFICE)
    at = MONDAY + timedelta(hours=24)
    wide = Calendar.always()
    run = sla.recalendar(clock, until(clock, run, at, OFFICE), at, wide, OFFICE)

    then = sla.reach(clock, run, wide)

    assert ("every 1h after #22", at) == (run.next_mark, run.next_at)
    assert ("every 1h after #23", at + HOUR) == (then.next_mark, then.next_at)


def test_a_reset_begins_anew() -> None:
    """The next breach of a reset cycle is followed by the first repetition again."""
    clock = a_clock("every 1h after")
    run = until(clock, begun(clock), MONDAY + 5 * HOUR)
    run = sla.reset(clock, run, MONDAY + 5 * HOUR, timedelta(hours=2), None, None)

    assert ["breach", "every 1h after #1"] == [*until(clock, run, MONDAY + 9 * HOUR).marks]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("every 240m after", "every 4h after"),
        (" every  4h   after ", "every 4h after"),
        ("every 4h after, 6 times", "every 4h after, 6 times"),
        ("every 1.5h after, 1 times", "every 1h30m after, 1 time"),
        ("250 %", "250%"),
        ("0.5h before", "30m before"),
    ],
)
def test_how_marks_are_written(written: str, canonical: str) -> None:
    """Marks that mean the same are one, and their canonical text reads back as itself."""
    assert (canonical,) == a_clock(written).warn == a_clock(canonical).warn


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("every 4h", "sla.mark"),
        ("every 4h before", "sla.mark"),
        ("every soon after", "sla.span"),
        ("every 0m after", "sla.mark"),
        ("every 2 business days after", "sla.mark"),
        ("every 4h after, 0 times", "sla.times"),
        ("every 4h after, 1001 times", "sla.times"),
        ("every 4h after, many times", "sla.mark"),
    ],
)
def test_marks_that_are_none(written: str, code: str) -> None:
    """What cannot be read is told with what can be written."""
    with pytest.raises(DefinitionError) as refused:
        a_clock(written)

    assert [(code, "warn[0]")] == [(finding.code, finding.path) for finding in refused.value.findings]


def test_days_do_not_repeat_where_hours_are_counted() -> None:
    """A mark in days passes as time passes, which a clock with a calendar does not."""
    with pytest.raises(DefinitionError) as refused:
        a_clock("every 1d after", calendar=OFFICE)

    assert ["sla.mark_days"] == [finding.code for finding in refused.value.findings]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("end of next business day", {"end_of": "next business day"}),
        ("end of the  next business day", {"end_of": "next business day"}),
        ("end of 3 business days", {"end_of": "3 business days"}),
        ("16:00 of the next business day", {"at": "16:00", "of": "next business day"}),
        ("9:30 of business day", {"at": "09:30", "of": "business day"}),
    ],
)
def test_a_place_in_the_calendar_as_text(text: str, data: dict[str, str]) -> None:
    """The mapping and its text are one target."""
    assert a_clock(within=text, calendar=OFFICE) == a_clock(within=data, calendar=OFFICE)  # type: ignore[arg-type]  # any spelling


@pytest.mark.parametrize(
    "text", ["end of tomorrow", "25:00 of next business day", "end of next business day" + " " * 200 + "x"]
)
def test_text_that_is_no_place(text: str) -> None:
    """What reads nearly like a place is told as none."""
    with pytest.raises(DefinitionError):
        a_clock(within=text, calendar=OFFICE)
