"""Holds replay, bench and doctor to their output and exit status, and the program to starting without its extra."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from servflow.cli._doctor import USES

Run = Callable[..., Result]

LOG = """\
case,state,when
1,New,2026-11-02 09:00
1,Done,2026-11-02 10:00
2,New,2026-11-02 09:00
2,Done,2026-11-02 12:30
"""
MAP = """\
columns: {case: case, state: state, at: when}
formats: ["%Y-%m-%d %H:%M"]
states: {New: new, Done: done}
"""
FLOW = """\
servflow: 1
workflow: two_steps
initial: received
states: {received: {}, new: {}, done: {closed: true}}
transitions:
  - {event: log, source: received, target: new}
  - {event: finish, source: new, target: done}
clocks:
  - {name: work, within: 2h, until: done}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A directory with a log, its map and its workflow."""
    for name, text in (("log.csv", LOG), ("map.yaml", MAP), ("flow.yaml", FLOW)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def replayed(run: Run, lab: Path, *more: object) -> Result:
    """Run the log through its workflow."""
    return run("replay", lab / "log.csv", "--map", lab / "map.yaml", *more)


def test_replay_reports_a_sound_log(run: Run, lab: Path) -> None:
    """Two cases conform, one of them over its target: that is no deviation, so the status is 0."""
    result = replayed(run, lab, "--workflow", lab / "flow.yaml", "--format", "json")
    (report,) = json.loads(result.stdout)["reports"]

    assert 0 == result.exit_code
    assert (2, 2, 4) == (report["cases"], report["conforming"], report["rows"])
    assert 1 == report["clocks"][0]["stopped"]["over"]


def test_replay_takes_workflows_beside_the_map(run: Run, lab: Path) -> None:
    """Without --workflow the definitions that have the map's states are taken, and no other document."""
    (lab / "other.yaml").write_text(FLOW.replace("two_steps", "other").replace("new", "fresh"), encoding="utf-8")
    told = json.loads(replayed(run, lab, "--format", "json").stdout)

    assert [str(lab / "flow.yaml")] == [report["file"] for report in told["reports"]]


def test_a_replayed_log_is_measured_reported_and_proven(run: Run, lab: Path) -> None:
    """What --into keeps is read like any database, and is replaced only when that is said."""
    db, page = lab / "log.db", lab / "log.html"
    result = replayed(run, lab, "--into", db)

    assert 0 == result.exit_code
    assert "servflow metrics" in result.stdout
    told = run("metrics", db, "--measure", "time_to_resolve", "--measure", "backlog", "--format", "json")
    assert {"time_to_resolve": (3600 + 12600, 2), "backlog": (0, 2)} == {
        row["measure"]: (row["numerator"], row["denominator"]) for row in json.loads(told.stdout)["rows"]
    }
    assert 0 == run("verify", db).exit_code
    assert 0 == run("report", db, "--html", page).exit_code
    assert page.stat().st_size > 10_000
    assert 0 == run("explain", db, "1").exit_code
    again = replayed(run, lab, "--into", db)
    assert 2 == again.exit_code
    assert "--into" in again.stderr
    assert str(db) == json.loads(replayed(run, lab, "--into", db, "--force", "--format", "json").stdout)["into"]


def test_a_database_holds_the_tickets_of_one_workflow(run: Run, lab: Path) -> None:
    """Two workflows would be two histories of the same ticket."""
    (lab / "other.yaml").write_text(FLOW.replace("two_steps", "other"), encoding="utf-8")
    result = replayed(run, lab, "--into", lab / "log.db")

    assert 2 == result.exit_code
    assert "--workflow" in result.stderr
    assert not (lab / "log.db").exists()


def test_replay_as_text_in_both_languages(run: Run, lab: Path) -> None:
    """The tables are written under the name of each workflow's file."""
    for lang in ("en", "zh"):
        result = replayed(run, lab, "--lang", lang)
        assert 0 == result.exit_code
        assert "flow.yaml" in result.stdout


def test_replay_of_a_deviating_log_ends_with_1(run: Run, lab: Path) -> None:
    """A case that leaves the workflow is a finding."""
    with (lab / "log.csv").open("a", encoding="utf-8") as file:
        file.write("3,New,2026-11-02 09:00\n")
    result = replayed(run, lab, "--format", "json")

    assert 1 == result.exit_code
    assert (3, 2) == tuple(json.loads(result.stdout)["reports"][0][name] for name in ("cases", "conforming"))


def test_replay_refuses_a_log_without_a_column(run: Run, lab: Path) -> None:
    """Columns that the map names and the log lacks are told; nothing is half reported."""
    (lab / "log.csv").write_text(LOG.replace("state", "status"), encoding="utf-8")
    result = replayed(run, lab)

    assert (2, "") == (result.exit_code, result.stdout)
    assert "state" in result.stderr


def test_replay_tells_the_findings_of_a_wrong_map(run: Run, lab: Path) -> None:
    """A map with problems is bad input: status 2 and all of them; so is a workflow that does not load."""
    (lab / "map.yaml").write_text(MAP.replace("formats", "format"), encoding="utf-8")
    result = replayed(run, lab)

    assert 2 == result.exit_code
    assert "format" in result.stderr
    (lab / "map.yaml").write_text(MAP, encoding="utf-8")
    (lab / "flow.yaml").write_text(FLOW.replace("target: done", "target: don"), encoding="utf-8")
    assert 2 == replayed(run, lab, "--workflow", lab / "flow.yaml").exit_code


def test_replay_needs_a_workflow(run: Run, lab: Path) -> None:
    """Where none lies beside the map, the sentence says how to name one."""
    (lab / "flow.yaml").unlink()
    result = replayed(run, lab)

    assert 2 == result.exit_code
    assert "--workflow" in result.stderr


def test_bench_measures_the_verbs(run: Run) -> None:
    """Every row has a positive figure and its unit."""
    told = json.loads(run("bench", "--rounds", 1, "--format", "json").stdout)

    assert len(told["rows"]) >= 6
    assert all(value > 0 and unit in ("us", "bytes") for _, value, unit in told["rows"])


def test_doctor_says_where_packages_are_used(run: Run) -> None:
    """Versions, and one line for each package people ask about, in text and JSON."""
    text, data = run("doctor"), json.loads(run("doctor", "--format", "json").stdout)

    assert 0 == text.exit_code
    assert all(f"{name}: {where}" in text.stdout for name, where in USES)
    assert [{"package": name, "where": where} for name, where in USES] == data["uses"]
    known = {
        "attrs",
        "dbos",
        "durable-rules",
        "holidays",
        "hypothesis",
        "icalendar",
        "opentelemetry-api",
        "ortools",
        "pandas",
        "pydantic",
        "pytest",
        "pyvroom",
        "sphinx",
        "scipy",
        "transitions",
    }
    assert known == {name for name, _ in USES}
    assert "软件包" in run("doctor", "--lang", "zh").stdout


def test_bad_usage_ends_with_2(run: Run) -> None:
    """Unknown commands, options and formats are bad usage."""
    assert {2} == {
        run(*words).exit_code for words in (("nope",), ("check",), ("doctor", "--nope"), ("doctor", "--format", "xml"))
    }


def test_language_can_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """SERVFLOW_LANG sets the language where --lang does not."""
    monkeypatch.setenv("SERVFLOW_LANG", "zh")

    assert "软件包" in run("doctor").stdout
    assert "package" in run("doctor", "--lang", "en").stdout


def test_without_the_extra_it_says_what_to_install() -> None:
    """Without click one sentence names the install command; the status is 2 and there is no traceback."""
    script = "import sys; sys.modules['click'] = None; from servflow.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "pip install 'servflow[cli]'" in done.stderr
    assert 1 == len(done.stderr.splitlines())
