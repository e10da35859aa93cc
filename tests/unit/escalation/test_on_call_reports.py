"""Who has how much duty, and where nobody has any; held to counting minutes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar, HolidayList
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.escalation import Override, Roster, Rotation, Schedule, Shift, coverage, duties, fairness
from servflow.escalation._reports import named
from servflow.model import Person, World

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=BERLIN), datetime(2026, 4, 1, tzinfo=BERLIN)
WEEKLY = Rotation(["ann", "bob"], "2026-03-02T09:00", "Europe/Berlin")
DAILY = Rotation(["cy", "dan"], "2026-03-02", "Europe/Berlin", "1 day")


class Answers:
    """A host's own schedule, which only answers who is on call and when that changes."""

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule

    def on_call(self, at: datetime) -> tuple[str, ...]:
        found: tuple[str, ...] = self.schedule.on_call(at)
        return found

    def next_change(self, at: datetime) -> datetime | None:
        found: datetime | None = self.schedule.next_change(at)
        return found


def by_quarters(schedule: Any, start: datetime, end: datetime, holidays: set[date]) -> dict[str, Counter[str]]:
    """Duty, night, weekend and holiday of everybody in quarters of an hour of elapsed time, one by one."""
    found: dict[str, Counter[str]] = {}
    at = start.astimezone(UTC)
    while at < end:
        here = at.astimezone(BERLIN)
        kinds = ["duty"]
        kinds += ["night"] if here.hour >= 22 or here.hour < 6 else []
        kinds += ["weekend"] if here.weekday() >= 5 else []
        kinds += ["holiday"] if here.date() in holidays else []
        for user in schedule.on_call(at):
            found.setdefault(user, Counter()).update(kinds)
        at += HOUR / 4
    return found


@pytest.mark.parametrize("start", [MARCH, datetime(2026, 10, 5, 3, 15, tzinfo=BERLIN)])
@pytest.mark.parametrize(
    "schedule",
    [WEEKLY, Schedule([WEEKLY, DAILY], [Override(start=MARCH + 200 * HOUR, end=MARCH + 250 * HOUR, users=["zoe"])])],
)
def test_hours_are_those_that_pass(start: datetime, schedule: Any) -> None:
    """Across both changes of clocks the report agrees with looking at every quarter of an hour."""
    end = start + timedelta(days=31)
    days = {date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25)}
    told = fairness(schedule, start, end, holidays=days, zone="Europe/Berlin")

    counted = by_quarters(schedule, start, end, days)
    assert counted == {
        one.user: Counter(
            {kind: n for kind in ("duty", "night", "weekend", "holiday") if (n := getattr(one, kind) // (HOUR / 4))}
        )
        for one in told.people
        if one.duty
    }
    assert abs(1.0 - sum(one.share for one in told.people)) < 1e-9


def test_nights_weekends_and_holidays_are_counted() -> None:
    """A night or weekend counts once however little of it is duty; the night in which clocks go forward has seven hours."""
    roster = Roster(
        [
            Shift(datetime(2026, 3, 28, 21, tzinfo=BERLIN), datetime(2026, 3, 29, 9, tzinfo=BERLIN), ("ann",)),
            Shift(datetime(2026, 4, 3, 23, tzinfo=BERLIN), datetime(2026, 4, 4, 1, tzinfo=BERLIN), ("ann", "bob")),
        ]
    )
    ann, bob = fairness(roster, MARCH, MARCH + timedelta(days=60), zone="Europe/Berlin", holidays=["04-03"]).people

    assert ("ann", 13.0, 9 * HOUR, 12 * HOUR, HOUR) == (ann.user, ann.hours, ann.night, ann.weekend, ann.holiday)
    assert (2, 2, 2, 1) == (ann.shifts, ann.nights, ann.weekends, ann.holidays)
    assert (2.0, 1, 1, 13 / 15) == (bob.hours, bob.nights, bob.weekends, ann.share)


def test_a_shift_ends_where_a_turn_passes() -> None:
    """Two turns of one person are two shifts; a change of who else is on call ends none."""
    found = duties(Schedule([WEEKLY, DAILY]), MARCH, APRIL)
    alone = fairness(Rotation(["ann"], "2026-03-02", "Europe/Berlin"), MARCH, APRIL)

    nights = Rotation(["desk"], "2026-03-02", "Europe/Berlin", windows={"mon-sun": ("22:00-06:00",)})
    beside = duties(Schedule([WEEKLY, nights]), MARCH, APRIL)

    assert [found["ann"], found["bob"]] == [beside["ann"], beside["bob"]]
    assert WEEKLY.shifts(MARCH, APRIL) == tuple(sorted(found["ann"] + found["bob"], key=lambda one: one.start))
    assert [6] == [one.shifts for one in alone.people]


def test_everybody_is_in_the_report() -> None:
    """Whoever the schedule names is, also with no duty, and whoever else is asked for."""
    schedule = Schedule([Rotation(["ann", "bob"], "2026-03-01", "Europe/Berlin", "1 month")])
    told = fairness(schedule, MARCH, MARCH + HOUR, people=["eve"])

    assert [("ann", 1.0), ("bob", 0.0), ("eve", 0.0)] == [(one.user, one.share) for one in told.people]
    assert ("ann", HOUR) == (told.of("ann").user, told.duty)
    with pytest.raises(InputError, match="names nobody called 'zoe'"):
        told.of("zoe")


def test_nights_are_those_of_whoever_sleeps() -> None:
    """With a world that knows where people live their nights are counted there."""
    turns = Rotation([["ann", "bob"]], "2026-03-02", "Europe/Berlin", windows={"mon-fri": ("06:00-14:00",)})
    world = World(people=(Person(id="ann", zone="America/New_York"), Person(id="bob")))
    told = fairness(turns, MARCH, MARCH + timedelta(days=7), world=world)

    assert {"ann": ("America/New_York", 30.0), "bob": ("Europe/Berlin", 0.0)} == {
        one.user: (one.zone, one.night / HOUR) for one in told.people
    }


def test_a_make_up_workday_is_no_weekend() -> None:
    """A list of holidays says which Saturdays are worked; another weekend is another pair of days."""
    china = HolidayList(["2026-10-01"], workdays=["2026-10-10"])
    turns = Rotation(["ann"], "2026-10-01", "Asia/Shanghai")
    start, end = (datetime(2026, 10, day, tzinfo=ZoneInfo("Asia/Shanghai")) for day in (1, 12))
    calendar = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]}, holidays=["2026-10-01"])

    assert [(72 * HOUR, 2, 24 * HOUR)] == [
        (o.weekend, o.weekends, o.holiday) for o in fairness(turns, start, end, holidays=china).people
    ]
    friday = fairness(turns, start, end, holidays=calendar, weekend="fri-sat").people[0]
    assert (96 * HOUR, 2, 1) == (friday.weekend, friday.weekends, friday.holidays)


def test_only_answers_are_needed() -> None:
    """A host's own schedule is asked from change to change, with the same result."""
    ours, theirs = (fairness(one, MARCH, APRIL, zone="Europe/Berlin") for one in (WEEKLY, Answers(WEEKLY)))

    assert ours == theirs
    assert coverage(WEEKLY, MARCH, 20).alone == coverage(Answers(WEEKLY), MARCH, 20).alone


@pytest.mark.parametrize(
    ("schedule", "options", "message"),
    [
        (Roster([]), {}, "say zone="),
        (Schedule([WEEKLY, {"users": ["x"], "start": "2026-01-01", "zone": "UTC"}]), {}, "layers are in Europe/Berlin, UTC"),
        (object(), {"zone": "UTC"}, "answers on_call and next_change"),
        (WEEKLY, {"end": MARCH}, "is not after the start"),
    ],
)
def test_questions_without_an_answer_are_refused(schedule: Any, options: dict[str, Any], message: str) -> None:
    """It is said what is missing."""
    asked = {"end": APRIL, **options}
    with pytest.raises(InputError, match=message):
        fairness(schedule, MARCH, **asked)


@pytest.mark.parametrize(("part", "value"), [("night", "22-6"), ("night", None), ("weekend", "foo"), ("weekend", ["sat", 7])])
def test_what_is_wrong_in_a_question_is_named(part: str, value: Any) -> None:
    """A night or a weekend that is none is told under its own name."""
    with pytest.raises(DefinitionError) as told:
        fairness(WEEKLY, MARCH, APRIL, **{part: value})

    assert [part] == [finding.path for finding in told.value.findings]


def test_one_person_and_a_list_of_days() -> None:
    """A text is one person, not their letters; days of a weekend may be a list."""
    told = fairness(WEEKLY, MARCH, APRIL, people="zoe", weekend=["sat", "sun"])

    assert fairness(WEEKLY, MARCH, APRIL, people=["zoe"]) == told


def test_the_report_is_json_ready() -> None:
    """Lengths are hours, instants are text."""
    told = fairness(WEEKLY, MARCH, MARCH + 12 * HOUR).to_data()

    assert {"user": "bob", "zone": "Europe/Berlin", "duty_hours": 12.0, "night_hours": 6.0, "weekend_hours": 12.0} == {
        key: value for key, value in told["people"][0].items() if key in ("user", "zone") or (value and key.endswith("_hours"))
    }


def test_gaps_people_alone_and_people_together() -> None:
    """Each stretch is as long as the same people are on call, and they tile the time asked about."""
    windows = {"ann": ("08:00-20:00",), "bob": ("12:00-16:00",)}
    layers = [Rotation([user], "2026-03-02", "UTC", windows={"mon": texts}) for user, texts in windows.items()]
    schedule = Schedule(layers)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    told = coverage(schedule, at, 1)

    assert [(0, 8), (20, 24)] == [((one.start - at) // HOUR, (one.end - at) // HOUR) for one in told.gaps]
    assert [(8, 12), (16, 20)] == [((one.start - at) // HOUR, (one.end - at) // HOUR) for one in told.alone]
    assert [(12, 16, ("ann", "bob"))] == [((o.start - at) // HOUR, (o.end - at) // HOUR, o.users) for o in told.together]
    assert (0.5, {"ann": 8 * HOUR}) == (told.covered, told.depends_on)
    assert ["coverage.gap", "coverage.gap"] == [finding.code for finding in told.findings]


def test_a_gap_is_where_somebody_ought_to_be_on_call() -> None:
    """With a calendar only its open time can be a gap."""
    turns = Rotation(["ann"], "2026-03-02", "UTC", windows={"mon-thu": ("09:00-17:00",)})
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
    told = coverage(turns, datetime(2026, 3, 2, tzinfo=UTC), 7, calendar=office)

    assert [Shift(datetime(2026, 3, 6, 9, tzinfo=UTC), datetime(2026, 3, 6, 17, tzinfo=UTC), ())] == list(told.gaps)
    assert abs(told.covered - 0.8) < 1e-9


def test_overrides_that_change_nothing_are_told() -> None:
    """One that is over, one that a temporary stretch hides, one that names who is on call anyway; the one that works is not."""
    day = datetime(2026, 3, 3, tzinfo=UTC)
    overrides = [
        {"start": day - 48 * HOUR, "end": day - 24 * HOUR, "users": ["zoe"]},
        {"start": day + 48 * HOUR, "end": day + 50 * HOUR, "users": ["zoe"]},
        {"start": day + 10 * HOUR, "end": day + 11 * HOUR, "users": ["ann"]},
        {"start": day + 12 * HOUR, "end": day + 13 * HOUR, "users": ["bob"], "action": "remove"},
        {"start": day + 14 * HOUR, "end": day + 15 * HOUR, "users": ["zoe"], "action": "add"},
    ]
    away = [{"start": day + 40 * HOUR, "end": day + 60 * HOUR, "shifts": []}]
    told = coverage(Schedule([WEEKLY], overrides, temporary=away), day, 7)

    assert [(0, "over"), (1, "temporary"), (2, "no effect"), (3, "no effect")] == [(one.place, one.why) for one in told.idle]
    assert ["coverage.gap", "coverage.override_over", "coverage.override_temporary", *["coverage.override_no_effect"] * 2] == [
        finding.code for finding in told.findings
    ]


def test_unknown_people_and_the_end_of_what_is_known() -> None:
    """People whom the world does not know are told, and that a roster knows no further."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    roster = Roster([{"start": at, "end": at + 24 * HOUR, "users": ["ann", "eve"]}], known_until=at + 24 * HOUR)
    told = coverage(roster, at, 2, world={"people": ({"id": "ann"},)})

    assert (("eve",), at + 24 * HOUR) == (told.unknown, told.known_until)
    assert ["coverage.gap", "coverage.known_until", "coverage.unknown"] == [finding.code for finding in told.findings]
    assert all(finding.message("zh") != finding.message("en") for finding in told.findings)
    assert {"ann"} == set(coverage(roster, at, 1, world={"people": ({"id": "eve"},)}).unknown)


def test_what_another_system_says_of_coverage() -> None:
    """
    Facts from the tests of Grafana OnCall's score of a schedule: what part of a day, or of a week, is not covered.

    Shifts of 2 h 45, 1 h 30, 1 h, 3 h and 1 h 30 leave 59 % of a day; weekdays around the clock leave 29 % of a week.
    """
    day = datetime(2022, 9, 19, tzinfo=UTC)
    spans = [(3, 5.75), (7, 8.5), (11, 12), (15, 18), (19.5, 21)]
    roster = Roster([{"start": day + start * HOUR, "end": day + end * HOUR, "users": "user1"} for start, end in spans])
    week = Rotation([["a", "b"]], "2022-03-20", "UTC", windows={"mon-fri": ("00:00-24:00",)})

    assert [59, 29] == [
        round(100 * (1 - told.covered))
        for told in (coverage(roster, day, 1), coverage(week, datetime(2022, 3, 24, tzinfo=UTC), 7))
    ]


@pytest.mark.parametrize("days", [0, -1, True, 1.5, 4_000])
def test_days_are_bounded(days: Any) -> None:
    """The days ahead are a whole number of them, up to ten years; the instant is aware."""
    with pytest.raises(InputError, match="days is a whole number"):
        coverage(WEEKLY, MARCH, days)
    with pytest.raises(TimeError):
        coverage(WEEKLY, datetime(2026, 3, 1), 1)
    with pytest.raises(InputError, match="no calendar any more"):
        coverage(WEEKLY, datetime(9999, 12, 1, tzinfo=UTC), 60)


def test_everybody_whom_a_schedule_may_ever_name() -> None:
    """Users of all editions of a rotation, who stands in and who is there for a while; nobody of a host's own schedule."""
    edited = WEEKLY.with_users(["ann", "eve"], MARCH)
    away = [{"start": MARCH, "end": APRIL, "shifts": [{"start": MARCH, "end": APRIL, "users": "tim"}]}]
    gone = Override(start=APRIL, end=APRIL + HOUR, users="ann", action="remove")
    schedule = Schedule([edited], [Override(start=MARCH, end=APRIL, users="zoe"), gone], temporary=away)

    assert {"ann", "bob", "eve", "zoe", "tim"} == set(named(schedule))
    assert () == named(Answers(WEEKLY))
