"""Knows how a clock takes an event that occurred before it was told; must not know which event it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from servflow import sla
from servflow.calendars import OpenTime
from servflow.engine._clock_conditions import MOVED, Wait
from servflow.model import Amended, ClockRun, Told

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan


def rewound(call: OneCall, plan: ClockPlan, run: ClockRun, cal: OpenTime | None) -> tuple[ClockRun, datetime]:
    """The clock as it was when the event occurred; marks that have not happened after all are amended."""
    at = call.effective
    if call.occurred is None:
        return run, at
    at = sla.clamp(run, at)
    back, undone = sla.rewind(plan.clock, run, at, cal)
    for mark, was in undone:
        call.record(Amended, clock=plan.clock.name, instant=at, run=back, mark=mark, was=was, reason="occurred earlier")
        call.amended += causes(call, plan.clock.name, run.cycle, mark, was)
    return back, at


def did(plan: ClockPlan, run: ClockRun, since: datetime) -> list[Told]:
    """What a clock did after an instant, as far as its stretches tell it: all that going back there undoes."""
    out: list[Told] = []
    ended = run.stopped_at
    states = bool(plan.paused_in or plan.counts_in or plan.only_in)
    rests = _of((*plan.pause, *plan.resume), states=states, queue=bool(plan.counts_in_queue))
    for part in run.segments:
        if part.start > since:
            out.append(Told(at=part.start, operation="resume", moved=rests))
        if part.end is not None and part.end > since and part.end != ended:
            out.append(Told(at=part.end, operation="pause", moved=rests))
    if ended is not None and ended > since:
        if run.phase == "met":
            out.append(Told(at=ended, operation="stop", moved=_of(plan.stop_else, states=bool(plan.stop_states))))
        else:  # closing the ticket cancels every clock
            out.append(Told(at=ended, operation="cancel", moved=_of(plan.cancel, states=True)))
    return out


def _of(waits: Iterable[Wait], *, states: bool, queue: bool = False) -> str | None:
    """What of the ticket alone can have told a clock something; None where more than one thing can, or what merely happened."""
    told = {MOVED.get(wait.kind) for wait in waits}
    told |= {kind for kind, can in (("state", states), ("queue", queue)) if can}
    return told.pop() if len(told) == 1 else None


def causes(call: OneCall, clock: str, cycle: int, mark: str, at: datetime) -> list[str]:
    """
    The causes of the chains that a mark of an instant has started.

    A cycle told late may have given those after it other numbers than what they started has: so the instant tells.
    """
    head, tail, mine = f"clock:{clock}:", f":{mark}", cause_of(clock, cycle, mark)
    live = [run for run in call.draft.chains if run.cause == mine or (run.cause.startswith(head) and run.cause.endswith(tail))]
    found = [run.cause for run in live if run.started_at == at]
    if all(run.cause != mine for run in live):
        found.append(mine)  # off the ticket already, but perhaps with something still to say in this call
    return found


def cause_of(clock: str, cycle: int, mark: str) -> str:
    """What a chain that a clock's mark started gives as its cause."""
    return f"clock:{clock}:{cycle}:{mark}"
