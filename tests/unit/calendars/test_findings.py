"""Knows what is wrong with wrong calendars; must not know how right ones count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError

WEEK = {"mon": ["09:00-17:00"]}


def findings(**data: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        Calendar(**{"zone": "UTC", **data})
    assert all(str(found) and found.text("zh") for found in caught.value.findings)
    return [(found.code.removeprefix("calendar."), found.path) for found in caught.value.findings]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"zone": 8, "week": WEEK}, [("zone_text", "zone")]),
        ({"zone": "", "week": WEEK}, [("zone_text", "zone")]),
        ({"zone": "Mars/Base", "week": WEEK}, [("zone_unknown", "zone")]),
        ({"zone": "../etc/passwd", "week": WEEK}, [("zone_unknown", "zone")]),
        ({"zone": "localtime", "week": WEEK}, [("zone_unknown", "zone")]),
        ({"week": {"mon": ["09:00-17:00", "16:00-18:00"]}}, [("overlap", "week.mon[1]")]),
        ({"week": {"mon": ["00:00-24:00", "22:00-06:00"]}}, [("overlap", "week.mon[1]")]),
        ({"week": {"mon": ["9-5"]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": ["09:00-24:30"]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": ["24:00-06:00"]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": ["09:60-17:00"]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": [["09:00"]]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": [None]}}, [("window", "week.mon[0]")]),
        ({"week": {"mon": 9}}, [("windows", "week.mon")]),
        ({"week": {"mon-fri": ["09:00-17:00"], "fri": ["09:00-12:00"]}}, [("weekday_twice", "week.fri")]),
        ({"week": {"mon-mon-tue": []}}, [("weekday", "week.mon-mon-tue")]),
        ({"week": {1: ["09:00-17:00"]}}, [("weekday", "week.1")]),
        ({"week": ["09:00-17:00"]}, [("mapping", "week")]),
        ({"week": WEEK, "holidays": "2026-10-01"}, [("holidays", "holidays")]),
        ({"week": WEEK, "holidays": ["2026-02-30", "13-01", "1.5.", 7]}, [("holiday", f"holidays[{n}]") for n in range(4)]),
        ({"week": WEEK, "holidays": [{"date": "05-01", "nam": "x"}]}, [("key", "holidays[0].nam")]),
        ({"week": WEEK, "holidays": [{"date": "05-01", "name": 7}]}, [("label", "holidays[0].name")]),
        ({"week": WEEK, "holidays": [datetime(2026, 5, 1)]}, [("holiday", "holidays[0]")]),
        ({"week": WEEK, "shifts": {"05-01": []}}, [("date", "shifts.05-01")]),
        ({"week": WEEK, "breaks": {"2026-05-01": ["x"]}}, [("window", "breaks.2026-05-01[0]")]),
        ({"week": WEEK, "known_until": "soon"}, [("date", "known_until")]),
        ({"week": WEEK, "name": 7}, [("label", "name")]),
        ({"week": {"mon": ["00:00-00:01"] * 97}}, [("too_many", "week.mon")]),
        ({}, [("never_opens", "week")]),
        ({"week": {"mon": []}}, [("never_opens", "week")]),
        ({"shifts": {"2026-05-01": []}}, [("never_opens", "week")]),
        ({"shifts": {"2026-05-01": ["09:00-10:00"]}, "breaks": {"2026-05-01": ["08:00-12:00"]}}, [("never_opens", "week")]),
    ],
)
def test_each_mistake_is_found_where_it_is(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """The code says what is wrong and the path where."""
    assert expected == findings(**data)


def test_all_mistakes_are_found_at_once() -> None:
    """A definition is corrected in one go, not finding by finding."""
    assert findings(
        zone="Asia/Shangai", week={"monn": [], "tue": ["x"]}, holidays=["never"], shifts={"tomorrow": ["09:00-10:00"]}
    ) == [
        ("zone_unknown", "zone"),
        ("weekday", "week.monn"),
        ("window", "week.tue[0]"),
        ("holiday", "holidays[0]"),
        ("date", "shifts.tomorrow"),
    ]


@pytest.mark.parametrize(
    ("zone", "meant"), [("Asia/Shangai", "Asia/Shanghai"), ("asia/shanghai", "Asia/Shanghai"), ("Shanghai", "Asia/Shanghai")]
)
def test_a_misspelt_zone_has_a_suggestion(zone: str, meant: str) -> None:
    """A slip, a wrong case or a bare city leads to the zone that was meant."""
    with pytest.raises(DefinitionError, match=f"did you mean '{meant}'"):
        Calendar(zone, WEEK)


def test_every_date_of_the_year_a_holiday_never_opens() -> None:
    """Yearly holidays can close a week for good; a shift may still open it."""
    every = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]
    lengths = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    every = [text for text in every if int(text[3:]) <= lengths.get(int(text[:2]), 31)]

    assert findings(week=WEEK, holidays=every) == [("never_opens", "week")]
    assert Calendar("UTC", WEEK, holidays=every, shifts={"2026-05-01": ["09:00-10:00"]})
    assert Calendar("UTC", WEEK, holidays=[text for text in every if text != "02-29"])


def test_an_unknown_key_of_a_document_has_a_suggestion() -> None:
    """Reading data names keys that are no part of a calendar, together with everything else."""
    with pytest.raises(DefinitionError, match="did you mean 'holidays'") as caught:
        Calendar.from_data({"zone": "UTC", "week": {"mon": ["x"]}, "holiday": []})
    assert [found.code for found in caught.value.findings] == ["calendar.key", "calendar.window"]
    with pytest.raises(DefinitionError):
        Calendar.from_data({"week": WEEK})
    with pytest.raises(DefinitionError):
        Calendar.from_data({**Calendar("UTC", WEEK).to_data(), "x": 1})
