"""Knows the cheapest way to place rows into columns with room; must not know tickets or candidates."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush, heappushpop

from attrs import define, field, frozen

Row = tuple[Sequence[int], Sequence[int]]
"""The columns a row may go to, each once, and what each of them costs."""

FIRST = 16
"""How many columns of a row are looked at to begin with: the cheapest."""

WHOLE = 256
"""Up to how many columns all of them are looked at; then rows that see the same can be told to be alike."""

MORE, WATCHED = 8, 24
"""How many more once the prices of those have risen above what the others may cost."""

BIDS = 4
"""How often a row may be outbid on the average before paths are looked for; each is right, paths are surer."""


@frozen
class Placed:
    """
    Where every row goes at the least total cost, and what makes that certain.

    ``column_of`` has -1 for rows left out. ``prices`` says for each column what one place more in it would save
    (its dual value, from 0 up; 0 where there is room), in the unit of the costs: no row could go anywhere for less than
    where it is, once each column costs its price beside its cost. ``total`` is the cost of all rows.
    """

    column_of: tuple[int, ...]
    prices: tuple[int, ...]
    total: int


def place(rows: Sequence[Row], room: Sequence[int], out: int | None = None, above: Sequence[int] | None = None) -> Placed:
    """
    Place every row into one of its columns, or leave it out, at the least total cost.

    Successive shortest paths: a row is placed along the cheapest chain of moves (this row takes a place, whoever
    held it moves on, ...), and prices keep every cost on the way from zero up, so that Dijkstra's algorithm finds it.
    Most rows need no path: while a column is full, whoever of those in it loses least by leaving does so, and the
    price rises to where that costs nothing. Of a row only its cheapest columns are looked at, and others as soon
    as prices allow that one of them is better; so the result is that of looking at all.

    Args:
        rows: for each row its columns and costs, whole numbers from 0 on and of any size, so nothing is rounded.
        room: how many rows each column takes.
        out: what leaving a row out costs; by default so much that as many rows as can be are placed.
        above: for each column the one that it is a part of (-1: none), which holds at most its own room in all.
            Rows name only columns that have no parts.
    """
    if out is None:
        out = 1 + len(rows) * max((max(costs) for _, costs in rows if costs), default=0)
    flow = _Flow(rows, list(room), out, above)
    left = range(len(rows)) if above is not None else flow.bid()
    for row in left:
        while not flow.path(row):
            pass
    return flow.placed()


@define(eq=False)
class _Flow:
    rows: Sequence[Row]
    room: list[int]
    out: int
    above: Sequence[int] | None
    looked: list[list[tuple[int, int]]] = field(factory=list)  # of each row, (cost, column) of the columns looked at
    kind: list[int] = field(factory=list)  # the same of rows that see the same columns at the same costs, all of them looked at
    beyond: list[int] = field(factory=list)  # of each row, what every other column costs at least, price included
    watched: list[list[tuple[int, int]]] = field(factory=list)
    unwatched: list[int] = field(factory=list)
    price: list[int] = field(factory=list)
    column_of: list[int] = field(factory=list)
    cost_of: list[int] = field(factory=list)
    inside: list[dict[int, None]] = field(factory=list)
    parts: list[list[int]] = field(factory=list)
    used: list[int] = field(factory=list)
    far: list[int] = field(factory=list)
    came: list[int] = field(factory=list)  # the row that moves into a column, or ~column where its room passes on
    most: int = 0

    def __attrs_post_init__(self) -> None:
        nowhere = len(self.room)
        self.room.append(len(self.rows))
        self.most = 1 << (self.out.bit_length() + len(self.rows).bit_length() + 4)
        known: dict[Hashable, tuple[list[tuple[int, int]], list[tuple[int, int]], int, int]] = {}
        for number, (columns, costs) in enumerate(self.rows):
            key = (tuple(columns), tuple(costs)) if len(costs) <= WHOLE else (id(columns), id(costs))
            seen = known.get(key)
            if seen is None:
                looked, tied, beyond = _cheapest(columns, costs, self.most)
                if beyond == self.most:
                    looked.append((self.out, nowhere))
                    looked.sort()
                seen = known[key] = looked, tied, beyond, len(known)
            looked, tied, beyond, kind = seen
            if beyond != self.most:
                wanted, start = FIRST - len(looked), number * 40503 % max(1, len(tied))
                # Rows that see the same begin at different ones of those that cost the same.
                others = [tied[(start + step) % len(tied)] for step in range(wanted)] if tied else []
                looked = sorted([*looked, *others, (self.out, nowhere)])
            self.looked.append(looked)
            self.kind.append(kind if beyond == self.most else ~number)
            self.beyond.append(beyond)
        self.watched, self.unwatched = [[] for _ in self.rows], list(self.beyond)
        size = nowhere + 1
        self.price, self.used = [0] * size, [0] * size
        self.column_of, self.cost_of = [-1] * len(self.rows), [0] * len(self.rows)
        self.inside = [{} for _ in range(size)]
        self.far, self.came = [self.most] * size, [0] * size
        if self.above is not None:
            self.above = [*self.above, -1]
            self.parts = [[] for _ in range(size)]
            for column, whole in enumerate(self.above):
                if whole >= 0:
                    self.parts[whole].append(column)

    def look(self, row: int, worth: int) -> bool:
        """Look at more columns of a row if any that was not looked at now costs less than *worth*."""
        price, watched = self.price, self.watched[row]
        if worth > self.unwatched[row]:
            watched = self.watched[row] = self._watch(row)
        least = min([cost + price[column] for cost, column in watched], default=self.most)
        if least >= worth:
            self.beyond[row] = min(least, self.unwatched[row])
            return False
        watched.sort(key=lambda pair: pair[0] + price[pair[1]])
        more = max(MORE, len(self.looked[row]))  # twice as many each time: who asks often soon has seen all
        self.looked[row] = sorted([*self.looked[row], *watched[:more]])
        del watched[:more]
        self.beyond[row] = min([self.unwatched[row], *(cost + price[column] for cost, column in watched)])
        return True

    def _watch(self, row: int) -> list[tuple[int, int]]:
        """Those not looked at that cost least by now: as long as the others cost more, these alone are asked again."""
        price = self.price
        seen = {column for _, column in self.looked[row]}
        columns, costs = self.rows[row]
        others = [(cost + price[column], cost, column) for cost, column in zip(costs, columns, strict=True)]
        others = sorted([entry for entry in others if entry[2] not in seen])
        count = max(WATCHED, 2 * len(seen))
        self.unwatched[row] = others[count][0] if len(others) > count else self.most
        return [(cost, column) for _, cost, column in others[:count]]

    def bid(self) -> list[int]:
        """Place rows where they cost least, the price of a full column rising; those left over need a path."""
        price, room, beyond = self.price, self.room, self.beyond
        inside: list[list[tuple[int, int]]] = [[] for _ in room]  # (the price at which it leaves, row), the lowest first
        waiting = list(range(len(self.rows)))[::-1]
        left: list[int] = []
        steps = BIDS * len(waiting)
        while waiting:
            row = waiting.pop()
            if steps <= 0:
                left.append(row)
                continue
            steps -= 1
            second, column, cost = self._two(row)
            while second > beyond[row] and self.look(row, second):
                second, column, cost = self._two(row)
            self.column_of[row], self.cost_of[row] = column, cost
            if room[column] > 0:
                room[column] -= 1
                heappush(inside[column], (second - cost, row))
                continue
            leaves, row = heappushpop(inside[column], (second - cost, row))
            while (now := self._leaves(row, column)) > leaves:  # prices have risen elsewhere since
                leaves, row = heappushpop(inside[column], (now, row))
                if leaves == now:
                    break
            self.column_of[row], self.cost_of[row] = -1, 0
            if leaves <= price[column]:
                left.append(row)  # of columns that are worth the same none gives way: only a path tells
            else:
                price[column] = leaves
                waiting.append(row)
        for column, rows in enumerate(inside):
            self.inside[column] = dict.fromkeys(row for _, row in rows)
        return sorted(left)

    def _two(self, row: int) -> tuple[int, int, int]:
        """What the second best column costs with its price, which is the best, and what that costs without."""
        price = self.price
        best = second = self.most
        column = cost = -1
        for own, number in self.looked[row]:
            full = own + price[number]
            if full < second:
                if full < best:
                    second, best, column, cost = best, full, number, own
                else:
                    second = full
        return second, column, cost

    def _leaves(self, row: int, column: int) -> int:
        """The price at which a row would leave its column for another."""
        price = self.price
        while True:
            least = min([own + price[number] for own, number in self.looked[row] if number != column], default=self.most)
            if least <= self.beyond[row] or not self.look(row, least):
                return least - self.cost_of[row]

    def path(self, new: int) -> bool:
        """Place one more row along the cheapest chain of moves; False if columns not looked at may make it cheaper."""
        far, came, price, room, looked, cost_of = self.far, self.came, self.price, self.room, self.looked, self.cost_of
        above, most = self.above, self.most
        touched: list[int] = []
        done: list[int] = []
        waiting: list[tuple[int, int]] = []
        end, bound = -1, most
        rows, free = {new: None}, 0
        kind = self.kind
        while True:
            for row in {kind[one]: one for one in rows}.values():
                base = free - cost_of[row]  # leaving gives back what the row costs where it is
                limit = bound - base
                for cost, column in looked[row]:
                    if cost >= limit:
                        break
                    length = base + cost + price[column]
                    if length < bound and length < far[column]:
                        touched.append(column)
                        far[column] = length
                        came[column] = row
                        if room[column] > 0 and (above is None or above[column] < 0):
                            end, bound = column, length
                            limit = bound - base
                        else:
                            heappush(waiting, (length, column))
            while waiting:
                length, column = heappop(waiting)
                if length == far[column]:
                    break
            else:
                break
            if length >= bound:
                break
            done.append(column)
            if above is not None and self._pass_on(column, bound, touched, waiting):
                end, bound = column, length
                break
            rows, free = self.inside[column], length - price[column]
        for column in done:
            price[column] += bound - far[column]
        asked: list[int] = []
        sound = self._sound(new, bound, done, asked)
        if sound:
            self._move(new, end)
        else:
            for column in done:
                price[column] -= bound - far[column]
            self._sink(asked, bound - far[done[0]] if done else 0)
        for column in touched:
            far[column] = most
        return sound

    def _pass_on(self, column: int, bound: int, touched: list[int], waiting: list[tuple[int, int]]) -> bool:
        """Pass room that is left to the whole, and what the whole lacks to its parts; True if it has room for good."""
        above: Sequence[int] = self.above or ()
        if self.room[column] > 0 and above[column] < 0:
            return True
        ways = [above[column]] if self.room[column] > 0 else []
        ways.extend(part for part in self.parts[column] if self.used[part] > 0)
        for way in ways:
            there = self.far[column] + self.price[way] - self.price[column]
            if there < bound and there < self.far[way]:
                touched.append(way)
                self.far[way] = there
                self.came[way] = ~column
                heappush(waiting, (there, way))
        return False

    def _sound(self, new: int, bound: int, done: Sequence[int], asked: list[int]) -> bool:
        """Whether no column that was not looked at has become cheaper for a row than where it is; else look at it."""
        beyond, price = self.beyond, self.price
        sound = True
        if bound > beyond[new]:
            asked.append(new)
            sound = not self.look(new, bound)
        for column in done:
            now = price[column]
            for row in self.inside[column]:
                worth = self.cost_of[row] + now
                if worth > beyond[row]:
                    asked.append(row)
                    if self.look(row, worth):
                        sound = False
        return sound

    def _sink(self, rows: Sequence[int], most: int) -> None:
        """Prices have sunk again, by at most so much: what rows were told of columns not looked at held above that only."""
        price = self.price
        for row in rows:
            self.unwatched[row] -= most
            self.beyond[row] = min([self.unwatched[row], *(cost + price[column] for cost, column in self.watched[row])])

    def _move(self, new: int, column: int) -> None:
        """Carry out the chain of moves that ends at a column with room."""
        self.room[column] -= 1
        self.used[column] += 1
        above: Sequence[int] = self.above or ()
        while True:
            row = self.came[column]
            if row < 0:
                before = ~row
                if above[before] == column:
                    self.used[before] += 1
                    self.room[before] -= 1
                else:
                    self.used[column] -= 1
                    self.room[column] += 1
                column = before
                continue
            left = self.column_of[row]
            self.column_of[row] = column
            self.cost_of[row] = next(cost for cost, number in self.looked[row] if number == column)
            self.inside[column][row] = None
            if row == new:
                return
            del self.inside[left][row]
            column = left

    def placed(self) -> Placed:
        """The result, with the prices of parts that nobody uses raised to those of their wholes."""
        nowhere = len(self.room) - 1
        prices = self.price[:-1]
        if self.above is not None:
            waiting = [column for column in range(nowhere) if self.above[column] < 0]
            for column in waiting:  # grows: wholes come before their parts
                for part in self.parts[column]:
                    prices[part] = max(prices[part], prices[column])
                    waiting.append(part)
        columns = tuple(-1 if column == nowhere else column for column in self.column_of)
        return Placed(columns, tuple(prices), sum(self.cost_of))


def _cheapest(
    columns: Sequence[int], costs: Sequence[int], most: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """The cheapest columns of a row, cheapest first; those that cost as much as the next of them; what others cost."""
    if len(costs) <= WHOLE:
        return sorted(zip(costs, columns, strict=True)), [], most
    order = sorted(costs)
    last = order[FIRST - 1]
    if order[FIRST] > last:
        return sorted([pair for pair in zip(costs, columns, strict=True) if pair[0] <= last]), [], order[FIRST]
    fixed = sorted([pair for pair in zip(costs, columns, strict=True) if pair[0] < last])
    return fixed, [pair for pair in zip(costs, columns, strict=True) if pair[0] == last], last
