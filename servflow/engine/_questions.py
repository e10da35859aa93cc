"""Knows the questions about what would be: what if, forecast, recompute; must not know how any of them is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from servflow.calendars import OpenTime
from servflow.dispatch import Again, Choice, Unblock, WhyNot
from servflow.engine import _forecast, _plan, _recompute, _what_if, _who
from servflow.engine._given import Given
from servflow.engine._visiting import Visiting
from servflow.engine._what_if import WhatIf
from servflow.escalation import Plan
from servflow.model import Record, Span, Ticket, World, instant
from servflow.sla import ClockChange, Forecast

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

WorldLike = World | Mapping[str, Any] | None


class Questions(Visiting):
    """What can be asked of a workflow about a ticket before anything is done; nothing here changes anything."""

    def what_if(
        self,
        ticket: Ticket,
        *,
        at: datetime,
        world: WorldLike = None,
        calendars: Mapping[str, Any] | OpenTime | None = None,
        until: datetime | None = None,
        event: str | None = None,
        fields: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> WhatIf:
        """
        What a change would make of a ticket: new dues, warnings, breaches, and all that would follow.

        The code that would make the change makes it on a copy: rules run, clocks are retargeted, dispatch decides. Nothing is
        committed and nobody's permission is asked; whatever a person's change would overrule is overruled.

        Args:
            ticket: the ticket as the host holds it.
            at: aware instant of the change.
            world: what decisions may read of the world outside.
            calendars: other calendars to try, by name, as ``recompute`` takes them.
            until: a horizon: what time alone would do until then is told as well, with the change and without.
            event: one to try in place of ``ticket.update``; *fields* are its payload then.
            fields: what would be set, for names that are also parameters of this method.
            named: fields and attributes by name: ``priority=1``. A priority may be spelled ``"P1"`` to ``"P9"`` here.

        Raises:
            Refused: a name or a value does not fit, with a did-you-mean (``payload``), the event is not possible here, or *at*
                lies more than 5 s behind the ticket (``past``).
            InputError: nothing to change was given, a name was given twice, or a calendar is unknown.
            TimeError: an instant is naive.
        """
        change = _what_if.Change.of(event, fields, named, calendars, until)
        return _what_if.what_if(cast("Workflow", self), ticket, change, Given.of(at, None, world, None))

    def forecast(
        self,
        ticket: Ticket,
        clock: str,
        estimate: Span | timedelta | str,
        *,
        at: datetime,
        world: WorldLike = None,
    ) -> Forecast:
        """
        Whether work that starts at an instant is done before a clock is due, and the last instant at which it may start.

        Args:
            ticket: the ticket as the host holds it.
            clock: the name of one of the workflow's clocks.
            estimate: the work as counted time: a ``timedelta``, ``4h`` or ``2 business days``.
            at: aware instant at which the work would start.
            world: what decisions may read, for what happens until *at*.

        Raises:
            InputError: no such clock, with a did-you-mean; or the estimate is no length of work.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive, or the estimate is no length of time.
        """
        return _forecast.forecast(cast("Workflow", self), ticket, clock, estimate, Given.of(at, None, world, None))

    def choice(self, ticket: Ticket, *, at: datetime, world: WorldLike, slot: str | None = None) -> Choice:
        """
        Whom dispatch would choose now, with every verdict; nothing is done.

        Offers that run out and relaxations that come until then have happened, but nothing is decided on the way.

        Args:
            ticket: the ticket as the host holds it.
            at: aware instant to decide at.
            world: the snapshot to decide with.
            slot: the name of a slot or of a dispatch entry; where left out, the entry that runs or would begin.

        Raises:
            InputError: there is no such entry, with a did-you-mean, or several could be meant; or no world is given.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive.
        """
        return _who.choice(cast("Workflow", self), ticket, Given.of(at, None, world, None), slot)

    def why_not(self, ticket: Ticket, candidate: str, *, at: datetime, world: WorldLike, slot: str | None = None) -> WhyNot:
        """
        Why somebody does not get the ticket: every rule that keeps them out, or who is ahead of them and by what.

        Args:
            candidate: the id of an engineer, outlet or whomever the entry chooses among; the rest is as for ``choice``.

        Raises:
            InputError: nobody of that id can be chosen, with a did-you-mean; else as ``choice``.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive.
        """
        return _who.why_not(cast("Workflow", self), ticket, candidate, Given.of(at, None, world, None), slot)

    def unblock(self, ticket: Ticket, *, at: datetime, world: WorldLike, slot: str | None = None, limit: int = 10) -> Unblock:
        """
        The smallest single changes to time, world, ticket or policy after which somebody fits; see ``dispatch.unblock``.

        Args:
            limit: how many changes of each kind are given at most; the rest is as for ``choice``.

        Raises:
            InputError: as ``choice``.
            LimitError: *limit* is no whole number from 1 on.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive.
        """
        return _who.unblock(cast("Workflow", self), ticket, Given.of(at, None, world, None), slot, limit)

    def again(self, records: Iterable[Record], *, world: WorldLike, sequence: int | None = None) -> Again:
        """
        Decide a recorded choice of dispatch again, on the ticket as it was, and say what differs.

        Args:
            records: the ticket's own, from ``Opened`` on.
            world: the snapshot to decide with: that of the version which the record names, or another one.
            sequence: the number of the record; the latest decision where left out.

        Raises:
            InputError: there is no such decision, no such entry any more, or the records are no beginning of a log.
        """
        return _who.again(cast("Workflow", self), records, sequence, World.of(world))

    def plan(
        self,
        ticket: Ticket | Mapping[str, Any] | None = None,
        *,
        at: datetime,
        until: datetime,
        chain: str | None = None,
        script: Iterable[tuple[Any, ...]] = (),
        world: WorldLike = None,
        down: Iterable[tuple[datetime, datetime]] = (),
    ) -> Plan:
        """
        What the chains would do to a ticket if nothing else happened: levels, recipients, outcomes and reasons, by the verbs.

        A copy of the ticket is advanced and fired at as a host would that wakes it whenever it asked for it. Nothing is
        committed. Half-open: what is set for *until* happens only once time is past it, and is not planned.

        Args:
            ticket: one as the host holds it, which is caught up in one call first; or the fields of one that is opened for
                this at *at*, or nothing where it needs none.
            at: aware instant to look from.
            until: where to stop looking.
            chain: only what this one does; all of them unless given.
            script: what happens meanwhile, as (instant, event, payload, actor), the last two where they matter. Events are
                the workflow's own, or short words for what people do to runs: ``ack``, ``unack``, ``snooze``, ``unsnooze``,
                ``escalate``, ``deescalate``, ``stop``, ``start``, with the level, the end of the snooze or the reason in
                place of a payload. Without an actor nobody's permission is asked. What is refused is told in ``Plan.events``;
                what lies before *at* is left out.
            world: who recipients are found in; without one they are told as words such as ``role:director``.
            down: stretches (start, end) in which nothing runs; what is late then is caught up when they end.

        Raises:
            InputError: no such chain, with a did-you-mean; the script is written otherwise; the ticket is of another workflow.
            Refused: the fields do not fit, or *at* lies more than 5 s behind the ticket (``past``).
            TimeError: an instant is naive.
            LimitError: more than 20,000 things would happen.
        """
        asked = _plan.Asked.of(at, until, chain, script, world, down)
        return _plan.plan(cast("Workflow", self), ticket, asked)

    def recompute(
        self,
        tickets: Iterable[Ticket],
        *,
        calendars: Mapping[str, Any] | OpenTime | None = None,
        calendar: Mapping[str, Any] | OpenTime | None = None,
        at: datetime,
        world: WorldLike = None,
    ) -> tuple[ClockChange, ...]:
        """
        What other calendars would change for tickets: exactly what advancing each of them under these would.

        Args:
            tickets: as the host holds them; very many at once cost a few microseconds each.
            calendars: those that change, by name, as calendars or as the data of one; the others stay.
            calendar: the new edition of the only calendar that the workflow has, in place of *calendars*.
            at: aware instant to compare at; a ticket that is ahead of it is compared at its own instant.
            world: what decisions may read, for what happens until *at*.

        Returns:
            One for every clock for which anything differs, in the order of the tickets and of their clocks.

        Raises:
            InputError: a calendar's name is unknown, with a did-you-mean; *calendar* was given and the workflow has several,
                which are named; or a ticket is of another workflow.
            DefinitionError: a calendar cannot be read.
            TimeError: *at* is naive.
        """
        flow = cast("Workflow", self)
        other = _recompute.with_calendars(flow, _recompute.given_calendars(calendars, calendar))
        return _recompute.recompute(flow, other, tickets, instant(at), World.of(world))
