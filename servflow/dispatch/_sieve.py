"""Knows who passes every rule, and what may change for the others; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define, field

from servflow.dispatch._case import Candidate
from servflow.dispatch._check import CAPACITY, STATIC, TIME, Check


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

    def __attrs_post_init__(self) -> None:
        excluding = [check for check in self.rules if check.excludes]
        self.static = [check for check in excluding if check.phase == STATIC and check.why in ("asked", "error")]
        self.capacity = [check for check in excluding if check.phase == CAPACITY]
        self.timed = [check for check in excluding if check.phase == TIME]
        self.changing = [*self.timed, *(check for check in self.static if check.kind == "certificate")]

    def judge(self, who: Candidate, key: Callable[[str], str]) -> None:
        for check in self.static:
            if not check.passes(who):
                self.counts[check.rule] = self.counts.get(check.rule, 0) + 1
                return
        full = first_failed(self.capacity, who)
        late = first_failed(self.timed, who)
        if full is None and late is None:
            self.fitting.append(who)
        else:
            self._count_late(full or late, who)  # type: ignore[arg-type]  # one of the two is there
        if full is not None and late is None:
            self.waits.append(key(who.id))
            return
        for check in self.changing:
            instant = check.change(who)
            if instant is not None and (self.next_change is None or instant < self.next_change):
                self.next_change = instant

    def _count_late(self, check: Check, who: Candidate) -> None:
        """Count whom time or a release of capacity may let in, and when the first of them comes back."""
        before = self.counts.get(check.rule, 0)
        self.counts[check.rule] = before + 1
        instant, known = check.change(who), self.again.get(check.rule)
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
