"""Knows how dispatch problems of any size are drawn from a seed; must not know how they are solved or timed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.calendars import Calendar
from servflow.model import Engineer, FrozenMap, Outlet, Ticket, World

ZONE = "Asia/Shanghai"
MONDAY = datetime(2026, 3, 2, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
"""Midnight at which the first day begins, in Shanghai."""
OPENING, NOON = time(8), time(13)
"""Tickets come in from eight to one; at one all of the day are there and every usual shift is open."""

SKILLS = ("washer", "fridge", "ac", "heater", "oven", "dryer", "tv", "purifier", "lock", "boiler", "solar", "lift")
"""Categories, the frequent ones first: the n-th is asked for as often as one in n."""
CERTIFICATES: Mapping[str, str] = {"ac": "refrigerant", "heater": "gas", "boiler": "gas", "solar": "voltage", "lift": "lift"}
"""Category -> the certificate its repair needs."""
BRANDS = ("haile", "mido", "gelan", "siter", "lorin", "pansa")
WARRANTIES = ("in_warranty", "out")
DISTRICTS, BLOCKS = 4, 5
"""Districts of a city, and blocks of a district; a city is there for each two hundred candidates."""
SHIFTS: Mapping[str, Calendar] = {
    "early": Calendar(zone=ZONE, week={"mon-sat": ["07:00-16:00"]}),
    "office": Calendar(zone=ZONE, week={"mon-fri": ["09:00-12:00", "13:00-18:00"]}),
    "late": Calendar(zone=ZONE, week={"mon-sun": ["12:00-21:00"]}),
    "night": Calendar(zone=ZONE, week={"mon-sun": ["21:00-06:00"]}),
}

POLICY: Mapping[str, Any] = {
    "name": "field service",
    "require": [
        {"skill": "category", "level": "least"},
        {"area": "block"},
        {"certificate": "certificate", "safety": True},
        {"contract": "contract"},
        {"language": "language"},
        {"part": "part"},
        {"open": "shift"},
        {"below": "capacity"},
    ],
    "prefer": [
        [{"term": "sticky", "weight": 3}, {"term": "preferred", "weight": 2}],
        [{"term": "distance", "weight": -1}, {"term": "skill_fit", "weight": 4}],
        [{"term": "load", "weight": -1}],
    ],
}
"""Eight requirements, and preferences at three levels, over the fields that drawn tickets have."""


@frozen(kw_only=True)
class Instance:
    """
    A problem: who there is, the tickets of all days, the policy, and the instant at which the first day is planned.

    ``world`` is that of the first noon; ``policy`` is a mapping that others may change before they read it.
    """

    world: World
    tickets: tuple[Ticket, ...]
    policy: Mapping[str, Any]
    at: datetime

    def day(self, number: int) -> tuple[datetime, tuple[Ticket, ...]]:
        """The noon of a day, counted from 0, and the tickets that came in on its morning, the oldest first."""
        noon = self.at + timedelta(days=number)
        found = [ticket for ticket in self.tickets if noon - timedelta(hours=12) < ticket.opened_at <= noon]
        return noon, tuple(sorted(found, key=lambda ticket: (ticket.opened_at, ticket.id)))


def instance(
    seed: int, candidates: int = 200, tickets: int = 500, *, days: int = 1, load: float = 0.3, overload: float = 1.0
) -> Instance:
    """
    Draw a problem; the same arguments give the same one.

    Args:
        seed: any whole number.
        candidates: how many engineers there are, from 1 on.
        tickets: how many come in, all days together.
        days: over how many days they come.
        load: the share of their capacity that engineers hold already, 0 to less than 1.
        overload: how many tickets of one day come for each place that is free: above 1 some must wait.
    """
    rng = Random(f"{seed}/{candidates}/{tickets}/{days}")
    towns = _towns(candidates)
    outlets = [_outlet(rng, district) for city in towns.values() for district in city]
    places = {block: _place(rng, index) for index, block in enumerate(block for city in towns.values() for block in _all(city))}
    free = tickets / days / candidates / overload
    staff = [_engineer(rng, f"e{number:05}", towns, places, free / (1 - load)) for number in range(candidates)]
    ids = [one.id for one in staff]
    customers = [f"c{number:05}" for number in range(max(1, tickets // 2))]
    blocks = list(places)
    hot = rng.sample(blocks, max(1, len(blocks) // 5))
    homes = {customer: rng.choice(hot if rng.random() < 0.5 else blocks) for customer in customers}
    world = World(
        engineers=staff,
        outlets=outlets,
        areas=_parents(towns),
        calendars=SHIFTS,
        loads={one.id: sum(rng.random() < load for _ in range(one.capacity or 0)) for one in staff},
        presence={who: rng.choice(("away", "offline")) for who in ids if rng.random() < 0.03},
        previous={customer: tuple(rng.sample(ids, min(2, len(ids)))) for customer in customers if rng.random() < 0.3},
        preferred={customer: (rng.choice(ids),) for customer in customers if rng.random() < 0.1},
        forbidden={customer: (rng.choice(ids),) for customer in customers if rng.random() < 0.1},
        version=f"drawn:{seed}/{candidates}/{tickets}/{days}/{load}/{overload}",
    )
    drawn = [_ticket(rng, number, rng.randrange(days), homes, places) for number in range(tickets)]
    return Instance(world=world, tickets=tuple(drawn), policy=POLICY, at=_at(0, NOON))


Town = Mapping[str, tuple[str, ...]]
"""The districts of a city, each with its blocks."""


def _towns(candidates: int) -> dict[str, Town]:
    cities = max(1, math.ceil(candidates / 200))
    return {
        f"city{city}": {
            f"city{city}.d{district}": tuple(f"city{city}.d{district}.b{block}" for block in range(BLOCKS))
            for district in range(DISTRICTS)
        }
        for city in range(cities)
    }


def _all(city: Town) -> list[str]:
    return [block for blocks in city.values() for block in blocks]


def _parents(towns: Mapping[str, Town]) -> dict[str, str]:
    found = dict.fromkeys(towns, "region")
    for city, districts in towns.items():
        found |= dict.fromkeys(districts, city)
        found |= {block: district for district, blocks in districts.items() for block in blocks}
    return found


def _place(rng: Random, index: int) -> tuple[float, float]:
    """Blocks of a city lie within some twenty kilometres, cities half a degree apart."""
    city = index // (DISTRICTS * BLOCKS)
    return round(30 + city % 20 * 0.5 + rng.uniform(0, 0.2), 5), round(110 + city // 20 * 0.5 + rng.uniform(0, 0.2), 5)


def _at(day: int, local: time) -> datetime:
    return MONDAY + timedelta(days=day, hours=local.hour, minutes=local.minute)


def _outlet(rng: Random, district: str) -> Outlet:
    brands = rng.sample(BRANDS, rng.randint(3, len(BRANDS)))
    served: list[str] = []
    for brand in brands:
        served += [brand] if rng.random() < 0.8 else [f"{brand}/{rng.choice(WARRANTIES)}"]
    return Outlet(id=f"{district}.outlet", areas=(district,), contracts=tuple(served))


def _engineer(rng: Random, name: str, towns: Mapping[str, Town], places: Mapping[str, Any], capacity: float) -> Engineer:
    city = rng.choice(list(towns))
    districts = list(towns[city])
    home = rng.choice(districts)
    near = [home, *rng.sample([other for other in districts if other != home], rng.randint(0, 2))]
    able = {SKILLS[_zipf(rng, len(SKILLS))] for _ in range(rng.randint(2, 5))}
    parts = {f"{skill}_part{number}" for skill in sorted(able) for number in range(3) if rng.random() < 0.7}
    held = {CERTIFICATES[skill] for skill in sorted(able) if skill in CERTIFICATES and rng.random() < 0.8}
    absences: list[tuple[datetime, datetime]] = []
    if rng.random() < 0.08:
        first = _at(rng.randint(-2, 4), time(0))
        absences.append((first, first + timedelta(days=rng.randint(1, 4))))
    return Engineer(
        id=name,
        outlet=f"{home}.outlet",
        skills={skill: rng.choices((1, 2, 3), (3, 4, 3))[0] for skill in sorted(able)},
        areas=(city,) if rng.random() < 0.1 else tuple(near),
        shift=rng.choices(("early", "office", "late", "night", None), (8, 10, 8, 1, 2))[0],
        absences=absences,
        capacity=max(1, round(rng.gauss(capacity, capacity / 4))),
        position=places[rng.choice(towns[city][home])],
        cost=rng.randint(80, 200),
        languages=("zh", *(language for language, share in (("en", 0.4), ("yue", 0.2)) if rng.random() < share)),
        certificates={one: None if rng.random() < 0.3 else _at(rng.randint(-20, 400), time(0)) for one in sorted(held)},
        parts={part: rng.randint(1, 3) for part in sorted(parts)},
    )


def _ticket(rng: Random, number: int, day: int, homes: Mapping[str, str], places: Mapping[str, Any]) -> Ticket:
    skill = SKILLS[_zipf(rng, len(SKILLS))]
    customer = rng.choice(list(homes))
    opened = _at(day, OPENING) + timedelta(minutes=rng.randrange(60 * (NOON.hour - OPENING.hour)))
    fields = {
        "category": skill,
        "least": rng.choices((1, 2, 3), (6, 3, 1))[0],
        "block": homes[customer],
        "certificate": CERTIFICATES.get(skill),
        "contract": rng.choice(BRANDS) if rng.random() < 0.6 else None,
        "language": rng.choices((None, "en", "yue"), (8, 1, 1))[0],
        "part": f"{skill}_part{rng.randrange(3)}" if rng.random() < 0.3 else None,
        "minutes": rng.choice((30, 45, 60, 90, 120)),
        "position": list(places[homes[customer]]),
    }
    return Ticket(
        id=f"t{number:05}",
        workflow="field_service",
        at=opened,
        opened_at=opened,
        customer=customer,
        priority=rng.choices((1, 2, 3, 4), (1, 3, 5, 1))[0],
        fields=FrozenMap(fields),
    )


def _zipf(rng: Random, count: int) -> int:
    return rng.choices(range(count), [1 / (number + 1) for number in range(count)])[0]
