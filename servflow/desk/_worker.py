"""Knows how a desk is kept working: rounds, handlers, failures of the store, and an end; must not know what is decided."""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from attrs import frozen

from servflow.desk._async import AsyncDesk
from servflow.desk._deliver import KIND_OF
from servflow.desk._desk import Desk
from servflow.desk._failures import in_words
from servflow.desk._handing import Hands, Job
from servflow.desk._reports import MAX_PROBLEMS, Problem
from servflow.desk._retry import positive, whole
from servflow.desk._telemetry import Silent, Telemetry, Value
from servflow.errors import FormatError, InputError, StoreError, shown
from servflow.model import Effect

LOG = logging.getLogger("servflow.worker")

AT_ONCE = 5
"""How often what another transaction or a lost answer undid is done again before anybody waits."""

LONGEST = timedelta(seconds=30)
"""The longest pause between two looks at a store that cannot be used."""

ROUNDS = 100_000
"""How often one ``round`` looks anew while there is something to do, so that it ends under any load."""

_TICKETS = ("advanced", "idle", "fired", "duplicates", "refused", "sent", "failed", "set_aside")
COUNTS = (
    *("rounds", "claimed", "advanced", "fired", "refused", "failed", "set_aside"),
    *("delivered", "unhandled", "retried", "dead", "timeouts", "store_errors", "repeated"),
)
"""What a worker counts, in this order."""


@frozen(kw_only=True)
class RoundReport:
    """
    What one ``Worker.round`` came to.

    ``counts`` are those of ``Worker.counts``, of this round alone. ``hanging`` is how many handlers were given up and did
    not return so far. ``problems`` tells of what was refused or failed, the first hundred.
    """

    counts: Mapping[str, int]
    hanging: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a ticket, an effect or a source failed; what was merely refused has not."""
        return any(self.counts[name] for name in ("failed", "retried", "dead"))


class Worker:
    """
    Keeps a desk working: tickets are woken, mail is read, sources are asked, and effects reach their handlers.

    Any number of workers may work on one store, in any number of processes and on any number of hosts. Handlers run in
    threads, each effect in one; coroutine functions are awaited on one event loop. An effect is taken only when a thread is
    free for it, and acknowledged once its handler has returned. A handler that takes longer than *timeout* has failed with
    the code ``handler_timeout``; its thread cannot be stopped and stays taken until it returns.

    A store that cannot be used for a while is waited for, with growing pauses; what happens is told to the logger
    ``servflow.worker``. Time is only ever read from the desk's ``now``.

    Args:
        desk: a plain desk with its handlers, which may be coroutine functions here.
        workers: how many handlers may run at once; 0 hands out no effects at all.
        every: elapsed time between two looks while there is nothing to do. A store that tells (PostgreSQL) is heard earlier.
        limit: how many tickets one round of ``tick`` answers at most.
        timeout: how long a handler may take; not above the desk's ``patience``, after which others try.
        telemetry: is told what is done while it is done.
        wait: is called with seconds instead of waiting them, where a host or a test lets time pass itself.

    Raises:
        InputError: a number is out of bounds, or the desk is none or an ``AsyncDesk``.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        workers: int = 4,
        every: timedelta = timedelta(seconds=1),
        limit: int = 100,
        timeout: timedelta = timedelta(seconds=30),
        telemetry: Telemetry | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._desk = _checked(desk)
        self._workers = whole(workers, "workers", 0, 1_000)
        self._every = positive(every, "every")
        self._limit = whole(limit, "limit", 1, 100_000)
        self._delivery, self._now = desk._delivery, desk._steps.around.now
        if positive(timeout, "timeout") > self._delivery.patience:
            raise InputError(
                f"a handler may take {timeout}, but after {self._delivery.patience} others are given its effect; make the desk"
                " with a longer patience: Desk(..., patience=...)",
                name="timeout",
                timeout=timeout,
                patience=self._delivery.patience,
            )
        self._timeout = timeout
        self._hands = Hands(self._workers, timeout)
        self._telemetry = Silent() if telemetry is None else telemetry
        self._wait = wait
        # Signals may come at any moment, and this is what may be rung from inside one.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopping = False
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._problems: list[Problem] = []
        self._unreported: list[Job] = []
        self._finished: list[tuple[Job, str, Exception | None]] = []
        self._ill = self._idle = self._still = self._fair = self._full = False

    # -- what hosts call

    @property
    def counts(self) -> Mapping[str, int]:
        """
        How often what has happened since the worker was made.

        ``rounds`` of ticking; ``claimed``, ``advanced``, ``fired``, ``refused``, ``failed`` and ``set_aside`` as a
        ``TickReport`` counts them (``refused`` counts refused effects too); effects ``delivered``, ``unhandled``,
        ``retried`` (failed, and tried again) and ``dead`` (set aside); ``timeouts`` of handlers; ``store_errors``, and how
        many of them were ``repeated`` at once.
        """
        with self._lock:
            return MappingProxyType({name: self._counts[name] for name in COUNTS})

    @property
    def hanging(self) -> int:
        """How many handlers were given up and have not returned so far."""
        return self._hands.hanging

    def stop(self) -> None:
        """
        Have ``run`` take nothing new, finish what runs, and return; from any thread and from a signal handler.

        A worker that was stopped is not run again.
        """
        self._stopping = True
        self._bell.put(None)

    def run(self) -> None:
        """
        Work until ``stop``.

        Raises:
            FormatError: the store was written by a newer servflow.
            StoreError: the store was closed.
        """
        hearing = self._begin_to_hear()
        ill = 0
        try:
            while not self._stopping:
                worked = self._step(patient=True)
                ill = min(ill + 1, 10) if self._ill else 0
                if ill:
                    self._pause(min(LONGEST, self._every * 2 ** (ill - 1)))
                elif not worked:
                    self._rest()
            while self._hands.busy:
                self._rest()
                self._look_after(patient=True)
                self._guarded(self._acknowledge, patient=True)
            self._look_after(patient=True)
            self._guarded(self._acknowledge, patient=True)
        finally:
            self._stopping = True
            self._ended.set()
            self._hands.end()
            if hearing is not None:
                hearing.join(2)

    def round(self) -> RoundReport:
        """
        Do all there is to do at present, and wait for the handlers it takes.

        Raises:
            StoreError: the store failed; what was not done comes again.
        """
        before = self.counts
        with self._lock:
            self._problems = []
        try:
            for _ in range(ROUNDS):
                if not self._stopping and self._step(patient=False):
                    continue
                if not (self._hands.busy or self._finished):
                    break
                self._rest()
                self._look_after(patient=False)
                self._guarded(self._acknowledge, patient=False)
        finally:
            if not self._hands.busy:
                self._hands.end()
        after = self.counts
        with self._lock:
            problems = tuple(self._problems)
        counts = {name: after[name] - before[name] for name in COUNTS}
        return RoundReport(counts=counts, hanging=self.hanging, problems=problems)

    # -- one look

    def _step(self, *, patient: bool) -> bool:
        """Look after what runs, tick, and hand out; whether anything was done."""
        self._ill = False
        worked = self._look_after(patient=patient)
        worked |= self._guarded(self._tick, patient=patient)
        worked |= self._guarded(self._hand_out, patient=patient)
        self._idle = not worked
        return worked

    def _guarded(self, work: Callable[[], bool], *, patient: bool) -> bool:
        """Do work with the store, again at once where that may help; a failure that waiting may mend is told and noted."""
        for left in reversed(range(AT_ONCE)):
            try:
                return work()
            except StoreError as error:
                self._add("store_errors")
                if isinstance(error, FormatError) or error.code == "closed":
                    LOG.error("the store can be used no more: %s", error)
                    raise
                if error.code in ("contended", "unknown") and left:
                    self._add("repeated")
                    continue
                if not patient:
                    raise
                self._ill = True
                LOG.error("the store cannot be used now, trying again: %s", error)
                return False
        raise AssertionError  # the last try returns or raises

    def _rest(self) -> None:
        """Wait for the next look; while handlers run not so long that one of them could hang much longer than it may."""
        self._pause(min(self._every, self._timeout) if self._hands.busy else self._every)

    def _pause(self, length: timedelta) -> None:
        """Wait, or until somebody rings."""
        if self._wait is not None:
            self._wait(length.total_seconds())
        else:
            with suppress(queue.Empty):
                self._bell.get(timeout=length.total_seconds())
        with suppress(queue.Empty):
            while True:
                self._bell.get_nowait()

    def _tick(self) -> bool:
        # A look takes no lock, and where there is nothing to do nothing is told either.
        if self._still and not self._desk._sources and not _some(lambda: self._desk.store.claim(self._now(), 1)):
            return False
        with self._telemetry.span("servflow.tick", {}) as note:
            report = self._desk.tick(self._limit)
            done = {name: getattr(report, name) for name in _TICKETS}
            for name, value in (("claimed", report.claimed), *done.items()):
                if value:
                    note(f"servflow.{name}", value)
        done["failed"] -= done["set_aside"]
        for name, value in done.items():
            if value:
                self._telemetry.count("servflow.tickets", value, {"outcome": name})
        for late in report.lateness:
            self._telemetry.measure("servflow.lateness", late.total_seconds(), {})
        self._add("rounds")
        for name in ("claimed", "advanced", "fired", "refused", "failed", "set_aside"):
            self._add(name, getattr(report, name))
        for problem in report.problems:
            self._tell(problem, "ticket %s, %s: %s")
        if report.set_aside:
            LOG.error("%d tickets were set aside; see servflow troubles", report.set_aside)
        self._still = not report.worked
        return report.worked

    def _hand_out(self) -> bool:
        """Acknowledge what was done and take what can be begun, in one transaction, since that is what costs a store most."""
        free = self._room()
        if self._finished and not free:
            return self._acknowledge()
        if not free or (not self._finished and self._idle and not _some(lambda: self._desk.store.effects(1))):  # as above
            return False
        with self._telemetry.span("servflow.deliver", {"servflow.free": free}) as note, self._acknowledging() as done:
            now = self._now()
            taken = self._desk.store.take(now, now + self._delivery.patience, free)
            note("servflow.taken", len(taken))
        self._fair = len(taken) == 1 and taken[0].tries > 1
        for pending in taken:
            try:
                self._hands.begin(Job(pending, now, now + self._delivery.patience), self._carry)
            except RuntimeError as error:
                LOG.error("effect %s comes again later, since no thread can be begun: %s", pending.effect.id, error)
                return False
        return bool(taken or done)

    def _room(self) -> int:
        """How many effects may be taken now."""
        free = self._hands.free
        if self._stopping:  # asked after the places were counted: one that was freed after stop() is not filled again
            return 0
        if self._workers and self._hands.hanging >= self._workers:
            if not self._full:
                LOG.error("all %d handlers hang; no effect is handed out before one returns", self._workers)
            self._full = True
            return 0
        self._full = False
        # A single place would go to what failed before each time: after one of these it waits until there are two.
        return 0 if free < (2 if self._fair and self._workers - self._hands.hanging > 1 else 1) else free

    def _acknowledge(self) -> bool:
        with self._acknowledging() as done:
            return bool(done)

    @contextmanager
    def _acknowledging(self) -> Iterator[int]:
        """
        What is done in the block, in one transaction with acknowledging the effects whose handlers returned; how many.

        Where it fails they stay to be acknowledged, and no handler is called again.
        """
        with self._lock:
            finished, self._finished = self._finished, []
        try:
            with self._desk.store.batch() if finished else nullcontext():
                if finished:
                    self._desk.store.ack([job.effect.id for job, _, _ in finished])
                yield len(finished)
        except BaseException:
            with self._lock:
                self._finished = finished + self._finished
            raise
        for job, result, error in finished:
            self._told(job, result, error)

    # -- one effect

    def _carry(self, job: Job) -> None:
        """Carry one effect out and tell the store, in the thread of the job; what cannot be told now is told later."""
        try:
            self._guarded(partial(self._done, job), patient=False)
        except StoreError as error:
            LOG.error("effect %s cannot be reported now: %s", job.effect.id, error)
            with self._lock:
                self._unreported.append(job)
        except Exception:
            LOG.exception("effect %s cannot be reported and comes again", job.effect.id)
        finally:
            self._hands.leave(job)
            self._bell.put(None)

    def _done(self, job: Job) -> bool:
        result, error = self._delivery.attempt(job.pending, partial(self._handed, job))
        if not (self._hands.in_time(job) or result == "delivered"):
            return False  # it was reported failed when its time was over
        if result == "failed":
            self._report(job, error)
        else:
            with self._lock:
                self._finished.append((job, result, error))
        return True

    def _handed(self, job: Job, handler: Callable[[Any], Any], effect: Effect) -> Any:
        if job.raised is not None:
            raise job.raised
        if job.value is None:
            attributes: dict[str, Value] = {
                "servflow.ticket": effect.ticket,
                "servflow.effect": effect.id,
                "servflow.kind": KIND_OF[type(effect)],
                "servflow.tries": job.pending.tries,
            }
            try:
                with self._telemetry.span("servflow.effect", attributes):
                    job.value = (self._hands.call(job, handler),)
            except Exception as error:
                job.raised = error
                raise
        return job.value[0]

    def _report(self, job: Job, error: Exception | None) -> None:
        outcome = "failed"
        if self._now() < job.until:  # else it may be somebody else's, whose time must not be cut short: it comes again anyway
            outcome = self._delivery.settle(job.pending, "failed", error)
        self._told(job, outcome, error)

    def _told(self, job: Job, outcome: str, error: Exception | None) -> None:
        self._add({"failed": "retried", "set_aside": "dead"}.get(outcome, outcome))
        self._telemetry.count("servflow.effects", 1, {"outcome": outcome})
        if error is not None:
            self._tell(Problem(job.effect.ticket, job.effect.id, error), "ticket %s, effect %s: %s")
        if outcome == "set_aside":
            LOG.error("effect %s was set aside; see servflow troubles", job.effect.id)

    def _look_after(self, *, patient: bool) -> bool:
        """Give up handlers that take too long, and tell the store what it could not be told before."""
        for job, error in self._hands.overdue(self._now()):
            self._add("timeouts")
            self._guarded(partial(self._gave_up, job, error), patient=patient)
        with self._lock:
            waiting, self._unreported = self._unreported, []
        for index, job in enumerate(waiting):
            try:
                done = self._guarded(partial(self._done, job), patient=patient)
            except BaseException:
                with self._lock:
                    self._unreported += waiting[index:]
                raise
            if self._ill and not done:
                with self._lock:
                    self._unreported += waiting[index:]
                break
        return bool(waiting) and not self._ill

    def _gave_up(self, job: Job, error: Exception) -> bool:
        self._report(job, error)
        return True

    # -- beside

    def _begin_to_hear(self) -> threading.Thread | None:
        listen = getattr(self._desk.store, "listen", None)
        if listen is None or self._wait is not None:
            return None
        thread = threading.Thread(target=self._hear, args=(listen,), name="servflow-listen", daemon=True)
        thread.start()
        return thread

    def _hear(self, listen: Callable[[timedelta], bool]) -> None:
        """Ring when the store tells that there is something to do; where it cannot be heard, polling goes on alone."""
        length = min(self._every, timedelta(seconds=1))
        while not self._ended.is_set():
            try:
                if listen(length):
                    self._bell.put(None)
            except Exception as error:
                if self._ended.is_set() or getattr(error, "code", "") == "closed":
                    return
                LOG.warning("the store cannot be heard now: %s", error)
                self._ended.wait(self._every.total_seconds())

    def _add(self, name: str, count: int = 1) -> None:
        with self._lock:
            self._counts[name] += count

    def _tell(self, problem: Problem, words: str) -> None:
        LOG.warning(words, problem.where, problem.what, in_words(problem.error))
        with self._lock:
            if len(self._problems) < MAX_PROBLEMS:
                self._problems.append(problem)


def _some(look: Callable[[], Sequence[object]]) -> bool:
    """Whether there is something to do; also where one thing is damaged, which only who goes to do it sets aside."""
    try:
        return bool(look())
    except StoreError as error:
        if error.code != "damaged" or not error.facts.keys() & {"ticket", "effect"}:
            raise
        return True


def _checked(desk: object) -> Desk:
    if isinstance(desk, AsyncDesk):
        raise InputError("a Worker has threads of its own: give it a plain Desk; its handlers may be coroutine functions")
    if not isinstance(desk, Desk):
        raise InputError(f"a Worker works for a Desk, not for {shown(desk)}")
    return desk
