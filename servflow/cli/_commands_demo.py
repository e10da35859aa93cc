"""Knows the command that lives through a week of a company: demo; must not know what happens in it."""

from __future__ import annotations

from pathlib import Path

import click

from servflow.cli._help import Told
from servflow.cli._output import Say, command


@click.command("demo", cls=Told)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="the same seed gives the same week")
@click.option("--tickets", "count", type=click.IntRange(1, 20_000), default=2_000, show_default=True, help="how many")
@click.option(
    "--db",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("servflow-demo.db"),
    show_default=True,
    help="the database to leave behind",
)
@click.option("--force", is_flag=True, help="replace the database if it is there; nothing but an SQLite database is replaced")
@command
def demo_command(say: Say, *, seed: int, count: int, path: Path, force: bool) -> None:
    """Live through one week of a repair company on a virtual clock, and look at what it came to.

    Five outlets, forty engineers, and everything a week brings, kept in one SQLite file.
    """
    from servflow.cli._demo_command import run_demo

    run_demo(say, seed=seed, count=count, path=path, force=force)


COMMANDS = (demo_command,)
