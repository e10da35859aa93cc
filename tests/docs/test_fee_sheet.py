"""Knows that the example with the fees in a spreadsheet prints what its page says; must not know what it does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parents[2] / "examples" / "fee_sheet"


def test_fee_sheet_prints_what_it_says(tmp_path: Path) -> None:
    """The example runs from another folder, leaves the DMN there, and its output is the one its page shows."""
    run = subprocess.run(
        [sys.executable, str(HERE / "app.py")], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True
    )

    assert textwrap.indent(run.stdout, "    ") in (HERE / "README.md").read_text("utf-8")
    assert (tmp_path / "fees.dmn").exists()
