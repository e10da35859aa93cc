"""Knows how to draw the whole life of a ticket, as the kernel decides it; must not know what a reader makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen
from hypothesis import reject
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import InputError, LimitError, Refused
from servflow.model import Effect, Outcome, Record, Ticket, World
from servflow.testing._calls import GAPS, Call, Calls
from servflow.testing._machine_bounds import Search
from servflow.testing._story_log import happened
from servflow.testing._strategies import instants
from servflow.testing._ways import taken_by
from servflow.testing._worlds import worlds_for

_MOST_LINES = 60
_SEARCH = Search()
"""One for all strategies: those that are made within a test belong to one search too."""

_FIRST = datetime.fromisoformat("2026-03-02T08:00:00+00:00")


@frozen(kw_only=True)
class History:
    """
    A ticket as it stands at the end, all of its records, what was to be done outside, and the world it lived in.

    ``workflow.fold(records)`` is the ticket. Calls that were refused are not in it: they left no trace.
    """

    ticket: Ticket
    records: tuple[Record, ...] = field(repr=False)
    effects: tuple[Effect, ...] = field(repr=False)
    world: World | None = field(repr=False)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """What happened, a line for each thing: so Hypothesis prints an example that fails."""
        told = [f"  {line}" for line in happened(self.records, "UTC", limit=_MOST_LINES)["en"]]
        many = f"{len(self.records)} records, {len(self.effects)} effects"
        printer.text("\n".join([f"<History of {self.ticket.workflow} in {self.ticket.state}, {many}:", *told, ">"]))


def histories_for(workflow: Workflow, *, max_size: int = 12) -> st.SearchStrategy[History]:
    """
    Whole lives of tickets: opened in a drawn world, led on by whoever may, with hours, weekends and weeks in between.

    For tests of code that reads tickets and records: reports, projections, exports. Times at which nothing happens but by
    time itself are among them; some tickets are closed and opened again, many are under way.

    Args:
        max_size: how many things people do at most.
    """
    return _lives(workflow, Calls(workflow), worlds_for(workflow), max_size)


@st.composite
def _lives(draw: st.DrawFn, workflow: Workflow, calls: Calls, worlds: st.SearchStrategy[World], max_size: int) -> History:
    _SEARCH.begin()
    world, at = draw(worlds), draw(instants(_FIRST, _FIRST + timedelta(days=7)))
    opened = _opened(draw, calls, at, world)
    outcomes, taken = [opened], set(taken_by(opened.records))
    for _ in range(draw(st.integers(0, max_size))):
        ticket = outcomes[-1].ticket
        if draw(st.booleans()):
            at += draw(GAPS)
        _SEARCH.step()
        call = draw(st.one_of(st.just(None), *([calls.likely((ticket, at, world), taken)] * 3)))
        try:
            outcomes.append(_step(workflow, ticket, call, at, world))
        except (Refused, InputError, LimitError):
            continue
        taken |= taken_by(outcomes[-1].records)
    return History(
        ticket=outcomes[-1].ticket,
        records=tuple(record for outcome in outcomes for record in outcome.records),
        effects=tuple(effect for outcome in outcomes for effect in outcome.effects),
        world=world,
    )


def _step(workflow: Workflow, ticket: Ticket, call: Call | None, at: datetime, world: World | None) -> Outcome:
    if call is None:
        return workflow.advance(ticket, at=at, world=world)
    return workflow.fire(ticket, call.event, call.payload, at=at, actor=call.actor, world=world)


def _opened(draw: st.DrawFn, calls: Calls, at: datetime, world: World | None) -> Outcome:
    """An opening that the workflow takes, where it takes one at all."""
    actor = draw(st.sampled_from([None, *calls.people]))
    for _ in range(5):
        fields = draw(calls.opening())
        try:
            return calls.workflow.open("T1", fields, at=at, actor=actor, world=world)
        except Refused:  # the workflow asks more of an opening than its fields say
            continue
        except LimitError:  # in this world it goes round in circles, so that there is no life to tell
            reject()
    raise InputError(
        f"no drawn opening is taken by {calls.workflow!r}; open tickets by hand and draw the rest by event_sequences",
        name="workflow",
    )
