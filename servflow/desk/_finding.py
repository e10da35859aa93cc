"""Knows which tickets of a store a host's screens show; must not know what a screen looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.desk._facts import MARK, is_correlators
from servflow.model import Ticket
from servflow.stores import Store

_BEHIND = MARK + "\U0010ffff"


def found(store: Store, asked: Mapping[str, Any]) -> tuple[Ticket, ...]:
    """What a store finds, without the tickets of correlators where no workflow is asked for by name."""
    page = store.find(**asked)
    if asked.get("workflow") is not None or not any(is_correlators(ticket.id) for ticket in page):
        return page
    # Nothing of them is ever due, so in either order they stand in one row, and the page goes on behind them.
    limit = asked.get("limit", 100)
    kept = [ticket for ticket in page if not is_correlators(ticket.id)]
    return (*kept, *store.find(**{**asked, "limit": limit - len(kept), "after": _BEHIND}))
