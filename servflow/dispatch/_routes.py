"""Knows how visits become routes; must not know how routes are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import frozen

from servflow.dispatch._board import Board, board
from servflow.dispatch._case import Case
from servflow.dispatch._search import Draw, Search, Solution, complete
from servflow.dispatch._stops import Route, Routing, Stop
from servflow.dispatch._ways import Way, best_place, starts, way


@frozen
class Routed:
    """What a plan of routes says: see ``Plan``."""

    assignments: tuple[tuple[str, str], ...] = ()
    unassigned: tuple[tuple[str, str], ...] = ()
    objective: tuple[int, ...] = (0,)
    routes: tuple[Route, ...] = ()


def solve(
    cases: Sequence[Case],
    routing: Routing,
    pinned: Mapping[str, str],
    current: Mapping[str, str] | None = None,
    stability: int | None = None,
) -> Routed:
    """
    Routes for the tickets of these cases, by id: regret insertion, then taking out and putting in again.

    As many as can be are visited, pinned ones first; of all ways found the one is taken with the most points of the
    policy's first level, then of the second, and so on, then with the most urgent tickets, then with the least minutes on
    the way, then with the least waiting. Where *current* says who has what, staying with them is one more level.
    """
    if not cases:
        return Routed()
    made = board(cases, routing, pinned, current, stability)
    search = Search(made.problem, Draw(routing.seed))
    solution = search.empty()
    search.regret(solution)
    if solution.ways:
        solution = finished(made, search, search.improve(solution, routing.rounds))
    return told(made, solution)


def finished(made: Board, search: Search, solution: Solution) -> Solution:
    """A solution to which nothing can be added as it is, and none but pinned visits keep a pinned one out."""
    problem, pinned = made.problem, made.pinned
    solution = complete(search, solution)
    for visit in sorted(pinned.intersection(solution.out)):
        for number in problem.reachable[visit]:
            kept = way(problem, number, [one for one in solution.ways[number].visits if one in pinned])
            place = None if kept is None else best_place(problem, kept, visit)
            if place is not None:
                search.drop(solution, number, [one for one in solution.ways[number].visits if one not in pinned])
                solution.out.remove(visit)
                search.put(solution, number, visit, place[1])
                solution = complete(search, solution)
                break
    return solution


def told(made: Board, solution: Solution) -> Routed:
    """A solution as instants and names."""
    problem = made.problem
    assigned: dict[int, int] = {}
    routes: list[Route] = []
    minutes = 0
    for one in solution.ways:
        if not one.visits:
            continue
        route, taken = _route(made, one)
        routes.append(route)
        minutes += taken
        assigned.update(dict.fromkeys(one.visits, problem.tours[one.number].owner))
    names = [case.ticket.id for case in made.cases]
    assignments = tuple((names[visit], made.owners[assigned[visit]].id) for visit in range(len(names)) if visit in assigned)
    unassigned = tuple((names[visit], _reason(made, visit)) for visit in range(len(names)) if visit not in assigned)
    given = [made.points[visit][owner] for visit, owner in sorted(assigned.items())]
    totals = [sum(points[level] for points in given) for level in range(made.levels)]
    urgency = -sum(made.cases[visit].ticket.priority for visit in assigned)
    routes.sort(key=lambda route: (route.candidate, route.leaves))
    return Routed(assignments, unassigned, (len(given), *totals, urgency, -minutes), tuple(routes))


def _reason(made: Board, visit: int) -> str:
    return "taken" if made.problem.reachable[visit] else made.reasons[visit]


def _route(made: Board, driven: Way) -> tuple[Route, int]:
    problem, clock = made.problem, made.clock
    tour = problem.tours[driven.number]
    owner, day = made.days[driven.number]
    times = starts(problem, driven)
    nodes = [tour.start, *driven.visits, tour.end]
    legs = [problem.travel[here][there] for here, there in pairwise(nodes)]
    stops = []
    left = times[0] - legs[0]
    for index, (visit, begun) in enumerate(zip(driven.visits, times, strict=True)):
        minute = day.begun(begun)
        arrived = begun if index == 0 else left + legs[index]
        left = begun + problem.service[visit]
        stops.append(
            Stop(
                ticket=made.cases[visit].ticket.id,
                arrival=clock.instant(minute if arrived == begun else day.ended(arrived)),
                start=clock.instant(minute),
                end=clock.instant(minute + problem.service[visit]),
                travel=made.ways[nodes[index]][visit],
            )
        )
    leaves = clock.instant(day.begun(times[0] - legs[0]))
    back = clock.instant(day.ended(left + legs[-1]))
    return Route(made.owners[owner].id, leaves, tuple(stops), back, sum(legs)), sum(legs)
