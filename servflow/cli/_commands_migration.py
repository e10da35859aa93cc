"""Knows the commands for a definition that changes: diff, plan-migration; must not know how anything is moved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from servflow.cli._databases import latest, open_existing, tickets, zone_of
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Instant, Say, command, finding_data, span, stamp
from servflow.cli._progress import counted
from servflow.documents import load
from servflow.engine import MigrationPlan, Part, Workflow, diff, plan_migration
from servflow.engine._migration import CHAIN_MOVES
from servflow.errors import Finding, InputError
from servflow.model import Ticket
from servflow.stores import Store

File = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SHOWN = 20
"""Tickets told of one by one as text; JSON has all."""
_ANSWERED = ("state_removed", "state_renamed", "field_removed", "field_renamed", "value", "required")


@click.command("diff", cls=Told)
@click.argument("old", type=File)
@click.argument("new", type=File)
@command
def diff_command(say: Say, old: Path, new: Path) -> int | None:
    """What changed from one definition to another; the status is 1 where they differ.

    Calendars are versioned apart: what changed there is told, and makes no other definition.
    """
    found = diff(load(old, lang=say.lang), load(new, lang=say.lang))
    if say.json:
        data = found.as_data()
        for key, changes in (("changes", found.changes), ("calendars", found.calendars)):
            for told, change in zip(data[key], changes, strict=True):
                told["text"] = change.text(say.lang)
        say.data(data)
        return FINDINGS if found else None
    say.line(say.words("diff.differ" if found else "diff.equal", count=len(found)))
    for change in (*found.changes, *found.calendars):
        say.line(f"  {change.text(say.lang)}")
    return FINDINGS if found else None


@click.command("plan-migration", cls=Told)
@click.argument("old", type=File)
@click.argument("new", type=File)
@click.option("--store", "--db", "url", help="a database: look at each of its tickets that runs under OLD")
@click.option("--map", "states", multiple=True, metavar="OLD=NEW", help="what a state is called now, or where its tickets go")
@click.option("--field", "fields", multiple=True, metavar="OLD=NEW", help="what a field is called now; OLD= lets its values go")
@click.option("--value", "values", multiple=True, metavar="FIELD=JSON", help="what tickets get that have no value that fits")
@click.option("--clock", "clocks", multiple=True, metavar="CLOCK=since|now|never", help="from when a new clock counts")
@click.option("--chains", type=click.Choice(CHAIN_MOVES), default=CHAIN_MOVES[0], help="whether live runs keep their chain")
@click.option("--at", type=Instant(), help="when they move; by default the latest instant the database has seen")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@click.option("--apply", "applied", is_flag=True, help="move the tickets that can move")
@command
def plan_migration_command(
    say: Say, old: Path, new: Path, *, url: str | None, at: datetime | None, tenant: str, applied: bool, **answers: Any
) -> int | None:
    """What moving tickets from definition OLD to NEW comes to: states, fields, promises, and each ticket.

    The status is 1 while something must be answered, or a ticket cannot move. Nothing is written without --apply.
    """
    before, after = load(old, lang=say.lang), load(new, lang=say.lang)
    given: dict[str, Any] = {
        "states": _pairs("--map", answers["states"]),
        "fields": {name: now or None for name, now in _pairs("--field", answers["fields"]).items()},
        "values": {name: _json(name, text) for name, text in _pairs("--value", answers["values"]).items()},
        "clocks": _pairs("--clock", answers["clocks"]),
        "chains": answers["chains"],
    }
    if url is None:
        if applied:
            raise InputError("--apply moves tickets of a database; name it with --store", code="usage")
        plan = plan_migration(before, after, at=at, **given)
        _tell(say, plan, None)
        return FINDINGS if plan.blocked else None
    with open_existing(url, tenant=tenant) as store:
        concerned = [
            ticket for ticket in counted(say, "progress.tickets", tickets(store)) if ticket.pins.get("workflow") == before.hash
        ]
        when = at or latest(store)
        before, after = _with_editions(store, before, after, concerned)
        following = counted(say, "progress.plan", concerned, total=len(concerned))
        plan = plan_migration(before, after, following, at=_not_before(concerned, when), **given)
        report = _apply(store, before, plan, concerned) if applied else None
    _tell(say, plan, report)
    if report is not None:
        return FINDINGS if report["refused"] or report["failed"] else None
    concerns = plan.blocked if not concerned else plan.stuck
    return FINDINGS if concerns else None


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"{option} is written as OLD=NEW, not {text!r}", code="usage")
        found[name.strip()] = value.strip()
    return found


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"--value {name} is JSON (a text in double quotes), not {text!r}: {error}", code="usage") from error


def _with_editions(store: Store, before: Workflow, after: Workflow, concerned: list[Ticket]) -> tuple[Workflow, Workflow]:
    """Both definitions with the editions of chains that live runs are pinned to, as the desk that moves them has them."""
    from servflow.desk._editions import with_chains

    pinned = {run.hash for ticket in concerned for run in ticket.chains}
    own = {chain.hash: {"chain": chain.to_data()} for chain in before.escalations}

    def kept(name: str) -> Mapping[str, Any] | None:
        return own[name] if name in own else store.definition(name)

    return with_chains(before, pinned, kept), with_chains(after, pinned, kept)


def _not_before(concerned: Iterable[Ticket], when: datetime | None) -> datetime | None:
    ahead = max((ticket.at for ticket in concerned), default=None)
    return when if when is None or ahead is None else max(when, ahead)


def _apply(store: Store, before: Workflow, plan: MigrationPlan, concerned: list[Ticket]) -> dict[str, Any]:
    from servflow.desk import Desk

    when = plan.at
    desk = Desk(before, store) if when is None else Desk(before, store, now=lambda: when)
    report = desk.migrate(plan, tickets=[ticket.id for ticket in concerned])
    return {
        **{name: getattr(report, name) for name in ("moved", "done", "other", "refused", "failed")},
        "problems": [{"ticket": problem.where, "message": str(problem.error)} for problem in report.problems],
    }


def _tell(say: Say, plan: MigrationPlan, report: dict[str, Any] | None) -> None:
    if say.json:
        data = plan.as_data()
        data["blocked"] = [_asked(say, finding) for finding in plan.blocked]
        for told, ticket in zip(data["tickets"], plan.tickets, strict=True):
            told["problems"] = [_asked(say, finding) for finding in ticket.problems]
        say.data({**data, "applied": report})
        return
    words = say.words
    facts = {"name": plan.new.workflow, "old": plan.old.version, "new": plan.new.version}
    say.line(words("migration.title", **facts), style="bold")
    for section in ("states", "fields", "clocks", "timers", "chains", "dispatch"):
        parts = getattr(plan, section)
        rows = [
            (name, words(f"migration.{_status(part)}"), part.target or part.suggested or "-", ", ".join(part.differs))
            for name, part in parts.items()
            if section == "states" or part.status != "identical"
        ]
        if rows:
            say.head(words(f"migration.{section}"))
            say.table(
                [words("migration.old"), words("migration.status"), words("migration.new"), words("migration.differs")], rows
            )
    if plan.blocked:
        say.head(words("migration.blocked"))
        for finding in plan.blocked:
            say.line(f"  {finding.text(say.lang, hint=_hint(say, finding))}")
    if plan.tickets:
        _tell_tickets(say, plan)
    if report is not None:
        say.line()
        say.line(words("migration.report", moved=report["moved"], refused=report["refused"], failed=report["failed"]))


def _asked(say: Say, finding: Finding) -> dict[str, Any]:
    return {**finding_data(finding, say.lang), "hint": _hint(say, finding)}


def _hint(say: Say, finding: Finding) -> str:
    """What to write on the command line, where the library tells its callers what to pass."""
    kind = finding.code.partition(".")[2]
    if kind not in _ANSWERED:
        return finding.hint(say.lang)
    facts = {**finding.facts, "known": ", ".join(finding.facts.get("known", ()))}
    return say.words(f"migration.hint.{kind}", **facts)


def _status(part: Part) -> str:
    return "suggested" if part.suggested is not None else part.status


def _tell_tickets(say: Say, plan: MigrationPlan) -> None:
    words = say.words
    statuses = [ticket.status for ticket in plan.tickets]
    counts = {status: statuses.count(status) for status in ("identical", "moves", "blocked")}
    say.head(words("migration.tickets", count=len(plan.tickets), **counts))
    zone = zone_of(plan.new)
    if plan.breaches:
        say.line(words("migration.breaches", at=say.at(plan.at, zone) if plan.at else stamp(plan.at) or "-"))
        say.table(
            [words("ticket"), words("clock"), words("due"), words("migration.over")],
            [(name, one.clock, say.at(one.due, zone), span(one.over)) for name, one in plan.breaches[:MOST_SHOWN]],
        )
    for ticket in plan.stuck[:MOST_SHOWN]:
        for finding in ticket.problems:
            say.line(f"  {ticket.id}: {finding.text(say.lang, hint=_hint(say, finding))}")


COMMANDS = (diff_command, plan_migration_command)
