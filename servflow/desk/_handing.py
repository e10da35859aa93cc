"""Knows how handlers run beside each other, how long they may, and what becomes of one that hangs; must not know stores."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from datetime import datetime, timedelta
from inspect import isawaitable
from typing import Any

from attrs import define, field

from servflow.desk._bridge import is_async
from servflow.errors import LimitError
from servflow.model import Effect
from servflow.stores import Pending


@define(eq=False)
class Job:
    """
    One effect that is being carried out.

    ``begun`` is when, by the desk's time; ``until`` when it may be somebody else's. ``given_up`` says that it was
    reported failed since it took too long, ``over`` that it returned in time. ``value`` is what the handler gave, in a
    tuple, and ``raised`` what it raised, so that it is not called again where only what comes after it has to be done again.
    """

    pending: Pending
    begun: datetime
    until: datetime
    given_up: bool = False
    over: bool = False
    awaited: Future[Any] | None = None
    value: tuple[Any] | None = None
    raised: Exception | None = None

    @property
    def effect(self) -> Effect:
        """What is to be done."""
        return self.pending.effect


@define(eq=False)
class _Loop:
    """An event loop in a thread of its own, and whether it still turns."""

    loop: asyncio.AbstractEventLoop = field(factory=asyncio.new_event_loop)
    asked: tuple[datetime, threading.Event] | None = None
    ended: threading.Event = field(factory=threading.Event)

    def begin(self) -> None:
        threading.Thread(target=self._turn, name="servflow-loop", daemon=True).start()

    def _turn(self) -> None:
        try:
            self.loop.run_forever()
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            if left:  # who does not listen is left behind
                self.loop.run_until_complete(asyncio.wait(left, timeout=1))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()
            self.ended.set()

    def end(self) -> None:
        with suppress(RuntimeError):  # it has ended
            self.loop.call_soon_threadsafe(self.loop.stop)

    def stuck(self, now: datetime, after: timedelta) -> bool:
        """Whether it has not answered for that long; asks it anew where it has."""
        if self.asked is not None and not self.asked[1].is_set():
            return now - self.asked[0] >= after
        answer = threading.Event()
        self.asked = now, answer
        self.loop.call_soon_threadsafe(answer.set)
        return False


class Hands:
    """
    Up to *most* jobs at once, each in a daemon thread of its own; what is awaitable is awaited on one event loop.

    A thread cannot be stopped from outside. One whose handler hangs is given up, but keeps its place until it
    returns, so that there are never more threads than places; a coroutine is cancelled, and its place is free.
    An event loop that something blocks is given up and replaced, and takes a place until it turns again.
    """

    def __init__(self, most: int, timeout: timedelta) -> None:
        self._most, self._timeout = most, timeout
        self._lock = threading.Lock()
        self._running: dict[int, Job] = {}
        self._loop: _Loop | None = None
        self._stuck: list[_Loop] = []

    @property
    def free(self) -> int:
        """How many jobs can be begun now."""
        with self._lock:
            self._stuck = [loop for loop in self._stuck if not loop.ended.is_set()]
            return max(0, self._most - len(self._running) - len(self._stuck))

    @property
    def hanging(self) -> int:
        """How many places are taken by what was given up."""
        with self._lock:
            given_up = sum(job.given_up and job.awaited is None for job in self._running.values())
            return given_up + sum(not loop.ended.is_set() for loop in self._stuck)

    @property
    def busy(self) -> int:
        """How many jobs are under way that were not given up."""
        with self._lock:
            return sum(not job.given_up for job in self._running.values())

    def begin(self, job: Job, work: Callable[[Job], None]) -> None:
        """Do *work* for a job in a thread; it never raises."""

        def run() -> None:
            try:
                work(job)
            finally:
                self.leave(job)

        with self._lock:
            self._running[id(job)] = job
        try:
            threading.Thread(target=run, name=f"servflow-{job.effect.id}", daemon=True).start()
        except BaseException:  # no thread can be had
            self.leave(job)
            raise

    def leave(self, job: Job) -> None:
        """Free the place of a job; again is nothing."""
        with self._lock:
            self._running.pop(id(job), None)

    def call(self, job: Job, handler: Callable[[Any], Any]) -> Any:
        """What a handler gives, awaited where it is to be; in the thread of the job."""
        if is_async(handler):
            return self._awaited(job, lambda: handler(job.effect))
        try:
            value = handler(job.effect)
        except Exception:
            raise
        except BaseException as error:
            raise _no_failure(job, error) from error
        return self._awaited(job, lambda: value) if isawaitable(value) else value

    def _awaited(self, job: Job, begin: Callable[[], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            try:
                return await begin()
            except (SystemExit, KeyboardInterrupt) as error:  # these would end the loop
                raise _no_failure(job, error) from error

        coroutine = whole()
        with self._lock:
            if job.given_up:
                coroutine.close()
                raise self._late(job)
            if self._loop is None or self._loop.ended.is_set():
                self._loop = _Loop()
                self._loop.begin()
            job.awaited = asyncio.run_coroutine_threadsafe(coroutine, self._loop.loop)
        try:
            return job.awaited.result()
        except CancelledError:
            if job.given_up:
                raise self._late(job) from None
            raise RuntimeError(f"the handler of effect {job.effect.id!r} was cancelled before it was done") from None
        except Exception:
            raise
        except BaseException as error:
            raise _no_failure(job, error) from error

    def overdue(self, now: datetime) -> list[tuple[Job, LimitError]]:
        """Jobs that take too long by now, each given up herewith, with the error that says so."""
        late = []
        with self._lock:
            for job in self._running.values():
                # Where time goes back, a handler gets its time from there; else nobody would see that it hangs.
                job.begun = min(job.begun, now)
                if not (job.given_up or job.over) and now - job.begun >= self._timeout:
                    job.given_up = True
                    late.append(job)
            self._look_at_loop(now, any(job.awaited is not None for job in late))
        for job in late:
            if job.awaited is not None:
                job.awaited.cancel()
        return [(job, self._late(job)) for job in late]

    def _look_at_loop(self, now: datetime, suspicious: bool) -> None:
        loop = self._loop
        if loop is None or not (suspicious or loop.asked is not None):
            return
        if loop.stuck(now, self._timeout):
            self._loop = None
            self._stuck.append(loop)
            loop.end()
        elif not suspicious and loop.asked is not None and loop.asked[1].is_set():
            loop.asked = None

    def in_time(self, job: Job) -> bool:
        """Whether a job whose handler returned was not given up before; from now on it is not."""
        with self._lock:
            job.over = not job.given_up
            return job.over

    def end(self) -> None:
        """Let the event loop go, with all that still runs on it; threads that hang are left behind."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.end()
            loop.ended.wait(1)  # where something blocks it, it ends with the process

    def _late(self, job: Job) -> LimitError:
        seconds = self._timeout.total_seconds()
        return LimitError(
            f"the handler of effect {job.effect.id!r} did not return within {seconds:g} s; give what it calls a shorter"
            " timeout, or the worker a longer one",
            code="handler_timeout",
            effect=job.effect.id,
            ticket=job.effect.ticket,
            seconds=seconds,
        )


def _no_failure(job: Job, error: BaseException) -> RuntimeError:
    # It would end a thread and not the process, and nobody would see that it failed.
    did = "asked the process to end:" if isinstance(error, (SystemExit, KeyboardInterrupt)) else "raised what is no Exception:"
    return RuntimeError(f"the handler of effect {job.effect.id!r} {did} {type(error).__name__} {error}")
