"""Knows what makes a plan wrong; must not know how plans are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import CAPACITY, Check
from servflow.dispatch._checks import checks
from servflow.dispatch._evaluate import rank
from servflow.dispatch._options import Hooks
from servflow.dispatch._plan import Plan, cases_of
from servflow.dispatch._policy import Policy
from servflow.dispatch._verify_routes import Walk
from servflow.model import Ticket, World


@frozen
class Violation:
    """
    One thing wrong with a plan.

    ``kind`` is ``unknown_ticket``, ``unknown_candidate``, ``assigned_twice``, ``assigned_and_unassigned``, ``missing``
    (in neither list), ``over_capacity``, ``could_be_assigned`` (left out although somebody who fits has
    room), ``objective``, or the kind of the rule that the candidate does not meet (``skill``, ``area``, ``open``,
    ``presence``, ...). ``detail`` says it in numbers and names.
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
) -> tuple[Violation, ...]:
    """
    Everything wrong with a plan, whoever made it; empty when it may be carried out.

    Whether a better plan exists is not looked at, except that a ticket may not be left out while somebody
    who fits has room.

    Args:
        plan: the plan; the other arguments are those it was made with.

    Raises:
        InputError: a ticket is given twice.
        TimeError: *at* is naive.
    """
    cases = {case.ticket.id: case for case in cases_of(policy, tickets, world, at, bindings=bindings, hooks=hooks)}
    audit = _Audit(plan, cases)
    audit.names()
    if plan.routes is not None and cases:
        walk = Walk(plan.routes, cases, plan.assignments, audit.report)
        walk.all()
        walk.objective(plan.objective)
        audit.capacity()
        return tuple(audit.found)
    audit.rules()
    audit.capacity()
    audit.left_out()
    audit.objective()
    return tuple(audit.found)


@define
class _Audit:
    plan: Plan
    cases: dict[str, Case]
    found: list[Violation] = field(factory=list)
    candidates: dict[str, Candidate] = field(factory=dict)
    checks: dict[str, list[Check]] = field(factory=dict)
    given: list[tuple[str, str]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        for ticket, case in self.cases.items():
            self.candidates = self.candidates or {who.id: who for who in case.candidates}
            self.checks[ticket] = [check for check in checks(case) if check.excludes]

    def report(self, kind: str, ticket: str | None = None, candidate: str | None = None, detail: str = "") -> None:
        self.found.append(Violation(kind, ticket, candidate, detail))

    def names(self) -> None:
        """Every ticket is in exactly one list, once; every name exists."""
        assigned: set[str] = set()
        for ticket, candidate in self.plan.assignments:
            if ticket in assigned:
                self.report("assigned_twice", ticket, candidate, "the ticket is in the plan more than once")
            assigned.add(ticket)
            if ticket not in self.cases:
                self.report("unknown_ticket", ticket, candidate, "no such ticket was given")
            if candidate not in self.candidates:
                self.report("unknown_candidate", ticket, candidate, "the world has no such candidate")
            if ticket in self.cases and candidate in self.candidates:
                self.given.append((ticket, candidate))
        left = [ticket for ticket, _ in self.plan.unassigned]
        for ticket in left:
            if ticket not in self.cases:
                self.report("unknown_ticket", ticket, None, "no such ticket was given")
        for ticket in sorted(assigned.intersection(left)):
            self.report("assigned_and_unassigned", ticket, None, "the ticket is in both lists")
        for ticket in self.cases:
            if ticket not in assigned and ticket not in left:
                self.report("missing", ticket, None, "the ticket is in neither list")

    def rules(self) -> None:
        """Everybody who gets a ticket meets every rule but capacity, which is counted for all tickets together."""
        for ticket, candidate in self.given:
            who = self.candidates[candidate]
            for check in self.checks[ticket]:
                if check.phase != CAPACITY and not check.passes(who):
                    self.report(check.kind, ticket, candidate, f"{check.rule}: has {check.have(who)}, asked {check.need}")

    def capacity(self) -> None:
        """There is an order in which every ticket, when it is given, finds its candidate below its limit."""
        for candidate in sorted({name for _, name in self.given}):
            tickets = [ticket for ticket, name in self.given if name == candidate]
            problem = self._overfull(candidate, tickets)
            if problem is not None:
                self.report("over_capacity", problem[0], candidate, problem[1])

    def _overfull(self, candidate: str, tickets: list[str]) -> tuple[str, str] | None:
        limits = sorted((limit, ticket) for ticket in tickets if (limit := self._limit(ticket, candidate)) is not None)
        load = self.cases[tickets[0]].load(self.candidates[candidate])
        for held, (limit, ticket) in enumerate(limits, start=load):
            if held >= limit:
                return ticket, f"{candidate} would hold {held} and must be below {limit}"
        return None

    def _limit(self, ticket: str, candidate: str) -> int | None:
        who = self.candidates[candidate]
        asked = [check.limit(who) for check in self.checks[ticket] if check.limit is not None]
        return min((limit for limit in asked if limit is not None), default=None)

    def left_out(self) -> None:
        """No ticket waits while somebody who fits has room."""
        assigned = {ticket for ticket, _ in self.given}
        for ticket in sorted({name for name, _ in self.plan.unassigned if name in self.cases} - assigned):
            for candidate, who in self.candidates.items():
                if any(check.phase != CAPACITY and not check.passes(who) for check in self.checks[ticket]):
                    continue
                beside = [other for other, name in self.given if name == candidate]
                if self._overfull(candidate, [*beside, ticket]) is None:
                    self.report("could_be_assigned", ticket, candidate, f"{candidate} fits and has room")
                    break

    def objective(self) -> None:
        """The plan is worth what it says."""
        totals = [len(self.given)]
        for ticket, candidate in self.given:
            case = self.cases[ticket]
            [ranked] = rank(case, [self.candidates[candidate]], checks(case))
            totals.extend([0] * (1 + len(ranked.points) - len(totals)))
            for level, points in enumerate(ranked.points, start=1):
                totals[level] += points
        said = list(self.plan.objective)
        longest = max(len(said), len(totals))
        if [*said, *[0] * (longest - len(said))] != [*totals, *[0] * (longest - len(totals))]:
            self.report("objective", None, None, f"the plan says {said}, its assignments are worth {totals}")
