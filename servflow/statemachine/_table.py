"""Knows how remembered answers are kept within a bound; must not know what they answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Bound:
    """
    A common limit on the number of entries of several dicts; at the limit all of them are emptied.

    Needs no lock: an entry is a pure function of its key, so the worst that two threads can do is to work the
    same entry out twice, or to count one too few and clear a little later.
    """

    __slots__ = ("_clear", "_entries", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._entries = 0
        self._clear: list[Callable[[], None]] = []

    def watch(self, table: dict[Key, Value]) -> dict[Key, Value]:
        """Put a dict under the limit."""
        self._clear.append(table.clear)
        return table

    def keep(self, table: dict[Key, Value], key: Key, value: Value) -> Value:
        """Store an entry, making room first where there is none, and hand it back."""
        if self._entries >= self.size:
            for clear in self._clear:
                clear()
            self._entries = 0
        self._entries += 1
        table[key] = value
        return value
