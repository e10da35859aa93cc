"""Holds explain to what it tells of spare parts; must not know how parts are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from servflow import Desk, Workflow, World
from servflow.stores import SqliteStore

Run = Callable[..., Result]

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A repair that has used a pump and waits for a board."""
    path = tmp_path / "tickets.db"
    flow = Workflow(workflow="repair", initial="open", states={"open": {}, "closed": {"closed": True}}, transitions=[])
    with SqliteStore(path) as store:
        desk = Desk(flow, store, now=lambda: NINE, world=World(stock={"pump": 1, "board": 0}))
        desk.open("T1")
        desk.fire("T1", "part.need", {"part": "pump"})
        desk.fire("T1", "part.use")
        desk.fire("T1", "part.need", {"part": "board", "quantity": 2})
    return path


def test_explain_tells_the_parts(run: Run, db: Path) -> None:
    """What was used and what is waited for, in both languages, and as data."""
    told = json.loads(run("explain", db, "T1", "--format", "json").stdout)["parts"]
    text, chinese = run("explain", db, "T1").stdout, run("explain", db, "T1", "--lang", "zh").stdout

    assert [("pump", 1, "used"), ("board", 2, "needed")] == [(one["part"], one["quantity"], one["state"]) for one in told]
    assert "Spare parts" in text
    assert "1 of pump used, not booked out of the stock yet" in text
    assert "waits for 2 of board" in text
    assert "等待备件 board 2 件" in chinese
