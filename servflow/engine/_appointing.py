"""Knows how a visit is booked, moved, given up and remembered; must not know who is best for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import dispatch
from servflow.dispatch import Window
from servflow.dispatch._admit import admit
from servflow.dispatch._appointments import choose, free_near, options_of, windows, without
from servflow.engine._appointed import LOST, book, booked_plan, give_up
from servflow.engine._decided import decided
from servflow.engine._lining import BOOKING, QUEUED
from servflow.engine._payloads import refuse, text
from servflow.engine._raised import tell
from servflow.engine._slots import SlotPlan, plan_of
from servflow.errors import ExpressionError, InputError, Refused, ServflowError, TimeError, shown
from servflow.model import Appointment, Ticket, VisitNear, World, instant, read_instant, write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.engine._draft import Draft
    from servflow.engine._workflow import Workflow

BOOK, MOVE, CANCEL = "appointment.book", "appointment.reschedule", "appointment.cancel"
NO_SHOW, LOSE = "appointment.no_show", "appointment.lost"
_OFFERED = 5
"""How many other visits a refusal names."""


# what customers ask ---------------------------------------------------------------------------------------------


def slots(
    workflow: Workflow,
    ticket: Ticket,
    at: datetime,
    world: World | Mapping[str, Any] | None,
    *,
    days: int | None = None,
    policy: str | None = None,
    explain: bool = False,
) -> tuple[Window, ...]:
    """The visits of a ticket that can be booked now, or to which a booked one can be moved."""
    plan = _entry(workflow, ticket, policy)
    options = options_of(plan.policy)
    found: tuple[Window, ...] = dispatch.slots(
        plan.policy,
        ticket,
        world,
        at,
        days=days,
        hours=workflow.compiled.calendar(options.calendar),
        explain=explain,
        hooks=workflow.extensions.hooks,
    )
    return found


def _entry(workflow: Workflow, ticket: Ticket, wanted: str | None) -> SlotPlan:
    entries = {plan.policy.name: plan for plan in workflow.compiled.slots if plan.policy.appointment is not None}
    held = ticket.appointment
    named = [wanted] if wanted is not None else [held.policy] if held is not None and held.booked else []
    named += [] if named else [one.policy for one in ticket.slots.values() if one.phase == BOOKING]
    named += [] if named else list(entries)
    found = next((entries[name] for name in named if name in entries), None)
    if found is None:
        known = ", ".join(entries) or "none"
        raise InputError(
            f"no visits of ticket {ticket.id} can be booked"
            + (f" by dispatch entry {wanted!r}" if wanted else "")
            + f"; entries of {workflow.workflow} with appointments: {known}",
            code="dispatch.no_appointment",
            ticket=ticket.id,
        )
    return found


# events ---------------------------------------------------------------------------------------------------------


def on_book(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    A visit is booked with whoever the policy finds best for it, or with the one who is named.

    Raises:
        Refused: nothing is to be booked here, or nobody can come then; others are offered.
    """
    held = call.draft.appointment
    if held is not None and held.booked and held.start is not None:
        raise Refused(
            f"{BOOK} is not allowed now: {held.to} comes at {write_instant(held.start)}; move it with {MOVE}",
            code="guard",
            event=BOOK,
            start=held.start,
            to=held.to,
        )
    wanted = text(BOOK, payload, "policy", limit=200)
    booking = [one.policy for one in call.draft.slots.values() if one.phase == BOOKING and wanted in (None, one.policy)]
    if not booking:
        allowed = {name for policy in call.workflow.dispatch if "appointment" in policy.modes for name in policy.state}
        raise Refused(
            f"{BOOK} is not allowed in state {call.draft.state}: no visit is to be booked here",
            code="not_here",
            event=BOOK,
            state=call.draft.state,
            allowed_in=tuple(sorted(allowed)),
        )
    plan = plan_of(call, booking[0])
    start, end, to = _chosen(call, plan, BOOK, payload)
    base = held if held is not None and held.policy == plan.policy.name else Appointment(policy=plan.policy.name)
    visit = attrs.evolve(
        base, slot=plan.policy.slot, phase="booked", start=start, end=end, to=to, booked_at=call.at, reminded=0
    )
    book(call, plan, visit)


def on_move(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    A visit is moved; who comes then is chosen anew.

    Raises:
        Refused: there is none, it was moved too often, or nobody can come then; others are offered.
    """
    held, plan = booked_plan(call, MOVE)
    most = options_of(plan.policy).moves
    same = _start(MOVE, payload) == held.start
    if most is not None and held.moved >= most and not same:
        raise Refused(
            f"{MOVE} is not allowed any more: the visit was moved {held.moved} times, and {most} are allowed",
            code="guard",
            event=MOVE,
            moved=held.moved,
            limit=most,
        )
    start, end, to = _chosen(call, plan, MOVE, payload)
    if same and (end, to) == (held.end, held.to):
        return  # a second click: nothing is moved, so nothing counts
    if same:
        visit = attrs.evolve(held, end=end, to=to)
    else:
        visit = attrs.evolve(held, start=start, end=end, to=to, booked_at=call.at, moved=held.moved + 1, reminded=0)
    book(call, plan, visit, was=held)


def on_cancel(call: OneCall, payload: Mapping[str, Any]) -> None:
    """The visit is cancelled; another one can be booked."""
    held, plan = booked_plan(call, CANCEL)
    give_up(call, plan, held, "cancelled", text(CANCEL, payload, "reason", limit=1_000) or "")


def on_no_show(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Nobody was there; what follows is the definition's choice.

    Raises:
        Refused: there is no visit, or it has not begun.
    """
    held, plan = booked_plan(call, NO_SHOW)
    if held.start is not None and call.at < held.start:
        raise Refused(
            f"{NO_SHOW} is not allowed now: the visit begins at {write_instant(held.start)}; {CANCEL} gives it up",
            code="guard",
            event=NO_SHOW,
            start=held.start,
        )
    give_up(call, plan, held, "missed", text(NO_SHOW, payload, "reason", limit=1_000) or "")


def on_lost(call: OneCall, payload: Mapping[str, Any]) -> None:
    """Who was to come cannot: the visit is given up, and another one can be booked."""
    held, plan = booked_plan(call, LOSE)
    give_up(call, plan, held, LOST, text(LOSE, payload, "reason", limit=1_000) or f"{held.to} cannot come")


# choosing -------------------------------------------------------------------------------------------------------


def _chosen(call: OneCall, plan: SlotPlan, event: str, payload: Mapping[str, Any]) -> tuple[datetime, datetime, str]:
    """The visit asked for, and who comes; the choice is recorded."""
    start, to = _start(event, payload), text(event, payload, "to", limit=200)
    if call.world is None:
        if to is None:
            raise refuse(event, "no world was passed, so say with to who comes", field="to", needs={"to": "string"})
        if start < call.at:
            said = f"{event} is not allowed now: the visit would have begun at {write_instant(start)}, before now"
            raise Refused(said, code="guard", event=event, start=start, offered=())
        try:
            length = options_of(plan.policy).length(call.scope())
            return start, start + length, to
        except (ExpressionError, OverflowError) as error:
            raise refuse(event, f"the visit at {write_instant(start)} has no end: {error}", field="start") from None
    world, ticket = call.world, call.snapshot()
    offered = _window(call, plan, event, start)
    if offered is None:
        raise _refused(call, plan, event, start, f"no visit begins at {write_instant(start)}")
    hooks = call.workflow.extensions.hooks
    choice = choose(plan.policy, ticket, world, call.at, offered, hooks=hooks, explain=to is not None)
    fitting = tuple(item.id for item in choice.ranked)
    if to is not None and to not in fitting:
        said = "; ".join(verdict.text() for verdict in choice.why_not(to)) or f"{to} is none of those who could"
        raise _refused(call, plan, event, start, f"{to} cannot come at {write_instant(start)}: {said}")
    if not fitting:
        raise _refused(call, plan, event, start, f"nobody can come at {write_instant(start)}: {choice.summary()}")
    held = ticket.appointment  # whoever comes then already comes still
    keeps = held is not None and held.booked and held.start == start and held.to in fitting
    who = to or (str(held.to) if held is not None and keeps else fitting[0])
    decided(call, plan, attrs.evolve(choice, action="book", to=(who,)))
    return (*offered, who)


def _start(event: str, payload: Mapping[str, Any]) -> datetime:
    value = payload.get("start")
    if value is None or value == "":
        why = f"{event} needs another payload: start takes the instant at which the visit begins"
        raise Refused(why, code="payload", event=event, field="start", needs={"start": "timestamp"})
    try:
        return read_instant(value) if isinstance(value, str) else instant(value, "start")
    except (TimeError, ServflowError) as error:
        raise refuse(event, f"start is an instant, not {shown(value)}: {error.message}", field="start") from None


def _window(call: OneCall, plan: SlotPlan, event: str, start: datetime) -> tuple[datetime, datetime] | None:
    try:
        offered = windows(plan.policy, call.snapshot(), call.world or World(), call.at, hours=_hours(call, plan))
        return next((pair for pair in offered if pair[0] == start), None)
    except (ExpressionError, InputError, TimeError) as error:
        raise refuse(event, error.message, field="start") from None


def _hours(call: OneCall, plan: SlotPlan) -> Any:
    return call.compiled.calendar(options_of(plan.policy).calendar)


def _refused(call: OneCall, plan: SlotPlan, event: str, start: datetime, why: str) -> Refused:
    world, hours, hooks = call.world or World(), _hours(call, plan), call.workflow.extensions.hooks
    offered = free_near(plan.policy, call.snapshot(), world, call.at, start, most=_OFFERED, hours=hours, hooks=hooks)
    said = f"free are {', '.join(write_instant(one) for one in offered)}" if offered else "nothing else is free"
    return Refused(f"{event} is not allowed now: {why}; {said}", code="guard", event=event, start=start, offered=offered)


# by time --------------------------------------------------------------------------------------------------------


def next_reminder(compiled: Compiled, draft: Draft) -> tuple[datetime, SlotPlan] | None:
    """When the next reminder of the visit is due; None where there is none."""
    held = draft.appointment
    if held is None or held.start is None:
        return None
    plan = next((plan for plan in compiled.slots if plan.policy.name == held.policy), None)
    if plan is None or plan.policy.appointment is None or held.booked_at is None:
        return None
    instants = [held.start - ahead.exact for ahead in plan.policy.appointment.remind]
    # A reminder that would have come before the booking is none.
    left = [one for one in instants if one >= held.booked_at][held.reminded :]
    return (left[0], plan) if left else None


def remind(call: OneCall, plan: SlotPlan, at: datetime) -> None:
    """A reminder is due: the event ``upcoming.<policy>`` happens, unless who was to come cannot any more."""
    held = call.draft.appointment
    if held is None or held.start is None:
        return
    call.record(VisitNear, appointment=attrs.evolve(held, reminded=held.reminded + 1), scheduled=at)
    if not recheck(call):
        tell(call, f"upcoming.{plan.policy.name}", {"start": held.start, "to": held.to})


def pass_reminder(call: OneCall, at: datetime) -> None:
    """What a reminder set off failed: it counts as done."""
    held = call.draft.appointment
    if held is not None:
        call.record(VisitNear, appointment=attrs.evolve(held, reminded=held.reminded + 1), scheduled=at)


_GONE = ("absence", "open", "certificate", "forbidden", "booked")


def cannot_come(call: OneCall) -> str | None:
    """
    Why whoever was to come to a visit that has not begun cannot any more; None where they can, or nobody knows.

    The world it was booked in is not asked again: it would say the same, or a person knew better.
    """
    held = call.draft.appointment
    if held is None or held.to is None or held.start is None or call.world is None or call.at >= held.start:
        return None
    if call.world.version == held.world:
        return None
    world = without(call.world, held)
    if not world.by_id:
        return None
    plan = plan_of(call, held.policy)
    ticket = call.snapshot()
    admitted = admit(plan.policy, ticket, world, held.start, held.to, hooks=call.workflow.extensions.hooks)
    if not admitted.known:
        return f"{held.to} is not there any more"
    failed = [verdict for verdict in admitted.failed if verdict.kind in _GONE]
    return "; ".join(verdict.text() for verdict in failed) or None


def recheck(call: OneCall, *, quiet: bool = False) -> bool:
    """Give up a visit to which nobody would come, and tell those who listen, unless quiet."""
    held, why = call.draft.appointment, cannot_come(call)
    if held is None or why is None:
        return False
    give_up(call, plan_of(call, held.policy), held, LOST, why, quiet=quiet)
    return True


EVENTS: Mapping[str, Callable[[OneCall, Mapping[str, Any]], None]] = {
    BOOK: on_book,
    MOVE: on_move,
    CANCEL: on_cancel,
    NO_SHOW: on_no_show,
    LOSE: on_lost,
}
"""What each built-in event of appointments does."""


def _none_booked(call: OneCall) -> bool:
    held = call.draft.appointment
    return held is None or not held.booked


def _nobody_waits(phase: str) -> Callable[[OneCall], bool]:
    return lambda call: all(progress.phase != phase for progress in call.draft.slots.values())


IDLE: Mapping[str, Callable[[OneCall], bool]] = {
    **dict.fromkeys((MOVE, CANCEL, NO_SHOW, LOSE), _none_booked),
    BOOK: _nobody_waits(BOOKING),
    "queue.take": _nobody_waits(QUEUED),
}
"""When a built-in event has nothing to be about, so that nobody is offered it."""

__all__ = ["EVENTS", "IDLE", "cannot_come", "next_reminder", "recheck", "remind", "slots"]
