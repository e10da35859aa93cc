"""Knows how a definition is linked and checked before it runs; must not know what happens when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import Calendar, OpenTime
from servflow.engine._actions import Update, compile_updates
from servflow.engine._approval import check_states
from servflow.engine._building import at_path, takes
from servflow.engine._called import check_titles
from servflow.engine._chain_plans import ChainPlan, compile_chains, compile_past
from servflow.engine._clock_caps import children
from servflow.engine._clock_conditions import concerns
from servflow.engine._clock_plans import ClockPlan, compile_clocks, in_order
from servflow.engine._definition import BUILT_IN, RELATIONS, State, Timer, Transition, ids_of
from servflow.engine._idioms import Approval, ChecklistStep, promises
from servflow.engine._law import compile_laws
from servflow.engine._problems import SUPPLIED, Problems, Types
from servflow.engine._raised import Raised
from servflow.engine._reopen import Reopen, reopenings
from servflow.engine._rules import Ruling
from servflow.engine._scope import RESERVED, TIMED, scope_types
from servflow.engine._shown import compile_views
from servflow.engine._slots import SlotPlan, compile_slots
from servflow.engine._surveys import asking, compile_low, with_timers
from servflow.engine._tables import read_by, timed
from servflow.engine._takers import Takers
from servflow.errors import DefinitionError, Finding
from servflow.expressions import Expression, Trial
from servflow.model import CONVERTERS, EMPTY, FrozenMap, Outcome
from servflow.rules import RuleSet
from servflow.statemachine import Machine

if TYPE_CHECKING:
    from servflow.engine._call import Happening
    from servflow.engine._workflow import Workflow

ALWAYS = Calendar.always()
INDEXABLE = tuple(name for name in CONVERTERS if name not in ("bytes", "list", "map", "any"))
"""Types of fields by whose values tickets can be found."""
MAX_CACHED = 4_096
"""How many answers one table of a workflow remembers."""


@attrs.frozen(kw_only=True)
class Link:
    """One transition, ready to run."""

    index: int
    spec: Transition
    path: str
    allow: tuple[Any, ...]
    not_by: str | None
    guard: Expression | None
    updates: tuple[Update, ...]
    free: bool
    """Nothing to check: no guard, no payload, no permission."""
    reopen: Reopen | None = None
    """What a state is reopened by, where the transition was made for that."""


class Compiled:
    """
    A workflow linked and checked: every name resolved, every condition typed, every table of the machine ready.

    Built once for a workflow and shared by all its tickets.
    """

    indexed: tuple[str, ...] = ()  # most definitions have none
    first_fields: FrozenMap[str, Any] | None = None  # known from the first ticket opened without any
    plain_opening: Outcome | None = None  # the same, where nothing reacts to an opening

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.problems = Problems(strict=workflow.strict)
        self.functions = {**SUPPLIED, **workflow.extensions.functions}
        self.states: dict[str, State] = {}
        self.paths: dict[str, str] = {}
        self.around: dict[str, tuple[str, ...]] = {}
        self._collect_states(workflow.states, "states")
        self.raised = Raised(self)
        self.promises = promises(workflow.clocks, self.states, self.paths)
        self.views = compile_views(workflow.states, workflow.clocks)
        self.calendars: dict[str, OpenTime] = dict(workflow.named_calendars)
        self.problems.ask_of(states=self.states, calendars=self.calendars)
        self.tables = {name: table.demanding() if workflow.strict else table for name, table in workflow.tables.items()}
        self.problems.timed_tables = frozenset(name for name in workflow.tables if timed(workflow.tables, name))
        self.clock_names = tuple(promise.clock.name for promise in self.promises)
        self.types = scope_types(
            workflow.fields, {name: _outputs(table) for name, table in workflow.tables.items()}, self.clock_names
        )
        self.timeless = {name: kind for name, kind in self.types.items() if name not in ("payload", "actor")}
        self.derived = (*reopenings(self), *asking(self))
        self.transitions = (*workflow.transitions, *(Transition(**made.parts) for made in self.derived))
        self.machine = self._machine()
        self._check_fields()
        self.indexed = tuple(name for name, spec in workflow.fields.items() if spec.indexed)
        for index, role in enumerate(workflow.roles):
            if role in RELATIONS:
                self.problems.add("role.relation", f"roles[{index}]", role=role, relations=RELATIONS)
        self.guard_parts: dict[int, tuple[Expression, ...]] = {}
        self.trials: dict[tuple[tuple[str, ...], str], Trial | None] = {}
        self.beyond: dict[frozenset[str], frozenset[str]] = {}
        self.replies: list[tuple[str, str]] = []
        self.links = tuple(self._link(index, spec) for index, spec in enumerate(self.transitions))
        self._check_tables()
        try:
            self.rule_set = RuleSet(workflow.rules, self.tables)
        except DefinitionError as error:
            self.problems.findings.extend(at_path(error, "rules"))
            self.rule_set = RuleSet(())
        self.ruling = Ruling(self)
        self.rule_updates = self.ruling.updates
        self.clocks: tuple[ClockPlan, ...] = compile_clocks(self)
        self.clock_order = in_order(self)
        self.children: tuple[ClockPlan, ...] = children(self)
        self.chains: tuple[ChainPlan, ...] = compile_chains(self)
        self.chain_plans = {plan.chain.name: plan for plan in self.chains}
        self.past_chains = compile_past(self)
        self.watching = any(one.trigger.kind == "when" for plan in self.chains for one in plan.starts)
        self.slots: tuple[SlotPlan, ...] = compile_slots(self)
        self.laws, self.low = compile_laws(self), compile_low(self)
        self._check_events()
        self._check_timers()
        self._check_unique()
        check_titles(self)
        self.raised.check()
        check_states(self)

    def condition(self, when: Any, path: str, *, types: Types | None = None, timeless: bool = True) -> Expression | None:
        """Read a condition that must come to true or false; None where there is none or it cannot be read."""
        if when is None:
            return None
        known = self.timeless if types is None else types
        made = self.problems.expression(when, known, path, functions=self.functions, timeless=timeless)
        if made is not None and made.type not in ("bool", "dyn"):
            self.problems.add("expression.not_a_condition", path, text=made.text, type=made.type)
        return made

    # parts ------------------------------------------------------------------------------------------------------

    def _collect_states(self, states: Mapping[str, State], path: str) -> None:
        # An explicit stack: nesting comes from an untrusted document.
        stack: list[tuple[Mapping[str, State], str, tuple[str, ...]]] = [(states, path, ())]
        while stack:
            level, where, above = stack.pop(0)
            for name, state in level.items():
                self.states[name] = with_timers(self.workflow, name, state)
                self.paths[name], self.around[name] = f"{where}.{name}", (name, *above)
                if state.states:
                    stack.append((state.states, f"{where}.{name}.states", self.around[name]))

    def _machine(self) -> Machine | None:
        spec = self.workflow
        moves = [
            {
                "event": move.event,
                "source": list(move.source),
                "target": list(move.target) or None,
                "internal": move.internal,
                # The engine decides guards itself; the machine need only know that there is one.
                **({"when": "guarded"} if move.when is not None else {}),
            }
            for move in self.transitions
        ]
        try:
            return Machine(
                initial=list(spec.initial) if isinstance(spec.initial, tuple) else spec.initial,
                states={name: state.chart() for name, state in spec.states.items()},
                transitions=moves,
                table_size=self.workflow.extensions.table_size,
            )
        except DefinitionError as error:
            self.problems.findings.extend(self._where(finding) for finding in error.findings)
            return None

    def path_of(self, index: int) -> str:
        """Where a transition is written: itself, or the part of a state that is short for it."""
        written = len(self.workflow.transitions)
        return f"transitions[{index}]" if index < written else self.derived[index - written].path

    def _where(self, finding: Finding) -> Finding:
        head, bracket, rest = finding.path.partition("]")
        if not bracket or not head.startswith("transitions["):
            return finding
        return attrs.evolve(finding, path=f"{self.path_of(int(head.removeprefix('transitions[')))}{rest}")

    def _check_fields(self) -> None:
        for name, spec in self.workflow.fields.items():
            if spec.indexed and spec.type not in INDEXABLE:
                why = {"en": f"a {spec.type} is not one value", "zh": f"{spec.type} 不是单个值"}
                self.problems.add("field.indexed", f"fields.{name}.indexed", name=name, why=why, known=INDEXABLE)
            if name in RESERVED:
                self.problems.add("field.reserved", f"fields.{name}", name=name, reserved=sorted(RESERVED))
            elif not name.isidentifier():
                self.problems.add("field.name", f"fields.{name}", name=name)

    def _link(self, index: int, spec: Transition) -> Link:
        path = self.path_of(index)
        types = {**self.types, "payload": scope_types({}, {}, (), spec.payload)["payload"]}
        guard = self.condition(spec.when, f"{path}.when", types=types, timeless=spec.event is None)
        self.check_allow(spec.allow, f"{path}.allow")
        # What the definition grants for an event holds for its transitions that say nothing themselves.
        granted = self.workflow.events.get(spec.event or "")
        allow = spec.allow or (granted.allow if granted is not None else ())
        mine = self.raised.internal if self.workflow.roles else self.raised.covers
        if not allow and spec.event is not None and all(mine(event) for event in spec.event.split()):
            allow = ("system",)  # nobody but the workflow itself can mean these; without roles some may be played by hand
        not_by = spec.not_by or (granted.not_by if granted is not None else None)
        written = len(self.workflow.transitions)
        return Link(
            index=index,
            spec=spec,
            path=path,
            allow=allow,
            not_by=not_by,
            reopen=self.derived[index - written].reopen if index >= written else None,
            guard=guard,
            updates=compile_updates(self, spec.do, types, f"{path}.do"),
            free=guard is None
            and not spec.payload
            and not allow
            and not_by is None
            and not self.workflow.roles
            and not (spec.event is not None and any(takes(spec.event, event) for event in self.workflow.events)),
        )

    def check_allow(self, allow: tuple[Any, ...], path: str) -> None:
        """Every name in an ``allow`` is a declared role or a relation."""
        for entry in allow:
            if isinstance(entry, Mapping):
                of = entry.get("manager_of")
                if set(entry) != {"manager_of"} or of not in ("assignee", "owner", "requester"):
                    self.problems.add("allow.form", path, value=dict(entry))
            elif self.workflow.roles:
                self.problems.known("role", entry, (*self.workflow.roles, *RELATIONS[:-1]), path)

    def _check_events(self) -> None:
        for name, spec in self.workflow.events.items():
            if not self.moves(name):
                self.problems.known("event", name, self.events, f"events.{name}")
            self.check_allow(spec.allow, f"events.{name}.allow")
            self.check_not_by(spec.not_by, f"events.{name}.not_by")
        known = self.events
        for event, path in self.replies:
            if not self.moves(event):
                self.problems.known("event", event, known, path)
        for index, move in enumerate(self.transitions):
            self.check_not_by(move.not_by, f"{self.path_of(index)}.not_by")

    def check_not_by(self, not_by: str | None, path: str) -> None:
        """Every event a ``not_by`` names can happen."""
        for word in (not_by or "").split():
            if not self.moves(word) and not any(takes(word, event) for event in self.events):
                self.problems.known("event", word, self.events, path)

    def _check_tables(self) -> None:
        types = {name: kind for name, kind in self.timeless.items() if name not in TIMED}
        for name, table in self.workflow.tables.items():
            for finding in (*table.typed(types), *table.proven(types)):
                self.problems.findings.append(attrs.evolve(finding, path=f"tables.{name}.{finding.path}".rstrip(".")))

    def _check_timers(self) -> None:
        if self.machine is None:
            return
        around = {name: self.machine.ancestors(name) for name in self.states}
        inside: dict[str, list[str]] = {}
        for name, outer in around.items():
            for above in outer:
                inside.setdefault(above, []).append(name)
        for name, state in self.states.items():
            near = {name, "*", *around[name], *inside.get(name, ())}
            for index, timer in enumerate(state.timers):
                self._check_timer(timer, near, f"{self.paths[name]}.timers[{index}]", name)

    def _check_timer(self, timer: Timer, near: set[str], path: str, state: str) -> None:
        known = self.moves(timer.event) or self.problems.known("event", timer.event, self.events, f"{path}.event")
        if known and timer.event not in BUILT_IN and near.isdisjoint(self.sources_of(timer.event)):
            self.problems.add("timer.unheard", path, event=timer.event, state=state)
        if timer.calendar is None and timer.after.business_days:
            self.problems.add("timer.needs_calendar", f"{path}.after", event=timer.event, after=timer.after.text)
        if timer.calendar is not None:
            self.problems.known("calendar", timer.calendar, self.calendars, f"{path}.calendar")

    def _check_unique(self) -> None:
        spec, lists = self.workflow, ("escalations", "dispatch")
        for kind, items in (
            ("clocks", [(made.clock.name, made.path + (".name" if made.state is None else "")) for made in self.promises]),
            *((key, [(one.name, f"{key}[{i}].name") for i, one in enumerate(getattr(spec, key))]) for key in lists),
            *((key, [(name, f"{key}[{i}]") for i, name in enumerate(getattr(spec, key))]) for key in ("roles", "queues")),
            *ids_of(spec.transitions, {self.paths[name]: state for name, state in self.states.items()}),
        ):
            seen = set()
            for name, path in items:
                if name in seen:
                    self.problems.add("name.twice", path, name=name, kind=kind)
                seen.add(name)

    # answers ----------------------------------------------------------------------------------------------------

    def calendar(self, name: str | None) -> OpenTime:
        """The calendar of that name; time as it passes for None."""
        return ALWAYS if name is None else self.calendars[name]

    def depends_on(self, guard: Expression) -> frozenset[str]:
        """The names, other than time, on whose change a condition may answer otherwise; tables stand for what they read."""
        found = set(guard.roots) - {"at", "clock", "payload", "actor", "table"}
        for name in guard.reads:
            if name.startswith("table."):
                found |= read_by(self.workflow.tables, name.split(".")[1])
        return frozenset(found)

    def read_by(self, index: int) -> frozenset[str]:
        """What a transition's guard and updates read, time aside."""
        link = self.links[index]
        conditions = [*([link.guard] if link.guard is not None else []), *(v for u in link.updates for v in u.values.values())]
        return frozenset(name for condition in conditions for name in self.depends_on(condition))

    def counting(self, name: str | None, clock: str = "") -> OpenTime | None:
        """
        The calendar of that name; None, the short way for time as it passes, for None.

        Args:
            clock: whose it is: while an earlier edition counts, some clocks are counted by the present one.
        """
        if name is None:
            return None
        return (self.own_calendars.get(clock) or self.calendars)[name]

    own_calendars: Mapping[str, Mapping[str, OpenTime]] = EMPTY
    """By clock, where not all are counted by ``calendars``."""

    @cached_property
    def events(self) -> frozenset[str]:
        """Every event that something in the definition handles."""
        return frozenset(self.descriptors | self.heard | set(BUILT_IN))

    @cached_property
    def heard(self) -> frozenset[str]:
        """Every event that clocks, chains and dispatch listen to."""
        heard = {name for plan in getattr(self, "clocks", ()) for name in plan.events}
        heard |= {name for plan in getattr(self, "chains", ()) for name in plan.events}
        heard |= {name for plan in getattr(self, "past_chains", {}).values() for name in plan.events}
        return frozenset(heard | {name for policy in self.workflow.dispatch for name in policy.event})

    def moves(self, event: str) -> bool:
        """Whether some transition takes the event, in whatever state."""
        return self.takers.some(event)

    @cached_property
    def takers(self) -> Takers:
        """Which transitions take an event, by index."""
        return Takers(move.event for move in self.transitions)

    @cached_property
    def descriptors(self) -> frozenset[str]:
        """Every event descriptor of the transitions."""
        return frozenset(name for move in self.transitions if move.event for name in move.event.split())

    @cached_property
    def has_eventless(self) -> bool:
        """Whether any transition needs no event."""
        return any(move.event is None for move in self.transitions)

    @property
    def chart(self) -> Machine:
        """The machine of a workflow without errors."""
        assert self.machine is not None
        return self.machine

    @cached_property
    def forcible(self) -> Mapping[str, int]:
        """Every state that a ticket can be put into, those with states inside too, to its transition in ``force_chart``."""
        found = (name for name, node in self.chart.states.items() if node.kind not in ("shallow", "deep"))
        return {name: index for index, name in enumerate(found)}

    @cached_property
    def force_chart(self) -> Machine:
        """The same states with one transition from anywhere to each of ``forcible``: how ``ticket.force`` moves."""
        moves = [{"event": name, "source": "*", "target": name} for name in self.forcible]
        spec = self.workflow
        return Machine(
            initial=list(spec.initial) if isinstance(spec.initial, tuple) else spec.initial,
            states={name: state.chart() for name, state in spec.states.items()},
            transitions=moves,
            table_size=spec.extensions.table_size,
        )

    def is_closed(self, configuration: tuple[str, ...]) -> bool:
        """Whether a configuration means closed: one of its states, or one around it, is marked so."""
        known = self.closed_cache.get(configuration)
        if known is None:
            if len(self.closed_cache) >= self.workflow.extensions.table_size:
                self.closed_cache.clear()
            active = {*configuration, *(above for leaf in configuration for above in self.chart.ancestors(leaf))}
            known = self.closed_cache[configuration] = bool(active & self.closed_states)
        return known

    @cached_property
    def closed_cache(self) -> dict[tuple[str, ...], bool]:
        """Configurations already looked at; bounded by what the machine can be in."""
        return {}

    @cached_property
    def checklists(self) -> Mapping[str, tuple[ChecklistStep, ...]]:
        """State -> the steps to be checked in it."""
        return {name: state.checklist for name, state in self.states.items() if state.checklist}

    @cached_property
    def approvals(self) -> Mapping[str, Approval]:
        """State -> what it takes to approve in it."""
        return {name: state.approval for name, state in self.states.items() if state.approval is not None}

    @cached_property
    def closed_states(self) -> frozenset[str]:
        """The states that mean closed."""
        return frozenset(name for name, state in self.states.items() if state.closed)

    @cached_property
    def remembered_words(self) -> tuple[str, ...]:
        """Every word of a ``not_by`` or of dispatch, sorted: the ticket keeps who did last what it means."""
        specs: list[Any] = [*self.transitions, *self.workflow.events.values(), *self.approvals.values()]
        apart = {word for policy in self.workflow.dispatch for entry in policy.require for word in entry.separate}
        return tuple(sorted(apart.union(*(spec.not_by.split() for spec in specs if spec.not_by is not None))))

    def remembered(self, event: str) -> tuple[str, ...]:
        """The words of a ``not_by`` that mean this event."""
        words = self.remembered_words
        return tuple(word for word in words if takes(word, event)) if words else ()

    def grants(self, link: Link, event: str) -> tuple[tuple[tuple[Any, ...], str | None], ...]:
        """
        Who may take a transition by an event it does not name alone, and who may not; all of them must hold.

        What the definition grants for the event holds where the transition says nothing itself. A transition that
        only means a built-in event among others, such as ``*``, is no grant for it.
        """
        spec = self.workflow.events.get(event)
        named = link.spec.event or ""
        if spec is None:
            asked = ((link.allow, link.not_by),)
        else:
            asked = ((link.spec.allow or spec.allow or link.allow, link.spec.not_by or spec.not_by or link.not_by),)
        if event not in BUILT_IN or event in named.split():
            return asked
        return (*asked, ((), None) if spec is None else (spec.allow, spec.not_by))

    @cached_property
    def timed_states(self) -> Mapping[str, tuple[Timer, ...]]:
        """State -> its timers."""
        return {name: state.timers for name, state in self.states.items() if state.timers}

    def clocks_for(self, happening: Happening) -> tuple[ClockPlan, ...]:
        """The clocks that what happened may concern, in the order in which they look; remembered by what happened."""
        key = (
            happening.event,
            *happening.entered,
            None,
            *happening.exited,
            happening.opened or happening.closed or happening.reopened,
            bool(happening.changed - _STATE),
            happening.message is None,
            happening.queue,
        )
        found = self.clock_cache.get(key)
        if found is None:
            if len(self.clock_cache) >= MAX_CACHED:
                self.clock_cache.clear()
            found = self.clock_cache[key] = tuple(plan for plan in self.clock_order if concerns(plan, happening))
        return found

    @cached_property
    def slot_names(self) -> frozenset[str]:
        """The dispatch entries."""
        return frozenset(plan.policy.name for plan in self.slots)

    @cached_property
    def clock_cache(self) -> dict[tuple[Any, ...], tuple[ClockPlan, ...]]:
        """What happened -> the clocks it may concern."""
        return {}

    def sources_of(self, event: str) -> tuple[str, ...]:
        """The states in which some transition takes the event."""
        moves = self.transitions
        return tuple(dict.fromkeys(source for index in self.takers.of(event) for source in moves[index].source))


_STATE = frozenset({"state"})


def _outputs(table: Any) -> Mapping[str, Any]:
    return {name: (spec if isinstance(spec, str) else getattr(spec, "type", "any")) for name, spec in table.outputs.items()}


__all__ = ["ALWAYS", "Compiled", "Link"]
