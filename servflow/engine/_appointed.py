"""Knows what a booked visit holds of people's time and what ends it; must not know how one is chosen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow.dispatch._admit import admit
from servflow.engine._assigning import assign, unassign
from servflow.engine._raised import tell
from servflow.engine._slots import SlotPlan, plan_of, progress_of, progressed
from servflow.errors import Refused
from servflow.escalation._spans import later
from servflow.model import Appointment, Assigned, Booked, Release, Take, Unbooked, visit_keys, write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

LOST = "lost"
_COUNTED = {"missed": "missed", LOST: "lost"}


def booked_plan(call: OneCall, event: str) -> tuple[Appointment, SlotPlan]:
    """
    The visit that is booked, and the dispatch entry it was booked by.

    Raises:
        Refused: there is none.
    """
    held = call.draft.appointment
    if held is None or not held.booked:
        raise Refused(
            f"{event} is not allowed now: no visit is booked",
            code="not_here",
            event=event,
            state=call.draft.state,
            allowed_in=(),
        )
    return held, plan_of(call, held.policy)


def _by(call: OneCall) -> str | None:
    return call.actor.id if call.actor is not None else None


def _keys(held: Appointment) -> tuple[str, ...]:
    if held.to is None or held.start is None or held.end is None:
        return ()
    return visit_keys(held.to, held.start, held.end)


def reserve(call: OneCall, visit: Appointment, was: Appointment | None = None) -> None:
    """Take hold of the time of whoever comes, each cell at most once; what the visit held before is given back."""
    before, after = _keys(was) if was is not None else (), _keys(visit)
    kept = set(before) & set(after)
    call.reservations += [Release(key=key) for key in before if key not in kept]
    call.reservations += [Take(key=key, limit=1) for key in after if key not in kept]


def _version(call: OneCall) -> str | None:
    return None if call.world is None else call.world.version


def book(call: OneCall, plan: SlotPlan, visit: Appointment, was: Appointment | None = None) -> None:
    """A visit is booked, or moved from where it was: the slot is filled with whoever comes."""
    policy, to = plan.policy, str(visit.to)
    visit = attrs.evolve(visit, world=_version(call))
    reserve(call, visit, was)
    call.record(Booked, appointment=visit, was=was, by=_by(call))
    call.happening.changed.add("appointment")
    progress = progress_of(call, plan)
    if progress is not None:
        after = attrs.evolve(
            progress,
            phase="filled",
            relax_at=None,
            change_at=None,
            waits=(),
            world=visit.world,
            overrun_at=_late(call, plan, visit),
        )
        progressed(call, plan, after, f"{to} comes at {write_instant(visit.start)}" if visit.start else "booked")
    hooks = call.workflow.extensions.hooks
    admitted = admit(policy, call.snapshot(), call.world, call.at, to, hooks=hooks)
    assign(call, policy.slot, to, f"dispatch[{plan.order}]", policy=policy.name, takes=admitted.takes)


def _late(call: OneCall, plan: SlotPlan, visit: Appointment) -> datetime | None:
    """When whoever comes is so late that the visit is taken back from them; it counts from its beginning."""
    again = plan.policy.redispatch
    if again is None or again.overrun is None or visit.start is None:
        return None
    return later(again.overrun, max(visit.start, call.at), call.compiled.calendar(again.calendar))


def end(call: OneCall, held: Appointment, phase: str, reason: str) -> None:
    """A visit is over, or will not be: the time it held is free, and its counts remain."""
    counted = _COUNTED.get(phase)
    more = {counted: getattr(held, counted) + 1} if counted is not None else {}
    left = attrs.evolve(held, phase=phase, start=None, end=None, to=None, booked_at=None, reminded=0, world=None, **more)
    call.reservations += [Release(key=key) for key in _keys(held)]
    call.record(Unbooked, appointment=left, was=held, reason=reason, by=_by(call))
    call.happening.changed.add("appointment")


def give_up(call: OneCall, plan: SlotPlan, held: Appointment, phase: str, reason: str, *, quiet: bool = False) -> None:
    """A visit will not be: the slot is empty, the customer can book another one, and unless quiet, listeners hear of it."""
    end(call, held, phase, reason)
    unassign(call, held.slot, f"dispatch[{plan.order}]", reason)
    progress = progress_of(call, plan)
    if progress is not None:
        after = attrs.evolve(progress, phase="booking", relax_at=None, change_at=None, waits=(), overrun_at=None)
        progressed(call, plan, after, f"{phase}: {reason}" if reason else phase)
    if not quiet:
        _tell(call, plan, held, phase, reason)


def _tell(call: OneCall, plan: SlotPlan, held: Appointment, phase: str, reason: str) -> None:
    tell(call, f"unbooked.{plan.policy.name}", {"phase": phase, "to": held.to, "start": held.start, "reason": reason})


def react(call: OneCall) -> None:
    """What else happened to the ticket may end its visit, or give it to somebody else."""
    held = call.draft.appointment
    if held is None or not held.booked:
        return
    happening, plan = call.happening, plan_of(call, held.policy)
    if happening.closed and call.draft.closed:
        end(call, held, "done", "the ticket was closed")
    elif any(state in happening.entered and state in call.draft.entered for state in plan.policy.until):
        end(call, held, "done", "the work is done")
    else:
        _follow(call, plan, held)


def _follow(call: OneCall, plan: SlotPlan, held: Appointment) -> None:
    """The slot was filled or emptied by somebody: the visit follows it."""
    to = getattr(call.draft, held.slot)
    if to == held.to:
        return
    if to is None:
        found = (one for one in reversed(call.records) if isinstance(one, Assigned) and one.slot == held.slot)
        emptied = next(found, None)
        taken = emptied is not None and emptied.source == f"dispatch[{plan.order}].redispatch"
        reason = emptied.because if emptied is not None and taken else f"{held.to} does not have the ticket any more"
        phase = LOST if taken else "cancelled"
        end(call, held, phase, reason)
        _tell(call, plan, held, phase, reason)
        return
    _check_free(call, held, to)
    visit = attrs.evolve(held, to=to, booked_at=call.at, world=_version(call))
    reserve(call, visit, held)
    call.record(Booked, appointment=visit, was=held, by=_by(call))
    call.happening.changed.add("appointment")


def _check_free(call: OneCall, held: Appointment, to: str) -> None:
    """
    Whoever gets a visit by hand is not with another customer, as far as the world tells.

    Raises:
        Refused: they are.
    """
    if call.world is None or held.start is None or held.end is None:
        return
    for start, stop in call.world.booked.get(to, ()):
        if start < held.end and held.start < stop:
            raise Refused(
                f"{to} cannot have the ticket with its visit at {write_instant(held.start)}: they are with another customer"
                f" from {write_instant(start)} to {write_instant(stop)}; move the visit, or give it to somebody else",
                code="guard",
                event="ticket.assign",
                to=to,
                start=start,
                end=stop,
            )
