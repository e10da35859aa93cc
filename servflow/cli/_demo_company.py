"""Knows the imagined repair company of the demo: its people, places and hours; must not know what happens to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.calendars import Calendar
from servflow.model import World
from servflow.stores import Store

ZONE = "Asia/Shanghai"
MONDAY = datetime(2026, 11, 2, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
"""Where the week begins; the demo never reads the wall clock."""
WEEK = timedelta(days=6, hours=6)
"""Monday 00:00 to Sunday 06:00: the working week, and a night for what is left of it."""

DISTRICTS: Mapping[str, tuple[str, ...]] = {
    "north": ("hill", "lake", "harbour"),
    "south": ("market", "garden", "bridge"),
    "east": ("airport", "campus"),
    "west": ("old_town", "vineyard"),
    "centre": ("station", "opera"),
}
"""Outlet -> the districts it serves first; a district is part of the city, so that any outlet can help out."""

CATEGORIES = ("washer", "fridge", "ac", "heater")
STAFF: Mapping[str, int] = {"north": 10, "south": 10, "east": 7, "west": 6, "centre": 7}
"""Outlet -> how many engineers it has."""

SERVICE = Calendar(zone=ZONE, week={"mon-sat": ["08:00-20:00"]})
SHIFTS: Mapping[str, Calendar] = {
    "early": Calendar(zone=ZONE, week={"mon-sat": ["08:00-17:00"]}),
    "late": Calendar(zone=ZONE, week={"mon-fri": ["11:00-20:00"], "sat": ["10:00-16:00"]}),
}


@frozen
class Customer:
    """Somebody with an appliance."""

    id: str
    tier: str
    region: str


def people() -> list[dict[str, Any]]:
    """Everybody who is no engineer: a lead for each outlet, and the head office."""
    leads = [{"id": f"{outlet}-lead", "roles": ["lead"]} for outlet in DISTRICTS]
    office = [
        ("clerk-1", ["clerk"], ["front_desk"]),
        ("clerk-2", ["clerk"], ["front_desk"]),
        ("dispatcher-1", ["dispatcher"], ["safety"]),
        ("supervisor-1", ["supervisor"], []),
        ("supervisor-2", ["supervisor"], []),
        ("director", ["director"], []),
        ("finance-1", ["finance"], []),
        ("care-1", ["clerk"], ["care"]),
        ("care-2", ["clerk"], ["care"]),
    ]
    return [*leads, *({"id": who, "roles": roles, "queues": queues} for who, roles, queues in office)]


def engineers(rng: Random) -> list[dict[str, Any]]:
    """Forty engineers: two or three skills each, half of them early and half late, one in ten ill for a day."""
    found = []
    for outlet, districts in DISTRICTS.items():
        for number in range(1, STAFF[outlet] + 1):
            # Every skill is held by half of an outlet at least; a third one makes for different people.
            own = {CATEGORIES[number % 4], CATEGORIES[(number + 1 + number // 5) % 4], *rng.sample(CATEGORIES, 1)}
            ill: list[Any] = []
            if rng.random() < 0.1:
                first = MONDAY + timedelta(days=rng.randint(0, 4))
                ill = [(first, first + timedelta(days=rng.choice((1, 2))))]
            found.append(
                {
                    "id": f"{outlet}-{number:02}",
                    "roles": ["engineer"],
                    "manager": f"{outlet}-lead",
                    "outlet": outlet,
                    "skills": {skill: rng.randint(1, 3) for skill in sorted(own)},
                    "areas": list(districts),
                    "shift": "early" if number % 2 else "late",
                    "absences": ill,
                    "capacity": 9,
                }
            )
    return found


def customers(rng: Random, count: int) -> list[Customer]:
    """Customers, one in seven gold, three in ten silver; where they live decides who comes."""
    places = [district for districts in DISTRICTS.values() for district in districts]
    tiers = ("gold", "silver", "standard")
    return [
        Customer(f"c{number:04}", rng.choices(tiers, weights=(14, 30, 56))[0], rng.choice(places))
        for number in range(1, count + 1)
    ]


def company(rng: Random, known: list[Customer]) -> World:
    """The world of the demo, nobody busy yet; every fifth customer has had an engineer before."""
    staff = engineers(rng)
    by_area: dict[str, list[str]] = {}
    for who in staff:
        for area in who["areas"]:
            by_area.setdefault(area, []).append(who["id"])
    previous = {one.id: (rng.choice(by_area[one.region]),) for one in known if rng.random() < 0.2}
    outlets = [{"id": outlet, "areas": list(areas), "capacity": 10 * STAFF[outlet]} for outlet, areas in DISTRICTS.items()]
    parts: dict[str, Any] = {
        "engineers": staff,
        "outlets": outlets,
        "people": people(),
        "areas": {district: "city" for districts in DISTRICTS.values() for district in districts},
        "calendars": SHIFTS,
        "previous": previous,
    }
    return World(**parts)


class BusyWorld:
    """The company as it is now: what the store says is held, laid over the roster; built anew only when that changed."""

    def __init__(self, roster: World, store: Store) -> None:
        self._roster = roster
        self._store = store
        self._held: Mapping[str, int] = {}
        self._now = roster

    def __call__(self) -> World:
        held = self._store.usage()
        if held != self._held:
            loads = {key.partition(":")[2]: units for key, units in held.items()}
            text = ",".join(f"{key}={units}" for key, units in loads.items())
            version = f"{self._roster.version}:{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
            self._held, self._now = held, self._roster.with_loads(loads, version=version)
        return self._now
