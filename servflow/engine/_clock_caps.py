"""Knows how a clock is held to what the clock above it promises; must not know what either of them waits for."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow import sla
from servflow.calendars import OpenTime
from servflow.engine._clock_late import causes
from servflow.engine._clock_records import retargeted
from servflow.model import Amended, Breached, ClockRetargeted, ClockRun, ClockStopped, Warned

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled


_LIVE = ("running", "paused")


def children(compiled: Compiled) -> tuple[ClockPlan, ...]:
    """The clocks that have a parent, each after its own; parents that are not declared and circles go to the findings."""
    names = tuple(plan.clock.name for plan in compiled.clocks)
    below: dict[str, list[ClockPlan]] = {}
    held: dict[str, ClockPlan] = {}
    for plan in compiled.clocks:
        above = plan.clock.parent
        if above is not None and compiled.problems.known("clock", above, names, f"{compiled.promises[plan.order].path}.parent"):
            below.setdefault(above, []).append(plan)
            held[plan.clock.name] = plan
    waiting = deque(name for name in below if name not in held)
    placed: list[ClockPlan] = []
    while waiting:
        for plan in below.get(waiting.popleft(), ()):
            placed.append(plan)
            waiting.append(plan.clock.name)
            del held[plan.clock.name]
    if held:  # circles, and what hangs below them
        for plan in _circle(held):
            path = f"{compiled.promises[plan.order].path}.parent"
            compiled.problems.add("clock.parent_circle", path, clock=plan.clock.name, clocks=tuple(held))
    return tuple(placed)


def _circle(held: dict[str, ClockPlan]) -> list[ClockPlan]:
    """Of clocks that no end is found above, those that stand above themselves."""
    count = Counter(plan.clock.parent for plan in held.values())
    spare = [name for name in held if not count[name]]
    while spare:
        above = held.pop(spare.pop()).clock.parent
        count[above] -= 1
        if above is not None and not count[above]:
            spare.append(above)
    return list(held.values())


def cap_for(call: OneCall, plan: ClockPlan, at: datetime) -> datetime | None:
    """
    When a clock that runs from an instant on must be due at the latest; None where nothing holds it.

    That is when its parent is due, while that runs: one that rests, has ended or was broken before holds nobody.
    """
    parent = call.draft.clocks.get(plan.clock.parent or "")
    if parent is None or parent.phase != "running" or (parent.breached_at is not None and parent.breached_at <= at):
        return None
    # What was told late may have moved its breach, which is recorded as any mark only after this.
    return None if parent.due is not None and parent.due < at else parent.due


def capped(call: OneCall, plan: ClockPlan, run: ClockRun, at: datetime, cal: OpenTime | None) -> ClockRun:
    """A clock that has just changed, held to what its parent promises."""
    if plan.clock.parent is None:
        return run
    return sla.capped(plan.clock, run, at, cap_for(call, plan, at), cal)


def said(plan: ClockPlan, run: ClockRun) -> str:
    """What the record of a clock says of its cap; nothing where it has none."""
    return "" if run.cap is None else f"capped by {plan.clock.parent}"


def follow(call: OneCall) -> None:
    """Let every child take what has become of its parent, parents first."""
    for plan in call.compiled.children:
        run = call.draft.clocks.get(plan.clock.name)
        if run is None:
            continue
        if run.phase not in _LIVE:
            if call.occurred is not None and run.stopped_at is not None and call.effective < run.stopped_at:
                _end_again(call, plan, run)
        elif run.breached_at is None or call.effective <= run.breached_at:
            _follow(call, plan, run)
        elif plan.clock.breach == "follows" and _taken_back(call, plan, run):
            _free(call, plan, run)


def _follow(call: OneCall, plan: ClockPlan, run: ClockRun) -> None:
    clock, cal = plan.clock, call.compiled.counting(run.calendar, run.name)
    # What an event that occurred earlier changes holds from there, but not from before the clock's own latest change.
    at = max(call.effective, run.since or run.paused_at or run.started_at)
    cap = cap_for(call, plan, at)
    parent = call.draft.clocks.get(clock.parent or "")
    if cap is None and run.cap is not None and parent is not None and parent.breached_at == run.cap and at <= run.cap:
        return  # both are broken at one instant, whichever of them is worked off first
    back, undone = sla.rewind(clock, run, at, cal) if call.occurred is not None else (run, ())
    changed = sla.capped(clock, back, at, cap, cal)
    if changed.cap == run.cap:
        return
    for mark, was in undone:
        reason = f"{clock.parent} changed earlier"
        call.record(Amended, clock=clock.name, instant=at, run=back, mark=mark, was=was, reason=reason)
        call.amended += causes(call, clock.name, run.cycle, mark, was)
    reason = said(plan, changed) or f"no longer capped by {clock.parent}"
    call.record(ClockRetargeted, clock=clock.name, instant=at, run=changed, reason=reason)


def _taken_back(call: OneCall, plan: ClockPlan, run: ClockRun) -> bool:
    """Whether the breach of the parent that broke a child at the same instant does not hold any more."""
    above = plan.clock.parent
    gone = (one for one in call.records if isinstance(one, Amended) and one.clock == above and one.mark == sla.BREACH)
    return any(one.was == run.breached_at for one in gone)


def _free(call: OneCall, plan: ClockPlan, run: ClockRun) -> None:
    cal = call.compiled.counting(run.calendar, run.name)
    at = max(call.effective, run.since or run.paused_at or run.started_at)
    after = sla.freed(plan.clock, run, at, cap_for(call, plan, at), cal)
    if after is not run:
        reason = said(plan, after) or f"no longer capped by {plan.clock.parent}"
        retargeted(call, plan.clock, run, after, at, reason=reason)


def _end_again(call: OneCall, plan: ClockPlan, run: ClockRun) -> None:
    """A child that has ended, by what was told late of its parent: in its last stretch it may have been broken, or not."""
    clock, cal, parent = plan.clock, call.compiled.counting(run.calendar), call.draft.clocks.get(plan.clock.parent or "")
    last = run.segments[-1] if run.segments else None
    if parent is None or last is None or last.end is None or run.stopped_at is None or last.end <= call.effective:
        return
    at = max(call.effective, last.start)
    if parent.started_at > at or not any(getattr(one, "clock", None) == parent.name for one in call.records):
        return  # it is about another cycle by now, or nothing has become of it
    # A parent that ended in time or rests was never due while the child ran.
    cap = parent.due if parent.phase == "running" else parent.breached_at
    back, undone = sla.rewind(clock, run, at, cal)
    if cap is not None and (cap < at or cap <= last.start):
        cap = None  # broken before: it held nobody
    again = sla.capped(clock, back, at, cap, cal)
    while again.next_at is not None and again.next_at < last.end:
        again = sla.reach(clock, again, cal)
    if last.end < run.stopped_at:
        again = sla.pause(clock, again, last.end, cal)
    again = (sla.stop if run.phase == "met" else sla.cancel)(clock, again, run.stopped_at, cal)
    was, now = [set(zip(one.marks, one.reached, strict=True)) for one in (run, again)]
    if was == now or again.breached_at == run.breached_at:
        return
    reason = f"{clock.parent} changed earlier"
    facts: dict[str, Any] = {"clock": clock.name, "run": again, "reason": reason}
    for mark, gone in undone:
        if (mark, gone) not in now:
            call.record(Amended, instant=at, mark=mark, was=gone, **facts)
            call.amended += causes(call, clock.name, run.cycle, mark, gone)
    for mark, instant in zip(again.marks, again.reached, strict=True):
        if (mark, instant) not in was and mark == sla.BREACH:
            call.record(Breached, instant=instant, **facts)
        elif (mark, instant) not in was:
            call.record(Warned, instant=instant, mark=mark, **facts)
    call.record(ClockStopped, instant=run.stopped_at, **facts)


__all__ = ["capped", "children", "follow", "said"]
