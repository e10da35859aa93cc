"""Knows the parts of a workflow's definition that belong to no single sibling; must not know how anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.model import CONVERTERS, Action, Field, FrozenMap, Span, actions, freeze, name_of

RELATIONS = ("system", "assignee", "owner", "requester", "manager_of")
"""Who somebody is to a ticket; never declared as roles."""

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "ticket.update": {},
    "ticket.assign": {"to": "string?", "slot": "string?"},
    "ticket.message": {"side": "string?", "public": "bool?", "channel": "string?", "text": "string?"},
    "ticket.cancel": {"reason": "string?"},
    "ticket.reopen": {"reason": "string?"},
    "ticket.force": {"state": "string", "reason": "string"},
    "step.check": {"step": "string", "evidence": "any?"},
    "offer.accept": {"offer": "string?"},
    "offer.reject": {"offer": "string?", "reason": "string?"},
    "chain.acknowledge": {"chain": "string?"},
    "chain.snooze": {"chain": "string?", "until": "any"},
    "chain.escalate": {"chain": "string?", "level": "any?"},
    "rating.add": {"scale": "string?", "score": "int", "comment": "string?"},
    "clock.waive": {"clock": "string", "reason": "string"},
    "ticket.child_closed": {"child": "string"},
}
"""
Built-in event -> what its payload may carry and of which type; a type with ``?`` may be left out.

``ticket.update`` takes any field by name. They are namespaced so that they never collide with a workflow's own.
"""

ATTRIBUTES = ("priority", "queue", "customer", "asset", "outlet", "channel", "tags", "parent")
"""What every ticket has besides its fields and an opening or an update may set."""


_MOST_SAID = 300


def names(value: Any) -> tuple[str, ...]:
    """One name or a list of names as a tuple; empty for None."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def allow_list(value: Any) -> tuple[Any, ...]:
    """Roles and relations of an ``allow``: names, or ``{manager_of: assignee}``."""
    items = (value,) if isinstance(value, (str, Mapping)) else tuple(value or ())
    return tuple(freeze(item) for item in items)


def refuse_shapes(value: Any, *, flags: Iterable[str] = (), texts: Iterable[str] = (), words: Iterable[str] = ()) -> None:
    """
    Check attributes of a definition value: flags are true or false, texts a text or None, words always a text.

    Raises:
        DefinitionError: with every one that is something else.
    """
    found = []
    for name in flags:
        held = getattr(value, name)
        if held is not True and held is not False:
            why = {"en": f"it is true or false, not {shown(held)}", "zh": f"{shown(held)} 不是 true 或 false"}
            found.append(Finding("definition.value", name, {"why": why}))
    for name in (*texts, *words):
        held = getattr(value, name)
        if not isinstance(held, str) and (held is not None or name in words):
            why = {"en": f"it is a text, not {shown(held)}", "zh": f"{shown(held)} 不是文本"}
            found.append(Finding("definition.value", name, {"why": why}))
    if found:
        raise DefinitionError.of(found)


def field_map(value: Mapping[str, Any] | None) -> FrozenMap[str, Field]:
    """
    Named fields from their mappings; a bare type name is a field of that type.

    Raises:
        DefinitionError: with every field that cannot be read.
    """
    found: list[Finding] = []
    read: dict[str, Field] = {}
    for name, source in (value or {}).items():
        try:
            given: object = name  # whatever a document held
            if not isinstance(given, str) or not given:
                raise DefinitionError.of([Finding("definition.key", "", {"key": name})])
            read[name] = read_field(source)
        except DefinitionError as error:
            found.extend(at_path(error, name_of(name)))
    if found:
        raise DefinitionError.of(found)
    return FrozenMap(read)


def read_field(source: Any) -> Field:
    """
    One field from a type name, a mapping or a ``Field``.

    Raises:
        DefinitionError: unknown type or key, or a default that does not fit.
    """
    if isinstance(source, Field):
        made = source
    elif isinstance(source, str):
        made = Field(source)
    else:
        made = build(Field, source)
    refuse_shapes(made, flags=("optional", "required", "personal"))
    kind: object = made.type  # whatever a document held
    if not isinstance(kind, str) or kind not in CONVERTERS:
        raise DefinitionError.of(
            [
                Finding(
                    "field.type",
                    "type",
                    {"type": made.type, "known": tuple(CONVERTERS), "nearest": nearest(name_of(made.type), CONVERTERS)},
                )
            ]
        )
    try:
        return attrs.evolve(made, one_of=made.allowed, default=made.initial)
    except Exception as error:
        raise DefinitionError.of(
            [Finding("field.default", "default", {"value": made.default, "expected": str(error)})]
        ) from None


def at_path(error: DefinitionError, path: str) -> list[Finding]:
    """The findings of an error, moved under a path."""
    moved = []
    for finding in error.findings:
        dot = "" if not finding.path or finding.path.startswith("[") else "."
        moved.append(attrs.evolve(finding, path=f"{path}{dot}{finding.path}"))
    return moved


def build(kind: type[Any], source: Any, **extra: Any) -> Any:
    """
    A definition value from its mapping, where keys are the constructor's parameters.

    Raises:
        DefinitionError: not a mapping, an unknown or missing key, or whatever the value itself refuses.
    """
    if isinstance(source, kind):
        return source
    if source is None:
        source = {}
    if not isinstance(source, Mapping):
        raise DefinitionError.of([Finding("definition.mapping", "", {"value": source, "kind": kind.__name__.lower()})])
    known = [attribute.alias or attribute.name for attribute in attrs.fields(kind) if attribute.init]
    required = [
        attribute.alias or attribute.name
        for attribute in attrs.fields(kind)
        if attribute.init and attribute.default is attrs.NOTHING
    ]
    given = {**source, **extra}
    found = [
        Finding("definition.unknown_key", name_of(key), {"key": key, "known": known, "nearest": nearest(name_of(key), known)})
        for key in given
        if key not in known
    ]
    found += [Finding("definition.missing_key", key, {"key": key}) for key in required if key not in given]
    if found:
        raise DefinitionError.of(found)
    try:
        return kind(**given)
    except DefinitionError:
        raise
    except TimeError as error:
        raise DefinitionError.of(
            [Finding("definition.span", "", {"value": error.facts.get("value"), "why": error.message})]
        ) from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DefinitionError.of([Finding("definition.value", "", {"why": str(error)[:_MOST_SAID]})]) from None


def _span(value: Any) -> Span:
    try:
        return Span.of(value)
    except TimeError as error:
        raise DefinitionError.of([Finding("definition.span", "after", {"value": value, "why": error.message})]) from None


@frozen(kw_only=True)
class Timer:
    """
    A timer of a state: fires ``event`` as ``system`` once the state was active for ``after``.

    ``after`` passes as time passes, or counts in ``calendar`` where one is named and the span is exact.
    """

    after: Span = field(converter=_span)
    event: str
    calendar: str | None = None

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("calendar",), words=("event",))


def _timers(value: Any) -> tuple[Timer, ...]:
    return tuple(build_list(Timer, value, "timers"))


def build_list(kind: type[Any], value: Any, path: str) -> list[Any]:
    """
    Definition values from a list of mappings.

    Raises:
        DefinitionError: with the problems of every element.
    """
    found: list[Finding] = []
    read = []
    for index, source in enumerate([value] if isinstance(value, Mapping) else value or ()):
        try:
            read.append(build(kind, source))
        except DefinitionError as error:
            found.extend(at_path(error, f"{path}[{index}]"))
    if found:
        raise DefinitionError.of(found)
    return read


def _states(value: Any) -> FrozenMap[str, State]:
    found: list[Finding] = []
    read: dict[str, State] = {}
    for name, source in (value or {}).items():
        try:
            read[str(name)] = build(State, source)
        except DefinitionError as error:
            found.extend(at_path(error, str(name)))
    if found:
        raise DefinitionError.of(found)
    return FrozenMap(read)


@frozen(kw_only=True)
class State:
    """
    Where a ticket can be.

    ``closed`` marks work as done and never halts the machine. ``checklist`` lists the steps to be
    checked here (``ordered``: in that order), ``timers`` fire by time. ``states``, ``initial``, ``parallel``,
    ``history``, ``default`` and ``final`` shape a statechart as in W3C SCXML.
    """

    closed: bool = False
    checklist: tuple[str, ...] = field(default=(), converter=names)
    ordered: bool = False
    timers: tuple[Timer, ...] = field(default=(), converter=_timers)
    states: FrozenMap[str, State] = field(default=None, converter=_states)
    initial: Any = field(default=None, converter=freeze)
    parallel: bool = False
    final: bool = False
    history: str | None = None
    default: Any = field(default=None, converter=freeze)
    title: str = ""

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, flags=("closed", "ordered", "parallel", "final"), texts=("title",))

    def chart(self) -> dict[str, Any]:
        """The part of the state that the machine needs."""
        out: dict[str, Any] = {}
        if self.states:
            out["states"] = {name: state.chart() for name, state in self.states.items()}
        for key in ("initial", "history", "default"):
            value = getattr(self, key)
            if value is not None:
                out[key] = list(value) if isinstance(value, tuple) else value
        for key in ("parallel", "final"):
            if getattr(self, key):
                out[key] = True
        return out


@frozen(kw_only=True)
class Transition:
    """
    An allowed move.

    ``event`` names what makes it happen (None: as soon as ``when`` holds), ``source`` one or more states or
    ``"*"``, ``target`` where it leads (None: it stays). ``when`` is the guard, ``allow`` who may,
    ``not_by`` an event whose last actor may not, ``payload`` the types it needs, ``do`` the updates.
    """

    event: str | None = None
    source: tuple[str, ...] = field(converter=names)
    target: tuple[str, ...] = field(default=(), converter=names)
    internal: bool = False
    when: str | None = None
    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    payload: FrozenMap[str, Field] = field(default=None, converter=field_map)
    do: tuple[Action, ...] = field(default=(), converter=actions)
    title: str = ""

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, flags=("internal",), texts=("event", "not_by", "title"))


@frozen(kw_only=True)
class EventSpec:
    """Who may fire a built-in event, and what its payload must carry."""

    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    payload: FrozenMap[str, Field] = field(default=None, converter=field_map)
    title: str = ""

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("not_by", "title"))


def plain(value: Any) -> Any:
    """A definition value as JSON-ready data, defaults left out, so that equal definitions read equal."""
    if hasattr(value, "to_data"):
        return value.to_data()
    if isinstance(value, Span):
        return value.text
    if isinstance(value, Action):
        return {value.kind: plain(value.value)}
    if attrs.has(type(value)):
        out = {}
        for attribute in attrs.fields(type(value)):
            held = getattr(value, attribute.name)
            default = attribute.default
            if held != default and not ((default is None and held == ()) or held == {}):
                out[attribute.alias or attribute.name] = plain(held)
        return out
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


__all__ = [
    "ATTRIBUTES",
    "BUILT_IN",
    "RELATIONS",
    "EventSpec",
    "State",
    "Timer",
    "Transition",
    "at_path",
    "build",
    "build_list",
    "field_map",
    "names",
    "plain",
    "read_field",
]
