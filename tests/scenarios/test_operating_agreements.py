"""Knows the story of a boiler whose part must be bought: what team and vendor owe; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime

import servflow
from servflow.model import Actor, Breached, ClockRetargeted, ClockStarted
from tests.scenarios.story import Story

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CLERK, BUYER = Actor("kate", ["clerk"]), Actor("ben", ["buyer"])
REPAIRS = servflow.load(
    """
servflow: 1
workflow: boiler_repair
fields:
  tier: {type: string, one_of: [gold, standard], default: standard}
  region: {type: string, default: city}
roles: [clerk, buyer]
queues: [front_desk, depot, purchasing]
events: {ticket.update: {allow: [clerk, buyer]}}
calendars:
  office: {zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}}
  depot: {zone: Europe/Berlin, week: {mon-sat: ["07:00-19:00"]}}
states:
  new: {}
  waiting_vendor: {}
  waiting_customer: {}
  done: {closed: true}
transitions:
  - {event: order, source: new, target: waiting_vendor, allow: [buyer]}
  - {event: delivered, source: waiting_vendor, target: new, allow: [buyer]}
  - {event: ask, source: [new, waiting_vendor], target: waiting_customer, allow: [clerk]}
  - {event: answered, source: waiting_customer, target: new, allow: [clerk]}
  - {event: finish, source: new, target: done, allow: [clerk]}
tables:
  promises:
    hit: first
    inputs: [tier, region]
    outputs: {repair: string, vendor: string, hours: string}
    rows:
      - {id: gold_city, when: ['"gold"', '"city"'], then: ['"8h"', '"4h"', '"depot"']}
      - {id: gold, when: ['"gold"', '-'], then: ['"12h"', '"5h"', '"depot"']}
      - {id: rest, when: ['-', '-'], then: ['"end of 2 business days"', '"4h"', '"office"']}
  desks:
    hit: first
    inputs: [queue]
    outputs: {hours: string}
    rows: [['"depot"', '"depot"'], ['-', '"office"']]
clocks:
  - name: repair
    within: {table: promises, take: repair}
    calendar: {table: promises, take: hours}
    until: done
    paused_in: waiting_customer
    warn: ["80%", "every 2h after, 3 times"]
  - name: depot team
    within: 5h
    calendar: {table: desks, take: hours}
    start: [{queue: depot}]
    stop: [{left_queue: depot}]
    warn: ["50%"]
    parent: repair
  - name: vendor
    within: {table: promises, take: vendor}
    calendar: {table: promises, take: hours}
    start: [{state: waiting_vendor}]
    stop: [{left: waiting_vendor}]
    parent: depot team
escalations:
  - name: late repair
    start: {clock: repair, mark: "every 2h after, 3 times"}
    until: {state: done}
    levels: [{name: lead, do: [{notify: {to: {user: lea}, template: still_late}}]}]
  - name: late vendor
    start: {clock: vendor, mark: breach}
    levels: [{name: vendor, do: [{notify: {to: {user: vera}, template: overdue}}]}]
"""
)


def a_boiler(tier: str = "gold") -> Story:
    """A boiler in the city is broken on Monday at nine in Berlin."""
    return Story(REPAIRS, MONDAY).opened({"tier": tier}, by=CLERK)


def due(story: Story, clock: str) -> str:
    """When a clock is due, in UTC."""
    found = story.ticket.clocks[clock].due
    return "-" if found is None else f"{found:%a %H:%M}"


def test_the_agreements_fit_into_the_promise() -> None:
    """The definition has nothing to be said about: no row gives a team or the vendor longer than those above them."""
    assert () == REPAIRS.check()


def test_who_owes_what_by_when() -> None:
    """The customer is promised eight hours of the depot; the depot owes five from when it gets it, the vendor four of these."""
    story = a_boiler()
    assert "Mon 16:00" == due(story, "repair")

    # at the depot from ten: its own five hours fit; the part is ordered at eleven and has four
    story.later(hours=1).does(CLERK, "ticket.update", {"queue": "depot"}).later(hours=1).does(BUYER, "order")
    assert ("Mon 14:00", "Mon 14:00") == (due(story, "depot team"), due(story, "vendor"))

    # delivered in time; the vendor's promise is kept, the others go on
    story.later(hours=2).does(BUYER, "delivered").later(minutes=30).does(CLERK, "ticket.update", {"queue": "front_desk"})
    story.does(CLERK, "finish")
    assert {"met"} == {run.phase for run in story.ticket.clocks.values()}
    assert [] == story.happened(Breached)
    assert story.adds_up()


def test_what_is_left_of_the_promise_is_all_the_depot_gets() -> None:
    """Passed on late, the depot has what is left for the customer, and so has the vendor; the records say who holds them."""
    story = a_boiler().later(hours=5).does(CLERK, "ticket.update", {"queue": "depot"}).does(BUYER, "order")
    assert {"Mon 16:00"} == {due(story, name) for name in ("repair", "depot team", "vendor")}
    reasons = {record.clock: record.reason for record in story.happened(ClockStarted)}
    assert "capped by repair" in reasons["depot team"]
    assert "capped by depot team" in reasons["vendor"]

    # the customer is asked: nobody is late on account of the customer
    story.later(hours=1).does(CLERK, "ask")
    assert ("-", "Mon 18:00") == (due(story, "repair"), due(story, "depot team"))
    assert "no longer capped by repair" == story.happened(ClockRetargeted)[-1].reason
    story.later(hours=2).does(CLERK, "answered")
    assert ("Mon 18:00", "Mon 18:00") == (due(story, "repair"), due(story, "depot team"))


def test_all_are_late_at_once_and_the_lead_hears_again() -> None:
    """Nobody does anything: all three are broken at one instant, the vendor hears once, the lead three times."""
    story = a_boiler().later(hours=5).does(CLERK, "ticket.update", {"queue": "depot"}).does(BUYER, "order").later(days=5)

    assert {("repair", "Mon 16:00"), ("depot team", "Mon 16:00"), ("vendor", "Mon 16:00")} == {
        (record.clock, f"{record.instant:%a %H:%M}") for record in story.happened(Breached)
    }
    assert [("vera", "Mon 16:00"), ("lea", "Mon 18:00"), ("lea", "Tue 08:00"), ("lea", "Tue 10:00")] == [
        (who, f"{at:%a %H:%M}") for who, _, at in story.told
    ]
    assert story.adds_up()


def test_another_row_another_promise() -> None:
    """The tier was wrong: two business days instead of eight hours, and the vendor's four hours are the office's."""
    story = a_boiler().later(hours=1).does(BUYER, "order").does(CLERK, "ticket.update", {"tier": "standard"})

    assert ("Wed 16:00", "Mon 13:00") == (due(story, "repair"), due(story, "vendor"))
    assert "by table promises, row rest" in story.happened(ClockRetargeted)[0].reason
    told = REPAIRS.explain_clock(story.ticket, "repair", at=story.now, records=story.records).text("en")
    assert "Table promises gives it, row rest." in told
