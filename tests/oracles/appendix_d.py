"""
Knows the interpretation algorithm of SCXML as slow, obvious sets and recursion; must not know servflow.

After appendix D of the W3C Recommendation of 1 September 2015, for definitions written as servflow writes them. Three
places differ, each because the pseudo-code contradicts the text of the Recommendation: completion climbs through
parallels nested in parallels (section 3.4), and regions that were not left are neither entered again by default nor
lost when history moves the domain of a transition (section 3.11 asks for a legal configuration).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

ROOT = ""
Transition = Mapping[str, Any]


class Oracle:
    """A running session: configuration and history as sets of ids."""

    def __init__(
        self, definition: Mapping[str, Any], holds: Callable[[int], bool] = lambda index: True, limit: int = 200
    ) -> None:
        self.holds = holds
        self.limit = limit
        self.spec: dict[str, Mapping[str, Any]] = {}
        self.parent: dict[str, str | None] = {}
        self.position: dict[str, int] = {}
        self._number(ROOT, {"states": definition["states"], "initial": definition.get("initial")}, None)
        # One transition per source: (index, source, what was given).
        self.transitions: list[tuple[int, str, Transition]] = []
        for index, given in enumerate(definition["transitions"]):
            sources = given["source"] if isinstance(given["source"], list) else [given["source"]]
            for source in sources:
                self.transitions.append((index, ROOT if source == "*" else source, given))
        self.configuration: set[str] = set()
        self.history: dict[str, set[str]] = {}
        self.queue: list[str] = []
        self.running = True
        self.entered: list[str] = []
        self.exited: list[str] = []
        self.taken: list[int] = []

    def _number(self, name: str, spec: Mapping[str, Any], parent: str | None) -> None:
        self.spec[name] = spec
        self.parent[name] = parent
        self.position[name] = len(self.position)
        for child, inner in (spec.get("states") or {}).items():
            self._number(child, inner, name)

    # the tree ---------------------------------------------------------------------------------------------------

    def is_history(self, state: str) -> bool:
        return bool(self.spec[state].get("history"))

    def is_final(self, state: str) -> bool:
        return bool(self.spec[state].get("final"))

    def is_parallel(self, state: str) -> bool:
        return bool(self.spec[state].get("parallel"))

    def children(self, state: str) -> list[str]:
        return [child for child in self.spec[state].get("states") or {} if not self.is_history(child)]

    def is_atomic(self, state: str) -> bool:
        return not self.is_history(state) and not self.spec[state].get("states")

    def is_compound(self, state: str) -> bool:
        return bool(self.spec[state].get("states")) and not self.is_parallel(state)

    def proper_ancestors(self, state: str, upto: str | None = None) -> list[str]:
        found = []
        above = self.parent[state]
        while above is not None and above != upto:
            found.append(above)
            above = self.parent[above]
        return found

    def is_descendant(self, state: str, other: str) -> bool:
        return other in self.proper_ancestors(state)

    def entry_of(self, state: str) -> list[str]:
        key = "default" if self.is_history(state) else "initial"
        given = self.spec[state].get(key)
        if given is None and self.is_history(state):
            parent = str(self.parent[state])
            return self.children(parent) if self.is_parallel(parent) else self.entry_of(parent)
        if given is None:
            return [] if self.is_parallel(state) else self.children(state)[:1]
        return list(given) if isinstance(given, list) else [given]

    # selecting --------------------------------------------------------------------------------------------------

    @staticmethod
    def matches(descriptors: str | None, event: str | None) -> bool:
        if descriptors is None or event is None:
            return descriptors is None and event is None
        for descriptor in descriptors.split():
            words = [word for word in descriptor.split(".") if word not in ("*", "")]
            if event.split(".")[: len(words)] == words:
                return True
        return False

    def select(self, event: str | None) -> list[tuple[int, str, Transition]]:
        enabled: list[tuple[int, str, Transition]] = []
        for state in sorted(filter(self.is_atomic, self.configuration), key=self.position.__getitem__):
            found = self._first_enabled([state, *self.proper_ancestors(state)], event)
            if found is not None and found not in enabled:
                enabled.append(found)
        return self.without_conflicts(enabled)

    def _first_enabled(self, states: list[str], event: str | None) -> tuple[int, str, Transition] | None:
        for state in states:
            for transition in self.transitions:
                index, source, given = transition
                if source == state and self.matches(given.get("event"), event) and self.holds(index):
                    return transition
        return None

    def without_conflicts(self, enabled: list[tuple[int, str, Transition]]) -> list[tuple[int, str, Transition]]:
        filtered: list[tuple[int, str, Transition]] = []
        for one in enabled:
            preempted = False
            beaten = []
            for other in filtered:
                if self.exit_set([one]) & self.exit_set([other]):
                    if self.is_descendant(one[1], other[1]):
                        beaten.append(other)
                    else:
                        preempted = True
                        break
            if not preempted:
                filtered = [other for other in filtered if other not in beaten]
                filtered.append(one)
        return filtered

    @staticmethod
    def targets(given: Transition) -> list[str]:
        target = given.get("target")
        if target is None:
            return []
        return list(target) if isinstance(target, list) else [target]

    def effective(self, targets: list[str]) -> set[str]:
        found: set[str] = set()
        for target in targets:
            if not self.is_history(target):
                found.add(target)
            elif target in self.history:
                found |= self.history[target]
            else:
                found |= self.effective(self.entry_of(target))
        return found

    def domain(self, transition: tuple[int, str, Transition]) -> str | None:
        _, source, given = transition
        targets = self.effective(self.targets(given))
        if not targets:
            return None
        inside = all(self.is_descendant(target, source) for target in targets)
        if source == ROOT or (given.get("internal") and self.is_compound(source) and inside):
            return source
        for above in self.proper_ancestors(source):
            if self.is_compound(above) and all(self.is_descendant(target, above) for target in targets):
                return above
        raise AssertionError("the root is a common ancestor of all")

    def exit_set(self, transitions: list[tuple[int, str, Transition]]) -> set[str]:
        domains = [self.domain(transition) for transition in transitions]
        return {
            state
            for state in self.configuration
            for domain in domains
            if domain is not None and self.is_descendant(state, domain)
        }

    # moving -----------------------------------------------------------------------------------------------------

    def microstep(self, transitions: list[tuple[int, str, Transition]]) -> None:
        domains = [self.domain(transition) for transition in transitions]
        self.exit_states(self.exit_set(transitions))
        self.taken.extend(dict.fromkeys(index for index, _, _ in transitions))
        to_enter: set[str] = set()
        for (_, _, given), domain in zip(transitions, domains, strict=True):
            if domain is None:
                continue
            targets = self.targets(given)
            inner = [target for target in targets if not any(self.is_descendant(other, target) for other in targets)]
            for target in inner:
                self.add_descendants(target, to_enter)
            for target in self.effective(targets):
                self.add_ancestors(target, domain, to_enter)
        self.enter_states(to_enter)

    def exit_states(self, leaving: set[str]) -> None:
        for state in leaving:
            for child in self.spec[state].get("states") or {}:
                if self.spec[child].get("history") == "deep":
                    self.history[child] = {
                        other for other in self.configuration if self.is_atomic(other) and self.is_descendant(other, state)
                    }
                elif self.spec[child].get("history") == "shallow":
                    self.history[child] = {other for other in self.configuration if self.parent[other] == state}
        for state in sorted(leaving, key=self.position.__getitem__, reverse=True):
            self.exited.append(state)
            self.configuration.remove(state)

    def add_descendants(self, state: str, to_enter: set[str]) -> None:
        if self.is_history(state):
            parent = self.parent[state]
            inner = self.history[state] if state in self.history else set(self.entry_of(state))
            self._add_all(inner, str(parent), to_enter)
            return
        to_enter.add(state)
        self._add_all(set(self.entry_of(state)) if not self.is_atomic(state) else set(), state, to_enter)
        if self.is_parallel(state):
            self.add_regions(state, to_enter)

    def _add_all(self, targets: set[str], ancestor: str, to_enter: set[str]) -> None:
        for target in targets:
            if not any(self.is_descendant(other, target) for other in targets):
                self.add_descendants(target, to_enter)
        for target in targets:
            self.add_ancestors(target, ancestor, to_enter)

    def add_ancestors(self, state: str, ancestor: str, to_enter: set[str]) -> None:
        for above in self.proper_ancestors(state, ancestor):
            if above == ROOT:
                continue
            to_enter.add(above)
            if self.is_parallel(above):
                self.add_regions(above, to_enter)

    def add_regions(self, state: str, to_enter: set[str]) -> None:
        for child in self.children(state):
            if child not in self.configuration and not any(self.is_descendant(other, child) for other in to_enter):
                self.add_descendants(child, to_enter)

    def enter_states(self, to_enter: set[str]) -> None:
        for state in sorted(to_enter, key=self.position.__getitem__):
            self.configuration.add(state)
            self.entered.append(state)
            if not self.is_final(state):
                continue
            above = self.parent[state]
            if above == ROOT:
                self.running = False
                continue
            self.queue.append(f"done.state.{above}")
            above = self.parent[str(above)]
            while above and self.is_parallel(above) and self.in_final(above):
                self.queue.append(f"done.state.{above}")
                above = self.parent[above]

    def in_final(self, state: str) -> bool:
        if self.is_compound(state):
            return any(self.is_final(child) and child in self.configuration for child in self.children(state))
        return self.is_parallel(state) and all(self.in_final(child) for child in self.children(state))

    # sessions ---------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Enter the chart; False when it does not come to rest."""
        self._begin()
        to_enter: set[str] = set()
        self._add_all(set(self.entry_of(ROOT)), ROOT, to_enter)
        self.enter_states(to_enter)
        return self._settle()

    def step(self, event: str) -> bool:
        """Take one external event; False when it does not come to rest."""
        self._begin()
        enabled = self.select(event)
        if enabled:
            self.microstep(enabled)
            return self._settle()
        return True

    def _begin(self) -> None:
        self.entered, self.exited, self.taken, self.queue, self.running = [], [], [], [], True

    def _settle(self) -> bool:
        for _ in range(self.limit):
            if not self.running:
                return True
            enabled = self.select(None)
            if not enabled:
                if not self.queue:
                    return True
                enabled = self.select(self.queue.pop(0))
            if enabled:
                self.microstep(enabled)
        return False

    @property
    def leaves(self) -> tuple[str, ...]:
        """Active leaves in document order."""
        return tuple(sorted(filter(self.is_atomic, self.configuration), key=self.position.__getitem__))

    @property
    def remembered(self) -> dict[str, list[str]]:
        """What history states remember, in document order."""
        return {name: sorted(kept, key=self.position.__getitem__) for name, kept in self.history.items()}
