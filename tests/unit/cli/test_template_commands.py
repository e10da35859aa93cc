"""Holds the command that copies a template to its output, its languages and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from servflow.cli._main import servflow
from servflow.documents import TEMPLATES


def run(*arguments: str) -> Result:
    """The command with these arguments."""
    return CliRunner().invoke(servflow, ["new", *arguments], catch_exceptions=False)


def test_without_a_name_it_lists_all_there_are() -> None:
    """Every template with its kind and what it is for, in either language, and as data with its files."""
    english, chinese, data = run(), run("--lang", "zh"), json.loads(run("--format", "json").stdout)

    assert [0, 0] == [english.exit_code, chinese.exit_code]
    assert all(name in english.stdout and name in chinese.stdout for name in TEMPLATES)
    assert "servflow new TEMPLATE --into DIR" in english.stdout
    assert "投诉" in chinese.stdout
    assert list(TEMPLATES) == [one["template"] for one in data["templates"]]
    files = {one["template"]: one["files"] for one in data["templates"]}
    assert ["complaint.yaml", "complaint_again.yaml", "complaint.stories.yaml"] == files["complaint"]


def test_it_copies_and_says_what_to_do_next(tmp_path: Path) -> None:
    """The template and what goes with it; then how to look at them, and which other template belongs to it."""
    made = tmp_path / "desk"
    result = run("problem", "--into", str(made))

    assert 0 == result.exit_code
    assert ["problem.stories.yaml", "problem.yaml", "problem_grows.yaml", "problem_news.yaml", "shared_cause.yaml"] == sorted(
        path.name for path in made.iterdir()
    )
    assert f"servflow check {made / 'problem.yaml'}" in result.stdout
    assert f"servflow test {made / 'problem.stories.yaml'}" in result.stdout
    assert f"servflow new complaint --into {made}" in result.stdout


def test_as_data_it_says_the_same(tmp_path: Path) -> None:
    """The files with their kinds, and the commands that come next."""
    told = json.loads(run("it_incident", "--into", str(tmp_path), "--format", "json", "--lang", "zh").stdout)

    assert ["workflow", "people", "stories"] == [one["kind"] for one in told["files"]]
    assert "IT 故障单" == told["title"]
    assert f"servflow graph {tmp_path / 'it_incident.yaml'}" == told["next"][-1]


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    """What is there may have been changed, so it stays, and the status says that nothing was made."""
    run("no_update", "--into", str(tmp_path))
    mine = tmp_path / "no_update.yaml"
    mine.write_text("mine")
    result = run("no_update", "--into", str(tmp_path))

    assert (2, "mine") == (result.exit_code, mine.read_text())
    assert "not overwritten" in result.stderr
    assert "template" == json.loads(run("no_update", "--into", str(tmp_path), "--format", "json").stdout)["error"]["code"]


@pytest.mark.parametrize(("asked", "said"), [("problme", "did you mean 'problem'"), ("/etc/passwd", "there is no template")])
def test_what_there_is_not(asked: str, said: str) -> None:
    """A name that is none is bad usage, with the nearest one."""
    result = run(asked)

    assert 2 == result.exit_code
    assert said in result.stderr
