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

    found = plan(RULE, tickets, world, AT, "routes", routing={"until": AT + timedelta(minutes=END)})

    assert best(jobs, workers, ways) == found.objective
    assert () == verify(found, RULE, tickets, world, AT)
