"""Knows what holds of all routes, against an oracle that tries everything; must not know the solver."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import Calendar
from servflow.dispatch import plan, verify
from servflow.model import FrozenMap, Ticket, World
from tests.oracles.routes_brute import Job, Worker, best

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
END = 10 * 60
AREAS = ("a", "b", "c", "d")
RULE: dict[str, Any] = {
    "name": "visits",
    "require": [{"skill": "skill"}, {"open": "shift"}, {"part": "part"}, {"below": "capacity"}],
    "prefer": [[{"term": "cost", "weight": -1}]],
    "visit": {"start": "start", "minutes": "minutes", "window": "window"},
}
SHIFTS = (["08:00-12:00", "13:00-18:00"], ["09:00-15:00"], ["08:00-18:00"])


def drawn(seed: int, count: int) -> tuple[list[Job], list[Worker], dict[str, dict[str, int]], list[Ticket], World]:
    """The same small problem twice: as the oracle reads it and as tickets and a world."""
    draw = random.Random(seed)
    ways = {here: {there: 0 if here == there else draw.randrange(5, 90) for there in AREAS} for here in AREAS}
    jobs = []
    for _ in range(count):
        first = draw.randrange(0, 400)
        part = draw.choice([None, None, "fan"])
        window = draw.randrange(0, 200)
        jobs.append(
            Job(
                draw.choice(AREAS),
                draw.randrange(10, 120),
                first,
                first + window,
                draw.choice(["ac", "tv"]),
                part,
                draw.randrange(1, 4),
            )
        )
    workers, people = [], []
    for name in ("ann", "bob"):
        shift = draw.choice(SHIFTS)
        away = draw.choice([None, draw.randrange(0, 500)])
        opened = [any(_minute(span[:5]) <= m < _minute(span[6:]) for span in shift) for m in range(END)]
        if away is not None:
            opened = [is_open and not away <= m < away + 100 for m, is_open in enumerate(opened)]
        skills = draw.choice([["ac"], ["ac", "tv"], ["tv"]])
        area, cost, capacity = draw.choice(AREAS), draw.choice([0, 0, 5]), draw.choice([2, 9])
        workers.append(Worker(area, tuple(opened), frozenset(skills), {"fan": 1}, cost, capacity))
        absences = [] if away is None else [[AT + timedelta(minutes=away), AT + timedelta(minutes=away + 100)]]
        person = {"id": name, "skills": skills, "areas": [area], "absences": absences, "parts": {"fan": 1}}
        people.append({**person, "shift": f"of {name}", "cost": cost, "capacity": capacity, "_shift": shift})
    calendars = {str(one["shift"]): Calendar("UTC", {"mon-sun": one.pop("_shift")}) for one in people}
    tickets = [
        Ticket(
            id=str(number),
            workflow="w",
            at=AT,
            opened_at=AT,
            priority=job.priority,
            fields=FrozenMap(
                area=job.area,
                skill=job.skill,
                part=job.part,
                start=AT + timedelta(minutes=job.first),
                minutes=job.minutes,
                window=job.last - job.first,
            ),
        )
        for number, job in enumerate(jobs)
    ]
    return jobs, workers, ways, tickets, World(engineers=people, calendars=calendars, travel=ways)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:]) - 8 * 60


@pytest.mark.parametrize("seed", range(30))
def test_few_visits_are_planned_as_well_as_can_be(seed: int) -> None:
    """Of up to six visits and two people, no way to give out and order them is better; and the plan can be walked."""
    jobs, workers, ways, tickets, world = drawn(seed, 3 + seed % 4)

    routing = {"until": AT + timedelta(minutes=END), "rounds": 1_000}
    found = plan(RULE, tickets, world, AT, "routes", routing=routing)

    assert best(jobs, workers, ways) == found.objective
    assert () == verify(found, RULE, tickets, world, AT, routing=routing)


def many(seed: int) -> tuple[list[Ticket], World]:
    """More visits than three days hold, for people with all that may keep them from one."""
    draw = random.Random(seed)

    def place() -> tuple[float, float]:
        return 31 + draw.random() / 2, 121 + draw.random() / 2

    people = []
    for number in range(6):
        person: dict[str, Any] = {"id": f"p{number}", "skills": draw.sample(["ac", "tv"], draw.choice([1, 2])), "shift": "day"}
        person |= {"home": place(), "position": place(), "capacity": draw.choice([3, 9]), "parts": {"fan": draw.randrange(3)}}
        person |= {
            "per_channel": {"web": draw.choice([2, 9])},
            "certificates": {"gas": AT + timedelta(hours=draw.randrange(60))},
        }
        start = AT + timedelta(minutes=draw.randrange(0, 3000), seconds=draw.choice([0, 17]))
        stretch = [[start, start + timedelta(minutes=draw.randrange(60, 700))]]
        people.append(person | draw.choice([{}, {"absences": stretch}, {"shifts": stretch}]))
    tickets = []
    for number in range(40):
        fields = {"position": place(), "skill": draw.choice(["ac", "tv"]), "part": draw.choice([None, None, "fan"])}
        fields |= {
            "minutes": draw.randrange(10, 120),
            "window": draw.randrange(0, 500),
            "licence": draw.choice([None, None, "gas"]),
        }
        fields["start"] = AT + timedelta(minutes=draw.randrange(-60, 4000))
        channel = draw.choice(["web", "phone"])
        tickets.append(Ticket(id=f"{number:02}", workflow="w", at=AT, opened_at=AT, channel=channel, fields=FrozenMap(fields)))
    calendars = {"day": Calendar("UTC", {"mon-sun": ["08:00-12:00", "13:00-18:00"]})}
    return tickets, World(engineers=people, calendars=calendars)


@pytest.mark.parametrize("seed", range(8))
def test_every_plan_can_be_walked(seed: int) -> None:
    """Whatever keeps people from a visit holds over all routes of some days, whenever they are planned."""
    tickets, world = many(seed)
    rule = {**RULE, "require": [*RULE["require"], {"certificate": "licence"}]}
    at = AT + timedelta(minutes=seed * 71, seconds=seed)

    routing = {"rounds": 100, "until": AT + timedelta(days=3)}
    known = {
        "current": {one.id: "p1" for one in tickets[::3]},
        "pinned": {one.id: "p2" for one in tickets[5::9]},
        "stability": seed % 2,
    }
    found = plan(rule, tickets, world, at, "routes", routing=routing, **known)

    assert () == verify(found, rule, tickets, world, at, routing=routing, **known)
    assert found == plan(rule, tickets[::-1], world, at, "routes", routing=routing, **known)
