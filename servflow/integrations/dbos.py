"""Knows how effects are carried out as durable workflows of DBOS; must not know what handlers do, nor keep anything itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from attrs import field, frozen

from servflow.desk import Retry
from servflow.desk._bridge import is_async
from servflow.desk._deliver import checked_handlers
from servflow.desk._failures import in_words
from servflow.desk._replies import post_reply, post_result, reply_of
from servflow.errors import InputError, ServflowError
from servflow.model import EPOCH, Call, Effect, decode_value, dump, encode_value, load
from servflow.stores import Store

Handler = Callable[[Any], Any]
Data = dict[str, Any]

NAME = "servflow"
"""What the names of the workflows begin with, where the host says nothing else."""


def _system_clock() -> datetime:
    return datetime.now(UTC)


def _dbos() -> Any:
    try:
        import dbos
    except ImportError as error:
        raise InputError(
            "DBOS is not installed; pip install 'servflow[dbos]'", code="integrations.missing", package="dbos"
        ) from error
    return dbos


@frozen(eq=False)
class Durable(Mapping[str, Callable[[Any], None]]):
    """
    Handlers for a desk, each of which only starts a workflow of DBOS; see ``durable``.

    A mapping like any other: ``Desk(..., handlers={**effects, "notify": at_once})`` runs one of them without DBOS.
    """

    _store: Store
    _works: Mapping[str, Callable[[str, Data], None]]
    _queue: str | None
    _ordered: bool
    _tenant: str

    def __getitem__(self, kind: str) -> Callable[[Any], None]:
        work = self._works[kind]
        return lambda effect: self._start(work, effect)

    def __iter__(self) -> Iterator[str]:
        return iter(self._works)

    def __len__(self) -> int:
        return len(self._works)

    def for_tenant(self, name: str) -> Durable:
        """The same handlers for the desk of another tenant, whose replies go to that tenant's tickets."""
        return Durable(self._store, self._works, self._queue, self._ordered, name)

    def workflow_id(self, effect: Effect) -> str:
        """The id of the workflow that carries an effect out: the effect's; behind another tenant's name, where it is one's."""
        # One ticket id in two tenants gives the same ids of effects.
        return effect.id if self._tenant == "default" else f"{self._tenant}:{effect.id}"

    def _start(self, work: Callable[[str, Data], None], effect: Effect) -> None:
        dbos = _dbos()
        data: Data = dump(effect)
        with ExitStack() as around:
            around.enter_context(dbos.SetWorkflowID(self.workflow_id(effect)))
            around.enter_context(dbos.SetWorkflowAttributes({"ticket": effect.ticket, "tenant": self._tenant}))
            if find_spec("opentelemetry") is not None:
                around.enter_context(dbos.PropagateOtelContext())
            if self._ordered:
                around.enter_context(dbos.SetEnqueueOptions(queue_partition_key=f"{self._tenant}:{effect.ticket}"))
            try:
                if self._queue is None:
                    dbos.DBOS.start_workflow(work, self._tenant, data)
                else:
                    dbos.DBOS.enqueue_workflow(self._queue, work, self._tenant, data)
            except dbos.error.DBOSConflictingWorkflowError:
                return  # it was started by a handler that has another name since, and goes on there


@frozen
class _Work:
    """One handler, and everything the workflow around it needs."""

    kind: str
    handler: Handler
    store: Store
    retry: Retry
    now: Callable[[], datetime]
    attempt: Callable[[Data], Any] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "attempt", self._awaited if is_async(self.handler) else self._called)

    def _called(self, data: Data) -> Any:
        effect = load(data)
        try:
            return encode_value(reply_of(effect, self.handler(effect)))
        except Exception as error:
            raise self._failed(effect, error) from error

    async def _awaited(self, data: Data) -> Any:
        effect = load(data)
        try:
            return encode_value(reply_of(effect, await self.handler(effect)))
        except Exception as error:
            raise self._failed(effect, error) from error

    def _failed(self, effect: Effect, error: Exception) -> ServflowError:
        # DBOS keeps what is raised; a stranger's error may not survive that, its words do.
        return ServflowError(
            f"the handler of {self.kind!r} failed: {in_words(error)}", code="handler", kind=self.kind, effect=effect.id
        )

    def reply(self, tenant: str, data: Data, value: Any) -> None:
        effect = load(data)
        assert isinstance(effect, Call)  # nothing else has a reply
        post_reply(self.store.for_tenant(tenant), effect, decode_value(value), self.now())

    def gave_up(self, tenant: str, data: Data, reason: str) -> None:
        post_result(self.store.for_tenant(tenant), load(data), self.now(), reason)

    def waits(self, id_: str) -> Iterator[float | None]:
        """Seconds to wait after the first failure, the second and so on; None where it is given up."""
        for tries in itertools.count(1):
            again = self.retry.again(id_, tries, EPOCH)
            yield None if again is None else (again - EPOCH).total_seconds()

    def registered(self, name: str) -> Callable[[str, Data], None]:
        """This as a workflow of DBOS, which finds it again by its name after a restart."""
        dbos = _dbos().DBOS
        more = {"retries_allowed": True, "max_attempts": self.retry.tries, "interval_seconds": self.retry.first.total_seconds()}

        def carry_out(tenant: str, data: Data) -> None:
            value = None
            for wait in self.waits(data["id"]):
                try:
                    value = dbos.run_step({"name": self.kind}, self.attempt, data)
                    break
                except ServflowError as error:
                    if wait is None:
                        if data.get("report"):  # a chain asks what becomes of it
                            dbos.run_step({"name": "failed", **more}, self.gave_up, tenant, data, error.message)
                        raise
                    dbos.sleep(wait)  # kept too: a restart waits for the rest only
            if value is not None:
                dbos.run_step({"name": "reply", **more}, self.reply, tenant, data, value)

        registered: Callable[[str, Data], None] = dbos.workflow(name=f"{name}.{self.kind}")(carry_out)
        return registered


def durable(
    handlers: Mapping[str, Handler],
    store: Store,
    *,
    queue: str | None = None,
    ordered: bool = False,
    retry: Retry | None = None,
    name: str = NAME,
    now: Callable[[], datetime] = _system_clock,
) -> Durable:
    """
    Handlers that start a workflow of DBOS for each effect, so that it is acknowledged once DBOS has it for good.

    The workflow's id is that of the effect: one that is delivered twice is carried out once. Its first step calls the
    handler, as often as *retry* allows, with waits that outlast a restart; the second posts what a call's handler gave as
    the reply. A handler is called again where its process died before the step was kept, so it still has
    to tell the outside world the effect's id. What failed for the last time is a workflow with the status ``ERROR``,
    which DBOS lists, resumes and forks; the store knows nothing of it.

    Call it before ``DBOS.launch()``: what was under way is found again by the name of its workflow, ``servflow.notify``,
    ``servflow.call:price`` and so on, so keep the keys of handlers as long as effects are under way.

    Args:
        handlers: as for ``Desk``, plain functions or coroutine functions; the latter run on the loop of DBOS.
        store: where replies go; a handle that may be used from several threads.
        queue: the name of a queue that ``DBOS.register_queue`` made, with its limits; without one everything starts at once.
        ordered: each ticket is a partition of the queue, so that a queue with ``partition_concurrency=1`` carries
            out the effects of one ticket one after the other. Otherwise they may overtake each other.
        retry: how often and after which waits a handler is called again; ``Retry()`` where left out.
        name: what the names of the workflows begin with; each call in one process needs its own where they share keys.
        now: gives the instant a reply is sent at; the system clock in UTC where left out.

    Raises:
        InputError: DBOS is not installed, no effect is of such a kind, or *ordered* is asked for without a queue.
    """
    if ordered and queue is None:
        raise InputError("ordered needs a queue: give queue=, registered with partition_concurrency=1", code="input")
    known = checked_handlers(handlers)
    _dbos()
    retry = Retry() if retry is None else retry
    works = {kind: _Work(kind, handler, store, retry, now).registered(name) for kind, handler in known.items()}
    return Durable(store, works, queue, ordered, getattr(store, "tenant", "default"))
