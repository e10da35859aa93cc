"""Knows how many tickets are given out at once; must not know how a single choice is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from attrs import define, field, frozen

from servflow.dispatch._case import Case
from servflow.dispatch._checks import checks
from servflow.dispatch._evaluate import rank
from servflow.dispatch._flow import cheapest
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._routes import solve
from servflow.dispatch._sieve import Sieve
from servflow.dispatch._stops import Route, Routing
from servflow.dispatch._terms import tie_break
from servflow.errors import InputError, LimitError, nearest, shown
from servflow.model import Ticket, World

SOLVERS = ("exact", "greedy", "routes")

MAX_PAIRS = 1_000_000
"""How many pairs of ticket and candidate one plan may weigh."""


@frozen
class Plan:
    """
    Who gets which ticket when many are given out at once.

    ``assignments`` pairs ticket and candidate, by ticket id; ``unassigned`` pairs the other tickets with the
    reason: ``taken`` (all who fit have no room left), ``nobody`` (there are no candidates), or the rule
    that keeps most candidates out. ``objective`` is the number of tickets assigned, then the total
    points of each level of the policy.

    A plan of ``routes`` (None: it is none) also says when everybody is where; its reasons are also ``time`` (nobody who fits
    could ever be there in time), and its objective ends with the priorities and the minutes on the way, both negative.
    """

    assignments: tuple[tuple[str, str], ...] = ()
    unassigned: tuple[tuple[str, str], ...] = ()
    objective: tuple[int, ...] = (0,)
    routes: tuple[Route, ...] | None = None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        data: dict[str, Any] = {
            "assignments": [list(pair) for pair in self.assignments],
            "unassigned": [list(pair) for pair in self.unassigned],
            "objective": list(self.objective),
        }
        if self.routes is not None:
            data["routes"] = [route.as_data() for route in self.routes]
        return data


@define
class Pairs:
    """The candidates who fit one ticket: points and, where capacity counts, the limit it must stay below."""

    ticket: str
    order: tuple[Any, ...]
    case: Case
    points: dict[str, tuple[int, ...]] = field(factory=dict)
    limits: dict[str, int | None] = field(factory=dict)
    reason: str = "nobody"


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
    routing: Routing | Mapping[str, Any] | None = None,
) -> Plan:
    """
    Give out many tickets at once.

    ``exact`` assigns as many tickets as can be, and of all ways to do so takes one with the greatest
    total of the policy's first level, then of the second, and so on. ``greedy`` gives the tickets out one
    after the other, by priority, age and id, each to its best candidate with room: what deciding one by
    one would do. Loads are those of the world without what these tickets hold; terms are measured once, so ``load``
    does not grow within a plan. A candidate takes tickets only while below the limit each of them asks for.

    Args:
        policy: the policy, or its mapping.
        tickets: the tickets to give out, each once; their order does not matter.
        world: the snapshot to decide with.
        at: aware instant to decide at.
        solver: ``exact``, ``greedy``, or ``routes``, which says when everybody visits whom.
        bindings: what expressions read besides each ticket's fields and attributes.
        hooks: the host's registered functions.
        pinned: ticket -> who has it and keeps it, whatever the policy says of them by now (``routes`` only).
        routing: how routes are planned, as ``Routing`` or its mapping (``routes`` only).

    Raises:
        InputError: the solver is unknown, or a ticket is given twice.
        LimitError: more than a million pairs of ticket and candidate would be weighed.
        TimeError: *at* is naive.
        DefinitionError: the policy mapping is wrong, or names a function nobody registered.
    """
    if solver not in SOLVERS:
        close = nearest(str(solver), SOLVERS)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(
            f"no solver is named {shown(solver)}; known are {', '.join(SOLVERS)}{hint}", code="dispatch.solver", known=SOLVERS
        )
    cases = cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)
    if solver == "routes":
        found = solve(cases, Routing.read(routing), pinned or {})
        return Plan(found.assignments, found.unassigned, found.objective, found.routes)
    if not cases:
        return Plan()
    pairs = [_pairs(case) for case in cases]
    rooms = _Rooms.of(pairs)
    chosen = _exact(pairs, rooms) if solver == "exact" else _greedy(pairs, rooms)
    assignments = tuple((item.ticket, chosen[item.ticket]) for item in pairs if item.ticket in chosen)
    unassigned = tuple((item.ticket, item.reason) for item in pairs if item.ticket not in chosen)
    levels = len(cases[0].policy.prefer) + any(entry.optional for entry in cases[0].policy.require)
    given = [item.points[chosen[item.ticket]] for item in pairs if item.ticket in chosen]
    return Plan(assignments, unassigned, (len(given), *(sum(points[level] for points in given) for level in range(levels))))


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


def _pairs(case: Case) -> Pairs:
    rules = checks(case)
    sieve = Sieve(rules)
    for who in case.candidates:
        sieve.judge(who, case.key)
    ticket = case.ticket
    out = Pairs(ticket.id, (ticket.priority, ticket.opened_at, ticket.id), case)
    for item in rank(case, sieve.fitting, rules):
        out.points[item.id] = item.points
        out.limits[item.id] = item.limit
    if sieve.fitting:
        out.reason = "taken"
    elif sieve.counts:
        out.reason = max(sieve.counts, key=lambda rule: (sieve.counts[rule], rule))
    return out


@define
class _Rooms:
    """
    The places candidates have, as columns that a ticket may use or not.

    A candidate with load *b* who got *k* tickets is at *b + k*: a ticket that asks for a load below
    *n* may be any of the tickets up to the *n - b*-th. So each distinct limit adds one column of places that tickets
    with this limit or a higher one may use. Tickets without a limit take no place.
    """

    room: list[int] = field(factory=list)
    columns: dict[str, list[tuple[int, int]]] = field(factory=dict)
    free: dict[str, int] = field(factory=dict)

    @classmethod
    def of(cls, pairs: Sequence[Pairs]) -> _Rooms:
        limits: dict[str, set[int]] = {}
        loads: dict[str, int] = {}
        for item in pairs:
            base = {who.id: who for who in item.case.candidates} if not loads else {}
            loads.update((name, item.case.load(who)) for name, who in base.items())
            for name, limit in item.limits.items():
                if limit is not None:
                    limits.setdefault(name, set()).add(limit)
        rooms = cls()
        for name in sorted(loads):
            floor = loads[name]
            for limit in sorted(limits.get(name, ())):
                rooms.columns.setdefault(name, []).append((limit, len(rooms.room)))
                rooms.room.append(max(0, limit - floor))
                floor = max(floor, limit)
            rooms.free[name] = len(rooms.room)
            rooms.room.append(len(pairs))
        return rooms

    def usable(self, name: str, limit: int | None) -> list[int]:
        """The columns a ticket with this limit may use at a candidate, the scarcest first."""
        if limit is None:
            return [self.free[name]]
        return [column for most, column in reversed(self.columns[name]) if most <= limit]


def _exact(pairs: Sequence[Pairs], rooms: _Rooms) -> dict[str, str]:
    costs = _costs(pairs)
    nowhere = len(rooms.room)
    # Leaving a ticket out costs more than any way to place all of them, so as many as can be are placed.
    out = 1 + len(pairs) * max((cost for row in costs for cost in row.values()), default=0)
    rows: list[list[tuple[int, int]]] = []
    owner: dict[int, str] = {}
    for item, cost in zip(pairs, costs, strict=True):
        row = [(nowhere, out)]
        for name in sorted(item.points):
            for column in rooms.usable(name, item.limits[name]):
                owner[column] = name
                row.append((column, cost[name]))
        rows.append(row)
    found = cheapest(rows, [*rooms.room, len(pairs)])
    return {item.ticket: owner[column] for item, column in zip(pairs, found, strict=True) if column != nowhere}


def _costs(pairs: Sequence[Pairs]) -> list[dict[str, int]]:
    """One whole number per pair that orders totals as the levels do, less is better."""
    ranges: list[tuple[int, int]] = []  # per level: the greatest points, and more than all tickets together can differ by
    every = [points for item in pairs for points in item.points.values()]
    for level in range(len(every[0]) if every else 0):
        values = [points[level] for points in every]
        ranges.append((max(values), len(pairs) * (max(values) - min(values)) + 1))
    # The last digit is a hash, so that of equal plans the same one is found whatever the order of the input.
    ties = len(pairs) << 64
    out = []
    for item in pairs:
        row = {}
        for name, points in item.points.items():
            cost = 0
            for value, (most, base) in zip(points, ranges, strict=True):
                cost = cost * base + (most - value)
            row[name] = cost * ties + int(tie_break(item.case, name), 16)
        out.append(row)
    return out


def _greedy(pairs: Sequence[Pairs], rooms: _Rooms) -> dict[str, str]:
    room = list(rooms.room)
    chosen: dict[str, str] = {}
    for item in sorted(pairs, key=lambda item: item.order):
        for name in item.points:  # the best first
            column = next((column for column in rooms.usable(name, item.limits[name]) if room[column] > 0), None)
            if column is not None:
                room[column] -= 1
                chosen[item.ticket] = name
                break
    return chosen
