"""Knows how open time of any kind is read back from data; must not know how it is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from servflow.calendars._calendar import Calendar
from servflow.calendars._combined import MOST_DEPTH, MOST_PARTS, Combined
from servflow.calendars._open import OpenTime
from servflow.errors import DefinitionError, Finding

_OPERATIONS = ("any_of", "all_of", "minus")


def from_data(data: Mapping[str, Any]) -> OpenTime:
    """
    The calendar or combination that a mapping describes: what ``to_data`` wrote, or a document holds.

    A combination is a mapping with the one key ``any_of``, ``all_of`` or ``minus`` and a list of parts.

    Raises:
        DefinitionError: with the problems of the first part that is wrong.
    """
    return _read(data, "", MOST_DEPTH, iter(range(MOST_PARTS)))


def _read(data: object, path: str, deeper: int, left: Iterator[int]) -> OpenTime:
    if not isinstance(data, Mapping):
        raise DefinitionError.of([Finding(code="calendar.part", path=path, facts={"value": type(data).__name__})])
    operation = next((name for name in _OPERATIONS if name in data), None)
    if operation is None:
        # Counted while reading: a document may name one part in many places and so be larger than it looks.
        if next(left, None) is None:
            facts = {"count": MOST_PARTS + 1, "limit": MOST_PARTS}
            raise DefinitionError.of([Finding(code="calendar.parts", path=path, facts=facts)])
        return Calendar.from_data(data)
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
