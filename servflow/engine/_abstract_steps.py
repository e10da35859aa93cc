"""Knows one step of the abstract machine, with every choice it leaves open; must not know what is searched for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import GIVEN, Abstract, Place, Trigger
from servflow.engine._abstract_standing import Choice, Refusal, Standing
from servflow.engine._definition import BUILT_IN
from servflow.engine._events import MAX_EVENTLESS, MAX_INTERNAL
from servflow.model import SYSTEM
from servflow.rules._ruleset_agenda import most_firings

if TYPE_CHECKING:
    from servflow.engine._compile import Link

SINGLE = ("assignee", "owner", "requester", SYSTEM.id)
"""What an ``allow`` names that is one person."""

FOLLOWED = 40
"""How many events of its own one step may raise where each leaves something open."""

AGAIN = 12
"""How often rules may act again in one step where something is left open."""

MAX_RUNS = 4_096
"""How many ways one step may go before the rest is given up, which is said."""


@attrs.frozen
class Run:
    """
    One way a step may go: what was chosen, and where it leads; ``target`` is None where it is refused.

    ``kept`` names the timers that run on as they were armed before.
    """

    trigger: Trigger
    choices: tuple[Choice, ...]
    target: Place | None
    kept: frozenset[tuple[str, int]] = frozenset()


def runs(machine: Abstract, place: Place | None, trigger: Trigger) -> Iterator[Run]:
    """Every way a step may go, the most ordinary first."""
    prefix: list[int] = []
    spent = 0.0
    while spent < MAX_RUNS:
        step = _Step(machine, place, prefix)
        try:
            target: Place | None = step.run(trigger)
        except Refusal:
            target = None
        spent += 1 + step.acted / 4  # rules that act are work as well
        yield Run(trigger, tuple(step.choices), target, frozenset(step.kept))
        prefix = [choice.taken for choice in step.choices]
        while prefix and prefix[-1] + 1 >= step.choices[len(prefix) - 1].options:
            prefix.pop()
        if not prefix:
            return
        prefix[-1] += 1
    machine.incomplete = machine.incomplete or f"one step may go more than {MAX_RUNS} ways"


class _Step(Standing):
    """One run of one step."""

    def run(self, trigger: Trigger) -> Place:
        """
        Let one thing happen and everything that follows from it without another.

        Raises:
            Refusal: it cannot happen this way.
        """
        getattr(self, f"_{trigger.kind}")(trigger)
        count = 0
        been: set[Any] = set()
        chosen = len(self.choices)
        while self.queue:
            count += 1
            here = self._here_now()
            if count > MAX_INTERNAL or here in been:
                raise Refusal  # they raise each other without end: the kernel refuses that
            if count > FOLLOWED and len(self.choices) > chosen:
                self.machine.incomplete = self.machine.incomplete or f"one step may raise more than {FOLLOWED} events"
                raise Refusal
            been.add(here)
            event = self.queue.popleft()
            self.by, self.sent = "internal", {}
            self._happen(event)
            self._settle()
        return self._place()

    def _place(self) -> Place:
        self.machine.reached |= self.passed
        self.machine.passable |= self.passable
        groups = {group: rank for rank, group in enumerate(sorted({group for group, _, _ in self.timers}))}
        return Place(
            configuration=self.configuration,
            history=tuple(sorted((name, tuple(kept)) for name, kept in self.history.items())),
            values=tuple(self.values),
            timers=tuple((groups[group], state, index) for group, state, index in self.timers),
            refused=tuple(self.refused),
        )

    def _open(self, _: Trigger) -> None:
        machine = self.machine
        for item in machine.domains:
            usual = machine.usual(item)
            if item.name in ("assignee", "owner"):
                self.values.append(len(item.regions) - 1)
            elif item.name == "checklist.complete":
                self.values.append(1)
            else:
                order = [usual, *(index for index in range(len(item.regions)) if index != usual)]
                if item.name == "priority" or self._required(item.name):
                    order = [index for index in order if item.regions[index].value is not None]
                taken = self.pick("open", item.name, len(order), free=True, values=[item.regions[i].value for i in order])
                self.values.append(order[taken])
        move = self.chart.initial_move()
        self.configuration, self.history = move.configuration, move.history
        self.entered = list(move.entered)
        self.passed.update(move.entered)
        self.queue.extend(move.done)
        index = machine.order.get("checklist.complete")
        if index is not None:
            self.values[index] = int(not self._todo())
        self._eventless()
        self._settle(opened=True)

    def _todo(self) -> bool:
        """Whether a checklist here has a step that must be done."""
        listed = self.compiled.checklists.items()
        return any(self.active(state) and any(step.required for step in steps) for state, steps in listed)

    def _required(self, name: str) -> bool:
        spec = self.machine.workflow.fields.get(name)
        return spec is not None and spec.required and spec.default is None

    def _event(self, trigger: Trigger) -> None:
        granted = trigger.name in BUILT_IN and self.machine.usable(trigger.name)
        if not self._happen(trigger.name) and not granted:
            raise Refusal
        self._settle()

    def _timer(self, trigger: Trigger) -> None:
        key = (trigger.name, trigger.index)
        self.timers = [entry for entry in self.timers if entry[1:] != key]
        self.kept.discard(key)
        self._try_timer(key)

    def _retry(self, trigger: Trigger) -> None:
        key = (trigger.name, trigger.index)
        self.refused.remove(key)
        self._try_timer(key)

    def _try_timer(self, key: tuple[str, int]) -> None:
        """A timer's event in the name of the system; where it is refused the timer waits to be tried again."""
        timer = self.compiled.timed_states[key[0]][key[1]]
        before = (self.configuration, self.history, list(self.values), list(self.timers), list(self.refused))
        kept = set(self.kept)
        self.by = "timer"
        try:
            taken = self._happen(timer.event)
            if taken:
                self._settle()
        except Refusal:
            taken = False
        if not taken:
            self.configuration, self.history, self.values, self.timers, self.refused = before
            self.kept = kept
            self.queue.clear()
            self.refused.append(key)

    def _internal(self, trigger: Trigger) -> None:
        first, _, name = trigger.name.partition(".")
        self.by = "internal"
        if first == "assigned":
            slot = next((policy.slot for policy in self.machine.workflow.dispatch if policy.name == name), name)
            self._fill(slot)
        if first in ("redispatched", "unbooked"):  # taken back from whoever has it, for what the machine does not follow
            slot = next(policy.slot for policy in self.machine.workflow.dispatch if policy.name == name)
            if slot in self.machine.order:
                self._put(slot, len(self.machine.domains[self.machine.order[slot]].regions) - 1)
        self._happen(trigger.name)
        self._settle()

    def _level(self, trigger: Trigger) -> None:
        self.by = "internal"
        when, updates = self.compiled.chains[int(trigger.name)].levels[trigger.index]
        if when is not None and self.pick("unknown", when.text, 2, free=False) == 1:
            raise Refusal
        for update in updates:
            # An action that fails is undone by itself, and the rest of the level goes on.
            if update.kind == "emit" and update.values and self.pick("unknown", update.path, 2, free=False) == 1:
                continue
            before, changed = list(self.values), set(self.changed)
            try:
                self._update_with(update, keep=True)
            except Refusal:
                self.values, self.changed = before, changed
                self.answers.clear()
        self._settle()

    def _update(self, trigger: Trigger) -> None:
        machine = self.machine
        for index, item in enumerate(machine.domains):
            if item.name not in machine.workflow.fields and item.name not in GIVEN:
                continue
            if trigger.name in ("*", item.name):
                now = self.values[index]
                order = [now, *(place for place in range(len(item.regions)) if place != now)]
                if item.name == "priority":
                    order = [place for place in order if item.regions[place].value is not None]
                values = [None if place == now else (item.regions[place].value,) for place in order]
                taken = self.pick("set", item.name, len(order), free=True, values=values)
                self._put(item.name, order[taken])
        if not self.changed:
            raise Refusal
        self._happen("ticket.update")
        self._settle()

    def _assign(self, trigger: Trigger) -> None:
        slot = trigger.name
        if self.pick("assigned", "somebody", 2, free=True, values=[True, False]) == 1:
            self._put(slot, len(self.machine.domains[self.machine.order[slot]].regions) - 1)
        else:
            self._fill(slot)
            names = [policy.name for policy in self.machine.workflow.dispatch if policy.slot == slot] or [slot]
            self.queue.append(f"assigned.{names[self.pick('unknown', 'policy', len(names), free=False)]}")
        self._happen("ticket.assign")
        self._settle()

    def _check(self, trigger: Trigger) -> None:
        """A step is checked, the last one, or its check taken back."""
        self._put("checklist.complete", int(trigger.name == "step.check"))
        if not self.changed:
            raise Refusal
        self._happen(trigger.name)
        self._settle()

    def _force(self, trigger: Trigger) -> None:
        forced = self.compiled.force_chart
        move = forced.apply(self.configuration, self.history, (self.compiled.forcible[trigger.name],))
        self._enter(move)
        self._eventless()
        self._settle()

    # events -----------------------------------------------------------------------------------------------------

    def _happen(self, event: str | None) -> bool:
        """Take what an event takes here, then eventless transitions; whether anything took it."""
        chosen = self._choose(event)
        if chosen:
            self._move(chosen)
        elif event is not None and self.by in ("host", "timer") and event not in BUILT_IN:
            return False
        self._eventless()
        return bool(chosen)

    def _choose(self, event: str | None) -> tuple[int, ...]:
        links = self.compiled.links
        if event is None:
            return self.chart.select(self.configuration, None, lambda i: self._guard(links[i]), history=self.history)
        rows = tuple(self.chart.candidates(self.configuration, event))
        if not rows:
            return ()
        self.rows, self.sent = rows, {}
        grants = {(links[row].allow, links[row].not_by) for row in rows}
        alone = len(grants) == 1

        def decide(index: int) -> bool:
            link = links[index]
            return self._permitted(link, alone) and self._payload_fits(link) and self._guard(link)

        return self.chart.select(self.configuration, event, decide, history=self.history)

    def _guard(self, link: Link) -> bool:
        settled = self.machine.settled.get(link.index)
        if settled is not None:
            return settled
        asked = self.machine.guards.get(link.index)
        if asked is not None and not self.holds(asked, asked.text):
            return False
        self.passable.add(link.index)
        return True

    def _permitted(self, link: Link, alone: bool) -> bool:
        if self.by != "host":
            return SYSTEM.id in link.allow if link.allow else not self.machine.workflow.roles
        if not self.machine.anybody(link):
            return False
        if link.allow and not any(self._here(entry) for entry in link.allow):
            return False
        if self.machine.careful and self._may_be_barred(link) and self.pick("unknown", link.not_by, 2, free=False) == 1:
            return False
        if alone or not link.allow:
            return True
        key = (link.allow, link.not_by)
        if key not in self.may:
            self.may[key] = self.pick("may", link.index, 2, free=True, values=[True, False]) == 0
        return self.may[key]

    def _may_be_barred(self, link: Link) -> bool:
        """Whether ``not_by`` may bar everybody whom a transition is granted to, for that is one person only."""
        return link.not_by is not None and bool(link.allow) and all(entry in SINGLE for entry in link.allow)

    def _here(self, entry: Any) -> bool:
        """Whether somebody is what an ``allow`` asks for, as far as the place tells."""
        if isinstance(entry, str) and entry in ("assignee", "owner"):
            return self._somebody(entry)
        if isinstance(entry, Mapping) and entry.get("manager_of") in ("assignee", "owner"):
            return self._somebody(entry["manager_of"])
        return self.machine.obtainable(entry) or entry == SYSTEM.id

    def _somebody(self, slot: str) -> bool:
        region = self.lookup(slot)
        return region is None or region.value is not None

    def _payload_fits(self, link: Link) -> bool:
        if self.by == "host":
            return True
        needed = any(spec.default is None and not spec.optional for spec in link.spec.payload.values())
        if needed and self.by == "internal":
            return self.pick("unknown", "payload", 2, free=False) == 0
        return not needed

    def _move(self, chosen: tuple[int, ...]) -> None:
        move = self.chart.apply(self.configuration, self.history, chosen)
        for index in move.order:
            doubtful = self.machine.failing(index)
            if doubtful is not None and self.pick("unknown", doubtful, 2, free=False) == 1:
                raise Refusal
            for update in self.compiled.links[index].updates:
                self._update_with(update)
        self._enter(move)

    def _enter(self, move: Any) -> None:
        self.configuration, self.history = move.configuration, move.history
        gone = set(move.exited)
        if gone:
            self.timers = [entry for entry in self.timers if entry[1] not in gone]
            self.kept = {entry for entry in self.kept if entry[0] not in gone}
            self.refused = [entry for entry in self.refused if entry[0] not in gone]
        self.entered.extend(move.entered)
        self.passed.update(move.entered)
        self.changed.add("state")
        self.queue.extend(move.done)
        if "checklist.complete" in self.machine.order:
            if not self._todo():
                self._put("checklist.complete", 1)
            elif any(state in move.entered or state in gone for state in self.compiled.checklists):
                # Checks outlive the state, so it may be complete already.
                self._put("checklist.complete", self.pick("unknown", "checklist.complete", 2, free=False))

    def _eventless(self) -> None:
        if not self.compiled.has_eventless:
            return
        been: set[Any] = set()
        for _ in range(MAX_EVENTLESS + 1):
            chosen = self._choose(None)
            if not chosen:
                return
            self._move(chosen)
            here = self._here_now()
            if here in been:
                break  # from here on it can only go where it could go the first time
            been.add(here)
        raise Refusal  # they go round without end: the kernel refuses that

    def _here_now(self) -> Any:
        """Everything that what follows in this step depends on."""
        armed = (tuple(self.timers), tuple(self.refused), frozenset(self.kept), frozenset(self.entered))
        where = (self.configuration, tuple(self.history.items()), tuple(self.values))
        return where, armed, frozenset(self.changed), tuple(self.queue)

    def _settle(self, *, opened: bool = False, again: int = 0) -> None:
        if again > MAX_EVENTLESS:
            raise Refusal
        if self.machine.relevant_rules and (opened or self.changed):
            self._react(opened)
        for policy in self.machine.workflow.dispatch:
            began = any(state in self.entered and self.active(state) for state in policy.state)
            if began and policy.slot in self.machine.order:
                self._put(policy.slot, len(self.machine.domains[self.machine.order[policy.slot]].regions) - 1)
        timed = self.compiled.timed_states
        group = max((entry[0] for entry in self.timers), default=-1) + 1
        for state in self.entered:
            if state in timed and self.active(state):
                armed = {entry[2] for entry in self.timers if entry[1] == state}
                self.timers.extend((group, state, index) for index in range(len(timed[state])) if index not in armed)
        self.entered = []
        changed, self.changed = self.changed, set()
        if changed and self.compiled.has_eventless:
            before = self.configuration
            self._eventless()
            if self.configuration != before or self.entered:
                self._settle(again=again + 1)

    def _react(self, opened: bool) -> None:
        """Play the rules as an agenda does, those left out that change nothing followed."""
        machine, compiled = self.machine, self.compiled
        plan, relevant = compiled.ruling.plan, frozenset(machine.relevant_rules)
        sure = set(relevant) if opened else relevant.intersection(compiled.rule_set.affected(frozenset(self.changed)))
        waiting = {index for index in relevant if index in sure or self._vague(index)}
        acted: set[int] = set()
        held: set[int] = set()
        closed: set[int] = set()
        again, chosen = 0, len(self.choices)
        while waiting:
            index = min(waiting, key=plan.places.__getitem__)
            waiting.remove(index)
            if index in closed or not self._rule_holds(index, sure=index in sure):
                continue
            if any(self._rule_holds(other) for other in compiled.ruling.closers(index) if self._before(other, index, closed)):
                held.add(index)
                continue
            again += index in acted
            if again > AGAIN and len(self.choices) > chosen:
                machine.incomplete = machine.incomplete or f"rules may act again more than {AGAIN} times in one step"
                raise Refusal
            if again > most_firings(len(plan.rules)):
                raise Refusal
            acted.add(index)
            self.acted += 1
            rule = plan.rules[index]
            if rule.stop:
                closed.update(other for other in relevant if other != index and plan.rules[other].group == rule.group)
            fresh = self._acted(index) & relevant
            if any(plan.rules[other].stop for other in fresh):
                fresh |= held
            fresh -= {index}
            held -= fresh
            sure |= fresh
            waiting |= fresh

    def _acted(self, index: int) -> set[int]:
        """Carry a rule out; the rules that read what it changed."""
        changed, self.changed = self.changed, set()
        for update in self.compiled.rule_updates[index][1]:
            self._update_with(update, keep=not self.machine.workflow.rules[index].overwrite)
        fresh = frozenset(self.changed)
        self.changed |= changed
        return set(self.compiled.rule_set.affected(fresh))

    def _before(self, other: int, index: int, closed: set[int]) -> bool:
        places = self.compiled.ruling.plan.places
        return other in self.machine.relevant_rules and places[other] < places[index] and other not in closed

    def _rule_holds(self, index: int, *, sure: bool = True) -> bool:
        """
        Whether a rule is set off and holds.

        Time is not followed, so one with a period may be in force or not; and so may one be set off or not that reads
        what is not followed.
        """
        asked, rule = self.machine.rules[index], self.machine.workflow.rules[index]
        before = len(self.choices)
        if asked is not None and not self.holds(asked, asked.text):
            return False
        if rule.effective is not None and index not in self.in_force:
            self.in_force[index] = self.pick("unknown", f"whether rule {rule.name} is in force", 2, free=False) == 0
        if not self.in_force.get(index, True):
            return False
        open_ = not sure and len(self.choices) == before
        return not open_ or self.pick("unknown", f"whether rule {rule.name} acts", 2, free=False) == 0

    def _vague(self, index: int) -> bool:
        """Whether a rule reads something that is not followed, so that it may be asked at any time."""
        known = self.machine.order
        return any(name not in known and name != "state" for name in self.machine.workflow.rules[index].reads)


__all__ = ["MAX_RUNS", "Run", "runs"]
