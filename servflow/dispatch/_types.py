"""Knows which type each expression of a policy must give; must not know what it is used for."""

from __future__ import annotations

from collections.abc import Mapping

_ANY = ("dyn", "null_type")
_NUMBER = ("int", "uint", *_ANY)
_INSTANT = ("timestamp", "string", *_ANY)
_NAMES = ("string", "list", "map", *_ANY)

_TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("takes", "minutes", "level", "below", "travel"), _NUMBER),
    **dict.fromkeys(("start", "end"), _INSTANT),
    **dict.fromkeys(("skill", "area", "language", "certificate", "contract", "part", "channel"), _NAMES),
    "window": ("bool", "list", *_ANY),
    "preferred": ("bool", "string", "list", *_ANY),
    "other_than": ("string", "list", *_ANY),
}


def types_at(path: str) -> tuple[str, ...]:
    """The types that an expression at this place of a policy may have; empty where any will do."""
    key = path.rpartition(".")[2]
    if path.startswith("prefer["):
        return ()
    return _NUMBER if path == "visit.window" else _TYPES.get(key, ())
