"""Knows what lies outside a ticket and a decision may read; must not know how anything is decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from attrs import asdict, define, field, frozen

from servflow.errors import InputError, shown
from servflow.model import _entities as entity
from servflow.model._maps import EMPTY, FrozenMap


class OpenHours(Protocol):
    """What a decision needs of a calendar."""

    def is_open(self, at: datetime) -> bool: ...
    def next_opening(self, at: datetime) -> datetime: ...


class OnCall(Protocol):
    """What an escalation needs of a schedule or rotation."""

    def on_call(self, at: datetime) -> tuple[str, ...]: ...


@frozen(kw_only=True)
class Person:
    """
    Somebody who may act or be told: roles, queues, the outlets whose tickets they may act on, and their manager.

    ``zone`` is the time zone they live in (None: not known). ``channels`` names the ways they can be told, best first;
    None: not known, which every host that keeps addresses elsewhere leaves it at, and empty: there is no way.

    Raises:
        InputError: ``zone`` is no time zone, or something has a wrong shape.
    """

    id: str = field(converter=entity.name)
    name: str = field(default="", converter=entity.title)
    roles: tuple[str, ...] = field(default=(), converter=entity.words)
    queues: tuple[str, ...] = field(default=(), converter=entity.words)
    outlets: tuple[str, ...] = field(default=(), converter=entity.words)
    manager: str | None = field(default=None, converter=entity.name_or_none)
    zone: str | None = field(default=None, converter=entity.zone)
    channels: tuple[str, ...] | None = field(default=None, converter=entity.words_or_none)


@frozen(kw_only=True)
class Engineer(Person):
    """
    A person who can take tickets.

    ``skills`` maps a skill to its level (a list means level 1); ``areas`` are names of the world's
    area tree; ``shift`` names a calendar of the world (None: always); ``absences`` are half-open
    stretches; ``capacity`` is how many tickets at most (None: no limit); ``certificates`` maps a
    name to the instant it expires (None: never); ``position`` is (latitude, longitude) in degrees.
    """

    skills: FrozenMap[str, int] = field(default=None, converter=entity.skills)
    areas: tuple[str, ...] = field(default=(), converter=entity.words)
    outlet: str | None = field(default=None, converter=entity.name_or_none)
    shift: str | None = field(default=None, converter=entity.name_or_none)
    absences: tuple[tuple[datetime, datetime], ...] = field(default=(), converter=entity.absences)
    capacity: int | None = field(default=None, converter=entity.count_or_none)
    position: tuple[float, float] | None = field(default=None, converter=entity.place)
    cost: int = field(default=0, converter=entity.count)
    languages: tuple[str, ...] = field(default=(), converter=entity.words)
    certificates: FrozenMap[str, datetime | None] = field(default=None, converter=entity.certificates)
    parts: FrozenMap[str, int] = field(default=None, converter=entity.counts)


@frozen(kw_only=True)
class Outlet:
    """A service site 网点: the areas and contracts it serves, its shift and capacity, the time ``zone`` it stands in."""

    id: str = field(converter=entity.name)
    name: str = field(default="", converter=entity.title)
    areas: tuple[str, ...] = field(default=(), converter=entity.words)
    contracts: tuple[str, ...] = field(default=(), converter=entity.words)
    skills: FrozenMap[str, int] = field(default=None, converter=entity.skills)
    shift: str | None = field(default=None, converter=entity.name_or_none)
    capacity: int | None = field(default=None, converter=entity.count_or_none)
    position: tuple[float, float] | None = field(default=None, converter=entity.place)
    cost: int = field(default=0, converter=entity.count)
    provider: str | None = field(default=None, converter=entity.name_or_none)
    zone: str | None = field(default=None, converter=entity.zone)


@frozen(kw_only=True)
class Queue:
    """A waiting line (team): who works on it and who leads it."""

    id: str = field(converter=entity.name)
    members: tuple[str, ...] = field(default=(), converter=entity.words)
    manager: str | None = field(default=None, converter=entity.name_or_none)


@define(kw_only=True, slots=False, frozen=True, eq=False)
class World:
    """
    Versioned snapshot of what lies outside the ticket and a decision may read.

    ``loads`` counts the tickets each engineer or outlet holds, ``presence`` says who is ``away`` or
    ``offline`` (not named: available), ``areas`` maps an area to the one it lies in, ``calendars``
    and ``schedules`` hold shifts and on-call schedules by name. ``previous`` maps a customer to the
    engineers who came before, latest first; ``forbidden`` and ``preferred`` map a customer to engineers.
    ``reports_to`` is the reporting line, a person -> their manager, for those whose own entry names none. ``turns`` says
    how many turns each queue has given to tickets (None: nobody counts them).
    ``facts`` carries the host's own data for expressions. Give ``version`` where the host
    has one; otherwise it is a hash of the content. Two worlds of one version are the same world.

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
        return cls(**given)

    @cached_property
    def version(self) -> str:
        """The host's version, or a hash of the content where the host gave none."""
        if self.given_version is not None:
            return self.given_version
        names = [attribute.name for attribute in World.__attrs_attrs__ if attribute.name != "given_version"]
        data = {name: _plain(value) for name in names if _said(name, value := getattr(self, name))}
        text = json.dumps(data, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.version == other.version if isinstance(other, World) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def persons(self) -> Mapping[str, Person]:
        """Every person and engineer by id."""
        return {person.id: person for person in (*self.people, *self.engineers)}

    @cached_property
    def by_id(self) -> Mapping[str, Engineer | Outlet]:
        """Every candidate (engineer or outlet) by id."""
        found: dict[str, Engineer | Outlet] = {outlet.id: outlet for outlet in self.outlets}
        found.update({engineer.id: engineer for engineer in self.engineers})
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
        names = [attribute.name for attribute in World.__attrs_attrs__ if attribute.name not in ("loads", "given_version")]
        kept: dict[str, Any] = {name: getattr(self, name) for name in names}
        return World(**kept, loads=dict(loads), version=version)

    def with_turns(self, turns: Mapping[str, int] | None, version: str | None = None) -> World:
        """Return a new world in which the turns of queues stand elsewhere; everything else is shared."""
        names = [attribute.name for attribute in World.__attrs_attrs__ if attribute.name not in ("turns", "given_version")]
        kept: dict[str, Any] = {name: getattr(self, name) for name in names}
        return World(**kept, turns=turns, version=version)


_LATER: Mapping[str, Any] = {"zone": None, "channels": None, "reports_to": EMPTY, "turns": None}
"""What worlds were given later, and when it says nothing: the versions of worlds without it stay as they were."""


def _said(name: str, value: Any) -> bool:
    return name not in _LATER or value != _LATER[name]


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
        said = asdict(value, recurse=False)
        return _plain({name: item for name, item in said.items() if _said(name, item)})
    return value
