"""Holds the list of commands to being true, to loading none of them, and help to being told in both languages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import Result

from servflow import cli as package
from servflow.cli._help import summary
from servflow.cli._listed import COMMANDS
from servflow.cli._main import servflow
from servflow.cli._words_help import HELP

Run = Callable[..., Result]

ROOT = click.Context(servflow)


def commands_of(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group and of the groups in it."""
    for name in group.list_commands(ROOT):
        command = group.get_command(ROOT, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from commands_of(command)


def test_the_list_tells_each_command_as_it_tells_itself() -> None:
    """What the list says of a command is the first paragraph of its own help."""
    told = {name: summary(servflow.get_command(ROOT, name) or click.Command(name)) for name in COMMANDS}

    assert {name: listed.en for name, listed in COMMANDS.items()} == told
    assert sorted(COMMANDS) == list(COMMANDS)


def test_the_list_leaves_no_command_out() -> None:
    """Each module of commands is in the list, and each command that one brings under its name and no other."""
    modules = {path.stem.removeprefix("_commands_") for path in Path(package.__file__).parent.glob("_commands_*.py")}
    brought = {
        command.name: name
        for name in modules
        for command in getattr(import_module(f"servflow.cli._commands_{name}"), "COMMANDS", ())
    }

    assert {name: listed.modules[0] for name, listed in COMMANDS.items()} == brought
    # Rules are shared by two commands; it is no command itself.
    assert {"rules"} == modules - {name for listed in COMMANDS.values() for name in listed.modules}


def test_groups_that_several_modules_fill_are_whole() -> None:
    """A group has the commands of all modules that bring some, whichever is asked for first."""
    group = servflow.get_command(ROOT, "dispatch")

    assert isinstance(group, click.Group)
    assert ["evaluate", "plan", "routes", "slots", "unblock", "verify", "why-not"] == group.list_commands(ROOT)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("chek",)])
def test_what_runs_no_command_loads_none(words: tuple[str, ...]) -> None:
    """The list of commands, the version and a mistyped name bring in neither the engine nor the document reader."""
    looked = (
        "import sys\n"
        "from servflow.cli._main import servflow\n"
        f"try:\n    servflow({list(words)!r}, prog_name='servflow')\n"
        "except SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith(('pydantic', 'servflow.engine', 'servflow.cli._commands'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.splitlines()[-1]


def test_every_command_and_option_is_told_in_chinese() -> None:
    """Each summary and each option has its Chinese text, and no text is kept that nothing says."""
    told = {"Options", "Commands", "Show this message and exit.", "Show the version and exit."}
    told |= {" ".join(part.split()) for part in (servflow.help or "").split("\n\n")}
    for _, command in commands_of(servflow):
        told.add(summary(command))
        told |= {param.help for param in command.params if isinstance(param, click.Option) and param.help}
    told |= {param.help for param in servflow.params if isinstance(param, click.Option) and param.help}

    assert set() == told - HELP.keys()
    assert set() == HELP.keys() - told
    assert [] == [english for english, chinese in HELP.items() if not chinese or "  [" in english]


def test_help_in_chinese(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option may stand before or after the command, or in the environment; what nobody asked for stays English."""
    asked = run("--lang", "zh", "check", "--help").stdout

    assert asked == run("check", "--help", "--lang=zh").stdout
    assert asked.startswith("用法: servflow check")
    assert "检查定义" in asked
    assert "选项:" in asked
    assert "按该时刻开出的工单判断时限" in asked
    assert "默认：30" in asked
    assert run("check", "--help").stdout.startswith("Usage: servflow check")
    monkeypatch.setenv("SERVFLOW_LANG", "zh")
    assert asked == run("check", "--help").stdout
    for listed in (run("--help").stdout, run().output):
        assert listed.startswith("用法: servflow")
        assert "退出状态：0 正常" in listed
        assert "错误:" not in listed
    assert "比较" not in run("--lang", "en", "table", "--help").stdout


def test_the_language_before_a_command_is_its_own(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reports and refusals follow it, it wins over the environment, and a language there is none of is refused."""
    nowhere = tmp_path / "none.db"

    assert "没有数据库" in run("--lang", "zh", "show", nowhere).stderr
    monkeypatch.setenv("SERVFLOW_LANG", "zh")
    assert "there is no database" in run("--lang", "en", "show", nowhere).stderr
    monkeypatch.setenv("SERVFLOW_LANG", "fr")
    assert "'fr' is not one of" in run("show", nowhere).stderr


@pytest.mark.parametrize(
    ("words", "near"), [(("chek",), "check"), (("oncall", "how"), "who"), (("dispatch", "why"), "why-not"), (("xyzzy",), None)]
)
def test_mistyped_commands_name_the_nearest(run: Run, words: tuple[str, ...], near: str | None) -> None:
    """A name that was mistyped is told with the one that was probably meant, in both languages."""
    english, chinese = run(*words), run("--lang", "zh", *words)

    assert (f"No such command {words[-1]!r}" + (f"; did you mean {near!r}?" if near else ".")) in english.stderr
    assert (f"没有命令 {words[-1]!r}" + (f"；是否想写“{near}”？" if near else "。")) in chinese.stderr
    assert (2, 2) == (english.exit_code, chinese.exit_code)
