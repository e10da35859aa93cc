"""Knows what a host that keeps tickets with the standard library alone can rely on; must not know a store of servflow."""

from __future__ import annotations

import importlib.util
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.model import load
from tests.surface.layout import ROOT

HERE = ROOT / "examples" / "plain_script"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Place:
    """Two processes of the host on one file, and the time a test moves."""

    def __init__(self, path: Path) -> None:
        spec = importlib.util.spec_from_file_location("plain_script_app", HERE / "app.py")
        assert spec is not None
        assert spec.loader is not None
        self.module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.at = MONDAY
        self.host, self.other = (self.module.Host(str(path), lambda: self.at) for _ in range(2))

    def rows(self, sql: str) -> list[Any]:
        """What a query gives."""
        return list(self.host.db.execute(sql))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A host with one case."""
    made = Place(tmp_path / "cases.db")
    made.host.open("C-1", "mia", subject="it leaks")
    yield made
    for host in (made.host, made.other):
        host.db.close()


@pytest.mark.parametrize("database", [":memory:", "cases.db"])
def test_it_prints_what_its_page_says(database: str, tmp_path: Path) -> None:
    """The example runs from another folder, and its output is the one its page shows."""
    command = [sys.executable, str(HERE / "app.py"), database]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True)

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")


def test_the_log_is_the_ticket(place: Place) -> None:
    """What the log holds folds into what the column holds, and the wake beside it is the ticket's."""
    import json

    place.host.fire("C-1", "take", "ann")
    place.host.fire("C-1", "ask", "ann")
    records = [load(json.loads(text)) for (text,) in place.rows("SELECT record FROM log ORDER BY sequence")]
    ticket = place.host.ticket("C-1")

    assert ticket == place.module.workflow.fold(records)
    assert [(ticket.revision, place.module.micros(ticket.wake))] == place.rows("SELECT revision, wake FROM cases")


def test_somebody_was_faster(place: Place) -> None:
    """A step that was decided on an old row is decided again on the new one, and both are kept."""
    asked: list[int] = []

    def decide(ticket: servflow.Ticket, at: datetime) -> servflow.Outcome:
        asked.append(ticket.revision)
        if len(asked) == 1:
            place.other.fire("C-1", "take", "ann")
        outcome: servflow.Outcome = place.module.workflow.advance(ticket, at=at + timedelta(days=4), world=place.module.world)
        return outcome

    ticket = place.host._step("C-1", decide)

    assert 2 == len(asked)
    assert asked[0] < asked[1]
    assert "working" == ticket.state


def test_the_same_key_is_once(place: Place) -> None:
    """A request that comes twice, to two processes, is one event."""
    first = place.host.fire("C-1", "take", "ann", key="click")

    assert first == place.other.fire("C-1", "take", "ann", key="click")


def test_refused_or_failed_means_unchanged(place: Place) -> None:
    """Nothing is kept of what was refused, nor of what failed in the middle of being written."""
    place.host.fire("C-1", "take", "ann")
    before = list(place.host.db.iterdump())
    with pytest.raises(servflow.Refused):
        place.host.fire("C-1", "finish", "mia", note="x")
    assert before == list(place.host.db.iterdump())

    place.other.db.execute("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    before = list(place.host.db.iterdump())
    with pytest.raises(sqlite3.IntegrityError):
        place.host.fire("C-1", "finish", "ann", note="x", key="click")
    assert before == list(place.host.db.iterdump())


def test_an_effect_stays_until_its_handler_returned(place: Place) -> None:
    """What a handler failed at comes again, under the same id."""
    place.host.fire("C-1", "take", "ann")
    place.host.fire("C-1", "finish", "ann", note="x")
    seen: list[str] = []

    def broken(effect: dict[str, Any]) -> None:
        seen.append(effect["id"])
        if len(seen) == 1:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        place.host.deliver(broken)
    place.other.deliver(broken)

    assert 1 == len(set(seen))
    assert [] == place.rows("SELECT * FROM outbox")


def test_an_index_finds_who_wakes(place: Place) -> None:
    """Who wakes is found by the index on the wake column."""
    plan = place.rows("EXPLAIN QUERY PLAN SELECT id FROM cases WHERE wake <= 5 ORDER BY wake, id LIMIT 100")

    assert any("cases_wake" in row[-1] for row in plan), plan
