"""Knows the commands about records that must not change: verify, export, import, erase; must not know how they are chained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from servflow.cli._databases import latest, one, open_existing, tickets, workflow_of
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Instant, Say, command
from servflow.cli._progress import counted, progress
from servflow.errors import Conflict, InputError, NotFound, Refused
from servflow.model import Erased, Ticket
from servflow.stores import Noted, Store, export, import_ticket, verify

File = click.Path(exists=True, dir_okay=False, path_type=Path)
LARGEST = 1 << 30
"""Bytes of a file that is read whole."""


@click.command("verify", cls=Told)
@click.argument("db")
@click.argument("ticket", required=False)
@click.option(
    "--noted", "noted", type=File, help="what verify --format json said before: each chain must still pass through it"
)
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def verify_command(say: Say, db: str, *, ticket: str | None, noted: Path | None, tenant: str) -> int | None:
    """Prove that no record was changed, removed, added or put elsewhere, and that tickets are what their records amount to.

    The status is 1 where something is wrong. JSON has where each chain stands ("heads"): keep it where nobody who may
    write the database can write, and give it with --noted later.
    """
    before = None if noted is None else _noted(noted)
    with open_existing(db, tenant=tenant) as store, progress(say, "progress.records") as watch:
        found = verify(store, ticket, noted=before, progress=lambda done: watch(done, None))
    if say.json:
        heads = {name: {"revision": head.revision, "chain": head.chain} for name, head in found.heads.items()}
        say.findings(found.findings, tickets=found.tickets, records=found.records, heads=heads)
    else:
        kind = "verify.found" if not found else "verify.partly" if found.findings else "verify.fine"
        facts = {"tickets": found.tickets, "records": found.records, "count": len(found.findings)}
        say.line(say.words(kind, **facts))
        say.findings(found.findings)
    return None if found else FINDINGS


def read_json(path: Path) -> Any:
    """
    The JSON of a file.

    Raises:
        InputError: it is none, or too large.
    """
    size = path.stat().st_size
    if size > LARGEST:
        raise InputError(f"{str(path)!r} has {size} bytes; at most {LARGEST} are read", path=str(path))
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{str(path)!r} is not JSON: {error}", path=str(path)) from error


def _noted(path: Path) -> dict[str, Noted]:
    data = read_json(path)
    try:
        return {str(name): Noted(int(head["revision"]), str(head["chain"])) for name, head in data["heads"].items()}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        told = f"{str(path)!r} is not what verify --format json writes: it has no heads with revision and chain"
        raise InputError(told, path=str(path)) from error


@click.command("export", cls=Told)
@click.argument("db")
@click.argument("ticket")
@click.option("--tenant", default="default", show_default=True, help="whose ticket")
@command
def export_command(say: Say, db: str, *, ticket: str, tenant: str) -> None:
    """Write one ticket with its records, chain and definitions to standard output, as JSON that import takes.

    The ticket stays where it is.
    """
    with open_existing(db, tenant=tenant) as store:
        one(store, ticket)
        with progress(say, "progress.export"):
            told = export(store, ticket)
        say.data(told)


@click.command("import", cls=Told)
@click.argument("db")
@click.argument("file", type=File)
@click.option("--tenant", default="default", show_default=True, help="whose ticket it becomes")
@command
def import_command(say: Say, db: str, *, file: Path, tenant: str) -> None:
    """Take a ticket that export wrote into a database, once its records prove it."""
    data = read_json(file)
    with open_existing(db, tenant=tenant) as store, progress(say, "progress.import"):
        ticket = import_ticket(store, data)
    if say.json:
        say.data({"ticket": ticket.id, "revision": ticket.revision})
    else:
        say.line(say.words("import.done", ticket=ticket.id, records=ticket.revision))


@frozen
class _Gone:
    """What was asked to be erased of one ticket, and what came of it."""

    ticket: str
    records: int = 0
    error: str | None = None

    def said(self, dry_run: bool) -> str:
        """The key of what is said of it."""
        if self.error is not None:
            return "erase.refused"
        return ("erase.would" if dry_run else "erase.done") if self.records else "erase.nothing"


@click.command("erase", cls=Told)
@click.argument("db")
@click.argument("ticket", nargs=-1)
@click.option("--customer", help="every ticket of this customer or requester")
@click.option("--field", "fields", multiple=True, help="this field only; else all that is marked personal")
@click.option("--person", "people", multiple=True, help="give this id a name that says nothing")
@click.option("--written", is_flag=True, help="messages, comments and reasons as well, whatever they say")
@click.option("--actor", help="who asks for it")
@click.option("--reason", help="kept for good; it should not name the person")
@click.option("--at", type=Instant(), help="when; by default the latest instant the database has seen")
@click.option("--dry-run", is_flag=True, help="say what would be done, and do nothing")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def erase_command(say: Say, db: str, ticket: tuple[str, ...], *, customer: str | None, **options: Any) -> int | None:
    """Take a person's data out of tickets and of all their records, for good; verify proves what is left.

    The status is 1 where a ticket has effects or mail that wait, or is refused otherwise; others are erased.
    """
    tenant, dry_run, at = options.pop("tenant"), options.pop("dry_run"), options.pop("at")
    if bool(ticket) == (customer is not None):
        raise InputError("name tickets, or a customer with --customer", code="usage")
    options["fields"] = options["fields"] or None
    with open_existing(db, tenant=tenant) as store:
        asked = [one(store, name) for name in ticket] if customer is None else _of(store, customer)
        when = at or latest(store)
        every = counted(say, "progress.tickets", asked, total=len(asked))
        found = [_erased(store, held, when, dry_run, options) for held in every]
    if say.json:
        say.data(
            {
                "dry_run": dry_run,
                "tickets": [{"ticket": gone.ticket, "records": gone.records, "error": gone.error} for gone in found],
            }
        )
    else:
        for gone in found:
            say.line(say.words(gone.said(dry_run), ticket=gone.ticket, records=gone.records, why=gone.error))
        if not found:
            say.line(say.words("erase.none", customer=customer))
    return FINDINGS if any(gone.error is not None for gone in found) else None


def _of(store: Store, customer: str) -> list[Ticket]:
    return [held for held in tickets(store) if customer in (held.customer, held.requester)]


class _Undone(Exception):
    """Internal: what was tried is not to be kept."""


def _erased(store: Store, held: Ticket, when: datetime | None, dry_run: bool, options: Mapping[str, Any]) -> _Gone:
    from servflow.desk import Desk

    now = max(held.at, when or held.at)
    made: _Gone | None = None
    try:
        with store.batch():
            desk = Desk(workflow_of(store, held.pins.get("workflow", "")), store, now=lambda: now)
            outcome = desk.erase(held.id, **options)
            records = sum(len(record.records) for record in outcome.records if isinstance(record, Erased))
            made = _Gone(held.id, records)
            if dry_run:
                raise _Undone
    except _Undone:
        pass
    except (Refused, InputError, Conflict, NotFound) as error:  # anything else concerns every ticket
        return _Gone(held.id, error=str(error))
    return made or _Gone(held.id)


COMMANDS = (verify_command, export_command, import_command, erase_command)
