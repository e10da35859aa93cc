"""Knows what may be asked of a run at any instant; must not know how it came to be where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.model import ClockRun, replace

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
H = timedelta(hours=1)
TICK = timedelta(microseconds=1)
CLOCK = sla.Clock(name="c", within="4h")
OVER = sla.Clock(name="c", within="4h", breached_by="over")


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def started(hour: float = 16, clock: sla.Clock = CLOCK) -> ClockRun:
    return sla.begin(clock, at(hour), 4 * H, "office", OFFICE)


def rested(*pauses: tuple[float, float], hour: float = 9) -> ClockRun:
    """A run that was paused from one hour to another, again and again."""
    run = started(hour)
    for begin, end in pauses:
        run = sla.resume(CLOCK, sla.pause(CLOCK, run, at(begin), OFFICE), at(end), OFFICE)
    return run


@pytest.mark.parametrize(
    ("asked", "counted"),
    [(at(15), 0), (at(16), 0), (at(17), 1), (at(18), 2), (at(23), 2), (at(9, 3), 2), (at(11, 3), 4), (at(12, 3), 5)],
)
def test_counted_remaining_and_percent_are_one_figure(asked: datetime, counted: float) -> None:
    """Of the night nothing counts; what remains is signed, and more than all of it is more than a hundred percent."""
    run = started()

    assert (counted * H, (4 - counted) * H, 25.0 * counted) == (
        sla.counted(run, asked, OFFICE),
        sla.remaining(run, asked, OFFICE),
        sla.percent(run, asked, OFFICE),
    )
    assert 100.0 == sla.percent(replace(run, within=timedelta()), asked, OFFICE)


def test_the_past_of_a_run_is_asked_like_its_present() -> None:
    """At any earlier instant it has counted what it had counted then, whether it rests, runs or has ended since."""
    run = rested((10, 11), (12, 15))
    resting = sla.pause(CLOCK, run, at(16), OFFICE)

    for asked in [at(hour / 4) for hour in range(36, 73)] + [at(12) - TICK, at(12) + TICK]:
        ran = min(asked, at(10)) - at(9) + max(min(asked, at(12)) - at(11), timedelta())
        assert ran + max(asked - at(15), timedelta()) == sla.counted(run, asked, OFFICE)
        assert ran + max(min(asked, at(16)) - at(15), timedelta()) == sla.counted(resting, asked, OFFICE)
        passed = min(max(asked - at(10), timedelta()), H) + min(max(asked - at(12), timedelta()), 3 * H)
        assert passed == sla.paused(run, asked)
        ended = sla.stop(CLOCK, resting, at(17), OFFICE)
        assert passed + min(max(asked - at(16), timedelta()), H) == sla.paused(ended, asked)
    assert [4 * H, 5 * H] == [sla.paused(one, at(17)) for one in (run, resting)]
    over_night = sla.pause(CLOCK, started(), at(10, 3), OFFICE)
    assert [H, 2 * H, 2.5 * H] == [sla.counted(over_night, asked, OFFICE) for asked in (at(17), at(23), at(9.5, 3))]


@pytest.mark.parametrize("asked", [at(10), at(12), at(14), at(16), at(17), at(20), at(8, 3)])
@pytest.mark.parametrize("clock", [CLOCK, OVER])
def test_what_a_resting_clock_would_be_due_is_what_it_is_due_when_it_goes_on(clock: sla.Clock, asked: datetime) -> None:
    """Asked beforehand the due instant is that of the resume, also after a retarget that lies later."""
    resting = sla.pause(clock, started(9, clock), at(10), OFFICE)
    shorter = sla.retarget(clock, resting, at(15), H / 2, "office", OFFICE, old_cal=OFFICE)
    used_up = sla.pause(clock, started(9, clock), at(11), OFFICE)
    exact = sla.retarget(clock, used_up, at(12), 2 * H, "office", OFFICE, old_cal=OFFICE)

    for run in (resting, shorter, exact):
        then = asked if asked >= (run.paused_at or at(0)) else at(21)
        assert sla.resume(clock, run, then, OFFICE).due == sla.due_if_resumed(run, then, OFFICE, clock)


def test_due_without_a_resume() -> None:
    """Running, ended, broken and where no time is left to come: the due instant it has, or none."""
    fair = Calendar("UTC", shifts={"2026-03-02": ["09:00-11:00"]})
    broken = sla.pause(CLOCK, started(9), at(14), OFFICE)
    resting = sla.pause(CLOCK, started(9), at(10), OFFICE)

    assert at(11, 3) == sla.due_if_resumed(started(), at(17), OFFICE)
    assert (at(13), at(13)) == (broken.due, sla.due_if_resumed(broken, at(15), OFFICE))
    assert None is sla.due_if_resumed(sla.stop(CLOCK, resting, at(11), OFFICE), at(12), OFFICE)
    assert None is sla.due_if_resumed(resting, at(10.5), fair, OVER)
    assert at(9, 3) == sla.due_if_resumed(resting, at(15), OFFICE, OVER)
    assert at(18) == sla.due_if_resumed(resting, at(15), OFFICE) == sla.due_if_resumed(resting, at(15), OFFICE, CLOCK)


@pytest.mark.parametrize(
    ("cap", "asked", "due"),
    [(at(12), at(11), at(12)), (at(12), at(12), at(12)), (at(12), at(12.5), at(15.5)), (at(20), at(11), at(14))],
)
def test_a_child_that_rests_would_be_due_by_its_parent_at_the_latest(cap: datetime, asked: datetime, due: datetime) -> None:
    """The parent's instant comes first where it lies ahead; also where the child's own calendar gives it none."""
    run = replace(sla.pause(CLOCK, started(9), at(10), OFFICE), cap=cap)
    fair = Calendar("UTC", shifts={"2026-03-02": ["09:00-11:00"]})

    assert due == sla.due_if_resumed(run, asked, OFFICE)
    assert (cap if asked <= cap else None) == sla.due_if_resumed(run, asked, fair)
