"""Knows a store in which operations fail, answers get lost and whoever asks may die; must not know why it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar

from servflow.errors import StoreError
from servflow.model import Actor, Effect, Record, Ticket
from servflow.stores import Answer, Change, Claim, Head, Link, Message, Pending, Sort, Store, Trouble
from servflow.testing._simulation_ledger import Ledger, Note
from servflow.testing._simulation_scheduler import Process

T = TypeVar("T")


class FaultyStore:
    """
    One process's handle on a store that all processes share.

    Each operation is a step before and after it. A batch has the store for itself, as on SQLite: others wait until
    it ends. What is kept is noted in the ledger once nothing can undo it any more.
    """

    def __init__(self, inner: Store, process: Process, ledger: Ledger) -> None:
        self._inner = inner
        self._process = process
        self._ledger = ledger
        self._notes: list[Note] = []
        self._depth = 0
        self._lost = False

    def _do(self, what: str, detail: Any, work: Callable[[], T], note: Callable[[T], Note | None] | None = None) -> T:
        """One operation; *note* gives what the ledger shall know, of one that writes."""
        process, scheduler = self._process, self._process.around
        process.step(what, detail, store=True)
        if self._depth:
            self._connected()
        if scheduler.chance(scheduler.faults.lost):
            self._lost = self._depth > 0
            self._fail("lost" if self._depth or scheduler.random.random() < 0.5 else "locked")
        result = work()
        noted = None if note is None else note(result)
        if self._depth:
            if noted is not None:
                self._notes.append(noted)
        elif noted is not None:
            self._ledger.keep(noted)
            self._answer(what)
        return result

    def _connected(self) -> None:
        """
        Go on with a batch only while its connection stands.

        Raises:
            StoreError: it was lost in the middle, and all of the batch with it.
        """
        if self._lost:
            self._fail("lost")

    def _fail(self, code: str) -> None:
        scheduler = self._process.around
        scheduler.count(code)
        scheduler.told(self._process, "it fails", code)
        raise StoreError(f"the simulated storage failed ({code}); nothing was kept", code=code)

    def _answer(self, what: str) -> None:
        """The way back from a storage that has kept something: the answer, or whoever waits for it, may be lost."""
        process, scheduler = self._process, self._process.around
        if scheduler.chance(scheduler.faults.unknown):
            scheduler.count("unknown")
            scheduler.told(process, "its answer is lost")
            raise StoreError("the simulated storage kept it, and its answer was lost; ask whether it was kept", code="unknown")
        process.step("kept", what)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """As ``Store.batch``."""
        if self._depth:
            with self._nested():
                yield
            return
        process, scheduler = self._process, self._process.around
        process.step("begin", store=True)
        if scheduler.chance(scheduler.faults.lost):
            self._fail("locked")
        scheduler.owner = process
        try:
            with self._nested():
                yield
                process.step("commit")
                self._connected()
            notes = tuple(self._notes)
        finally:
            scheduler.owner, self._lost = None, False
            self._notes.clear()
        for note in notes:
            self._ledger.keep(note)
        if notes:
            self._answer("batch")

    @contextmanager
    def _nested(self) -> Iterator[None]:
        mark = len(self._notes)
        self._depth += 1
        try:
            with self._inner.batch():
                yield
        except BaseException:
            del self._notes[mark:]
            raise
        finally:
            self._depth -= 1

    def for_tenant(self, name: str) -> FaultyStore:
        """As ``Store.for_tenant``; its ledger is the same, so a simulation has one tenant."""
        return FaultyStore(self._inner.for_tenant(name), self._process, self._ledger)

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """As ``Store.load``."""

        def read() -> Ticket | None:
            ticket = self._inner.load(id)
            self._ledger.saw(id, ticket, self._notes)
            return ticket

        return self._do("load", id, read)

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        process = self._process

        def note(answers: tuple[Answer, ...]) -> Note | None:
            for change, answer in zip(changes, answers, strict=True):
                process.around.told(process, answer.status, (change.ticket.id, answer.first, answer.last, change.keys))
            kept = [(change, answer) for change, answer in zip(changes, answers, strict=True) if answer.status == "applied"]
            return Note("commit", tuple(kept), process.latest) if kept else None

        return self._do("commit", _named(changes), lambda: self._inner.commit(changes), note)

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        return self._do("answered", (id, key), lambda: self._inner.answered(id, key))

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        return self._do("claim", now, lambda: self._inner.claim(now, limit, after=after))

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
        """As ``Store.post``."""

        def note(new: bool) -> Note | None:
            return Note("post", (ticket, key), at) if new else None

        return self._do(
            "post", (ticket, event, key), lambda: self._inner.post(ticket, event, payload, key=key, at=at, actor=actor), note
        )

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        return self._do("mail", ticket, lambda: self._inner.mail(ticket, limit, after=after))

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        return self._do("effects", limit, lambda: self._inner.effects(limit, after=after))

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``."""

        def note(taken: tuple[Pending, ...]) -> Note | None:
            for pending in taken:
                self._process.around.told(self._process, "taken", (pending.effect.id, pending.tries))
            return Note("take", (tuple(pending.effect.id for pending in taken), until), now) if taken else None

        return self._do("take", now, lambda: self._inner.take(now, until, limit), note)

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """As ``Store.fail``."""
        self._do(
            "fail",
            (sort, id, again),
            lambda: self._inner.fail(sort, id, error, at=at, again=again),
            lambda _: Note("aside" if again is None else "fail", (sort, id), at),
        )

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        return self._do("troubles", sort, lambda: self._inner.troubles(sort=sort, aside=aside, limit=limit, after=after))

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``."""
        given = tuple(ids)
        return self._do("revive", given, lambda: self._inner.revive(sort, given), lambda _: Note("revive", (sort, given)))

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        given = tuple(ids)
        self._do("ack", given, lambda: self._inner.ack(given), lambda _: Note("ack", given))

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        return self._do("history", id, lambda: self._inner.history(id, after, limit))

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        return self._do("ids", limit, lambda: self._inner.ids(limit, after=after))

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        return self._do("head", id, lambda: self._inner.head(id))

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        return self._do("chain", id, lambda: self._inner.chain(id, after, limit))

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        self._do("define", name, lambda: self._inner.define(hash, name, version, data))

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        return self._do("definition", hash[:12], lambda: self._inner.definition(hash))

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
        """As ``Store.find``."""

        def read() -> tuple[Ticket, ...]:
            return self._inner.find(
                state=state,
                assignee=assignee,
                workflow=workflow,
                queue=queue,
                due_before=due_before,
                where=where,
                order=order,
                limit=limit,
                after=after,
            )

        return self._do("find", limit, read)

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        return self._do("usage", prefix, lambda: self._inner.usage(prefix))

    def released(self) -> int:
        """As ``Store.released``."""
        return self._do("released", "", self._inner.released)

    def close(self) -> None:
        """Nothing: the storage belongs to the simulation."""


def _named(changes: Sequence[Change]) -> tuple[tuple[str, int | None, int], ...]:
    return tuple((change.ticket.id, change.expected, change.ticket.revision) for change in changes)


_IS_A_STORE: Callable[[FaultyStore], AbstractContextManager[None]] = FaultyStore.batch
