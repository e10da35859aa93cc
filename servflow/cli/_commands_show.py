"""Knows the command that shows a database as a board: show; must not know how tickets are counted."""

from __future__ import annotations

import click

from servflow.cli._board_view import USUAL, Look, show_board, show_risks
from servflow.cli._databases import open_existing, tickets, workflow_of, zone_of
from servflow.cli._help import Told
from servflow.cli._output import Say, command
from servflow.stores import Store


@click.command("show", cls=Told)
@click.argument("db")
@click.option("--by", default=USUAL, show_default=True, help="the field that makes the groups")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="how many late tickets to list")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def show_command(say: Say, db: str, *, by: str, limit: int, tenant: str) -> None:
    """The board of a database, and what is late or at risk."""
    with open_existing(db, tenant=tenant) as store:
        look = Look.at(store, by)
        zone = _zone(store)
    if say.json:
        say.data(look.as_data())
        return
    if not look.tickets:
        say.line(say.words("board.none", tenant=tenant))
        return
    show_board(say, look.board, zone)
    show_risks(say, look.risks, zone, limit)


def _zone(store: Store) -> str:
    first = next(iter(tickets(store)), None)
    return "UTC" if first is None else zone_of(workflow_of(store, first.pins.get("workflow", "")))


COMMANDS = (show_command,)
