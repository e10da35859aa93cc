"""Knows who fits and which plan is best by trying everything; must not know how servflow decides."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from servflow.model import Engineer, Ticket, World


def fits(
    policy: Mapping[str, Any], ticket: Ticket, world: World, at: datetime, engineer: Engineer, capacity: bool = True
) -> bool:
    """
    Whether an engineer may take a ticket under a policy whose requirements name fields only.

    Read off the definition, requirement by requirement, without relaxations.
    """
    fields = ticket.fields
    for requirement in policy["require"]:
        if "skill" in requirement and fields.get(requirement["skill"]) is not None:
            needed = fields.get(requirement["level"], 1) if "level" in requirement else 1
            if engineer.skills.get(fields[requirement["skill"]], 0) < needed:
                return False
        if "area" in requirement and fields.get(requirement["area"]) is not None:
            above = fields[requirement["area"]]
            while above is not None and above not in engineer.areas:
                above = world.areas.get(above)
            if above is None:
                return False
        if "open" in requirement and engineer.shift is not None and not world.calendars[engineer.shift].is_open(at):
            return False
        if "certificate" in requirement and fields.get(requirement["certificate"]) is not None:
            name = fields[requirement["certificate"]]
            if name not in engineer.certificates:
                return False
            expires = engineer.certificates[name]
            if expires is not None and expires <= at:
                return False
        below = "below" in requirement and engineer.capacity is not None
        if capacity and below and world.loads.get(engineer.id, 0) >= engineer.capacity:
            return False
    if world.presence.get(engineer.id) in ("away", "offline"):
        return False
    if any(start <= at < end for start, end in engineer.absences):
        return False
    if engineer.id in world.forbidden.get(ticket.customer, ()):
        return False
    slot = ticket.slots.get(policy.get("slot", "assignee"))
    return slot is None or engineer.id not in slot.declined


def best_plan(
    points: Mapping[tuple[str, str], tuple[int, ...]], tickets: Sequence[str], room: Mapping[str, int], levels: int
) -> tuple[int, ...]:
    """
    The best objective over every way to give out the tickets.

    Args:
        points: (ticket, candidate) -> totals per level, for the pairs that fit.
        tickets: the tickets.
        room: how many tickets each candidate can take.
        levels: how many levels there are.
    """
    best: tuple[int, ...] = (-1,)
    options = [[None, *(who for name, who in points if name == ticket)] for ticket in tickets]
    for chosen in itertools.product(*options):
        used = [who for who in chosen if who is not None]
        if any(used.count(who) > room[who] for who in set(used)):
            continue
        totals = [0] * levels
        for ticket, who in zip(tickets, chosen, strict=True):
            if who is not None:
                totals = [total + value for total, value in zip(totals, points[ticket, who], strict=True)]
        best = max(best, (len(used), *totals))
    return best
