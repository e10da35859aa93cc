"""Knows an immutable mapping that reads like a dict; must not know what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenMap(dict[K, V]):
    """
    A dict that never changes: reads cost what a dict costs, writes raise ``TypeError``.

    It is a dict (``json.dumps`` and ``==`` work), is safe to share between snapshots, and pickles.
    """

    __slots__ = ()

    def with_item(self, key: K, value: V) -> FrozenMap[K, V]:
        """Return a new map in which *key* is *value*."""
        return FrozenMap({**self, key: value})

    def with_items(self, changes: Mapping[K, V]) -> FrozenMap[K, V]:
        """Return a new map with the changes laid over this one."""
        return FrozenMap({**self, **changes})

    def without(self, key: K) -> FrozenMap[K, V]:
        """Return a new map without *key*; the same map where it is not there."""
        return FrozenMap({name: value for name, value in self.items() if name != key}) if key in self else self

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this map never changes; use with_item() or fire an event")

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = _refuse
    pop = _refuse
    popitem = _refuse
    setdefault = _refuse
    update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenMap, (dict(self),)

    def __copy__(self) -> FrozenMap[K, V]:
        return self

    def __hash__(self) -> int:  # type: ignore[override]  # dict sets it to None because a dict changes
        return hash(frozenset((key, repr(value)) for key, value in self.items()))


EMPTY: FrozenMap[Any, Any] = FrozenMap()
"""The mapping that holds nothing."""


def frozen_map(value: Mapping[K, V] | None) -> FrozenMap[K, V]:
    """The mapping as one that never changes; empty for None."""
    if type(value) is FrozenMap:
        return value
    return FrozenMap(value) if value else EMPTY


def freeze(value: Any) -> Any:
    """A plain value with every list turned into a tuple and every mapping frozen, at any depth."""
    if isinstance(value, dict):
        return value if type(value) is FrozenMap else FrozenMap({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value
