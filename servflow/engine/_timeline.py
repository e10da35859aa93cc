"""Knows what is set for a ticket by time, what comes first and what happens then; must not know any event of a host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from servflow import escalation
from servflow.engine import (
    _answering,
    _appointing,
    _chain_starts,
    _chains,
    _clock_story,
    _clocks,
    _helping,
    _placing,
    _slots,
    _taking_back,
)
from servflow.engine._call import Happening
from servflow.engine._chain_ends import over
from servflow.engine._chain_plans import ChainPlan, find_plan
from servflow.engine._events import check_budget, drain, settle, timer_event
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.escalation._spans import NEVER
from servflow.model import (
    EMPTY,
    RESOLUTION,
    SYSTEM,
    ChainRun,
    OfferMade,
    RefusedTimer,
    StateTimer,
    TimerRefused,
    micros,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled
    from servflow.engine._draft import Draft

MAX_CATCH_UP = 20_000
"""How many things set by time one call may work off."""

MAX_STANDING = 1_000
"""How many things may happen at one instant by time; what comes after is given up, with a note."""

# Ties at one instant: state timer, offer, relaxation, mark, level, reminder, then document order.
_TIMER, _OFFER, _RELAX, _MARK, _LEVEL, _REMINDER = range(6)
_CHAIN_RANK = {"begin": _LEVEL, "level": _LEVEL, "resume": _LEVEL, "reminder": _REMINDER, "quiet": _REMINDER}

GiveUp = Callable[["OneCall", str, str], object]


@attrs.frozen
class Due:
    """
    Something set by time: when, what happens, and what is recorded where that fails.

    What fails by time has nobody to be told. It is rolled back and consumed with a note, so that one bad
    value cannot stop a ticket for ever.
    """

    at: datetime
    run: Callable[[OneCall], None]
    give_up: GiveUp


def first_instant(compiled: Compiled, draft: Draft) -> datetime | None:
    """
    The instant for which time alone has set something first; None when time does nothing.

    It agrees with ``first_due`` and costs less, for most calls need to know only that nothing is due.
    """
    instants = [run.next_at for run in draft.clocks.values() if run.next_at is not None]
    if draft.timers:
        instants += [timer.due for timer in draft.timers]
    if draft.offers:
        instants += [offer.expires for offer in draft.offers if offer.expires is not None]
    if draft.appointment is not None and (near := _appointing.next_reminder(compiled, draft)) is not None:
        instants.append(near[0])
    if draft.helping:
        instants += [at for at, _ in _helping.instants(draft.helping)]
    if draft.slots:
        instants += [at for slot in compiled.slots for at, _ in _slot_instants(slot, draft)]
    if draft.chains:
        dues = [escalation.next_due(run) for run in draft.chains if find_plan(compiled, run) is not None]
        instants += [due[0] for due in dues if due is not None]
    return min(instants) if instants else None


def first_due(compiled: Compiled, draft: Draft) -> tuple[datetime, Callable[[], Due]] | None:
    """The instant for which time alone has set something first, and what makes it; None when time does nothing."""
    best: tuple[datetime, int, int] | None = None
    make: Callable[[], Due] | None = None
    for order, timer in enumerate(draft.timers):
        if best is None or (timer.due, _TIMER, order) < best:
            best, make = (timer.due, _TIMER, order), partial(_timer_due, timer)
    for order, offer in enumerate(draft.offers):
        if offer.expires is not None and (best is None or (offer.expires, _OFFER, order) < best):
            best, make = (offer.expires, _OFFER, order), partial(_offer_due, offer)
    if draft.slots:
        for slot in compiled.slots:
            for at, kind in _slot_instants(slot, draft):
                if best is None or (at, _RELAX, slot.order) < best:
                    best, make = (at, _RELAX, slot.order), partial(_slot_due, slot, at, kind)
    if draft.appointment is not None and (near := _appointing.next_reminder(compiled, draft)) is not None:
        at, slot = near
        if best is None or (at, _RELAX, slot.order) < best:
            best, make = (at, _RELAX, slot.order), partial(_visit_due, slot, at)
    if draft.clocks:
        for clock in compiled.clocks:
            run = draft.clocks.get(clock.clock.name)
            if run is not None and run.next_at is not None and (best is None or (run.next_at, _MARK, clock.order) < best):
                best, make = (run.next_at, _MARK, clock.order), partial(_clock_due, clock, run.next_at)
    if draft.helping:
        for order, (at, person) in enumerate(_helping.instants(draft.helping), len(compiled.clocks)):
            if best is None or (at, _MARK, order) < best:
                best, make = (at, _MARK, order), partial(_helper_due, person, at)
    if draft.chains:
        for chain_run in draft.chains:
            found = escalation.next_due(chain_run)
            plan = find_plan(compiled, chain_run)
            if found is None or plan is None:
                continue
            place = (found[0], _CHAIN_RANK[found[1]], plan.order)
            if best is None or place < best:
                best, make = place, partial(_chain_due, plan, chain_run, found[1], found[0])
    return None if best is None or make is None else (best[0], make)


def _slot_instants(plan: _slots.SlotPlan, draft: Draft) -> list[tuple[datetime, str]]:
    progress = draft.slots.get(plan.policy.slot)
    if progress is None or progress.policy != plan.policy.name:
        return []
    found = [] if progress.relax_at is None else [(progress.relax_at, "relax")]
    if progress.change_at is not None and progress.phase in (*_placing.LOOKING, "filled"):
        found.append((progress.change_at, "change"))
    if progress.overrun_at is not None and progress.phase == "filled":
        found.append((progress.overrun_at, "overrun"))
    return found


def _timer_due(timer: StateTimer) -> Due:
    def give_up(call: OneCall, code: str, why: str) -> None:
        call.record(TimerRefused, refused=RefusedTimer(timer=timer), code=code, why=why)

    return Due(timer.due, lambda call: timer_event(call, timer), give_up)


def _offer_due(offer: OfferMade) -> Due:
    def run(call: OneCall) -> None:
        call.cause = f"offer:{offer.id}"
        _answering.expire(call, offer)
        settle(call)

    def give_up(call: OneCall, _code: str, why: str) -> None:
        call.cause = f"offer:{offer.id}"
        _answering.expire_alone(call, offer, why)

    return Due(offer.expires or offer.made_at, run, give_up)


def _slot_due(plan: _slots.SlotPlan, at: datetime, kind: str) -> Due:
    def run(call: OneCall) -> None:
        progress = call.draft.slots[plan.policy.slot]
        if kind == "relax":
            call.cause = f"relax:{plan.policy.name}:{micros(progress.since)}:{progress.stage}"
            _placing.relax(call, plan)
        elif kind == "overrun":
            call.cause = f"overrun:{plan.policy.name}@{micros(at)}"
            _taking_back.overran(call, plan)
        else:
            call.cause = f"change:{plan.policy.name}@{micros(at)}"
            _placing.look(call, plan)
        settle(call)

    def give_up(call: OneCall, _code: str, why: str) -> None:
        _placing.pass_over(call, plan, why, kind=kind)

    return Due(at, run, give_up)


def _visit_due(plan: _slots.SlotPlan, at: datetime) -> Due:
    def run(call: OneCall) -> None:
        call.cause = f"visit:{plan.policy.name}@{micros(at)}"
        _appointing.remind(call, plan, at)
        settle(call)

    def give_up(call: OneCall, _code: str, _why: str) -> None:
        _appointing.pass_reminder(call, at)

    return Due(at, run, give_up)


def _helper_due(person: str, at: datetime) -> Due:
    def run(call: OneCall) -> None:
        _helping.breach(call, person)
        settle(call)

    def give_up(call: OneCall, _code: str, _why: str) -> None:
        _helping.breach(call, person, quiet=True)

    return Due(at, run, give_up)


def _clock_due(plan: ClockPlan, at: datetime) -> Due:
    def run(call: OneCall) -> None:
        _mark(call, plan)

    def give_up(call: OneCall, _code: str, why: str) -> None:
        _clocks.reach_mark(call, plan, reason=f"nothing was started: {why}")

    return Due(at, run, give_up)


def _chain_due(plan: ChainPlan, run: ChainRun, kind: str, at: datetime) -> Due:
    def climb(call: OneCall) -> None:
        call.handed = run.handed + (kind != "begin")
        _chains.fire(call, plan, run, kind, at)
        settle(call)

    def give_up(call: OneCall, code: str, why: str) -> None:
        if kind == "level" and code != "circle":
            _chains.fire(call, plan, run, kind, at, failed=why)
        else:
            over(call, run, f"{kind} failed: {why}")

    return Due(at, climb, give_up)


def wake_of(due: tuple[datetime, Any] | None) -> datetime | None:
    """The first instant at which what is set has happened: one microsecond past it; None where that is never."""
    return None if due is None or due[0] >= NEVER else due[0] + RESOLUTION


def catch_up(call: OneCall, before: datetime) -> datetime | None:
    """
    Let everything set strictly before an instant happen, in time order, each at its own instant.

    Returns:
        The ticket's wake after that.

    Raises:
        LimitError: too much lies in between for one call; advancing to its ``reached`` first gets through.
    """
    instant = first_instant(call.compiled, call.draft)
    if instant is None or instant >= before:
        return None if instant is None else wake_of((instant, None))
    count = standing = 0
    last: datetime | None = None
    while True:
        first = first_due(call.compiled, call.draft)
        if first is None or first[0] >= before or first[0] >= NEVER:
            call.handed = 0
            return wake_of(first)
        due = first[1]()
        count += 1
        standing = standing + 1 if due.at == last else 0
        last = due.at
        if count > MAX_CATCH_UP:
            raise LimitError(
                f"more than {MAX_CATCH_UP} things set by time in one call; advance the ticket to {due.at.isoformat()} first",
                code="catch_up",
                limit=MAX_CATCH_UP,
                reached=due.at,
            )
        # Something an earlier event set may lie before the ticket's instant; records never go back.
        call.at = max(due.at, call.draft.at)
        call.occurred = None
        call.payload = EMPTY
        call.act_as(SYSTEM)
        call.happening = Happening()
        call.scope_cache = None
        call.handed = 0
        if standing > MAX_STANDING:
            due.give_up(call, "circle", f"more than {MAX_STANDING} things set each other off at this very instant")
            continue
        attempt(call, due, last=not call.records)


def attempt(call: OneCall, due: Due, *, last: bool) -> None:
    """
    Let something of the system's own happen, or give it up where what follows fails: whoever asked could not mend that.

    Args:
        last: a shorter call would come to the same, so that it is given up too where it is too much for one call.

    Raises:
        LimitError: the call has done too much with what went before it (``budget``).
    """
    before_it = call.savepoint()
    try:
        due.run(call)
        drain(call)
        check_budget(call)
    except (Refused, ExpressionError, LimitError) as error:
        if error.code == "budget" and not last:
            error.facts["reached"] = due.at
            raise
        call.rollback(before_it)
        due.give_up(call, error.code, error.message)


def _mark(call: OneCall, plan: ClockPlan) -> None:
    name = plan.clock.name
    run = call.draft.clocks[name]
    scheduled = run.next_at or call.at
    call.cause = f"clock:{name}:{run.cycle}:{run.next_mark}@{micros(scheduled)}"
    mark = _clocks.reach_mark(call, plan)
    _chain_starts.on_mark(call, name, mark, _clock_story.cause(call, plan, run, mark), scheduled)


__all__ = ["Due", "attempt", "catch_up", "first_due", "wake_of"]
