"""Knows the commands about records that must not change: verify, export, import; must not know how they are chained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import one, open_existing
from servflow.cli._output import FINDINGS, Say, command
from servflow.errors import InputError
from servflow.stores import Noted, export, import_ticket, verify

File = click.Path(exists=True, dir_okay=False, path_type=Path)
LARGEST = 1 << 30
"""Bytes of a file that is read whole."""


@click.command("verify")
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
    with open_existing(db, tenant=tenant) as store:
        found = verify(store, ticket, noted=before)
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


@click.command("export")
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
        say.data(export(store, ticket))


@click.command("import")
@click.argument("db")
@click.argument("file", type=File)
@click.option("--tenant", default="default", show_default=True, help="whose ticket it becomes")
@command
def import_command(say: Say, db: str, *, file: Path, tenant: str) -> None:
    """Take a ticket that export wrote into a database, once its records prove it."""
    data = read_json(file)
    with open_existing(db, tenant=tenant) as store:
        ticket = import_ticket(store, data)
    if say.json:
        say.data({"ticket": ticket.id, "revision": ticket.revision})
    else:
        say.line(say.words("import.done", ticket=ticket.id, records=ticket.revision))


COMMANDS = (verify_command, export_command, import_command)
