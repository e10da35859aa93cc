"""Knows the laws of clocks; must not know how a clock is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servflow import sla
from servflow.calendars import Calendar, OpenTime
from servflow.model import ClockRun
from tests.oracles.sla_walk import ORDER, Walk

LAWS = settings(max_examples=150, deadline=None)
BASE = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)  # a Friday
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-12:00", "13:00-18:00"]})
NIGHT = Calendar("America/New_York", {"mon-sun": ["22:00-06:00"]}, holidays=["2026-03-07"])
CALENDARS: list[OpenTime | None] = [None, Calendar.always(), OFFICE, NIGHT]
WARN = ["50%", "80%", "30m before", "1h after", "150%"]
History = list[tuple[datetime, str]]

calendars = st.sampled_from(CALENDARS)
minutes = st.integers(0, 5 * 24 * 60)
targets = st.one_of(st.integers(1, 24 * 60), st.integers(1, 8).map(lambda n: n * 180))
operations = st.sampled_from(ORDER)
# Many operations on few instants, so that ties are common.
histories = st.lists(st.tuples(st.one_of(minutes, st.integers(0, 40).map(lambda n: n * 180)), operations), max_size=14)


def minute(number: int) -> datetime:
    return BASE + timedelta(minutes=number)


def history_of(pairs: list[tuple[int, str]]) -> History:
    return [(minute(when), operation) for when, operation in [(0, "start"), *pairs]]


def work_off(clock: sla.Clock, run: ClockRun, now: datetime, cal: OpenTime | None) -> ClockRun:
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, cal)
    return run


def step(clock: sla.Clock, run: ClockRun | None, entry: tuple[datetime, str], cal: OpenTime | None) -> ClockRun | None:
    at, operation = entry
    within = clock.within.exact  # type: ignore[union-attr]  # the clocks here have one exact target
    if operation == "start":
        return run if run and run.phase in {"running", "paused"} else sla.begin(clock, at, within, None, cal, run)
    if run is None:
        return None
    if operation == "reset":
        return sla.reset(clock, run, at, within, None, cal)
    return getattr(sla, operation)(clock, run, at, cal)


def fold(clock: sla.Clock, cal: OpenTime | None, history: History, ticks: Sequence[datetime] = ()) -> ClockRun | None:
    """The run after every entry, with marks worked off at each tick and before each entry."""
    run: ClockRun | None = None
    for at, operation in sorted(
        [*history, *((tick, "tick") for tick in ticks)], key=lambda entry: (entry[0], [*ORDER, "tick"].index(entry[1]))
    ):
        if run is not None:
            run = work_off(clock, run, at, cal)
        if operation != "tick":
            run = step(clock, run, (at, operation), cal)
    return run


def clock_of(within: int, warn: list[str] | None = None) -> sla.Clock:
    return sla.Clock(name="c", within=timedelta(minutes=within), warn=warn or [])


@LAWS
@given(calendars, targets, histories, minutes)
def test_fold_equals_minute_walk(cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int) -> None:
    """The state is what walking every minute gives."""
    walked = Walk(within, lambda number: cal is None or cal.is_open(minute(number)))
    entries = [(when, operation) for when, operation in [(0, "start"), *pairs] if when <= at]
    counted, due, breached_at, phase, cycle = walked.state(entries, at)

    state = sla.run(clock_of(within), cal, history_of(pairs), minute(at))

    expected = sla.ClockState(
        timedelta(minutes=counted),
        timedelta(minutes=within - counted),
        None if due is None else minute(due),
        None if breached_at is None else minute(breached_at),
        phase,
        cycle,
    )
    assert expected == state


@LAWS
@given(calendars, targets, histories, st.lists(minutes, max_size=6), minutes)
def test_incremental_fold_equals_run(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], ticks: list[int], at: int
) -> None:
    """One operation after the other, however often marks are worked off, comes to the state of the history."""
    clock, now = clock_of(within, WARN), minute(at)
    known = [entry for entry in history_of(pairs) if entry[0] <= now]
    looked = [minute(tick) for tick in ticks if tick <= at]

    run = fold(clock, cal, known, looked)
    assert run is not None
    run = work_off(clock, run, now, cal)

    assert fold(clock, cal, known) is not None
    assert run == work_off(clock, fold(clock, cal, known) or run, now, cal)
    counted = sla.counted(run, now, cal)
    assert sla.run(clock, cal, known, now) == sla.ClockState(
        counted, run.within - counted, run.due, run.breached_at, run.phase, run.cycle
    )


@LAWS
@given(calendars, targets, histories, minutes)
def test_counted_and_remaining_make_the_target(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int
) -> None:
    """Counted and remaining always add up to the target, and once breached due is the breach."""
    state = sla.run(clock_of(within), cal, history_of(pairs), minute(at))

    assert timedelta(minutes=within) == state.counted + state.remaining
    assert state.breached_at is None or state.breached_at == state.due


@LAWS
@given(calendars, targets, histories, minutes, st.sampled_from(["Asia/Shanghai", "America/New_York"]), st.randoms())
def test_spelling_of_the_history_changes_nothing(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int, zone: str, shuffle: Any
) -> None:
    """Neither the zone in which instants are written nor the order in which entries are given matters."""
    clock, history = clock_of(within), history_of(pairs)
    moved = [(when.astimezone(ZoneInfo(zone)), operation) for when, operation in history]
    shuffle.shuffle(moved)

    assert sla.run(clock, cal, history, minute(at)) == sla.run(clock, cal, moved, minute(at).astimezone(ZoneInfo(zone)))


@LAWS
@given(calendars, targets, st.lists(minutes, min_size=2, max_size=9, unique=True), st.integers(0, 3))
def test_pausing_never_brings_a_breach_nearer(cal: OpenTime | None, within: int, times: list[int], extra: int) -> None:
    """With one more pause the clock breaches at the same instant or later, if at all."""
    clock, end = clock_of(within), minute(40 * 24 * 60)
    ordered = sorted(times)[: len(times) // 2 * 2]
    first = extra * 2 % len(ordered)
    paused = history_of([(when, "pause" if index % 2 == 0 else "resume") for index, when in enumerate(ordered)])
    fewer = [
        entry
        for entry in paused
        if entry[0] not in {minute(when) for when in ordered[first : first + 2]} or entry[1] == "start"
    ]

    before, after = (sla.run(clock, cal, each, end).breached_at for each in (fewer, paused))

    assert after is None or (before is not None and before <= after)


@LAWS
@given(calendars, targets, histories, minutes)
def test_pause_and_resume_at_one_instant_change_nothing(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int
) -> None:
    """Splitting a running segment leaves the very same run."""
    clock, now = clock_of(within, WARN), minute(at)
    history = [entry for entry in history_of(pairs) if entry[0] < now]
    run = fold(clock, cal, [*history, (now, "resume"), (now, "start")])
    assert run is not None
    assert run.phase == "running"

    assert run == sla.resume(clock, sla.pause(clock, run, now, cal), now, cal)


@LAWS
@given(calendars, targets, histories, minutes, minutes)
def test_rewinding_equals_never_having_gone_on(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], to: int, at: int
) -> None:
    """After a rewind the run is what it was then, and the marks given back are those that came later."""
    clock, now = clock_of(within, WARN), minute(max(to, at))
    known = [entry for entry in history_of(pairs) if entry[0] <= now]
    run = fold(clock, cal, known, [now])
    assert run is not None
    back_to = sla.clamp(run, minute(to))
    assume(back_to <= now)
    then = fold(clock, cal, [entry for entry in known if entry[0] <= back_to], [back_to])
    assert then is not None

    back, undone = sla.rewind(clock, run, back_to, cal)

    assert then == evolve(back, paused_at=then.paused_at)  # a stretch of no length leaves no trace but this
    later = run.marks[len(then.marks) :]
    assert later == tuple(mark for mark, _ in undone)
    assert all(back_to <= instant < now for _, instant in undone)


@LAWS
@given(calendars, targets, histories, minutes)
def test_explain_adds_up(cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int) -> None:
    """The rows touch from the start to the instant, and their total is what is counted."""
    clock, now = clock_of(within), minute(at)
    run = fold(clock, cal, [entry for entry in history_of(pairs) if entry[0] <= now])
    assert run is not None

    rows = sla.explain(clock, run, now, cal)

    assert [row.start for row in rows[1:]] == [row.end for row in rows[:-1]]
    assert sla.counted(run, now, cal) == sum((row.counted for row in rows), timedelta())
    assert not rows or (rows[0].start, rows[-1].total) == (run.started_at, sla.counted(run, now, cal))
    assert sla.paused(run, now) == sum((row.elapsed for row in rows if row.phase == "paused"), timedelta())


@LAWS
@given(calendars, targets, targets, histories, minutes, st.sampled_from(["carry", "restart", "recount"]), calendars)
def test_retarget_never_reaches_into_the_past(
    cal: OpenTime | None, within: int, new: int, pairs: list[tuple[int, str]], at: int, option: str, new_cal: OpenTime | None
) -> None:
    """What a retarget brings about is not earlier than the retarget, and a breach stays."""
    now = minute(at)
    clock = sla.Clock(name="c", within=timedelta(minutes=within), warn=WARN, on_retarget=option)
    run = fold(clock, cal, [entry for entry in history_of(pairs) if entry[0] <= now], [now])
    assert run is not None
    name = None if new_cal == cal else "other"

    changed = sla.retarget(clock, run, now, timedelta(minutes=new), name, new_cal, old_cal=cal)

    assert changed.next_at is None or changed.next_at >= now or changed == run
    assert run.breached_at == changed.breached_at
    assert run.marks == changed.marks
    assert run.breached_at is not None or changed.due is None or changed.due >= now or changed.phase == "met" or changed == run
    if option == "carry" and changed is not run:
        assert sla.counted(run, now, cal) == sla.counted(changed, now, new_cal)
