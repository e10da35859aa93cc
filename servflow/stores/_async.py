"""Knows how a store is used from coroutines without stopping their loop; must not know any database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, runtime_checkable

from servflow.errors import InputError, shown
from servflow.model import Actor, Effect, Record, Ticket
from servflow.stores._chain import Head, Link
from servflow.stores._protocol import Answer, Change, Claim, Message, Pending, Sort, Store, Trouble

P = ParamSpec("P")
T = TypeVar("T")


async def _threaded(work: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
    from asyncio import to_thread  # here, since whoever has a plain store has no loop and loads none

    return await to_thread(work, *given, **more)


@runtime_checkable
class AsyncStore(Protocol):
    """
    The twin of ``Store`` for coroutines: every operation means and raises what its namesake there does.

    Two differ in form: ``batch`` takes the work as a function, since a transaction belongs to the thread that began
    it, and ``for_tenant`` is a plain function, since it only makes a handle.
    """

    def for_tenant(self, name: str) -> AsyncStore:
        """As ``Store.for_tenant``."""
        ...

    async def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """As ``Store.load``."""
        ...

    async def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        ...

    async def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        ...

    async def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        ...

    async def post(
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
        ...

    async def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        ...

    async def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        ...

    async def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``."""
        ...

    async def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """As ``Store.fail``."""
        ...

    async def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        ...

    async def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``."""
        ...

    async def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        ...

    async def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        ...

    async def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        ...

    async def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        ...

    async def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        ...

    async def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        ...

    async def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        ...

    async def find(
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
        ...

    async def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        ...

    async def released(self) -> int:
        """As ``Store.released``."""
        ...

    async def batch(self, work: Callable[[Store], T]) -> T:
        """What *work* gives for the plain store, all of it in one transaction; an exception undoes it."""
        ...

    async def close(self) -> None:
        """As ``Store.close``."""
        ...


class InThreads:
    """A store whose operations run in threads, so that the loop goes on meanwhile; ``store`` is the plain one."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def for_tenant(self, name: str) -> InThreads:
        """As ``Store.for_tenant``."""
        return InThreads(self.store.for_tenant(name))

    async def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """As ``Store.load``."""
        return await _threaded(self.store.load, id)

    async def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        return await _threaded(self.store.commit, changes)

    async def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        return await _threaded(self.store.answered, id, key)

    async def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        return await _threaded(self.store.claim, now, limit, after=after)

    async def post(
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
        return await _threaded(self.store.post, ticket, event, payload, key=key, at=at, actor=actor)

    async def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        return await _threaded(self.store.mail, ticket, limit, after=after)

    async def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        return await _threaded(self.store.effects, limit, after=after)

    async def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``."""
        return await _threaded(self.store.take, now, until, limit)

    async def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """As ``Store.fail``."""
        await _threaded(self.store.fail, sort, id, error, at=at, again=again)

    async def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        return await _threaded(self.store.troubles, sort=sort, aside=aside, limit=limit, after=after)

    async def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``."""
        return await _threaded(self.store.revive, sort, ids)

    async def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        await _threaded(self.store.ack, ids)

    async def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        return await _threaded(self.store.history, id, after, limit)

    async def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        return await _threaded(self.store.ids, limit, after=after)

    async def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        return await _threaded(self.store.head, id)

    async def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        return await _threaded(self.store.chain, id, after, limit)

    async def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        await _threaded(self.store.define, hash, name, version, data)

    async def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        return await _threaded(self.store.definition, hash)

    async def find(
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
        return await _threaded(
            self.store.find,
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

    async def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        return await _threaded(self.store.usage, prefix)

    async def released(self) -> int:
        """As ``Store.released``."""
        return await _threaded(self.store.released)

    async def batch(self, work: Callable[[Store], T]) -> T:
        """As ``AsyncStore.batch``."""
        if iscoroutinefunction(work):
            raise InputError(f"a batch is one transaction in a thread: give a plain function, not {shown(work)}")

        def inside() -> T:
            with self.store.batch():
                return work(self.store)

        return await _threaded(inside)

    async def close(self) -> None:
        """As ``Store.close``."""
        await _threaded(self.store.close)


def in_threads(store: Store) -> AsyncStore:
    """
    A store for coroutines: every operation runs in a thread of the loop's pool, so that nothing else waits for it.

    A coroutine that is cancelled while it waits lets its operation go on to the end: commit with a key where the
    answer may be lost, and ask ``answered`` afterwards.

    Args:
        store: any store that can be used from several threads, as those of servflow can.

    Raises:
        InputError: it is no store.
    """
    given: object = store
    if not isinstance(given, Store):
        raise InputError(f"in_threads takes a store, not {shown(given)}", value=shown(given))
    return InThreads(store)
