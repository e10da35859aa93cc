"""Knows that the example of two engines prints what its page says, with durable-rules and without; must not know either."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.requirements import require

HERE = Path(__file__).resolve().parents[2] / "examples" / "durable_correlation"


def run(folder: Path, **more: str) -> str:
    """What the example prints when it is run from another folder."""
    command, around = [sys.executable, str(HERE / "correlate.py")], {**os.environ, **more}
    done = subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def test_both_engines_find_what_the_page_says(tmp_path: Path) -> None:
    """The care cases of a week, found by the desk and again by durable-rules."""
    require("durable")

    assert textwrap.indent(run(tmp_path), "    ") in (HERE / "README.md").read_text("utf-8")


def test_without_durable_rules_the_other_half_is_left_out(tmp_path: Path) -> None:
    """The desk finds the same, and it is told how the other engine is installed."""
    # The engine runs in a process of its own, which finds this module first.
    (tmp_path / "durable.py").write_text("raise ImportError('durable')\n")
    said = run(tmp_path, PYTHONPATH=str(tmp_path)).splitlines()

    assert textwrap.indent("\n".join(said[:2]), "    ") in (HERE / "README.md").read_text("utf-8")
    assert "pip install 'servflow[durable]'" in said[2]
