"""Knows how the tickets of correlators are told from those of the host; must not know what they hold."""

from __future__ import annotations

from servflow.model import Opened, Ticket

MARK = "~"
"""The ids of correlators' own tickets begin with it."""


def own(ticket: Ticket | Opened) -> bool:
    """Whether a ticket holds what a correlator knows of one key, whichever correlators are known here."""
    return ticket.id.startswith(f"{MARK}{ticket.workflow}/")


__all__ = ["MARK", "own"]
