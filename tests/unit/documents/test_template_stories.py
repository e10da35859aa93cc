"""Holds the stories that ship with templates to passing, and to exercising most of what they tell about."""

from __future__ import annotations

from pathlib import Path

import pytest

from servflow.documents import TEMPLATES, copy_template
from servflow.testing import run_stories

LEAST = {"appliance_repair": 90, "call_back": 80, "complaint": 60}
"""How much of its workflow the stories of a template exercise, in percent."""


def test_templates_with_stories_are_those_held_here() -> None:
    """No template ships stories that nobody runs."""
    assert set(LEAST) == {name for name, one in TEMPLATES.items() if "stories" in one.beside.values()}


@pytest.mark.parametrize("name", LEAST)
def test_stories_of_templates_pass_where_they_are_copied_to(name: str, tmp_path: Path) -> None:
    """`servflow new` gives them along, they find their workflow beside them, and every one goes as told."""
    copy_template(name, tmp_path)
    report = run_stories(tmp_path / f"{name}.stories.yaml")

    assert report.passed, report.text()
    assert LEAST[name] <= report.coverage[name].percent
