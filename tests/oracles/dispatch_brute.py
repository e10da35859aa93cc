"""Knows who fits and which plan is best by trying everything; must not know how servflow decides."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from servflow.model import Engineer, Ticket, World


def fits(
    policy: Mapping[str, Any], ticket: Ticket, world: World, at: datetime, engineer: Engineer, capacity: bool = True
) -> bool:
    """
    Whether an engineer may take a ticket under a policy whose requirements name fields only.

    Read off the definition, requirement by requirement, without relaxations.
    """
    fields = ticket.fields
    for requirement in policy["require"]:
        if "skill" in requirement and fields.get(requirement["skill"]) is not None:
            needed = fields.get(requirement["level"], 1) if "level" in requirement else 1
            if engineer.skills.get(fields[requirement["skill"]], 0) < needed:
                return False
        if "area" in requirement and fields.get(requirement["area"]) is not None:
            above = fields[requirement["area"]]
            while above is not None and above not in engineer.areas:
                above = world.areas.get(above)
            if above is None:
                return False
        if "open" in requirement and engineer.shift is not None and not world.calendars[engineer.shift].is_open(at):
            return False
        if "certificate" in requirement and fields.get(requirement["certificate"]) is not None:
            name = fields[requirement["certificate"]]
            if name not in engineer.certificates:
                return False
            expires = engineer.certificates[name]
            if expires is not None and expires <= at:
                return False
        below = "below" in requirement and engineer.capacity is not None
        if capacity and below and world.loads.get(engineer.id, 0) >= engineer.capacity:
            return False
    if world.presence.get(engineer.id) in ("away", "offline"):
        return False
    if any(start <= at < end for start, end in engineer.absences):
        return False
    if engineer.id in world.forbidden.get(ticket.customer, ()):
        return False
    slot = ticket.slots.get(policy.get("slot", "assignee"))
    return slot is None or engineer.id not in slot.declined


def best_plan(
    points: Mapping[tuple[str, str], tuple[int, ...]], tickets: Sequence[str], room: Mapping[str, int], levels: int
) -> tuple[int, ...]:
    """
    The best objective over every way to give out the tickets.

    Args:
        points: (ticket, candidate) -> totals per level, for the pairs that fit.
        tickets: the tickets.
        room: how many tickets each candidate can take.
        levels: how many levels there are.
    """
    best: tuple[int, ...] = (-1,)
    options = [[None, *(who for name, who in points if name == ticket)] for ticket in tickets]
    for chosen in itertools.product(*options):
        used = [who for who in chosen if who is not None]
        if any(used.count(who) > room[who] for who in set(used)):
            continue
        totals = [0] * levels
        for ticket, who in zip(tickets, chosen, strict=True):
            if who is not None:
                totals = [total + value for total, value in zip(totals, points[ticket, who], strict=True)]
        best = max(best, (len(used), *totals))
    return best


# every requirement, with everything that is relaxed ---------------------------------------------------------------

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


class Reading:
    """
    What a policy admits, read requirement by requirement and instant by instant.

    Expressions name fields, or are ``True`` or whole numbers. Every shift, absence, expiry and visit is to lie on whole
    hours: then a visit is covered if it is at its first instant and at every whole hour within it.
    """

    def __init__(self, policy: Mapping[str, Any], ticket: Ticket, world: World, stage: int = 0) -> None:
        self.policy, self.ticket, self.world = policy, ticket, world
        self.steps = policy.get("relax", [])[:stage]
        self.sites = {site.id: site for site in (*world.outlets, *world.providers)}
        visit = policy.get("visit")
        start = None if visit is None else self.ask(visit["start"]) if "start" in visit else "now"
        self.visit = None if start is None else (start, visit["minutes"] * HOUR / 60, visit.get("window", 0) * HOUR / 60)

    def ask(self, value: Any) -> Any:
        """What an expression gives for this ticket."""
        return self.ticket.fields.get(value) if isinstance(value, str) else value

    def names(self, value: Any) -> list[str]:
        """What is asked for, as a list."""
        asked = self.ask(value)
        return [] if asked is None else [asked] if isinstance(asked, str) else list(asked)

    def relaxed(self, step: str, requirement: Mapping[str, Any]) -> int:
        """How often a kind of relaxation named a requirement."""
        count = 0
        for one in self.steps:
            named = one.get(step, [])
            named = [named] if isinstance(named, str) else named
            count += sum(name in (requirement.get("name"), kind_of(requirement)) for name in named)
        return count

    def fits(self, who: Any, at: datetime) -> bool:
        """Whether a candidate may take the ticket."""
        required = (item for item in self.policy["require"] if not item.get("optional"))
        return self.available(who, at) and self.belongs(who) and all(self.meets(item, who, at) for item in required)

    def meets(self, requirement: Mapping[str, Any], who: Any, at: datetime) -> bool:
        """Whether a candidate meets one requirement, or it was dropped."""
        if self.relaxed("drop", requirement):
            return True
        read = getattr(self, f"_{kind_of(requirement)}")
        return bool(read(requirement, who, at))

    def available(self, who: Any, at: datetime) -> bool:
        """Neither away nor offline, absent, forbidden or somebody who declined."""
        slot = self.ticket.slots.get(self.policy.get("slot", "assignee"))
        return (
            (self.world.presence.get(who.id) not in ("away", "offline") or self.ahead(at))
            and who.id not in self.world.forbidden.get(self.ticket.customer, ())
            and (slot is None or who.id not in slot.declined)
            and self.present(who, at)
        )

    def ahead(self, at: datetime) -> bool:
        """Whether the visit is so far ahead that it does not count yet who is away; hours, as ``2h``."""
        if "presence" not in self.policy or self.visit is None or self.visit[0] == "now":
            return False
        return bool(at < self.visit[0] - int(self.policy["presence"][:-1]) * HOUR)

    def present(self, who: Any, at: datetime) -> bool:
        """Not absent at any time of the visit."""
        return self.possible(at, lambda now: not absent(who, now))

    def belongs(self, who: Any) -> bool:
        """Part of the outlet that ``of`` names, or of one that was let in beside it."""
        if "of" not in self.policy:
            return True
        outlet = self.ticket.outlet
        count = sum("of" in one.get("neighbours", []) for one in self.steps)
        return outlet is not None and who.outlet in self.around({outlet}, count)

    def around(self, sites: set[str], count: int) -> set[str]:
        """These outlets and those up to so many steps away."""
        for _ in range(count):
            sites = sites | {near for one in sites if one in self.sites for near in self.sites[one].neighbours}
        return sites

    def possible(self, at: datetime, free: Callable[[datetime], bool]) -> bool:
        """Whether there is an instant to begin at so that somebody is free for all of the visit."""
        if self.visit is None:
            return free(at)
        start, length, window = self.visit
        first, last = (at, at + window) if start == "now" else (start, start + window)
        if start != "now" and at >= last + length:  # it is over: now counts
            return free(at)
        if start != "now" and at > first:
            first = at
            if at > last:  # it has begun for good: what is left of it counts
                length -= at - last
                last = at
        begins = [first, *(hour for hour in hours_after(first, last + TICK))]
        return any(all(free(now) for now in [begin, *hours_after(begin, begin + length)]) for begin in begins)

    def on_shift(self, who: Any, now: datetime) -> bool:
        """At work by the roster, else by the calendar."""
        if getattr(who, "shifts", ()):
            return any(start <= now < end for start, end in who.shifts)
        return who.shift is None or (who.shift in self.world.calendars and self.world.calendars[who.shift].is_open(now))

    # One for each kind of requirement, named after it.

    def _skill(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        least = (self.ask(entry["level"]) if "level" in entry else 1) or 1
        lowered = max(least - self.relaxed("lower", entry), min(1, least))
        return all(who.skills.get(name, 0) >= lowered for name in self.names(entry["skill"]))

    def _area(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        asked = self.names(entry["area"])
        if not asked or all(self.serves(who, area, entry) for area in asked):
            return True
        beside = self.relaxed("neighbours", entry)
        inside = {name for name, site in self.sites.items() if all(self.serves(site, area, entry) for area in asked)}
        mine = who.id if who.id in self.sites else getattr(who, "outlet", None)
        return bool(beside) and mine in self.around(inside, beside)

    def serves(self, who: Any, area: str, entry: Mapping[str, Any]) -> bool:
        """Whether somebody serves an area, one around it, or any part of what it was widened to."""
        above = [name for _, name in self.above(area)]
        wide = above[min(self.relaxed("widen", entry), len(above) - 1)]
        for one in who.areas:
            up = one
            while up is not None and up != wide:
                up = self.world.areas.get(up)
            if one in above or (up == wide and self.relaxed("widen", entry)):
                return True
        return False

    def _open(self, entry: Mapping[str, Any], who: Any, at: datetime) -> bool:
        return self.possible(at, lambda now: self.on_shift(who, now))

    def _window(self, entry: Mapping[str, Any], who: Any, at: datetime) -> bool:
        if self.visit is None:
            return True
        return self.possible(at, lambda now: self.on_shift(who, now) and not absent(who, now))

    def _certificate(self, entry: Mapping[str, Any], who: Any, at: datetime) -> bool:
        asked = self.names(entry["certificate"])
        held = getattr(who, "certificates", {})
        if not all(name in held for name in asked):
            return False
        return not asked or self.possible(at, lambda now: all(held[name] is None or now < held[name] for name in asked))

    def _below(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        takes = self.ask(self.policy.get("takes", 1))
        takes = 1 if takes is None else takes
        load = self.world.loads.get(who.id, 0)
        if entry["below"] not in ("normal", "capacity"):
            return load + takes <= self.ask(entry["below"])
        normal = entry["below"] == "normal" and not any("below" in one for one in self.steps)
        most = who.normal if normal and who.normal is not None else who.capacity
        if most is not None and load + takes > most:
            return False
        limits = who.per_channel.get(self.ticket.channel) if self.ticket.channel else None
        if limits is None:
            return True
        most = limits.normal if normal and limits.normal is not None else limits.most
        busy = self.world.channel_loads.get(who.id, {}).get(self.ticket.channel, 0)
        return most is None or busy + takes <= most

    def _language(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        return all(name in who.languages for name in self.names(entry["language"]))

    def _part(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        return all(who.parts.get(name, 0) >= 1 for name in self.names(entry["part"]))

    def _channel(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        channel = self.ticket.channel if entry["channel"] == "channel" else self.ask(entry["channel"])
        return channel is None or who.serves is None or channel in who.serves

    def _contract(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        site = who if who.id in self.sites else self.sites.get(who.outlet)
        held = site.contracts if site is not None else ()
        return all(name in held or name.split("/")[0] in held for name in self.names(entry["contract"]))

    def _preferred(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        if entry["preferred"] is True:
            named = self.world.preferred.get(self.ticket.customer, ()) if self.ticket.customer else ()
        else:
            named = self.names(entry["preferred"])
        return not named or who.id in named

    def _separate(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        return all(self.ticket.last_actors.get(word) != who.id for word in entry["separate"].split())

    def _other_than(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        return who.id not in self.names(entry["other_than"])

    def _travel(self, entry: Mapping[str, Any], who: Any, _: datetime) -> bool:
        # Between areas only: what the world says of the nearest two around them, in that direction.
        asked = self.ask(entry["travel"])
        if asked is None:
            return True
        # Where the ticket is, is the area that the policy asks for, else its field of that name.
        place = next((item["area"] for item in self.policy["require"] if "area" in item), "area")
        here, there = who.areas[0] if len(who.areas) == 1 else None, self.ask(place)
        if there is None or here is None:
            return False
        ways = [
            (up + down, up, self.world.travel.get(a, {}).get(b)) for up, a in self.above(here) for down, b in self.above(there)
        ]
        known = min((way for way in ways if way[2] is not None), default=None)
        minutes = known[2] if known is not None else 0 if here == there and here in self.world.travel else None
        return minutes is not None and minutes <= asked * (1 + self.relaxed("widen", entry))

    def above(self, area: str) -> list[tuple[int, str]]:
        """An area and those around it, with how far up each is."""
        found = [area]
        while self.world.areas.get(found[-1]) is not None:
            found.append(self.world.areas[found[-1]])
        return list(enumerate(found))


def kind_of(requirement: Mapping[str, Any]) -> str:
    """The kind of a requirement: its first key."""
    return next(iter(requirement))


def absent(who: Any, now: datetime) -> bool:
    """Whether somebody is absent at an instant."""
    return any(start <= now < end for start, end in getattr(who, "absences", ()))


def hours_after(first: datetime, until: datetime) -> list[datetime]:
    """Every whole hour after an instant, before another one."""
    now = first.replace(minute=0, second=0, microsecond=0) + HOUR
    found = []
    while now < until:
        found.append(now)
        now += HOUR
    return found
