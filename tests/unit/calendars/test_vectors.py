"""Knows results that other systems computed; must not know how servflow counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar
from servflow.sla import Clock, run
from tests.shared import SHARED, needs_shared

FOLDER = "vectors/sla"
pytestmark = needs_shared(FOLDER)

# Two cases follow another rule than the one stated for the data, and than ours; what is answered instead is told below.
OTHER_RULES = {
    "bus017": "the source takes 09:00-09:00 as an empty window; here an end not after the start is on the next date",
    "glp012": "the source cuts a negative amount to zero; between is signed, and what a clock counts is never negative",
}


@cache
def _file(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((SHARED / FOLDER / name).read_text(encoding="utf-8"))
    return data


@cache
def _calendar(file: str, name: str) -> Calendar:
    data = _file(file)["calendars"][name]
    holidays = [*data.get("holidays", ()), *data.get("holidays_annual", ())]
    return Calendar(data["tz"], data["week"], holidays=holidays, shifts=data.get("shifts", {}), breaks=data.get("breaks", {}))


def _cases() -> Iterator[Any]:
    for path in sorted((SHARED / FOLDER).glob("*.json")) if (SHARED / FOLDER).exists() else ():
        for case in _file(path.name)["cases"]:
            if case.get("status", "ok") == "ok" and case["id"] not in OTHER_RULES:
                yield pytest.param(path.name, case, id=case["id"])


def _answer(calendar: Calendar, case: dict[str, Any], at: Any) -> Any:
    start = at(case["at"] if "at" in case else case["start"])
    amount = timedelta(seconds=case.get("seconds", 0))
    match case["op"]:
        case "add":
            return calendar.after(start, amount)
        case "sub":
            return calendar.before(start, amount)
        case "diff":
            return calendar.between(start, at(case["end"])).total_seconds()
        case "is_open":
            return calendar.is_open(start)
        case "add_days" if case["end_of_day"]:
            return calendar.end_of_day(start, case["days"])
        case "add_days":
            return calendar.after_days(start, case["days"])
        case "periods" if case["step"] > 0:
            return list(calendar.intervals(start, start + timedelta(days=9)))[: len(case["expected"])]
        case "periods":
            return list(calendar.intervals(start - timedelta(days=9), start))[::-1][: len(case["expected"])]
    return _with_history(calendar, case, at)


def _with_history(calendar: Calendar, case: dict[str, Any], at: Any) -> Any:
    """Fold runs and pauses by hand: what a clock does, with the calendar alone."""
    counted = timedelta()
    since: Any = None
    for instant, what in case["history"]:
        if what == "run":
            since = at(instant)
        elif since is not None:
            counted, since = counted + calendar.between(since, at(instant)), None
    if case["op"] == "due":
        return calendar.after(since, timedelta(seconds=case["seconds"]) - counted)
    return (counted + calendar.between(since, at(case["end"]))).total_seconds()


@pytest.mark.parametrize(("file", "case"), list(_cases()))
def test_the_answer_is_the_one_another_system_gave(file: str, case: dict[str, Any]) -> None:
    """Counting agrees with published and executed results, case by case."""
    calendar = _calendar(file, case["calendar"])

    def at(text: str) -> datetime:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(calendar.zone))

    expected = case["expected"]
    if case["op"] == "periods":
        expected = [(at(start), at(end)) for start, end in expected]
    elif isinstance(expected, str):
        expected = at(expected)

    assert expected == _answer(calendar, case, at)


def _case(file: str, wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case for case in _file(file)["cases"] if case["id"] == wanted)
    return found


def test_an_end_before_the_start_is_negative_for_a_calendar_and_nothing_for_a_clock() -> None:
    """glp012: asked backwards ``between`` is signed, while a clock that has not started yet has counted nothing."""
    case = _case("glpi.json", "glp012")
    calendar = _calendar("glpi.json", case["calendar"])
    start, end = (datetime.fromisoformat(case[key]).replace(tzinfo=ZoneInfo(calendar.zone)) for key in ("start", "end"))

    assert -timedelta(hours=5 * 12) == calendar.between(start, end)
    assert timedelta(seconds=case["expected"]) == run(Clock(name="c", within="1h"), calendar, [(start, "start")], end).counted


def test_a_window_that_ends_when_it_starts_is_a_whole_day() -> None:
    """bus017: ``09:00-09:00`` ends on the next date, so the five seconds asked for are open; an empty day has no window."""
    case = _case("businesstimedelta.json", "bus017")
    start, end = (datetime.fromisoformat(case[key]) for key in ("start", "end"))
    zero = _calendar("businesstimedelta.json", case["calendar"])
    closed = Calendar("UTC", {"mon-wed": ["09:00-10:00"], "thu": [], "fri": ["09:00-10:00"]})  # the case is on a Thursday

    assert end - start == zero.between(start, end)
    assert timedelta(seconds=case["expected"]) == closed.between(start, end)


def test_how_many_cases_there_are() -> None:
    """All that the data states as true are asked: 222, two of them under their own names."""
    cases = [case for path in (SHARED / FOLDER).glob("*.json") for case in _file(path.name)["cases"]]
    ok = [case for case in cases if case.get("status", "ok") == "ok"]

    assert (227, 222) == (len(cases), len(ok))
    assert 220 == len(list(_cases()))
