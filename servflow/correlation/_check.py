"""Knows what a correlator's workflows say about it; must not know how workflows work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.correlation._names import record_types
from servflow.correlation._reading import Parts, typed
from servflow.errors import Finding, nearest
from servflow.expressions import Expression, FieldType

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator

SETTABLE = ("priority", "queue", "customer", "asset", "outlet", "channel", "tags", "parent")
"""What an opening may give besides fields."""


def findings(correlator: Correlator, workflows: tuple[Any, ...]) -> tuple[Finding, ...]:
    """
    What the workflows given say about a correlator.

    Of a workflow only ``workflow`` and ``fields`` are looked at, so a host's own kind may do without the latter.
    """
    known = {str(flow.workflow): flow for flow in workflows}
    if not known:
        return ()
    parts = Parts(correlator.functions)
    for index, name in enumerate(correlator.workflows):
        _known(parts, name, known, f"workflows[{index}]")
    heard = [flow for name, flow in known.items() if correlator.listens(name)]
    types = _fields(heard)
    if types is not None:
        _retype(correlator, parts, types)
    for sent in correlator.sent:
        if sent.kind == "open":
            _opening(parts, sent.parts["workflow"], sent.values, known, f"{sent.path}.open")
    return tuple(parts.found)


def _known(parts: Parts, name: str, known: Mapping[str, Any], path: str) -> bool:
    if name in known:
        return True
    parts.add("name.unknown", path, kind="workflow", name=name, known=tuple(known), nearest=nearest(name, known))
    return False


def _fields(flows: list[Any]) -> dict[str, Any] | None:
    """The fields of all of them; one that differs between two is of any type. None where one does not tell its fields."""
    found: dict[str, Any] = {}
    for flow in flows:
        declared = getattr(flow, "fields", None)
        if not isinstance(declared, Mapping):
            return None
        for name, spec in declared.items():
            kind, listed = str(getattr(spec, "type", "any")), tuple(getattr(spec, "one_of", ()) or ())
            here = FieldType(kind, listed)
            other = found.setdefault(name, here)
            if other != here:
                same = other.type == here.type and other.one_of and here.one_of
                found[name] = FieldType(
                    here.type if other.type == here.type else "any",
                    tuple(dict.fromkeys((*other.one_of, *here.one_of))) if same else (),
                )
    return found if flows else None


def _retype(correlator: Correlator, parts: Parts, fields: Mapping[str, Any]) -> None:
    types = record_types({**fields, **typed(correlator.fields)}, typed(correlator.payload))
    if not fields:
        types["fields"] = {"*": "any"}
    asked: dict[str, Expression | None] = {
        "when": correlator.when,
        "key": correlator.key,
        "of": correlator.of,
        "unless": correlator.unless,
        **{f"steps[{index}]": step for index, step in enumerate(correlator.steps)},
        **{f"carry.{name}": part for name, part in correlator.carry.items()},
    }
    for path, expression in asked.items():
        if expression is not None:
            wanted = {"key": ("string", "int", "uint")}.get(path, ())
            parts.expression(expression, types, path, wanted)


def _opening(parts: Parts, workflow: str, fields: Mapping[str, Any], known: Mapping[str, Any], path: str) -> None:
    if not _known(parts, workflow, known, f"{path}.workflow"):
        return
    declared = getattr(known[workflow], "fields", None)
    if not isinstance(declared, Mapping):
        return
    names = (*declared, *SETTABLE)
    for name in fields:
        if name not in names:
            parts.add(
                "name.unknown", f"{path}.fields.{name}", kind="field", name=name, known=names, nearest=nearest(name, names)
            )
