"""Knows how values that live in a dict are made and copied; must not know what they mean."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from attrs import NOTHING, fields

T = TypeVar("T")


def replace(value: T, **changes: Any) -> T:
    """
    A copy with some attributes changed, for values kept in a dict (tickets and clocks).

    It trusts its caller to name attributes that exist, and costs a tenth of ``attrs.evolve``.
    """
    made: T = object.__new__(type(value))
    object.__setattr__(made, "__dict__", {**value.__dict__, **changes})
    return made


def from_dict(kind: type[T], held: dict[str, Any]) -> T:
    """
    A value of a class that lives in a dict, from a dict that it keeps; what stands at its default may be missing.

    It trusts its caller to give every value that has no default.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", held)
    return made


def lean(kind: type[T]) -> type[T]:
    """
    Put the defaults of a class that lives in a dict on the class itself.

    An instance made without calling the class then need hold only what differs from them: most of a ticket stands
    at its default, and is neither stored nor copied.
    """
    for attribute in fields(cast("Any", kind)):
        if attribute.default is not NOTHING:
            setattr(kind, attribute.name, attribute.default)
    return kind
