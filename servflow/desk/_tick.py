"""Knows how one round of waking tickets, reading mail and asking sources is run; must not know what is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from attrs import define, field

from servflow.desk._openings import NEVER, open_for, post_for
from servflow.desk._reports import MAX_PROBLEMS, Problem, TickReport
from servflow.desk._steps import Steps, placed
from servflow.errors import (
    Conflict,
    FormatError,
    InputError,
    LimitError,
    NotFound,
    ReservationRefused,
    ServflowError,
    StoreError,
)
from servflow.model import Open, Outcome, Send, Ticket, World
from servflow.stores import Claim, Message

_ONE_TICKETS = (Conflict, ReservationRefused, NotFound, FormatError)
"""Failures of a store that concern one ticket; any other concerns them all."""


@define
class Round:
    """One tick: what it has done so far."""

    steps: Steps
    counts: Counter[str] = field(factory=Counter)
    problems: list[Problem] = field(factory=list)

    def run(self, limit: int, sources: Sequence[Any], desk: Any) -> TickReport:
        """Ask the sources, then do what wakes until *limit* tickets were answered or none is left."""
        now = self.steps.around.now()
        for index, source in enumerate(sources):
            # Outside the transaction: a source may ask a slow mail server.
            self._guarded(f"sources[{index}]", "source", nullcontext(), partial(self._ask, source, desk, now))
        store = self.steps.store
        with store.batch():
            after: Claim | None = None
            while (room := limit - self.counts["answered"]) > 0:
                claims = store.claim(now, room, after=after)
                for claim in claims:
                    self._answer(claim, now)
                if len(claims) < room:
                    break
                after = claims[-1]
        names = ("claimed", "advanced", "idle", "fired", "duplicates", "refused", "sent", "failed")
        return TickReport(**{name: self.counts[name] for name in names}, problems=tuple(self.problems))

    def _guarded(self, where: str, what: str, inside: AbstractContextManager[None], work: Callable[[], Counter[str]]) -> bool:
        """Do a piece of work; what goes wrong in it is told and holds up nothing else."""
        try:
            with inside:
                done = work()
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, _ONE_TICKETS):
                raise
            self._tell("failed", where, what, error)
            return False
        self.counts.update(done)
        return True

    def _tell(self, count: str, where: str, what: str, error: Exception) -> None:
        self.counts[count] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, what, error))

    def _answer(self, claim: Claim, now: datetime) -> None:
        self.counts["claimed"] += 1
        fine = True
        for message in claim.messages:
            fine = self._guarded(claim.ticket, message.event, self.steps.store.batch(), partial(self._read, message))
            if not fine:  # later mail of this ticket waits its turn
                break
        fine = self._guarded(claim.ticket, "advance", self.steps.store.batch(), partial(self._advance, claim, now)) and fine
        self.counts["answered"] += fine

    def _read(self, message: Message) -> Counter[str]:
        def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
            at, _ = placed(now, ticket, None)
            return self.steps.workflows.of_ticket(ticket).fire(
                ticket,
                message.event,
                message.payload,
                at=at,
                actor=message.actor,
                world=world,
                key=message.key,
                occurred=message.at if message.at < at else None,
            )

        try:
            answer, _ = self.steps.change(message.ticket, decide, key=message.key, consumed=(message.id,))
        except StoreError:
            raise
        except ServflowError as error:
            # The same again would be refused again: the message is taken out, and its key with it.
            self._consume(message, message.key)
            self._tell("refused", message.ticket, message.event, error)
            return Counter()
        if answer.status == "duplicate":
            self._consume(message, None)
            return Counter(duplicates=1)
        return Counter(fired=1)

    def _consume(self, message: Message, key: str | None) -> None:
        self.steps.change(message.ticket, lambda ticket, *_: Outcome(ticket=ticket), key=key, consumed=(message.id,))

    def _advance(self, claim: Claim, now: datetime) -> Counter[str]:
        ticket = self.steps.get(claim.ticket)
        at = max(now, ticket.at)
        if not claim.woken and (ticket.wake is None or ticket.wake > at):
            return Counter()

        def decide(ticket: Ticket, _: datetime, world: World | None) -> Outcome:
            flow = self.steps.workflows.of_ticket(ticket)
            try:
                return flow.advance(ticket, at=max(now, ticket.at), world=world)
            except LimitError as error:
                reached = error.facts.get("reached")
                if reached is None or reached <= ticket.at:
                    raise
                return flow.advance(ticket, at=reached, world=world)

        _, outcome = self.steps.change(claim.ticket, decide, woken=claim.woken)
        if outcome.records:
            return Counter(advanced=1)
        if ticket.wake is not None and ticket.wake <= at:
            raise ServflowError(
                f"ticket {ticket.id!r} wakes at {ticket.wake.isoformat()}, but its workflow found nothing to do",
                code="did_not_move",
                ticket=ticket.id,
                wake=ticket.wake,
            )
        return Counter(idle=1)

    def _ask(self, source: Any, desk: Any, now: datetime) -> Counter[str]:
        due = source.due(now) if hasattr(source, "due") else source(desk, now)
        for effect in due or ():
            if not isinstance(effect, (Open, Send)):
                raise InputError(f"a source gives Open and Send effects, not {effect!r}", effect=effect)
            try:
                new = open_for(self.steps, effect) if isinstance(effect, Open) else post_for(self.steps, effect)
                self.counts["sent"] += new
            except NEVER as error:  # what comes after it in the same source is carried out all the same
                self._tell("failed", effect.ticket, effect.id, error)
        return Counter()
