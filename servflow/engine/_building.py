"""Knows how the values of a definition are read from plain data; must not know which values there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.model import CONVERTERS, Action, Field, FrozenMap, Span, ValueProblem, freeze, name_of, value_text

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
    given_value: object = value  # whatever a document held
    if given_value is not None and not isinstance(given_value, Mapping):
        held = shown(value)
        why = {"en": f"names and their types are a mapping, not {held}", "zh": f"{held} 不是名称到类型的映射"}
        raise DefinitionError.of([Finding("definition.value", "", {"why": why})])
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


def payload_map(value: Mapping[str, Any] | None) -> FrozenMap[str, Field]:
    """What ``field_map`` reads, for ``payload``: its problems name that key."""
    return _field_map_at("payload", value)


def evidence_map(value: Mapping[str, Any] | None) -> FrozenMap[str, Field]:
    """What ``field_map`` reads, for ``evidence``: its problems name that key."""
    return _field_map_at("evidence", value)


def _field_map_at(key: str, value: Mapping[str, Any] | None) -> FrozenMap[str, Field]:
    try:
        made = field_map(value)
    except DefinitionError as error:
        raise DefinitionError.of(at_path(error, key)) from None
    why = {"en": f"it is {key}, not a field of the ticket", "zh": f"它属于 {key}，不是工单字段"}  # noqa: RUF001 - Chinese text uses full-width punctuation
    if found := [
        Finding("field.indexed", f"{key}.{name}.indexed", {"name": name, "why": why, "known": ("fields",)})
        for name, spec in made.items()
        if spec.indexed
    ]:
        raise DefinitionError.of(found)
    return made


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
    refuse_shapes(made, flags=("optional", "required", "personal", "indexed"), texts=("title", "description"))
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
        made = attrs.evolve(made, one_of=made.allowed, default=made.initial)
    except Exception as error:
        raise DefinitionError.of(
            [Finding("field.default", "default", {"value": made.default, "expected": str(error)})]
        ) from None
    return _with_titles(made) if made.titles != {} else made


def _with_titles(made: Field) -> Field:
    """The field, its titles by the texts of its values."""
    given: object = made.titles
    if not isinstance(given, Mapping):
        why = {"en": f"it is a title for each value, not {shown(given)}", "zh": f"应为各取值的显示名称，而不是 {shown(given)}"}  # noqa: RUF001 - Chinese text uses full-width punctuation
        raise DefinitionError.of([Finding("definition.value", "titles", {"why": why})])
    named = {_value_meant(made, value_text(key)): title for key, title in given.items()}
    known = [value_text(value) for value in made.one_of]
    found = [
        Finding("field.titles", f"titles.{name}", {"name": name, "known": known, "nearest": nearest(name, known)})
        for name in named
        if name not in known
    ]
    if found:
        raise DefinitionError.of(found)
    return attrs.evolve(made, titles=named)


def _value_meant(made: Field, text: str) -> str:
    """The text of the value that a key of titles means, which may spell it otherwise (``90m`` for ``1h30m``)."""
    try:
        value = made.convert(text)
    except ValueProblem:
        return text
    return next((value_text(one) for one in made.one_of if one == value), text)


def at_path(error: DefinitionError, path: str) -> list[Finding]:
    """The findings of an error, moved under a path."""
    moved = []
    for finding in error.findings:
        dot = "" if not finding.path or finding.path.startswith("[") else "."
        moved.append(attrs.evolve(finding, path=f"{path}{dot}{finding.path}"))
    return moved


def takes(descriptors: str, event: str) -> bool:
    """Whether one of the descriptors of a transition matches an event: by whole words, as a prefix, or ``*``."""
    plain = (one.removesuffix(".*").removesuffix(".") for one in descriptors.split())
    return any(one in ("*", event) or event.startswith(f"{one}.") for one in plain)


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


def plain(value: Any) -> Any:
    """A definition value as JSON-ready data, defaults left out, so that equal definitions read equal."""
    if hasattr(value, "to_data"):
        return value.to_data()
    if isinstance(value, Span):
        return value.text
    if isinstance(value, timedelta) and value >= timedelta():
        return Span.of(value).text
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
