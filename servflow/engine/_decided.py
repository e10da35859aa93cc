"""Knows how a choice is recorded with its reasons; must not know what follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servflow.dispatch import Choice, Ranked
from servflow.dispatch._asking import kept
from servflow.dispatch._turns import MAX_TURNS
from servflow.model import EMPTY, Decided, FrozenMap, freeze, frozen_map

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._slots import SlotPlan


def decided(call: OneCall, plan: SlotPlan, choice: Choice) -> None:
    """Record a choice with its reasons."""
    call.record(
        Decided,
        maker="dispatch",
        name=plan.policy.name,
        world=call.world.version if call.world is not None else None,
        values=FrozenMap({name: freeze(call.scope().get(name)) for name in sorted(plan.reads)}),
        result=FrozenMap({"action": choice.action, "to": choice.to}),
        why=_why(choice),
    )


_KEPT_RANKS = 5


def _why(choice: Choice) -> FrozenMap[str, Any]:
    # The record keeps the counts, the best few and what keeps out those nearest to fitting; the rest can be
    # decided again from the world's version. It is made frozen, since every decision waits for it.
    why = {
        "summary": choice.summary(),
        "kind": choice.kind,
        "mode": choice.mode,
        "stage": choice.stage,
        "considered": choice.considered,
        "needs": choice.needs,
        "counts": choice.counts,
        "again": choice.again,
        "ranked": tuple([_ranked(item) for item in choice.ranked[:_KEPT_RANKS]]),
        "next_change": choice.next_change,
        "fingerprint": choice.fingerprint,
        "origin": frozen_map(choice.origin),
    }
    # A store keeps the keys of mappings sorted, so the order in which they are told is kept where it is another one.
    for name, said in (("order", choice.counts), ("terms", choice.ranked[0].terms if choice.ranked else EMPTY)):
        if len(said) > 1 and (listed := tuple(said)) != tuple(sorted(listed)):
            why[name] = listed
    if choice.stood is not None and len(choice.stood) <= MAX_TURNS:
        why["stood"] = frozen_map(choice.stood)  # a store keeps only where turns stand by now
    if choice.answers:
        why["answers"] = freeze(kept(choice.answers, tuple(item.id for item in choice.ranked)))
    return FrozenMap(why)


def _ranked(item: Ranked) -> FrozenMap[str, Any]:
    return FrozenMap(id=item.id, rank=item.rank, points=item.points, terms=item.terms, key=item.key, limit=item.limit)
