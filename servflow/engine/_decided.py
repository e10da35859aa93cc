"""Knows how a choice is recorded with its reasons; must not know what follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servflow.dispatch import Choice
from servflow.dispatch._asking import kept
from servflow.model import Decided, FrozenMap, freeze

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
        result=freeze({"action": choice.action, "to": list(choice.to)}),
        why=freeze(_why(choice)),
    )


_KEPT_RANKS = 5


def _why(choice: Choice) -> dict[str, Any]:
    # The record keeps the counts, the best few and what keeps out those nearest to fitting; the rest can be
    # decided again from the world's version.
    return {
        "summary": choice.summary(),
        "kind": choice.kind,
        "mode": choice.mode,
        "stage": choice.stage,
        "considered": choice.considered,
        "needs": {rule: list(need) for rule, need in choice.needs.items()},
        "counts": dict(choice.counts),
        "again": {rule: list(found) for rule, found in choice.again.items()},
        "ranked": [item.as_data() for item in choice.ranked[:_KEPT_RANKS]],
        "next_change": choice.next_change,
        "fingerprint": choice.fingerprint,
        "origin": dict(choice.origin),
        **({"answers": kept(choice.answers, tuple(item.id for item in choice.ranked))} if choice.answers else {}),
    }
