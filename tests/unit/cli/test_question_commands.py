"""Holds what what-if, forecast and recompute tell of a database, and that only --apply writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

import servflow
from servflow.desk import Desk
from servflow.stores import SqliteStore

Run = Callable[..., Result]
DEFINITION = """
servflow: 1
workflow: repair
fields: {tier: {type: string, one_of: [gold, silver], default: silver}}
roles: [clerk, engineer]
calendars:
  office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-17:00"]}, holidays: ["2026-10-01"]}
initial: open
states: {open: {}, done: {closed: true}}
transitions:
  - {event: finish, source: open, target: done, allow: [engineer]}
clocks:
  - {name: repair, within: [{when: "priority == 1", take: 2h}, {take: 24h}], calendar: office, until: done, warn: [50%]}
"""
MONDAY = datetime(2026, 9, 28, 1, tzinfo=UTC)  # nine in the morning in Shanghai
AT = "2026-09-28T04:00:00Z"
NEW = 'office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-17:00"]}, holidays: ["2026-09-29", "2026-10-01"]}\n'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A definition, a database with two tickets of it, and calendars with one more holiday."""
    definition, database, calendars = tmp_path / "repair.yaml", tmp_path / "tickets.db", tmp_path / "new.yaml"
    definition.write_text(DEFINITION, "utf-8")
    calendars.write_text(NEW, "utf-8")
    with SqliteStore(database) as store:
        desk = Desk(servflow.load(definition), store, now=lambda: MONDAY)
        desk.open("T1")
        desk.open("T2", {"tier": "gold"})
    return definition, database, calendars


def test_what_if_tells_the_new_due_and_that_it_is_broken(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Three hours in, two hours would be over at once: the status says so, and nothing was written."""
    _, database, _ = files
    before = database.read_bytes()

    text = run("what-if", "T1", "--db", database, "--set", "priority=1", "--at", AT)
    chinese = run("what-if", "T1", "--db", database, "--set", "priority=1", "--at", AT, "--lang", "zh")
    data = json.loads(run("what-if", "T1", "--db", database, "--set", "priority=1", "--at", AT, "--format", "json").stdout)

    assert 1 == text.exit_code
    assert "priority: 1, was 3" in text.stdout
    assert "repair breach at once" in text.stdout
    assert "repair 违约 立即到达" in chinese.stdout
    assert ["appears"] == [clock["breach"] for clock in data["clocks"]]
    assert before == database.read_bytes()


def test_what_breaks_nothing_is_fine(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Plain texts need no quotes; an event may be tried as well."""
    told = run("what-if", "T1", "--db", files[1], "--set", "tier=gold", "--at", AT)
    finished = run("what-if", "T1", "--db", files[1], "--event", "finish", "--at", AT)

    assert (0, 0) == (told.exit_code, finished.exit_code)
    assert "tier: gold, was silver" in told.stdout
    assert "stopped, was running" in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("what-if", "T1", "--set", "prioritty=1"), "did you mean 'priority'"),
        (("what-if", "T1", "--set", "priority"), "NAME=VALUE"),
        (("what-if", "T1"), "say what would change"),
        (("what-if", "T9", "--set", "priority=1"), "there is no ticket 'T9'"),
        (("forecast", "T1", "repiar", "--estimate", "4h"), "did you mean 'repair'"),
        (("forecast", "T1", "repair", "--estimate", "3d"), "write hours or business days"),
        (("forecast", "T1", "repair", "--estimate", "4h", "--at", "2026-09-01T00:00:00Z"), "may not lie before"),
    ],
)
def test_what_cannot_be_asked_is_told(run: Run, files: tuple[Path, Path, Path], arguments: tuple[str, ...], said: str) -> None:
    """A slip is bad input, with the next step."""
    result = run(*arguments, "--db", files[1])

    assert 2 == result.exit_code
    assert said in result.output


def test_forecast_tells_the_latest_start(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Work that fits is fine, work that does not is a finding; both tell by when it had to start."""
    fits = run("forecast", "T1", "repair", "--db", files[1], "--estimate", "4h", "--at", AT)
    late = json.loads(
        run("forecast", "T1", "repair", "--db", files[1], "--estimate", "30h", "--at", AT, "--format", "json").stdout
    )

    assert 0 == fits.exit_code
    assert "start by" in fits.stdout
    assert (False, -9 * 3600) == (late["feasible"], late["slack"])


def test_recompute_writes_with_apply_only(run: Run, files: tuple[Path, Path, Path]) -> None:
    """It tells which promises move and by how much; with --apply they sleep until the new instants."""
    definition, database, calendars = files
    command = ("recompute", definition, "--db", database, "--calendars", calendars, "--at", AT)
    before = database.read_bytes()

    told = json.loads(run(*command, "--format", "json").stdout)
    text = run(*command)

    assert before == database.read_bytes()
    assert (2, 2, 0) == (told["clocks"], told["later"], told["earlier"])
    assert "T1 repair: due" in text.stdout
    assert 0 == text.exit_code
    done = json.loads(run(*command, "--apply", "--format", "json").stdout)
    assert {"recounted": 2, "same": 0, "failed": 0} == done["applied"]
    with SqliteStore(database) as store:
        held = store.load("T1")
    assert held is not None
    assert datetime(2026, 10, 2, 9, tzinfo=UTC) == held.clocks["repair"].due
    again = json.loads(run(*command, "--apply", "--format", "json").stdout)
    assert (0, 0) == (again["clocks"], again["applied"]["recounted"])
    assert held.at < MONDAY + timedelta(days=1)


def test_recompute_reads_calendars_of_a_definition_too(run: Run, files: tuple[Path, Path, Path]) -> None:
    """The file may be a whole definition; one that no ticket runs under, or without calendars, is told."""
    definition, database, calendars = files
    same = run("recompute", definition, "--db", database, "--calendars", definition)
    calendars.write_text("[]", "utf-8")
    none = run("recompute", definition, "--db", database, "--calendars", calendars)
    definition.write_text(DEFINITION.replace("24h", "25h"), "utf-8")
    stranger = run("recompute", definition, "--db", database)

    assert (0, 2, 2) == (same.exit_code, none.exit_code, stranger.exit_code)
    assert "0 clocks" in same.stdout
    assert "no ticket of the database runs under repair" in stranger.output
