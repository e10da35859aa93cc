"""Holds shell completion to offering what there is: commands, options, files, templates, measures, tickets."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from select import select
from typing import Any

import pytest
from click.shell_completion import BashComplete
from click.testing import Result

from servflow.cli._listed import COMMANDS
from servflow.cli._main import servflow
from servflow.documents import TEMPLATES
from servflow.stores import SqliteStore, export, import_ticket
from tests.requirements import require

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


ASKED = {
    "chec": "servflow check ",
    "dispatch why": "servflow dispatch why-not ",
    "check rep": "servflow check repair.yaml ",
    "explain week.db D0001": "servflow explain week.db D00011 ",
}
"""What is typed before the tabulator key is struck, and the line that then stands there: one thing fits each."""


@pytest.fixture
def home(tmp_path: Path, run: Run, demo: Any) -> Path:
    """A folder with a command called servflow, the script for each shell, and what may be completed."""
    program = tmp_path / "bin" / "servflow"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from servflow.cli import main; main()" "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / shell).mkdir()
        (tmp_path / shell / "_servflow").write_text(run("completion", shell).stdout, encoding="utf-8")
    (tmp_path / "repair.yaml").write_text("workflow: repair\n", encoding="utf-8")
    with SqliteStore(demo.path) as store, SqliteStore(tmp_path / "week.db") as few:
        import_ticket(few, export(store, "D00011"))
    return tmp_path


def variables(home: Path) -> dict[str, str]:
    """What a shell is told of its surroundings; nothing of the user's own."""
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "ZDOTDIR": str(home / "zsh"), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def test_bash_completes(home: Path) -> None:
    """As readline asks it: the words so far, the function of the script, and its answers."""
    lines = ["source bash/_servflow", "for line in " + " ".join(f"'servflow {typed}'" for typed in ASKED) + "; do"]
    lines += ["COMP_WORDS=($line)", "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))", "COMPREPLY=()", "_servflow_completion servflow"]
    lines += ['echo "${COMPREPLY[@]}"', "done"]
    told = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        cwd=home, env=variables(home), capture_output=True, text=True, check=True,
    )  # fmt: skip

    # A file is completed by bash itself, which is told to.
    assert [line.split()[-1] for line in ASKED.values() if "repair" not in line] == [
        one for one in told.stdout.split("\n") if one
    ]


def test_fish_completes(home: Path) -> None:
    """As the shell itself says what it would put there; with what each command does."""
    require("fish")
    lines = ["source fish/_servflow", *(f"complete --do-complete 'servflow {typed}'" for typed in ASKED)]
    told = subprocess.run(
        ["fish", "--no-config", "-c", "\n".join(lines)],
        cwd=home, env=variables(home), capture_output=True, text=True, check=True,
    )  # fmt: skip

    said = [line.split("\t")[0] for line in told.stdout.splitlines()]
    assert [line.split()[-1] for line in ASKED.values()] == said
    assert COMMANDS["check"].en in told.stdout


RC = """
PROMPT='READY>'
fpath=($ZDOTDIR $fpath)
autoload -Uz compinit
compinit -u -D
completed() { zle complete-word; print -r -- "$BUFFER" >> $HOME/lines; BUFFER=; print -n 'NEXT>' > $TTY }
zle -N completed
bindkey '^I' completed
"""
PATIENCE = 300
"""Seconds without a sign of life after which a shell is given up; nothing waits for them where it answers."""


def read_until(terminal: int, sign: bytes) -> None:
    """Read what a shell writes until there is a sign that it waits for the next key."""
    seen = b""
    while sign not in seen:
        assert select([terminal], [], [], PATIENCE)[0], seen.decode()
        seen += os.read(terminal, 65_536)


def test_zsh_completes(home: Path) -> None:
    """At a terminal, by the tabulator key, which here also writes down the line as it then stands."""
    require("zsh")
    (home / "zsh" / ".zshrc").write_text(RC, encoding="utf-8")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["zsh", "-i"], cwd=home, env=variables(home), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as shell:
        os.close(theirs)
        try:
            read_until(ours, b"READY>")
            for typed in ASKED:
                os.write(ours, f"servflow {typed}\t".encode())
                read_until(ours, b"NEXT>")
        finally:
            shell.kill()
    os.close(ours)

    assert list(ASKED.values()) == (home / "lines").read_text(encoding="utf-8").splitlines()
