"""Holds documents of plans to saying all that is wrong at once, with the line and what to do; must not know how plans run."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.documents import schema
from servflow.documents._models_recurring import ExpiryModel, MeterModel, PlanModel
from servflow.errors import DefinitionError
from servflow.recurring import Recurring, load
from servflow.recurring._plan import EXPIRY_KEYS, METER_KEYS, PLAN_KEYS
from tests.unit.recurring.house import FLOW, at, plan

WRONG = """
recurring: maint
zone: Asia/Shangha
plans:
  - name: a
    workflow: inspection
    every: 3 monts
    start: asset.installed at
    ahaed: 14d
  - name: a
    workflow: inspection
    rule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31
    start: 2026-01-01
  - name: c
    workflow: inspection
    calendar: offce
  - name: d
    workflow: x
    rule: FREQ=SECONDLY
    start: 2026-01-01
    meter: {counter: h, every: -1}
"""


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Ten mistakes in one document are ten findings in the order of their lines, in English and in Chinese."""
    with pytest.raises(DefinitionError) as caught:
        load(WRONG)
    found = caught.value.findings

    assert [
        ("recurring.zone", 3),
        ("recurring.every", 7),
        ("expression.invalid", 8),
        ("document.unknown_key", 9),
        ("recurring.same_name", 10),
        ("recurring.no_date", 12),
        ("recurring.never", 14),
        ("recurring.calendar", 16),
        ("recurring.rule", 19),
        ("recurring.amount", 21),
    ] == [(one.code, one.line) for one in found]
    assert all(one.message("zh") != one.message("en") for one in found)
    with pytest.raises(DefinitionError, match="没有时区"):
        load(WRONG, lang="zh")


@pytest.mark.parametrize(
    ("parts", "code", "path"),
    [
        ({}, "never", "plans[0]"),
        ({"every": "1 month"}, "needs", "plans[0]"),
        ({"every": "0 days", "start": "2026-01-01"}, "every", "plans[0].every"),
        ({"every": "101 years", "start": "2026-01-01"}, "every", "plans[0].every"),
        ({"every": "1 month", "rule": "FREQ=DAILY", "start": "2026-01-01"}, "twice", "plans[0].rule"),
        ({"rule": "FREQ=DAILY;COUNT=3", "times": 3, "start": "2026-01-01"}, "twice", "plans[0].times"),
        ({"rule": "FREQ=DAILY", "start": "2026-01-01", "counted_from": "completion"}, "floating_rule", "plans[0].counted_from"),
        ({"rule": "FREQ=DAILY;COUNT=3;UNTIL=20270101", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "BYDAY=MO", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=MONTHLY;BYDAY=0MO" + "X" * 600, "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=YEARLY;BYWEEKNO=20", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=DAILY;COUNT=1,2", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=DAI,LY", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=DAILY;UNTIL=20260231", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"rule": "FREQ=YEARLY;BYDAY=0MO", "start": "2026-01-01"}, "rule", "plans[0].rule"),
        ({"meter": {"counter": "h", "every": 1e-20}}, "amount", "plans[0].meter.every"),
        ({"meter": {"counter": "h", "every": 1, "start": 10**400}}, "amount", "plans[0].meter.start"),
        ({"every": "1 month", "start": "2026-02-30"}, "date", "plans[0].start"),
        ({"every": "1 month", "start": "2026-01-01", "at": "25:00"}, "wall_time", "plans[0].at"),
        ({"every": "1 month", "start": "2026-01-01", "ahead": "2 business days"}, "business", "plans[0].ahead"),
        ({"every": "1 month", "start": "2026-01-01", "ahead": "soon"}, "span", "plans[0].ahead"),
        ({"every": "1 month", "start": "2026-01-01", "missed": "some"}, "option", "plans[0].missed"),
        ({"every": "1 month", "start": "2026-01-01", "times": 0}, "count", "plans[0].times"),
        ({"every": "1 month", "start": "2026-01-01", "move": "next"}, "move", "plans[0].move"),
        ({"every": "1 month", "start": "2026-01-01", "when": "asset.id + 'x'"}, "not_bool", "plans[0].when"),
        ({"meter": {"counter": "h", "every": 100, "ahead": 100}}, "ahead", "plans[0].meter.ahead"),
        ({"meter": {"counter": "h"}}, "needs", "plans[0].meter"),
        ({"meter": {"counter": "h", "every": 1}, "name": "a:b"}, "name", "plans[0].name"),
    ],
)
def test_what_a_plan_cannot_say(parts: dict[str, Any], code: str, path: str) -> None:
    """Each mistake has its own sentence, at its own place, and nothing else is told."""
    with pytest.raises(DefinitionError) as caught:
        Recurring("m", [plan(**parts)])

    assert [(f"recurring.{code}", path)] == [(one.code, one.path) for one in caught.value.findings]


@pytest.mark.parametrize("ends", [["14d"], ["60d", "14d"]])
def test_no_plan_is_called_as_the_tickets_of_a_warning_are(ends: list[str]) -> None:
    """A plan `w@14d` and a warning `w` of two weeks would number the same tickets, and one would keep back the other."""
    with pytest.raises(DefinitionError, match="two plans are called 'w@14d'"):
        Recurring(
            "m",
            [plan(name="w@14d", every="1 month", start="2026-01-01")],
            [plan(name="w", date="asset.ends", ahead=ends)],
        )


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, "needs"),
        ({"date": "asset.x", "ahead": []}, "lengths"),
        ({"date": "asset.x", "ahead": ["1d", "24h"]}, "same_ahead"),
        ({"date": "asset.x", "ahead": ["1d"] * 30}, "lengths"),
    ],
)
def test_what_an_end_cannot_say(parts: dict[str, Any], code: str) -> None:
    """Likewise for warnings: a date is needed, and lengths ahead differ."""
    with pytest.raises(DefinitionError) as caught:
        Recurring("m", expiry=[plan(**parts)])

    assert [f"recurring.{code}"] == [one.code for one in caught.value.findings]


@pytest.mark.parametrize(
    "given", [[], {"recurring": "m"}, {"recurring": "m", "plans": 3}, {"recurring": 3, "plans": [1]}, "x: ["]
)
def test_nonsense_is_told_and_nothing_else_escapes(given: Any) -> None:
    """Whatever is given in place of a document is a DefinitionError."""
    with pytest.raises(DefinitionError):
        load(given)


@pytest.mark.parametrize(
    ("written", "codes"),
    [("many", ["recurring.amount"]), ("[1]", ["document.type"]), ("0", ["recurring.amount"]), ("'0.1'", []), ("1e3", [])],
)
def test_amounts_of_a_counter(written: str, codes: list[str]) -> None:
    """Whole and decimal numbers, also as text; what is none is told once."""
    text = f"recurring: m\nplans: [{{name: a, workflow: inspection, meter: {{counter: h, every: {written}}}}}]"
    try:
        load(text)
        told = []
    except DefinitionError as error:
        told = [one.code for one in error.findings]

    assert codes == told


def test_the_calendars_of_a_host() -> None:
    """They come beside those of the document."""
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
    document = {"recurring": "m", "plans": [plan(every="1 month", start="2026-03-01", calendar="office")]}

    found = next(load(document, {"office": office}).upcoming({"id": "A"}, at("2026-04-01"), since=at("2026-01-01")))
    assert at("2026-03-02") == found.due


def test_workflows_are_asked_whether_they_declare_what_is_filled() -> None:
    """A misspelt field, a workflow that is not there and one without the fields are told before the first ticket is opened."""
    plans = [
        plan(every="1 month", start="2026-01-01", fields={"skiped": "skipped", "priority": "2"}),
        {**plan(every="1 month", start="2026-01-01"), "name": "other", "workflow": "inspektion"},
    ]
    with pytest.raises(DefinitionError) as caught:
        load({"recurring": "m", "plans": plans}, workflows=[FLOW])

    assert [
        ("plans[0].fields.skiped", "recurring.undeclared", "skipped"),
        ("plans[1].workflow", "recurring.workflow", "inspection"),
    ] == [(one.path, one.code, one.facts["nearest"]) for one in caught.value.findings]
    assert "did you mean 'skipped'" in str(caught.value)


def test_the_schema_has_the_keys_that_are_read() -> None:
    """What the schema offers is what a plan reads, key by key."""
    models = (PlanModel, PLAN_KEYS), (ExpiryModel, EXPIRY_KEYS), (MeterModel, METER_KEYS)

    for model, keys in models:
        assert set(keys) == set(model.model_fields)
    assert "urn:servflow:schema:recurring:1" == schema("recurring")["$id"]
