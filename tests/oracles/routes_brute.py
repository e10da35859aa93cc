"""Knows the best routes of very few visits by trying every order, minute by minute; must not know how servflow finds them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from attrs import frozen


@frozen
class Job:
    """A visit: where, how long, in which minutes it may begin, which skill and part it needs, how urgent it is."""

    area: str
    minutes: int
    first: int
    last: int
    skill: str
    part: str | None = None
    priority: int = 3


@frozen
class Worker:
    """Somebody: where they live, in which minutes they work, what they can, carry, cost, and how many visits they take."""

    area: str
    open: tuple[bool, ...]
    skills: frozenset[str]
    parts: Mapping[str, int]
    cost: int = 0
    capacity: int = 99


def walk(jobs: Sequence[Job], worker: Worker, ways: Mapping[str, Mapping[str, int]]) -> int | None:
    """The minutes on the way of a route in this order, as early as can be; None where it cannot be done."""
    if not jobs:
        return 0
    if len(jobs) > worker.capacity:
        return None
    for part in {job.part for job in jobs if job.part is not None}:
        if sum(job.part == part for job in jobs) > worker.parts.get(part, 0):
            return None
    here, now, total = worker.area, 0, 0
    for job in jobs:
        if job.skill not in worker.skills:
            return None
        way = ways[here][job.area]
        arrived = _drive(worker.open, now, way)
        begun = None if arrived is None else _begin(worker.open, arrived, job)
        if begun is None:
            return None
        here, now, total = job.area, begun + job.minutes, total + way
    way = ways[here][worker.area]
    return None if _drive(worker.open, now, way) is None else total + way


def _drive(opened: Sequence[bool], now: int, way: int) -> int | None:
    while way:
        if now >= len(opened):
            return None
        way -= opened[now]
        now += 1
    return now


def _begin(opened: Sequence[bool], arrived: int, job: Job) -> int | None:
    for minute in range(max(arrived, job.first), job.last + 1):
        if minute + job.minutes <= len(opened) and all(opened[minute : minute + job.minutes]):
            return minute
    return None


def best(jobs: Sequence[Job], workers: Sequence[Worker], ways: Mapping[str, Mapping[str, int]]) -> tuple[int, int, int, int]:
    """The greatest (visits, minus cost, minus priorities, minus minutes) of all ways to give out and order the visits."""
    known: dict[tuple[int, tuple[int, ...]], int | None] = {}

    def shortest(number: int, group: tuple[int, ...]) -> int | None:
        if (number, group) not in known:
            lengths = [walk([jobs[job] for job in order], workers[number], ways) for order in itertools.permutations(group)]
            known[number, group] = min((length for length in lengths if length is not None), default=None)
        return known[number, group]

    found = []
    for given in itertools.product(range(len(workers) + 1), repeat=len(jobs)):
        groups = [tuple(job for job, who in enumerate(given) if who == number) for number in range(len(workers))]
        lengths = [shortest(number, group) for number, group in enumerate(groups)]
        if all(length is not None for length in lengths):
            served = [(job, who) for job, who in enumerate(given) if who < len(workers)]
            cost = sum(workers[who].cost for _, who in served)
            urgency = sum(jobs[job].priority for job, _ in served)
            found.append((len(served), -cost, -urgency, -sum(length or 0 for length in lengths)))
    return max(found)
