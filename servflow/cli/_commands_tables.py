"""Knows the commands for decision tables: import, export, diff; must not know how tables are read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from servflow.cli._commands_rules import diff_command
from servflow.cli._help import ToldGroup
from servflow.cli._output import Say, command
from servflow.documents import load, load_tables, save_tables
from servflow.documents._source import read_document
from servflow.errors import InputError, nearest
from servflow.integrations.dmn import Model, read_dmn, write_dmn
from servflow.integrations.sheets import read_csv, write_csv
from servflow.rules import DecisionTable

File = click.Path(exists=True, dir_okay=False, path_type=Path)
NewFile = click.Path(dir_okay=False, writable=True, path_type=Path)

_KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".dmn": "dmn", ".xml": "dmn"}


@click.group("table", cls=ToldGroup)
def table_group() -> None:
    """Decision tables: take them from spreadsheets and DMN, and give them back."""


@table_group.command("import")
@click.argument("file", type=File)
@click.option("--as", "kind", type=click.Choice(["csv", "dmn"]), help="what the file is; by default what its name says")
@click.option("--name", help="what the table is called; of DMN: which decision")
@click.option("--output", type=NewFile, help="write the YAML to this file")
@click.option("--out", "outputs", multiple=True, metavar="COLUMN", help="of CSV: a column that is an output")
@click.option("--words", type=click.Choice(["refuse", "text", "names"]), default="refuse", help="of CSV: what bare words are")
@click.option("--delimiter", help="of CSV: what stands between cells; found by itself if not given")
@click.option("--encoding", help="of CSV: what the file is written in, such as gb18030")
@click.option("--zone", help="of DMN: where dates, and instants without an offset, are meant")
@click.option("--rename", "names", multiple=True, metavar="OLD=NEW", help="of DMN: what a name is called here")
@command
def import_command(say: Say, file: Path, *, kind: str | None, output: Path | None, **asked: Any) -> None:
    """Read decision tables from CSV or DMN and write them as YAML.

    The YAML is the section tables of a definition. Every problem is told at its cell or element; nothing is guessed.
    """
    model = _read(file, _kind(file, kind), asked)
    text = save_tables(model.tables)
    if output is not None:
        output.write_text(text, "utf-8")
    if say.json:
        tables = {table.name: table.to_data() for table in model.tables}
        say.data({"file": str(file), "tables": tables, "dropped": list(model.dropped), "yaml": text})
        return
    for left in model.dropped:
        click.echo(say.words("table.dropped", what=left), err=True)
    if output is None:
        click.echo(text, nl=False)
    else:
        say.line(say.words("table.imported", names=", ".join(table.name for table in model.tables), file=output))


@table_group.command("export")
@click.argument("doc", type=File)
@click.option("--table", "name", help="which table; may be left out where there is one")
@click.option("--as", "kind", type=click.Choice(["csv", "dmn"]), required=True, help="what to write")
@click.option("--output", type=NewFile, help="write to this file")
@click.option("--delimiter", default=",", show_default=True, help="of CSV: what stands between cells")
@click.option("--unsafe", is_flag=True, help="of CSV: no apostrophe before what a spreadsheet takes for a formula")
@click.option(
    "--dmn", "version", type=click.Choice(["1.3", "1.4", "1.5"]), default="1.3", show_default=True, help="version of DMN"
)
@command
def export_command(say: Say, doc: Path, *, name: str | None, kind: str, output: Path | None, **asked: Any) -> None:
    """Write a decision table as CSV or DMN.

    DOC is a definition, its section tables alone, CSV or DMN. What FEEL cannot say is refused by name. Tables that the table
    reads go into the DMN with it.
    """
    tables, fields = tables_of(doc)
    table = _one(tables, name)
    if kind == "csv":
        text = write_csv(table, delimiter=asked["delimiter"], safe=not asked["unsafe"])
    else:
        text = write_dmn(_with_read(table, tables), fields=fields, name=table.name, version=asked["version"])
    if output is not None:
        output.write_bytes(text.encode("utf-8-sig" if kind == "csv" else "utf-8"))
    if say.json:
        say.data({"table": table.name, "as": kind, "text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        say.line(say.words("table.exported", name=table.name, file=output))


def tables_of(path: Path) -> tuple[dict[str, DecisionTable], Mapping[str, Any]]:
    """The decision tables of a definition, of a section ``tables`` alone, of CSV or of DMN; and the fields there are."""
    kind = _KINDS.get(path.suffix.lower())
    if kind is not None:
        read = _read(path, kind, {})
        return {table.name: table for table in read.tables}, {}
    if set(read_document(path).data) <= {"tables", "servflow"}:
        return load_tables(path), {}
    workflow = load(path)
    return dict(workflow.tables), workflow.fields


def _kind(file: Path, said: str | None) -> str:
    kind = said or _KINDS.get(file.suffix.lower())
    if kind is None:
        raise InputError(f"{file.name!r} does not say what it is; say --as csv or --as dmn", code="usage")
    return kind


def _read(file: Path, kind: str, asked: Mapping[str, Any]) -> Model:
    if kind == "csv":
        delimiter = {"tab": "\t", "\\t": "\t"}.get(asked.get("delimiter") or "", asked.get("delimiter"))
        table = read_csv(
            file,
            name=asked.get("name"),
            outputs=asked.get("outputs", ()),
            words=asked.get("words", "refuse"),
            delimiter=delimiter,
            encoding=asked.get("encoding"),
        )
        return Model((table,))
    names = {}
    for pair in asked.get("names", ()):
        old, sign, new = pair.partition("=")
        if not sign or not old.strip() or not new.strip():
            raise InputError(f"--rename is written as OLD=NEW, not {pair!r}", code="usage")
        names[old.strip()] = new.strip()
    only = (asked["name"],) if asked.get("name") else ()
    return read_dmn(file, names=names, only=only, zone=asked.get("zone"))


def _one(tables: Mapping[str, DecisionTable], name: str | None) -> DecisionTable:
    if name is None and len(tables) == 1:
        return next(iter(tables.values()))
    if name is None or name not in tables:
        close = nearest(name, tables) if name else None
        there = ", ".join(map(repr, tables)) or "none"
        hint = f"did you mean {close!r}?" if close else f"there are {there}"
        raise InputError(f"no table {name!r}; {hint}" if name else f"name one with --table; {hint}", code="usage")
    return tables[name]


def _with_read(table: DecisionTable, tables: Mapping[str, DecisionTable]) -> Iterable[DecisionTable]:
    """The table and every other one that it reads, or that these read."""
    found, waiting = {}, [table]
    while waiting:
        one = waiting.pop()
        if one.name in found:
            continue
        found[one.name] = one
        named = sorted(read.split(".")[1] for read in one.reads if read.startswith("table."))
        waiting += [tables[name] for name in named if name in tables]
    return found.values()


table_group.add_command(diff_command(tables_of))

COMMANDS = (table_group,)
