"""Holds preview and explain of recurring work to their output and exit status; must not know when anything is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from servflow import Desk
from servflow.recurring import Plans, load
from servflow.stores import SqliteStore
from tests.unit.recurring.house import FLOW, at
from tests.work import lines_run

Run = Callable[..., Result]

PLANS = """\
recurring: maintenance
zone: Asia/Shanghai
plans:
  - {name: quarterly, workflow: inspection, every: 3 months, start: asset.installed_at, ahead: 14d, at: "08:00"}
expiry:
  - {name: warranty, workflow: inspection, date: asset.warranty_until, ahead: [60d, 14d]}
"""
ASSETS = "id,installed_at,warranty_until\nA1,2025-11-30,2026-12-24\nB2,2026-05-31,\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file with plans and one with assets."""
    plans, assets = tmp_path / "plans.yaml", tmp_path / "assets.csv"
    plans.write_text(PLANS, "utf-8")
    assets.write_text(ASSETS, "utf-8")
    return plans, assets


SPAN = ("--since", "2026-11-01T00:00:00Z", "--until", "2027-01-01T00:00:00Z")


def test_preview_tells_what_opens_next(run: Run, files: tuple[Path, Path]) -> None:
    """As a table in the zone of the document, in both languages, and as data with exact instants."""
    plans, assets = files
    english = run("recurring", "preview", plans, "--assets", assets, "--asset", "A1", *SPAN)
    chinese = run("recurring", "preview", plans, "--assets", assets, "--asset", "A1", *SPAN, "--lang", "zh")
    data = json.loads(run("recurring", "preview", plans, "--assets", assets, *SPAN, "--format", "json").stdout)

    assert (0, 0) == (english.exit_code, chinese.exit_code)
    assert "Thu 2026-12-10 00:00:00  Thu 2026-12-24 00:00:00  A1     warranty@14d       1  an end" in english.stdout
    assert "周四 2026-12-10 00:00:00  周四 2026-12-24 00:00:00  A1    warranty@14d     1  到期提醒" in chinese.stdout
    assert [
        ("2026-08-16T00:00:00Z", "maintenance:quarterly:A1:1", 2),
        ("2026-08-17T00:00:00Z", "maintenance:quarterly:B2:1", 0),
        ("2026-10-24T16:00:00Z", "maintenance:warranty@60d:A1:1", 0),
        ("2026-11-16T00:00:00Z", "maintenance:quarterly:A1:2", 0),
        ("2026-11-16T00:00:00Z", "maintenance:quarterly:B2:2", 0),
        ("2026-12-09T16:00:00Z", "maintenance:warranty@14d:A1:1", 0),
    ] == [(one["opens"], one["ticket"], one["skipped"]) for one in data["occurrences"]]


def test_preview_is_bounded(run: Run, files: tuple[Path, Path]) -> None:
    """However far it reaches, no more than the limit is told, the next first, and that there are more."""
    plans, assets = files
    far = ("--since", "2026-11-01T00:00:00Z", "--until", "2029-01-01T00:00:00Z", "--limit", "3")

    result = run("recurring", "preview", plans, "--assets", assets, *far)
    assert (0, 5) == (result.exit_code, len(result.stdout.splitlines()))
    assert "there are more" in result.stdout


def test_preview_of_a_rule_without_end_until_the_end_of_time(run: Run, files: tuple[Path, Path]) -> None:
    """Nobody waits for millions of dates to be told the next three."""
    plans, assets = files
    plans.write_text("recurring: m\nplans: [{name: p, workflow: inspection, rule: FREQ=DAILY, start: 2026-01-01}]\n", "utf-8")

    def preview(until: str) -> None:
        result = run("recurring", "preview", plans, "--assets", assets, "--until", until, "--limit", "3")
        assert (0, 5) == (result.exit_code, len(result.stdout.splitlines()))

    preview("2030-01-01T00:00:00Z")
    near, far = (lines_run(lambda until=until: preview(until)) for until in ("2030-01-01T00:00:00Z", "8999-12-31T00:00:00Z"))
    assert far < 1.2 * near


def test_preview_goes_on_from_the_tickets_there_are(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    """With the database of the desk, what was opened is not told again."""
    plans, assets = files
    store = SqliteStore(tmp_path / "desk.db")
    source = Plans(load(plans), [{"id": "B2", "installed_at": "2026-05-31"}], store)
    Desk(FLOW, store, now=lambda: at("2026-11-01"), sources=[source]).tick()
    store.close()

    asked = ("recurring", "preview", plans, "--assets", assets, "--asset", "B2", *SPAN, "--format", "json")
    data = json.loads(run(*asked, "--db", tmp_path / "desk.db").stdout)
    assert ["maintenance:quarterly:B2:2"] == [one["ticket"] for one in data["occurrences"]]


def test_explain(run: Run, files: tuple[Path, Path]) -> None:
    """Each plan with its steps; an asset whose date cannot be read ends with status 1."""
    plans, assets = files
    fine = run("recurring", "explain", plans, "--assets", assets, "--asset", "B2", "--at", "2026-11-01T00:00:00Z")
    assert (0, True) == (fine.exit_code, "asset.warranty_until is not known for this asset" in fine.stdout)

    assert "its ticket opens at 2026-08-17 08:00:00+08:00, for 2026-08-31 08:00:00+08:00" in fine.stdout
    there = ("--at", "2026-11-01T00:00:00Z", "--zone", "Europe/Berlin", "--lang", "zh")
    assert (
        "工单于 2026-08-17 02:00:00+02:00 开出"
        in run("recurring", "explain", plans, "--assets", assets, "--asset", "B2", *there).stdout
    )

    assets.write_text("id,installed_at\nA1,soon\n", "utf-8")
    wrong = run("recurring", "explain", plans, "--assets", assets, "--asset", "A1", "--format", "json")
    assert (1, "wrong") == (wrong.exit_code, json.loads(wrong.stdout)["plans"][0]["steps"][0]["code"])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--asset", "C9"), "no asset 'C9' in assets.csv"),
        (("--plan", "quartely"), "did you mean 'quarterly'"),
        (("--zone", "Asia/Shangha"), "Asia/Shangha"),
    ],
)
def test_bad_input_ends_with_status_two(run: Run, files: tuple[Path, Path], more: tuple[str, ...], told: str) -> None:
    """One sentence on the error stream, and no traceback."""
    plans, assets = files
    result = run("recurring", "preview", plans, "--assets", assets, *SPAN, *more)

    assert (2, True) == (result.exit_code, told in result.stderr)


def test_check_knows_plans(run: Run, files: tuple[Path, Path]) -> None:
    """`servflow check` tells a document of plans by its first key, and says what it holds."""
    plans, _ = files

    assert "plans maintenance version 1 load: 1 that come round, 1 ends" in run("check", plans).stdout
