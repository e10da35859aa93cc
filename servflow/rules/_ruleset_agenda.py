"""Knows in which order rules are asked until nothing changes any more; must not know how they are asked or carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from servflow.errors import ExpressionError
from servflow.rules._ruleset_plan import Memory, Plan, Scored

MAX_FIRINGS = 200
"""How often rules may act again in one step, at least; large sets may twice as often as they have rules."""


def most_firings(rules: int) -> int:
    """How often rules of a set of this size may act again in one step before it is stopped as running in a circle."""
    return max(MAX_FIRINGS, 2 * rules)


class Stage(Protocol):
    """Where rules are played: it gives the values, carries a rule out and words what goes wrong."""

    def values(self) -> Mapping[str, Any]:
        """What conditions read now."""
        ...

    def act(self, rule: int, scored: Scored | None) -> int:
        """Carry a rule out, given its place; the rules that read what it changed, as bits."""
        ...

    def undecided(self, rule: int, error: ExpressionError) -> NoReturn:
        """A condition cannot be decided."""
        ...

    def endless(self, rules: tuple[int, ...]) -> NoReturn:
        """Rules act again and again, those at these places."""
        ...


class Agenda:
    """
    The rules that wait to be asked in one step.

    Of those that wait the one that comes first is next: the highest priority, then the order of the document. A rule
    that acts sets off those that read what it changed, itself left out. A rule is passed over for the rest of the
    step once a rule of its group with ``stop`` has acted, and while one before it holds.

    Args:
        plan: the rules.
        stage: where they are played.
        waiting: the rules that wait at first, as bits.
        in_force: the rules that may act now, as bits.
    """

    __slots__ = ("_acted", "_again", "_circling", "_false", "_held", "_memory", "_open", "_plan", "_stage", "_waiting")

    def __init__(self, plan: Plan, stage: Stage, waiting: int, in_force: int) -> None:
        self._plan = plan
        self._stage = stage
        self._waiting = waiting
        self._open = in_force  # those that may still act
        self._false = 0  # those asked in vain, on values that still stand
        self._held = 0  # those passed over for a rule before them
        self._acted = 0
        self._again = 0
        self._circling = 0  # those that still act after half of all rounds
        self._memory: Memory | None = None

    def run(self) -> None:
        """Ask rules until none waits."""
        while self._waiting & self._open:
            found = self._waiting & self._open & self._look().possible
            bit = found & -found  # 0, and so everything before it, where none of them may hold
            asked = self._waiting & (bit - 1) | bit if bit else self._waiting
            self._waiting &= ~asked
            self._false |= asked
            if bit:
                self._ask(bit.bit_length() - 1, bit)

    def _look(self) -> Memory:
        """What is known about the values as they are."""
        if self._memory is None:
            self._memory = self._plan.look(self._stage.values())
        return self._memory

    def _ask(self, place: int, bit: int) -> None:
        holds, scored = self._holds(place)
        if not holds:
            return
        self._false &= ~bit
        if self._kept_back(place):
            self._held |= bit
            return
        if self._acted & bit:
            self._acts_again(bit)
        self._acted |= bit
        if self._plan.stopping & bit:
            self._open &= ~self._plan.groups[place] | bit
        changed = self._stage.act(place, scored)
        if changed:
            self._memory = None
            self._set_off(changed & ~bit)

    def _acts_again(self, bit: int) -> None:
        most = most_firings(len(self._plan.rules))
        self._again += 1
        if self._again > most // 2:
            self._circling |= bit
        if self._again > most:
            self._stage.endless(tuple(place for place in range(len(self._plan.rules)) if self._circling >> place & 1))

    def _holds(self, place: int) -> tuple[bool, Scored | None]:
        try:
            return self._plan.holds(place, self._stage.values(), self._look())
        except ExpressionError as error:
            self._stage.undecided(place, error)

    def _kept_back(self, place: int) -> bool:
        """Whether a rule before it that closes the group holds, though nothing set that one off."""
        left = self._plan.stops[place] & self._open & ~self._false
        while left:
            bit = left & -left
            left ^= bit
            if self._holds(bit.bit_length() - 1)[0]:
                return True
            self._false |= bit
        return False

    def _set_off(self, rules: int) -> None:
        """Have these asked, and where a closing rule is among them those that one kept back."""
        if rules & self._plan.stopping:
            rules |= self._held
            self._held = 0
        self._waiting |= rules
        self._false &= ~rules


__all__ = ["MAX_FIRINGS", "Agenda", "Stage", "most_firings"]
