"""Knows when dispatch runs, offers, waits and relaxes on a ticket; must not know who is best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import dispatch
from servflow.dispatch import Choice, Policy
from servflow.engine._assigning import assign, hold, release, unassign
from servflow.errors import LimitError, Refused
from servflow.escalation import later
from servflow.expressions import IN_STATE, Expression
from servflow.model import (
    Call,
    Decided,
    FrozenMap,
    Offer,
    Offered,
    OfferEnded,
    OfferMade,
    SlotChanged,
    SlotProgress,
    Withdraw,
    freeze,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled

MAX_POOL = 200
"""How many of the best candidates a pool is offered to, and how many keys a waiting ticket names."""

MAX_DECISIONS = 500
"""How often dispatch may decide in one call before the call is stopped as running in a circle."""

MAX_DECLINED = 500
"""How many who declined a ticket remembers for one slot; the oldest may be asked again after that."""


@attrs.frozen(kw_only=True)
class SlotPlan:
    """One dispatch entry, linked: where it runs and what it reads."""

    policy: Policy
    order: int
    when: Expression | None
    reads: frozenset[str]
    limited: bool


def compile_slots(compiled: Compiled) -> tuple[SlotPlan, ...]:
    """Link every dispatch entry; names that are not declared go to the findings."""
    return tuple(_compile(compiled, order, policy) for order, policy in enumerate(compiled.workflow.dispatch))


def _compile(compiled: Compiled, order: int, policy: Policy) -> SlotPlan:
    path = f"dispatch[{order}]"
    problems = compiled.problems
    for state in policy.until:
        problems.known("state", state, compiled.states, f"{path}.until")
    problems.known("slot", policy.slot, ("assignee", "outlet", "owner"), f"{path}.slot")
    found = policy.check(
        compiled.timeless,
        states=compiled.states,
        hooks=compiled.workflow.extensions.hooks,
        functions={**compiled.workflow.extensions.functions, "in_state": IN_STATE},
    )
    problems.findings.extend(attrs.evolve(finding, path=f"{path}.{finding.path}".rstrip(".")) for finding in found)
    for where, read in _expressions(policy):
        # The policy itself refuses ``at`` and ``clock``; which tables move with time only the workflow knows.
        if timed := [name for name in problems.timed(read) if name.startswith("table.")]:
            problems.add("dispatch.reads_time", f"{path}.{where}", names=timed)
    calendars = [(f"relax[{index}].calendar", step.calendar) for index, step in enumerate(policy.relax)]
    calendars.append(("offer.calendar", policy.offer.calendar if policy.offer is not None else None))
    for where, name in calendars:
        if name is not None:
            problems.known("calendar", name, compiled.calendars, f"{path}.{where}")
    conditions = [item for requirement in policy.require for item in requirement.expressions.values()]
    reads = {name for item in conditions for name in compiled.depends_on(item)} - {"candidate"}
    when = policy.when
    if when is not None and problems.strict and not any(item.path == "when" for item in found):
        when = problems.expression(when, compiled.timeless, f"{path}.when", functions=compiled.functions)
    if not policy.state and not policy.event:
        problems.add("dispatch.never", path, policy=policy.name)
    limited = any(requirement.below is not None for requirement in policy.require)
    return SlotPlan(policy=policy, order=order, when=when, reads=frozenset(reads), limited=limited)


def _expressions(policy: Policy) -> Iterator[tuple[str, Expression]]:
    """Every expression of a dispatch entry, with its path."""
    if policy.when is not None:
        yield "when", policy.when
    for index, requirement in enumerate(policy.require):
        for key, read in requirement.expressions.items():
            yield f"require[{index}].{key}", read
    for number, level in enumerate(policy.prefer):
        for index, term in enumerate(level):
            if term.value is not None:
                yield f"prefer[{number}][{index}].value", term.value


# reacting -----------------------------------------------------------------------------------------------------


def react(call: OneCall) -> None:
    """Let every dispatch entry look at what happened, in document order."""
    happening = call.happening
    for plan in call.compiled.slots:
        policy = plan.policy
        entered = any(state in happening.entered and state in call.draft.entered for state in policy.state)
        asked = happening.event is not None and happening.event in policy.event
        progress = _progress(call, plan)
        if any(state in happening.entered and state in call.draft.entered for state in policy.until):
            release(call, policy.slot, getattr(call.draft, policy.slot))
        if entered or asked:
            if (running := call.draft.slots.get(policy.slot)) is not None:  # of this entry or of another one
                drop(call, plan_of(call, running.policy), "the search began again")
            begin(call, plan)
        elif progress is not None:
            if policy.state and not any(state in call.draft.entered for state in policy.state):
                drop(call, plan, f"left {', '.join(policy.state)}")
            elif getattr(call.draft, policy.slot) is not None and progress.phase != "filled":
                withdraw(call, plan, "filled by somebody")
                _progressed(
                    call, plan, attrs.evolve(progress, phase="filled", relax_at=None, change_at=None, waits=()), "filled"
                )
            elif progress.phase == "waiting" and (happening.changed & plan.reads):
                decide(call, plan)


def _progress(call: OneCall, plan: SlotPlan) -> SlotProgress | None:
    progress = call.draft.slots.get(plan.policy.slot)
    return progress if progress is not None and progress.policy == plan.policy.name else None


def _progressed(call: OneCall, plan: SlotPlan, progress: SlotProgress | None, reason: str) -> None:
    call.record(SlotChanged, slot=plan.policy.slot, policy=plan.policy.name, progress=progress, reason=reason)


def begin(call: OneCall, plan: SlotPlan) -> None:
    """Empty the slot and look for somebody anew."""
    policy = plan.policy
    unassign(call, policy.slot, f"dispatch[{plan.order}]")
    if not call.holds(plan.when, f"dispatch {policy.name}"):
        return
    progress = SlotProgress(policy=policy.name, since=call.at, relax_at=relax_at(call, plan, call.at, 0))
    _progressed(call, plan, progress, "searching")
    decide(call, plan)


def relax_at(call: OneCall, plan: SlotPlan, since: datetime, stage: int) -> datetime | None:
    """When less is asked for next, after so many relaxations; None after the last."""
    if stage >= len(plan.policy.relax):
        return None
    step = plan.policy.relax[stage]
    return max(later(step.after, since, call.compiled.calendar(step.calendar)), call.at)


def drop(call: OneCall, plan: SlotPlan, reason: str) -> None:
    """End the search of an entry: open offers are withdrawn."""
    withdraw(call, plan, reason)
    _progressed(call, plan, None, reason)


def withdraw(call: OneCall, plan: SlotPlan, reason: str, *, but: str | None = None) -> None:
    """Take back every open offer of an entry except one."""
    for offer in call.draft.offers:
        if offer.policy != plan.policy.name or offer.id == but:
            continue
        if getattr(call.draft, offer.slot) == offer.to:  # somebody assigned it to them by hand meanwhile
            call.record(OfferEnded, offer=offer, outcome="accepted", reason=reason)
        else:
            end_offer(call, offer, "withdrawn", reason)


def end_offer(call: OneCall, offer: OfferMade, outcome: str, reason: str) -> None:
    """An offer is over and did not win: its capacity is free again and the candidate is told."""
    release(call, offer.slot, offer.to)
    call.record(OfferEnded, offer=offer, outcome=outcome, reason=reason)
    if outcome != "rejected":
        call.effect(Withdraw, f"offer:{offer.id}", offer.to, to=offer.to, offer=offer.id, policy=offer.policy, reason=reason)


# deciding -----------------------------------------------------------------------------------------------------


def decide(call: OneCall, plan: SlotPlan) -> None:
    """Choose who gets the slot with the world at hand, record the choice with its reasons and act on it."""
    progress = _progress(call, plan)
    if progress is None:
        return
    if call.world is None:
        _ask_host(call, plan, progress)
        return
    call.decisions += 1
    if call.decisions > MAX_DECISIONS:
        raise LimitError(
            f"dispatch {plan.policy.name!r} decided more than {MAX_DECISIONS} times in one call; "
            "its events lead back to its state",
            code="budget",
            limit=MAX_DECISIONS,
        )
    hooks = call.workflow.extensions.hooks
    choice = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, hooks=hooks, explain=False)
    call.record(
        Decided,
        maker="dispatch",
        name=plan.policy.name,
        world=call.world.version,
        values=FrozenMap({name: freeze(call.scope().get(name)) for name in sorted(plan.reads)}),
        result=freeze({"action": choice.action, "to": list(choice.to)}),
        why=freeze(_why(choice)),
    )
    _act(call, plan, progress, choice)


_KEPT_RANKS = 5


def _why(choice: Choice) -> dict[str, Any]:
    # The record keeps the counts, the best few and what keeps out those nearest to fitting; the rest can be
    # decided again from the world's version.
    return {
        "summary": choice.summary(),
        "mode": choice.mode,
        "stage": choice.stage,
        "considered": choice.considered,
        "needs": {rule: list(need) for rule, need in choice.needs.items()},
        "counts": dict(choice.counts),
        "ranked": [item.as_data() for item in choice.ranked[:_KEPT_RANKS]],
        "next_change": choice.next_change,
        "fingerprint": choice.fingerprint,
    }


def _ask_host(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> None:
    if progress.phase != "waiting" or progress.world is not None:
        data = FrozenMap({"policy": plan.policy.name, "slot": plan.policy.slot})
        call.effect(Call, f"dispatch[{plan.order}]", name="dispatch", data=data)
    _progressed(call, plan, attrs.evolve(progress, phase="waiting", world=None, change_at=None), "no world was given")


def _act(call: OneCall, plan: SlotPlan, progress: SlotProgress, choice: Choice) -> None:
    seen = attrs.evolve(progress, world=choice.world, change_at=None, waits=())
    if choice.action == "wait" and progress.phase == "pool" and any(o.policy == plan.policy.name for o in call.draft.offers):
        # Whoever was asked may still take it; nobody new fits just now.
        _progressed(call, plan, attrs.evolve(seen, change_at=choice.next_change), choice.summary())
    elif choice.action == "wait":
        waiting = attrs.evolve(seen, phase="waiting", waits=choice.waits[:MAX_POOL], change_at=choice.next_change)
        _progressed(call, plan, waiting, choice.summary())
        if progress.phase != "waiting":
            call.raise_event(f"exhausted.{plan.policy.name}")
    elif choice.action == "assign":
        _progressed(call, plan, attrs.evolve(seen, phase="filled", relax_at=None), "assigned")
        assign(call, plan.policy.slot, choice.to[0], f"dispatch[{plan.order}]", policy=plan.policy.name, limited=plan.limited)
    else:
        _offer(call, plan, seen, choice)


def _offer(call: OneCall, plan: SlotPlan, progress: SlotProgress, choice: Choice) -> None:
    pool = choice.action == "pool"
    open_to = {offer.to for offer in call.draft.offers if offer.policy == plan.policy.name}
    options = plan.policy.offer
    expires = None
    if options is not None and options.timeout is not None and not pool:
        expires = later(options.timeout, call.at, call.compiled.calendar(options.calendar))
    # A pool stays open to those whose shift begins later; an offer runs out by itself.
    change_at = choice.next_change if pool else None
    phase = "pool" if pool else "offered"
    _progressed(call, plan, attrs.evolve(progress, phase=phase, change_at=change_at), f"{choice.action} to {len(choice.to)}")
    for candidate in choice.to[:MAX_POOL]:
        if candidate in open_to:
            continue
        if not pool:
            hold(call, plan.policy.slot, candidate, limited=plan.limited)
        offer_id = call.effect_id(f"dispatch[{plan.order}].offer", candidate)
        made = OfferMade(
            id=offer_id,
            policy=plan.policy.name,
            slot=plan.policy.slot,
            to=candidate,
            made_at=call.at,
            expires=expires,
            pool=pool,
        )
        call.record(Offered, offer=made)
        call.effect(
            Offer,
            f"dispatch[{plan.order}]",
            candidate,
            to=candidate,
            offer=offer_id,
            policy=plan.policy.name,
            expires=expires,
            pool=pool,
        )


# by time and by people ----------------------------------------------------------------------------------------


def plan_of(call: OneCall, policy: str) -> SlotPlan:
    """The entry of that name."""
    return next(plan for plan in call.compiled.slots if plan.policy.name == policy)


def _declined(progress: SlotProgress, who: Iterable[str]) -> SlotProgress:
    listed = tuple(dict.fromkeys((*progress.declined, *who)))
    return attrs.evolve(progress, declined=listed[-MAX_DECLINED:])


def expire(call: OneCall, offer: OfferMade) -> None:
    """Nobody answered an offer in time: the next candidate's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "expired", "no answer in time")
    _next(call, plan, offer)


def reject(call: OneCall, offer: OfferMade, reason: str) -> None:
    """The candidate said no: the next one's turn."""
    plan = plan_of(call, offer.policy)
    end_offer(call, offer, "rejected", reason)
    _next(call, plan, offer)


def _next(call: OneCall, plan: SlotPlan, offer: OfferMade) -> None:
    progress = _progress(call, plan)
    if progress is None:
        return
    _progressed(call, plan, _declined(progress, [offer.to]), f"{offer.to} did not take it")
    if not any(other.policy == plan.policy.name and not other.pool for other in call.draft.offers):
        decide(call, plan)


def accept(call: OneCall, offer: OfferMade) -> None:
    """The candidate said yes first: the others are told that they lost."""
    plan = plan_of(call, offer.policy)
    _check_room(call, plan, offer)
    call.record(OfferEnded, offer=offer, outcome="accepted", reason="")
    withdraw(call, plan, "somebody else took it", but=offer.id)
    progress = _progress(call, plan)
    if progress is not None:
        _progressed(
            call, plan, attrs.evolve(progress, phase="filled", relax_at=None, change_at=None, waits=()), f"{offer.to} took it"
        )
    assign(call, offer.slot, offer.to, f"dispatch[{plan.order}]", policy=plan.policy.name, limited=plan.limited)


def _check_room(call: OneCall, plan: SlotPlan, offer: OfferMade) -> None:
    # An offer made to one holds their capacity already; out of a pool it is taken only now.
    known = call.world.by_id.get(offer.to) if call.world is not None and offer.pool and plan.limited else None
    if known is None or known.capacity is None or call.world is None:
        return
    load = call.world.loads.get(offer.to, 0)
    if load >= known.capacity:
        raise Refused(
            f"offer.accept is not allowed now: {offer.to} has {load} of {known.capacity} tickets already",
            code="guard",
            event="offer.accept",
            have=load,
            limit=known.capacity,
        )


def relax(call: OneCall, plan: SlotPlan) -> None:
    """It is time to ask for less."""
    progress = _progress(call, plan)
    if progress is None:
        return
    stage = progress.stage + 1
    step = plan.policy.relax[stage - 1]
    declined = () if step.kind == "mode" else progress.declined
    relaxed = attrs.evolve(progress, stage=stage, declined=declined, relax_at=relax_at(call, plan, progress.since, stage))
    _progressed(call, plan, relaxed, f"{step.kind} {step.target} after {step.after.text}")
    if step.kind == "mode":
        withdraw(call, plan, f"the ticket is dispatched by {step.target} now")
        decide(call, plan)
    elif progress.phase == "waiting":
        decide(call, plan)


def pass_over(call: OneCall, plan: SlotPlan, why: str, *, relaxing: bool) -> None:
    """What time had set for a slot failed: the search goes on without it, and says so."""
    progress = _progress(call, plan)
    if progress is None:
        return
    if relaxing:
        stage = progress.stage + 1
        after = attrs.evolve(progress, stage=stage, relax_at=relax_at(call, plan, progress.since, stage))
    else:
        after = attrs.evolve(progress, change_at=None)
    _progressed(call, plan, after, f"failed: {why}")


def stale(call: OneCall) -> tuple[SlotPlan, ...]:
    """Entries that wait and would be decided with another world now."""
    if call.world is None:
        return ()
    version = call.world.version
    return tuple(
        plan
        for plan in call.compiled.slots
        if (progress := _progress(call, plan)) is not None
        and progress.phase in ("waiting", "pool")
        and progress.world != version
    )
