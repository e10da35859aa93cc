"""Knows the command that plans routes of visits; must not know how they are found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from servflow.cli._commands_definition import File
from servflow.cli._commands_dispatch import dispatch_group
from servflow.cli._databases import zone_of
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command
from servflow.cli._progress import progress
from servflow.dispatch import Plan, Routing, Violation, plan, verify
from servflow.dispatch._told import zone_named
from servflow.documents import load, load_world
from servflow.engine import Workflow
from servflow.engine._who import policy_for
from servflow.errors import InputError, shown
from servflow.model import Ticket, load_ticket


def tickets_of(workflow: Workflow, path: Path, at: datetime) -> list[Ticket]:
    """
    The tickets of a file: a JSON list of what ``servflow.dump`` wrote, or of ``{"id", "fields"}`` that would be opened.

    Raises:
        InputError: it is no such list.
    """
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        given = None
    if not isinstance(given, list) or not all(isinstance(item, Mapping) for item in given):
        raise InputError(
            f'{path.name!r} is no JSON list of tickets, each as servflow.dump(ticket) wrote or {{"id": ..., "fields": ...}}',
            code="usage",
        )
    return [_ticket(workflow, path, number, item, at) for number, item in enumerate(given, 1)]


def _ticket(workflow: Workflow, path: Path, number: int, item: Mapping[str, Any], at: datetime) -> Ticket:
    if set(item) in ({"id"}, {"id", "fields"}):
        return workflow.open(item["id"], item.get("fields", {}), at=at).ticket
    if "kind" in item:
        return load_ticket(item)
    raise InputError(
        f"{path.name!r}, ticket {number}: {shown(dict(item))} is neither what servflow.dump(ticket) wrote nor "
        '{"id": ..., "fields": ...}',
        code="usage",
    )


def pins_of(given: Sequence[str]) -> dict[str, str]:
    """
    Who keeps which ticket, from ``TICKET=WHO`` texts.

    Raises:
        InputError: one is no such text, or a ticket is pinned to two.
    """
    pins: dict[str, str] = {}
    for text in given:
        ticket, _, who = text.partition("=")
        if not ticket or not who:
            raise InputError(f"--pin says who keeps a ticket, such as T-1=ann, not {shown(text)}", code="usage")
        if pins.setdefault(ticket, who) != who:
            raise InputError(f"--pin gives {ticket!r} to {pins[ticket]!r} and to {who!r}; one of them keeps it", code="usage")
    return pins


def current_of(path: Path | None) -> dict[str, str] | None:
    """
    Who has which ticket so far, from a file; None without one.

    Raises:
        InputError: it is no JSON mapping of names.
    """
    if path is None:
        return None
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(who, str) for who in given.values()):
        raise InputError(f"{path.name!r} must be a JSON mapping that says of each ticket who has it", code="usage")
    return given


@dispatch_group.command("routes")
@click.argument("file", type=File)
@click.option("--world", type=File, required=True, help="who there is, as JSON or YAML")
@click.option("--tickets", type=File, required=True, help="whom to visit: a JSON list of tickets, or of {id, fields}")
@click.option("--at", type=Instant(), required=True, help="from when on")
@click.option("--slot", help="a slot or a dispatch entry; by default the one that runs or would begin")
@click.option("--pin", multiple=True, help="TICKET=WHO: a visit that stays with whom it has; may be given often")
@click.option("--current", type=File, help="who has which visit so far, as a JSON mapping: as few as can be are moved")
@click.option("--stability", type=int, help="among which levels that counts, 0 before all; by default after the last")
@click.option("--until", type=Instant(), help="up to when; by default a day, or as long as the windows of visits last")
@click.option("--rounds", type=int, default=2_000, show_default=True, help="how often visits are taken out and put in again")
@click.option("--seed", type=int, default=0, show_default=True, help="the same seed gives the same plan")
@click.option("--minutes", type=int, default=60, show_default=True, help="how long a visit takes of which nothing says it")
@click.option("--unknown", type=int, default=0, show_default=True, help="minutes of a way of which nothing tells")
@click.option("--zone", help="whose wall clock tells instants; by default that of the first calendar")
@command
def routes_command(say: Say, file: Path, *, world: Path, tickets: Path, pin: tuple[str, ...], **asked: Any) -> int:
    """Routes of visits: who goes where and when, and what is left out and why; nothing is done or kept.

    The plan is walked through before it is told. The status is 1 where a visit is left out.
    """
    workflow = load(file, lang=say.lang)
    zone = asked["zone"] or zone_of(workflow)
    zone_named(zone)  # refused here, before anything is told
    people, given = load_world(world, lang=say.lang), tickets_of(workflow, tickets, asked["at"])
    if not given:
        raise InputError(f"{tickets.name!r} holds no tickets", code="usage")
    policy = policy_for(workflow, given[0], asked["slot"])
    routing = Routing(**{name: asked[name] for name in ("until", "rounds", "seed", "minutes", "unknown")})
    hooks = workflow.extensions.hooks
    pinned = pins_of(pin)
    kept = {"current": current_of(asked["current"]), "stability": asked["stability"]}
    with progress(say, "progress.solve"):
        found = plan(policy, given, people, asked["at"], "routes", hooks=hooks, pinned=pinned, routing=routing, **kept)
        wrong = verify(found, policy, given, people, asked["at"], hooks=hooks, pinned=pinned, routing=routing, **kept)
    if say.json:
        problems = [{"kind": one.kind, "ticket": one.ticket, "candidate": one.candidate, "detail": one.detail} for one in wrong]
        say.data({**found.as_data(), "violations": problems})
    else:
        _tell(say, found, wrong, zone)
    return FINDINGS if found.unassigned or wrong else FINE


def _tell(say: Say, found: Plan, wrong: tuple[Violation, ...], zone: str) -> None:
    words = say.words
    minutes = -found.objective[-1] if found.assignments else 0
    say.line(words("routes.sum", visits=len(found.assignments), people=len(found.routes or ()), minutes=minutes), style="bold")
    rows: list[tuple[Any, ...]] = []
    for route in found.routes or ():
        rows.append((route.candidate, words("routes.leaves"), "", say.at(route.leaves, zone), "", ""))
        rows.extend(
            ("", stop.ticket, "?" if stop.travel is None else stop.travel, say.at(stop.arrival, zone), *_times(say, stop, zone))
            for stop in route.stops
        )
        rows.append(("", words("routes.back"), "", say.at(route.back, zone), "", ""))
    if rows:
        columns = ("routes.person", "routes.visit", "routes.way", "routes.arrives", "routes.begins", "routes.ends")
        say.table([words(name) for name in columns], rows, right=[2])
    for ticket, reason in found.unassigned:
        say.line(words("routes.left", ticket=ticket, reason=reason))
    for ticket, before, now in found.moved:
        say.line(words("plans.moved", ticket=ticket, before=before, now=now or "-"))
    for one in wrong:
        say.line(words("routes.wrong", kind=one.kind, ticket=one.ticket or "-", who=one.candidate or "-", detail=one.detail))
    if not wrong:
        say.line(words("routes.sound"))


def _times(say: Say, stop: Any, zone: str) -> tuple[str, str]:
    return say.at(stop.start, zone), say.at(stop.end, zone)
