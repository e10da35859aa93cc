"""Knows what other calendars would make of tickets' clocks; must not know where tickets are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import sla
from servflow.calendars import OpenTime, from_data
from servflow.engine._calendar_changes import PastCalendars, counts_until_now
from servflow.errors import InputError, LimitError, nearest, shown
from servflow.model import ClockRun, FrozenMap, Ticket, World
from servflow.sla import ClockChange, Redue

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

_LIVE = ("running", "paused")

Found = bool | ClockChange | list[ClockChange]
"""What is known of a ticket: nothing differs, it must be advanced (True), or what differs."""


class OneCalendar:
    """The new edition of a workflow's only calendar, whatever that is called."""

    def __init__(self, calendar: Any) -> None:
        self.calendar = calendar


Calendars = Mapping[str, Any] | OpenTime | OneCalendar


def given_calendars(calendars: Any, calendar: Any) -> Calendars:
    """
    The calendars that change, from either way to say them.

    Raises:
        InputError: both were given, or neither, or something else.
    """
    if (calendars is None) == (calendar is None):
        said = "say which calendars change: calendars={name: calendar}, or calendar=... where there is only one"
        raise InputError(said if calendar is None else f"{said}; not both", code="calendars")
    if calendar is None:
        given: Calendars = calendars
        return given
    if not isinstance(calendar, (OpenTime, Mapping)):
        raise InputError(f"a calendar or the data of one was expected, not {shown(calendar)}", code="calendars")
    return OneCalendar(calendar)


def with_calendars(workflow: Workflow, calendars: Calendars) -> Workflow:
    """
    The same definition counting by other calendars; it has the same hash, since these are versioned apart.

    Raises:
        InputError: a name is none of its calendars, with a did-you-mean; or it has several and none is named.
        DefinitionError: a calendar cannot be read.
    """
    known = workflow.named_calendars
    given: object = calendars
    if isinstance(given, (OpenTime, OneCalendar)):
        if len(known) != 1:
            names = ", ".join(known) or "none"
            said = f"say which calendar changes: calendars={{name: calendar}}; {workflow.workflow} has {names}"
            raise InputError(said, code="calendars", names=tuple(known))
        given = dict.fromkeys(known, given.calendar if isinstance(given, OneCalendar) else given)
    if not isinstance(given, Mapping):
        raise InputError(f"calendars are a mapping of names to calendars, not {shown(given)}", code="calendars")
    new: dict[str, OpenTime] = {}
    for name, value in given.items():
        if name not in known:
            close = nearest(name, known) if isinstance(name, str) else None
            hint = f"did you mean {close!r}?" if close else f"it has {', '.join(known) or 'none'}"
            raise InputError(f"{workflow.workflow} has no calendar {shown(name)}; {hint}", code="calendars", name=name)
        new[name] = value if isinstance(value, OpenTime) else from_data(value)
    past = (*workflow.past_calendars, PastCalendars(FrozenMap(known)))
    return attrs.evolve(workflow, host_calendars={**workflow.host_calendars, **new}, past_calendars=past)


@attrs.define
class _Group:
    """The runs of one clock under one calendar, side by side: a value for each would cost more than counting it."""

    places: list[int] = attrs.field(factory=list)
    tickets: list[str] = attrs.field(factory=list)
    runs: list[ClockRun] = attrs.field(factory=list)
    since: list[datetime] = attrs.field(factory=list)


def recompute(
    before: Workflow | None, after: Workflow, tickets: Iterable[Ticket], at: datetime, world: World | None = None
) -> tuple[ClockChange, ...]:
    """
    Every clock that two editions of the calendars see otherwise, in the order of the tickets and of their clocks.

    Args:
        before: the definition with the calendars so far; None: they are gone, and each ticket is told as it is held.
        after: the same definition with the other calendars.
        tickets: as the host holds them.
        at: the instant to compare at, in UTC; a ticket that is ahead is compared at its own.
        world: what dispatch may read in what happens until then.
    """
    return Recount(before, after, at, world).of(tickets)


class Recount:
    """One comparison of many tickets: those that sleep over the whole of it are counted in bulk, the others are advanced."""

    def __init__(self, before: Workflow | None, after: Workflow, at: datetime, world: World | None) -> None:
        self._before, self._after, self._at, self._world = before, after, at, world
        self._pinned = None if before is None else before.calendars_hash
        self._others: dict[str, tuple[OpenTime, OpenTime]] = {}
        if before is not None:
            new = after.compiled.calendars
            self._others = {name: (cal, new[name]) for name, cal in before.compiled.calendars.items() if cal != new[name]}
        self._clocks = {plan.clock.name: plan.clock for plan in after.compiled.clocks}
        above = {clock.parent for clock in self._clocks.values()}
        known = self._pinned is not None and counts_until_now(after.compiled, self._pinned)
        self._plain = frozenset(
            name
            for name, clock in self._clocks.items()
            if name not in above and clock.parent is None and (known or clock.on_calendar_change == "recompute")
        )

    def of(self, tickets: Iterable[Ticket]) -> tuple[ClockChange, ...]:
        """What differs for these tickets."""
        held: list[Ticket] = []
        found: list[Found] = []
        groups: dict[tuple[str, str], _Group] = {}
        name, at, others, plain, pinned = self._after.workflow, self._at, self._others, self._plain, self._pinned
        deciding = self._world is not None
        several: object = tickets
        if isinstance(several, Ticket) or not isinstance(several, Iterable):
            raise InputError(f"pass a list of Tickets, not {shown(several)[:200]}", code="argument")
        for ticket in tickets:
            given: object = ticket
            if not isinstance(given, Ticket) or given.workflow != name:
                raise self._stranger(given)
            held.append(ticket)
            wake = ticket.wake
            if ticket.at > at or (wake is not None and wake <= at) or ticket.pins.get("calendars") != pinned:
                found.append(True)  # something else than its calendars may change it until then
                continue
            found.append(deciding and bool(ticket.slots))
            for run in ticket.clocks.values():
                calendar = run.calendar
                if calendar is None or calendar not in others or run.phase not in _LIVE:
                    continue
                if run.name not in plain:
                    found[-1] = True
                    break
                group = groups.get((run.name, calendar))
                if group is None:
                    group = groups[run.name, calendar] = _Group()
                group.places.append(len(found) - 1)
                group.tickets.append(ticket.id)
                group.runs.append(run)
                group.since.append(ticket.at)
        for (clock, calendar), group in groups.items():
            redue = Redue(self._clocks[clock], *others[calendar], at)
            counted = redue.many(group.tickets, group.runs, group.since)
            for place, one in zip(group.places, counted, strict=True):
                if one is not False:
                    found[place] = _joined(found[place], one)
        return tuple(self._flat(held, found))

    def _flat(self, held: list[Ticket], found: list[Found]) -> Iterator[ClockChange]:
        for ticket, one in zip(held, found, strict=True):
            if one is True:
                yield from self._slowly(ticket)
            elif isinstance(one, ClockChange):
                yield one
            elif one:
                order = list(ticket.clocks)
                yield from sorted(one, key=lambda change: order.index(change.clock))

    def _slowly(self, ticket: Ticket) -> list[ClockChange]:
        """One ticket, by advancing it under either edition."""
        at = max(self._at, ticket.at)
        before = ticket if self._before is None or self._stale(ticket) else _brought(self._before, ticket, at, self._world)
        after = _brought(self._after, ticket, at, self._world)
        old = None if before is ticket and (self._before is None or self._stale(ticket)) else self._before
        return [
            change
            for name in dict.fromkeys((*before.clocks, *after.clocks))
            if (
                change := ClockChange(
                    ticket=ticket.id,
                    clock=name,
                    at=at,
                    before=_standing(old, before.clocks.get(name), at),
                    after=_standing(self._after, after.clocks.get(name), at),
                )
            ).differs
            if not _unknown_only(change)
        ]

    def _stale(self, ticket: Ticket) -> bool:
        return ticket.pins.get("calendars", self._pinned) != self._pinned

    def _stranger(self, ticket: object) -> InputError:
        if not isinstance(ticket, Ticket):
            return InputError(f"pass Tickets, not a {type(ticket).__name__}; load_ticket(row) reads a stored one")
        return InputError(
            f"ticket {ticket.id} belongs to workflow {ticket.workflow!r}, not {self._after.workflow!r}",
            ticket=ticket.id,
            workflow=ticket.workflow,
        )


def _joined(known: Found, more: bool | ClockChange) -> Found:
    if isinstance(known, bool) or isinstance(more, bool):
        return known is True or more
    return [*known, more] if isinstance(known, list) else [known, more]


def _unknown_only(change: ClockChange) -> bool:
    """Whether nothing differs but what is not known of before."""
    before = change.before
    return before is not None and before.counted is None and set(change.differs) <= {"counted", "remaining", "due_if_resumed"}


def _standing(flow: Workflow | None, run: ClockRun | None, at: datetime) -> sla.Standing | None:
    if run is None:
        return None
    if flow is not None:
        clock = next((plan.clock for plan in flow.compiled.clocks if plan.clock.name == run.name), None)
        return sla.standing(run, at, flow.compiled.counting(run.calendar), clock)
    # By which calendar it was counted is not known any more: only what stands on the ticket is told.
    told = sla.standing(run, run.since or at, None)
    ended = run.phase not in _LIVE
    return attrs.evolve(
        told,
        counted=run.counted if ended else None,
        remaining=told.within - run.counted if ended else None,
        due_if_resumed=None,
        late=run.breached_at is not None or (run.phase == "running" and run.due is not None and run.due <= at),
    )


def _brought(flow: Workflow, ticket: Ticket, at: datetime, world: World | None) -> Ticket:
    """The ticket as of an instant, a very long sleep in several steps."""
    while True:
        try:
            return flow.advance(ticket, at=at, world=world).ticket
        except LimitError as error:
            reached = error.facts.get("reached")
            if reached is None or reached <= ticket.at:
                raise
            ticket = flow.advance(ticket, at=reached, world=world).ticket


__all__ = ["Recount", "recompute", "with_calendars"]
