"""Knows what the decision tables of a workflow read and how a decision is kept; must not know what asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._scope import TIMED

if TYPE_CHECKING:
    from servflow.rules import Decision, DecisionTable

Tables = Mapping[str, "DecisionTable"]


def _asked(tables: Tables, name: str) -> list[DecisionTable]:
    """A table and those it asks in turn."""
    found: dict[str, DecisionTable] = {}
    waiting = [name]
    while waiting:
        table = tables.get(waiting.pop())
        if table is not None and table.name not in found:
            found[table.name] = table
            waiting += sorted(read.split(".")[1] for read in table.reads if read.startswith("table."))
    return list(found.values())


def read_by(tables: Tables, name: str) -> frozenset[str]:
    """The names on whose change a table may answer otherwise; what it asks other tables stands for what these read."""
    roots = {read.partition(".")[0] for table in _asked(tables, name) for read in table.reads}
    return frozenset(roots - {"table"})


def timed(tables: Tables, name: str) -> bool:
    """Whether what a table says changes with time alone: by its rows, by what it reads, or by a table it asks."""
    return any(table.timed for table in _asked(tables, name)) or not read_by(tables, name).isdisjoint(TIMED)


def reasons(decision: Decision) -> dict[str, Any]:
    """What the record of a decision keeps of its reasons: the rows, and which edition of the table they stand in."""
    edition = {} if decision.version is None else {"version": decision.version}
    return {"matched": list(decision.matched), **edition, "hash": decision.hash}


__all__ = ["read_by", "reasons", "timed"]
