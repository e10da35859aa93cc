"""Knows what is set for a ticket by time, what comes first and what happens then; must not know any event of a host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from servflow import escalation
from servflow.engine import _chains, _clocks, _placing
from servflow.engine._call import Happening
from servflow.engine._events import drain, settle, timer_event
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.escalation import NEVER
from servflow.model import EMPTY, RESOLUTION, SYSTEM, ChainRun, ChainStopped, OfferMade, micros

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.engine._draft import Draft

MAX_CATCH_UP = 20_000
"""How many things set by time one call may work off."""

# Ties at one instant: state timer, offer, relaxation, mark, level, reminder, then document order.
_TIMER, _OFFER, _RELAX, _MARK, _LEVEL, _REMINDER = range(6)
_CHAIN_RANK = {"begin": _LEVEL, "level": _LEVEL, "resume": _LEVEL, "reminder": _REMINDER}

Due = tuple[datetime, int, int, Callable[["OneCall"], None]]


def first_due(compiled: Compiled, draft: Draft) -> Due | None:
    """What time alone does first to the ticket, and the instant it is set for; None when time does nothing."""
    best: Due | None = None
    for order, timer in enumerate(draft.timers):
        best = _earlier(best, timer.due, _TIMER, order, lambda call, timer=timer: timer_event(call, timer))  # type: ignore[misc]  # bound now
    for order, offer in enumerate(draft.offers):
        if offer.expires is not None:
            best = _earlier(best, offer.expires, _OFFER, order, lambda call, offer=offer: _expire(call, offer))  # type: ignore[misc]  # bound now
    if draft.slots:
        best = _first_of_slots(compiled, draft, best)
    if draft.clocks:
        best = _first_of_clocks(compiled, draft, best)
    if draft.chains:
        best = _first_of_chains(compiled, draft, best)
    return best


def _earlier(best: Due | None, at: datetime, rank: int, order: int, run: Callable[[OneCall], None]) -> Due:
    if best is None or (at, rank, order) < best[:3]:
        return at, rank, order, run
    return best


def _first_of_slots(compiled: Compiled, draft: Draft, best: Due | None) -> Due | None:
    for plan in compiled.slots:
        progress = draft.slots.get(plan.policy.slot)
        if progress is None or progress.policy != plan.policy.name:
            continue
        if progress.relax_at is not None:
            best = _earlier(best, progress.relax_at, _RELAX, plan.order, lambda call, plan=plan: _relax(call, plan))  # type: ignore[misc]  # bound now
        if progress.change_at is not None and progress.phase == "waiting":
            best = _earlier(best, progress.change_at, _RELAX, plan.order, lambda call, plan=plan: _change(call, plan))  # type: ignore[misc]  # bound now
    return best


def _first_of_clocks(compiled: Compiled, draft: Draft, best: Due | None) -> Due | None:
    for plan in compiled.clocks:
        run = draft.clocks.get(plan.clock.name)
        if run is not None and run.next_at is not None:
            best = _earlier(best, run.next_at, _MARK, plan.order, lambda call, plan=plan: _mark(call, plan))  # type: ignore[misc]  # bound now
    return best


def _first_of_chains(compiled: Compiled, draft: Draft, best: Due | None) -> Due | None:
    for run in draft.chains:
        found = escalation.next_due(run)
        if found is None:
            continue
        at, kind = found
        plan = next((plan for plan in compiled.chains if plan.chain.name == run.chain), None)
        if plan is None:
            continue
        best = _earlier(
            best,
            at,
            _CHAIN_RANK[kind],
            plan.order,
            lambda call, plan=plan, run=run, kind=kind, at=at: _climb(call, plan, run, kind, at),  # type: ignore[misc]  # bound now
        )
    return best


def wake_of(due: Due | None) -> datetime | None:
    """The first instant at which what is set has happened: one microsecond past it; None where that is never."""
    return None if due is None or due[0] >= NEVER else due[0] + RESOLUTION


def catch_up(call: OneCall, before: datetime) -> datetime | None:
    """
    Let everything set strictly before an instant happen, in time order, each at its own instant.

    Returns:
        The ticket's wake after that.

    Raises:
        LimitError: the definition sets things for one instant again and again.
    """
    count = 0
    while True:
        due = first_due(call.compiled, call.draft)
        if due is None or due[0] >= before or due[0] >= NEVER:
            return wake_of(due)
        count += 1
        if count > MAX_CATCH_UP:
            raise LimitError(
                f"more than {MAX_CATCH_UP} things set by time in one call, the last for {due[0].isoformat()}; "
                f"timers of {call.workflow.workflow} set each other without progress",
                code="catch_up",
                limit=MAX_CATCH_UP,
            )
        # Something an earlier event set may lie before the ticket's instant; records never go back.
        call.at = max(due[0], call.draft.at)
        call.occurred = None
        call.payload = EMPTY
        call.act_as(SYSTEM)
        call.happening = Happening()
        call.scope_cache = None
        due[3](call)
        drain(call)


def _expire(call: OneCall, offer: OfferMade) -> None:
    call.cause = f"offer:{offer.id}"
    _placing.expire(call, offer)
    settle(call)


def _mark(call: OneCall, plan: _clocks.ClockPlan) -> None:
    name = plan.clock.name
    run = call.draft.clocks[name]
    scheduled = run.next_at or call.at
    call.cause = f"clock:{name}:{run.cycle}:{run.next_mark}@{micros(scheduled)}"
    mark = _clocks.reach_mark(call, plan)
    _chains.on_mark(call, name, mark, _clocks.cause_of(name, run.cycle, mark), scheduled)


def _relax(call: OneCall, plan: _placing.SlotPlan) -> None:
    progress = call.draft.slots[plan.policy.slot]
    call.cause = f"relax:{plan.policy.name}:{micros(progress.since)}:{progress.stage}"
    _placing.relax(call, plan)
    settle(call)


def _change(call: OneCall, plan: _placing.SlotPlan) -> None:
    call.cause = f"change:{plan.policy.name}@{micros(call.at)}"
    _placing.decide(call, plan)
    settle(call)


def _climb(call: OneCall, plan: _chains.ChainPlan, run: ChainRun, kind: str, scheduled: datetime) -> None:
    before = call.savepoint()
    try:
        _chains.fire(call, plan, run, kind, scheduled)
        settle(call)
    except (Refused, ExpressionError) as error:
        # A level has nobody to be told that it failed: the run ends visibly and the ticket goes on.
        call.rollback(before)
        call.record(ChainStopped, run=escalation.stop(run), reason=f"{kind} failed: {error.message}")


__all__ = ["Due", "catch_up", "first_due", "wake_of"]
