"""Knows how a round in a thread has coroutines awaited on the loop that asked for it; must not know what a round does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from attrs import define, field

from servflow.errors import InputError

T = TypeVar("T")


class Stopped(BaseException):
    """Ends a round whose caller has gone, past everything that would count it as a failure of what was being done."""


@define(eq=False)
class _Call:
    """One round that is run or waits to be run; ``loop`` is whose coroutine asked for it."""

    loop: asyncio.AbstractEventLoop
    gone: threading.Event = field(factory=threading.Event)
    over: bool = False
    awaited: Future[Any] | None = None

    def stop(self) -> None:
        self.gone.set()
        if self.awaited is not None:
            self.awaited.cancel()


_INSIDE: ContextVar[tuple[_Call, ...]] = ContextVar("servflow_rounds", default=())


def is_async(function: object) -> bool:
    """Whether calling it gives a coroutine, so that it is to be called on the loop."""
    return iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - asks whether it is async


class Bridge:
    """
    A thread of its own for one kind of round; rounds that are asked for at once follow each other.

    Of its own, since a round waits in it for coroutines that may need a thread of the loop's pool themselves.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"servflow-{name}")
        self._now: _Call | None = None

    async def run(self, work: Callable[[], T], unasked: Callable[[], T]) -> T:
        """
        What a round comes to; *unasked* gives what nobody will see where the caller has gone before its end.

        Raises:
            InputError: the round was asked for from inside itself, and would wait for itself for ever.
        """
        if any(call is self._now and not call.over for call in _INSIDE.get()):
            raise InputError(
                f"{self._name} was awaited by something that {self._name} itself is waiting for; return first",
                code="inside_itself",
                round=self._name,
            )
        call = _Call(asyncio.get_running_loop())
        context = copy_context()
        context.run(_INSIDE.set, (*_INSIDE.get(), call))
        future = call.loop.run_in_executor(self._thread, context.run, self._work, call, work, unasked)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            call.stop()
            raise

    def _work(self, call: _Call, work: Callable[[], T], unasked: Callable[[], T]) -> T:
        self._now = call
        try:
            return unasked() if call.gone.is_set() else work()
        except Stopped:
            return unasked()
        finally:
            call.over = True
            self._now = None

    def plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same as a plain function for this thread: what is awaitable is awaited on the loop of the round's caller."""
        called_there = is_async(function)

        def called(*given: Any) -> Any:
            if called_there:
                return self._await(lambda: function(*given))
            result = function(*given)
            return self._await(lambda: result) if isawaitable(result) else result

        return called

    def _await(self, begin: Callable[[], Any]) -> Any:
        call = self._now
        if call is None or call.gone.is_set() or call.loop.is_closed():
            raise Stopped

        async def awaited() -> Any:
            return await begin()

        coroutine = awaited()
        try:
            call.awaited = asyncio.run_coroutine_threadsafe(coroutine, call.loop)
        except RuntimeError:  # the loop was closed this very moment
            coroutine.close()
            raise Stopped from None
        if call.gone.is_set():  # between the look above and here
            call.awaited.cancel()
        try:
            return call.awaited.result()
        except CancelledError:
            if call.gone.is_set() or call.loop.is_closed():
                raise Stopped from None
            # By something else than the caller: a failure like any other, or one handler would end every round.
            raise RuntimeError(f"what {self._name} awaited was cancelled before it was done") from None
        finally:
            call.awaited = None
