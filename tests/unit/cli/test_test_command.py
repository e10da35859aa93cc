"""Holds `servflow test` to its exit status, its report in both languages and formats, and mistakes to status 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.testing.repair import WORKFLOW

STORY = """
stories: repair
start: "2026-03-02 09:00"
people: {ann: [engineer]}
cases:
  - {story: good, steps: [{when: arrive, actor: ann, then: {state: on_site}}]}
  - {story: bad, steps: [{after: 5h, then: {state: done}}]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a workflow and its stories."""
    (tmp_path / "repair.yaml").write_text(WORKFLOW)
    (tmp_path / "repair.stories.yaml").write_text(STORY)
    return tmp_path


def test_stories_pass_or_fail(run: Run, place: Path) -> None:
    """The status is 1 where one fails, told with its line and why; 0 where those that were asked for pass."""
    whole, good = run("test", place), run("test", place / "repair.stories.yaml", "-k", "GOOD")

    assert (1, 0) == (whole.exit_code, good.exit_code)
    assert f"{place}/repair.stories.yaml:7: failed: bad" in whole.stdout
    assert "    state is new, expected done [story.differs]" in whole.stdout.splitlines()
    assert "1 of 2 stories passed" in whole.stdout
    assert "1 of 1 stories passed" in good.stdout
    assert "clock fix breached" in whole.stdout


def test_the_report_is_told_in_chinese_and_as_json(run: Run, place: Path) -> None:
    """Both say the same, and JSON has lines, codes and counts for programs."""
    chinese, data = run("test", place, "--lang", "zh"), run("test", place, "--coverage", "--format", "json")
    told = json.loads(data.stdout)

    assert 1 == data.exit_code
    assert "状态 为 new，应为 done" in chinese.stdout
    assert "2 个故事中 1 个通过" in chinese.stdout
    assert [(True, []), (False, [7])] == [(one["passed"], [bad["line"] for bad in one["problems"]]) for one in told["results"]]
    assert ["transitions[1]", 15] in [[one["path"], one["line"]] for one in told["coverage"][0]["missed"]]


def test_what_no_story_exercises_is_told_and_can_fail(run: Run, place: Path) -> None:
    """Coverage comes with lines, over all files together, and a threshold makes the status 1."""
    asked = ("test", place, "-k", "good")
    told, low, high = run(*asked, "--coverage"), run(*asked, "--fail-under", 90), run(*asked, "--fail-under", 1)

    assert "  level late: boss (escalations[0].levels[0], line 34)" in told.stdout.splitlines()
    assert (0, 1, 0) == (told.exit_code, low.exit_code, high.exit_code)
    assert "of repair is exercised, less than 90 %" in low.stdout


def test_what_was_exercised_is_drawn(run: Run, place: Path) -> None:
    """The drawing takes the place of the report, what failed is told beside it, and JSON holds both."""
    drawn, data = run("test", place, "--graph", "html"), run("test", place, "--graph", "dot", "--format", "json")

    assert 1 == drawn.exit_code
    assert drawn.stdout.startswith("<!doctype html>")
    assert drawn.stdout.rstrip().endswith("</html>")
    assert "expected done" in drawn.stderr
    assert json.loads(data.stdout)["coverage"][0]["graph"].startswith("digraph")


def test_workflows_may_lie_elsewhere(run: Run, place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A workflow is named by its file where it does not lie beside, and lines are known there too."""
    away = tmp_path_factory.mktemp("away") / "flow.yaml"
    (place / "repair.yaml").rename(away)
    lost, found = run("test", place), run("test", place, "--workflow", away, "-k", "good", "--coverage")

    assert (2, 0) == (lost.exit_code, found.exit_code)
    assert "nobody gave the workflow 'repair'" in lost.stderr
    assert "line 34)" in found.stdout


def test_mistakes_are_bad_input(run: Run, place: Path, tmp_path: Path) -> None:
    """A file with mistakes, and a directory without stories, end with 2 and say what to do; check tells the same."""
    file = place / "repair.stories.yaml"
    file.write_text(STORY.replace("arrive", "arive"))
    empty = tmp_path / "empty"
    empty.mkdir()
    wrong, none, checked = run("test", place), run("test", empty), run("check", file)

    assert (2, 2, 1) == (wrong.exit_code, none.exit_code, checked.exit_code)
    assert "did you mean 'arrive'?" in wrong.stderr
    assert "no file named *.stories.yaml" in none.stderr
    assert "did you mean 'arrive'?" in checked.stdout
    file.write_text(STORY)
    assert "stories of repair load: 2" in run("check", file).stdout


def test_stories_of_what_is_installed_are_left_alone(run: Run, place: Path) -> None:
    """A directory is looked through without hidden directories and environments of Python."""
    for foreign in (place / ".venv" / "lib", place / "env" / "lib", place / "mine"):
        foreign.mkdir(parents=True)
        (foreign / "other.stories.yaml").write_text("stories: nobody", "utf-8")
    (place / "env" / "pyvenv.cfg").write_text("home = /usr", "utf-8")
    done = run("test", str(place))

    assert 2 == done.exit_code
    assert "mine" in done.output
    assert ".venv" not in done.output
    assert "env" not in done.output
