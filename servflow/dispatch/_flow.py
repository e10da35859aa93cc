"""Knows the cheapest way to place rows into columns with room; must not know tickets or candidates."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from attrs import define, field

Row = Sequence[tuple[int, int]]
"""The columns a row may go to, each with its cost."""


def cheapest(rows: Sequence[Row], room: Sequence[int]) -> list[int]:
    """
    The column of every row at the least total cost.

    Successive shortest paths: rows are placed one after the other, each along the cheapest chain of
    moves (this row takes a place, whoever held it moves on, ...). Potentials keep every cost on the way
    from zero up, so Dijkstra's algorithm finds the chain. After every row the placement of the rows
    so far is the cheapest there is.

    Args:
        rows: for each row its columns and costs; whole numbers of any size, so nothing is rounded.
        room: how many rows each column takes. Every row must have one column with room for all rows.
    """
    flow = _Flow(rows, list(room))
    for row in range(len(rows)):
        flow.place(row)
    return flow.column_of


@define
class _Flow:
    rows: Sequence[Row]
    room: list[int]
    column_of: list[int] = field(init=False)
    in_column: list[set[int]] = field(init=False)
    of_row: list[int] = field(init=False)
    of_column: list[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.column_of = [-1] * len(self.rows)
        self.in_column = [set() for _ in self.room]
        self.of_row = [0] * len(self.rows)
        self.of_column = [0] * len(self.room)

    def place(self, new: int) -> None:
        """Place one more row along the cheapest chain of moves."""
        # The new row's potential is chosen so that its cheapest column costs nothing.
        self.of_row[new] = max(self.of_column[column] - cost for column, cost in self.rows[new])
        far: dict[int, int] = {}  # column -> length of the shortest way to it
        came: dict[int, int] = {}  # column -> the row that moves into it
        row_far = {new: 0}
        done: set[int] = set()
        waiting: list[tuple[int, int]] = []
        self._look(new, 0, far, came, waiting)
        while True:
            length, column = heapq.heappop(waiting)
            if column in done:
                continue
            done.add(column)
            if self.room[column] > 0:
                break
            for row in sorted(self.in_column[column]):
                row_far[row] = length  # moving out gives back exactly what moving in cost
                self._look(row, length, far, came, waiting)
        for reached in done:
            self.of_column[reached] += far[reached] - length
        for row, distance in row_far.items():
            self.of_row[row] += distance - length
        self._move(new, column, came)

    def _look(self, row: int, start: int, far: dict[int, int], came: dict[int, int], waiting: list[tuple[int, int]]) -> None:
        base = start + self.of_row[row]
        for column, cost in self.rows[row]:
            length = base + cost - self.of_column[column]
            if column not in far or length < far[column]:
                far[column] = length
                came[column] = row
                heapq.heappush(waiting, (length, column))

    def _move(self, new: int, column: int, came: dict[int, int]) -> None:
        self.room[column] -= 1
        while True:
            row = came[column]
            left = self.column_of[row]
            self.column_of[row] = column
            self.in_column[column].add(row)
            if row == new:
                return
            self.in_column[left].discard(row)
            column = left
