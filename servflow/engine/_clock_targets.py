"""Knows which target and calendar a clock of a ticket has, and when it gets others; must not know what starts or stops it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from servflow import sla
from servflow.calendars import OpenTime
from servflow.engine import _clock_tables
from servflow.engine._clock_caps import capped
from servflow.engine._clock_late import rewound
from servflow.engine._clock_records import retargeted
from servflow.engine._clock_tables import Told
from servflow.errors import DefinitionError, Refused, TimeError, nearest, shown
from servflow.model import ClockReset
from servflow.sla import TableOutput

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan


LIVE = ("running", "paused")


class Chosen(NamedTuple):
    """The target of a clock (None: nothing is promised), what counts, and what the tables said that were asked."""

    within: timedelta | None
    calendar: str | None = None
    cal: OpenTime | None = None
    told: Told | None = None

    def reason(self, call: OneCall, otherwise: str = "") -> str:
        """Why the record of the clock says it has this target; what the tables said is recorded first."""
        if self.told is None or not self.told.decisions:
            return otherwise
        _clock_tables.record(call, self.told)
        said = f"by {self.told.text()}"
        return f"{otherwise} {said}" if otherwise else said


def choose(call: OneCall, plan: ClockPlan, at: datetime) -> tuple[timedelta | None, str | None, OpenTime | None]:
    """
    The target and calendar that apply to the ticket now: the first choice whose condition holds.

    Raises:
        Refused: the calendar has no such day, or a table cannot be decided or gives no such thing.
    """
    return chosen(call, plan, at)[:3]


def chosen(call: OneCall, plan: ClockPlan, at: datetime) -> Chosen:
    """
    What ``choose`` gives, with why.

    Raises:
        Refused: as ``choose``.
    """
    if plan.fixed is not None:
        within, name = plan.fixed
        return Chosen(within, name, call.compiled.counting(name, plan.clock.name))
    where, told = f"clock {plan.clock.name}", Told({})
    take = next((take for when, take in plan.targets if call.holds(when, where)), None)
    name = next((take for when, take in plan.calendars if call.holds(when, where)), None)
    try:
        if isinstance(take, TableOutput):
            take = _clock_tables.read_target(_clock_tables.take(call, take, told, where))
        if take is None:
            return Chosen(None)
        if sla.passes(take):
            name = None
        elif isinstance(name, TableOutput):
            name = _calendar(call, name, told, where)
        cal = call.compiled.counting(name, plan.clock.name)
        return Chosen(sla.target(take, cal, at), name, cal, told)
    except (TimeError, DefinitionError) as error:
        raise Refused(f"clock {plan.clock.name}: {error}", code="guard", clock=plan.clock.name, why=str(error)) from error


def _calendar(call: OneCall, output: TableOutput, told: Told, where: str) -> str | None:
    name: str | None = _clock_tables.take(call, output, told, where)
    if name is not None and name not in call.compiled.calendars:
        close = nearest(str(name), call.compiled.calendars)
        why = f"table {output.table} names a calendar that is not known: {shown(name)}"
        why += f"; did you mean {close!r}?" if close else ""
        raise Refused(f"{where}: {why}", code="guard", path=where, why=why)
    return name


def reset(call: OneCall, plan: ClockPlan) -> None:
    run = call.draft.clocks.get(plan.clock.name)
    if run is None or run.phase not in LIVE:
        return
    found = chosen(call, plan, call.effective)
    if found.within is not None:
        run, at = rewound(call, plan, run, call.compiled.counting(run.calendar, run.name))
        fresh = sla.reset(plan.clock, run, at, found.within, found.calendar, found.cal)
        fresh = capped(call, plan, fresh, at, found.cal)
        reason = found.reason(call, "reset by its condition")
        call.record(ClockReset, clock=plan.clock.name, instant=at, run=fresh, reason=reason)


def retarget(call: OneCall, plan: ClockPlan) -> None:
    run = call.draft.clocks.get(plan.clock.name)
    if run is None or run.phase not in LIVE:
        return
    found = chosen(call, plan, run.started_at)
    within, name, cal, _ = found
    if within is None:
        return
    old = call.compiled.counting(run.calendar, run.name)
    if within == run.within and name == run.calendar:
        return
    back, at = rewound(call, plan, run, old)
    changed = sla.retarget(plan.clock, back, at, within, name, cal, old_cal=old)
    if changed is not run:
        changed = capped(call, plan, changed, at, call.compiled.counting(changed.calendar, changed.name))
        reason = found.reason(call, "target changed")
        retargeted(call, plan.clock, back, changed, at, reason=reason)
