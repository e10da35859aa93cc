"""Knows how the demo is started, watched and summed up; must not know what happens in its week."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from servflow.cli._board_view import Look, show_board
from servflow.cli._demo import Lived, Week, live
from servflow.cli._demo_company import ZONE
from servflow.cli._output import Say, weekday
from servflow.documents import load
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import OfferEnded, Ticket
from servflow.stores import SqliteStore, Store

CONSIDERED = 20
"""How many of the worst tickets are looked at for one worth explaining."""

SQLITE = b"SQLite format 3\0"
"""How every SQLite database begins."""

TEMPLATE = "templates/demo_repair.yaml"


def demo_workflow() -> Workflow:
    """The workflow of the demo, as it ships."""
    with as_file(files("servflow.documents").joinpath(TEMPLATE)) as path:
        return load(path)


def prepare(path: Path, *, force: bool, option: str = "--db") -> None:
    """
    Make room for a fresh database.

    Raises:
        InputError: there is one already, and it is not to be replaced; what is there is no SQLite database, so it is not
            replaced either; or the directory does not exist.
    """
    if not path.absolute().parent.is_dir():
        raise InputError(f"the directory of {str(path)!r} does not exist; create it first", code="no_folder", path=str(path))
    if path.exists() and not force:
        raise InputError(
            f"there is a file {str(path)!r} already; choose a fresh name with {option}, or replace it with --force",
            code="exists",
            path=str(path),
            option=option,
        )
    if path.exists() and not _database(path):
        raise InputError(
            f"{str(path)!r} is no SQLite database, so it is not replaced; choose another name with {option}", path=str(path)
        )
    for beside in ("", "-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)


def _database(path: Path) -> bool:
    """Whether a file is an SQLite database; an empty one is a database nothing was written to yet."""
    with path.open("rb") as file:
        return file.read(len(SQLITE)) in (b"", SQLITE)


def telling(store: Store, held: Iterable[Ticket]) -> str:
    """A ticket worth explaining: it climbed high, was late, came back, and was taken by somebody it was offered to."""

    def score(ticket: Ticket) -> tuple[int, int, int]:
        late = sum(run.breached_at is not None for run in ticket.clocks.values())
        return (-sum(ticket.levels.values()), -late, -ticket.reopened)

    best = sorted(held, key=lambda ticket: (score(ticket), ticket.id))[:CONSIDERED]
    for ticket in best:
        if any(isinstance(record, OfferEnded) and record.outcome == "accepted" for record in store.history(ticket.id)):
            return ticket.id
    return best[0].id


def run_demo(say: Say, *, seed: int, count: int, path: Path, force: bool) -> None:
    """Live through the week, with progress where somebody watches, and write the board and what to try next."""
    prepare(path, force=force)
    words = say.words
    with SqliteStore(path) as store:
        if not say.json:
            say.line(words("demo.title", tickets=count, seed=seed), style="bold")
        lived = _watched(say, store, seed, count)
        look = Look.at(store, "tier")
        ticket = telling(store, look.tickets)
    commands = [
        (f"servflow explain {path} {ticket}", words("demo.next.explain")),
        (f"servflow show {path}", words("demo.next.show")),
        (f"servflow report {path} --html {path.with_suffix('.html')}", words("demo.next.report")),
        (f"servflow graph {_template_path()}", words("demo.next.graph")),
    ]
    if say.json:
        told = {"seed": seed, "db": str(path), "events": lived.events, "ticket": ticket, "next": [line for line, _ in commands]}
        say.data({**told, **look.as_data()})
        return
    show_board(say, look.board, ZONE)
    say.line()
    say.line(words("demo.done", opened=lived.opened, events=lived.events, file=path), style="bold")
    say.line(words("demo.next"))
    wide = max(len(line) for line, _ in commands)
    for line, what in commands:
        say.line(f"  {line:<{wide}}  # {what}")


def _template_path() -> str:
    # Packages are installed as files; beneath the working directory the short form is the one to type.
    path = Path(str(files("servflow.documents").joinpath(TEMPLATE)))
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _watched(say: Say, store: Store, seed: int, count: int) -> Lived:
    words = say.words
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=say.json or not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)

        def watch(week: Week) -> None:
            here = week.now.astimezone(ZoneInfo(ZONE))
            done = (week.now - week.start) / (week.end - week.start)
            told = {"opened": week.opened, "events": week.events}
            text = words("demo.progress", day=weekday(here, say.lang), clock=f"{here:%H:%M}", **told)
            bar.update(task, completed=done, description=text)

        return live(demo_workflow(), store, seed=seed, tickets=count, watch=watch)
