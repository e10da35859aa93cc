"""Knows whether a wheel works where nothing but servflow and what it depends on is installed; must not import any extra."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

EXTRAS = ("click", "rich", "hypothesis", "pytest", "sqlalchemy", "transitions", "durable")


def main() -> None:
    """Load the workflow that is shipped, run a ticket through it on a store, and call the command without its extra."""
    installed = [name for name in EXTRAS if importlib.util.find_spec(name)]
    assert installed == [], f"this is not a bare install: {installed}"

    import servflow
    from servflow.model import Breached
    from servflow.stores import SqliteStore

    text = files("servflow.documents").joinpath("templates/appliance_repair.yaml").read_text("utf-8")
    workflow = servflow.load(text)
    assert [finding for finding in workflow.check() if finding.severity == "error"] == []
    assert servflow.load(workflow.to_data()) == workflow

    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    Path("smoke.db").unlink(missing_ok=True)  # of a run before this one
    desk = servflow.Desk([workflow], SqliteStore("smoke.db"), now=lambda: now, world=servflow.World)
    desk.open("t-1", {"category": "fridge", "region": "north"})
    now += timedelta(days=3)
    desk.tick()
    ticket = desk.get("t-1")
    assert any(isinstance(record, Breached) for record in desk.history("t-1")), desk.history("t-1")
    assert servflow.load_ticket(servflow.dump(ticket)) == ticket

    command = Path(sys.executable).with_name("servflow")
    run = subprocess.run([command, "doctor"], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 2, run
    assert "servflow[cli]" in run.stderr + run.stdout, run
    assert "Traceback" not in run.stderr, run.stderr
    print(f"servflow {servflow.__version__} works on a bare install of Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
