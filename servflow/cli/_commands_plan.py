"""Knows the command that previews escalation chains; must not know how they are climbed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from servflow.cli._commands_definition import File, asked_ticket
from servflow.cli._databases import zone_of
from servflow.cli._help import Told
from servflow.cli._output import Instant, Say, command
from servflow.documents import load, load_world
from servflow.engine import Workflow
from servflow.errors import InputError, nearest
from servflow.escalation import Plan, Scripted, plan
from servflow.escalation._plan import OPERATIONS
from servflow.model import Span, read_instant


@click.command("plan", cls=Told)
@click.argument("file", type=File)
@click.option("--chain", "name", help="the chain; may be left out where there is one, or with a ticket for all of them")
@click.option("--at", type=Instant(), required=True, help="when its trigger holds, or with a ticket from when to look")
@click.option("--for", "length", default="7d", show_default=True, help="how far to look: a span such as 7d or 12h")
@click.option("--ticket", "named", help="a ticket to go on from: a file with its JSON, -, or with --db its id")
@click.option("--db", "--store", "url", help="the database that holds the ticket")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@click.option("--fields", help="a ticket that is opened for this at --at: its fields as JSON")
@click.option("--world", type=File, help="who there is, as JSON or YAML: recipients become people")
@click.option("--start", "begin", is_flag=True, help="let the chain start at --at, whatever starts it otherwise")
@click.option("--ack", "acks", multiple=True, type=Instant(), help="somebody acknowledges then; may be given again")
@click.option(
    "--do",
    "script",
    multiple=True,
    metavar="'INSTANT EVENT [JSON]'",
    help="something else happens then: an event, snooze, stop, ...",
)
@click.option("--down", nargs=2, multiple=True, type=Instant(), metavar="START END", help="nothing runs meanwhile")
@click.option("--kind", type=click.Choice(["table", "mermaid"]), default="table", show_default=True, help="how it is told")
@click.option("--zone", help="whose wall clock tells instants; by default that of the first calendar")
@command
def plan_command(say: Say, file: Path, *, at: datetime, length: str, kind: str, zone: str | None, **asked: Any) -> None:
    """What escalation chains would do from an instant on if nothing else happened.

    Without --ticket or --fields the chain alone is climbed, its conditions taken to hold and everybody to be there. With one of
    them the ticket itself is tried: triggers, conditions, recipients, what is late and what ends a climb.
    """
    workflow = load(file, lang=say.lang)
    until = at + _length(length)
    where = zone or zone_of(workflow)
    world = None if asked["world"] is None else load_world(asked["world"], lang=say.lang)
    made = _planned(workflow, at, until, {**asked, "world": world})
    if kind == "mermaid":
        drawn = made.mermaid(say.lang, where)
        if say.json:
            say.data({**made.to_data(), "kind": kind, "text": drawn})
        else:
            click.echo(drawn, nl=False)
    elif say.json:
        say.data(made.to_data())
    else:
        for line in made.text(say.lang, where).splitlines():
            say.line(line)


def _planned(workflow: Workflow, at: datetime, until: datetime, asked: Mapping[str, Any]) -> Plan:
    ticket = asked_ticket(asked["named"], asked["url"], asked["tenant"])
    if ticket is not None and asked["fields"] is not None:
        raise InputError("a plan goes on from --ticket or opens one with --fields; give one of them", code="usage")
    script = [*((then, "ack") for then in asked["acks"]), *_script(asked["script"])]
    name, world = asked["name"], asked["world"]
    if ticket is None and asked["fields"] is None and world is None and not asked["down"]:
        chain = _chain(workflow, name)
        _check_operations(script)
        found = plan(chain, at, until, script, calendars=dict(workflow.named_calendars))
        events = [Scripted(at=entry[0], event=entry[1]) for entry in script if at <= entry[0] < until]
        return Plan.of(chain, at, until, found, events)
    if asked["begin"]:
        name = _chain(workflow, name).name
        script.insert(0, (at, "start"))
    given: Any = ticket if ticket is not None else _fields(asked["fields"])
    return workflow.plan(given, at=at, until=until, chain=name, script=script, world=world, down=asked["down"])


def _check_operations(script: Sequence[tuple[Any, ...]]) -> None:
    other = next((entry[1] for entry in script if entry[1] not in OPERATIONS), None)
    if other is not None:
        said = f"{other!r} is nothing that happens to a chain alone; it knows {', '.join(OPERATIONS)}"
        raise InputError(f"{said}. To try events of the workflow give --fields '{{}}' or --ticket", code="usage")


def _script(texts: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for text in texts:
        parts = text.split(None, 2)
        if len(parts) < 2:
            said = f"--do is written as 'INSTANT EVENT', with JSON where something comes with it, not {text!r}"
            raise InputError(said, code="usage")
        try:
            then = read_instant(parts[0])
        except ValueError:
            raise InputError(f"{parts[0]!r} is not an instant with an offset", code="usage") from None
        yield (then, parts[1], _value(parts[2])) if len(parts) == 3 else (then, parts[1])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fields(text: str | None) -> Mapping[str, Any]:
    if text is None:
        return {}
    read = _value(text)
    if not isinstance(read, dict):
        raise InputError(f'--fields is a mapping as JSON, such as \'{{"tier": "gold"}}\', not {text!r}', code="usage")
    return read


def _chain(workflow: Workflow, name: str | None) -> Any:
    chains = {chain.name: chain for chain in workflow.escalations}
    if name is None and len(chains) == 1:
        return next(iter(chains.values()))
    if name not in chains:
        close = nearest(name, chains) if name else None
        hint = f"did you mean {close!r}?" if close else f"it has {', '.join(map(repr, chains)) or 'none'}"
        asked = f"no chain {name!r}" if name else "several chains or none; name one with --chain"
        raise InputError(f"workflow {workflow.workflow!r} has {asked}; {hint}", chain=name)
    return chains[name]


def _length(text: str) -> timedelta:
    read = Span.of(text)
    if read.business_days or not read.exact:
        raise InputError(f"--for is a length of time such as 7d or 12h, not {text!r}", span=text)
    return read.exact


COMMANDS = (plan_command,)
