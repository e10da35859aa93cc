"""Knows how a call asks who a ``to`` means, and what it notes of the answer; must not know what they are wanted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servflow import escalation
from servflow.escalation import Recipients
from servflow.model import Next, TurnTaken

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

TURNS = "turn:"
"""What the counters of a store begin with that count the turns of queues; the queue's name follows."""


def find(call: OneCall, to: Any) -> Recipients:
    """
    Who a ``to`` means now, on the ticket as it stands.

    A turn of a queue that is drawn is recorded. Where the world counts turns, the first one a ticket draws is
    reserved, so that no two tickets get the same.
    """
    targets = call.workflow.extensions.targets
    found = escalation.resolve(to, call.snapshot(), call.world, call.at, targets=targets, checked=True)
    for queue, turn in found.counted.items():
        call.reservations.append(Next(counter=TURNS + queue, expected=turn))
    for queue, turn in found.turns.items():
        call.record(TurnTaken, queue=queue, turn=turn)
    if found.nobody:
        call.missed += found.nobody
    return found


__all__ = ["TURNS", "find"]
