"""What a ticket says of itself beyond the values it holds."""

from datetime import UTC, datetime, timedelta

import pytest

from servflow import Ticket
from servflow.model import ClockRun, FrozenMap

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def run(name: str, phase: str, hours: int | None, **more: object) -> ClockRun:
    due = None if hours is None else START + timedelta(hours=hours)
    return ClockRun(name=name, phase=phase, within=timedelta(hours=4), started_at=START, due=due, **more)


def ticket(*runs: ClockRun) -> Ticket:
    return Ticket(id="T-1", workflow="w", at=START, opened_at=START, clocks=FrozenMap({one.name: one for one in runs}))


@pytest.mark.parametrize(
    ("runs", "hours"),
    [
        ((), None),
        ((run("a", "running", 4), run("b", "running", 2)), 2),
        ((run("a", "running", 4), run("b", "met", 1), run("c", "cancelled", 1)), 4),
        ((run("a", "paused", None), run("b", "running", 3)), 3),
        ((run("a", "paused", 1, breached_at=START + timedelta(hours=1)),), None),
        ((run("a", "running", 1, breached_at=START + timedelta(hours=1)), run("b", "running", 2)), 1),
        ((run("a", "running", None),), None),
    ],
    ids=["none", "earliest", "ended", "paused", "paused-breached", "breached", "never"],
)
def test_a_ticket_is_due_with_the_first_of_its_running_clocks(runs: tuple[ClockRun, ...], hours: int | None) -> None:
    """Clocks that are paused or have ended are left out; one that is breached counts with its breach."""
    assert ticket(*runs).due == (None if hours is None else START + timedelta(hours=hours))
