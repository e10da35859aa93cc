"""Knows how a desk is used from coroutines; must not know how a desk decides or keeps anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from servflow.calendars import OpenTime
from servflow.desk._bridge import Bridge, is_async
from servflow.desk._desk import Desk, _system_clock
from servflow.desk._reports import DeliverReport, LookReport, MigrationReport, RecalendarReport, TickReport
from servflow.desk._retry import Retry
from servflow.desk._steps import Outside
from servflow.desk._visits import Pulled
from servflow.desk._workflows import Runnable
from servflow.dispatch import Window
from servflow.engine import MigrationPlan
from servflow.errors import InputError, shown
from servflow.model import Actor, Effect, Outcome, Record, Reservation, Ticket
from servflow.sla import ClockChange
from servflow.stores import AsyncStore, InThreads, Sort, Store, Trouble

T = TypeVar("T")


def _plain(given: object, what: str) -> None:
    if is_async(given):
        raise InputError(
            f"{what} is called from a thread while a transaction is open: give a plain function, not {shown(given)}", what=what
        )


class AsyncDesk:
    """
    The desk for coroutines: the same verbs, decided by the same code, in threads, so that the loop goes on meanwhile.

    Handlers and sources may be coroutine functions: they are awaited on the loop of whoever awaits ``deliver`` or
    ``tick``, and may await this desk's other verbs. A coroutine that is cancelled lets the verb it waits for go on
    to the end, as a lost answer does: fire with a key, and fire again. A cancelled ``deliver`` cancels the handler
    that is awaited, and its effect comes again. There is no ``in_transaction``: a host's
    transaction belongs to its thread, in which it uses a plain ``Desk``.

    Args:
        workflows: as for ``Desk``.
        store: where tickets live; what ``in_threads`` gave stands for the store behind it.
        handlers: as for ``Desk``; plain ones run in the thread of the round.
        now: as for ``Desk``, a plain function.
        world: as for ``Desk``, a value or a plain function: it is asked while a transaction is open.
        sources: as for ``Desk``; a coroutine function, or a coroutine method ``due``, is given this desk.
        retry: as for ``Desk``.
        patience: as for ``Desk``.

    Raises:
        InputError: there is no workflow, a handler is for a kind that does not exist, ``now`` or ``world`` is a
            coroutine function, or the store is of another kind.
    """

    def __init__(
        self,
        workflows: Runnable | Iterable[Runnable] | Mapping[Any, Runnable],
        store: Store | AsyncStore,
        *,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        now: Callable[[], datetime] = _system_clock,
        world: Outside = None,
        sources: Sequence[Any] = (),
        retry: Retry = Retry(),  # noqa: B008 - it is frozen, so one may serve all
        patience: timedelta = timedelta(minutes=1),
    ) -> None:
        behind: object = store.store if isinstance(store, InThreads) else store
        if not isinstance(behind, Store) or is_async(behind.load):
            raise InputError(f"an AsyncDesk needs a plain store, or what in_threads gave, not {shown(store)}")
        _plain(now, "now")
        _plain(world, "world")
        self._ticking, self._delivering = Bridge("tick"), Bridge("deliver")
        given: Mapping[str, Any] = handlers or {}
        self._desk = Desk(
            workflows,
            behind,
            handlers={kind: self._delivering.plain(one) if callable(one) else one for kind, one in given.items()},
            now=now,
            world=world,
            sources=tuple(self._source(source) for source in sources),
            retry=retry,
            patience=patience,
        )
        self.store: AsyncStore = InThreads(behind)

    @property
    def plain(self) -> Desk:
        """The desk behind this one, for plain handlers and whatever else runs in a thread; on the loop it would hold it up."""
        return self._desk

    def _source(self, source: Any) -> Any:
        if hasattr(source, "due"):
            due = self._ticking.plain(source.due)
            return lambda _, now: due(now)
        if not is_async(source):
            return source
        asked = self._ticking.plain(source)
        return lambda _, now: asked(self, now)

    async def batch(self, work: Callable[[Desk], T]) -> T:
        """
        What *work* gives for the plain desk, all of it in one transaction; an exception that leaves it undoes it all.

        Raises:
            InputError: it is a coroutine function: other coroutines would run while the transaction is open.
        """
        _plain(work, "the work of a batch")

        def inside() -> T:
            with self._desk.batch():
                return work(self._desk)

        return await asyncio.to_thread(inside)

    async def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        workflow: str | None = None,
        actor: Actor | Mapping[str, Any] | str | None = None,
        key: str | None = None,
        occurred: datetime | None = None,
        reservations: Iterable[Reservation] = (),
        effects: Iterable[Effect] = (),
    ) -> Outcome:
        """As ``Desk.open``."""
        return await asyncio.to_thread(
            self._desk.open,
            id,
            fields,
            workflow=workflow,
            actor=actor,
            key=key,
            occurred=occurred,
            reservations=reservations,
            effects=effects,
        )

    async def fire(
        self,
        id: str,  # noqa: A002 - as above
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: Actor | Mapping[str, Any] | str | None = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
        reservations: Iterable[Reservation] = (),
        effects: Iterable[Effect] = (),
    ) -> Outcome:
        """As ``Desk.fire``."""
        return await asyncio.to_thread(
            self._desk.fire,
            id,
            event,
            payload,
            actor=actor,
            key=key,
            occurred=occurred,
            expect=expect,
            reservations=reservations,
            effects=effects,
        )

    async def let_go(
        self,
        id: str,  # noqa: A002 - as above
        keys: Iterable[str],
        *,
        when: Callable[[Ticket], bool] | None = None,
    ) -> bool:
        """As ``Desk.let_go``; *when* is a plain function."""
        if when is not None:
            _plain(when, "when")
        return await asyncio.to_thread(self._desk.let_go, id, keys, when=when)

    async def preview(
        self,
        id: str,  # noqa: A002 - as above
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: Actor | Mapping[str, Any] | str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
        key: str | None = None,
    ) -> Outcome:
        """As ``Desk.preview``."""
        return await asyncio.to_thread(
            self._desk.preview, id, event, payload, actor=actor, occurred=occurred, expect=expect, key=key
        )

    async def workflow_of(self, id: str) -> Runnable:  # noqa: A002 - as above
        """As ``Desk.workflow_of``."""
        return await asyncio.to_thread(self._desk.workflow_of, id)

    async def get(self, id: str) -> Ticket:  # noqa: A002 - as above
        """As ``Desk.get``."""
        return await asyncio.to_thread(self._desk.get, id)

    async def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Desk.history``."""
        return await asyncio.to_thread(self._desk.history, id, after, limit)

    async def available(self, id: str, *, actor: Actor | Mapping[str, Any] | str | None = None) -> Any:  # noqa: A002 - as above
        """As ``Desk.available``."""
        return await asyncio.to_thread(self._desk.available, id, actor=actor)

    async def explain(self, id: str) -> Any:  # noqa: A002 - as above
        """As ``Desk.explain``."""
        return await asyncio.to_thread(self._desk.explain, id)

    async def explain_clock(
        self,
        id: str,  # noqa: A002 - as above
        clock: str,
        at: datetime | None = None,
        *,
        cycle: int | None = None,
        zone: str | None = None,
    ) -> Any:
        """As ``Desk.explain_clock``."""
        return await asyncio.to_thread(self._desk.explain_clock, id, clock, at, cycle=cycle, zone=zone)

    async def progress(self, id: str, audience: str = "customer", *, lang: str = "en") -> Any:  # noqa: A002 - as above
        """As ``Desk.progress``."""
        return await asyncio.to_thread(self._desk.progress, id, audience, lang=lang)

    async def what_if(self, id: str, **asked: Any) -> Any:  # noqa: A002 - as above
        """As ``Desk.what_if``."""
        return await asyncio.to_thread(self._desk.what_if, id, **asked)

    async def plan(self, id: str, until: datetime, **asked: Any) -> Any:  # noqa: A002 - as above
        """As ``Desk.plan``."""
        return await asyncio.to_thread(self._desk.plan, id, until, **asked)

    async def slots(
        self,
        id: str,  # noqa: A002 - as above
        *,
        days: int | None = None,
        policy: str | None = None,
        explain: bool = False,
    ) -> tuple[Window, ...]:
        """As ``Desk.slots``."""
        return await asyncio.to_thread(self._desk.slots, id, days=days, policy=policy, explain=explain)

    async def next_for(
        self,
        engineer: Actor | Mapping[str, Any] | str,
        *,
        workflow: str | None = None,
        policy: str | None = None,
        take: bool = True,
    ) -> Pulled:
        """As ``Desk.next_for``."""
        return await asyncio.to_thread(self._desk.next_for, engineer, workflow=workflow, policy=policy, take=take)

    async def forecast(self, id: str, clock: str, estimate: timedelta | str) -> Any:  # noqa: A002 - as above
        """As ``Desk.forecast``."""
        return await asyncio.to_thread(self._desk.forecast, id, clock, estimate)

    async def choice(self, id: str, *, slot: str | None = None) -> Any:  # noqa: A002 - as above
        """As ``Desk.choice``."""
        return await asyncio.to_thread(self._desk.choice, id, slot=slot)

    async def why_not(self, id: str, candidate: str, *, slot: str | None = None) -> Any:  # noqa: A002 - as above
        """As ``Desk.why_not``."""
        return await asyncio.to_thread(self._desk.why_not, id, candidate, slot=slot)

    async def unblock(self, id: str, *, slot: str | None = None, limit: int = 10) -> Any:  # noqa: A002 - as above
        """As ``Desk.unblock``."""
        return await asyncio.to_thread(self._desk.unblock, id, slot=slot, limit=limit)

    async def recompute(
        self,
        calendars: Mapping[str, Any] | None = None,
        *,
        calendar: Mapping[str, Any] | OpenTime | None = None,
        workflow: str | None = None,
        at: datetime | None = None,
    ) -> tuple[ClockChange, ...]:
        """As ``Desk.recompute``."""
        return await asyncio.to_thread(self._desk.recompute, calendars, calendar=calendar, workflow=workflow, at=at)

    async def recalendar(
        self, *, workflow: str | None = None, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> RecalendarReport:
        """As ``Desk.recalendar``."""
        return await asyncio.to_thread(self._desk.recalendar, workflow=workflow, tickets=tickets, limit=limit)

    async def look_again(
        self, *, workflow: str | None = None, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> LookReport:
        """As ``Desk.look_again``."""
        return await asyncio.to_thread(self._desk.look_again, workflow=workflow, tickets=tickets, limit=limit)

    async def tick(self, limit: int = 100) -> TickReport:
        """As ``Desk.tick``; rounds asked for at once follow each other."""
        return await self._ticking.run(lambda: self._desk.tick(limit), TickReport)

    async def deliver(self, limit: int = 100) -> DeliverReport:
        """As ``Desk.deliver``; rounds asked for at once follow each other."""
        return await self._delivering.run(lambda: self._desk.deliver(limit), DeliverReport)

    async def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Desk.troubles``."""
        return await asyncio.to_thread(self._desk.troubles, sort=sort, aside=aside, limit=limit, after=after)

    async def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Desk.revive``."""
        return await asyncio.to_thread(self._desk.revive, sort, ids)

    async def find(self, **asked: Any) -> tuple[Ticket, ...]:
        """As ``Desk.find``."""
        return await asyncio.to_thread(self._desk.find, **asked)

    async def erase(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        *,
        fields: Iterable[str] | None = None,
        people: Iterable[str] = (),
        written: bool = False,
        actor: Actor | Mapping[str, Any] | str | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Outcome:
        """As ``Desk.erase``."""
        asked = self._desk.erase
        return await asyncio.to_thread(
            asked, id, fields=fields, people=people, written=written, actor=actor, reason=reason, key=key
        )

    async def migrate(
        self, plan: MigrationPlan, *, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> MigrationReport:
        """As ``Desk.migrate``."""
        return await asyncio.to_thread(self._desk.migrate, plan, tickets=tickets, limit=limit)
