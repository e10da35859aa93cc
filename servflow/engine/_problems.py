"""Knows how the problems of a definition are collected and its conditions read; must not know what they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from servflow.engine._scope import TIMED
from servflow.errors import Finding, nearest
from servflow.expressions import AFTER_DAYS, COUNTED, IN_STATE, Expression, Function
from servflow.expressions._given import read_expression

Types = Mapping[str, Any]
SUPPLIED = {function.name: function for function in (IN_STATE, COUNTED, AFTER_DAYS)}
"""The functions every condition of a workflow may call besides those of the host."""


class Problems:
    """Collects every problem of a definition; nothing is lost because something else failed first."""

    def __init__(self, *, strict: bool = False) -> None:
        self.findings: list[Finding] = []
        self.strict = strict
        """Whether conditions fail where they would compare with nothing."""
        self.askable: Mapping[str, tuple[str, Mapping[str, Any]]] = {}
        """What a function of the workflow is asked about: the kind of thing, and all there are by name."""
        self.timed_tables: frozenset[str] = frozenset()
        """The tables whose rows come into force and go out of it: what they say changes with time alone."""

    def ask_of(self, *, states: Mapping[str, Any], calendars: Mapping[str, Any]) -> None:
        """Say what there is for conditions to ask about."""
        calendar = ("calendar", calendars)
        self.askable = {"in_state": ("state", states), "counted": calendar, "after_days": calendar}

    def add(self, code: str, path: str, severity: str = "error", **facts: Any) -> None:
        """Note one problem."""
        self.findings.append(Finding(code, path, facts, severity))

    def known(self, kind: str, name: Any, names: Iterable[str], path: str) -> bool:
        """Whether a name is declared; where it is not, that is a problem with a did-you-mean."""
        listed = tuple(sorted(names) if isinstance(names, (set, frozenset)) else names)
        if name in listed:
            return True
        self.add("name.unknown", path, kind=kind, name=name, known=listed, nearest=nearest(str(name), listed))
        return False

    def expression(
        self, text: Any, types: Types, path: str, *, functions: Mapping[str, Function] | None = None, timeless: bool = False
    ) -> Expression | None:
        """
        Parse and type one condition.

        ``timeless`` ones run without anybody firing them, so what changes with time alone would make the
        ticket's wake uncomputable; they are refused with the advice to use a mark or a timer.
        """
        made = read_expression(text, types, path, functions=functions, strict=self.strict)
        if isinstance(made, Finding):
            self.findings.append(made)
            return None
        for function, name in made.asks:
            kind, there = self.askable[function]
            self.known(kind, name, there, path)
        timed = self.timed(made)
        if timeless and timed:
            self.add("expression.time", path, text=made.text, names=timed)
        return made

    def timed(self, made: Expression) -> list[str]:
        """What a condition reads that changes with time alone, sorted."""
        names = {name for name in made.roots if name in TIMED}
        if self.timed_tables and "table" in made.roots:
            for read in made.reads:
                root, _, rest = read.partition(".")
                if root == "table":
                    named = {rest.partition(".")[0]} if rest else self.timed_tables
                    names |= {f"table.{name}" for name in named & self.timed_tables}
        return sorted(names)
