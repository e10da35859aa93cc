"""Knows how a question ends before anybody is needed, or does not; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import servflow
from servflow.desk import Desk
from servflow.documents import read_template
from servflow.errors import Refused
from servflow.metrics import deflection, read_cases
from servflow.model import Actor, Open, Person, Rated, World
from servflow.stores import MemoryStore
from tests.scenarios.story import Story

CONSULTATION = servflow.load(read_template("consultation.yaml"))
FIELD_SERVICE = servflow.load(read_template("field_service.yaml"))
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten in the morning in Shanghai
LI, CARL = Actor("li", ["customer"]), Actor("carl", ["agent"])


def a_question(attempt: str = "self_service", **fields: object) -> Story:
    """Li asks on Monday at ten."""
    given = {"topic": "my washer hums", "customer": "li", "attempt": attempt, **fields}
    return Story(CONSULTATION, MONDAY).opened(given, by=LI)


def test_solved_by_the_customer() -> None:
    """She is sent an article, it helps, and nobody had to do anything; she gives four stars."""
    story = a_question()
    assert ("self_service", [("li", "help_yourself")]) == (story.ticket.state, story.notices())

    story.later(minutes=20).does(LI, "solved").does(LI, "rating.add", {"scale": "csat", "score": 4})

    assert ("closed", 4) == (story.ticket.state, story.happened(Rated)[0].score)
    assert story.adds_up()


def test_silence_is_an_answer() -> None:
    """Three days after the article nobody has complained: it is closed by itself, and can be reopened for a fortnight."""
    story = a_question().later(days=3, minutes=1)
    assert "closed" == story.ticket.state

    story.later(days=10).does(LI, "ticket.reopen")
    assert "person" == story.ticket.state


def test_one_step_after_the_other() -> None:
    """The article does not help: somebody looks from afar; that fails: a person answers; now it works."""
    story = a_question().does(LI, "not_solved")
    assert ("remote", "remote_desk") == (story.ticket.state, story.ticket.queue)

    story.later(minutes=15).does(CARL, "not_solved")
    assert ("person", "front_line") == (story.ticket.state, story.ticket.queue)

    story.later(hours=1).does(CARL, "answer", {"answer": "level its feet"}).does(LI, "solved")
    assert ("closed", [("li", "help_yourself"), ("li", "your_answer")]) == (story.ticket.state, story.notices())


def test_what_cannot_be_seen_from_afar_goes_to_a_person() -> None:
    """A machine without a connection is not looked at from afar."""
    story = a_question(remote_possible=False).does(LI, "not_solved")

    assert "person" == story.ticket.state


def test_nobody_answers() -> None:
    """Four office hours without an answer: the supervisor hears of it."""
    story = a_question("person").later(hours=4)
    assert [] == story.notices(), "exactly four hours is in time"

    story.world = World(people=[Person(id="sue", roles=["supervisor"])])
    story.later(minutes=1)
    assert [("sue", "question_late")] == story.notices()


def test_an_engineer_must_come() -> None:
    """Only once it is known what broke, and where; then a field service ticket is opened with all that, and waited for."""
    store = MemoryStore()
    desk = Desk([CONSULTATION, FIELD_SERVICE], store, now=lambda: MONDAY)
    desk.open("C1", {"topic": "no heat", "customer": "li", "asset": "W-77", "attempt": "remote"}, workflow="consultation")
    with pytest.raises(Refused, match="category"):
        desk.fire("C1", "send_engineer", actor=CARL)

    desk.fire("C1", "identify", {"category": "washer", "region": "pudong"}, actor=CARL)
    sent = desk.fire("C1", "send_engineer", actor=CARL)
    (opened,) = [effect for effect in sent.effects if isinstance(effect, Open)]
    desk.deliver()
    visit = desk.get(opened.new_ticket)

    assert "handed_over" == desk.get("C1").state
    assert {"category": "washer", "region": "pudong", "fault": "no heat"}.items() <= dict(visit.fields).items()
    assert ("field_service", "li", "W-77") == (visit.workflow, visit.customer, visit.asset)

    desk.fire(visit.id, "ticket.cancel", actor=LI)
    desk.deliver()
    desk.tick()
    assert "closed" == desk.get("C1").state


def test_how_many_needed_nobody() -> None:
    """Of ten customers four solve it themselves, two from afar, three need a person and one an engineer: six of ten."""
    solved = [a_question().later(hours=1).does(LI, "solved") for _ in range(4)]
    afar = [a_question("remote").later(minutes=10).does(CARL, "solved") for _ in range(2)]
    person = [a_question().does(LI, "not_solved").does(CARL, "not_solved") for _ in range(3)]
    for story in person:
        story.does(CARL, "answer", {"answer": "like this"}).does(LI, "solved")
    visit = a_question("remote", category="ac", region="pudong").does(CARL, "send_engineer")
    stories = [*solved, *afar, *person, visit]
    figure = deflection(read_cases([story.records for story in stories], MONDAY + timedelta(days=1)))

    assert (6, 10, 0.6) == (figure.numerator, figure.denominator, figure.value)
