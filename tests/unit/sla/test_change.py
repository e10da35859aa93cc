"""Knows what another target, calendar or earlier event leaves of a clock; must not know what caused it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError, TimeError
from servflow.model import MAX_SEGMENTS, ClockRun, Segment, replace
from servflow.sla._fold import with_ahead
from servflow.sla._repeats import upcoming

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-22:00"]})
H = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def started(clock: sla.Clock, hour: float = 9, within: float = 4, cal: Calendar = OFFICE) -> ClockRun:
    """A run that counts office hours since Monday."""
    return sla.begin(clock, at(hour), within * H, "office", cal)


def worked_off(clock: sla.Clock, run: ClockRun, now: datetime, cal: Calendar = OFFICE) -> ClockRun:
    """The run after everything set strictly before an instant."""
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, cal)
    return run


@pytest.mark.parametrize(
    ("options", "now", "within", "breached", "due"),
    [
        ({"breached_by": "over"}, at(20), 4, None, at(9, 3)),
        ({"breached_by": "over"}, at(18), 4, None, at(9, 3)),
        ({"breached_by": "over"}, at(17), 3, at(16), at(16)),
        ({"breached_by": "over"}, at(20), 3, at(16), at(16)),
        ({"breached_by": "over"}, at(20), 5, None, at(10, 3)),
        ({"breached_by": "due"}, at(20), 4, at(16), at(16)),
        ({"breached_by": "due"}, at(20), 5, None, at(10, 3)),
        ({"breached_by": "due", "breach": "stays"}, at(20), 5, at(16), at(16)),
    ],
)
def test_a_breach_follows_a_target_that_leaves_time(
    options: dict[str, Any], now: datetime, within: float, breached: datetime | None, due: datetime
) -> None:
    """Two hours were up at four; what is exactly used up is broken at once, or with ``over`` at the next opening."""
    clock = sla.Clock(name="c", within="2h", **{"breach": "follows", **options})
    run = worked_off(clock, started(clock, 14, 2), now)

    changed = sla.retarget(clock, run, now, within * H, "office", OFFICE, old_cal=OFFICE)

    assert (at(16), breached, due) == (run.breached_at, changed.breached_at, changed.due)


def test_a_mark_that_is_exactly_reached_is_not_reached_again() -> None:
    """``marks: again`` arms what lies ahead; at night nothing is counted, so what was just reached does not."""
    clock = sla.Clock(name="c", within="4h", warn=["50%"], marks="again")
    run = worked_off(clock, started(clock, 16), at(20))
    targets = [4 * H + TICK, 4 * H - TICK]

    assert ("50%",) == run.marks
    assert ("50%",) == sla.retarget(clock, run, at(20), 4 * H, "other", OFFICE, old_cal=OFFICE).marks
    assert [(), ("50%",)] == [
        sla.retarget(clock, run, at(20), within + within - 4 * H, "office", OFFICE, old_cal=OFFICE).marks for within in targets
    ]


def test_marks_that_come_again_do_not_take_a_breach_back() -> None:
    """With ``breach: stays`` the warnings are armed anew by a longer target and the clock is broken all the same."""
    clock = sla.Clock(name="c", within="2h", warn=["50%"], marks="again")
    run = worked_off(clock, started(clock, 9, 2), at(12))

    changed = sla.retarget(clock, run, at(12), 8 * H, "office", OFFICE, old_cal=OFFICE)

    assert (("50%", "breach"), ("breach",), at(11)) == (run.marks, changed.marks, changed.breached_at)


def test_marks_set_at_night_are_reached_by_day() -> None:
    """Marks that come to a running clock in closed hours are counted by its calendar."""
    clock = sla.Clock(name="c", within="4h", warn=["50%"])

    run = sla.remark(clock, started(sla.Clock(name="c", within="4h"), 17), at(20), OFFICE)

    assert ("50%", at(10, 3), at(12, 3)) == (run.next_mark, run.next_at, run.due)


def played(clock: sla.Clock, script: str, until: datetime) -> tuple[ClockRun, list[tuple[str, datetime]]]:
    """A clock that started at nine after what happened up to an instant, one move an hour, with its marks before it."""
    moves: dict[str, Any] = {"p": sla.pause, "r": sla.resume, "s": sla.stop, "c": sla.cancel, "-": lambda _, run, *__: run}
    run = started(clock)
    for hour, letter in enumerate(script, 9):
        if at(hour) <= until:
            run = moves[letter](clock, worked_off(clock, run, at(hour)), at(hour), OFFICE)
    run = worked_off(clock, run, until)
    return run, [*zip(run.marks, run.reached, strict=True)]


@pytest.mark.parametrize(
    "script",
    ["-", "-p", "-pr", "-prpr--s", "-----p-r", "p-r", "-p------r", "----p-r", "----------p---r", "-----s", "-p--s", "--c"],
)
def test_going_back_gives_the_clock_that_never_went_on(script: str) -> None:
    """Rewound to any instant the run is in all its parts the one of that instant, and what happened since is told in order."""
    clock = sla.Clock(name="c", within="4h", warn=["50%", "1h after"])
    far, happened = played(clock, script, at(18, 3))

    for hour in range(9, 30):
        for to in (at(hour), at(hour) + TICK, at(hour + 0.5), at(hour + 1) - TICK):
            then, stays = played(clock, script, to)
            back, undone = sla.rewind(clock, far, to, OFFICE)
            if far.stopped_at is not None and far.stopped_at <= to:
                assert (far, ()) == (back, undone)
            else:
                assert then == back
                assert [item for item in happened if item not in stays] == [*undone]


def test_an_excuse_stays_with_its_breach() -> None:
    """Gone back to after the breach it is still excused; where the breach goes, so does the excuse."""
    clock = sla.Clock(name="c", within="4h")
    run = replace(worked_off(clock, started(clock), at(15)), waived="storm")

    assert ["storm", None] == [sla.rewind(clock, run, to, OFFICE)[0].waived for to in (at(14), at(13))]


def test_a_pause_that_became_one_amount_is_remembered() -> None:
    """Carried under another calendar while it rested a clock is paused since its pause, also when it goes back."""
    clock = sla.Clock(name="c", within="4h")
    resting = sla.pause(clock, started(clock), at(10), OFFICE)

    for now in (at(10), at(11)):
        carried = sla.retarget(clock, resting, now, 5 * H, "late", LATE, old_cal=OFFICE)
        assert ("late", 5 * H, now) == (carried.calendar, carried.within, carried.retargeted_at)
        assert [at(10)] * 2 == [sla.rewind(clock, carried, to, LATE)[0].paused_at for to in (at(12), at(10))]


def test_counted_anew_over_a_night_it_is_the_new_calendar_that_counts() -> None:
    """What ran before a pause is counted again by the calendar that holds now, of the night nothing."""
    clock = sla.Clock(name="c", within="40h", on_retarget="recount")
    run = sla.resume(clock, sla.pause(clock, started(clock), at(10, 3), OFFICE), at(11, 3), OFFICE)

    changed = sla.retarget(clock, run, at(11, 3), 30 * H, "late", LATE, old_cal=OFFICE)

    assert (10 * H, 8 * H) == (run.counted, changed.counted)


def test_what_is_counted_is_the_amount_kept_and_the_stretches_kept() -> None:
    """However many pauses there were, folding the oldest stretch loses nothing of it."""
    clock = sla.Clock(name="c", within="40h")
    run = started(clock)
    for step in range(MAX_SEGMENTS + 5):
        begin = at(9) + step * timedelta(minutes=7)
        run = sla.resume(clock, sla.pause(clock, run, begin + (step % 5 + 1) * H / 60, OFFICE), begin + 7 * H / 60, OFFICE)
        kept = sum(((item.end or item.start) - item.start for item in run.segments), run.folded)
        assert (sum(number % 5 + 1 for number in range(step + 1)) * H / 60, run.counted) == (run.counted, kept)


@pytest.mark.parametrize("now", [at(8), at(9), at(11)])
def test_another_calendar_never_counts_back_behind_the_start(now: datetime) -> None:
    """Carried at an instant before the clock began to count, or at it, nothing is counted and it begins there."""
    clock = sla.Clock(name="c", within="4h")

    run = sla.retarget(clock, started(clock), now, 5 * H, "late", LATE, old_cal=OFFICE)

    since = max(now, at(9))
    assert (since - at(9), since, (Segment(since),)) == (run.folded, run.since, run.segments)
    assert at(19) - (since - at(9)) == run.due


def test_what_breaks_is_provisional_no_more() -> None:
    """A due instant beyond what is known may still change, a breach may not."""
    known = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, known_until="2026-03-01")
    clock = sla.Clock(name="c", within="4h", warn=["1h after"])
    run = started(clock, cal=known)
    broken = worked_off(clock, run, at(13.5), known)

    assert [(at(13), True), (at(13), False)] == [(one.due, one.provisional) for one in (run, broken)]
    assert broken is with_ahead(clock, broken, known)


def test_marks_after_a_breach_count_what_was_counted_before_it() -> None:
    """Over a night, over pauses and where the calendar ends: an hour after is one counted hour after."""
    clock = sla.Clock(name="c", within="4h", warn=["1h after", "3h after"])
    over_night = worked_off(clock, started(clock, 16), at(11.5, 3))
    stretches = started(clock)
    for hour in (10, 12):
        stretches = sla.resume(clock, sla.pause(clock, stretches, at(hour), OFFICE), at(hour + 1), OFFICE)
    fair = Calendar("UTC", shifts={"2026-03-02": ["09:00-14:30"]})
    ending = worked_off(clock, started(clock, cal=fair), at(20), fair)

    assert (at(11, 3), "1h after", at(12, 3)) == (over_night.breached_at, over_night.next_mark, over_night.next_at)
    broken = worked_off(clock, stretches, at(15.5))
    assert (at(15), "1h after", at(16)) == (broken.breached_at, broken.next_mark, broken.next_at)
    assert (("breach", "1h after"), None, None) == (ending.marks, ending.next_mark, ending.next_at)


def test_repetitions_that_a_night_put_behind_are_counted_by_the_calendar() -> None:
    """Seen the next morning under another calendar the latest missed one is told, and the night holds none."""
    clock = sla.Clock(name="c", within="2h", warn=["every 1h after"])
    longer = Calendar("UTC", {"mon-fri": ["09:00-19:00"]})

    run = sla.recalendar(clock, worked_off(clock, started(clock, within=2), at(12)), at(10.5, 3), longer, OFFICE)

    assert ("every 1h after #9", at(10.5, 3)) == (run.next_mark, run.next_at)


def test_a_cancel_at_night_counts_by_the_calendar() -> None:
    """What a cancelled clock has counted is office time, like that of any other end."""
    clock = sla.Clock(name="c", within="4h")

    assert 2 * H == sla.cancel(clock, started(clock, 16), at(22), OFFICE).counted


def test_nothing_reopens_before_it_ended() -> None:
    """A clock that has stopped at one goes on from there on at the earliest, and the error says so."""
    clock = sla.Clock(name="c", within="4h")
    ended = sla.stop(clock, started(clock), at(12), OFFICE)

    with pytest.raises(TimeError, match="rewind") as caught:
        sla.reopen(clock, ended, at(12) - TICK, OFFICE)

    assert {"code": "past", "clock": "c", "at": at(12) - TICK, "earliest": at(12)} == caught.value.facts


def test_a_past_of_no_counted_time_is_a_past_all_the_same() -> None:
    """What fell out of the segments kept, or was counted by another calendar, is not known any more even if it was nothing."""
    clock = sla.Clock(name="c", within="40h")
    night = started(clock, 20)
    moved = sla.retarget(clock, night, at(22), 41 * H, "late", LATE, old_cal=OFFICE)
    nights = night
    for step in range(MAX_SEGMENTS):
        nights = sla.pause(clock, nights, at(20) + (2 * step + 1) * H / 60, OFFICE)
        nights = sla.resume(clock, nights, at(20) + (2 * step + 2) * H / 60, OFFICE)

    assert [timedelta(), timedelta()] == [moved.folded, nights.folded]
    assert [at(22), at(20) + 2 * H / 60] == [sla.clamp(run, at(19)) for run in (moved, nights)]


def test_the_first_repetition_is_the_first() -> None:
    """Where no mark is noted yet a repeating one begins with 1."""
    (mark,) = sla.Clock(name="c", within="2h", warn=["every 1h after"]).late_marks

    assert (H, "every 1h after #1") == upcoming(mark, (), timedelta())


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (sla.span_of("2 business days"), "2 business days"),
        (sla.Relative(1), "next business day"),
        (sla.Relative(2, "16:00"), "16:00 2 business days"),
    ],
)
def test_a_target_that_needs_a_calendar_says_which(span: Any, written: str) -> None:
    """The finding has its place and what was asked for, in the words of the definition."""
    with pytest.raises(DefinitionError) as caught:
        sla.target(span, None, at(9))

    (found,) = caught.value.findings
    assert ("sla.needs_calendar", "within", {"value": written}) == (found.code, found.path, {**found.facts})
