"""Knows that the quick start prints what its page says, on a file as in memory; must not know what it does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "examples" / "quickstart"


@pytest.mark.parametrize("database", [":memory:", "tickets.db"])
def test_quickstart_prints_what_it_says(database: str, tmp_path: Path) -> None:
    """The example runs from another folder, and its output is the one its page shows."""
    run = subprocess.run(
        [sys.executable, str(HERE / "app.py"), database], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True
    )

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")
