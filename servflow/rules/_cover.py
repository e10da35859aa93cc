"""Knows whether boxes cover a box together, and a point they leave where they do not; must not know what a box means."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from servflow.rules._runs import Runs, less, pairs
from servflow.rules._space import Space, bits

_MOST_AT_ONCE = 400
"""More boxes than this are parted in two halves of the space first."""

_MOST_COMPARED = 80
"""More pieces of one axis than this are not compared with each other."""

_WORD = 4_096
"""Bits a mask may have until an operation on it counts double."""


@define
class Budget:
    """Steps that may still be taken; a step is about one operation on a mask."""

    left: int

    def spend(self, steps: int) -> bool:
        """Whether so many were left."""
        self.left -= steps
        return self.left >= 0


@frozen
class Answer:
    """A ``point`` that is left, or None where all is covered by ``used``; ``decided`` is false where the budget ended first."""

    point: tuple[int, ...] | None = None
    used: tuple[int, ...] = ()
    decided: bool = True


Piece = tuple[int, int]
"""The boxes that hold at a position, as a mask, and that position."""


@define
class Covering:
    """
    Searches a box for a point that no row holds.

    The box is cut where rows begin or end. What one row covers but for one axis is cut away from that axis; of pieces that
    some rows hold and further rows hold too only the first is looked at; what is left is parted, until a row covers it or no
    row is left in it.
    """

    space: Space
    budget: Budget
    extra: list[tuple[Runs, ...]] = field(factory=list)
    """Boxes that count as rows after the last."""

    def search(self, box: Sequence[Runs], rows: Sequence[int]) -> Answer:
        """
        A point of the box that none of the rows holds.

        Args:
            box: where to look, axis by axis.
            rows: rows, and ``space.rows`` plus a number for each of ``extra``.
        """
        if not all(box):
            return Answer()
        used: set[int] = set()
        pending: list[tuple[tuple[Runs, ...], list[int]]] = [(tuple(box), list(rows))]
        while pending:
            here, near = pending.pop()
            if len(near) > _MOST_AT_ONCE:
                parts = self._halves(here, near)
                if parts:
                    if not self.budget.spend(10 * len(near)):
                        return Answer(decided=False)
                    pending.extend(parts)
                    continue
            answer = self._within(here, near, used)
            if answer is not None:
                return answer
        return Answer(used=tuple(sorted(used)))

    def cell(self, axis: int, row: int) -> Runs:
        """Where a row, or an extra box, holds on an axis."""
        return self.space.axes[axis].runs(row) if row < self.space.rows else self.extra[row - self.space.rows][axis]

    def _halves(self, box: tuple[Runs, ...], rows: list[int]) -> list[tuple[tuple[Runs, ...], list[int]]]:
        """The box in two, parted where its rows differ most, each with the rows that reach into it; none if they do nowhere."""
        best: list[int] = []
        chosen = 0
        for axis, runs in enumerate(box):
            cells = {self.cell(axis, row) for row in rows}
            edges = sorted({edge for cell in cells for edge in cell if runs[0] < edge < runs[-1]})
            if len(edges) > len(best):
                best, chosen = edges, axis
        if not best:
            return []
        middle = best[len(best) // 2]
        parts = []
        for half in (less(box[chosen], (middle, box[chosen][-1])), less(box[chosen], (0, middle))):
            if half:
                near = [row for row in rows if _meet(self.cell(chosen, row), half)]
                parts.append(((*box[:chosen], half, *box[chosen + 1 :]), near))
        return parts

    def _pieces(self, box: tuple[Runs, ...], rows: list[int]) -> list[list[Piece]]:
        """Each axis of the box, cut where the rows begin or end."""
        cut = []
        for axis, runs in enumerate(box):
            masks: dict[Runs, int] = {}
            for number, row in enumerate(rows):
                cell = self.cell(axis, row)
                masks[cell] = masks.get(cell, 0) | 1 << number
            events: dict[int, int] = {}
            inside = 1 << len(rows)
            for cell, mask in [*masks.items(), (runs, inside)]:
                for edge in cell:
                    events[edge] = events.get(edge, 0) ^ mask
            pieces: dict[int, int] = {}
            holding = 0
            for position in sorted(events):
                holding ^= events[position]
                if holding & inside:
                    pieces.setdefault(holding ^ inside, position)
            cut.append(list(pieces.items()))
        return cut

    def _within(self, box: tuple[Runs, ...], rows: list[int], used: set[int]) -> Answer | None:
        """A point of the box, or None where the rows cover it; those that do are added to *used*."""
        if not self.budget.spend(4 * len(rows) + 4):
            return Answer(decided=False)
        search = _Search((1 << len(rows)) - 1, self.budget)
        point = search.run(self._pieces(box, rows))
        used.update(rows[number] for number in bits(search.used))
        if search.ended:
            return Answer(decided=False)
        return None if point is None else Answer(point)


@define
class _Search:
    everyone: int
    budget: Budget
    used: int = 0
    ended: bool = False
    point: tuple[int, ...] | None = None

    def run(self, axes: list[list[Piece]]) -> tuple[int, ...] | None:
        stack = [(axes, self.everyone)]
        weight = 1 + self.everyone.bit_length() // _WORD
        while stack and self.point is None:
            axes, alive = stack.pop()
            if not self.budget.spend(weight * (8 + 4 * sum(map(len, axes)))):
                self.ended = True
                return None
            left = self._settled(axes, alive)
            if left is not None:
                stack.extend(_parted(*left))
        return self.point

    def _use(self, mask: int) -> None:
        mask = mask & self.used or mask
        self.used |= mask & -mask

    def _settled(self, axes: list[list[Piece]], alive: int) -> tuple[list[list[Piece]], int, list[int]] | None:
        """What is left of a part after all that is certain of it; None where it is covered, or a point was found."""
        while True:
            every: list[int] = []
            for pieces in axes:
                common, some = alive, 0
                for mask, _ in pieces:
                    common &= mask
                    some |= mask
                alive &= some
                every.append(common)
            if not alive:
                self.point = tuple(pieces[0][1] for pieces in axes)
                return None
            whole = alive
            for common in every:
                whole &= common
            if whole:
                self._use(whole)
                return None
            if self._cut(axes, alive, every):
                if not all(axes):
                    return None
                continue
            if self._greedy(axes, alive):
                return None
            if not _fewer(axes, alive):
                return axes, alive, every

    def _cut(self, axes: list[list[Piece]], alive: int, every: list[int]) -> bool:
        """Cut away the pieces that one box covers on all other axes; whether there were any."""
        for axis, pieces in enumerate(axes):
            slab = alive
            for other, common in enumerate(every):
                if other != axis:
                    slab &= common
            if slab:
                kept = []
                for piece in pieces:
                    if piece[0] & slab:
                        self._use(piece[0] & slab)
                    else:
                        kept.append(piece)
                if len(kept) < len(pieces):
                    axes[axis] = kept
                    return True
        return False

    def _greedy(self, axes: list[list[Piece]], alive: int) -> bool:
        """Go where the fewest boxes hold, axis by axis; whether none is left in the end."""
        point = []
        for pieces in axes:
            best, fewest = pieces[0], alive.bit_count() + 1
            for piece in pieces:
                count = (piece[0] & alive).bit_count()
                if count < fewest:
                    best, fewest = piece, count
            alive &= best[0]
            point.append(best[1])
        if alive:
            return False
        self.point = tuple(point)
        return True


def _fewer(axes: list[list[Piece]], alive: int) -> bool:
    """Leave out every piece that some boxes hold and further boxes hold too; whether there was one."""
    changed = False
    for axis, pieces in enumerate(axes):
        distinct: dict[int, int] = {}
        for mask, position in pieces:
            distinct.setdefault(mask & alive, position)
        masks = sorted(distinct, key=int.bit_count)
        if len(masks) <= _MOST_COMPARED:
            kept: list[int] = []
            for mask in masks:
                if all(less_held & mask != less_held for less_held in kept):
                    kept.append(mask)
            masks = kept
        if len(masks) < len(pieces):
            axes[axis] = [(mask, distinct[mask]) for mask in masks]
            changed = True
    return changed


def _parted(axes: list[list[Piece]], alive: int, every: list[int]) -> list[tuple[list[list[Piece]], int]]:
    """The part in two: beside a box that bounds it on two axes only, or else the longest axis halved."""
    for first in range(len(axes)):
        for second in range(first + 1, len(axes)):
            slab = alive
            for other, common in enumerate(every):
                if other not in (first, second):
                    slab &= common
            if slab:
                box = slab & -slab
                beside, along = list(axes), list(axes)
                beside[first] = [piece for piece in axes[first] if not piece[0] & box]
                along[first] = [piece for piece in axes[first] if piece[0] & box]
                along[second] = [piece for piece in axes[second] if not piece[0] & box]
                return [(along, alive & ~box), (beside, alive & ~box)]
    longest = max(range(len(axes)), key=lambda axis: len(axes[axis]))
    pieces = sorted(axes[longest], key=lambda piece: piece[1])
    halves = []
    for half in (pieces[len(pieces) // 2 :], pieces[: len(pieces) // 2]):
        part = list(axes)
        part[longest] = half
        halves.append((part, alive))
    return halves


def _meet(left: Runs, right: Runs) -> bool:
    if len(left) == 2 and len(right) == 2:
        return left[0] < right[1] and right[0] < left[1]
    return any(start < stop and begin < end for start, end in pairs(left) for begin, stop in pairs(right))


meet = _meet
"""Whether runs share a position."""
