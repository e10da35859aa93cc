"""Knows which candidates a world has and what every kind of them has in common; must not know how one is judged."""

from __future__ import annotations

from collections.abc import Mapping

from servflow.model import Agent, Bot, Capacity, Engineer, Outlet, Provider, Queue, World

Candidate = Engineer | Outlet | Queue

CANDIDATES = ("engineers", "agents", "bots", "people", "outlets", "providers", "queues")
"""Who may fill a slot; ``people`` are engineers, agents and bots together, who share one space of ids."""

PEOPLE = ("engineers", "agents", "bots", "people")
"""The kinds of candidates of a world that are persons, or work as one."""

NO_CAPACITY = Capacity()

_BY_SLOT: Mapping[str, str] = {"outlet": "outlets", "provider": "providers", "queue": "queues"}

_KEYS: Mapping[str, str] = {"outlets": "outlet", "providers": "provider", "queues": "queue"}


def usual(slot: str) -> str:
    """Whom a slot is filled with where a policy does not say."""
    return _BY_SLOT.get(slot, "engineers")


def everybody(world: World, kind: str) -> list[Candidate]:
    """Every candidate of a kind, by id; so the order in which the world lists them cannot matter."""
    found: dict[str, Candidate]
    if kind == "people":
        found = {who.id: who for who in (*world.bots, *world.agents, *world.engineers)}
        return [found[name] for name in sorted(found)]
    listed: Mapping[str, tuple[Candidate, ...]] = {
        "engineers": world.engineers,
        "agents": world.agents,
        "bots": world.bots,
        "outlets": world.outlets,
        "providers": world.providers,
        "queues": world.queues,
    }
    return sorted(listed[kind], key=_id)


def capacity_key(kind: str, candidate: str) -> str:
    """The key under which the capacity of a candidate of a kind is counted."""
    return f"{_KEYS.get(kind, 'engineer')}:{candidate}"


def kind_of(who: Candidate) -> str:
    """What a candidate is, in one word."""
    for kind, word in ((Agent, "agent"), (Bot, "bot"), (Provider, "provider"), (Outlet, "outlet"), (Queue, "queue")):
        if isinstance(who, kind):
            return word
    return "engineer"


def name_of(who: Candidate) -> str:
    """What people call a candidate; the id of one without a name, as queues are."""
    return who.id if isinstance(who, Queue) else who.name


def normal_of(who: Candidate) -> int | None:
    """How much a candidate takes without a pinch: as much as at most where nothing else is said; None: no limit."""
    return who.capacity if isinstance(who, Queue) or who.normal is None else who.normal


def channel_of(who: Candidate, channel: str | None) -> Capacity:
    """How much of one channel a candidate takes; without limits where nothing is said of it."""
    if channel is None or isinstance(who, Queue):
        return NO_CAPACITY
    return who.per_channel.get(channel, NO_CAPACITY)


def _id(candidate: Candidate) -> str:
    return candidate.id
