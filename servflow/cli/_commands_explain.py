"""Knows the command that says why a ticket is as it is: explain; must not know how tickets are decided."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from attrs import evolve

from servflow.cli._databases import latest, one, open_existing, workflow_of, zone_of
from servflow.cli._explain import explained, reasons
from servflow.cli._explain_clock import explain_clock
from servflow.cli._explain_correlator import show_correlator, told_of
from servflow.cli._explain_view import show_explanation, show_reasons
from servflow.cli._help import Told
from servflow.cli._output import Instant, Say, command, stamp
from servflow.cli._urls import apart
from servflow.correlation import Correlator
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import Ticket
from servflow.stores import Store


@click.command("explain", cls=Told)
@click.argument("db")
@click.argument("ticket")
@click.option("--at", type=Instant(), help="explain it as of this instant; by default the latest the database has seen")
@click.option("--table", "name", help="only why this table decided as it last did, and why its other rows did not")
@click.option("--clock", help="only why this clock is due when it is: its course, row by row, and the steps to the due instant")
@click.option("--cycle", type=click.IntRange(1), help="with --clock: an earlier cycle of it")
@click.option("--svg", help="with --clock: draw its course into this file; - writes the drawing alone")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def explain_command(
    say: Say, db: str, ticket: str, *, at: datetime | None, name: str | None, tenant: str, **clock: str | int | None
) -> None:
    """Why a ticket is in its state, with this engineer, due then; and what comes next."""
    with open_existing(db, tenant=tenant) as store:
        held = one(store, ticket)
        workflow = workflow_of(store, held.pins.get("workflow", ""))
        if any(value is not None for value in clock.values()):
            if name is not None:
                raise InputError(
                    "--table and --clock explain different things; give one of them", code="usage", said="one_question"
                )
            if clock["svg"] not in (None, "-"):
                apart(Path(str(clock["svg"])), db)
            explain_clock(say, store, workflow, held, at=at, **clock)
            return
        if isinstance(workflow, Workflow):
            say = evolve(say, workflow=workflow)
        instant, records = _as_of(store, held, at), store.history(held.id)
        if isinstance(workflow, Correlator):
            if say.json:
                say.data(told_of(workflow, held, records, instant))
            else:
                show_correlator(say, workflow, held, records, instant)
            return
        if name is not None:
            reasoned, decided_at, same = reasons(workflow, records, name, say.lang)
            if say.json:
                say.data({"ticket": held.id, "at": stamp(decided_at), "same": same, **reasoned.to_data()})
            else:
                show_reasons(say, reasoned.text, name=name, at=decided_at, same=same, zone=zone_of(workflow))
            return
        told = explained(workflow, held, records, instant, say.lang)
    if say.json:
        say.data(told)
    else:
        show_explanation(say, told, zone_of(workflow))


def _as_of(store: Store, ticket: Ticket, at: datetime | None) -> datetime:
    if at is None:
        return ticket.at if ticket.closed else latest(store) or ticket.at
    if at < ticket.at:
        raise InputError(
            f"ticket {ticket.id!r} is known as of {ticket.at.isoformat()}; --at may not lie before that",
            code="too_early",
            ticket=ticket.id,
            known=ticket.at.isoformat(),
            at=at,
            ticket_at=ticket.at,
        )
    return at


COMMANDS = (explain_command,)
