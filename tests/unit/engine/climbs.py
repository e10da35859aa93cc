"""Knows how a ticket with one escalation is made and read in tests; must not know what any test expects."""

from __future__ import annotations

from typing import Any

from servflow.model import Escalated, Outcome
from tests.unit.engine.flows import Case, flow, notify, of

OFFICE: dict[str, Any] = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}


def level(name: str, delay: str = "1h", who: str | None = None, **more: Any) -> dict[str, Any]:
    """A level that tells somebody of its own name."""
    return {"name": name, "after": delay, "do": [notify(who or name)], **more}


def climbing(
    *levels: dict[str, Any], start: Any = None, fields: Any = None, parts: dict[str, Any] | None = None, **chain: Any
) -> Case:
    """A ticket with one chain, which starts when the ticket comes into b unless said otherwise."""
    spec = {"name": "c", "start": start or {"state": "b"}, "levels": list(levels or (level("one"), level("two"))), **chain}
    return Case(flow(**{"fields": fields or {}, "calendars": {"office": OFFICE}, "escalations": [spec], **(parts or {})}))


def reached(outcome: Outcome) -> list[tuple[str, str]]:
    """The levels that were reached, and how."""
    return [(record.name, record.outcome) for record in of(Escalated, outcome.records)]
