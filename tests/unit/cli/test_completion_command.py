"""Holds shell completion to offering what there is: commands, options, files, templates, measures, tickets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import BashComplete
from click.testing import Result

from servflow.cli._main import servflow
from servflow.documents import TEMPLATES

Run = Callable[..., Result]


def offered(*words: object) -> list[str]:
    """What a shell offers for the last of some words."""
    *before, last = (str(word) for word in words)
    complete = BashComplete(servflow, {}, "servflow", "_SERVFLOW_COMPLETE")
    return [f"<{item.type}>" if item.type != "plain" else item.value for item in complete.get_completions(before, last)]


def test_commands_options_and_choices_are_offered() -> None:
    """What the command line itself knows."""
    assert ["dispatch", "diff"] == sorted(offered("di"), reverse=True)
    assert ["plan", "why-not"] == [name for name in offered("dispatch", "") if name in ("plan", "why-not")]
    assert ["--lang"] == offered("check", "--la")
    assert ["en", "zh"] == offered("check", "--lang", "")
    assert ["bash", "zsh", "fish"] == offered("completion", "")


def test_files_databases_and_names_are_offered() -> None:
    """Files where files are taken, and the names of templates, measures and zones."""
    assert ["<file>"] == offered("check", "re")
    assert ["<file>"] == offered("metrics", "re")
    assert [name for name in TEMPLATES if name.startswith("re")] == offered("new", "re")
    assert "first_response" in offered("metrics", "--measure", "first")
    assert ["Asia/Shanghai"] == offered("report", "--zone", "Asia/Shang")


def test_tickets_of_the_named_database_are_offered(demo: Any) -> None:
    """By what their ids begin with; one that is written out is offered too."""
    assert [f"D{number:05}" for number in range(10, 20)] == offered("explain", demo.path, "D0001")
    assert ["D00011"] == offered("explain", demo.path, "D00011")
    assert ["D00011"] == offered("forecast", "--db", demo.path, "D00011")
    assert [] == offered("explain", demo.path, "X")


def test_what_cannot_be_read_offers_nothing(tmp_path: Path) -> None:
    """No database, no file, a file of another kind, a server: nothing is offered, nothing is made, nothing is raised."""
    other = tmp_path / "other.db"
    other.write_text("hello", encoding="utf-8")
    asked = (tmp_path / "none.db", other, "postgresql://nowhere/x", "mysql://x", "a\0b")

    assert [[]] * len(asked) == [offered("explain", url, "") for url in asked]
    assert [other] == list(tmp_path.iterdir())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(run: Run, shell: str) -> None:
    """The script asks the command by its variable; JSON has it as a text; another shell is refused."""
    told = run("completion", shell).stdout

    assert f"_SERVFLOW_COMPLETE={shell}_complete" in told
    assert told == json.loads(run("completion", shell, "--format", "json").stdout)["script"] + "\n"
    assert 2 == run("completion", "tcsh").exit_code


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_can_be_read_by_its_shell(run: Run, shell: str) -> None:
    """The shell itself finds nothing wrong with it, where the machine has it."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed; apt-get install {shell}")
    script = run("completion", shell).stdout
    read = subprocess.run([program, "-n"], input=script, text=True, capture_output=True, check=False)

    assert (0, "") == (read.returncode, read.stderr)
