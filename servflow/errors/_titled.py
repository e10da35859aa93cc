"""Knows which facts of a refusal name parts of a workflow, so that they can be told by title; must not know any workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_KINDS: Mapping[str, str] = {
    "event": "event",
    "did": "event",
    "state": "state",
    "allowed_in": "state",
    "needs": "role",
    "deny": "role",
    "clock": "clock",
}
"""Fact -> what kind of part it names; where a payload is needed, ``needs`` is a mapping of types and names none."""


def by_titles(facts: Mapping[str, Any], called: Callable[..., str] | None, lang: str) -> Mapping[str, Any]:
    """The facts with what people call the parts of a workflow in place of their names; as they are where nobody says."""
    if called is None:
        return facts

    def title(kind: str, value: Any) -> Any:
        if isinstance(value, str):
            # A ticket in several states at once is in ``a+b``.
            names = value.split("+") if kind == "state" else [value]
            return " + ".join(called(kind, name, lang=lang) for name in names)
        if isinstance(value, (list, tuple)):
            return tuple(title(kind, one) for one in value)
        return value

    return {name: title(_KINDS[name], value) if name in _KINDS else value for name, value in facts.items()}


__all__ = ["by_titles"]
