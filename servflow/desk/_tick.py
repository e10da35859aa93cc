"""Knows how one round of waking tickets, reading mail and asking sources is run; must not know what is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from attrs import define, field

from servflow.desk._facts import is_correlators
from servflow.desk._failures import ELSEWHERE, concerns_all, in_words
from servflow.desk._feeding import catch_up, reads_first
from servflow.desk._looking import HERD, in_turn
from servflow.desk._openings import NEVER, open_for, post_for
from servflow.desk._reports import MAX_LATENESS, MAX_PROBLEMS, Problem, TickReport
from servflow.desk._retry import Retry
from servflow.desk._steps import Steps
from servflow.desk._together import Together
from servflow.desk._waking import by_message, by_time, is_due, sleeps_on
from servflow.errors import FormatError, InputError, ServflowError, StoreError
from servflow.model import Open, Outcome, Send
from servflow.stores import Claim, Message


@define
class Round:
    """One tick: what it has done so far."""

    steps: Steps
    retry: Retry
    counts: Counter[str] = field(factory=Counter)
    problems: list[Problem] = field(factory=list)
    late: list[timedelta] = field(factory=list)
    lost: bool = False

    def run(self, limit: int, sources: Sequence[Any], desk: Any) -> TickReport:
        """Ask the sources, then do what wakes until *limit* tickets were answered or none is left."""
        now = self.steps.around.now()
        for index, source in enumerate(sources):
            # Outside the transaction: a source may ask a slow mail server.
            self._guarded(f"sources[{index}]", "source", nullcontext(), partial(self._ask, source, desk, now))
        if self.steps.workflows.counting:
            catch_up(self.steps, now, limit, lambda effect, error: self._tell("refused", effect.ticket, effect.id, error))
        self._wake(limit, now)
        names = ("claimed", "advanced", "idle", "fired", "duplicates", "refused", "sent", "failed", "set_aside")
        return TickReport(
            **{name: self.counts[name] for name in names}, problems=tuple(self.problems), lateness=tuple(self.late)
        )

    def _wake(self, limit: int, now: datetime) -> None:
        before, told = self.counts.copy(), len(self.problems)
        self.late = []
        try:
            with self.steps.store.batch():
                self._through(limit, partial(self._answer, now=now), now, at_once=True)
        except StoreError as error:
            if error.code in ELSEWHERE or isinstance(error, FormatError):
                raise
            # One ticket may have broken the transaction of all of them: once more, each in one of its own.
            self.counts, self.late = before, []
            del self.problems[told:]
            self._through(limit, partial(self._answer_alone, now=now), now)

    def _through(self, limit: int, answer: Callable[[Claim], None], now: datetime, *, at_once: bool = False) -> None:
        after: Claim | None = None
        while (room := limit - self.counts["answered"]) > 0:
            claims = self._claims(now, room, after)
            full = len(claims) == room
            if full and claims[-1].woken:  # one release may have woken thousands: who comes first is not for ids to say
                claims = (*claims, *self._claims(now, max(HERD - room, 0), claims[-1]))
            after = claims[-1] if claims else after
            claims = tuple(in_turn(self.steps.store, claims)[:room])
            for claim in self._rest(claims, now) if at_once else claims:
                answer(claim)
                if self.lost:  # without a world the others would fail as well
                    return
            if not full:
                break

    def _claims(self, now: datetime, limit: int, after: Claim | None) -> tuple[Claim, ...]:
        """The next claims; a ticket whose mail is damaged is set aside at once, since every claim would stop at it."""
        aside = set()
        while True:
            try:
                return self.steps.store.claim(now, limit, after=after)
            except StoreError as error:
                ticket = error.facts.get("ticket")
                if error.code != "damaged" or ticket is None or ticket in aside:
                    raise
                aside.add(ticket)
                self.counts["claimed"] += 1
                self._tell("failed", ticket, "claim", error)
                self.steps.store.fail("ticket", ticket, in_words(error), at=now, again=None)
                self.counts["set_aside"] += 1

    def _rest(self, claims: Sequence[Claim], now: datetime) -> list[Claim]:
        """The claims that are left once those that can be kept together were."""
        together = Together(self.steps, now)
        left = together.run(claims)
        waiting = {claim.ticket for claim in left}
        for claim in claims:
            if claim.ticket not in waiting:
                self._in_time(claim, now)
        done = len(claims) - len(left)
        self.counts.update(together.counts)
        self.counts.update(claimed=done, answered=done)
        return left

    def _guarded(
        self, where: str, what: str, inside: AbstractContextManager[None], work: Callable[[], Counter[str]]
    ) -> Exception | None:
        """Do a piece of work; what goes wrong in it is told, is given back, and holds up nothing else."""
        try:
            with inside:
                done = work()
        except Exception as error:
            if concerns_all(error):
                raise
            self._tell("failed", where, what, error)
            return error
        self.counts.update(done)
        return None

    def _tell(self, count: str, where: str, what: str, error: Exception) -> None:
        self.counts[count] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, what, error))

    def _answer(self, claim: Claim, now: datetime) -> None:
        self.counts["claimed"] += 1
        store, wrong = self.steps.store, None
        for message in claim.messages:
            wrong = self._guarded(claim.ticket, message.event, store.batch(), partial(self._read, message))
            if wrong is not None:  # later mail of this ticket waits its turn
                break
        if wrong is None or not (self._lost(wrong) or is_correlators(claim.ticket)):
            late = self._guarded(claim.ticket, "advance", store.batch(), partial(self._advance, claim, now))
            wrong = late if wrong is None else wrong
        if wrong is not None:
            if not self._lost(wrong):
                self._note(claim, wrong, now)
            return
        self.counts["answered"] += 1
        self._in_time(claim, now)
        if claim.tries:
            store.revive("ticket", [claim.ticket])  # an answer that keeps no record does not end its trouble by itself

    def _in_time(self, claim: Claim, now: datetime) -> None:
        if len(self.late) < MAX_LATENESS:
            self.late.append(max(now - claim.wake, timedelta()))

    def _lost(self, error: Exception) -> bool:
        """Whether it was the world that could not be had; from then on the round is over."""
        self.lost = self.lost or self.steps.around.caused(error)
        return self.lost

    def _note(self, claim: Claim, error: Exception, now: datetime) -> None:
        """Keep that a ticket failed, outside of what was undone: it waits longer each time, and is set aside in the end."""
        again = self.retry.again(claim.ticket, claim.tries + 1, now)
        self.steps.store.fail("ticket", claim.ticket, in_words(error), at=now, again=again)
        self.counts["set_aside"] += again is None

    def _answer_alone(self, claim: Claim, now: datetime) -> None:
        before, told = self.counts.copy(), len(self.problems)
        try:
            with self.steps.store.batch():
                self._answer(claim, now)
        except StoreError as error:
            if error.code in ELSEWHERE:
                raise
            self.counts = before
            del self.problems[told:]
            self.counts["claimed"] += 1
            self._tell("failed", claim.ticket, "advance", error)
            self._note(claim, error, now)

    def _read(self, message: Message) -> Counter[str]:
        try:
            decide = by_message(self.steps, message)
            answer, _ = self.steps.change(message.ticket, decide, key=message.key, consumed=(message.id,))
        except StoreError:
            raise
        except ServflowError as error:
            if self.steps.around.caused(error) or sleeps_on(error, self.steps.get(message.ticket)):
                raise  # it is neither refused nor read: the world may be back then, or the ticket nearer to the present
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
        if not claim.woken and (not is_due(ticket, now) or reads_first(self.steps.store, claim)):
            return Counter()
        _, outcome = self.steps.change(claim.ticket, by_time(self.steps, now), woken=claim.woken)
        if outcome.records:
            return Counter(advanced=1)
        ticket = outcome.ticket  # as it was decided on, which somebody may have changed since it was claimed
        if ticket.wake is not None and is_due(ticket, now):
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
