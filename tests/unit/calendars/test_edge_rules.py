"""Knows the edge rules of counted time where zones and dates are at their strangest; must not know how they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar, all_of, any_of, minus
from servflow.errors import DefinitionError, TimeError

HOUR = timedelta(hours=1)
NIGHT = {"mon-sun": ["22:00-06:00"]}


def wall(text: str, zone: str, fold: int = 0) -> datetime:
    """The instant of a wall time, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        ("Africa/Casablanca", "2026-02-14", 9),  # set back for Ramadan
        ("Africa/Casablanca", "2026-03-21", 7),  # and forth again
        ("America/Santiago", "2026-09-05", 7),  # midnight itself is skipped
        ("America/Santiago", "2026-04-04", 9),
        ("Australia/Lord_Howe", "2026-10-03", 7.5),  # by half an hour
        ("Australia/Lord_Howe", "2026-04-04", 8.5),
        ("Europe/Dublin", "2026-03-28", 7),  # where winter is the time that is saved
        ("Europe/Dublin", "2026-10-24", 9),
        ("Asia/Tehran", "2022-03-21", 7),
        ("Asia/Tehran", "2026-03-21", 8),  # abolished since
        ("Asia/Kathmandu", "1985-12-31", 7.75),  # a quarter of an hour, once
        ("Asia/Kathmandu", "2026-03-01", 8),
        ("Pacific/Apia", "2011-12-29", 2),  # the date it runs into is missing
        ("Africa/Monrovia", "1972-01-06", 8 - 44.5 / 60),  # to UTC from half a minute off the minute
    ],
)
def test_a_night_is_as_long_as_the_clocks_on_the_wall_show(zone: str, night: str, hours: float) -> None:
    """An overnight window counts what lies between its wall times, and it is one window: an amount is due within it."""
    cal = Calendar(zone, shifts={night: ["22:00-06:00"]})
    start = wall(f"{night}T22:00", zone)
    length = timedelta(hours=hours)

    assert length == cal.between(start - 20 * HOUR, start + 40 * HOUR)
    assert ((start, start + length),) == cal.intervals(start - 20 * HOUR, start + 40 * HOUR)
    assert start + length == cal.after(start, length) == cal.end_of_day(start)
    assert start == cal.before(start + length, length)


def test_around_a_skipped_date_the_wall_time_alone_decides() -> None:
    """Samoa went from Thursday to Saturday: its clocks show 00:00-06:00 of the 31st, which lies in a night of the week."""
    cal = Calendar("Pacific/Apia", NIGHT)
    thursday = wall("2011-12-29T22:00", "Pacific/Apia")

    assert wall("2011-12-31T00:00", "Pacific/Apia") == thursday + 2 * HOUR == cal.end_of_day(thursday)
    assert wall("2011-12-31T06:00", "Pacific/Apia") == thursday + 8 * HOUR == cal.after(thursday, 8 * HOUR)
    assert cal.is_open(thursday + 3 * HOUR)


MONDAY_HOLIDAY: dict[str, Any] = {"zone": "Europe/Berlin", "week": NIGHT, "holidays": ["2026-03-02"]}


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        ({}, [("01T22", "02T06"), ("03T22", "04T06")]),
        ({"shifts": {"2026-03-02": ["23:00-01:00"]}}, [("01T22", "02T06"), ("02T23", "03T01"), ("03T22", "04T06")]),
        ({"shifts": {"2026-03-01": []}}, [("03T22", "04T06")]),
        ({"shifts": {"2026-03-01": ["20:00-24:00"]}}, [("01T20", "02T00"), ("03T22", "04T06")]),
        ({"breaks": {"2026-03-02": ["02:00-03:00"]}}, [("01T22", "02T02"), ("02T03", "02T06"), ("03T22", "04T06")]),
        ({"breaks": {"2026-03-01": ["02:00-03:00"]}}, [("01T22", "02T06"), ("03T22", "04T06")]),
        ({"breaks": {"2026-03-01": ["23:00-01:00"]}}, [("01T22", "01T23"), ("02T01", "02T06"), ("03T22", "04T06")]),
        ({"breaks": {"2026-03-02": ["00:00-24:00"]}}, [("01T22", "02T00"), ("03T22", "04T06")]),
    ],
    ids=["holiday", "shift on it", "eve closed", "eve to 24:00", "break after midnight", "break before", "across", "whole day"],
)
def test_dates_that_differ_meet_overnight_windows(dated: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Holidays and shifts ask on which date a window starts, breaks on which date the clock on the wall stands."""
    cal = Calendar(**{**MONDAY_HOLIDAY, **dated})
    zone = ZoneInfo("Europe/Berlin")
    found = cal.intervals(wall("2026-03-01T12:00", "Europe/Berlin"), wall("2026-03-04T12:00", "Europe/Berlin"))

    assert expected == [tuple(f"{each.astimezone(zone):%dT%H}" for each in pair) for pair in found]


def test_places_in_a_calendar_fall_into_gaps_and_overlaps() -> None:
    """A wall time that is skipped is the first instant after the gap; one shown twice is its first occurrence."""
    cal = Calendar("Europe/Dublin", {"mon-sun": ["00:00-24:00"]})
    spring, autumn = wall("2026-03-28T01:30", "Europe/Dublin"), wall("2026-10-24T01:30", "Europe/Dublin")

    assert datetime(2026, 3, 29, 1, tzinfo=UTC) == cal.after_days(spring, 1) == cal.at_time(spring, "01:30", 1)
    assert wall("2026-10-25T01:30", "Europe/Dublin") == cal.after_days(autumn, 1) == cal.at_time(autumn, "01:30", 1)
    assert wall("2026-10-25T01:30", "Europe/Dublin", fold=1) - HOUR == cal.after_days(autumn, 1)
    assert wall("2026-09-06T01:00", "America/Santiago") == Calendar("America/Santiago", {"sun": ["00:00-24:00"]}).at_time(
        wall("2026-09-05T12:00", "America/Santiago"), "00:30", 1
    )


def test_a_day_that_ends_at_24_hours_and_the_next_are_one_stretch() -> None:
    """``24:00`` and ``00:00`` of the next date are one instant, also where a zone skips it."""
    cal = Calendar("America/Santiago", {"sat": ["12:00-24:00"], "sun": ["00:00-04:00"]})
    saturday = wall("2026-09-05T12:00", "America/Santiago")

    assert ((saturday, saturday + 15 * HOUR),) == cal.intervals(saturday - HOUR, saturday + 30 * HOUR)
    assert saturday + 12 * HOUR == cal.end_of_day(saturday)
    assert saturday + 12 * HOUR == cal.at_time(saturday, "24:00")


def test_team_and_customer_in_hostile_zones_meet_by_instants() -> None:
    """Joined, met and subtracted, calendars of a quarter of an hour, half an hour and a missing date apart stay exact."""
    nepal = Calendar("Asia/Kathmandu", {"mon-fri": ["09:00-17:00"]})  # 03:15 to 11:15 in UTC
    isle = Calendar("Australia/Lord_Howe", {"mon-fri": ["09:00-17:00"]})  # in winter 22:30 to 06:30
    day = datetime(2026, 6, 1, 20, tzinfo=UTC)

    assert (
        (datetime(2026, 6, 2, 3, 15, tzinfo=UTC), datetime(2026, 6, 2, 6, 30, tzinfo=UTC)),
    ) == all_of(nepal, isle).intervals(day, day + 24 * HOUR)  # fmt: skip
    assert timedelta(hours=12, minutes=45) == any_of(nepal, isle).between(day, day + 24 * HOUR)
    assert timedelta(hours=4, minutes=45) == minus(nepal, isle).between(day, day + 24 * HOUR)


def test_windows_are_kept_to_the_microsecond() -> None:
    """A window that ends with the last microsecond of a day is counted, written and read back as it was given."""
    late = Calendar("UTC", {"mon": [(time(9, 0, 0, 500_000), time.max)], "tue": ["08:00:00.25-09:00"]})
    monday = datetime(2026, 3, 2, tzinfo=UTC)

    assert {"mon": ["09:00:00.500000-23:59:59.999999"], "tue": ["08:00:00.250000-09:00"]} == late.to_data()["week"]
    assert late == Calendar.from_data(late.to_data())
    assert 15 * HOUR - timedelta(microseconds=500_001) == late.between(monday, monday + 24 * HOUR)


def test_a_reversed_question_names_the_instant_that_is_refused() -> None:
    """What is said of b stays said of b also where the open time was made ready for fast answers."""
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
    late, far = datetime(2500, 3, 2, tzinfo=UTC), datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tehran"))
    for _ in range(12):
        office.between(late, late + HOUR)

    with pytest.raises(TimeError, match=r"^b "):
        office.between(late, far)
    assert -office.between(late, late + 9_000 * HOUR) == office.between(late + 9_000 * HOUR, late)


def test_a_float_leaves_nothing_behind() -> None:
    """Equal calendars share what is compiled, so one caller's floats must not become another's answers."""
    week = {"mon-fri": ["09:00-17:01"]}
    Calendar("UTC", week).after_us(1.5e15, 1)  # type: ignore[arg-type]  # what a type checker would refuse

    assert int is type(Calendar("UTC", week).after_us(15 * 10**14, 1))


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Gaza"])
def test_far_years_follow_the_zone(zone: str) -> None:
    """Beyond the years a zone has written out, a day is open from 9 to 10 as its own wall clock says."""
    days = Calendar(zone, {"mon-sun": ["09:00-10:00"]})
    for year in (2099, 2100, 2101, 2104, 2399, 2400, 2401, 3217, 9996):
        start = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
        opened = [opening.astimezone(start.tzinfo) for opening, _ in days.intervals(start, start.replace(year=year + 1))]

        assert [start.replace(hour=9) + timedelta(days=n) for n in range(len(opened))] == opened
        assert len(opened) == (start.replace(year=year + 1).date() - start.date()).days


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("9:00-17:00", "09:00-17:00"),
        (" 09:00 - 24:00 ", "09:00-24:00"),
        ("22:00-06:00", "22:00-06:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("09:00:01-17:00:30", "09:00:01-17:00:30"),
        ("09:00:00.000001-17:00:59.999999", "09:00:00.000001-17:00:59.999999"),
    ],
)
def test_a_window_is_written_as_short_as_it_can_be(written: str, text: str) -> None:
    """Seconds are written where there are some, and what is written reads back as the same window."""
    cal = Calendar("UTC", {"mon": [written]})

    assert {"mon": [text]} == cal.to_data()["week"]
    assert cal == Calendar("UTC", {"mon": [text]})


@pytest.mark.parametrize("days", ["mon,wed-thu", "mon, wed-thu", "thu,mon,wed"])
def test_weekdays_are_listed_with_commas(days: str) -> None:
    """However they are listed, with spaces or without, they are the same days."""
    assert {day: ["09:00-10:00"] for day in ("mon", "wed", "thu")} == Calendar("UTC", {days: ["09:00-10:00"]}).to_data()["week"]


@pytest.mark.parametrize(
    "wrong", ["09:00-17:00:60", "09:00-17:60", "09:00-10:00-11:00", "09:00" + " " * 40 + "-10:00", "-", 9.5]
)
def test_a_window_that_no_clock_shows_is_none(wrong: Any) -> None:
    """A minute and a second have sixty parts, counted from 0."""
    with pytest.raises(DefinitionError) as caught:
        Calendar("UTC", {"mon": [wrong]})

    assert [("calendar.window", "week.mon[0]")] == [(found.code, found.path) for found in caught.value.findings]
