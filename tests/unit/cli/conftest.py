"""Knows how tests run a command, and a small week in a database to run it on; must not know any command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from servflow.cli._main import servflow

Run = Callable[..., Result]


def run_servflow(*arguments: object, stdin: str | None = None) -> Result:
    """Run the command as a user would."""
    return CliRunner().invoke(servflow, [str(item) for item in arguments], input=stdin, catch_exceptions=False)


@pytest.fixture(scope="session")
def run() -> Run:
    """Run ``servflow`` with arguments."""
    return run_servflow


@frozen
class Demo:
    """A database that a short demo left, and what the demo said as JSON."""

    path: Path
    told: dict[str, Any]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A week with sixty tickets."""
    path = tmp_path_factory.mktemp("demo") / "week.db"
    result = run_servflow("demo", "--tickets", 60, "--seed", 3, "--db", path, "--format", "json")
    assert 0 == result.exit_code
    return Demo(path, json.loads(result.stdout))
