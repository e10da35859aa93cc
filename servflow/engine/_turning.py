"""Knows how the turns that dispatch gives are reserved and noted; must not know whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.dispatch import Choice, Policy
from servflow.dispatch._turns import count_of
from servflow.engine._addressing import TURNS
from servflow.model import Next, Take, TurnTaken

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def had(call: OneCall, policy: Policy) -> frozenset[str]:
    """Who has the slot, a proposal or an open offer of an entry; a pool asks everybody, and takes nobody's turn."""
    progress = call.draft.slots.get(policy.slot)
    named = [getattr(call.draft, policy.slot), progress.proposed if progress is not None else None]
    named += [offer.to for offer in call.draft.offers if offer.policy == policy.name and not offer.pool]
    return frozenset(name for name in named if name is not None)


def take_turns(call: OneCall, policy: Policy, choice: Choice, before: frozenset[str]) -> None:
    """
    Take the turns of those whom a choice gave or offered the ticket, where the world counts them.

    The count of the policy is reserved once in a call: of two desks that decide at the same time one is refused and
    decides again with a fresh world, so no turn is given twice. Whoever is asked has had their turn, whatever they answer.
    """
    if not choice.turns or call.world is None or call.world.turns is None:
        return
    now = had(call, policy) - before
    moved = {who: units for who, units in choice.turns.items() if who in now}
    if not moved:
        return
    name = count_of(policy.name)
    turn = call.world.turns.get(name, 0)
    if not any(isinstance(one, Next) and one.counter == TURNS + name for one in call.reservations):
        call.reservations.append(Next(counter=TURNS + name, expected=turn))
    for who, units in moved.items():
        call.reservations.append(Take(key=f"{TURNS}{name}/{who}", units=units))
    call.record(TurnTaken, queue=name, turn=turn)
