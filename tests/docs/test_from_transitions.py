"""Knows that the example for users of `transitions` prints what its page says; must not know what it does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.requirements import require

HERE = Path(__file__).resolve().parents[2] / "examples" / "from_transitions"


@pytest.mark.parametrize("database", [":memory:", "repairs.db"])
def test_the_example_prints_what_it_says(database: str, tmp_path: Path) -> None:
    """The example runs from another folder; its output is the one its page shows, and one story is told like the other."""
    require("transitions")
    run = subprocess.run(
        [sys.executable, str(HERE / "app.py"), database], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True
    )
    lines = run.stdout.splitlines()
    before = lines[1 : lines.index("servflow")]

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")
    assert before == lines[lines.index("servflow") + 2 :][: len(before)]
