"""Knows the laws of a clock's options over random histories; must not know how a clock is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow import sla
from servflow.calendars import Calendar, OpenTime
from servflow.model import ClockRun

LAWS = settings(max_examples=40, deadline=None)
BASE = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)  # a Friday
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-12:00", "13:00-18:00"]})
NIGHT = Calendar("America/New_York", {"mon-sun": ["22:00-06:00"]}, holidays=["2026-03-07"])
CALENDARS: list[OpenTime | None] = [None, OFFICE, NIGHT]
WARN = ["50%", "80%", "30m before", "1h after"]

options = st.fixed_dictionaries({key: st.sampled_from(words) for key, words in sla.OPTIONS.items()})
steps = st.lists(
    st.tuples(
        st.integers(0, 5 * 24 * 60),
        st.sampled_from(["pause", "resume", "tick", "target", "calendar"]),
        st.integers(1, 48 * 60),
        st.sampled_from(CALENDARS),
    ),
    max_size=10,
)


def minute(number: int) -> datetime:
    return BASE + timedelta(minutes=number)


def clock_of(options: dict[str, str]) -> sla.Clock:
    return sla.Clock(name="c", within="8h", warn=WARN, **options)


class Course:
    """A clock on its way, with every mark that fires and every change in the order in which they happen."""

    def __init__(self, clock: sla.Clock, cal: OpenTime | None) -> None:
        self.clock, self.cal = clock, cal
        self.run: ClockRun = sla.begin(clock, BASE, timedelta(hours=8), None, cal)
        self.told: list[tuple[str, datetime]] = []
        self.changes: list[datetime] = []
        self.taken: list[datetime] = []

    def until(self, now: datetime) -> None:
        while self.run.next_at is not None and self.run.next_at < now:
            self.told.append((str(self.run.next_mark), self.run.next_at))
            self.run = sla.reach(self.clock, self.run, self.cal)

    def step(self, step: tuple[int, str, int, OpenTime | None]) -> None:
        number, operation, within, cal = step
        now = minute(number)
        self.until(now)
        before = self.run
        if operation in ("pause", "resume"):
            self.run = getattr(sla, operation)(self.clock, self.run, now, self.cal)
        elif operation == "target":
            length = timedelta(minutes=within)
            name = None if cal is self.cal else "other"
            self.run = sla.retarget(self.clock, self.run, now, length, name, cal, old_cal=self.cal)
            if self.clock.on_retarget != "keep":
                self.cal = cal
        elif operation == "calendar":
            self.run = sla.recalendar(self.clock, self.run, now, cal, self.cal)
            self.cal = cal
        if operation in ("target", "calendar") and self.run is not before:
            self.changes.append(now)
            if before.breached_at is not None and self.run.breached_at is None:
                self.taken.append(now)


@LAWS
@given(options, st.sampled_from(CALENDARS), steps)
def test_options_change_nothing_unless_their_situation_occurs(chosen: dict[str, str], cal: OpenTime | None, given: Any) -> None:
    """Without another target or calendar a clock is the same whatever its options are, but for how a breach is judged."""
    judged = {"breached_by": chosen["breached_by"]}
    one, other = Course(clock_of(chosen), cal), Course(clock_of(judged), cal)
    for step in sorted((step for step in given if step[1] in ("pause", "resume", "tick")), key=lambda step: step[0]):
        one.step(step)
        other.step(step)

    assert (other.run, other.told) == (one.run, one.told)


@LAWS
@given(options, st.sampled_from(CALENDARS), steps)
def test_a_mark_fires_once_for_one_arming(chosen: dict[str, str], cal: OpenTime | None, given: Any) -> None:
    """Between two times of one mark lies a change that put it ahead; with ``stays`` and ``once`` there is one time only."""
    course = Course(clock_of(chosen), cal)
    for step in sorted(given, key=lambda step: step[0]):
        course.step(step)
    course.until(minute(30 * 24 * 60))

    for mark in {mark for mark, _ in course.told}:
        times = [at for name, at in course.told if name == mark]
        assert times == sorted(set(times))
        assert all(any(a <= change <= b for change in course.changes) for a, b in pairwise(times))
        if (chosen["breach"], chosen["marks"]) == ("stays", "once"):
            assert 1 == len(times)


@LAWS
@given(options, st.sampled_from(CALENDARS), steps)
def test_a_breach_is_set_once_for_each_time_it_was_taken_back(chosen: dict[str, str], cal: OpenTime | None, given: Any) -> None:
    """What was told of breaches less what was taken back is what the run says now."""
    course = Course(clock_of(chosen), cal)
    for step in sorted(given, key=lambda step: step[0]):
        course.step(step)

    breaches = [at for mark, at in course.told if mark == "breach"]
    assert len(breaches) - len(course.taken) == (course.run.breached_at is not None)
    assert course.run.breached_at is None or course.run.breached_at == breaches[-1]


@LAWS
@given(st.sampled_from(CALENDARS), steps)
def test_judged_by_over_breached_is_over(cal: OpenTime | None, given: Any) -> None:
    """Without another target or calendar such a clock is breached exactly when more than its target is counted."""
    course = Course(clock_of({"breached_by": "over"}), cal)
    for step in sorted((step for step in given if step[1] in ("pause", "resume", "tick")), key=lambda step: step[0]):
        course.step(step)
        course.until(minute(step[0]))

        assert sla.over(course.run, minute(step[0]), cal) == (course.run.breached_at is not None)
