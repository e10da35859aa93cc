"""Knows what every store promises and the values that pass through it; must not know any database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from attrs import frozen

from servflow.errors import StoreError
from servflow.model import EMPTY, Actor, Effect, FrozenMap, Outcome, Record, Reservation, Ticket
from servflow.stores._chain import Head, Link

MAX_MESSAGES = 100
"""How many messages one claim hands over; the rest come with the next claim, so one busy ticket holds up nobody."""


@frozen(kw_only=True)
class Change:
    """
    One ticket's step, offered to a store: all of it is kept, or nothing.

    ``expected`` is the revision it was decided on; None means that the ticket must not exist yet.
    ``keys`` make it once. ``consumed`` are the ids of the messages it answers. ``woken`` is the wake-up
    it answers (``Claim.woken``). ``released`` is what ``Store.released()`` said before the world was read:
    where a key the ticket newly waits for was released since, the ticket is claimable at once, so that
    no wake-up is lost between deciding and keeping. A change without records keeps the snapshot as it is.
    ``salts`` are those of records that were kept before, where a ticket is moved with its chain: one each, or none;
    ``seals`` their seals, where what they said was erased (empty for the others), one each, or none.
    ``erased`` are records kept before, with what they said of a person taken out: each takes the place of the one with
    its number, whose seal is kept and whose salt is forgotten, so that the chain holds as it was. ``index`` is what
    ``Store.find`` shall find the ticket by: names of fields and their values; None leaves it as it is.
    """

    ticket: Ticket
    expected: int | None
    records: tuple[Record, ...] = ()
    effects: tuple[Effect, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    keys: tuple[str, ...] = ()
    consumed: tuple[int, ...] = ()
    woken: int = 0
    released: int | None = None
    salts: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    erased: tuple[Record, ...] = ()
    index: FrozenMap[str, Any] | None = None

    @classmethod
    def of(cls, outcome: Outcome, expected: int | None, **more: Any) -> Change:
        """The change that keeps an outcome decided on revision *expected*; *more* are further attributes."""
        return cls(
            ticket=outcome.ticket,
            expected=expected,
            records=outcome.records,
            effects=outcome.effects,
            reservations=outcome.reservations,
            **more,
        )

    def checked(self) -> Change:
        """
        The same change, once its numbers are known to fit.

        Raises:
            StoreError: the records do not lead from ``expected`` to the ticket's revision.
        """
        start, end = self.expected or 0, self.ticket.revision
        numbers = [record.sequence for record in self.records]
        if numbers != list(range(start + 1, end + 1)):
            raise StoreError(
                f"the records of ticket {self.ticket.id!r} are numbered {numbers}, but lead from revision {start} to {end}; "
                "commit exactly what one outcome holds, with the revision it was decided on",
                code="numbering",
                ticket=self.ticket.id,
                expected=self.expected,
                revision=end,
            )
        for name, given in (("salts", self.salts), ("seals", self.seals)):
            if given and len(given) != len(self.records):
                raise StoreError(
                    f"ticket {self.ticket.id!r} comes with {len(given)} {name} for {len(self.records)} records; give one each",
                    code=name,
                    ticket=self.ticket.id,
                )
        for record in self.erased:
            if not (1 <= record.sequence <= start and self.records):
                raise StoreError(
                    f"record {record.sequence} of ticket {self.ticket.id!r} cannot be erased by this change; it erases records"
                    f" 1 to {start}, and a record of its own says so",
                    code="erased",
                    ticket=self.ticket.id,
                    sequence=record.sequence,
                )
        return self


@frozen(kw_only=True)
class Answer:
    """
    What became of one change.

    ``applied``: kept. ``conflict``: the ticket stands at ``revision`` (None: there is none), not where
    it was expected. ``refused``: ``reservation`` does not hold; ``held`` is what stands against it
    (units held by all, the holder's ticket id, or where the counter stands). ``duplicate``: ``key``
    was kept before, by the records ``first`` to ``last`` (none when ``last < first``). An applied
    change with records names them in ``first`` and ``last`` too.
    """

    status: Literal["applied", "conflict", "refused", "duplicate"]
    first: int = 0
    last: int = 0
    key: str | None = None
    revision: int | None = None
    reservation: Reservation | None = None
    held: int | str | None = None


@frozen(kw_only=True)
class Message:
    """An event that waits in a ticket's mailbox; ``at`` is when it was sent, ``id`` numbers it within the store."""

    id: int
    ticket: str
    event: str
    payload: FrozenMap[str, Any] = EMPTY
    key: str
    actor: Actor | None = None
    at: datetime


@frozen(kw_only=True)
class Claim:
    """
    One ticket that has something to do.

    ``wake`` is the earliest of its own wake, its oldest message and the release that woke it, or the instant it is
    tried again where that is later; ``woken`` numbers that release (0: none) and goes into the change that answers it.
    ``tries`` is how often it failed since it last moved.
    """

    ticket: str
    wake: datetime
    messages: tuple[Message, ...] = ()
    woken: int = 0
    tries: int = 0


@frozen
class Pending:
    """An effect taken to be carried out now; ``tries`` numbers the attempt, this one included."""

    effect: Effect
    tries: int


Sort = Literal["ticket", "effect"]
"""What can fail again and again: a ticket that is to be advanced or to read its mail, or an effect to be carried out."""


@frozen(kw_only=True)
class Trouble:
    """
    What could not be done so far: a ticket that failed when it was woken, or an effect whose handler failed.

    ``id`` is the ticket's or the effect's. ``error`` is the latest in words, at most ``MAX_ERROR`` characters.
    ``since`` is when it failed first, ``at`` when last. ``again`` is when it is tried next; None: it was set aside and
    is not tried before ``Store.revive``. A set-aside effect is what is called a dead letter.
    """

    sort: Sort
    id: str
    ticket: str
    tries: int
    error: str
    since: datetime
    at: datetime
    again: datetime | None = None


MAX_ERROR = 2_000
"""How much of an error's text a store keeps."""


@runtime_checkable
class Store(Protocol):
    """
    Where tickets live; every operation sees and changes one tenant only.

    Snapshot, records, effects, reservations, waits, keys and mail of a change are kept in one
    transaction. Nothing here decides anything: a store compares numbers and keeps what it is given.
    All instants are aware. Every operation raises ``StoreError`` where the storage itself fails, and
    has changed nothing then. ``StoreContract`` in ``servflow.testing`` checks every sentence said here.
    """

    def for_tenant(self, name: str) -> Store:
        """A handle on the same storage that sees another tenant's rows; closing one closes all."""
        ...

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """The ticket as last kept, or None where there is none."""
        ...

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """
        Keep changes, each all or nothing, those that are kept in one transaction.

        They are looked at in order, each in the light of those kept before it: a known key answers
        ``duplicate``, then a stale revision ``conflict``, then a reservation that does not hold ``refused``.
        A change that is kept and has records ends the trouble of its ticket: what failed before is tried afresh.

        Raises:
            StoreError: a change contradicts itself, and nothing of the whole call is kept.
            InputError: a value cannot be written, and nothing of the whole call is kept.
        """
        ...

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """The ``duplicate`` answer a change with this key would get, or None where the key is new."""
        ...

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """
        Tickets whose wake is not after *now*, with their mail, ordered by (wake, id).

        *after* goes on behind an earlier claim. Claiming marks nothing: what is claimed stays
        claimable until a change answers it, so a worker that dies loses nothing. A ticket that failed is passed over
        until it is to be tried again, one that was set aside until it is revived.

        Raises:
            StoreError: with the code ``damaged`` and whose it is in ``facts["ticket"]``, where mail cannot be read: ``fail``
                sets that ticket aside, and the others can be claimed.
        """
        ...

    def post(
        self,
        ticket: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str,
        at: datetime,
        actor: Actor | Mapping[str, Any] | str | None = None,
    ) -> bool:
        """
        Put an event into a ticket's mailbox; False where *key* was posted or kept before.

        Mail for a ticket that does not exist waits until it is opened.
        """
        ...

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """
        The messages that wait for a ticket, in the order they were posted, behind the one numbered *after*.

        This is a look: what is dated later is among them, what waits for a ticket that was set aside, or for one that does
        not exist.
        """
        ...

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """
        Effects nobody has acknowledged, in the order they were kept; *after* goes on behind one that is still pending.

        This is a look: those that are taken, wait for another try or were set aside are among them.
        """
        ...

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """
        Effects to be carried out now, which nobody else gets before *until*; in the order they were kept.

        Of each ticket it is the first that is neither acknowledged nor set aside, unless that one is taken or waits to be
        tried again: so the effects of one ticket reach their handlers one after the other. What is
        neither acknowledged nor reported by ``fail`` comes again after *until*, as the worker has died.
        The attempt is counted here, so that an effect that kills whoever carries it out is counted too.
        At most half of *limit*, and at least one, are such that were tried before, where others are there to be taken.
        """
        ...

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """
        Keep that a ticket or an effect failed *at* an instant, with the error in words; it is not tried before *again*.

        None sets it aside: others go on, and ``troubles`` lists it until ``revive``, ``ack`` of the effect, or a change of
        the ticket with records. A failure of a ticket counts one more try (an effect's was counted by ``take``).
        Where there is no such ticket or effect, or it was set aside already, nothing happens: who reports late, because it
        hung while another one had the effect, brings nothing back.
        """
        ...

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """
        What failed and was not done since, ordered by (sort, id), behind *after*.

        *aside* gives only what was set aside, or only what is tried again by itself. Effects that were taken and never
        reported are not among them.
        """
        ...

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """
        Have tickets or effects tried again at once, counted from the beginning; how many of them were in trouble.

        A revived effect may reach its handler after later ones of its ticket.
        """
        ...

    def ack(self, ids: Iterable[str]) -> None:
        """Forget effects that were carried out; ids that are not pending are passed over."""
        ...

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """The records of a ticket numbered above *after*, in order; empty where there is no such ticket."""
        ...

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """The ids of which there is a ticket, or only records, ordered, behind the id *after*; none is read."""
        ...

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """The row of a ticket as it is kept, not decoded and from no cache; None where there is none."""
        ...

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """The records numbered above *after* as they are kept, each chained to the one before; nothing is checked here."""
        ...

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """
        Keep a definition under its content hash, with its names in the order given: that of regions, of outputs and
        of states without an initial one says something. Calendars, which the hash leaves out, are kept as last given.
        """
        ...

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """The definition kept under a hash, or None."""
        ...

    def find(
        self,
        *,
        state: str | None = None,
        assignee: str | None = None,
        workflow: str | None = None,
        queue: str | None = None,
        due_before: datetime | None = None,
        where: Mapping[str, Any] | None = None,
        order: Literal["id", "due"] = "id",
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[Ticket, ...]:
        """
        Tickets that match all that is given, behind the ticket with the id *after*; *state* is ``Ticket.state`` in full.

        Args:
            due_before: an instant; ``Ticket.due`` lies before it, so tickets without a running clock are left out.
            where: values of indexed fields (``Change.index``), compared as they are written: 1 is not 1.0, nor "1".
            order: by id, or by (due, id), in which case tickets that are never due come last. A ticket that is due at
                another instant than when its page was read may be seen twice or not at all.
        """
        ...

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """Units held per key, and where each counter stands, for the names that begin with *prefix*; sorted, zero left out."""
        ...

    def released(self) -> int:
        """The number of the latest release; it only grows. Read it before reading the world."""
        ...

    def batch(self) -> AbstractContextManager[None]:
        """
        Many operations in one transaction; an exception that leaves the block undoes all of them.

        Blocks nest: an inner one that fails undoes what it did and leaves the outer one to go on.
        """
        ...

    def close(self) -> None:
        """Let go of the storage; closing again is nothing."""
        ...
