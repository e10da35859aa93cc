"""Knows which updates of a transition may fail on a real ticket, so that the event is refused; must not know places or laws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._regions import path

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled, Link
    from servflow.model import Field

_SAFE = frozenset({"_==_", "_!=_", "_&&_", "_||_", "!_"})
_STRICT = frozenset({"_+_", "_-_", "_*_", "-_", "_<_", "_<=_", "_>_", "_>=_"})
_DIVIDING = frozenset({"_/_", "_%_"})
_THERE = frozenset({"at", "opened_at", "entered_at", "priority"})


def failing(compiled: Compiled, link: Link) -> str | None:
    """The first update of a transition that may not be computed, or may not fit where it is set; None where all do."""
    look = _Look(compiled, link.spec.payload)
    for update in link.updates:
        for name, value in update.values.items() if update.kind == "set" else ():
            spec = compiled.workflow.fields.get(name)
            if look.fails(value.tree) or (spec is not None and spec.one_of and not look.listed(value.tree, spec)):
                return f"{name}: {value.text}"
    return None


class _Look:
    """One look at the updates of a transition with its payload; whatever is not known to go well may fail."""

    def __init__(self, compiled: Compiled, payload: Mapping[str, Field]) -> None:
        self.fields = compiled.workflow.fields
        self.payload = payload

    def _spec(self, tree: Any) -> Field | None:
        name = path(tree) or ""
        return self.payload.get(name.removeprefix("payload.")) if name.startswith("payload.") else self.fields.get(name)

    def fails(self, tree: Any) -> bool:
        """Whether there may be no value."""
        # Recursion follows the nesting of an expression, which its parser limits.
        if "const" in tree or "has" in tree:
            return False
        name = path(tree)
        if name is not None:
            return name.startswith("payload.") and self._spec(tree) is None
        call, args = tree.get("call"), tree.get("args", ())
        if "target" in tree:
            return True
        if call in ("duration", "timestamp"):
            return not all("const" in arg for arg in args)  # a text that is none does not load
        if call not in _SAFE | _STRICT | _DIVIDING | {"_?_:_"} or any(self.fails(arg) for arg in args):
            return True
        if call in _DIVIDING and not args[1].get("const"):
            return True
        return call in _STRICT | _DIVIDING and any(self._null(arg) for arg in args)

    def _null(self, tree: Any) -> bool:
        """Whether the value may be null."""
        name = path(tree)
        if name is not None:
            spec = self._spec(tree)
            if spec is None:
                return name not in _THERE
            there = not spec.optional if name.startswith("payload.") else spec.required
            return spec.default is None and not there
        if "const" in tree:
            return tree["const"] is None
        if tree.get("call") == "_?_:_":
            return any(self._null(arg) for arg in tree["args"][1:])
        return False

    def listed(self, tree: Any, spec: Field) -> bool:
        """Whether the value is one of those a field may hold."""
        if "const" in tree:
            return True  # one that does not fit does not load
        if tree.get("call") == "_?_:_":
            return all(self.listed(arg, spec) for arg in tree["args"][1:])
        other = self._spec(tree)
        return other is not None and bool(other.one_of) and set(other.allowed) <= set(spec.allowed)


__all__ = ["failing"]
