"""Holidays from the package, against what the authorities announced."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar
from servflow.errors import InputError
from servflow.integrations.holidays import holiday_list, propose
from tests.requirements import require

OFFICE = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-12:00", "13:00-18:00"]})

# From the notices of the General Office of the State Council for 2025 and 2026: first and last day off of each break, and
# the weekend days that are worked.
BREAKS = (
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
WORKED = {
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
}


@pytest.fixture(autouse=True)
def _package() -> None:
    require("holidays")


def test_china_is_open_on_exactly_the_days_the_notices_say() -> None:
    """Of 2025 and 2026, an office of Monday to Friday is open on weekdays out of the breaks and on worked weekends."""
    calendar = propose(OFFICE, "CN", [2025, 2026]).proposed
    off = {
        (date.fromisoformat(first) + timedelta(days=step)).isoformat()
        for first, last in BREAKS
        for step in range((date.fromisoformat(last) - date.fromisoformat(first)).days + 1)
    }
    dates = [date(2025, 1, 1) + timedelta(days=step) for step in range(730)]
    expected = {
        day.isoformat() for day in dates if (day.weekday() < 5 and day.isoformat() not in off) or day.isoformat() in WORKED
    }
    zone = timedelta(hours=8)
    low, high = (datetime(year, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")) for year in (2025, 2027))
    opened = calendar.intervals(low, high)

    assert expected == {(start + zone).date().isoformat() for start, _ in opened}
    assert all(end - start in (timedelta(hours=3), timedelta(hours=5)) for start, end in opened)


def test_china_is_known_until_the_last_announced_year() -> None:
    """A year without moved days in the package is not announced: its dates stand there, and are provisional."""
    listed = holiday_list("CN", range(2025, 2100))
    announced = max(int(text[:4]) for text in listed.workdays)

    assert date(announced, 12, 31) == listed.known_until
    assert announced >= 2026
    assert "holidays.not_announced" in [note.code for note in listed.notes]
    assert date(2025, 12, 31) == holiday_list("CN", 2025).known_until
    assert "holidays.not_announced" not in [note.code for note in holiday_list("CN", 2025).notes]


def test_names_are_in_the_language_asked_for_and_never_in_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The country's own language is the default, whatever the environment says."""
    monkeypatch.setenv("LANGUAGE", "en_US")

    assert "元旦" == holiday_list("CN", 2026).holidays[0].name
    assert "New Year's Day" == holiday_list("CN", 2026, language="en_US").holidays[0].name
    assert "holidays CN" == holiday_list("cn", 2026).holidays[0].source


def test_make_up_workdays_take_other_hours_where_the_caller_says_so() -> None:
    """The calendar's own shifts stay, with a note."""
    own = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]}, shifts={"2026-10-10": ["10:00-15:00"]})
    proposal = propose(own, "CN", 2026)

    assert ("10:00-15:00",) == dict(proposal.proposed.shifts)["2026-10-10"]
    assert "calendar.own_kept" in [note.code for note in proposal.notes]


def test_half_days_have_the_hours_the_caller_says_or_none() -> None:
    """The package names half days and no hours; nothing is made up."""
    silent = holiday_list("CN", 2026, categories=["public", "half_day"])
    told = holiday_list("CN", 2026, categories=["public", "half_day"], half_days=["09:00-12:00"])

    assert () == silent.half_days
    assert "holidays.half_days" in [note.code for note in silent.notes]
    assert ("2026-06-01", ("09:00-12:00",)) in told.half_days
    assert "2026-05-04" not in dict(told.half_days)  # a day off of the same year


def test_subdivisions_have_their_own_days() -> None:
    """Epiphany is a holiday in Bavaria and not in Berlin."""
    found = {place: {item.date for item in holiday_list("DE", 2026, subdivision=place).holidays} for place in ("BY", "BE")}

    assert ("2026-01-06" in found["BY"], "2026-01-06" in found["BE"]) == (True, False)
    assert date(2026, 12, 31) == holiday_list("DE", 2026).known_until


def test_estimated_dates_are_not_known() -> None:
    """A list is sure until the day before the first date that the package calls estimated."""
    listed = holiday_list("AE", 2045, language="en_US")
    first = min(item.date for item in listed.holidays if "estimated" in (item.name or ""))

    assert date.fromisoformat(first) - timedelta(days=1) == listed.known_until
    assert ["holidays.estimated"] == [note.code for note in listed.notes]


@pytest.mark.parametrize("country", ["SA", "PS", "CI"])
def test_countries_that_keep_quiet_about_estimates_are_asked(country: str) -> None:
    """Feasts of decades ahead are never sure, also where the package does not say so of itself."""
    listed = holiday_list(country, 2045)

    assert ["holidays.estimated"] == [note.code for note in listed.notes]
    assert listed.known_until is not None
    assert listed.known_until < date(2045, 12, 31)


def test_a_country_that_has_long_moved_no_days_is_known() -> None:
    """Bulgaria moved days until 2016 and has a law since: its years are as known as those of any other country."""
    listed = holiday_list("BG", 2026)

    assert (date(2026, 12, 31), ()) == (listed.known_until, listed.notes)


def test_one_place_by_two_names_and_two_kinds_of_one_place() -> None:
    """A source is the place and the kinds of holidays: other kinds take nothing back, the other name of the place does."""
    assert "holidays DE-BY" == holiday_list("DE", 2026, subdivision="Bayern").source
    assert "holidays CN" == holiday_list("CN", 2026, categories=["half_day", "public"]).source

    public = propose(OFFICE, "AT", 2026).proposed
    bank = propose(public, "AT", 2026, categories="bank")

    assert ["2026-04-03", "2026-12-24", "2026-12-31"] == [change.key for change in bank.changes if change.gained]
    assert all(change.after == () for change in bank.changes)
    assert {item.date for item in public.holidays} < {item.date for item in bank.proposed.holidays}


@pytest.mark.parametrize(
    ("arguments", "options", "code"),
    [
        (("XX", 2026), {}, "holidays.country"),
        ((None, 2026), {}, "holidays.country"),
        (("CN", []), {}, "holidays.years"),
        (("CN", "2026"), {}, "holidays.years"),
        (("CN", [2026, True]), {}, "holidays.years"),
        (("CN", [1950, 2499]), {}, "holidays.years"),
        (("CN", 2101), {}, "holidays.years"),
        (("DE", 2026), {"subdivision": "YY"}, "holidays.subdivision"),
        (("DE", 2026), {"categories": "pulbic"}, "holidays.category"),
        (("DE", 2026), {"language": "xx"}, "holidays.language"),
    ],
)
def test_what_the_package_does_not_know_is_refused(
    arguments: tuple[object, object], options: dict[str, str], code: str
) -> None:
    """Unknown codes are refused with what there is, in one sentence."""
    with pytest.raises(InputError) as told:
        holiday_list(*arguments, **options)  # type: ignore[arg-type]  # what a careless host passes

    assert code == told.value.code
