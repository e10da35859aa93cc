"""Knows how long and how far it is from place to place; must not know who goes there or why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import wanted
from servflow.errors import ExpressionError
from servflow.model import Engineer, Queue, World

Position = tuple[float, float]
Place = tuple[Position | None, str | None]
"""Where something is: latitude and longitude in degrees, and an area; either may not be known."""

NOWHERE: Place = (None, None)

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


def minutes(world: World, here: Place, there: Place) -> int | None:
    """
    Whole minutes from one place to the other, rounded up; None where nothing tells.

    What the world says of two areas counts first: of the areas themselves, or of the nearest areas around them that it
    names, and only in the direction it says. Then the distance of the positions at the world's speed. From an area to
    itself it takes no time where the world knows ways from there but names none within.
    """
    told = _told(world, here[1], there[1])
    if told is not None:
        return told
    if here[0] is not None and there[0] is not None:
        return -(-metres(here[0], there[0]) * 60 // (world.speed * 1000))
    return 0 if here[1] is not None and here[1] == there[1] and here[1] in world.travel else None


def kilometres(here: Place, there: Place) -> int | None:
    """Whole kilometres as the crow flies, rounded down; None where a position is not known."""
    if here[0] is None or there[0] is None:
        return None
    return metres(here[0], there[0]) // 1000


def reach(here: Place, there: Place) -> int | None:
    """Whole kilometres as the crow flies, rounded up, as limits ask; None where a position is not known."""
    if here[0] is None or there[0] is None:
        return None
    return -(-metres(here[0], there[0]) // 1000)


def metres(here: Position, there: Position) -> int:
    """Metres along the great circle, rounded down."""
    if here == there:
        return 0
    a, b = math.radians(here[0]), math.radians(there[0])
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(there[1] - here[1]) / 2) ** 2
    return int(2000 * EARTH_KM * math.asin(min(1.0, math.sqrt(half))))


def _told(world: World, here: str | None, there: str | None) -> int | None:
    if here is None or there is None or not world.travel:
        return None
    up, down = world.area_path(here), world.area_path(there)
    for steps in range(len(up) + len(down) - 1):
        # Of pairs equally far up, the smaller area of departure comes first.
        for index in range(max(0, steps - len(down) + 1), min(steps, len(up) - 1) + 1):
            known = world.travel.get(up[index])
            if known is not None and (found := known.get(down[steps - index])) is not None:
                return int(found)
    return None


def place_of(case: Case) -> Place:
    """Where the ticket is: its position, and the area the policy asks for, else its field or attribute ``area``."""
    area = asked_area(case)
    if area is None:
        named = case.bindings.get("area")
        area = named if isinstance(named, str) and named else None
    return position(case.bindings), area


def whereabouts(case: Case, who: Candidate) -> Place:
    """Where a candidate is: their position, else their outlet's; and their area where they have just one."""
    found = None if isinstance(who, Queue) else who.position
    if found is None and isinstance(who, Engineer):
        outlet = case.outlet_of(who)
        found = outlet.position if outlet is not None else None
    return found, who.areas[0] if len(who.areas) == 1 else None


def home_of(case: Case, who: Candidate) -> Place:
    """Where a candidate's day begins and ends: at home, else where they are."""
    found, area = whereabouts(case, who)
    home = who.home if isinstance(who, Engineer) else None
    return home or found, area


def asked_area(case: Case) -> str | None:
    """The first area that the policy asks for; None where it asks for none, or that cannot be computed."""
    for entry in case.policy.require:
        if entry.kind == "area":
            try:
                names = wanted(case, entry)
            except ExpressionError:
                continue  # the requirement itself says so
            if names:
                return names[0][0]
    return None


def position(bindings: Mapping[str, Any]) -> Position | None:
    """The position of a ticket: ``position`` as a pair or mapping, else ``latitude`` and ``longitude``, in degrees."""
    given: Any = bindings.get("position")
    if isinstance(given, Mapping):
        given = (given.get("latitude"), given.get("longitude"))
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        given = (bindings.get("latitude"), bindings.get("longitude"))
    latitude, longitude = (_degrees(value) for value in given)
    return None if latitude is None or longitude is None else (latitude, longitude)


def _degrees(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        degrees = float(value)
    except (OverflowError, ValueError):
        return None
    return degrees if -360 <= degrees <= 360 else None
