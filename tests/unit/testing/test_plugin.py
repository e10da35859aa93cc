"""Holds the pytest plugin to its fixtures, its report of what was exercised, and stories as tests, in runs of pytest itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from servflow.engine import Workflow
from tests.unit.testing.repair import WORKFLOW

pytest_plugins = ["pytester"]

STORY = """
stories: repair
start: "2026-03-02 09:00"
people: {ann: [engineer]}
cases:
  - {story: good, steps: [{when: arrive, actor: ann, then: {state: on_site}}]}
  - {story: bad, steps: [{after: 5h, then: {clocks: {fix: running}}}]}
"""
TEST = """
import servflow, pathlib
FLOW = servflow.load(pathlib.Path(__file__).with_name("repair.yaml"))
def test_late(servflow_desk, servflow_clock):
    desk = servflow_desk(FLOW, store="sqlite")
    desk.open("a")
    desk.after("5h")
    assert servflow_clock() == desk.time()
    assert [effect.to for effect in desk.sent if hasattr(effect, "template")] == ["bea"]
    servflow_clock.advance("1h")
    assert desk.find()[0].id == "a"
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory with a workflow, a test and two stories, one of which fails."""
    pytester.makefile(".yaml", repair=WORKFLOW)
    pytester.makepyfile(test_repair=TEST)
    (pytester.path / "repair.stories.yaml").write_text(STORY)
    return pytester


def test_fixtures_and_stories_run_as_tests(project: pytest.Pytester) -> None:
    """A desk lives by virtual time; each story is a test, and a failure tells place, step, what was found, and why."""
    result = project.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*repair.stories.yaml:7: failed: bad",
            "  step 1, Mon 2026-03-02 14:00 UTC",
            "    clock fix is breached, expected running [[]story.differs]",
            "  what explains it:",
            "    Clock fix, cycle 1*",
        ]
    )
    assert "servflow coverage" not in result.stdout.str()


def test_a_file_with_mistakes_is_an_error_that_tells_them_all(project: pytest.Pytester) -> None:
    """Nothing of it runs, and every line to mend is told."""
    (project.path / "repair.stories.yaml").write_text(STORY.replace("arrive", "arive").replace("fix:", "fx:"))
    result = project.runpytest_inprocess("repair.stories.yaml", "-p", "no:cacheprovider")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*line 6: cases[[]0].steps[[]0].when: there is no event 'arive'*", "*line 7: *there is no clock 'fx'*"]
    )


def test_what_was_exercised_is_reported_and_workflows_get_their_verbs_back(project: pytest.Pytester) -> None:
    """Tests and stories count together; the verbs are those from before once the run is over."""
    before = Workflow.open, Workflow.fire, Workflow.advance
    result = project.runpytest_inprocess("--servflow-coverage", "-p", "no:cacheprovider")

    assert before == (Workflow.open, Workflow.fire, Workflow.advance)
    lines = result.stdout.str().splitlines()
    assert "  transitions: 1 of 3 (33 %)" in lines
    assert "  levels of chains: 1 of 2 (50 %)" in lines
    assert "  level late: chief (escalations[0].levels[1], line 34)" in lines
    assert not any("late: boss" in line for line in lines)


def test_it_is_reported_with_lines_into_a_file_and_can_fail_the_run(project: pytest.Pytester) -> None:
    """A file of the definition gives lines, one of JSON takes the report, a threshold fails the run."""
    quiet = ("-p", "no:cacheprovider", "test_repair.py")
    lines = project.runpytest_inprocess("--servflow-coverage=repair.yaml", *quiet)
    written = project.runpytest_inprocess("--servflow-coverage=out.json", *quiet)
    low = project.runpytest_inprocess("--servflow-coverage-fail-under=90", *quiet)
    high = project.runpytest_inprocess("--servflow-coverage-fail-under=5", *quiet)
    none = project.runpytest_inprocess("--servflow-coverage=repare", "--servflow-coverage-fail-under=5", *quiet)
    wrong = project.runpytest_inprocess("--servflow-coverage=nowhere.yaml", *quiet)

    assert "  transition new --arrive--> on_site (transitions[0], line 13)" in lines.stdout.str().splitlines()
    assert ["repair"] == [one["workflow"] for one in json.loads((project.path / "out.json").read_text())]
    assert [0, 0, 1, 0, 1, 4] == [int(run.ret) for run in (lines, written, low, high, none, wrong)]
    low.stdout.fnmatch_lines(["FAIL: * % of repair is exercised, less than 90 %"])
    none.stdout.fnmatch_lines(["workflow 'repare' never ran; those that did: repair"])


def test_processes_of_a_run_are_counted_together(project: pytest.Pytester) -> None:
    """What pytest-xdist spreads over processes is one report."""
    alone = project.runpytest_inprocess("--servflow-coverage=alone.json", "-p", "no:cacheprovider")
    spread = project.runpytest_inprocess("--servflow-coverage=spread.json", "-n", "2", "-p", "no:cacheprovider")
    one, two = (json.loads((project.path / name).read_text())[0] for name in ("alone.json", "spread.json"))

    assert alone.ret == spread.ret
    assert one == two


def test_the_plugin_costs_a_run_that_needs_none_of_it_next_to_nothing() -> None:
    """Loading it loads neither the kernel nor a reader of documents."""
    code = "import servflow.testing._plugin, sys; print(*(name for name in sys.modules if name.startswith('servflow')))"
    loaded = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True).stdout

    own = {"servflow.testing._plugin", "servflow.testing._story_ends"}  # the latter holds one constant and imports nothing
    assert {"servflow", "servflow.testing"} | own == set(loaded.split())
