"""Knows which elements a definition has and what each is called for good; must not know how definitions are written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from servflow.model import canonical

Steps = tuple[str | int, ...]

NAMED: Mapping[str, str] = {
    "fields": "field",
    "roles": "role",
    "queues": "queue",
    "events": "event",
    "calendars": "calendar",
    "states": "state",
    "tables": "table",
    "inputs": "input",
    "outputs": "output",
    "transitions": "transition",
    "timers": "timer",
    "checklist": "step",
    "rows": "row",
    "rules": "rule",
    "dispatch": "dispatch",
    "clocks": "clock",
    "escalations": "chain",
    "levels": "level",
    "laws": "law",
    "surveys": "survey",
}
"""Section -> the kind of its elements."""

MAPS = ("fields", "events", "calendars", "states", "tables", "outputs")
"""Sections that hold their elements by name."""

INNER: Mapping[str, tuple[str, ...]] = {
    "state": ("checklist", "timers"),
    "table": ("inputs", "outputs", "rows"),
    "chain": ("levels",),
}
"""Kind of an element -> the sections in it whose elements belong to it."""

WORDS = ("roles", "queues")
"""Sections that hold nothing but names."""

NAME_KEYS = {"step": "step"}
"""Where an element in a list has its name, unless it is ``name``."""

OWN_ID = ("transition", "timer", "row")
"""What has no name, and therefore may be written with an ``id``."""

_ROOT = tuple(section for section in NAMED if section not in ("timers", "checklist", "rows", "levels", "inputs", "outputs"))
_LONG = 80


@frozen
class Element:
    """
    One part of a definition that an editor can point at.

    ``id`` stays the same while other elements are edited or moved, and while this one is, but for its name; ``kind`` is
    ``state``, ``transition``, ``timer`` ..., ``name`` what it is called, empty where it has none. ``steps`` lead to it in the
    data, ``path`` is how findings write them, ``data`` what is written there. ``line`` is where it begins, from 1.
    """

    id: str
    kind: str
    name: str
    steps: Steps
    path: str
    data: Any
    line: int = 0


def elements(data: Mapping[str, Any]) -> Iterator[Element]:
    """Every element in document order; whatever has not the shape of a definition is passed over."""
    taken: dict[str, int] = {}
    for section in data:
        if section in _ROOT:
            yield from _section(data, section, (), "", taken)


def _section(holder: Mapping[str, Any], section: str, above: Steps, owner: str, taken: dict[str, int]) -> Iterator[Element]:
    value, kind = holder.get(section), NAMED[section]
    steps = (*above, section)
    prefix = f"{owner}/{section}" if owner else section
    for step, item in _entries(value, section):
        name = str(step) if section in MAPS else name_of(kind, item)
        given = _given(kind, item)
        own = given or _quoted(name) or _derived(kind, item, holder)
        base = f"{prefix}/{own}"
        id_, number = base, taken.get(base, 0)
        while id_ in taken:
            number += 1
            id_ = f"{base}#{number}"
        taken[base] = max(number, 1)
        taken.setdefault(id_, 1)
        whole = (*steps, step) if step is not None else steps
        yield Element(id_, kind, name, whole, path_of((*steps, 0) if step is None else whole), item)
        if isinstance(item, Mapping):
            for inner in INNER.get(kind, ()):
                yield from _section(item, inner, whole, id_, taken)
            if kind == "state":
                # Names of states are unique in the whole chart: one that is put into another keeps its id.
                yield from _section(item, "states", whole, "", taken)


def _entries(value: Any, section: str) -> Iterator[tuple[str | int | None, Any]]:
    if section in MAPS:
        if isinstance(value, Mapping):
            yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
    elif (
        value is not None
        and section in ("timers", "checklist", "levels", "rules", *WORDS)
        and isinstance(value, (Mapping, str))
    ):
        yield None, value  # one alone may stand without a list


def name_of(kind: str, item: Any) -> str:
    """What an element in a list is called; empty where it has no name."""
    if kind in OWN_ID:
        return ""
    if isinstance(item, str):
        return item
    if not isinstance(item, Mapping):
        return ""
    if kind == "input":
        return str(item.get("name") or item.get("expr") or "")
    found = item.get(NAME_KEYS.get(kind, "name"))
    return found if isinstance(found, str) else ""


def _given(kind: str, item: Any) -> str:
    if kind not in OWN_ID or not isinstance(item, Mapping):
        return ""
    found = item.get("id")
    if not isinstance(found, str) or not found:
        return ""
    # A number that tells twins apart stays readable where it is written.
    return _quoted(found).replace("%23", "#") + _since(item)


def _since(item: Any) -> str:
    """What tells rows of one id apart that follow each other in time."""
    period = item.get("effective") if isinstance(item, Mapping) else None
    since = period.get("start") if isinstance(period, Mapping) else None
    return "" if since is None else f"@{_quoted(str(since))}"


def id_to_write(element: Element) -> str:
    """The ``id`` that has to be written in an element so that it keeps the one it has."""
    return unquoted(element.id.rpartition("/")[2].removesuffix(_since(element.data)))


def _derived(kind: str, item: Any, holder: Mapping[str, Any]) -> str:
    """What something without name and id is called: made of nothing but itself, so that no neighbour changes it."""
    if kind == "transition" and isinstance(item, Mapping):
        said = f"{_joined(item.get('event')) or '-'}:{_joined(item.get('source'))}"
        said += f">{_joined(item.get('target'))}" if item.get("target") is not None else ""
        said += f"?{_digest(item['when'])}" if item.get("when") is not None else ""
        return _quoted(said) if len(said) <= _LONG else f"{_quoted(said[:_LONG])}~{_digest(said)}"
    if kind == "timer" and isinstance(item, Mapping):
        return _quoted(_joined(item.get("event")) or "-")
    if kind == "row":
        if isinstance(item, list):
            inputs = holder.get("inputs")
            return "~" + _digest(item[: len(inputs)] if isinstance(inputs, list) else item)
        if isinstance(item, Mapping):
            return "~" + _digest(item.get("when") or []) + _since(item)
    return "-"


def _joined(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "+".join(str(one) for one in value)
    return "" if value is None else str(value)


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical([value])).hexdigest()[:8]


def _quoted(name: str) -> str:
    """A name without what separates names in an id."""
    return name.replace("%", "%25").replace("/", "%2F").replace("#", "%23")


def id_of_state(name: str) -> str:
    """The id of the state of that name."""
    return f"states/{_quoted(name)}"


def unquoted(name: str) -> str:
    """What ``_quoted`` made it of."""
    return name.replace("%23", "#").replace("%2F", "/").replace("%25", "%")


def path_of(steps: Steps) -> str:
    """Steps as findings write them: ``transitions[3].target``."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
