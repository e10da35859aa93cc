"""Knows how the holidays of a year are announced while repairs are promised; must not know how time is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import servflow
from servflow.calendars import Calendar
from servflow.desk import Desk
from servflow.model import Breached, ClockRetargeted, Warned
from servflow.stores import MemoryStore

WEEK = {"mon-fri": ["09:00-12:00", "13:00-18:00"]}
DRAFT = Calendar("Asia/Shanghai", WEEK, known_until="2026-09-30")
ANNOUNCED = Calendar(
    "Asia/Shanghai",
    WEEK,
    holidays=["2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"],
    shifts={"2026-10-10": ["09:00-12:00", "13:00-18:00"]},
    known_until="2026-12-31",
)
REPAIRS = """
workflow: repairs
fields: {tier: {type: string, one_of: [gold, silver], default: silver}}
queues: [front, care]
initial: open
states: {open: {}, waiting: {}, done: {closed: true}}
transitions:
  - {event: wait, source: open, target: waiting}
  - {event: go_on, source: waiting, target: open}
  - {event: finish, source: open, target: done}
rules:
  - {name: gold goes to care, when: "tier == 'gold'", then: [{set: {priority: "1"}}, {queue: care}]}
clocks:
  - name: repair
    within: [{when: priority == 1, take: 24h}, {take: 40h}]
    calendar: office
    until: done
    paused_in: waiting
    warn: [80%]
"""
MONDAY = datetime(2026, 9, 28, 1, tzinfo=UTC)
"""Nine in the morning in Shanghai, three days before a National Day that nobody has announced yet."""


class Company:
    """A host whose clock the story sets."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.store = MemoryStore()
        self.takes(DRAFT)

    def takes(self, calendar: Calendar) -> None:
        """Begin again with other calendars, as a host does that was restarted."""
        self.workflow = servflow.load(REPAIRS, calendars={"office": calendar})
        self.desk = Desk(self.workflow, self.store, now=lambda: self.now)

    def due(self, name: str) -> datetime | None:
        """When a repair is promised."""
        return self.desk.get(name).clocks["repair"].due


def test_the_holidays_are_announced() -> None:
    """
    Five days become free and a Saturday is worked: the manager sees which promises move, then they do.

    What was promised provisionally was marked so, the questions asked before agree with what is done, and nobody is warned
    by the calendar that is not in force any more.
    """
    company = Company()
    company.desk.open("R-1")
    company.desk.open("R-2", {"tier": "gold"})
    company.desk.open("R-3")
    company.desk.fire("R-3", "wait")
    assert company.desk.get("R-1").clocks["repair"].provisional
    assert datetime(2026, 10, 2, 10, tzinfo=UTC) == company.due("R-1")
    assert datetime(2026, 9, 30, 10, tzinfo=UTC) == company.due("R-2")

    company.now += timedelta(days=1)
    looked = {change.ticket: change for change in company.desk.recompute({"office": ANNOUNCED})}

    # R-2 is due before the holidays. R-3 rests: only what it would come to, if it went on, is another day.
    assert {"R-1", "R-3"} == looked.keys()
    assert looked["R-1"].after is not None
    assert datetime(2026, 10, 9, 10, tzinfo=UTC) == looked["R-1"].after.due
    assert not looked["R-1"].after.provisional
    assert ("due_if_resumed",) == looked["R-3"].differs
    assert datetime(2026, 10, 2, 10, tzinfo=UTC) == company.due("R-1")

    company.takes(ANNOUNCED)
    report = company.desk.recalendar()

    assert (1, 2, 0) == (report.recounted, report.same, report.failed)
    assert looked["R-1"].after.due == company.due("R-1")
    (moved,) = [record for record in company.desk.history("R-1") if isinstance(record, ClockRetargeted)]
    assert "calendars changed" in moved.reason

    company.now = datetime(2026, 10, 2, 12, tzinfo=UTC)  # the evening on which the draft would have broken the promise
    company.desk.tick()
    assert [] == [record for record in company.desk.history("R-1") if isinstance(record, (Warned, Breached))]


def test_a_clerk_asks_before_she_promises() -> None:
    """Raising a repair to gold is tried first: a rule gives it priority, and by that it would be late at once."""
    company = Company()
    company.takes(ANNOUNCED)
    company.desk.open("R-1")
    company.now = datetime(2026, 10, 8, 4, tzinfo=UTC)  # the first noon after the holidays: 27 hours were counted

    asked = company.desk.what_if("R-1", tier="gold")

    assert {"tier", "priority", "queue"} == asked.changed.keys()
    assert [("breach", True)] == [(item.mark, item.at_once) for item in asked.breaches]
    assert ["appears"] == [clock.breach for clock in asked.clocks]
    assert "silver" == company.desk.get("R-1").fields["tier"]
    in_time, late = (company.desk.forecast("R-1", "repair", work) for work in ("13h", "13h1m"))
    after_lunch = company.now + timedelta(hours=1)
    assert (True, after_lunch, timedelta()) == (in_time.feasible, in_time.latest_start, in_time.slack)
    assert (False, timedelta(minutes=-1)) == (late.feasible, late.slack)

    company.desk.fire("R-1", "ticket.update", {"tier": "gold"}, actor="ann")

    assert asked.outcome.ticket.clocks == company.desk.get("R-1").clocks
