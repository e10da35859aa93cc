"""Knows which visits of a ticket can be booked and who could come; must not know how a booking is kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from servflow.dispatch._case import Case, bindings_of
from servflow.dispatch._check import STATIC
from servflow.dispatch._checks import checks
from servflow.dispatch._choice import Choice
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._waiting import AppointmentOptions
from servflow.errors import InputError, TimeError
from servflow.model import EMPTY, Appointment, Ticket, World, instant, replace, write_instant

_DAY = timedelta(days=1)


class Hours(Protocol):
    """What the booking of visits needs of a calendar."""

    def intervals(self, a: datetime, b: datetime) -> Any: ...


@frozen(kw_only=True)
class Window:
    """
    A visit that can be booked, half-open ``[start, end)`` in UTC: how many could come, and who, the best first.

    ``choice`` has every verdict, where an explanation was asked for.
    """

    start: datetime
    end: datetime
    count: int
    who: tuple[str, ...] = ()
    choice: Choice | None = field(default=None, eq=False)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        data: dict[str, Any] = {
            "start": write_instant(self.start),
            "end": write_instant(self.end),
            "count": self.count,
            "who": list(self.who),
        }
        if self.choice is not None:
            data["choice"] = self.choice.as_data()
        return data


def options_of(policy: Policy) -> AppointmentOptions:
    """
    How visits are booked under a policy.

    Raises:
        InputError: it has no ``appointment``.
    """
    if policy.appointment is None:
        raise InputError(
            f"policy {policy.name!r} says nothing of appointments; give it appointment: {{zone: ..., minutes: ...}}",
            code="dispatch.no_appointment",
            policy=policy.name,
        )
    return policy.appointment


def slots(
    policy: Policy | Mapping[str, Any],
    ticket: Ticket,
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    days: int | None = None,
    hours: Hours | None = None,
    explain: bool = False,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
) -> tuple[Window, ...]:
    """
    The visits that can be booked now, in order, with how many could come to each.

    Args:
        policy: the policy, or its mapping; it has ``appointment``.
        ticket: whose visit it is; one that is booked already does not stand in its own way.
        world: who could come; ``booked`` says when they are with others. Presence does not count for a visit to come.
        at: aware instant of asking.
        days: only so many days, today included; at most as many as the policy says.
        hours: the calendar that the policy names; by default the world's of that name.
        explain: give every window, also those to which nobody can come, each with all verdicts.
        bindings: what expressions read besides the ticket's fields and attributes.
        hooks: the host's registered functions.

    Raises:
        InputError: the policy has no ``appointment``, or its calendar is not known.
        ExpressionError: it cannot be computed how long the visit lasts.
        TimeError: *at* is naive.
    """
    policy = Policy.read(policy)
    read = World.of(world) or World()
    at = instant(at)
    more: dict[str, Any] = {"bindings": bindings, "hooks": hooks}
    found: list[Window] = []
    narrow: World | None = None
    for start, end in windows(policy, ticket, read, at, days=days, hours=hours, bindings=bindings):
        if narrow is None:
            narrow = read if explain else _narrowed(policy, ticket, read, (at, start, end), more)
        choice = choose(policy, ticket, narrow, at, (start, end), explain=explain, **more)
        if choice.ranked or explain:
            who = tuple(item.id for item in choice.ranked)
            found.append(Window(start=start, end=end, count=len(who), who=who, choice=choice if explain else None))
    return tuple(found)


def free_near(
    policy: Policy,
    ticket: Ticket,
    world: World,
    at: datetime,
    start: datetime,
    *,
    most: int,
    hours: Hours | None = None,
    hooks: Hooks | None = None,
) -> tuple[datetime, ...]:
    """The beginnings of the visits nearest to an instant to which somebody can come, in order; no others are looked at."""
    pairs = sorted(windows(policy, ticket, world, at, hours=hours), key=lambda pair: (abs(pair[0] - start), pair[0]))
    found: list[datetime] = []
    narrow = _narrowed(policy, ticket, world, (at, *pairs[0]), {"hooks": hooks}) if pairs else world
    for pair in pairs:
        if len(found) == most:
            break
        if choose(policy, ticket, narrow, at, pair, hooks=hooks).ranked:
            found.append(pair[0])
    return tuple(sorted(found))


def choose(
    policy: Policy,
    ticket: Ticket,
    world: World,
    at: datetime,
    window: tuple[datetime, datetime],
    *,
    explain: bool = False,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
) -> Choice:
    """Who could come to a visit, the best first: everything is asked as of the visit, not as of now."""
    start, _ = window
    asked, seen = _as_of(policy, ticket, world, at, window)
    choice = evaluate(policy, asked, seen, start, explain=explain, bindings=bindings, hooks=hooks)
    return evolve(choice, mode="appointment", action="book" if choice.ranked else "wait", to=())


def _as_of(
    policy: Policy, ticket: Ticket, world: World, at: datetime, window: tuple[datetime, datetime]
) -> tuple[Ticket, World]:
    start, end = window
    held = ticket.appointment
    base = held if held is not None else Appointment(policy=policy.name, slot=policy.slot, phase="none")
    asked = replace(ticket, appointment=evolve(base, phase="booked", start=start, end=end, to=None))
    seen = world
    if held is not None and held.booked and held.to is not None:
        seen = without(world, held)
    if start > at and seen.presence:
        seen = seen.with_presence({}, version=world.version)
    return asked, seen


def without(world: World, held: Appointment) -> World:
    """The world in which one visit is not booked: whoever moves it may take of its own time."""
    booked = world.booked.get(held.to or "")
    if not booked or held.start is None or held.end is None:
        return world
    rest = []
    for start, end in booked:
        if end <= held.start or held.end <= start:
            rest.append((start, end))
            continue
        rest += [pair for pair in ((start, held.start), (held.end, end)) if pair[0] < pair[1]]
    return world.with_booked({**world.booked, str(held.to): rest}, version=world.version)


_LASTING = frozenset(
    {"of", "skill", "area", "contract", "language", "part", "other_than", "channel", "preferred", "separate", "forbidden"}
)


def _narrowed(
    policy: Policy, ticket: Ticket, world: World, when: tuple[datetime, datetime, datetime], more: Mapping[str, Any]
) -> World:
    """
    The world without those who cannot come at any time, so that they are looked at once and not for every window.

    What is asked of a skill or an area is the same for every window, unless an expression reads the window itself.
    """
    if policy.candidates not in ("engineers", "agents", "bots", "people") or "appointment" in {
        name.split(".", 1)[0] for name in policy.reads
    }:
        return world
    at, start, end = when
    asked, _ = _as_of(policy, ticket, world, at, (start, end))
    case = Case.make(policy, asked, world, start, **more)
    lasting = [one for one in checks(case) if one.excludes and one.phase == STATIC and one.kind in _LASTING]
    kept = {who.id for who in case.candidates if all(one.passes(who) for one in lasting)}
    sorts = {sort: tuple(who for who in getattr(world, sort) if who.id in kept) for sort in ("engineers", "agents", "bots")}
    return world._with(world.version, sorts)


def windows(
    policy: Policy,
    ticket: Ticket,
    world: World,
    at: datetime,
    *,
    days: int | None = None,
    hours: Hours | None = None,
    bindings: Mapping[str, Any] | None = None,
) -> Iterator[tuple[datetime, datetime]]:
    """The visits that the policy offers at an instant, whoever could come to them, in order; see ``AppointmentOptions``."""
    options = options_of(policy)
    calendar = _calendar(options, world, hours)
    zone = ZoneInfo(options.zone or getattr(calendar, "days_zone", None) or "UTC")
    length = options.length(bindings_of(ticket, bindings or EMPTY))
    wanted = options.days if days is None else max(0, min(days, options.days))
    try:
        first = at + options.lead.exact
        today = at.astimezone(zone).date()
        starts = list(_starts(options, zone, today, wanted, first))
        until = starts[-1] + length if starts else first
        open_ = None if calendar is None else [tuple(pair) for pair in calendar.intervals(first, until)]
    except OverflowError:
        raise TimeError("the visits asked for left the years 1 to 9999", code="range") from None
    openings = [] if open_ is None else [pair[0] for pair in open_]
    for start in starts:
        end = start + length
        if open_ is not None:
            place = bisect_right(openings, start) - 1
            if place < 0 or open_[place][1] < end:
                continue
        yield start, end


def _starts(options: AppointmentOptions, zone: ZoneInfo, today: date, days: int, first: datetime) -> Iterator[datetime]:
    """Every beginning from *first* on, in UTC and in order."""
    found = []
    for number in range(days):
        day = today + timedelta(days=number)
        for minute in range(0, 24 * 60, options.step):
            wall = datetime.combine(day, time(minute // 60, minute % 60))
            start = wall.replace(tzinfo=zone).astimezone(UTC)
            # A time that the clock skips reads back as another one.
            if start >= first and start.astimezone(zone).replace(tzinfo=None) == wall:
                found.append(start)
    return iter(sorted(set(found)))


def _calendar(options: AppointmentOptions, world: World, hours: Hours | None) -> Any:
    if hours is not None or options.calendar is None:
        return hours if options.calendar is not None else None
    calendar = world.calendars.get(options.calendar)
    if calendar is None or not hasattr(calendar, "intervals"):
        raise InputError(
            f"the world has no calendar {options.calendar!r} in which visits could be booked; give it, or pass hours",
            code="dispatch.calendar",
            calendar=options.calendar,
        )
    return calendar


__all__ = ["Window", "choose", "free_near", "options_of", "slots", "windows"]
