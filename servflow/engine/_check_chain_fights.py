"""Knows which chains change one thing of a ticket in different ways while both may run; must not know who is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import attrs

from servflow.errors import Finding
from servflow.escalation import _shape

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._chain_plans import ChainPlan
    from servflow.engine._check_chains import Chains
    from servflow.expressions import Expression

MAX_FIGHTS = 50
"""How many fights are told of one definition."""

MAX_SOLVED, MAX_COMPARED = 1_000, 100_000
"""How often conditions are solved, and how many pairs of changes compared; whatever is left then is not told of."""

_SLOTS = {"assign": "assignee", "add_owner": "owner"}


@attrs.frozen
class _Change:
    """What one action of a level does to one thing of the ticket, in words that tell it from another change."""

    thing: str
    what: str
    path: str
    when: Expression | None


def fights(chains: Chains) -> Iterator[Finding]:
    """Pairs of chains that may be under way at once and leave one thing of a ticket to whichever comes last."""
    changes = {plan.order: list(_changes(plan)) for plan in chains.plans}
    found, left = 0, _Left(chains, len(chains.solved))
    for one, other in combinations(chains.plans, 2):
        here, there = (chains.lives[plan.chain.name] for plan in (one, other))
        if here.isdisjoint(there) or chains.never(one.when, other.when):
            continue
        for finding in _between(left, one, changes[one.order], changes[other.order], other):
            yield finding
            found += 1
            if found >= MAX_FIGHTS:
                return
        if left.spent:
            return


@attrs.define
class _Left:
    """What of the work is left: many chains of many levels with conditions would be compared for minutes."""

    chains: Chains
    began: int
    compared: int = 0

    @property
    def spent(self) -> bool:
        return self.compared >= MAX_COMPARED or len(self.chains.solved) - self.began >= MAX_SOLVED

    def apart(self, *conditions: Expression | None) -> bool:
        """Whether conditions never hold together; the first two alone are asked first, for other chains ask them as well."""
        return self.chains.never(*conditions[:2]) or self.chains.never(*conditions)


def _between(left: _Left, one: ChainPlan, mine: list[_Change], yours: list[_Change], other: ChainPlan) -> Iterator[Finding]:
    told: set[str] = set()
    by_thing: dict[str, list[_Change]] = {}
    for second in yours:
        by_thing.setdefault(second.thing, []).append(second)
    for first in mine:
        for second in by_thing.get(first.thing, ()):
            if first.thing in told:
                break
            if left.spent:
                return
            left.compared += 1
            if first.what == second.what:
                continue
            if left.apart(first.when, second.when, one.when, other.when):
                continue
            told.add(first.thing)
            facts = {
                "chain": one.chain.name,
                "other": other.chain.name,
                "field": first.thing,
                "first": first.what,
                "second": second.what,
                "place": second.path,
            }
            yield Finding("chain.fight", first.path, facts, "warning")


def _changes(plan: ChainPlan) -> Iterator[_Change]:
    for when, updates in plan.levels:
        for update in updates:
            for thing, what in _of(update):
                yield _Change(thing, what, f"{update.path}.{update.kind}", when)


def _of(update: Update) -> Iterator[tuple[str, str]]:
    parts = update.parts
    if update.kind == "set":
        yield from ((name, expression.text) for name, expression in update.values.items())
    elif update.kind == "queue":
        yield "queue", json.dumps(parts.get("queue"), ensure_ascii=False, default=str)
    elif update.kind == "raise_priority":
        yield "priority", "raise_priority"
    elif update.kind == "unassign":
        yield str(parts.get("slot")), "unassign"
    elif update.kind in _SLOTS:
        yield _SLOTS[update.kind], _words(parts.get("to"))


def _words(to: Any) -> str:
    return to if isinstance(to, str) else json.dumps(_shape.plain(to), ensure_ascii=False, sort_keys=True, default=str)


__all__ = ["fights"]
