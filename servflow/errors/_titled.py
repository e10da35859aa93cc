"""Knows which facts of a refusal name parts of a workflow, so that they can be told by title; must not know any workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from servflow.errors._catalogue import render

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

    found = {name: title(_KINDS[name], value) if name in _KINDS else value for name, value in facts.items()}
    change = facts.get("change")
    if "remedy" in facts and isinstance(change, Mapping):
        found["remedy"] = {**facts["remedy"], lang: _remedy(change, called, lang)}
    return found


def remedy_code(change: Mapping[str, Any]) -> str:
    """The sentence for a change that would allow what was refused; *change* as its fact tells it."""
    if change["to"] is None:
        return "refused.would_clear"
    if not change.get("any"):
        return "refused.would_change"
    return "refused.would_fill" if change["from"] is None else "refused.would_another"


def _remedy(change: Mapping[str, Any], called: Callable[..., str], lang: str) -> str:
    """What would allow it, with the field and a listed value as people call them; a payload key by the field of its name."""
    name = change.get("field") or change["payload"]
    field = called("field", name, lang=lang)
    if "payload" in change and field == name:
        field = f"payload.{name}"
    to = called("value", plain_text(change["to"]), of=name, lang=lang)
    return render(remedy_code(change), {"field": field, "to": to}, lang)


def plain_text(value: Any) -> str:
    """A value of a change as a sentence tells it, from its JSON form."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "[]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


__all__ = ["by_titles", "plain_text", "remedy_code"]
