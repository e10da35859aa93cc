"""Knows who does something; must not know what anybody may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError


def _names(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value} if isinstance(value, str) else set(value)))


@frozen
class Actor:
    """
    The one who does something: an id, the roles they hold and the outlets whose tickets they may act on.

    A host passes an ``Actor``, the mapping ``{"id": ..., "roles": [...]}``, or a bare id whose roles
    the world knows. Roles of the world are added to those given.
    """

    id: str
    roles: tuple[str, ...] = field(default=(), converter=_names)
    outlets: tuple[str, ...] = field(default=(), converter=_names)

    @classmethod
    def of(cls, value: Actor | Mapping[str, Any] | str | None) -> Actor | None:
        """
        Read an actor from what a host passes.

        Raises:
            InputError: it is none of the three forms.
        """
        if value is None or isinstance(value, Actor):
            return value
        if isinstance(value, str) and value:
            return SYSTEM if value == SYSTEM.id else cls(value)
        if isinstance(value, Mapping) and isinstance(value.get("id"), str) and value.keys() <= {"id", "roles", "outlets"}:
            return cls(value["id"], value.get("roles", ()), value.get("outlets", ()))
        raise InputError(
            f"actor {value!r} is not understood; pass Actor('ann', roles=['clerk']), its mapping, or an id", actor=value
        )


SYSTEM = Actor("system", ("system",))
"""Who timers, rules and dispatch act as."""
