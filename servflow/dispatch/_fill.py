"""Knows how tickets are given out one after the other and how a plan is then bettered step by step; must not know flows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import define, field

from servflow.dispatch._batch import Batch, Weighed
from servflow.dispatch._rooms import Held
from servflow.dispatch._terms import tie_break

EFFORT = 200_000
"""How many changes of a plan are tried at most before it is taken as it is."""


@define(eq=False)
class Book:
    """Who has which tickets by now, by numbers, and whether one more fits."""

    batch: Batch
    held: Held
    has: list[list[int]] = field(init=False)
    who: list[int] = field(init=False)
    limits: dict[tuple[tuple[object, ...], int], tuple[int | None, int | None]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.has = [[] for _ in self.batch.order]
        self.who = [-1] * len(self.batch.items)

    def give(self, row: int, number: int) -> None:
        """Give a ticket to a candidate, and take it from whoever has it; -1 is nobody."""
        if self.who[row] >= 0:
            self.has[self.who[row]].remove(row)
        self.who[row] = number
        if number >= 0:
            self.has[number].append(row)

    def fits(self, number: int, rows: Iterable[int]) -> bool:
        """
        Whether there is an order in which a candidate can take exactly these tickets, each within its limits.

        If there is one, taking those with the lowest limit first is one; so it is for the limits of each channel.
        """
        items = [self.batch.items[row] for row in rows]
        if not items:
            return True
        who = self.batch.order[number]
        case = items[0].case
        if not self._order(items, number, 0, case.load(who) + self.held.get((number, None), 0)):
            return False
        for channel in {item.case.ticket.channel for item in items}:
            same = [item for item in items if item.case.ticket.channel == channel]
            load = same[0].case.channel_load(who) + self.held.get((number, channel), 0)
            if not self._order(same, number, 1, load):
                return False
        return True

    def _order(self, items: Sequence[Weighed], number: int, which: int, load: int) -> bool:
        limited = [(limit, item.case.units) for item in items if (limit := self._limits(item, number)[which]) is not None]
        for limit, units in sorted(limited):
            load += units
            if load > limit:
                return False
        return True

    def _limits(self, item: Weighed, number: int) -> tuple[int | None, int | None]:
        key = item.kind, number
        if key not in self.limits:
            who = self.batch.order[number]
            self.limits[key] = item.limit(who), item.channel_limit(who)
        return self.limits[key]


def greedy(batch: Batch, held: Held) -> list[int]:
    """Give tickets out one after the other, by priority, age and id, each to its best candidate with room."""
    book = Book(batch, held)
    rows = [row for row, item in enumerate(batch.items) if item.pinned is None]
    for row in sorted(rows, key=lambda row: _turn(batch.items[row])):
        for number in _best_first(batch, batch.items[row]):
            if book.fits(number, [*book.has[number], row]):
                book.give(row, number)
                break
    return book.who


def _turn(item: Weighed) -> tuple[object, ...]:
    ticket = item.case.ticket
    return ticket.priority, ticket.opened_at, ticket.id


def _best_first(batch: Batch, item: Weighed) -> Iterator[int]:
    """The candidates of a ticket as a single decision ranks them."""
    alike: dict[int, list[int]] = {}
    for number, cost in zip(item.fitting, item.costs, strict=True):
        alike.setdefault(cost, []).append(number)
    for cost in sorted(alike):
        tied = alike[cost]
        if len(tied) > 1:
            tied.sort(key=lambda number: (tie_break(item.case, batch.order[number].id), number))
        yield from tied


def bettered(batch: Batch, held: Held, effort: int = EFFORT) -> list[int]:
    """
    Start from the greedy plan, largest tickets in their turn, and take every change that makes it better until none does.

    Changes are: a ticket that waits is taken, moves, or takes the place of another, that then goes to somebody else or
    waits; and two tickets change places. Whole numbers decide, in one order, so that the same plan comes out.
    """
    found = [_improve(batch, held, start, effort) for start in (greedy(batch, held), _packed(batch, held))]
    return min(found, key=lambda who: _worth(batch, who))


def _packed(batch: Batch, held: Held) -> list[int]:
    """Those that take least first, each to the cheapest of its candidates with room: as many as can be, nearly always."""
    book = Book(batch, held)
    _fill(batch, book)
    return book.who


def _fill(batch: Batch, book: Book) -> None:
    """Give what nobody has yet, those that take least first, each to the cheapest of its candidates with room."""
    rows = [row for row, item in enumerate(batch.items) if item.pinned is None and book.who[row] < 0]
    for row in sorted(rows, key=lambda row: (batch.items[row].case.units, row)):
        item = batch.items[row]
        for _, number in sorted(zip(item.costs, item.fitting, strict=True)):
            if book.fits(number, [*book.has[number], row]):
                book.give(row, number)
                break


def _worth(batch: Batch, who: Sequence[int]) -> int:
    costs = (_costs(item) for item in batch.items)
    return sum(batch.out if number < 0 else cost.get(number, 0) for number, cost in zip(who, costs, strict=True))


def _costs(item: Weighed) -> dict[int, int]:
    return dict(zip(item.fitting, item.costs, strict=True)) if item.pinned is None else {}


def _improve(batch: Batch, held: Held, start: Sequence[int], effort: int) -> list[int]:
    search = _Search(batch, held, effort)
    for row, number in enumerate(start):
        if number >= 0:
            search.book.give(row, number)
    changed = True
    while changed and search.left > 0:
        changed = False
        for row, item in enumerate(batch.items):
            if item.pinned is None and search.left > 0 and search.place(row):
                changed = True
    _fill(batch, search.book)  # where the effort was used up, a move may have left room that nobody was asked about
    return search.book.who


@define(eq=False)
class _Search:
    batch: Batch
    held: Held
    left: int
    book: Book = field(init=False)
    costs: list[dict[int, int]] = field(init=False)
    ways: list[list[tuple[int, int]]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.book = Book(self.batch, self.held)
        self.costs = [_costs(item) for item in self.batch.items]
        self.ways = [sorted((cost, number) for number, cost in costs.items()) for costs in self.costs]

    def cost(self, row: int) -> int:
        number = self.book.who[row]
        return self.batch.out if number < 0 else self.costs[row][number]

    def place(self, row: int) -> bool:
        """Take the first change that puts a ticket elsewhere and makes the plan better; False where there is none."""
        now = self.cost(row)
        for cost, number in self.ways[row]:
            if number == self.book.who[row]:
                continue
            if cost < now and self._fits(number, row):
                self.book.give(row, number)
                return True
            for other in list(self.book.has[number]):
                if self._instead(row, cost, now, number, other):
                    return True
        return False

    def _fits(self, number: int, row: int, without: int = -1) -> bool:
        self.left -= 1
        return self.left > 0 and self.book.fits(number, [*(has for has in self.book.has[number] if has != without), row])

    def _instead(self, row: int, cost: int, now: int, number: int, other: int) -> bool:
        """Put a ticket in the place of another, which changes places with it, goes to somebody else, or waits."""
        gain = now - cost + self.cost(other)  # what may be spent on the other one
        if gain <= 0 or self.left <= 0:
            return False
        where = self.book.who[row]
        if not self._fits(number, row, other):
            return False
        if where >= 0 and self.costs[other].get(where, gain) < gain and self._fits(where, other, row):
            self.book.give(row, -1)
            self.book.give(other, where)
            self.book.give(row, number)
            return True
        for least, third in self.ways[other]:
            if least >= gain:
                break
            if third not in (number, where) and self._fits(third, other):
                self.book.give(other, third)
                self.book.give(row, number)
                return True
        if self.batch.out < gain:
            self.book.give(other, -1)
            self.book.give(row, number)
            return True
        return False
