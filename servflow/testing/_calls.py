"""Knows who could do what with a ticket as it stands, and what they could send; must not know what holds afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st

from servflow.engine import BUILT_IN, Option, Workflow
from servflow.engine._children import CLOSED, OPENED
from servflow.engine._parts import ASKED, NEED
from servflow.errors import InputError, ServflowError, shown
from servflow.model import SYSTEM, Actor, Field, FrozenMap, Ticket, World
from servflow.testing._dead_ends import DeadEnds
from servflow.testing._satisfying import Fit, Satisfying
from servflow.testing._strategies import PEOPLE, states_of, values_for
from servflow.testing._ways import Way, Ways
from servflow.testing._worlds import parts_of

_NUMBER = re.compile(r"(?<![\w.])\d{1,12}(?:\.\d{1,6})?(?![\w.])")
_TEXT = re.compile(r"'([^'\\]{1,40})'|\"([^\"\\]{1,40})\"")
_WHOLE = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1)}
_PARTS = ("transitions", "tables", "rules", "dispatch", "clocks", "escalations", "laws")
_NUMBERS = ("int", "uint", "decimal", "double")
_MOST_CONSTANTS = 24
_MOST_TEXTS = 3
_ROUND = (1, 10, 1000, 10**6)
_STRANGER = Actor("stranger")
_CENT = Decimal("0.01")
_OFTEN = {"wanted": 6, "leading": 4, "local": 4, "rest": 2, "shut": 1}
_OFTEN_TOWARDS = {"wanted": 10, "leading": 1, "local": 1}
_OFTEN_BLOCKED = {"leading": 8, "local": 1, "rest": 1}
"""How often what leads on comes up, against the rest: where a goal can be made for, and where the way to it is shut."""


@frozen
class Call:
    """One thing somebody does; ``ready`` where ``available`` said that it may be done just so."""

    event: str
    payload: Mapping[str, Any]
    actor: Actor | None
    code: str | None = None
    ready: bool = False

    def __repr__(self) -> str:
        sent = f", {dict(self.payload)!r}" if self.payload else ""
        return f"<{self.actor.id if self.actor else 'nobody'}: {self.event}{sent}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


WAIT = Call("wait", {}, None)
"""Nobody does anything until time does."""

Pair = tuple[Actor | None, Option]
Here = tuple[Ticket, datetime, World | None]
Aim = tuple[list[Way], Collection[int], int | None]
"""The next steps that are wanted, what was taken already, and the goal they lead to, if any."""


class Calls:
    """What can be done with tickets of one workflow by some people; strategies are made once for each event and place."""

    def __init__(self, workflow: Workflow, people: Mapping[str, Iterable[str]] | None = None) -> None:
        self.workflow = workflow
        self.people = _cast(workflow, people)
        self.given = people is not None
        self.ways = Ways(workflow)
        self.satisfying = Satisfying(workflow)
        self.dead_ends = DeadEnds(workflow)
        self.numbers, self.texts = _constants(workflow)
        self.steps = {step.step: step for _, state in states_of(workflow) for step in state.checklist}
        self._apart: dict[str, tuple[Any, ...]] = {}
        self._specs: dict[str, Mapping[str, Field]] = {}
        self._known: dict[Any, st.SearchStrategy[dict[str, Any]]] = {}

    def opening(self) -> st.SearchStrategy[dict[str, Any]]:
        """Fields to open a ticket with: values next to those that conditions compare with come up often."""
        specs = self.workflow.fields
        ids = sorted({*PEOPLE, *(actor.id for actor in self.people)})
        more = {"priority": st.integers(1, 5), "customer": st.sampled_from(ids)}
        return st.fixed_dictionaries(
            {name: self._field(name, spec) for name, spec in specs.items() if spec.required or spec.one_of},
            optional={name: value for name, value in more.items() if name not in specs}
            | {name: self._field(name, spec) for name, spec in specs.items() if not spec.required and not spec.one_of},
        )

    def _field(self, name: str, spec: Field) -> st.SearchStrategy[Any]:
        """Values of a field, most often those that the tables which read it tell apart."""
        told = self._told_apart(name) if spec.type in _NUMBERS else ()
        if not told:
            return self.value(spec)
        apart = st.sampled_from([spec.convert(value) for value in told])
        return st.one_of(apart, apart, self.value(spec))

    def _told_apart(self, name: str) -> tuple[Any, ...]:
        if name not in self._apart:
            tables, types = self.workflow.tables.values(), self.workflow.compiled.types
            self._apart[name] = tuple(value for table in tables for value in table.samples(name, types))
        return self._apart[name]

    def value(self, spec: Field) -> st.SearchStrategy[Any]:
        """Values of a type, with those next to the constants of the definition among them."""
        anything = values_for(spec)
        if spec.one_of:
            return anything
        near: list[Any] = []
        if spec.type in _WHOLE:
            low, high = _WHOLE[spec.type]
            near = [int(number) for number in self.numbers if number == int(number) and low <= number <= high]
        elif spec.type == "decimal":
            near = list(self.numbers)
        elif spec.type == "double":
            near = [float(number) for number in self.numbers]
        elif spec.type == "string":
            near = [*self.texts, *PEOPLE]  # conditions often compare a text with whoever acts
        if spec.type in _NUMBERS:
            return st.one_of(
                [*([st.sampled_from(near)] * 2 if near else []), st.sampled_from(_ROUND).map(spec.convert), anything]
            )
        return st.one_of(st.sampled_from(near), st.sampled_from(near), anything) if near else anything

    def actors(self, ticket: Ticket, world: World | None) -> tuple[Actor | None, ...]:
        """Who might do something with it: the people, those the ticket names, the system and a stranger."""
        named = [*_named(ticket), *(offer.to for offer in ticket.offers)]
        held = world.persons if world is not None else {}
        found: dict[Actor, None] = dict.fromkeys(self.people)
        for name in dict.fromkeys(one for one in named if one is not None):
            if self.given and any(actor.id == name for actor in self.people):
                continue
            with suppress(InputError):  # whoever a drawn text names need not be a name
                found[Actor(name, held[name].roles if name in held else self._roles(name))] = None
        return (*found, SYSTEM, _STRANGER)

    def _roles(self, name: str) -> tuple[str, ...]:
        return () if self.given else tuple(sorted({role for actor in self.people if actor.id == name for role in actor.roles}))

    def options(self, ticket: Ticket, at: datetime, world: World | None) -> list[Pair]:
        """Every event of the state for everybody."""
        return [pair for actor in self.actors(ticket, world) for pair in self.options_of(actor, ticket, at, world)]

    def options_of(self, actor: Actor | None, ticket: Ticket, at: datetime, world: World | None) -> list[Pair]:
        """Every event of the state for one of them."""
        return [(actor, option) for option in self.workflow.available(ticket, at=at, actor=actor, world=world)]

    def takes_any(self, events: Collection[str], ticket: Ticket, at: datetime, world: World | None) -> bool:
        """Whether somebody may do one of some events here, now or once its guard holds."""
        shut = ("not_permitted", "not_here")
        return any(
            option.event in events and option.code not in shut
            for actor in self.actors(ticket, world)
            for _, option in self.options_of(actor, ticket, at, world)
        )

    def likely(self, here: Here, taken: Collection[int] = (), goal: int | None = None) -> st.SearchStrategy[Call]:
        """
        Something that somebody may do with a ticket.

        Most often it is a step towards the transition that is the *goal*; without one, a step to what was not *taken* yet.
        Then come other moves, and least often what every workflow can do and what gives most of the rest up. With a goal
        it may also be ``WAIT``.
        """
        ticket, _, world = here
        if goal is None:
            local = self.ways.here(ticket.entered)
            wanted = [way for way in local if way.index not in taken and not self.ways.gives_up(ticket.entered, way, taken)]
        else:
            wanted = self.ways.towards(ticket.entered, goal)
        everybody = self.actors(ticket, world)
        fit = [actor for actor in everybody if any(self._fits(actor, way, ticket) for way in wanted)]
        who = st.sampled_from([fit, fit, fit, everybody] if fit else [everybody]).flatmap(st.sampled_from)
        return who.flatmap(lambda actor: self._likely_of(actor, here, (wanted, taken, goal)))

    def _fits(self, actor: Actor | None, way: Way, ticket: Ticket) -> bool:
        """Whether a way seems to be granted to somebody; ``available`` knows for sure and takes longer."""
        if actor is None or not way.allow:
            return actor is not None
        if actor == SYSTEM:
            return "system" in way.allow
        named = actor.id in (*_named(ticket), *(offer.to for offer in ticket.offers))
        return not way.allow.isdisjoint(actor.roles) or (named and not way.allow.issubset(self.workflow.roles))

    def _likely_of(self, who: Actor | None, here: Here, aim: Aim) -> st.SearchStrategy[Call]:
        ticket, (wanted, taken, goal) = here[0], aim
        names = {event for way in wanted for event in way.by}
        asked = self.options_of(who, *here)
        able = _able(asked)
        if not any(option.event in names or option.event in LEADING for _, option in able):  # somebody else can do more
            widest = {one.id: one for one in sorted(filter(None, self.actors(ticket, here[2])), key=lambda one: len(one.roles))}
            asked = [pair for one in widest.values() for pair in self.options_of(one, *here)]
            able = _able(asked)
        local, shut = set[str](), set[str]()
        for way in self.ways.here(ticket.entered):
            (shut if self.ways.gives_up(ticket.entered, way, taken) else local).update(way.events)
        groups: dict[str, list[Pair]] = {name: [] for name in ("wanted", "leading", "local", "shut", "rest")}
        for pair in able:
            event = pair[1].event
            kinds = (("wanted", names), ("leading", LEADING), ("local", local), ("shut", shut - local))
            groups[next((kind for kind, held in kinds if event in held), "rest")].append(pair)
        often = _OFTEN if goal is None else _OFTEN_TOWARDS if groups["wanted"] else _OFTEN_BLOCKED
        drawn = [groups[name] for name, times in often.items() for _ in range(times) if groups[name]]
        one = st.sampled_from(drawn).flatmap(st.sampled_from) if drawn else None
        made = [] if one is None else [one.flatmap(lambda pair: self._sent_here(pair, here))]
        if goal is not None and not groups["wanted"]:
            made *= 8 if groups["leading"] else 1
            mended = self._mended([option for _, option in asked if option.event in names], ticket, here[2])
            if ticket.children and CLOSED in names:
                mended.append(Call(CLOSED, {"child": ticket.children[0]}, SYSTEM))
            elif OPENED in names:
                mended.append(Call(OPENED, {"child": f"C{len(ticket.children_closed) + 1}"}, SYSTEM))
            made += [*([st.sampled_from(mended)] * 3 if mended else []), *([st.just(WAIT)] if ticket.wake is not None else [])]
        return st.one_of(made) if made else st.just(Call("no_such_event", {}, self.people[0], "unknown"))

    def _mended(self, refused: Iterable[Option], ticket: Ticket, world: World | None) -> list[Call]:
        """By hand, where anybody may, the one change of a field that opens what a guard keeps shut."""
        spec = self.workflow.events.get("ticket.update")
        changes = [option.change for option in refused if option.change is not None]
        if not changes or (spec is None and self.workflow.roles):
            return []
        allow = set(map(str, spec.allow)) if spec is not None else set()
        people = [
            actor for actor in self.actors(ticket, world) if actor is not None and (not allow or allow & set(actor.roles))
        ]
        fields = self.workflow.fields
        return [
            Call("ticket.update", {str(change["field"]): change["to"]}, people[0])
            for change in dict.fromkeys(changes)
            if people and change["field"] in fields and change["to"] is not None
        ]

    def _sent_here(self, pair: Pair, here: Here) -> st.SearchStrategy[Call]:
        """The same, where a visit is to be agreed at an instant that can be had."""
        ticket, at, world = here
        if pair[1].event in ("appointment.book", "appointment.reschedule") and world is not None:
            with suppress(ServflowError):  # where no visit can be had, booking one says why
                windows = self.workflow.slots(ticket, at=at, world=world, days=2)[:6]
                calls = [Call(pair[1].event, {"start": window.start}, pair[0]) for window in windows]
                if calls:
                    return st.sampled_from(calls)
        found = self.satisfying.payloads(ticket, pair[1].event, at, pair[0], world)
        if found:
            fit = st.sampled_from(found).flatmap(lambda fit: self._fitted(pair, ticket, fit))
            return st.one_of(fit, self.sent(pair, ticket))
        return self.sent(pair, ticket)

    def _fitted(self, pair: Pair, ticket: Ticket, fit: Fit) -> st.SearchStrategy[Call]:
        """The same with a payload on which one of its guards holds."""
        (actor, option), (declared, values) = pair, fit
        rest = self.payload(ticket, evolve(option, payload=FrozenMap({**option.payload, **declared})))
        return rest.map(lambda drawn: Call(option.event, {**drawn, **values}, actor))

    def sent(self, pair: Pair, ticket: Ticket) -> st.SearchStrategy[Call]:
        """An event as somebody could send it here."""
        actor, option = pair
        if option.status == "ready" and not option.payload:
            return st.just(Call(option.event, {}, actor, None, ready=True))
        return self.payload(ticket, option).map(lambda payload: Call(option.event, payload, actor))

    def payload(self, ticket: Ticket, option: Option) -> st.SearchStrategy[dict[str, Any]]:
        """What could come with an event here, of the right types; what the ticket holds comes up too."""
        declared = self._declared(option.event).values()
        if option.event in _BY_TICKET or (declared and any(map(_held(ticket).get, {spec.type for spec in declared}))):
            # Not kept: a run that is played again has to draw the same, whatever other tickets held meanwhile.
            return self._payload(ticket, option)
        key = option.event, ticket.configuration, tuple(option.payload.items())
        if key not in self._known:
            self._known[key] = self._payload(ticket, option)
        return self._known[key]

    def _declared(self, event: str) -> Mapping[str, Field]:
        """What transitions and grants say of an event's payload."""
        if event not in self._specs:
            found: dict[str, Field] = {}
            for move in self.workflow.compiled.transitions:
                if event in (move.event or "").split():
                    found.update(move.payload)
            spec = self.workflow.events.get(event)
            self._specs[event] = {**found, **(spec.payload if spec is not None else {})}
        return self._specs[event]

    def _payload(self, ticket: Ticket, option: Option) -> st.SearchStrategy[dict[str, Any]]:
        if option.event == "step.check":
            return self._check(ticket)
        if option.event in ASKED:
            return self._of_parts(ticket, option)
        needed: dict[str, st.SearchStrategy[Any]] = {}
        more: dict[str, st.SearchStrategy[Any]] = {}
        for name, written in option.payload.items():
            kind = written.removesuffix("?")
            (more if written.endswith("?") else needed)[name] = self._part(ticket, option.event, name, kind)
        if option.event in BUILT_IN and option.event != "ticket.update":  # what may be left out of them seldom matters
            more = {name: more[name] for name in ("side", "public", "chain", "reason", "to") if name in more}
        return st.fixed_dictionaries(needed, optional=more)

    def _of_parts(self, ticket: Ticket, option: Option) -> st.SearchStrategy[dict[str, Any]]:
        """A line of parts that an event can be about, whole or in part; the rest as it comes."""
        asked = ASKED[option.event]
        lines = [line for line in ticket.parts if line.state in asked.states and (line.held or not asked.held)]
        rest = {
            name: self._part(ticket, option.event, name, written.removesuffix("?"))
            for name, written in option.payload.items()
            if not written.endswith("?") or name == "condition"
        }
        drawn = st.fixed_dictionaries(rest)
        if not lines:
            return drawn
        about = [
            {name: value for name, value in (("part", line.part), ("quantity", count)) if name in option.payload}
            for line in lines
            for count in dict.fromkeys((line.quantity, 1))
        ]
        return st.tuples(drawn, st.sampled_from(about)).map(lambda both: {**both[0], **both[1]})

    def _part(self, ticket: Ticket, event: str, name: str, kind: str) -> st.SearchStrategy[Any]:
        known = self._declared(event).get(name)
        if event == NEED and name in ("part", "quantity"):
            return st.sampled_from(parts_of(self.workflow) if name == "part" else (1, 1, 2))
        if known is not None and not known.one_of:
            held, values = _held(ticket).get(known.type), self._field(name, known)
            if not held:
                return values
            often = [] if known.type == "string" else [st.sampled_from(held)]
            return st.one_of(st.sampled_from(held), values, *often)
        if known is None and event in BUILT_IN:
            meant = self._meant(name, ticket)
            if meant is not None:
                return meant
        if known is None:
            known = self.workflow.fields.get(name) if event == "ticket.update" else None
        return self.value(known if known is not None else Field(type=kind))

    def _meant(self, name: str, ticket: Ticket) -> st.SearchStrategy[Any] | None:
        """What a part of a built-in event's payload names."""
        workflow = self.workflow
        ids = tuple(dict.fromkeys([*(actor.id for actor in self.people), *PEOPLE]))
        found: Mapping[str, Iterable[Any]] = {
            "state": workflow.compiled.states,
            "to": ids,
            "who": (*ids, *ticket.watchers),
            "side": ("agent", "customer"),
            "clock": [clock.name for clock in workflow.clocks],
            "chain": [chain.name for chain in workflow.escalations],
            "step": tuple(self.steps),
            "until": ("10m", "2h", "3d"),
            "reason": ("so",),
            "text": ("hello",),
            "comment": ("so",),
            "score": (1, 3, 5),
            "part": parts_of(workflow),
            "quantity": (1, 2),
            "child": (*ticket.children[:2], "other"),
        }
        values = tuple(found.get(name, ()))
        return st.sampled_from(values) if values else None

    def _check(self, ticket: Ticket) -> st.SearchStrategy[dict[str, Any]]:
        here = [
            step
            for name, state in states_of(self.workflow)
            if name in ticket.entered
            for step in state.checklist
            if step.step not in ticket.checklist.get(name, {})
        ]
        made = []
        for step in [*here[:1] * 2, *here] or tuple(self.steps.values()):  # the next one most often, as some are in order
            parts: dict[str, st.SearchStrategy[Any]] = {"step": st.just(step.step)}
            if step.evidence:
                needed = {name: self.value(held) for name, held in step.evidence.items() if not held.optional}
                optional = {name: self.value(held) for name, held in step.evidence.items() if held.optional}
                parts["evidence"] = st.fixed_dictionaries(needed, optional=optional)
            made.append(st.fixed_dictionaries(parts))
        return st.one_of(made) if made else st.just({"step": "none"})


_BY_TICKET = frozenset({"ticket.unwatch", "helper.remove", CLOSED, "ticket.child_reopened", "step.check", *ASKED})
"""Built-in events whose payload names what is on the ticket."""

LEADING = frozenset({"appointment.book", "approval.approve", "offer.accept", "queue.take", "step.check", CLOSED, OPENED})
"""Built-in events by which a ticket comes on, more than once if need be."""


def _named(ticket: Ticket) -> tuple[str | None, ...]:
    """Whoever stands in a relation to a ticket."""
    return ticket.assignee, ticket.owner, ticket.requester, ticket.customer


def _able(pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[1].status != "refused"]


def _held(ticket: Ticket) -> dict[str, list[Any]]:
    """
    What a ticket holds, by type: what comes in is often compared with it.

    Of numbers also those next to them and twice as much; of texts also those in lists, that what comes twice is met.
    """
    found: dict[str, dict[Any, None]] = {"int": {}, "decimal": {}, "string": {}}
    for value in ticket.fields.values():
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value:
            near = (value + _CENT, value - _CENT) if isinstance(value, Decimal) else ()
            kind = "decimal" if isinstance(value, Decimal) else "int"
            found[kind].update(dict.fromkeys((value, value + 1, value - 1, *near, value * 2)))
        elif isinstance(value, (str, tuple)):
            texts = (value,) if isinstance(value, str) else value[-_MOST_TEXTS:]
            found["string"].update(dict.fromkeys(one for one in texts if one and isinstance(one, str)))
    return {kind: list(values) for kind, values in found.items()}


def _cast(workflow: Workflow, people: Mapping[str, Iterable[str]] | None) -> tuple[Actor, ...]:
    """The people given, or few people in every role alone and one in all of them at once."""
    if people is not None:
        given: object = people
        if not isinstance(given, Mapping) or not given:
            raise InputError(
                f"people is a mapping of ids to their roles, such as {{'ann': ['engineer']}}, not {shown(given)}", name="people"
            )
        return tuple(Actor(name, tuple(roles)) for name, roles in people.items())
    alone = [Actor(PEOPLE[index % len(PEOPLE)], (role,)) for index, role in enumerate(workflow.roles)]
    return tuple(dict.fromkeys([*alone, Actor(PEOPLE[0], workflow.roles), *(Actor(name) for name in PEOPLE if not alone)]))


def _constants(workflow: Workflow) -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
    """Numbers next to those that the definition names, and texts that it compares with."""
    data = workflow.to_data()
    text = json.dumps({name: data[name] for name in _PARTS if name in data}, default=str, ensure_ascii=False).replace(
        '\\"', "'"
    )
    numbers: dict[Decimal, None] = {Decimal(0): None}  # below which hardly anything makes sense, named or not
    for word in dict.fromkeys(_NUMBER.findall(text)):
        number = Decimal(word)
        step = Decimal(1).scaleb(int(number.as_tuple().exponent))
        numbers.update(dict.fromkeys((number, number + step, number - step)))
    quoted = dict.fromkeys(one for one, _ in _TEXT.findall(text) if one)
    return tuple(numbers)[:_MOST_CONSTANTS], tuple(quoted)[:_MOST_CONSTANTS]


GAPS = st.one_of(
    st.timedeltas(timedelta(), timedelta(hours=2)),
    st.sampled_from([timedelta(microseconds=1), timedelta(minutes=10), timedelta(hours=8), timedelta(days=1)]),
    st.integers(2, 4).map(lambda days: timedelta(days=days)),
    st.integers(1, 40).map(lambda days: timedelta(days=days)),
)
"""How much time passes: moments, hours, whole weekends, and weeks in which nobody looks."""
