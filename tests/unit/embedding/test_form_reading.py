"""What a page sent back, as a typed payload or as problems by input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import servflow
from servflow import Actor, Refused, Ticket, Workflow
from servflow.embedding import Form, forms, opening_form, read_form
from servflow.errors import InputError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Actor("ann")
KINDS = """
workflow: kinds
fields:
  text: {optional: true}
  count: {type: int, optional: true}
  natural: {type: uint, optional: true}
  share: {type: double, optional: true}
  amount: {type: decimal, optional: true, one_of: ["1.0", "2.0"]}
  urgent: {type: bool, default: true}
  seen: {type: timestamp, optional: true}
  wait: {type: duration, optional: true}
  photo: {type: bytes, optional: true}
  names: {type: list, optional: true}
  where: {type: map, optional: true}
  other: {type: any, optional: true}
states:
  new: {}
  done: {}
transitions:
  - {event: go, source: new, target: done, payload: {reason: string, count: int}}
"""


@pytest.fixture(scope="module")
def kinds() -> Workflow:
    return servflow.load(KINDS)


@pytest.fixture
def ticket(kinds: Workflow) -> Ticket:
    return kinds.open("1", {"text": "old", "count": 3, "names": ["a", "b"]}, at=AT).ticket


def form(workflow: Workflow, ticket: Ticket, name: str, zone: str | None = None) -> Form:
    return next(one for one in forms(workflow, ticket, at=AT, actor=ANN, zone=zone) if one.id == name)


GOOD = {
    "text": (" kept as it is ", " kept as it is "),
    "count": (" -12 ", -12),
    "natural": ("7", 7),
    "share": ("0.5", 0.5),
    "amount": ("2.00", Decimal("2.0")),
    "urgent": ("on", True),
    "seen": ("2026-03-02T09:30", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
    "wait": ("90m", timedelta(minutes=90)),
    "photo": ("aGk=", b"hi"),
    "names": ("x\r\n y \r\n\r\n", ("x", "y")),
    "where": ('{"city": "x"}', {"city": "x"}),
    "other": ("[1, 2]", (1, 2)),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_text_becomes_what_its_input_says(kinds: Workflow, name: str) -> None:
    """HTML sends texts only."""
    sent, expected = GOOD[name]
    read = read_form(opening_form(kinds, zone="Europe/Berlin"), {name: sent})

    assert {} == read.problems
    assert expected == read.payload[name]
    assert kinds.open("2", read.payload, at=AT).ticket.fields[name] == expected


BAD = {
    "count": ["x", "1.5", "１２", "+-1", "9" * 30, ["1", "2"]],
    "natural": ["-1"],
    "share": ["x", "1" * 500, "nan", "inf", "1e400", "1_0", "１"],
    "amount": ["3", "1e999", "NaN", "1_0", "２", "1,0"],
    "urgent": ["perhaps", 1],
    "seen": ["2026-03-02", "20260302", "yesterday", "2026-03-29T02:30", "2026-10-25T02:30", "0001-01-01T00:00", 5],
    "wait": ["four hours", "-4h", "2 business days"],
    "photo": ["not base64!", "aGk"],
    "names": ["[1", 7],
    "where": ["[]", "{", '{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}'],
    "text": ["\ud800", {"a": "b"}],
}


@pytest.mark.parametrize(("name", "sent"), [(name, sent) for name, values in BAD.items() for sent in values])
def test_a_text_that_does_not_fit_is_a_problem_of_its_input(kinds: Workflow, name: str, sent: Any) -> None:
    """The problem stands beside the input, in both languages, and nothing else is lost."""
    read = read_form(opening_form(kinds, zone="Europe/Berlin"), {name: sent})

    assert [name] == list(read.problems)
    problem = read.problems[name]
    assert "form.value" == problem.code
    assert problem.message("en") != problem.message("zh")
    assert ({}, sent) == (read.payload, read.given[name])


def test_every_problem_is_told_at_once(kinds: Workflow, ticket: Ticket) -> None:
    """A person mends a form once."""
    read = read_form(form(kinds, ticket, "go"), {"count": "x", "reson": "y"})

    assert ["reason", "count", "reson"] == list(read.problems) or {"reason", "count", "reson"} == set(read.problems)
    assert "reason must be filled in" == read.problems["reason"].message()
    assert "请填写reason" == read.problems["reason"].message("zh")
    assert "did you mean 'reason'" in read.problems["reson"].hint()
    assert not read.ok


def test_what_pages_send_besides_is_no_problem(kinds: Workflow, ticket: Ticket) -> None:
    """Tokens and names with an underscore in front are the page's own."""
    read = read_form(form(kinds, ticket, "go"), {"count": "1", "reason": "r", "csrfmiddlewaretoken": "t", "_page": "3"})

    assert read.ok
    assert {"count": 1, "reason": "r"} == read.payload


def test_a_missing_checkbox_is_no_unless_a_json_client_is_silent(kinds: Workflow) -> None:
    """A browser sends nothing for an unchecked box; a client that sends numbers is no browser."""
    opening = opening_form(kinds)

    assert read_form(opening, {"text": "x"}).payload["urgent"] is False
    assert "urgent" not in read_form(opening, {"count": 3}).payload
    assert "urgent" not in read_form(opening, {"text": "x"}, html=False).payload


def test_an_update_gives_only_what_was_changed(kinds: Workflow, ticket: Ticket) -> None:
    """What somebody else changed meanwhile is not written over by what this page showed."""
    update = form(kinds, ticket, "ticket.update")
    sent = {one.name: one.shown for one in update.inputs}

    assert {"count": 4} == read_form(update, {**sent, "count": "4"}).payload
    assert {"text": None} == read_form(update, {**sent, "text": ""}).payload
    assert {"count": 5} == read_form(update, {"count": 5}).payload
    assert {"urgent": False} == read_form(update, {key: sent[key] for key in sent if key != "urgent"}, html=True).payload
    assert "form.nothing" == read_form(update, sent).problems[""].code


def test_a_json_client_that_says_nothing_of_a_checkbox_leaves_it(kinds: Workflow, ticket: Ticket) -> None:
    """Also where all it sends are texts."""
    assert {"text": "new"} == read_form(form(kinds, ticket, "ticket.update"), {"text": "new"}).payload


def test_a_stale_button_is_refused_with_the_revision_that_was_seen(kinds: Workflow, ticket: Ticket) -> None:
    """Whoever looked at an older page is told so, and nothing happens."""
    go = form(kinds, ticket, "go")
    read = read_form(go, {"_expect": str(go.expect), "_key": "k1", "count": "1", "reason": "r"})
    changed = kinds.fire(ticket, "ticket.update", {"text": "new"}, at=AT, actor=ANN).ticket

    assert (ticket.revision, "k1") == (read.expect, read.key)
    with pytest.raises(Refused) as caught:
        kinds.fire(changed, read.event, read.payload, at=AT, actor=ANN, expect=read.expect)
    assert "stale" == caught.value.code


def test_a_button_that_is_gone_is_a_problem(kinds: Workflow, ticket: Ticket) -> None:
    """The page is drawn again with what there is now."""
    gone = kinds.fire(ticket, "go", {"count": 1, "reason": "r"}, at=AT, actor=ANN).ticket
    read = read_form(forms(kinds, gone, at=AT, actor=ANN), {"_form": "go", "count": "1", "reason": "r"})

    assert ("", False, "form.gone") == (read.event, read.ok, read.problems[""].code)
    assert "ticket.update" in read.problems[""].hint()


def test_the_form_that_was_sent_is_found_among_all(kinds: Workflow, ticket: Ticket) -> None:
    """One handler serves every button."""
    read = read_form(forms(kinds, ticket, at=AT, actor=ANN), {"_form": "go", "count": "1", "reason": "r"})

    assert ("go", {"count": 1, "reason": "r"}) == (read.event, read.payload)


def test_nobody_is_assigned_by_null_and_not_by_an_empty_text(kinds: Workflow, ticket: Ticket) -> None:
    """A select that was left alone takes the ticket from nobody."""
    assign = form(kinds, ticket, "ticket.assign")

    assert {"to": None, "slot": "assignee"} == read_form(assign, {"to": None, "slot": "assignee"}).payload
    assert ["to"] == list(read_form(assign, {"to": "", "slot": "assignee"}).problems)


class Many(dict[str, Any]):
    """What Django and Starlette hand over: many values of one name."""

    def getlist(self, name: str) -> list[Any]:
        return list(self[name])


def test_many_values_of_one_name_are_a_list(kinds: Workflow) -> None:
    """A multiple select sends each value by itself."""
    read = read_form(opening_form(kinds), Many(names=["a", "b"], text=["x"]))

    assert (("a", "b"), "x", False) == (read.payload["names"], read.payload["text"], read.payload["urgent"])
    assert ["text"] == list(read_form(opening_form(kinds), Many(text=["x", "y"])).problems)


@pytest.mark.parametrize("value", ["x", "-1", "1" * 30, 1.5, True])
def test_a_revision_that_is_none_is_a_problem(kinds: Workflow, ticket: Ticket, value: Any) -> None:
    """What was tampered with is not taken for nothing."""
    read = read_form(form(kinds, ticket, "go"), {"_expect": value, "count": 1, "reason": "r"})

    assert "form.expect" == read.problems[""].code


def test_what_is_no_mapping_is_refused(kinds: Workflow) -> None:
    """The error says what is read."""
    with pytest.raises(InputError, match="names and values"):
        read_form(opening_form(kinds), [("a", "b")])  # type: ignore[arg-type]  # what a host may pass


def test_a_submission_is_json_ready_with_both_languages(kinds: Workflow) -> None:
    """An API answers with it."""
    data = servflow.dump(read_form(opening_form(kinds), {"count": "x"}))

    assert (False, "form.value") == (data["ok"], data["problems"]["count"]["code"])
    assert {"code", "en", "zh"} == data["problems"]["count"].keys()


def sent_back(shown: Form) -> dict[str, str]:
    """What a browser sends of a form that nobody touched: line breaks are two characters, thousandths the finest time."""
    return {
        one.name: one.shown.replace("\r\n", "\n").replace("\n", "\r\n")
        for one in shown.inputs
        if one.type != "bool" or one.value
    }


@pytest.mark.parametrize(
    ("fields", "widget"),
    [
        ({"text": "a\r\nb"}, "textarea"),
        ({"text": "a\nb"}, "textarea"),
        ({"seen": AT + timedelta(microseconds=123456)}, "datetime"),
        ({"names": ["[x", "y"]}, "list"),
        ({"names": [" x ", "", "y"]}, "list"),
        ({"names": ["a\x0bb"]}, "list"),
        ({"amount": Decimal("2")}, "select"),
    ],
)
def test_a_form_that_nobody_touched_changes_nothing(kinds: Workflow, fields: dict[str, Any], widget: str) -> None:
    """Whatever a value looks like, an input can show it and send it back."""
    ticket = kinds.open("2", {**fields, "urgent": True}, at=AT).ticket
    shown = form(kinds, ticket, "ticket.update", zone="Europe/Berlin")
    (name,) = fields
    one = next(one for one in shown.inputs if one.name == name)
    exact = read_form(opening_form(kinds, zone="Europe/Berlin"), {name: one.shown}).payload[name]

    assert {"": "form.nothing"} == {key: problem.code for key, problem in read_form(shown, sent_back(shown)).problems.items()}
    assert widget == one.widget
    assert len(one.shown.partition(".")[2]) <= 3
    assert name == "seen" or exact == kinds.open("3", {name: fields[name]}, at=AT).ticket.fields[name] or "\r" in fields[name]
    assert one.value in [choice.value for choice in one.choices] or not one.choices


def test_an_update_shows_nothing_where_there_is_nothing(kinds: Workflow, ticket: Ticket) -> None:
    """A default is for openings."""
    cleared = kinds.fire(ticket, "ticket.update", {"urgent": None}, at=AT, actor=ANN).ticket

    assert "urgent" not in form(kinds, cleared, "ticket.update").values


@pytest.mark.parametrize("key", [["a", "b"], "k" * 201, "\ud800", 1.5])
def test_a_key_that_is_none_is_a_problem(kinds: Workflow, ticket: Ticket, key: Any) -> None:
    """It would be refused by the desk, as an error of the host."""
    read = read_form(form(kinds, ticket, "go"), {"reason": "x", "count": 1, "_key": key})

    assert ("form.key", None) == (read.problems[""].code, read.key)


def test_a_choice_is_no_checkbox_that_was_left_out() -> None:
    """A flag with listed values is drawn as a choice."""
    workflow = servflow.load({"workflow": "w", "fields": {"sure": {"type": "bool", "one_of": [True]}}, "states": {"new": {}}})
    drawn = opening_form(workflow)

    assert (True, {}) == (read_form(drawn, {}, html=True).ok, read_form(drawn, {}, html=True).payload)
    assert "sure takes one of true" in read_form(drawn, {"sure": "false"}).problems["sure"].message()


def test_the_step_of_a_form_is_its_own(kinds: Workflow) -> None:
    """A page that was tampered with checks no other step with this one's evidence."""
    workflow = servflow.load({"workflow": "w", "states": {"new": {"checklist": ["photo", "sign"]}}})
    photo = form(workflow, workflow.open("1", at=AT).ticket, "step.check:photo")

    assert "sign" in read_form(photo, {"step": "sign"}).problems["step"].message()
    assert "photo" == read_form(photo, {"step": "photo"}).payload["step"]


@pytest.mark.parametrize("given", [None, "go", [None], 3])
def test_only_forms_read_what_was_sent(given: Any) -> None:
    """A wrong argument is told."""
    with pytest.raises(InputError, match="is neither"):
        read_form(given, {})
