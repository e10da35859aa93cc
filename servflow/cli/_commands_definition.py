"""Knows the commands that look at definitions: check, graph, schema; must not know how definitions work."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from servflow.cli._databases import one, open_existing
from servflow.cli._help import Told
from servflow.cli._kinds import Kind, kind_of
from servflow.cli._output import FINDINGS, Instant, Say, command, stamp
from servflow.documents import load, load_tables, load_world, schema
from servflow.documents._source import Document, read_document
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Finding, InputError
from servflow.expressions import tree_schema
from servflow.model import Ticket, load_ticket
from servflow.rules import DecisionTable, failed_cases, unreached
from servflow.statemachine import FORMATS

MOST_ROWS = 50
"""How many rows without a case are named as text; as JSON all are."""

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("check", cls=Told)
@click.argument("file", type=File)
@click.option("--allow-warnings", is_flag=True, help="end with status 0 where the definition loads")
@click.option("--coverage", is_flag=True, help="also say which rows of tables no case reaches")
@click.option("--at", type=Instant(), help="judge clocks and schedules as those of tickets opened then (default: now)")
@click.option("--world", type=File, help="a file with people: whether chains reach anybody, who is on call, who is dispatched")
@click.option("--days", type=click.IntRange(1, 3660), default=30, help="with --world: how many days of schedules (default: 30)")
@click.option(
    "--workflow",
    "workflows",
    type=File,
    multiple=True,
    help="of an intake: the file of a workflow that it is for; repeatable",
)
@command
def check_command(
    say: Say, file: Path, *, allow_warnings: bool, coverage: bool, workflows: tuple[Path, ...], **asked: Any
) -> int | None:
    """Check a definition, of a workflow, a correlator, an intake, tables alone: every problem at once, with its line.

    Warnings are findings too: the status is 1 unless --allow-warnings. Notes never change it; a law that does not
    hold always does, and so does a case of a table that fails.
    """
    try:
        document = read_document(file)
        if set(document.data) in ({"tables"}, {"tables", "servflow"}):
            tables = load_tables(file)
            wrong = _of_tables(tables, document)
            return _told_tables(say, tables, wrong, file, allow_warnings=allow_warnings, coverage=coverage)
        kind = kind_of(document.data)
        if kind is not None:
            beside = {flow.workflow: flow for flow in (load(one, lang=say.lang) for one in workflows)}
            made = kind.load(file, say.lang, beside)
            return _told_kind(say, kind, made, document, file, allow_warnings=allow_warnings)
        workflow = load(file, lang=say.lang)
    except DefinitionError as error:
        if not say.json:
            say.line(say.words("check.found", count=len(error.findings), file=file))
        say.findings(error.findings, file=str(file), loads=False)
        return FINDINGS
    found = _judged(workflow, say, document, **asked)
    facts = {"name": workflow.workflow, "version": workflow.version}
    cases = {
        "run": sum(len(table.cases) for table in workflow.tables.values()),
        "failed": sum(finding.code == "rules.case_failed" for finding in found),
    }
    open_rows = _unreached(workflow.tables, workflow.compiled.types) if coverage else {}
    if say.json:
        more = {"cases": cases, **({"unreached": open_rows} if coverage else {})}
        known = {"workflow": workflow.workflow, "version": workflow.version, "hash": workflow.hash}
        say.findings(found, file=str(file), loads=True, **known, **more)
    else:
        _tell(say, workflow, found, facts)
        if cases["run"]:
            say.line(say.words("check.cases", count=cases["run"], failed=cases["failed"]))
        for name, rows in open_rows.items():
            _tell_unreached(say, workflow.tables[name], rows)
    return _status(found, allow_warnings=allow_warnings)


def _judged(
    workflow: Workflow, say: Say, document: Document, *, at: datetime | None, world: Path | None, days: int
) -> tuple[Finding, ...]:
    """What can be said of a workflow that loads, each at its line."""
    at = at or datetime.now(UTC).replace(microsecond=0)
    around = None if world is None else load_world(world, lang=say.lang)
    return tuple(_placed(finding, document) for finding in workflow.check(at=at, world=around, days=days))


def _status(found: Iterable[Finding], *, allow_warnings: bool) -> int | None:
    grave = [finding for finding in found if finding.severity == "error" or (finding.severity != "info" and not allow_warnings)]
    return FINDINGS if grave else None


def _of_tables(tables: dict[str, DecisionTable], document: Document) -> list[Finding]:
    """What is wrong with tables that stand alone, and with their cases, each at its line."""
    found: list[Finding] = []
    for name, table in tables.items():
        for finding in (*table.check(), *failed_cases(table, table.run_cases())):
            path = f"tables.{name}.{finding.path}".rstrip(".")
            found.append(_placed(evolve(finding, path=path), document))
    return found


def _placed(finding: Finding, document: Document) -> Finding:
    """A finding with the line and column of what it is about, where it is about a part of the file."""
    elsewhere = finding.code.startswith("world.")  # what it is about stands in another file
    return finding if elsewhere or not finding.path else document.placed(evolve(finding, line=None, column=None))


def _told_tables(
    say: Say,
    tables: Mapping[str, DecisionTable],
    found: list[Finding],
    file: Path,
    *,
    allow_warnings: bool,
    coverage: bool,
) -> int | None:
    failed = sum(finding.code == "rules.case_failed" for finding in found)
    run = sum(len(table.cases) for table in tables.values())
    open_rows = _unreached(tables, None) if coverage else {}
    if say.json:
        more = {"cases": {"run": run, "failed": failed}, **({"unreached": open_rows} if coverage else {})}
        say.findings(found, file=str(file), loads=True, tables={name: table.hash for name, table in tables.items()}, **more)
    else:
        say.line(say.words("check.tables", names=", ".join(tables), count=len(found)))
        say.findings(found)
        if run:
            say.line(say.words("check.cases", count=run, failed=failed))
        for name, rows in open_rows.items():
            _tell_unreached(say, tables[name], rows)
    return _status(found, allow_warnings=allow_warnings)


def _told_kind(say: Say, kind: Kind, made: Any, document: Document, file: Path, *, allow_warnings: bool) -> int | None:
    found = tuple(document.placed(evolve(finding, line=None, column=None)) for finding in kind.findings(made))
    if say.json:
        version, hash_ = getattr(made, "version", None), getattr(made, "hash", None)
        known = {"version": version, "hash": hash_}
        told = {name: value for name, value in known.items() if value is not None}
        say.findings(found, file=str(file), loads=True, **{kind.key: kind.facts(made).get("name")}, **told)
    else:
        say.line(say.words(kind.words, **{"count": len(found), **kind.facts(made)}))
        say.findings(found)
    return _status(found, allow_warnings=allow_warnings)


def _unreached(tables: Mapping[str, DecisionTable], types: Any) -> dict[str, list[int]]:
    """By table, the rows that no case reaches."""
    return {name: list(unreached(table, table.run_cases(types))) for name, table in tables.items()}


def _tell_unreached(say: Say, table: DecisionTable, rows: list[int]) -> None:
    written = table.rows
    named = [str(row) if written[row].id is None else f"{row} ({written[row].id})" for row in rows]
    told = ", ".join([*named[:MOST_ROWS], *(["…"] if len(named) > MOST_ROWS else [])])
    code = "check.unreached" if rows else "check.reached"
    say.line(say.words(code, table=table.name, count=len(rows), rows=len(written), named=told))


def _tell(say: Say, workflow: Workflow, found: tuple[Finding, ...], facts: dict[str, Any]) -> None:
    notes = [finding for finding in found if finding.severity == "info"]
    counted = [finding for finding in found if finding.severity != "info"]
    if counted:
        say.line(say.words("check.loads", **facts, count=len(counted)))
        say.findings(counted)
    else:
        say.line(say.words("check.fine", **facts, states=len(workflow.states), transitions=len(workflow.transitions)))
    if notes:
        say.line(say.words("check.notes", count=len(notes)))
        say.findings(notes)
    for made in workflow.prove():
        if made.verdict == "proved":
            say.line(say.words("check.proved", law=made.name, count=made.states))


@click.command("graph", cls=Told)
@click.argument("file", type=File)
@click.option("--kind", type=click.Choice(FORMATS), default="mermaid", show_default=True, help="how it is drawn")
@click.option(
    "--ticket", "named", help="mark where a ticket is: a file with its JSON, - for standard input, or with --db its id"
)
@click.option("--db", "--store", "url", help="the database that holds the ticket")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@click.option("--at", type=Instant(), help="look at the ticket at this instant; by default its own")
@click.option("--detail", is_flag=True, help="also who may, what events need, titles and steps")
@command
def graph_command(say: Say, file: Path, *, kind: str, at: datetime | None, detail: bool, **asked: Any) -> None:
    """Draw a workflow from the very tables it runs by.

    With --ticket the drawing shows where the ticket is, its clocks at risk and the escalation levels reached.
    """
    workflow = load(file, lang=say.lang)
    ticket = asked_ticket(**asked)
    if ticket is None and at is not None:
        raise InputError("--at says when to look at a ticket; name it with --ticket")
    drawn = workflow.graph(kind, ticket, at, detail=detail, lang=say.lang)
    if say.json:
        told = {"workflow": workflow.workflow, "version": workflow.version, "kind": kind, "text": drawn}
        if ticket is not None:
            told |= {"ticket": ticket.id, "at": stamp(at or ticket.at)}
        say.data(told)
    else:
        click.echo(drawn)


def asked_ticket(named: str | None, url: str | None, tenant: str) -> Ticket | None:
    """The ticket that is asked for: from a database by its id, from a file, or from standard input."""
    if url is not None:
        if named is None:
            raise InputError("--db holds tickets; say which one with --ticket ID")
        with open_existing(url, tenant=tenant) as store:
            return one(store, named)
    if named is None:
        return None
    if named == "-":
        return load_ticket(sys.stdin.read())
    path = Path(named)
    if not path.is_file():
        raise InputError(
            f"there is no file {named!r}; give a file with what servflow.dump(ticket) wrote, "
            "or the database of a ticket's id with --db PATH",
            ticket=named,
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{named!r} is not what servflow.dump(ticket) wrote: it is no text in UTF-8", ticket=named) from None
    return load_ticket(text)


@click.command("schema", cls=Told)
@click.option("--of", "of", metavar="KIND", help="that of another kind of document, such as intake; by default of workflows")
@click.option("--correlator", is_flag=True, help="that of correlators, as --of correlator")
@click.option("--schedules", is_flag=True, help="that of files of on-call schedules, as --of schedules")
@click.option("--expression", is_flag=True, help="that of the trees of expressions, for editors of conditions")
@command
def schema_command(say: Say, *, of: str | None, correlator: bool, schedules: bool, expression: bool) -> None:
    """Print the JSON Schema of definitions, for editors; it is JSON whatever --format says."""
    if (of is not None) + correlator + schedules + expression > 1:
        raise click.UsageError("--of, --correlator, --schedules and --expression are different schemas; ask for one at a time")
    kind = "correlator" if correlator else "schedules" if schedules else of or "workflow"
    say.data(tree_schema() if expression else schema(kind, say.lang))


COMMANDS = (check_command, graph_command, schema_command)
