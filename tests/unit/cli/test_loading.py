"""Holds commands to loading what they need: who checks a file waits for no database, who asks about a ticket for no planner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLANNING = ("servflow.dispatch._plan", "servflow.dispatch._routes", "servflow.dispatch._search", "servflow.dispatch._verify")
NEVER = ("hypothesis", "pytest", "numpy", "scipy", "ortools", "opentelemetry", "transitions", "servflow.integrations")
DATABASES = ("servflow.stores", "sqlite3", "sqlalchemy", "asyncio")
LAYERS = ("servflow.desk", "servflow.metrics", "servflow.report", "servflow.lab", "servflow.testing", "servflow.evaluation")
ASKED = """
import json, sys
from servflow.cli import main
sys.argv = ["servflow", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    print(json.dumps({"status": ended.code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def loaded(*words: object) -> set[str]:
    """The modules that a command has loaded by the time it ends, in a process of its own."""
    told = subprocess.run([sys.executable, "-c", ASKED, *map(str, words)], capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(told.stderr.splitlines()[-1])
    assert said["status"] in (0, None, 1), told.stdout + told.stderr
    return set(said["modules"])


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (("--help",), ("pydantic", "ruamel", "rich.progress", "servflow.engine", *DATABASES, *LAYERS, *NEVER)),
        (("check", "WORKFLOW"), ("servflow.correlation", *DATABASES, *LAYERS, *PLANNING, *NEVER)),
        (("test", "STORIES"), ("servflow.metrics", "servflow.report", "servflow.lab", "sqlalchemy", *PLANNING, *NEVER)),
        (("explain", "DEMO", "TICKET"), ("pydantic", "ruamel", "sqlalchemy", "asyncio", *LAYERS, *PLANNING, *NEVER)),
        (("report", "DEMO", "--html", "PAGE"), ("pydantic", "sqlalchemy", "asyncio", "servflow.desk", *PLANNING, *NEVER)),
    ],
    ids=["help", "check", "test", "explain", "report"],
)
def test_a_command_loads_what_it_needs(words: tuple[str, ...], absent: tuple[str, ...], demo: Any, tmp_path: Path) -> None:
    """What is heavy and has nothing to do with what was asked is not among the modules when it is over."""
    templates = Path(__file__).parents[3] / "servflow" / "documents" / "templates"
    meant = {
        "WORKFLOW": templates / "appliance_repair.yaml",
        "STORIES": templates / "appliance_repair.stories.yaml",
        "DEMO": demo.path,
        "TICKET": demo.told["ticket"],
        "PAGE": tmp_path / "page.html",
    }

    modules = loaded(*(meant.get(word, word) for word in words))

    assert [] == [name for name in absent if name in modules]
