"""Knows every single change to a small world, policy or instant by trying it; must not know how servflow searches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from servflow.dispatch import Policy, evaluate
from servflow.model import Engineer, Ticket, World

HOUR = timedelta(hours=1)
Found = dict[tuple[str, str | None, str | None], int]


def single_changes(policy: Policy, ticket: Ticket, world: World, at: datetime, instants: list[datetime]) -> Found:
    """
    (kind, candidate, what) -> the least size, for every single change after which somebody fits.

    Each change is made on the world alone and decided by ``evaluate``; what the policy asks, or who fails what, is not read.

    Args:
        policy: the policy; its requirements are read only to leave one of them out.
        ticket: the ticket, which nothing is changed of but who declined.
        world: a small world.
        at: when.
        instants: every later instant at which anything may turn, in order.
    """
    found: Found = {}

    def tried(kind: str, who: str | None, what: str | None, size: int, choice: Any) -> None:
        key = (kind, who, what)
        if choice.ranked and size < found.get(key, 10_000):
            found[key] = size

    for engineer in world.engineers:
        for kind, what, size, changed in _of_person(engineer, world):
            tried(kind, engineer.id, what, size, evaluate(policy, ticket, changed, at))
    for kind, who, changed in _of_world(world, ticket):
        tried(kind, who, ticket.customer if kind == "forbidden" else None, 1, evaluate(policy, ticket, changed, at))
    for kind, who, what, size, choice in _of_ticket_and_policy(policy, ticket, world, at):
        tried(kind, who, what, size, choice)
    for later in instants:
        if (choice := evaluate(policy, ticket, world, later)).ranked:
            tried("later", None, None, -((at - later) // HOUR), choice)
            break
    return found


def _of_person(engineer: Engineer, world: World) -> Iterator[tuple[str, str | None, int, World]]:
    def put(**changed: Any) -> World:
        return world.with_engineer(attrs.evolve(engineer, **changed))

    for name in ("ac", "tv"):
        held = engineer.skills.get(name, 0)
        for level in range(held + 1, 5):
            yield "skill", name, level - held, put(skills={**engineer.skills, name: level})
    for area in sorted({*world.areas, *world.areas.values(), "nowhere"}):
        yield "area", area, 1, put(areas=(*engineer.areas, area))
    for name in ("gas", "lift"):
        yield "certificate", name, 1, put(certificates={**engineer.certificates, name: None})
    if engineer.absences:
        yield "absence", None, 1, put(absences=())
    if engineer.shift is not None:
        yield "shift", None, 1, put(shift=None)
    if engineer.capacity is not None:
        for units in range(1, 6):
            yield "capacity", None, units, put(capacity=engineer.capacity + units)
    load = world.loads.get(engineer.id, 0)
    for less in range(1, load + 1):
        yield "load", None, less, world.with_load(engineer.id, load - less)


def _of_world(world: World, ticket: Ticket) -> Iterator[tuple[str, str, World]]:
    for engineer in world.engineers:
        others = {name: state for name, state in world.presence.items() if name != engineer.id}
        if others != dict(world.presence):
            yield "presence", engineer.id, world.with_presence(others)
        barred = world.forbidden.get(ticket.customer or "", ())
        if engineer.id in barred:
            kept = {**world.forbidden, ticket.customer: tuple(name for name in barred if name != engineer.id)}
            yield "forbidden", engineer.id, attrs.evolve(world, forbidden=kept)


def _of_ticket_and_policy(
    policy: Policy, ticket: Ticket, world: World, at: datetime
) -> Iterator[tuple[str, str | None, str | None, int, Any]]:
    progress = ticket.slots[policy.slot]
    for who in progress.declined:
        kept = attrs.evolve(progress, declined=tuple(name for name in progress.declined if name != who))
        asked = attrs.evolve(ticket, slots={**ticket.slots, policy.slot: kept})
        yield "declined", who, None, 1, evaluate(policy, asked, world, at)
    for stage in range(progress.stage + 1, len(policy.relax) + 1):
        yield "relax", None, policy.name, stage - progress.stage, evaluate(policy, ticket, world, at, stage=stage)
    data: Mapping[str, Any] = policy.to_data()
    for index, rule in enumerate(policy.rules):
        if policy.require[index].safety:
            continue
        left = [entry for place, entry in enumerate(data["require"]) if place != index]
        kept = [
            step if not {rule} & set(step.values()) else {"after": step["after"], "mode": "assign"} for step in data["relax"]
        ]
        looser = Policy(**{**data, "require": left, "relax": kept})
        yield "drop", None, rule, 10, evaluate(looser, ticket, world, at)
