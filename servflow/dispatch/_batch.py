"""Knows what many tickets are worth to their candidates, all weighed together; must not know how they are given out."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from attrs import define, field

from servflow.dispatch._alike import Alike
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import CAPACITY, Check
from servflow.dispatch._index import index_of, places


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
        weigher = _Weigher(Alike(cases[0], index), current, stability)
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
        mosts, weight, weights = [0] * self.depth, 1, [1] * self.depth
        for level in reversed(range(self.depth)):
            rows = [item.levels[level] for item in free]
            distinct = {id(row): row for row in rows}
            least = {name: min(row) for name, row in distinct.items()}
            most = mosts[level] = max(map(max, distinct.values()), default=0)
            weights[level] = weight
            weight *= 1 + sum([most - least[id(row)] for row in rows])
        self.out = weight
        known: dict[tuple[int, ...], Sequence[int]] = {}
        for item in free:
            key = (id(item.fitting), *(id(level) for level in item.levels))
            if key not in known:
                known[key] = _joined(item.levels, mosts, weights, len(item.fitting))
            item.costs = known[key]


def _joined(levels: Sequence[Sequence[int]], mosts: Sequence[int], weights: Sequence[int], count: int) -> Sequence[int]:
    total = sum(most * weight for most, weight in zip(mosts, weights, strict=True))
    weighed = [(values, weight) for values, weight in zip(levels, weights, strict=True) if any(values)]
    if len(weighed) == 2:
        (first, one), (second, two) = weighed
        return _packed([total - a * one - b * two for a, b in zip(first, second, strict=True)])
    costs = [total] * count
    for values, weight in weighed:
        costs = [cost - value * weight for cost, value in zip(costs, values, strict=True)]
    return _packed(costs)


def _packed(values: list[int]) -> Sequence[int]:
    try:
        return array("q", values)  # an eighth of a list of numbers, as long as they are not huge
    except OverflowError:
        return values


@define(eq=False)
class _Weigher:
    alike: Alike
    current: Mapping[str, str] | None
    stability: int | None
    lists: dict[int, Sequence[int]] = field(factory=dict)
    shared: dict[tuple[int, int, tuple[Hashable, ...]], Sequence[int]] = field(factory=dict)

    def weigh(self, case: Case, pinned: int | None) -> Weighed:
        """Who fits a ticket, and what everybody who does is worth."""
        rules = self.alike.rules(case)
        limits = [check for check in rules if check.phase == CAPACITY and check.excludes and check.limit is not None]
        channel = case.ticket.channel if any(check.channel_limit is not None for check in limits) else None
        kind = (*[(check.kind, check.need) for check in limits], channel, case.units)
        mask, reason = self._fitting(case, rules)
        if pinned is not None:
            mask = 1 << pinned
        fitting = self.lists.get(mask)
        if fitting is None:
            fitting = self.lists[mask] = array("l", places(mask))
        return Weighed(case, limits, kind, fitting, self._levels(case, rules, mask, fitting), reason, pinned)

    def _fitting(self, case: Case, rules: Sequence[Check]) -> tuple[int, str]:
        mask, lost, reason = self.alike.index.full, 0, "nobody"
        for check in rules:
            if not check.excludes:
                continue
            left = self.alike.met(case, check, mask)
            if left != mask:
                out = (mask & ~left).bit_count()
                lost, reason = max((lost, reason), (out, check.rule))
                mask = left
        return mask, "taken" if mask else reason

    def _levels(self, case: Case, rules: Sequence[Check], mask: int, fitting: Sequence[int]) -> list[Sequence[int]]:
        out: list[Sequence[int]] = []
        optional = [check for check in rules if not check.excludes]
        if optional:
            met_by = [self.alike.met(case, check, mask) for check in optional]
            out.append(array("q", [sum(bits >> number & 1 for bits in met_by) for number in fitting]))
        out += [self._level(case, number, fitting) for number in range(len(case.policy.prefer))]
        if self.current is not None:
            kept = self.alike.index.place.get(self.current.get(case.ticket.id, ""), -1)
            level = array("q", [1 if number == kept else 0 for number in fitting])
            out.insert(len(out) if self.stability is None else self.stability, level)
        case.answers.clear()  # a plan tells no reasons; kept for all pairs, they would take more room than all the rest
        return out

    def _level(self, case: Case, number: int, fitting: Sequence[int]) -> Sequence[int]:
        keys = self.alike.depends(case, number)
        if None in keys:
            return _packed(self.alike.points(case, number, fitting, keys))
        key = number, id(fitting), keys
        known = self.shared.get(key)
        if known is None:
            known = self.shared[key] = _packed(self.alike.points(case, number, fitting, keys))
        return known
