"""Knows how the smallest single changes that create a candidate are found and proven; must not know who carries them out."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._change import CHANGES, DROPPED, SCOPES, Change, Situation, Unblock
from servflow.dispatch._check import Check
from servflow.dispatch._checks import checks
from servflow.dispatch._evaluate import choose
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._remedies import Remedy, remedies
from servflow.dispatch._requirement import Requirement, relaxes
from servflow.dispatch._why_not import WhyNot, why_not
from servflow.errors import InputError, LimitError
from servflow.model import Engineer, Ticket, World

MAX_REMEDIES = 200
"""How many possible changes of one kind, the smallest, are kept to be tried."""

MAX_TRIES = 1_000
"""How often it is decided again."""

MAX_LATER = 200
"""How many of the next instants at which time turns a verdict are looked at."""

MAX_STEPS = 10
"""How often one requirement is widened, lowered or asked of neighbours."""

MISSES = 5
"""How many of those who came nearest are told."""

KEPT = 20
"""How many of those who fit after a change are named."""

HOUR = timedelta(hours=1)


def unblock(
    policy: Policy | Mapping[str, Any],
    ticket: Ticket,
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    stage: int | None = None,
    declined: Iterable[str] | None = None,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
    limit: int = 10,
) -> Unblock:
    """
    The smallest single changes to time, world, ticket or policy after which somebody fits, each proven by deciding again.

    Every candidate is looked at for a change that meets all rules they fail: a level, a unit of capacity, an absence that
    is lifted, ...; then the policy for one requirement that asks for less; then time for the first later instant at
    which somebody fits. Safety requirements are never asked for less, and conditions (``when``) and functions of the
    host are met by dropping them only, since nothing says what would meet them.

    Args:
        limit: how many changes of each kind are given at most, from 1 on; the other arguments are those of ``evaluate``.

    Raises:
        LimitError: *limit* is no whole number from 1 on.
    """
    asked: object = limit
    if isinstance(asked, bool) or not isinstance(asked, int) or asked < 1:
        raise LimitError(f"limit is a whole number from 1 on, not {limit!r}", code="limit", limit=limit)
    given = None if declined is None else tuple(declined)
    case = Case.make(policy, ticket, world, at, stage=stage, declined=given, bindings=bindings, hooks=hooks)
    before = Situation(
        policy=case.policy,
        ticket=ticket,
        world=case.world,
        at=case.at,
        stage=case.stage,
        declined=given,
        bindings=bindings,
        hooks=hooks,
    )
    return _Search(case, before).run(limit)


@define
class _Search:
    """One search: what is known of the world as it is, and what was tried."""

    case: Case
    before: Situation
    rules: list[Check] = field(init=False)
    failing: set[str] = field(factory=set)
    near: list[tuple[int, str]] = field(factory=list)
    count: int = 0
    tries: int = 0
    cut: bool = False

    def __attrs_post_init__(self) -> None:
        self.rules = [check for check in checks(self.case) if check.excludes]

    def run(self, limit: int) -> Unblock:
        choice = choose(self.case, explain=False)
        if choice.ranked:
            return Unblock(fit=tuple(item.id for item in choice.ranked[:KEPT]))
        possible = self._smallest()
        possible.extend(self._of_policy())
        later = self._later(choice.next_change)
        if later is not None:
            possible.append(later)
        return Unblock(changes=self._tried(sorted(possible, key=_order), limit), misses=self._misses(), complete=not self.cut)

    def _once(self) -> Iterator[Remedy]:
        """What may let a candidate in, each once: several may need one contract of their outlet."""
        seen: set[tuple[Any, ...]] = set()
        for who in self.case.candidates:
            failed = [check for check in self.rules if not check.passes(who)]
            self.failing.update(check.rule for check in failed)
            self._nearest(len(failed), who.id)
            for remedy in remedies(self.case, who, failed):
                if not remedy.who:
                    if remedy.key in seen:
                        continue
                    seen.add(remedy.key)
                self.count += 1
                yield remedy

    def _smallest(self) -> list[Remedy]:
        """The smallest of each kind: a thousand engineers who are all full shall not hide what else would help."""
        kept: dict[str, list[Remedy]] = {}
        for remedy in self._once():
            held = kept.setdefault(remedy.kind, [])
            held.append(remedy)
            if len(held) == 2 * MAX_REMEDIES:
                held[:] = heapq.nsmallest(MAX_REMEDIES, held, key=_order)
        possible = [remedy for held in kept.values() for remedy in heapq.nsmallest(MAX_REMEDIES, held, key=_order)]
        self.cut = self.count > len(possible)
        return possible

    def _nearest(self, failed: int, who: str) -> None:
        if len(self.near) < MISSES or (failed, who) < self.near[-1]:
            self.near = sorted([*self.near, (failed, who)])[:MISSES]

    def _of_policy(self) -> Iterator[Remedy]:
        """What asks for less: the policy's own next steps, or one requirement."""
        policy, case = self.case.policy, self.case
        for stage in range(case.stage + 1, len(policy.relax) + 1):
            yield Remedy(kind="relax", scope="policy", size=stage - case.stage, what=policy.name, stage=stage)
        if "of" in self.failing and case.world.outlets:
            yield from _steps("neighbours", "of", MAX_STEPS)
        by_rule = {check.rule: check for check in self.rules}
        for rule, entry in zip(policy.rules, policy.require, strict=True):
            if rule in self.failing and not entry.safety:
                yield Remedy(kind="drop", scope="policy", size=DROPPED, what=rule, tweak=("drop", rule, 1))
                yield from self._less(rule, entry, by_rule[rule])

    def _less(self, rule: str, entry: Requirement, check: Check) -> Iterator[Remedy]:
        if check.why == "error":
            return
        if relaxes("lower", entry) and check.kind == "skill":
            most = max((least for _, least in check.names), default=1)
            yield from _steps("lower", rule, min(most - 1, MAX_STEPS))
        if relaxes("widen", entry):
            yield from _steps("widen", rule, MAX_STEPS)
        if relaxes("neighbours", entry) and self.case.world.outlets:
            yield from _steps("neighbours", rule, MAX_STEPS)
        if relaxes("below", entry) and rule not in self.case.most:
            yield Remedy(kind="below", scope="policy", what=rule, tweak=("below", rule, 1))

    def _later(self, change: datetime | None) -> Remedy | None:
        """The first later instant at which somebody fits, if nothing but time changes."""
        for _ in range(MAX_LATER):
            if change is None:
                return None
            found = choose(Remedy(kind="later", at=change).situation(self.before).case(), explain=False)
            if found.ranked:
                size = -((self.case.at - change) // HOUR)  # hours begun
                return Remedy(kind="later", scope="time", size=size, have=self.case.at, need=change, at=change)
            change = found.next_change
        self.cut = True
        return None

    def _tried(self, possible: list[Remedy], limit: int) -> tuple[Change, ...]:
        """Those that prove to let somebody in, by deciding again; of one that is done by degrees the least degree."""
        found: list[Change] = []
        done: set[tuple[str, str | None]] = set()
        counts = dict.fromkeys(CHANGES, 0)
        for remedy in possible:
            degree = (remedy.kind, remedy.what)
            if remedy.scope == "policy" and degree in done:
                continue
            if counts[remedy.kind] == limit or self.tries == MAX_TRIES:
                self.cut = True
                continue
            self.tries += 1
            change = self._proven(remedy)
            if change is not None:
                found.append(change)
                counts[remedy.kind] += 1
                done.add(degree)
        return tuple(found)

    def _proven(self, remedy: Remedy) -> Change | None:
        try:
            situation = remedy.situation(self.before)
        except InputError:
            return None  # nobody can be so
        case = situation.case()
        creates = self._creates(case, remedy)
        if not creates:
            return None
        return Change(
            kind=remedy.kind,
            scope=remedy.scope,
            size=remedy.size,
            candidate=remedy.candidate,
            what=remedy.what,
            have=remedy.have,
            need=remedy.need,
            creates=tuple(creates[:KEPT]),
            situation=situation,
        )

    def _creates(self, case: Case, remedy: Remedy) -> list[str]:
        # Nobody fitted before: after a change of one candidate or site only these need be judged again. Each is asked
        # by itself, since what was remembered of a world knows nothing of a policy that asks for less.
        excluding = [check for check in checks(case) if check.excludes]
        judged: Iterable[Candidate] = remedy.who or case.candidates
        if remedy.site is not None:
            judged = (who for who in judged if isinstance(who, Engineer) and who.outlet == remedy.site)
        return [who.id for who in judged if all(check.passes(who) for check in excluding)]

    def _misses(self) -> tuple[WhyNot, ...]:
        asked = self.before
        return tuple(
            why_not(
                asked.policy,
                asked.ticket,
                asked.world,
                asked.at,
                who,
                stage=asked.stage,
                declined=asked.declined,
                bindings=asked.bindings,
                hooks=asked.hooks,
            )
            for _, who in self.near
        )


def _steps(kind: str, rule: str, most: int) -> Iterator[Remedy]:
    for count in range(1, most + 1):
        yield Remedy(kind=kind, scope="policy", size=count, what=rule, tweak=(kind, rule, count))


def _order(remedy: Remedy) -> tuple[int, int, int, str, str, str]:
    place = SCOPES.index(remedy.scope), CHANGES.index(remedy.kind)
    return (remedy.size, *place, remedy.candidate or "", remedy.what or "", str(remedy.need))
