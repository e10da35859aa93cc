"""Holds ``servflow report`` to its options, its answers and its exit status; must not know what is on the page."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from servflow.desk import Desk
from servflow.documents import load
from servflow.stores import SqliteStore
from tests.unit.cli.conftest import Demo, Run


def test_it_writes_one_file(run: Run, demo: Demo, tmp_path: Path) -> None:
    """The file is a whole page, and the command says how much is on it."""
    file = tmp_path / "week.html"
    result = run("report", demo.path, "--html", file, "--title", "Our week")

    assert 0 == result.exit_code
    assert f"{file}: 60 tickets, told in full: 60\n" == result.stdout
    assert file.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert "<h1>Our week</h1>" in file.read_text("utf-8")
    assert [file] == list(tmp_path.iterdir())


def test_it_answers_programs(run: Run, demo: Demo, tmp_path: Path) -> None:
    """As JSON it tells the counts, and with --lang zh the page opens in Chinese."""
    file = tmp_path / "week.html"
    told = json.loads(run("report", demo.path, "--html", file, "--tickets", 5, "--format", "json", "--lang", "zh").stdout)

    assert (60, 5, 0, []) == tuple(told[name] for name in ("tickets", "stories", "unread", "unread_first"))
    assert file.stat().st_size == told["bytes"]
    assert '<html lang="zh">' in file.read_text("utf-8")


def test_an_empty_database_gives_a_page_that_says_so(run: Run, tmp_path: Path) -> None:
    """No ticket is no error."""
    SqliteStore(tmp_path / "empty.db").close()
    file = tmp_path / "empty.html"

    assert 0 == run("report", tmp_path / "empty.db", "--html", file).exit_code
    assert "There are no tickets in this period." in file.read_text("utf-8")


def test_damaged_rows_are_named_and_the_rest_is_told(run: Run, demo: Demo, tmp_path: Path) -> None:
    """One ticket whose records are torn does not take the others with it: status 1, and its name on the page."""
    db, file = tmp_path / "torn.db", tmp_path / "torn.html"
    with SqliteStore(demo.path) as store:
        name = store.ids(limit=1)[0]
    copyfile(demo.path, db)
    link = sqlite3.connect(db)
    columns = {row[1] for row in link.execute("PRAGMA table_info(record)")}
    body = next(column for column in ("data", "body", "text", "record") if column in columns)
    key = next(column for column in ("ticket", "ticket_id", "id") if column in columns)
    link.execute(f"UPDATE record SET {body} = '{{torn' WHERE {key} = ?", (name,))
    link.commit()
    link.close()
    result = run("report", db, "--html", file)

    assert 1 == result.exit_code
    assert f"{name} could not be read: " in result.stdout
    assert "59 tickets" in result.stdout
    assert name in file.read_text("utf-8")


def test_a_missing_definition_is_no_error(run: Run, demo: Demo, tmp_path: Path) -> None:
    """A database written without definitions is told from what its tickets did."""
    db, file = tmp_path / "bare.db", tmp_path / "bare.html"
    copyfile(demo.path, db)
    link = sqlite3.connect(db)
    link.execute("DELETE FROM definition")
    link.commit()
    link.close()

    assert 0 == run("report", db, "--html", file).exit_code
    assert "The definition of this workflow is not in the database" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--zone", "Mars/Olympus"), "there is no time zone 'Mars/Olympus'"),
        (("--from", "2027-01-01T00:00:00Z"), "--from lies at or after the end of the period"),
        (("--from", "2026-11-05T00:00:00Z", "--to", "2026-11-04T00:00:00Z"), "--from lies at or after the end of the period"),
        (("--to", "soon"), "is not an instant"),
        (("--tickets", "-1"), "is not in the range"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    options: tuple[str, ...], said: str, run: Run, demo: Demo, tmp_path: Path
) -> None:
    """Status 2 with one sentence, and no file, not even a part of one."""
    result = run("report", demo.path, "--html", tmp_path / "x.html", *options)

    assert 2 == result.exit_code
    assert said in result.stderr
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_said(run: Run, demo: Demo, tmp_path: Path) -> None:
    """A directory that does not exist is named, and so is a database that does not."""
    nowhere = run("report", demo.path, "--html", tmp_path / "no" / "x.html")
    absent = run("report", tmp_path / "no.db", "--html", tmp_path / "x.html")

    assert (2, 2) == (nowhere.exit_code, absent.exit_code)
    assert "does not exist" in nowhere.stderr
    assert "there is no database" in absent.stderr


def test_a_ticket_of_midnight_is_in_one_of_two_periods(run: Run, tmp_path: Path) -> None:
    """Periods are half-open: of two that meet, the later has what was opened at that very instant, and the earlier has not."""
    workflow = load("{workflow: w, states: {a: {}, b: {closed: true}}, transitions: [{event: e, source: a, target: b}]}")
    midnight = datetime(2026, 11, 3, tzinfo=UTC)
    with SqliteStore(tmp_path / "days.db") as store:
        for name, hours in (("before", -2), ("at", 0), ("after", 2)):
            Desk(workflow, store, now=lambda at=midnight + timedelta(hours=hours): at).open(name)
    pages = []
    for begin, end in (("2026-11-02", "2026-11-03"), ("2026-11-03", "2026-11-04")):
        file = tmp_path / f"{begin}.html"
        asked = ("--from", f"{begin}T00:00:00Z", "--to", f"{end}T00:00:00Z", "--zone", "UTC")
        assert 0 == run("report", tmp_path / "days.db", "--html", file, *asked).exit_code
        page = file.read_text("utf-8")
        assert [begin, end] == re.findall(r"<b>(\d{4}-\d\d-\d\d) 00:00</b>", page)[:2]
        pages.append(re.findall('data-f="(opened|prev.opened)" data-as="n"[^>]*>([^<]*)', page)[0][1])

    assert ["1", "2"] == pages
