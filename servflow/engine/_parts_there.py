"""Knows where spare parts lie and how many of them no ticket holds; must not know what a ticket does with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from servflow.model import PartLine, Release, Take, World, part_key

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def places(call: OneCall, line: PartLine) -> Iterator[tuple[str, int]]:
    """Where a part may be taken from, in the order in which that is tried, with what lies there."""
    if call.world is None:
        return
    draft = call.draft
    asked = (line.place,) if line.place is not None else (draft.assignee, draft.outlet, "")
    for place in dict.fromkeys(asked):
        if place is not None and (units := call.world.on_hand(line.part, place)) is not None:
            yield place, units


def free(call: OneCall, part: str, place: str, on_hand: int) -> int:
    """How many units of those that lie at a place no ticket holds; what this call takes and gives back counts."""
    world, key = call.world or World(), part_key(part, place)
    held = world.set_aside.get(key, 0)
    for one in call.reservations:
        if isinstance(one, Take) and one.key == key:
            held += one.units
        elif isinstance(one, Release) and one.key == key:
            held -= one.units
    return on_hand - held
