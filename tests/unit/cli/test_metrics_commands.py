"""Holds metrics and goals to what they say of a database, to their exit status, and to what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from servflow.metrics import MEASURES
from servflow.stores import SqliteStore

Run = Callable[..., Result]
GOALS = "goals: week\ntargets:\n  - {{name: content, metric: csat, period: week, target: '{target}'}}\n"


@pytest.fixture
def goals(tmp_path: Path) -> Callable[[str], Path]:
    """A file with one goal."""

    def _goals(target: str) -> Path:
        path = tmp_path / "goals.yaml"
        path.write_text(GOALS.format(target=target), encoding="utf-8")
        return path

    return _goals


def test_figures_of_a_database(run: Run, demo: Any) -> None:
    """The usual measures, with what each was counted from."""
    text, data = run("metrics", demo.path), json.loads(run("metrics", demo.path, "--format", "json").stdout)

    assert 0 == text.exit_code
    assert "Tickets opened (opened)" in text.stdout
    opened = next(row for row in data["rows"] if row["measure"] == "opened" and row["part"] == "all")
    assert (60, 60, "all") == (opened["value"], opened["numerator"], opened["group"])
    assert "新开工单数" in run("metrics", demo.path, "--lang", "zh").stdout


def test_all_measures_by_group_and_day(run: Run, demo: Any, tmp_path: Path) -> None:
    """Everything there is, as a file too; groups and periods come to the whole."""
    file = tmp_path / "week.csv"
    result = run("metrics", demo.path, "--all", "--by", "tier", "--period", "day", "--csv", file, "--format", "json")
    rows = json.loads(result.stdout)["rows"]

    assert set(MEASURES) == {row["measure"] for row in rows}
    opened = [row for row in rows if row["measure"] == "opened" and row["part"] == "all"]
    for own, other in (("group", "period"), ("period", "group")):
        assert 60 == sum(row["value"] for row in opened if row[own] != "all" and row[other] == "all")
    assert len(rows) == len(file.read_text(encoding="utf-8-sig").splitlines()) - 1


def test_a_measure_is_told_what_to_count(run: Run, demo: Any) -> None:
    """Settings are JSON or text; a wrong one is told with the one that was meant."""
    wide = ("metrics", demo.path, "--measure", "service_level", "--format", "json", "--set")
    rows = [json.loads(run(*wide, f"service_level.within={span}").stdout)["rows"][0] for span in ("1s", "400h")]

    assert rows[0]["numerator"] < rows[1]["numerator"]
    for words in (("service_level.wihtin=3s",), ("within",), ("service_level.within=soon",)):
        refused = run(*wide, *words)
        assert (2, True) == (refused.exit_code, "error" in json.loads(refused.stdout))


def test_only_tickets_of_a_workflow_as_of_an_instant(run: Run, demo: Any) -> None:
    """Nothing is counted of another workflow, nor of what opened later."""
    for words in (("--workflow", "nope"), ("--at", "2000-01-01T00:00:00Z")):
        rows = json.loads(run("metrics", demo.path, "--measure", "opened", *words, "--format", "json").stdout)["rows"]
        assert [(None, 0)] == [(row["value"], row["denominator"]) for row in rows]


def test_measures_are_listed_with_their_definitions(run: Run) -> None:
    """Without a database, in both languages; an unknown one is refused."""
    listed = json.loads(run("metrics", "--list", "--format", "json").stdout)

    assert list(MEASURES) == [one["name"] for one in listed]
    assert all(one["definition"]["zh"] and one["source"] and one["cohort"] for one in listed)
    assert "满意" in run("metrics", "--list", "--measure", "csat", "--lang", "zh").stdout
    assert 2 == run("metrics", "--list", "--measure", "csatt").exit_code


@pytest.mark.parametrize("words", [(), ("--measure", "csatt"), ("--by", "teir"), ("--zone", "Mars/Olympus", "--period", "day")])
def test_what_cannot_be_told_is_refused(run: Run, demo: Any, words: tuple[str, ...]) -> None:
    """No database, no such measure, label or zone: one sentence and status 2."""
    result = run("metrics", *((demo.path, *words) if words else ()))

    assert 2 == result.exit_code
    assert "Traceback" not in result.output


def test_an_empty_database_has_no_figures(run: Run, tmp_path: Path, goals: Any) -> None:
    """It says so, and that is no mistake."""
    SqliteStore(tmp_path / "empty.db").close()

    for command in (("metrics",), ("goals", goals(">= 0.9"))):
        assert 0 == run(*command, tmp_path / "empty.db").exit_code
        assert [] == json.loads(run(*command, tmp_path / "empty.db", "--format", "json").stdout)["rows"]


@pytest.mark.parametrize(("target", "status", "met"), [(">= 0", 0, True), ("> 1", 1, False)])
def test_goals_of_a_database(run: Run, demo: Any, goals: Any, target: str, status: int, met: bool) -> None:
    """The running week as it stands; the status says whether a goal is missed."""
    file = goals(target)
    text, data = (run("goals", file, demo.path, "--running", "--format", kind) for kind in ("text", "json"))

    assert (status, status) == (text.exit_code, data.exit_code)
    (verdict,) = json.loads(data.stdout)["verdicts"]
    assert ("content", met, target) == (verdict["goal"], verdict["met"], verdict["target"])
    assert ("met" if met else "missed") in text.stdout


def test_weeks_that_are_over(run: Run, demo: Any, goals: Any) -> None:
    """Nothing was counted in weeks before the first ticket, and that misses nothing."""
    result = run("goals", goals(">= 0.9"), demo.path, "--periods", "3", "--at", "2026-11-01T00:00:00Z", "--format", "json")

    assert 0 == result.exit_code
    assert [None] * 3 == [verdict["met"] for verdict in json.loads(result.stdout)["verdicts"]]


def test_goals_that_do_not_load_are_told_with_their_lines(run: Run, demo: Any, goals: Any) -> None:
    """As ``check`` tells them."""
    file = goals("0.9")

    assert 2 == run("goals", file, demo.path).exit_code
    assert ".yaml:3:49: targets[0].target" in run("goals", file, demo.path).output
    assert 1 == run("check", file).exit_code
    file.write_text(GOALS.format(target=">= 0.9"), encoding="utf-8")
    assert "1 goals" in run("check", file).stdout


def test_reasons_and_wholes_are_said_in_the_language(run: Run, demo: Any) -> None:
    """A table has no column that says nothing, and no English word stands in a Chinese one."""
    english, chinese = (run("metrics", demo.path, "--measure", "csat", "--lang", lang).stdout for lang in ("en", "zh"))
    grouped = run("metrics", demo.path, "--measure", "csat", "--by", "tier", "--lang", "zh").stdout

    heads = [word.strip() for word in english.splitlines()[3].split("  ") if word]
    assert ["value", "of", "95 % interval", "left out"] == heads
    assert "unrated " in english
    assert "未评价 " in chinese
    assert "unrated" not in chinese
    assert "全部" in grouped


def test_every_reason_has_words_in_both_languages() -> None:
    """Whatever a measure leaves out is said for people."""
    import re

    import servflow.metrics
    from servflow.metrics._reasons import REASONS, reason_text

    sources = [path.read_text(encoding="utf-8") for path in Path(servflow.metrics.__file__).parent.glob("_*.py")]
    calls = [call for source in sources for call in re.findall(r"Left\([^\n]*", source) if not call.startswith("Left(at: ")]
    used = {word for call in calls for word in re.findall(r'"([a-z_ ]+)"', call)}

    assert {"unrated", "waiting", "abandoned", "too early"} <= used
    assert set() == used - REASONS.keys()
    assert ("no roster", "无排班", "on strike") == (
        reason_text("no_roster"),
        reason_text("no_roster", "zh"),
        reason_text("on strike"),
    )


def test_a_measure_that_is_named_is_listed_in_full(run: Run) -> None:
    """Where its definition is from, who counts, by which time, what of open tickets; all of them are listed in short."""
    for lang, heading in (("en", "Cohort: answers on the scale csat"), ("zh", "统计对象：量表 csat")):
        assert heading in run("metrics", "--list", "--measure", "csat", "--lang", lang).stdout
        assert heading[:4] not in run("metrics", "--list", "--lang", lang).stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--measure", "csta"), "没有指标 'csta'"),
        (("--by", "regoin"), "没有工单带有标签 'regoin'"),
        (("--set", "csat.abuot=1"), "指标 csat 没有设置项 'abuot'"),
        (("--period", "day", "--zone", "Mars/X"), "没有时区 'Mars/X'"),
    ],
)
def test_what_nobody_can_measure_is_refused_in_chinese(run: Run, demo: Any, asked: tuple[str, ...], said: str) -> None:
    """With what was probably meant, as in English."""
    result = run("metrics", demo.path, *asked, "--lang", "zh")

    assert 2 == result.exit_code
    assert said in result.stderr
