"""Knows how a clock is held to the instant of another over closed hours; must not know which clock that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.model import ClockRun

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, known_until="2026-03-02")
H = timedelta(hours=1)


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday, and what comes after it is provisional."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def a_clock(*warn: str, **more: Any) -> sla.Clock:
    """A promise of four hours."""
    return sla.Clock(name="c", within="4h", warn=[*warn], **more)


def started(clock: sla.Clock, hour: float = 9) -> ClockRun:
    """A run that counts office hours since Monday."""
    return sla.begin(clock, at(hour), 4 * H, "office", OFFICE)


def worked_off(clock: sla.Clock, run: ClockRun, now: datetime) -> ClockRun:
    """The run after everything set strictly before an instant."""
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, OFFICE)
    return run


@pytest.mark.parametrize(
    ("now", "cap", "due", "kept", "moved"),
    [
        (at(10), at(12), at(12), at(12), None),
        (at(12), at(12), at(12), at(12), None),
        (at(12.5), at(12), at(12.5), at(12), at(12.5)),
        (at(10), at(14), at(13), None, None),
        (at(10), None, at(13), None, None),
    ],
)
def test_a_cap_moves_what_it_puts_behind_and_nothing_else(
    now: datetime, cap: datetime | None, due: datetime, kept: datetime | None, moved: datetime | None
) -> None:
    """Only a cap that lies behind the instant it is set at moves what follows to that instant."""
    run = sla.capped(a_clock(), started(a_clock()), now, cap, OFFICE)

    assert (due, due, kept, moved) == (run.due, run.next_at, run.cap, run.retargeted_at)


def test_a_cap_over_closed_hours_is_weighed_by_the_calendar() -> None:
    """The clock's own end lies on the next morning; a cap at night comes before it, and a later one takes its place."""
    clock = a_clock("50%")
    first = sla.capped(clock, started(clock, 17), at(17), at(20), OFFICE)
    second = sla.capped(clock, first, at(17), at(23), OFFICE)
    behind = sla.capped(clock, started(clock, 17), at(8.5, 3), at(8, 3), OFFICE)

    assert [(at(20), at(17.5)), (at(23), at(17.5))] == [(run.due, run.next_at) for run in (first, second)]
    assert (at(8.5, 3), True) == (behind.due, behind.provisional)


def test_a_cap_gives_the_clock_a_due_instant_that_has_none() -> None:
    """Where the calendar ends too early there is an end only under a cap, and none again without."""
    fair = Calendar("UTC", shifts={"2026-03-02": ["09:00-11:00"]})
    free = sla.begin(a_clock(), at(9), 4 * H, "fair", fair)
    held = sla.capped(a_clock(), free, at(9), at(15), fair)

    assert (None, at(15)) == (free.due, held.due)
    assert free == sla.capped(a_clock(), held, at(10), None, fair)


def test_a_shorter_target_ends_before_its_cap() -> None:
    """The cap stays, and the clock is due by its own time again."""
    run = sla.capped(a_clock(), started(a_clock()), at(9), at(12), OFFICE)

    shorter = sla.retarget(a_clock(), run, at(9.5), H, "office", OFFICE, old_cal=OFFICE)

    assert (at(10), at(12)) == (shorter.due, shorter.cap)


def test_a_resting_clock_keeps_its_cap_as_it_is() -> None:
    """It has no due instant to hold; the same cap again is the same run."""
    resting = sla.pause(a_clock(), started(a_clock()), at(10), OFFICE)
    run = sla.capped(a_clock(), resting, at(10), at(12), OFFICE)

    assert (at(12), None, "paused") == (run.cap, run.due, run.phase)
    assert run is sla.capped(a_clock(), run, at(11), at(12), OFFICE)


def freed(clock: sla.Clock, now: datetime, cap: datetime | None = None, start: float = 17) -> ClockRun:
    """A clock that broke at half past five at a cap, and is freed of it."""
    run = worked_off(clock, sla.capped(clock, started(clock, start), at(start), at(17.5), OFFICE), now)
    return sla.freed(clock, run, now, cap, OFFICE)


@pytest.mark.parametrize(("cap", "due"), [(None, at(12, 3)), (at(10, 3), at(10, 3)), (at(13, 3), at(12, 3))])
def test_freed_in_closed_hours_a_clock_has_what_is_left_of_its_time(cap: datetime | None, due: datetime) -> None:
    """Of the night nothing counts: an hour is used up, and the other three follow, under another cap if there is one."""
    run = freed(a_clock(breach="follows"), at(8, 3), cap)

    assert (None, due, cap if due == cap else None, at(8, 3)) == (run.breached_at, run.due, run.cap, run.retargeted_at)
    assert run.provisional


def test_marks_that_came_meanwhile_are_reached_when_a_clock_is_freed() -> None:
    """A mark that was set while the clock was broken, and lies behind, is never reached in the past."""
    bare, warned = a_clock(breach="follows"), a_clock("10%", breach="follows")
    broken = worked_off(bare, sla.capped(bare, started(bare, 17), at(17), at(17.5), OFFICE), at(17.75))

    run = sla.freed(warned, sla.remark(warned, broken, at(17.75), OFFICE), at(17.75), None, OFFICE)

    assert ("10%", at(17.75)) == (run.next_mark, run.next_at)


def test_only_a_live_clock_that_is_broken_is_freed() -> None:
    """One that has ended and one that is in time are what they were."""
    clock = a_clock(breach="follows")
    broken = worked_off(clock, sla.capped(clock, started(clock), at(9), at(10), OFFICE), at(11))
    ended = sla.stop(clock, broken, at(11), OFFICE)

    assert (at(10), ended) == (ended.breached_at, sla.freed(clock, ended, at(11), None, OFFICE))
    assert started(clock) == sla.freed(clock, started(clock), at(10), at(9.5), OFFICE)
