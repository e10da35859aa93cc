"""The JSON Schema of what editors get and give back, and that validators take every schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from servflow import documents
from servflow.documents import schema
from servflow.documents._schema import MODELS
from servflow.embedding import edit, flow, from_flow, from_grid, grid
from tests.requirements import require

KEYWORDS = frozenset(
    {
        "$schema", "$id", "$ref", "$defs", "title", "description", "default", "examples", "type", "enum", "const",
        "properties", "required", "additionalProperties", "items", "anyOf", "oneOf", "allOf", "minimum", "maximum",
        "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
        "pattern", "propertyNames", "uniqueItems", "format",
    }
)  # fmt: skip
TEMPLATES = [
    path
    for path in sorted((Path(documents.__file__).parent / "templates").glob("*.yaml"))
    if "\nworkflow:" in f"\n{path.read_text('utf-8')}"
]
DRAFTS = {
    "no state": "workflow: x\n",
    "no source": "workflow: x\nstates: {a: }\ntransitions: [{event: go}, {target: zz, when: [1]}, 5]\n",
    "other shapes": "states: {a: 5, b: {states: [1], timers: [{}, 7]}}\ntransitions: {a: b}\nclocks: [{name: a}, {}]\n"
    "tables: {t: {rows: [[1, null], 5]}, u: 5, v: {inputs: [{}, 1], outputs: {n: 2}, rows: [{when: 1}]}}\n",
}


@cache
def validator(of: str) -> Any:
    require("jsonschema")
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema(of))
    return Draft202012Validator(schema(of))


def wrong(of: str, sent: Any) -> list[str]:
    """Where what is sent does not fit, after it went through JSON."""
    errors = validator(of).iter_errors(json.loads(json.dumps(sent)))
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:80]}" for error in errors]


def nodes(node: Any, keywords: bool = True) -> Iterator[str]:
    """Every keyword of a schema; names under ``properties`` and ``$defs`` are none."""
    if isinstance(node, dict):
        for key, value in node.items():
            if keywords:
                yield key
            if key not in ("default", "examples", "enum", "const") or not keywords:
                yield from nodes(value, not keywords or key not in ("properties", "$defs"))
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


@pytest.mark.parametrize("of", MODELS)
def test_schemas_have_no_keywords_of_their_own(of: str) -> None:
    """A validator in a strict mode, such as that of Ajv, refuses keywords that the dialect does not have."""
    assert set() == set(nodes(schema(of))) - KEYWORDS


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_what_is_drawn_of_every_template_fits_its_schema(path: Path) -> None:
    """Flows and grids, in either language."""
    source = edit(path)

    assert [] == wrong("flow", flow(source, lang="zh"))
    assert [] == [one for table in source.data.get("tables", {}) for one in wrong("grid", grid(source, table, lang="zh"))]
    assert [] == wrong("workflow", source.data)


@pytest.mark.parametrize("text", DRAFTS.values(), ids=list(DRAFTS))
def test_what_is_drawn_of_a_draft_fits_too(text: str) -> None:
    """Also of one that does not load yet: and taking it back changes nothing."""
    source = edit(text)

    assert source.findings
    assert [] == wrong("flow", flow(source))
    assert source == from_flow(source, flow(source))
    for table in source.data.get("tables", {}):
        assert [] == wrong("grid", grid(source, table))
        if table != "u":
            assert source == from_grid(source, grid(source, table))


def test_what_an_editor_adds_fits_and_what_is_no_flow_does_not() -> None:
    """Keys of the editor's own are let through; a slip in ours is told at its place."""
    drawn = flow("workflow: x\nstates: {a: {}}\n")
    new = {"id": "n1", "position": {"x": 1, "y": 2}, "data": {"label": "b"}, "measured": {"width": 5}, "selected": True}
    edge = {"id": "e1", "source": "states/a", "target": "n1", "data": {"event": "go"}, "animated": True}

    assert [] == wrong("flow", {**drawn, "nodes": [*drawn["nodes"], new], "edges": [edge], "viewport": {"zoom": 1}})
    assert ["nodes.0.position"] == [
        one.partition(":")[0] for one in wrong("flow", {"nodes": [{**new, "position": {"x": "1", "y": 2}}], "edges": []})
    ]
    assert ["columns.0.kind: 'field' is not one of ['input', 'output']"] == wrong(
        "grid", {"name": "t", "columns": [{"id": "c", "kind": "field"}], "rows": []}
    )


def test_a_slip_deep_inside_is_told_where_it_is() -> None:
    """What may be left out is no choice between two shapes, of which a validator could only say that neither fits."""
    told = wrong("workflow", {"workflow": "x", "clocks": [{"name": "c", "within": "4h", "untill": "done"}]})

    assert [("clocks.0", True)] == [(one.partition(": ")[0], "untill" in one) for one in told]
