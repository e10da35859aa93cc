"""Knows how an intake is written as YAML and in Python, and what is said of a bad one; must not know desks."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.documents import schema
from servflow.documents._models_intake import IntakeModel
from servflow.documents._shape import check_shape
from servflow.errors import DefinitionError, Finding, InputError
from servflow.intake import Acknowledging, Channel, Intake, Matching, Merging, load
from servflow.rules import DecisionTable

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
WRITTEN = """
servflow: 1
intake: door
version: 2
title: The door
channels:
  web:
    key: message.id
    fields:
      {customer: message.who, subject: message.subject, serial: message.serial, amount: message.amount, level: message.level}
    required: customer
    text: message.subject
    ticket: message.reply_to
    occurred: message.at
    title: Web form
  alarm: {key: "[message.device, message.number]", fields: {serial: message.device}}
fields:
  amount: {type: decimal, default: "0"}
  level: {type: string, one_of: [high, low]}
tables:
  priority:
    hit: first
    inputs: [level]
    outputs: {priority: int, grave: bool}
    rows: [['"high"', '1', 'true'], ['-', '3', 'false']]
  route:
    hit: first
    inputs: [channel, grave]
    outputs: {workflow: string, queue: string}
    rows:
      - ['-', 'true', '"repair"', '"fast"']
      - ['-', '-', '"repair"', '-']
tickets:
  repair: {subject: "subject == null ? 'device ' + serial : subject", cost: amount}
unique: {key: "[customer, serial]", window: 2 business days, calendar: office, merge: reopen, roles: [customer, device]}
merged: {repair: {event: graver, when: grave && ticket.cost == decimal('0'), payload: {cost: amount}}}
acknowledge: {to: customer, template: thanks, merged: added, data: {about: subject}, when: channel == 'web'}
calendars:
  office: {zone: UTC, week: {mon-fri: ["09:00-17:00"]}}
"""
REPAIR = servflow.Workflow(
    workflow="repair",
    fields={"subject": {"type": "string", "required": True}, "cost": "decimal"},
    queues=["fast"],
    initial="new",
    states={"new": {}},
    transitions=[{"event": "graver", "source": "new", "internal": True, "payload": {"cost": "decimal"}}],
)


def findings(source: Any, lang: str = "en") -> list[Finding]:
    """Every problem of a document that does not load."""
    with pytest.raises(DefinitionError) as caught:
        load(source, lang=lang)
    return list(caught.value.findings)


def said(source: Any) -> list[tuple[str, str]]:
    """The problems of a document in short: code and path."""
    return [(finding.code, finding.path) for finding in findings(source)]


def small(**changes: Any) -> dict[str, Any]:
    """The smallest document, or one like it."""
    table = {"hit": "first", "inputs": ["channel"], "outputs": {"workflow": "string"}, "rows": [["-", "'repair'"]]}
    given = {
        "intake": "door",
        "channels": {"web": {"key": "message.id", "fields": {"a": "message.a"}}},
        "table": table,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


class TestOneMeaning:
    """YAML, data and Python."""

    def test_data_and_back(self) -> None:
        """What is loaded writes itself down in one form, from which an equal one is read; so does a pickle."""
        made = load(WRITTEN)

        assert made == load(made.to_data()) == Intake.from_data(made.to_data())
        assert made.to_data() == load(made.to_data()).to_data()
        assert made.hash == pickle.loads(pickle.dumps(made)).hash

    def test_python_says_the_same(self) -> None:
        """Values of classes, and mappings as a document holds them, make the same intake as the text."""
        made = load(WRITTEN)
        parts = {name: value for name, value in made.to_data().items() if name not in ("servflow", "intake")}
        values = Intake(
            list(made.channels.values()),
            tables=list(made.tables.values()),
            name="door",
            version=2,
            title="The door",
            fields=made.fields,
            tickets=made.tickets,
            unique=made.unique,
            merged=made.merged,
            acknowledge=made.acknowledge,
            calendars=made.calendars,
        )

        assert made == values == Intake(**parts, name="door")

    def test_the_parts_are_values(self) -> None:
        """What was written can be read from attributes."""
        made = load(WRITTEN)

        assert isinstance(made.unique, Matching)
        assert isinstance(made.acknowledge, Acknowledging)
        assert isinstance(made.merged["repair"], Merging)
        assert ("reopen", "office", ("customer", "device")) == (made.unique.merge, made.unique.calendar, made.unique.roles)
        assert (("customer",), "Web form") == (made.channels["web"].required, made.channels["web"].title)
        assert ["priority", "route"] == list(made.tables)
        assert made.table is made.tables["route"]

    def test_one_table_for_short(self) -> None:
        """``table`` is ``tables`` with one in it."""
        made = load(small())

        assert ["table"] == list(made.tables)
        assert made == load({**small(table=None), "tables": {"table": small()["table"]}})

    def test_the_schema_takes_it(self) -> None:
        """The published schema is that of the keys that are read."""
        keys = set(schema("intake")["properties"])  # type: ignore[call-overload] # a JSON Schema

        assert [] == check_shape(load(WRITTEN).to_data(), IntakeModel)
        assert {*load(WRITTEN).to_data(), "description", "table"} == keys

    def test_order_of_tables_counts(self) -> None:
        """Asked in another order, tables are another intake."""
        data = load(WRITTEN).to_data()
        turned = {**data, "tables": dict(reversed(data["tables"].items()))}
        with pytest.raises(DefinitionError, match="grave"):
            load(turned)

    def test_loading_needs_no_pydantic(self) -> None:
        """A program that makes its intake in Python loads neither pydantic nor a parser."""
        script = "import sys, servflow.intake; print([name for name in ('pydantic', 'ruamel') if name in sys.modules])"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

        assert "[]" == run.stdout.strip()


class TestReading:
    """What the tables and the sections make of a message."""

    def test_tables_read_what_came_before(self) -> None:
        """The first says how grave it is, the second reads that, and the ticket gets what is written under its workflow."""
        request = load(WRITTEN, [REPAIR]).receive(
            {"channel": "web", "id": 1, "who": "li", "subject": "leaks", "level": "high"}, AT
        )

        assert {"subject": "leaks", "cost": 0, "priority": 1, "queue": "fast", "customer": "li"} == dict(request.fields)
        assert {"grave", "level", "amount"} < set(request.values)
        assert [0, 0] == [reason["row"] for reason in request.why]

    def test_expressions_of_a_ticket(self) -> None:
        """What a device does not say is made up from what it is."""
        request = load(WRITTEN, [REPAIR]).receive({"channel": "alarm", "device": "W-1", "number": 7}, AT)

        assert "device W-1" == request.fields["subject"]
        assert (None, None) == (request.matter, request.thanks)
        assert 'intake:alarm:["W-1", 7]' == request.key

    def test_windows_count_in_their_calendar(self) -> None:
        """Two business days from Monday at ten end on Wednesday at ten."""
        request = load(WRITTEN).receive({"channel": "web", "id": 1, "who": "li", "serial": "W-1"}, AT)

        assert AT.replace(day=4) == request.until
        assert request.matter is not None

    def test_every_problem_of_a_message(self) -> None:
        """Types, values and what is missing are told together."""
        with pytest.raises(InputError) as caught:
            load(WRITTEN).receive({"channel": "web", "id": 1, "amount": "much", "level": "middle"}, AT)

        assert (
            "amount is 'much', expected an exact number written as text, such as '12.50'",
            "level is 'middle', expected one of high, low",
            "customer is required and missing",
        ) == caught.value.problems

    def test_a_table_that_cannot_decide(self) -> None:
        """The error says which table stumbled over a message of which channel."""
        table = {"hit": "first", "inputs": ["a"], "outputs": {"workflow": "string"}, "rows": [["a + 1 > 2", "'repair'"]]}
        with pytest.raises(InputError, match="table 'table' cannot decide on a message of channel 'web'"):
            load(small(table=table)).receive({"channel": "web", "id": 1, "a": "x"}, AT)


BAD: Mapping[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no channels": ({"channels": {}}, [("intake.no_channels", "channels")]),
    "no table": ({"table": None}, [("intake.no_tables", "tables")]),
    "both tables": ({"tables": {"t": small()["table"]}}, [("intake.two_ways", "table")]),
    "an unknown key": ({"chanels": {}}, [("document.unknown_key", "chanels")]),
    "a field of intake's own": (
        {"channels": {"web": {"key": "message.id", "fields": {"workflow": "message.a"}}}},
        [("intake.reserved", "channels.web.fields.workflow")],
    ),
    "a name too long": ({"channels": {"w" * 101: {"key": "message.id"}}}, [("intake.channel_name", "channels." + "w" * 101)]),
    "no key": ({"channels": {"web": {}}}, [("document.missing", "channels.web.key")]),
    "a type that is none": ({"fields": {"a": "strng"}}, [("field.type", "fields.a.type")]),
    "a bad expression": (
        {"channels": {"web": {"key": "message.id", "occurred": "mesage.at"}}},
        [("expression.invalid", "channels.web.occurred")],
    ),
    "a window that is none": ({"unique": {"key": "a", "window": "soon"}}, [("intake.window", "unique.window")]),
    "no time at all": ({"unique": {"key": "a", "window": "0h"}}, [("intake.window", "unique.window")]),
    "business days of no calendar": (
        {"unique": {"key": "a", "window": "2 business days"}},
        [("intake.business", "unique.window")],
    ),
    "a calendar that is not there": ({"unique": {"key": "a", "calendar": "office"}}, [("intake.calendar", "unique.calendar")]),
    "a merge that is none": ({"unique": {"key": "a", "merge": "reopn"}}, [("intake.merge", "unique.merge")]),
    "a matter of unknown names": ({"unique": {"key": "b"}}, [("expression.invalid", "unique.key")]),
    "a change of nothing": ({"merged": {"repair": {}}}, [("intake.missing", "merged.repair.payload")]),
    "a change of unknown names": (
        {"merged": {"repair": {"event": "graver", "when": "b", "payload": {"x": "tiket.x"}}}},
        [("expression.invalid", "merged.repair.when"), ("expression.invalid", "merged.repair.payload.x")],
    ),
    "a field called as the open ticket is": (
        {"channels": {"web": {"key": "message.id", "fields": {"a": "message.a", "ticket": "message.t"}}}},
        [("intake.reserved", "channels.web.fields.ticket")],
    ),
    "thanks to nobody": ({"acknowledge": {"template": "t"}}, [("document.missing", "acknowledge.to")]),
    "a ticket of unknown names": ({"tickets": {"repair": {"x": "b"}}}, [("expression.invalid", "tickets.repair.x")]),
    "a calendar of nowhere": ({"calendars": {"c": {"zone": "Nowhere/Land"}}}, [("calendar.zone_unknown", "calendars.c.zone")]),
    "another format": ({"servflow": 2}, [("definition.format", "servflow")]),
    "a version that is none": ({"version": 0}, [("intake.version", "version")]),
    "a list for a mapping": ({"tickets": []}, [("document.type", "tickets")]),
    "a text for a channel": (
        {"channels": {"web": "x"}},
        [("document.type", "channels.web")],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), BAD.values(), ids=list(BAD))
def test_bad_documents(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each mistake is told once, with its place, in both languages."""
    assert expected == said(small(**changes))
    assert all(finding.message("en") != finding.message("zh") for finding in findings(small(**changes)))


def test_every_problem_at_once() -> None:
    """Eleven mistakes in one file are eleven findings, in the order of the lines, each told once."""
    found = findings(
        """
intake: door
channels:
  email: {key: message.id, fields: {customer: mesage.sender}, required: [custmer]}
  web: {fields: {a: message.a}}
fields: {impact: {type: string, one_of: [high, low]}}
tables:
  classify: {hit: firts, inputs: [channel], outputs: {workflow: string, kind: string}, rows: [['-', "'x'", '-']]}
  priority: {hit: collect, inputs: [impact, kind], outputs: {priority: int}, rows: [['"hgih"', '-', '1']]}
unique: {key: custmer, window: 2 business days, merge: reopn}
acknowledge: {template: received}
tickts: {}
"""
    )

    assert [4, 4, 5, 8, 9, 9, 10, 10, 10, 11, 12] == [finding.line for finding in found]
    assert "did you mean 'customer'" in str(found[6])


class TestCheck:
    """What is said of an intake that loads."""

    def test_rows_and_channels(self) -> None:
        """A row for a channel that is not there, and a channel that no row is for."""
        rows = [["'emial'", "'repair'"]]
        table = {"hit": "first", "inputs": ["channel"], "outputs": {"workflow": "string"}, "rows": rows}
        made = load(small(tables={"route": table}, table=None))
        found = {(finding.code, finding.path, finding.severity) for finding in made.check()}

        assert {
            ("rules.never_holds", "tables.route.rows[0][0]", "warning"),
            ("intake.channel_unnamed", "tables.route.rows", "warning"),
        } <= found

    def test_given_workflows(self) -> None:
        """Fields and values that a workflow does not take, what it requires, and workflows that are not there."""
        table = {
            "hit": "first",
            "inputs": ["channel"],
            "outputs": {"workflow": "string", "cost": "any", "custmer": "string"},
            "rows": [["-", "'repair'", "true", "-"], ["-", "'repare'", "-", "-"]],
        }
        found = {(finding.code, finding.path) for finding in load(small(table=table)).check([REPAIR])}

        assert {
            ("intake.field_unknown", "channels.web.fields.a"),
            ("intake.field_unknown", "table.outputs.custmer"),
            ("intake.field_missing", "tickets.repair"),
            ("intake.value", "table.rows[0][2]"),
            ("intake.workflow_unknown", "table.rows[1][1]"),
        } <= found

    def test_a_ticket_nobody_asks_for(self) -> None:
        """A section for a workflow that no row names is probably misspelt."""
        (found,) = load(small(tickets={"repare": {"x": "a"}})).check()

        assert ("intake.ticket_unused", "repair") == (found.code, found.facts["nearest"])

    def test_what_a_message_would_change(self) -> None:
        """An event nobody knows, one that the system may not fire, a field that is not there, and a workflow that is not."""
        flow = servflow.load(
            {
                "workflow": "repair",
                "fields": {"a": "string"},
                "roles": ["clerk"],
                "events": {"ticket.update": {"allow": ["system"]}},
                "initial": "new",
                "states": {"new": {}},
                "transitions": [{"event": "graver", "source": "new", "internal": True, "allow": ["clerk"]}],
            }
        )

        def said(**merged: Any) -> list[tuple[str, str]]:
            return [(one.code, one.path) for one in load(small(merged=merged)).check([flow])]

        assert [("intake.event_unknown", "merged.repair.event")] == said(repair={"event": "grver"})
        assert [("intake.event_forbidden", "merged.repair.event")] == said(repair={"event": "graver"})
        assert [("intake.field_unknown", "merged.repair.payload.b")] == said(repair={"payload": {"b": "a"}})
        assert [("intake.ticket_unused", "merged.repare")] == said(repare={"payload": {"a": "a"}})
        assert [] == said(repair={"payload": {"a": "a", "priority": "1"}})

    def test_an_urgent_message_that_changes_nothing(self) -> None:
        """Where messages are merged and have a priority, it is said that the open ticket keeps its own."""
        table = {**small()["table"], "outputs": {"workflow": "string", "priority": "int"}, "rows": [["-", "'repair'", "1"]]}
        (found,) = load(small(table=table, unique={"key": "a"})).check()

        assert ("intake.unraised", "info", ("repair",)) == (found.code, found.severity, found.facts["workflows"])
        merged = {"repair": {"payload": {"priority": "priority"}}}
        assert () == load(small(table=table, unique={"key": "a"}, merged=merged)).check()

    def test_a_good_one(self) -> None:
        """Nothing is said of one that fits its workflow."""
        assert () == load(WRITTEN, [REPAIR]).check()


def test_the_class_takes_the_same_parts() -> None:
    """A single table and channels given as before still work by position."""
    table = DecisionTable(name="t", hit="first", inputs=["channel"], outputs={"workflow": "string"}, rows=[["-", "'repair'"]])
    made = Intake([Channel(name="web", key="message.id")], table)

    assert ("intake", ["t"], None) == (made.name, list(made.tables), made.unique)


def test_from_a_file(tmp_path: Path) -> None:
    """A path is read, and its lines are in the findings."""
    (path := tmp_path / "door.yaml").write_text(WRITTEN)

    assert load(WRITTEN) == load(path)
