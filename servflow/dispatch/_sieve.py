"""Knows who passes every rule, and what may change for the others; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from attrs import define, field

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import CAPACITY, STATIC, TIME, Check
from servflow.dispatch._index import Index, index_of
from servflow.dispatch._masks import changes, met, soonest


class Narrowed(NamedTuple):
    """Sets of candidates: who fits, who waits for capacity alone, whom time may turn, and whom each rule kept out first."""

    fitting: int
    waiting: int
    turning: int
    failed: list[tuple[Check, int]]


@define
class Sieve:
    """Lets candidates through who pass every rule, and keeps what may change for the others."""

    rules: list[Check]
    static: list[Check] = field(init=False)
    capacity: list[Check] = field(init=False)
    timed: list[Check] = field(init=False)
    changing: list[Check] = field(init=False)
    fitting: list[Candidate] = field(factory=list)
    counts: dict[str, int] = field(factory=dict)
    waits: list[str] = field(factory=list)
    again: dict[str, tuple[datetime, bool]] = field(factory=dict)
    next_change: datetime | None = None
    considered: int = 0

    def __attrs_post_init__(self) -> None:
        excluding = [check for check in self.rules if check.excludes]
        self.static = [check for check in excluding if check.phase == STATIC and check.why in ("asked", "error")]
        self.capacity = [check for check in excluding if check.phase == CAPACITY]
        self.timed = [check for check in excluding if check.phase == TIME]
        self.changing = [*self.timed, *(check for check in self.static if check.kind == "certificate")]

    def judge(self, who: Candidate, key: Callable[[str], str]) -> None:
        """Look at one candidate."""
        self.considered += 1
        for check in self.static:
            if not check.passes(who):
                self.counts[check.rule] = self.counts.get(check.rule, 0) + 1
                return
        full = first_failed(self.capacity, who)
        late = first_failed(self.timed, who)
        first = full or late
        if first is None:
            self.fitting.append(who)
        else:
            self._count_late(first, first.change(who), 1)
        if full is not None and late is None:
            self.waits.append(key(who.id))
            return
        for check in self.changing:
            self._turns(check.change(who))

    def sift(self, case: Case, index: Index) -> None:
        """Look at everybody at once; what comes of it is what judging one after the other would."""
        self.considered = len(index.order)
        narrowed = self.narrow(case, index)
        self.fitting = list(index.those(narrowed.fitting))
        for check, failed in narrowed.failed:
            if check.phase == STATIC:
                self.counts[check.rule] = self.counts.get(check.rule, 0) + failed.bit_count()
                continue
            for instant, count in changes(case, index, check, failed):
                self._count_late(check, instant, count)
        if narrowed.waiting:
            self.waits = [case.key(who.id) for who in index.those(narrowed.waiting)]
        if narrowed.turning:
            for check in self.changing:
                self._turns(soonest(case, index, check, narrowed.turning))

    def narrow(self, case: Case, index: Index) -> Narrowed:
        """Who passes every rule, and whom each rule keeps out first."""
        live, answers = index.full, index.answers
        failed: list[tuple[Check, int]] = []
        for check in self.static:
            known = answers.get(check.key)
            passing = met(case, index, check, live) if known is None else known & live
            if passing != live:
                failed.append((check, live ^ passing))
                live = passing
                if not live:
                    return Narrowed(0, 0, 0, failed)
        roomy = punctual = live
        for check in self.capacity:
            passing = met(case, index, check, roomy)
            if passing != roomy:
                failed.append((check, roomy ^ passing))
                roomy = passing
        for check in self.timed:
            passing = met(case, index, check, punctual)
            if late := (punctual ^ passing) & roomy:
                failed.append((check, late))
            punctual = passing
        waiting = punctual & ~roomy
        return Narrowed(roomy & punctual, waiting, live ^ waiting, failed)

    def _turns(self, instant: datetime | None) -> None:
        if instant is not None and (self.next_change is None or instant < self.next_change):
            self.next_change = instant

    def _count_late(self, check: Check, instant: datetime | None, count: int) -> None:
        """Count whom time or a release of capacity may let in, and when the first of them comes back."""
        before = self.counts.get(check.rule, 0)
        self.counts[check.rule] = before + count
        known = self.again.get(check.rule)
        if known is None:
            if instant is not None:
                self.again[check.rule] = (instant, before == 0)
        elif instant != known[0]:
            self.again[check.rule] = (known[0] if instant is None else min(instant, known[0]), False)


def first_failed(rules: list[Check], who: Candidate) -> Check | None:
    """The first of these rules that keeps the candidate out; None when none does."""
    for check in rules:
        if not check.passes(who):
            return check
    return None


def sift(case: Case, rules: list[Check]) -> Sieve:
    """What the rules of a case make of everybody, asked of sets of candidates where they allow it."""
    sieve = Sieve(rules)
    sieve.sift(case, index_of(case.world, case.policy.candidates))
    return sieve
