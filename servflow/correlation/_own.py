"""Knows how the tickets of correlators are told from those of the host; must not know what they hold."""

from __future__ import annotations

from servflow.model import Opened, Ticket

MARK = "~"
"""The ids of correlators' own tickets begin with it."""

SET_OFF = "~set-off:"
"""The ids of the effects of firings begin with it, and the keys under which they reach tickets; such steps feed nobody."""


def own(ticket: Ticket | Opened) -> bool:
    """Whether a ticket holds what a correlator knows of one key, whichever correlators are known here."""
    return ticket.id.startswith(f"{MARK}{ticket.workflow}/")
