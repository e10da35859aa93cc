"""Knows how long plans of many tickets take beside other solvers, and how good they are; must not know what is enough."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from time import process_time
from typing import Any

from attrs import evolve

from benchmarks._measure import ratio
from benchmarks.dispatch_instances import Instance, instance
from servflow.dispatch import Plan, Policy, plan, verify
from servflow.dispatch import _plan as module
from servflow.dispatch._batch import Batch
from servflow.dispatch._flow import Row
from servflow.dispatch._library import library
from servflow.dispatch._rooms import Rooms, held_by
from servflow.dispatch._scarce import place_most

ROUNDS = 7
SHARES = ((0.7, "room for all"), (1.0, "as many as there is room"), (1.3, "too many"))


def timed(calls: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """CPU seconds of each call in rounds in which all take turns, and what each gave last."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    given: dict[str, Any] = {}
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            begun = process_time()
            given[name] = call()
            taken[name].append(process_time() - begun)
    return taken, given


def times(taken: Mapping[str, Sequence[float]], name: str, other: str) -> float:
    """How many times the CPU time of another call one takes: the median over rounds."""
    return statistics.median(one / two for one, two in zip(taken[name], taken[other], strict=True))


class Numbers:
    """A problem as bare numbers: rows with their columns and costs, room, and what leaving a row out costs."""

    def __init__(self, drawn: Instance) -> None:
        cases = module.cases_of(drawn.policy, drawn.tickets, drawn.world, drawn.at, bindings=None, hooks=None)
        batch = Batch.of(cases, {}, None, None)
        rooms = Rooms.of(batch, held_by(batch.items))
        self.rows: list[Row] = []
        for item in batch.items:
            column = rooms.column[item.kind] if item.fitting else []
            self.rows.append(([column[number] for number in item.fitting], list(item.costs)))
        self.room, self.out = rooms.room, batch.out

    def total(self, columns: Sequence[int]) -> int:
        """What a placement costs."""
        known = [dict(zip(*row, strict=True)) for row in self.rows]
        return sum(self.out if column < 0 else costs[column] for column, costs in zip(columns, known, strict=True))

    @property
    def pairs(self) -> int:
        """How many pairs there are to choose from."""
        return sum(len(columns) for columns, _ in self.rows)


def arrays(numbers: Numbers) -> Callable[[], int]:
    """OR-tools at its best: everything in arrays beforehand; the call makes its graph and solves it."""
    import numpy as np
    from ortools.graph.python import min_cost_flow

    count, size = len(numbers.rows), len(numbers.room)
    tails = [row for row, (columns, _) in enumerate(numbers.rows) for _ in columns]
    heads = [count + column for columns, _ in numbers.rows for column in columns]
    costs = [cost for _, own in numbers.rows for cost in own]
    sink = count + size
    graph = (
        np.array([*tails, *range(count), *range(count, sink)]),
        np.array([*heads, *([sink] * count), *([sink] * size)]),
        np.array([*([1] * (len(tails) + count)), *numbers.room]),
        np.array([*costs, *([numbers.out] * count), *([0] * size)]),
    )
    supply = np.array([*([1] * count), *([0] * size), -count])

    def call() -> int:
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(*graph)
        solver.set_nodes_supplies(np.arange(sink + 1), supply)
        solver.solve()
        return int(solver.optimal_cost())

    return call


def tell(name: str, seconds: Sequence[float]) -> None:
    """Print the median of some CPU seconds."""
    print(
        f"  {name:<78}{statistics.median(seconds) * 1000:>12.1f} ms   ({min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f})"
    )


def solvers(drawn: Instance, what: str, rounds: int, *, judged: bool) -> None:
    """The bare problem, and the whole plan from tickets to assignments, by ours and by the library."""
    numbers, policy = Numbers(drawn), Policy.read(drawn.policy)
    print(f"\n  {what}: {numbers.pairs} pairs of ticket and engineer who fit")
    calls: dict[str, Callable[[], Any]] = {"ours": lambda: place_most(numbers.rows, numbers.room, numbers.out)}
    whole = {"plan": lambda: plan(policy, drawn.tickets, drawn.world, drawn.at)}
    if find_spec("ortools") is not None:
        calls["ortools"] = arrays(numbers)
        calls["through"] = lambda: library(numbers.rows, numbers.room, numbers.out, None)
        whole["library"] = lambda: plan(policy, drawn.tickets, drawn.world, drawn.at, "library")
    taken, given = timed(calls, rounds)
    plans, made = timed(whole, max(1, rounds // 2))
    tell("solving alone, ours", taken["ours"])
    tell("plan(), exact: from tickets to assignments", plans["plan"])
    if "ortools" not in taken:
        print("  OR-tools is not installed: nothing to measure beside")
        return
    if numbers.total(given["ours"]) != given["ortools"] or made["plan"].objective != made["library"].objective:
        raise SystemExit("the two sides do not find the same objective")
    tell("solving alone, OR-tools' SimpleMinCostFlow, arrays made beforehand", taken["ortools"])
    tell("the same through the extra, from lists to columns", taken["through"])
    tell("plan(), library: from tickets to assignments", plans["library"])
    ours = times(taken, "ours", "ortools")
    if judged:
        ratio("solving alone, ours beside OR-tools", ours, most=4)
    else:
        print(f"  {'solving alone, ours beside OR-tools':<92}{ours:>10.2f} times")
    ratio("through the extra beside OR-tools alone", times(taken, "through", "ortools"), most=1.5)
    print(f"  {'plan(), exact beside plan(), library':<92}{times(plans, 'plan', 'library'):>10.2f} times")
    whole_beside = statistics.median(plans["plan"]) / statistics.median(taken["ortools"])
    print(f"  {'plan(), exact, from tickets on, beside OR-tools alone on arrays':<92}{whole_beside:>10.2f} times")


def open_to_all(overload: float) -> Instance:
    """Everybody may do everything, and many tickets come from one place: all pairs are there, and most cost alike."""
    near = [[{"term": "distance", "weight": -1}, {"term": "cost", "weight": -1}]]
    drawn = instance(3, 200, 500, overload=overload)
    return evolve(drawn, policy={"name": "near", "require": [{"below": "capacity"}], "prefer": near})


def first_come(drawn: Instance) -> Plan:
    """Tickets given out one after the other as they came in."""
    return plan(drawn.policy, drawn.tickets, drawn.world, drawn.at, "greedy")


def gaps(drawn: Instance, what: str) -> None:
    """What first-come assignment and ours reach of the optimum."""
    greedy, exact = first_come(drawn), plan(drawn.policy, drawn.tickets, drawn.world, drawn.at)
    wrong = verify(exact, drawn.policy, drawn.tickets, drawn.world, drawn.at)
    best = exact.objective
    if find_spec("ortools") is not None:
        best = plan(drawn.policy, drawn.tickets, drawn.world, drawn.at, "library").objective
    short = 100 * (best[0] - greedy.objective[0]) / max(1, best[0])
    print(f"\n  {what}: tickets given out, then points by level; {len(wrong)} violations found in ours")
    print(f"    first come, first served  {greedy.objective}: {short:.1f} % fewer tickets than can be")
    print(
        f"    ours                      {exact.objective}: {100 * (best[0] - exact.objective[0]) / max(1, best[0]):.1f} % fewer"
    )
    print(f"    the optimum (the library) {best}")


def main() -> None:
    """Medium and large batches, with room and without."""
    print("500 tickets, 200 engineers; CPU time, medians of rounds in which all take their turn")
    for overload, what in SHARES:
        solvers(instance(3, 200, 500, overload=overload), what, ROUNDS, judged=True)
        gaps(instance(3, 200, 500, overload=overload), what)
    for overload, what in SHARES:
        solvers(open_to_all(overload), f"{what}, everybody may do everything", 3, judged=False)
    print("\n5,000 tickets, 1,000 engineers")
    for overload, what in SHARES:
        drawn = instance(3, 1_000, 5_000, overload=overload)
        solvers(drawn, what, 3, judged=False)
        begun = process_time()
        plan(drawn.policy, drawn.tickets, drawn.world, drawn.at)
        ratio("seconds of CPU for plan(), exact, in pure Python", process_time() - begun, most=60)


if __name__ == "__main__":
    main()
