"""Knows how names and fields are read from what the host passes; must not know operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._nodes import Name
from servflow.expressions._values import PLAIN, TypeValue, admit, kind

Run: TypeAlias = Callable[[Any], Any]
"""A compiled node: from what it runs in to an admitted value."""

_ABSENT = object()
LEAST, GREATEST = limits.INT_MIN, limits.INT_MAX


def field_of(holder: Any, field: str, position: int, *, absent: bool) -> Any:
    """
    The admitted value of a map at a field.

    Args:
        holder: an admitted value.
        field: the key.
        position: where the selection is written.
        absent: whether a missing key, and any key of null, reads as null.

    Raises:
        ExpressionError: there is no such key, or the holder is no map.
    """
    if type(holder) is dict or isinstance(holder, Mapping):
        try:
            value = holder[field]
        except KeyError:
            if absent:
                return None
            raise fault("no_such_key", key=repr(field), position=position) from None
        return value if type(value) in PLAIN else admit(value)
    if holder is None and absent:
        return None
    raise fault("not_a_map", field=field, kind=kind(holder), position=position)


def selector(operand: Run, field: str, position: int, *, absent: bool) -> Run:
    """A field of what another closure gives."""
    return lambda env: field_of(operand(env), field, position, absent=absent)


@frozen
class Reading:
    """
    How free names are read.

    ``framed``: the bindings are the first item of a frame. ``absent``: what is not there reads as null.
    """

    framed: bool
    absent: bool

    def missing(self, name: str, position: int, type_value: TypeValue | None) -> Any:
        """What a name that is not bound stands for: a type, or null, or an error."""
        if type_value is not None:
            return type_value
        if self.absent:
            return None
        raise fault("no_such_name", name=name, position=position)

    def name(self, name: str, position: int, type_value: TypeValue | None) -> Run:
        """A free name by itself."""
        missing = self.missing
        if self.framed:

            def framed(env: Any) -> Any:
                try:
                    value = env[0][name]
                except KeyError:
                    return missing(name, position, type_value)
                return value if type(value) in PLAIN or (type(value) is int and LEAST <= value <= GREATEST) else admit(value)

            return framed

        def direct(env: Any) -> Any:
            try:
                value = env[name]
            except KeyError:
                return missing(name, position, type_value)
            return value if type(value) in PLAIN or (type(value) is int and LEAST <= value <= GREATEST) else admit(value)

        return direct

    def context(self, function: str, name: str, position: int) -> Run:
        """The binding a function asks, as it is; where there is none there is no such function."""
        framed = self.framed

        def run(env: Any) -> Any:
            try:
                return (env[0] if framed else env)[name]
            except KeyError:
                raise fault("not_supplied", name=function, position=position) from None

        return run

    def path(self, name: Name, fields: tuple[str, ...], position: int, type_value: TypeValue | None) -> Run:
        """
        Fields selected one after the other from a free name.

        Where the root is not bound, the longest dotted name that is bound is the root, as the
        specification resolves qualified names.
        """
        framed, absent = self.framed, self.absent
        root, start = name.name, name.position

        def run(env: Any) -> Any:
            bindings = env[0] if framed else env
            rest = fields
            try:
                value = bindings[root]
            except KeyError:
                value, rest = self._qualified(bindings, root, fields)
                if value is _ABSENT:
                    return self.missing(root, start, type_value)
            if type(value) not in PLAIN:
                value = admit(value)
            for field in rest:
                value = field_of(value, field, position, absent=absent)
            return value

        return run

    @staticmethod
    def _qualified(bindings: Any, root: str, fields: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
        for count in range(len(fields), 0, -1):
            try:
                return bindings[".".join((root, *fields[:count]))], fields[count:]
            except KeyError:
                continue
        return _ABSENT, ()
