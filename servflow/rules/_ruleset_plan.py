"""Knows rules ready to be asked, in their order, as bits of an int; must not know when they are asked or what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from attrs import frozen

from servflow.errors import ExpressionError
from servflow.expressions import Expression
from servflow.rules._effective import InForce
from servflow.rules._rule_parts import from_units, units
from servflow.rules._rules import Rule
from servflow.rules._ruleset_index import Index

_FEW = 6
"""Up to so many rules are quicker asked one by one than looked up."""

_LAST = 1 << 62  # where rules without a priority stand


def in_order(rules: Sequence[Rule]) -> tuple[int, ...]:
    """The rules in the order in which they come: by priority, 1 first, those without one last, equal ones as written."""
    return tuple(sorted(range(len(rules)), key=lambda index: (_level(rules[index]), index)))


def _level(rule: Rule) -> int:
    return _LAST if rule.priority is None else rule.priority


@frozen
class Scored:
    """What the score of a rule came to: the sum, and for each weighted condition whether it holds."""

    total: int | Decimal
    held: tuple[bool, ...]


class Scoring:
    """The weighted conditions of one rule, ready to be added up."""

    __slots__ = ("_conditions", "_threshold", "_whole")

    def __init__(self, rule: Rule, conditions: Sequence[Expression]) -> None:
        self._conditions = tuple((asked, units(term.weight)) for asked, term in zip(conditions, rule.score, strict=True))
        self._threshold = units(rule.threshold or 0)
        self._whole = sums_whole(rule)

    def score(self, fields: Mapping[str, Any]) -> tuple[bool, Scored]:
        """Whether the threshold is reached, and how."""
        held = tuple(asked.test(fields) for asked, _ in self._conditions)
        total = sum(weight for (_, weight), holds in zip(self._conditions, held, strict=True) if holds)
        return total >= self._threshold, Scored(from_units(total, whole=self._whole), held)


def sums_whole(rule: Rule) -> bool:
    """Whether the sum of a rule's score is always a whole number."""
    return all(isinstance(term.weight, int) for term in rule.score)


@frozen(slots=False)
class Conditions:
    """The condition of one rule and those of its score, as they were checked."""

    when: Expression | None
    score: tuple[Expression, ...] = ()

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The names they read, sorted, without what is inside them."""
        asked = (*(() if self.when is None else (self.when,)), *self.score)
        return tuple(sorted({name for condition in asked for name in condition.roots}))

    @classmethod
    def of(cls, rule: Rule) -> Conditions:
        """As the rule itself read them, without types."""
        return cls(rule.when, tuple(term.when for term in rule.score))


class Memory:
    """What has been found out about the present values; void as soon as one of them changes."""

    __slots__ = ("doubtful", "possible", "seen")

    def __init__(self, possible: int, doubtful: int) -> None:
        self.possible = possible
        self.doubtful = doubtful
        self.seen: dict[int, bool] = {}


class Plan:
    """
    Rules by their place in the order: bit 0 is the rule that comes first.

    Args:
        rules: in document order.
        conditions: the conditions of each, checked against the types.
        types: the types of the names, where they are known.
    """

    def __init__(self, rules: Sequence[Rule], conditions: Sequence[Conditions], types: Mapping[str, Any] | None = None) -> None:
        self.rules = tuple(rules)
        self.order = in_order(rules)
        self.places = {index: place for place, index in enumerate(self.order)}
        self.every = (1 << len(rules)) - 1
        self._types = types
        self._conditions = tuple(conditions[index] for index in self.order)
        self.whens = tuple(found.when for found in self._conditions)
        self.scores = tuple(
            Scoring(rules[index], found.score) if found.score else None
            for index, found in zip(self.order, self._conditions, strict=True)
        )
        self.groups: list[int] = []
        """For each place the mask of its group."""
        self.stops: list[int] = []
        """For each place the rules before it that close its group while they hold."""
        self._arrange()

    def _arrange(self) -> None:
        groups: dict[str | None, int] = {}
        closing: dict[str | None, int] = {}
        ordered = [self.rules[index] for index in self.order]
        for place, rule in enumerate(ordered):
            groups[rule.group] = groups.get(rule.group, 0) | 1 << place
            self.stops.append(closing.get(rule.group, 0))
            if rule.stop:
                closing[rule.group] = closing.get(rule.group, 0) | 1 << place
        self.groups = [groups[rule.group] for rule in ordered]
        self.stopping = 0
        for mask in closing.values():
            self.stopping |= mask
        periods = [(None, None) if rule.effective is None else rule.effective.bounds for rule in ordered]
        self._in_force = InForce(periods) if any(period != (None, None) for period in periods) else None

    @property
    def timed(self) -> bool:
        """Whether which rules are in force depends on the instant."""
        return self._in_force is not None

    def in_force(self, at: datetime | None) -> int:
        """The rules in force at an instant, which may be left out where none has a period."""
        if self._in_force is None:
            return self.every
        assert at is not None
        return self._in_force.mask(at)

    @cached_property
    def index(self) -> Index | None:
        """The conditions taken apart, where there are enough of them."""
        if len(self.rules) <= _FEW:
            return None
        functions = [self.rules[index].functions for index in self.order]
        return Index([found.when for found in self._conditions], self._types, functions)

    def look(self, fields: Mapping[str, Any]) -> Memory:
        """What the values say at a glance."""
        index = self.index
        return Memory(self.every, self.every) if index is None else Memory(*index.look(fields))

    def holds(self, place: int, fields: Mapping[str, Any], memory: Memory) -> tuple[bool, Scored | None]:
        """
        Whether a rule holds on these values, and what its score came to.

        Raises:
            ExpressionError: a condition cannot be decided.
        """
        bit = 1 << place
        if not memory.possible & bit or not self._condition(place, bit, fields, memory):
            return False, None
        scoring = self.scores[place]
        return (True, None) if scoring is None else scoring.score(fields)

    def _condition(self, place: int, bit: int, fields: Mapping[str, Any], memory: Memory) -> bool:
        rest = None if memory.doubtful & bit or self.index is None else self.index.rest[place]
        if rest is None or self.index is None:
            when = self.whens[place]
            return when is None or when.compiled_test(fields)
        index = self.index
        for number in rest:
            answer = memory.seen.get(number)
            if answer is None:
                try:
                    answer = memory.seen[number] = index.tests[number](fields)
                except ExpressionError:
                    # Another part may still be false, and then the failure does not count: the whole says which.
                    when = self.whens[place]
                    return when is None or when.compiled_test(fields)
                if not answer:
                    memory.possible &= ~index.askers[number]
            if not answer:
                return False
        return True


__all__ = ["Conditions", "Memory", "Plan", "Scored", "in_order", "sums_whole"]
