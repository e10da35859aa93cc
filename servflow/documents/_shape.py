"""Knows how the shape of a document is checked and what pydantic's findings mean; must not know what the parts mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from reprlib import Repr
from typing import Any

from pydantic import ValidationError

from servflow.documents._models import WorkflowModel
from servflow.documents._schema import schema_of
from servflow.documents._shapes import MARK, Part, shape
from servflow.documents._tree import joined
from servflow.errors import Finding, nearest

Steps = tuple[str | int, ...]

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlist = _SHORT.maxdict = _SHORT.maxlevel = 3

_EXPECTED = {
    "model_type": "mapping",
    "model_attributes_type": "mapping",
    "dict_type": "mapping",
    "list_type": "list",
    "string_type": "text",
    "bool_type": "flag",
    "int_type": "whole number",
    "int_from_float": "whole number",
    "float_type": "number",
}
_MOST = 200
"""How many problems of shape get advice; comparing words is slow, and whoever has more begins with these."""


def check_shape(data: Mapping[str, Any], model: type[Part] = WorkflowModel) -> list[tuple[Steps, Finding]]:
    """Every problem of shape with the steps that lead to it; no error of pydantic gets out."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        found = enumerate(error.errors(include_url=False))
        return [_finding(item, model, advise=count < _MOST) for count, item in found]
    return []


def _finding(error: Mapping[str, Any], model: type[Part], *, advise: bool) -> tuple[Steps, Finding]:
    steps = tuple(step for step in error["loc"] if not (isinstance(step, str) and step.startswith(MARK)))
    path = ""
    for step in steps:
        path = joined(path, step)
    last = str(steps[-1])[:100] if steps else ""
    if error["type"] == "extra_forbidden":
        known = known_keys(steps[:-1], model) if advise else ()
        return steps, Finding("document.unknown_key", path, {"key": last, "known": known, "nearest": nearest(last, known)})
    if error["type"] == "missing":
        return steps, Finding("document.missing", path, {"key": last})
    facts = {"expected": _expected(error), "got": shape(error["input"]).removeprefix(MARK), "value": _value(error["input"])}
    return steps, Finding("document.type", path, facts)


def _expected(error: Mapping[str, Any]) -> tuple[str, ...]:
    if error["type"] == "union_tag_invalid":
        tags = str(error.get("ctx", {}).get("expected_tags", ""))
        return tuple(tag.strip(f" '{MARK}") for tag in tags.split(",") if ":" not in tag)
    return (_EXPECTED.get(error["type"], "another value"),)


def _value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _SHORT.repr(value)


def known_keys(steps: Iterable[str | int], model: type[Part] = WorkflowModel) -> tuple[str, ...]:
    """The keys that a mapping at these steps may have, from the schema."""
    whole = _schema(model)
    nodes = _alternatives([whole], whole)
    for step in steps:
        inner: list[Mapping[str, Any]] = []
        for node in nodes:
            if isinstance(step, int):
                inner.append(node.get("items", {}))
            elif step in node.get("properties", {}):
                inner.append(node["properties"][step])
            elif isinstance(node.get("additionalProperties"), Mapping):
                inner.append(node["additionalProperties"])
        nodes = _alternatives(inner, whole)
    return tuple(dict.fromkeys(key for node in nodes for key in node.get("properties", {})))


def _alternatives(nodes: list[Mapping[str, Any]], whole: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if "$ref" in node:
            waiting.append(whole["$defs"][node["$ref"].rpartition("/")[2]])
        waiting.extend(node.get("oneOf", ()))
        waiting.extend(node.get("anyOf", ()))
        found.append(node)
    return found


@lru_cache(maxsize=2)
def _schema(model: type[Part]) -> Mapping[str, Any]:
    return schema_of(model)
