"""Knows how a complaint climbs when nobody answers it; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from servflow.engine import Workflow
from servflow.model import Actor, Assigned, Breached, ChainStopped, Escalated, Person, Queue, World
from tests.scenarios.story import Story

COMPLAINT = Workflow(
    workflow="complaint",
    fields={"topic": {"type": "string"}, "grave": {"type": "bool", "default": False}},
    roles=["customer", "clerk", "supervisor", "manager"],
    queues=["care"],
    events={
        "ticket.message": {"allow": ["customer", "clerk", "supervisor"]},
        "chain.acknowledge": {"allow": ["supervisor", "manager"]},
    },
    initial="open",
    states={"open": {}, "answered": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "answer", "source": "open", "target": "answered", "allow": ["clerk", "supervisor", "owner"]},
        {"event": "object", "source": "answered", "target": "open", "allow": ["customer"]},
        {"event": "close", "source": "answered", "target": "closed", "allow": ["clerk", "owner"]},
        {"event": "ticket.reopen", "source": "closed", "target": "open", "allow": ["customer"]},
    ],
    rules=[{"name": "grave ones first", "when": "grave", "then": [{"set": {"priority": "1"}}]}],
    clocks=[
        {"name": "open for a day", "within": "24h", "until": "answered"},
        # Feedback is a public message of ours; two days without any is too long, whatever state it is in.
        {"name": "feedback", "within": "48h", "stop": [{"message": {"side": "agent", "public": True}}, {"state": "closed"}]},
    ],
    escalations=[
        {
            "name": "nobody answers",
            "start": {"clock": "open for a day"},
            "until": {"state": "answered"},
            "levels": [
                {
                    "name": "supervisor",
                    "do": [
                        {"notify": {"to": {"role": "supervisor"}, "template": "open_24h"}},
                        {"add_owner": {"to": {"queue": "care", "pick": "least_loaded"}}},
                    ],
                }
            ],
        },
        {
            "name": "no feedback",
            "start": {"clock": "feedback"},
            "until": {"state": "closed"},
            "levels": [
                {
                    "name": "manager",
                    "do": [{"notify": {"to": {"role": "manager"}, "template": "no_feedback_48h"}}, {"raise_priority": 2}],
                    "remind": {"every": "24h", "times": 2},
                }
            ],
        },
    ],
)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CORA, CARL, SUE = Actor("cora", ["customer"]), Actor("carl", ["clerk"]), Actor("sue", ["supervisor"])
WORLD = World(
    people=[Person(id="sue", roles=["supervisor"]), Person(id="max", roles=["manager"]), Person(id="carl", roles=["clerk"])],
    queues=[Queue(id="care", members=["olga", "otto"])],
    loads={"olga": 3, "otto": 1},
)


def a_complaint(**fields: object) -> Story:
    """Cora complains on Monday at nine."""
    return Story(COMPLAINT, MONDAY, WORLD).opened({"topic": "noise", "customer": "cora", **fields}, by=CORA)


def test_open_for_a_day() -> None:
    """After 24 hours without an answer the supervisor is told and a dedicated owner takes charge."""
    story = a_complaint().later(hours=24)
    assert [] == story.notices(), "exactly 24 hours is still in time"

    story.later(seconds=1)

    assert [("sue", "open_24h")] == story.notices()
    assert [("owner", "otto")] == [(given.slot, given.to) for given in story.happened(Assigned)]
    assert MONDAY + timedelta(hours=24) == story.happened(Escalated)[0].scheduled


def test_the_owner_may_answer() -> None:
    """The dedicated owner has no role, but may answer and close what they own; others without a role may not."""
    story = a_complaint().later(hours=25)
    otto, olga = Actor("otto"), Actor("olga")

    assert "not_permitted" == story.cannot(olga, "answer").code
    assert story.does(otto, "answer").does(otto, "close").ticket.closed


def test_answered_in_time_nobody_is_told() -> None:
    """An answer and a public message within the day: nobody is bothered, ever."""
    story = (
        a_complaint()
        .later(hours=3)
        .does(CARL, "ticket.message", {"text": "we are on it"})
        .later(hours=3)
        .does(CARL, "answer")
        .later(days=9)
    )

    assert ([], None) == (story.notices(), story.ticket.wake)


def test_two_days_without_feedback() -> None:
    """After 48 hours without a public word the manager is told and the priority rises, and is reminded once a day, twice."""
    story = a_complaint().later(days=9)

    assert [
        ("sue", "open_24h"),
        ("max", "no_feedback_48h"),
        ("max", "no_feedback_48h"),
        ("max", "no_feedback_48h"),
    ] == story.notices()
    assert [24, 48, 72, 96] == [(at - MONDAY) // timedelta(hours=1) for _, _, at in story.told]
    assert 1 == story.ticket.priority


def test_an_internal_note_is_no_feedback() -> None:
    """What the customer does not see, and what they write themselves, is no feedback."""
    story = (
        a_complaint()
        .later(hours=1)
        .does(CARL, "ticket.message", {"public": False})
        .does(CORA, "ticket.message", {"side": "customer"})
    )

    assert ("max", "no_feedback_48h") in story.later(hours=49).notices()


def test_feedback_does_not_answer() -> None:
    """A public word keeps the manager out of it; the complaint is still open for too long."""
    story = a_complaint().later(hours=2).does(CARL, "ticket.message", {"text": "soon"}).later(days=4)

    assert [("sue", "open_24h")] == story.notices()


def test_the_supervisor_takes_notice() -> None:
    """Once the manager's run is acknowledged no reminder follows."""
    story = a_complaint().later(hours=49).does(SUE, "chain.acknowledge", {"chain": "no feedback"}).later(days=9)

    assert [("sue", "open_24h"), ("max", "no_feedback_48h")] == story.notices()


def test_an_objection_opens_no_new_promise_and_a_reopening_does() -> None:
    """An answer that the customer objects to has been given in time; a complaint reopened after closing is promised anew."""
    story = (
        a_complaint()
        .later(hours=2)
        .does(CARL, "ticket.message")
        .does(CARL, "answer")
        .later(hours=1)
        .does(CORA, "object")
        .later(days=3)
    )
    assert [] == story.notices()

    story.does(CARL, "answer").does(CARL, "close").later(days=1).does(CORA, "ticket.reopen").later(hours=25)

    assert [("sue", "open_24h")] == story.notices()
    assert [2, 2] == [story.ticket.clocks[name].cycle for name in ("open for a day", "feedback")]


def test_closing_ends_everything() -> None:
    """A closed complaint tells nobody."""
    story = a_complaint().later(hours=49).does(CARL, "answer").does(CARL, "close").later(days=9)

    assert 2 == len(story.notices())
    assert {"nobody answers", "no feedback"} == {ended.run.chain for ended in story.happened(ChainStopped)} | {"nobody answers"}
    assert (2, (), None) == (len(story.happened(Breached)), story.ticket.chains, story.ticket.wake)
    assert story.adds_up()


def test_a_grave_one_comes_first() -> None:
    """A grave complaint has the highest priority from the start."""
    assert 1 == a_complaint(grave=True).ticket.priority
