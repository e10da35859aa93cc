"""Knows how a problem of routes is put to VROOM and its answer read; must not know how routes are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.dispatch import Hooks, Plan, Policy, Routing
from servflow.dispatch._board import Board, board
from servflow.dispatch._plan import cases_of, pins_of, routed
from servflow.dispatch._routes import finished, told
from servflow.dispatch._search import Draw, Search, Solution
from servflow.dispatch._ways import UNLIMITED, way
from servflow.errors import InputError, shown
from servflow.model import Ticket, World

if TYPE_CHECKING:
    import vroom

MAX_AMOUNT = 1_000_000
"""What stands for no limit of an amount."""


def plan_routes(
    policy: Policy | Mapping[str, Any],
    tickets: Iterable[Ticket],
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
    pinned: Mapping[str, str] | None = None,
    current: Mapping[str, str] | None = None,
    routing: Routing | Mapping[str, Any] | None = None,
    level: int = 5,
) -> Plan:
    """
    Routes found by VROOM, for the same problem as ``servflow.dispatch.plan(..., "routes")``.

    VROOM knows windows, breaks, skills, amounts and urgency, and makes the way short; of the points of a policy, of stock
    that is shared by several days of one person, and of certificates that end within the plan it knows nothing. So what
    it answers is looked at visit by visit: what cannot be kept is taken out, and put in again where it fits. ``verify``
    judges the plan as any other.

    Args:
        policy, tickets, world, at, bindings, hooks, pinned, current: as for ``plan``.
        routing: as for ``plan``; its rounds and seed mean nothing here.
        level: how far VROOM looks, from 0 to 5.

    Raises:
        InputError: VROOM is not installed, the level is none, or as for ``plan``.
    """
    try:
        import vroom
    except ImportError as error:
        raise InputError(
            "VROOM is not installed; pip install 'servflow[routes]'", code="integrations.missing", package="pyvroom"
        ) from error
    given: Any = level
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 5:
        raise InputError(
            f"level is a whole number from 0 to 5, not {shown(given)}", code="dispatch.routing", value=shown(given)
        )
    cases = cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)
    if not cases:
        return Plan(routes=(), solver="vroom")
    pins = pins_of(cases, pinned)
    made = board(cases, Routing.read(routing), pins, current)
    search = Search(made.problem, Draw(0))
    orders: dict[int, list[int]] = {}
    if made.problem.tours and any(made.problem.reachable):
        found = _problem(vroom, made, pins).solve(exploration_level=level, nb_threads=1).routes
        visits = found[found["type"] == "job"] if "id" in found else found[:0]  # the column is missing where nobody is visited
        for number, visit in zip(visits["vehicle_id"], visits["id"], strict=True) if len(visits) else ():
            orders.setdefault(int(number) - 1, []).append(int(visit) - 1)
    return routed(cases, told(made, finished(made, search, _kept(search, orders))), "vroom", current)


def _kept(search: Search, orders: Mapping[int, list[int]]) -> Solution:
    """What of an answer can be kept as it is."""
    problem, solution = search.problem, search.empty()
    for number, visits in sorted(orders.items()):
        for visit in visits:
            before = solution.ways[number].visits
            if search.fits(solution, problem.tours[number].owner, visit) and way(problem, number, (*before, visit)) is not None:
                solution.out.remove(visit)
                search.put(solution, number, visit, len(before))
    return solution


def _problem(library: Any, made: Board, pinned: Mapping[str, str]) -> vroom.Input:
    problem = made.problem
    parts = sorted({part for needs in problem.needs for part, _ in needs})
    found: vroom.Input = library.Input()
    found.set_durations_matrix("car", problem.travel)
    found.add_vehicle([_vehicle(library, made, number, parts) for number in range(len(problem.tours))])
    found.add_job([_job(library, made, visit, parts, pinned) for visit, tours in enumerate(problem.reachable) if tours])
    return found


def _vehicle(library: Any, made: Board, number: int, parts: list[int]) -> Any:
    problem, (owner, day) = made.problem, made.days[number]
    tour = problem.tours[number]
    limit = min((most for visit, most in problem.limits[owner].items() if visit in tour.windows), default=UNLIMITED)
    room = max(0, min(MAX_AMOUNT, limit - problem.load[owner]))
    carried = [max(0, min(MAX_AMOUNT, problem.stock[owner].get(part, 0))) for part in parts]
    breaks = []
    for index, ((_, closes), (opens, _)) in enumerate(zip(day.stretches, day.stretches[1:], strict=False)):
        breaks.append(library.Break(index + 1, [library.TimeWindow(closes, closes)], opens - closes))
    return library.Vehicle(
        number + 1,
        tour.start,
        tour.end,
        capacity=[room, *carried],
        skills={visit + 1 for visit in tour.windows},
        time_window=library.TimeWindow(day.stretches[0][0], day.stretches[-1][1]),
        breaks=breaks,
    )


def _job(library: Any, made: Board, visit: int, parts: list[int], pinned: Mapping[str, str]) -> Any:
    problem, case = made.problem, made.cases[visit]
    needs = dict(problem.needs[visit])
    priorities = [one.ticket.priority for one in made.cases]
    spread = max(priorities) - min(priorities)
    urgency = 0 if not spread else (max(priorities) - case.ticket.priority) * 90 // spread
    windows: list[tuple[int, int]] = []
    spans = sorted(
        {
            (made.days[number][1].begun(opens), made.days[number][1].begun(closes))
            for number in problem.reachable[visit]
            for opens, closes in problem.tours[number].windows[visit]
        }
    )
    for opens, closes in spans:
        if windows and opens <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(closes, windows[-1][1]))
        else:
            windows.append((opens, closes))
    return library.Job(
        visit + 1,
        visit,
        default_service=problem.service[visit],
        delivery=[problem.units[visit], *(needs.get(part, 0) for part in parts)],
        skills={visit + 1},
        priority=100 if case.ticket.id in pinned else urgency,
        time_windows=[library.TimeWindow(*window) for window in windows],
    )
