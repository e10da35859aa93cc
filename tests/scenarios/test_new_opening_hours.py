"""Knows a desk whose opening hours change while tickets are open; must not know how open time is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from servflow import Desk, load, sla
from servflow.calendars import Calendar
from servflow.model import ClockRetargeted, Repinned
from servflow.stores import MemoryStore, SqliteStore, Store

WORKFLOW = """
workflow: support
initial: open
states:
  open: {}
  solved: {closed: true}
transitions:
  - {event: note, source: open, target: open}
  - {event: solve, source: open, target: solved}
clocks:
  - {name: repair, within: 16h, calendar: office, on_calendar_change: prospective, warn: 50%}
  - {name: report, within: 16h, calendar: office}
"""
DAY = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-20:00"]})
EARLY = Calendar("UTC", {"mon-fri": ["06:00-12:00"]})
HOUR = timedelta(hours=1)


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * HOUR


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that outlives the desks on it."""
    if request.param == "memory":
        yield MemoryStore()
        return
    with SqliteStore(tmp_path / "desk.db") as kept:
        yield kept


def opened(store: Store, hours: Calendar, now: datetime) -> Desk:
    """A desk that is started anew, as a deployment with other hours would be."""
    return Desk(load(WORKFLOW, {"office": hours}), store, now=lambda: now)


def test_new_hours_count_from_the_deployment_on(store: Store) -> None:
    """The next desk reads the hours that were from the store, and a clock counts by them up to its own start."""
    opened(store, DAY, at(9)).open("T1")
    opened(store, DAY, at(10, 3)).fire("T1", "note")

    opened(store, LATE, at(12, 3))  # deployed at noon; nobody touches the ticket
    desk = opened(store, LATE, at(9, 4))
    desk.tick()

    repair, report = (desk.get("T1").clocks[name] for name in ("repair", "report"))
    assert (11 * HOUR, at(19, 3)) == (repair.counted, repair.breached_at)
    assert (at(18, 4), None) == (report.due, report.breached_at)
    records = desk.history("T1")
    assert ["calendars changed"] == [record.reason for record in records if isinstance(record, Repinned)]
    assert [at(12, 3)] == [
        record.instant for record in records if isinstance(record, ClockRetargeted) and record.clock == "repair"
    ]
    assert [("repair", at(19, 3))] == [(one.clock, one.breached_at) for one in sla.breaches(records)]


def test_a_ticket_that_is_touched_at_once_comes_to_the_same(store: Store) -> None:
    """Whether a worker meets it at noon or a day later makes no difference to what is promised."""
    opened(store, DAY, at(9)).open("T1")
    opened(store, DAY, at(10, 3)).fire("T1", "note")

    opened(store, LATE, at(12, 3)).fire("T1", "note")
    desk = opened(store, LATE, at(9, 4))
    desk.tick()

    repair = desk.get("T1").clocks["repair"]
    assert (11 * HOUR, at(19, 3)) == (repair.counted, repair.breached_at)


def test_what_the_hours_were_is_explained_without_changing_anything(store: Store) -> None:
    """A question goes the same way as the call that would act."""
    opened(store, DAY, at(9)).open("T1")
    opened(store, DAY, at(10, 3)).fire("T1", "note")
    opened(store, EARLY, at(12, 3))

    desk = opened(store, EARLY, at(13, 3))
    (view, _) = desk.explain("T1").clocks

    assert (11 * HOUR, at(11, 4)) == (view.counted, view.due)
    assert at(17, 3) == desk.get("T1").clocks["repair"].due
