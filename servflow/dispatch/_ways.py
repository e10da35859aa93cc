"""Knows whether a visit fits into a tour, where at the least cost, and how long the way is; must not know what is best."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

Windows = tuple[tuple[int, int], ...]
"""Stretches of time in which a visit may begin, both ends included, the earliest first."""

UNLIMITED = 1 << 62


@define(kw_only=True)
class Tour:
    """
    A stretch of work of one owner: ``length`` units of time from the node ``start`` to the node ``end``.

    ``windows`` says when each visit may begin, counted from the tour's beginning; what it does not name cannot be
    visited on it. ``costs`` is what a visit costs beside the way (nothing where it is not named).
    """

    owner: int
    length: int
    start: int
    end: int
    windows: dict[int, Windows]
    costs: dict[int, int] = field(factory=dict)


@define(kw_only=True)
class Problem:
    """
    Visits, tours, and the way from node to node; the first nodes are the visits. All numbers are whole.

    ``skip`` is what leaving a visit out costs. ``units`` are what a visit takes of its owner, who holds ``load`` and may
    hold no more than the least of the ``limits`` of the visits they have; ``needs`` is what it uses of their ``stock``.
    A unit of time on the way costs ``weight``; above 1, one of waiting costs 1, which decides between ways equally long.
    """

    service: list[int]
    travel: list[list[int]]
    tours: list[Tour]
    skip: list[int]
    units: list[int]
    needs: list[tuple[tuple[int, int], ...]]
    load: list[int]
    limits: list[dict[int, int]]
    stock: list[dict[int, int]]
    weight: int = 1
    into: list[list[int]] = field(init=False)
    of_owner: list[list[int]] = field(init=False)
    reachable: list[list[int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.into = [list(column) for column in zip(*self.travel, strict=True)]
        self.of_owner = [[] for _ in self.load]
        self.reachable = [[] for _ in self.service]
        for number, tour in enumerate(self.tours):
            self.of_owner[tour.owner].append(number)
            for visit in tour.windows:
                self.reachable[visit].append(number)


class Way:
    """
    The visits of one tour in their order, as early as can be; it never changes, so that what is found out about it stays.

    ``gaps`` has an entry for each place where a visit may be put in: the node before, when it is left, the way to the node
    after, that node, and the latest time to be there. ``found`` remembers the best place for visits asked about.
    """

    __slots__ = ("cost", "found", "gaps", "number", "visits")

    def __init__(self, number: int, visits: tuple[int, ...], gaps: list[tuple[int, int, int, int, int]], cost: int) -> None:
        self.number = number
        self.visits = visits
        self.gaps = gaps
        self.cost = cost
        self.found: dict[int, tuple[int, int] | None] = {}


def idle(problem: Problem, number: int) -> Way:
    """The way of a tour without visits, on which nobody sets out."""
    tour = problem.tours[number]
    return Way(number, (), [(tour.start, 0, 0, tour.end, tour.length)], 0)


def way(problem: Problem, number: int, visits: Sequence[int]) -> Way | None:
    """The way of a tour through these visits; None where it cannot be done in time."""
    tour = problem.tours[number]
    if not visits:
        return idle(problem, number)
    travel, service = problem.travel, problem.service
    here, left, cost, waited = tour.start, 0, 0, 0
    leaving = [0]
    legs: list[int] = []
    for visit in visits:
        leg = travel[here][visit]
        begun = not_before(tour.windows.get(visit, ()), left + leg)
        if begun is None:
            return None
        waited += begun - left - leg if legs else 0  # who has to be nowhere before the first visit leaves later
        left = begun + service[visit]
        leaving.append(left)
        legs.append(leg)
        cost += tour.costs.get(visit, 0)
        here = visit
    leg = travel[here][tour.end]
    if left + leg > tour.length:
        return None
    legs.append(leg)
    cost += sum(legs) * problem.weight + (waited if problem.weight > 1 else 0)
    latest = [tour.length]
    after = tour.end
    for visit in reversed(visits):
        most = not_after(tour.windows[visit], latest[-1] - travel[visit][after] - service[visit])
        latest.append(most)
        after = visit
    latest.reverse()
    nodes = (tour.start, *visits)
    then = (*visits, tour.end)
    return Way(number, tuple(visits), list(zip(nodes, leaving, legs, then, latest, strict=True)), cost)


def not_before(windows: Windows, time: int) -> int | None:
    """The first time from then on at which a visit may begin."""
    for opens, closes in windows:
        if time <= closes:
            return max(time, opens)
    return None


def not_after(windows: Windows, time: int) -> int:
    """The last time until then at which a visit may begin; -1 where there is none."""
    for opens, closes in reversed(windows):
        if time >= opens:
            return min(time, closes)
    return -1


def best_place(problem: Problem, where: Way, visit: int) -> tuple[int, int] | None:
    """What it costs at least to put a visit in, and before which of the tour's visits; None where it fits nowhere."""
    if visit in where.found:
        return where.found[visit]
    tour = problem.tours[where.number]
    windows = tour.windows.get(visit)
    out = None
    if windows:
        found = _single(problem, where, visit, windows[0]) if len(windows) == 1 else _many(problem, where, visit, windows)
        if found is not None:
            out = (found[0] * problem.weight + tour.costs.get(visit, 0), found[1])
    where.found[visit] = out
    return out


def _single(problem: Problem, where: Way, visit: int, window: tuple[int, int]) -> tuple[int, int] | None:
    opens, closes = window
    onward, into, service = problem.travel[visit], problem.into[visit], problem.service[visit]
    least, place = UNLIMITED, -1
    for index, (before, leaving, leg, after, latest) in enumerate(where.gaps):
        if leaving > closes:
            break
        added = into[before] + onward[after] - leg
        if added < least:
            there = leaving + into[before]
            if there <= closes and (there if there > opens else opens) + service + onward[after] <= latest:
                least, place = added, index
    return (least, place) if place >= 0 else None


def _many(problem: Problem, where: Way, visit: int, windows: Windows) -> tuple[int, int] | None:
    onward, into, service = problem.travel[visit], problem.into[visit], problem.service[visit]
    least, place = UNLIMITED, -1
    for index, (before, leaving, leg, after, latest) in enumerate(where.gaps):
        added = into[before] + onward[after] - leg
        if added < least:
            begun = not_before(windows, leaving + into[before])
            if begun is not None and begun + service + onward[after] <= latest:
                least, place = added, index
    return (least, place) if place >= 0 else None


def starts(problem: Problem, where: Way) -> list[int]:
    """When each visit of a way begins."""
    return [leaving - problem.service[visit] for visit, (_, leaving, *_) in zip(where.visits, where.gaps[1:], strict=True)]
