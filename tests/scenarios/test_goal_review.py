"""Knows how the people behind a missed goal work with its review; must not know how goals are judged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import servflow
import servflow.documents
from servflow.model import SYSTEM, Actor
from tests.scenarios.story import Story, places

TEMPLATE = Path(servflow.documents.__file__).parent / "templates" / "goal_review.yaml"
MONDAY = datetime(2026, 11, 2, 2, tzinfo=UTC)
LEAD, MANAGER, DIRECTOR = Actor("li", ["lead"]), Actor("wang", ["manager"]), Actor("zhao", ["director"])
MISSED = {"goal": "content", "metric": "csat", "group": "north", "period": "2026-10", "value": "50.0 %", "target": ">= 75 %"}


@pytest.fixture
def story() -> Story:
    """On Monday, the second of November, the north has missed its goal for October."""
    return Story(servflow.load(TEMPLATE), MONDAY).opened(MISSED, by=SYSTEM)


def test_from_the_miss_to_the_month_that_is_better(story: Story) -> None:
    """A reason, an action with somebody who does it, and a next month that meets the goal."""
    story.does(LEAD, "explain", {"reason": "no pumps in stock"}).later(days=1)
    story.does(LEAD, "act", {"action": "a second supplier", "responsible": "li"}).later(days=29)
    story.does(SYSTEM, "goal.checked", {"met": True, "value": "81.0 %", "period": "2026-11"})

    assert ["asked", "explained", "acting", "closed"] == places(story.records)
    assert [] == story.notices()
    assert story.adds_up()


def test_a_reason_is_said_in_words_and_an_action_has_somebody(story: Story) -> None:
    """An empty reason is refused; so is an action before the reason, or one that nobody is to do."""
    assert "guard" == story.cannot(LEAD, "explain", {"reason": ""}).code
    assert "not_here" == story.cannot(LEAD, "act", {"action": "a second supplier", "responsible": "li"}).code
    story.does(LEAD, "explain", {"reason": "no pumps in stock"})
    assert "guard" == story.cannot(LEAD, "act", {"action": "a second supplier", "responsible": ""}).code


def test_silence_climbs_to_the_manager_and_the_director(story: Story) -> None:
    """Three working days without a reason: the manager on Thursday morning; two more: the director on Monday."""
    story.later(days=8)

    assert [("role:manager", "goal_unexplained"), ("role:director", "goal_unexplained")] == story.notices()
    assert [5, 9] == [at.day for _, _, at in story.told]


def test_a_reason_without_an_action_goes_to_the_director(story: Story) -> None:
    """Five working days after the reason something is to be done."""
    story.does(LEAD, "explain", {"reason": "no pumps in stock"}).later(days=8)

    assert [("role:director", "goal_without_action")] == story.notices()


def test_figures_that_were_wrong_are_no_miss(story: Story) -> None:
    """A manager drops the review with a word why; a lead may not."""
    assert "not_permitted" == story.cannot(LEAD, "ticket.cancel", {"reason": "I do not like it"}).code
    story.does(MANAGER, "ticket.cancel", {"reason": "October was counted twice"})

    assert ["asked", "dropped"] == places(story.records)


def test_what_comes_while_nobody_answered_is_kept(story: Story) -> None:
    """The next month is fine by itself, and the reason is owed all the same."""
    story.does(SYSTEM, "goal.checked", {"met": True, "value": "90.0 %", "period": "2026-11"})

    assert ("asked", "90.0 %") == (story.ticket.state, story.ticket.fields["next_value"])
