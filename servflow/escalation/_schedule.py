"""Knows how rotations lie on top of each other and what stands in for them; must not know tickets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

import attrs
from attrs import field, frozen

from servflow.calendars._zones import LATEST
from servflow.errors import DefinitionError, LimitError
from servflow.escalation import _shape
from servflow.escalation._members import Users
from servflow.escalation._overrides import Override, Stretches, Temporary, read_overrides, read_temporary
from servflow.escalation._rotation import Piece, Rotation, Shift, gathered, other_users
from servflow.escalation._shape import Broken
from servflow.model import from_micros, instant, micros

MAX_LAYERS = 50
COMBINE = ("union", "top")
MAX_JOINED = 12_000
MAX_ALIKE = 1_000
MAX_CELLS = 120_000

Cell = tuple[int, int, Users, tuple[Piece, ...]]
"""A stretch in which nothing changes: who is on call, and the turns and overrides that say so."""


def _layers(value: Any) -> Any:
    return _shape.read_values(Rotation, value, MAX_LAYERS)


@frozen(slots=False)
class Schedule:
    """
    Layers of rotations, later ones on top, overrides, and temporary stretches that replace everything.

    With ``combine`` ``union`` (the default) everybody whom a layer names is on call, the lower layers
    first; with ``top`` only those of the highest layer that has somebody, where layers of one ``level`` are
    taken together and those without one lie below all that have one. An override that replaces then
    says who is on call instead, others take users away or cover for them, and others add users: their order
    makes no difference. Within a ``temporary`` stretch neither layers nor overrides count.

    Args:
        layers: each a `Rotation` or its mapping. One with ``begins`` or ``ends`` lasts for a while only.
        overrides: each an `Override` or its mapping, at most 10,000. Two that replace everybody, or
            cover for the same one, may not overlap, nor may one that names somebody and one that removes them.
        combine: ``union`` or ``top``.
        temporary: each a `Temporary` or its mapping; they may not overlap.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    layers: tuple[Rotation, ...] = field(default=(), converter=_layers)
    overrides: tuple[Override, ...] = field(default=(), converter=read_overrides)
    combine: str = "union"
    temporary: tuple[Temporary, ...] = field(default=(), converter=read_temporary, kw_only=True)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_option(self.combine, COMBINE, "combine")]
        if found:
            raise DefinitionError.of(found)

    @classmethod
    def of(cls, source: Schedule | Mapping[str, Any]) -> Schedule:
        """
        Read a schedule from a mapping with the constructor's keys; a schedule is returned as it is.

        Raises:
            DefinitionError: with every problem, unknown keys included.
        """
        read = _shape.read_value(cls, source)
        if isinstance(read, Broken):
            raise DefinitionError.of(read.findings)
        schedule: Schedule = read
        return schedule

    def __getstate__(self) -> dict[str, Any]:
        """What it is made of, without what was worked out of it."""
        return {attribute.name: getattr(self, attribute.name) for attribute in attrs.fields(type(self))}

    @cached_property
    def _heights(self) -> tuple[int, ...]:
        """How high each layer lies; those of one height are on call together."""
        if self.combine == "union":
            return (0,) * len(self.layers)
        if all(layer.level is None for layer in self.layers):
            return tuple(range(len(self.layers)))
        return tuple(layer.level or 0 for layer in self.layers)

    @cached_property
    def _lowest(self) -> int:
        """The lowest height that can show: none below a layer that always has somebody does."""
        pairs = zip(self._heights, self.layers, strict=True)
        return max((height for height, layer in pairs if layer.unbroken), default=0)

    @cached_property
    def _showing(self) -> tuple[Rotation, ...]:
        """The layers that can show."""
        return tuple(layer for height, layer in zip(self._heights, self.layers, strict=True) if height >= self._lowest)

    @cached_property
    def _shown_heights(self) -> tuple[int, ...]:
        return tuple(height for height in self._heights if height >= self._lowest)

    @cached_property
    def _downwards(self) -> tuple[tuple[Rotation, ...], ...]:
        """The layers that can show, those of one height together, the highest first."""
        heights = sorted(set(self._shown_heights), reverse=True)
        pairs = tuple(zip(self._shown_heights, self._showing, strict=True))
        return tuple(tuple(layer for height, layer in pairs if height == one) for one in heights)

    @cached_property
    def _most(self) -> int:
        """How many changes to look at for other users: where only windows of one group each open and close, weeks are alike."""
        lasting = all(layer.alone and layer.begins is None and layer.ends is None for layer in self._showing)
        return MAX_ALIKE if lasting and not self._edges else MAX_JOINED

    @cached_property
    def _standing_in(self) -> Stretches:
        return Stretches.of(self.overrides)

    @cached_property
    def _instead(self) -> Stretches:
        return Stretches.of(self.temporary)

    @cached_property
    def _written(self) -> tuple[tuple[Shift, ...], Stretches]:
        """The shifts of all temporary stretches."""
        shifts = tuple(shift for stretch in self.temporary for shift in stretch.shifts)
        return shifts, Stretches.of(shifts)

    @cached_property
    def _edges(self) -> list[int]:
        """Every instant at which an override, a temporary stretch or a shift of one starts or ends."""
        return sorted(self._standing_in.edges() | self._instead.edges() | self._written[1].edges())

    def on_call(self, at: datetime) -> Users:
        """
        Who is on call at an instant, each once.

        Raises:
            TimeError: *at* is naive.
        """
        return self._at(micros(instant(at)))

    def _at(self, moment: int) -> Users:
        if not self.overrides and not self.temporary:
            for layers in self._downwards:
                found = [user for layer in layers for user in layer.at_micros(moment)]
                if found:
                    return tuple(dict.fromkeys(found))
            return ()
        tiles = [(moment, moment, layer.at_micros(moment)) for layer in self._showing]
        return self._decided(moment, tiles)[0]

    def _decided(self, moment: int, layers: Iterable[Piece | None]) -> tuple[Users, tuple[Piece, ...]]:
        """Who is on call, and what says so, given the turn that each layer that can show is in."""
        if self.temporary and self._instead.at(moment):
            shifts, found = self._written
            return _united((micros(shifts[one].start), micros(shifts[one].end), shifts[one].users) for one in found.at(moment))
        held = [
            (height, tile) for height, tile in zip(self._shown_heights, layers, strict=True) if tile is not None and tile[2]
        ]
        there = [tile for _, tile in held]
        highest = max((height for height, _ in held), default=0)
        tiles = [tile for height, tile in held if height == highest]
        active = [self.overrides[place] for place in self._standing_in.at(moment)] if self.overrides else []
        if active:
            tiles = _overridden(tiles, active)
        users, kept = _united(tiles)
        # A turn that others hide still says when one of its users is handed over to, if they are on call anyway.
        return users, (*kept, *(tile for tile in there if tile not in kept and set(tile[2]) <= set(users)))

    def _cells(self, moment: int, *, back: bool = False, runs: bool = False) -> Iterator[Cell]:
        """
        Stretches from an instant on, or back, one after the other, as long as anything is still to change.

        With *runs* turns that pass from one group to the same group are no change.
        """
        if runs:
            lines = [layer.runs(moment, back) for layer in self._showing]
        else:
            lines = [layer.pieces_back(moment) if back else layer.pieces(moment) for layer in self._showing]
        if not back:
            for start, end, held in _swept(lines, self._edges, moment):
                yield (start, end, *self._decided(start, held))
            return
        # Backwards is forwards on a line turned around.
        turned = (((-end, -start, users) for start, end, users in line) for line in lines)
        edges = [-edge for edge in reversed(self._edges)]
        for start, end, held in _swept(turned, edges, -moment):
            around = [None if piece is None else (-piece[1], -piece[0], piece[2]) for piece in held]
            yield (-end, -start, *self._decided(-end, around))

    def shifts(self, a: datetime, b: datetime) -> tuple[Shift, ...]:
        """
        Who is on call in ``[a, b)`` once layers, overrides and temporary stretches are taken together.

        In order and whole: the first may start before *a*, the last end after *b*. A shift ends where somebody else comes
        on call or nobody does, and where one turn of theirs passes into the next, as a rotation's shifts do; what changes
        in a layer without a difference to who is on call ends none. Of a schedule with one layer they are that layer's.

        Raises:
            TimeError: *a* or *b* is naive, or a shift leaves the years 1 to 9999.
            LimitError: there are more than 100,000, or more than 120,000 changes.
        """
        low, high = micros(instant(a, "a")), micros(instant(b, "b"))
        return gathered(self._joined(low, high), high) if low < high else ()

    def _joined(self, low: int, high: int) -> Iterator[Piece]:
        """The shifts in microseconds; one that goes on through more than 12,000 changes beyond the question is cut there."""
        begun: int | None = None
        last: Cell | None = None
        beyond = 0
        for number, cell in enumerate(self._cells(low)):
            if number > MAX_CELLS:
                raise LimitError(f"more than {MAX_CELLS} changes; ask for a shorter stretch of time", limit=MAX_CELLS)
            if last is None or begun is None or not _goes_on(last, cell):
                if last is not None and begun is not None:
                    yield begun, last[1], last[2]
                begun = None
                if cell[0] >= high:
                    return
                if cell[2]:
                    begun = self._begun(cell) if cell[0] == low else cell[0]
            last = cell
            beyond += cell[0] >= high
            if beyond > MAX_JOINED:
                break
        if last is not None and begun is not None:
            yield begun, last[1], last[2]

    def _begun(self, cell: Cell) -> int:
        """When the shift began that a cell goes on with."""
        for before in islice(self._cells(cell[0], back=True), MAX_JOINED):
            if not _goes_on(before, cell):
                break
            cell = before
        return cell[0]

    def next_change(self, at: datetime) -> datetime | None:
        """
        The first instant after *at* at which a shift of a layer, an override or a temporary stretch starts or ends.

        None where none does until the year 9999 ends. It may be one at which nobody comes or goes.
        """
        moment = micros(instant(at))
        changes = [change for layer in self._showing if (change := layer.next_change(at)) is not None]
        place = bisect_right(self._edges, moment)
        if place < len(self._edges) and self._edges[place] <= LATEST:
            changes.append(from_micros(self._edges[place]))
        return min(changes, default=None)

    def next_on_call(self, at: datetime) -> Users:
        """Who is on call next: the first users after *at* that differ from those at *at*; nobody where none do."""
        moment = micros(instant(at))
        pieces = (cell[:3] for cell in self._cells(moment, runs=True))
        return other_users(pieces, self._at(moment), lambda piece: piece[0] > moment, self._most)

    def previous_on_call(self, at: datetime) -> Users:
        """Who was on call before: the last users before *at* that differ from those at *at*; nobody where none do."""
        moment = micros(instant(at))
        pieces = (cell[:3] for cell in self._cells(moment, back=True, runs=True))
        return other_users(pieces, self._at(moment), lambda piece: piece[1] <= moment, self._most)

    def to_data(self) -> dict[str, Any]:
        """The canonical, JSON-ready form: ``Schedule(**data)`` is this schedule again."""
        return _shape.to_data(self)


def _overridden(tiles: list[Piece], active: list[Override]) -> list[Piece]:
    """What is left and added where overrides hold: those that replace come first, then covers and removals, then additions."""
    acting = [(micros(one.start), micros(one.end), one.users) for one in active]
    wholly = [tile for tile, one in zip(acting, active, strict=True) if one.wholly]
    covers = {user: tile[2] for tile, one in zip(acting, active, strict=True) for user in one.instead_of}
    covers |= {user: () for one in active if one.action == "remove" for user in one.users}
    found = [
        (start, end, tuple(other for user in users for other in covers.get(user, (user,))))
        for start, end, users in wholly or tiles
    ]
    added = [tile for tile, one in zip(acting, active, strict=True) if one.action == "add"]
    return [*(tile for tile in found if tile[2]), *added]


def _united(tiles: Iterable[Piece]) -> tuple[Users, tuple[Piece, ...]]:
    kept = tuple(tiles)
    return tuple(dict.fromkeys(user for _, _, users in kept for user in users)), kept


def _goes_on(before: Cell, after: Cell) -> bool:
    """Whether a shift goes on from one cell into the next: the same users, and no turn passes to those who had it."""
    if before[2] != after[2]:
        return False
    begun = [tile[2] for tile in after[3] if tile[0] == after[0]]
    return not any(tile[1] == after[0] and tile[2] in begun for tile in before[3])


def _swept(lines: Iterable[Iterator[Piece]], edges: list[int], at: int) -> Iterator[tuple[int, int, list[Piece | None]]]:
    """Stretches between one change and the next, with the piece of each line that holds there."""
    waiting = list(lines)
    pieces = [next(line, None) for line in waiting]
    place = bisect_right(edges, at)
    while True:
        for index, line in enumerate(waiting):
            while (piece := pieces[index]) is not None and piece[1] <= at:
                pieces[index] = next(line, None)
        coming = [piece[0] if piece[0] > at else piece[1] for piece in pieces if piece is not None]
        while place < len(edges) and edges[place] <= at:
            place += 1
        coming += edges[place : place + 1]
        if not coming:
            return
        until = min(coming)
        yield at, until, [piece if piece is not None and piece[0] <= at else None for piece in pieces]
        at = until
