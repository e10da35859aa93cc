"""Knows how dotted names stand for places in nested bindings; must not know what is bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MISSING = object()
"""What stands for a name of which nothing is said."""


def at_path(source: Any, read: str) -> Any:
    """What bindings hold at a dotted name, by the whole name or step by step; ``MISSING`` where nothing is said."""
    if source is None:
        return MISSING
    root, *rest = read.split(".")
    if rest:
        try:
            return source[read]
        except KeyError:
            pass
    try:
        value = source[root]
    except KeyError:
        return MISSING
    for step in rest:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return MISSING
        try:
            value = value[step]
        except KeyError:
            return MISSING
    return value


def copied(bindings: Mapping[str, Any]) -> dict[str, Any]:
    """The same nested bindings, to be changed."""
    return {key: copied(value) if type(value) is dict else value for key, value in bindings.items()}


def put(bindings: dict[str, Any], read: str, value: Any) -> None:
    """Set a dotted name in nested bindings; what stands where a holder is needed gives way to one."""
    *holders, last = read.split(".")
    for step in holders:
        held = bindings.get(step)
        if not isinstance(held, dict):
            held = dict(held) if isinstance(held, Mapping) else {}
            bindings[step] = held
        bindings = held
    bindings[last] = value
