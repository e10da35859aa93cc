"""
Knows the names a host needs first; must not know how any of them works.

A workflow and rules engine for service tickets, embedded in a host application. The kernel is pure and takes time
as an argument::

    (workflow, ticket, event, at, world)  ->  Outcome(ticket, records, effects, reservations, waits, wake)

Every name is loaded on first use, so that ``import servflow`` costs next to nothing and brings in neither the document
reader nor a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servflow.calendars import Calendar
    from servflow.desk import Desk
    from servflow.documents import load
    from servflow.engine import Explanation, Extensions, Option, Workflow, diff, migrate, plan_migration
    from servflow.errors import (
        Conflict,
        DefinitionError,
        ExpressionError,
        Finding,
        InputError,
        LimitError,
        NotFound,
        Refused,
        ServflowError,
        StoreError,
        TimeError,
    )
    from servflow.expressions import Expression
    from servflow.model import (
        SYSTEM,
        Actor,
        Engineer,
        Field,
        Outcome,
        Outlet,
        Person,
        Queue,
        Span,
        Ticket,
        World,
        dump,
        load_ticket,
    )
    from servflow.rules import DecisionTable
    from servflow.sla import Clock
    from servflow.statemachine import Machine

__version__ = "0.1.0"
"""The version of this package."""

__all__ = [
    "SYSTEM",
    "Actor",
    "Calendar",
    "Clock",
    "Conflict",
    "DecisionTable",
    "DefinitionError",
    "Desk",
    "Engineer",
    "Explanation",
    "Expression",
    "ExpressionError",
    "Extensions",
    "Field",
    "Finding",
    "InputError",
    "LimitError",
    "Machine",
    "NotFound",
    "Option",
    "Outcome",
    "Outlet",
    "Person",
    "Queue",
    "Refused",
    "ServflowError",
    "Span",
    "StoreError",
    "Ticket",
    "TimeError",
    "Workflow",
    "World",
    "__version__",
    "diff",
    "dump",
    "load",
    "load_ticket",
    "migrate",
    "plan_migration",
]

# Loaded on first use: whatever imports the package for one of its parts, such as pytest for the plugin, waits for no other.
_PARTS = {
    "calendars": ("Calendar",),
    "desk": ("Desk",),
    "documents": ("load",),
    "engine": ("Explanation", "Extensions", "Option", "Workflow", "diff", "migrate", "plan_migration"),
    "errors": (
        "Conflict",
        "DefinitionError",
        "ExpressionError",
        "Finding",
        "InputError",
        "LimitError",
        "NotFound",
        "Refused",
        "ServflowError",
        "StoreError",
        "TimeError",
    ),
    "expressions": ("Expression",),
    "model": (
        "SYSTEM",
        "Actor",
        "Engineer",
        "Field",
        "Outcome",
        "Outlet",
        "Person",
        "Queue",
        "Span",
        "Ticket",
        "World",
        "dump",
        "load_ticket",
    ),
    "rules": ("DecisionTable",),
    "sla": ("Clock",),
    "statemachine": ("Machine",),
}
_LAZY = {name: f"servflow.{part}" for part, names in _PARTS.items() for name in names}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _PARTS:
        return import_module(f"servflow.{name}")
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    # Asked for by inspect and copy on every module, and never a misspelling.
    if name.startswith("__"):
        raise AttributeError(f"module 'servflow' has no attribute {name!r}")
    from servflow.errors import nearest

    meant = nearest(name, __all__)
    tail = f"; did you mean {meant!r}?" if meant else ""
    raise AttributeError(f"module 'servflow' has no attribute {name!r}{tail}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "Any", "annotations"})
