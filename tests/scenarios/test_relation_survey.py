"""Knows what a service manager expects of asking about the whole relation; must not know how surveys are kept."""

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
from servflow.model import Actor, Notify, Rated, Surveyed
from servflow.stores import SqliteStore

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
MONDAY = datetime(2026, 4, 6, 1, tzinfo=UTC)  # nine in the morning in Shanghai
LIU = Actor("liu", ["customer"])


class Company:
    """A company that asks its customers once a quarter whether they would recommend it."""

    def __init__(self, path: Path) -> None:
        self.now = MONDAY
        self.asked: list[tuple[str, datetime]] = []
        self.store = SqliteStore(path)
        flows = [servflow.load(TEMPLATES / f"{name}.yaml") for name in ("relation_survey", "call_back")]
        surveys = Surveys(now=lambda: self.now)
        handlers = {"call:survey": surveys, "notify": self._ask, "*": lambda effect: None}
        self.desk = Desk(flows, self.store, handlers=handlers, now=lambda: self.now)
        surveys.join(self.desk)

    def _ask(self, effect: Notify) -> None:
        if effect.template == "would_you_recommend_us":
            self.asked.append((effect.to, self.now))

    def later(self, **length: float) -> Company:
        """Time passes; the office looks at its tickets every hour."""
        end = self.now + timedelta(**length)
        while self.now < end:
            self.now = min(end, self.now + timedelta(hours=1))
            self.desk.tick()
            self.desk.deliver()
        return self

    def quarter(self, name: str) -> str:
        """The ticket of one quarter, opened by a plan or the host."""
        self.desk.open(f"NPS-{name}", {"customer": "liu"}, workflow="relation_survey")
        return f"NPS-{name}"

    def answers(self, ticket: str, score: int) -> None:
        """The customer answers by the link in the message."""
        payload = {"scale": "nps", "score": score, "about": "relation"}
        self.desk.fire(ticket, "rating.add", payload, actor=LIU)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The company on a Monday morning."""
    made = Company(tmp_path / "tickets.db")
    yield made
    made.store.close()


def test_a_promoter(company: Company) -> None:
    """Asked an hour into the time in which people answer, the customer says nine of ten."""
    ticket = company.quarter("2026-Q2")
    company.later(hours=3)
    company.answers(ticket, 9)
    company.later(hours=1)

    assert [("liu", MONDAY + timedelta(hours=3))] == company.asked  # 11:00 was due; the office looked at 12:00
    assert ("answered", 9) == (company.desk.get(ticket).state, company.desk.get(ticket).fields["answer"])
    assert () == company.store.find(workflow="call_back")


def test_a_detractor_is_called_back_once_and_may_change_their_mind(company: Company) -> None:
    """Three of ten opens a call back; a correction to eight is what counts, and opens none."""
    ticket = company.quarter("2026-Q2")
    company.later(hours=3)
    company.answers(ticket, 3)
    company.later(hours=1)
    company.answers(ticket, 8)
    company.later(hours=1)

    [back] = company.store.find(workflow="call_back")
    assert (ticket, "nps", 3) == tuple(back.fields[name] for name in ("rated", "scale", "score"))
    assert 8 == company.desk.get(ticket).fields["answer"]


def test_no_answer_and_a_late_one(company: Company) -> None:
    """Two weeks of silence end the ticket; what comes afterwards counts as an answer that came late."""
    ticket = company.quarter("2026-Q2")
    company.later(days=15)
    assert "no_answer" == company.desk.get(ticket).state
    company.answers(ticket, 10)
    [asked] = [one for one in company.desk.history(ticket) if isinstance(one, Surveyed)]
    [rated] = [one for one in company.desk.history(ticket) if isinstance(one, Rated)]

    assert "answered" == company.desk.get(ticket).state
    assert asked.until is not None
    assert asked.until <= rated.at


def test_once_a_quarter_and_never_more_often(company: Company) -> None:
    """A second ticket within ninety days asks nobody; that of the next quarter does."""
    company.quarter("2026-Q2")
    company.later(days=10)
    company.quarter("again")
    company.later(days=85)
    company.quarter("2026-Q3")
    company.later(days=2)

    assert 2 == len(company.asked)
    assert ["fatigue"] == [one.reason for one in company.desk.history("NPS-again") if isinstance(one, Surveyed)]


def test_no_more_than_ten(company: Company) -> None:
    """Eleven of ten is refused, and the ticket goes on waiting."""
    ticket = company.quarter("2026-Q2")
    with pytest.raises(Refused, match="from 0 to 10"):
        company.answers(ticket, 11)

    assert "waiting" == company.desk.get(ticket).state
