"""Knows how what is looked for is found among the facts of one window; must not know time, which the window has settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from servflow.correlation._fact import Fact

if TYPE_CHECKING:
    from servflow.correlation._window import Rule

# All facts of a window lie within its span of each other, so nothing here looks at an instant.


def _count(rule: Rule, live: tuple[Fact, ...], _fact: Fact) -> tuple[Fact, ...] | None:
    return live if len(live) >= rule.count else None


def same(value: object) -> tuple[bool, object]:
    """What a value is told apart by: true is not 1."""
    return isinstance(value, bool), value


def _distinct(rule: Rule, live: tuple[Fact, ...], _fact: Fact) -> tuple[Fact, ...] | None:
    return live if len({same(one.value) for one in live}) >= rule.count else None


def _sequence(rule: Rule, live: tuple[Fact, ...], fact: Fact) -> tuple[Fact, ...] | None:
    """The steps in order, this fact among them: before it the latest that fit, after it the earliest."""
    place = live.index(fact)
    for step in sorted(fact.steps, reverse=True):
        before = _back(live[:place], step)
        after = _on(live[place + 1 :], step + 1, rule.steps) if before is not None else None
        if before is not None and after is not None:
            return (*before, fact, *after)
    return None


def _back(facts: Sequence[Fact], steps: int) -> tuple[Fact, ...] | None:
    """The latest facts that are the first *steps* steps in order."""
    chain: list[Fact] = []
    for fact in reversed(facts):
        if len(chain) < steps and steps - 1 - len(chain) in fact.steps:
            chain.append(fact)
    return tuple(reversed(chain)) if len(chain) == steps else None


def _on(facts: Sequence[Fact], step: int, steps: int) -> tuple[Fact, ...] | None:
    """The earliest facts that are the steps from *step* on."""
    chain: list[Fact] = []
    for fact in facts:
        if step < steps and step in fact.steps:
            chain.append(fact)
            step += 1
    return tuple(chain) if step == steps else None


MATCH: Mapping[str, Callable[[Rule, tuple[Fact, ...], Fact], tuple[Fact, ...] | None]] = {
    "count": _count,
    "distinct": _distinct,
    "sequence": _sequence,
}
"""What is looked for -> the facts behind it once this fact has come, or None."""


def _oldest(_rule: Rule, _live: Sequence[Fact]) -> int:
    return 0


def _repeated(_rule: Rule, live: Sequence[Fact]) -> int:
    """The oldest whose value comes again later: it tells nothing that the later one does not tell for longer."""
    last = {same(fact.value): index for index, fact in enumerate(live)}
    return next((index for index, fact in enumerate(live) if last[same(fact.value)] != index), 0)


def _unneeded(rule: Rule, live: Sequence[Fact]) -> int:
    """The oldest that is part of no best beginning: of as many steps, the one that starts last can be completed longest."""
    best: dict[int, tuple[Fact, ...]] = {}  # how many steps -> such a beginning
    for fact in live:
        for step in sorted(fact.steps, reverse=True):  # so that it is no two steps of one beginning
            before = best.get(step, ()) if step else (fact,)
            known = best.get(step + 1)
            if before and step + 1 < rule.steps and (known is None or before[0].position > known[0].position):
                best[step + 1] = (*before, fact) if step else before
    needed = {fact.position for chain in best.values() for fact in chain}
    return next((index for index, fact in enumerate(live) if fact.position not in needed), 0)


SPARE: Mapping[str, Callable[[Rule, Sequence[Fact]], int]] = {
    "count": _oldest,
    "distinct": _repeated,
    "sequence": _unneeded,
}
"""What is looked for -> the index of the fact that is given up first where there is no room."""
