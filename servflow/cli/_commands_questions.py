"""Knows the commands that ask what would be: what-if, forecast, recompute; must not know how it is worked out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import PAGE, latest, one, open_existing, tickets, workflow_of, zone_of
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command, stamp
from servflow.cli._progress import counted
from servflow.correlation import Correlator
from servflow.desk import Desk
from servflow.desk._recalendar import against_pinned
from servflow.documents import load
from servflow.documents._source import read_document
from servflow.engine import Workflow
from servflow.engine._recompute import with_calendars
from servflow.errors import InputError
from servflow.model import Ticket
from servflow.sla import ClockChange
from servflow.stores import Store

File = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SHOWN = 20
"""Clocks told of one by one as text; JSON has all."""


@click.command("what-if", cls=Told)
@click.argument("ticket")
@click.option("--db", required=True, help="the database the ticket is in")
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="a field, or priority (1 or P1), queue, ...; JSON or text"
)
@click.option("--event", help="an event to try in place of an update; the values are its payload")
@click.option("--at", type=Instant(), help="when; by default the latest instant the database has seen")
@click.option("--until", type=Instant(), help="tell also what time alone would do until then, with the change and without")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def what_if_command(
    say: Say, ticket: str, *, db: str, values: tuple[str, ...], event: str | None, tenant: str, **when: datetime | None
) -> int:
    """What a change would make of a ticket: new dues, warnings and breaches, before anybody commits to it.

    Nothing is written and nobody's permission is asked. The status is 1 where a promise would be broken by it.
    """
    with open_existing(db, tenant=tenant) as store:
        held, workflow, at = _asked(store, ticket, when["at"])
        found = workflow.what_if(held, at=at, event=event, fields=_values(values), until=when["until"])
    if say.json:
        say.data(found.as_data())
    else:
        say.line(say.words("question.what_if", ticket=held.id, at=say.at(found.at, zone_of(workflow))), style="bold")
        for line in found.text(say.lang, zone_of(workflow)).splitlines():
            say.line(f"  {line}")
    return FINDINGS if any(clock.breach == "appears" for clock in found.clocks) else FINE


@click.command("forecast", cls=Told)
@click.argument("ticket")
@click.argument("clock")
@click.option("--db", required=True, help="the database the ticket is in")
@click.option("--estimate", required=True, help="the work as counted time: 4h, 90m, '2 business days'")
@click.option("--at", type=Instant(), help="when work would start; by default the latest instant the database has seen")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def forecast_command(say: Say, ticket: str, clock: str, *, db: str, estimate: str, at: datetime | None, tenant: str) -> int:
    """Whether work that starts now is done before a clock is due, and when it must start at the latest.

    The status is 1 where it would not be done in time.
    """
    with open_existing(db, tenant=tenant) as store:
        held, workflow, instant = _asked(store, ticket, at)
        found = workflow.forecast(held, clock, estimate, at=instant)
    if say.json:
        say.data({"ticket": held.id, **found.as_data()})
    else:
        say.line(f"{held.id} {found.text(say.lang, zone_of(workflow))}")
    return FINDINGS if found.feasible is False else FINE


@click.command("recompute", cls=Told)
@click.argument("definition", type=File)
@click.option("--db", required=True, help="the database whose tickets are looked at")
@click.option("--calendars", "new", type=File, help="a file of the calendars that change, by name; by default DEFINITION's own")
@click.option("--at", type=Instant(), help="when; by default the latest instant the database has seen")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@click.option("--apply", "applied", is_flag=True, help="count the tickets again, so that they sleep until their new dues")
@command
def recompute_command(
    say: Say, definition: Path, *, db: str, new: Path | None, at: datetime | None, tenant: str, applied: bool
) -> int:
    """What other calendars would change for the tickets of DEFINITION: a new list of holidays, other hours.

    The status is 1 where a promise would be broken by it. Nothing is written without --apply.
    """
    workflow = load(definition, lang=say.lang)
    other = workflow if new is None else with_calendars(workflow, calendars_in(new))
    with open_existing(db, tenant=tenant) as store:
        total, mine = 0, []
        for ticket in counted(say, "progress.tickets", tickets(store)):
            total += 1
            mine += [ticket.at] if ticket.pins.get("workflow") == other.hash else []
        if not mine:
            said = f"no ticket of the database runs under {workflow.workflow} as {definition} defines it"
            raise InputError(said, code="empty")
        instant = max(at or latest(store) or mine[0], *mine)
        changes = tuple(_compared(counted(say, "progress.tickets", tickets(store), total=total), store, other, instant))
        again = Desk(other, store, now=lambda: instant).recalendar(workflow=other.workflow) if applied else None
    report = None if again is None else {name: getattr(again, name) for name in ("recounted", "same", "failed")}
    _tell(say, changes, other, instant, report)
    broken = any(change.breach == "appears" for change in changes)
    return FINDINGS if broken or (report is not None and report["failed"]) else FINE


def _asked(store: Store, name: str, at: datetime | None) -> tuple[Ticket, Workflow, datetime]:
    """The ticket, its workflow, and the instant to ask at."""
    held = one(store, name)
    workflow = workflow_of(store, held.pins.get("workflow", ""))
    if isinstance(workflow, Correlator):
        raise InputError(f"{name!r} is where a correlator keeps what it knows of a key; it promises nothing", code="correlator")
    now = at or max(latest(store) or held.at, held.at)
    if now < held.at:
        raise InputError(
            f"ticket {held.id!r} is known as of {held.at.isoformat()}; --at may not lie before that", at=now, ticket_at=held.at
        )
    return held, workflow, now


def _values(texts: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"--set is written as NAME=VALUE, not {text!r}", code="usage")
        found[name.strip()] = plain(value.strip())
    return found


def plain(text: str) -> Any:
    """A value of the command line: JSON where it is some, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def calendars_in(path: Path) -> Mapping[str, Any]:
    """
    The calendars of a file: a mapping of names to calendars, by itself or under ``calendars``.

    Raises:
        DefinitionError: the file cannot be read.
        InputError: it holds no calendars.
    """
    data: Any = read_document(path).data
    found = data.get("calendars", data) if isinstance(data, Mapping) else None
    if not isinstance(found, Mapping) or not found:
        raise InputError(f"{path} holds no calendars; write them by name: office: {{zone: ..., week: ...}}", path=str(path))
    return found


def _compared(held: Iterable[Ticket], store: Store, workflow: Workflow, at: datetime) -> Iterator[ClockChange]:
    """What the workflow's calendars change for the tickets that run under its definition; nothing is written."""
    page: list[Ticket] = []
    for ticket in held:
        if ticket.pins.get("workflow") == workflow.hash:
            page.append(ticket)
        if len(page) == PAGE:
            yield from against_pinned(store, workflow, page, at)
            page.clear()
    yield from against_pinned(store, workflow, page, at)


def _tell(say: Say, changes: Sequence[ClockChange], workflow: Workflow, at: datetime, report: Mapping[str, int] | None) -> None:
    breaches = Counter(change.breach for change in changes if change.breach is not None)
    counts = {
        "clocks": len(changes),
        "tickets": len({change.ticket for change in changes}),
        "later": sum(1 for change in changes if change.moved is not None and change.moved > timedelta()),
        "earlier": sum(1 for change in changes if change.moved is not None and change.moved < timedelta()),
        "appears": breaches["appears"],
        "vanishes": breaches["vanishes"],
    }
    if say.json:
        say.data({"at": stamp(at), **counts, "changes": [change.as_data() for change in changes], "applied": report})
        return
    zone = zone_of(workflow)
    say.line(say.words("question.recompute", name=workflow.workflow, at=say.at(at, zone), **counts), style="bold")
    for change in changes[:MOST_SHOWN]:
        say.line(f"  {change.text(say.lang, zone)}")
    if len(changes) > MOST_SHOWN:
        say.line(say.words("question.more", count=len(changes) - MOST_SHOWN))
    if report is not None:
        say.line(say.words("question.applied", **report))


COMMANDS = (what_if_command, forecast_command, recompute_command)
