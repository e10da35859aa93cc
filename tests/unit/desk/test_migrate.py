"""Holds the desk to moving tickets to another version one by one, whoever else is at work and whatever dies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.engine import MigrationPlan, Workflow, plan_migration
from servflow.errors import InputError, NotFound
from servflow.model import Migrated
from servflow.stores import Change, MemoryStore, SqliteStore, Store

NINE = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def version(number: int) -> Workflow:
    """Version 1 waits in ``waiting``; from version 2 on that is called ``parts`` and there is a promise."""
    name = "waiting" if number == 1 else "parts"
    return Workflow(
        workflow="repair",
        version=number,
        fields={"kind": "string"},
        initial="new",
        states={"new": {}, name: {"timers": [{"after": "6h", "event": "close"}]}, "closed": {"closed": True}},
        transitions=[
            {"event": "wait", "source": "new", "target": name},
            {"event": "close", "source": ["new", name], "target": "closed"},
        ],
        clocks=[{"name": "repair", "within": "4h", "until": "closed"}] if number > 1 else [],
    )


ONE, TWO = version(1), version(2)
PLAN = plan_migration(ONE, TWO, states={"waiting": "parts"})


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield made
    made.close()


def filled(store: Store, count: int = 5) -> Desk:
    """A desk with tickets under version 1, every other one waiting."""
    desk = Desk(ONE, store, now=lambda: NINE)
    for number in range(count):
        desk.open(f"T{number}")
        if number % 2:
            desk.fire(f"T{number}", "wait")
    return desk


def test_all_move(store: Store) -> None:
    """Every ticket of the old version moves, and goes on under the new one by its promises and timers."""
    filled(store)
    desk = Desk([ONE, TWO], store, now=lambda: NINE + HOUR)
    report = desk.migrate(PLAN)

    assert (5, 0, 0, 0, False) == (report.moved, report.done, report.refused, report.failed, report.more)
    assert ["new", "parts", "new", "parts", "new"] == [desk.get(f"T{number}").state for number in range(5)]
    assert TWO.fold(desk.history("T1")) == desk.get("T1")
    later = Desk(TWO, store, now=lambda: NINE + 7 * HOUR)
    assert 5 == later.tick().advanced
    assert "closed" == later.get("T1").state


def test_again_is_nothing(store: Store) -> None:
    """A run that is repeated finds everything done and writes nothing."""
    desk = filled(store)
    desk.migrate(PLAN)
    revisions = [desk.get(f"T{number}").revision for number in range(5)]
    report = desk.migrate(PLAN)

    assert (0, 5) == (report.moved, report.done)
    assert revisions == [desk.get(f"T{number}").revision for number in range(5)]


def test_in_portions(store: Store) -> None:
    """A limit moves so many, says that there are more, and the next call goes on."""
    desk = filled(store)
    reports = [desk.migrate(PLAN, limit=2) for _ in range(3)]

    assert [(2, True), (2, True), (1, False)] == [(report.moved, report.more) for report in reports]


def test_named_tickets(store: Store) -> None:
    """Only the tickets named move; one that does not exist is told of."""
    desk = filled(store)
    report = desk.migrate(PLAN, tickets=["T2", "T9"])

    assert (1, 1) == (report.moved, report.failed)
    assert ["T9"] == [problem.where for problem in report.problems]
    assert isinstance(report.problems[0].error, NotFound)
    assert (1, 2) == (desk.get("T0").version, desk.get("T2").version)


def test_what_cannot_move_stays(store: Store) -> None:
    """Tickets that a question concerns stay as they were and go on under the old version; the others move."""
    desk = filled(store)
    report = desk.migrate(plan_migration(ONE, TWO))

    assert (3, 2) == (report.moved, report.refused)
    assert ["T1", "T3"] == [problem.where for problem in report.problems]
    assert "closed" == desk.fire("T1", "close").ticket.state
    assert (1, "closed") == (desk.get("T1").version, desk.get("T1").state)


def test_somebody_is_faster(store: Store) -> None:
    """A ticket that changes between deciding and keeping is decided again, and moves from where it is then."""
    desk = filled(store, 1)
    meanwhile = [True]

    class Watched(MigrationPlan):  # the plan is read once per decision: the moment to be faster
        def __getattribute__(self, name: str) -> Any:
            if name == "answers" and meanwhile:
                meanwhile.clear()
                ticket = store.load("T0")
                assert ticket is not None
                store.commit([Change.of(ONE.fire(ticket, "wait", at=NINE), ticket.revision)])
            return super().__getattribute__(name)

    held = {item: getattr(PLAN, item) for item in ("old", "new", "diff", "answers", "states", "fields", "clocks", "dispatch")}
    report = desk.migrate(Watched(**held))

    assert 1 == report.moved
    assert "parts" == desk.get("T0").state
    assert ["Opened", "Received", "Moved", "TimerSet", "Migrated", "ClockStarted"] == [
        type(record).__name__ for record in desk.history("T0")
    ]


def test_new_tickets_run_under_the_highest(store: Store) -> None:
    """A desk that migrates has the new version from then on."""
    desk = filled(store)
    desk.migrate(PLAN, limit=1)

    assert 2 == desk.open("N").ticket.version
    assert TWO.to_data() == store.definition(TWO.hash)


def test_an_old_version_is_read_from_the_store(store: Store) -> None:
    """A desk that was given the new version only runs old tickets by the definition the store keeps."""
    filled(store)
    desk = Desk(TWO, store, now=lambda: NINE + HOUR)

    assert "waiting" == desk.fire("T0", "wait").ticket.state
    assert 2 == desk.open("N").ticket.version
    assert ["wait", "close"] == [option.event for option in desk.available("T2") if "." not in option.event]


def test_a_repeated_key_of_before(store: Store) -> None:
    """What a key came to before the move is given as it was then."""
    desk = filled(store)
    desk.fire("T0", "wait", key="k")
    desk.migrate(PLAN)

    first = desk.fire("T0", "wait", key="k").ticket
    assert ("waiting", 1, ONE.hash) == (first.state, first.version, first.pins["workflow"])


def test_no_plan(store: Store) -> None:
    """Something else is refused with what to pass."""
    with pytest.raises(InputError, match="plan_migration"):
        filled(store).migrate({"states": {}})  # type: ignore[arg-type]  # what the test is about


KILLED = """
import os, sys
from servflow import Desk
from servflow.stores import SqliteStore
from tests.unit.desk.test_migrate import HOUR, NINE, ONE, PLAN, TWO
store = SqliteStore(sys.argv[1])
commit = store.commit
def die(changes, left=[2]):
    answers = commit(changes)
    left[0] -= 1
    if not left[0]:
        os._exit(9)
    return answers
store.commit = die
Desk([ONE, TWO], store, now=lambda: NINE + HOUR).migrate(PLAN)
"""


def test_a_process_that_dies(tmp_path: Path) -> None:
    """What was moved before the process died is moved, the rest is whole, and the next run moves exactly the rest."""
    path = tmp_path / "tickets.db"
    store = SqliteStore(path)
    filled(store)
    store.close()
    root = Path(__file__).parents[3]
    died = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False, timeout=300)
    again = SqliteStore(path)
    before = [ticket.version for ticket in again.find()]
    report = Desk(TWO, again, now=lambda: NINE + HOUR).migrate(PLAN)

    assert 9 == died.returncode
    assert [2, 2, 1, 1, 1] == before
    assert (3, 2) == (report.moved, report.done)
    for ticket in again.find():
        records = again.history(ticket.id)
        assert TWO.fold(records) == ticket
        assert 1 == sum(isinstance(record, Migrated) for record in records)
    again.close()
