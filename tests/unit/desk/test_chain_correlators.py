"""Knows that what a correlator finds reaches the chains of tickets through a desk; must not know how it is delivered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.model import ChainStarted, Received
from servflow.stores import MemoryStore

COMPLAINT = """
workflow: complaint
roles: [clerk]
states: {open: {}, closed: {closed: true}}
transitions: [{event: close, source: open, target: closed, allow: [clerk]}]
events: {repeated: {allow: [system]}}
escalations:
  - name: repeat
    start: [{correlator: repeat_complaint, when: payload.count >= 2}, {event: repeated, when: "false"}]
    levels:
      - {name: care, after: 1h, do: [{notify: {to: {role: clerk}, template: repeat}}]}
"""


@pytest.mark.parametrize(
    "sent",
    [
        "correlator.fired",
        {"event": "correlator.fired", "payload": {"tickets": "tickets"}},
        {"event": "repeated", "payload": {"count": "count"}},
    ],
)
def test_a_firing_starts_the_chains_of_the_tickets_it_reaches(sent: Any) -> None:
    """The run begins when the firing is delivered; the records say so again when they are decided anew."""
    complaint = servflow.load(COMPLAINT)
    correlator = load_correlator(
        {
            "correlator": "repeat_complaint",
            "workflows": ["complaint"],
            "when": "kind == 'Opened'",
            "key": "customer",
            "find": "count",
            "count": 2,
            "within": "24h",
            "do": [{"send": sent}],
        }
    )
    now = [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    store = MemoryStore()
    desk = Desk([complaint, correlator], store, handlers={"notify": lambda effect: None}, now=lambda: now[0])
    for name in ("C1", "C2"):
        desk.open(name, {"customer": "li"}, workflow="complaint")
        while desk.tick().worked or desk.deliver().worked:
            pass
        now[0] += timedelta(minutes=10)

    records = list(store.history("C2"))
    assert ["correlator:repeat_complaint"] == [run.cause for run in desk.get("C2").chains]
    assert ["correlator:repeat_complaint"] == [one.run.cause for one in records if isinstance(one, ChainStarted)]
    (received,) = [one for one in records if isinstance(one, Received)]
    assert ("system", 2) == (received.actor, received.payload["count"])
    assert desk.get("C2") == complaint.rerun(records, None).ticket
