"""Knows on which dates the examples of RFC 5545 fall, and what of its rules is refused; must not know files."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest

from servflow.calendars._recurrence import MOST_STEPS, Budget, Rule, Unsupported
from servflow.errors import InputError

FIRST = date(1997, 9, 2)  # the Tuesday on which nearly all examples of the standard begin


def rule(text: str) -> Rule:
    """The rule of its text."""
    return Rule.of({key: values.split(",") for key, _, values in (part.partition("=") for part in text.split(";"))})


def dates(text: str, first: date = FIRST, low: date | None = None, high: date = date.max, most: int = 100) -> list[str]:
    """The dates of a rule, at most so many."""
    found = islice(rule(text).dates(first, low or first, high, Budget()), most)
    return [day.isoformat() for day in found]


def days(year: int, *listed: str) -> list[str]:
    """Dates of one year."""
    return [f"{year}-{day}" for day in listed]


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", FIRST, days(1997, "09-02", "09-03", "09-04")),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", FIRST, days(1997, "09-02", "09-12", "09-22", "10-02", "10-12")),
        ("FREQ=WEEKLY;COUNT=3", FIRST, days(1997, "09-02", "09-09", "09-16")),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;COUNT=4", FIRST, days(1997, "09-02", "09-16", "09-30", "10-14")),
        ("FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", FIRST, days(1997, "09-02", "09-04", "09-09", "09-11")),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            FIRST,
            days(1997, "09-02", "09-04", "09-16", "09-18", "09-30", "10-02", "10-14", "10-16"),
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            date(1997, 8, 5),
            days(1997, "08-05", "08-10", "08-19", "08-24"),
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            date(1997, 8, 5),
            days(1997, "08-05", "08-17", "08-19", "08-31"),
        ),
        ("FREQ=MONTHLY;COUNT=4;BYDAY=1FR", date(1997, 9, 5), days(1997, "09-05", "10-03", "11-07", "12-05")),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", date(1997, 9, 7), days(1997, "09-07", "09-28", "11-02", "11-30")),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", date(1997, 9, 22), days(1997, "09-22", "10-20", "11-17")),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", date(1997, 9, 28), days(1997, "09-28", "10-29", "11-28")),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", FIRST, days(1997, "09-02", "09-15", "10-02", "10-15")),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", date(1997, 9, 30), days(1997, "09-30", "10-01", "10-31", "11-01")),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU", FIRST, days(1997, "09-02", "09-09", "09-16")),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=FR;BYMONTHDAY=13", date(1998, 2, 13), ["1998-02-13", "1998-03-13", "1998-11-13"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", date(1997, 9, 4), days(1997, "09-04", "10-07", "11-06")),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", date(1997, 9, 29), days(1997, "09-29", "10-30", "11-27")),
        ("FREQ=MONTHLY;COUNT=3", date(1997, 8, 31), days(1997, "08-31", "10-31", "12-31")),
        ("FREQ=MONTHLY;BYMONTH=1,3;COUNT=3", date(1998, 1, 31), ["1998-01-31", "1998-03-31", "1999-01-31"]),
        ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", date(1997, 6, 10), ["1997-06-10", "1997-07-10", "1998-06-10", "1998-07-10"]),
        (
            "FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200",
            date(1997, 1, 1),
            [*days(1997, "01-01", "04-10", "07-19"), "2000-01-01"],
        ),
        ("FREQ=YEARLY;BYYEARDAY=-1,366;COUNT=4", date(1997, 12, 31), ["1997-12-31", "1998-12-31", "1999-12-31", "2000-12-31"]),
        ("FREQ=YEARLY;BYYEARDAY=-366;COUNT=3", date(1996, 1, 1), ["1996-01-01", "2000-01-01", "2004-01-01"]),
        ("FREQ=YEARLY;BYYEARDAY=1;BYDAY=MO;COUNT=2", date(2001, 1, 1), ["2001-01-01", "2007-01-01"]),
        ("FREQ=YEARLY;BYYEARDAY=32,33;BYMONTH=2;BYMONTHDAY=2;COUNT=2", date(1997, 2, 2), ["1997-02-02", "1998-02-02"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", date(1997, 5, 19), ["1997-05-19", "1998-05-18", "1999-05-17"]),
        ("FREQ=YEARLY;BYDAY=-1MO;COUNT=2", date(1997, 12, 29), ["1997-12-29", "1998-12-28"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=3", date(1997, 3, 13), days(1997, "03-13", "03-20", "03-27")),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2", date(2025, 11, 27), ["2025-11-27", "2026-11-26"]),
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
            date(1996, 11, 5),
            ["1996-11-05", "2000-11-07", "2004-11-02"],
        ),
        ("FREQ=YEARLY;BYMONTHDAY=31;COUNT=3", date(1997, 1, 31), days(1997, "01-31", "03-31", "05-31")),
        ("FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR;COUNT=2", date(1998, 2, 13), ["1998-02-13", "1998-03-13"]),
        ("FREQ=YEARLY;COUNT=3", date(1996, 2, 29), ["1996-02-29", "2000-02-29", "2004-02-29"]),
        ("FREQ=DAILY;BYMONTH=1;BYMONTHDAY=-1;COUNT=2", date(1998, 1, 31), ["1998-01-31", "1999-01-31"]),
        ("FREQ=DAILY;BYDAY=MO,FR;COUNT=3", date(1997, 9, 5), days(1997, "09-05", "09-08", "09-12")),
        ("FREQ=WEEKLY;BYMONTH=10;COUNT=2", date(1997, 10, 28), ["1997-10-28", "1998-10-06"]),
        ("freq=weekly;count=2;byday=tu", FIRST, days(1997, "09-02", "09-09")),
    ],
)
def test_the_dates_are_those_of_the_standard(text: str, first: date, expected: list[str]) -> None:
    """Examples of the standard and what they leave open: ends of months, leap days, positions, weeks that begin elsewhere."""
    assert expected == dates(text, first)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2,9",
    ],
)
def test_to_begin_later_leaves_out_and_changes_nothing(text: str) -> None:
    """From any date on the dates are the rest of all, up to and with the last one asked for."""
    whole = dates(text, high=date(2004, 12, 31), most=2000)
    for low in (FIRST, FIRST + timedelta(days=1), *(date.fromisoformat(day) for day in whole[1:6]), date(2002, 9, 2)):
        for high in (low, date.fromisoformat(whole[-1])):
            expected = [day for day in whole if low.isoformat() <= day <= high.isoformat()]
            assert expected == dates(text, low=low, high=high, most=2000)


def test_a_count_is_counted_from_the_first_date() -> None:
    """Also where only later ones are asked for, and where the first date does not fit the rule."""
    assert ["1997-09-04"] == dates("FREQ=DAILY;COUNT=3", low=date(1997, 9, 4))
    assert days(1997, "09-02", "09-05", "09-12") == dates("FREQ=WEEKLY;BYDAY=FR;COUNT=3")
    only = rule("FREQ=WEEKLY;BYDAY=FR;COUNT=2").dates(FIRST, FIRST, date.max, Budget(), also_first=False)
    assert [date(1997, 9, 5), date(1997, 9, 12)] == list(only)
    fits = rule("FREQ=DAILY;COUNT=2").dates(FIRST, FIRST, date.max, Budget(), also_first=False)
    assert [FIRST, FIRST + timedelta(days=1)] == list(fits)


@pytest.mark.parametrize("text", ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"])
def test_a_rule_ends_with_the_years_there_are(text: str) -> None:
    """The last date is one of the year 9999, and no error."""
    assert "9999-12-31" == dates(text, first=date(9999, 12, 31))[-1]


def test_the_work_is_bounded() -> None:
    """A rule whose dates never come is stopped; the message has the limit. What is left is what was not looked at."""
    budget = Budget()
    assert 3 == len(list(rule("FREQ=DAILY;COUNT=3").dates(FIRST, FIRST, date.max, budget)))
    assert MOST_STEPS - 6 == budget.left
    with pytest.raises(InputError, match="200,000 dates") as caught:
        list(rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30").dates(date.min, date.min, date.max, Budget()))
    assert {"code": "ical.too_much", "limit": MOST_STEPS} == dict(caught.value.facts)


@pytest.mark.parametrize(
    ("text", "first", "yearly"),
    [
        ("FREQ=YEARLY", FIRST, True),
        ("FREQ=YEARLY;BYMONTH=9", FIRST, True),
        ("FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2", FIRST, True),
        ("FREQ=YEARLY;BYMONTHDAY=2", FIRST, False),
        ("FREQ=YEARLY;BYMONTH=8", FIRST, False),
        ("FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=3", FIRST, False),
        ("FREQ=YEARLY;INTERVAL=2", FIRST, False),
        ("FREQ=YEARLY;COUNT=2", FIRST, False),
        ("FREQ=YEARLY;BYDAY=TU", FIRST, False),
        ("FREQ=YEARLY;BYYEARDAY=245", FIRST, False),
        ("FREQ=YEARLY;BYSETPOS=1", FIRST, False),
        ("FREQ=MONTHLY", FIRST, False),
    ],
)
def test_what_falls_on_one_day_of_every_year(text: str, first: date, yearly: bool) -> None:
    """Such a rule may be kept as a month and a day; nothing else may."""
    assert yearly is rule(text).yearly(first)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=DAILY;BYWEEKNO=20;BYHOUR=9", "^BYHOUR, BYWEEKNO$"),
        ("FREQ=HOURLY", "^FREQ=HOURLY$"),
        ("COUNT=3", "^FREQ=$"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "^BYYEARDAY with FREQ=MONTHLY$"),
    ],
)
def test_what_is_not_read_is_named(text: str, said: str) -> None:
    """The text is what a person looks for in the file."""
    with pytest.raises(Unsupported, match=said):
        rule(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY is written as"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY is written as"),
        ("FREQ=MONTHLY;BYDAY=" + ",".join(["MO"] * 401), "BYDAY is written as"),
        ("FREQ=WEEKLY;BYDAY=1MO", "not with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYDAY=-1MO", "not with FREQ=DAILY"),
        ("FREQ=WEEKLY;WKST=XX", "WKST is a day"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is not a number from 1 to 100000"),
        ("FREQ=DAILY;INTERVAL=-1", "whole numbers from 1"),
        ("FREQ=DAILY;COUNT=-1", "whole numbers from 1"),
        ("FREQ=DAILY;BYMONTH=-1", "whole numbers from 1"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH=13 is not a number from 1 to 12"),
        ("FREQ=DAILY;BYMONTHDAY=32", "BYMONTHDAY=32 is not"),
        ("FREQ=YEARLY;BYYEARDAY=-367", "BYYEARDAY=-367 is not"),
        ("FREQ=YEARLY;BYSETPOS=" + "9" * 30, f"BYSETPOS={'9' * 20} is not"),
        ("FREQ=DAILY;COUNT=100001", "COUNT=100001 is not"),
        ("FREQ=YEARLY;BYYEARDAY=" + ",".join(["1"] * 401), "BYYEARDAY has more than 400 numbers"),
    ],
)
def test_what_is_wrong_in_a_rule_is_named(text: str, said: str) -> None:
    """Part and bound; the bounds themselves are taken."""
    with pytest.raises(ValueError, match=said):
        rule(text)


def test_bounds_are_taken() -> None:
    """As many numbers and days as may be listed, and the largest of each."""
    listed = ",".join(["366"] * 399 + ["-366"])
    numbers = f"INTERVAL=100000;COUNT=100000;BYYEARDAY={listed};BYMONTHDAY=31,-31;BYMONTH=12"
    found = rule(f"FREQ=YEARLY;{numbers};BYDAY={','.join(['53MO'] * 400)}")

    assert (100_000, 100_000, 400, (0, 53)) == (found.interval, found.count, len(found.year_days), found.days[0][::-1])
