"""Knows which parts of two definitions seem to be the same under other names; must not know what is done about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from servflow.model import canonical

ENOUGH = 0.5
"""How much two parts must share, from 0 to 1, for one to be suggested as the other."""

MOST = 200
"""How many parts of each side are compared with each other."""

Tokens = frozenset[str]


def alike_states(old: Mapping[str, Any], new: Mapping[str, Any], gone: Iterable[str], fresh: Iterable[str]) -> dict[str, str]:
    """For states that are gone, the new state that stands in the same place: by its parts, moves and promises."""
    common = frozenset(_states(old)) & frozenset(_states(new))
    return _paired(_about(old, gone, common), _about(new, fresh, common))


def alike_fields(old: Mapping[str, Any], new: Mapping[str, Any], gone: Iterable[str], fresh: Iterable[str]) -> dict[str, str]:
    """For fields that are gone, the new field of the same type and values, or of the same type and like name."""
    return _paired(_field_tokens(old, gone), _field_tokens(new, fresh))


def _states(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [data.get("states", {})]
    while waiting:
        for name, state in waiting.pop().items():
            found[name] = state
            if state.get("states"):
                waiting.append(state["states"])
    return found


def _about(data: Mapping[str, Any], names: Iterable[str], common: frozenset[str]) -> dict[str, Tokens]:
    states = _states(data)
    wanted = [name for name in names if name in states][:MOST]
    tokens: dict[str, set[str]] = {}
    for name in wanted:
        tokens[name] = {f"{key}={_text(value)}" for key, value in states[name].items() if key != "states"}
        tokens[name] |= {f"inside {inner}" for inner in states[name].get("states", ())}
    for move in data.get("transitions", ()):
        sources, targets = _list(move.get("source")), _list(move.get("target"))
        event = move.get("event") or "-"
        for name in wanted:
            if name in sources:
                ends = [one if one in common else "?" for one in targets if one != name]
                tokens[name] |= {f"out {event}", f"out {event} to {ends}", f"out {event} if {move.get('when')}"}
            if name in targets:
                starts = [one if one in common else "?" for one in sources if one != name]
                tokens[name] |= {f"in {event}", f"in {event} of {starts}"}
    for section in ("clocks", "escalations", "dispatch"):
        for item in data.get(section, ()):
            for key, value in item.items():
                for name in wanted:
                    if name in _names(value):
                        tokens[name].add(f"{section} {item.get('name')} {key}")
    initial = _list(data.get("initial"))
    for name in wanted:
        if name in initial:
            tokens[name].add("initial")
    return {name: frozenset(found) for name, found in tokens.items()}


def _field_tokens(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Tokens]:
    fields = data.get("fields", {})
    return {
        name: frozenset(f"{key}={_text(value)}" for key, value in {"type": "string", **fields[name]}.items())
        for name in list(names)[:MOST]
        if name in fields
    }


def _names(value: Any) -> set[str]:
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
    return found


def _paired(gone: Mapping[str, Tokens], fresh: Mapping[str, Tokens]) -> dict[str, str]:
    """The pairs that each like each other best, from the likest on."""
    scores = sorted(
        (
            (-_likeness(name, tokens, other, others), name, other)
            for name, tokens in gone.items()
            for other, others in fresh.items()
        )
    )
    found: dict[str, str] = {}
    for score, name, other in scores:
        if -score >= ENOUGH and name not in found and other not in found.values():
            found[name] = other
    return found


def _likeness(name: str, tokens: Tokens, other: str, others: Tokens) -> float:
    every = tokens | others
    shared = len(tokens & others) / len(every) if every else 0.0
    return 0.7 * shared + 0.3 * difflib.SequenceMatcher(None, name, other).ratio()


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _text(value: Any) -> str:
    return canonical([value]).decode()


__all__ = ["alike_fields", "alike_states"]
