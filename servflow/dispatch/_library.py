"""Knows how a placement is asked of OR-tools or SciPy; must not know tickets, nor how we place without them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from servflow.dispatch._flow import Row
from servflow.errors import InputError

MOST_ORTOOLS = (1 << 62) - 1
"""What all costs together may come to there: numbers of 64 bits, with room for what is added on the way."""

MOST_SCIPY = (1 << 53) - 1
"""The same for SciPy, which counts in floating point: up to here every whole number has a place of its own."""

SMALL = 1_000
"""Up to how many pairs SciPy is asked where both are there: its matching is quicker on little, the flow on much."""


def library(rows: Sequence[Row], room: Sequence[int], out: int, above: Sequence[int] | None) -> list[int] | None:
    """
    The column of every row (-1: left out) at the least total cost; None where the numbers are too great for exact answers.

    Raises:
        InputError: neither library is installed.
    """
    flow, matching = find_spec("ortools") is not None, find_spec("scipy") is not None
    if not flow and not matching:
        raise InputError(
            "solver 'library' needs OR-tools or SciPy; pip install 'servflow[plan]', or use 'exact'",
            code="extra_missing",
            extra="plan",
        )
    if not any(columns for columns, _ in rows):
        return [-1] * len(rows)
    total = out * len(rows)
    small = sum(len(columns) for columns, _ in rows) <= SMALL
    if matching and above is None and total <= MOST_SCIPY and (small or not flow):
        return _matching(rows, room, out)
    return _flow(rows, room, out, above) if flow and total <= MOST_ORTOOLS else None


def _flow(rows: Sequence[Row], room: Sequence[int], out: int, above: Sequence[int] | None) -> list[int] | None:
    import numpy as np
    from ortools.graph.python import min_cost_flow

    count, size = len(rows), len(room)
    sink = count + size
    lengths = np.fromiter((len(columns) for columns, _ in rows), dtype=np.int64, count=count)
    columns: list[Any] = [np.asarray(columns, dtype=np.int64) for columns, _ in rows]
    costs: list[Any] = [np.asarray(costs, dtype=np.int64) for _, costs in rows]
    named = np.arange(count, dtype=np.int64)
    pairs = int(lengths.sum())
    wholes = (
        np.full(size, sink) if above is None else np.array([sink if to < 0 else count + to for to in above], dtype=np.int64)
    )
    tails = np.concatenate([np.repeat(named, lengths), named, np.arange(count, sink)])
    heads = np.concatenate([*(column + count for column in columns), np.full(count, sink), wholes])
    limits = np.concatenate([np.ones(pairs + count, dtype=np.int64), np.array(room, dtype=np.int64)])
    prices = np.concatenate([*costs, np.full(count, out, dtype=np.int64), np.zeros(size, dtype=np.int64)])
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tails, heads, limits, prices)
    solver.set_nodes_supplies(np.arange(sink + 1), np.concatenate([np.ones(count), np.zeros(size), [-count]]).astype(np.int64))
    if solver.solve() != solver.OPTIMAL:
        return None  # it multiplies each cost by the number of nodes; that there is a plan is sure, since all may wait
    used = np.nonzero(solver.flows(np.arange(pairs)))[0]
    found = np.full(count, -1)
    found[tails[used]] = heads[used] - count
    return [int(column) for column in found]


def _matching(rows: Sequence[Row], room: Sequence[int], out: int) -> list[int]:
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    # A column for each place; a row that waits has one of its own. A cost of nothing would be no entry: all have one more.
    first = np.concatenate([[0], np.cumsum([min(places, len(rows)) for places in room])]).astype(np.int64)
    places: list[Any] = []
    costs: list[Any] = []
    ends = [0]
    for number, (columns, asked) in enumerate(rows):
        for column, cost in zip(columns, asked, strict=True):
            places.append(np.arange(first[column], first[column + 1]))
            costs.append(np.full(len(places[-1]), cost + 1, dtype=np.float64))
        places.append(np.array([first[-1] + number]))
        costs.append(np.array([out + 1], dtype=np.float64))
        ends.append(ends[-1] + sum(len(part) for part in places[len(places) - len(columns) - 1 :]))
    shape = len(rows), int(first[-1]) + len(rows)
    matrix = csr_matrix((np.concatenate(costs), np.concatenate(places), ends), shape=shape)
    given, taken = min_weight_full_bipartite_matching(matrix)
    found = [-1] * len(rows)
    for row, place in zip(given, taken, strict=True):
        if place < first[-1]:
            found[int(row)] = int(np.searchsorted(first, place, side="right")) - 1
    return found
