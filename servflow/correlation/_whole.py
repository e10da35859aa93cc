"""Knows how the parts of a correlator go together; must not know how any of them is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.correlation import _reading
from servflow.correlation._names import firing_types, record_types
from servflow.correlation._reading import Parts
from servflow.correlation._window import Rule
from servflow.errors import shown
from servflow.expressions import Expression
from servflow.model import FrozenMap, Span

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator

FIND = ("count", "distinct", "sequence", "absence")
"""What a correlator may look for."""

AFTER = ("restart", "slide", "once")
"""What may become of the facts of a firing: forgotten, kept in the window, or the key never fires again."""

LATE = ("place", "drop")
"""What may become of a fact told late: put in its place, or left out."""

_DEFAULT_KEEP = 32
_BELONGS: Mapping[str, tuple[str, ...]] = {
    "count": ("count", "distinct"),
    "of": ("distinct",),
    "steps": ("sequence",),
    "unless": ("absence",),
    "after": ("count", "distinct", "sequence"),
    "quiet": ("count", "distinct", "sequence"),
}
_NEEDS: Mapping[str, tuple[str, ...]] = {"count": ("count",), "distinct": ("count", "of"), "sequence": ("steps",)}


def read(given: Correlator) -> dict[str, Any]:
    """
    Everything a correlator is made of, from what was given for it.

    Raises:
        DefinitionError: with every problem.
    """
    parts = Parts(given.functions)
    made: dict[str, Any] = {
        "name": parts.name(given.name, "name"),
        "version": parts.number(given.version, "version", 1, 2**31),
        "title": parts.text(given.title, "title"),
        "description": parts.text(given.description, "description"),
        "workflows": parts.names(given.workflows, "workflows", _reading.MAX_WORKFLOWS),
        "find": parts.option(given.find, FIND, "find"),
        "after": parts.option(given.after, AFTER, "after"),
        "late": parts.option(given.late, LATE, "late"),
        "within": parts.span(given.within, "within"),
        "quiet": parts.span_or_none(given.quiet, "quiet"),
        "grace": parts.span_or_none(given.grace, "grace", zero=True) or Span(),
        "fields": parts.declared(given.fields, "fields"),
        "payload": parts.declared(given.payload, "payload"),
    }
    types = record_types(_reading.typed(made["fields"]), _reading.typed(made["payload"]))
    made.update(_conditions(given, parts, types, made["find"]))
    made.update(_numbers(given, parts, made))
    made["do"], made["sent"] = parts.actions(given.do, firing_types(made["carry"]))
    parts.settle()
    made["rule"] = Rule(
        find=made["find"],
        within=made["within"].exact,
        count=made["count"] or 1,
        steps=len(made["steps"]),
        after=made["after"],
        quiet=made["quiet"].exact if made["quiet"] is not None else None,
        grace=made["grace"].exact,
        drop_late=made["late"] == "drop",
        keep=made["keep"] or max(_DEFAULT_KEEP, _least(made)),
    )
    return made


def _conditions(given: Correlator, parts: Parts, types: Mapping[str, Any], find: str) -> dict[str, Any]:
    def condition(value: Any, path: str) -> Expression | None:
        return None if value is None else parts.expression(value, types, path, ("bool",))

    asked: Any = given.steps
    listed = asked if isinstance(asked, (list, tuple)) else ()
    if asked and not isinstance(asked, (list, tuple)):
        parts.add("correlation.list", "steps", value=shown(asked))
    elif find == "sequence" and "steps" in _said(given) and not 2 <= len(listed) <= _reading.MAX_STEPS:
        parts.add("correlation.steps", "steps", count=len(listed), most=_reading.MAX_STEPS)
    for name in ("count", "of", "steps", "unless", "after", "quiet"):
        if name in _said(given) and find not in _BELONGS[name]:
            parts.add("correlation.belongs", name, key=name, find=find, kinds=_BELONGS[name])
    for name in _NEEDS.get(find, ()):
        if name not in _said(given):
            parts.add("correlation.missing", name, key=name)
    if given.quiet is not None and given.after == "once":
        parts.add("correlation.quiet_once", "quiet")
    steps = [condition(step, f"steps[{index}]") for index, step in enumerate(listed[: _reading.MAX_STEPS])]
    carry = parts.mapping(given.carry, "carry")
    read = {name: parts.expression(text, types, f"carry.{name}") for name, text in carry.items()}
    return {
        "when": condition(given.when, "when"),
        "key": parts.expression(given.key, types, "key", ("string", "int", "uint")),
        "of": None if given.of is None else parts.expression(given.of, types, "of"),
        "unless": condition(given.unless, "unless"),
        "steps": tuple(step for step in steps if step is not None),
        "carry": FrozenMap({name: made for name, made in read.items() if made is not None}),
    }


def _said(given: Correlator) -> set[str]:
    """Which of the parts that do not go with everything are there."""
    said = {name for name in ("count", "of", "unless", "quiet") if getattr(given, name) is not None}
    return said | ({"steps"} if given.steps else set()) | ({"after"} if given.after != AFTER[0] else set())


def _numbers(given: Correlator, parts: Parts, made: Mapping[str, Any]) -> dict[str, Any]:
    count = given.count
    if count is not None:
        count = parts.number(count, "count", 2 if made["find"] == "distinct" else 1, _reading.MAX_COUNT)
    least = _least({**made, "count": count})
    keep = None if given.keep is None else parts.number(given.keep, "keep", least, _reading.MAX_KEEP)
    return {"count": count, "keep": keep}


def _least(made: Mapping[str, Any]) -> int:
    """How much must be kept for what is looked for to be found."""
    steps = len(made["steps"])
    return max(made["count"] or 1, steps * (steps + 1) // 2)
