"""Knows what each named option of a clock changes; must not know a workflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from servflow import sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError
from servflow.model import ClockRun

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
HOLIDAY = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, holidays=["2026-03-02"])
H = timedelta(hours=1)
WARN = ["50%", "80%", "1h after"]


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def clock(**options: str) -> sla.Clock:
    return sla.Clock(name="c", within="4h", warn=WARN, **options)


def until(clock: sla.Clock, run: ClockRun, now: datetime) -> ClockRun:
    """The run with everything worked off that lies before an instant."""
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, OFFICE)
    return run


def started(clock: sla.Clock, now: datetime, hour: float = 9) -> ClockRun:
    return until(clock, sla.begin(clock, at(hour), 4 * H, "office", OFFICE), now)


def retargeted(clock: sla.Clock, now: datetime, within: timedelta) -> ClockRun:
    return sla.retarget(clock, started(clock, now), now, within, "office", OFFICE, old_cal=OFFICE)


def test_the_first_of_each_option_is_the_default() -> None:
    """A clock without options has the first of each, and says none of them in its canonical form."""
    plain = sla.Clock(name="c", within="4h")

    assert {key: known[0] for key, known in sla.OPTIONS.items()} == {key: getattr(plain, key) for key in sla.OPTIONS}
    assert {"name": "c", "within": "4h"} == plain.to_data()


def test_a_breach_stays_though_a_longer_target_leaves_time() -> None:
    """By default a cycle that was breached is late for good; over says that no more than the target is counted."""
    run = retargeted(clock(), at(15), 8 * H)

    assert (at(13), at(13), False) == (run.breached_at, run.due, run.over)
    assert ("breach" in run.marks, None) == (True, run.next_mark)


def test_a_breach_that_follows_is_taken_back_where_time_is_left() -> None:
    """The clock is due by the new target, and the breach is ahead of it again."""
    run = retargeted(clock(breach="follows"), at(15), 8 * H)

    assert (None, at(17), "breach", at(17)) == (run.breached_at, run.due, run.next_mark, run.next_at)
    assert (("50%", "80%"), (at(11), at(12.2))) == (run.marks, run.reached)


def test_a_breach_that_follows_stays_where_no_time_is_left() -> None:
    """A longer target that is used up as well changes nothing: there is one breach, at the instant it had."""
    for within in (5 * H, 6 * H):
        run = retargeted(clock(breach="follows"), at(15), within)

        assert (at(13), 1) == (run.breached_at, run.marks.count("breach"))


def test_a_breach_that_follows_while_paused_comes_after_the_resume() -> None:
    """Paused and taken back, the clock has no due instant until it goes on."""
    definition = clock(breach="follows")
    paused = sla.pause(definition, started(definition, at(15)), at(15), OFFICE)

    run = sla.retarget(definition, paused, at(16), 8 * H, "office", OFFICE, old_cal=OFFICE)

    assert (None, None) == (run.breached_at, run.due)
    assert at(11, day=3) == sla.resume(definition, run, at(9, day=3), OFFICE).due


def test_a_breach_follows_a_recounted_calendar() -> None:
    """Declared a holiday afterwards, the day counts nothing and the promise is not broken."""
    definition = clock(breach="follows")

    run = sla.recalendar(definition, started(definition, at(15)), at(15), HOLIDAY, OFFICE)

    assert (timedelta(), None, at(13, day=3)) == (run.counted, run.breached_at, run.due)
    assert at(13) == sla.recalendar(clock(), started(clock(), at(15)), at(15), HOLIDAY, OFFICE).breached_at


def test_a_waived_breach_that_is_taken_back_is_waived_no_more() -> None:
    """What is excused is a breach; without one there is nothing to excuse."""
    definition = clock(breach="follows")
    waived = evolve(started(definition, at(15)), waived="power cut")

    run = sla.retarget(definition, waived, at(15), 8 * H, "office", OFFICE, old_cal=OFFICE)

    assert (None, None) == (run.breached_at, run.waived)


def test_marks_are_reached_once_in_a_cycle_by_default() -> None:
    """A longer target moves the half of it, which was told already."""
    run = retargeted(clock(), at(12), 8 * H)

    assert (("50%",), "80%") == (run.marks, run.next_mark)


def test_marks_that_lie_ahead_again_are_reached_again() -> None:
    """With a longer target the half of it comes once more, at its own instant; the records keep the first."""
    run = retargeted(clock(marks="again"), at(12), 8 * H)

    assert ((), "50%", at(13)) == (run.marks, run.next_mark, run.next_at)


def test_marks_that_lie_behind_are_not_reached_again() -> None:
    """Half of five hours was passed at the instant of the change; a mark never fires twice for one place."""
    run = retargeted(clock(marks="again"), at(12), 5 * H)

    assert (("50%",), "80%") == (run.marks, run.next_mark)


def test_marks_beyond_a_breach_that_was_taken_back_come_again() -> None:
    """They count on from the breach, so that they are taken back with it, whatever is said of marks."""
    definition = clock(breach="follows")
    run = until(definition, retargeted(definition, at(15), 8 * H), at(17.5))

    assert (("50%", "80%", "breach"), at(17)) == (run.marks, run.breached_at)
    assert ("1h after", at(18)) == (run.next_mark, run.next_at)


def test_a_restart_arms_every_mark_again_where_they_may_come_again() -> None:
    """Counted from nothing all of them lie ahead, the breach with them where it follows."""
    anew = retargeted(clock(on_retarget="restart", breach="follows", marks="again"), at(15), 4 * H + H)
    kept = retargeted(clock(on_retarget="restart"), at(15), 4 * H + H)

    assert ((), None, at(11, day=3)) == (anew.marks, anew.breached_at, anew.due)
    assert (("50%", "80%", "breach", "1h after"), at(13)) == (kept.marks, kept.breached_at)


def test_judged_by_over_a_clock_used_up_at_closing_time_is_late_from_the_opening() -> None:
    """In closed hours not more than the target is counted, so the promise is kept until the next opening."""
    definition = sla.Clock(name="c", within="4h", breached_by="over")
    run = sla.begin(definition, at(14), 4 * H, "office", OFFICE)

    assert at(9, day=3) == run.due
    assert None is sla.stop(definition, run, at(20), OFFICE).breached_at
    assert None is sla.stop(definition, run, at(9, day=3), OFFICE).breached_at
    late = sla.stop(definition, run, at(9, day=3) + timedelta(microseconds=1), OFFICE)
    assert (at(9, day=3), True) == (late.breached_at, late.over)


def test_judged_by_over_an_end_in_open_hours_is_as_ever() -> None:
    """Where the target ends while time counts, both ways of judging agree."""
    definition = sla.Clock(name="c", within="4h", breached_by="over")

    assert at(13) == sla.begin(definition, at(9), 4 * H, "office", OFFICE).due
    assert at(13) == sla.begin(definition, at(9), 4 * H, None, None).due


def test_judged_by_over_a_shorter_target_is_exceeded_at_once() -> None:
    """More than the new target is counted already, so the breach is at the change, also in closed hours."""
    definition = sla.Clock(name="c", within="4h", breached_by="over")
    run = sla.begin(definition, at(9), 16 * H, "office", OFFICE)

    assert at(20) == sla.retarget(definition, run, at(20), 4 * H, "office", OFFICE, old_cal=OFFICE).due


def test_judged_by_over_a_pause_at_closing_time_is_told_by_the_opening() -> None:
    """What would be due on a resume is asked with the definition, for only that knows how a breach is judged."""
    definition = sla.Clock(name="c", within="4h", breached_by="over")
    run = sla.pause(definition, sla.begin(definition, at(14), 4 * H, "office", OFFICE), at(18), OFFICE)

    assert at(9, day=3) == sla.due_if_resumed(run, at(20), OFFICE, definition)
    assert at(9, day=3) == sla.resume(definition, run, at(20), OFFICE).due


def test_options_that_are_not_known_are_told_with_what_they_may_be() -> None:
    """Every wrong word is told at once, the preset's among them."""
    with pytest.raises(DefinitionError) as caught:
        sla.Clock(name="c", within="4h", breach="stay", marks="twice", preset="zendisk", breached_by=[])

    told = {finding.path: finding.facts.get("nearest") for finding in caught.value.findings}
    assert {"breach": "stays", "marks": None, "preset": "zendesk", "breached_by": None} == told
