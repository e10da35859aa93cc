"""Knows how many tickets are given out at once; must not know how a single choice is told."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from attrs import field, frozen

from servflow.dispatch._batch import Batch
from servflow.dispatch._case import Case
from servflow.dispatch._fill import bettered, greedy
from servflow.dispatch._flow import Row, place
from servflow.dispatch._index import index_of
from servflow.dispatch._library import library
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._rooms import Rooms, held_by
from servflow.dispatch._routes import Routed, solve
from servflow.dispatch._scarce import place_most
from servflow.dispatch._stops import Route, Routing
from servflow.errors import InputError, LimitError, nearest, shown
from servflow.model import Ticket, World

SOLVERS = ("exact", "library", "greedy", "routes")
"""The ways in which a plan of many tickets may be looked for."""

MAX_PAIRS = 20_000_000
"""How many pairs of ticket and candidate one plan may weigh."""


@frozen
class Plan:
    """
    Who gets which ticket when many are given out at once.

    ``assignments`` pairs ticket and candidate, by ticket id; ``unassigned`` pairs the other tickets with the
    reason: ``taken`` (all who fit have no room left), ``nobody`` (there are no candidates), or the rule
    that keeps most candidates out. ``objective`` is the number of tickets assigned, then the total
    points of each level of the policy; where stability was asked for it is one level more: how many stay.
    ``moved`` are the tickets that do not, each with who had it and who gets it (None: nobody). ``solver`` says what
    found the plan: ``exact`` also where a library was asked for and the numbers were too great for it, ``search``
    where no flow tells the best plan.

    A plan of ``routes`` (None: it is none) also says when everybody is where; its reasons are also ``time`` (nobody who fits
    could ever be there in time), and its objective ends with the priorities and the minutes on the way, both negative.
    """

    assignments: tuple[tuple[str, str], ...] = ()
    unassigned: tuple[tuple[str, str], ...] = ()
    objective: tuple[int, ...] = (0,)
    routes: tuple[Route, ...] | None = None
    solver: str = field(default="exact", kw_only=True, eq=False)
    moved: tuple[tuple[str, str, str | None], ...] = field(default=(), kw_only=True)

    @classmethod
    def read(cls, source: Plan | Mapping[str, Any]) -> Plan:
        """
        Read a plan from what ``as_data`` gave, or from the like that somebody else made; a plan is returned as it is.

        Without an ``objective`` it says nothing of what it is worth, which ``verify`` then tells.

        Raises:
            InputError: it is no such mapping.
            TimeError: an instant of its routes is none, or naive.
        """
        if isinstance(source, Plan):
            return source
        known = ("assignments", "unassigned", "objective", "moved", "routes")
        given: object = source
        if not isinstance(given, Mapping) or set(given) - set(known):
            raise InputError(f"a plan is a mapping of {', '.join(known)}, not {shown(given)}", code="dispatch.plan")
        pairs = _told(given, "assignments", (str, str)), _told(given, "unassigned", (str, str))
        objective = given.get("objective", (0,))
        if not isinstance(objective, (list, tuple)) or not all(type(value) is int for value in objective):
            raise InputError(f"objective must be a list of whole numbers, not {shown(objective)}", code="dispatch.plan")
        routes = given.get("routes")
        if routes is not None and not isinstance(routes, (list, tuple)):
            raise InputError(f"routes must be a list, not {shown(routes)}", code="dispatch.plan")
        driven = None if routes is None else tuple(Route.read(item) for item in routes)
        return cls(*pairs, tuple(objective), driven, moved=_told(given, "moved", (str, str, (str, type(None)))))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        data: dict[str, Any] = {
            "assignments": [list(pair) for pair in self.assignments],
            "unassigned": [list(pair) for pair in self.unassigned],
            "objective": list(self.objective),
        }
        if self.moved:
            data["moved"] = [list(entry) for entry in self.moved]
        if self.routes is not None:
            data["routes"] = [route.as_data() for route in self.routes]
        return data


def _told(source: Mapping[str, Any], name: str, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    listed = source.get(name, ())
    if not isinstance(listed, (list, tuple)):
        raise InputError(f"{name} must be a list, not {shown(listed)}", code="dispatch.plan")
    for entry in listed:
        right = isinstance(entry, (list, tuple)) and len(entry) == len(kinds)
        if not right or not all(isinstance(value, kind) for value, kind in zip(entry, kinds, strict=True)):
            raise InputError(f"{name} must hold lists of {len(kinds)} names, not {shown(entry)}", code="dispatch.plan")
    return tuple(tuple(entry) for entry in listed)


def plan(
    policy: Policy | Mapping[str, Any],
    tickets: Iterable[Ticket],
    world: World | Mapping[str, Any] | None,
    at: datetime,
    solver: str = "exact",
    *,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
    pinned: Mapping[str, str] | None = None,
    current: Mapping[str, str] | None = None,
    stability: int | None = None,
    routing: Routing | Mapping[str, Any] | None = None,
) -> Plan:
    """
    Give out many tickets at once.

    ``exact`` assigns as many tickets as can be, and of all ways to do so takes one with the greatest
    total of the policy's first level, then of the second, and so on. ``library`` does the same with OR-tools or SciPy,
    chosen by size, where ``servflow[plan]`` is installed: the objective is the same to the last unit; among equal
    plans it may find another one. ``greedy`` gives the tickets out one after the other, by priority, age and id, each to
    its best candidate with room: what deciding one by one would do. Loads are those of the world without what these
    tickets hold; terms are measured once, so ``load`` does not grow within a plan. A candidate takes tickets only while
    what they hold stays within the limit each of them asks for.

    Where tickets take different amounts of capacity, or limits of channels cross limits that differ between tickets, a
    search betters two greedy plans until no single move and no exchange of two does any good, or its effort is used up;
    the plan's ``solver`` is then ``search``. It holds every limit; it may not be the best.

    Args:
        policy: the policy, or its mapping.
        tickets: the tickets to give out, each once; their order does not matter.
        world: the snapshot to decide with.
        at: aware instant to decide at.
        solver: ``exact``, ``library``, ``greedy``, or ``routes``, which says when everybody visits whom.
        bindings: what expressions read besides each ticket's fields and attributes.
        hooks: the host's registered functions.
        pinned: ticket -> who has it and keeps it, whatever the policy says of them by now.
        current: ticket -> who has it so far and may lose it: one more level of the objective counts those that stay.
        stability: the place among the levels where that counts, 0 before all of them (default: after the last).
        routing: how routes are planned, as ``Routing`` or its mapping (``routes`` only).

    Raises:
        InputError: the solver is unknown or not installed, a ticket is given twice, or a pin names nobody.
        LimitError: more than twenty million pairs would be weighed.
        TimeError: *at* is naive.
        DefinitionError: the policy mapping is wrong, or names a function nobody registered.
    """
    _check_solver(solver)
    policy = Policy.read(policy)
    _check_stability(policy, current, stability)
    cases = cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)
    if solver == "routes":
        pins = pins_of(cases, pinned) if cases else {}
        return routed(cases, solve(cases, Routing.read(routing), pins, current, stability), solver, current)
    if not cases:
        return Plan()
    batch = Batch.of(cases, pins_of(cases, pinned), current, stability)
    who, by = _place(batch, solver)
    return _made(batch, who, by, current)


def routed(cases: Sequence[Case], found: Routed, solver: str, current: Mapping[str, str] | None) -> Plan:
    """The plan of routes that were found, with the tickets that do not stay with who has them so far."""
    had, has = current or {}, dict(found.assignments)
    names = [case.ticket.id for case in cases]
    moved = tuple((name, had[name], has.get(name)) for name in names if name in had and had[name] != has.get(name))
    return Plan(found.assignments, found.unassigned, found.objective, found.routes, solver=solver, moved=moved)


def _check_solver(solver: str) -> None:
    if solver not in SOLVERS:
        close = nearest(str(solver), SOLVERS)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(
            f"no solver is named {shown(solver)}; known are {', '.join(SOLVERS)}{hint}", code="dispatch.solver", known=SOLVERS
        )


def _check_stability(policy: Policy, current: Mapping[str, str] | None, stability: int | None) -> None:
    levels = len(policy.prefer) + any(entry.optional for entry in policy.require)
    if stability is None or (current is not None and type(stability) is int and 0 <= stability <= levels):
        return
    raise InputError(
        f"stability is the place of a level from 0 to {levels}, and needs current; not {shown(stability)}",
        code="dispatch.stability",
    )


def cases_of(
    policy: Any,
    tickets: Iterable[Ticket],
    world: Any,
    at: datetime,
    *,
    bindings: Mapping[str, Any] | None,
    hooks: Hooks | None,
) -> list[Case]:
    """One case for each ticket, by id, all with the same capacity free: what the tickets hold is given out anew."""
    policy, world = Policy.read(policy), World() if world is None else World.of(world)
    cases = [Case.make(policy, ticket, world, at, bindings=bindings, hooks=hooks) for ticket in tickets]
    cases.sort(key=lambda case: case.ticket.id)
    for first, second in pairwise(cases):
        if first.ticket.id == second.ticket.id:
            raise InputError(f"ticket {first.ticket.id!r} is given twice; a plan places each once", ticket=first.ticket.id)
    total = len(cases) * (len(cases[0].candidates) if cases else 0)
    if total > MAX_PAIRS:
        raise LimitError(
            f"{total} pairs of ticket and candidate are more than {MAX_PAIRS}; plan one region or one hour at a time",
            pairs=total,
            limit=MAX_PAIRS,
        )
    held: dict[str, int] = {}
    for case in cases:
        for key, units in case.held.items():
            held[key] = held.get(key, 0) + units
    for case in cases:
        case.held = held
    return cases


def pins_of(cases: Sequence[Case], pinned: Mapping[str, str] | None) -> Mapping[str, str]:
    """What is pinned, once every name in it is known to exist."""
    pins = pinned or {}
    if not pins:
        return pins
    tickets, known = {case.ticket.id for case in cases}, index_of(cases[0].world, cases[0].policy.candidates).place
    for ticket, candidate in pins.items():
        if ticket not in tickets:
            raise InputError(f"pinned names the ticket {shown(ticket)}, which is not among those to plan", ticket=ticket)
        if candidate not in known:
            close = nearest(str(candidate), known)
            hint = f"; did you mean {close!r}?" if close else ""
            raise InputError(
                f"ticket {ticket!r} is pinned to {shown(candidate)}, whom the world does not have{hint}", candidate=candidate
            )
    return pins


def _place(batch: Batch, solver: str) -> tuple[list[int], str]:
    """Who gets each ticket, by number (-1: nobody), and who found it."""
    held = held_by(batch.items)
    if solver == "greedy" or len(batch.items) == 1:
        return greedy(batch, held), solver
    rooms = Rooms.of(batch, held)
    if rooms.tangled:
        return bettered(batch, held), "search"
    above = rooms.above if rooms.nested else None
    shared: dict[tuple[int, tuple[Any, ...]], list[int]] = {}
    free = [row for row, item in enumerate(batch.items) if item.pinned is None and item.fitting]
    rows: list[Row] = []
    for row in free:
        item = batch.items[row]
        key = id(item.fitting), item.kind
        if key not in shared:
            columns = rooms.column[item.kind]
            shared[key] = [columns[number] for number in item.fitting]
        rows.append((shared[key], item.costs))
    found = library(rows, rooms.room, batch.out, above) if solver == "library" else None
    by = "exact" if found is None else solver
    if found is None:
        nested = above is not None
        found = list(place(rows, rooms.room, batch.out, above).column_of) if nested else place_most(rows, rooms.room, batch.out)
    who = [-1] * len(batch.items)
    for row, column in zip(free, found, strict=True):
        who[row] = rooms.owner[column] if column >= 0 else -1
    return who, by


def _made(batch: Batch, who: Sequence[int], by: str, current: Mapping[str, str] | None) -> Plan:
    """The plan, worth what it is worth."""
    assigned: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    moved: list[tuple[str, str, str | None]] = []
    totals = [0] * batch.depth
    for item, number in zip(batch.items, who, strict=True):
        number = number if item.pinned is None else item.pinned
        name = batch.order[number].id if number >= 0 else None
        had = (current or {}).get(item.id)
        if had is not None and had != name:
            moved.append((item.id, had, name))
        if name is None:
            left.append((item.id, item.reason))
            continue
        assigned.append((item.id, name))
        place_of = bisect_left(item.fitting, number)
        for level, values in enumerate(item.levels):
            totals[level] += values[place_of]
    return Plan(
        tuple(assigned),
        tuple(left),
        (len(assigned), *totals),
        solver=by,
        moved=tuple(moved),
    )
