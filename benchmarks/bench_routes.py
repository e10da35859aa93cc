"""Knows how good and how fast routes are found beside the best known ones and VROOM; must not know how they are found."""

from __future__ import annotations

import argparse
import importlib.util
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks import solomon
from benchmarks.solomon import Instance
from servflow.dispatch._search import Draw, Search, Solution, complete
from servflow.dispatch._ways import Problem, Tour

SCALE = 10_000
"""Units of time and distance in one of the format's; rounded up, so that what is in time in units is in time."""

BIG = 1 << 50
OWN = ("C1", "C2", "R1", "R2", "RC1", "RC2")


def problem_of(instance: Instance, vehicles: int) -> Problem:
    """The instance with so many vehicles as a problem of visits and tours."""
    customers = instance.customers
    count = len(customers) - 1
    nodes = [*range(1, count + 1), 0]
    travel = [[math.ceil(instance.distance(one, other) * SCALE) for other in nodes] for one in nodes]
    close = int(customers[0].due * SCALE)
    windows = {}
    for visit in range(count):
        ready, due = customers[visit + 1].ready, customers[visit + 1].due
        windows[visit] = ((math.ceil(ready * SCALE), int(due * SCALE)),)
    limits = dict.fromkeys(range(count), instance.capacity)
    return Problem(
        service=[math.ceil(customer.service * SCALE) for customer in customers[1:]],
        travel=travel,
        tours=[Tour(owner=number, length=close, start=count, end=count, windows=windows) for number in range(vehicles)],
        skip=[BIG] * count,
        units=[customer.demand for customer in customers[1:]],
        needs=[()] * count,
        load=[0] * vehicles,
        limits=[limits] * vehicles,
        stock=[{}] * vehicles,
    )


def regret(instance: Instance) -> list[list[int]]:
    """The routes of regret insertion alone."""
    search = Search(problem_of(instance, instance.vehicles), Draw(1))
    solution = search.empty()
    search.regret(solution)
    return _routes(solution)


def ours(instance: Instance, rounds: int, seed: int) -> tuple[list[list[int]], int]:
    """Routes with few vehicles first and short ones second, and how many rounds it took."""
    routes, used = regret(instance), 0
    while len(routes) > 1 and used < rounds // 2:
        routes.sort(key=len)
        search = Search(problem_of(instance, len(routes) - 1), Draw(seed))
        found = search.improve(_started(search, routes[1:]), rounds // 2 - used, enough=0)
        used += search.rounds
        if found.out:
            break
        routes = _routes(found)
    search = Search(problem_of(instance, len(routes)), Draw(seed))
    found = complete(search, search.improve(_started(search, routes), rounds - used))
    return _routes(found), used + search.rounds


def _started(search: Search, routes: list[list[int]]) -> Solution:
    solution = search.empty()
    for number, route in enumerate(routes):
        for place, customer in enumerate(route):
            solution.out.remove(customer - 1)
            search.put(solution, number, customer - 1, place)
    return solution


def _routes(solution: Solution) -> list[list[int]]:
    return [[visit + 1 for visit in way.visits] for way in solution.ways if way.visits]


def theirs(instance: Instance) -> list[list[int]]:
    """The routes of VROOM on one thread at its highest level, with vehicles that cost more than any distance."""
    import vroom

    scale = 100
    customers = instance.customers
    nodes = range(len(customers))
    problem = vroom.Input()
    problem.set_durations_matrix(
        "car", [[math.ceil(instance.distance(one, other) * scale) for other in nodes] for one in nodes]
    )
    whole = [0, int(customers[0].due * scale)]
    problem.add_vehicle(
        [
            vroom.Vehicle(
                number + 1,
                0,
                0,
                capacity=[instance.capacity],
                time_window=vroom.TimeWindow(*whole),
                costs=vroom.VehicleCosts(fixed=50_000),
            )
            for number in range(instance.vehicles)
        ]
    )
    problem.add_job(
        [
            vroom.Job(
                number,
                number,
                default_service=math.ceil(customer.service * scale),
                delivery=[customer.demand],
                time_windows=[vroom.TimeWindow(math.ceil(customer.ready * scale), int(customer.due * scale))],
            )
            for number, customer in enumerate(customers)
            if number
        ]
    )
    found = problem.solve(exploration_level=5, nb_threads=1).to_dict()
    return [[step["job"] for step in route["steps"] if step["type"] == "job"] for route in found["routes"]]


def _told(instance: Instance, routes: list[list[int]], seconds: float) -> str:
    wrong = instance.wrong(routes)
    return f"WRONG: {wrong}" if wrong else f"{len(routes):>3} {instance.length(routes):>9.2f} {seconds:>6.1f} s"


def _gap(routes: list[list[int]], length: float, best: tuple[int, float]) -> tuple[int, float]:
    return len(routes) - best[0], (length / best[1] - 1) * 100


def _timed(call: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    begun = process_time()
    found = call(*given)
    return found, process_time() - begun


def run(instances: list[Instance], rounds: int, seed: int) -> None:
    """Print a line for each instance, and the mean gaps of each class."""
    beside = importlib.util.find_spec("vroom") is not None
    print(f"  {rounds} rounds each; vehicles, distance and CPU seconds" + ("" if beside else "; VROOM is not installed"))
    head = f"  {'':<12}{'best known':>14}  {'regret alone':>22}  {'servflow':>22}  {'gap':>12}  {'visits/s':>9}"
    print(head + (f"  {'VROOM':>22}  {'gap':>12}" if beside else ""))
    gaps: dict[str, list[tuple[int, float]]] = {}
    for instance in instances:
        first, began = _timed(regret, instance)
        (routes, used), seconds = _timed(ours, instance, rounds, seed)
        rate = used * 10 / seconds if seconds else 0
        best = solomon.best_of(instance)
        line = f"  {instance.name:<12}" + (f"{best[0]:>4} {best[1]:>9.2f}" if best else f"{'-':>14}")
        line += f"  {_told(instance, first, began)}  {_told(instance, routes, seconds)}"
        vroomed = _timed(theirs, instance) if beside else None
        base = best or ((len(vroomed[0]), instance.length(vroomed[0])) if vroomed else None)
        if base:
            gap = _gap(routes, instance.length(routes), base)
            letters = instance.name[: 2 if instance.name[1:2].isalpha() else 1]
            gaps.setdefault(letters + instance.name[len(letters) :][:1], []).append(gap)
            line += f"  {gap[0]:>+3} {gap[1]:>+7.2f}%"
        line += f"  {rate:>9.0f}"
        if vroomed:
            line += f"  {_told(instance, *vroomed)}"
            if best:
                gap = _gap(vroomed[0], instance.length(vroomed[0]), best)
                line += f"  {gap[0]:>+3} {gap[1]:>+7.2f}%"
        print(line, flush=True)
    for kind, each in gaps.items():
        more, far = statistics.mean(gap[0] for gap in each), statistics.mean(gap[1] for gap in each)
        print(f"  {kind:<12} mean gap: {more:+.2f} vehicles, {far:+.2f}% distance")


def main() -> int:
    """Measure the files of a directory, or problems of our own where none is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_routes")
    parser.add_argument(
        "directory", nargs="?", type=Path, help="files in Solomon's format, or one; problems of our own unless given"
    )
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.directory is None:
        instances = [solomon.made(kind, 1) for kind in OWN]
    elif not given.directory.exists():
        print(f"there is no directory {given.directory}", file=sys.stderr)
        return 2
    else:
        instances = []
        inside = sorted(path for path in given.directory.rglob("*") if path.is_file())
        for path in [given.directory] if given.directory.is_file() else inside:
            try:
                instances.append(solomon.read(path))
            except (ValueError, OSError) as error:
                print(f"  left out: {error}", file=sys.stderr)
        if not instances:
            print(f"there is no problem in Solomon's format in {given.directory}", file=sys.stderr)
            return 2
    run(instances, given.rounds, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
