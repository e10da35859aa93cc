"""Knows how a process keeps ticking a database; must not know what a ticket does when it wakes."""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from traceback import extract_tb
from typing import Any, TextIO, TypeVar

import click
from attrs import evolve, field, frozen

from servflow.cli._databases import everything, workflow_of
from servflow.cli._output import Say, stamp
from servflow.desk import Desk, Problem, Retry, Telemetry, Worker
from servflow.engine import Extensions
from servflow.errors import DefinitionError, InputError, NotFound, ServflowError, StoreError, nearest, shown
from servflow.stores import Store

KEYS = ("handlers", "world", "sources", "workflows", "extensions", "telemetry", "retry", "patience")
TOLD = 10
"""How many problems of one round are written out."""

LOG = logging.getLogger("servflow.worker")
PASSING = ("lost", "locked", "too_many", "contended", "unknown")
"""Codes of a store that cannot be used now, but may be later without anybody asking for something else."""
LONGEST = 30.0
"""Seconds; the longest pause between two tries to open a store."""

T = TypeVar("T")


def _now() -> datetime:
    # The one place of the command line that reads the wall clock: a live desk needs the present.
    return datetime.now(UTC)


@frozen(kw_only=True)
class Host:
    """What a host's factory gives a worker."""

    handlers: Mapping[str, Callable[[Any], Any]] | None = None
    world: Any = None
    sources: Sequence[Any] = ()
    workflows: Any = None
    extensions: Extensions | None = None
    telemetry: Telemetry | None = None
    retry: Retry = field(factory=Retry)
    patience: timedelta = timedelta(minutes=1)

    def desk(self, store: Store, *, timeout: timedelta, tries: int | None = None) -> Desk:
        """
        The desk over a store. Where the host gives no workflows they are those of all tickets, read from the store.

        Args:
            timeout: how long a handler may take; nobody else is given its effect for twice as long.
            tries: how often what fails is tried, where the host's own number shall not count.

        Raises:
            InputError: neither the host nor the store has a workflow, or something the host gave is wrong.
        """
        return Desk(
            self._kept(store) if self.workflows is None else self.workflows,
            store,
            handlers=self.handlers,
            now=_now,
            world=self.world,
            sources=self.sources,
            retry=self.retry if tries is None else evolve(self.retry, tries=tries),
            patience=max(self.patience, 2 * timeout),
        )

    def _kept(self, store: Store) -> Sequence[Any]:
        """The definitions of all tickets; one that cannot be read leaves its tickets behind, and not those of others."""
        flows: list[Any] = []
        wrong: ServflowError | None = None
        for hash_ in sorted({ticket.pins.get("workflow", "") for ticket in everything(store)}):
            try:
                flows.append(workflow_of(store, hash_, self.extensions))
            except (NotFound, DefinitionError) as error:
                LOG.error("tickets of a workflow that cannot be read are left to other workers: %s", error)
                wrong = wrong or error
        if wrong is not None and not flows:
            raise InputError(
                f"no workflow of the tickets can be read from the store: {wrong}; give workflows, or the extensions they need,"
                " with --host module:factory"
            ) from wrong
        if not flows:
            raise InputError("the database holds no ticket yet, so no workflow; give workflows with --host module:factory")
        return flows


def read_host(named: str) -> Host:
    """
    Call a host's factory.

    Args:
        named: ``module:factory``; modules of the working directory are found too.

    Raises:
        InputError: it cannot be imported, cannot be called, raises, or gives something else.
    """
    module, _, factory = named.partition(":")
    if not module or not factory:
        raise InputError(f"--host is written module:factory, not {named!r}", host=named)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), factory)
    except Exception as error:  # whatever a stranger's module does
        raise InputError(f"--host {named!r} cannot be imported: {_raised(error)}", host=named) from error
    if not callable(found):
        raise InputError(f"--host {named!r} is no function; it is called without arguments and gives a mapping", host=named)
    try:
        given: object = found()
    except Exception as error:
        raise InputError(f"--host {named!r} raised {_raised(error)}", host=named) from error
    if not isinstance(given, Mapping):
        raise InputError(f"--host {named!r} gave {shown(given)}; it gives a mapping with any of {', '.join(KEYS)}", host=named)
    for key in given:
        if key not in KEYS:
            close = nearest(str(key), KEYS)
            hint = f"did you mean {close!r}?" if close else f"known are {', '.join(KEYS)}"
            raise InputError(f"--host {named!r} gave {key!r}; {hint}", host=named, key=key)
    made = Host(**given)
    right = {
        "extensions": isinstance(made.extensions, (Extensions, type(None))),
        "telemetry": isinstance(made.telemetry, (Telemetry, type(None))),
        "retry": isinstance(made.retry, Retry),
        "patience": isinstance(made.patience, timedelta),
    }
    for name, fits in right.items():
        if not fits:
            value = getattr(made, name)
            raise InputError(f"--host {named!r} gave {shown(value)} as {name}", host=named, key=name)
    return made


def _raised(error: Exception) -> str:
    """An exception of the host's own code, with the line it came from."""
    said, frames = f"{type(error).__name__}: {error}", extract_tb(error.__traceback__)
    # The first frame is the line above that called it.
    return f"{said} ({frames[-1].filename}, line {frames[-1].lineno})" if len(frames) > 1 else said


def begun(say: Say, begin: Callable[[], T], every: float) -> T | None:
    """
    What *begin* gives, tried until its store can be used, with growing pauses; None where the process was asked to end before.

    Args:
        every: seconds of the first pause.

    Raises:
        StoreError: the store cannot be used, and waiting changes nothing.
    """
    ended = threading.Event()
    with _logged(_Lines(say)), _asked_to_end(ended.set):
        pause = every
        while not ended.is_set():
            try:
                return begin()
            except StoreError as error:
                if error.code not in PASSING:
                    raise
                LOG.error("the store cannot be used now, trying again: %s", error)
            ended.wait(pause)
            pause = min(2 * pause, LONGEST)
    return None


def once(say: Say, worker: Worker) -> bool:
    """One round, told; whether anything failed."""
    with _logged(logging.NullHandler()):  # the report tells it
        report = worker.round()
    _tell(say, report.counts, report.hanging, report.problems)
    return report.failed


def work(say: Say, worker: Worker, report: float) -> None:
    """Work until the process is asked to end; asked again, it ends at once. Counters are told every *report* seconds."""
    ended = threading.Event()
    before: dict[str, int] = {}

    def tell() -> None:
        now = dict(worker.counts)
        _tell(say, {name: count - before.get(name, 0) for name, count in now.items()}, worker.hanging)
        before.update(now)

    def tell_now_and_then() -> None:
        while not ended.wait(report):
            tell()

    teller = threading.Thread(target=tell_now_and_then, name="servflow-report", daemon=True)
    with _logged(_Lines(say)), _asked_to_end(worker.stop):
        teller.start()
        try:
            worker.run()
        finally:
            ended.set()
            teller.join()
            tell()


class _Lines(logging.StreamHandler[TextIO]):
    """Writes what a worker logs to standard error: one line each, as text or as JSON."""

    def __init__(self, say: Say) -> None:
        super().__init__(sys.stderr)
        self._say = say

    def format(self, record: logging.LogRecord) -> str:
        at, message = stamp(datetime.fromtimestamp(record.created, UTC)), record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            message = f"{message}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        if self._say.json:
            return json.dumps({"at": at, "level": record.levelname.lower(), "message": message}, ensure_ascii=False)
        return f"{at} {record.levelname.lower()}: {' '.join(message.splitlines())}"


@contextmanager
def _logged(handler: logging.Handler) -> Iterator[None]:
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)


def _tell(say: Say, counts: Mapping[str, int], hanging: int, problems: Sequence[Problem] = ()) -> None:
    at = stamp(_now())
    if say.json:
        told = [{"where": one.where, "what": one.what, "error": _said(one.error)} for one in problems[:TOLD]]
        # One line, since whoever follows a worker reads line by line.
        click.echo(json.dumps({"at": at, **counts, "hanging": hanging, "problems": told}, ensure_ascii=False))
        return
    say.line(say.words("worker.round", at=at, **counts))
    trouble = {name: counts[name] for name in ("retried", "dead", "set_aside", "timeouts", "store_errors")}
    if any(trouble.values()):
        say.line("  " + say.words("worker.trouble", **trouble))
    if counts["unhandled"]:
        say.line("  " + say.words("worker.unhandled", unhandled=counts["unhandled"]))
    if hanging:
        say.line("  " + say.words("worker.hanging", hanging=hanging))
    for one in problems[:TOLD]:
        say.line("  " + say.words("worker.problem", where=one.where, what=one.what, error=_said(one.error)))


def _said(error: Exception) -> str:
    """The words of an error in one line that any terminal and any file takes, whatever a handler put into them."""
    try:
        words = " ".join(str(error).splitlines())
    except Exception:
        words = ""
    return (words or type(error).__name__).encode("utf-8", "backslashreplace").decode()


@contextmanager
def _asked_to_end(stop: Callable[[], None]) -> Iterator[None]:
    """Stop gracefully when the process is interrupted or asked to terminate; the second time it ends where it is."""
    asked: list[int] = []

    def ask(number: int, _: object) -> None:
        if asked:
            os._exit(128 + number)
        asked.append(number)
        stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
