"""Knows how limits of capacity become columns with room; must not know what a place is worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field

from servflow.dispatch._batch import Batch, Weighed
from servflow.dispatch._candidates import Candidate

Held = dict[tuple[int, str | None], int]
"""(number of a candidate, channel or None for all) -> units that pinned tickets take of them."""


@define(eq=False)
class Rooms:
    """
    The places candidates have, as columns, of which some are parts of others.

    A candidate with a load of *b* can take *k* tickets that ask for a load of at most *n* if *b + k* is at most *n*,
    whatever those that allow more bring it to later. So each distinct limit is a column that lies within the one
    of the next higher limit, and the limit of a channel one within the limit of all. ``column`` gives for each kind
    of tickets the column of each candidate. ``tangled`` says that the limits are no such tree, or that tickets take
    different amounts; then no flow tells the best plan.
    """

    room: list[int] = field(factory=list)
    above: list[int] = field(factory=list)
    owner: list[int] = field(factory=list)
    column: dict[tuple[Any, ...], list[int]] = field(factory=dict)
    tangled: bool = False
    size: int = 1
    many: int = 0

    @classmethod
    def of(cls, batch: Batch, held: Held) -> Rooms:
        """The columns of everybody, with what pinned tickets hold taken off."""
        free = [item for item in batch.items if item.pinned is None and item.fitting]
        sizes = {item.case.units for item in free}
        if len(sizes) > 1:
            return cls(tangled=True)
        kinds = {item.kind: item for item in free}
        rooms = cls(column={kind: [] for kind in kinds}, size=next(iter(sizes), 1), many=len(free))
        for number, who in enumerate(batch.order):
            rooms._add(number, who, list(kinds.values()), held)
        return rooms

    def _add(self, number: int, who: Candidate, kinds: list[Weighed], held: Held) -> None:
        wholes = {item.limit(who) for item in kinds}
        channels = {item.case.ticket.channel: item for item in kinds if item.channel_limit(who) is not None}
        if channels and len(wholes) > 1:
            self.tangled = True  # limits of all that differ, across limits of channels: no tree
        if not kinds or self.tangled:
            return
        load = kinds[0].case.load(who) + held.get((number, None), 0)
        whole = self._chain(number, wholes, load, -1)
        parts: dict[str | None, dict[int | None, int]] = {}
        for channel, item in channels.items():
            limits = {other.channel_limit(who) for other in kinds if other.case.ticket.channel == channel}
            load = item.case.channel_load(who) + held.get((number, channel), 0)
            parts[channel] = self._chain(number, limits - {None}, load, next(iter(whole.values())))
        for item in kinds:
            channel_limit = item.channel_limit(who)
            where = whole[item.limit(who)] if channel_limit is None else parts[item.case.ticket.channel][channel_limit]
            self.column[item.kind].append(where)

    def _chain(self, owner: int, limits: Iterable[int | None], load: int, above: int) -> dict[int | None, int]:
        """A column for each limit, the highest first, each within the one before; what has no limit takes nobody's place."""
        found: dict[int | None, int] = {}
        for limit in sorted(limits, key=lambda most: (most is not None, -(most or 0))):
            found[limit] = len(self.room)
            self.room.append(self.many if limit is None else max(0, limit - load) // self.size)
            self.above.append(above)
            self.owner.append(owner)
            above = found[limit] if limit is not None else above
        return found

    @property
    def nested(self) -> bool:
        """Whether any column is a part of another."""
        return any(above >= 0 for above in self.above)


def held_by(items: Iterable[Weighed]) -> Held:
    """What pinned tickets take of their candidates."""
    held: Held = {}
    for item in items:
        if item.pinned is not None:
            for channel in {None, item.case.ticket.channel}:
                key = item.pinned, channel
                held[key] = held.get(key, 0) + item.case.units
    return held
