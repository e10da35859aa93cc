"""Knows which target and calendar a clock of a ticket has, and when it gets others; must not know what starts or stops it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from servflow import sla
from servflow.calendars import OpenTime
from servflow.engine._clock_late import rewound
from servflow.engine._clock_records import retargeted
from servflow.errors import DefinitionError, Refused, TimeError
from servflow.model import ClockReset

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan


LIVE = ("running", "paused")


def choose(call: OneCall, plan: ClockPlan, at: datetime) -> tuple[timedelta | None, str | None, OpenTime | None]:
    """
    The target and calendar that apply to the ticket now: the first choice whose condition holds.

    Raises:
        Refused: the calendar has no such day.
    """
    if plan.fixed is not None:
        within, name = plan.fixed
        return within, name, call.compiled.counting(name)
    where = f"clock {plan.clock.name}"
    take = next((take for when, take in plan.targets if call.holds(when, where)), None)
    name = next((take for when, take in plan.calendars if call.holds(when, where)), None)
    if take is None:
        return None, None, None
    if sla.passes(take):
        name = None
    cal = call.compiled.counting(name)
    try:
        return sla.target(take, cal, at), name, cal
    except (TimeError, DefinitionError) as error:
        raise Refused(f"clock {plan.clock.name}: {error}", code="guard", clock=plan.clock.name, why=str(error)) from error


def reset(call: OneCall, plan: ClockPlan) -> None:
    run = call.draft.clocks.get(plan.clock.name)
    if run is None or run.phase not in LIVE:
        return
    within, name, cal = choose(call, plan, call.effective)
    if within is not None:
        run, at = rewound(call, plan, run, call.compiled.counting(run.calendar))
        fresh = sla.reset(plan.clock, run, at, within, name, cal)
        call.record(ClockReset, clock=plan.clock.name, instant=at, run=fresh, reason="reset by its condition")


def retarget(call: OneCall, plan: ClockPlan) -> None:
    run = call.draft.clocks.get(plan.clock.name)
    if run is None or run.phase not in LIVE:
        return
    within, name, cal = choose(call, plan, run.started_at)
    if within is None:
        return
    old = call.compiled.counting(run.calendar)
    if within == run.within and name == run.calendar:
        return
    back, at = rewound(call, plan, run, old)
    changed = sla.retarget(plan.clock, back, at, within, name, cal, old_cal=old)
    if changed is not run:
        retargeted(call, plan.clock, back, changed, at, reason="target changed")
