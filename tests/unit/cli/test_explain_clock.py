"""Holds what explain tells of one clock, and how it draws it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

from tests.unit.cli.conftest import Demo

Run = Callable[..., Result]


@pytest.fixture
def late(demo: Demo) -> str:
    """The ticket of the demo that is worth explaining."""
    return str(demo.told["ticket"])


def test_a_clock_is_told_row_by_row(run: Run, demo: Demo, late: str) -> None:
    """The table adds up to what is counted, in both languages and as data; nothing else is told."""
    text = run("explain", demo.path, late, "--clock", "repair").stdout
    chinese = run("explain", demo.path, late, "--clock", "repair", "--lang", "zh").stdout
    data = json.loads(run("explain", demo.path, late, "--clock", "repair", "--format", "json").stdout)

    assert text.startswith("Clock repair, cycle 1, ")
    assert "Why:\n  1. Promised are" in text
    assert "依据：\n  1. 承诺时长为" in chinese
    assert data["counted"] == pytest.approx(sum(row["counted"] for row in data["rows"]))
    assert data["rows"][0]["state"] is not None
    assert len(data["why"]) == text.split("Why:")[1].count("\n") - 1


def test_it_is_drawn_into_a_file_or_written_alone(run: Run, demo: Demo, late: str, tmp_path: Path) -> None:
    """The file holds the drawing that - writes, and the text says where it is."""
    path = tmp_path / "clock.svg"

    told = run("explain", demo.path, late, "--clock", "repair", "--svg", path)
    alone = run("explain", demo.path, late, "--clock", "repair", "--svg", "-")

    assert told.stdout.endswith(f"Drawn: {path}\n")
    assert path.read_text("utf-8") == alone.stdout
    assert ElementTree.fromstring(alone.stdout).tag.endswith("svg")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--clock", "repiar"), "did you mean 'repair'"),
        (("--svg", "x.svg"), "go with --clock"),
        (("--cycle", "1"), "go with --clock"),
        (("--clock", "repair", "--cycle", "9"), "no cycle 9"),
        (("--clock", "repair", "--table", "fee"), "give one of them"),
        (("--clock", "repair", "--at", "2020-01-01T00:00:00Z"), "behind ticket"),
    ],
)
def test_what_cannot_be_told_is_refused(run: Run, demo: Demo, late: str, options: tuple[str, ...], said: str) -> None:
    """One sentence says what is wrong; nothing is drawn."""
    result = run("explain", demo.path, late, *options)

    assert 2 == result.exit_code
    assert said in result.stderr


def test_an_earlier_instant_is_told_from_the_records(run: Run, demo: Demo, late: str) -> None:
    """With a clock --at may lie before the ticket's last record: it is told as it stood then."""
    whole = json.loads(run("explain", demo.path, late, "--clock", "repair", "--format", "json").stdout)

    then = whole["rows"][0]["end"]
    early = json.loads(run("explain", demo.path, late, "--clock", "repair", "--at", then, "--format", "json").stdout)

    assert (then, whole["rows"][0]["total"]) == (early["at"], early["counted"])
