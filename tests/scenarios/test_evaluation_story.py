"""Knows what a service manager expects of asking customers; must not know how surveys are compiled or kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import servflow
import servflow.documents
from servflow.desk import Desk
from servflow.errors import Refused
from servflow.evaluation import Surveys
from servflow.model import Actor, Notify, Rated, Surveyed, Ticket
from servflow.stores import SqliteStore, verify

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine in the morning in Shanghai
LIU, CARE = Actor("liu", ["customer"]), Actor("cao", ["care"])

REPAIR = """
workflow: repair
fields: {device: {type: string, optional: true}}
roles: [customer, engineer, care]
events: {rating.add: {allow: [requester, care]}}
calendars:
  evening: {zone: Asia/Shanghai, week: {mon-fri: ["17:00-20:00"], sat-sun: ["10:00-20:00"]}}
states: {new: {}, visited: {}, closed: {closed: true}}
transitions:
  - {event: visit, source: [new, visited], target: visited, allow: [engineer]}
  - {event: close, source: visited, target: closed, allow: [engineer]}
  - {event: ticket.reopen, source: closed, target: new, allow: [care]}
surveys:
  - name: repair
    state: closed
    after: 30m
    calendar: evening
    template: how_was_the_repair
    low: 2
"""
ENGINEER = Actor("eng", ["engineer"])


class Company:
    """A company that repairs, asks its customers in the evening, and calls back who was not content."""

    def __init__(self, path: Path) -> None:
        self.now, self.path = MONDAY, path
        self.asked: list[tuple[str, str]] = []
        self.begins()

    def begins(self) -> None:
        """The program is started; what it remembers is in its database."""
        self.store = SqliteStore(self.path)
        flows = [servflow.load(REPAIR), servflow.load(TEMPLATES / "call_back.yaml")]
        surveys = Surveys(now=lambda: self.now)
        handlers = {"call:survey": surveys, "notify": self._tell, "*": lambda effect: None}
        self.desk = Desk(flows, self.store, handlers=handlers, now=lambda: self.now)
        surveys.join(self.desk)

    def _tell(self, effect: Notify) -> None:
        if effect.template == "how_was_the_repair":
            self.asked.append((effect.to, effect.ticket))

    def later(self, **length: float) -> Company:
        """Time passes; the office looks at its tickets every ten minutes."""
        end = self.now + timedelta(**length)
        while self.now < end:
            self.now = min(end, self.now + timedelta(minutes=10))
            self.desk.tick()
            self.desk.deliver()
        return self

    def repairs(self, ticket: str, customer: str = "liu") -> None:
        """A repair is done and closed."""
        self.desk.open(ticket, {"customer": customer}, workflow="repair", actor=Actor(customer, ["customer"]))
        self.desk.fire(ticket, "visit", actor=ENGINEER)
        self.desk.fire(ticket, "close", actor=ENGINEER)

    def call_backs(self) -> tuple[Ticket, ...]:
        """The tickets for calling back."""
        return self.store.find(workflow="call_back")

    def noted(self, ticket: str) -> list[tuple[str, str]]:
        """What became of a ticket's survey."""
        return [(one.outcome, one.reason) for one in self.desk.history(ticket) if isinstance(one, Surveyed)]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The company on a Monday morning."""
    made = Company(tmp_path / "tickets.db")
    yield made
    made.store.close()


def test_customers_are_asked_in_the_evening_and_not_too_often(company: Company) -> None:
    """Closed in the morning, asked after half past five; a second repair in the same month asks nobody again."""
    company.repairs("R1")
    company.later(hours=8)
    assert [] == company.asked
    company.later(hours=1)
    assert [("liu", "R1")] == company.asked

    company.later(days=9)
    company.repairs("R2")
    company.later(days=1)
    assert [("skipped", "fatigue")] == company.noted("R2")

    company.later(days=30)
    company.repairs("R3")
    company.later(days=1)
    assert [("liu", "R1"), ("liu", "R3")] == company.asked


def test_a_restart_in_between_asks_nobody_again(company: Company) -> None:
    """The program stops after the customer was asked; the next one, on the same database, knows it."""
    company.repairs("R1")
    company.later(hours=9)
    company.store.close()
    company.begins()
    company.repairs("R2")
    company.later(days=1)

    assert [("liu", "R1")] == company.asked
    assert [("skipped", "fatigue")] == company.noted("R2")


def test_who_is_not_content_is_called_back_once(company: Company) -> None:
    """Two stars open a call back with the ticket and the words; changing it to one star opens no second."""
    company.repairs("R1")
    company.later(hours=9)
    company.desk.fire("R1", "rating.add", {"score": 2, "comment": "he came late"}, actor=LIU)
    company.later(minutes=10)
    company.desk.fire("R1", "rating.add", {"score": 1}, actor=LIU)
    company.later(hours=1)

    [back] = company.call_backs()
    assert ("R1", "liu", 2, "he came late") == tuple(back.fields[name] for name in ("rated", "customer", "score", "comment"))
    assert "care" == back.queue
    assert [2, 1] == [one.score for one in company.desk.history("R1") if isinstance(one, Rated)]


def test_care_may_write_down_what_the_customer_said_on_the_phone(company: Company) -> None:
    """The rating is the customer's, whoever typed it: the customer's own correction is the same opinion."""
    company.repairs("R1")
    company.desk.fire("R1", "rating.add", {"score": 1, "rater": "liu"}, actor=CARE)
    company.desk.fire("R1", "rating.add", {"score": 2}, actor=LIU)
    company.later(minutes=10)
    ratings = [one for one in company.desk.history("R1") if isinstance(one, Rated)]

    assert 1 == len(company.call_backs())
    assert {"csat\tticket\t\tliu"} == {one.of for one in ratings}


def test_nobody_else_rates_and_no_score_is_made_up(company: Company) -> None:
    """Six of five stars, and the engineer's own praise, are refused; nothing of them is kept."""
    company.repairs("R1")
    with pytest.raises(Refused, match="whole number from 1 to 5"):
        company.desk.fire("R1", "rating.add", {"score": 6}, actor=LIU)
    with pytest.raises(Refused, match="not permitted"):
        company.desk.fire("R1", "rating.add", {"score": 5}, actor=ENGINEER)

    assert [] == [one for one in company.desk.history("R1") if isinstance(one, Rated)]


def test_a_repair_done_again_is_asked_about_again(company: Company) -> None:
    """Reopened before the evening, nobody is asked; closed again, the customer is asked once."""
    company.repairs("R1")
    company.later(hours=1)
    company.desk.fire("R1", "ticket.reopen", actor=CARE)
    company.later(days=1)
    assert [] == company.asked
    company.desk.fire("R1", "visit", actor=ENGINEER)
    company.desk.fire("R1", "close", actor=ENGINEER)
    company.later(days=1)

    assert [("liu", "R1")] == company.asked
    assert [] == list(verify(company.store).findings)
