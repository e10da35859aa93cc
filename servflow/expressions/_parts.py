"""Knows how parts of any document are read and their problems collected; must not know any kind of document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from servflow.errors import DefinitionError, Finding, nearest, shown
from servflow.expressions._builtins import Function
from servflow.expressions._expression import Expression
from servflow.expressions._given import read_expression
from servflow.model import name_flaw


class Parts:
    """
    Reads the parts of one document; nothing is lost because something else is wrong too.

    A kind of document has its own, which adds what only it has. ``kind`` begins the codes of its findings, and ``found`` holds
    them in the order in which they were met. What cannot be used is noted, and something stands in for it.
    """

    kind: ClassVar[str]

    def __init__(self, functions: Mapping[str, Function] | None = None) -> None:
        self.found: list[Finding] = []
        self.functions = functions

    def add(self, code: str, path: str, **facts: Any) -> None:
        """Note one problem; a code without a dot is one of the kind's own."""
        self.found.append(Finding(code if "." in code else f"{self.kind}.{code}", path, facts))

    def settle(self) -> None:
        """
        Raise what was found.

        Raises:
            DefinitionError: there was something.
        """
        if self.found:
            raise DefinitionError.of(self.found)

    def option(self, value: Any, known: tuple[str, ...], path: str) -> str:
        """One of a few words."""
        if isinstance(value, str) and value in known:
            return value
        close = nearest(value, known) if isinstance(value, str) else None
        self.add("option", path, value=shown(value), known=known, nearest=close)
        return known[0]

    def names(self, value: Any, path: str, most: int = 1_000) -> tuple[str, ...]:
        """A list of names, each once, or one name."""
        items = (value,) if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)) or any(name_flaw(item) is not None for item in items):
            self.add("names", path, value=shown(value))
            return ()
        if len(items) > most:
            self.add("too_many", path, count=len(items), limit=most)
            return ()
        return tuple(dict.fromkeys(items))

    def mapping(self, value: Any, path: str, most: int = 1_000) -> Mapping[str, Any]:
        """A mapping with names as keys; nothing for None."""
        if value is None:
            return {}
        if not isinstance(value, Mapping) or any(name_flaw(key) is not None for key in value):
            self.add("mapping", path, value=shown(value))
            return {}
        if len(value) > most:
            self.add("too_many", path, count=len(value), limit=most)
            return {}
        return value

    def parsed(self, value: Any, types: Mapping[str, Any] | None, path: str) -> Expression | None:
        """An expression of what it may read, as ``read_expression`` takes it."""
        made = read_expression(value, types, path, functions=self.functions)
        if isinstance(made, Expression):
            return made
        self.found.append(made)
        return None


__all__ = ["Parts"]
