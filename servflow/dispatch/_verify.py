"""Knows what makes a plan wrong; must not know how plans are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from servflow.dispatch._candidates import Candidate, capacity_key
from servflow.dispatch._case import Case
from servflow.dispatch._options import Hooks
from servflow.dispatch._plan import Plan, cases_of
from servflow.dispatch._policy import Policy
from servflow.dispatch._reread import Reread
from servflow.dispatch._stops import Routing
from servflow.dispatch._terms import measures
from servflow.dispatch._verify_gaps import Gaps
from servflow.dispatch._verify_routes import Walk
from servflow.errors import ExpressionError
from servflow.model import EMPTY, Ticket, World


@frozen
class Violation:
    """
    One thing wrong with a plan.

    ``kind`` is ``unknown_ticket``, ``unknown_candidate``, ``assigned_twice``, ``unassigned_twice``,
    ``assigned_and_unassigned``, ``missing`` (in neither list), ``pinned`` (not where it is pinned), ``over_capacity``,
    ``could_be_assigned`` (left out although somebody who fits has room), ``objective``,
    ``moved``, or the kind of the rule that the candidate does not meet (``skill``, ``area``, ``open``, ``presence``, ...).
    ``detail`` says it in numbers and names.
    """

    kind: str
    ticket: str | None = None
    candidate: str | None = None
    detail: str = ""


def verify(
    plan: Plan,
    policy: Policy | Mapping[str, Any],
    tickets: Iterable[Ticket],
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
    pinned: Mapping[str, str] | None = None,
    current: Mapping[str, str] | None = None,
    stability: int | None = None,
    routing: Routing | Mapping[str, Any] | None = None,
) -> tuple[Violation, ...]:
    """
    Everything wrong with a plan, whoever made it; empty when it may be carried out.

    It has its own reading of the rules, which it shares with nothing that makes plans or decisions: what is wrong there is
    found here. What is pinned is not asked to meet them; it takes its room before the others.

    Whether a better plan exists is not looked at, except that a ticket may not be left out while somebody
    who fits has room; of routes, while it fits between two visits of theirs that need not be moved for it. A pinned visit
    may be left out of them where who has it could not drive there, even without all that is not pinned.

    Args:
        plan: the plan; the other arguments are those it was made with. Without *routing* what only that says is not
            judged: visits after the last route, ways of which nothing tells, and how long a visit takes where nothing does.

    Raises:
        InputError: a ticket is given twice.
        TimeError: *at* is naive.
    """
    cases = {case.ticket.id: case for case in cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)}
    audit = _Audit(plan, cases, pinned or {})
    audit.names()
    if plan.routes is not None and cases:
        given = None if routing is None else Routing.read(routing)
        walk = Walk(plan.routes, cases, plan.assignments, audit.report, pinned or {}, given)
        walk.all()
        audit.capacity()
        left = [ticket for ticket, _ in plan.unassigned if ticket in cases and ticket not in dict(plan.assignments)]
        Gaps(walk, {who: [name for name, one in audit.given if one == who] for _, who in audit.given}).look(left)
        audit.objective(current, stability, (-sum(cases[name].ticket.priority for name, _ in audit.given), -walk.minutes))
        return tuple(audit.found)
    audit.rules()
    audit.capacity()
    audit.left_out()
    audit.objective(current, stability)
    return tuple(audit.found)


@define
class _Audit:
    plan: Plan
    cases: dict[str, Case]
    pinned: Mapping[str, str]
    found: list[Violation] = field(factory=list)
    candidates: dict[str, Candidate] = field(factory=dict)
    read: dict[str, Reread] = field(factory=dict)
    given: list[tuple[str, str]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        for ticket, case in self.cases.items():
            self.candidates = self.candidates or {who.id: who for who in case.candidates}
            self.read[ticket] = Reread(case)

    def report(self, kind: str, ticket: str | None = None, candidate: str | None = None, detail: str = "") -> None:
        self.found.append(Violation(kind, ticket, candidate, detail))

    def names(self) -> None:
        """Every ticket is in exactly one list, once; every name exists; what is pinned is where it was."""
        assigned: dict[str, str] = {}
        for ticket, candidate in self.plan.assignments:
            if ticket in assigned:
                self.report("assigned_twice", ticket, candidate, "the ticket is in the plan more than once")
            assigned[ticket] = candidate
            if ticket not in self.cases:
                self.report("unknown_ticket", ticket, candidate, "no such ticket was given")
            if candidate not in self.candidates:
                self.report("unknown_candidate", ticket, candidate, "the world has no such candidate")
            if ticket in self.cases and candidate in self.candidates:
                self.given.append((ticket, candidate))
        left = [ticket for ticket, _ in self.plan.unassigned]
        for number, ticket in enumerate(left):
            if ticket not in self.cases:
                self.report("unknown_ticket", ticket, None, "no such ticket was given")
            if ticket in left[:number]:
                self.report("unassigned_twice", ticket, None, "the ticket is left out more than once")
        for ticket in sorted(assigned.keys() & set(left)):
            self.report("assigned_and_unassigned", ticket, None, "the ticket is in both lists")
        for ticket in self.cases:
            if ticket not in assigned and ticket not in left:
                self.report("missing", ticket, None, "the ticket is in neither list")
        for ticket, candidate in self.pinned.items():
            if assigned.get(ticket) != candidate and (self.plan.routes is None or ticket in assigned):
                self.report("pinned", ticket, candidate, f"the ticket is pinned to {candidate} and goes elsewhere")

    def rules(self) -> None:
        """Everybody who gets a ticket meets every rule but capacity, which is counted for all tickets together."""
        for ticket, candidate in self.given:
            if self.pinned.get(ticket) != candidate:
                for kind, detail in self.read[ticket].broken(self.candidates[candidate]):
                    self.report(kind, ticket, candidate, detail)

    def capacity(self) -> None:
        """There is an order in which every ticket, when it is given, finds room with its candidate."""
        having: dict[str, list[str]] = {}
        for ticket, candidate in self.given:
            having.setdefault(candidate, []).append(ticket)
        for candidate, tickets in sorted(having.items()):
            problem = self._overfull(candidate, tickets)
            if problem is not None:
                self.report("over_capacity", problem[0], candidate, problem[1])

    def _overfull(self, candidate: str, tickets: Sequence[str]) -> tuple[str, str] | None:
        channels = {self.cases[ticket].ticket.channel for ticket in tickets}
        for channel in (None, *sorted(name for name in channels if name is not None)):
            same = [ticket for ticket in tickets if channel is None or self.cases[ticket].ticket.channel == channel]
            problem = self._beyond(candidate, channel, same)
            if problem is not None:
                return problem
        return None

    def _beyond(self, candidate: str, channel: str | None, tickets: Sequence[str]) -> tuple[str, str] | None:
        """Who is the first to find no room, at all or of a channel, where those who ask for the least load go first."""
        world, who = self.cases[tickets[0]].world, self.candidates[candidate]
        key = capacity_key(self.cases[tickets[0]].policy.candidates, candidate)
        held = world.loads.get(candidate, 0)
        if channel is not None:
            key, held = f"{key}/{channel}", world.channel_loads.get(candidate, EMPTY).get(channel, 0)
        held = max(0, held - sum(has.units for case in self.cases.values() for has in case.ticket.held if has.key == key))
        held += sum(self._units(ticket) for ticket in tickets if self.pinned.get(ticket) == candidate)
        limited: list[tuple[int, str]] = []
        for ticket in tickets:
            most = self.read[ticket].limits(who)[channel is not None]
            if most is not None and self.pinned.get(ticket) != candidate:
                limited.append((most, ticket))
        for most, ticket in sorted(limited):
            held += self._units(ticket)
            if held > most:
                return ticket, f"{candidate} would hold {held} of {key} and may hold {most}"
        return None

    def _units(self, ticket: str) -> int:
        case = self.cases[ticket]
        try:
            units = None if case.policy.takes is None else case.policy.takes.value(case.bindings)
        except ExpressionError:
            units = None
        return units if isinstance(units, int) and units > 0 else 1

    def left_out(self) -> None:
        """No ticket waits while somebody who fits has room."""
        having: dict[str, list[str]] = {}
        for ticket, candidate in self.given:
            having.setdefault(candidate, []).append(ticket)
        assigned = {ticket for ticket, _ in self.given}
        for ticket in sorted({name for name, _ in self.plan.unassigned if name in self.cases} - assigned):
            for candidate, who in self.candidates.items():
                if self._overfull(candidate, [*having.get(candidate, ()), ticket]) is None and not any(
                    self.read[ticket].broken(who)
                ):
                    self.report("could_be_assigned", ticket, candidate, f"{candidate} fits and has room")
                    break

    def objective(self, current: Mapping[str, str] | None, stability: int | None, last: tuple[int, ...] = ()) -> None:
        """The plan is worth what it says, *last* in the end, and says of all who were moved that they were."""
        first = next(iter(self.cases.values()), None)
        optional = first is not None and any(entry.optional for entry in first.policy.require)
        levels = 0 if first is None else len(first.policy.prefer) + optional + (current is not None)
        totals: list[int] = []
        for ticket, candidate in self.given:
            case, who = self.cases[ticket], self.candidates[candidate]
            points = [self.read[ticket].optional(who)] if any(entry.optional for entry in case.policy.require) else []
            points += [sum(weight * measure(who) for _, weight, measure in level) for level in measures(case)]
            if current is not None:
                points.insert(len(points) if stability is None else stability, int(current.get(ticket) == candidate))
            totals = [total + value for total, value in zip(totals or [0] * levels, points, strict=True)]
        worth = [len(self.given), *(totals or [0] * levels), *last]
        said = list(self.plan.objective)
        longest = max(len(said), len(worth))
        if [*said, *[0] * (longest - len(said))] != [*worth, *[0] * (longest - len(worth))]:
            self.report("objective", None, None, f"the plan says {said}, its assignments are worth {worth}")
        had, has = current or {}, dict(self.given)
        moved = {(name, had[name], has.get(name)) for name in self.cases if name in had and had[name] != has.get(name)}
        for ticket, before, now in sorted(moved.symmetric_difference(self.plan.moved), key=str):
            self.report("moved", ticket, now, f"the ticket was with {before}, and the plan tells of it otherwise")
