"""Knows what edits of an element have in common: its full form, its names, plain values; must not know how texts change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from servflow.documents._limits import MOST_DEPTH
from servflow.documents._prune import held_at
from servflow.embedding._refusing import an, refusal
from servflow.embedding._source_ids import WORDS, Element, Steps, path_of
from servflow.errors import DefinitionError, shown

_WORD_OF = {"field": "type", "step": "step", "output": "type"}


def as_mapping(element: Element, data: Mapping[str, Any]) -> dict[str, Any]:
    """An element that is written in short, in full."""
    written = element.data
    if isinstance(written, Mapping):
        return dict(written)
    if written is None:
        return {}
    if element.kind == "row" and isinstance(written, list):
        table = held_at(data, element.steps[:-2]) or {}
        count = len(table.get("inputs") or ())
        return {"when": list(written[:count]), "then": list(written[count:])}
    if element.kind == "input":
        return {"name" if str(written).isidentifier() else "expr": written}
    if isinstance(written, str) and element.kind in _WORD_OF:
        return {_WORD_OF[element.kind]: written}
    if element.steps[0] in WORDS:
        raise refusal("edit.word", id=element.id, at=path_of(("titles", element.steps[0], element.name)))
    raise refusal("edit.in_short", id=element.id, value=shown(written))


def with_value(whole: dict[str, Any], keys: tuple[str | int, ...], value: Any, id_: str) -> dict[str, Any]:
    """
    A copy with a value put in at a place, for which mappings are made on the way.

    Raises:
        InputError: there is no such place.
    """
    made = deepcopy(whole)
    here: Any = made
    for key in keys[:-1]:
        if isinstance(here, dict) and isinstance(key, str):
            here = here.setdefault(key, {})
        elif isinstance(here, list) and isinstance(key, int) and 0 <= key < len(here):
            here = here[key]
        else:
            raise refusal("edit.place", id=id_ or "''", at=path_of(keys))
    last = keys[-1]
    fits = isinstance(here, dict) if isinstance(last, str) else isinstance(here, list) and 0 <= last < len(here)
    if not fits:
        raise refusal("edit.place", id=id_ or "''", at=path_of(keys))
    here[last] = value
    return made


def keys_of(key: object) -> tuple[str | int, ...]:
    """
    The keys that lead to a value in an element.

    Raises:
        InputError: it is no key, or they lead deeper than a definition can be.
    """
    given = (key,) if isinstance(key, str) else key
    if isinstance(given, (tuple, list)) and 0 < len(given) <= MOST_DEPTH:
        keys = tuple(one for one in given if isinstance(one, str) or type(one) is int)
        if len(keys) == len(given):
            return keys
    raise refusal("edit.key", value=shown(key))


def holds(data: Any, keys: tuple[str | int, ...]) -> bool:
    """Whether the keys lead somewhere; with none, whether anything can be put in."""
    for key in keys:
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list) and isinstance(key, int) and 0 <= key < len(data):
            data = data[int(key)]
        else:
            return False
    return isinstance(data, (Mapping, list)) or bool(keys)


def plain(value: Any) -> Any:
    """
    A copy as plain data.

    Raises:
        InputError: it holds what no definition can.
    """
    from servflow.documents._plain import plain_mapping

    try:
        made, findings = plain_mapping({"value": value})
    except DefinitionError as error:  # nested too deep, or in itself
        made, findings = {}, list(error.findings)
    if findings:
        raise refusal("edit.value", why=findings, at=findings[0].path, cause=(findings[0].code, findings[0].facts))
    return made["value"]


def moves(old: Mapping[str, Element], new: Mapping[str, Element]) -> dict[str, str]:
    """The ids that changed between two sources whose elements stand at the same places but for their names."""
    if len(old) != len(new):
        return {}
    return {before: after for before, after in zip(old, new, strict=True) if before != after}


def moves_around(
    old: Mapping[str, Element], new: Mapping[str, Element], was: Sequence[Steps], now: Steps | None
) -> dict[str, str]:
    """
    The ids that changed where elements came, went or moved: those of others that say the same are counted anew.

    Args:
        was: where what went or moved stood.
        now: where what came or moved stands.
    """

    def parted(elements: Mapping[str, Element], places: Sequence[Steps]) -> tuple[list[str], list[str]]:
        inside = {id_ for id_, one in elements.items() if any(within(one.steps, place) for place in places)}
        return [id_ for id_ in elements if id_ not in inside], [id_ for id_ in elements if id_ in inside]

    pairs = zip(parted(old, was), parted(new, () if now is None else (now,)), strict=True)
    alike = [(before, after) for before, after in pairs if len(before) == len(after)]
    return {one: other for before, after in alike for one, other in zip(before, after, strict=True) if one != other}


def within(inner: Steps, outer: Steps) -> bool:
    """Whether a place is another one or lies in it."""
    return inner[: len(outer)] == outer


def id_part(name: object) -> str:
    """A name as ids write it."""
    return str(name).replace("%", "%25").replace("/", "%2F").replace("#", "%23")


def word_to_add(name: object, kind: str, there: Iterable[Element]) -> str:
    """
    A name for a section that holds nothing but names.

    Raises:
        InputError: it is no name, or taken.
    """
    checked_name(name)
    if any(one.kind == kind and one.name == name for one in there):
        raise refusal("edit.taken", what=an(kind), name=name)
    return str(name)


def checked_name(name: object) -> None:
    """
    Refuse what is no name.

    Raises:
        InputError: it is no text on one line.
    """
    if not isinstance(name, str) or not name.strip() or name != name.strip() or "\n" in name:
        raise refusal("edit.name", value=shown(name))
