"""Holds what every author means of a ticket to what goes on after its closing; must not know how runs are drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

import servflow
from servflow.testing import machine_for
from servflow.testing._machine_promises import broken

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARED_FOR = servflow.load("""
workflow: cared_for
states: {open: {}, done: {closed: true}}
transitions: [{event: close, source: open, target: done}]
clocks:
  - {name: repair, within: 1h}
  - {name: call back, within: 1h, start: {state: done}, stop: {message: agent}}
""")


def broken_by(ticket: servflow.Ticket) -> list[tuple[str, str]]:
    """The promises that a ticket breaks as it stands."""
    run = machine_for(CARED_FOR)()
    run.ticket = ticket
    return list(broken(run, (), ()))


def test_what_the_closing_starts_may_go_on_though_it_is_told_late() -> None:
    """A closing that occurred an hour ago starts its clock an hour ago; what ran before it goes on for nobody."""
    opened = CARED_FOR.open("T1", at=NOON).ticket
    at = NOON + timedelta(hours=2)
    closed = CARED_FOR.fire(opened, "close", at=at, occurred=at - timedelta(hours=1)).ticket
    forgotten = attrs.evolve(closed, clocks={**closed.clocks, "repair": opened.clocks["repair"]})

    assert [("call back", at - timedelta(hours=1))] == [
        (name, clock.started_at) for name, clock in closed.clocks.items() if clock.phase == "running"
    ]
    assert [] == broken_by(closed)
    assert [("after_closing", "the ticket is closed (done) and these go on: clock repair")] == broken_by(forgotten)
