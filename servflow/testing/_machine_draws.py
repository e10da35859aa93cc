"""Knows what a machine is made for and what people do in a row; must not know what must hold then."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from hypothesis import strategies as st

from servflow.engine import MigrationPlan
from servflow.errors import InputError, LimitError, Refused
from servflow.model import Actor, World
from servflow.testing._calls import LEADING, WAIT, Call, Calls
from servflow.testing._machine_bounds import Search
from servflow.testing._machine_promises import Invariant
from servflow.testing._ways import taken_by
from servflow.testing._worlds import AREAS, Wanted

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


START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""From when on tickets of machines are opened: a Monday, so that what counts in business hours counts."""

MOST_IN_A_ROW = 30
"""After how many things on the way to a transition it is given up for another."""

MOST_MISSED = 3
"""After how many things in a row that came to nothing it is given up."""

MOST_IDLE = 4
"""After how many walks in a row that came to nothing new another ticket is opened."""


def openings(setting: Setting) -> st.SearchStrategy[Opening]:
    """A world, fields, who opens, when, and how late that is told."""
    calls = setting.calls
    wanted = Wanted.of(calls.workflow)
    fields = calls.opening()
    if wanted.matched:  # words of the world, or hardly any ticket would find anybody
        words = st.fixed_dictionaries({name: st.sampled_from(AREAS) for name in sorted(wanted.matched)})
        fields = st.tuples(fields, words).map(lambda drawn: {**drawn[0], **drawn[1]})
    minutes = st.one_of(st.just(0), st.integers(0, 7 * 24 * 60))
    late = st.one_of(st.just(timedelta()), st.just(timedelta()), st.timedeltas(timedelta(), timedelta(days=2)))
    when = minutes.map(lambda passed: START + timedelta(minutes=passed))
    actors = st.sampled_from([None, *calls.people])
    parts = {"world": setting.worlds, "fields": fields, "actor": actors, "at": when, "late": late}
    return st.builds(Opening, patience=st.integers(0, 12) if setting.later else st.just(0), **parts)


@st.composite
def walk(draw: st.DrawFn, machine: WorkflowMachine) -> list[Call]:
    """
    Some things done one after another: on the way to a transition that was not taken yet, or wherever they lead.

    The kernel, being pure, tries them ahead.
    """
    calls, workflow, world = machine.calls, machine.workflow, machine.world
    ticket, at, taken, found = machine.ticket, machine.at, machine.taken, list[Call]()
    goals = calls.ways.ahead(ticket.entered, taken)
    goal = draw(st.sampled_from([None, *goals]))
    missed = 0
    for _ in range(draw(st.integers(1, 4)) if goal is None else MOST_IN_A_ROW):
        call = draw(calls.likely((ticket, at, world), taken, goal))
        found.append(call)
        missed += 1
        with suppress(Refused, InputError, LimitError):
            if call == WAIT:
                at = max(at, ticket.wake or at)
                outcome = workflow.advance(ticket, at=at, world=world)
            else:
                outcome = workflow.fire(ticket, call.event, call.payload, at=at, actor=call.actor, world=world)
            new = taken_by(outcome.records)
            if not new <= taken or call.event in LEADING:
                missed = 0
            ticket, taken = outcome.ticket, taken | new
        if goal in taken or missed == MOST_MISSED:
            break
    return found


__all__ = ["MOST_IDLE", "MOST_IN_A_ROW", "MOST_MISSED", "START", "Opening", "Setting", "openings", "walk"]
