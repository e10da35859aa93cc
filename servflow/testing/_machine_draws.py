"""Knows what a machine is made for and what people do in a row; must not know what must hold then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from hypothesis import strategies as st

from servflow.engine import MigrationPlan
from servflow.errors import InputError, LimitError, Refused
from servflow.model import Actor, World
from servflow.testing._calls import Call, Calls
from servflow.testing._machine_bounds import Search
from servflow.testing._machine_promises import Invariant

if TYPE_CHECKING:
    from servflow.testing._machine import WorkflowMachine


@frozen(kw_only=True)
class Opening:
    """How the ticket of a machine is opened."""

    world: World | None
    fields: Mapping[str, Any]
    actor: Actor | None
    at: datetime
    late: timedelta
    patience: int

    def __repr__(self) -> str:
        return f"<{dict(self.fields)} by {self.actor.id if self.actor else 'nobody'}, {self.at:%a %d %b %H:%M}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


@frozen(kw_only=True)
class Setting:
    """What a machine was made for."""

    worlds: st.SearchStrategy[World | None]
    judged: bool
    changing: bool
    calls: Calls
    later: tuple[tuple[MigrationPlan, Calls], ...]
    invariants: tuple[Invariant, ...]
    allow: frozenset[str]
    coverage: Any
    search: Search = field(factory=Search)


@st.composite
def walk(draw: st.DrawFn, machine: WorkflowMachine) -> list[Call]:
    """Some things that may be done one after another; the kernel, being pure, tries them ahead."""
    ticket, done, calls = machine.ticket, set(machine.done), list[Call]()
    for _ in range(draw(st.integers(1, 6))):
        call = draw(machine.calls.likely(ticket, machine.at, machine.world, done))
        calls.append(call)
        try:
            outcome = machine.workflow.fire(
                ticket, call.event, call.payload, at=machine.at, actor=call.actor, world=machine.world
            )
        except (Refused, InputError, LimitError):
            continue
        ticket = outcome.ticket
        done.add(call.event)
    return calls


__all__ = ["Opening", "Setting", "walk"]
