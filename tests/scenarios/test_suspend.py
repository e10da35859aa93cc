"""Knows how a repair rests and goes on where it was, as the documentation shows it; must not know how the engine works."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

import servflow
from servflow.model import Actor, Breached, TimerFired
from tests.scenarios.story import Story, places
from tests.surface.layout import ROOT

PAGE = ROOT / "docs" / "how-to" / "suspend-and-resume.md"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # nine o'clock in Berlin
ANN, KIT = Actor("ann", ["engineer"]), Actor("kit", ["clerk"])


def definition() -> str:
    """The document of the page."""
    found = BLOCK.search(PAGE.read_text("utf-8"))
    assert found is not None
    return found[1]


def a_repair() -> Story:
    """A device comes in on Monday at nine."""
    return Story(servflow.load(definition()), MONDAY).opened({}, by=KIT)


def under_test() -> Story:
    """By eleven on Monday it is being tested, for which there are ten working hours."""
    return a_repair().later(hours=1).does(ANN, "repair").later(hours=1).does(ANN, "test")


def suspend(story: Story) -> Story:
    """Kit lets it rest."""
    return story.does(KIT, "suspend", {"reason": "the owner is away"})


@pytest.mark.parametrize(
    ("steps", "state"), [([], "diagnosing"), (["repair"], "at_the_bench"), (["repair", "test"], "testing")]
)
def test_it_goes_on_where_it_was(steps: list[str], state: str) -> None:
    """From every state inside the work it can rest, and two weeks later it is back in that very state."""
    story = a_repair()
    for step in steps:
        story.does(ANN, step)
    suspend(story).later(days=14).does(KIT, "resume")

    assert state == story.ticket.state
    assert story.adds_up()


def test_it_can_rest_again_and_again() -> None:
    """The second rest remembers the second place."""
    story = suspend(a_repair()).does(KIT, "resume").does(ANN, "repair")
    suspend(story).does(KIT, "resume")

    assert "at_the_bench" == story.ticket.state
    story.does(ANN, "test")
    assert "testing" == suspend(story).does(KIT, "resume").ticket.state


def test_nothing_runs_while_it_rests() -> None:
    """In two weeks of rest neither the timer of the testing nor the promise moves."""
    story = suspend(under_test().later(hours=4)).later(days=14)

    assert "suspended" == story.ticket.state
    assert [] == story.happened(TimerFired) == story.happened(Breached)
    assert "paused" == story.ticket.clocks["repair"].phase


def test_the_timer_goes_on_with_the_hours_that_were_left() -> None:
    """Four of ten hours were used on Monday; six remain when it is taken up again on a Monday two weeks later."""
    story = suspend(under_test().later(hours=4))
    story.later(days=13, hours=18).does(KIT, "resume")  # Monday the sixteenth at nine
    resumed = story.now

    assert [resumed + timedelta(hours=6)] == [timer.due for timer in story.ticket.timers]
    assert "testing" == story.later(hours=6).ticket.state, "exactly six hours is still in time"
    assert "at_the_bench" == story.later(minutes=1).ticket.state


def test_the_promise_is_kept_by_as_much_as_it_rested() -> None:
    """Without the rest the promise breaks on Wednesday at closing; with it, as many working hours later."""
    plain, rested = under_test(), under_test().later(hours=4)
    suspend(rested).later(days=13, hours=18).does(KIT, "resume")
    plain.later(days=30)
    rested.later(days=30)

    assert [datetime(2026, 3, 4, 16, tzinfo=UTC)] == [record.at for record in plain.happened(Breached)]
    assert [datetime(2026, 3, 18, 10, tzinfo=UTC)] == [record.at for record in rested.happened(Breached)]


def test_whoever_forgets_it_is_told_by_the_state_itself() -> None:
    """After thirty days of rest it is closed; every rest has its own thirty days."""
    story = suspend(a_repair()).later(days=29).does(KIT, "resume")
    suspend(story).later(days=29)

    assert "suspended" == story.ticket.state
    assert "closed" == story.later(days=2).ticket.state


def test_sleep_loses_nothing() -> None:
    """Nothing runs for a week; waking once gives the same ticket as waking whenever it asked."""
    awake = suspend(under_test().later(hours=1)).does(KIT, "resume").later(days=7)
    asleep = suspend(under_test().later(hours=1)).does(KIT, "resume").silence(days=7).back_again()

    assert awake.ticket == asleep.ticket
    assert "at_the_bench" == asleep.ticket.state


def test_reopened_it_begins_with_nothing_left_over() -> None:
    """What rested before the closing is gone after the reopening: the testing has its ten hours again."""
    story = suspend(under_test().later(hours=4))
    story.does(KIT, "resume").does(ANN, "finish").later(hours=1).does(KIT, "ticket.reopen")
    reopened = story.does(ANN, "repair").does(ANN, "test")

    assert () == reopened.ticket.resting_timers
    assert [datetime(2026, 3, 4, 9, tzinfo=UTC)] == [timer.due for timer in reopened.ticket.timers]
    assert "diagnosing" in places(story.records)[-4:]


def test_too_late_to_reopen() -> None:
    """Five working hours after it was finished it is too late, and the refusal says until when it was not."""
    story = under_test().does(ANN, "finish").later(hours=4, minutes=59)
    assert "ready" == next(
        o.status for o in story.workflow.available(story.ticket, at=story.now, actor=KIT) if "reopen" in o.event
    )
    refusal = story.later(minutes=1).cannot(KIT, "ticket.reopen")

    assert story.now == refusal.facts["until"]
