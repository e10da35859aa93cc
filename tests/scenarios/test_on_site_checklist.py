"""Knows how an engineer works through an on-site procedure; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import servflow
from servflow.model import Actor, Breached, Person, Unchecked, World
from tests.scenarios.story import Story

VISIT = servflow.load(
    """
servflow: 1
workflow: visit
roles: [dispatcher, engineer, supervisor]
events:
  ticket.assign: {allow: [dispatcher]}
  step.check: {allow: [assignee]}
  step.uncheck: {allow: [supervisor]}
initial: new
states:
  new: {shown: {customer: Visit booked}}
  on_site:
    shown: {customer: Engineer at work}
    ordered: true
    checklist:
      - check_in
      - step: photo_before
        title: Photograph the appliance
        evidence: {photo: string}
      - step: repair
        within: 2h
        warn: [75%]
        evidence: {voltage: {type: decimal}, part: {type: string, optional: true}}
      - {step: tidy_up, required: false}
      - {step: photo_after, evidence: {photo: string}}
  waiting_parts: {}
  done: {closed: true, shown: {customer: Repaired}}
transitions:
  - {event: assigned.assignee, source: new, target: on_site, allow: [system]}
  - {event: wait_for_parts, source: on_site, target: waiting_parts, allow: [assignee]}
  - {event: resume, source: waiting_parts, target: on_site, allow: [assignee]}
  - {event: done.checklist.on_site, source: on_site, target: done}
  - {event: ticket.reopen, source: done, target: on_site, allow: [dispatcher]}
escalations:
  - name: stuck repair
    start: {clock: step.on_site.repair, mark: breach}
    until: {event: checked.on_site.repair}
    levels: [{name: supervisor, do: [{notify: {to: {role: supervisor}, template: stuck}}]}]
"""
)
ANN, DAN, SUE = Actor("ann", ["engineer"]), Actor("dan", ["dispatcher"]), Actor("sue", ["supervisor"])
WORLD = World(people=[Person(id="sue", roles=["supervisor"])])
NINE = datetime(2026, 11, 2, 1, tzinfo=UTC)


def visit() -> Story:
    return Story(VISIT, NINE, WORLD).opened({}).does(DAN, "ticket.assign", {"to": "ann"})


def started() -> Story:
    told = visit().does(ANN, "step.check", {"step": "check_in"})
    return told.does(ANN, "step.check", {"step": "photo_before", "evidence": {"photo": "before.jpg"}})


def test_a_visit_goes_through_its_steps() -> None:
    """Checked in order and with what each asks for, the visit ends by itself; optional steps need not be done."""
    told = visit()
    assert "photo_before comes after check_in" in told.cannot(ANN, "step.check", {"step": "photo_before"}).message
    told.does(ANN, "step.check", {"step": "check_in"})
    assert {"photo": "string"} == told.cannot(ANN, "step.check", {"step": "photo_before"}).facts["needs"]

    told = started().later(minutes=50).does(ANN, "step.check", {"step": "repair", "evidence": {"voltage": "229.7"}})
    told.does(ANN, "step.check", {"step": "photo_after", "evidence": {"photo": "after.jpg"}})

    assert ("done", True) == (told.ticket.state, told.adds_up())
    assert Decimal("229.7") == told.ticket.checklist["on_site"]["repair"].evidence["voltage"]
    assert ("Repaired",) == VISIT.progress(told.ticket).current


def test_only_the_engineer_of_the_visit_checks() -> None:
    """Colleagues of the engineer cannot tick boxes for them."""
    assert "it takes assignee" in visit().cannot(Actor("bob", ["engineer"]), "step.check", {"step": "check_in"}).message


def test_waiting_for_parts_is_not_time_of_the_repair() -> None:
    """The two hours of the repair rest while the engineer waits for parts."""
    told = started().later(hours=1).does(ANN, "wait_for_parts").later(days=3).does(ANN, "resume").later(minutes=50)
    assert [] == told.happened(Breached)

    told.later(minutes=15)
    assert ["step.on_site.repair"] == [breach.clock for breach in told.happened(Breached)]
    assert [("sue", "stuck")] == told.notices()


def test_work_done_without_a_network_was_in_time() -> None:
    """A check that reaches us late counts from when it was made; the breach recorded meanwhile is amended."""
    told = started().later(hours=3)
    assert told.ticket.clocks["step.on_site.repair"].breached_at is not None
    told.does(ANN, "step.check", {"step": "repair", "evidence": {"voltage": "230"}}, occurred=told.now.replace(hour=2))

    assert ("met", None) == tuple(getattr(told.ticket.clocks["step.on_site.repair"], key) for key in ("phase", "breached_at"))


def test_a_bad_photograph_is_taken_again() -> None:
    """The supervisor takes a check back, with the reason; the repair's time starts when it is its turn again."""
    told = started().does(SUE, "step.uncheck", {"step": "photo_before", "reason": "blurred"})
    assert "cancelled" == told.ticket.clocks["step.on_site.repair"].phase
    told.later(minutes=30).does(ANN, "step.check", {"step": "photo_before", "evidence": {"photo": "sharp.jpg"}})

    assert ["blurred"] == [record.reason for record in told.happened(Unchecked)]
    assert ("running", 2) == tuple(getattr(told.ticket.clocks["step.on_site.repair"], key) for key in ("phase", "cycle"))


def test_a_reopened_visit_starts_its_list_again() -> None:
    """What was checked for the first visit says nothing about the second."""
    told = started()
    for step, evidence in (("repair", {"voltage": "1"}), ("photo_after", {"photo": "x"})):
        told.does(ANN, "step.check", {"step": step, "evidence": evidence})
    told.does(DAN, "ticket.reopen")

    assert ("on_site", {}) == (told.ticket.state, told.ticket.checklist)
    assert "repair comes after check_in, photo_before" in told.cannot(ANN, "step.check", {"step": "repair"}).message
