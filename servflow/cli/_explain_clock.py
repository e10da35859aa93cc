"""Knows how the course of one clock of a stored ticket is told and drawn; must not know how it is worked out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import latest
from servflow.cli._output import Say
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import Ticket
from servflow.sla import Timeline
from servflow.stores import Store


def explain_clock(say: Say, store: Store, workflow: Workflow | Any, held: Ticket, *, at: datetime | None, **asked: Any) -> None:
    """
    Say why a clock of a ticket is due when it is, and draw it where that is asked for.

    Args:
        at: also an instant that has passed; unless given the latest that the database has seen, at least the ticket's own.
        asked: ``clock``, ``cycle`` and ``svg`` as on the command line.

    Raises:
        InputError: no clock is named, or there is none of that name.
    """
    if asked["clock"] is None:
        raise InputError("--cycle and --svg go with --clock NAME", code="usage", said="clock_usage")
    if not isinstance(workflow, Workflow):
        raise InputError(
            f"{held.id} is kept by a correlator, which has no clocks", code="clock", said="no_clocks", ticket=held.id
        )
    now = at or (held.at if held.closed else max(held.at, latest(store) or held.at))
    line = workflow.explain_clock(held, asked["clock"], at=now, records=store.history(held.id), cycle=asked["cycle"])
    if asked["svg"] == "-":
        click.echo(line.svg(say.lang), nl=False)
        return
    if asked["svg"] is not None:
        Path(asked["svg"]).write_text(line.svg(say.lang), encoding="utf-8")
    _show(say, line, asked["svg"])


def _show(say: Say, line: Timeline, drawn: str | None) -> None:
    if say.json:
        say.data({**line.to_data(), "svg": drawn})
        return
    for told in line.text(say.lang).splitlines():
        say.line(told)
    if drawn is not None:
        say.line(say.words("explain.drawn", path=drawn))
