"""Knows who passes every rule, and what may change for the others; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define, field

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import CAPACITY, STATIC, TIME, Check
from servflow.dispatch._index import Index, index_of
from servflow.dispatch._masks import changes, met


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
        live = index.full
        for check in self.static:
            passing = met(case, index, check, live)
            if passing != live:
                self.counts[check.rule] = self.counts.get(check.rule, 0) + (live ^ passing).bit_count()
                live = passing
            if not live:
                return
        roomy, punctual = self._by_phase(case, index, live)
        waiting = punctual & ~roomy
        self.fitting = list(index.those(roomy & punctual))
        if waiting:
            self.waits = [case.key(who.id) for who in index.those(waiting)]
        for check in self.changing:
            for instant, _ in changes(case, index, check, live & ~waiting):
                self._turns(instant)

    def _by_phase(self, case: Case, index: Index, live: int) -> tuple[int, int]:
        """Who has room, and for whom it is the time; whoever fails is counted with the first rule that keeps them out."""
        roomy = punctual = live
        for check in self.capacity:
            passing = met(case, index, check, roomy)
            self._count_those(case, index, check, roomy & ~passing)
            roomy = passing
        for check in self.timed:
            passing = met(case, index, check, punctual)
            self._count_those(case, index, check, punctual & roomy & ~passing)
            punctual = passing
        return roomy, punctual

    def _count_those(self, case: Case, index: Index, check: Check, failed: int) -> None:
        if failed:
            for instant, count in changes(case, index, check, failed):
                self._count_late(check, instant, count)

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
