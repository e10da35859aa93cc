"""Knows what verify must say on the command line; must not know how records are chained."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Demo, Run


@pytest.fixture
def week(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the week's database that may be tampered with."""
    return Path(shutil.copy(demo.path, tmp_path / "week.db"))


def tamper(path: Path, change: str) -> None:
    """Change the file as somebody who does not use servflow."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(change)
    raw.close()


class TestVerify:
    """``servflow verify``."""

    def test_untouched(self, run: Run, week: Path) -> None:
        """A week nobody tampered with is fine, in both languages, and JSON has every head."""
        english, chinese = run("verify", week), run("verify", week, "--lang", "zh")
        told = json.loads(run("verify", week, "--format", "json").stdout)

        assert (0, 0) == (english.exit_code, chinese.exit_code)
        assert "60 tickets, " in english.stdout
        assert "60 张工单" in chinese.stdout
        assert (60, [], 60) == (told["tickets"], told["findings"], len(told["heads"]))
        assert {64} == {len(head["chain"]) for head in told["heads"].values()}

    def test_tampered(self, run: Run, week: Path) -> None:
        """A changed record ends with status 1 and is named; other tickets are fine when asked for alone."""
        run("verify", week)
        tamper(week, "UPDATE record SET body = body || ' ' WHERE ticket = 'D00002' AND sequence = 3")
        result = run("verify", week)
        (finding,) = json.loads(run("verify", week, "--format", "json").stdout)["findings"]

        assert 1 == result.exit_code
        assert "record 3 of ticket D00002" in result.stdout
        assert ("audit.changed", "tickets['D00002'].records[3]") == (finding["code"], finding["path"])
        assert 0 == run("verify", week, "D00001").exit_code
        assert 1 == run("verify", week, "D00002").exit_code

    def test_noted(self, run: Run, week: Path, tmp_path: Path) -> None:
        """What was noted before proves that a ticket is gone with all its records."""
        note = tmp_path / "noted.json"
        note.write_text(run("verify", week, "--format", "json").stdout, encoding="utf-8")
        assert 0 == run("verify", week, "--noted", note).exit_code
        for table, column in (("record", "ticket"), ("ticket", "id")):
            tamper(week, f"DELETE FROM {table} WHERE {column} = 'D00002'")
        result = run("verify", week, "--noted", note)

        assert 0 == run("verify", week).exit_code
        assert 1 == result.exit_code
        assert "[audit.gone]" in result.stdout

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"heads": {"A": {"revision": "x", "chain": 1}}}'])
    def test_bad_notes(self, run: Run, week: Path, tmp_path: Path, text: str) -> None:
        """A file of something else is bad input, said in one sentence."""
        note = tmp_path / "noted.json"
        note.write_text(text, encoding="utf-8")
        result = run("verify", week, "--noted", note)

        assert 2 == result.exit_code
        assert "noted.json" in result.stderr

    def test_no_such_ticket(self, run: Run, week: Path) -> None:
        """A ticket that is not there is bad input."""
        result = run("verify", week, "Z")

        assert 2 == result.exit_code
        assert "'Z'" in result.stderr


class TestTransfer:
    """``servflow export`` and ``servflow import``."""

    def test_there_and_back(self, run: Run, week: Path, tmp_path: Path) -> None:
        """A ticket that leaves one database is the same for another tenant, and proved there."""
        file = tmp_path / "ticket.json"
        file.write_text(run("export", week, "D00002").stdout, encoding="utf-8")
        english = run("import", week, file, "--tenant", "north")
        chinese = run("import", week, file, "--tenant", "south", "--lang", "zh")
        heads = [
            json.loads(run("verify", week, "D00002", "--tenant", name, "--format", "json").stdout)["heads"]
            for name in ("default", "north")
        ]

        assert (0, 0) == (english.exit_code, chinese.exit_code)
        assert english.stdout.startswith("Ticket D00002 is here, with ")
        assert "工单 D00002 已导入" in chinese.stdout
        assert heads[0] == heads[1]
        assert 2 == run("import", week, file).exit_code

    def test_tampered(self, run: Run, week: Path, tmp_path: Path) -> None:
        """A file in which a record was changed is refused, with the record."""
        file = tmp_path / "ticket.json"
        data = json.loads(run("export", week, "D00002").stdout)
        data["records"][1]["record"]["at"] = "2026-01-01T00:00:00Z"
        file.write_text(json.dumps(data), encoding="utf-8")
        result = run("import", week, file, "--tenant", "north")

        assert 2 == result.exit_code
        assert "record 2 of ticket D00002" in result.stderr

    def test_bad_names(self, run: Run, week: Path, tmp_path: Path) -> None:
        """A ticket that is not there, and a file of something else, are bad input."""
        file = tmp_path / "ticket.json"
        file.write_text("[1]", encoding="utf-8")

        assert 2 == run("export", week, "D9").exit_code
        assert 2 == run("import", week, file).exit_code
