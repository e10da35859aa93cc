"""Knows the commands about records that must not change: verify; must not know how they are chained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import open_existing
from servflow.cli._output import FINDINGS, Say, command
from servflow.errors import InputError
from servflow.stores import Noted, verify

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


COMMANDS = (verify_command,)
