"""Holds every kind of document to showing the line of a mistake, with a caret under the place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

TEMPLATES = Path(__file__).parents[3] / "servflow" / "documents" / "templates"
Run = Callable[..., Result]

MISTAKES = [
    ("appliance_repair.yaml", "source: new, target: dispatched", "source: new, target: dispatchd"),
    ("appliance_repair.yaml", "payload.signature != ''", "payload.signature != "),
    ("appliance_repair.yaml", "inputs: [warranty, category]", "inputs: [waranty, category]"),
    ("appliance_repair.yaml", '"09:00-12:00"', '"09:00-25:00"'),
    ("appliance_repair.yaml", "term: sticky", "term: stiky"),
    ("appliance_repair.yaml", "mark: breach", "mark: breech"),
    ("appliance_repair.yaml", "initial: new", "\tinitial: new"),
    ("appliance_repair.yaml", "initial: new", "initial: *nobody"),
    ("goals.yaml", '">= 90 %"', '"about 90 %"'),
    ("intake.yaml", "key: message.call", "key: message."),
    ("maintenance_plans.yaml", "every: 3 months", "every: 3 moons"),
    ("service_quality.yaml", "scale: [0, 10]", "scale: [10, 0]"),
    ("quality_sampling.yaml", "servflow: 1", "servflow: 1\nbogus: 2"),
    ("repeat_repair.yaml", "in entered", "in enterd"),
    ("field_service_world.yaml", "capacity: 6", "capacity: six"),
    ("field_service_world.yaml", "capacity: 40", "capacity: -4"),
    ("field_service_world.yaml", "id: ann, outlet: north", "id: ann, outlet: nowhere"),
    ("it_incident_world.yaml", "users: [", "usrs: ["),
    ("goal_review.stories.yaml", "{state: asked, queue", "{stat: asked, queue"),
    ("goal_review.stories.yaml", "after: 1h", "after: 1 hr"),
]


@pytest.mark.parametrize(("file", "right", "wrong"), MISTAKES)
def test_the_line_of_a_mistake_is_shown(run: Run, tmp_path: Path, file: str, right: str, wrong: str) -> None:
    """The line is one that was written wrongly, or the entry it stands in, and the status says that something was found."""
    text = (TEMPLATES / file).read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / file
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1 + wrong.count("\n")

    told = run("check", path)

    shown = [int(number) for number in re.findall(r"^ *(\d+) \| .*\n *\| *\^", told.stdout, re.MULTILINE)]
    assert 1 == told.exit_code
    assert any(line - 8 <= one <= line for one in shown), told.stdout
