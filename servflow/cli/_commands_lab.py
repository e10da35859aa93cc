"""Knows the commands that measure and replay: replay, bench; must not know how replaying works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from servflow.cli._demo_command import prepare
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Say, command
from servflow.cli._progress import progress
from servflow.desk import Desk
from servflow.documents import load
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.lab import LogMap, replay_all
from servflow.model import Record, Ticket
from servflow.stores import Change, SqliteStore

BATCH = 500
"""How many replayed tickets share one transaction."""

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("replay", cls=Told)
@click.argument("log", type=File)
@click.option("--map", "mapping", type=File, required=True, help="how to read the log")
@click.option("--workflow", "files", type=File, multiple=True, help="a workflow; may be given several times")
@click.option("--limit", type=click.IntRange(1), help="stop after so many cases")
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="keep the tickets in this new database")
@click.option("--force", is_flag=True, help="replace the database of --into if it is there")
@command
def replay_command(
    say: Say, log: Path, mapping: Path, files: tuple[Path, ...], *, limit: int | None, into: Path | None, force: bool
) -> int | None:
    """Run every case of an event log (CSV, or a zip that holds one) through workflows.

    Without --workflow, every definition beside the map is taken whose states and events the map names. The status
    is 1 where cases leave a workflow or rows cannot be used. What --into keeps is read by metrics, goals, report and explain.
    """
    spec = LogMap.load(mapping, lang=say.lang)
    flows = _workflows(files, mapping, spec, say.lang)
    if into is not None and len(flows) > 1:
        names = ", ".join(str(file) for file, _ in flows)
        raise InputError(f"--into keeps tickets of one workflow, and there are {names}; name one with --workflow", code="usage")
    with (
        progress(say, "replay.reading", bytes_read=True) as watch,
        nullcontext() if into is None else _kept(into, force=force) as keep,
    ):
        reports = replay_all(log, spec, [flow for _, flow in flows], progress=watch, limit=limit, keep=keep)
    if say.json:
        told = [{"file": str(file), **report.as_data()} for (file, _), report in zip(flows, reports, strict=True)]
        say.data({"log": str(log), "map": str(mapping), "reports": told} | ({} if into is None else {"into": str(into)}))
    else:
        for (file, _), report in zip(flows, reports, strict=True):
            say.head(str(file))
            click.echo(report.text(say.lang))
        if into is not None:
            say.line(say.words("replay.kept", file=into))
    return None if all(report.sound for report in reports) else FINDINGS


@contextmanager
def _kept(file: Path, *, force: bool) -> Iterator[Callable[[Workflow, Ticket, tuple[Record, ...]], object]]:
    """Keeps replayed tickets in a new database, so many at a time; where the replay fails, the file has what came before."""
    prepare(file, force=force, option="--into")
    with SqliteStore(file) as store:
        held: list[Change] = []
        known: set[str] = set()

        def write() -> None:
            store.commit(held)
            held.clear()

        def keep(flow: Workflow, ticket: Ticket, records: tuple[Record, ...]) -> None:
            if flow.hash not in known:
                known.add(flow.hash)
                Desk(flow, store)  # keeps what the tickets run under
            held.append(Change(ticket=ticket, expected=None, records=records))
            if len(held) >= BATCH:
                write()

        yield keep
        write()


def _workflows(files: tuple[Path, ...], mapping: Path, spec: LogMap, lang: str) -> list[tuple[Path, Workflow]]:
    if files:
        return [(file, load(file, lang=lang)) for file in files]
    flows = [(file, load(file, lang=lang)) for file in sorted(mapping.parent.glob("*.y*ml")) if _defines(file)]
    fitting = [(file, flow) for file, flow in flows if _fits(spec, flow)]
    if not fitting:
        raise InputError(
            f"no workflow beside {str(mapping)!r} has the states and events it names; name one with --workflow FILE",
            map=str(mapping),
        )
    return fitting


def _defines(file: Path) -> bool:
    """Whether a file calls itself a workflow; maps and other documents may lie beside it."""
    return any(line.startswith("workflow:") for line in file.read_text(encoding="utf-8", errors="replace").splitlines())


def _fits(spec: LogMap, workflow: Workflow) -> bool:
    named = set(spec.states.values()) <= workflow.compiled.states.keys()
    return named and {*spec.events.values(), *spec.milestones} <= {move.event for move in workflow.compiled.transitions}


@click.command("bench", cls=Told)
@click.option("--rounds", type=click.IntRange(1, 1_000), default=5, show_default=True, help="how often each is measured")
@command
def bench_command(say: Say, rounds: int) -> None:
    """What one call costs on this machine, measured with the demo's workflow."""
    from servflow.cli._bench import measure

    with progress(say, "progress.rounds", total=None) as watch:
        found = measure(rounds, watch)
    if say.json:
        say.data(found)
        return
    words = say.words
    say.line(words("bench.title", rounds=rounds), style="bold")
    rows = [(name, f"{value:,.1f} {unit}") for name, value, unit in found["rows"]]
    say.table([words("bench.what"), words("bench.each")], rows, right=[1])


COMMANDS = (replay_command, bench_command)
