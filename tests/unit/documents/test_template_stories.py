"""Holds the stories that ship with templates to passing, and to exercising most of what they tell about."""

from __future__ import annotations

from pathlib import Path

import pytest

import servflow
from servflow.documents import TEMPLATES, copy_template, read_template
from servflow.testing import Coverage, run_stories

WORKFLOWS = [name for name, one in TEMPLATES.items() if one.kind == "workflow"]

LEAST = 90.0
"""How much of the states and transitions of its workflow the stories of a template exercise, in percent."""

LEAST_OF_ALL = 80.0
"""The same of everything: answers of guards, marks and breaches of clocks, levels, rows and rules too."""


def moves(coverage: Coverage) -> float:
    """The share of states and transitions that were exercised, in percent."""
    counted = [coverage.kinds[kind] for kind in ("state", "transition")]
    return 100.0 * sum(hit for hit, _ in counted) / sum(many for _, many in counted)


def test_every_template_of_a_workflow_has_stories() -> None:
    """Whoever begins with a template has its stories beside it, by the name under which `servflow test` finds it."""
    assert {f"{name}.stories.yaml": "stories" for name in WORKFLOWS} == {
        file: kind for one in TEMPLATES.values() for file, kind in one.beside.items() if kind == "stories"
    }


@pytest.mark.parametrize("name", WORKFLOWS)
def test_stories_of_templates_pass_where_they_are_copied_to(name: str, tmp_path: Path) -> None:
    """`servflow new` gives them along, they find their workflow beside them, and every one goes as told."""
    copy_template(name, tmp_path)
    report = run_stories(tmp_path / f"{name}.stories.yaml")

    assert report.passed, report.text()
    assert moves(report.coverage[name]) >= LEAST, report.coverage[name].text()
    assert report.coverage[name].percent >= LEAST_OF_ALL, report.coverage[name].text()


FILES = sorted(
    file for one in TEMPLATES.values() for file, kind in {one.file: one.kind, **one.beside}.items() if kind == "workflow"
)


@pytest.mark.parametrize("file", FILES)
def test_templates_of_workflows_are_told_in_english_and_chinese(file: str) -> None:
    """A title without its Chinese would stand in English among the rest, and a part without any by its name."""
    workflow = servflow.load(read_template(file))
    titles = workflow.titles_by_name
    parts = {
        "workflow": [workflow.workflow],
        "field": workflow.fields,
        "state": workflow.states,
        "clock": [clock.name for clock in workflow.clocks],
        "chain": [chain.name for chain in workflow.escalations],
        "table": workflow.tables,
        "survey": [survey.name for survey in workflow.surveys],
        "role": workflow.roles,
        "queue": workflow.queues,
        # What is said by several words, or with a dot, is of servflow or made from a name.
        "event": [move.event for move in workflow.transitions if move.event and "." not in move.event],
    }

    said = {**titles, **{("shown", name, ""): text for name, state in workflow.states.items() for text in state.shown.values()}}

    assert [] == [key for key, title in said.items() if not {"en", "zh"} <= set(getattr(title, "languages", {}))]
    assert [] == [(kind, name) for kind, names in parts.items() for name in names if (kind, name, "") not in titles]
