"""Knows what a service manager expects of calling back who was not content; must not know how it is carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import servflow
import servflow.documents
from servflow.model import Actor, Breached, World
from tests.scenarios.story import Story

CALL_BACK = Path(servflow.documents.__file__).parent / "templates" / "call_back.yaml"
FRIDAY = datetime(2026, 3, 6, 7, tzinfo=UTC)  # three in the afternoon in Shanghai
CAO, SUN = Actor("cao", ["care"]), Actor("sun", ["supervisor"])
WORLD = World(people={"cao": {"roles": ["care"]}, "sun": {"roles": ["supervisor"]}}, queues={"care": {"members": ["cao"]}})


@pytest.fixture
def story() -> Story:
    """A customer gave one star of five on a Friday afternoon."""
    told = Story(servflow.load(CALL_BACK), FRIDAY, WORLD)
    return told.opened({"rated": "R1", "customer": "liu", "scale": "csat", "score": 1, "comment": "he came late"})


def test_reached_at_once(story: Story) -> None:
    """Care calls, hears why, and writes down what came of it and the cause."""
    assert ("care", 2) == (story.ticket.queue, story.ticket.priority)
    story.later(hours=1).does(CAO, "reached", {"said": "nobody told me"})
    story.later(minutes=5).does(CAO, "done", {"outcome": "apology", "root_cause": "too_late"})

    assert ("closed", "apology", "too_late", 1) == (
        story.ticket.state,
        *(story.ticket.fields[name] for name in ("outcome", "root_cause", "attempts")),
    )


def test_three_attempts_over_the_weekend(story: Story) -> None:
    """Nobody answers on Friday, nor on Monday; after the third attempt a message is left and the case is closed."""
    story.later(hours=1).does(CAO, "no_answer")
    assert "tried" == story.ticket.state
    story.later(days=3)  # four hours of office time have passed by Monday afternoon
    assert "to_call" == story.ticket.state
    story.does(CAO, "no_answer").later(days=1).does(CAO, "no_answer")

    assert ("closed", "unreachable", 3) == (story.ticket.state, story.ticket.fields["outcome"], story.ticket.fields["attempts"])
    assert ("liu", "we_tried_to_call") == story.told[-1][:2]


def test_nobody_calls(story: Story) -> None:
    """24 hours of office time after Friday 15:00 are Wednesday 15:00; then the supervisor hears of it."""
    story.later(days=6)
    [breach] = [one for one in story.happened(Breached) if one.clock == "called_back"]

    assert datetime(2026, 3, 11, 7, tzinfo=UTC) == breach.instant
    assert ("sun", "call_back_late") in [told[:2] for told in story.told]


def test_the_cause_is_always_written_down(story: Story) -> None:
    """Without a cause, or with one that is none of the list, it cannot be closed."""
    story.does(CAO, "reached", {})
    assert "payload" == story.cannot(CAO, "done", {"outcome": "refund"}).code
    assert "payload" == story.cannot(CAO, "done", {"outcome": "refund", "root_cause": "weather"}).code

    assert "talked" == story.ticket.state


def test_a_promise_that_was_not_kept_opens_it_again(story: Story) -> None:
    """The customer says that nothing came of it: the attempts begin anew."""
    story.does(CAO, "reached", {}).does(CAO, "done", {"outcome": "refund", "root_cause": "price"})
    story.later(days=2).does(SUN, "ticket.reopen")

    assert ("to_call", 0) == (story.ticket.state, story.ticket.fields["attempts"])
