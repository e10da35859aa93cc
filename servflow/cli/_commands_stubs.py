"""Knows the command that writes typed stubs of a workflow: stubs; must not know what they declare."""

from __future__ import annotations

from pathlib import Path

import click

from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Say, command
from servflow.cli._urls import apart
from servflow.documents import load
from servflow.embedding import stubs
from servflow.errors import InputError

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("stubs", cls=Told)
@click.argument("file", type=File)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="the Python module to write; without it, it is printed"
)
@click.option(
    "--check", "checked", is_flag=True, help="write nothing: the status is 1 where the module at --out is another one"
)
@command
def stubs_command(say: Say, file: Path, *, out: Path | None, checked: bool) -> int:
    """Write a workflow's names and types as a Python module, so that a misspelt event is a type error.

    The module declares types only; typed(desk) of it gives the same desk back under them.
    """
    if checked and out is None:
        raise InputError("--check holds a module against the definition; name it with --out", code="usage")
    if out is not None:
        apart(out, file)
    workflow = load(file, lang=say.lang)
    text = stubs(workflow)
    if out is None:
        if say.json:
            say.data({"workflow": workflow.workflow, "text": text})
        else:
            click.echo(text, nl=False)
        return FINE
    fresh = out.is_file() and _held(out) == text
    if not checked:
        out.write_text(text, encoding="utf-8", newline="\n")
    told = {"workflow": workflow.workflow, "file": str(out), "fresh": fresh, "written": not checked}
    if say.json:
        say.data(told)
    elif not checked:
        say.line(say.words("stubs.written", name=workflow.workflow, file=out))
    elif fresh:
        say.line(say.words("stubs.fresh", name=workflow.workflow, file=out))
    else:
        say.line(say.words("stubs.stale", name=workflow.workflow, file=out, source=file))
    return FINDINGS if checked and not fresh else FINE


def _held(path: Path) -> str | None:
    """What a module says now; None where it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


COMMANDS = (stubs_command,)
