"""Knows how each section of a definition is read so that every problem is told at once; must not know what sections mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import Calendar, OpenTime
from servflow.dispatch import Policy
from servflow.engine._definition import EventSpec, State, Transition, at_path, build, read_field
from servflow.errors import DefinitionError, Finding
from servflow.escalation import Chain
from servflow.model import Field, FrozenMap
from servflow.rules import DecisionTable, Rule
from servflow.sla import Clock

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

MAX_ELEMENTS = 10_000
"""How many elements one section may have."""


class _Map(FrozenMap[str, Any]):
    """A section that was read with problems: what could be read, and the findings."""

    __slots__ = ("findings",)
    findings: list[Finding]

    @classmethod
    def of(cls, found: Mapping[str, Any], findings: list[Finding]) -> _Map:
        made = cls(found)
        made.findings = findings
        return made


class _List(tuple[Any, ...]):
    """A list that was read with problems, as ``_Map``."""

    findings: list[Finding]

    @classmethod
    def of(cls, found: list[Any], findings: list[Finding]) -> _List:
        made = cls(found)
        made.findings = findings
        return made


def _calendar(source: Any) -> OpenTime:
    if isinstance(source, OpenTime):
        return source
    made: OpenTime = Calendar.from_data(source) if isinstance(source, Mapping) else build(Calendar, source)
    return made


def _table(name: str, source: Any) -> DecisionTable:
    if isinstance(source, DecisionTable):
        return source
    if not isinstance(source, Mapping):
        raise DefinitionError.of([Finding("definition.mapping", "", {"value": source, "kind": "table"})])
    try:
        return DecisionTable(**{"name": name, **source})
    except TypeError as error:
        raise DefinitionError.of([Finding("definition.value", "", {"why": str(error)})]) from None


# What stands in for a named element that could not be read: its name stays known, so that one mistake is
# told once and not again at every place that names it.
_NAMED: Mapping[str, tuple[Callable[[str, Any], Any], Callable[[str], Any] | None]] = {
    "fields": (lambda _, source: read_field(source), lambda _: Field("any")),
    "events": (lambda _, source: build(EventSpec, source), lambda _: EventSpec()),
    "calendars": (lambda _, source: _calendar(source), lambda _: Calendar.always()),
    "states": (lambda _, source: build(State, source), lambda _: State()),
    "tables": (_table, None),
}
_LISTED: Mapping[str, Callable[[Any], Any]] = {
    "transitions": lambda source: build(Transition, source),
    "rules": lambda source: build(Rule, source),
    "dispatch": lambda source: source if isinstance(source, Policy) else build(Policy, source),
    "clocks": lambda source: build(Clock, source),
    "escalations": lambda source: build(Chain, source),
}


def _named(name: str, value: Any) -> FrozenMap[str, Any]:
    """Read a section of named elements: what can be read, with every problem kept for later."""
    read, stand_in = _NAMED[name]
    if type(value) is FrozenMap and not value:
        return value
    findings: list[Finding] = []
    found: dict[str, Any] = {}
    if value is not None and not isinstance(value, Mapping):
        findings.append(Finding("definition.mapping", name, {"value": value, "kind": name}))
        value = {}
    for key, source in list((value or {}).items())[:MAX_ELEMENTS]:
        try:
            if not isinstance(key, str) or not key:
                raise DefinitionError.of([Finding("definition.key", "", {"key": key})])
            found[key] = read(key, source)
        except DefinitionError as error:
            findings.extend(at_path(error, f"{name}.{key}"))
            if stand_in is not None:
                found[str(key)] = stand_in(str(key))
    if value and len(value) > MAX_ELEMENTS:
        findings.append(Finding("definition.too_many", name, {"count": len(value), "limit": MAX_ELEMENTS}))
    return _Map.of(found, findings) if findings else FrozenMap(found)


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    """Read a section that is a list: what can be read, with every problem kept for later."""
    read = _LISTED[name]
    findings: list[Finding] = []
    found: list[Any] = []
    if value is not None and not isinstance(value, (list, tuple)):
        findings.append(Finding("definition.list", name, {"value": value, "kind": name}))
        value = ()
    for index, source in enumerate(tuple(value or ())[:MAX_ELEMENTS]):
        try:
            found.append(read(source))
        except DefinitionError as error:
            findings.extend(at_path(error, f"{name}[{index}]"))
    if value and len(value) > MAX_ELEMENTS:
        findings.append(Finding("definition.too_many", name, {"count": len(value), "limit": MAX_ELEMENTS}))
    return _List.of(found, findings) if findings else tuple(found)


def fields(value: Any) -> FrozenMap[str, Field]:
    """The section ``fields``."""
    return _named("fields", value)


def events(value: Any) -> FrozenMap[str, EventSpec]:
    """The section ``events``."""
    return _named("events", value)


def calendars(value: Any) -> FrozenMap[str, OpenTime]:
    """The section ``calendars``."""
    return _named("calendars", value)


def states(value: Any) -> FrozenMap[str, State]:
    """The section ``states``."""
    return _named("states", value)


def tables(value: Any) -> FrozenMap[str, DecisionTable]:
    """The section ``tables``."""
    return _named("tables", value)


def transitions(value: Any) -> tuple[Transition, ...]:
    """The section ``transitions``."""
    return _listed("transitions", value)


def rules(value: Any) -> tuple[Rule, ...]:
    """The section ``rules``."""
    return _listed("rules", value)


def dispatch(value: Any) -> tuple[Policy, ...]:
    """The section ``dispatch``."""
    return _listed("dispatch", value)


def clocks(value: Any) -> tuple[Clock, ...]:
    """The section ``clocks``."""
    return _listed("clocks", value)


def escalations(value: Any) -> tuple[Chain, ...]:
    """The section ``escalations``."""
    return _listed("escalations", value)


def shape_findings(workflow: Workflow) -> list[Finding]:
    """The problems met while the sections were read, in the order of the parameters."""
    found: list[Finding] = []
    for attribute in attrs.fields(type(workflow)):
        value = getattr(workflow, attribute.name, None)
        if isinstance(value, (_Map, _List)):
            found.extend(value.findings)
    name: object = workflow.workflow
    version: object = workflow.version
    if not isinstance(name, str) or not name.strip():
        found.insert(0, Finding("definition.name", "workflow", {"value": name}))
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        found.insert(0, Finding("definition.version", "version", {"value": version}))
    if workflow.servflow != 1:
        found.insert(0, Finding("definition.format", "servflow", {"value": workflow.servflow, "known": 1}))
    return found


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
