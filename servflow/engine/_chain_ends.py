"""Knows how a run ends, and which of its levels then tell nobody; must not know why it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from servflow import escalation
from servflow.engine._call import Late
from servflow.engine._chain_plans import find_plan
from servflow.model import ChainRun, ChainStopped, HeldBack, LevelRecord, QuietEnded, Unreachable, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._chain_plans import ChainPlan


MAX_REASONS = 20
"""How many reasons a run keeps for which nobody heard of it."""


def stop(call: OneCall, run: ChainRun, reason: str, by: str | None = None) -> None:
    """End a run; levels caught up in the very call that ends it notify nobody, and those it did not reach are named."""
    hush(call, lambda late: late.of(run), f"the call that caught it up ended the run: {reason}")
    over(call, run, reason, by)


def over(call: OneCall, run: ChainRun, reason: str, by: str | None = None) -> None:
    """A run is over before its climb is, though not by the call's own event; the levels it did not reach are named."""
    plan = find_plan(call.compiled, run)
    levels = () if plan is None else unreached(plan, run)
    run = silence(call, run, (), "the run ended")
    call.record(ChainStopped, run=escalation.stop(run), reason=reason, by=by, levels=levels)


def silence(call: OneCall, run: ChainRun, kept: Sequence[HeldBack], why: str) -> ChainRun:
    """What levels had held back in quiet hours and need not say any more, level by level, on record with the reason."""
    gone = [notice for notice in run.quiet if notice not in kept]
    for level in dict.fromkeys(notice.level for notice in gone):
        told = tuple(dict.fromkeys(notice.to for notice in gone if notice.level == level))
        left = tuple(notice for notice in run.quiet if notice in kept or notice.level != level)
        run = replace(run, quiet=left)
        call.record(QuietEnded, run=run, level=level, scheduled=call.at, outcome="coalesced", to=told, why=(why,))
    return run


def unreached(plan: ChainPlan, run: ChainRun) -> tuple[str, ...]:
    """The levels that the present climb of a run has not come to, by name."""
    return tuple(level.name for level in plan.chain.levels[0 if run.phase == "armed" else run.level :])


def unheard(plan: ChainPlan, run: ChainRun, place: int, outcome: str, why: tuple[str, ...]) -> ChainRun:
    """
    The run with why a level reached nobody; nothing is kept once somebody was reached.

    A level whose condition did not hold tried to reach nobody: it counts only after one that did.
    """
    tried = outcome == "empty" or (outcome == "fired" and bool(why))
    if run.heard or not (tried or (outcome == "skipped" and run.nobody)):
        return run
    said = "; ".join(why) or outcome
    reason = f"{plan.chain.levels[place].name}: {said}"[:200]
    return run if reason in run.nobody or len(run.nobody) >= MAX_REASONS else replace(run, nobody=(*run.nobody, reason))


def ended(call: OneCall, plan: ChainPlan, after: ChainRun, outcome: str) -> None:
    """
    Where a run came to its end, tried to reach somebody and reached nobody, say so once for it, with the reasons.

    The only level of a chain has said it itself, and whoever took notice has heard, however.
    """
    if after.phase != "done" or after.heard or not after.nobody or after.by is not None:
        return
    if len(plan.chain.levels) == 1 and after.climb == 1 and outcome == "empty":
        return
    if any("to" in update.parts for _, updates in plan.levels for update in updates):
        call.effect(
            Unreachable, f"escalations.{plan.chain.name}", to=f"chain {plan.chain.name}", reason="; ".join(after.nobody)
        )


def hush(call: OneCall, which: Callable[[Late], bool], why: str) -> None:
    """Levels caught up in a call whose own event, or what it raised, acknowledges or ends the run notify nobody."""
    if call.own_event:
        for late in [late for late in call.late if which(late)]:
            fold_away(call, late, why)


def fold_away(call: OneCall, late: Late, why: str) -> None:
    """Let what a level or reminder would have said go unsaid; its record tells why, and whom it would have told."""
    record = cast("LevelRecord", call.records[late.place])
    call.records[late.place] = replace(record, outcome="coalesced", why=(*record.why, why))
    call.late.remove(late)
