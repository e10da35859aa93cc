"""Knows for how long a run of a chain can live at most, by the timers of states; must not know what its levels do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from servflow.engine._building import takes
from servflow.engine._failing import failing
from servflow.model import SYSTEM

if TYPE_CHECKING:
    from servflow.engine._abstract_search import Found
    from servflow.engine._chain_plans import ChainPlan
    from servflow.engine._compile import Link
    from servflow.engine._definition import Timer

Configuration = tuple[str, ...]


@attrs.define(eq=False)
class Lifetimes:
    """How long tickets stay where they are; an answer is given only where timers alone see to it."""

    seen: Found
    reopens: bool = attrs.field(init=False)
    """Whether a closed ticket may go on."""
    _stays: dict[Configuration, timedelta | None] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        seen = self.seen
        compiled = seen.machine.compiled
        self.reopens = not seen.complete or any(
            not compiled.is_closed(seen.places[after].configuration)
            for number, place in enumerate(seen.places)
            if compiled.is_closed(place.configuration)
            for after in seen.after[number]
        )

    def alive(self, plan: ChainPlan, begins: frozenset[int]) -> frozenset[int]:
        """The places in which a run may live that begins in some; only what ends it by a state is looked at."""
        if not self.seen.complete:
            return begins
        compiled, chart = self.seen.machine.compiled, self.seen.machine.chart
        ends = {ending.value for ending in plan.chain.until if ending.kind == "state"}

        def over(number: int, *, entered: bool) -> bool:
            configuration = self.seen.places[number].configuration
            inside = entered and any(chart.contains(configuration, state) for state in ends)
            return compiled.is_closed(configuration) or inside

        found = {number for number in begins if not over(number, entered=False)}
        waiting = list(found)
        while waiting:
            for number in self.seen.after[waiting.pop()]:
                if number not in found and not over(number, entered=True):
                    found.add(number)
                    waiting.append(number)
        return frozenset(found)

    def longest(self, plan: ChainPlan, begins: frozenset[int]) -> timedelta | None:
        """How long a run lives at most that begins in some places; None where that is not known."""
        places = self.seen.places
        if not self.seen.complete:
            return None
        alive = self.alive(plan, begins)
        ahead: dict[Configuration, set[Configuration]] = {places[number].configuration: set() for number in alive}
        for number in alive:
            here = places[number].configuration
            ahead[here] |= {places[after].configuration for after in self.seen.after[number] if after in alive} - {here}
        stays = {here: self.stay(here) for here in ahead}
        behind: dict[Configuration, int] = dict.fromkeys(ahead, 0)
        for others in ahead.values():
            for other in others:
                behind[other] += 1
        most = dict.fromkeys(ahead, timedelta())
        waiting = deque(here for here, count in behind.items() if count == 0)
        ordered = 0
        longest = timedelta()
        while waiting:
            here = waiting.popleft()
            ordered += 1
            stay = stays[here]
            if stay is None:
                return None
            longest = max(longest, most[here] + stay)
            for other in ahead[here]:
                most[other] = max(most[other], most[here] + stay)
                behind[other] -= 1
                if behind[other] == 0:
                    waiting.append(other)
        return longest if ordered == len(ahead) else None  # what goes round has no end

    def stay(self, configuration: Configuration) -> timedelta | None:
        """How long a ticket stays in one state at most before time alone takes it out; None where that is not known."""
        if configuration not in self._stays:
            self._stays[configuration] = self._stay(configuration)
        return self._stays[configuration]

    def _stay(self, configuration: Configuration) -> timedelta | None:
        compiled = self.seen.machine.compiled
        if len(configuration) != 1 or configuration[0] not in compiled.states:
            return None
        (state,) = configuration
        around = {state, *self.seen.machine.chart.ancestors(state)}
        if len(around) != 1 or any(self._returns(link, state) for link in compiled.links):
            return None
        spans = [timer.after.exact for timer in compiled.states[state].timers if self._leaves(state, timer)]
        return min(spans, default=None)

    def _returns(self, link: Link, state: str) -> bool:
        """Whether a transition may leave a state and enter it again at once, so that its timers begin anew."""
        return state in link.spec.target and not {state, "*"}.isdisjoint(link.spec.source)

    def _leaves(self, state: str, timer: Timer) -> bool:
        """Whether a timer takes every ticket out of a state."""
        if timer.after.business_days or (timer.calendar is not None and not timer.after.elapsed):
            return False
        compiled = self.seen.machine.compiled
        asked = compiled.workflow.events.get(timer.event)
        if asked is not None and (asked.payload or asked.not_by):
            return False
        taken = [link for link in self._taking(timer.event) if not {state, "*"}.isdisjoint(link.spec.source)]
        return (
            bool(taken)
            and all(self._always(link) and state not in link.spec.target for link in taken)
            and not any(failing(compiled, link) for link in taken)
        )

    def _taking(self, event: str) -> Iterable[Link]:
        return (link for link in self.seen.machine.compiled.links if takes(link.spec.event or "", event))

    def _always(self, link: Link) -> bool:
        roles = self.seen.machine.workflow.roles
        allowed = SYSTEM.id in link.allow if link.allow else not roles
        free = link.guard is None and not link.spec.payload and link.not_by is None and not link.spec.internal
        return bool(allowed and free and link.spec.target)


__all__ = ["Lifetimes"]
