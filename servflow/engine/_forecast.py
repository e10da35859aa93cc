"""Knows how it is asked whether work would still keep a ticket's promise; must not know who does the work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from servflow import sla
from servflow.engine._as_of import as_of
from servflow.engine._given import Given
from servflow.errors import InputError, nearest, shown
from servflow.model import Span, Ticket
from servflow.sla import Forecast

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow


def forecast(workflow: Workflow, ticket: Ticket, clock: str, estimate: Span | timedelta | str, given: Given) -> Forecast:
    """
    Whether work that starts at an instant is done before a clock of the ticket is due.

    Raises:
        InputError: no such clock, with a did-you-mean; or the estimate is no length of work.
        TimeError: the estimate is no length of time.
        Refused: the instant lies behind the ticket (``past``).
    """
    names: tuple[object, ...] = workflow.compiled.clock_names
    if clock not in names:
        close = nearest(shown(clock).strip("'"), workflow.compiled.clock_names)
        hint = f"did you mean {close!r}?" if close else f"it has {', '.join(map(str, names)) or 'none'}"
        raise InputError(f"{workflow.workflow} has no clock {shown(clock)}; {hint}", code="clock", clock=shown(clock))
    call = as_of(workflow, ticket, given)
    run = call.draft.clocks.get(clock)
    plan = next(plan for plan in call.compiled.clocks if plan.clock.name == clock)
    if run is not None:
        cal = call.compiled.counting(run.calendar)
    else:  # it counts by the only calendar it can have, where there is only one
        found = {name for _, name in plan.calendars}
        cal = call.compiled.counting(found.pop()) if len(found) == 1 else None
    return sla.forecast(run, estimate, call.at, cal, clock=plan.clock)
