"""Knows what a quality manager expects of judging closed tickets; must not know how samples are drawn or scores computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import servflow
import servflow.documents
from servflow.desk import Desk
from servflow.errors import Refused
from servflow.evaluation import Sampling, Scorecards, load_sampling, load_scorecard
from servflow.model import Actor, Notify, Ticket, World
from servflow.stores import SqliteStore, verify

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
NOVEMBER = datetime(2026, 11, 2, 2, tzinfo=UTC)  # a Monday, ten in the morning in Shanghai
ANN, BOB = Actor("ann", ["agent"]), Actor("bob", ["agent"])
SUN, SHI = Actor("sun", ["supervisor"]), Actor("shi", ["supervisor"])
EVA = Actor("eva", ["expert"])
WORLD = World(
    people={"sun": {"roles": ["supervisor"]}, "shi": {"roles": ["supervisor"]}, "qi": {"roles": ["quality"]}, "ann": {}},
    queues={"quality": {"members": ["qi"]}},
)
SERVICE = """
workflow: appliance_repair
fields: {category: {type: string, default: washer}}
roles: [agent]
events: {ticket.assign: {allow: [system]}}
states: {open: {}, closed: {closed: true}}
transitions: [{event: close, source: open, target: closed, allow: [assignee]}]
"""
GOOD: dict[str, Any] = {"greeting": 5, "understanding": 5, "solution": 9, "records": 4, "safety": 1, "fees": "n/a"}
# (1 x 1 + 2 x 1 + 4 x 0.9 + 2 x 0.8 + 1 x 1) / 10 = 92
POOR: dict[str, Any] = {"greeting": 3, "understanding": 2, "solution": 5, "records": 1, "safety": 1, "fees": "n/a"}
# (0.6 + 0.8 + 2 + 0.4 + 1) / 10 = 48


class Company:
    """A company that judges five in a hundred of what everybody closed."""

    def __init__(self, path: Path) -> None:
        self.now, self.path = NOVEMBER, path
        self.told: list[tuple[str, str]] = []
        self.begins()

    def begins(self) -> None:
        """The program is started; what it remembers is in its database."""
        self.store = SqliteStore(self.path)
        names = ("quality_review", "quality_sample")
        flows = [servflow.load(SERVICE), *(servflow.load(TEMPLATES / f"{name}.yaml") for name in names)]
        card: Sampling = load_sampling(TEMPLATES / "quality_sampling.yaml")
        scores = Scorecards(load_scorecard(TEMPLATES / "service_quality.yaml"))
        handlers = {"call:score": scores, "notify": self._tell, "*": lambda effect: None}
        self.desk = Desk(flows, self.store, handlers=handlers, now=lambda: self.now, world=WORLD, sources=[card])

    def _tell(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def later(self, **length: float) -> Company:
        """Time passes; the office looks at its tickets every six hours."""
        end = self.now + timedelta(**length)
        while self.now < end:
            self.now = min(end, self.now + timedelta(hours=6))
            self.looks()
        return self

    def looks(self) -> Company:
        """The desk looks, carries out what is to be done, and hears the answers."""
        for _ in range(3):
            self.desk.tick(limit=1_000)
            self.desk.deliver(limit=1_000)
        return self

    def closes(self, number: int, who: Actor) -> None:
        """Somebody closes a ticket."""
        ticket = f"R{number:03d}"
        self.desk.open(ticket, workflow="appliance_repair")
        self.desk.fire(ticket, "ticket.assign", {"to": who.id}, actor="system")
        self.desk.fire(ticket, "close", actor=who)

    def reviews(self) -> tuple[Ticket, ...]:
        """All reviews."""
        return self.store.find(workflow="quality_review", limit=500)

    def review(self) -> str:
        """A review of Ann's work, as it would be opened by hand."""
        self.desk.open("Q1", {"agent": "ann", "reviewed": "R001"}, workflow="quality_review")
        return "Q1"

    def marks(self, who: Actor, kind: str, marks: dict[str, Any]) -> Company:
        """Somebody gives marks."""
        self.desk.fire("Q1", f"mark.{kind}", {"marks": marks}, actor=who)
        return self


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The company on a Monday morning."""
    made = Company(tmp_path / "tickets.db")
    yield made
    assert [] == list(verify(made.store).findings)
    made.store.close()


def test_a_month_is_drawn_and_every_agent_is_judged_alike(company: Company) -> None:
    """Of Ann's 45 repairs three are judged, of Bob's ten two (at least two); a restart judges the very same."""
    for number in range(55):
        company.closes(number, ANN if number < 45 else BOB)
    company.later(days=30)
    assert () == company.reviews()
    company.later(days=2)
    drawn = {(one.fields["agent"], one.fields["reviewed"]) for one in company.reviews()}
    company.store.close()
    company.begins()
    company.later(days=3)

    assert {"ann": 3, "bob": 2} == Counter(agent for agent, _ in drawn)
    assert drawn == {(one.fields["agent"], one.fields["reviewed"]) for one in company.reviews()}
    assert {"2026-11"} == {one.fields["period"] for one in company.reviews()}


def test_the_score_is_that_of_the_scorecard(company: Company) -> None:
    """Supervisor 92, peer 48, of weights 4 and 1: (4 x 92 + 48) / 5 = 83.2; 44 points apart, so they should talk."""
    company.review()
    company.marks(SUN, "supervisor", GOOD).marks(BOB, "peer", POOR)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    ticket = company.desk.get("Q1")

    assert ("told", Decimal("83.20"), True, True) == (
        ticket.state,
        *(ticket.fields[name] for name in ("score", "passed", "calibrate")),
    )
    assert "service_quality 1" == ticket.fields["card"]
    assert ("ann", "your_score") in company.told


def test_all_kinds_of_raters(company: Company) -> None:
    """Expert, customer and the agent herself count by their weights: (4 x 92 + 2 x 48 + 1 x 48 + 1 x 92 + 0.5 x 92) / 8.5."""
    company.review()
    company.marks(SUN, "supervisor", GOOD).marks(EVA, "expert", POOR).marks(BOB, "peer", POOR)
    company.marks(Actor("liu", ["customer"]), "customer", GOOD).marks(ANN, "self", GOOD)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()

    assert Decimal("76.47") == company.desk.get("Q1").fields["score"]
    assert company.desk.get("Q1").fields["passed"] is False


def test_a_broken_safety_rule_makes_it_zero(company: Company) -> None:
    """Whatever else was good."""
    company.review()
    company.marks(SUN, "supervisor", {**GOOD, "safety": 0}).marks(BOB, "peer", GOOD)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    ticket = company.desk.get("Q1")

    assert (Decimal("0.00"), ("safety",), False) == tuple(ticket.fields[name] for name in ("score", "failed", "passed"))


def test_nobody_judges_themselves_as_somebody_else(company: Company) -> None:
    """Ann is no peer of herself, Bob is not Ann, and without the supervisor nothing is finished."""
    company.review()
    for who, event in ((ANN, "mark.peer"), (BOB, "mark.self"), (BOB, "mark.supervisor"), (SUN, "finish")):
        payload = {} if event == "finish" else {"marks": GOOD}
        with pytest.raises(Refused):
            company.desk.fire("Q1", event, payload, actor=who)

    assert "judging" == company.desk.get("Q1").state


def test_marks_out_of_their_scale_go_back(company: Company) -> None:
    """Eleven of ten for the solution: the supervisor hears what is wrong, mends it, and it is counted."""
    company.review()
    company.marks(SUN, "supervisor", {**GOOD, "solution": 11})
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    ticket = company.desk.get("Q1")

    assert "judging" == ticket.state
    assert "solution is a number from 0 to 10, not 11" in ticket.fields["problem"]
    company.marks(SUN, "supervisor", GOOD)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    assert (Decimal("92.00"), "") == (company.desk.get("Q1").fields["score"], company.desk.get("Q1").fields["problem"])


def test_the_agent_objects_and_another_supervisor_corrects(company: Company) -> None:
    """Who judged does not decide the objection; the other one gives marks anew and the score follows."""
    company.review()
    company.marks(SUN, "supervisor", POOR)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    company.desk.fire("Q1", "object", {"why": "the customer had no water"}, actor=ANN)
    with pytest.raises(Refused, match="judged_by"):
        company.desk.fire("Q1", "uphold", {"why": "no"}, actor=SUN)
    company.marks(SHI, "supervisor", GOOD)
    company.desk.fire("Q1", "correct", {"why": "she is right"}, actor=SHI)
    company.looks()

    assert ("told", Decimal("92.00")) == (company.desk.get("Q1").state, company.desk.get("Q1").fields["score"])
    with pytest.raises(Refused):
        company.desk.fire("Q1", "object", {"why": "still too little"}, actor=ANN)
    company.desk.fire("Q1", "agree", actor=ANN)
    assert company.desk.get("Q1").closed


def test_silence_is_agreement(company: Company) -> None:
    """Three days of work after the score nothing was said: the review is closed."""
    company.review()
    company.marks(SUN, "supervisor", GOOD)
    company.desk.fire("Q1", "finish", actor=SUN)
    company.looks()
    company.later(days=6)

    assert company.desk.get("Q1").closed


def test_time_is_up(company: Company) -> None:
    """After five days of work the supervisor who gave no marks is chased, three times; then it is let go."""
    company.review()
    company.marks(BOB, "peer", GOOD)
    company.later(days=8)
    assert ("judging", 1) == (company.desk.get("Q1").state, company.desk.get("Q1").fields["reminders"])
    assert ("sun", "marks_are_missing") in company.told
    company.later(days=30)

    assert "cancelled" == company.desk.get("Q1").state
    assert ("qi", "never_judged") in company.told
