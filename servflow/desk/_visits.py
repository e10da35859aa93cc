"""Knows how a desk lets people pull tickets and customers book visits; must not know who fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.desk._steps import Steps, placed
from servflow.dispatch import NextFor, Window
from servflow.dispatch._queue import Judged, alone, in_line
from servflow.engine import Workflow
from servflow.engine._appointing import BOOK, MOVE
from servflow.engine._queueing import INDEX, TAKE, judged, lines
from servflow.engine._visiting import present
from servflow.errors import InputError, NotFound, Refused, ReservationRefused, ServflowError, shown
from servflow.model import Actor, Outcome, Ticket, World, instant, part_key, read_instant

PAGE = 1_000
BOOKING_EVENTS = (BOOK, MOVE)
_DAY = timedelta(days=1)
MAX_WAITING = 20_000
"""How many waiting tickets of one line are looked at for one pull; those whose ids come first."""

_ROUNDS = 50
"""How often a pull looks again where others were faster with whatever it wanted."""


@frozen(kw_only=True)
class Pulled:
    """
    What somebody who pulled got: ``outcome`` of the ticket they have now, None where there was none for them.

    ``seen`` is the line as it was found last: who was next, and why not the others.
    """

    seen: NextFor
    outcome: Outcome | None = None

    @property
    def ticket(self) -> Ticket | None:
        """The ticket they have now."""
        return None if self.outcome is None else self.outcome.ticket


class Visits:
    """Pulling from queues and offering visits, as verbs of a desk."""

    _steps: Steps

    def next_for(
        self,
        engineer: Actor | Mapping[str, Any] | str,
        *,
        workflow: str | None = None,
        policy: str | None = None,
        take: bool = True,
    ) -> Pulled:
        """
        Give somebody the best ticket that waits for them, by firing ``queue.take`` in their name.

        Whoever pulls at the same time never gets the same ticket: the store keeps the first, and the other one is given the
        next best. Only tickets that wait in a line are read from the store, of one line at most the first 20,000 by their ids.

        Args:
            engineer: who pulls, with roles where the world does not tell them.
            workflow: only tickets of this name.
            policy: only the line of this dispatch entry.
            take: False looks and takes nothing.

        Raises:
            InputError: the desk has no world, no such workflow or line, or the world nobody of that id who takes tickets.
            Refused: they may not fire ``queue.take`` (``not_permitted``).
        """
        actor = Actor.of(engineer)
        if actor is None:
            raise InputError(f"say who pulls: the id of an engineer, not {shown(engineer)}", code="argument")
        flows = self._lines(workflow, policy)
        lost: set[str] = set()
        for _ in range(_ROUNDS):
            seen, where = self._line(actor.id, flows, policy, lost)
            if seen.ticket is None or not take:
                return Pulled(seen=seen)
            outcome = self._take(seen, where[seen.ticket], actor)
            if outcome is not None:
                return Pulled(seen=seen, outcome=outcome)
            lost.add(seen.ticket)
        return Pulled(seen=seen)

    def _lines(self, workflow: str | None, policy: str | None) -> list[tuple[str, tuple[str, ...]]]:
        """The lines to look at: names of workflows with the dispatch entries of any of their versions."""
        found: dict[str, dict[str, None]] = {}
        for flow in self._steps.workflows.by_hash.values():
            if isinstance(flow, Workflow) and workflow in (None, flow.workflow):
                named = [name for name in lines(flow) if policy in (None, name)]
                found.setdefault(flow.workflow, {}).update(dict.fromkeys(named))
        if not any(found.values()):
            asked = f" {policy!r}" if policy else ""
            where = f" of {workflow!r}" if workflow else ""
            raise InputError(f"this desk has no line{asked}{where} to pull from; write mode: queue", code="dispatch.policy")
        return [(name, tuple(policies)) for name, policies in sorted(found.items()) if policies]

    def _line(
        self, engineer: str, flows: list[tuple[str, tuple[str, ...]]], policy: str | None, lost: set[str]
    ) -> tuple[NextFor, dict[str, str]]:
        around = self._steps.around
        world, now = around.world(), around.now()
        if world is None:
            raise InputError("this desk has no world, so nobody knows who may take what; give it world=", code="world")
        only = alone(world, engineer)
        each: list[Judged] = []
        others: list[str] = []
        for name, policies in flows:
            by_version: dict[str, tuple[Workflow, list[Ticket]]] = {}
            for ticket in self._waiting(name, policies):
                flow = self._version(ticket)
                if flow is None:
                    others.append(ticket.id)
                elif ticket.id not in lost:
                    by_version.setdefault(flow.hash, (flow, []))[1].append(ticket)
            for flow, tickets in by_version.values():
                some, rest = judged(flow, present(flow, tickets, now, world), only, now, engineer, policy=_own(flow, policy))
                each, others = each + some, others + rest
        seen = in_line(engineer, now, each, others)
        return seen, {one.ticket: one.policy for one in seen.ranked}

    def _version(self, ticket: Ticket) -> Workflow | None:
        """The version a ticket runs under; None where this desk lacks it, which must not keep people from all others."""
        try:
            flow = self._steps.workflows.of_ticket(ticket)
        except NotFound:
            return None
        return flow if isinstance(flow, Workflow) else None

    def _waiting(self, workflow: str, policies: tuple[str, ...]) -> Iterator[Ticket]:
        met: set[str] = set()
        for policy in policies:
            after, looked = None, 0
            while looked < MAX_WAITING:
                page = self._steps.store.find(workflow=workflow, where={INDEX + policy: True}, limit=PAGE, after=after)
                for ticket in page:
                    if ticket.id not in met:
                        met.add(ticket.id)
                        yield ticket
                if len(page) < PAGE:
                    break
                after, looked = page[-1].id, looked + PAGE

    def _take(self, seen: NextFor, policy: str, actor: Actor) -> Outcome | None:
        """What taking the first of the line came to; None where somebody else was faster, or it is not for them any more."""

        def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
            at, since = placed(now, ticket, None)
            flow = self._steps.workflows.of_ticket(ticket)
            return flow.fire(ticket, TAKE, {"policy": policy}, at=at, actor=actor, world=world, occurred=since)

        try:
            return self._steps.change(str(seen.ticket), decide)[1]
        except Refused as refused:
            if refused.code == "not_permitted":
                raise
            return None
        except ReservationRefused:
            return None

    def slots(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        *,
        days: int | None = None,
        policy: str | None = None,
        explain: bool = False,
    ) -> tuple[Window, ...]:
        """
        The visits of a ticket that its customer can book now, in order; see ``Workflow.slots``.

        Who is booked when is read from the store, and added to what the world says of it.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: no visits of it can be booked.
        """
        ticket, around = self._steps.get(id), self._steps.around
        at, _ = placed(around.now(), ticket, None)
        flow = self._steps.workflows.of_ticket(ticket)
        if not isinstance(flow, Workflow):
            raise InputError(f"{id} is kept by {ticket.workflow}, which has no visits to book", code="verb", ticket=id)
        world = around.world()
        if world is not None:
            world = around.with_visits(world, (at + timedelta(days=number) for number in range(_days(flow, days) + 2)))
        return flow.slots(ticket, at=at, world=world, days=days, policy=policy, explain=explain)

    def _seeing_visits(self, event: str, payload: Mapping[str, Any] | None, world: World | None) -> World | None:
        """The world for an event: for one that books a visit with those booked about then, for one of parts with those held."""
        if str(event).startswith("part.") and isinstance(payload, Mapping):
            part = payload.get("part")
            return self._steps.around.with_parts(world, (part_key(part),) if isinstance(part, str) else ())
        start = payload.get("start") if event in BOOKING_EVENTS and isinstance(payload, Mapping) else None
        if world is None or not isinstance(start, (str, datetime)):
            return world
        try:
            day = read_instant(start) if isinstance(start, str) else instant(start)
            return self._steps.around.with_visits(world, (day - _DAY, day, day + _DAY))
        except (ServflowError, OverflowError):
            return world  # what is no instant the workflow refuses, with a better word


def _own(flow: Workflow, policy: str | None) -> str | None:
    return policy if policy is not None and any(one.name == policy for one in flow.dispatch) else None


def _days(flow: Workflow, days: int | None) -> int:
    most = max((one.appointment.days for one in flow.dispatch if one.appointment is not None), default=0)
    return most if days is None else max(0, min(days, most))
