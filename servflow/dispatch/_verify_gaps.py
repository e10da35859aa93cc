"""Knows where a visit that was left out still fits between planned ones; must not know how routes are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
from attrs import define, field

from servflow.calendars import OpenTime
from servflow.dispatch import _travel
from servflow.dispatch._case import Case
from servflow.dispatch._reread import Reread, Stretch
from servflow.dispatch._stops import Route
from servflow.dispatch._verify_routes import MINUTE, MOMENT, Walk, reread
from servflow.errors import LimitError, TimeError
from servflow.model import Engineer

REST = timedelta(hours=6)


@define
class _Day:
    """A day's stretches of work, and what is done in it: each place left, when, the next place, and by when to be there."""

    work: list[Stretch]
    gaps: list[tuple[_travel.Place, datetime, _travel.Place, datetime]]

    def after(self, start: datetime, minutes: int) -> datetime | None:
        """The earliest end of a way of so many minutes of work that begins then; None where it does not end on this day."""
        left = minutes * MINUTE
        for begins, ends in self.work:
            if ends >= start:
                at = max(begins, start)
                if ends - at >= left:
                    return at + left
                left -= ends - at
        return None

    def before(self, end: datetime, minutes: int) -> datetime | None:
        """The latest beginning of a way of so many minutes of work that ends then; None where the day is too short."""
        left = minutes * MINUTE
        for begins, ends in reversed(self.work):
            if begins <= end:
                at = min(ends, end)
                if at - begins >= left:
                    return at - left
                left -= at - begins
        return None


@define
class Gaps:
    """Looks for room between the visits of routes, none of which need be moved for it."""

    walk: Walk
    having: Mapping[str, list[str]]
    read: dict[str, Reread] = field(factory=dict)
    plain: dict[str, Reread] = field(factory=dict)
    days: dict[tuple[str, bool], list[_Day]] = field(factory=dict)

    def look(self, left: Sequence[str]) -> None:
        """No visit is left out while there is room for it with somebody who fits."""
        for ticket in left:
            for who in self.walk.people.values():
                start = self.room(ticket, who)
                if start is not None:
                    detail = f"{who.id} fits and could begin at {start.isoformat()}"
                    pinned = ticket in self.walk.pinned
                    self.walk.report("pinned" if pinned else "could_be_assigned", ticket, who.id, detail)
                    break

    def room(self, ticket: str, who: Engineer) -> datetime | None:
        """When somebody could begin a visit that was left out; None where no such time is found."""
        case = self.walk.cases[ticket]
        routing, only, booked = self.walk.routing, self.walk.pinned.get(ticket), case.ticket.appointment
        stay = case.need.stay
        to = booked.to if booked is not None and booked.booked else None
        if (stay is None and routing is None) or (only or to or who.id) != who.id:
            return None
        length = -(-stay.length // MINUTE) * MINUTE if stay is not None else (routing.minutes if routing else 0) * MINUTE
        days = self._days(who, only is not None)
        last = days[-1].work[-1][1] - length if days else case.at
        first = case.at if stay is None else stay.first
        moving = stay is None or (case.need.moving and stay.first == stay.last)
        times = max(first, case.at), last if moving or stay is None else min(stay.last, last)
        if times[1] < times[0] or (only is None and not self._allowed(case, who, times, length)):
            return None
        place = _travel.place_of(case)
        for day in days:
            for here, leaving, there, latest in day.gaps:
                out, back = (self._way(case, *way) for way in ((here, place), (place, there)))
                begin = None if out is None else day.after(leaving, out)
                end = None if back is None else day.before(latest, back)
                if begin is None or end is None or end - length < begin or end - length < times[0] or begin > times[1]:
                    continue
                for start in self._starts(case, day, max(begin, times[0]), min(end - length, times[1])):
                    inside = any(begins <= start and start + length <= ends for begins, ends in day.work)
                    if inside and (only is not None or not any(reread(case, start, length).broken(who))):
                        return start
        return None

    def _allowed(self, case: Case, who: Engineer, times: Stretch, length: timedelta) -> bool:
        """Whether somebody meets every rule at some time, and has capacity and parts left."""
        read = self.read.get(case.ticket.id)
        if read is None:
            read = self.read[case.ticket.id] = Reread(case)
            read.first, read.last, read.length, read.planned = times[0], max(times), length, True
        if any(read.broken(who)):
            return False
        walk = self.walk
        pins = [name for name, has in walk.pinned.items() if has == who.id]
        all_of = {*self.having.get(who.id, ()), *pins, case.ticket.id}
        for channel in (None, case.ticket.channel):
            names = [name for name in all_of if channel is None or walk.cases[name].ticket.channel == channel]
            limited = [name for name in names if name not in pins]
            asked = [self._plain(name).limits(who)[channel is not None] for name in limited]
            limits = [most for most in asked if most is not None]
            held = case.load(who) if channel is None else case.channel_load(who)
            if limits and held + sum(walk.cases[name].units for name in names) > min(limits):
                return False
        for part, count in walk.needed(case.ticket.id).items():
            others = sum(walk.needed(name).get(part, 0) for name in all_of - {case.ticket.id})
            if others + count > who.parts.get(part, 0):
                return False
        return True

    def _plain(self, ticket: str) -> Reread:
        """The rules for a ticket, read once."""
        if ticket not in self.plain:
            self.plain[ticket] = Reread(self.walk.cases[ticket])
        return self.plain[ticket]

    def _way(self, case: Case, here: _travel.Place, there: _travel.Place) -> int | None:
        found = _travel.minutes(case.world, here, there)
        return self.walk.routing.unknown if found is None and self.walk.routing is not None else found

    def _starts(self, case: Case, day: _Day, first: datetime, last: datetime) -> list[datetime]:
        """The times worth a look: the first one, and those at which work begins, a calendar opens or a window begins."""
        found = [begins for begins, _ in day.work]
        found.extend(
            value[0] for _, entry, value in self._plain(case.ticket.id).asks if entry.kind == "window" and _instants(value)
        )
        for entry in case.policy.require:
            calendar = case.world.calendars.get(str(entry.open)) if entry.kind == "open" else None
            if isinstance(calendar, OpenTime):
                found.extend(begins for begins, _ in calendar.intervals(first, last + MINUTE))
        whole = (self._whole(case, start) for start in (first, *found))
        return sorted({start for start in whole if first <= start <= last})

    def _whole(self, case: Case, at: datetime) -> datetime:
        """The first whole minute not before an instant."""
        base = case.at.replace(second=0, microsecond=0)
        return base + -((base - at) // MINUTE) * MINUTE

    def _down(self, case: Case, at: datetime) -> datetime:
        """The last whole minute not after an instant."""
        return self._whole(case, at - MINUTE + MOMENT)

    def _days(self, who: Engineer, pinned: bool) -> list[_Day]:
        """The days of somebody, with all of their visits or with the pinned ones only."""
        if (who.id, pinned) not in self.days:
            self.days[who.id, pinned] = list(self._made(who, pinned))
        return self.days[who.id, pinned]

    def _made(self, who: Engineer, pinned: bool) -> Iterator[_Day]:
        routes = [route for route in self.walk.routes if route.candidate == who.id]
        if pinned:
            kept = [tuple(stop for stop in route.stops if stop.ticket in self.walk.pinned) for route in routes]
            routes = [attrs.evolve(route, stops=stops) for route, stops in zip(routes, kept, strict=True)]
        split: list[list[Stretch]] = []
        for stretch in self._work(who):
            if split and stretch[0] - split[-1][-1][1] < REST:
                split[-1].append(stretch)
            else:
                split.append([stretch])
        for work in split:
            mine = [route for route in routes if work[0][0] <= route.leaves <= work[-1][1] and route.stops]
            known = all(stop.ticket in self.walk.cases for route in mine for stop in route.stops)
            if len(mine) <= 1 and known:
                yield _Day(work, self._gaps(who, work, mine[0] if mine else None))

    def _gaps(
        self, who: Engineer, work: list[Stretch], route: Route | None
    ) -> list[tuple[_travel.Place, datetime, _travel.Place, datetime]]:
        here, home = self.walk.ends(who, work[0][0] if route is None else route.leaves)
        left, gaps = work[0][0], []
        for stop in () if route is None else route.stops:
            there = _travel.place_of(self.walk.cases[stop.ticket])
            gaps.append((here, left, there, stop.start))
            here, left = there, stop.end
        return [*gaps, (here, left, home, work[-1][1])]

    def _work(self, who: Engineer) -> list[Stretch]:
        """When somebody works and is not booked for others, in whole minutes, as far as the plan reaches."""
        case = next(iter(self.walk.cases.values()))
        until = self._until(case)
        if until <= case.at:
            return []
        if who.shifts:
            work = [(max(start, case.at), min(end, until)) for start, end in who.shifts]
        elif who.shift is None:
            work = [(case.at, until)]
        else:
            calendar = case.world.calendars.get(who.shift)
            try:
                work = list(calendar.intervals(case.at, until)) if isinstance(calendar, OpenTime) else []
            except (TimeError, LimitError):
                work = []
        joined: list[Stretch] = []
        for start, end in sorted(work):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        work = [(self._whole(case, start), self._down(case, end)) for start, end in joined]
        for start, end in (*who.absences, *self.walk.taken(who)):
            if start < end:
                gone = self._down(case, start), self._whole(case, end)
                cut = [part for begins, ends in work for part in ((begins, min(ends, gone[0])), (max(begins, gone[1]), ends))]
                work = [part for part in cut if part[0] < part[1]]
        return [part for part in work if part[0] < part[1]]

    def _until(self, case: Case) -> datetime:
        """How far the plan reaches, as far as that is known."""
        routing = self.walk.routing
        if routing is None:
            return max((route.back for route in self.walk.routes), default=case.at)
        if routing.until is not None:
            return routing.until
        stays = [one.need.stay.end for one in self.walk.cases.values() if one.need.stay is not None]
        return max([self._whole(case, case.at) + timedelta(days=1), *stays])


def _instants(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], datetime)
