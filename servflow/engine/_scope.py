"""Knows which names a condition may read and what they stand for; must not know what conditions are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow import sla
from servflow.engine import _facts
from servflow.expressions import ACTIVE, COUNTING, FieldType

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.model import Field

RESERVED = frozenset(
    {
        "payload",
        "actor",
        "at",
        "opened_at",
        "entered_at",
        "closed_at",
        "priority",
        "assignee",
        "checklist",
        "clock",
        "table",
    }
)
"""Names that no field may take."""

TIMELESS: Mapping[str, Any] = {
    "opened_at": "timestamp",
    "entered_at": "timestamp",
    "closed_at": "timestamp",
    "priority": "int",
    "assignee": "string",
    "owner": "string",
    "queue": "string",
    "customer": "string",
    "requester": "string",
    "asset": "string",
    "parent": "string",
    "outlet": "string",
    "provider": "string",
    "channel": "string",
    "tags": "list(string)",
    "state": "string",
    "reopened": "int",
    **_facts.TYPES,
}
"""What every condition may read besides the fields; a field of the same name wins where the name is not reserved."""

CLOCK_TYPE: Mapping[str, Any] = {
    "phase": "string",
    "breached": "bool",
    "over": "bool",
    "counted": "duration",
    "remaining": "duration",
    "within": "duration",
    "due": "timestamp",
    "cycle": "int",
}
ACTOR_TYPE: Mapping[str, Any] = {"id": "string", "roles": "list(string)"}
TIMED = ("at", "clock")
"""Roots whose value changes with time alone: conditions that nobody fires may not read them."""


def field_types(fields: Mapping[str, Field]) -> dict[str, Any]:
    """The types of declared fields as conditions see them."""
    return {name: FieldType(spec.type, spec.one_of) for name, spec in fields.items()}


def scope_types(
    fields: Mapping[str, Field],
    tables: Mapping[str, Mapping[str, Any]],
    clocks: tuple[str, ...],
    payload: Mapping[str, Field] | None = None,
) -> dict[str, Any]:
    """Every name a host event's condition may read, with its type."""
    return {
        **TIMELESS,
        **field_types(fields),
        "table": dict(tables),
        "at": "timestamp",
        "actor": ACTOR_TYPE,
        "clock": dict.fromkeys(clocks, CLOCK_TYPE),
        "payload": field_types(payload) if payload else "map",
    }


class Scope(dict[str, Any]):
    """What one condition reads: the fields at once, everything else when it is asked for."""

    __slots__ = ("call",)

    def __init__(self, call: OneCall) -> None:
        super().__init__(call.draft.fields)
        self.call = call
        if call.score is not None:  # what a scoring rule carries out reads the sum
            self["score"] = call.score

    def __missing__(self, name: str) -> Any:
        if name in _TEXT:
            value = getattr(self.call.draft, name)
        elif name in _RESOLVE:
            value = _RESOLVE[name](self.call)
        elif name in self.call.workflow.fields:
            return None
        else:
            raise KeyError(name)
        self[name] = value
        return value

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in _TEXT or name in _RESOLVE or name in self.call.workflow.fields


_TEXT = frozenset(
    {"opened_at", "entered_at", "closed_at", "priority", "assignee", "owner", "queue", "customer", "requester"}
    | {"asset", "parent", "outlet", "provider", "channel", "tags", "state", "reopened"}
)


class _Clocks(dict[str, Any]):
    __slots__ = ("call",)

    def __init__(self, call: OneCall) -> None:
        super().__init__()
        self.call = call

    def __missing__(self, name: str) -> Any:
        self[name] = value = clock_facts(self.call, name)
        return value


def clock_facts(call: OneCall, name: str) -> Mapping[str, Any] | None:
    """What a condition may read of one clock now; None while it was never started."""
    run = call.draft.clocks.get(name)
    if run is None:
        return None
    cal = call.compiled.counting(run.calendar)
    counted = sla.counted(run, call.at, cal)
    return {
        "phase": run.phase,
        "breached": run.breached_at is not None or (run.due is not None and run.phase == "running" and call.at > run.due),
        "over": counted > run.within,
        "counted": counted,
        "remaining": run.within - counted,
        "within": run.within,
        "due": run.due,
        "cycle": run.cycle,
    }


class _Tables(dict[str, Any]):
    __slots__ = ("call",)

    def __init__(self, call: OneCall) -> None:
        super().__init__()
        self.call = call

    def __missing__(self, name: str) -> Any:
        self[name] = value = self.call.decide_table(name)
        return value


def _actor(call: OneCall) -> Mapping[str, Any]:
    return {"id": call.actor.id if call.actor else None, "roles": call.roles}


_RESOLVE: Mapping[str, Any] = {
    "payload": lambda call: call.payload,
    "at": lambda call: call.at,
    "actor": _actor,
    "checklist": _facts.checklist,
    "approval": _facts.approval,
    "children": _facts.children,
    "appointment": _facts.appointment,
    "parts": _facts.parts,
    "clock": _Clocks,
    "table": _Tables,
    # Asked by in_state and counted; no names, so no field can hide them.
    ACTIVE: lambda call: call.draft.entered,
    COUNTING: lambda call: call.compiled.calendars,
}
