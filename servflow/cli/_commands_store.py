"""Knows the commands that live with a database: demo, show, explain, worker; must not know how tickets are decided."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from servflow.cli._board_view import USUAL, Look, show_board, show_risks
from servflow.cli._databases import latest, one, open_existing, tickets, workflow_of, zone_of
from servflow.cli._explain import explained, reasons
from servflow.cli._explain_clock import explain_clock
from servflow.cli._explain_correlator import show_correlator, told_of
from servflow.cli._explain_view import show_explanation, show_reasons
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command, stamp
from servflow.cli._urls import apart
from servflow.cli._worker import Host, begun, once, read_host, work
from servflow.correlation import Correlator
from servflow.desk import Worker
from servflow.errors import InputError
from servflow.model import Ticket
from servflow.stores import SqliteStore, SqlStore, Store


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
                raise InputError("--table and --clock explain different things; give one of them", code="usage")
            if clock["svg"] not in (None, "-"):
                apart(Path(str(clock["svg"])), db)
            explain_clock(say, store, workflow, held, at=at, **clock)
            return
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
        told = explained(workflow, held, records, instant)
    if say.json:
        say.data(told)
    else:
        show_explanation(say, told, zone_of(workflow))


@click.command("worker", cls=Told)
@click.argument("url")
@click.option("--host", "named", help="module:factory that gives handlers, world and more; without it nothing is delivered")
@click.option("--once", "only_once", is_flag=True, help="do all there is to do, then stop")
@click.option("--every", type=click.FloatRange(0.01, 3600), default=1.0, show_default=True, help="seconds between two looks")
@click.option("--workers", type=click.IntRange(0, 1000), default=4, show_default=True, help="handlers at once")
@click.option(
    "--timeout", type=click.FloatRange(0.01, 86_400), default=30.0, show_default=True, help="seconds a handler may take"
)
@click.option("--tries", type=click.IntRange(1, 1000), help="how often what fails is tried before it is set aside")
@click.option(
    "--report", type=click.FloatRange(0.05, 86_400), default=60.0, show_default=True, help="seconds between two reports"
)
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def worker_command(say: Say, url: str, *, named: str | None, only_once: bool, report: float, tenant: str, **given: Any) -> int:
    """Do what time, mail and released capacity ask for and hand out effects, until asked to end.

    URL is the path of a SQLite file, sqlite:///PATH, or postgresql://user:password@host/database. The factory is called
    without arguments and gives a mapping with any of: handlers, world, sources, workflows, retry and patience as
    servflow.Desk takes them, extensions, telemetry. SIGTERM and SIGINT finish what runs; a second one ends at once.
    """
    host = Host() if named is None else read_host(named)
    timeout = timedelta(seconds=given["timeout"])

    def begin() -> tuple[SqliteStore | SqlStore, Worker]:
        with ExitStack() as stack:
            store = open_existing(url, tenant=tenant)
            stack.callback(store.close)
            worker = Worker(
                host.desk(store, timeout=timeout, tries=given["tries"]),
                workers=0 if host.handlers is None else given["workers"],
                every=timedelta(seconds=given["every"]),
                timeout=timeout,
                telemetry=host.telemetry,
            )
            stack.pop_all()  # closed below; here only where no worker came of it
        return store, worker

    ready = begin() if only_once else begun(say, begin, given["every"])
    if ready is None:
        return FINE
    with ready[0]:
        if only_once:
            return FINDINGS if once(say, ready[1]) else FINE
        work(say, ready[1], report)
        return FINE


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


def _zone(store: Store) -> str:
    first = next(iter(tickets(store)), None)
    return "UTC" if first is None else zone_of(workflow_of(store, first.pins.get("workflow", "")))


COMMANDS = (demo_command, show_command, explain_command, worker_command)
