"""Knows whether one candidate may have a ticket and what capacity that takes; must not know who is best."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import Check
from servflow.dispatch._checks import checks, limits
from servflow.dispatch._choice import Verdict
from servflow.dispatch._evaluate import verdict_of
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import STANDING, Policy
from servflow.model import Agent, Bot, Engineer, Outlet, Provider, Take, Ticket, World

_PLAIN: Mapping[str, tuple[type, tuple[type, ...]]] = {
    "engineers": (Engineer, (Agent, Bot)),
    "agents": (Agent, ()),
    "bots": (Bot, ()),
    "people": (Engineer, ()),
    "outlets": (Outlet, (Provider,)),
    "providers": (Provider, ()),
}
"""What a kind of candidates is, and what of it is another kind."""


@frozen
class Admission:
    """
    How a candidate stands to a policy: ``failed`` are the rules that keep them out, ``takes`` is what they would take.

    ``known`` says whether the policy chooses among anybody of that id at all. Each of ``takes`` is a key of theirs with
    its units and the most that may be held of it (None: nothing limits it).
    """

    candidate: str
    known: bool
    failed: tuple[Verdict, ...] = ()
    takes: tuple[Take, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing keeps them out."""
        return self.known and not self.failed

    def strict(self, policy: Policy) -> tuple[Verdict, ...]:
        """Those of the rules that keep them out which nothing ever relaxes."""
        safe = {rule for rule, entry in zip(policy.rules, policy.require, strict=True) if entry.safety}
        return tuple(item for item in self.failed if item.rule in safe or item.rule in STANDING)


def admit(
    policy: Policy,
    ticket: Ticket,
    world: World | None,
    at: datetime,
    candidate: str,
    *,
    hooks: Hooks | None = None,
) -> Admission:
    """
    Whether one candidate may have a ticket now, whatever they answered before, and what capacity that takes.

    As many relaxations apply as the ticket's slot has come to.

    Args:
        candidate: their id; whoever the policy does not choose among is not ``known``.
    """
    case = Case.make(policy, ticket, world, at, declined=(), hooks=hooks)
    who = find(case, candidate)
    if who is None:
        return Admission(candidate, False, (), (Take(key=case.key(candidate), units=case.units),))
    rules = checks(case)
    failed = tuple(verdict_of(check, who) for check in rules if check.excludes and not check.passes(who))
    return Admission(candidate, True, failed, _takes(case, who, rules))


def takes_of(case: Case, candidate: str) -> tuple[Take, ...]:
    """What somebody who was just chosen takes of their capacity; the same as ``admit`` says, without judging them again."""
    who = find(case, candidate)
    if who is None:
        return (Take(key=case.key(candidate), units=case.units),)
    return _takes(case, who, limits(case))


def find(case: Case, candidate: str) -> Candidate | None:
    """The candidate of that id among those the policy chooses among; None where there is none."""
    kind = _PLAIN.get(case.policy.candidates)
    if kind is None:
        return next((queue for queue in case.world.queues if queue.id == candidate), None)
    who = case.world.by_id.get(candidate)
    if isinstance(who, kind[0]) and not isinstance(who, kind[1]):
        return who
    # One id may stand for an engineer and for an outlet.
    return next((other for other in case.candidates if other.id == candidate), None)


def _takes(case: Case, who: Candidate, rules: list[Check]) -> tuple[Take, ...]:
    limiting = [check.limit for check in rules if check.limit is not None and check.excludes]
    allowed = [most for limit in limiting if (most := limit(who)) is not None]
    taken = [Take(key=case.key(who.id), units=case.units, limit=min(allowed) if allowed else None)]
    channel = case.channel_key(who)
    if channel is not None:
        taken.append(Take(key=channel, units=case.units, limit=case.channel_limits(who).most if limiting else None))
    return tuple(taken)
