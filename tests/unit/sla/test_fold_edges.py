"""Knows the edges of moving a clock, where one instant or one amount decides; must not know the definition's spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import model, sla
from servflow.calendars import Calendar
from servflow.errors import TimeError

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-22:00"]})
H = timedelta(hours=1)
TICK = timedelta(microseconds=1)
CLOCK = sla.Clock(name="c", within="4h")
WARNED = sla.Clock(name="c", within="4h", warn=["80%", "50%", "1h after"])


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def started(clock: sla.Clock = CLOCK, hour: float = 9) -> model.ClockRun:
    return sla.begin(clock, at(hour), 4 * H, "office", OFFICE)


def worked_off(clock: sla.Clock, run: model.ClockRun, now: datetime) -> model.ClockRun:
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, OFFICE)
    return run


def test_a_pause_of_no_length_never_was() -> None:
    """Resumed at the instant of its pause, also after earlier pauses, the run is the one it was."""
    run = sla.resume(CLOCK, sla.pause(CLOCK, started(), at(10), OFFICE), at(11), OFFICE)

    assert run == sla.resume(CLOCK, sla.pause(CLOCK, run, at(12), OFFICE), at(12), OFFICE)
    assert run != sla.resume(CLOCK, sla.pause(CLOCK, run, at(12), OFFICE), at(12) + TICK, OFFICE)


def test_a_stretch_of_no_length_is_not_kept() -> None:
    """Paused at the instant it started a clock has counted nothing and keeps no segment."""
    run = sla.pause(CLOCK, started(), at(9), OFFICE)

    assert ((), timedelta(), at(9)) == (run.segments, run.counted, run.paused_at)


def test_an_end_says_when_it_was() -> None:
    """An ended clock tells the instant of its end and of no pause, whether it ran or rested before."""
    running, resting = started(), sla.pause(CLOCK, started(), at(10), OFFICE)

    for end in (sla.stop, sla.cancel):
        assert (at(12), None) == (end(CLOCK, running, at(12), OFFICE).stopped_at, end(CLOCK, running, at(12), OFFICE).paused_at)
        assert (at(12), None) == (end(CLOCK, resting, at(12), OFFICE).stopped_at, end(CLOCK, resting, at(12), OFFICE).paused_at)


def test_over_means_more_than_the_target() -> None:
    """What counted exactly the target is not over, whatever it did last; a microsecond more is."""
    ended = [sla.stop(CLOCK, started(), end, OFFICE) for end in (at(13), at(13) + TICK)]
    resumed = [sla.resume(CLOCK, sla.pause(CLOCK, started(), end, OFFICE), at(15), OFFICE) for end in (at(13), at(13) + TICK)]
    resting = sla.pause(CLOCK, started(), at(11), OFFICE)
    targets = (2 * H, 2 * H - TICK)
    shorter = [sla.retarget(CLOCK, resting, at(12), within, "office", OFFICE, old_cal=OFFICE) for within in targets]

    assert [False, True] == [run.over for run in ended]
    assert [False, True] == [run.over for run in resumed]
    assert [False, True] == [run.over for run in shorter]


def test_a_reset_leaves_what_earlier_cycles_came_to() -> None:
    """The number of the cycle and the summary of those before outlive a reset."""
    second = sla.begin(CLOCK, at(11), 4 * H, "office", OFFICE, sla.stop(CLOCK, started(), at(10), OFFICE))
    fresh = sla.reset(CLOCK, second, at(12), 2 * H, "late", LATE)

    assert (2, second.summary, "late") == (fresh.cycle, fresh.summary, fresh.calendar)
    assert 1 == fresh.summary.met
    assert at(16) == fresh.due


def test_each_cycle_is_summed_up_once_by_how_it_ended() -> None:
    """Kept, broken and cancelled are counted apart; a breach counts as one however the cycle ended."""
    ends = [(sla.stop, at(10)), (sla.cancel, at(10)), (sla.cancel, at(14)), (sla.stop, at(14))]
    summed = [sla.begin(CLOCK, at(15), H, None, OFFICE, end(CLOCK, started(), when, OFFICE)).summary for end, when in ends]

    assert [(1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 0)] == [(one.met, one.breached, one.cancelled) for one in summed]


def test_reopened_at_its_end_it_never_ended() -> None:
    """A cycle that is reopened at the very instant it stopped goes on as if it had run through; a breach stays."""
    run, late = started(), worked_off(CLOCK, started(), at(14))

    assert run == sla.reopen(CLOCK, sla.stop(CLOCK, run, at(12), OFFICE), at(12), OFFICE)
    again = sla.reopen(CLOCK, sla.stop(CLOCK, late, at(14), OFFICE), at(15), OFFICE)
    assert (at(13), at(13), None, None) == (again.due, again.breached_at, again.stopped_at, again.paused_at)


def test_a_restart_while_paused_stays_paused() -> None:
    """``restart`` forgets what was counted; a resting clock begins to count with its resume."""
    clock = sla.Clock(name="c", within="4h", on_retarget="restart")
    resting = sla.pause(clock, started(clock), at(10), OFFICE)

    run = sla.retarget(clock, resting, at(11), 2 * H, "office", OFFICE, old_cal=OFFICE)

    assert ("paused", (), None, timedelta(), at(11)) == (run.phase, run.segments, run.since, run.counted, run.started_at)
    assert at(14) == sla.resume(clock, run, at(12), OFFICE).due


def test_a_restart_while_running_counts_from_there() -> None:
    """``restart`` begins with one segment at its own instant, and nothing before it counts."""
    clock = sla.Clock(name="c", within="4h", on_retarget="restart")

    run = sla.retarget(clock, started(clock), at(11), 2 * H, "office", OFFICE, old_cal=OFFICE)

    assert ((model.Segment(at(11)),), at(11), at(13)) == (run.segments, run.started_at, run.due)


def test_a_breach_nobody_worked_off_is_told_with_its_instant() -> None:
    """Every mark that was reached has its instant, also a breach found on the way to something else."""
    run = sla.stop(CLOCK, started(), at(15), OFFICE)

    assert (("breach",), (at(13),)) == (run.marks, run.reached)


def test_marks_of_one_amount_come_in_the_order_they_are_written() -> None:
    """Where two marks fall on one instant the first in the definition comes first."""
    clock = sla.Clock(name="c", within="4h", warn=["50%", "2h before"])
    run = started(clock)

    assert ("50%", "2h before") == worked_off(clock, run, at(12)).marks


def test_other_marks_are_never_reached_in_the_past() -> None:
    """A clock that gets marks of which one lies behind reaches it when it gets them; one that ended gets none."""
    run, ended = started(), sla.stop(CLOCK, started(), at(12), OFFICE)

    changed = sla.remark(WARNED, run, at(12), OFFICE)

    assert ("50%", at(12)) == (changed.next_mark, changed.next_at)
    assert at(13) == changed.due
    assert ended is sla.remark(WARNED, ended, at(13), OFFICE)
    assert "paused" == sla.remark(WARNED, sla.pause(CLOCK, run, at(10), OFFICE), at(12), OFFICE).phase


@pytest.mark.parametrize(("cap", "expected"), [(at(12), at(12)), (at(13), at(13)), (at(14), at(13)), (at(10), at(10))])
def test_a_cap_is_the_latest_due_instant(cap: datetime, expected: datetime) -> None:
    """Whichever comes first, the clock's own end or the cap, is due; a cap behind it is not kept."""
    run = sla.capped(CLOCK, started(), at(9), cap, OFFICE)

    assert expected == run.due
    assert (cap if cap < at(13) else None) == run.cap


def test_under_a_cap_percentages_are_of_what_is_left() -> None:
    """Marks before the end refer to what is counted up to the cap, also where it lies in closed hours."""
    run = sla.capped(WARNED, started(WARNED, hour=16), at(16), at(20), OFFICE)

    assert (at(20), "50%", at(17)) == (run.due, run.next_mark, run.next_at)


def test_a_cap_that_lies_behind_breaks_the_clock_at_once_and_not_before() -> None:
    """What a cap sets is never earlier than the instant it was set."""
    run = sla.capped(CLOCK, started(), at(11), at(10), OFFICE)

    assert (at(11), at(11)) == (run.due, run.next_at)


def test_a_cap_ends_with_the_stretch_it_was_set_for() -> None:
    """A pause gives a cap back and so does a resume; an end keeps it, for it tells why the clock was due."""
    run = sla.capped(CLOCK, started(), at(9), at(12), OFFICE)
    resting = sla.capped(CLOCK, sla.pause(CLOCK, run, at(10), OFFICE), at(10), at(12), OFFICE)

    assert None is sla.pause(CLOCK, run, at(10), OFFICE).cap
    assert at(12) == resting.cap
    assert (None, at(14)) == (sla.resume(CLOCK, resting, at(11), OFFICE).cap, sla.resume(CLOCK, resting, at(11), OFFICE).due)
    assert at(12) == sla.stop(CLOCK, run, at(11), OFFICE).cap


def test_a_cap_moves_and_goes() -> None:
    """Another cap takes the place of the one before, none gives the clock its own time back; a breach is left alone."""
    run = sla.capped(CLOCK, started(), at(9), at(12), OFFICE)
    broken = worked_off(CLOCK, run, at(12.5))

    assert at(11) == sla.capped(CLOCK, run, at(10), at(11), OFFICE).due
    assert at(13) == sla.capped(CLOCK, run, at(10), None, OFFICE).due
    assert run is sla.capped(CLOCK, run, at(10), at(12), OFFICE)
    assert broken is sla.capped(CLOCK, broken, at(12.5), None, OFFICE)


@pytest.mark.parametrize(
    ("breach", "now", "cap", "breached"),
    [("stays", at(12.5), None, at(12)), ("follows", at(12.5), None, None), ("follows", at(13), None, at(12)),
     ("follows", at(12.5), at(12.5), at(12)), ("follows", at(12.5), at(12.75), None)],
)  # fmt: skip
def test_a_clock_freed_of_its_cap_is_whole_where_time_is_left(
    breach: str, now: datetime, cap: datetime | None, breached: datetime | None
) -> None:
    """Broken at a cap that does not hold any more, it is not broken where ``breach: follows`` and some time is left."""
    options: dict[str, Any] = {"breach": breach}
    clock = sla.Clock(name="c", within="4h", **options)
    broken = worked_off(clock, sla.capped(clock, started(clock), at(9), at(12), OFFICE), now)

    run = sla.freed(clock, broken, now, cap, OFFICE)

    assert breached == run.breached_at
    assert (at(12) if breached else cap or at(13)) == run.due


def test_the_origin_is_the_start_until_the_past_is_one_amount() -> None:
    """A run knows everything since its start, pauses included; carried under another calendar it knows what came after."""
    run = sla.resume(CLOCK, sla.pause(CLOCK, started(), at(9), OFFICE), at(11), OFFICE)
    carried = sla.retarget(CLOCK, started(), at(15), 4 * H, "late", LATE, old_cal=OFFICE)

    assert (at(9), at(15)) == (sla.clamp(run, at(3)), sla.clamp(carried, at(3)))


def test_what_lies_after_closing_is_provisional_only_where_the_calendar_ends() -> None:
    """A clock that has ended is not provisional: nothing of it is still to come."""
    known = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, known_until="2026-03-02")
    run = sla.begin(CLOCK, at(17), 4 * H, "office", known)

    assert (True, False) == (run.provisional, sla.stop(CLOCK, run, at(18), known).provisional)
    assert not sla.pause(CLOCK, run, at(18), known).provisional
    assert sla.resume(CLOCK, sla.pause(CLOCK, run, at(17.5), known), at(18), known).provisional


def test_closed_hours_count_for_nothing_whatever_happens_in_them() -> None:
    """A pause of no length, a reopening and a resume at night leave what was counted by day."""
    run = started(hour=16)
    resting = sla.pause(CLOCK, run, at(20), OFFICE)

    assert run == sla.resume(CLOCK, resting, at(20), OFFICE)
    assert at(11, day=3) == sla.resume(CLOCK, resting, at(21), OFFICE).due
    assert at(11, day=3) == sla.reopen(CLOCK, sla.stop(CLOCK, started(hour=16), at(17.9), OFFICE), at(17.9), OFFICE).due
    assert at(11, day=3) == sla.reopen(CLOCK, sla.stop(CLOCK, run, at(18), OFFICE), at(23), OFFICE).due


def test_marks_beyond_a_breach_are_counted_by_the_calendar() -> None:
    """An hour after a breach at closing time is the first hour of the next day."""
    run = worked_off(WARNED, started(WARNED, hour=14), at(20))

    assert (at(18), "1h after", at(10, day=3)) == (run.breached_at, run.next_mark, run.next_at)


def test_a_shorter_target_does_not_reach_back_over_a_pause_of_no_length() -> None:
    """What a retarget set for its own instant stays there when the clock rests for no time at all."""
    run = sla.retarget(CLOCK, started(), at(11), H, "office", OFFICE, old_cal=OFFICE)

    assert at(11) == run.due
    assert run == sla.resume(CLOCK, sla.pause(CLOCK, run, at(11), OFFICE), at(11), OFFICE)


def test_the_past_of_another_calendar_is_one_amount_of_its_own_time() -> None:
    """Carried over a night, or counted anew, each stretch is counted by the calendar that the option says."""
    carry, recount = CLOCK, sla.Clock(name="c", within="4h", on_retarget="recount")
    over_night = [
        sla.retarget(clock, started(clock, hour=17), at(10, day=3), 9 * H, "late", LATE, old_cal=OFFICE)
        for clock in (carry, recount)
    ]
    changed = sla.recalendar(
        sla.Clock(name="c", within="4h", on_calendar_change="prospective"), started(hour=17), at(10, day=3), LATE, OFFICE
    )

    assert [2 * H, 5 * H] == [sla.counted(run, at(10, day=3), LATE) for run in over_night]
    assert (2 * H, 2 * H, (model.Segment(at(10, day=3)),)) == (changed.counted, changed.folded, changed.segments)
    assert at(16, day=3) == changed.due


def test_another_calendar_tells_anew_what_is_over() -> None:
    """What a changed calendar makes of the past decides whether more than the target is counted."""
    resting = [sla.pause(CLOCK, started(hour=9), end, OFFICE) for end in (at(18), at(12))]
    long = Calendar("UTC", {"mon-fri": ["08:00-20:00"]})
    short = Calendar("UTC", {"mon-fri": ["09:00-12:00"]})

    assert [True, False] == [run.over for run in resting]
    assert [False, False] == [sla.recalendar(CLOCK, run, at(19), short, OFFICE).over for run in resting]
    assert [True, False] == [sla.recalendar(CLOCK, run, at(19), long, OFFICE).over for run in resting]
    exact = Calendar("UTC", {"mon-fri": ["09:00-13:00"]})
    assert not sla.recalendar(CLOCK, resting[0], at(19), exact, OFFICE).over


def test_an_equal_calendar_changes_nothing() -> None:
    """A calendar that is written anew and says the same is the same calendar."""
    again = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
    run = started()

    assert run is sla.recalendar(CLOCK, run, at(10), again, OFFICE)
    assert run is sla.recalendar(CLOCK, run, at(10), OFFICE, OFFICE)
    assert (model.Segment(at(9)),) == sla.retarget(CLOCK, run, at(10), 5 * H, "other", again, old_cal=OFFICE).segments


def test_a_restart_forgets_what_was_made_one_amount() -> None:
    """Also time that came over from another calendar is gone after a restart."""
    clock = sla.Clock(name="c", within="4h", on_retarget="restart")
    carried = sla.retarget(CLOCK, started(), at(11), 5 * H, "late", LATE, old_cal=OFFICE)

    run = sla.retarget(clock, carried, at(15), 2 * H, "late", LATE, old_cal=LATE)

    assert (2 * H, timedelta()) == (carried.folded, run.folded)
    assert H == sla.counted(run, at(16), LATE)


def test_a_breach_stays_due_while_it_rests() -> None:
    """A paused clock that is breached keeps its instant as due, whatever it is told meanwhile."""
    resting = sla.pause(WARNED, worked_off(WARNED, started(WARNED), at(13.5)), at(14), OFFICE)

    for told in (
        sla.remark(CLOCK, resting, at(15), OFFICE),
        sla.retarget(CLOCK, resting, at(15), 6 * H, "office", OFFICE, old_cal=OFFICE),
        sla.recalendar(CLOCK, resting, at(15), LATE, OFFICE),
    ):
        assert (at(13), at(13), "paused") == (told.due, told.breached_at, told.phase)


@pytest.mark.parametrize("change", [sla.resume, sla.stop, sla.cancel])
def test_nothing_happens_to_a_resting_clock_before_its_pause(change: Any) -> None:
    """Between start and pause lies the past: the error tells the clock, the instant asked for and the earliest one."""
    resting = sla.pause(CLOCK, started(), at(11), OFFICE)

    with pytest.raises(TimeError, match="rewind") as caught:
        change(CLOCK, resting, at(11) - TICK, OFFICE)
    with pytest.raises(TimeError):
        sla.reset(CLOCK, resting, at(11) - TICK, H, "office", OFFICE)

    assert {"code": "past", "clock": "c", "at": at(11) - TICK, "earliest": at(11)} == caught.value.facts


def test_an_end_while_it_rests_is_told_by_its_phase() -> None:
    """A resting clock is met by a stop and cancelled by a cancel, like a running one."""
    resting = sla.pause(CLOCK, started(), at(11), OFFICE)

    assert ("met", "cancelled") == (
        sla.stop(CLOCK, resting, at(12), OFFICE).phase,
        sla.cancel(CLOCK, resting, at(12), OFFICE).phase,
    )


def test_a_longer_target_is_provisional_beyond_what_is_known() -> None:
    """Whether an answer is provisional is told anew with each target."""
    known = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, known_until="2026-03-02")
    run = sla.begin(CLOCK, at(9), 4 * H, "office", known)

    longer = sla.retarget(CLOCK, run, at(10), 20 * H, "office", known, old_cal=known)

    assert (False, True) == (run.provisional, longer.provisional)
    assert not sla.retarget(CLOCK, longer, at(11), 5 * H, "office", known, old_cal=known).provisional
