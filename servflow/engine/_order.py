"""Knows where in a definition the order of names has a meaning; must not know what the names stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def meant_orders(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """
    The orders of names that say something, by path.

    Regions of a parallel state are entered in their order; where no initial state is named the first one is it; output
    cells of a table are read in the order of its outputs.
    """
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, Mapping[str, Any], Any]] = [("", data.get("states", {}), data)]
    while waiting:
        path, level, around = waiting.pop()
        if around.get("parallel"):
            found[f"{path}states"] = tuple(level)
        elif not around.get("initial"):
            found[f"{path}initial"] = tuple(name for name, state in level.items() if not state.get("history"))[:1]
        waiting += [(f"{path}states.{name}.", state["states"], state) for name, state in level.items() if state.get("states")]
    for name, table in data.get("tables", {}).items():
        found[f"tables.{name}.outputs"] = tuple(table.get("outputs", ()))
    return found


__all__ = ["meant_orders"]
