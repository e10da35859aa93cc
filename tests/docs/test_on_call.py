"""Knows that the example with an on-call hotline prints what its page says; must not know what it does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.requirements import require

HERE = Path(__file__).resolve().parents[2] / "examples" / "on_call"


def test_on_call_prints_what_it_says(tmp_path: Path) -> None:
    """It runs from another folder, into one that is not there yet; it prints what its page shows and leaves a calendar."""
    require("ical")
    run = subprocess.run(
        [sys.executable, str(HERE / "app.py"), str(tmp_path / "new" / "folder")],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(HERE.parents[1])},
        timeout=300,
        check=True,
    )

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")
    assert (tmp_path / "new" / "folder" / "ann.ics").exists()
