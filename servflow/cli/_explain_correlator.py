"""Knows what is told of the ticket in which a correlator keeps what it knows of one key; must not know how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from servflow.cli._output import Say, stamp
from servflow.correlation import Correlator
from servflow.model import Decided, Record, Ticket

LAST_FIRINGS = 6
"""How many of the latest firings are told as text; as JSON all are."""


def told_of(correlator: Correlator, ticket: Ticket, records: Sequence[Record], at: datetime) -> dict[str, Any]:
    """
    What a correlator knows of a key, and for each firing the facts that made it.

    Returns:
        JSON-ready data; instants as RFC 3339 in UTC.
    """
    return {
        "ticket": ticket.id,
        "workflow": ticket.workflow,
        "version": ticket.version,
        "state": ticket.state,
        **correlator.explain(ticket, at=at).as_data(),
        "firings": [_firing(record) for record in records if isinstance(record, Decided)],
    }


def _firing(record: Decided) -> dict[str, Any]:
    return {
        "record": record.sequence,
        "at": stamp(record.values["at"]),
        "count": record.values["count"],
        "facts": [
            {"ticket": ticket, "sequence": sequence, "at": stamp(instant)} for ticket, sequence, instant in record.why["facts"]
        ],
        "sent": list(record.result["sent"]),
        "opened": list(record.result["opened"]),
    }


def show_correlator(say: Say, correlator: Correlator, ticket: Ticket, records: Sequence[Record], at: datetime) -> None:
    """Write it as text, with instants in UTC."""
    words = say.words
    say.line(words("explain.correlator", ticket=ticket.id, name=correlator.name, version=ticket.version), style="bold")
    for line in correlator.explain(ticket, at=at).text(say.lang).splitlines():
        say.line(line)
    for firing in told_of(correlator, ticket, records, at)["firings"][-LAST_FIRINGS:]:
        say.head(words("explain.firing", at=firing["at"], count=firing["count"]))
        for fact in firing["facts"]:
            say.line("  " + words("explain.fact", **fact))
        if firing["sent"]:
            say.line("  " + words("explain.firing_sent", tickets=", ".join(firing["sent"])))
        if firing["opened"]:
            say.line("  " + words("explain.firing_opened", tickets=", ".join(firing["opened"])))
