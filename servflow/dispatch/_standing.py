"""Knows the rules that always hold and that nothing relaxes; must not know what a policy asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from servflow.dispatch._candidates import PEOPLE, Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import ABSENT, TIME, Check
from servflow.model import Engineer, Outlet, Queue, World


def of(case: Case) -> Check | None:
    """Whoever belongs to what fills the slot, or stands in the field, that ``of`` names."""
    slot = case.policy.of
    if slot is None:
        return None
    value = case.bindings.get(slot)
    steps = case.beside.get("of", 0)
    values = case.around({value}, steps) if isinstance(value, str) else frozenset()
    belongs = _belonging(case, slot)

    def passes(who: Candidate) -> bool:
        return not values.isdisjoint(belongs(who))

    def have(who: Candidate) -> Any:
        found = belongs(who)
        return found[0] if len(found) == 1 else list(found) or None

    return Check(rule="of", kind="of", need=value, passes=passes, have=have)


def _belonging(case: Case, slot: str) -> Callable[[Candidate], tuple[str, ...]]:
    """What a candidate belongs to that a slot or field of this name may hold."""
    world = case.world
    if case.policy.candidates not in PEOPLE:
        return lambda who: _of_place(world, who)
    ways: dict[str, Callable[[Candidate], tuple[str, ...]]] = {
        "outlet": lambda who: (who.outlet,) if isinstance(who, Engineer) and who.outlet else (),
        "queue": lambda who: case.queues_of(who.id),
        "provider": lambda who: _provider(case, who),
        "assignee": lambda who: _above(world, who),
        "owner": lambda who: _above(world, who),
    }
    way = ways.get(slot)
    if way is not None:
        return way
    # A field may hold any of these; ids of people and places are not mixed up by whoever writes such a policy.
    return lambda who: tuple(name for one in ("outlet", "queue", "provider", "owner") for name in ways[one](who))


def _provider(case: Case, who: Candidate) -> tuple[str, ...]:
    outlet = case.outlet_of(who)
    return (outlet.provider,) if outlet is not None and outlet.provider else ()


def _above(world: World, who: Candidate) -> tuple[str, ...]:
    above = world.manager_of(who.id)
    return (above,) if above else ()


def _of_place(world: World, who: Candidate) -> tuple[str, ...]:
    if isinstance(who, Queue):
        return world.members.get(who.id, ())
    return (who.provider,) if isinstance(who, Outlet) and who.provider else ()


def forbidden(case: Case) -> Check | None:
    customer = case.customer()
    barred = frozenset(case.world.forbidden.get(customer, ())) if customer is not None else frozenset()
    if not barred:
        return None
    return Check(
        rule="forbidden",
        kind="forbidden",
        need=customer,
        passes=lambda who: who.id not in barred,
        have=lambda who: who.id,
        names=tuple(sorted(barred)),
    )


def declined(case: Case) -> Check | None:
    if not case.declined:
        return None
    return Check(
        rule="declined",
        kind="declined",
        need=None,
        passes=lambda who: who.id not in case.declined,
        have=lambda who: who.id,
        names=tuple(sorted(case.declined)),
    )


def cool_off(case: Case) -> Check | None:
    until = {who: end for who, end in case.silent.items() if end > case.at}
    if not until:
        return None
    return Check(
        rule="cool_off",
        kind="cool_off",
        need=None,
        passes=lambda who: who.id not in until,
        have=lambda who: until.get(who.id),
        change=lambda who: until.get(who.id),
        phase=TIME,
    )


def presence(case: Case) -> Check | None:
    presence = case.world.presence
    if not presence:
        return None
    later = case.presence_from
    if later is not None:  # nobody need be there yet; whoever is not may be asked then
        return Check(
            rule="presence",
            kind="presence",
            need=None,
            passes=lambda _: True,
            have=lambda who: presence.get(who.id, "available"),
            change=lambda who: later if presence.get(who.id) in ABSENT else None,
            phase=TIME,
            why="nothing asked",
        )
    return Check(
        rule="presence",
        kind="presence",
        need="available",
        passes=lambda who: presence.get(who.id) not in ABSENT,
        have=lambda who: presence.get(who.id, "available"),
    )


def fault(rule: str, why: str) -> Check:
    """Nobody fits while it cannot be computed how much is taken, or when."""
    return Check(rule=rule, kind=rule, need=why, passes=lambda _: False, why="error")
