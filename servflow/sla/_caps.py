"""Knows how a clock is held to an instant that another clock sets; must not know which clock that is."""

from __future__ import annotations

from datetime import datetime

from servflow.calendars import OpenTime
from servflow.model import ClockRun, replace
from servflow.sla._change import armed
from servflow.sla._clock import Clock
from servflow.sla._fold import LIVE, with_ahead


def capped(clock: Clock, run: ClockRun, at: datetime, cap: datetime | None, cal: OpenTime | None) -> ClockRun:
    """
    From an instant on the clock is due at *cap* at the latest; None lets it have all its own time.

    A cap that lies behind the clock's own due instant changes nothing and is not kept; of a paused clock it is, for
    what it would be due if it went on. Where one is kept, percentages and marks before the end refer to what is
    counted up to it. What follows is never earlier than *at*. The same run when nothing changes, once the clock has
    ended, and once it is breached: what was breached stays so.
    """
    if run.phase not in LIVE or run.breached_at is not None:
        return run
    free = run if run.cap is None else with_ahead(clock, replace(run, cap=None), cal)
    if cap is not None and free.due is not None and free.due <= cap:
        cap = None
    if cap == run.cap:
        return run
    changed = with_ahead(clock, replace(run, cap=cap), cal)
    if changed.next_at is not None and changed.next_at < at:
        changed = with_ahead(clock, replace(changed, retargeted_at=at), cal)
    return changed


def freed(clock: Clock, run: ClockRun, at: datetime, cap: datetime | None, cal: OpenTime | None) -> ClockRun:
    """
    From an instant on the cap at which the clock was broken does not hold it any more, as ``breach`` says.

    With ``breach: follows`` it is not broken where it has time left now, under *cap* if that is given. The same run where
    the breach stays.
    """
    if run.phase not in LIVE or run.breached_at is None:
        return run
    left = armed(clock, replace(run, cap=cap, retargeted_at=at), at, cal)
    if left.breached_at is not None:
        return run
    return capped(clock, with_ahead(clock, left, cal), at, cap, cal)
