"""Knows that strange values in a calendar are told as problems; must not know how time is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar, all_of, any_of, minus
from servflow.errors import DefinitionError, LimitError, TimeError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
GOOD: dict[str, Any] = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}


@pytest.mark.parametrize("value", [10**5_000, DEEP, {10**5_000: DEEP}], ids=["long", "deep", "key"])
@pytest.mark.parametrize("key", ["zone", "week", "holidays", "shifts", "breaks", "known_until"])
def test_huge_numbers_and_deep_lists_are_problems(key: str, value: object) -> None:
    """A number of thousands of digits or a list thousands deep is a finding, whichever part holds it."""
    with pytest.raises(DefinitionError):
        Calendar(**{**GOOD, key: value})


@pytest.mark.parametrize("value", [None, "", "x" * 100_000, 5, DEEP], ids=["none", "empty", "text", "number", "deep"])
def test_a_calendar_is_read_from_a_mapping_only(value: object) -> None:
    """What is no mapping is one problem, not one for each of its characters."""
    with pytest.raises(DefinitionError) as caught:
        Calendar.from_data(value)  # type: ignore[arg-type]  # what a document may hold
    assert len(caught.value.findings) == 1


def test_too_many_days_are_told_without_writing_them_out() -> None:
    """A number of days with thousands of digits is refused in a short message."""
    with pytest.raises(TimeError) as caught:
        Calendar(**GOOD).after_days(AT, 10**5_000)
    assert len(str(caught.value)) < 500


def test_a_list_of_open_stretches_has_a_bound() -> None:
    """Eight thousand years of working days are refused rather than listed for seconds."""
    with pytest.raises(LimitError):
        Calendar(**GOOD).intervals(AT, datetime.max.replace(tzinfo=UTC))


NAIVE = datetime(2026, 3, 2, 9)
ASKED: dict[str, Any] = {
    "after": lambda cal, at: cal.after(at, HOUR),
    "before": lambda cal, at: cal.before(at, HOUR),
    "between, first": lambda cal, at: cal.between(at, AT),
    "between, second": lambda cal, at: cal.between(AT, at),
    "is_open": lambda cal, at: cal.is_open(at),
    "next_opening": lambda cal, at: cal.next_opening(at),
    "previous_closing": lambda cal, at: cal.previous_closing(at),
    "intervals, first": lambda cal, at: cal.intervals(at, AT),
    "intervals, second": lambda cal, at: cal.intervals(AT, at),
    "after_days": lambda cal, at: cal.after_days(at, 1),
    "end_of_day": lambda cal, at: cal.end_of_day(at, 1),
    "at_time": lambda cal, at: cal.at_time(at, "16:00", 1),
    "provisional": lambda cal, at: cal.provisional(at),
    "after_many": lambda cal, at: cal.after_many([AT, at], HOUR),
    "before_many": lambda cal, at: cal.before_many([AT, at], HOUR),
    "between_many": lambda cal, at: cal.between_many([AT, at], [AT, AT]),
}


@pytest.mark.parametrize(
    "at", [NAIVE, "2026-03-02T09:00:00Z", 0, None, NAIVE.date()], ids=["naive", "text", "number", "none", "date"]
)
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("cal", [Calendar(**GOOD), any_of(Calendar(**GOOD), Calendar.always())], ids=["one", "combined"])
def test_every_question_refuses_what_is_no_aware_instant(cal: Any, asked: str, at: Any) -> None:
    """A naive instant, a text, a number: each is a TimeError that names the argument, whatever is asked."""
    with pytest.raises(TimeError):
        ASKED[asked](cal, at)


def test_reversed_instants_have_a_documented_result() -> None:
    """What lies between a later and an earlier instant is negative, and holds no interval."""
    cal = Calendar(**GOOD)

    assert -5 * HOUR == cal.between(AT + 5 * HOUR, AT)
    assert () == tuple(cal.intervals(AT + 5 * HOUR, AT))


@pytest.mark.parametrize("amount", [4, 4.0, "4h", None, True], ids=repr)
def test_an_amount_is_a_timedelta(amount: Any) -> None:
    """Numbers and texts are no counted time: nobody need guess whether 4 means hours."""
    for ask in (Calendar(**GOOD).after, Calendar(**GOOD).before):
        with pytest.raises(TimeError):
            ask(AT, amount)


def test_negative_amounts_say_what_to_call_instead() -> None:
    """Going back is ``before``, going on is ``after``."""
    with pytest.raises(TimeError, match="before"):
        Calendar(**GOOD).after(AT, -HOUR)
    with pytest.raises(TimeError, match="after"):
        Calendar(**GOOD).before(AT, -HOUR)


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "GMT+25", "+08:00", "", None, 8, UTC, "../../etc/passwd", "europe/berlin", "\0"]
)
def test_a_zone_is_a_name_of_the_database(zone: Any) -> None:
    """Slips, offsets and paths are one finding at ``zone``."""
    with pytest.raises(DefinitionError) as refused:
        Calendar(zone, GOOD["week"])
    assert ["zone"] == [finding.path for finding in refused.value.findings]


@pytest.mark.parametrize(
    ("windows", "path"),
    [
        (["09:00-12:00", "11:00-13:00"], "week.mon[1]"),
        (["22:00-06:00", "23:00-24:00"], "week.mon[1]"),
        (["09:00-17:00", "09:00-17:00"], "week.mon[1]"),
        (["09:00-25:00"], "week.mon[0]"),
        (["24:00-06:00"], "week.mon[0]"),
        (["09:60-17:00"], "week.mon[0]"),
        (["9-17"], "week.mon[0]"),
        (["9am-5pm"], "week.mon[0]"),
        (["09:00"], "week.mon[0]"),
        ([["09:00"]], "week.mon[0]"),
        ([None], "week.mon[0]"),
        (5, "week.mon"),
    ],
)
def test_windows_that_overlap_or_are_none_are_told_with_their_place(windows: Any, path: str) -> None:
    """Two windows of one day that overlap, and what is no window, are findings at the window."""
    with pytest.raises(DefinitionError) as refused:
        Calendar("UTC", {"mon": windows})
    assert path in [finding.path for finding in refused.value.findings]


def test_a_window_that_ends_before_it_starts_runs_overnight() -> None:
    """It ends on the next date and belongs to the date it starts on; the windows of the next day may meet it there."""
    night = Calendar("UTC", {"mon": ["22:00-06:00"], "tue": ["05:00-10:00"]})

    assert 12 * HOUR == night.between(AT, AT + timedelta(days=2))
    assert ((AT.replace(hour=22), (AT + timedelta(days=1)).replace(hour=10)),) == tuple(
        night.intervals(AT, AT + timedelta(days=2))
    )


@pytest.mark.parametrize(
    "holiday", ["2026-02-30", "02-30", "13-01", "2026-1-1", "tomorrow", 20260101, None, AT, ["2026-01-01"]], ids=repr
)
def test_what_is_no_date_is_no_holiday(holiday: Any) -> None:
    """Dates that no calendar has, numbers and instants are findings at their place in the list."""
    with pytest.raises(DefinitionError) as refused:
        Calendar(**GOOD, holidays=["2026-01-01", holiday])
    assert ["holidays[1]"] == [finding.path for finding in refused.value.findings]


def test_holidays_of_any_year_count_and_only_where_they_lie() -> None:
    """There are no years that are not compiled: holidays of the years 1 and 9999 change those years and no others."""
    far = Calendar(**GOOD, holidays=["0001-01-01", "1700-03-01", "9999-12-31"])
    plain = Calendar(**GOOD)
    last = datetime(9999, 12, 31, tzinfo=UTC)

    assert plain.after(AT, 4 * HOUR) == far.after(AT, 4 * HOUR)
    assert (8 * HOUR, 0 * HOUR) == (plain.between(last, last + 20 * HOUR), far.between(last, last + 20 * HOUR))
    with pytest.raises(TimeError):
        far.after(last, HOUR)


def test_calendars_of_different_zones_combine_instant_by_instant() -> None:
    """Each part keeps its own wall time; the days of the whole are those of the first part."""
    berlin, tokyo = (Calendar(zone, {"mon-fri": ["09:00-17:00"]}) for zone in ("Europe/Berlin", "Asia/Tokyo"))
    sun = any_of(berlin, tokyo)
    day = datetime(2026, 3, 2, 23, tzinfo=UTC)

    assert 16 * HOUR == sun.between(day, day + 24 * HOUR)
    assert ("Europe/Berlin", "Asia/Tokyo") == (sun.days_zone, any_of(tokyo, berlin).days_zone)
    summer = all_of(berlin, tokyo)  # only then do they meet, for an hour a day
    assert datetime(2026, 3, 30, 7, tzinfo=UTC) == summer.next_opening(AT)
    with pytest.raises(DefinitionError):
        all_of(Calendar(**GOOD), Calendar("UTC", {"sun": ["09:00-17:00"]}))
    with pytest.raises(DefinitionError):
        minus(berlin, berlin)


def test_parts_that_never_meet_are_refused_however_many_they_are() -> None:
    """Between them closed on every date of the year, they are refused; a hundred are looked at for a century only."""
    dates = [(date(2024, 1, 1) + timedelta(days=n)).isoformat()[5:] for n in range(366)]
    spring, autumn = (Calendar("UTC", {"mon": ["09:00-17:00"]}, holidays=days) for days in (dates[183:], dates[:183]))

    with pytest.raises(DefinitionError, match="never opens"):
        all_of(*(spring,) * 99, autumn)
    assert any_of(*(spring,) * 99, autumn).is_open(AT)
