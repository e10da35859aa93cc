"""Knows a workflow as a finite machine over regions of values: what may happen in a state; must not search it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from servflow.engine._assigning import SLOTS
from servflow.engine._building import takes
from servflow.engine._failing import failing
from servflow.engine._regions import Domain, Mentions, Question, Region, domain, question
from servflow.expressions import Expression, solve
from servflow.model import FIRED, SYSTEM, Field

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._compile import Compiled, Link
    from servflow.engine._workflow import Workflow
    from servflow.model import World

MAX_OPENINGS = 1_024
"""How many combinations of values a ticket may be opened with here; names beyond that are taken as unknown."""

MAX_JOINT = 256
"""How many combinations one update by hand may try at once."""

SOLVING = 2_000
"""How many values may be tried for one question about guards."""

Timers: TypeAlias = tuple[tuple[int, str, int], ...]
"""Armed timers in the order they were armed: group (armed together), state, index."""


@attrs.frozen(slots=True, eq=True, cache_hash=True)
class Place:
    """
    One abstract state: where tickets stand, in which regions their values lie and which timers they wait for.

    ``refused`` holds timers whose event was refused and may be tried again.
    """

    configuration: tuple[str, ...]
    history: tuple[tuple[str, tuple[str, ...]], ...]
    values: tuple[int, ...]
    timers: Timers = ()
    refused: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class Trigger:
    """
    What may happen.

    ``kind`` is ``open``, ``event``, ``timer``, ``retry`` (of a refused timer), ``internal``, ``update``, ``force``,
    ``assign``, ``check`` or ``level`` (of a chain).
    """

    kind: str
    name: str = ""
    index: int = 0


ATTRIBUTES: Mapping[str, Field] = {
    "priority": Field("int", default=3),
    **dict.fromkeys(("queue", "customer", "asset", "channel", "outlet", "parent"), Field("string", optional=True)),
    **dict.fromkeys(("assignee", "owner"), Field("string", optional=True)),
    "checklist.complete": Field("bool"),
}
"""What is followed of a ticket besides its fields."""

GIVEN = ("priority", "queue", "customer", "asset", "channel", "outlet", "parent")
"""Attributes that an opening and an update by hand may set."""


class Abstract:
    """
    The abstract machine of a workflow.

    Followed are the names that guards and the given conditions read, and what those depend on. It allows at least
    what the kernel allows: where the regions do not tell, both answers are tried.

    Args:
        watch: conditions whose answers matter.
        world: where given, roles that nobody in it holds are taken as held by nobody.
        by_hand: whether ``ticket.update`` and ``ticket.force`` count, where they are granted.
        loose: whether values that anybody may update at any time are taken as unknown, which is quicker.
    """

    def __init__(
        self,
        workflow: Workflow,
        watch: Iterable[Expression] = (),
        *,
        world: World | None = None,
        by_hand: bool = True,
        loose: bool = False,
    ) -> None:
        self.workflow = workflow
        self.compiled: Compiled = workflow.compiled
        self.chart = self.compiled.chart
        self.functions = self.compiled.functions
        self.held = held_roles(world)
        self.mentions: dict[str, Mentions] = {}
        self.watched = tuple(self.read(condition) for condition in watch)
        self.guards = {link.index: self.read(link.guard) for link in self.compiled.links if link.guard is not None}
        self.settled = settled_guards(self.compiled)
        self.rules = tuple(None if when is None else self.read(when) for when, _ in self.compiled.rule_updates)
        relevant = self._cone()
        if loose and self.usable("ticket.update"):
            relevant = [name for name in relevant if name not in workflow.fields and name not in GIVEN]
        self._copies()
        self.domains, self.lost = self._domains(relevant)
        self.order = {item.name: index for index, item in enumerate(self.domains)}
        self.payloads: dict[tuple[str, tuple[int, ...]], tuple[Field, Domain] | None] = {}
        self.careful = self.joint = False
        self.may_fail: dict[int, str | None] = {}
        self.updatable = by_hand and self.granted("ticket.update")
        self.forcible = by_hand and self.granted("ticket.force")
        self.assignable = self._assignable()
        self.relevant_rules = self._relevant_rules()
        reads = (self.compiled.rule_set.reads_of[index] for index in self.relevant_rules)
        self.rousing = frozenset(name.split(".", maxsplit=1)[0] for names in reads for name in names)
        """The names whose changes set off rules that are followed."""
        self.spontaneous = self._spontaneous()
        self.host_events = self._host_events()
        self.incomplete = ""
        self.reached: set[str] = set()
        """The states that some step entered, those too that it left again before it was over."""
        self.passable: set[int] = set()
        """The transitions whose guards held in some step, wherever it stood by then."""

    def read(self, condition: Expression) -> Question:
        """A condition taken apart."""
        return question(condition, self.functions, self.mentions)

    # what is followed -------------------------------------------------------------------------------------------

    def _updates(self) -> list[tuple[Update, frozenset[str]]]:
        """Every update, with what decides whether it is made."""
        nothing: frozenset[str] = frozenset()
        found = [(update, nothing) for link in self.compiled.links for update in link.updates]
        for index, (_, updates) in enumerate(self.compiled.rule_updates):
            asked = [self.rules[other] for other in (index, *self.compiled.ruling.closers(index))]
            reads = nothing.union(*(when.reads for when in asked if when is not None))
            found += [(update, reads) for update in updates]
        found += [(update, nothing) for plan in self.compiled.chains for _, updates in plan.levels for update in updates]
        return found

    def _relevant_rules(self) -> tuple[int, ...]:
        """The rules that change anything followed, in their order, and those that may keep one of them from it."""
        ruling = self.compiled.ruling
        acting = {index for index, (_, made) in enumerate(ruling.updates) if any(self.matters(update) for update in made)}
        closing = {other for index in acting for other in ruling.closers(index)}
        return tuple(index for index in ruling.plan.order if index in acting or index in closing)

    def _cone(self) -> list[str]:
        """The names that matter, those of the watched conditions first."""
        found: dict[str, None] = {}
        for asked in (*self.watched, *self.guards.values()):
            found.update(dict.fromkeys(sorted(asked.reads)))
        for link in self.compiled.links:
            named = [entry.get("manager_of") if isinstance(entry, Mapping) else entry for entry in link.allow]
            found.update(dict.fromkeys(name for name in ("assignee", "owner") if name in named))
        updates = self._updates()
        while True:
            before = len(found)
            for update, reads in updates:
                for target, value in _sets(update):
                    if target in found:
                        found.update(dict.fromkeys(sorted(value.reads) if value is not None else ()))
                        found.update(dict.fromkeys(sorted(reads)))
            if len(found) == before:
                return list(found)

    def _copies(self) -> None:
        """Names that are copied into each other are compared with the same constants."""
        pairs = []
        for update, _ in self._updates():
            for target, value in _sets(update):
                if value is None:
                    continue
                reads = sorted(value.reads)
                if len(reads) == 1 and value.text == reads[0]:
                    pairs.append((target, reads[0]))
                elif not reads:
                    # A constant that is set is a region of its own, so that what is set is known exactly.
                    try:
                        constant = value.value({})
                    except Exception:
                        continue
                    if constant is not None and not isinstance(constant, bool):
                        self.mentions.setdefault(target, Mentions()).constants.append(constant)
        for _ in range(len(pairs) + 1):
            for target, source in pairs:
                one, other = (self.mentions.setdefault(name, Mentions()) for name in (target, source))
                merged = [*one.constants, *(item for item in other.constants if item not in one.constants)]
                one.constants, other.constants = merged, list(merged)
                one.ordered = other.ordered = one.ordered or other.ordered

    def spec(self, name: str) -> Field | None:
        """The type of a name as far as it can be followed."""
        fields = self.workflow.fields
        if name in fields:
            return fields[name]
        if name == "queue" and self.workflow.queues:
            return Field("string", one_of=self.workflow.queues)
        return ATTRIBUTES.get(name)

    def _domains(self, relevant: list[str]) -> tuple[list[Domain], tuple[str, ...]]:
        found: list[Domain] = []
        lost: list[str] = []
        size = 1
        for name in relevant:
            spec = self.spec(name)
            if spec is None:
                continue
            made = domain(name, spec, self.mentions.get(name, Mentions()), (1, 9) if name == "priority" else None)
            if made is None or size * len(made.regions) > MAX_OPENINGS:
                lost.append(name)
                continue
            size *= len(made.regions) if name not in ("assignee", "owner", "checklist.complete") else 1
            found.append(made)
        return found, tuple(lost)

    def matters(self, update: Update) -> bool:
        """Whether an update changes anything that is followed, or raises an event."""
        if update.kind in ("emit", "assign"):
            return True
        return any(target in self.order for target, _ in _sets(update))

    # who may ----------------------------------------------------------------------------------------------------

    def granted(self, event: str) -> bool:
        """
        Whether a built-in event is granted to somebody.

        Without roles nothing is granted to anybody in particular: then it counts where the definition names the event.
        """
        spec = self.workflow.events.get(event)
        if spec is None:
            return False
        return any(self.obtainable(entry) for entry in spec.allow) if spec.allow else not self.workflow.roles

    def usable(self, event: str) -> bool:
        """Whether somebody may fire a built-in event; without roles everybody may."""
        return self.granted(event) or (event not in self.workflow.events and not self.workflow.roles)

    def obtainable(self, entry: Any) -> bool:
        """Whether somebody of the host may be what an ``allow`` asks for."""
        if isinstance(entry, Mapping):
            return True
        if entry == SYSTEM.id:
            return False
        if entry == "assignee":
            return self.assignable_cached
        if entry in ("owner", "requester"):
            return True
        return self.held is None or entry in self.held

    def checks(self, event: str) -> bool:
        """Whether somebody may check a step, or take a check back."""
        steps = [step for listed in self.compiled.checklists.values() for step in listed] if event == "step.check" else []
        moves = any(takes(link.spec.event or "", event) and self.anybody(link) for link in self.compiled.links)
        return moves or self.usable(event) or any(self.obtainable(entry) for step in steps for entry in step.allow)

    def raisable(self, event: str) -> bool:
        """Whether somebody may do what raises an event of a checklist or an approval."""
        first, _, state = event.partition(".")
        if first in ("checked", "unchecked") or event.startswith("done.checklist."):
            return self.checks("step.uncheck" if first == "unchecked" else "step.check")
        approval = self.compiled.approvals.get(state) if first in ("approved", "rejected") else None
        vote = "approval.approve" if first == "approved" else "approval.reject"
        moves = any(takes(link.spec.event or "", vote) for link in self.compiled.links)
        return approval is None or moves or self.usable(vote) or any(self.obtainable(entry) for entry in approval.allow)

    @property
    def assignable_cached(self) -> bool:
        """Whether anything ever fills the slot of the assignee."""
        if not hasattr(self, "assignable"):
            self.assignable = self._assignable()
        return self.assignable

    def _assignable(self) -> bool:
        self.assignable = True  # somebody assigned may assign others: granted only to assignees is no grant at first
        fills = any(update.kind == "assign" for update, _ in self._updates())
        fills = fills or any(policy.slot == "assignee" for policy in self.workflow.dispatch)
        spec = self.workflow.events.get("ticket.assign")
        if spec is None or not spec.allow:
            return fills or not self.workflow.roles
        return fills or any(entry != "assignee" and self.obtainable(entry) for entry in spec.allow)

    def anybody(self, link: Link) -> bool:
        """Whether somebody of the host, or the host in the name of the system for a reply, may take a transition."""
        if not link.allow:
            return not self.workflow.roles
        named = (link.spec.event or "").split()
        replies = FIRED in named or any(event == link.spec.event for event, _ in self.compiled.replies)
        return any(self.obtainable(entry) or (entry == SYSTEM.id and replies) for entry in link.allow)

    # what may happen --------------------------------------------------------------------------------------------

    def _host_events(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for move in self.compiled.transitions:
            for one in (move.event or "").split():
                if one == "*":
                    found["anything"] = None
                elif one.endswith(".*"):
                    found[one.removesuffix(".*") + ".anything"] = None
                else:
                    found[one] = None
        return tuple(event for event in found if not self._internal(event))

    def _spontaneous(self) -> tuple[Trigger, ...]:
        """What may happen without the host: assignments by dispatch, levels of chains, events of idioms."""
        found: dict[Trigger, None] = {}
        raised = {"assigned", "exhausted", "done"}
        for policy in self.workflow.dispatch:
            found[Trigger("internal", f"assigned.{policy.name}")] = None
            found[Trigger("internal", f"exhausted.{policy.name}")] = None
            if policy.redispatch is not None:
                found[Trigger("internal", f"redispatched.{policy.name}")] = None
            if policy.appointment is not None:
                found[Trigger("internal", f"unbooked.{policy.name}")] = None
        if self.usable("ticket.assign"):
            for slot in SLOTS:
                names = [policy.name for policy in self.workflow.dispatch if policy.slot == slot] or [slot]
                found.update(dict.fromkeys(Trigger("internal", f"assigned.{name}") for name in names))
        for descriptor in sorted(self.compiled.descriptors):
            first = descriptor.split(".", maxsplit=1)[0]
            if self._internal(descriptor) and first not in raised:
                found[Trigger("internal", descriptor)] = None
            if descriptor.startswith("done.") and not descriptor.startswith("done.state."):
                found[Trigger("internal", descriptor)] = None
        for order, plan in enumerate(self.compiled.chains):
            for index, (_, updates) in enumerate(plan.levels):
                if any(self.matters(update) for update in updates):
                    found[Trigger("level", str(order), index)] = None
        return tuple(found)

    def _internal(self, event: str) -> bool:
        return self.compiled.raised.internal(event)

    # of one place -----------------------------------------------------------------------------------------------

    def region(self, place: Place, name: str) -> Region | None:
        """The region of a name in a place; None where it is not followed."""
        index = self.order.get(name)
        if index is not None:
            return self.domains[index].regions[place.values[index]]
        if name == "state":
            return Region("+".join(place.configuration), True)
        if name == "closed":
            return _CLOSED[self.compiled.is_closed(place.configuration)]
        return None

    def answer(self, asked: Question, place: Place) -> bool | None:
        """Whether a condition holds in a place; None where the place does not tell."""
        return asked.ask(lambda name: self.region(place, name), lambda state: self.chart.contains(place.configuration, state))

    def payload(self, name: str, rows: tuple[int, ...]) -> tuple[Field, Domain] | None:
        """The type and the regions of a value that comes with an event; None where its transitions do not agree on it."""
        key = (name, rows)
        if key not in self.payloads:
            specs = [self.compiled.links[row].spec.payload.get(name.removeprefix("payload.")) for row in rows]
            spec = specs[0] if specs and all(other == specs[0] for other in specs) else None
            made = None if spec is None else domain(name, spec, self.mentions.get(name, Mentions()))
            self.payloads[key] = None if spec is None or made is None else (spec, made)
        return self.payloads[key]

    def failing(self, row: int) -> str | None:
        """An update of a transition that may fail, where that is asked for."""
        if not self.careful:
            return None
        if row not in self.may_fail:
            self.may_fail[row] = failing(self.compiled, self.compiled.links[row])
        return self.may_fail[row]

    def usual(self, item: Domain) -> int:
        """The region a value lies in when nobody says anything: that of its default, else null."""
        spec = self.spec(item.name)
        default = spec.initial if spec is not None else None
        place = item.place(default)
        return place if place is not None else len(item.regions) - 1


_CLOSED = {True: Region(True, True), False: Region(False, True)}


def settled_guards(compiled: Compiled) -> Mapping[int, bool]:
    """The guards that always hold, or never do, by themselves; worked out once for a workflow."""
    known: dict[int, bool] | None = compiled.__dict__.get("settled_guards")
    if known is None:
        found = {link.index: verdict for link in compiled.links if (verdict := settled(compiled, link)) is not None}
        known = compiled.__dict__.setdefault("settled_guards", found)
    return known


def settled(compiled: Compiled, link: Link) -> bool | None:
    """Whether a guard always holds, or never does, by itself; None where it hangs on values."""
    if link.guard is None:
        return None
    payload = link.spec.payload
    types = {**compiled.types, "payload": payload or "map"}
    if solve([link.guard], types=types, budget=SOLVING).status == "no":
        return False
    return True if solve((), [link.guard], types=types, budget=SOLVING).status == "no" else None


def _sets(update: Update) -> list[tuple[str, Expression | None]]:
    """The names an update sets, each with the expression that gives the value, where there is one."""
    if update.kind == "set":
        return list(update.values.items())
    single = {"queue": "queue", "raise_priority": "priority", "assign": "assignee", "add_owner": "owner"}
    if update.kind == "unassign":
        return [(update.parts.get("slot") or "assignee", None)]
    if update.kind == "assign" and update.parts.get("keep_owner"):
        return [("assignee", None), ("owner", None)]
    return [(single[update.kind], None)] if update.kind in single else []


def held_roles(world: World | None) -> frozenset[str] | None:
    """The roles that persons of a world hold; None without a world."""
    if world is None:
        return None
    return frozenset(role for person in world.persons.values() for role in person.roles)


__all__ = ["GIVEN", "MAX_JOINT", "SOLVING", "Abstract", "Place", "Timers", "Trigger", "held_roles"]
