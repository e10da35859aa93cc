"""Knows decision tables as documents of their own; must not know workflows or how a table decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from servflow.documents._save import written
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, Finding
from servflow.expressions import Function
from servflow.rules import DecisionTable


def save_tables(tables: Iterable[DecisionTable]) -> str:
    """
    Decision tables as YAML: the section ``tables`` of a definition, which also loads alone by ``load_tables``.

    Args:
        tables: which; each goes by its name.
    """
    data = {table.name: {key: value for key, value in table.to_data().items() if key != "name"} for table in tables}
    return written({"tables": data})


def load_tables(
    source: Path | str | Mapping[str, Any], *, functions: Mapping[str, Function] | None = None
) -> dict[str, DecisionTable]:
    """
    The decision tables of a document by their names, whatever else stands in it; nothing but the tables is checked.

    Args:
        source: a path, YAML or JSON text, or the mapping; as for ``load``.
        functions: the host's functions that cells may call.

    Raises:
        DefinitionError: with every problem of the tables, each with its line where the source is a text.
    """
    document = read_document(source)
    section = document.data.get("tables")
    if not isinstance(section, Mapping):
        raise DefinitionError.of([Finding("document.no_tables", "tables")])
    found: dict[str, DecisionTable] = {}
    findings: list[Finding] = list(document.findings)
    for name, data in section.items():
        path = f"tables.{name}"
        if not isinstance(data, Mapping):
            findings.append(Finding("definition.mapping", path, {"value": data, "kind": "table"}))
            continue
        try:
            found[str(name)] = DecisionTable(**{"name": name, **data}, functions=functions)
        except TypeError as error:
            findings.append(Finding("definition.value", path, {"why": str(error)}))
        except DefinitionError as error:
            findings += [attrs.evolve(one, path=f"{path}.{one.path}".rstrip(".")) for one in error.findings]
    if findings:
        raise DefinitionError.of(document.placed(one) for one in findings)
    return found
