"""Knows who has which turn; must not know how turns are computed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.errors import DefinitionError, LimitError, TimeError
from servflow.escalation import Rotation, Schedule, Shift
from tests.oracles.rotation_walk import Walk

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_turns_keep_the_wall_time() -> None:
    """A weekly turn begins at nine before and after clocks change."""
    rotation = Rotation(["ann", "bob"], datetime(2026, 3, 23, 9, tzinfo=BERLIN), "Europe/Berlin")
    shifts = rotation.shifts(utc("2026-03-23T12:00"), utc("2026-04-07"))

    assert [utc("2026-03-23T08:00"), utc("2026-03-30T07:00"), utc("2026-04-06T07:00")] == [shift.start for shift in shifts]
    assert Shift(utc("2026-03-23T08:00"), utc("2026-03-30T07:00"), ("ann",)) == shifts[0]
    assert [("ann",), ("bob",), ("ann",)] == [shift.users for shift in shifts]


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2017-03-12T00:00-06:00", 3, "2017-03-12T03:00-05:00"),
        ("2017-11-05T00:00-05:00", 3, "2017-11-05T03:00-06:00"),
        ("2017-03-12T01:00-06:00", 1, "2017-03-12T03:00-05:00"),
        ("2017-11-05T01:00-05:00", 1, "2017-11-05T02:00-06:00"),
        ("2017-06-10T08:00-05:00", 2, "2017-06-10T10:00-05:00"),
    ],
)
def test_wall_hours_keep_the_wall_time(start: str, length: int, end: str) -> None:
    """A turn of wall hours ends when the clock shows so many more, as GoAlert's hourly rotations do."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    rotation = Rotation(["ann", "bob", "cy"], first, "America/Chicago", "1 wall hour", length)

    assert (first, last) == (rotation.shifts(first, last)[0].start, rotation.shifts(first, last)[0].end)


def test_hours_pass_and_wall_hours_keep_the_clock() -> None:
    """Twelve hours from eight begin at nine once clocks have gone forward; twelve wall hours begin at eight all year."""
    at = datetime(2026, 7, 1, 8, 30, tzinfo=BERLIN)
    passing, kept = (
        Rotation(["day", "night"], "2026-03-02T08:00", "Europe/Berlin", every) for every in ("12 hours", "12 wall hours")
    )

    assert ("night",) == passing.on_call(at)
    assert ("day",) == kept.on_call(at)
    assert ("day",) == kept.on_call(datetime(2076, 1, 1, 19, 59, tzinfo=BERLIN))
    assert kept == Rotation(**kept.to_data())


def test_turns_reach_back_before_the_start() -> None:
    """The turn before the first one belongs to the last user."""
    rotation = Rotation(["ann", "bob", "cy"], "2026-03-02T09:00", "Europe/Berlin", "1 day")

    assert ["ann"] == list(rotation.on_call(utc("2026-03-02T08:00")))
    assert ["cy"] == list(rotation.on_call(utc("2026-03-02T07:59:59")))
    assert ["bob"] == list(rotation.on_call(utc("2026-03-01T07:59:59")))


def test_length_multiplies_the_turn() -> None:
    """Two weeks are two times one week."""
    one, two = Rotation("ab", "2026-03-02", "UTC", "2 weeks"), Rotation(["a", "b"], "2026-03-02", "UTC", length=2)
    days = [utc("2026-01-01") + timedelta(days=step) for step in range(90)]

    assert [two.on_call(day) for day in days] == [
        Rotation(["a", "b"], "2026-03-02", "UTC", "2 weeks").on_call(day) for day in days
    ]
    assert (("ab",),) == one.users


def test_a_boundary_is_the_first_occurrence_of_its_wall_time() -> None:
    """At half past one, shown twice, the turn changes once: the first time."""
    rotation = Rotation(["ann", "bob"], "2026-10-31T01:30", "America/New_York", "1 day")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK)

    assert ["ann"] == list(rotation.on_call(first.astimezone(UTC) - timedelta(microseconds=1)))
    assert ["bob"] == list(rotation.on_call(first))
    # One o'clock the second time: the wall clock shows less than the boundary that has passed.
    assert ["bob"] == list(rotation.on_call(datetime(2026, 11, 1, 1, 0, tzinfo=NEW_YORK, fold=1)))
    assert ["bob"] == list(rotation.on_call(datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1)))


def test_a_boundary_in_a_gap_is_the_first_instant_that_exists() -> None:
    """Half past two does not exist when clocks go forward at two; the turn begins at three."""
    rotation = Rotation(["ann", "bob"], "2026-03-07T02:30", "America/New_York", "1 day")
    shifts = rotation.shifts(utc("2026-03-07T12:00"), utc("2026-03-09T12:00"))

    assert [utc("2026-03-07T07:30"), utc("2026-03-08T07:00"), utc("2026-03-09T06:30")] == [shift.start for shift in shifts]


def test_boundaries_that_coincide_give_no_shift() -> None:
    """Where a zone skips a whole day, the turn of that day does not happen."""
    rotation = Rotation(["a", "b", "c"], "2011-12-29", "Pacific/Apia", "1 day")
    shifts = rotation.shifts(utc("2011-12-29T12:00"), utc("2011-12-31T12:00"))

    assert [("a",), ("c",), ("a",)] == [shift.users for shift in shifts]
    assert all(before.end == after.start for before, after in pairwise(shifts))


def test_month_ends_clamp() -> None:
    """A turn from the 31st begins on the last day of a shorter month and goes back to the 31st."""
    rotation = Rotation(["a", "b"], "2024-01-31T08:00", "UTC", "1 month")
    starts = [shift.start for shift in rotation.shifts(utc("2024-01-31T08:00"), utc("2024-05-01"))]

    assert [utc(f"2024-{day}T08:00") for day in ("01-31", "02-29", "03-31", "04-30")] == starts
    assert [utc("2023-02-28T08:00")] == [shift.start for shift in rotation.shifts(utc("2023-03-01"), utc("2023-03-02"))]


def test_hours_pass() -> None:
    """Turns of twelve hours last twelve hours on the day clocks change, so their wall time moves."""
    rotation = Rotation(["day", "night"], datetime(2026, 3, 28, 8, tzinfo=BERLIN), "Europe/Berlin", "12 hours")
    shifts = rotation.shifts(utc("2026-03-28T07:00"), utc("2026-03-29T20:00"))

    assert {timedelta(hours=12)} == {shift.end - shift.start for shift in shifts}
    assert [8, 20, 9, 21] == [shift.start.astimezone(BERLIN).hour for shift in shifts]


def test_hours_count_from_either_occurrence() -> None:
    """An aware start in the hour shown twice is the instant it says, and stays so when written."""
    second = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1)
    rotation = Rotation(["a", "b"], second, "America/New_York", "1 hour")
    first = Rotation(["a", "b"], second.replace(fold=0), "America/New_York", "1 hour")

    assert ["a"] == list(rotation.on_call(second))
    assert ["b"] == list(first.on_call(second))
    assert rotation != first
    assert rotation == Rotation(**rotation.to_data())


def test_windows_limit_who_is_on_call() -> None:
    """Outside the windows nobody is; overnight windows belong to the date they start on."""
    rotation = Rotation(["ann"], "2026-03-02", "Europe/Berlin", windows={"fri": ["22:00-06:00"]})

    assert (Shift(utc("2026-03-06T21:00"), utc("2026-03-07T05:00"), ("ann",)),) == rotation.shifts(
        utc("2026-03-02"), utc("2026-03-08")
    )
    assert not rotation.on_call(utc("2026-03-06T20:59"))
    assert not rotation.on_call(utc("2026-03-07T05:00"))


def test_a_window_meets_the_hour_shown_twice_whole() -> None:
    """A window starts with the first occurrence and ends with the last: an overlap, never a gap."""
    week = {"sun": ["00:00-01:00"]}
    early = Rotation(["a"], "2026-01-01", "America/New_York", windows=week)
    late = Rotation(["b"], "2026-01-01", "America/New_York", windows={"sun": ["01:00-03:00"]})
    first, second = (datetime(2026, 11, 1, 1, 0, tzinfo=NEW_YORK, fold=fold).astimezone(UTC) for fold in (0, 1))
    (one,) = early.shifts(first - timedelta(hours=1), second)
    (two,) = late.shifts(first, second + timedelta(hours=1))

    assert second == one.end
    assert (first, timedelta(hours=3)) == (two.start, two.end - two.start)
    assert ("a", "b") == Schedule([early, late]).on_call(first + timedelta(minutes=30))


def test_a_window_within_a_longer_one_ends_nothing() -> None:
    """What is covered by a window of the day before goes on, in whichever week of the year it is."""
    rotation = Rotation(["a"], "2026-01-01", "UTC", "1 month", windows={"wed": ["08:00-08:00"], "thu": ["01:00-02:00"]})
    thursday = utc("2026-01-01")
    for week in range(60):
        early = thursday + timedelta(weeks=week)
        inside = rotation.shifts(early + timedelta(minutes=90), early + timedelta(minutes=91))

        assert [early + timedelta(hours=8)] == [shift.end for shift in inside]
        assert early + timedelta(hours=8) == rotation.next_change(early + timedelta(hours=3))
        assert inside == Schedule([rotation]).shifts(early + timedelta(hours=3), early + timedelta(hours=4))


def test_duty_days_are_the_days_with_a_window() -> None:
    """Turns of duty days skip the weekend; turns of days do not."""
    office = {"mon-fri": ["09:00-17:00"]}
    duty = Rotation(["a", "b", "c"], "2026-03-05", "UTC", "1 duty day", windows=office)
    days = Rotation(["a", "b", "c"], "2026-03-05", "UTC", "1 day", windows=office)
    noons = [utc(f"2026-03-{day:02}T12:00") for day in (4, 5, 6, 7, 9, 10)]

    assert [("c",), ("a",), ("b",), (), ("c",), ("a",)] == [duty.on_call(noon) for noon in noons]
    assert [("c",), ("a",), ("b",), (), ("b",), ("c",)] == [days.on_call(noon) for noon in noons]


def test_a_turn_may_be_held_in_part() -> None:
    """With ``hold_for`` the rest of a turn is nobody's."""
    rotation = Rotation(["a", "b"], "2026-03-02", "UTC", "2 weeks", hold_for="1 week")

    assert [("a",), (), ("b",), (), ("a",)] == [
        rotation.on_call(utc("2026-03-04") + timedelta(weeks=week)) for week in range(5)
    ]
    assert [utc("2026-03-09"), utc("2026-03-23")] == [
        shift.end for shift in rotation.shifts(utc("2026-03-02"), utc("2026-03-30"))
    ]
    shift = Rotation(["a"], "2026-01-31", "UTC", "1 month", hold_for="36 hours").shifts(utc("2026-02-28"), utc("2026-03-02"))
    assert (Shift(utc("2026-02-28"), utc("2026-03-01T12:00"), ("a",)),) == shift


def test_the_next_duty_is_found_however_rarely_it_comes() -> None:
    """What is held of a turn and a window meet now and then, or never, and both are told."""
    rare = Rotation(["a", "b"], "2026-03-02T00:10", "UTC", "25 hours", windows={"mon": ["09:00-09:30"]}, hold_for="30 minutes")
    walked = utc("2026-03-02")
    while not rare.on_call(walked):
        walked += timedelta(minutes=10)
    never = Rotation(["a", "b"], "2026-03-01", "UTC", hold_for="1 day", windows={"mon-fri": ["09:00-17:00"]})
    yearly = Rotation(["a"], "2026-01-01", "UTC", "12 months", hold_for="1 day", windows={"sun": ["09:00-17:00"]})

    assert walked == rare.next_change(utc("2026-03-02"))
    assert walked > utc("2026-05-01")
    assert (None, ()) == (never.next_change(utc("2026-03-02")), never.next_on_call(utc("2026-03-02")))
    assert () == never.shifts(utc("2026-01-01"), utc("2036-01-01"))
    assert utc("2034-01-01T09:00") == yearly.next_change(utc("2028-06-01"))
    assert () == yearly.previous_on_call(utc("2034-01-01T10:00"))
    assert ("a",) == yearly.previous_on_call(utc("2034-01-01T08:00"))


def test_windows_that_leave_nothing_of_a_week_are_none() -> None:
    """Around the clock in pieces is one stretch of duty in every turn, also where clocks change."""
    pieces = {"mon-sun": ["00:00-08:00", "08:00-16:00", "16:00-24:00"]}
    plain = Rotation(["a", "b"], "2026-03-02T09:00", "Europe/Berlin")
    windows = Rotation(["a", "b"], "2026-03-02T09:00", "Europe/Berlin", windows=pieces)
    overnight = Rotation(["a", "b"], "2026-03-02T09:00", "Europe/Berlin", windows={"mon-sun": ["22:00-22:00"]})
    expected = plain.shifts(utc("2026-01-01"), utc("2027-01-01"))

    assert expected == windows.shifts(utc("2026-01-01"), utc("2027-01-01"))
    assert expected == overnight.shifts(utc("2026-01-01"), utc("2027-01-01"))


def test_groups_are_on_call_together() -> None:
    """An entry may be several people."""
    rotation = Rotation([["a", "b"], "c"], date(2026, 3, 2), "UTC", "1 day")

    assert ["a", "b"] == list(rotation.on_call(utc("2026-03-02")))
    assert [["a", "b"], "c"] == rotation.to_data()["users"]


def test_spelling_makes_no_difference() -> None:
    """Variants of one content are equal and have one canonical form."""
    plain = Rotation(["a"], "2026-03-02T09:00", "Europe/Berlin", "2 weeks", windows={"mon-wed": ["09:00-17:00"]})
    variants = [
        Rotation(
            ("a",), datetime(2026, 3, 2, 9), BERLIN, "2 week", windows={"mon,tue": ["09:00-17:00"], "wed": ["9:00-17:00"]}
        ),
        Rotation([["a"]], utc("2026-03-02T08:00"), "Europe/Berlin", every="2 weeks", windows=plain.windows),
        Rotation(["a"], "2026-03-02T08:00Z", "Europe/Berlin", "2  weeks", windows=plain.windows),
    ]

    for variant in variants:
        assert (plain, plain.to_data(), hash(plain)) == (variant, variant.to_data(), hash(variant))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"users": []}, ["users"]),
        ({"users": ["a", [], 5]}, ["users[1]", "users[2]"]),
        ({"start": "monday"}, ["start"]),
        ({"start": 5}, ["start"]),
        ({"zone": "Europe/Berln"}, ["zone"]),
        ({"zone": 5}, ["zone"]),
        ({"every": "fortnight"}, ["every"]),
        ({"every": None}, ["every"]),
        ({"every": "0 days"}, ["every"]),
        ({"every": "1 month", "length": 1000}, ["length"]),
        ({"length": 0}, ["length"]),
        ({"length": "x"}, ["length"]),
        ({"hold_for": "7"}, ["hold_for"]),
        ({"every": "1 duty day"}, ["every"]),
        ({"windows": {"mo": ["09:00-17:00"]}}, ["windows.mo"]),
        ({"windows": {"mon": ["9-17"]}}, ["windows.mon[0]"]),
        ({"windows": {}}, ["windows"]),
        ({"windows": 5}, ["windows"]),
    ],
)
def test_problems_are_found_where_they_are(changes: dict[str, Any], expected: list[str]) -> None:
    """Each problem has its path."""
    given: dict[str, Any] = {"users": ["a"], "start": "2026-03-02", "zone": "UTC"}
    with pytest.raises(DefinitionError) as caught:
        Rotation(**{**given, **changes})

    assert expected == sorted({finding.path for finding in caught.value.findings})
    assert all(finding.message() != finding.code for finding in caught.value.findings)


def test_questions_need_aware_instants() -> None:
    """A naive instant is refused; so is a stretch with too many shifts."""
    rotation = Rotation(["a"], "2026-03-02", "UTC", "1 minute")
    with pytest.raises(TimeError, match="naive"):
        rotation.on_call(datetime(2026, 3, 2))
    with pytest.raises(LimitError, match="shifts"):
        rotation.shifts(utc("2026-01-01"), utc("2027-01-01"))


@pytest.mark.parametrize("every", ["1 minute", "12 hours", "1 day", "1 week", "1 month", "3 duty days"])
def test_far_away_is_as_quick_as_near(every: str) -> None:
    """Turns are found in closed form, to the ends of time."""
    rotation = Rotation(["a", "b", "c"], "2026-03-02", "America/New_York", every, windows={"mon-sun": ["00:00-24:00"]})

    for at in (datetime.min.replace(tzinfo=UTC) + timedelta(days=3), datetime.max.replace(tzinfo=UTC) - timedelta(days=3)):
        assert rotation.on_call(at)
    assert not rotation.shifts(utc("2026-01-02"), utc("2026-01-01"))


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "2026-10-25T01:00"),
        ("America/New_York", "2026-11-01T06:00"),
        ("America/New_York", "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30"),
        ("America/Santiago", "2026-04-05T03:00"),
        ("America/Sao_Paulo", "2018-11-04T03:00"),
        ("Pacific/Apia", "2011-12-30T10:00"),
        ("Africa/Casablanca", "2026-02-15T02:00"),
    ],
)
def test_every_boundary_around_a_change_is_that_of_the_walk(zone: str, change: str) -> None:
    """For turns that change at any quarter around a change of offset, the walk along the wall clock agrees."""
    around = utc(change)
    walk = Walk(zone, around - timedelta(hours=3), around + timedelta(hours=3))
    for quarter in range(96):
        start = datetime(2010, 1, 1) + timedelta(minutes=15 * quarter)
        rotation = Rotation(["a", "b", "c"], start, zone, "1 day")
        for minutes in range(-150, 150, 15):
            at = around + timedelta(minutes=minutes)

            assert rotation.users[walk.turn(at, start, 1, "day") % 3] == rotation.on_call(at)


def test_a_day_of_duty_in_turns_of_hours_is_a_day_on_the_wall_clock() -> None:
    """On the day the clocks go forward a day of duty has twenty-three hours; the turn of thirty has thirty."""
    rotation = Rotation(["a", "b"], "2026-03-28T12:00", "Europe/Berlin", "30 hours", hold_for="1 day")
    begun, over = datetime(2026, 3, 28, 11, tzinfo=UTC), datetime(2026, 3, 29, 10, tzinfo=UTC)

    assert [(begun, over, ("a",))] == [(one.start, one.end, one.users) for one in rotation.shifts(begun, over)]
    assert ((), ("b",)) == (rotation.on_call(over), rotation.on_call(begun + timedelta(hours=30)))


def test_duty_days_in_turns_of_hours() -> None:
    """Two duty days from a Friday morning end on Tuesday morning, although the turn lasts until the afternoon."""
    office = {"mon-fri": ["09:00-17:00"]}
    rotation = Rotation(["a", "b"], "2026-03-06T09:00", "UTC", "100 hours", windows=office, hold_for="2 duty days")
    friday, monday, tuesday = (datetime(2026, 3, day, 9, tzinfo=UTC) for day in (6, 9, 10))

    found = [(one.start, one.users) for one in rotation.shifts(friday, tuesday + timedelta(hours=8))]
    assert [(friday, ("a",)), (monday, ("a",)), (tuesday + timedelta(hours=4), ("b",))] == found
    assert () == rotation.on_call(tuesday)
