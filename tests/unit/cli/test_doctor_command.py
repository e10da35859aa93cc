"""Holds `servflow doctor` to finding what is wrong here and with a database, to saying what to do, and to changing nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from servflow.cli._checks import zones_of
from servflow.stores import SqliteStore
from servflow.stores._sqlite_schema import FORMAT

Run = Callable[..., Result]


def found(run: Run, *words: object) -> dict[str, Any]:
    """The checks by their names."""
    return {check["check"]: check for check in json.loads(run("doctor", *words, "--format", "json").stdout)["checks"]}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """An empty database of servflow's."""
    path = tmp_path / "tickets.db"
    SqliteStore(path).close()
    return path


def changed(path: Path, *statements: str) -> None:
    """Make a database something else."""
    with closing(sqlite3.connect(path)) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


def test_a_machine_that_can_run_servflow(run: Run) -> None:
    """Packages, SQLite with its log and JSON, zones and output are tried, and nothing is to be done where all is well."""
    told = found(run)

    assert {"packages", "sqlite", "wal", "json", "zoneinfo", "tzdata", "terminal"} == set(told)
    assert all(check["message"] and bool(check["next"]) == (check["status"] != "ok") for check in told.values())
    assert "fail" not in {check["status"] for check in told.values()}


def test_a_database_that_is_well(run: Run, database: Path) -> None:
    """It is servflow's, of the present format, and can be written; looking at it changes no byte of it."""
    before = database.read_bytes()
    told = found(run, database)

    assert ["ok", "ok", "ok"] == [told[name]["status"] for name in ("database", "format", "writable")]
    assert (str(FORMAT), before) == (told["format"]["message"], database.read_bytes())
    assert 0 == run("doctor", database).exit_code


@pytest.mark.parametrize(
    ("statement", "check", "status"),
    [
        ("PRAGMA user_version = 99", "format", "fail"),
        ("PRAGMA user_version = 1", "format", "warn"),
        ("PRAGMA application_id = 7", "database", "fail"),
    ],
)
def test_a_database_of_another_format_is_told_and_left(
    run: Run, database: Path, statement: str, check: str, status: str
) -> None:
    """Newer, older and foreign ones are each told with what to do; none is brought to another format by looking."""
    changed(database, statement)
    before = database.read_bytes()
    told = found(run, database)[check]

    assert (status, True) == (told["status"], bool(told["next"]))
    assert before == database.read_bytes()
    assert (1 if status == "fail" else 0) == run("doctor", database).exit_code


def test_what_is_no_database_fails_and_is_not_made(run: Run, tmp_path: Path) -> None:
    """A file that is not there, one of another kind, a directory and a URL of a store that does not exist."""
    other = tmp_path / "other.txt"
    other.write_text("hello, this is no database at all" * 100, encoding="utf-8")
    asked = (tmp_path / "none.db", other, tmp_path, "mysql://user:secret@host/x")

    assert ["fail"] * 4 == [found(run, url)["database"]["status"] for url in asked]
    assert [other] == list(tmp_path.iterdir())
    text = run("doctor", asked[0], "--lang", "zh")
    assert 1 == text.exit_code
    assert "下一步" in text.stdout


def test_a_database_that_somebody_writes_is_a_warning(run: Run, database: Path) -> None:
    """A transaction that is left open is told after a second; it is no failure."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert "warn" == found(run, database)["writable"]["status"]


def test_a_server_that_does_not_answer_is_told_without_the_password(run: Run) -> None:
    """Nothing listens on that port; neither text nor JSON says the password."""
    url = "postgresql+psycopg://ann:geheim@127.0.0.1:1/tickets"
    text = run("doctor", url)

    assert "fail" == found(run, url)["database"]["status"]
    assert (1, False) == (text.exit_code, "geheim" in text.output)


def test_a_server_that_answers(run: Run, postgres: str) -> None:
    """It says which version answers, and that tables can be made; it makes none."""
    told = found(run, postgres)

    assert ["ok", "ok"] == [told[name]["status"] for name in ("database", "writable")]


@pytest.mark.parametrize(
    ("release", "status"), [("2026f", "ok"), ("2025b", "ok"), ("2024a", "warn"), (None, "fail"), ("strange", "ok")]
)
def test_zones_grow_old(release: str | None, status: str) -> None:
    """Data of two years ago still work, and are to be brought up to date."""
    assert status == zones_of(release, 2026).status


def test_what_is_missing_keeps_nobody_from_being_told() -> None:
    """Where a package servflow stands on cannot even be imported, it still says so."""
    looked = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('pydantic', 'ruamel', 'ruamel.yaml', 'sqlalchemy')))\n"
        "from servflow.cli._main import servflow\n"
        "servflow(['doctor', '--format', 'json'], prog_name='servflow')\n"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=False)
    found = {check["check"]: check["status"] for check in json.loads(done.stdout)["checks"]}

    assert ("", 1) == (done.stderr, done.returncode)
    assert "fail" == found["packages"]
    assert "ok" == found["sqlite"]
