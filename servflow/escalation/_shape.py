"""Knows how the parts of an escalation definition are read and their problems collected; must not know what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import attrs
from attrs import frozen

from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.model import Action, Span, actions, freeze
from servflow.model._titles import read_title as _title

MAX_NODES = 5_000
MAX_DEPTH = 32
MAX_NAME = 200
MAX_ACTIONS = 50


@frozen
class Broken:
    """Stands for a value that could not be read until every problem of the definition is known."""

    findings: tuple[Finding, ...]


def broken(code: str, **facts: Any) -> Broken:
    """A value that could not be read, for one reason."""
    return Broken((Finding(code, "", facts),))


def at_path(prefix: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings with their paths below *prefix*."""
    return [attrs.evolve(finding, path=joined(prefix, finding.path)) for finding in findings]


def joined(prefix: str, path: str) -> str:
    """Two parts of a path as one; an index needs no dot."""
    if not prefix or not path:
        return prefix or path
    return f"{prefix}{path}" if path.startswith("[") else f"{prefix}.{path}"


def near(word: Any, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; nothing is like what is not text."""
    return nearest(word[:MAX_NAME], known) if isinstance(word, str) else None


def read_span(value: Any) -> Any:
    """The span a definition wrote, None for None, or what is wrong with it."""
    if value is None:
        return None
    try:
        return Span.of(value)
    except TimeError as error:
        wrong = "超过 100 年" if "limit" in error.facts else "不是有效的时长"
        return broken("escalation.span", value=shown(value), problem={"en": error.message, "zh": f"{shown(value)} {wrong}"})


def read_delay(value: Any) -> Any:
    """The span a definition wrote, no time at all for None, or what is wrong with it."""
    return Span() if value is None else read_span(value)


def read_every(value: Any) -> Any:
    """The span a definition wrote; none and a zero one are wrong, because what returns must take time."""
    read = broken("escalation.missing", key="every") if value is None else read_span(value)
    return broken("escalation.zero") if read == Span() else read


def read_title(value: Any) -> Any:
    """What people call a part, in one language or several, or what is wrong with it."""
    found: list[Finding] = []
    made = _title(value, found)
    if not found:
        return made
    return Broken(tuple(attrs.evolve(one, path=one.path.removeprefix("title").removeprefix(".")) for one in found))


def read_plain(value: Any) -> Any:
    """A frozen copy of JSON-like data, or what is wrong with it; bounded in depth and size."""
    problem = _not_plain(value)
    return broken("escalation.plain", value=shown(type(value).__name__), problem=problem) if problem else freeze(value)


def _not_plain(value: Any) -> str | None:
    # An explicit stack: neither depth nor shared parts of a hostile definition can exhaust anything.
    stack: list[tuple[Any, int]] = [(value, 0)]
    seen = 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH}"
        if seen > MAX_NODES:
            return f"more than {MAX_NODES} values"
        if isinstance(item, Mapping):
            if not all(isinstance(key, str) for key in item):
                return "a key that is not text"
            stack.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend((inner, depth + 1) for inner in item)
        elif item is not None and not isinstance(item, (str, bool, int, float)):
            return f"a {type(item).__name__}; write it as text"
    return None


def read_actions(value: Any) -> Any:
    """The actions of a level, or what is wrong with them."""
    if value is None:
        return ()
    items = [value] if isinstance(value, (Action, Mapping)) else value
    if not isinstance(items, (list, tuple)):
        return broken("escalation.list", value=shown(value))
    if len(items) > MAX_ACTIONS:
        return broken("escalation.too_many", count=len(items), limit=MAX_ACTIONS)
    plain = read_plain([item.value if isinstance(item, Action) else item for item in items])
    if isinstance(plain, Broken):
        return plain
    try:
        return actions(items)
    except DefinitionError as error:
        # The model already writes where in "do"; the attribute adds that name again.
        return Broken(tuple(attrs.evolve(found, path=found.path.removeprefix("do")) for found in error.findings))


def read_value(kind: type[Any], value: Any) -> Any:
    """One value of a kind from its mapping, or what is wrong with it."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        return broken("escalation.mapping", value=shown(value))
    fields = attrs.fields_dict(kind)
    found = [
        Finding("escalation.unknown_key", str(key), {"key": str(key), "known": tuple(fields), "nearest": near(key, fields)})
        for key in value
        if key not in fields
    ]
    found.extend(
        Finding("escalation.missing", name, {"key": name})
        for name, attribute in fields.items()
        if attribute.default is attrs.NOTHING and name not in value
    )
    if found:
        return Broken(tuple(found))
    try:
        return kind(**value)
    except DefinitionError as error:
        return Broken(error.findings)


def read_values(kind: type[Any], value: Any, limit: int) -> Any:
    """Several values of a kind from a list, or from one alone; or everything that is wrong with them."""
    if value is None:
        return ()
    if isinstance(value, (Mapping, kind)):
        one = read_value(kind, value)
        return one if isinstance(one, Broken) else (one,)
    if not isinstance(value, (list, tuple)):
        return broken("escalation.list", value=shown(value))
    if len(value) > limit:
        return broken("escalation.too_many", count=len(value), limit=limit)
    read = [read_value(kind, item) for item in value]
    wrong = [
        finding
        for index, item in enumerate(read)
        if isinstance(item, Broken)
        for finding in at_path(f"[{index}]", item.findings)
    ]
    return Broken(tuple(wrong)) if wrong else tuple(read)


def problems(owner: Any) -> list[Finding]:
    """What could not be read among the attributes of a definition value, each under its attribute's name."""
    return [
        finding
        for attribute in attrs.fields(type(owner))
        if isinstance(held := getattr(owner, attribute.name), Broken)
        for finding in at_path(attribute.name, held.findings)
    ]


def check_name(value: Any, path: str) -> list[Finding]:
    """A name is text that is neither empty nor long."""
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME:
        return []
    return [Finding("escalation.name", path, {"value": shown(value)})]


def check_option(value: Any, known: Sequence[str], path: str) -> list[Finding]:
    """An option is one of its words."""
    if value in known:
        return []
    return [Finding("escalation.option", path, {"value": shown(value), "known": tuple(known), "nearest": near(value, known)})]


def check_count(value: Any, limit: int, path: str) -> list[Finding]:
    """A count is a whole number from 1 to its limit."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= limit:
        return []
    return [Finding("escalation.count", path, {"value": shown(value), "limit": limit})]


def check_keys(value: Mapping[str, Any], known: Sequence[str], path: str) -> list[Finding]:
    """A mapping has these keys and no other."""
    found = [
        Finding("escalation.unknown_key", joined(path, key), {"key": key, "known": tuple(known), "nearest": near(key, known)})
        for key in value
        if key not in known
    ]
    found.extend(Finding("escalation.missing", joined(path, key), {"key": key}) for key in known if key not in value)
    return found


def check_zone(value: Any, path: str, words: Sequence[str] = ()) -> list[Finding]:
    """A time zone is a name of the tz database; *words* are what else may stand there."""
    try:
        if isinstance(value, str) and ZoneInfo(value).key:
            return []
    except (KeyError, ValueError, OSError):
        pass
    return [Finding("escalation.zone", path, {"zone": shown(value), "nearest": near(value, (*words, *available_timezones()))})]


def check_condition(value: Any, path: str) -> list[Finding]:
    """A condition is text or its JSON tree; the engine parses it against the fields."""
    if value is None or isinstance(value, (str, Mapping, tuple, bool, Broken)):
        return []
    return [Finding("escalation.condition", path, {"value": shown(value)})]


def plain(value: Any) -> Any:
    """Frozen data as lists and dicts, ready for JSON."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Span):
        return value.text
    if isinstance(value, Action):
        return {value.kind: plain(value.value)}
    return value.to_data() if hasattr(type(value), "to_data") else value


def to_data(owner: Any) -> dict[str, Any]:
    """A definition value as a JSON-ready mapping; what equals its default is left out."""
    out = {}
    for attribute in attrs.fields(type(owner)):
        held = getattr(owner, attribute.name)
        default = attribute.default
        if default is not attrs.NOTHING and attribute.converter is not None and default is not None:
            default = attribute.converter(default)
        if attribute.default is attrs.NOTHING or held != default:
            out[attribute.name] = plain(held)
    return out
