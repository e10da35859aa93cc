"""Knows a repair that comes back again and again for years; must not know how the engine works."""

from __future__ import annotations

from datetime import timedelta

from servflow.model import canonical
from tests.scenarios.story import Story
from tests.scenarios.test_appliance_repair import ANN, CLERK, CUSTOMER, FINANCE, MONDAY, a_repair, all_checked


def comes_back(story: Story, week: int) -> int:
    """One whole repair, with a wait for parts, and the call on a Monday that opens it again; the size of the snapshot then."""
    story.later(minutes=1).does(ANN, "offer.accept").later(minutes=30).does(ANN, "arrive")
    story.does(CUSTOMER, "ticket.message", {"text": "It leaks."})
    story.does(ANN, "wait_for_parts").later(hours=2).does(ANN, "resume")
    all_checked(story).does(ANN, "finish", {"signature": "Cora"})
    story.does(FINANCE, "settle").does(CLERK, "close")
    monday = MONDAY + timedelta(weeks=week)
    story.later(seconds=(monday - timedelta(hours=1) - story.now).total_seconds())
    story.does(CLERK, "ticket.reopen", {"reason": "leaks again"}).later(hours=1)
    return len(canonical(story.ticket))


def test_a_snapshot_does_not_grow_with_its_history() -> None:
    """A ticket that came back thirty times is as large as one that came back ten times, but for the digits of its counters."""
    story = a_repair()
    sizes = [comes_back(story, week) for week in range(1, 31)]

    assert len(story.records) > 700
    assert [] == [size for size in sizes[10:] if size > max(sizes[5:10]) + 64]
