"""Knows what a host says of the people and places that may take tickets; must not know how anyone is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.model import _entities as entity
from servflow.model._maps import FrozenMap


@frozen
class Capacity:
    """
    How much of one channel somebody takes: ``most`` at all, and ``normal``, beyond which only a pinch takes them.

    Both count the units that a dispatch policy takes for a ticket: tickets, or minutes; None: no limit.

    Raises:
        InputError: one is no whole number from 0 on, or the normal capacity is above the most.
    """

    most: int | None = field(default=None, converter=entity.amount_or_none)
    normal: int | None = field(default=None, converter=entity.amount_or_none)

    def __attrs_post_init__(self) -> None:
        entity.check_normal(self.normal, self.most)


def _per_channel(value: Any) -> FrozenMap[str, Capacity]:
    return entity.each(_capacity, value)


def _capacity(value: Any) -> Capacity:
    if value is None or isinstance(value, Capacity):
        return value or Capacity()
    if isinstance(value, Mapping):
        entity.refuse_unknown(value, ("most", "normal"), "a capacity", "capacity")
        return Capacity(**value)
    return Capacity(value)


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
    area tree; ``shift`` names a calendar of the world (None: always), ``shifts`` are half-open stretches of a roster,
    which count instead of the calendar where there are any; ``absences`` are half-open
    stretches; ``capacity`` is how many tickets at most (None: no limit), or how many minutes, where policies take minutes;
    ``normal`` is how many without a pinch (None: as many as at most), ``per_channel`` the same for each channel, where
    a whole number is the most. ``serves`` names the channels whose tickets they take (None: all). ``certificates`` maps a
    name to the instant it expires (None: never); ``position`` is (latitude, longitude) in degrees, where they are;
    ``home`` is where their day begins and ends (None: where they are). ``cost`` is in any unit, for one ticket.

    Raises:
        InputError: something has a wrong shape, shifts overlap, or the normal capacity is above the most.
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
    normal: int | None = field(default=None, converter=entity.amount_or_none)
    per_channel: FrozenMap[str, Capacity] = field(default=None, converter=_per_channel)
    serves: tuple[str, ...] | None = field(default=None, converter=entity.words_or_none)
    shifts: tuple[tuple[datetime, datetime], ...] = field(default=(), converter=entity.shifts)
    home: tuple[float, float] | None = field(default=None, converter=entity.place)

    def __attrs_post_init__(self) -> None:
        entity.check_normal(self.normal, self.capacity)


@frozen(kw_only=True)
class Agent(Engineer):
    """Somebody at a desk who takes tickets by chat, phone or mail: an engineer in all but the field visit."""


@frozen(kw_only=True)
class Bot(Engineer):
    """A program that takes tickets; all that is said of engineers can be said of it."""


@frozen(kw_only=True)
class Outlet:
    """
    A service site 网点: the areas and contracts it serves, its shift and capacity, the time ``zone`` it stands in.

    ``contracts`` are names, such as brands; a mapping of brands to warranty types is read as ``brand/type`` of each. A
    contract ``brand`` covers every type of it. ``neighbours`` are the outlets that may help out. ``parts`` are those
    in its own stock, which its people do not have with them. The rest is as for ``Engineer``.

    Raises:
        InputError: something has a wrong shape, or the normal capacity is above the most.
    """

    id: str = field(converter=entity.name)
    name: str = field(default="", converter=entity.title)
    areas: tuple[str, ...] = field(default=(), converter=entity.words)
    contracts: tuple[str, ...] = field(default=(), converter=entity.contracts)
    skills: FrozenMap[str, int] = field(default=None, converter=entity.skills)
    shift: str | None = field(default=None, converter=entity.name_or_none)
    capacity: int | None = field(default=None, converter=entity.count_or_none)
    position: tuple[float, float] | None = field(default=None, converter=entity.place)
    cost: int = field(default=0, converter=entity.count)
    provider: str | None = field(default=None, converter=entity.name_or_none)
    zone: str | None = field(default=None, converter=entity.zone)
    neighbours: tuple[str, ...] = field(default=(), converter=entity.words)
    normal: int | None = field(default=None, converter=entity.amount_or_none)
    per_channel: FrozenMap[str, Capacity] = field(default=None, converter=_per_channel)
    serves: tuple[str, ...] | None = field(default=None, converter=entity.words_or_none)
    languages: tuple[str, ...] = field(default=(), converter=entity.words)
    certificates: FrozenMap[str, datetime | None] = field(default=None, converter=entity.certificates)
    parts: FrozenMap[str, int] = field(default=None, converter=entity.counts)

    def __attrs_post_init__(self) -> None:
        entity.check_normal(self.normal, self.capacity)


@frozen(kw_only=True)
class Provider(Outlet):
    """A service provider: a company that takes tickets as an outlet does; outlets name theirs as ``provider``."""


@frozen(kw_only=True)
class Queue:
    """
    A waiting line (team): who works on it and who leads it.

    Where tickets are dispatched to queues: the areas, skills, contracts and channels it takes, its shift and capacity.
    """

    id: str = field(converter=entity.name)
    members: tuple[str, ...] = field(default=(), converter=entity.words)
    manager: str | None = field(default=None, converter=entity.name_or_none)
    areas: tuple[str, ...] = field(default=(), converter=entity.words)
    skills: FrozenMap[str, int] = field(default=None, converter=entity.skills)
    contracts: tuple[str, ...] = field(default=(), converter=entity.contracts)
    serves: tuple[str, ...] | None = field(default=None, converter=entity.words_or_none)
    shift: str | None = field(default=None, converter=entity.name_or_none)
    capacity: int | None = field(default=None, converter=entity.count_or_none)
    cost: int = field(default=0, converter=entity.count)
