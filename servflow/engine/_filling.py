"""Knows what follows once a slot has somebody, and what is then waited for; must not know who was best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow import dispatch
from servflow.dispatch._case import Case
from servflow.engine._assigning import assign
from servflow.engine._slots import SlotPlan, progressed
from servflow.escalation._spans import later
from servflow.model import Engineer, SlotProgress, Take, replace

if TYPE_CHECKING:
    from datetime import datetime

    from servflow.engine._call import OneCall

LOOK_AGAIN = ""
"""In place of the version of a world: the next call with any world looks."""


def fill(
    call: OneCall,
    plan: SlotPlan,
    progress: SlotProgress,
    to: str,
    reason: str,
    *,
    takes: tuple[Take, ...] | None = None,
    because: str = "",
    manual: bool = False,
) -> None:
    """Give the slot to somebody; the search is over, and what may take the ticket back is waited for."""
    filled(call, plan, progress, to, reason, manual=manual)
    assign(call, plan.policy.slot, to, f"dispatch[{plan.order}]", policy=plan.policy.name, takes=takes, because=because)


def filled(call: OneCall, plan: SlotPlan, progress: SlotProgress, to: str, reason: str, *, manual: bool = False) -> None:
    """Record that a slot has somebody, by hand where *manual*."""
    over = replace(
        progress, phase="filled", relax_at=None, change_at=None, waits=(), proposed=None, manual=manual, overrun_at=None
    )
    progressed(call, plan, watched(call, plan, over, to, anew=True), reason)


def watched(call: OneCall, plan: SlotPlan, progress: SlotProgress, who: str, *, anew: bool = False) -> SlotProgress:
    """A filled slot with the instants and keys at which it is looked at again; with none where nothing takes it back."""
    again = plan.policy.redispatch
    if again is None or progress.again >= again.most:
        return replace(progress, change_at=None, overrun_at=None, waits=())
    found = replace(progress, change_at=_next_absence(call, who) if again.absence else None)
    if again.presence and plan.policy.presence is not None and call.world is not None:
        case = Case.make(plan.policy, call.snapshot(), call.world, call.at, hooks=call.workflow.extensions.hooks)
        found = replace(found, change_at=min((at for at in (found.change_at, case.presence_from) if at), default=None))
    if call.world is not None:
        found = replace(found, world=call.world.version)
    if anew and again.overrun is not None:
        found = replace(found, overrun_at=later(again.overrun, call.at, call.compiled.calendar(again.calendar)))
    if again.capacity and not progress.manual and progress.stage and call.world is not None:
        hooks = call.workflow.extensions.hooks
        full = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, stage=0, hooks=hooks, explain=False)
        found = replace(found, waits=full.waits[:MAX_WAITS])
    return found


MAX_WAITS = 200
"""How many keys a slot waits for."""


def _next_absence(call: OneCall, who: str) -> datetime | None:
    known = call.world.by_id.get(who) if call.world is not None else None
    if not isinstance(known, Engineer):
        return None
    return min((start for start, end in known.absences if start > call.at and end > start), default=None)


def holder(call: OneCall, plan: SlotPlan) -> str | None:
    """Who has the slot of an entry."""
    found: str | None = getattr(call.draft, plan.policy.slot)
    return found


__all__ = ["LOOK_AGAIN", "MAX_WAITS", "fill", "filled", "holder", "watched"]
