"""Knows whether workflows can hold the tickets that plans open; must not know when anything is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine import Workflow
from servflow.errors import Finding, nearest
from servflow.recurring._plan import Expiry, Plan

if TYPE_CHECKING:
    from servflow.recurring._definition import Recurring

_ATTRIBUTES = ("priority", "queue", "customer", "asset", "outlet", "tags", "parent", "channel", "provider", "requester")
_TYPES: Mapping[str, tuple[str, ...]] = {"plan": ("string",), "due": ("timestamp",), "reading": ("double",)}


def misfits(made: Recurring, workflows: Iterable[Workflow] | Mapping[Any, Workflow]) -> list[Finding]:
    """What workflows lack for the tickets of plans: one that is missing, or fields that are filled and not declared."""
    given = workflows.values() if isinstance(workflows, Mapping) else workflows
    known = {flow.workflow: flow for flow in given}
    places: list[tuple[str, Plan | Expiry]] = [(f"plans[{index}]", plan) for index, plan in enumerate(made.plans)]
    places += [(f"expiry[{index}]", plan) for index, plan in enumerate(made.expiry)]
    found: list[Finding] = []
    for path, plan in places:
        flow = known.get(plan.workflow)
        if flow is None:
            facts = {"name": plan.workflow, "known": tuple(known), "nearest": nearest(plan.workflow, known)}
            found.append(Finding("recurring.workflow", f"{path}.workflow", facts))
        else:
            found += _of(plan, path, flow)
    return found


def _of(plan: Plan | Expiry, path: str, flow: Workflow) -> Iterator[Finding]:
    own = ("plan", "due", "reading") if isinstance(plan, Plan) and plan.meter is not None else ("plan", "due")
    for name in (*own, *(name for name in plan.fields if name not in own)):
        spec = flow.fields.get(name)
        where = f"{path}.fields.{name}" if name in plan.fields else f"{path}.workflow"
        if spec is None and name not in _ATTRIBUTES:
            facts = {"workflow": flow.workflow, "field": name, "nearest": nearest(name, flow.fields)}
            yield Finding("recurring.undeclared", where, {**facts, "type": _TYPES.get(name, ("string",))[0]})
        elif spec is not None and name in _TYPES and spec.type not in _TYPES[name]:
            facts = {"workflow": flow.workflow, "field": name, "type": spec.type, "wanted": _TYPES[name][0]}
            yield Finding("recurring.field_type", where, facts)
