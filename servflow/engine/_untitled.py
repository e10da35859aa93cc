"""Knows a definition's canonical data without what only people read in it; must not know what is compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Data = Mapping[str, Any]

TOLD = frozenset({"title", "description"})
"""What of an element people read and nothing depends on."""


def untitled(data: Data) -> dict[str, Any]:
    """The canonical data of a definition without titles and descriptions, wherever an element may have them."""
    made: dict[str, Any] = {key: value for key, value in data.items() if key not in (*TOLD, "titles")}
    for section in ("transitions", "clocks", "dispatch", "laws", "surveys"):
        if section in made:
            made[section] = [_bare(one) for one in made[section]]
    for section in ("fields", "events"):
        if section in made:
            made[section] = {name: _field(one) for name, one in made[section].items()}
    if "escalations" in made:
        made["escalations"] = [
            {**_bare(one), "levels": [_bare(level) for level in one["levels"]]} for one in made["escalations"]
        ]
    if "tables" in made:
        made["tables"] = {name: _table(one) for name, one in made["tables"].items()}
    if "states" in made:
        made["states"] = _states(made["states"])
    return made


def _bare(one: Any) -> Any:
    return {key: value for key, value in one.items() if key not in TOLD} if isinstance(one, Mapping) else one


def _field(one: Any) -> Any:
    return {key: value for key, value in _bare(one).items() if key != "titles"} if isinstance(one, Mapping) else one


def _table(one: Data) -> dict[str, Any]:
    inputs = [_column(column, "name") for column in one.get("inputs", ())]
    outputs = {name: _column(column, "type") for name, column in one.get("outputs", {}).items()}
    return {**_bare(one), "inputs": inputs, "outputs": outputs}


def _column(column: Any, alone: str) -> Any:
    """A column as it is written where it has no title: by one word where that says all."""
    made = _bare(column)
    return made[alone] if isinstance(made, Mapping) and set(made) == {alone} else made


def _states(level: Data) -> dict[str, Any]:
    # Canonical data of a definition that loaded: it is no deeper than definitions may be.
    out: dict[str, Any] = {}
    for name, state in level.items():
        made = _bare(state)
        if "checklist" in made:
            made["checklist"] = [_column(step, "step") for step in made["checklist"]]
        for key in ("approval", "reopen"):
            if isinstance(made.get(key), Mapping):
                made[key] = _bare(made[key])
        if "states" in made:
            made["states"] = _states(made["states"])
        out[name] = made
    return out


__all__ = ["TOLD", "untitled"]
