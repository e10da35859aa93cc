"""Knows how a process keeps ticking a database; must not know what a ticket does when it wakes."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from servflow.cli._databases import tickets, workflow_of
from servflow.cli._output import Say, stamp
from servflow.desk import Desk, Problem
from servflow.engine import Workflow
from servflow.errors import InputError, nearest
from servflow.stores import Store

KEYS = ("handlers", "world", "sources", "workflows")
ROUNDS = 1_000
"""How often one round may go on while there is something to do, so that it reports now and then."""
TOLD = 10
"""How many problems of one round are written out."""


def _now() -> datetime:
    # The one place of the command line that reads the wall clock: a live desk needs the present.
    return datetime.now(UTC)


@frozen(kw_only=True)
class Host:
    """What a host's factory gives a worker."""

    handlers: Mapping[str, Callable[[Any], Any]] | None = None
    world: Any = None
    sources: Sequence[Any] = ()
    workflows: Sequence[Workflow] = field(default=(), converter=tuple)


def read_host(named: str) -> Host:
    """
    Call a host's factory.

    Args:
        named: ``module:factory``; modules of the working directory are found too.

    Raises:
        InputError: it cannot be imported, cannot be called, or gives something else.
    """
    module, _, factory = named.partition(":")
    if not module or not factory:
        raise InputError(f"--host is written module:factory, not {named!r}", host=named)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise InputError(f"--host {named!r} cannot be imported: {error}", host=named) from error
    if not callable(found):
        raise InputError(f"--host {named!r} is no function; it is called without arguments and gives a mapping", host=named)
    given: object = found()
    if not isinstance(given, Mapping):
        raise InputError(f"--host {named!r} gave {given!r}; it gives a mapping with any of {', '.join(KEYS)}", host=named)
    for key in given:
        if key not in KEYS:
            close = nearest(str(key), KEYS)
            hint = f"did you mean {close!r}?" if close else f"known are {', '.join(KEYS)}"
            raise InputError(f"--host {named!r} gave {key!r}; {hint}", host=named, key=key)
    return Host(**given)


@frozen
class Worker:
    """A desk over a database with every workflow its tickets run under."""

    desk: Desk
    delivers: bool

    @classmethod
    def over(cls, store: Store, host: Host) -> Worker:
        """
        The worker for a store.

        Raises:
            InputError: neither the host nor the store has a workflow.
        """
        hashes = {ticket.pins.get("workflow", "") for ticket in tickets(store)}
        known = {workflow.hash: workflow for workflow in host.workflows}
        flows = [*known.values(), *(workflow_of(store, hash_) for hash_ in sorted(hashes - known.keys()))]
        if not flows:
            raise InputError("the database holds no ticket yet, so no workflow; give workflows with --host module:factory")
        desk = Desk(flows, store, handlers=host.handlers, now=_now, world=host.world, sources=host.sources)
        return cls(desk, host.handlers is not None)

    def round(self, say: Say) -> bool:
        """Tick, and deliver where there are handlers, until there is nothing left to do; whether anything failed."""
        totals: dict[str, int] = {}
        problems: list[Problem] = []
        steps: list[Callable[[], Any]] = [self.desk.tick, *([self.desk.deliver] if self.delivers else [])]
        for step in steps:
            for _ in range(ROUNDS):
                report = step()
                _add(totals, report, ("advanced", "fired", "refused", "delivered", "unhandled"))
                if not report.worked:
                    break
            _add(totals, report, ("failed",))
            problems.extend(report.problems)
        _tell(say, totals, problems)
        return bool(totals.get("failed"))

    def run(self, say: Say, every: float) -> bool:
        """Rounds until the process is asked to end; whether anything failed in the last one."""
        failed = False
        with _until_asked() as ended:
            while not ended.is_set():
                failed = self.round(say)
                ended.wait(every)
        return failed


def _add(totals: dict[str, int], report: Any, names: Iterable[str]) -> None:
    for name in names:
        totals[name] = totals.get(name, 0) + getattr(report, name, 0)


def _tell(say: Say, totals: Mapping[str, int], problems: Sequence[Problem]) -> None:
    at = stamp(_now())
    if say.json:
        told = [{"where": one.where, "what": one.what, "error": str(one.error)} for one in problems[:TOLD]]
        say.data({"at": at, **totals, "problems": told})
        return
    say.line(say.words("worker.round", at=at, **{"delivered": 0, **totals}))
    for one in problems[:TOLD]:
        say.line("  " + say.words("worker.problem", where=one.where, what=one.what, error=one.error))


@contextmanager
def _until_asked() -> Iterator[threading.Event]:
    """An event that is set when the process is interrupted or asked to terminate; a round under way is finished."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
