"""Knows what has to come with an event for a guard to hold on a ticket; must not know who sends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from servflow.engine import Workflow
from servflow.engine._as_of import as_of
from servflow.engine._facts import asked_type
from servflow.engine._given import Given
from servflow.errors import ExpressionError, ServflowError
from servflow.expressions import Expression, solve
from servflow.model import Actor, Ticket, World

_BUDGET = 100
"""How many values are tried for one guard: what takes more is found by drawing, or not at all."""


Fit = tuple[dict[str, str], dict[str, Any]]
"""What a transition declares of the payload, as ``Option.payload`` writes it, and the values on which its guard holds."""


class Satisfying:
    """The guards of a workflow that read what comes with an event, and values on which each of them holds."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        compiled = workflow.compiled
        self._guarded = {
            event
            for link in compiled.links
            if link.guard is not None and not link.guard.asks and any(read.startswith("payload.") for read in link.guard.reads)
            for event in (link.spec.event or "").split()
        }
        self._reads: dict[str, Expression] = {}

    def payloads(self, ticket: Ticket, event: str, at: datetime, actor: Actor | None, world: World | None) -> list[Fit]:
        """For each guard of an event that can hold where the ticket is, values on which it does; the same ones each time."""
        if event not in self._guarded:
            return []
        try:
            call = as_of(self.workflow, ticket, Given.of(at, actor, world, None))
        except ServflowError:  # whoever sends it is told why
            return []
        found = []
        compiled = self.workflow.compiled
        for row in compiled.chart.candidates(call.draft.configuration, event):
            guard = compiled.links[row].guard
            if guard is None or guard.asks:
                continue
            free = {read for read in guard.reads if read == "payload" or read.startswith("payload.")}
            fixed = {read: self._read(read, call.scope()) for read in sorted(guard.reads - free)}
            declared = compiled.links[row].spec.payload
            types = {**compiled.types, "payload": declared or "map"}
            solved = solve([guard], types=types, fixed=fixed, budget=_BUDGET)
            named = {read.removeprefix("payload."): solved.values.get(read) for read in free if read.startswith("payload.")}
            made = {name: value for name, value in sorted(named.items()) if value is not None and "." not in name}
            if solved and made:
                found.append(({name: asked_type(spec) for name, spec in declared.items()}, made))
        return found

    def _read(self, read: str, scope: Any) -> Any:
        compiled = self.workflow.compiled
        try:
            if read not in self._reads:
                self._reads[read] = Expression.parse(read, compiled.types, functions=compiled.functions)
            return self._reads[read].value(scope)
        except ExpressionError:
            return None


__all__ = ["Fit", "Satisfying"]
