"""Knows a decision table as the columns and rows that a table editor shows; must not know any editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.embedding._refusing import finding_data, refusal
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import Element
from servflow.errors import Finding
from servflow.rules import DecisionTable

TABLE_KEYS = ("hit", "version", "zone", "strict")
"""What of a table stands beside its columns and rows, as it is written."""

INPUT_KEYS, OUTPUT_KEYS = ("name", "expr", "type", "one_of"), ("type", "one_of", "default")
ROW_KEYS = ("note", "labels", "effective")


def grid(source: Any, table: str | None = None, *, lang: str = "en") -> dict[str, Any]:
    """
    A decision table as a table editor shows it, JSON-ready.

    ``columns`` have ``id``, ``kind`` (``input`` or ``output``), ``label``, and as it is written ``name``, ``expr``, ``type``,
    ``one_of``, ``default``; ``values`` are all that a cell may be, where that is known, for a picker. ``rows`` have ``id``,
    ``name`` (their written ``id``), ``cells`` (column id -> text as it is written), ``note``, ``labels``, ``effective``, and
    ``findings``. Beside them stand ``hit``, ``version``, ``zone`` and ``strict``. ``errors`` are what is wrong with cells:
    ``row``, ``column``, ``message`` and so on; ``revision`` says what was drawn. `from_grid` takes changes back.

    Args:
        source: a ``Source``, or what ``edit`` takes; or one ``DecisionTable``.
        table: the name of the table; may be left out where there is one.
        lang: the language of findings.

    Raises:
        InputError: there is no such table.
        DefinitionError: the source cannot be read at all.
    """
    owner, element = table_of(source, table)
    found = sheet(owner, element)
    errors = [
        {"row": row, "column": column, **finding_data(finding, lang, about.id)}
        for finding in owner.findings
        if finding.path == element.path or finding.path.startswith((element.path + ".", element.path + "["))
        for about in [owner.element_at(finding.path) or element]
        for row, column in [_where(finding, about, element, found["columns"])]
    ]
    return {**found, "revision": owner.revision, "errors": errors}


def sheet(owner: Source, element: Element) -> dict[str, Any]:
    """The columns and rows of a table, without what is wrong with them."""
    inside = [one for one in owner.elements.values() if one.steps[:2] == element.steps]
    columns = [_column(one, owner.data) for one in inside if one.kind in ("input", "output")]
    return {
        "id": element.id,
        "name": element.name,
        **{key: element.data.get(key) if isinstance(element.data, Mapping) else None for key in TABLE_KEYS},
        "columns": columns,
        "rows": [_row(one, columns) for one in inside if one.kind == "row"],
    }


def table_of(source: Any, table: str | None, *, shaped: bool = False) -> tuple[Source, Element]:
    """The source and the element of the table that is meant; *shaped*: which can be changed."""
    if isinstance(source, DecisionTable):
        from servflow.documents import save_tables

        source, table = save_tables([source]), source.name
    owner = edit(source)
    tables = [one for one in owner.elements.values() if one.kind == "table"]
    if table is None and len(tables) == 1:
        table = tables[0].name
    if table is None:
        raise refusal("grid.table", known=[one.name for one in tables])
    found = next((one for one in tables if one.name == table), None)
    if found is None:
        owner.element(f"tables/{table}")
    assert found is not None
    data = found.data
    fits = isinstance(data, Mapping) and all(
        data.get(key) is None or isinstance(data[key], kind)
        for key, kind in (("inputs", list), ("outputs", dict), ("rows", list))
    )
    if shaped and not fits:
        raise refusal("grid.shape", id=found.id)
    return owner, found


def _column(element: Element, data: Mapping[str, Any]) -> dict[str, Any]:
    written = element.data
    short = {"name": written} if element.kind == "input" else {"type": written}
    whole = dict(written) if isinstance(written, Mapping) else short
    keys = INPUT_KEYS if element.kind == "input" else OUTPUT_KEYS
    name = element.name
    made = {"id": element.id, "kind": element.kind, "label": name, **{key: whole.get(key) for key in keys}}
    if element.kind == "output":
        made["name"] = name
    else:
        made["short"] = not isinstance(written, Mapping)
    fields = data.get("fields")
    spec = fields.get(name) if isinstance(fields, Mapping) else None
    field = spec if isinstance(spec, Mapping) else {}
    values = whole.get("one_of") or field.get("one_of")
    made["values"] = list(values) if isinstance(values, (list, tuple)) else None
    made["kind_of_value"] = whole.get("type") or field.get("type") or (spec if isinstance(spec, str) else None)
    return made


def row_cells(row: Any, inputs: int) -> tuple[list[Any], list[Any]]:
    """The input cells and the output cells of a row, however it is written."""
    if isinstance(row, Mapping):
        sides = [row.get(key) for key in ("when", "then")]
        when, then = ([] if one is None else list(one) if isinstance(one, list) else [one] for one in sides)
        return when, then
    cells = list(row) if isinstance(row, list) else [row]
    return cells[:inputs], cells[inputs:]


def _row(element: Element, columns: list[dict[str, Any]]) -> dict[str, Any]:
    inputs = [one["id"] for one in columns if one["kind"] == "input"]
    outputs = [one["id"] for one in columns if one["kind"] == "output"]
    when, then = row_cells(element.data, len(inputs))
    cells = {**dict(zip(inputs, when, strict=False)), **dict(zip(outputs, then, strict=False))}
    written: Mapping[str, Any] = element.data if isinstance(element.data, Mapping) else {}
    return {
        "id": element.id,
        "name": written.get("id"),
        "cells": {one["id"]: cells.get(one["id"], "-") for one in columns},
        **{key: written.get(key) for key in ROW_KEYS},
    }


def _where(finding: Finding, element: Element, table: Element, columns: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """The row and the column that a finding about an element is about, as far as it says."""
    if element is table:
        return None, None
    if element.kind in ("input", "output"):
        return None, element.id
    if element.kind != "row":
        return None, None
    rest = finding.path[len(element.path) :]
    inputs = [one["id"] for one in columns if one["kind"] == "input"]
    outputs = [one["id"] for one in columns if one["kind"] == "output"]
    places = {"[": [*inputs, *outputs], ".when[": inputs, ".then[": outputs}
    for head, ids in places.items():
        digits = rest.removeprefix(head).partition("]")[0] if rest.startswith(head) else ""
        if digits.isdigit() and int(digits) < len(ids):
            return element.id, ids[int(digits)]
    return element.id, None
