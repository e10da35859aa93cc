"""Knows the laws of clocks under every operation, near the transitions of hard zones; must not know how a clock is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow import sla
from servflow.calendars import Calendar
from servflow.model import ClockRun
from tests.oracles.calendar_walk import NAMES
from tests.oracles.calendar_walk import Walk as Days
from tests.oracles.sla_course import EARLY, LATE, Course, Open, walk
from tests.oracles.sla_walk import ORDER

LAWS = settings(max_examples=60, deadline=None)

# A day before the clocks of each zone change, in UTC: half an hour at two, the end and the beginning of Ramadan, a
# quarter of an hour at midnight in 1986, a date that never was, and gaps and overlaps at midnight.
HARD = {
    "Australia/Lord_Howe": (datetime(2026, 4, 3), datetime(2026, 10, 2)),
    "Africa/Casablanca": (datetime(2026, 2, 14), datetime(2026, 3, 21)),
    "Asia/Kathmandu": (datetime(1985, 12, 30), datetime(2026, 5, 4)),
    "Pacific/Apia": (datetime(2011, 12, 28), datetime(2011, 9, 23)),
    "America/Santiago": (datetime(2026, 4, 3), datetime(2026, 9, 4)),
    "Asia/Tehran": (datetime(2022, 3, 20), datetime(2022, 9, 20)),
}
WEEKS = (
    ("09:00-12:00", "13:00-18:00"),
    ("22:00-06:00",),
    ("00:00-03:00", "23:30-24:00"),
    ("00:30-01:30", "01:45-02:15", "17:00-20:00"),
)
WARN = [*EARLY, *LATE]
BASIC = ("start", "pause", "resume", "stop", "reset", "cancel")
RETARGETS = ("carry", "restart", "recount", "keep")
CHANGES = ("recompute", "prospective")

minutes = st.integers(0, 3 * 1440)
places = st.sampled_from([(zone, base.replace(tzinfo=UTC)) for zone, bases in HARD.items() for base in bases])
# Even, so that half of it is whole minutes.
lasts = st.integers(1440, 3 * 1440)
targets = st.integers(1, 450).map(lambda half: 2 * half)
counting = st.integers(-1, len(WEEKS) - 1)
# Mostly of running clocks with pauses behind them: on others a change of target or calendar does nothing.
basic = st.tuples(minutes, st.sampled_from(("pause", "resume", "start", "pause", "resume", *BASIC)), st.none())
changes = st.tuples(minutes, st.sampled_from(("retarget", "recalendar")), st.tuples(targets, counting))
again = st.tuples(minutes, st.just("reopen"), st.none())
histories = st.lists(st.one_of(basic, changes, basic, changes, basic, again), min_size=4, max_size=12)
History = list[tuple[int, str, Any]]


@cache
def calendar(zone: str, week: int) -> Calendar | None:
    """One of the calendars of a zone; None for time as it passes."""
    return None if week < 0 else Calendar(zone, {"mon-sun": WEEKS[week]})


@cache
def open_minutes(zone: str, base: datetime, week: int) -> Open:
    """Whether a minute after a base counts, asked of the wall clock and remembered."""
    if week < 0:
        return lambda _: True
    place = ZoneInfo(zone)
    days = Days({"zone": "UTC", "week": dict.fromkeys(NAMES, WEEKS[week])})
    noted = datetime(2026, 1, 7, tzinfo=UTC)
    # Every day has the same windows, so the wall time of the minute decides.
    counted = [days.is_open(noted + timedelta(minutes=minute)) for minute in range(1440)]

    @cache
    def is_open(minute: int) -> bool:
        wall = (base + timedelta(minutes=minute)).astimezone(place)
        return counted[wall.hour * 60 + wall.minute]

    return is_open


def started(history: History) -> History:
    """The history from a start on, in the order of time; at one instant as given."""
    return sorted([(0, "start", None), *history], key=lambda entry: entry[0])


class Kept:
    """A clock as a host keeps it: one operation after the other, marks worked off whenever somebody looks."""

    def __init__(self, clock: sla.Clock, within: int, zone: str, week: int) -> None:
        self.clock, self.within, self.zone, self.week = clock, within, zone, week
        self.run: ClockRun | None = None
        self.names = 0

    @property
    def name(self) -> str:
        return f"calendar {self.names}"

    @property
    def cal(self) -> Calendar | None:
        return calendar(self.zone, self.week)

    def look(self, now: datetime) -> None:
        while self.run is not None and self.run.next_at is not None and self.run.next_at < now:
            self.run = sla.reach(self.clock, self.run, self.cal)

    def do(self, operation: str, now: datetime, given: tuple[int, int] | None) -> None:
        self.look(now)
        within, run = timedelta(minutes=self.within), self.run
        if operation == "start":
            if run is None or run.phase not in {"running", "paused"}:
                self.run = sla.begin(self.clock, now, within, self.name, self.cal, run)
        elif run is None or (given is not None and run.phase not in {"running", "paused"}):
            return
        elif operation == "reset":
            self.run = sla.reset(self.clock, run, now, within, self.name, self.cal)
        elif given is None:
            self.run = getattr(sla, operation)(self.clock, run, now, self.cal)
        else:
            self.change(operation, run, now, given)

    def change(self, operation: str, run: ClockRun, now: datetime, given: tuple[int, int]) -> None:
        old, new = self.cal, calendar(self.zone, given[1])
        if operation == "recalendar":
            self.run, self.week = sla.recalendar(self.clock, run, now, new, old), given[1]
        elif self.clock.on_retarget != "keep":
            target = timedelta(minutes=given[0])
            if new is not old:  # a name stays that of the calendar, whatever its holidays become
                self.names += 1
            self.run = sla.retarget(self.clock, run, now, target, self.name, new, old_cal=old)
            self.within, self.week = given


@LAWS
@given(
    places,
    counting,
    targets,
    histories,
    st.lists(minutes, max_size=4),
    lasts,
    st.sampled_from(RETARGETS),
    st.sampled_from(CHANGES),
    st.tuples(st.booleans(), st.booleans()),
)
def test_a_clock_kept_step_by_step_is_its_history_walked_minute_by_minute(
    place: tuple[str, datetime],
    week: int,
    within: int,
    history: History,
    ticks: list[int],
    at: int,
    on_retarget: str,
    on_change: str,
    rearmed: tuple[bool, bool],
) -> None:
    """
    Incremental clock equals replay of its history, whatever is done to it, under every option.

    What is counted, when it is due and breached, which marks were reached and when, is what walking every minute gives,
    however often somebody looked in between.
    """
    zone, base = place
    follows, again = rearmed
    options = {"breach": "follows" if follows else "stays", "marks": "again" if again else "once", "on_reopen": "resume"}
    clock = sla.Clock(name="c", within="1h", warn=WARN, on_retarget=on_retarget, on_calendar_change=on_change, **options)
    course = Course(within, open_minutes(zone, base, week), follows=follows, again=again)
    kept = Kept(clock, within, zone, week)
    known = [entry for entry in started(history) if entry[0] <= at]
    spelled = {"retarget": on_retarget, "recalendar": on_change}
    walk(
        course,
        [(when, spelled.get(verb, verb), more and (more[0], open_minutes(zone, base, more[1]))) for when, verb, more in known],
        at,
    )

    for when, operation, more in sorted([*known, *((tick, "", None) for tick in ticks if tick <= at)], key=lambda one: one[0]):
        now = base + timedelta(minutes=when)
        if operation:
            kept.do(operation, now, more)
        else:
            kept.look(now)
    now = base + timedelta(minutes=at)
    kept.look(now)

    run = kept.run
    assert run is not None
    assert (course.phase, course.cycle) == (run.phase, run.cycle)
    assert list(zip(course.marks, (base + timedelta(minutes=one) for one in course.reached), strict=True)) == list(
        zip(run.marks, run.reached, strict=True)
    )
    assert timedelta(minutes=course.counted(at)) == sla.counted(run, now, kept.cal)
    due = course.due(at)
    assert (None if due is None else base + timedelta(minutes=due)) == run.due
    assert (None if course.breached_at is None else base + timedelta(minutes=course.breached_at)) == run.breached_at


@LAWS
@given(places, counting, targets, st.lists(basic, max_size=9), minutes)
def test_a_history_folds_to_what_walking_every_minute_gives(
    place: tuple[str, datetime], week: int, within: int, history: History, at: int
) -> None:
    """The state that a host without a workflow asks for is right to the minute where clocks are changed."""
    zone, base = place
    entries = sorted(((when, verb) for when, verb, _ in started(history)), key=lambda one: (one[0], ORDER.index(one[1])))
    course = Course(within, open_minutes(zone, base, week))
    walk(course, [(when, verb, None) for when, verb in entries if when <= at], at)
    clock = sla.Clock(name="c", within=timedelta(minutes=within))
    shown = [(base + timedelta(minutes=when), verb) for when, verb in entries]

    state = sla.run(clock, calendar(zone, week), shown, base + timedelta(minutes=at))

    due, breached = course.due(at), course.breached_at
    assert state == sla.ClockState(
        timedelta(minutes=course.counted(at)),
        timedelta(minutes=within - course.counted(at)),
        None if due is None else base + timedelta(minutes=due),
        None if breached is None else base + timedelta(minutes=breached),
        course.phase,
        course.cycle,
    )
