"""Knows how a list of breaches is read from records alone; must not know how the records came about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.model import Amended, Breached, ClockRecord, ClockRun, ClockStopped, Record, Waived, replace

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def record(kind: type[ClockRecord], hours: float, breached: float | None = None, *, clock: str = "k", **more: Any) -> Record:
    """What happened to a clock so many hours after the start, and when it was breached by then."""
    at = START + hours * HOUR
    run = ClockRun(name=clock, within=HOUR, started_at=START)
    run = replace(run, breached_at=None if breached is None else START + breached * HOUR)
    return kind(sequence=1, at=at, clock=clock, instant=at, run=run, **more)


def amended(hours: float, was: float, clock: str = "k") -> Record:
    """Word that a breach does not hold."""
    return record(Amended, hours, clock=clock, mark="breach", was=START + was * HOUR, reason="late word")


def told(*records: Record) -> list[tuple[str, float, bool]]:
    """Of each breach the clock, how many hours after the start it was, and whether it holds."""
    return [(one.clock, (one.breached_at - START) / HOUR, one.holds) for one in sla.breaches(records)]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([amended(2, 1)], []),
        ([record(Breached, 1, 1), record(Breached, 1, 1)], [("k", 1, True)]),
        ([record(Breached, 1, 1), record(ClockStopped, 2, 1)], [("k", 1, True)]),
        ([record(ClockStopped, 2, 1), record(Breached, 1, 1)], [("k", 1, True)]),
        ([record(Breached, 1, 1), amended(2, 1), record(ClockStopped, 3, 1)], [("k", 1, False)]),
        ([record(Breached, 1, 1), amended(2, 1), record(Breached, 1, 1)], [("k", 1, False), ("k", 1, True)]),
        ([record(Breached, 1, 1), record(Breached, 3, 3), record(Breached, 5, 5), amended(6, 1)],
         [("k", 1, False), ("k", 3, True), ("k", 5, True)]),
        ([record(Breached, 1, 1), record(Breached, 1, 1, clock="l"), amended(2, 1)], [("k", 1, False), ("l", 1, True)]),
        ([record(Breached, 1, 1), amended(2, 1), record(Breached, 3, 3, clock="l"), amended(4, 1)],
         [("k", 1, False), ("l", 3, True)]),
        ([record(Breached, 1)], [("k", 1, True)]),
    ],
    ids=["none known", "told twice", "told again by an end", "told by an end first", "an end repeats what was amended",
         "broken again at that instant", "the oldest of three", "another clock at that instant", "amended twice",
         "whatever its run says"],
)  # fmt: skip
def test_each_breach_is_on_the_list_once(records: list[Record], expected: list[tuple[str, float, bool]]) -> None:
    """It is known by its clock and its instant, whichever record tells it first; what is amended stays and does not hold."""
    assert expected == told(*records)


def test_a_breach_is_told_as_data() -> None:
    """Every key is there: instants in UTC, the target in seconds, None for what has not happened."""
    broken, excused = record(Breached, 1, 1), record(Waived, 2, 1, by="ann", reason="storm")
    plain = {
        "clock": "k",
        "cycle": 1,
        "breached_at": "2026-03-02T10:00:00Z",
        "noted_at": "2026-03-02T10:00:00Z",
        "within": 3600.0,
        "amended": None,
        "amended_at": None,
        "waived": None,
        "waived_at": None,
        "by": None,
    }

    assert [plain] == [one.to_data() for one in sla.breaches([broken])]
    assert [{**plain, "waived": "storm", "waived_at": "2026-03-02T11:00:00Z", "by": "ann"}] == [
        one.to_data() for one in sla.breaches([broken, excused])
    ]
    assert [{**plain, "amended": "late word", "amended_at": "2026-03-02T12:00:00Z"}] == [
        one.to_data() for one in sla.breaches([broken, amended(3, 1)])
    ]
    late = [record(ClockStopped, 4, 1)]
    assert ["2026-03-02T13:00:00Z"] == [one.to_data()["noted_at"] for one in sla.breaches(late)]
