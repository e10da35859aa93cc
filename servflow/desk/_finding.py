"""Knows which tickets of a store a host's screens show; must not know what a screen looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.correlation._own import MARK, own
from servflow.desk._workflows import Correlating, Workflows
from servflow.engine import Workflow
from servflow.engine._queueing import FOUND_BY, INDEX
from servflow.errors import InputError, nearest, shown
from servflow.model import Ticket
from servflow.stores import Store

_LAST = "\U0010ffff"
_TAKEN = ("state", "assignee", "workflow", "queue", "due_before", "where", "order", "limit", "after")
"""What a store finds tickets by besides."""


def check_names(workflows: Workflows, asked: Mapping[str, Any]) -> None:
    """
    Refuse to look for what nothing is found by: the answer would be none at all, which reads as if there were none.

    Raises:
        InputError: a name in ``where`` is no such attribute, and no field that a workflow of this desk marks ``indexed``; or
            such a name stands beside ``where``.
    """
    where = asked.get("where")
    flows = [flow for flow in workflows.by_hash.values() if isinstance(flow, Workflow)]
    others = (flow for flow in workflows.by_hash.values() if not isinstance(flow, Workflow | Correlating))
    known = sorted({*FOUND_BY, *(name for flow in flows for name in flow.compiled.indexed)})
    beside = next((name for name in asked if name in known and name not in _TAKEN), None)
    if beside is not None:
        raise InputError(f"find takes {beside} in where: find(where={{{beside!r}: ...}})", code="where", name=beside)
    if not isinstance(where, Mapping) or next(others, None) is not None:
        return  # a host's own kind of workflow finds its tickets by whatever it says
    for name in where:
        if name in known or str(name).startswith(INDEX):
            continue
        fields = any(name in flow.fields for flow in flows)
        near = nearest(str(name), known)
        hint = "mark the field with `indexed: true` in the definition" if fields else near and f"did you mean {near!r}?"
        raise InputError(
            f"no workflow of this desk finds tickets by {shown(name)}; {hint or 'mark such a field with `indexed: true`'}"
            f" (found by: {', '.join(known)})",
            code="where",
            name=shown(name),
            known=tuple(known),
        )


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
