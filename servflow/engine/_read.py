"""Knows how each section of a definition is read so that every problem is told at once; must not know what sections mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import Calendar, Lists, OpenTime, from_data, names_lists
from servflow.dispatch import Policy
from servflow.engine._building import at_path, build, read_field
from servflow.engine._definition import EventSpec, State, Transition
from servflow.engine._extensions import NONE, Extensions
from servflow.engine._law import Law
from servflow.engine._surveys import Survey
from servflow.errors import DefinitionError, Finding, nearest, shown
from servflow.escalation import Chain
from servflow.expressions import Function
from servflow.model import Field, FrozenMap, PlainData, described, freeze, name_of, titled
from servflow.model._titles import read_title
from servflow.rules import DecisionTable, Rule
from servflow.sla import Clock

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

Functions = Mapping[str, Function] | None

FORMAT = 1
"""The format of definitions."""

TITLED = ("roles", "queues", "calendars")
"""What is declared by its name alone, so that ``titles`` says what people call it."""

MAX_ELEMENTS = 10_000
"""How many elements one section may have."""


def _calendar(source: Any) -> OpenTime:
    if isinstance(source, OpenTime):
        return source
    made: OpenTime = from_data(source) if isinstance(source, Mapping) else build(Calendar, source)
    return made


def _listed_calendar(source: Any, lists: Lists, path: str = "") -> Any:
    """A calendar that names lists of holidays, read with them; anything else as it is written."""
    if not names_lists(source):
        return source
    try:
        return from_data(source, lists)
    except DefinitionError as error:
        raise DefinitionError.of(at_path(error, path) if path else error.findings) from None


def _listed_clock(source: Any, lists: Lists) -> Any:
    """A clock as written, but for inline calendars that name lists of holidays, of which a clock knows nothing."""
    counting = source.get("calendar") if isinstance(source, Mapping) else None
    if isinstance(counting, Mapping):
        return {**source, "calendar": _listed_calendar(counting, lists, "calendar")}
    if not isinstance(counting, (list, tuple)):
        return source
    choices = [
        {**choice, "take": _listed_calendar(choice["take"], lists, f"calendar[{index}].take")}
        if isinstance(choice, Mapping) and "take" in choice
        else choice
        for index, choice in enumerate(counting)
    ]
    return {**source, "calendar": choices}


_WITH_LISTS: Mapping[str, Callable[[Any, Lists], Any]] = {"calendars": _listed_calendar, "clocks": _listed_clock}


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
    "past_chains": lambda source, _: build(Chain, source),
    "laws": lambda source, _: build(Law, source),
    "surveys": lambda source, _: build(Survey, source),
}


def as_given(value: Any) -> Any:
    """A section as the caller wrote it: all sections are read together, so that every problem is told at once."""
    return value


def sections(workflow: Workflow) -> tuple[dict[str, Any], list[Finding]]:
    """Every section read as far as it can be, and the problems met, in the order of the parameters."""
    reading = _Reading()
    read = reading.heading(workflow)
    for attribute in attrs.fields(type(workflow)):
        name = "calendars" if attribute.name == "host_calendars" else attribute.name
        if name in _NAMED:
            read[attribute.name] = reading.named(name, getattr(workflow, attribute.name))
        elif name in _LISTED:
            read[attribute.name] = reading.listed(name, getattr(workflow, attribute.name))
        elif name in ("roles", "queues"):
            read[name] = reading.names(name, getattr(workflow, name))
        elif name == "titles":
            read[name] = reading.titles(workflow.titles)
        elif name == "initial":
            # Whether it leads anywhere the machine tells; here it need only be something to read.
            read[name] = freeze(workflow.initial) if reading.sound(workflow.initial, name) else None
    return read, reading.findings


@attrs.define
class _Reading:
    """One reading of a definition: the problems met, and how much plain data it will still look at."""

    findings: list[Finding] = attrs.Factory(list)
    functions: Functions = None
    lists: Lists = attrs.Factory(lambda: Lists({}))
    patience: PlainData = attrs.Factory(PlainData)
    given_up: bool = False

    def sound(self, value: Any, path: str) -> bool:
        """Whether plain data can be read at all; where it cannot, says why."""
        if self.given_up:
            return False
        flaws = self.patience.flaws(value, path)
        self.findings.extend(Finding("definition.value", where, {"why": why}) for where, why in flaws)
        self.given_up = bool(flaws) and self.patience.left <= 0  # said once; what comes after is not looked at
        return not flaws

    def heading(self, workflow: Workflow) -> dict[str, Any]:
        """What stands above the sections, where it is not as given."""
        read: dict[str, Any] = {}
        extensions: object = workflow.extensions
        if not isinstance(extensions, Extensions):
            why = {"en": f"it is an Extensions, not {shown(extensions)}", "zh": f"{shown(extensions)} 不是 Extensions"}
            self.findings.append(Finding("definition.value", "extensions", {"why": why}))
            read["extensions"] = NONE
        else:
            self.functions = extensions.functions
            self.lists = Lists(extensions.holidays)
        for name, good, code, stand_in in _HEADING:
            value = getattr(workflow, name)
            if self.sound(value, name):
                if isinstance(value, Mapping) and name in _SAID:
                    read[name] = self._said(name, value)
                    continue
                if good(value):
                    continue
                self.findings.append(Finding(code, name, _facts(code, value, _FLAG if good is _is_flag else _TEXT)))
            read[name] = stand_in
        return read

    def _said(self, name: str, value: Any) -> str:
        try:
            made: str = _SAID[name](value)
        except DefinitionError as error:
            self.findings.extend(error.findings)
            return ""
        return made

    def named(self, name: str, value: Any) -> FrozenMap[str, Any]:
        """A section whose elements have names."""
        read, stand_in = _NAMED[name]
        found: dict[str, Any] = {}
        for key, source in islice(self._mapping(name, value).items(), MAX_ELEMENTS):
            path = f"{name}.{name_of(key)}"
            try:
                if not isinstance(key, str) or not key:
                    raise DefinitionError.of([Finding("definition.key", "", {"key": key})])
                if self.sound(key, path) and self.sound(source, path):
                    found[key] = read(key, self.with_lists(name, source), self.functions)
                    continue
            except DefinitionError as error:
                self.findings.extend(at_path(error, path))
            if stand_in is not None:
                found[name_of(key)] = stand_in(name_of(key))
        return FrozenMap(found)

    def listed(self, name: str, value: Any) -> tuple[Any, ...]:
        """A section whose elements stand in order."""
        read = _LISTED[name]
        found: list[Any] = []
        for index, source in enumerate(self._list(name, value)):
            path = f"{name}[{index}]"
            try:
                if self.sound(source, path):
                    found.append(read(self.with_lists(name, source), self.functions))
            except DefinitionError as error:
                self.findings.extend(at_path(error, path))
        return tuple(found)

    def with_lists(self, name: str, source: Any) -> Any:
        """An element of a section, the lists of holidays it names put in their place."""
        return _WITH_LISTS[name](source, self.lists) if name in _WITH_LISTS else source

    def names(self, name: str, value: Any) -> tuple[str, ...]:
        """A section of names, or one name."""
        found: list[str] = []
        for index, item in enumerate(self._list(name, (value,) if isinstance(value, str) else value)):
            path = f"{name}[{index}]"
            if self.sound(item, path):
                if isinstance(item, str) and item:
                    found.append(item)
                else:
                    self.findings.append(Finding("definition.key", path, {"key": item}))
        return tuple(found)

    def titles(self, value: Any) -> FrozenMap[str, FrozenMap[str, str]]:
        """What listed names are called: kinds, names and titles."""
        found: dict[str, FrozenMap[str, str]] = {}
        for kind, named in islice(self._mapping("titles", value).items(), MAX_ELEMENTS):
            path = f"titles.{name_of(kind)}"
            if kind not in TITLED:
                facts = {"kind": "key", "name": name_of(kind), "known": TITLED, "nearest": nearest(name_of(kind), TITLED)}
                self.findings.append(Finding("name.unknown", path, facts))
                continue
            said = {}
            for name, title in islice(self._mapping(path, named).items(), MAX_ELEMENTS):
                if not isinstance(name, str) or not name:
                    self.findings.append(Finding("definition.key", path, {"key": name}))
                elif self.sound(title, f"{path}.{name_of(name)}"):
                    said[name] = read_title(title, self.findings, f"{path}.{name_of(name)}")
            found[kind] = FrozenMap(said)
        return FrozenMap({kind: named for kind, named in found.items() if named})

    def _mapping(self, name: str, value: Any) -> Mapping[Any, Any]:
        if value is None:
            return {}
        if isinstance(value, Mapping):
            self._bounded(name, value)
            return value
        if self.sound(value, name):
            self.findings.append(Finding("definition.mapping", name, {"value": value, "kind": name}))
        return {}

    def _list(self, name: str, value: Any) -> Sequence[Any]:
        if value is None:
            return ()
        if isinstance(value, (list, tuple)):
            self._bounded(name, value)
            return value[:MAX_ELEMENTS]
        if self.sound(value, name):
            self.findings.append(Finding("definition.list", name, {"value": value, "kind": name}))
        return ()

    def _bounded(self, name: str, value: Any) -> None:
        if len(value) > MAX_ELEMENTS:
            self.findings.append(Finding("definition.too_many", name, {"count": len(value), "limit": MAX_ELEMENTS}))


def _facts(code: str, value: Any, wanted: tuple[str, str]) -> Mapping[str, Any]:
    if code == "definition.format":
        return {"value": value, "known": FORMAT}
    if code == "definition.value":
        en, zh = wanted
        return {"why": {"en": f"it is {en}, not {shown(value)}", "zh": f"{shown(value)} 不是{zh}"}}
    return {"value": value}


def _is_format(value: Any) -> bool:
    return type(value) is int and value == FORMAT


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_version(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_TEXT, _FLAG = ("a text", "文本"), ("true or false", "布尔值")

# Name, whether a value is good, the code where it is not, and what stands in for it.
_HEADING: tuple[tuple[str, Callable[[Any], bool], str, Any], ...] = (
    ("servflow", _is_format, "definition.format", FORMAT),
    ("workflow", _is_name, "definition.name", ""),
    ("version", _is_version, "definition.version", 1),
    ("strict", _is_flag, "definition.value", False),
    ("title", _is_text, "definition.value", ""),
    ("description", _is_text, "definition.value", ""),
)


_SAID: Mapping[str, Callable[[Any], Any]] = {"title": titled, "description": described}
"""What of the heading may be said in several languages."""


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
        if finding.code == "expression.invalid" and "tables" in broken and "table." in str(finding.facts.get("text")):
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
