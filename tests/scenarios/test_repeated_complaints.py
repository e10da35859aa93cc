"""Knows what a service manager expects of what happens again and again; must not know how correlators work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow.documents
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.model import Actor, Notify, Received, Ticket
from servflow.stores import SqliteStore, verify

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CARL = Actor("carl", ["clerk"])

COMPLAINT = """
workflow: complaint
fields: {topic: {}}
states: {open: {}, watched: {}, closed: {closed: true}}
transitions:
  - {event: repeated, source: open, target: watched, payload: {count: int}}
  - {event: close, source: [open, watched], target: closed}
"""
CARE = """
workflow: care
fields: {about: {type: list}}
queues: [supervisors]
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed}]
rules: [{name: the supervisor sees it, when: "true", then: [{set: {queue: "'supervisors'"}}]}]
"""
REPAIR = """
workflow: repair
states: {new: {}, repaired: {}, closed: {closed: true}}
transitions:
  - {event: repair, source: new, target: repaired}
  - {event: close, source: repaired, target: closed}
"""
QUALITY = """
workflow: quality_check
fields: {first: {}, again: {}}
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed}]
"""


class Company:
    """A service company whose office looks at its tickets every few minutes, and not at all over night."""

    def __init__(self, path: Path) -> None:
        self.now = MONDAY
        self.told: list[tuple[str, str, datetime]] = []
        flows = [servflow.load(text) for text in (COMPLAINT, CARE, REPAIR, QUALITY)]
        looked_for = [
            load_correlator(TEMPLATES / f"{name}.yaml") for name in ("repeat_complaint", "repeat_repair", "no_update")
        ]
        self.store = SqliteStore(path / "company.db")
        self.desk = Desk([*flows, *looked_for], self.store, now=lambda: self.now, handlers={"notify": self._tell})

    def _tell(self, effect: Notify) -> None:
        self.told.append((effect.to, str(effect.data["ticket"]), effect.at))

    def later(self, **length: float) -> Company:
        """So much time passes, and then the office looks again."""
        self.now += timedelta(**length)
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass
        return self

    def complains(self, customer: str, ticket: str, topic: str = "noise") -> Company:
        """A customer complains."""
        self.desk.open(ticket, {"customer": customer, "topic": topic, "outlet": "north"}, workflow="complaint", actor=CARL)
        return self.later()

    def repairs(self, device: str, ticket: str) -> Company:
        """A device is taken in and repaired."""
        self.desk.open(ticket, {"asset": device}, workflow="repair", actor=CARL)
        self.desk.fire(ticket, "repair", actor=CARL)
        return self.later()

    def writes(self, ticket: str) -> Company:
        """Somebody writes to the customer."""
        self.desk.fire(ticket, "ticket.message", {"side": "agent", "text": "we are on it"}, actor=CARL)
        return self.later()

    def of(self, workflow: str) -> tuple[Ticket, ...]:
        """The tickets of one kind."""
        return self.desk.find(workflow=workflow)

    def heard(self, ticket: str) -> list[str]:
        """What a ticket was told."""
        return [record.event for record in self.desk.history(ticket) if isinstance(record, Received)]


@pytest.fixture
def company(tmp_path: Path) -> Any:
    """The company on Monday at nine."""
    made = Company(tmp_path)
    yield made
    assert [] == list(verify(made.store).findings)
    made.store.close()


def test_three_complaints_in_a_day_are_a_case_for_the_supervisor(company: Company) -> None:
    """The third complaint of Li within 24 hours opens one care case, which names all three; each of them is watched."""
    company.complains("li", "C1").later(hours=8).complains("wu", "C2").later(hours=8).complains("li", "C3", "smell")
    assert () == company.of("care")
    company.later(hours=7).complains("li", "C4", "noise again")

    (case,) = company.of("care")
    assert ("li", "supervisors", ("C1", "C3", "C4")) == (case.customer, case.queue, case.fields["about"])
    assert ["watched", "open", "watched", "watched"] == [company.desk.get(name).state for name in ("C1", "C2", "C3", "C4")]


def test_three_complaints_in_three_days_are_three_complaints(company: Company) -> None:
    """Nobody is told where the third comes more than 24 hours after the first; exactly 24 hours is still in time."""
    for number in range(5):
        company.complains("li", f"C{number}").later(hours=12, seconds=1)
    assert () == company.of("care")
    for number in range(3):
        company.complains("wu", f"W{number}").later(hours=12)
    assert ["wu"] == [case.customer for case in company.of("care")]


def test_a_fourth_complaint_opens_no_second_case(company: Company) -> None:
    """After a case was opened three further complaints are needed for another one."""
    for number in range(5):
        company.complains("li", f"C{number}")
    assert 1 == len(company.of("care"))
    company.complains("li", "C5")
    assert 2 == len(company.of("care"))


def test_the_same_device_twice_in_a_month_is_checked(company: Company) -> None:
    """A washer that was repaired comes back after three weeks: the quality check names both repairs."""
    company.repairs("washer-7", "R1").later(days=7).repairs("fridge-1", "R2").later(days=14).repairs("washer-7", "R3")

    (check,) = company.of("quality_check")
    assert ("washer-7", "R1", "R3") == (check.asset, check.fields["first"], check.fields["again"])
    company.later(days=31).repairs("washer-7", "R4")
    assert 1 == len(company.of("quality_check"))
    company.later(days=29).repairs("washer-7", "R5")
    assert ["R1", "R4"] == sorted(one.fields["first"] for one in company.of("quality_check"))


def test_four_hours_of_silence_reach_the_supervisor(company: Company) -> None:
    """Silence is told once, as of the minute it became too long; whoever writes in time is not complained about."""
    company.complains("li", "C1").complains("wu", "C2").later(hours=3)
    company.writes("C1").later(hours=2)
    assert [("role:supervisor", "C2", MONDAY + timedelta(hours=4))] == company.told

    company.later(hours=3)
    assert ("role:supervisor", "C1", MONDAY + timedelta(hours=7)) == company.told[-1]
    company.later(days=2)
    assert 2 == len(company.told)


def test_a_closed_ticket_may_be_silent(company: Company) -> None:
    """Nobody waits for news of what is done."""
    company.complains("li", "C1").later(hours=1)
    company.desk.fire("C1", "close", actor=CARL)
    company.later(days=1)

    assert [] == company.told


def test_nobody_is_blamed_for_a_night_without_power(company: Company) -> None:
    """The office was dark from noon to the next morning; who wrote at eleven minutes to one had written in time."""
    company.complains("li", "C1").complains("wu", "C2")
    company.now += timedelta(hours=3, minutes=49)
    company.desk.fire("C1", "ticket.message", {"side": "agent", "text": "tomorrow"}, actor=CARL)
    company.desk.fire("C1", "close", actor=CARL)
    company.later(hours=15)

    assert [("role:supervisor", "C2", MONDAY + timedelta(hours=4))] == company.told


def test_the_manager_asks_why(company: Company) -> None:
    """Any time later it is told which complaints made the case, and how far the next one is."""
    for number in range(4):
        company.complains("li", f"C{number}").later(hours=1)

    told = company.desk.explain("~repeat_complaint/li")
    assert (1, 3, ["C0", "C1", "C2"]) == (told.have, told.need, [ticket for _, ticket, _ in told.last])
    assert "1 of 3" in told.text()
    assert "C0:1" in told.text("zh")
