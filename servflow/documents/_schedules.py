"""Knows how on-call schedules and worlds are written in files; must not know who is on call or what a world is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from servflow.calendars import from_data
from servflow.documents._load import in_order
from servflow.documents._source import Document, read_document
from servflow.errors import DefinitionError, Finding, ServflowError, nearest
from servflow.escalation import Roster, Rotation, Schedule
from servflow.escalation._shape import Broken, read_value
from servflow.model import World

FORMAT = 1
MOST_SCHEDULES = 1_000

_SECTION = "schedules"
_ENTITIES = ("engineers", "agents", "bots", "outlets", "providers", "people", "queues")
_OF_TURNS = ("start", "zone", "every", "windows")  # a rotation is told as one also where its users are misspelt
_ROUNDS = 50
_FIRST, _LAST = "2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"
_STAND_INS = {"users": "?", "start": _FIRST, "end": _LAST, "zone": "UTC", "duties": []}
"""What stands for a key that is missing, so that the rest of its element is judged too."""


def load_schedules(source: Path | str | Mapping[str, Any], *, lang: str = "en") -> dict[str, Schedule | Rotation | Roster]:
    """
    The on-call schedules of a document by their names, whatever else stands in it; nothing but the schedules is checked.

    They stand under ``schedules``. An entry with ``duties`` is a ``Roster``, one with ``users`` a ``Rotation``, any other
    one a ``Schedule`` with ``layers`` and ``overrides``; the keys are those of their constructors.

    Args:
        source: a path, YAML or JSON text, or the mapping; as for ``load``.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem at once, each with its line where the source is a text; in the order of the lines.
    """
    try:
        document = _read(source, "schedules")
        found = list(document.findings) + _format(document.data)
        section = document.data.get(_SECTION)
        if not isinstance(section, Mapping):
            found.append(Finding("schedules.none", _SECTION))
            raise DefinitionError.of(in_order(found, document))
        made = _schedules(section, found)
        _refuse(found, document)
        return made
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def load_world(source: Path | str | Mapping[str, Any], *, lang: str = "en") -> World:
    """
    The world of a document: people, outlets, queues, calendars, on-call schedules and more.

    The keys are those of ``World``; ``calendars`` are written as in a workflow, ``schedules`` as for ``load_schedules``.

    Args:
        source: a path, YAML or JSON text, or the mapping; as for ``load``.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem at once, each with its line where the source is a text; in the order of the lines.
    """
    try:
        document = _read(source, "world")
        found = list(document.findings) + _format(document.data)
        data = {key: value for key, value in document.data.items() if key != "servflow"}
        known = tuple(attribute.alias or attribute.name for attribute in attrs.fields(World))
        for key in [key for key in data if key not in known]:
            found.append(Finding("document.unknown_key", key, {"key": key, "known": known, "nearest": nearest(key, known)}))
            del data[key]
        made = {key: _part(key, value, found) for key, value in data.items()}
        _refuse(found, document)
        try:
            return World(**made)
        except ServflowError as error:
            raise DefinitionError.of([Finding("world.value", "", {"why": error.message})]) from None
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _read(source: Path | str | Mapping[str, Any], what: str) -> Document:
    """Read a document; where it is no mapping, say what such a file begins with instead of how a workflow does."""
    try:
        return read_document(source)
    except DefinitionError as error:
        found = [
            attrs.evolve(one, code=f"{what}.no_mapping") if one.code == "document.no_mapping" else one for one in error.findings
        ]
        raise DefinitionError.of(found) from None


def _refuse(found: list[Finding], document: Document) -> None:
    if found:
        raise DefinitionError.of(in_order(found, document))


def _format(data: Mapping[str, Any]) -> list[Finding]:
    written = data.get("servflow", FORMAT)
    if isinstance(written, bool) or not isinstance(written, int) or written != FORMAT:
        return [Finding("definition.format", "servflow", {"value": written, "known": FORMAT})]
    return []


def _part(key: str, value: Any, found: list[Finding]) -> Any:
    if key == _SECTION and isinstance(value, Mapping):
        return _schedules(value, found)
    if key == "calendars" and isinstance(value, Mapping):
        return _each(value, "calendars", from_data, found)
    if key in _ENTITIES and isinstance(value, (list, tuple)):
        return _entities(key, value, found)
    try:
        World(**{key: value})
    except ServflowError as error:
        found.append(Finding("world.value", key, {"why": error.message}))
    return value


def _entities(key: str, items: Iterable[Any], found: list[Finding]) -> list[Any]:
    """The values of one kind; each that cannot be read, or is there twice, is told where it stands."""
    made: dict[str, Any] = {}
    for index, item in enumerate(items):
        try:
            (one,) = getattr(World(**{key: [item]}), key)
        except ServflowError as error:
            found.append(Finding("world.value", f"{key}[{index}]", {"why": error.message}))
            continue
        if one.id in made:
            found.append(Finding("world.twice", f"{key}[{index}]", {"name": one.id}))
        made.setdefault(one.id, one)
    return list(made.values())


def _schedules(section: Mapping[str, Any], found: list[Finding]) -> dict[str, Any]:
    if len(section) > MOST_SCHEDULES:
        facts = {"count": len(section), "limit": MOST_SCHEDULES}
        found.append(Finding("escalation.too_many", _SECTION, facts))
        return {}
    return _each(section, _SECTION, read_schedule, found)


def _each(section: Mapping[str, Any], path: str, read: Callable[[Any], Any], found: list[Finding]) -> dict[str, Any]:
    made = {}
    for name, data in section.items():
        place = f"{path}.{name}"
        if not isinstance(data, Mapping):
            found.append(Finding("definition.mapping", place, {"value": data, "kind": path.removesuffix("s")}))
            continue
        try:
            made[str(name)] = read(data)
        except DefinitionError as error:
            found += [attrs.evolve(one, path=f"{place}.{one.path}".rstrip(".")) for one in error.findings]
    return made


def read_schedule(data: Mapping[str, Any]) -> Schedule | Rotation | Roster:
    """
    The schedule, rotation or roster that a mapping describes: what ``to_data`` wrote, or a document holds.

    Raises:
        DefinitionError: with every problem.
    """
    turns = "users" in data or ("layers" not in data and any(key in data for key in _OF_TURNS))
    kind: Any = Roster if "duties" in data else Rotation if turns else Schedule
    told: dict[tuple[str, str], Finding] = {}
    given = _copied(data)
    made: Any = None
    for _ in range(_ROUNDS):
        made = read_value(kind, given)
        if not isinstance(made, Broken):
            break
        fresh = [one for one in made.findings if (one.code, one.path) not in told]
        told.update({(one.code, one.path): one for one in fresh})
        mended = [_mended(given, one) for one in fresh]  # all of them, whatever the first gives
        if not any(mended):
            break
    if told:
        raise DefinitionError.of(told.values())
    schedule: Schedule | Rotation | Roster = made
    return schedule


def _mended(data: dict[str, Any], finding: Finding) -> bool:
    """Whether something harmless now stands where the shape was wrong, so that the rest of the element can be judged."""
    if finding.code not in ("escalation.unknown_key", "escalation.missing"):
        return False
    key = str(finding.facts["key"])
    holder = _reach(data, finding.path[: len(finding.path) - len(key)])
    if not isinstance(holder, dict):
        return False
    if finding.code == "escalation.missing":
        holder[key] = _STAND_INS.get(key)
        return key in _STAND_INS
    return holder.pop(key, holder) is not holder


def _reach(data: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            data = data[int(step[1:-1])] if isinstance(data, list) else None
        elif step:
            data = data.get(step) if isinstance(data, dict) else None
    return data


def _copied(value: Any) -> Any:
    """A copy that can be changed; documents bound how deep it goes, and only lists of mappings are changed."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value
