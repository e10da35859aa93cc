"""Knows which tickets of a store a host's screens show; must not know what a screen looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.correlation._own import MARK, own
from servflow.model import Ticket
from servflow.stores import Store

_LAST = "\U0010ffff"


def found(store: Store, asked: Mapping[str, Any]) -> tuple[Ticket, ...]:
    """What a store finds, without the tickets of correlators where no workflow is asked for by name."""
    if asked.get("workflow") is not None:
        return store.find(**asked)
    kept: list[Ticket] = []
    asked = {"limit": 100, **asked}
    limit = asked["limit"]
    while True:
        page = store.find(**asked)
        ours = next((place for place, ticket in enumerate(page) if own(ticket)), None)
        kept += page[:ours]
        if ours is None:
            return tuple(kept)
        # Nothing of a correlator is ever due, so in either order its tickets stand in one row: it goes on behind them.
        asked = {**asked, "limit": limit - len(kept), "after": f"{MARK}{page[ours].workflow}/{_LAST}"}
