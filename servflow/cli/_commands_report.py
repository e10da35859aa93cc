"""Knows the command that writes a report about a database; must not know how the page is made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import PAGE, open_existing, workflow_of, zone_of
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command, stamp
from servflow.cli._progress import counted
from servflow.cli._urls import apart
from servflow.engine import Workflow
from servflow.errors import InputError, ServflowError
from servflow.model import RESOLUTION
from servflow.report import Unread, write
from servflow.report._write import TICKETS, History
from servflow.stores import Store


@click.command("report", cls=Told)
@click.argument("db")
@click.option(
    "--html",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="the file to write; replaced if it is there",
)
@click.option("--from", "since", type=Instant(), help="beginning of the period, to be compared with one as long before it")
@click.option(
    "--to",
    "until",
    type=Instant(),
    help="end of the period, itself not in it; by default the latest that the database has seen",
)
@click.option("--zone", help="whose days and hours are told, such as Asia/Shanghai; by default that of the calendars")
@click.option(
    "--tickets", "limit", type=click.IntRange(0, 5_000), default=TICKETS, show_default=True, help="how many stories to tell"
)
@click.option("--title", help="what stands on top")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def report_command(
    say: Say, db: str, *, file: Path, since: datetime | None, until: datetime | None, tenant: str, **options: Any
) -> int:
    """One page about all tickets: figures, charts, the workflow with volumes and times, and the story of each ticket.

    The file needs nothing else and no network; it has both languages, --lang says which one it opens with. The status is 1
    where some tickets could not be read; they are named on the page.
    """
    if not file.absolute().parent.is_dir():
        raise InputError(f"the directory of {str(file)!r} does not exist; create it first", code="no_folder", path=str(file))
    apart(file, db)
    made = file.parent / f".{file.name}.part"
    with open_existing(db, tenant=tenant) as store:
        known, latest, count = _known(say, store)
        # Half-open, so that a ticket of midnight is in one of two periods that meet there: its last instant comes before.
        at = until - RESOLUTION if until is not None else latest or datetime.now(UTC)
        if since is not None and since >= at:
            raise InputError(f"--from lies at or after the end of the period, {(until or at).isoformat()}", code="usage")
        options["zone"] = options["zone"] or next((zone_of(workflow) for workflow in known.values()), "UTC")
        try:
            with made.open("w", encoding="utf-8", newline="\n") as out:
                every = counted(say, "progress.histories", _histories(store), total=count)
                told = write(out, every, known, at=at, since=since, lang=say.lang, **options)
            made.replace(file)
        finally:
            made.unlink(missing_ok=True)
    if say.json:
        say.data({"file": str(file), "bytes": file.stat().st_size, "at": stamp(until or at), **told.as_data()})
        return FINDINGS if told.unread else FINE
    say.line(say.words("report.written", file=file, tickets=told.tickets, stories=told.stories))
    if told.left:
        say.line(say.words("report.left", left=told.left))
    for one in told.unread_first:
        say.line(say.words("report.unread", ticket=one.id, reason=one.reason))
    return FINDINGS if told.unread else FINE


def _ids(store: Store) -> Iterator[str]:
    after: str | None = None
    while page := store.ids(limit=PAGE, after=after):
        yield from page
        after = page[-1]


def _known(say: Say, store: Store) -> tuple[dict[str, Workflow], datetime | None, int]:
    """The workflows of the tickets, as far as the database holds them; the latest instant any has seen; how many there are."""
    known: dict[str, Workflow] = {}
    missing: set[str] = set()
    latest: datetime | None = None
    count = 0
    for name in counted(say, "progress.tickets", _ids(store)):
        count += 1
        try:
            ticket = store.load(name)
        except (ServflowError, ValueError, KeyError, TypeError):
            continue  # told as a ticket that cannot be read when its records are
        if ticket is None:
            continue
        latest = ticket.at if latest is None else max(latest, ticket.at)
        pin = ticket.pins.get("workflow", "")
        if pin in known or pin in missing:
            continue
        try:
            found = workflow_of(store, pin)
        except ServflowError:
            missing.add(pin)  # kept nowhere, or it needs functions of the host: told from what its tickets did
            continue
        if isinstance(found, Workflow):
            known[pin] = found
        else:
            missing.add(pin)
    return known, latest, count


def _histories(store: Store) -> Iterator[History]:
    for name in _ids(store):
        try:
            yield store.history(name)
        except (ServflowError, ValueError, KeyError, TypeError) as error:
            yield Unread(name, str(error) or type(error).__name__)


COMMANDS = (report_command,)
