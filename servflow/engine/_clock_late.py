"""Knows how a clock takes an event that occurred before it was told; must not know which event it was."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from servflow import sla
from servflow.calendars import OpenTime
from servflow.model import Amended, ClockRun

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
        call.amended.append(cause_of(plan.clock.name, run.cycle, mark))
    return back, at


def cause_of(clock: str, cycle: int, mark: str) -> str:
    """What a chain that a clock's mark started gives as its cause."""
    return f"clock:{clock}:{cycle}:{mark}"
