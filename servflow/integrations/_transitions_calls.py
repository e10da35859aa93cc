"""Knows how the callbacks of a machine of `transitions` become named effects; must not know which of them a move runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from attrs import define, field

from servflow.errors import InputError

LAMBDA = "<lambda>"


def called(func: Any) -> str:
    """How a piece of code is shown to people."""
    while isinstance(func, partial):
        func = func.func
    return func if isinstance(func, str) else str(getattr(func, "__qualname__", repr(func)))


def _own_name(func: Any) -> str | None:
    """The name code goes by, or None where it has none."""
    while isinstance(func, partial):
        func = func.func
    name = func if isinstance(func, str) else getattr(func, "__name__", None)
    return None if name is None or name == LAMBDA else str(name)


def _same(first: Any, other: Any) -> bool:
    """Whether two callbacks do the same: of partials also what they are given."""
    if isinstance(first, partial) and isinstance(other, partial):
        return (first.func, first.args, first.keywords) == (other.func, other.args, other.keywords)
    return bool(first == other)


@define(eq=False)
class Calls:
    """
    The effects that stand for callbacks, by the names they get.

    ``given`` names code that has no name of its own (None: leave it out), ``triggers`` are the events of the machine:
    a callback that is one of them becomes an event the ticket raises itself.
    """

    given: Mapping[Any, str | None]
    triggers: frozenset[str]
    names: dict[str, Any] = field(factory=dict)
    dropped: dict[str, None] = field(factory=dict)
    raised: dict[str, None] = field(factory=dict)

    def actions(self, callbacks: Iterable[Any], where: str, *, told: bool = True) -> list[dict[str, Any]]:
        """
        What a list of callbacks becomes; what has no name is noted as dropped, an event as raised if *told*.

        Raises:
            InputError: two functions go by one name.
        """
        found: list[dict[str, Any]] = []
        for func in callbacks or ():
            if func in self.given:
                name = self.given[func]
                if name is None:
                    continue
            else:
                name = _own_name(func)
            if name is None:
                self.dropped[f"{called(func)}, {where}: it has no name; pass calls={{function: 'a name'}}"] = None
            elif isinstance(func, str) and func in self.triggers and name == func:
                if told:
                    self.raised[name] = None
                found.append({"emit": name})
            else:
                self._claim(name, func)
                found.append({"call": name})
        return found

    def _claim(self, name: str, func: Any) -> None:
        known = self.names.setdefault(name, func)
        if not isinstance(func, str) and not isinstance(known, str) and not _same(known, func):
            raise InputError(
                f"the callbacks {called(known)} and {called(func)} would both be the call {name!r}; "
                "pass calls={function: 'a name'} for one of them",
                code="integrations.call",
                call=name,
            )
