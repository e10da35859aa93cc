"""Knows the tickets to visit and the days of those who may as a problem in numbers; must not know how it is solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from attrs import define, evolve, field

from servflow.dispatch import _travel
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import Check, asked, wanted
from servflow.dispatch._checks import checks
from servflow.dispatch._choice import Ranked
from servflow.dispatch._evaluate import rank
from servflow.dispatch._stops import Routing
from servflow.dispatch._stretches import Need
from servflow.dispatch._visit import Stay
from servflow.dispatch._ways import UNLIMITED, Problem, Tour
from servflow.dispatch._workdays import MINUTE, REST, Clock, Minutes, Workday, at_work, common, workdays
from servflow.errors import ExpressionError, InputError, LimitError
from servflow.model import Engineer, World, instant, read_instant

MAX_VISITS = 2_000
"""How many tickets one plan of routes may hold."""

DAY = 24 * 60

OWN = ("open", "absence", "booked", "certificate", "window", "part")
"""The kinds of rule that are judged for the time of the visit, or over the whole route, and not for now."""


@define
class Board:
    """
    A problem in numbers and what its numbers stand for.

    ``days`` has whose day each tour is, ``points`` the points of each pair that fits on so many ``levels``, ``reasons`` why
    nobody fits, ``pinned`` which visits stay with whom they have.
    """

    cases: list[Case]
    clock: Clock
    problem: Problem
    owners: list[Engineer]
    days: list[tuple[int, Workday]]
    points: list[dict[int, tuple[int, ...]]]
    reasons: list[str]
    ways: list[list[int | None]]
    levels: int = 0
    pinned: frozenset[int] = frozenset()


@define
class _Reader:
    """Reads cases into a board, step by step."""

    cases: Sequence[Case]
    routing: Routing
    pinned: Mapping[str, str]
    current: Mapping[str, str] | None = None
    stability: int | None = None
    world: World = field(init=False)
    clock: Clock = field(init=False)
    owners: list[Engineer] = field(init=False)
    days: list[tuple[int, Workday]] = field(factory=list)
    points: list[dict[int, tuple[int, ...]]] = field(factory=list)
    limits: list[dict[int, int]] = field(init=False)
    reasons: list[str] = field(factory=list)
    stock: list[dict[int, int]] = field(init=False)
    used: list[dict[str, int]] = field(factory=list)
    names: dict[str, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        first = self.cases[0]
        self.world = first.world
        self.owners = [who for who in first.candidates if isinstance(who, Engineer)]
        self.limits = [{} for _ in self.owners]
        self.stock = [{self._part(name): count for name, count in who.parts.items()} for who in self.owners]
        self.clock = self._clock(first.at)
        for number, who in enumerate(self.owners):
            self.days.extend((number, day) for day in workdays(self.clock, self.world, who, self._taken(who)))

    def _taken(self, who: Engineer) -> list[tuple[datetime, datetime]]:
        """When somebody is booked for tickets that are not planned here."""
        own = [one for case in self.cases if (one := case.ticket.appointment) is not None and one.to == who.id]
        return [
            (start, end)
            for start, end in self.world.booked.get(who.id, ())
            if not any(one.start is not None and one.end is not None and one.start < end and start < one.end for one in own)
        ]

    def _clock(self, at: datetime) -> Clock:
        base = at - timedelta(seconds=at.second, microseconds=at.microsecond)
        base = base if base == at else base + MINUTE
        until = self.routing.until
        if until is None:
            ends = [case.need.stay.end for case in self.cases if case.need.stay is not None]
            until = max([base + DAY * MINUTE, *(end for end in ends if end > base)])
        last = (until - base) // MINUTE
        if last > 366 * DAY:
            raise LimitError("routes are planned for a year at most; give until, or plan these visits later", minutes=last)
        return Clock(base, last)

    def service(self, case: Case) -> int:
        """How many minutes a visit takes, at least one."""
        stay = case.need.stay
        return self.routing.minutes if stay is None else max(1, -(-stay.length // MINUTE))

    def begins(self, case: Case) -> Minutes:
        """When the visit may begin, whoever comes: its window, and the calendars and windows that are asked for."""
        stay, clock, service = case.need.stay, self.clock, self.service(case)
        opens, closes = 0, clock.last - service
        rules = () if case.ticket.id in self.pinned else zip(case.policy.rules, case.policy.require, strict=True)
        if stay is not None:
            opens, closes = max(0, clock.up(stay.first)), min(closes, clock.down(stay.last))
            if case.need.moving and stay.last == stay.first:
                closes = clock.last - service  # as soon as somebody can, where no window says by when
        times: Minutes = [(0, clock.last)]
        for rule, entry in rules:
            if rule in case.drops or entry.optional:
                continue
            if entry.kind == "open" and entry.open != "shift":
                times = common(times, clock.hours(self.world, str(entry.open)))
            elif entry.kind == "window":
                found = _window(asked(case, entry))
                times = times if found is None else common(times, clock.within([found]))
        return [
            (max(opens, start), min(closes, end - service))
            for start, end in times
            if max(opens, start) <= min(closes, end - service)
        ]

    def expiry(self, case: Case, who: Engineer) -> int | None:
        """By which minute a visit must be over for the certificates it asks for; None where somebody lacks one."""
        last = self.clock.last
        for rule, entry in zip(case.policy.rules, case.policy.require, strict=True):
            if entry.kind != "certificate" or entry.optional or rule in case.drops:
                continue
            for name, _ in wanted(case, entry) or ():
                if name not in who.certificates:
                    return None
                end = who.certificates[name]
                last = last if end is None else min(last, self.clock.down(end))
        return last

    def fitting(self, visit: int) -> list[tuple[int, int, Minutes]]:
        """Who may make a visit but for the time, by which minute it must be over, and when it may begin."""
        case = self.cases[visit]
        rules = checks(case)
        judged = [check for check in rules if check.excludes and (check.kind not in OWN or check.why == "error")]
        only = self.pinned.get(case.ticket.id)
        begins = [] if only is None and any(check.why == "error" for check in judged) else self.begins(case)
        out: list[Candidate] = []
        found: list[tuple[int, int, Minutes]] = []
        counts: dict[str, int] = {}
        to = case.ticket.appointment.to if case.ticket.appointment is not None and case.ticket.appointment.booked else None
        for number, who in enumerate(self.owners):
            if only is not None:
                if who.id == only:  # whatever the rules say of them by now
                    found.append((number, self.clock.last, begins))
                    out.append(who)
                continue
            if to is not None and who.id != to:
                counts["booked"] = counts.get("booked", 0) + 1  # the customer was told who comes
                continue
            times = self.times(case, who, begins)
            failed = _first_failed(judged if times is None else [one for one in judged if one.kind != "when"], who)
            last = None if failed is not None else self.expiry(case, who)
            if failed is None and last is not None:
                self._limit(visit, number, rules, who)
                found.append((number, last, begins if times is None else times))
                out.append(who)
            else:
                rule = failed.rule if failed is not None else _rule_of(rules, "certificate")
                counts[rule] = counts.get(rule, 0) + 1
        self.used.append({} if only is not None else self._parts(case) | self._channel(case, rules, found))
        self.reasons.append(max(counts, key=lambda rule: (counts[rule], rule)) if counts and not found else "nobody")
        numbers = {who.id: number for number, who in enumerate(self.owners)}
        self.points.append({numbers[item.id]: self._with_stay(case, item) for item in rank(case, out, rules)})
        return found

    def _with_stay(self, case: Case, item: Ranked) -> tuple[int, ...]:
        """The points of a pair, with the level that counts who keeps what they have."""
        if self.current is None:
            return item.points
        place = len(item.points) if self.stability is None else self.stability
        return (*item.points[:place], int(self.current.get(case.ticket.id) == item.id), *item.points[place:])

    def times(self, case: Case, who: Engineer, begins: Minutes) -> Minutes | None:
        """
        When a visit may begin for this person: not while they are booked for another, and only while conditions hold.

        None where neither changes anything: nothing is booked, and no certificate that conditions may look at ends.
        """
        own, service, clock = case.ticket.appointment, self.service(case), self.clock
        mine = own is not None and own.to == who.id and own.start is not None and own.end is not None
        taken = [
            (start, end)
            for start, end in self.world.booked.get(who.id, ())
            if not (mine and own is not None and start < own.end and own.start < end)  # type: ignore[operator]  # seen above
        ]
        named = zip(case.policy.rules, case.policy.require, strict=True)
        asked = [entry.when for rule, entry in named if entry.kind == "when" and not entry.optional and rule not in case.drops]
        ends = sorted({clock.down(end) for end in who.certificates.values() if end is not None}) if asked else []
        if not taken and not ends:
            return None
        times = list(begins)
        for start, end in taken:
            times = _apart(times, clock.down(start) - service + 1, clock.up(end) - 1)
        edges = [-1, *(end - service for end in ends if 0 <= end - service < clock.last), clock.last]
        return [
            (max(opens, before + 1), min(closes, after))
            for before, after in pairwise(edges)
            if self._hold(case, who, asked, before + 1)
            for opens, closes in times
            if max(opens, before + 1) <= min(closes, after)
        ]

    def _hold(self, case: Case, who: Engineer, conditions: Sequence[Any], minute: int) -> bool:
        """Whether conditions hold of somebody for a visit that begins in a minute."""
        if not conditions:
            return True
        start = self.clock.instant(minute)
        then = evolve(case, need=Need(Stay(start, start, self.service(case) * MINUTE)), hours={})
        try:
            return all(one.test({**then.bindings, "candidate": then.view(who)}) for one in conditions)
        except ExpressionError:
            return False

    def _limit(self, visit: int, number: int, rules: list[Check], who: Engineer) -> None:
        allowed = [
            most for check in rules if check.limit is not None and check.excludes and (most := check.limit(who)) is not None
        ]
        if allowed:
            self.limits[number][visit] = min(allowed)

    def board(self) -> Board:
        """Everything in numbers."""
        visits = range(len(self.cases))
        service = [self.service(case) for case in self.cases]
        windows: list[dict[int, tuple[tuple[int, int], ...]]] = [{} for _ in self.days]
        by_owner: dict[int, list[int]] = {}
        for index, (number, _) in enumerate(self.days):
            by_owner.setdefault(number, []).append(index)
        for visit in visits:
            for number, last, begins in self.fitting(visit):
                for index in by_owner.get(number, ()):
                    day = self.days[index][1]
                    allowed = [
                        span
                        for opens, closes in begins
                        for span in day.starts(opens, min(closes, last - service[visit]), service[visit])
                    ]
                    if allowed:
                        windows[index][visit] = tuple(allowed)
            if self.points[visit] and not any(visit in allowed for allowed in windows):
                self.reasons[visit] = "time"
        travel, ways = self._travel()
        pinned, load = self._aside()
        first = len(self.cases)
        weight = sum(day.length for _, day in self.days) + 1  # more than anybody can wait
        costs, skip = self._worth(weight)
        tours = [
            Tour(
                owner=number,
                length=day.length,
                start=first + 2 * index,
                end=first + 2 * index + 1,
                windows=windows[index],
                costs={visit: costs[visit][number] for visit in windows[index]},
            )
            for index, (number, day) in enumerate(self.days)
        ]
        case = self.cases[0]
        problem = Problem(
            service=service,
            travel=travel,
            tours=tours,
            skip=skip,
            units=[0 if visit in pinned else case.units for visit, case in enumerate(self.cases)],
            needs=[tuple((self._part(name), count) for name, count in used.items()) for used in self.used],
            load=load,
            limits=self.limits,
            weight=weight,
            stock=self.stock,
        )
        levels = len(case.policy.prefer) + any(entry.optional for entry in case.policy.require) + (self.current is not None)
        told = self.owners, self.days, self.points, self.reasons, ways, levels, pinned
        return Board(list(self.cases), self.clock, problem, *told)

    def _aside(self) -> tuple[frozenset[int], list[int]]:
        """The pinned visits, and what each holds with theirs: the capacity and parts of these are set aside for them."""
        number_of = {who.id: number for number, who in enumerate(self.owners)}
        load = [self.cases[0].load(who) for who in self.owners]
        pinned = []
        for visit, case in enumerate(self.cases):
            number = number_of.get(self.pinned.get(case.ticket.id, ""))
            if number is not None:
                pinned.append(visit)
                load[number] += case.units
                for name, count in {**self._parts(case), f"\x00{case.ticket.channel}": case.units}.items():
                    part = self._part(name)
                    if part in self.stock[number]:
                        self.stock[number][part] -= count
        return frozenset(pinned), load

    def _part(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def _channel(self, case: Case, rules: list[Check], fitting: list[tuple[int, int, Minutes]]) -> dict[str, int]:
        """What a visit takes of its channel, which is counted as a part of which each carries what they have left of it."""
        limits = [check.channel_limit for check in rules if check.channel_limit is not None and check.excludes]
        name = f"\x00{case.ticket.channel}"
        for number, _, _ in fitting:
            who = self.owners[number]
            allowed = [most for limit in limits if (most := limit(who)) is not None]
            if limits:
                left = min(allowed) - case.channel_load(who) if allowed else UNLIMITED
                part = self._part(name)
                self.stock[number][part] = min(left, self.stock[number].get(part, UNLIMITED))
        return {name: case.units} if limits and fitting else {}

    def _parts(self, case: Case) -> dict[str, int]:
        """The parts a visit uses up, of all requirements together the most of each."""
        used: dict[str, int] = {}
        for rule, entry in zip(case.policy.rules, case.policy.require, strict=True):
            if entry.kind == "part" and not entry.optional and rule not in case.drops:
                try:
                    names = wanted(case, entry) or ()
                except ExpressionError:
                    continue  # then nobody fits
                for name, count in names:
                    used[name] = max(used.get(name, 0), count)
        return used

    def _travel(self) -> tuple[list[list[int]], list[list[int | None]]]:
        """Minutes between all places (of the visits, then where each day begins and ends), and which of them are known."""
        places = [_travel.place_of(case) for case in self.cases]
        seen: set[int] = set()
        for number, day in self.days:
            who, case = self.owners[number], self.cases[0]
            home = _travel.home_of(case, who)
            soon = number not in seen and day.stretches[0][0] < REST  # else they go home before
            underway = soon and at_work(case.at, self.world, who)
            places.extend((_travel.whereabouts(case, who) if underway else home, home))
            seen.add(number)
        known: dict[tuple[Any, Any], int | None] = {}
        ways: list[list[int | None]] = []
        for here in places:
            row: list[int | None] = []
            for there in places:
                if (here, there) not in known:
                    known[here, there] = _travel.minutes(self.world, here, there)
                row.append(known[here, there])
            ways.append(row)
        unknown = self.routing.unknown
        return [[unknown if way is None else way for way in row] for row in ways], ways

    def _worth(self, weight: int) -> tuple[list[dict[int, int]], list[int]]:
        """
        What each pair costs beside the way, and what leaving a visit out costs, so that totals are ordered as plans are.

        First come the pinned visits, then the number of visits, then the points of each level, then urgency, then minutes on
        the way, then minutes of waiting.
        """
        count = len(self.cases)
        unit = weight * weight  # more than all ways and all waiting together
        priorities = [case.ticket.priority for case in self.cases]
        most, least = max(priorities), min(priorities)
        urgent = [unit * (most - priority) for priority in priorities]
        scale = unit * (count * (most - least) + 1)
        every = [points for found in self.points for points in found.values()]
        levels = len(every[0]) if every else 0
        bases = []
        for level in reversed(range(levels)):
            values = [points[level] for points in every]
            bases.append((level, max(values), scale))
            scale *= count * (max(values) - min(values)) + 1
        costs = [
            {number: sum((top - points[level]) * base for level, top, base in bases) for number, points in found.items()}
            for found in self.points
        ]
        pinned = [case.ticket.id in self.pinned for case in self.cases]  # they come before all others
        skip = [scale * (count + 1 if fixed else 1) + more for fixed, more in zip(pinned, urgent, strict=True)]
        return costs, skip


def _first_failed(rules: list[Check], who: Engineer) -> Check | None:
    return next((check for check in rules if not check.passes(who)), None)


def _rule_of(rules: list[Check], kind: str) -> str:
    return next((check.rule for check in rules if check.kind == kind), kind)


def _apart(spans: Minutes, first: int, last: int) -> Minutes:
    """Spans, both ends included, without the minutes from the first to the last."""
    cut = [part for opens, closes in spans for part in ((opens, min(closes, first - 1)), (max(opens, last + 1), closes))]
    return [(opens, closes) for opens, closes in cut if opens <= closes]


def _window(value: Any) -> tuple[datetime, datetime] | None:
    """The two instants of a window; None where it is the visit's own."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    start, end = (read_instant(item) if isinstance(item, str) else instant(item, "window") for item in value)
    return start, end


def board(
    cases: Sequence[Case],
    routing: Routing,
    pinned: Mapping[str, str],
    current: Mapping[str, str] | None = None,
    stability: int | None = None,
) -> Board:
    """
    The tickets of these cases, which share policy, world and instant, as a problem in numbers.

    Where *current* says who has what, one more level of points, the one at *stability* or the last, counts who keeps it.

    Raises:
        InputError: the policy does not choose among people.
        LimitError: there are more than two thousand tickets.
    """
    if len(cases) > MAX_VISITS:
        raise LimitError(
            f"{len(cases)} tickets are more than {MAX_VISITS}; plan the routes of one region or one day at a time",
            tickets=len(cases),
            limit=MAX_VISITS,
        )
    kind = cases[0].policy.candidates
    if kind in ("outlets", "providers", "queues"):
        raise InputError(
            f"routes are of people, and this policy chooses among {kind}; use another solver, or a policy for engineers",
            code="dispatch.routes_people",
            candidates=kind,
        )
    return _Reader(cases, routing, pinned, current, stability).board()
