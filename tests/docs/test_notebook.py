"""Knows that the notebook of the examples runs from its first cell to its last; must not know what the cells explore."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.surface.layout import ROOT

FILE = ROOT / "examples" / "notebook" / "explore.ipynb"


def shown(cell: Any) -> dict[str, str]:
    """What a cell shows, by its media type; what it prints as ``printed``."""
    found: dict[str, str] = {}
    for output in cell.outputs:
        found.update({"printed": output.text} if output.output_type == "stream" else output.get("data", {}))
    return found


def test_no_output_is_kept_in_the_file() -> None:
    """What a run leaves behind does not go into the repository."""
    cells = json.loads(FILE.read_text("utf-8"))["cells"]

    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # of the kernel's own transport
def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Every cell runs in a kernel, the workflow and the clock draw themselves, and the figures are those of the seed."""
    nbformat = pytest.importorskip("nbformat", reason="pip install nbclient ipykernel")
    nbclient = pytest.importorskip("nbclient", reason="pip install nbclient ipykernel")
    pytest.importorskip("ipykernel", reason="pip install nbclient ipykernel")
    pytest.importorskip("pandas", reason="pip install 'servflow[frames]'")
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))  # nothing of whoever runs the tests plays into it
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(FILE, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, startup_timeout=300, kernel_name="python3").execute()
    cells = [shown(cell) for cell in notebook.cells if cell.cell_type == "code"]

    assert "stateDiagram-v2" in cells[0]["text/vnd.mermaid"]
    assert "waiting_for_customer" in cells[1]["printed"]
    assert "diagnose" in cells[2]["printed"]
    assert "Promised are" in cells[3]["printed"]
    assert cells[3]["image/svg+xml"].startswith("<svg")
    assert "queue: executives, was front_line" in cells[4]["printed"]
    assert "attainment" in cells[5]["text/html"]
    assert "resolution" in cells[6]["text/html"]
