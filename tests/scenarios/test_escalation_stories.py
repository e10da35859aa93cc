"""Knows what a service manager may expect of complaints that climb; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
import servflow.documents
from servflow import Workflow
from servflow.escalation import history
from servflow.model import Actor, Assigned, Person, Queue, World
from tests.scenarios.story import Story

TEMPLATE = Path(servflow.documents.__file__).parent / "templates" / "complaint_escalation.yaml"
COMPLAINTS = servflow.load(TEMPLATE)
MONDAY, FRIDAY = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 6, 17, tzinfo=UTC)
CORA, CARL, SUE = Actor("cora", ["customer"]), Actor("carl", ["clerk"]), Actor("sue", ["supervisor"])
EVA = Actor("eva", ["executive"])
WORLD = World(
    people=[
        Person(id="dan", roles=["dispatcher"]),
        Person(id="sue", roles=["supervisor"]),
        Person(id="max", roles=["manager"]),
        Person(id="eva", roles=["executive"]),
        Person(id="carl", roles=["clerk"]),
    ],
    queues=[Queue(id="care", members=["olga", "otto"])],
    loads={"olga": 3, "otto": 1},
)


def a_complaint(start: datetime = MONDAY, /, workflow: Workflow = COMPLAINTS, **fields: object) -> Story:
    """Cora complains."""
    return Story(workflow, start, WORLD).opened({"topic": "noise", "customer": "cora", **fields}, by=CORA)


def in_time(story: Story) -> Story:
    """Carl takes it at once, so that nobody hears of a late dispatch."""
    return story.later(minutes=1).does(CARL, "take")


def whom(story: Story, chain: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """The levels of one chain: each with what became of it, and who was told."""
    return [(step.name, step.outcome, step.to) for run in history(story.records) if run.chain == chain for step in run.levels]


def test_the_template_has_no_findings() -> None:
    """What a service desk begins with is sound: every level reaches somebody, and no two chains fight over a field."""
    assert () == COMPLAINTS.check(at=MONDAY)


# a complaint is open for a day, and the customer hears nothing for two ----------------------------------------------


def test_open_for_a_day() -> None:
    """After 24 hours the supervisor is told, and the least busy of the care team owns the complaint from then on."""
    story = in_time(a_complaint()).later(hours=23)
    assert [] == story.notices()

    story.later(hours=1)

    assert [("sue", "complaint_open_24h")] == story.notices()
    assert [("owner", "otto")] == [(given.slot, given.to) for given in story.happened(Assigned) if given.slot == "owner"]
    assert MONDAY + timedelta(hours=24) == story.told[0][2]


def test_two_days_without_feedback() -> None:
    """After 48 hours without a public word of ours the manager is told, and again each day until somebody writes."""
    story = in_time(a_complaint()).later(hours=73)

    assert [("sue", "complaint_open_24h"), ("max", "no_feedback_48h"), ("max", "no_feedback_48h")] == story.notices()
    assert [24, 48, 72] == [(at - MONDAY) // timedelta(hours=1) for _, _, at in story.told]


def test_a_word_to_the_customer_counts_and_a_note_does_not() -> None:
    """A public message puts the manager's level off by 48 hours from then; an internal note changes nothing."""
    story = in_time(a_complaint()).later(hours=40).does(CARL, "ticket.message", {"public": False})
    assert [("max", "no_feedback_48h")] == in_time(a_complaint()).later(hours=49).notices()[1:]
    assert [("max", "no_feedback_48h")] == story.later(hours=9).notices()[1:]

    answered = in_time(a_complaint()).later(hours=40).does(CARL, "ticket.message", {"text": "we are on it"})
    answered.later(hours=47)
    assert [("sue", "complaint_open_24h")] == answered.notices()
    assert [("max", "no_feedback_48h")] == answered.later(hours=2).notices()[1:]


def test_an_answer_in_time_leaves_the_supervisor_in_peace() -> None:
    """Answered and closed within the day: nobody hears of it, and every level is told to have been stopped, with the reason."""
    story = in_time(a_complaint()).later(hours=5).does(CARL, "answer").later(hours=1).does(CARL, "close").later(days=9)

    assert [] == story.notices()
    assert [("supervisor", "stopped", ())] == whom(story, "open for a day")
    assert ["entered answered", "the ticket closed"] == [run.ended for run in history(story.records)]


# legal or major ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grave", [{"legal": True}, {"class": "major"}])
def test_a_grave_complaint_goes_straight_to_the_executives(grave: dict[str, Any]) -> None:
    """Legal or major from the start: the executives are told in the very moment, and its priority is the highest."""
    story = a_complaint(**grave).later(seconds=1)

    assert [("eva", "grave_complaint")] == story.notices()
    assert (1, MONDAY) == (story.ticket.priority, story.told[0][2])


def test_a_complaint_that_becomes_a_legal_case() -> None:
    """Found to be legal on the second day: the executives are told then, not when the next level would have come."""
    story = in_time(a_complaint()).later(hours=26).does(CARL, "ticket.update", {"legal": True})
    found = story.now

    assert [("sue", "complaint_open_24h"), ("eva", "grave_complaint")] == story.later(seconds=1).notices()
    assert found == story.told[1][2]


def test_an_executive_takes_notice() -> None:
    """An executive who takes notice is left alone for four hours; then the reminders go on until it is closed."""
    story = in_time(a_complaint(legal=True)).later(hours=3).does(EVA, "chain.acknowledge")
    asked = story.later(hours=3, minutes=59).notices()

    assert [("eva", "grave_complaint")] * 2 == asked, "at once, and after two hours"
    assert [("eva", "grave_complaint")] * 3 == story.later(hours=2).notices()


# dispatch ----------------------------------------------------------------------------------------------------------


def test_a_dispatch_is_warned_breached_and_comes_before_the_manager() -> None:
    """Nobody takes it: the dispatcher hears after 4 minutes, the supervisor after 5, the manager after 15."""
    story = a_complaint().later(minutes=20)

    assert [("dan", 4), ("sue", 5), ("max", 15)] == [(who, (at - MONDAY) // timedelta(minutes=1)) for who, _, at in story.told]


def test_a_dispatch_that_is_taken_after_the_warning() -> None:
    """Taken after four and a half minutes: only the warning went out, and the record says why nobody else was told."""
    story = a_complaint().later(minutes=4, seconds=30).does(CARL, "take").later(minutes=20)

    assert [("dan", "dispatch_soon_late")] == story.notices()
    assert [("warned", "fired", ("dan",)), ("breached", "stopped", ()), ("manager", "stopped", ())] == whom(
        story, "nobody takes it"
    )


# the engine is down over the weekend -------------------------------------------------------------------------------


def with_late(policy: str) -> Workflow:
    """The same complaints, with another policy for levels that are late."""
    data = COMPLAINTS.to_data()
    return Workflow(**{**data, "escalations": [{**chain, "late": policy} for chain in data["escalations"]]})


def test_down_over_the_weekend_the_last_level_speaks() -> None:
    """Friday evening to Monday morning nothing runs: each chain then speaks once, and tells what it spoke for."""
    story = a_complaint(FRIDAY, with_late("collapse")).silence(hours=64).back_again()

    assert [("max", "dispatch_very_late"), ("sue", "complaint_open_24h"), ("max", "no_feedback_48h")] == story.notices()
    assert [("warned", "coalesced", ("dan",)), ("breached", "coalesced", ("sue",)), ("manager", "fired", ("max",))] == whom(
        story, "nobody takes it"
    )
    assert "otto" == story.ticket.owner, "what a level changes happens whoever speaks"


def test_down_over_the_weekend_every_level_speaks() -> None:
    """With ``late: each`` everybody hears what they would have heard, at once, and each notice says for when it was meant."""
    story = a_complaint(FRIDAY, with_late("each")).silence(hours=64).back_again()

    assert [
        ("dan", timedelta(minutes=4)),
        ("sue", timedelta(minutes=5)),
        ("max", timedelta(minutes=15)),
        ("sue", timedelta(hours=24)),
        ("max", timedelta(hours=48)),
    ] == [(who, at - FRIDAY) for who, _, at in story.told]


@pytest.mark.parametrize("policy", ["collapse", "each"])
def test_nobody_is_forgotten(policy: str) -> None:
    """Down or not, the ticket is the same on Monday, and every level that was due is on record with its own instant."""
    workflow = with_late(policy)
    down = a_complaint(FRIDAY, workflow).silence(hours=64).back_again()
    awake = a_complaint(FRIDAY, workflow).later(hours=64)

    assert awake.ticket == down.ticket
    assert [[(step.name, step.at) for step in run.levels] for run in history(awake.records)] == [
        [(step.name, step.at) for step in run.levels] for run in history(down.records)
    ]
    assert down.adds_up()


def test_somebody_acts_before_anything_is_caught_up() -> None:
    """On Monday Carl answers before the engine has caught up: what would stop then bothers nobody any more."""
    story = a_complaint(FRIDAY).silence(hours=64).does(CARL, "answer")

    assert [("max", "no_feedback_48h")] == story.notices(), "an answer is not yet a word to the customer"
    assert {"coalesced"} == {outcome for _, outcome, _ in whom(story, "nobody takes it")}


# and the preview says the same -------------------------------------------------------------------------------------


def test_the_preview_is_what_happens() -> None:
    """Asked on Friday, the plan of the weekend names the levels, the people and the instants that come."""
    plan = COMPLAINTS.plan({"topic": "noise", "customer": "cora"}, at=FRIDAY, until=FRIDAY + timedelta(hours=64), world=WORLD)
    story = a_complaint(FRIDAY).later(hours=64)

    assert [(item.to[0], item.at) for item in plan] == [(who, at) for who, _, at in story.told]


def test_the_preview_of_an_outage() -> None:
    """Asked what an outage over the weekend would do, the plan says who would hear on Monday and what would be coalesced."""
    until = FRIDAY + timedelta(hours=65)
    weekend = (FRIDAY, FRIDAY + timedelta(hours=64))
    plan = COMPLAINTS.plan({"topic": "noise"}, at=FRIDAY, until=until, world=WORLD, down=[weekend])
    story = a_complaint(FRIDAY).silence(hours=64).back_again()

    assert story.notices() == [
        (item.to[0], action.value["template"])
        for item in plan
        if item.outcome == "fired"
        for action in item.actions
        if action.kind == "notify"
    ]
