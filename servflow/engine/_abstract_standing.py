"""Knows where one run of an abstract step stands: values, choices, and what updates do to them; must not know events."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import GIVEN, Abstract, Place
from servflow.engine._regions import NULL, Domain, Question, Region, fits, value_of
from servflow.statemachine import NOTHING

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.expressions import Expression
    from servflow.model import Field


@attrs.frozen
class Choice:
    """
    One thing a step left open and what was taken.

    ``free`` is up to whoever acts: who they are, what they send. Everything else may go either way: a condition
    that the regions do not decide, whom dispatch finds, whether a person's value keeps a rule from setting it.
    """

    what: str
    name: Any
    options: int
    taken: int
    free: bool
    value: Any = None


class Refusal(Exception):
    """Internal: a step cannot happen this way."""


class Standing:
    """One run of one step, as far as it has come."""

    def __init__(self, machine: Abstract, place: Place | None, prefix: list[int]) -> None:
        self.machine = machine
        self.compiled = machine.compiled
        self.prefix = prefix
        self.choices: list[Choice] = []
        self.chart = machine.chart
        self.configuration: tuple[str, ...] = place.configuration if place is not None else ()
        self.history: Mapping[str, tuple[str, ...]] = dict(place.history) if place is not None and place.history else NOTHING
        self.values: list[int] = list(place.values) if place is not None else []
        self.timers: list[tuple[int, str, int]] = list(place.timers) if place is not None else []
        self.refused: list[tuple[str, int]] = list(place.refused) if place is not None else []
        self.kept = {(state, index) for _, state, index in self.timers}
        self.queue: deque[str] = deque()
        self.by = "host"
        self.sent: dict[str, Region | None] = {}
        self.rows: tuple[int, ...] = ()
        self.may: dict[Any, bool] = {}
        self.entered: list[str] = []
        self.passed: set[str] = set()
        self.passable: set[int] = set()
        self.answers: dict[Any, bool] = {}
        self.acted = 0  # how often rules acted
        self.in_force: dict[int, bool] = {}  # rules with a period: time stands still within a step
        self.changed: set[str] = set()
        self.person = False

    # a step -----------------------------------------------------------------------------------------------------

    # choosing ---------------------------------------------------------------------------------------------------

    def pick(self, what: str, name: Any, options: int, *, free: bool, values: Any = None) -> int:
        """Take one of several ways; the next run of the step takes the next one."""
        if options == 1:
            return 0
        position = len(self.choices)
        taken = self.prefix[position] if position < len(self.prefix) else 0
        value = values[taken] if values is not None else None
        self.choices.append(Choice(what, name, options, taken, free, value))
        return taken

    def lookup(self, name: str) -> Region | None:
        """The region of a name now."""
        if name.startswith("payload."):
            return self._payload(name)
        index = self.machine.order.get(name)
        if index is not None:
            return self.machine.domains[index].regions[self.values[index]]
        if name == "state":
            return Region("+".join(self.configuration), True)
        return None

    def _payload(self, name: str) -> Region | None:
        if self.by == "internal":
            return None
        if name not in self.sent:
            known = self.machine.payload(name, self.rows)
            if self.by == "timer":
                self.sent[name] = self._unsent(name, known)
            elif known is None:
                self.sent[name] = None
            else:
                spec, item = known
                null = spec.optional and spec.default is None
                regions = [region for region in item.regions if region.value is not None or null]
                taken = self.pick("payload", name, len(regions), free=True, values=[region.value for region in regions])
                self.sent[name] = regions[taken]
                if len(regions) == 1:
                    self.choices.append(Choice("payload", name, 1, 0, True, regions[0].value))
        return self.sent[name]

    def _unsent(self, name: str, known: tuple[Field, Domain] | None) -> Region | None:
        """What a transition finds where nothing comes with an event: its default, else null."""
        if known is None:
            word = name.removeprefix("payload.")
            return None if any(word in self.compiled.links[row].spec.payload for row in self.rows) else NULL
        spec, item = known
        place = item.place(spec.initial)
        return None if place is None else item.regions[place]

    def active(self, state: str) -> bool:
        """Whether a state is active now."""
        return self.chart.contains(self.configuration, state)

    def holds(self, asked: Question, what: str) -> bool:
        """Whether a condition holds; where the regions do not tell, one way after the other."""
        answer = asked.ask(self.lookup, self.active)
        if answer is not None:
            return answer
        key = (what, self.configuration, tuple(self.values))
        if key not in self.answers:
            taken = self.pick("unknown", what, 2, free=False, values=[True, False]) == 0
            if not all(read in self.machine.workflow.fields or read == "state" for read in asked.reads):
                return taken
            self.answers[key] = taken  # values that are not followed stay what they are until something sets them
        return self.answers[key]

    # values -----------------------------------------------------------------------------------------------------

    def _fill(self, slot: str) -> None:
        index = self.machine.order.get(slot)
        if index is not None:
            regions = self.machine.domains[index].regions
            some = [place for place, region in enumerate(regions) if region.value is not None]
            self._put(slot, some[self.pick("assigned", slot, len(some), free=True, values=some)])

    def _put(self, name: str, region: int) -> None:
        index = self.machine.order[name]
        known = self.machine.domains[index].regions[region]
        # Another value of the same region changes no answer, but it sets off the rules that read the name.
        if self.values[index] != region or (not known.single and self._rouses(name, sure=False)):
            self.values[index] = region
            self.changed.add(name.split(".", maxsplit=1)[0])

    def _rouses(self, name: str, *, sure: bool) -> bool:
        """Whether a name that is set becomes another value, where that is not known; *sure* is taken to be without rules."""
        if name.split(".", maxsplit=1)[0] not in self.machine.rousing:
            return sure
        return self.pick("unknown", f"{name} changes", 2, free=False, values=[False, True]) == 1

    def _update_with(self, update: Update, *, keep: bool = False) -> None:
        machine = self.machine
        if update.kind == "emit":
            self.queue.append(update.parts["event"])
        elif update.kind == "set":
            for name, expression in update.values.items():
                if name in machine.order:
                    self._set(name, expression, keep=keep)
                elif self._rouses(name, sure=True):
                    self.changed.add(name)
                    self.answers.clear()
        elif update.kind == "queue" and "queue" in machine.order:
            item = machine.domains[machine.order["queue"]]
            found = item.place(update.parts["queue"])
            self._store(item, found, keep=keep)
        elif update.kind == "raise_priority" and "priority" in machine.order:
            self._store(machine.domains[machine.order["priority"]], None, keep=keep)
        elif update.kind == "unassign" and update.parts.get("slot") in machine.order:
            slot = update.parts["slot"]
            self._put(slot, len(machine.domains[machine.order[slot]].regions) - 1)
        elif update.kind == "assign":
            if self.pick("unknown", "assign", 2, free=False) == 0:
                self._fill("assignee")
                keeps = update.parts.get("keep_owner") and "owner" in machine.order
                if keeps and self.pick("unknown", "kept owner", 2, free=False) == 0:
                    self._fill("owner")
                names = [policy.name for policy in machine.workflow.dispatch if policy.slot == "assignee"] or ["assignee"]
                self.queue.append(f"assigned.{names[0]}")
        elif update.kind == "add_owner" and "owner" in machine.order and self.pick("unknown", "owner", 2, free=False) == 0:
            self._fill("owner")

    def _set(self, name: str, expression: Expression, *, keep: bool) -> None:
        machine = self.machine
        item = machine.domains[machine.order[name]]
        spec = machine.spec(name)
        known, value = value_of(expression, self.lookup)
        found: int | None = None
        if known and spec is not None:
            good, value = fits(spec, value)
            if not good:
                raise Refusal
            found = item.place(value)
        elif len(expression.reads) == 1 and expression.text in expression.reads:
            region = self.lookup(expression.text)  # a copy: both names were given the same regions
            found = item.place(region.value) if region is not None else None
        self._store(item, found, keep=keep)

    def _store(self, item: Domain, found: int | None, *, keep: bool) -> None:
        if keep and item.name in (*self.machine.workflow.fields, *GIVEN):
            # What a person set stays, and the place does not tell who set it.
            if found is not None and found == self.values[self.machine.order[item.name]]:
                return
            if self.pick("unknown", f"{item.name} was set by a person", 2, free=False, values=[False, True]) == 1:
                return
        if found is None:
            found = self.pick("unknown", item.name, len(item.regions), free=False)
        self._put(item.name, found)


__all__ = ["Choice", "Refusal", "Standing"]
