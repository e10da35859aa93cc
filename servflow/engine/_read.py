"""Knows how each section of a definition is read so that every problem is told at once; must not know what sections mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import Calendar, OpenTime, from_data
from servflow.dispatch import Policy
from servflow.engine._definition import EventSpec, State, Transition, at_path, build, read_field
from servflow.errors import DefinitionError, Finding
from servflow.escalation import Chain
from servflow.expressions import Function
from servflow.model import Field, FrozenMap
from servflow.rules import DecisionTable, Rule
from servflow.sla import Clock

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

Functions = Mapping[str, Function] | None

MAX_ELEMENTS = 10_000
"""How many elements one section may have."""


def _calendar(source: Any) -> OpenTime:
    if isinstance(source, OpenTime):
        return source
    made: OpenTime = from_data(source) if isinstance(source, Mapping) else build(Calendar, source)
    return made


def _rule(source: Any, functions: Functions) -> Rule:
    made: Rule = build(Rule, source, **({"functions": functions} if isinstance(source, Mapping) else {}))
    return made


def _policy(source: Any, functions: Functions) -> Policy:
    return source if isinstance(source, Policy) else Policy.read(source, functions=functions)


def _table(name: str, source: Any, functions: Functions) -> DecisionTable:
    if isinstance(source, DecisionTable):
        return source
    if not isinstance(source, Mapping):
        raise DefinitionError.of([Finding("definition.mapping", "", {"value": source, "kind": "table"})])
    try:
        return DecisionTable(**{"name": name, **source}, functions=functions)
    except TypeError as error:
        raise DefinitionError.of([Finding("definition.value", "", {"why": str(error)})]) from None


# What stands in for a named element that could not be read: its name stays known, so that one mistake is
# told once and not again at every place that names it.
_NAMED: Mapping[str, tuple[Callable[[str, Any, Functions], Any], Callable[[str], Any] | None]] = {
    "fields": (lambda _, source, __: read_field(source), lambda _: Field("any")),
    "events": (lambda _, source, __: build(EventSpec, source), lambda _: EventSpec()),
    "calendars": (lambda _, source, __: _calendar(source), lambda _: Calendar.always()),
    "states": (lambda _, source, __: build(State, source), lambda _: State()),
    "tables": (_table, None),
}
_LISTED: Mapping[str, Callable[[Any, Functions], Any]] = {
    "transitions": lambda source, _: build(Transition, source),
    "rules": _rule,
    "dispatch": _policy,
    "clocks": lambda source, _: build(Clock, source),
    "escalations": lambda source, _: build(Chain, source),
}


def as_given(value: Any) -> Any:
    """A section as the caller wrote it: all sections are read together, so that every problem is told at once."""
    return value


def sections(workflow: Workflow) -> tuple[dict[str, Any], list[Finding]]:
    """Every section read as far as it can be, and the problems met, in the order of the parameters."""
    findings = _heading(workflow)
    functions = workflow.extensions.functions
    read: dict[str, Any] = {}
    for attribute in attrs.fields(type(workflow)):
        name = "calendars" if attribute.name == "host_calendars" else attribute.name
        if name in _NAMED:
            read[attribute.name] = _named(name, getattr(workflow, attribute.name), functions, findings)
        elif name in _LISTED:
            read[attribute.name] = _listed(name, getattr(workflow, attribute.name), functions, findings)
    return read, findings


def _heading(workflow: Workflow) -> list[Finding]:
    name: object = workflow.workflow
    version: object = workflow.version
    found: list[Finding] = []
    if workflow.servflow != 1:
        found.append(Finding("definition.format", "servflow", {"value": workflow.servflow, "known": 1}))
    if not isinstance(name, str) or not name.strip():
        found.append(Finding("definition.name", "workflow", {"value": name}))
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        found.append(Finding("definition.version", "version", {"value": version}))
    return found


def _named(name: str, value: Any, functions: Functions, findings: list[Finding]) -> FrozenMap[str, Any]:
    read, stand_in = _NAMED[name]
    found: dict[str, Any] = {}
    if value is not None and not isinstance(value, Mapping):
        findings.append(Finding("definition.mapping", name, {"value": value, "kind": name}))
        value = None
    for key, source in list((value or {}).items())[:MAX_ELEMENTS]:
        try:
            if not isinstance(key, str) or not key:
                raise DefinitionError.of([Finding("definition.key", "", {"key": key})])
            found[key] = read(key, source, functions)
        except DefinitionError as error:
            findings.extend(at_path(error, f"{name}.{key}"))
            if stand_in is not None:
                found[str(key)] = stand_in(str(key))
    _bounded(name, value, findings)
    return FrozenMap(found)


def _listed(name: str, value: Any, functions: Functions, findings: list[Finding]) -> tuple[Any, ...]:
    read = _LISTED[name]
    found: list[Any] = []
    if value is not None and not isinstance(value, (list, tuple)):
        findings.append(Finding("definition.list", name, {"value": value, "kind": name}))
        value = None
    for index, source in enumerate(tuple(value or ())[:MAX_ELEMENTS]):
        try:
            found.append(read(source, functions))
        except DefinitionError as error:
            findings.extend(at_path(error, f"{name}[{index}]"))
    _bounded(name, value, findings)
    return tuple(found)


def _bounded(name: str, value: Any, findings: list[Finding]) -> None:
    if value and len(value) > MAX_ELEMENTS:
        findings.append(Finding("definition.too_many", name, {"count": len(value), "limit": MAX_ELEMENTS}))


def without_echo(shape: list[Finding], meaning: list[Finding]) -> list[Finding]:
    """
    The problems of meaning that are not mere echoes of a part that could not be read.

    An element that was dropped moves the indexes of those after it, and names it would have declared are
    missing; so names that look unknown are told only where their own section was read whole.
    """
    broken = {finding.path.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0] for finding in shape}
    sections = {"clock": "clocks", "chain": "escalations", "event": "transitions", "table": "tables", "timer": "transitions"}
    kept = []
    for finding in meaning:
        section = finding.path.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0]
        if section in broken and section in _LISTED and "[" in finding.path and shape:
            finding = _moved(finding, section, shape)
        about = sections.get(str(finding.facts.get("kind", "")), "")
        if finding.code in ("name.unknown", "timer.unheard") and about in broken:
            continue
        kept.append(finding)
    return kept


def _moved(finding: Finding, section: str, shape: list[Finding]) -> Finding:
    dropped = sorted(
        {int(item.path[len(section) + 1 :].split("]", maxsplit=1)[0]) for item in shape if item.path.startswith(f"{section}[")}
    )
    head, rest = finding.path[len(section) + 1 :].split("]", maxsplit=1)
    index = int(head)
    for gone in dropped:
        if gone <= index:
            index += 1
    return attrs.evolve(finding, path=f"{section}[{index}]{rest}")
