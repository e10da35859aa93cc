"""Knows what the guards and actions of an XState configuration become; must not know where in a chart they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import shown

_DEEPEST = 20


@define
class Words:
    """
    Gathers what guards and actions are called.

    ``problem`` takes a code, a path and facts; ``state`` finds the name of the state that ``in`` means.
    """

    conditions: Mapping[str, str]
    problem: Callable[..., None]
    state: Callable[[str], str | None]
    fields: dict[str, dict[str, Any]] = field(factory=dict)
    calls: dict[str, None] = field(factory=dict)
    dropped: dict[str, None] = field(factory=dict)

    def guard(self, item: Mapping[str, Any], path: str) -> str | None:
        """The condition of a transition; None where it has none."""
        given = item.get("guard", item.get("cond"))
        when = None if given is None else self._guarded(given, f"{path}.guard", 0)
        inside = item.get("in")
        if inside is not None:
            name = self.state(inside) if isinstance(inside, str) else None
            if name is None:
                self.problem("unknown_state", f"{path}.in", state=shown(inside))
            else:
                asked = f"in_state('{_quoted(name)}')"
                when = asked if when is None else f"({when}) && {asked}"
        return when

    def _guarded(self, given: Any, path: str, depth: int) -> str | None:
        if depth > _DEEPEST:
            self.problem("guard", path, guard=shown(given))
            return None
        if isinstance(given, str):
            return self._named(given, path)
        if not isinstance(given, Mapping):
            self.problem("guard", path, guard=shown(given))
            return None
        kind, inner = given.get("type"), given.get("guards", given.get("children"))
        if kind in ("xstate.and", "and", "xstate.or", "or") and isinstance(inner, list) and inner:
            parts = [self._guarded(part, path, depth + 1) for part in inner]
            sign = " && " if "and" in kind else " || "
            return None if None in parts else sign.join(f"({part})" for part in parts)
        if kind in ("xstate.not", "not"):
            part = self._guarded(given.get("guard", inner[0] if isinstance(inner, list) and inner else None), path, depth + 1)
            return None if part is None else f"!({part})"
        if isinstance(kind, str):
            name = given.get("name") if kind == "xstate.guard" else kind
            if given.get("params") is not None:
                self.dropped[f"params of the guard {name}"] = None
            return self._named(str(name), path)
        self.problem("guard", path, guard=shown(given))
        return None

    def _named(self, name: str, path: str) -> str | None:
        if name in self.conditions:
            return f"({self.conditions[name]})"
        if not name.isidentifier() or not name.isascii():
            self.problem("guard_name", path, guard=shown(name))
            return None
        self.fields[name] = {"type": "bool", "default": False}
        return name

    def actions(self, given: Any, path: str) -> list[dict[str, Any]]:
        """Named actions as ``call`` effects; ``raise`` of a named event as ``emit``."""
        found: list[dict[str, Any]] = []
        for index, item in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
            name = item if isinstance(item, str) else item.get("type") if isinstance(item, Mapping) else None
            if not isinstance(name, str) or not name:
                self.problem("action", f"{path}[{index}]", action=shown(item))
                continue
            raised = item.get("event") if isinstance(item, Mapping) else None
            if name in ("xstate.raise", "raise"):
                carried = isinstance(raised, Mapping) and bool(set(raised) - {"type"})
                raised = raised.get("type") if isinstance(raised, Mapping) else raised
                if isinstance(raised, str) and item.get("delay"):
                    self.dropped[f"the event {raised} raised after a delay at {path}"] = None
                    continue
                if isinstance(raised, str):
                    if carried:
                        self.dropped[f"what the event {raised} carries, raised at {path}"] = None
                    found.append({"emit": raised})
                    continue
            if name.startswith("xstate."):
                self.dropped[f"the action {name} at {path}"] = None
                continue
            if isinstance(item, Mapping) and set(item) - {"type"}:
                self.dropped[f"params of the action {name}"] = None
            self.calls[name] = None
            found.append({"call": name})
        return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
