"""Knows how a ticket waits for others to come for it, in a line or until a visit is booked; must not know who may come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from servflow.engine._slots import SlotPlan, progressed
from servflow.model import SlotProgress

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

QUEUED, BOOKING = "queued", "booking"

_PHASES: Mapping[str, tuple[str, str]] = {
    "queue": (QUEUED, "waits to be pulled"),
    "appointment": (BOOKING, "waits for a visit to be booked"),
}


def stands_by(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> bool:
    """
    Let the ticket wait where its policy, as far as it is relaxed, looks for nobody by itself.

    Nothing polls: time alone changes only how much is asked.
    """
    found = _PHASES.get(plan.policy.mode_at(progress.stage))
    if found is None:
        return False
    phase, reason = found
    after = attrs.evolve(progress, phase=phase, change_at=None, waits=())
    if after != progress:
        progressed(call, plan, after, reason)
    return True
