"""Knows how decision tables give clocks their targets and calendars; must not know how time is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar
from servflow.errors import DefinitionError, Finding, Refused
from servflow.model import ClockRetargeted, ClockStarted, Decided, Ticket

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
ROWS = [
    ['"gold"', "1", '"30m"', '"4h"', '"round_the_clock"'],
    ['"gold"', "-", '"1h"', '"2 business days"', '"office"'],
    ['"silver"', "-", '"2h"', '"end of next business day"', '"office"'],
    ['"none"', "-", "null", "null", "null"],
    ["-", "-", '"4h"', '"3d"', "null"],
]
FLOW: dict[str, Any] = {
    "servflow": 1,
    "workflow": "promised",
    "fields": {"tier": {"type": "string", "default": "bronze"}, "note": {"type": "string", "default": ""}},
    "queues": ["front", "depot"],
    "calendars": {"office": OFFICE, "round_the_clock": {"zone": "UTC", "week": {"mon-sun": ["00:00-24:00"]}}},
    "states": {"new": {}, "answered": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "answer", "source": "new", "target": "answered"},
        {"event": "finish", "source": ["new", "answered"], "target": "done"},
    ],
    "tables": {
        "promises": {
            "hit": "first",
            "inputs": ["tier", "priority"],
            "outputs": {"response": "string", "repair": "string", "hours": "string"},
            "rows": ROWS,
        }
    },
    "clocks": [
        {
            "name": "response",
            "within": {"table": "promises", "take": "response"},
            "calendar": {"table": "promises", "take": "hours"},
            "until": ["answered", "done"],
        },
        {
            "name": "repair",
            "within": {"table": "promises", "take": "repair"},
            "calendar": {"table": "promises", "take": "hours"},
            "until": ["done"],
        },
    ],
}


def a_flow(**changes: Any) -> dict[str, Any]:
    """The definition with some parts of it replaced."""
    return {**FLOW, **changes}


def with_rows(*rows: list[str], **table: Any) -> dict[str, Any]:
    """The definition with other rows in its table."""
    return a_flow(tables={"promises": {**FLOW["tables"]["promises"], "rows": list(rows), **table}})


def findings(definition: dict[str, Any], **given: Any) -> list[Finding]:
    """What is told of a definition that is refused."""
    with pytest.raises(DefinitionError) as refused:
        servflow.load(definition, **given)
    return list(refused.value.findings)


def dues(ticket: Ticket) -> dict[str, str]:
    """When each clock is due."""
    return {name: f"{run.due:%a %H:%M}" for name, run in ticket.clocks.items() if run.due is not None}


def opened(fields: dict[str, Any] | None = None, definition: dict[str, Any] = FLOW) -> tuple[servflow.Workflow, Ticket]:
    """A workflow and a ticket opened in it on Monday at nine."""
    workflow = servflow.load(definition)
    return workflow, workflow.open("t", fields, at=MONDAY).ticket


def test_a_row_serves_several_clocks() -> None:
    """One table gives the response, the repair and what counts; the definition is read as it is written."""
    workflow, ticket = opened({"tier": "gold"})

    assert {"response": "Mon 10:00", "repair": "Tue 17:00"} == dues(ticket)
    assert FLOW["clocks"] == workflow.to_data()["clocks"] == servflow.load(workflow.to_data()).to_data()["clocks"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tier": "gold", "priority": 1}, {"response": "Mon 09:30", "repair": "Mon 13:00"}),
        ({"tier": "silver"}, {"response": "Mon 11:00", "repair": "Tue 17:00"}),
        ({}, {"response": "Mon 13:00", "repair": "Thu 09:00"}),
    ],
)
def test_every_form_of_a_target(fields: dict[str, Any], expected: dict[str, str]) -> None:
    """Counted hours, places in the calendar and days as they pass are all told by text."""
    assert expected == dues(opened(fields)[1])


def test_a_table_that_gives_nothing_promises_nothing() -> None:
    """A row of nulls starts no clock."""
    assert {} == opened({"tier": "none"})[1].clocks


def test_what_is_promised_later_counts_from_the_start() -> None:
    """Once the table gives a target the clock begins, from the opening; what it would have passed is passed by then."""
    workflow, ticket = opened({"tier": "none"})
    told = workflow.fire(ticket, "ticket.update", {"tier": "silver"}, at=MONDAY + timedelta(hours=3))
    run = workflow.advance(told.ticket, at=MONDAY + timedelta(hours=4)).ticket.clocks["response"]

    assert {"response": "Mon 12:00", "repair": "Tue 17:00"} == dues(told.ticket)
    assert (MONDAY, MONDAY + timedelta(hours=3)) == (run.started_at, run.breached_at)
    assert {"a target applies now by table promises, row 2"} == {
        record.reason for record in told.records if isinstance(record, ClockStarted)
    }
    assert told.ticket == workflow.fold([*workflow.open("t", {"tier": "none"}, at=MONDAY).records, *told.records])


def test_what_was_done_before_it_was_promised() -> None:
    """A state that ends a clock leaves nothing to promise, and a promise once given stays until another takes its place."""
    workflow, ticket = opened({"tier": "none"})
    answered = workflow.fire(ticket, "answer", at=MONDAY + timedelta(hours=1)).ticket
    gold = workflow.fire(answered, "ticket.update", {"tier": "gold"}, at=MONDAY + timedelta(hours=2)).ticket
    none = workflow.fire(gold, "ticket.update", {"tier": "none"}, at=MONDAY + timedelta(hours=2)).ticket

    assert {"repair": "Tue 17:00"} == dues(gold) == dues(none)


def test_what_may_have_been_done_is_not_promised_later() -> None:
    """Where the ticket may have come through a state that ends the clock, nothing is promised afterwards."""
    moves = [*FLOW["transitions"], {"event": "reject", "source": "answered", "target": "new"}]
    workflow, ticket = opened({"tier": "none"}, a_flow(transitions=moves))
    gold = workflow.fire(ticket, "ticket.update", {"tier": "gold"}, at=MONDAY + timedelta(hours=2)).ticket

    assert {"repair": "Tue 17:00"} == dues(gold)


def test_the_record_names_the_row() -> None:
    """The decision is recorded once for both clocks, with its table's hash, and each clock says which row it was."""
    workflow = servflow.load(FLOW)
    records = workflow.open("t", {"tier": "gold"}, at=MONDAY).records
    decided = [record for record in records if isinstance(record, Decided)]

    assert ["by table promises, row 1"] * 2 == [one.reason for one in records if isinstance(one, ClockStarted)]
    assert [("promises", (1,), workflow.tables["promises"].hash, "gold")] == [
        (one.name, one.why["matched"], one.why["hash"], one.values["tier"]) for one in decided
    ]


def test_why_it_is_due_then() -> None:
    """The explanation names table and row, and how the target is written there."""
    workflow, ticket = opened({"tier": "gold"})
    course = workflow.explain_clock(ticket, "repair", at=MONDAY)

    assert "Table promises gives it, row 1." in course.text("en")
    assert "written as 2 business days" in course.text("en")
    assert "决策表 promises 第 1 行" in course.text("zh")


def test_a_changed_field_retargets() -> None:
    """What the table reads is listened to: the row that holds now gives target and calendar; anything else changes nothing."""
    workflow, ticket = opened({"tier": "gold"})
    noted = workflow.fire(ticket, "ticket.update", {"note": "x"}, at=MONDAY + timedelta(minutes=30))
    changed = workflow.fire(ticket, "ticket.update", {"tier": "silver"}, at=MONDAY + timedelta(minutes=30))
    urgent = workflow.fire(changed.ticket, "ticket.update", {"priority": 1, "tier": "gold"}, at=MONDAY + timedelta(hours=1))

    assert [] == [record for record in noted.records if isinstance(record, ClockRetargeted)]
    assert {"response": "Mon 11:00", "repair": "Tue 17:00"} == dues(changed.ticket)
    assert ["target changed by table promises, row 2"] == [
        record.reason for record in changed.records if isinstance(record, ClockRetargeted)
    ]
    assert {"response": "Mon 10:00", "repair": "Mon 13:00"} == dues(urgent.ticket)
    assert "round_the_clock" == urgent.ticket.clocks["repair"].calendar
    assert changed.ticket == workflow.fold([*workflow.open("t", {"tier": "gold"}, at=MONDAY).records, *changed.records])


def test_the_calendar_of_the_queue_or_the_customer() -> None:
    """What counts is chosen by where the ticket is or whose it is, and chosen again when that changes."""
    late = {"zone": "UTC", "week": {"mon-fri": ["12:00-20:00"]}}
    definition = a_flow(
        calendars={"office": OFFICE, "late": late},
        tables={
            "desks": {
                "hit": "first",
                "inputs": ["queue", "customer"],
                "outputs": {"hours": "string"},
                "rows": [["-", '"acme"', '"late"'], ['"depot"', "-", '"late"'], ["-", "-", '"office"']],
            }
        },
        clocks=[{"name": "repair", "within": "2h", "calendar": {"table": "desks", "take": "hours"}, "until": "done"}],
    )
    workflow, ticket = opened(definition=definition)
    moved = workflow.fire(ticket, "ticket.update", {"queue": "depot"}, at=MONDAY + timedelta(hours=1)).ticket

    assert {"repair": "Mon 11:00"} == dues(ticket)
    assert {"repair": "Mon 13:00"} == dues(moved), "one hour was used up in the office, the other counts at the depot"
    assert {"repair": "Mon 14:00"} == dues(workflow.open("c", {"customer": "acme"}, at=MONDAY).ticket)


def test_a_calendar_that_is_worked_out_and_not_there_is_told_with_what_was_meant() -> None:
    """A table may take the name from a field; where there is no such calendar the refusal says what it may mean."""
    table = {"hit": "first", "inputs": ["tier"], "outputs": {"hours": "string"}, "rows": [["-", "note"]]}
    clock = {"name": "repair", "within": "2h", "calendar": {"table": "desks", "take": "hours"}}
    definition = a_flow(tables={"desks": table}, clocks=[clock])

    for name, hint in (("ofice", "; did you mean 'office'?"), ("xyzzy", "")):
        with pytest.raises(Refused) as caught:
            opened({"note": name}, definition)
        why = f"table desks names a calendar that is not known: {name!r}{hint}"
        assert {"code": "guard", "path": "clock repair", "why": why} == caught.value.facts
        assert f"clock repair: {why}" == str(caught.value)


def test_a_table_inside_choices() -> None:
    """A choice may take what a table gives, where its condition holds."""
    clock = {
        "name": "repair",
        "within": [{"when": "note == 'vip'", "take": "15m"}, {"take": {"table": "promises", "take": "response"}}],
        "calendar": [{"when": "note == 'vip'", "take": None}, {"take": {"table": "promises", "take": "hours"}}],
        "until": "done",
    }
    definition = a_flow(clocks=[clock])

    assert {"repair": "Mon 09:15"} == dues(opened({"note": "vip"}, definition)[1])
    assert {"repair": "Mon 10:00"} == dues(opened({"tier": "gold"}, definition)[1])


def test_durations_and_calendars_of_the_host() -> None:
    """An output may be a duration, and a calendar the host's."""
    definition = a_flow(
        calendars={},
        tables={
            "promises": {
                "hit": "unique",
                "inputs": ["tier"],
                "outputs": {"length": "duration", "hours": "string"},
                "rows": [["-", "duration('90m')", '"depot"']],
            }
        },
        clocks=[
            {
                "name": "repair",
                "within": {"table": "promises", "take": "length"},
                "calendar": {"table": "promises", "take": "hours"},
            }
        ],
    )
    depot = Calendar(zone="UTC", week={"mon-fri": ["10:00-18:00"]})
    ticket = servflow.load(definition, calendars={"depot": depot}).open("t", at=MONDAY).ticket

    assert {"repair": "Mon 11:30"} == dues(ticket)
    assert ["clock.table_calendar"] == [finding.code for finding in findings(definition)]


@pytest.mark.parametrize(
    ("definition", "code", "path"),
    [
        (with_rows(["-", "-", '"4h"', '"soon"', "null"]), "clock.table_target", "tables.promises.rows[0][3]"),
        (with_rows(["-", "-", '"0h"', '"4h"', "null"]), "clock.table_target", "tables.promises.rows[0][2]"),
        (with_rows(["-", "-", '"4h"', '"4h"', '"ofice"']), "clock.table_calendar", "tables.promises.rows[0][4]"),
        (with_rows(["-", "-", '"4h"', '"2 business days"', "null"]), "clock.table_days", "tables.promises.rows[0][3]"),
        (with_rows(["-", "-", '"4h"', '"end of next business day"', "-"]), "clock.table_days", "tables.promises.rows[0][3]"),
        (with_rows(["-", "-", '"4h"', '"4h"', "null"], hit="rule order"), "clock.table_hit", "clocks[0].within.table"),
        (
            with_rows({"when": ["-", "-"], "then": ['"4h"'] * 2 + ["null"], "effective": {"start": "2026-01-01T00:00:00Z"}}),  # type: ignore[arg-type]  # a row may be a mapping
            "clock.table_timed",
            "clocks[0].within.table",
        ),
        (
            with_rows(["-", "-", "4", '"4h"', "null"], outputs={"response": "int", "repair": "string", "hours": "string"}),
            "clock.table_type",
            "clocks[0].within.take",
        ),
        (
            a_flow(clocks=[{"name": "repair", "within": {"table": "promisses", "take": "repair"}, "calendar": "office"}]),
            "name.unknown",
            "clocks[0].within.table",
        ),
        (
            a_flow(clocks=[{"name": "repair", "within": {"table": "promises", "take": "repar"}, "calendar": "office"}]),
            "name.unknown",
            "clocks[0].within.take",
        ),
        (
            a_flow(clocks=[{"name": "repair", "within": {"table": "promises", "take": "repair"}}]),
            "clock.needs_calendar",
            "clocks[0].within",
        ),
        (
            a_flow(clocks=[{"name": "repair", "within": {"table": "promises", "tak": "repair"}}]),
            "document.unknown_key",
            "clocks[0].within.tak",
        ),
    ],
)
def test_what_is_wrong_is_told_at_load(definition: dict[str, Any], code: str, path: str) -> None:
    """Unknown tables, outputs and calendars, cells that are no target, and tables that give lists or change by themselves."""
    assert (code, path) in [(finding.code, finding.path) for finding in findings(definition)]


def test_a_bad_cell_is_told_once_and_with_what_was_meant() -> None:
    """Two clocks that take one output tell its cells once; a calendar that is misspelt comes with the one that is known."""
    told = findings(with_rows(["-", "-", '"4h"', '"4h"', '"ofice"']))

    assert [("clock.table_calendar", "office")] == [(one.code, one.facts["nearest"]) for one in told]
    assert "row 0" in told[0].message()


def test_text_without_its_quotes_is_told_as_it_was_meant() -> None:
    """A cell is an expression: what was meant as text is given back with the quotes it needs."""
    rows = [["gold", "-", "4h", "2 business days", "office"]]
    definition = a_flow(tables={"promises": {**FLOW["tables"]["promises"], "rows": rows}})
    meant = {one.path: one.facts.get("nearest") for one in findings(definition)}

    assert {"tables.promises.rows[0][2]": '"4h"', "tables.promises.rows[0][3]": '"2 business days"'} == meant
    rows[0][2:4] = ['"4h"', '"2 business days"']
    meant = {one.path: one.facts.get("nearest") for one in findings(definition)}
    assert '"office"' == meant["tables.promises.rows[0][4]"]


def test_a_computed_cell_is_judged_when_it_is_needed() -> None:
    """A cell that is an expression may give anything; what is no target refuses the event, and nothing changes."""
    workflow = servflow.load(with_rows(["-", "-", "note", '"4h"', "null"]))
    ticket = workflow.open("t", {"note": "2h"}, at=MONDAY).ticket

    assert {"response": "Mon 11:00", "repair": "Mon 13:00"} == dues(ticket)
    with pytest.raises(Refused) as refused:
        workflow.fire(ticket, "ticket.update", {"note": "soon"}, at=MONDAY)
    assert "soon" in refused.value.message
