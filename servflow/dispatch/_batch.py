"""Knows what many tickets are worth to their candidates, all weighed together; must not know how they are given out."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import CAPACITY, Check
from servflow.dispatch._checks import checks
from servflow.dispatch._index import Index, index_of, places
from servflow.dispatch._masks import met
from servflow.dispatch._terms import measures

ALIKE = ("load", "load_share", "idle", "longest_idle", "cost", "worked", "given", "price")
"""The terms that measure the same of a candidate whichever of the tickets asks."""


@define(eq=False)
class Weighed:
    """
    One ticket with the candidates who fit it, by number, and for each level of the objective what each is worth.

    ``kind`` says which other tickets ask for the same limits; ``pinned`` is the number of who has it and keeps it.
    """

    case: Case
    limits: list[Check]
    kind: tuple[Any, ...]
    fitting: Sequence[int] = ()
    levels: list[Sequence[int]] = field(factory=list)
    reason: str = "nobody"
    pinned: int | None = None
    costs: Sequence[int] = ()

    @property
    def id(self) -> str:
        """The ticket's id."""
        return self.case.ticket.id

    def limit(self, who: Candidate) -> int | None:
        """The most that the candidate may hold with this ticket; None: no limit."""
        return _least(check.limit(who) for check in self.limits if check.limit is not None)

    def channel_limit(self, who: Candidate) -> int | None:
        """The most of the ticket's channel that the candidate may hold with it; None: no limit."""
        return _least(check.channel_limit(who) for check in self.limits if check.channel_limit is not None)


def _least(limits: Any) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


@define(eq=False)
class Batch:
    """All tickets of a plan, by id, and everybody who may get one, by id; numbers of candidates count in this order."""

    items: list[Weighed]
    order: tuple[Candidate, ...]
    place: Mapping[str, int]
    depth: int
    out: int = 1  # what leaving a ticket out costs

    @classmethod
    def of(
        cls, cases: Sequence[Case], pinned: Mapping[str, str], current: Mapping[str, str] | None, stability: int | None
    ) -> Batch:
        """Weigh every ticket; *stability* is the level at which it counts who keeps what *current* says (None: the last)."""
        policy = cases[0].policy
        index = index_of(cases[0].world, policy.candidates)
        weigher = _Weigher(index, current, stability)
        items = [
            weigher.weigh(case, index.place[pinned[case.ticket.id]] if case.ticket.id in pinned else None) for case in cases
        ]
        depth = len(policy.prefer) + any(entry.optional for entry in policy.require) + (current is not None)
        batch = cls(items, index.order, index.place, depth)
        batch._cost()
        return batch

    def _cost(self) -> None:
        """
        Put the levels of every pair together to one whole number, less is better, that orders totals as the levels do.

        One unit of a level weighs more than all tickets together can make up for in the levels after it.
        """
        free = [item for item in self.items if item.pinned is None and item.fitting]
        mosts = [max((max(item.levels[level]) for item in free), default=0) for level in range(self.depth)]
        weight, weights = 1, [1] * self.depth
        for level in reversed(range(self.depth)):
            weights[level] = weight
            weight *= 1 + sum(mosts[level] - min(item.levels[level]) for item in free)
        self.out = weight
        known: dict[tuple[int, ...], Sequence[int]] = {}
        for item in free:
            key = (id(item.fitting), *(id(level) for level in item.levels))
            if key not in known:
                known[key] = _joined(item.levels, mosts, weights, len(item.fitting))
            item.costs = known[key]


def _joined(levels: Sequence[Sequence[int]], mosts: Sequence[int], weights: Sequence[int], count: int) -> Sequence[int]:
    if not levels:
        return _packed([0] * count)
    if len(levels) == 1:
        return _packed([mosts[0] - value for value in levels[0]])
    total = sum(most * weight for most, weight in zip(mosts, weights, strict=True))
    if len(levels) == 2:
        first, second = weights
        return _packed([total - one * first - two * second for one, two in zip(*levels, strict=True)])
    return _packed([total - sum(map(int.__mul__, values, weights)) for values in zip(*levels, strict=True)])


def _packed(values: list[int]) -> Sequence[int]:
    try:
        return array("q", values)  # an eighth of a list of numbers, as long as they are not huge
    except OverflowError:
        return values


@define(eq=False)
class _Weigher:
    index: Index
    current: Mapping[str, str] | None
    stability: int | None
    alike: dict[int, list[int]] = field(factory=dict)
    lists: dict[int, Sequence[int]] = field(factory=dict)
    shared: dict[tuple[int, int], Sequence[int]] = field(factory=dict)

    def weigh(self, case: Case, pinned: int | None) -> Weighed:
        """Who fits a ticket, and what everybody who does is worth."""
        rules = checks(case)
        limits = [check for check in rules if check.phase == CAPACITY and check.excludes and check.limit is not None]
        channel = case.ticket.channel if any(check.channel_limit is not None for check in limits) else None
        item = Weighed(case, limits, (*((check.kind, check.need) for check in limits), channel, case.units), pinned=pinned)
        mask, item.reason = self._fitting(case, rules, limits)
        if pinned is not None:
            mask = 1 << pinned
        fitting = self.lists.get(mask)
        if fitting is None:
            fitting = self.lists[mask] = array("l", places(mask))
        item.fitting = fitting
        item.levels = self._levels(case, rules, mask, fitting)
        return item

    def _fitting(self, case: Case, rules: Sequence[Check], limits: Sequence[Check]) -> tuple[int, str]:
        mask, lost, reason = self.index.full, 0, "nobody"
        for check in rules:
            if not check.excludes:
                continue
            left = met(case, self.index, check, mask)
            out = (mask & ~left).bit_count()
            if (out, check.rule) > (lost, reason) and out:
                lost, reason = out, check.rule
            mask = left
        return mask, "taken" if mask else reason

    def _levels(self, case: Case, rules: Sequence[Check], mask: int, fitting: Sequence[int]) -> list[Sequence[int]]:
        out: list[Sequence[int]] = []
        optional = [check for check in rules if not check.excludes]
        if optional:
            met_by = [met(case, self.index, check, mask) for check in optional]
            out.append(array("q", [sum(bits >> number & 1 for bits in met_by) for number in fitting]))
        asked = measures(case)
        for number, terms in enumerate(case.policy.prefer):
            fixed = [place for place, term in enumerate(terms) if term.term in ALIKE]
            every = self._alike(number, [asked[number][place] for place in fixed]) if fixed else None
            own = [asked[number][place] for place in range(len(terms)) if place not in fixed]
            out.append(self._level(number, mask, fitting, every, own))
        if self.current is not None:
            kept = self.index.place.get(self.current.get(case.ticket.id, ""), -1)
            level = array("q", [1 if number == kept else 0 for number in fitting])
            out.insert(len(out) if self.stability is None else self.stability, level)
        case.answers.clear()  # a plan tells no reasons; kept for all pairs, they would take more room than all the rest
        return out

    def _alike(self, level: int, terms: Sequence[tuple[str, int, Callable[[Candidate], int]]]) -> list[int]:
        """For everybody, what those terms of a level give that are the same for all tickets."""
        known = self.alike.get(level)
        if known is None:
            known = self.alike[level] = [sum(weight * ask(who) for _, weight, ask in terms) for who in self.index.order]
        return known

    def _level(
        self,
        number: int,
        mask: int,
        fitting: Sequence[int],
        every: list[int] | None,
        own: Sequence[tuple[str, int, Callable[[Candidate], int]]],
    ) -> Sequence[int]:
        if not own:
            key = number, id(fitting)
            if key not in self.shared:
                self.shared[key] = _packed([every[place] for place in fitting] if every is not None else [0] * len(fitting))
            return self.shared[key]
        those = list(self.index.those(mask))
        _, weight, ask = own[0]
        values = [weight * ask(who) for who in those]
        for _, weight, ask in own[1:]:
            values = [value + weight * ask(who) for value, who in zip(values, those, strict=True)]
        if every is not None:
            values = [value + every[place] for value, place in zip(values, fitting, strict=True)]
        return _packed(values)
