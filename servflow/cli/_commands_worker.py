"""Knows the command that does what is to be done until asked to end: worker; must not know how tickets are decided."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import click

from servflow.cli._databases import open_existing
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Say, command
from servflow.cli._worker import Host, begun, once, read_host, work
from servflow.desk import Worker
from servflow.stores import SqliteStore, SqlStore


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


COMMANDS = (worker_command,)
