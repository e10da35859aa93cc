"""Knows what makes routes wrong, by walking through them; must not know how routes are made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs
from attrs import define, field

from servflow.dispatch import _travel
from servflow.dispatch._case import Case
from servflow.dispatch._check import wanted
from servflow.dispatch._reread import Reread
from servflow.dispatch._stops import Route, Routing, Stop
from servflow.dispatch._stretches import Need
from servflow.dispatch._visit import Stay
from servflow.errors import ExpressionError
from servflow.model import Engineer, write_instant

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)

LONGEST = 366 * 24 * 60
"""How many minutes of a way are looked at, one by one."""


class Report(Protocol):
    """Where what is wrong is told: its kind, the ticket, the candidate, and a sentence."""

    def __call__(self, kind: str, ticket: str | None = None, candidate: str | None = None, detail: str = "") -> None: ...


@define
class Walk:
    """Walks every route as the person would, minute by minute, and reports what cannot be."""

    routes: tuple[Route, ...]
    cases: Mapping[str, Case]
    assignments: tuple[tuple[str, str], ...]
    report: Report
    pinned: Mapping[str, str] = field(factory=dict)
    routing: Routing | None = None  # None: not told
    people: dict[str, Engineer] = field(factory=dict)
    minutes: int = 0  # on the way, of all routes

    def __attrs_post_init__(self) -> None:
        case = next(iter(self.cases.values()), None)
        if case is not None:
            self.people = {who.id: who for who in case.candidates if isinstance(who, Engineer)}

    def all(self) -> None:
        """Everything that can be wrong with the routes themselves; rules that hold at any time are judged elsewhere."""
        self.names()
        for route in self.routes:
            who = self.people.get(route.candidate)
            if who is not None:
                self.times(route, who)
                self.ways(route, who)
                for stop in route.stops:
                    if stop.ticket in self.cases:
                        self.visit(stop, who)
        self.beside()
        self.parts()

    def names(self) -> None:
        """Every assignment has one stop, with the one it is assigned to; and nobody else is visited."""
        assigned = dict(self.assignments)
        seen: set[str] = set()
        for route in self.routes:
            if route.candidate not in self.people:
                self.report("unknown_candidate", None, route.candidate, "the world has no such person to make a route")
            for stop in route.stops:
                if stop.ticket in seen:
                    self.report("visited_twice", stop.ticket, route.candidate, "the ticket has more than one stop")
                seen.add(stop.ticket)
                if stop.ticket not in self.cases:
                    self.report("unknown_ticket", stop.ticket, route.candidate, "no such ticket was given")
                elif assigned.get(stop.ticket) != route.candidate:
                    whose = assigned.get(stop.ticket, "nobody")
                    self.report("other_route", stop.ticket, route.candidate, f"the ticket is assigned to {whose}")
        for ticket, candidate in self.assignments:
            if ticket not in seen:
                self.report("no_stop", ticket, candidate, "the ticket is assigned and on no route")

    def times(self, route: Route, who: Engineer) -> None:
        """Nobody is at two places, and each stop comes after the one before."""
        left = route.leaves
        for stop in route.stops:
            if stop.arrival < left:
                self.report("overlap", stop.ticket, who.id, f"arrives {_at(stop.arrival)}, is busy until {_at(left)}")
            if stop.start < stop.arrival:
                self.report("starts_before_arrival", stop.ticket, who.id, f"{_at(stop.start)} is before {_at(stop.arrival)}")
            if stop.end <= stop.start:
                self.report("duration", stop.ticket, who.id, f"ends {_at(stop.end)}, begins {_at(stop.start)}")
            left = max(left, stop.end)
        if route.back < left:
            self.report("overlap", None, who.id, f"is back {_at(route.back)}, is busy until {_at(left)}")

    def ways(self, route: Route, who: Engineer) -> None:
        """Between the stops there is as much working time as the way takes, from where the day begins and back home."""
        if not route.stops:
            return
        case = next(iter(self.cases.values()))
        here, home = self.ends(who, route.leaves)
        self.minutes += route.travel
        left, total = route.leaves, 0
        for stop in route.stops:
            there = _travel.place_of(self.cases[stop.ticket]) if stop.ticket in self.cases else _travel.NOWHERE
            needed = _travel.minutes(case.world, here, there)
            if stop.travel != needed:
                self.report("travel_told", stop.ticket, who.id, f"the way takes {needed} minutes, not {stop.travel}")
            self.way(stop.ticket, who, left, stop.arrival, needed)
            total += needed or 0
            here, left = there, stop.end
        needed = _travel.minutes(case.world, here, home)
        self.way(None, who, left, route.back, needed)
        if route.travel < total + (needed or 0):
            self.report(
                "travel_told", None, who.id, f"the route says {route.travel} minutes, its ways take {total + (needed or 0)}"
            )
        if route.leaves < case.at:
            self.report("too_early", None, who.id, f"leaves {_at(route.leaves)}, before {_at(case.at)}")

    def ends(self, who: Engineer, leaves: datetime) -> tuple[_travel.Place, _travel.Place]:
        """Where a day on which somebody sets out then begins and ends: at home, or where they are, if they are at work."""
        case = next(iter(self.cases.values()))
        home = _travel.home_of(case, who)
        if self.on_duty(who, case.at - MOMENT) and not self._first_shift_later(leaves, who, case.at):
            return _travel.whereabouts(case, who), home
        return home, home

    def _first_shift_later(self, leaves: datetime, who: Engineer, at: datetime) -> bool:
        """Whether the route is of a later day than that on which the plan is made."""
        rest = 0
        for number in range(min(LONGEST, max(0, (leaves - at) // MINUTE))):
            rest = 0 if self.at_work(who, at + number * MINUTE) else rest + 1
            if rest >= 6 * 60:
                return True
        return False

    def way(self, ticket: str | None, who: Engineer, left: datetime, arrival: datetime, needed: int | None) -> None:
        """Somebody can be there at the time they say, driving only while they work."""
        if needed is None and self.routing is not None:
            needed = self.routing.unknown
        if not needed:
            return
        driven = 0
        for number in range(min(LONGEST, max(0, (arrival - left) // MINUTE))):
            minute = left + number * MINUTE
            driven += self.at_work(who, minute) and self.at_work(who, minute + MINUTE - MOMENT)
            if driven >= needed:
                return
        where = "home" if ticket is None else "there"
        self.report("travel", ticket, who.id, f"the way {where} takes {needed} minutes of work, and there are {driven} for it")

    def at_work(self, who: Engineer, at: datetime) -> bool:
        """Whether somebody can make visits at an instant: they are on duty and not booked for others."""
        return self.on_duty(who, at) and not any(start <= at < end for start, end in self.taken(who))

    def on_duty(self, who: Engineer, at: datetime) -> bool:
        """Whether somebody works at an instant: by roster, else by calendar, else always, and not absent."""
        if any(start <= at < end for start, end in who.absences):
            return False
        if who.shifts:
            return any(start <= at < end for start, end in who.shifts)
        if who.shift is None:
            return True
        calendar = next(iter(self.cases.values())).world.calendars.get(who.shift)
        return calendar is not None and bool(calendar.is_open(at))

    def taken(self, who: Engineer) -> list[tuple[datetime, datetime]]:
        """When somebody is booked for tickets that are not in this plan."""
        booked = next(iter(self.cases.values())).world.booked.get(who.id, ())
        if not booked:
            return []
        own = [case.ticket.appointment for case in self.cases.values()]
        mine = [(one.start, one.end) for one in own if one is not None and one.to == who.id and one.start and one.end]
        return [(start, end) for start, end in booked if not any(begin < end and start < over for begin, over in mine)]

    def visit(self, stop: Stop, who: Engineer) -> None:
        """The visit is as long as it must be, in its window, in working time, and meets every rule at that time."""
        case = self.cases[stop.ticket]
        stay = case.need.stay
        length = stop.end - stop.start
        if stay is None and self.routing is not None and length < self.routing.minutes * MINUTE:
            self.report("duration", stop.ticket, who.id, f"takes {length}, needs {self.routing.minutes} minutes")
        if self.routing is not None and self.routing.until is not None and stop.end > self.routing.until:
            self.report("too_late", stop.ticket, who.id, f"ends {_at(stop.end)}, until {_at(self.routing.until)}")
        if stay is not None:
            if length < stay.length:
                self.report("duration", stop.ticket, who.id, f"takes {length}, needs {stay.length}")
            if stop.start < stay.first:
                self.report("too_early", stop.ticket, who.id, f"begins {_at(stop.start)}, from {_at(stay.first)} on")
            open_end = case.need.moving and stay.first == stay.last
            if stop.start > stay.last and not open_end:
                self.report("too_late", stop.ticket, who.id, f"begins {_at(stop.start)}, until {_at(stay.last)}")
        for start, end in who.absences:
            if start < stop.end and stop.start < end:
                self.report("absence", stop.ticket, who.id, f"absent from {_at(start)} to {_at(end)}")
                break
        else:
            minutes = range(min(LONGEST, max(0, length // MINUTE)))
            if not all(self.at_work(who, stop.start + number * MINUTE) for number in minutes) or not self.at_work(
                who, stop.end - MOMENT
            ):
                self.report("closed", stop.ticket, who.id, f"does not work from {_at(stop.start)} to {_at(stop.end)}")
        if self.pinned.get(stop.ticket) == who.id:
            return
        for kind, detail in reread(case, stop.start, max(length, MOMENT)).broken(who):
            if kind != "absence":
                self.report(kind, stop.ticket, who.id, f"{detail}, from {_at(stop.start)} to {_at(stop.end)}")

    def beside(self) -> None:
        """Nobody is on two routes at once."""
        for index, one in enumerate(self.routes):
            for other in self.routes[index + 1 :]:
                if one.candidate == other.candidate and one.leaves < other.back and other.leaves < one.back:
                    self.report("overlap", None, one.candidate, f"is on two routes at {_at(max(one.leaves, other.leaves))}")

    def parts(self) -> None:
        """Nobody uses up more of a part on all their routes than they carry; what is pinned takes its parts first."""
        used: dict[tuple[str, str], int] = {}
        free: set[tuple[str, str]] = set()  # used by visits that are not pinned as well
        for route in self.routes:
            for stop in route.stops:
                for name, count in self.needed(stop.ticket).items():
                    used[route.candidate, name] = used.get((route.candidate, name), 0) + count
                    if self.pinned.get(stop.ticket) != route.candidate:
                        free.add((route.candidate, name))
        for (candidate, name), count in sorted(used.items()):
            held = self.people[candidate].parts.get(name, 0) if candidate in self.people else 0
            if count > held and (candidate, name) in free:
                self.report("parts_used_up", None, candidate, f"the visits need {count} of {name}, {candidate} carries {held}")

    def needed(self, ticket: str) -> dict[str, int]:
        """How many of each part a visit uses up."""
        case = self.cases.get(ticket)
        needed: dict[str, int] = {}
        for rule, entry in zip(case.policy.rules, case.policy.require, strict=True) if case is not None else ():
            if case is None or entry.kind != "part" or entry.optional or rule in case.drops:
                continue
            try:
                for name, count in wanted(case, entry) or ():
                    needed[name] = max(needed.get(name, 0), count)
            except ExpressionError:
                continue
        return needed


def reread(case: Case, start: datetime, length: timedelta) -> Reread:
    """The rules as they are for a visit that begins just then."""
    then = Reread(attrs.evolve(case, need=Need(Stay(start, start, length)), hours={}))
    then.first, then.last, then.length, then.planned, then.fixed = start, start, length, True, True
    return then


def _at(at: datetime) -> str:
    return write_instant(at)
