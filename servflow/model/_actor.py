"""Knows who does something; must not know what anybody may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError, shown
from servflow.model._fields import name_flaw

_MOST_NAMES = 10_000
_KEYS = {"id", "roles", "outlets"}


def _names(value: Iterable[str]) -> tuple[str, ...]:
    if value == ():
        return ()
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise InputError(f"roles and outlets of an actor are lists of names, not {shown(value)}", value=shown(value))
    found = list(value)
    if len(found) > _MOST_NAMES:
        raise InputError(f"an actor has at most {_MOST_NAMES} roles or outlets, not {len(found)}", count=len(found))
    for name in found:
        flaw = name_flaw(name)
        if flaw is not None:
            raise InputError(f"roles and outlets of an actor are names: {flaw}", value=shown(name))
    return tuple(sorted(set(found)))


@frozen
class Actor:
    """
    The one who does something: an id, the roles they hold and the outlets whose tickets they may act on.

    A host passes an ``Actor``, the mapping ``{"id": ..., "roles": [...]}``, or a bare id whose roles
    the world knows. Roles of the world are added to those given.

    Raises:
        InputError: the id or a name is no text of 1 to 200 characters that can be stored.
    """

    id: str
    roles: tuple[str, ...] = field(default=(), converter=_names)
    outlets: tuple[str, ...] = field(default=(), converter=_names)

    def __attrs_post_init__(self) -> None:
        flaw = name_flaw(self.id)
        if flaw is not None:
            raise InputError(f"the id of an actor is a name: {flaw}", id=shown(self.id))

    @classmethod
    def of(cls, value: Actor | Mapping[str, Any] | str | None) -> Actor | None:
        """
        Read an actor from what a host passes.

        Raises:
            InputError: it is none of the three forms, or a name in it is none.
        """
        if value is None or isinstance(value, Actor):
            return value
        given: object = value
        if isinstance(given, str):
            return SYSTEM if given == SYSTEM.id else cls(given)
        if isinstance(given, Mapping) and "id" in given and given.keys() <= _KEYS:
            return cls(given["id"], given.get("roles", ()), given.get("outlets", ()))
        raise InputError(
            f"actor {shown(value)} is not understood; pass Actor('ann', roles=['clerk']), its mapping, or an id",
            actor=shown(value),
        )


SYSTEM = Actor("system", ("system",))
"""Who timers, rules and dispatch act as."""
