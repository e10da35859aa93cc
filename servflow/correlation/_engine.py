"""Knows how many keys are correlated in one process; must not know tickets or stores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from servflow.correlation import _window
from servflow.correlation._fact import Fact, Position
from servflow.correlation._firing import Firing
from servflow.errors import TimeError
from servflow.model import instant

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator

Search = _window.Search
_START = datetime.min.replace(tzinfo=UTC)


class Correlation:
    """
    A correlator at work on many keys, in memory and without a desk.

    What cannot matter any more is forgotten as time goes on, so what is kept depends on how much happens within the span
    and on how many keys it happens. A fact of a key of which nothing is remembered comes too late where it is not later than
    all that was forgotten. Not to be shared between threads.

    Args:
        correlator: what to look for.
        search: who looks for it among the facts of one key that count now, oldest first, when one more came: it is given
            the key, the facts and the one, and gives those behind the firing or None. By default this library does.
    """

    def __init__(self, correlator: Correlator, search: Search | None = None) -> None:
        self.correlator = correlator
        self._search = search
        self._states: dict[str, _window.KeyState] = {}
        self._wakes: list[tuple[datetime, str]] = []
        self._set: dict[str, datetime] = {}
        self._at = _START
        self._found: list[Firing] = []
        self._forgotten: Position | None = None
        self.late = 0
        """How many facts came too late for keys that were forgotten; those of a key count in its state."""

    @property
    def at(self) -> datetime:
        """How far time has come: the latest instant given, or of a fact."""
        return self._at

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of which something is remembered, sorted."""
        return tuple(sorted(self._states))

    def state(self, key: str) -> _window.KeyState:
        """What is remembered of a key."""
        return self._states.get(key, _window.NEW)

    def feed(self, facts: Iterable[Fact], at: datetime | None = None) -> tuple[Firing, ...]:
        """
        Take in some facts.

        Args:
            facts: in any order; within the grace it makes no difference.
            at: when they came; left out, each came at its own instant, or at the latest known if that is later.

        Returns:
            What is complete now, in the order of (instant, key), what only time completed before that among it.

        Raises:
            TimeError: *at* is naive or goes back.
        """
        if at is None:
            for fact in facts:
                self._put(fact, max(self._at, fact.at))
                self._pass(max(self._at, fact.at))
            return self._given()
        at = self._checked(at)
        for fact in facts:
            self._put(fact, at)
        self._pass(at)
        return self._given()

    def advance(self, at: datetime) -> tuple[Firing, ...]:
        """
        Let time pass: what is complete strictly before *at*, in the order of (instant, key).

        Raises:
            TimeError: *at* is naive or goes back.
        """
        self._pass(self._checked(at))
        return self._given()

    def _given(self) -> tuple[Firing, ...]:
        found, self._found = self._found, []
        return tuple(sorted(found, key=lambda firing: (firing.at, firing.key, firing.by.position)))

    def _checked(self, at: datetime) -> datetime:
        at = instant(at)
        if at < self._at:
            raise TimeError(
                f"at {at.isoformat()} lies behind {self._at.isoformat()}; time goes on, and a fact has an instant of its own",
                at=at,
                known=self._at,
            )
        return at

    def _put(self, fact: Fact, at: datetime) -> None:
        """Have a fact worked off in its turn: one that lies before a deadline is in time, whenever somebody looks."""
        state = self._states.get(fact.key)
        if state is None:
            if self._forgotten is not None and fact.position <= self._forgotten:
                self.late += 1
                return
            # What was forgotten of this key, if anything was, stands before it: a fact of then that comes again is too late.
            state = _window.KeyState(newest=self._forgotten, floor=self._forgotten)
        put = _window.put(state, fact)
        if put is not state:
            self._states[fact.key] = put
            self._plan(fact.key, put, at)

    def _pass(self, at: datetime) -> None:
        self._at = max(self._at, at)
        while self._wakes and self._wakes[0][0] <= at:
            wake, key = heappop(self._wakes)
            if self._set.get(key) != wake:
                continue
            try:
                self._settle(key, at)
            except BaseException:
                heappush(self._wakes, (wake, key))  # who searches failed: it is looked at again
                raise

    def _settle(self, key: str, at: datetime) -> None:
        rule, state = self.correlator.rule, self._states[key]
        while (operation := _window.next_operation(rule, state, at)) is not None:
            state, one = _window.operate(rule, state, operation, self._search)
            self._states[key] = state
            if one is not None:
                made = Firing(correlator=self.correlator.name, key=key, at=one.at, facts=one.facts, by=one.by)
                self._found.append(made)
        self._set.pop(key, None)
        over = _window.forgets_at(rule, state)
        if over is not None and _window.later(over, rule.grace) < at:
            self._forget(key, state)
            return
        self._plan(key, state, at)

    def _forget(self, key: str, state: _window.KeyState) -> None:
        self._states.pop(key, None)
        self._set.pop(key, None)
        if state.newest is not None and (self._forgotten is None or state.newest > self._forgotten):
            self._forgotten = state.newest

    def _plan(self, key: str, state: _window.KeyState, at: datetime) -> None:
        """Look at a key again when something may be ready; until then nobody need."""
        rule = self.correlator.rule
        times = [state.waiting[0].at] if state.waiting else []
        due = _window.deadline(rule, state) or _window.forgets_at(rule, state)
        if due is not None:
            times.append(due)
        if not times:
            return
        wake = _window.after(_window.later(min(times), rule.grace))
        if not rule.grace and state.waiting and state.waiting[0].at <= at:
            wake = at
        known = self._set.get(key)
        if wake is None or (known is not None and known <= wake):
            return  # it is looked at earlier, and planned again then
        self._set[key] = wake
        heappush(self._wakes, (wake, key))
        if len(self._wakes) > 4 * len(self._set) + 64:
            self._wakes = [(when, name) for name, when in self._set.items()]
            heapify(self._wakes)
