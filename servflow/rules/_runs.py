"""Knows stretches of positions and what they have in common; must not know what a position stands for."""

from __future__ import annotations

from collections.abc import Iterable

Runs = tuple[int, ...]
"""Positions on a line as start, end, start, end, ...: half-open, ascending, never touching."""


def pairs(runs: Runs) -> Iterable[tuple[int, int]]:
    """The start and end of each run."""
    return zip(runs[::2], runs[1::2], strict=True)


def both(left: Runs, right: Runs) -> Runs:
    """What runs have in common."""
    if len(left) == 2 and len(right) == 2:
        start, end = max(left[0], right[0]), min(left[1], right[1])
        return (start, end) if start < end else ()
    found: list[int] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i], right[j]), min(left[i + 1], right[j + 1])
        if start < end:
            found += (start, end)
        if left[i + 1] < right[j + 1]:
            i += 2
        else:
            j += 2
    return tuple(found)


def less(left: Runs, right: Runs) -> Runs:
    """What the second leaves of the first."""
    end = max(left[-1] if left else 0, right[-1] if right else 0)
    edges = [0, *right, end]
    # Between the runs of *right* lies what it leaves.
    outside = [edge for start, stop in pairs(tuple(edges)) if start < stop for edge in (start, stop)]
    return both(left, tuple(outside))


def either(left: Runs, right: Runs) -> Runs:
    """What either holds."""
    merged: list[int] = []
    for start, end in sorted([*pairs(left), *pairs(right)]):
        if merged and start <= merged[-1]:
            merged[-1] = max(merged[-1], end)
        else:
            merged += (start, end)
    return tuple(merged)
