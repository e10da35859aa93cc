"""Knows which waiting ticket somebody should take next and why not the others; must not know how it is taken."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, frozen

from servflow.dispatch._choice import Choice, Verdict
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._waiting import ORDER
from servflow.errors import InputError, nearest
from servflow.model import EMPTY, FrozenMap, Ticket, World, instant, write_instant

_NEVER = datetime.max.replace(tzinfo=UTC)
_PEOPLE = ("engineers", "agents", "bots", "people")


@frozen(kw_only=True)
class Waiting:
    """
    A waiting ticket that somebody may take: ``rank`` counts from 1.

    ``priority`` is 1 for the highest, ``due`` when the first of its clocks is due (None: no clock runs), ``points``
    what the policy's preferences make of it for whoever pulls, ``since`` since when it has waited.
    """

    ticket: str
    policy: str
    rank: int
    priority: int
    due: datetime | None
    points: tuple[int, ...]
    since: datetime

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ticket": self.ticket,
            "policy": self.policy,
            "rank": self.rank,
            "priority": self.priority,
            "due": None if self.due is None else write_instant(self.due),
            "points": list(self.points),
            "since": write_instant(self.since),
        }


@frozen(kw_only=True)
class NextFor:
    """
    What somebody who pulls would get: ``ranked``, the best first, and for every other ticket what keeps them from it.

    ``passed_over`` maps the id of a ticket to the verdicts that failed; none where it does not wait to be pulled, or where
    the desk lacks its version of the workflow.
    """

    engineer: str
    at: datetime
    ranked: tuple[Waiting, ...] = ()
    passed_over: FrozenMap[str, tuple[Verdict, ...]] = EMPTY

    @property
    def ticket(self) -> str | None:
        """The id of the ticket to take; None where there is none for them."""
        return self.ranked[0].ticket if self.ranked else None

    def text(self, lang: str = "en") -> str:
        """What is next and why not the others, one line each, in ``en`` or ``zh``."""
        lines = [f"{one.rank}. {one.ticket}" for one in self.ranked]
        for ticket, verdicts in self.passed_over.items():
            said = "; ".join(one.text(lang) for one in verdicts)
            lines.append(f"{ticket}: {said or ('不在排队' if lang == 'zh' else 'does not wait to be pulled')}")
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "engineer": self.engineer,
            "at": write_instant(self.at),
            "ticket": self.ticket,
            "ranked": [one.as_data() for one in self.ranked],
            "passed_over": {ticket: [one.as_data() for one in verdicts] for ticket, verdicts in self.passed_over.items()},
        }


@frozen
class Judged:
    """What one policy makes of one ticket for whoever pulls, and what decides its place in the line."""

    ticket: Ticket
    policy: Policy
    choice: Choice
    since: datetime

    @property
    def place(self) -> tuple[Any, ...]:
        """Smaller comes first."""
        ranked, ticket = self.choice.ranked[0], self.ticket
        parts: Mapping[str, Any] = {
            "priority": ticket.priority,
            "due": ticket.due or _NEVER,
            "terms": tuple(-points for points in ranked.points),
            "age": self.since,
        }
        return tuple(parts[name] for name in self.order)

    @property
    def order(self) -> tuple[str, ...]:
        """What decides in the line it waits in."""
        return ORDER if self.policy.pull is None else self.policy.pull.order

    @property
    def urgency(self) -> tuple[Any, ...]:
        """What decides among the first of lines that are ordered differently: smaller comes first."""
        return (self.ticket.priority, self.ticket.due or _NEVER, self.since, self.ticket.id)


def alone(world: World, engineer: str) -> World:
    """
    The world in which only one person takes tickets: whoever pulls is judged, nobody else.

    An outlet, provider or queue may pull as well, where a policy chooses among them.

    Raises:
        InputError: nobody of that id takes tickets.
    """
    sorts = {sort: tuple(who for who in getattr(world, sort) if who.id == engineer) for sort in ("engineers", "agents", "bots")}
    places = (place.id for sort in ("outlets", "providers", "queues") for place in getattr(world, sort))
    if not any(sorts.values()) and engineer not in places:
        known = [who.id for sort in sorts for who in getattr(world, sort)]
        close = nearest(engineer, known)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(
            f"the world has no engineer, agent or bot {engineer!r}{hint}", code="dispatch.engineer", engineer=engineer
        )
    return world._with(world.version, sorts)


def judge(policy: Policy, ticket: Ticket, only: World, at: datetime, engineer: str, *, hooks: Any = None) -> Judged:
    """What a policy makes of a ticket for whoever pulls, in a world in which nobody else takes tickets."""
    progress = ticket.slots.get(policy.slot)
    since = progress.since if progress is not None and progress.policy == policy.name else ticket.opened_at
    choice = evaluate(policy, ticket, only, at, explain=True, hooks=hooks)
    if policy.candidates not in _PEOPLE:
        ranked = tuple(one for one in choice.ranked if one.id == engineer)
        choice = evolve(choice, ranked=ranked, verdicts=tuple(one for one in choice.verdicts if one.candidate == engineer))
    return Judged(ticket, policy, choice, since)


def in_line(engineer: str, at: datetime, judged: Iterable[Judged], others: Iterable[str] = ()) -> NextFor:
    """
    Tickets in the order in which one person should take them, and why not those that are not for them.

    Each line keeps its own order. Of the first of lines that are ordered differently the most urgent one comes first.
    """
    fitting: dict[tuple[str, ...], list[Judged]] = {}
    passed: dict[str, tuple[Verdict, ...]] = dict.fromkeys(others, ())
    for one in judged:
        if one.choice.ranked:
            fitting.setdefault(one.order, []).append(one)
        else:
            passed[one.ticket.id] = tuple(item for item in one.choice.verdicts if item.excludes and not item.passed)
    for line in fitting.values():
        line.sort(key=lambda one: (one.place, _tie(one.policy, one.ticket, engineer), one.ticket.id))
    # It looks at the first of each only, which is what keeps the order of each.
    merged = heapq.merge(*fitting.values(), key=lambda one: one.urgency)
    ranked = tuple(
        Waiting(
            ticket=one.ticket.id,
            policy=one.policy.name,
            rank=rank,
            priority=one.ticket.priority,
            due=one.ticket.due,
            points=one.choice.ranked[0].points,
            since=one.since,
        )
        for rank, one in enumerate(merged, 1)
    )
    return NextFor(engineer=engineer, at=at, ranked=ranked, passed_over=FrozenMap(passed))


def _tie(policy: Policy, ticket: Ticket, engineer: str) -> str:
    """A number without meaning that settles ties: the same in every process, different for whoever pulls."""
    text = "\x1f".join((str(policy.seed or ""), policy.name, ticket.id, engineer))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def next_for(
    policy: Policy | Mapping[str, Any],
    engineer: str,
    tickets: Iterable[Ticket],
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    hooks: Hooks | None = None,
) -> NextFor:
    """
    Which of these tickets somebody who pulls should take next under a policy, and why not the others.

    Every requirement of the policy is asked, and all that always holds. Of what remains its ``pull.order`` decides, then a
    hash of policy, ticket and puller, then the id. The order in which tickets are given does not matter.

    Args:
        policy: the policy, or its mapping.
        engineer: the id of an engineer, agent or bot of the world.
        tickets: those that wait; one that is given twice counts once.
        world: the snapshot to decide with.
        at: aware instant of the decision.
        hooks: the host's registered functions.

    Raises:
        InputError: the world has nobody of that id who takes tickets.
        TimeError: *at* is naive.
    """
    policy, at = Policy.read(policy), instant(at)
    only = alone(World.of(world) or World(), engineer)
    each = {ticket.id: ticket for ticket in tickets}
    return in_line(engineer, at, [judge(policy, ticket, only, at, engineer, hooks=hooks) for _, ticket in sorted(each.items())])
