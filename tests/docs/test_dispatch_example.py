"""Knows that the example with a day of dispatch prints what its page says; must not know what it does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parents[2] / "examples" / "dispatch"


def test_a_day_of_dispatch_prints_what_it_says(tmp_path: Path) -> None:
    """The example runs from another folder, and its output is the one its page shows."""
    run = subprocess.run(
        [sys.executable, str(HERE / "app.py")],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(HERE.parents[1])},
        timeout=300,
        check=True,
    )

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")
