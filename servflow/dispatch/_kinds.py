"""Knows how many rows of few kinds are placed at the least cost; must not know tickets or candidates."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush

from attrs import define, field

from servflow.dispatch._flow import Row

KINDS = 512
"""Up to how many kinds are placed as such."""

ALIKE = 4
"""How many rows of a kind there must be on the average."""


def place_kinds(rows: Sequence[Row], room: Sequence[int], out: int) -> list[int] | None:
    """
    The column of every row (-1: left out) at the least total cost; None where rows are of too many kinds.

    Rows that see the same columns at the same costs are of one kind. Cheapest chains of moves are then looked for from kind
    to kind, not from row to row: of all columns that hold rows of another kind only the one counts from which that
    kind is driven at the least cost. Every chain places at least one row and takes nobody's place, so there are
    no more chains than rows.

    Args:
        rows: for each row its columns and costs, as in ``place``.
        room: how many rows each column takes.
        out: what leaving a row out costs.
    """
    members: dict[Hashable, list[int]] = {}
    most = min(KINDS, len(rows) // ALIKE)
    for number, (columns, costs) in enumerate(rows):
        key = tuple(columns), tuple(costs)
        own = members.get(key)
        if own is None:
            if len(members) >= most:
                return None
            own = members[key] = []
        own.append(number)
    kinds = [rows[own[0]] for own in members.values()]
    flow = _Kinds(kinds, [*room, len(rows)], out)
    for kind, own in enumerate(members.values()):
        left = len(own)
        while left:
            left -= flow.chain(kind, left)
    found = [-1] * len(rows)
    for own, held in zip(members.values(), flow.held, strict=True):
        places = [column for column in sorted(held) for _ in range(held[column])]
        for number, column in zip(own, places, strict=True):
            found[number] = column if column < len(room) else -1
    return found


@define(eq=False)
class _Kinds:
    """
    ``worth`` is what each kind pays where it is, prices of full columns included: with it no way from kind to kind
    costs less than nothing, so that Dijkstra's algorithm finds the cheapest chain.
    """

    kinds: Sequence[Row]
    room: list[int]
    out: int
    cost: list[dict[int, int]] = field(init=False)
    order: list[list[tuple[int, int]]] = field(init=False)  # of each kind, (cost, column), the first of those with room last
    held: list[dict[int, int]] = field(init=False)  # of each kind, how many are in which column
    worth: list[int] = field(init=False)
    drives: list[list[int]] = field(init=False)  # what it costs that a kind takes the place of another, at the least
    ways: list[list[list[tuple[int, int]]]] = field(init=False)  # the same for every column, as heaps
    none: int = 0

    def __attrs_post_init__(self) -> None:
        nowhere, size = len(self.room) - 1, len(self.kinds)
        self.cost = [{**dict(zip(columns, costs, strict=True)), nowhere: self.out} for columns, costs in self.kinds]
        self.order = [sorted([(cost, column) for column, cost in own.items()], reverse=True) for own in self.cost]
        self.held = [{} for _ in self.kinds]
        self.none = 4 * (1 + size) * max([self.out, *(own[0][0] for own in self.order)])
        self.worth = [self._end(kind)[0] for kind in range(size)]
        self.drives = [[self.none] * size for _ in self.kinds]
        self.ways = [[[] for _ in self.kinds] for _ in self.kinds]

    def _end(self, kind: int) -> tuple[int, int]:
        """The cheapest column of a kind that has room, and what it costs; there is always the last, being left out."""
        order, room = self.order[kind], self.room
        while room[order[-1][1]] <= 0:  # no column has room again
            order.pop()
        return order[-1]

    def chain(self, first: int, many: int) -> int:
        """Place rows of a kind, at most so many, along the cheapest chain of moves; how many were placed."""
        worth, drives = self.worth, self.drives
        far = {first: 0}
        came = {first: first}
        done: list[int] = []
        bound, last = self.none, first
        waiting = dict(far)
        while waiting:
            kind = min(waiting, key=waiting.__getitem__)
            length = waiting.pop(kind)
            if length >= bound:
                break
            done.append(kind)
            base = length - worth[kind]
            end = base + self._end(kind)[0]
            if end < bound:
                bound, last = end, kind
            for other, (drive, own) in enumerate(zip(drives[kind], worth, strict=True)):
                there = base + drive + own
                if there < bound and (other not in far or there < far[other]):
                    far[other] = waiting[other] = there
                    came[other] = kind
        for kind in done:
            worth[kind] += bound - far[kind]
        return self._move(first, last, came, many)

    def _move(self, first: int, last: int, came: dict[int, int], many: int) -> int:
        """Carry out a chain with as many rows as its narrowest place allows."""
        column = self._end(last)[1]
        steps = [(last, column)]
        many = min(many, self.room[column])
        while last != first:
            before = came[last]
            column = self.ways[before][last][0][1]
            many = min(many, self.held[last][column])
            steps.append((before, column))
            last = before
        self.room[steps[0][1]] -= many
        for (kind, into), (_, left) in zip(steps, [*steps[1:], (0, -1)], strict=True):
            own = self.held[kind]
            fresh = into not in own
            own[into] = own.get(into, 0) + many
            if fresh:
                self._enter(kind, into)
            if left >= 0:
                own[left] -= many
                if not own[left]:
                    del own[left]
                    self._leave(kind, left)
        return many

    def _enter(self, kind: int, column: int) -> None:
        """A kind is in a column from now on, from where others may drive it."""
        own = self.cost[kind][column]
        if column == len(self.room) - 1:
            return  # there is room for all, so that nobody is driven from there
        for other, costs in enumerate(self.cost):
            if other != kind and column in costs:
                heappush(self.ways[other][kind], (costs[column] - own, column))
                self.drives[other][kind] = min(self.drives[other][kind], costs[column] - own)

    def _leave(self, kind: int, column: int) -> None:
        """A kind is in a column no more."""
        held = self.held[kind]
        for other, ways in enumerate(self.ways):
            way = ways[kind]
            if way and way[0][1] == column:
                while way and way[0][1] not in held:
                    heappop(way)
                self.drives[other][kind] = way[0][0] if way else self.none
