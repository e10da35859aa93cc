"""Knows where one more visit fits into planned routes; must not know how routes are planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.dispatch._board import Board, board
from servflow.dispatch._options import Hooks
from servflow.dispatch._plan import Plan, cases_of, pins_of
from servflow.dispatch._policy import Policy
from servflow.dispatch._search import Draw, Search
from servflow.dispatch._stops import Route, Routing
from servflow.dispatch._ways import Way, not_after, way
from servflow.errors import InputError
from servflow.model import Ticket, World


@frozen
class Insertion:
    """
    A place in planned routes for one more visit: between two others, none of which comes too late for its window.

    It may begin from ``start`` to ``latest``, both included; ``extra`` is how many more minutes of work are on the way.
    """

    candidate: str
    start: datetime
    latest: datetime
    extra: int


def insertions(
    found: Plan,
    policy: Policy | Mapping[str, Any],
    tickets: Iterable[Ticket],
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    new: str,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
    pinned: Mapping[str, str] | None = None,
    routing: Routing | Mapping[str, Any] | None = None,
) -> tuple[Insertion, ...]:
    """
    Every place in planned routes where one more visit fits, that with the least extra way first.

    It is what a customer can be offered without giving up what is planned: the others keep their person and their order,
    though they may begin later within their windows. Empty where it fits nowhere.

    Args:
        found: a plan of routes; the other arguments are those it was made with.
        tickets: those that were planned, and the one to visit as well.
        new: the id of that one.

    Raises:
        InputError: it is no plan of routes, its routes cannot be walked with these arguments, or the new ticket is not
            among *tickets*, or on a route.
    """
    if found.routes is None:
        raise InputError("this is no plan of routes; make one with plan(..., solver='routes')", code="dispatch.routing")
    cases = cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)
    planned = {stop.ticket for route in found.routes for stop in route.stops}
    if new in planned or all(case.ticket.id != new for case in cases):
        raise InputError(f"{new!r} must be among the tickets and not be planned yet", code="dispatch.routing", ticket=new)
    made = board(cases, Routing.read(routing), pins_of(cases, pinned))
    number_of = {case.ticket.id: number for number, case in enumerate(cases)}
    search = Search(made.problem, Draw(0))
    solution = search.empty()
    for route in found.routes:
        tour = _tour(made, route)
        visits = [number_of[stop.ticket] for stop in route.stops if stop.ticket in number_of]
        walked = None if tour is None or len(visits) != len(route.stops) else way(made.problem, tour, visits)
        if tour is None or walked is None:
            raise InputError(
                f"the route of {route.candidate!r} on {route.leaves:%Y-%m-%d} cannot be kept in this world; plan again",
                code="dispatch.routing",
                candidate=route.candidate,
            )
        for place, visit in enumerate(visits):
            search.put(solution, tour, visit, place)
    visit, tours = number_of[new], made.problem.tours
    room = [number for number in made.problem.reachable[visit] if search.fits(solution, tours[number].owner, visit)]
    return tuple(_places(made, [solution.ways[number] for number in room], visit))


def _tour(made: Board, route: Route) -> int | None:
    """The day of a route."""
    leaves = made.clock.up(route.leaves)
    for number, (owner, day) in enumerate(made.days):
        if made.owners[owner].id == route.candidate and day.stretches[0][0] <= leaves <= day.stretches[-1][1]:
            return number
    return None


def _places(made: Board, ways: Sequence[Way], visit: int) -> list[Insertion]:
    """Every place where a visit still fits, that with the least extra way first."""
    problem, clock = made.problem, made.clock
    found = []
    for one in ways:
        tour = problem.tours[one.number]
        day = made.days[one.number][1]
        for before, leaving, leg, after, latest in one.gaps:
            for opens, closes in tour.windows.get(visit, ()):
                first = max(opens, leaving + problem.travel[before][visit])
                last = not_after(((opens, closes),), latest - problem.travel[visit][after] - problem.service[visit])
                if first <= last:
                    extra = problem.travel[before][visit] + problem.travel[visit][after] - leg
                    owner = made.owners[tour.owner].id
                    found.append(Insertion(owner, clock.instant(day.begun(first)), clock.instant(day.begun(last)), extra))
    found.sort(key=lambda item: (item.extra, item.start, item.candidate))
    return found
