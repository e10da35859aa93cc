"""Knows how open time of any kind is read back from data; must not know how it is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from attrs import evolve

from servflow.calendars._calendar import Calendar
from servflow.calendars._combined import MOST_DEPTH, MOST_PARTS, Combined
from servflow.calendars._holidays import Lists, with_lists
from servflow.calendars._open import OpenTime
from servflow.errors import DefinitionError, Finding

_OPERATIONS = ("any_of", "all_of", "minus")


_NONE = Lists({})


def from_data(data: Mapping[str, Any], lists: Lists = _NONE) -> OpenTime:
    """
    The calendar or combination that a mapping describes: what ``to_data`` wrote, or a document holds.

    A combination is a mapping with the one key ``any_of``, ``all_of`` or ``minus`` and a list of parts. A calendar may name
    lists of holidays among its own (``holidays: [{list: china}, "2026-05-01"]``): their dates are put in their place, and what
    comes out says them all, so that it can be read without the lists.

    Args:
        data: what describes it.
        lists: the lists of holidays there are, by name.

    Raises:
        DefinitionError: with the problems of the first part that is wrong.
    """
    return _read(data, "", MOST_DEPTH, _Left(iter(range(MOST_PARTS)), lists))


def names_lists(data: object) -> bool:
    """Whether a calendar, or a part of a combination, names a list of holidays."""
    waiting = [data]
    for _ in range(MOST_PARTS * MOST_DEPTH):
        if not waiting:
            return False
        part = waiting.pop()
        if isinstance(part, Mapping):
            entries = part.get("holidays")
            if isinstance(entries, (list, tuple)) and any(isinstance(item, Mapping) and "list" in item for item in entries):
                return True
            parts = [part.get(name) for name in _OPERATIONS]
            waiting += [inner for found in parts if isinstance(found, (list, tuple)) for inner in found[:MOST_PARTS]]
    return False


class _Left(NamedTuple):
    """How many parts may still be read, and the lists they may name."""

    parts: Iterator[int]
    lists: Lists


def _read(data: object, path: str, deeper: int, left: _Left) -> OpenTime:
    if not isinstance(data, Mapping):
        raise DefinitionError.of([Finding(code="calendar.part", path=path, facts={"value": type(data).__name__})])
    operation = next((name for name in _OPERATIONS if name in data), None)
    if operation is None:
        # Counted while reading: a document may name one part in many places and so be larger than it looks.
        if next(left.parts, None) is None:
            facts = {"count": MOST_PARTS + 1, "limit": MOST_PARTS}
            raise DefinitionError.of([Finding(code="calendar.parts", path=path, facts=facts)])
        try:
            return with_lists(data, left.lists) or Calendar.from_data(data)
        except DefinitionError as error:
            raise DefinitionError.of(evolve(one, path=f"{path}.{one.path}".strip(".")) for one in error.findings) from None
    if len(data) > 1:
        extra = next(key for key in data if key != operation)
        raise DefinitionError.of([Finding(code="calendar.key", path=path or operation, facts={"key": str(extra)})])
    if deeper == 0:
        raise DefinitionError.of([Finding(code="calendar.depth", path=path, facts={"limit": MOST_DEPTH})])
    parts = data[operation]
    if not isinstance(parts, (list, tuple)):
        raise DefinitionError.of([Finding(code="calendar.part", path=operation, facts={"value": type(parts).__name__})])
    place = f"{path}.{operation}" if path else operation
    read = tuple(_read(part, f"{place}[{number}]", deeper - 1, left) for number, part in enumerate(parts))
    return Combined(operation, read)
