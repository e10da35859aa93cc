"""Knows a Monday at the one door of a service company, told by what comes in; must not know how intake works inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.documents import read_template
from servflow.errors import InputError
from servflow.intake import Receipt, load
from servflow.metrics import deflection, read_cases
from servflow.model import Actor, Messaged, Notify, Ticket
from servflow.stores import MemoryStore, SqliteStore, Store

NAMES = ("consultation", "complaint", "field_service", "it_incident", "return_exchange")
WORKFLOWS = [servflow.load(read_template(f"{name}.yaml")) for name in NAMES]
DOOR = load(read_template("intake.yaml"), WORKFLOWS)  # the template intake, as it ships
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten in the morning in Shanghai
CARL = Actor("carl", ["agent"])


class Company:
    """A service company with one door, one desk and a clock that a story moves."""

    def __init__(self, store: Store) -> None:
        self.now = MONDAY
        self.mail: list[tuple[str, str]] = []
        self.desk = Desk(WORKFLOWS, store, now=lambda: self.now, handlers={"notify": self._send})

    def _send(self, effect: Notify) -> None:
        self.mail.append((effect.to, effect.template))

    def hears(self, channel: str, **message: Any) -> Receipt:
        """A message comes in by a channel, and whoever is to be told is told."""
        receipt = DOOR.submit(self.desk, {"channel": channel, **message})
        self.desk.deliver()
        return receipt

    def ticket(self, receipt: Receipt) -> Ticket:
        """The ticket a message is on."""
        return self.desk.get(receipt.ticket)

    def said(self, receipt: Receipt) -> list[str]:
        """What was added to a ticket in the customer's words."""
        return [record.text for record in self.desk.history(receipt.ticket) if isinstance(record, Messaged)]


@pytest.fixture(params=["memory", "sqlite"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    """The company, on a store of each kind."""
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield Company(store)
    store.close()


SEVEN: list[tuple[str, dict[str, Any], str]] = [
    ("phone", {"call": 501, "caller": "li", "note": "does it need salt?"}, "consultation"),
    (
        "web_form",
        {"form": "F1", "customer": "wu", "subject": "wrong colour", "about": "return", "order": "O9", "item": "washer"}
        | {"paid": "1999.00", "days": 3, "wants": "exchange", "reason": "wrong_item"},
        "return_exchange",
    ),
    ("email", {"message_id": "<a@b>", "sender": "han", "subject": "I want a refund", "body": "..."}, "complaint"),
    ("chat", {"session": "s1", "visitor": "mei", "question": "how loud is it?", "transcript": "..."}, "consultation"),
    (
        "mini_program",
        {"submission": 1, "open_id": "o-7", "text": "no heat", "about": "fault", "category": "washer", "region": "pudong"},
        "consultation",
    ),
    (
        "device_alarm",
        {
            "device": "W-77",
            "alarm": 4,
            "owner": "li",
            "code": "E18",
            "model": "washer",
            "region": "pudong",
            "level": "critical",
        },
        "field_service",
    ),
    (
        "partner_api",
        {"reference": "P-1", "customer_id": "zhao", "description": "shop till is down", "type": "incident", "impact": "high"}
        | {"urgency": "high"},
        "it_incident",
    ),
]


def test_seven_channels_one_door(company: Company) -> None:
    """Whatever way it comes in, it becomes a ticket of the right kind, and who wrote hears at once that it came in."""
    receipts = {channel: company.hears(channel, **message) for channel, message, _ in SEVEN}

    assert {channel: name for channel, _, name in SEVEN} == {
        channel: company.ticket(receipt).workflow for channel, receipt in receipts.items()
    }
    assert all(channel == company.ticket(receipt).channel for channel, receipt in receipts.items())
    thanked = {to for to, template in company.mail if template == "request_received"}
    assert {"li", "wu", "han", "mei", "o-7"} == thanked, "neither the device nor the partner's customer"


def test_complaints_find_their_level(company: Company) -> None:
    """A small refund is for the front line, a product fault for after-sales, what is legal or major for the executives."""
    levels = [
        ({"kind": "refund", "claim": "80"}, "front_line", "front_line"),
        ({"kind": "product_fault"}, "after_sales", "after_sales"),
        ({"kind": "legal"}, "executive", "executives"),
        ({"kind": "service", "severity": "major"}, "executive", "executives"),
    ]
    for number, (message, level, queue) in enumerate(levels):
        text = {"form": number, "customer": "li", "subject": f"complaint {number}", "about": "complaint"}
        receipt = company.hears("web_form", **text, **message)
        ticket = company.ticket(receipt)

        assert (level, queue) == (ticket.fields["class"], ticket.queue)
        assert receipt.request is not None
        assert level == receipt.request.values["level"]


def test_priority_from_impact_and_urgency(company: Company) -> None:
    """Nine combinations, five priorities; where nobody said how many it hits, it stays in the middle."""
    words = ("high", "medium", "low")
    found = []
    for impact in (*words, None):
        for urgency in words:
            form = {"form": f"{impact}-{urgency}", "customer": "li", "subject": f"{impact} {urgency}", "about": "question"}
            found.append(company.ticket(company.hears("web_form", impact=impact, urgency=urgency, **form)).priority)

    assert [1, 2, 3, 2, 3, 4, 3, 4, 5, 3, 3, 3] == found


def test_the_same_washer_all_day(company: Company) -> None:
    """
    Li's washer leaks. She fills in the form, the machine itself reports it, and at noon she calls as well.

    It is one ticket with all that was said; each time she speaks she hears that it was added. The form that her phone sent
    twice counts once. Next morning, a day later, it is a new matter.
    """
    form = {"form": "F7", "customer": "li", "subject": "leaks", "about": "fault", "serial": "W-1", "category": "washer"}
    first = company.hears("web_form", region="pudong", text="water on the floor", **form)
    again = company.hears("web_form", region="pudong", text="water on the floor", **form)
    company.now += timedelta(minutes=5)
    alarm = {"device": "W-1", "alarm": 3, "code": "E24", "model": "washer", "region": "pudong", "level": "critical"}
    device = company.hears("device_alarm", **alarm)
    company.now += timedelta(hours=2)
    call = {"call": 9, "caller": "li", "note": "when does somebody come?", "about": "fault", "serial": "W-1"}
    phone = company.hears("phone", category="washer", region="pudong", **call)

    assert ["opened", "duplicate", "merged", "merged"] == [one.status for one in (first, again, device, phone)]
    assert {first.ticket} == {one.ticket for one in (again, device, phone)}
    assert "topic: E24" in company.said(first)[0]
    assert "when does somebody come?" == company.said(first)[1]
    assert [("li", "request_received"), ("li", "request_added")] == [told for told in company.mail if told[0] == "li"]

    company.now = MONDAY + timedelta(days=1)
    later = company.hears("device_alarm", **{**alarm, "alarm": 4})
    assert ("opened", False) == (later.status, later.ticket == first.ticket)


def test_closed_too_early(company: Company) -> None:
    """Her question was closed, she writes again within the day: the ticket is opened again, with her words on it."""
    chat = {"visitor": "mei", "question": "how loud is it?"}
    first = company.hears("chat", session="s1", transcript="how loud?", **chat)
    company.desk.fire(first.ticket, "solved", actor=Actor("mei", ["customer"]))
    company.now += timedelta(hours=3)
    second = company.hears("chat", session="s2", transcript="that was not my question", **chat)

    assert ("merged", first.ticket) == (second.status, second.ticket)
    assert ("person", 1) == (company.ticket(first).state, company.ticket(first).reopened)
    assert ["that was not my question"] == company.said(first)


def test_it_grew_worse(company: Company) -> None:
    """
    Li complains about eighty for her washer; an hour later her lawyer's words come in about the same machine.

    It stays one ticket, but it is the executives' from now on, and the most urgent. A second form changes none of that.
    """
    small = {"about": "complaint", "serial": "W-1", "kind": "refund", "claim": "80", "customer": "li"}
    first = company.hears("web_form", form="F1", subject="money back", **small)
    assert ("front_line", "front_line") == (company.ticket(first).fields["class"], company.ticket(first).queue)

    company.now += timedelta(hours=1)
    call = {"caller": "li", "note": "my lawyer will write to you", "about": "complaint", "serial": "W-1", "kind": "legal"}
    second = company.hears("phone", call=12, **call)
    ticket = company.ticket(first)
    assert ("merged", first.ticket, "") == (second.status, second.ticket, second.reason)
    assert ("executive", "executives", 1) == (ticket.fields["class"], ticket.queue, ticket.priority)

    third = company.hears("web_form", form="F2", subject="money back", **small)
    assert ("merged", "executive") == (third.status, company.ticket(first).fields["class"]), "nothing makes it smaller again"


def test_a_more_urgent_word_about_the_same_question(company: Company) -> None:
    """A consultation becomes as urgent as the most urgent message about it, and an incident as grave."""
    form = {"customer": "li", "subject": "till", "about": "question", "impact": "low", "urgency": "low"}
    asked = company.hears("web_form", form=1, **form)
    company.hears("web_form", form=2, **{**form, "impact": "high", "urgency": "high"})
    company.hears("web_form", form=3, **{**form, "impact": "medium"})
    assert 1 == company.ticket(asked).priority

    down = {"customer_id": "zhao", "description": "till is slow", "type": "incident", "impact": "low", "urgency": "medium"}
    slow = company.hears("partner_api", reference="P-1", **down)
    company.hears("partner_api", reference="P-2", **{**down, "impact": "high", "urgency": "high"})
    ticket = company.ticket(slow)
    assert (1, "company", "work_stands_still") == (ticket.priority, ticket.fields["impact"], ticket.fields["urgency"])


def test_a_reply_to_our_mail(company: Company) -> None:
    """Han answers our mail, a week later and under another subject; its number says where it belongs. A stranger's does not."""
    first = company.hears("email", message_id="<1>", sender="han", subject="I want a refund", body="80 please")
    company.now += timedelta(days=7)
    reply = {"subject": "thank you!", "body": "the money is here", "ticket": first.ticket}
    second = company.hears("email", message_id="<2>", sender="han", **reply)
    other = company.hears("email", message_id="<3>", sender="eve", **reply)

    assert ("merged", first.ticket) == (second.status, second.ticket)
    assert ["the money is here"] == company.said(first)
    assert ("opened", first.ticket) == (other.status, other.beside)


def test_help_first_where_the_table_says_so(company: Company) -> None:
    """Eight questions by chat and two faults from devices: six are solved before anybody is needed, and that is measured."""
    chats = [company.hears("chat", session=n, visitor=f"c{n}", question=f"question {n}") for n in range(8)]
    devices = [
        company.hears("device_alarm", device=f"D-{n}", alarm=1, owner="li", code="E1", level="minor", region="pudong")
        for n in range(2)
    ]
    assert {"self_service", "remote"} == {company.ticket(one).state for one in (*chats, *devices)}

    company.now += timedelta(hours=1)
    for number, receipt in enumerate((*chats, *devices)):
        company.desk.fire(receipt.ticket, "not_solved" if number < 4 else "solved", actor=CARL)
    company.now += timedelta(hours=1)
    histories = [company.desk.history(one.ticket) for one in (*chats, *devices)]
    figure = deflection(read_cases(histories, company.now))

    assert (6, 10 - 4, {"open": 4}) == (figure.numerator, figure.denominator, dict(figure.excluded))


def test_what_does_not_fit_is_sent_back_with_every_problem(company: Company) -> None:
    """A partner's system sends nonsense: it is told all that is wrong at once, and nothing is opened."""
    with pytest.raises(InputError) as caught:
        company.hears("partner_api", reference="P-2", description="broken", type="fautl", impact="huge", serial_number="W-1")

    assert (
        "about is 'fautl', expected one of question, fault, complaint, return, incident",
        "impact is 'huge', expected one of high, medium, low",
        "customer is required and missing",
    ) == caught.value.problems
    with pytest.raises(InputError, match="did you mean 'email'"):
        company.hears("emial", message_id="<1>", sender="li")
    assert () == company.desk.find()


def test_a_return_without_its_order(company: Company) -> None:
    """What the workflow requires is asked for before a ticket is opened."""
    with pytest.raises(InputError, match="does not fit workflow 'return_exchange': order is required and missing; item is req"):
        company.hears("web_form", form="F2", customer="wu", subject="send it back", about="return")

    assert () == company.desk.find()
