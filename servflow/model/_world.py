"""Knows what lies outside a ticket and a decision may read; must not know how anything is decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from attrs import asdict, define, field

from servflow.errors import InputError, TimeError, shown
from servflow.model import _entities as entity
from servflow.model._maps import EMPTY, FrozenMap
from servflow.model._people import Agent, Bot, Engineer, Outlet, Person, Provider, Queue


class OpenHours(Protocol):
    """What a decision needs of a calendar."""

    def is_open(self, at: datetime) -> bool: ...
    def next_opening(self, at: datetime) -> datetime: ...


class OnCall(Protocol):
    """What an escalation needs of a schedule or rotation."""

    def on_call(self, at: datetime) -> tuple[str, ...]: ...


@define(kw_only=True, slots=False, frozen=True, eq=False)
class World:
    """
    Versioned snapshot of what lies outside the ticket and a decision may read.

    ``loads`` counts the tickets each engineer or outlet holds, ``presence`` says who is ``away`` or
    ``offline`` (not named: available), ``areas`` maps an area to the one it lies in, ``calendars``
    and ``schedules`` hold shifts and on-call schedules by name. ``previous`` maps a customer to the
    engineers who came before, latest first; ``forbidden`` and ``preferred`` map a customer to engineers.
    ``reports_to`` is the reporting line, a person -> their manager, for those whose own entry names none. ``turns`` says
    how many turns each queue has given to tickets, and for a dispatch policy with turns how many it gave
    (``dispatch:<policy>``) and how far everybody has come by them (``dispatch:<policy>/<id>``); None: nobody counts them.
    ``agents``, ``bots`` and ``providers`` take tickets beside engineers and outlets. ``serviced`` maps an asset to those
    who worked on it before, latest first. ``idle_since`` says since when somebody has had nothing to do; ``worked`` how
    many minutes and ``given`` how many tickets somebody was given in the period over which that is to be fair.
    ``silent`` says until when somebody who let an offer of another ticket run out is not asked by policies with a cool-off.
    ``free_at`` says when somebody who is full is expected to have room again. ``channel_loads`` splits the load of
    somebody by channel. ``prices`` says what a place of somebody is worth, as ``dispatch.learn`` found it. ``travel``
    gives minutes from area to area; where it says nothing, positions and ``speed`` do, in kilometres an hour.
    ``booked`` says when somebody has agreed to be with a customer; a desk adds the appointments in its store.
    ``stock`` says how many units of each spare part lie where, those put aside for tickets included: a place (an outlet, a
    van, whatever the host calls it) -> part -> units, or part -> units for the central stock; None: nobody counts it.
    ``set_aside`` says how many of them tickets hold, by the keys of a store's ``usage("part:")``; a desk asks its own.
    ``facts`` carries the host's own data for expressions. Give ``version`` where the host
    has one; otherwise it is a hash of the content, whatever the order of people and places. Two worlds of one version are
    the same world.

    Raises:
        InputError: an entity is named twice or has an unknown attribute, something has a wrong shape, or the
            area tree has a cycle.
    """

    engineers: tuple[Engineer, ...] = field(default=(), converter=entity.entities(Engineer))  # type: ignore[misc]  # mypy reads named converters only
    outlets: tuple[Outlet, ...] = field(default=(), converter=entity.entities(Outlet))  # type: ignore[misc]  # mypy reads named converters only
    people: tuple[Person, ...] = field(default=(), converter=entity.entities(Person))  # type: ignore[misc]  # mypy reads named converters only
    queues: tuple[Queue, ...] = field(default=(), converter=entity.entities(Queue))  # type: ignore[misc]  # mypy reads named converters only
    loads: FrozenMap[str, int] = field(default=None, converter=entity.counts)
    presence: FrozenMap[str, str] = field(default=None, converter=entity.texts)
    areas: FrozenMap[str, str] = field(default=None, converter=entity.parents)
    calendars: FrozenMap[str, Any] = field(default=None, converter=entity.hours)
    schedules: FrozenMap[str, Any] = field(default=None, converter=entity.on_call)
    previous: FrozenMap[str, tuple[str, ...]] = field(default=None, converter=entity.names_by_name)
    preferred: FrozenMap[str, tuple[str, ...]] = field(default=None, converter=entity.names_by_name)
    forbidden: FrozenMap[str, tuple[str, ...]] = field(default=None, converter=entity.names_by_name)
    facts: FrozenMap[str, Any] = field(default=None, converter=entity.facts)
    reports_to: FrozenMap[str, str | None] = field(default=None, converter=entity.parents)
    turns: FrozenMap[str, int] | None = field(default=None, converter=entity.counts_or_none)
    agents: tuple[Agent, ...] = field(default=(), converter=entity.entities(Agent))  # type: ignore[misc]  # mypy reads named converters only
    bots: tuple[Bot, ...] = field(default=(), converter=entity.entities(Bot))  # type: ignore[misc]  # mypy reads named converters only
    providers: tuple[Provider, ...] = field(default=(), converter=entity.entities(Provider))  # type: ignore[misc]  # mypy reads named converters only
    serviced: FrozenMap[str, tuple[str, ...]] = field(default=None, converter=entity.names_by_name)
    idle_since: FrozenMap[str, datetime] = field(default=None, converter=entity.instants)
    worked: FrozenMap[str, int] = field(default=None, converter=entity.counts)
    given: FrozenMap[str, int] = field(default=None, converter=entity.counts)
    channel_loads: FrozenMap[str, FrozenMap[str, int]] = field(default=None, converter=entity.counts_by_name)
    prices: FrozenMap[str, int] = field(default=None, converter=entity.counts)
    travel: FrozenMap[str, FrozenMap[str, int]] = field(default=None, converter=entity.amounts_by_name)
    free_at: FrozenMap[str, datetime] = field(default=None, converter=entity.instants)
    silent: FrozenMap[str, datetime] = field(default=None, converter=entity.instants)
    speed: int = field(default=40, converter=entity.speed)
    booked: FrozenMap[str, tuple[tuple[datetime, datetime], ...]] = field(default=None, converter=entity.stretches_by_name)
    stock: FrozenMap[str, FrozenMap[str, int]] | None = field(default=None, converter=entity.stock)
    set_aside: FrozenMap[str, int] = field(default=None, converter=entity.counts)
    given_version: str | None = field(default=None, alias="version", converter=entity.name_or_none)

    def __attrs_post_init__(self) -> None:
        sound: set[str] = set()  # areas from which the way up is known to end
        for area in self.areas:
            seen = dict.fromkeys([area])  # in the order of the way up
            above = self.areas.get(area)
            while above is not None and above not in sound:
                if above in seen:
                    cycle = (*seen, above)
                    raise InputError(f"areas form a cycle: {shown(' < '.join(cycle))}", areas=cycle)
                seen[above] = None
                above = self.areas.get(above)
            sound.update(seen)

    @classmethod
    def of(cls, source: World | Mapping[str, Any] | None) -> World | None:
        """
        Read a world from a mapping with the constructor's keys; a world or None is returned as it is.

        Raises:
            InputError: it is no such mapping, with what is wrong in it.
            TimeError: an end of an absence or certificate is no instant.
        """
        if source is None or isinstance(source, World):
            return source
        given: object = source
        if not isinstance(given, Mapping):
            raise InputError(
                f"a world is a World or the mapping of one, such as {{'engineers': [...]}}, not {shown(given)}",
                world=shown(given),
            )
        known = tuple(attribute.alias or attribute.name for attribute in World.__attrs_attrs__)
        entity.refuse_unknown(given, known, "the world", "world")
        try:
            return cls(**given)
        except (InputError, TimeError) as error:
            where = "" if "entity" in error.facts or "areas" in error.facts else entity.unread_of(World, given)
            if not where:
                raise
            raise type(error)(
                f"the world, {where}: {error.message}", **{**error.facts, "attribute": where.partition(" ")[0]}
            ) from None

    @cached_property
    def version(self) -> str:
        """The host's version, or a hash of the content where the host gave none."""
        if self.given_version is not None:
            return self.given_version
        text = "{" + ", ".join(f'"{name}": {self._text(name)}' for name in _SORTED if _said(name, getattr(self, name))) + "}"
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()

    def _text(self, name: str) -> str:
        known = self._texts.get(name)
        if known is None:
            value = getattr(self, name)
            # The order in which people and places are listed says nothing; that of queues says who leads whom first.
            plain = _plain(sorted(value, key=lambda one: one.id) if name in _UNORDERED else value)
            known = self._texts[name] = json.dumps(plain, sort_keys=True, default=str, ensure_ascii=False)
        return known

    @cached_property
    def _texts(self) -> dict[str, str]:
        """What each part says as text; a world made of this one writes only the parts anew that changed."""
        return {}

    def __eq__(self, other: object) -> bool:
        return self.version == other.version if isinstance(other, World) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def persons(self) -> Mapping[str, Person]:
        """Every person, engineer, agent and bot by id."""
        return {person.id: person for person in (*self.people, *self.bots, *self.agents, *self.engineers)}

    @cached_property
    def sites(self) -> Mapping[str, Outlet]:
        """Every outlet and provider by id."""
        return {site.id: site for site in (*self.providers, *self.outlets)}

    @cached_property
    def by_id(self) -> Mapping[str, Engineer | Outlet]:
        """Every candidate (engineer, agent or bot, outlet or provider) by id."""
        found: dict[str, Engineer | Outlet] = dict(self.sites)
        found.update({worker.id: worker for worker in (*self.bots, *self.agents, *self.engineers)})
        return found

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Queue -> who works on it, from the queues and from the persons themselves, sorted."""
        found: dict[str, set[str]] = {queue.id: set(queue.members) for queue in self.queues}
        for person in self.persons.values():
            for queue in person.queues:
                found.setdefault(queue, set()).add(person.id)
        return {queue: tuple(sorted(members)) for queue, members in found.items()}

    @cached_property
    def holders(self) -> Mapping[str, tuple[str, ...]]:
        """Role -> who holds it, sorted."""
        found: dict[str, set[str]] = {}
        for person in self.persons.values():
            for role in person.roles:
                found.setdefault(role, set()).add(person.id)
        return {role: tuple(sorted(persons)) for role, persons in found.items()}

    @cached_property
    def leads(self) -> Mapping[str, str]:
        """Queue -> who leads it, for the queues that name somebody."""
        return {queue.id: queue.manager for queue in self.queues if queue.manager}

    @cached_property
    def _led(self) -> Mapping[str, tuple[str, ...]]:
        """Person -> the queues with a lead that they work on: those of their own entry first, in their order."""
        found = {person.id: dict.fromkeys(person.queues) for person in self.persons.values()}
        for queue in self.queues:
            for member in queue.members:
                found.setdefault(member, {}).setdefault(queue.id)
        return {person: tuple(queue for queue in queues if queue in self.leads) for person, queues in found.items()}

    def manager_of(self, person: str) -> str | None:
        """
        Who a person reports to: their own manager, else by the reporting line, else the lead of a queue they work on.

        Nobody is their own manager by leading a queue. None when nobody is named.
        """
        known = self.persons.get(person)
        named = (known.manager if known is not None else None) or self.reports_to.get(person)
        if named:
            return named
        return next((lead for queue in self._led.get(person, ()) if (lead := self.leads[queue]) != person), None)

    def managers_of(self, person: str, n: int) -> tuple[str, ...]:
        """
        The reporting line above a person, nearest first, at most *n* of them.

        It is shorter where it ends before, and where it would come to somebody again: a circle has no further manager.
        """
        line = [person]
        while len(line) <= n:
            above = self.manager_of(line[-1])
            if above is None or above in line:
                break
            line.append(above)
        return tuple(line[1:])

    def area_path(self, area: str) -> tuple[str, ...]:
        """The area and every area it lies in, the smallest first."""
        path = [area]
        while (above := self.areas.get(path[-1])) is not None:
            path.append(above)
        return tuple(path)

    def with_loads(self, loads: Mapping[str, int], version: str | None = None) -> World:
        """Return a new world with other loads; everything else is shared."""
        return self._with(version, {"loads": entity.counts(loads)})

    def with_load(self, who: str, load: int, version: str | None = None) -> World:
        """
        Return a new world in which one candidate holds so much; everything else is shared.

        Raises:
            InputError: the load is no whole number.
        """
        loads = self.loads.with_item(entity.name(who), entity.count(load))
        return self._with(version, {"loads": loads}, touched=who)

    def with_presence(self, presence: Mapping[str, str], version: str | None = None) -> World:
        """Return a new world in which others are away or offline; everything else is shared."""
        return self._with(version, {"presence": entity.texts(presence)})

    def with_booked(self, booked: Mapping[str, Any], version: str | None = None) -> World:
        """Return a new world in which people are booked at other times; everything else is shared."""
        return self._with(version, {"booked": entity.stretches_by_name(booked)})

    def with_stock(self, stock: Mapping[str, Any] | None, version: str | None = None) -> World:
        """
        Return a new world with other spare parts in stock; everything else is shared.

        Raises:
            InputError: something has a wrong shape.
        """
        return self._with(version, {"stock": entity.stock(stock)})

    def with_set_aside(self, units: Mapping[str, int], version: str | None = None) -> World:
        """Return a new world in which tickets hold other units of spare parts; everything else is shared."""
        return self._with(version, {"set_aside": entity.counts(units)})

    def on_hand(self, part: str, place: str = "") -> int | None:
        """
        How many units of a part lie at a place, or in the central stock; None where nobody counts what lies there.

        A place that ``stock`` does not name has the ``parts`` of the engineer, outlet or provider of that id.
        """
        if self.stock is not None and place in self.stock:
            return self.stock[place].get(part, 0)
        one = self.by_id.get(place)
        return one.parts.get(part, 0) if one is not None and one.parts else None

    def with_turns(self, turns: Mapping[str, int] | None, version: str | None = None) -> World:
        """Return a new world in which the turns of queues stand elsewhere; everything else is shared."""
        return self._with(version, {"turns": entity.counts_or_none(turns)})

    def with_engineer(self, engineer: Engineer | Mapping[str, Any], version: str | None = None) -> World:
        """
        Return a new world in which an engineer is as said here, whether they were there before or not.

        Raises:
            InputError: something has a wrong shape.
        """
        (read,) = entity.entities(Engineer)([engineer])
        return self.with_entity(read, version)

    def with_entity(self, one: Person | Outlet | Queue, version: str | None = None) -> World:
        """
        Return a new world in which an engineer, agent, bot, outlet, provider, queue or person is as said here.

        Whoever has this id among those of its kind is replaced in their place; nobody: it is added at the end.

        Raises:
            InputError: it is none of them.
        """
        name = _TABLES.get(type(one))
        if name is None:
            raise InputError(
                f"a world holds {', '.join(sorted(kind.__name__ for kind in _TABLES))}, not {shown(one)}", entity=shown(one)
            )
        held: tuple[Any, ...] = getattr(self, name)
        for place, known in enumerate(held):
            if known.id == one.id:
                return self._with(version, {name: (*held[:place], one, *held[place + 1 :])})
        return self._with(version, {name: (*held, one)})

    @cached_property
    def derived(self) -> dict[str, Any]:
        """
        What others worked out of this world and keep with it; no part of what it says.

        Worlds that are made of one another share the entries: whoever keeps something here must look whether what it was
        made of is what the world at hand holds.
        """
        return {}

    def _with(self, version: str | None, changed: Mapping[str, Any], *, touched: str | None = None) -> World:
        # What is taken over was read when this world was made; it is not read again.
        made = object.__new__(World)
        held, kept = made.__dict__, self.__dict__
        for name in _NAMES:
            held[name] = kept[name]
        held.update(changed)
        held["given_version"] = entity.name_or_none(version)
        if changed.keys().isdisjoint(_PEOPLED):
            held.update((name, kept[name]) for name in _OF_PEOPLE if name in kept)
        held["derived"] = self.derived  # one for the whole family: which of them is asked next is not known
        texts = kept.get("_texts")
        if texts is not None:
            held["_texts"] = {name: text for name, text in texts.items() if name not in changed}
        if touched is not None:
            held["touched"] = (self.loads, touched)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in _NAMES}  # what was worked out is not worth carrying

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


_NAMES = tuple(attribute.name for attribute in World.__attrs_attrs__)

_SORTED = tuple(sorted(name for name in _NAMES if name != "given_version"))

_TABLES: Mapping[type, str] = {
    Engineer: "engineers",
    Agent: "agents",
    Bot: "bots",
    Outlet: "outlets",
    Provider: "providers",
    Queue: "queues",
    Person: "people",
}

_UNORDERED = frozenset(_TABLES.values()) - {"queues"}

_PEOPLED = frozenset((*_TABLES.values(), "reports_to"))
_OF_PEOPLE = ("persons", "sites", "by_id", "members", "holders", "leads", "_led")
"""What is worked out of these tables alone."""


_LATER: Mapping[str, Any] = {
    **dict.fromkeys(("zone", "channels", "turns", "normal", "serves", "home", "stock")),
    **dict.fromkeys(
        (
            *("reports_to", "serviced", "idle_since", "worked", "given", "channel_loads", "prices", "travel", "free_at"),
            *("silent", "booked", "set_aside"),
        ),
        EMPTY,
    ),
    **dict.fromkeys(("agents", "bots", "providers", "shifts", "neighbours"), ()),
    "per_channel": EMPTY,
    "speed": 40,
}
"""What worlds were given later, and when it says nothing: the versions of worlds without it stay as they were."""


_LATER_OF_QUEUES: Mapping[str, Any] = {
    **dict.fromkeys(("areas", "contracts"), ()),
    **dict.fromkeys(("shift", "capacity")),
    "skills": EMPTY,
    "cost": 0,
}


_LATER_OF_SITES: Mapping[str, Any] = {"languages": (), "certificates": EMPTY, "parts": EMPTY}


def _said(name: str, value: Any) -> bool:
    return name not in _LATER or value != _LATER[name]


def _said_of(item: Any) -> dict[str, Any]:
    said = {name: value for name, value in asdict(item, recurse=False).items() if _said(name, value)}
    if isinstance(item, Queue):
        said = {name: value for name, value in said.items() if name not in _LATER_OF_QUEUES or value != _LATER_OF_QUEUES[name]}
    elif isinstance(item, Outlet):
        said = {name: value for name, value in said.items() if name not in _LATER_OF_SITES or value != _LATER_OF_SITES[name]}
    return said


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "to_data"):
        return value.to_data()
    if hasattr(type(value), "__attrs_attrs__"):
        return _plain(_said_of(value))
    return value
