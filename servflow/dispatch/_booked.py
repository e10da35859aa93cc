"""Knows who is with another customer when somebody is needed; must not know how visits are booked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import Check
from servflow.dispatch._stretches import merged, without


def booked(case: Case) -> Check | None:
    """Nobody is at two visits at once; the ticket's own visit does not stand in its way."""
    world, stay, own = case.world, case.need.stay, case.ticket.appointment
    if stay is None or not world.booked:
        return None
    needed = case.need.at(case.at)

    def taken(who: Candidate) -> tuple[tuple[datetime, datetime], ...]:
        held = merged(world.booked.get(who.id, ()))
        if not held or own is None or own.to != who.id or own.start is None or own.end is None:
            return held
        kept = []
        for start, end in held:
            if end <= own.start or own.end <= start:
                kept.append((start, end))
            else:
                kept += [pair for pair in ((start, own.start), (own.end, end)) if pair[0] < pair[1]]
        return tuple(kept)

    def free(who: Candidate) -> bool:
        held = world.booked.get(who.id)
        if not held:
            return True
        if needed.first == needed.last and (own is None or own.to != who.id):  # asked for every window of a customer
            return not any(start < needed.end and needed.first < end and start < end for start, end in held)
        return needed.within(without(taken(who)))

    def busy(who: Candidate) -> Any:
        return next((list(item) for item in taken(who) if item[0] < needed.end and needed.first < item[1]), None)

    return Check(rule="booked", kind="booked", need=[needed.first, needed.end], passes=free, have=busy)
