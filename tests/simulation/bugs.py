"""Knows stores and desks with one bug each, which a simulation has to find; must not know how it finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from attrs import evolve

from servflow.desk import _deliver, _openings, _steps, _tick, _together, _waking
from servflow.model import EMPTY, SYSTEM, Outcome, Ticket, Unique
from servflow.stores import Answer, Change, MemoryStore, Pending, Sort, Trouble


class KeepsNoEffects(MemoryStore):
    """Every fifth step is kept without its effects."""

    count = 0

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        self.count += 1
        return super().commit([evolve(one, effects=()) for one in changes] if self.count % 5 == 0 else changes)


class ForgetsKeys(MemoryStore):
    """Keys are not kept, so what comes twice happens twice."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        return super().commit([evolve(one, keys=()) for one in changes])


class CallsConflictApplied(MemoryStore):
    """A step that came too late is answered as if it had been kept."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        answers = super().commit(changes)
        return tuple(
            Answer(status="applied", first=(one.expected or 0) + 1, last=one.ticket.revision)
            if answer.status == "conflict" and one.expected is not None
            else answer
            for one, answer in zip(changes, answers, strict=True)
        )


class AcknowledgesWhatIsTaken(MemoryStore):
    """An effect is forgotten when it is taken, so it is lost with whoever took it."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        taken = super().take(now, until, limit)
        self.ack([one.effect.id for one in taken])
        return taken


class DropsMailThatComesTwice(MemoryStore):
    """A message that is posted a second time is taken out of the mailbox."""

    def post(self, ticket: str, event: str, payload: Any = None, *, key: str, at: datetime, actor: Any = None) -> bool:
        new = super().post(ticket, event, payload, key=key, at=at, actor=actor)
        if not new:
            box = self._space.mail.get(ticket, {})
            for number in [number for number, message in box.items() if message.key == key]:
                self._journal.drop(box, number)
        return new


class KeepsHalfABatch(MemoryStore):
    """A batch that fails leaves behind what was done in it."""

    def batch(self) -> AbstractContextManager[None]:
        return nullcontext()


class ShowsWhatIsTaken(MemoryStore):
    """An effect that was taken may be taken by others at once."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        return super().take(now, now, limit)


class MissesReleases(MemoryStore):
    """A release between deciding and keeping wakes nobody."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        return super().commit([evolve(one, released=None) for one in changes])


class RenamesEffects(MemoryStore):
    """An effect that comes again has another id."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        taken = super().take(now, until, limit)
        return tuple(
            Pending(evolve(one.effect, id=f"{one.effect.id}.{one.tries}"), 1) if one.tries > 1 else one for one in taken
        )


class ChangesEffects(MemoryStore):
    """An effect that comes again has lost what came with it."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        taken = super().take(now, until, limit)
        return tuple(
            Pending(evolve(one.effect, data=EMPTY), one.tries) if one.tries > 1 and hasattr(one.effect, "data") else one
            for one in taken
        )


class LosesTheRevived(MemoryStore):
    """A dead letter that is revived is gone."""

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        given = tuple(ids)
        found = super().revive(sort, given)
        if sort == "effect":
            self.ack(given)
        return found


class HidesDeadLetters(MemoryStore):
    """What was set aside is not listed."""

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        found = super().troubles(sort=sort, aside=aside, limit=limit, after=after)
        return tuple(one for one in found if one.again is not None)


class DropsDeadLetters(MemoryStore):
    """What is set aside is thrown away."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - the word of the library
        super().fail(sort, id, error, at=at, again=again)
        if again is None and sort == "effect":
            self.ack([id])


class LeavesMailThatWasRead(MemoryStore):
    """The records are kept, and the message that led to them stays in the box."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        return super().commit([evolve(one, consumed=()) if one.records else one for one in changes])


class LimitsNothing(MemoryStore):
    """Capacity is counted and not limited."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        def free(one: Change) -> Change:
            return evolve(
                one, reservations=tuple(evolve(r, limit=None) if hasattr(r, "limit") else r for r in one.reservations)
            )

        return super().commit([free(one) for one in changes])


class GivesUniqueKeysAway(MemoryStore):
    """A key that somebody holds is given to the next who asks for it."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        for change in changes:
            for one in change.reservations:
                if isinstance(one, Unique):
                    self._journal.drop(self._space.owners, one.key)
        return super().commit(changes)


class ReadsAnOldTicket(MemoryStore):
    """A ticket that was read is remembered, and not read again when somebody else has changed it."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Ticket] = {}

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the library
        ticket = super().load(id)
        if ticket is not None and ticket.revision % 5 == 0:
            return self.known.get(id, ticket)
        if ticket is not None:
            self.known[id] = ticket
        return ticket


class AcknowledgesTheWholeTicket(MemoryStore):
    """With one effect all those of its ticket are acknowledged."""

    def ack(self, ids: Iterable[str]) -> None:
        given = set(ids)
        tickets = {one.ticket for one in self.effects(10_000) if one.id in given}
        super().ack([one.id for one in self.effects(10_000) if one.ticket in tickets])


class TakesTheLatestFirst(MemoryStore):
    """Of each ticket the effect that was asked for last is carried out first."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        taken = super().take(now, until, limit)
        given = []
        for one in taken:
            last = [effect for effect in self.effects(10_000) if effect.ticket == one.effect.ticket][-1]
            given.append(Pending(last, one.tries))
        return tuple(given)


class LosesTheLastRecord(MemoryStore):
    """A step of many records is kept without its last one."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        answers = super().commit(changes)
        for change in changes:
            if len(change.records) > 10:
                self._journal.drop(self._space.records[change.ticket.id], change.ticket.revision)
        return answers


STORES: Mapping[str, type[MemoryStore]] = {
    one.__name__: one
    for one in (
        KeepsNoEffects,
        ForgetsKeys,
        CallsConflictApplied,
        AcknowledgesWhatIsTaken,
        DropsMailThatComesTwice,
        KeepsHalfABatch,
        ShowsWhatIsTaken,
        MissesReleases,
        RenamesEffects,
        ChangesEffects,
        LosesTheRevived,
        HidesDeadLetters,
        DropsDeadLetters,
        LeavesMailThatWasRead,
        LimitsNothing,
        GivesUniqueKeysAway,
        ReadsAnOldTicket,
        AcknowledgesTheWholeTicket,
        TakesTheLatestFirst,
        LosesTheLastRecord,
    )
}


@contextmanager
def _instead(owner: Any, name: str, value: Any) -> Iterator[None]:
    """A copy of the desk in which one method is another; the library's own comes back at the end."""
    kept = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)


def reads_the_world_first() -> AbstractContextManager[None]:
    """The number of the latest release is read after the world, so one in between is missed."""

    def fresh(self: Any) -> Any:
        world = self.world()
        for _ in range(20):  # whatever else is asked of a store in between
            self._store.usage("")
        return self._store.released(), world

    return _instead(_steps.Surroundings, "fresh", fresh)


def goes_ahead_of_its_clock() -> AbstractContextManager[None]:
    """A worker does what is due within ten minutes as if they were over."""
    real = _tick.Round._through

    def through(self: Any, limit: int, answer: Any, now: datetime, **more: Any) -> None:
        later = now + timedelta(minutes=10)
        real(self, limit, lambda claim: self._answer(claim, later), later, **more)

    return _instead(_tick.Round, "_through", through)


def acknowledges_what_failed() -> AbstractContextManager[None]:
    """An effect is acknowledged whatever its handler did."""
    real = _deliver.Delivery.attempt

    def attempt(self: Any, pending: Pending, *more: Any) -> Any:
        real(self, pending, *more)
        return "delivered", None

    return _instead(_deliver.Delivery, "attempt", attempt)


def consumes_before_it_reads() -> AbstractContextManager[None]:
    """Mail is taken out of the box in a step of its own, before it is applied in another."""
    real = _tick.Round._read

    def read(self: Any, message: Any) -> Any:
        self._consume(message, None)
        return real(self, message)

    return _instead(_tick.Round, "_read", read)


def refuses_without_a_note() -> AbstractContextManager[None]:
    """Mail that is refused is taken out without its key."""
    real = _tick.Round._consume
    return _instead(_tick.Round, "_consume", lambda self, message, key: real(self, message, None))


def ticks_without_a_transaction() -> AbstractContextManager[None]:
    """A wake-up is answered before the ticket is advanced, each for itself."""
    real = _tick.Round._advance

    def advance(self: Any, claim: Any, now: datetime) -> Any:
        if claim.woken:
            self.steps.change(claim.ticket, lambda ticket, *_: Outcome(ticket=ticket), woken=claim.woken)
            return real(self, evolve(claim, woken=0), now)
        return real(self, claim, now)

    return _instead(_tick.Round, "_advance", advance)


def opens_under_a_new_key() -> AbstractContextManager[None]:
    """Whoever asks again is taken for somebody new."""
    real = _steps.Steps.change

    def change(self: Any, id_: str, decide: Any, *, key: str | None = None, **more: Any) -> Any:
        return real(self, id_, decide, key=None, **more)

    return _instead(_steps.Steps, "change", change)


def replies_under_a_new_key() -> AbstractContextManager[None]:
    """What a handler gave comes back as often as it was called."""
    numbers = count()

    def post(store: Any, effect: Any, reply: Any, at: datetime) -> bool:
        key = f"reply:{effect.id}:{next(numbers)}"
        return bool(store.post(effect.ticket, effect.reply, reply, key=key, at=at, actor=SYSTEM))

    return _instead(_deliver, "post_reply", post)


def loses_replies() -> AbstractContextManager[None]:
    """What a handler gave goes nowhere, and the effect is acknowledged."""
    return _instead(_deliver, "post_reply", lambda *_: False)


def loses_payloads() -> AbstractContextManager[None]:
    """Mail is applied without what came with it, and the reply with none of its own."""
    real = _waking.by_message

    def by_message(steps: Any, message: Any) -> Any:
        return real(steps, evolve(message, payload={name: value * 0 for name, value in message.payload.items()}))

    return _instead(_tick, "by_message", by_message)


def keeps_many_without_their_effects() -> AbstractContextManager[None]:
    """Tickets that are kept together ask for nothing."""
    real = _together.Together._decided

    def decided(self: Any, *more: Any) -> Any:
        return [(word, evolve(change, effects=())) for word, change in real(self, *more)]

    return _instead(_together.Together, "_decided", decided)


def decides_on_what_it_read_first() -> AbstractContextManager[None]:
    """A step that came too late is decided again on the ticket as it was."""
    real = _steps.Steps.change

    class Stale(_steps.Steps):
        def get(self, id_: str) -> Ticket:
            return known[id_]

    known: dict[str, Ticket] = {}

    def change(self: Any, id_: str, decide: Any, **more: Any) -> Any:
        known[id_] = self.get(id_)
        return real(Stale(self.workflows, self.store, self.around), id_, decide, **more)

    return _instead(_steps.Steps, "change", change)


def repeats_the_ticket_as_it_is() -> AbstractContextManager[None]:
    """Who asks again is told the ticket as it is now, and not as it was after what he asked for."""

    def first(self: Any, answer: Answer, id_: str) -> Outcome:
        records = self.store.history(id_, limit=answer.last)
        return Outcome(ticket=self.get(id_), records=records[answer.first - 1 :])

    return _instead(_steps.Steps, "_first", first)


def opens_orphans() -> AbstractContextManager[None]:
    """A ticket that another one asks for does not get to know it."""
    real = _openings.open_for
    return _instead(_deliver, "open_for", lambda steps, effect: real(steps, evolve(effect, parent=None)))


DESKS = {
    one.__name__: one
    for one in (
        reads_the_world_first,
        goes_ahead_of_its_clock,
        acknowledges_what_failed,
        consumes_before_it_reads,
        refuses_without_a_note,
        ticks_without_a_transaction,
        opens_under_a_new_key,
        replies_under_a_new_key,
        loses_replies,
        loses_payloads,
        keeps_many_without_their_effects,
        decides_on_what_it_read_first,
        repeats_the_ticket_as_it_is,
        opens_orphans,
    )
}
