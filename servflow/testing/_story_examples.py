"""Knows how a story is told once for each of its examples; must not know what stories mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_EXAMPLES = 500
"""How many examples one story may have; the rest are left out of what is checked and run."""

_PLACE = re.compile(r"\{(\w{1,60})\}")
_LONGEST = 10_000
_PLAIN: Mapping[bool | None, str] = {True: "true", False: "false", None: "null"}


def told_apart(case: Any) -> Iterator[tuple[str, int | None, Any]]:
    """
    A story as its examples make it: the name of each, the number of the row from 0, and the case without ``examples``.

    A story without examples is told once. What is no mapping comes back as it is, for its shape to be judged.
    """
    if not isinstance(case, Mapping):
        yield "", None, case
        return
    name, rows = str(case.get("story", "")), case.get("examples")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        yield name, None, case
        return
    rest = {key: value for key, value in case.items() if key != "examples"}
    for index, row in enumerate(rows[:MOST_EXAMPLES]):
        made = _filled(rest, row)
        told = ", ".join(f"{key}={value}" for key, value in row.items())
        yield (f"{name} [{told[:200]}]" if made.get("story") == name else str(made.get("story"))), index, made


def places_in(text: str) -> tuple[str, ...]:
    """The names in braces in a text."""
    return tuple(_PLACE.findall(text))


def _filled(value: Any, row: Mapping[str, Any]) -> Any:
    """A value with what the row gives in the places of its names; a text that is one place becomes the value itself."""
    # Nested no deeper than the reader of documents allows.
    if isinstance(value, Mapping):
        return {_text(key, row): _filled(inner, row) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, row) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    if whole and whole[1] in row:
        return row[whole[1]]
    return _text(value, row)


def _text(text: str, row: Mapping[str, Any]) -> str:
    def put(found: re.Match[str]) -> str:
        given = row.get(found[1], found[0])
        return _PLAIN[given] if given is None or isinstance(given, bool) else str(given)

    return _PLACE.sub(put, text)[:_LONGEST]
