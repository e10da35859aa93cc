"""Knows the command that compares two tables; must not know how they are compared or read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Say, command
from servflow.errors import InputError
from servflow.rules import DecisionTable, Difference, diff

Read = Callable[[Path], tuple[dict[str, DecisionTable], Mapping[str, Any]]]


def diff_command(tables_of: Read) -> click.Command:
    """
    The command ``table diff``.

    Args:
        tables_of: reads the tables of a file, with the fields there are.
    """
    file = click.Path(exists=True, dir_okay=False, path_type=Path)

    @click.command("diff", cls=Told)
    @click.argument("old", type=file)
    @click.argument("new", type=file)
    @click.option("--table", "name", help="which table; by default all that both files have")
    @command
    def run(say: Say, old: Path, new: Path, *, name: str | None) -> int | None:
        """Say for which values the tables of two files answer differently.

        OLD and NEW are definitions, their section tables alone, CSV or DMN. Each difference has values for which both
        tables were asked, and the cells of a row that matches around them. The status is 1 where anything differs or could
        not be decided.
        """
        before, _ = tables_of(old)
        after, fields = tables_of(new)
        names = _names(before, after, name)
        found = {each: diff(before[each], after[each], fields) for each in names}
        only = {"removed": sorted(set(before) - set(after)), "added": sorted(set(after) - set(before))}
        if name is not None or (len(before) == len(after) == 1):
            only = {"removed": [], "added": []}
        if say.json:
            told = {each: [_data(item, say.lang) for item in items] for each, items in found.items()}
            say.data({"differences": told, **only})
        else:
            _tell(say, found, only)
        return FINDINGS if any(found.values()) or any(only.values()) else None

    return run


def _names(before: Mapping[str, DecisionTable], after: Mapping[str, DecisionTable], name: str | None) -> list[str]:
    if name is not None:
        missing = [where for where, tables in (("OLD", before), ("NEW", after)) if name not in tables]
        if missing:
            there = ", ".join(sorted({*before} & {*after})) or "none"
            raise InputError(f"no table {name!r} in {' and '.join(missing)}; both have: {there}", code="usage")
        return [name]
    return [each for each in before if each in after]


def _tell(say: Say, found: Mapping[str, tuple[Difference, ...]], only: Mapping[str, list[str]]) -> None:
    for name, items in found.items():
        say.line(say.words("table.differs" if items else "table.same", name=name, count=len(items)))
        for item in items:
            say.line(f"  {item.text(say.lang)}")
    for word, names in (("table.removed", only["removed"]), ("table.added", only["added"])):
        if names:
            say.line(say.words(word, names=", ".join(names)))


def _data(item: Difference, lang: str) -> dict[str, Any]:
    return {
        "old_rows": list(item.old_rows),
        "new_rows": list(item.new_rows),
        "old": item.old,
        "new": item.new,
        "witness": item.witness,
        "where": dict(item.where),
        "reason": item.reason,
        "text": item.text(lang),
    }
