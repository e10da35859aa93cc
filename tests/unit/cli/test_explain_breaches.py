"""Holds what explain tells of broken promises: those that hold, were excused or taken back, over all cycles."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import Result

from servflow import Desk, load
from servflow.calendars import Calendar
from servflow.stores import SqliteStore

Run = Callable[..., Result]
OPEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKFLOW = """
workflow: support
initial: open
states: {open: {}, solved: {closed: true}}
fields: {big: {type: bool, default: false}}
transitions:
  - {event: solve, source: open, target: solved}
  - {event: ticket.reopen, source: solved, target: open}
clocks:
  - name: repair
    within: [{when: big, take: 6h}, {take: 1h}]
    until: solved
    breach: follows
  - {name: report, within: [{when: big, take: 6h}, {take: 1h}], until: solved}
  - {name: dispatch, within: 20h, calendar: office}
"""
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, known_until="2026-03-03")


def test_every_breach_is_listed_with_how_it_stands(run: Run, tmp_path: Path) -> None:
    """Taken back, excused or standing; a clock with time left again and a date that is not sure say so."""
    path = tmp_path / "desk.db"
    times = {"now": OPEN}
    with SqliteStore(path) as store:
        desk = Desk(load(WORKFLOW, {"office": OFFICE}), store, now=lambda: times["now"])
        desk.open("T1")
        for hours, event, payload in (
            (2, "ticket.update", {"big": True}),
            (2.5, "clock.waive", {"clock": "report", "reason": "power cut"}),
        ):
            times["now"] = OPEN + timedelta(hours=hours)
            desk.fire("T1", event, payload)

    at = "2026-03-02T12:00:00Z"
    text = run("explain", path, "T1", "--at", at).stdout
    data = json.loads(run("explain", path, "T1", "--at", at, "--format", "json").stdout)

    assert "Breaches" in text
    assert "taken back" in text
    assert "excused" in text
    assert "though by its present target" in text
    assert "Provisional: the calendar" in text
    assert "违约记录" in run("explain", path, "T1", "--at", at, "--lang", "zh").stdout
    assert [("repair", "target changed", None), ("report", None, "power cut")] == [
        (one["clock"], one["amended"], one["waived"]) for one in data["breaches"]
    ]
