"""Knows what intake makes of a message, and how it refuses one; must not know who opens the ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import servflow
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.intake import Channel, Intake, Request
from servflow.model import FrozenMap
from servflow.rules import DecisionTable
from servflow.stores import MemoryStore

AT = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)

EMAIL = Channel(
    name="email",
    key="message.id",
    fields={"subject": "message.subject", "safety": "message.subject.contains('smoke')"},
    occurred="message.date",
)
PHONE = Channel(name="phone", key="message.call", fields={"subject": "message.note", "customer": "message.caller"})

ROUTES = DecisionTable(
    name="routes",
    hit="first",
    inputs=["channel", "safety"],
    outputs={"workflow": "string", "priority": {"type": "int", "default": 3}},
    rows=[["-", "true", "'incident'", "1"], ["'email', 'phone'", "-", "'question'", "-"]],
)


def _workflow(name: str, **fields: Any) -> servflow.Workflow:
    return servflow.Workflow(
        workflow=name,
        fields={"subject": {"type": "string", "required": True}, "safety": {"type": "bool", "default": False}, **fields},
        initial="new",
        states={"new": {}, "done": {"closed": True}},
        transitions=[{"event": "finish", "source": "new", "target": "done"}],
    )


WORKFLOWS = (_workflow("incident"), _workflow("question"))
INTAKE = Intake([EMAIL, PHONE], ROUTES, WORKFLOWS)

MAIL = {"channel": "email", "id": "<1@example>", "subject": "smoke from the dryer", "date": "2026-03-02T10:00:00+00:00"}


def test_a_message_becomes_a_request() -> None:
    """The table says which workflow; the channel says which fields, when it happened and what tells messages apart."""
    request = INTAKE.receive(MAIL, AT)

    assert ("incident", "email", "intake:email:<1@example>") == (request.workflow, request.channel, request.key)
    assert {"subject": "smoke from the dryer", "safety": True, "priority": 1} == dict(request.fields)
    assert (AT, datetime(2026, 3, 2, 10, tzinfo=UTC)) == (request.received, request.occurred)
    assert [0] == [reason["row"] for reason in request.why]


def test_the_same_message_gives_the_same_request() -> None:
    """Id and key follow from channel and key alone, so that a message sent twice is one ticket."""
    again = INTAKE.receive({**MAIL, "subject": "sent again"}, AT)
    first = INTAKE.receive(MAIL, AT)

    assert (first.id, first.key) == (again.id, again.key)
    assert first.id != INTAKE.receive({**MAIL, "id": "<2@example>"}, AT).id


def test_one_key_on_two_channels_is_two_messages() -> None:
    """A key is unique within its channel only."""
    call = INTAKE.receive({"channel": "phone", "call": "<1@example>", "note": "hello"}, AT)

    assert call.id != INTAKE.receive(MAIL, AT).id
    assert "question" == call.workflow


def test_a_desk_opens_it_once() -> None:
    """What intake gives is what a desk takes; received twice it opens one ticket."""
    desk = servflow.Desk(WORKFLOWS, MemoryStore(), now=lambda: AT)
    request = INTAKE.receive(MAIL, AT)
    first = desk.open(**request.arguments())
    again = desk.open(**INTAKE.receive(MAIL, AT).arguments())
    ticket = desk.get(request.id)

    assert first.ticket == again.ticket
    assert ("incident", "email", 1) == (ticket.workflow, ticket.channel, ticket.priority)


def test_what_a_message_lacks_is_left_out() -> None:
    """A missing part of a message is no value, so that the workflow's default stands."""
    request = Intake([EMAIL, PHONE], ROUTES).receive({"channel": "phone", "call": 7}, AT)

    assert FrozenMap({"priority": 3}) == request.fields
    assert request.occurred is None


def test_what_happens_later_than_now_is_not_believed() -> None:
    """A sender whose clock is ahead does not make the ticket begin in the future."""
    assert INTAKE.receive({**MAIL, "date": "2026-03-02T11:00:00Z"}, AT).occurred is None


BAD: dict[str, tuple[Any, str, str]] = {
    "no channel": ({"id": 1}, "intake.channel", "is None, which is no channel; known: email, phone"),
    "a misspelt channel": ({"channel": "emial"}, "intake.channel", "did you mean 'email'"),
    "not a mapping": (["channel"], "intake.channel", "no channel"),
    "no key": ({"channel": "phone", "note": "x"}, "intake.key", "message.call gives None"),
    "a key that is no key": ({"channel": "phone", "call": {}}, "intake.key", "has no key"),
    "an instant without offset": ({**MAIL, "date": "2026-03-02T10:00:00"}, "intake.occurred", "channel 'email', occurred"),
    "an instant that is none": ({**MAIL, "date": "yesterday"}, "intake.occurred", "occurred"),
    "a wrong type": ({"channel": "phone", "call": 1, "note": 5}, "intake.fields", "subject is 5, expected text"),
    "a missing field": ({"channel": "phone", "call": 1}, "intake.fields", "subject is required and missing"),
    "an expression that fails": ({**MAIL, "subject": 5}, "intake.expression", "channel 'email', safety"),
}


@pytest.mark.parametrize(("message", "code", "said"), BAD.values(), ids=list(BAD))
def test_a_bad_message_is_refused_with_the_reason(message: Any, code: str, said: str) -> None:
    """Whatever comes in, the answer is a request or an error that names channel, field and what was expected."""
    with pytest.raises(InputError) as caught:
        INTAKE.receive(message, AT)

    assert code == caught.value.code
    assert said in str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    """All fields that do not fit are listed, with what was probably meant."""
    channel = Channel(name="web", key="message.id", fields={"subjct": "message.a", "safety": "message.b"})
    table = DecisionTable(
        name="all", hit="first", inputs=["channel"], outputs={"workflow": "string"}, rows=[["-", "'incident'"]]
    )
    with pytest.raises(InputError) as caught:
        Intake([channel], table, WORKFLOWS).receive({"channel": "web", "id": 1, "a": "x", "b": "no"}, AT)

    assert (
        "subjct is no field of it, did you mean 'subject'?",
        "safety is 'no', expected true or false",
        "subject is required and missing",
    ) == caught.value.problems


def _table(hit: str = "first", outputs: dict[str, str] | None = None, cell: str = "'incident'") -> DecisionTable:
    return DecisionTable(
        name="t", hit=hit, inputs=["channel"], outputs=outputs or {"workflow": "string"}, rows=[["'email'", cell]]
    )


def test_attributes_are_checked_as_fields_are() -> None:
    """Who the customer is, how urgent it is and where it waits are told with all that is wrong, before a desk refuses it."""
    flow = servflow.Workflow(workflow="repair", queues=["fast"], initial="new", states={"new": {}})
    read = {name: f"message.{name}" for name in ("customer", "priority", "queue", "tags")}
    table = {"hit": "first", "inputs": ["channel"], "outputs": {"workflow": "string"}, "rows": [["-", "'repair'"]]}
    made = Intake({"web": {"key": "message.id", "fields": read}}, table, [flow])
    wrong = {"customer": 1.5, "priority": 12, "queue": "fats", "tags": [1]}
    with pytest.raises(InputError) as caught:
        made.receive({"channel": "web", "id": 1, **wrong}, AT)

    assert (
        "customer is a text of at most 1000 characters, not 1.5",
        "priority is a whole number from 1 (highest) to 9, not 12",
        "there is no queue 'fats'; did you mean 'fast'?",
        "tags is a list of at most 100 texts of at most 200 characters, not (1,)",
    ) == caught.value.problems
    with pytest.raises(InputError) as caught:
        made.receive({"channel": "web", "id": 1, "customer": "x" * 99_000}, AT)
    assert len(str(caught.value)) < 2_000


def test_a_message_no_row_fits_is_refused() -> None:
    """Nothing is opened by chance: without a fitting row the message is refused."""
    with pytest.raises(InputError, match="no row of table 't' fits a message of channel 'phone'"):
        Intake([EMAIL, PHONE], _table()).receive({"channel": "phone", "call": 1}, AT)


def test_a_workflow_that_is_not_there_is_refused() -> None:
    """A table that names an unknown workflow is caught before a desk is asked."""
    with pytest.raises(InputError, match="names workflow 'incidnt', which is not there; known: incident, question"):
        Intake([EMAIL], _table(cell="'incidnt'"), WORKFLOWS).receive(MAIL, AT)


def test_a_table_must_say_which_workflow() -> None:
    """What cannot route is refused when it is put together: no such output, or more than one answer."""
    with pytest.raises(DefinitionError, match="no output `workflow`"):
        Intake([EMAIL], _table(outputs={"queue": "string"}))
    with pytest.raises(DefinitionError, match="hit policy 'collect'"):
        Intake([EMAIL], _table(hit="collect"))


def test_channels_have_names_of_their_own() -> None:
    """Two channels of one name are refused."""
    with pytest.raises(DefinitionError, match="two channels have the same name"):
        Intake([EMAIL, EMAIL], ROUTES)


def test_a_naive_instant_is_refused() -> None:
    """The instant of receipt is aware, as everywhere."""
    with pytest.raises(TimeError):
        INTAKE.receive(MAIL, AT.replace(tzinfo=None))


def test_requests_are_values() -> None:
    """Requests compare by what they say."""
    assert isinstance(INTAKE.receive(MAIL, AT), Request)
    assert INTAKE.receive(MAIL, AT) == INTAKE.receive(MAIL, AT)
