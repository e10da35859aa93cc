"""Knows the commands that ask who gets a ticket and why; must not know how anybody is chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from servflow.cli._commands_definition import File, asked_ticket
from servflow.cli._databases import open_existing, workflow_of, zone_of
from servflow.cli._help import ToldGroup
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command
from servflow.correlation import Correlator
from servflow.dispatch import Choice
from servflow.dispatch._told import zone_named
from servflow.documents import load, load_world
from servflow.engine import Workflow
from servflow.engine._who import policy_for
from servflow.errors import InputError, render
from servflow.model import Ticket, World

MOST_RANKED = 10
"""How many of those who fit are told as text, the best first; as JSON all are."""


@click.group("dispatch", cls=ToldGroup)
def dispatch_group() -> None:
    """Who gets a ticket, who does not and why, and what would change that; nothing is done or kept."""


@frozen
class Situation:
    """A ticket in a world at an instant, and the workflow whose dispatch is asked."""

    workflow: Workflow
    ticket: Ticket
    world: World
    at: datetime
    slot: str | None
    zone: str

    @classmethod
    def of(cls, file: Path, lang: str, asked: Mapping[str, Any]) -> Situation:
        """Read what the options of a command name."""
        world = load_world(asked["world"], lang=lang)
        if (asked["named"] is None) == (asked["fields"] is None):
            raise InputError("ask about a ticket with --ticket, or about one that would be opened with --fields", code="usage")
        ticket = asked_ticket(asked["named"], asked["url"], asked["tenant"])
        workflow = _workflow(file, lang, ticket, asked)
        at = asked["at"] or (None if ticket is None else ticket.at)
        if at is None:
            raise InputError("--fields is about a ticket that would be opened; say when with --at", code="usage")
        if ticket is None:
            ticket = workflow.open("new", _fields(asked["fields"]), at=at).ticket
        zone = asked["zone"] or zone_of(workflow)
        zone_named(zone)  # refused here, before anything is told
        return cls(workflow, ticket, world, at, asked["slot"], zone)


def _workflow(file: Path, lang: str, ticket: Ticket | None, asked: Mapping[str, Any]) -> Workflow:
    workflow = load(file, lang=lang)
    hash_ = "" if ticket is None else ticket.pins.get("workflow", "")
    if asked["url"] is None or hash_ in ("", workflow.hash):
        return workflow
    # A stored ticket may run under an earlier edition of the file; that one decides about it.
    with open_existing(asked["url"], tenant=asked["tenant"]) as store:
        held = workflow_of(store, hash_)
    if isinstance(held, Correlator):
        raise InputError(f"{ticket.id if ticket else ''!r} is where a correlator keeps what it knows", code="correlator")
    found: Workflow = held
    return found


def _fields(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise InputError(f'--fields is a mapping as JSON, such as \'{{"tier": "gold"}}\', not {text!r}', code="usage")
    return read


def situated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which ticket is asked about, in which world, when."""
    for option in reversed(
        (
            click.argument("file", type=File),
            click.option("--world", type=File, required=True, help="who there is, as JSON or YAML"),
            click.option("--ticket", "named", help="a file with its JSON, - for standard input, or with --db its id"),
            click.option("--db", "--store", "url", help="the database that holds the ticket"),
            click.option("--tenant", default="default", show_default=True, help="whose tickets"),
            click.option("--fields", help="a ticket that would be opened at --at: its fields as JSON"),
            click.option("--at", type=Instant(), help="when; by default the ticket's own instant"),
            click.option("--slot", help="a slot or a dispatch entry; by default the one that runs or would begin"),
            click.option("--zone", help="whose wall clock tells instants; by default that of the first calendar"),
        )
    ):
        function = option(function)
    return function


def told_of(say: Say, situation: Situation) -> None:
    """Write which ticket, entry and instant an answer is about."""
    policy = policy_for(situation.workflow, situation.ticket, situation.slot)
    facts = {"ticket": situation.ticket.id, "policy": policy.name, "slot": policy.slot}
    say.line(say.words("dispatch.asked", **facts, at=say.at(situation.at, situation.zone)), style="bold")


@dispatch_group.command("why-not")
@situated
@click.argument("candidate")
@command
def why_not_command(say: Say, file: Path, candidate: str, **asked: Any) -> int:
    """Why CANDIDATE does not get a ticket: every rule that keeps them out, or who is ahead of them and by what.

    The status is 1 where something keeps them out.
    """
    situation = Situation.of(file, say.lang, asked)
    found = situation.workflow.why_not(situation.ticket, candidate, at=situation.at, world=situation.world, slot=situation.slot)
    if say.json:
        say.data({"ticket": situation.ticket.id, **found.as_data()})
    else:
        told_of(say, situation)
        for line in found.text(say.lang, situation.zone).splitlines():
            say.line(f"  {line}")
        if found.again_at is not None:
            say.line(f"  {say.words('dispatch.again_at', at=say.at(found.again_at, situation.zone))}")
    return FINE if found.fits else FINDINGS


@dispatch_group.command("unblock")
@situated
@click.option(
    "--limit", type=click.IntRange(1, 200), default=5, show_default=True, help="how many changes of each kind at most"
)
@command
def unblock_command(say: Say, file: Path, *, limit: int, **asked: Any) -> int:
    """What would let somebody in: the smallest single changes, each proven by deciding again.

    The status is 1 where nobody fits, whatever would help.
    """
    situation = Situation.of(file, say.lang, asked)
    found = situation.workflow.unblock(
        situation.ticket, at=situation.at, world=situation.world, slot=situation.slot, limit=limit
    )
    if say.json:
        say.data({"ticket": situation.ticket.id, **found.as_data()})
    elif not found.changes:
        told_of(say, situation)
        for line in found.text(say.lang, situation.zone).splitlines():
            say.line(f"  {line}")
    else:
        told_of(say, situation)
        lines = found.text(say.lang, situation.zone).splitlines()
        sizes = [str(change.size) for change in found]
        more = [("", line) for line in lines[len(sizes) :]]
        columns = [say.words("dispatch.step"), say.words("dispatch.single")]
        say.table(columns, [*zip(sizes, lines, strict=False), *more], right=[0])
    return FINE if found.fit else FINDINGS


@dispatch_group.command("evaluate")
@situated
@click.option("--verdicts", is_flag=True, help="as text, also every verdict on every candidate")
@command
def evaluate_command(say: Say, file: Path, *, verdicts: bool, **asked: Any) -> int:
    """Who would get a ticket: how many were kept out by what, who is ranked how, and every verdict.

    The status is 1 where nobody fits.
    """
    situation = Situation.of(file, say.lang, asked)
    choice = situation.workflow.choice(situation.ticket, at=situation.at, world=situation.world, slot=situation.slot)
    if say.json:
        say.data({**choice.as_data(), "summary": choice.text(say.lang, situation.zone)})
    else:
        told_of(say, situation)
        _tell(say, choice, situation.zone, verdicts=verdicts)
    return FINE if choice.ranked else FINDINGS


def _tell(say: Say, choice: Choice, zone: str, *, verdicts: bool) -> None:
    words = say.words
    say.line(f"  {choice.text(say.lang, zone)}")
    to = ", ".join([*choice.to[:MOST_RANKED], *(["..."] if len(choice.to) > MOST_RANKED else [])]) or "-"
    follows = render(f"dispatch.story.{choice.action}", {"to": to}, say.lang)
    say.line(f"  {words('dispatch.action', follows=follows)}")
    if choice.next_change is not None:
        say.line(f"  {words('dispatch.change', at=say.at(choice.next_change, zone))}")
    if choice.ranked:
        say.table(
            [words("dispatch.rank"), words("dispatch.candidate"), words("dispatch.points"), words("dispatch.terms")],
            [
                (
                    item.rank,
                    item.id,
                    "/".join(str(points) for points in item.points),
                    ", ".join(f"{name} {value}" for name, value in item.terms.items()),
                )
                for item in choice.ranked[:MOST_RANKED]
            ],
            right=[0],
        )
    for verdict in choice.verdicts if verdicts else ():
        say.line(f"  {verdict.text(say.lang, zone)}")
    say.line(f"  {words('dispatch.fingerprint', fingerprint=choice.fingerprint)}")


COMMANDS = (dispatch_group,)
