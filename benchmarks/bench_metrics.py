"""Knows how long counting a million records takes and what it needs of memory; must not know what the figures mean."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from servflow.calendars import Calendar
from servflow.metrics import MEASURES, measure_table
from servflow.model import Assigned, FrozenMap, Messaged, Moved, Opened, Rated, Record, World

RECORDS = 1_000_000
SHORT = 20_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
END = AT + timedelta(days=366)
PEOPLE = [f"e{number:02}" for number in range(40)]
REGIONS = ("north", "south", "east", "west")
EACH = 10
"""Records of a ticket."""

ONCE = ("opened", "closed", "first_response", "time_to_resolve", "csat", "nps", "queue_time", "service_level", "causes")
ALL = tuple(MEASURES)


def histories(records: int) -> Iterator[list[Record]]:
    """So many records of a company's year, ticket by ticket; nothing is kept here."""
    step = timedelta(days=360) / (records // EACH)
    minute = timedelta(minutes=1)
    for number in range(records // EACH):
        at = AT + number * step
        who = PEOPLE[number * 7 % len(PEOPLE)]
        labels = {"region": REGIONS[number % 4], "channel": "phone", "asset": f"a{number % 5_000}", "cause": f"c{number % 11}"}
        yield [
            Opened(
                sequence=1, at=at, id=f"T{number}", workflow="repair", version=1, fields=FrozenMap(labels), entered=("new",)
            ),
            Messaged(sequence=2, at=at + 9 * minute, side="agent", actor=who),
            Assigned(sequence=3, at=at + 10 * minute, slot="assignee", to=who),
            _moved(4, at + 11 * minute, "new", "on_way"),
            _moved(5, at + 40 * minute, "on_way", "on_site"),
            _moved(6, at + 90 * minute, "on_site", "waiting"),
            _moved(7, at + 300 * minute, "waiting", "on_site"),
            _moved(8, at + 400 * minute, "on_site", "closed", closed=True),
            Rated(sequence=9, at=at + 500 * minute, scale="csat", score=1 + number % 5),
            Rated(sequence=10, at=at + 500 * minute, scale="nps", score=number % 11),
        ]


def _moved(sequence: int, at: datetime, before: str, after: str, *, closed: bool = False) -> Moved:
    return Moved(
        sequence=sequence, at=at, event=after, exited=(before,), entered=(after,), configuration=(after,), closed=closed
    )


def read_only(records: int) -> float:
    """How long making the records takes, which is no part of counting them."""
    began = time.perf_counter()
    for _ in histories(records):
        pass
    return time.perf_counter() - began


def run(name: str, measures: tuple[str, ...], records: int) -> None:
    """Count once for the time, and a tenth of it and all of it for the memory."""
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
    world = World(calendars={"office": office}, engineers=[{"id": who, "shift": "office", "capacity": 9} for who in PEOPLE])
    settings = {"roster": world} if "utilisation" in measures else {}

    def count(much: int) -> int:
        table = measure_table(histories(much), measures, at=END, by="region", period="month", settings=settings)
        return len(table.rows)

    began = time.perf_counter()
    rows = count(records)
    taken = time.perf_counter() - began - read_only(records)
    peaks = [_peak(count, much) for much in (SHORT, 4 * SHORT)]
    print(
        f"  {name:<24} {records / taken:>10,.0f} records/s  {rows:>6,} rows  peak {peaks[0] / 1e6:>6.1f} MB of {SHORT:,},"
        f" {peaks[1] / 1e6:>6.1f} MB of {4 * SHORT:,}: {(peaks[1] - peaks[0]) / (3 * SHORT // EACH):>5.0f} bytes a ticket more"
    )


def _peak(count: object, much: int) -> int:
    tracemalloc.start()
    count(much)  # type: ignore[operator]  # it is the function above
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def main() -> None:
    """Print the figures."""
    print(f"{RECORDS:,} records of {RECORDS // EACH:,} tickets, by region and month, in one pass that keeps no ticket")
    run("counts and shares", tuple(name for name in ("opened", "closed", "csat", "nps", "causes", "service_level")), RECORDS)
    run("with medians", ONCE, RECORDS // 5)
    run("all measures", ALL, RECORDS // 10)


if __name__ == "__main__":
    main()
