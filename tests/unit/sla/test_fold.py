"""Knows how single operations move a clock; must not know the definition's spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from servflow import model, sla
from servflow.calendars import Calendar
from servflow.errors import DefinitionError, InputError, TimeError

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-18:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-22:00"]})
H = timedelta(hours=1)
CLOCK = sla.Clock(name="c", within="4h")
WARNED = sla.Clock(name="c", within="4h", warn=["80%", "50%", "1h after"])


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


def started(clock: sla.Clock = CLOCK, hour: float = 9, cal: Calendar | None = OFFICE) -> model.ClockRun:
    return sla.begin(clock, at(hour), 4 * H, "office", cal)


def worked_off(clock: sla.Clock, run: model.ClockRun, now: datetime) -> model.ClockRun:
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, OFFICE)
    return run


def test_a_clock_starts_with_its_breach_ahead() -> None:
    """The due instant is the left limit of the target and the breach is set for it."""
    run = started(hour=14)

    assert (at(18), "breach", at(18)) == (run.due, run.next_mark, run.next_at)
    assert ("running", 1, (model.Segment(at(14)),)) == (run.phase, run.cycle, run.segments)


def test_a_run_survives_being_stored() -> None:
    """The snapshot of a clock comes back equal from JSON-ready data."""
    run = sla.pause(WARNED, started(WARNED), at(10), OFFICE)

    assert run == model.load(model.dump(run))


def test_stopped_exactly_on_time_is_kept() -> None:
    """At the due instant the promise is kept; a microsecond later it is not."""
    run = started()

    assert None is sla.stop(CLOCK, run, at(13), OFFICE).breached_at
    assert at(13) == sla.stop(CLOCK, run, at(13) + timedelta(microseconds=1), OFFICE).breached_at
    assert at(13) == sla.stop(CLOCK, run, at(13), OFFICE).due


def test_breached_and_over_differ_in_closed_hours() -> None:
    """After closing a clock is breached once its time is used up, and not over before it counts more."""
    stopped = sla.stop(CLOCK, started(hour=14), at(20), OFFICE)

    assert at(18) == stopped.breached_at
    assert not stopped.over
    assert not sla.over(started(hour=14), at(20), OFFICE)
    assert sla.over(started(hour=14), at(10, day=3), OFFICE)


def test_a_paused_clock_has_no_due_instant() -> None:
    """Paused nothing lies ahead; it can be asked what a resume would give."""
    run = sla.pause(CLOCK, started(), at(12), OFFICE)

    assert (None, None, None) == (run.due, run.next_mark, run.next_at)
    assert 3 * H == sla.counted(run, at(20), OFFICE)
    assert H == sla.remaining(run, at(20), OFFICE)
    assert at(10, day=3) == sla.due_if_resumed(run, at(20), OFFICE)


def test_due_is_never_before_the_latest_resume() -> None:
    """Time used up exactly at a pause is due when the clock goes on."""
    run = sla.resume(CLOCK, sla.pause(CLOCK, started(), at(13), OFFICE), at(16), OFFICE)

    assert at(16) == run.due


def test_what_does_not_apply_changes_nothing() -> None:
    """Pausing what is paused, resuming what runs, anything after the end: the same run comes back."""
    run = started()
    paused = sla.pause(CLOCK, run, at(10), OFFICE)
    met = sla.stop(CLOCK, run, at(10), OFFICE)

    assert run is sla.resume(CLOCK, run, at(10), OFFICE)
    assert paused is sla.pause(CLOCK, paused, at(11), OFFICE)
    for change in (sla.pause, sla.resume, sla.stop, sla.cancel):
        assert met is change(CLOCK, met, at(11), OFFICE)
    assert met is sla.reset(CLOCK, met, at(11), H, None, OFFICE)
    assert met is sla.retarget(CLOCK, met, at(11), H, None, OFFICE, old_cal=OFFICE)
    assert met is sla.recalendar(CLOCK, met, at(11), LATE, OFFICE)
    assert run is sla.reopen(CLOCK, run, at(11), OFFICE)
    assert paused is sla.reach(CLOCK, paused, OFFICE)


def test_time_does_not_go_back() -> None:
    """A change before the last one is refused with what to do; nothing is half done."""
    run = started()

    with pytest.raises(TimeError, match="rewind it") as caught:
        sla.pause(CLOCK, run, at(8), OFFICE)

    assert ("past", at(9)) == (caught.value.code, caught.value.earliest)


def test_marks_are_reached_in_the_order_of_their_amounts() -> None:
    """Warnings come by amount, then the breach, then what lies beyond it; each once."""
    run = started(WARNED)
    reached = []
    while run.next_mark is not None:
        reached.append((run.next_mark, run.next_at))
        run = sla.reach(WARNED, run, OFFICE)

    assert [("50%", at(11)), ("80%", at(12.2)), ("breach", at(13)), ("1h after", at(14))] == reached
    assert ("50%", "80%", "breach", "1h after") == run.marks
    assert (at(13), at(13)) == (run.due, run.breached_at)


def test_a_breach_stays_through_pauses() -> None:
    """Once breached the due instant is the breach, paused, resumed and stopped."""
    run = worked_off(CLOCK, started(), at(14))
    paused = sla.pause(CLOCK, run, at(14), OFFICE)
    resumed = sla.resume(CLOCK, paused, at(15), OFFICE)

    assert [at(13)] * 4 == [paused.due, resumed.due, resumed.breached_at, sla.stop(CLOCK, resumed, at(16), OFFICE).due]


def test_a_breach_nobody_worked_off_is_not_lost() -> None:
    """A pause after the due instant notes the breach that time had brought."""
    run = sla.resume(CLOCK, sla.pause(CLOCK, started(), at(14), OFFICE), at(15), OFFICE)

    assert (at(13), ("breach",), None) == (run.breached_at, run.marks, run.next_mark)


def test_cancelled_there_is_no_due_instant() -> None:
    """A cancelled promise is due never, unless it was breached before."""
    assert None is sla.cancel(CLOCK, started(), at(10), OFFICE).due
    assert at(13) == sla.cancel(CLOCK, started(), at(14), OFFICE).due


def test_reset_keeps_cycle_and_pause() -> None:
    """A reset forgets what was counted and breached, and leaves the phase."""
    breached = worked_off(WARNED, started(WARNED), at(14))
    fresh = sla.reset(WARNED, breached, at(15), 2 * H, "office", OFFICE)
    paused = sla.reset(WARNED, sla.pause(WARNED, breached, at(15), OFFICE), at(16), 2 * H, "office", OFFICE)

    assert (1, "running", None, (), at(17)) == (fresh.cycle, fresh.phase, fresh.breached_at, fresh.marks, fresh.due)
    assert (1, "paused", None, timedelta()) == (paused.cycle, paused.phase, paused.due, paused.counted)
    assert at(18) == sla.resume(WARNED, paused, at(16), OFFICE).due


def test_a_new_cycle_sums_up_the_ones_before() -> None:
    """The summary tells how many cycles ended how and what they counted."""
    one = sla.stop(CLOCK, started(), at(10), OFFICE)
    two = sla.stop(CLOCK, sla.begin(CLOCK, at(11), H, None, OFFICE, one), at(14), OFFICE)
    three = sla.cancel(CLOCK, sla.begin(CLOCK, at(14), H, None, OFFICE, two), at(14), OFFICE)
    four = sla.begin(CLOCK, at(15), H, None, OFFICE, three)

    assert model.ClockSummary(3, 1, 1, 1, 4 * H, (2,)) == four.summary
    assert 4 == four.cycle


def test_reopened_it_goes_on_as_after_a_pause() -> None:
    """A stopped cycle can go on with what it had counted."""
    run = sla.reopen(CLOCK, sla.stop(CLOCK, started(), at(12), OFFICE), at(9, day=3), OFFICE)

    assert ("running", at(10, day=3), 1) == (run.phase, run.due, run.cycle)


def test_old_segments_become_one_amount() -> None:
    """However often it pauses, a run keeps a bounded number of segments and counts the same."""
    run = started(cal=None)
    for number in range(200):
        run = sla.pause(CLOCK, run, at(9) + timedelta(seconds=2 * number + 1), None)
        run = sla.resume(CLOCK, run, at(9) + timedelta(seconds=2 * number + 2), None)
    now = at(9) + timedelta(seconds=400)

    assert model.MAX_SEGMENTS == len(run.segments)
    assert timedelta(seconds=200) == sla.counted(run, now, None) == sla.explain(CLOCK, run, now, None)[-1].total
    assert run.segments[0].start == sla.clamp(run, at(9))
    assert "folded" == sla.explain(CLOCK, run, now, None)[0].phase
    back, _ = sla.rewind(CLOCK, run, at(9), None)
    assert (run.segments[0].start, run.folded) == (back.since, back.counted)


def test_a_calendar_that_runs_out_has_no_due_instant() -> None:
    """Where it never opens for long enough nothing is due, and the answer is provisional."""
    cal = Calendar("UTC", {}, shifts={"2026-03-02": ["09:00-12:00"]})
    run = started(WARNED, cal=cal)

    assert (None, "50%", at(11), True) == (run.due, run.next_mark, run.next_at, run.provisional)
    assert (None, None) == (sla.reach(WARNED, run, cal).next_mark, sla.reach(WARNED, run, cal).next_at)


def test_beyond_what_is_known_an_answer_is_provisional() -> None:
    """A due instant after the calendar's horizon is marked."""
    cal = Calendar("UTC", {"mon-fri": ["09:00-18:00"]}, known_until="2026-03-02")

    assert not started(hour=9, cal=cal).provisional
    assert started(hour=17, cal=cal).provisional


@pytest.mark.parametrize(
    ("option", "due", "counted"),
    [("carry", at(11, day=3), 2 * H), ("restart", at(13, day=3), timedelta()), ("keep", at(13), 2 * H)],
)
def test_retarget_follows_the_option(option: str, due: datetime, counted: timedelta) -> None:
    """A longer target keeps, forgets or ignores what was counted."""
    clock = sla.Clock(name="c", within="4h", on_retarget=option)

    run = sla.retarget(clock, started(clock), at(11), 13 * H - 2 * H, "office", OFFICE, old_cal=OFFICE)

    assert (due, counted) == (run.due, sla.counted(run, at(11), OFFICE))


def test_retarget_never_breaches_in_the_past() -> None:
    """A target that was used up long ago is breached at the retarget, warnings first."""
    run = sla.retarget(WARNED, started(WARNED), at(10.9), H, "office", OFFICE, old_cal=OFFICE)
    instants = [run.next_at]
    while run.breached_at is None:
        run = sla.reach(WARNED, run, OFFICE)
        instants.append(run.next_at)

    assert [at(10.9)] * 3 == instants[:3]
    assert ("50%", "80%", "breach") == run.marks
    assert (at(10.9), at(11.9)) == (run.breached_at, run.next_at)


def test_retarget_while_paused_counts_from_the_resume() -> None:
    """Retargeted while paused it is due at the resume at the earliest."""
    run = sla.pause(CLOCK, started(), at(11), OFFICE)
    run = sla.retarget(CLOCK, run, at(12), H, "office", OFFICE, old_cal=OFFICE)

    assert None is run.due
    assert at(14) == sla.due_if_resumed(run, at(14), OFFICE) == sla.resume(CLOCK, run, at(14), OFFICE).due


def test_a_breach_survives_a_longer_target() -> None:
    """Breached it stays for the cycle, with time left again and no warnings for it."""
    run = sla.retarget(WARNED, worked_off(CLOCK, started(), at(14)), at(14), 20 * H, "office", OFFICE, old_cal=OFFICE)

    assert (at(13), at(13), "1h after", at(14)) == (run.due, run.breached_at, run.next_mark, run.next_at)
    assert not sla.over(run, at(14), OFFICE)


def test_carry_and_recount_under_another_calendar() -> None:
    """Carried, the past stays as it was counted; recounted, it is what the new calendar makes of it."""
    carried = sla.retarget(CLOCK, started(), at(12), 8 * H, "late", LATE, old_cal=OFFICE)
    again = sla.Clock(name="c", within="4h", on_retarget="recount")
    recounted = sla.retarget(again, started(), at(12), 8 * H, "late", LATE, old_cal=OFFICE)

    assert (at(19), 3 * H) == (carried.due, sla.counted(carried, at(12), LATE))
    assert (at(22), timedelta()) == (recounted.due, sla.counted(recounted, at(12), LATE))


def test_carried_while_paused_the_past_is_one_amount() -> None:
    """With another calendar while paused nothing recounts what was counted."""
    run = sla.pause(CLOCK, started(), at(11), OFFICE)
    run = sla.retarget(CLOCK, run, at(12), 4 * H, "late", LATE, old_cal=OFFICE)

    assert (2 * H, at(12)) == (sla.counted(run, at(13), LATE), sla.clamp(run, at(8)))
    assert at(16) == sla.resume(CLOCK, run, at(13), LATE).due


@pytest.mark.parametrize(("option", "due"), [("recompute", at(18)), ("prospective", at(16))])
def test_a_changed_calendar_follows_the_option(option: str, due: datetime) -> None:
    """A new version of the calendar counts the past anew, or only what comes."""
    clock = sla.Clock(name="c", within="4h", on_calendar_change=option)

    run = sla.recalendar(clock, started(clock), at(11), LATE, OFFICE)

    assert due == run.due


def test_an_earlier_event_amends_what_it_makes_untrue() -> None:
    """Rewound before its breach the clock is unbreached and gives back the marks that did not happen."""
    run = evolve(worked_off(WARNED, started(WARNED), at(14.5)), waived="boss")

    back, undone = sla.rewind(WARNED, run, at(12), OFFICE)

    assert (("80%", at(12.2)), ("breach", at(13)), ("1h after", at(14))) == undone
    assert (("50%",), None, at(13), "80%", None) == (back.marks, back.breached_at, back.due, back.next_mark, back.waived)
    assert None is sla.stop(WARNED, back, at(12), OFFICE).breached_at


def test_an_event_exactly_at_the_due_instant_undoes_the_breach() -> None:
    """What occurred on time was on time, although it was read later."""
    run = worked_off(CLOCK, started(), at(15))

    assert (("breach", at(13)),) == sla.rewind(CLOCK, run, at(13), OFFICE)[1]
    assert () == sla.rewind(CLOCK, run, at(13) + timedelta(microseconds=1), OFFICE)[1]


def test_a_mark_held_up_by_a_pause_is_told_by_its_own_instant() -> None:
    """A mark reached exactly at a pause happens at the resume, and is undone only before that."""
    run = sla.resume(WARNED, sla.pause(WARNED, started(WARNED), at(11), OFFICE), at(12), OFFICE)
    run = worked_off(WARNED, run, at(12.5))

    assert ("50%",) == run.marks
    assert (("50%", at(11.5)),) != sla.rewind(WARNED, run, at(11.5), OFFICE)[1]
    assert (("50%", at(12)),) == sla.rewind(WARNED, run, at(11.5), OFFICE)[1]


def test_a_rewind_ends_at_the_start() -> None:
    """An event before the cycle counts from its start; an ended run that ended earlier is left alone."""
    run = sla.stop(CLOCK, started(), at(12), OFFICE)

    assert at(9) == sla.clamp(run, at(3))
    assert at(9) == sla.rewind(CLOCK, run, at(3), OFFICE)[0].since
    assert (run, ()) == sla.rewind(CLOCK, run, at(12), OFFICE)


def test_after_a_retarget_warnings_are_not_undone() -> None:
    """Where the instant of a warning is no longer known it stays; the breach is exact."""
    run = sla.retarget(WARNED, worked_off(WARNED, started(WARNED), at(11.5)), at(11.5), 3 * H, "office", OFFICE, old_cal=OFFICE)
    run = worked_off(WARNED, run, at(14))

    assert (("breach", at(12)), ("1h after", at(13))) == sla.rewind(WARNED, run, at(11.7), OFFICE)[1]


def test_targets_become_amounts_at_the_start() -> None:
    """Business days and places in the calendar are the open time up to them."""
    spans = [sla.Clock(name="c", within=text).within for text in ("4h", "3d", "2 business days")]
    places = [{"end_of": "business day"}, {"end_of": "next business day"}, {"at": "16:00", "of": "next business day"}]
    spans += [sla.Clock(name="c", within=place).within for place in places]

    amounts = [sla.target(span, OFFICE, at(15)) for span in spans]  # type: ignore[arg-type]  # no lists of choices here

    assert [4 * H, 72 * H, 18 * H, 3 * H, 12 * H, 10 * H] == amounts
    assert [False, True, False, False, False, False] == [sla.passes(span) for span in spans]  # type: ignore[arg-type]  # as above


def test_business_days_need_a_calendar() -> None:
    """Without a calendar nobody knows what a business day is."""
    with pytest.raises(DefinitionError, match="business days"):
        sla.run(sla.Clock(name="c", within="2 business days"), None, [], at(9))


def test_an_idle_clock_has_everything_left() -> None:
    """Before the first start nothing is counted or due."""
    assert sla.ClockState(timedelta(), 4 * H, None, None, "idle", 0) == sla.run(CLOCK, OFFICE, [(at(10), "start")], at(9))


def test_days_pass_on_any_calendar() -> None:
    """A target in days is due when they have passed, whatever is open."""
    assert at(9, day=5) == sla.run(sla.Clock(name="c", within="3d"), OFFICE, [(at(9), "start")], at(9)).due


@pytest.mark.parametrize(
    ("history", "error", "words"),
    [
        ([(datetime(2026, 3, 2), "start")], TimeError, "naive"),
        ([("2026-03-02", "start")], TimeError, "aware datetime"),
        ([(at(9), "strat")], InputError, "did you mean 'start'"),
        ([(at(9), ["start"])], InputError, "no operation"),
        ([at(9)], InputError, "pair"),
        (["ab"], InputError, "pair"),
    ],
)
def test_a_history_is_checked(history: list[tuple[datetime, str]], error: type[Exception], words: str) -> None:
    """What is no pair of an aware instant and a known operation is refused with its place."""
    with pytest.raises(error, match=words):
        sla.run(CLOCK, OFFICE, history, at(9))


def test_a_bare_history_takes_the_target_without_a_condition() -> None:
    """Where every target has a condition there is none to take."""
    clock = sla.Clock(name="c", within=[{"when": "a", "take": "1h"}, {"take": "2h"}])

    assert 2 * H == sla.run(clock, OFFICE, [], at(9)).remaining
    with pytest.raises(DefinitionError, match="bare history"):
        sla.run(sla.Clock(name="c", within=[{"when": "a", "take": "1h"}]), OFFICE, [], at(9))


def test_the_opening_after_the_due_instant_can_be_shown() -> None:
    """``display: next_opening`` changes what is shown and nothing else."""
    clock = sla.Clock(name="c", within="4h", display="next_opening")
    run = started(clock, hour=14)

    assert (at(18), at(9, day=3)) == (run.due, sla.display_due(clock, run, OFFICE))
    assert at(18) == sla.display_due(CLOCK, run, OFFICE)


def test_the_course_of_a_clock_is_told_row_by_row() -> None:
    """Rows say what passed, what counted and the running total; they are JSON-ready."""
    run = sla.resume(CLOCK, sla.pause(CLOCK, started(hour=8), at(11), OFFICE), at(12), OFFICE)

    rows = sla.explain(CLOCK, run, at(13), OFFICE)

    assert [("running", 3 * H, 2 * H), ("paused", H, timedelta()), ("running", H, H)] == [
        (row.phase, row.elapsed, row.counted) for row in rows
    ]
    assert {
        "start": "2026-03-02T08:00:00Z",
        "end": "2026-03-02T11:00:00Z",
        "state": None,
        "reason": "started",
        "phase": "running",
        "elapsed": 10800.0,
        "open": 7200.0,
        "counted": 7200.0,
        "total": 7200.0,
        "calendar": "office",
    } == rows[0].to_data()
    assert H == sla.paused(run, at(13))


def test_the_past_can_be_asked() -> None:
    """What was counted at an earlier instant is known from the segments."""
    run = sla.stop(CLOCK, sla.resume(CLOCK, sla.pause(CLOCK, started(), at(10), OFFICE), at(11), OFFICE), at(12), OFFICE)

    assert [timedelta(), H / 2, H, 2 * H] == [sla.counted(run, at(hour), OFFICE) for hour in (8, 9.5, 10.5, 20)]
