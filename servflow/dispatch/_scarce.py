"""Knows how rows that cannot all be placed are told from those that can; must not know what either cost."""

from __future__ import annotations

from collections.abc import Sequence

from servflow.dispatch._flow import Row, place
from servflow.dispatch._kinds import place_kinds


def place_most(rows: Sequence[Row], room: Sequence[int], out: int) -> list[int]:
    """
    The column of every row (-1: left out), as many placed as can be and at the least cost, like ``place``.

    Rows of few kinds are placed kind by kind. Where others are too many for some columns, these columns are full in every
    placement of most rows, with rows that have no other. There it is the places that choose among rows: for them rows
    are plenty, while for the rows prices would have to rise, step by step, to what leaving one out costs.

    Args:
        rows: for each row its columns and costs, as in ``place``.
        room: how many rows each column takes.
        out: what leaving a row out costs: more than any placement of all others can save.
    """
    alike = place_kinds(rows, room, out)
    if alike is not None:
        return alike
    crowded, full = _crowded(rows, room)
    if not crowded:
        return list(place(rows, room, out).column_of)
    found = [-1] * len(rows)
    others = [row for row in range(len(rows)) if row not in crowded]
    kept = [_without(rows[row], full) for row in others]
    for row, column in zip(others, place(kept, room, out).column_of, strict=True):
        found[row] = column
    columns = [column for column in sorted(full) if room[column] > 0]
    listed = sorted(crowded)
    number = {column: place_of for place_of, column in enumerate(columns)}
    seen: list[tuple[list[int], list[int]]] = [([], []) for _ in columns]
    for index, row in enumerate(listed):
        for column, cost in zip(*rows[row], strict=True):
            if column in number:
                seen[number[column]][0].append(index)
                seen[number[column]][1].append(cost)
    slots = [column for column in columns for _ in range(room[column])]
    for column, index in zip(
        slots, place([seen[number[slot]] for slot in slots], [1] * len(listed), out).column_of, strict=True
    ):
        if index >= 0:
            found[listed[index]] = column
    return found


def _without(row: Row, full: set[int]) -> Row:
    columns, costs = row
    if full.isdisjoint(columns):
        return row
    kept = [(column, cost) for column, cost in zip(columns, costs, strict=True) if column not in full]
    return [column for column, _ in kept], [cost for _, cost in kept]


def _crowded(rows: Sequence[Row], room: Sequence[int]) -> tuple[set[int], set[int]]:
    """The rows that are too many for the columns they may go to, and these columns."""
    left = list(room)
    column_of = [-1] * len(rows)
    inside: list[set[int]] = [set() for _ in room]
    crowded: set[int] = set()
    dead: set[int] = set()  # columns from which no way leads to any with room; none ever will
    for new in sorted(range(len(rows)), key=lambda row: (len(rows[row][0]), row)):
        for column in rows[new][0]:
            if left[column] > 0:
                break
        else:
            column = -1
        if column >= 0:  # most rows find room right away
            left[column] -= 1
            column_of[new] = column
            inside[column].add(new)
            continue
        came: dict[int, int] = {}
        waiting, reached = [new], [new]
        end = -1
        while waiting and end < 0:
            row = waiting.pop()
            for column in rows[row][0]:
                if column in came or column in dead:
                    continue
                came[column] = row
                if left[column] > 0:
                    end = column
                    break
                waiting.extend(inside[column])
                reached.extend(inside[column])
        if end < 0:
            crowded.update(reached)
            dead.update(came)
            continue
        left[end] -= 1
        while True:
            row = came[end]
            before, column_of[row] = column_of[row], end
            inside[end].add(row)
            if row == new:
                break
            inside[before].discard(row)
            end = before
    return crowded, dead
