"""Knows how one decision is made and kept, again where somebody was faster; must not know who asked for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from servflow.desk._facts import facts_of
from servflow.desk._workflows import Workflows
from servflow.engine import Erasure
from servflow.engine._addressing import TURNS
from servflow.errors import Conflict, NotFound, ReservationRefused
from servflow.model import (
    EMPTY,
    PART,
    VISIT,
    FrozenMap,
    Outcome,
    Reservation,
    Ticket,
    World,
    frozen_map,
    instant,
    read_instant,
    same_value,
    stretches,
)
from servflow.stores import Answer, Change, Store

TRIES = 20
"""How often a step is decided again when others were first; each failure means that somebody else got on."""

ALONE = 5
"""How many of these tries are transactions of their own, which hold up nobody; the others are made in one together."""

_DAY = timedelta(days=1)
_LONGEST = 200

_COUNTED = ("engineer:", "outlet:", "queue:", "provider:")
"""Under these names the kernel takes hold of the capacity of people, outlets, queues and providers."""

Decide = Callable[[Ticket, datetime, World | None], Outcome | Erasure]
Outside = Callable[[], World | Mapping[str, Any] | None] | World | Mapping[str, Any] | None


def placed(now: datetime, ticket: Ticket, occurred: datetime | None) -> tuple[datetime, datetime | None]:
    """When an event is applied, never before the ticket's own instant, and when it occurred if that was earlier."""
    if now >= ticket.at:
        return now, occurred
    return ticket.at, now if occurred is None else min(instant(occurred, "occurred"), now)


class Surroundings:
    """Where a desk gets the time and the world from; *counting*: turns are counted whatever the world says of them."""

    def __init__(self, store: Store, now: Callable[[], datetime], outside: Outside, *, counting: bool = False) -> None:
        self._store = store
        self._counting = counting
        self._now = now
        self._failed: Exception | None = None
        self.turn(outside)

    def turn(self, outside: Outside) -> None:
        """Take the world from elsewhere from now on."""
        self._outside: Callable[[], World | Mapping[str, Any] | None] | None = outside if callable(outside) else None
        self._fixed = None if callable(outside) else World.of(outside)
        self._counted: tuple[Mapping[str, int], World] | None = None
        self._turned: tuple[World, World] | None = None

    def over(self, store: Store) -> Surroundings:
        """The same time and world, with what is held counted from another handle."""
        twin = copy(self)
        twin._store, twin._counted, twin._turned = store, None, None
        return twin

    def now(self) -> datetime:
        """The present in UTC."""
        return instant(self._now(), "now")

    def world(self) -> World | None:
        """What lies outside the tickets, at present."""
        if self._outside is not None:
            try:
                told = World.of(self._outside())
            except Exception as error:
                self._failed = error
                raise
            return None if told is None else self._with_turns(told)
        if self._fixed is None:
            return None
        return self._with_turns(self._with_loads(self._fixed))

    def _with_loads(self, fixed: World) -> World:
        if fixed.loads or not fixed.by_id:
            return fixed
        # A world that stays the same would offer full engineers for ever: what the store says is held is laid over it.
        held = {key.removeprefix(prefix): units for prefix in _COUNTED for key, units in self._store.usage(prefix).items()}
        if self._counted is None or self._counted[0] != held:
            version = _version(fixed.version, ",".join(f"{key}={units}" for key, units in sorted(held.items())))
            self._counted = (held, _counted(fixed, held, version) if held else fixed)
        return self._counted[1]

    def _with_turns(self, world: World) -> World:
        """
        The world with the turns that queues gave, where they are counted; dispatch need not look again.

        What a host's own world says of them is not asked: the next turn is taken from this store, and no other count holds.
        """
        if world.turns is None and not self._counting:
            return world
        turns = {key.removeprefix(TURNS): count for key, count in self._store.usage(TURNS).items()}
        if self._turned is None or self._turned[0] is not world or self._turned[1].turns != turns:
            self._turned = world, world.with_turns(turns, version=world.version)
        return self._turned[1]

    def with_visits(self, world: World, days: Iterable[datetime]) -> World:
        """
        The world with the visits that this store holds on some days (of UTC), beside those that it tells of itself.

        They are read only where visits are booked: there are many, and nothing else asks for them.
        """
        heads = {f"{VISIT}{day.astimezone(UTC).strftime('%Y-%m-%d')}" for day in days}
        held = stretches({key: units for head in sorted(heads) for key, units in self._store.usage(head).items()})
        if not held:
            return world
        both = ((who, (*world.booked.get(who, ()), *held.get(who, ()))) for who in {*world.booked, *held})
        booked = {who: tuple(dict.fromkeys(stretched)) for who, stretched in both}
        said = "|".join(f"{who}:{start.isoformat()}-{end.isoformat()}" for who in sorted(held) for start, end in held[who])
        mark = hashlib.blake2b(said.encode(errors="surrogatepass"), digest_size=8).hexdigest()
        return world.with_booked(booked, version=_version(world.version, f"visits={mark}"))

    def world_of(self, ticket: Ticket) -> World | None:
        """The present world as a step of that ticket sees it: every question sees the same."""
        return self.seen_by(ticket, self.world())

    def seen_by(self, ticket: Ticket, world: World | None) -> World | None:
        """That world with the spare parts which the ticket waits for."""
        return self.with_parts(world, ticket.waits) if ticket.parts else world

    def with_parts(self, world: World | None, keys: Iterable[str]) -> World | None:
        """
        The world with the spare parts that tickets of this store hold, of those with these keys, wherever they lie.

        They are read only where parts are asked for. Dispatch need not look again, so the version stays as it is.
        """
        heads = {key.partition("@")[0] for key in keys if key.startswith(PART)}
        if world is None or not heads:
            return world
        held = {key: units for head in sorted(heads) for key, units in self._store.usage(head).items()}
        others = {key: units for key, units in world.set_aside.items() if not key.startswith(tuple(heads))}
        return world.with_set_aside({**others, **held}, version=world.version)

    def caused(self, error: Exception) -> bool:
        """Whether it was the world that could not be had; no ticket is to blame for that."""
        return error is self._failed

    def fresh(self) -> tuple[int | None, World | None]:
        """The world, and the number of a release it is at least as new as."""
        if self._outside is None and self._fixed is None:
            return None, None
        released = self._store.released()
        return released, self.world()


@frozen
class Steps:
    """Load, decide, keep: the one way in which a desk changes a ticket."""

    workflows: Workflows
    store: Store
    around: Surroundings

    def get(self, id_: str) -> Ticket:
        """
        The ticket as last kept.

        Raises:
            NotFound: there is no such ticket.
        """
        ticket = self.store.load(id_)
        if ticket is None:
            raise NotFound(f"there is no ticket {id_!r}; open it first", code="ticket", ticket=id_)
        return ticket

    def open(
        self,
        id_: str,
        decide: Callable[[datetime, World | None], Outcome],
        *,
        key: str | None,
        given: tuple[Reservation, ...] = (),
    ) -> tuple[Answer, Outcome]:
        """
        Decide and keep a new ticket; *given* are reservations that deciding again would not change.

        Raises:
            Conflict: the ticket exists already and was not opened with this key.
            ReservationRefused: what must hold does not, however often it was tried.
        """
        answer: Answer | None = None
        for _ in range(TRIES):
            if key is not None and (first := self.store.answered(id_, key)):
                return first, self._first(first, id_)
            released, world = self.around.fresh()
            outcome = decide(self.around.now(), world)
            answer = self._commit(self.prepared(None, outcome, key=key, released=released))
            if answer.status == "duplicate":
                return answer, self._first(answer, id_)
            if answer.status == "applied":
                return answer, outcome
            if answer.status == "conflict":
                raise Conflict(
                    f"ticket {id_!r} exists already, at revision {answer.revision}; fire an event on it, or open it with a key"
                    " where the same opening may come twice",
                    code="exists",
                    ticket=id_,
                    revision=answer.revision,
                )
            _hold(id_, answer, given)
        raise _gave_up(id_, answer)

    def change(
        self, id_: str, decide: Decide, *, key: str | None = None, given: tuple[Reservation, ...] = (), **answers: Any
    ) -> tuple[Answer, Outcome]:
        """
        Decide and keep a step of a ticket that exists; *answers* are the mail and the wake-up it answers.

        *given* are reservations that deciding again would not change.

        Raises:
            NotFound: there is no such ticket.
            Conflict: others were first, however often it was tried.
            ReservationRefused: what must hold does not, however often it was tried.
        """
        for _ in range(ALONE):
            answer, outcome = self._tried(id_, decide, key, answers)
            if outcome is not None:
                return answer, outcome
            _hold(id_, answer, given)
            decide = self._seeing(decide, answer)
        # Among very many others nobody gets on by being quick: whoever is refused inside a transaction keeps hold of what
        # he was refused at, so that it is still the same when he tries again.
        with self.store.batch():
            for _ in range(TRIES - ALONE):
                answer, outcome = self._tried(id_, decide, key, answers)
                if outcome is not None:
                    return answer, outcome
                _hold(id_, answer, given)
                decide = self._seeing(decide, answer)
        raise _gave_up(id_, answer)

    def _tried(self, id_: str, decide: Decide, key: str | None, answers: Mapping[str, Any]) -> tuple[Answer, Outcome | None]:
        """One try of ``change``; no outcome where somebody else was first."""
        if key is not None and (first := self.store.answered(id_, key)):
            return first, self._first(first, id_)
        released, world = self.around.fresh()
        ticket = self.get(id_)
        decided = decide(ticket, self.around.now(), self.around.seen_by(ticket, world))
        outcome, erased = (decided.outcome, decided.records) if isinstance(decided, Erasure) else (decided, ())
        change = self.prepared(ticket, outcome, key=key, released=released, erased=erased, **answers)
        if not (change.records or change.reservations or change.keys or change.consumed or change.woken):  # nothing happened
            return Answer(status="applied", first=ticket.revision + 1, last=ticket.revision), outcome
        answer = self._commit(change)
        if answer.status == "duplicate":
            return answer, self._first(answer, id_)
        return answer, outcome if answer.status == "applied" else None

    def _seeing(self, decide: Decide, answer: Answer) -> Decide:
        """The same decision in a world that knows of what it was refused for: visits that day, or parts that others hold."""
        if answer.status != "refused" or not str(answer.key).startswith((VISIT, PART)):
            return decide
        if str(answer.key).startswith(PART):
            return lambda ticket, now, world: decide(ticket, now, self.around.with_parts(world, (str(answer.key),)))
        day = read_instant(f"{str(answer.key).removeprefix(VISIT)[:10]}T00:00:00Z")
        days = (day - _DAY, day, day + _DAY)

        def seeing(ticket: Ticket, now: datetime, world: World | None) -> Outcome | Erasure:
            return decide(ticket, now, None if world is None else self.around.with_visits(world, days))

        return seeing

    def prepared(self, before: Ticket | None, outcome: Outcome, *, key: str | None = None, **more: Any) -> Change:
        """The change that keeps what was decided, with what correlators want of it; *more* are further attributes."""
        keys, index = () if key is None else (key,), self.indexed(before, outcome.ticket) if outcome.records else None
        change = Change.of(outcome, None if before is None else before.revision, keys=keys, index=index, **more)
        facts = facts_of(self.workflows, before, outcome.ticket, outcome.records, keys)
        return evolve(change, effects=(*change.effects, *facts)) if facts else change

    def indexed(self, before: Ticket | None, after: Ticket) -> FrozenMap[str, Any] | None:
        """What a store finds a ticket by from now on; None where that is what it was."""
        found, known = self._index(after), EMPTY if before is None else self._index(before)
        same = found.keys() == known.keys() and all(same_value(known[name], value) for name, value in found.items())
        return None if same else found

    def _index(self, ticket: Ticket) -> FrozenMap[str, Any]:
        give = getattr(self.workflows.of_ticket(ticket), "index", None)  # a host's own kind of workflow may do without
        return EMPTY if give is None else frozen_map(give(ticket))

    def _commit(self, change: Change) -> Answer:
        (answer,) = self.store.commit([change])
        return answer

    def _first(self, answer: Answer, id_: str) -> Outcome:
        """What the first use of a key came to, from the records; its effects are on their way already."""
        ticket = self.get(id_)
        records = self.store.history(id_, limit=answer.last)
        if ticket.revision != answer.last:
            ticket = self.workflows.before(ticket, records).fold(records)
        return Outcome(ticket=ticket, records=records[answer.first - 1 :])


def _version(version: str, more: str) -> str:
    """The version of a world with more in it; a hash of that where it would be too long for a name."""
    text = f"{version},{more}"
    if len(text) <= _LONGEST:
        return text
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def _counted(fixed: World, held: Mapping[str, int], version: str) -> World:
    """The world with what is held of everybody, and apart of each of their channels."""
    loads: dict[str, int] = {}
    channels: dict[str, dict[str, int]] = {}
    for key, units in held.items():
        who, slash, channel = key.rpartition("/")
        if slash and key not in fixed.by_id and who in fixed.by_id:
            channels.setdefault(who, {})[channel] = units
        else:
            loads[key] = units
    if not channels:
        return fixed.with_loads(loads, version=version)
    return evolve(fixed.with_loads(loads), channel_loads=channels, version=version)


def _hold(id_: str, answer: Answer, given: tuple[Reservation, ...]) -> None:
    """Raise where what does not hold is none of the ticket's own decision, and so would not hold the next time either."""
    if given and answer.status == "refused" and answer.reservation in given:
        raise ReservationRefused(
            f"{answer.reservation} does not hold for ticket {id_!r}: {answer.held!r} stands against it",
            ticket=id_,
            reservation=answer.reservation,
            key=answer.key,
            held=answer.held,
        )


def _gave_up(id_: str, answer: Answer | None) -> Conflict | ReservationRefused:
    if answer is not None and answer.status == "refused":
        return ReservationRefused(
            f"{answer.reservation} does not hold for ticket {id_!r}, {answer.held!r} stands against it, after {TRIES} tries"
            " with a fresh world; give the desk a world that counts what is held",
            ticket=id_,
            reservation=answer.reservation,
            key=answer.key,
            held=answer.held,
        )
    return Conflict(f"others changed ticket {id_!r} first, {TRIES} times in a row; try again later", ticket=id_, tries=TRIES)
