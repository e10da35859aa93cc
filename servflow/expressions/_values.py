"""Knows which Python values an expression may hold and what they are to CEL; must not know operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import NoneType
from typing import Any

from attrs import frozen

from servflow.errors import TimeError
from servflow.expressions import _limits as limits
from servflow.expressions._faults import OutOfSteps, fault
from servflow.model._instants import instant


class Uint(int):
    """An unsigned integer inside the engine; Python code outside sees a plain int."""

    __slots__ = ()


@frozen
class TypeValue:
    """A type as a value, such as what ``type(1)`` gives; outside it is its name."""

    name: str


KINDS: dict[type, str] = {
    NoneType: "null_type",
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    tuple: "list",
    dict: "map",
    datetime: "timestamp",
    timedelta: "duration",
    Decimal: "decimal",
    TypeValue: "type",
}

TYPE_NAMES: dict[str, TypeValue] = {
    name: TypeValue(name)
    for name in (
        "bool", "bytes", "decimal", "double", "int", "list", "map", "null_type", "string", "type", "uint",
        "google.protobuf.Timestamp", "google.protobuf.Duration",
    )
}  # fmt: skip
_NAME_OF_KIND = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}

PLAIN = frozenset({str, bool, float, bytes, NoneType, list, dict, tuple, Uint, TypeValue})
"""Types whose every value may be used as it comes."""


def kind(value: Any) -> str:
    """What an admitted value is to CEL, in the short words ``timestamp`` and ``duration`` included."""
    found = KINDS.get(type(value))
    return "map" if found is None else found


def type_of(value: Any) -> TypeValue:
    """The type of an admitted value as a value."""
    name = kind(value)
    return TYPE_NAMES[_NAME_OF_KIND.get(name, name)]


def _whole(value: int) -> int:
    if limits.INT_MIN <= value <= limits.INT_MAX:
        return int(value)
    raise fault("binding_range", value=short(value))


def short(value: object) -> str:
    """A value as an error shows it; Python refuses to write very long integers out."""
    if isinstance(value, int) and value.bit_length() > 200:
        return "an integer of more than 60 digits"
    return str(value)[:80]


def _moment(value: datetime) -> datetime:
    try:
        return instant(value, "a bound timestamp")
    except TimeError as error:
        raise fault("binding_time", reason=error.message) from None


def _length(value: timedelta) -> timedelta:
    if abs(value) > timedelta(microseconds=limits.MAX_DURATION_MICROS):
        raise fault("range", what="duration", value=short(value))
    return value if type(value) is timedelta else timedelta(value.days, value.seconds, value.microseconds)


def _exact(value: Decimal) -> Decimal:
    if not value.is_finite() or (value and abs(value.adjusted()) > limits.DECIMAL_EXPONENT):
        raise fault("binding_decimal", value=short(value))
    return value if type(value) is Decimal else Decimal(value)


# In this order: bool is an int, and a datetime is looked for before anything that might wrap one.
_ADMITTING: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (bool, bool),
    (int, _whole),
    (float, float),
    (str, str.__str__),
    (bytes, bytes),
    (datetime, _moment),
    (timedelta, _length),
    (Decimal, _exact),
    (list, lambda value: value),
    (tuple, list),
)


def admit(value: Any) -> Any:
    """
    A value from outside in the engine's own form; values already in it pass unchanged.

    Maps pass as they are and are read key by key, when a key is asked for.

    Raises:
        ExpressionError: the value is of a kind no expression can hold.
    """
    if type(value) in PLAIN:
        return value
    for accepted, convert in _ADMITTING:
        if isinstance(value, accepted):
            return convert(value)
    if isinstance(value, Mapping):
        return value
    raise fault("binding", kind=type(value).__name__)


def release(value: Any) -> Any:
    """
    A value of the engine as plain Python: uint as int, a type as its name, lists and maps copied.

    Raises:
        ExpressionError: lists and maps are nested deeper than ``MAX_DEPTH``.
        OutOfSteps: they hold more than ``MAX_STEPS`` values.
    """
    return _release(value, [None, limits.MAX_STEPS], 0)


def spend(meter: list[Any], steps: int) -> None:
    """
    Take steps from what is left in ``meter[1]``.

    Raises:
        OutOfSteps: there are not so many left.
    """
    meter[1] -= steps
    if meter[1] < 0:
        raise OutOfSteps


def _release(value: Any, meter: list[Any], depth: int) -> Any:
    found = KINDS.get(type(value))
    if found == "uint":
        return int(value)
    if found == "type":
        return value.name
    if found is not None and found not in ("list", "map"):
        return value
    if depth > limits.MAX_DEPTH:
        raise fault("too_deep", limit=limits.MAX_DEPTH)
    value = admit(value)
    if isinstance(value, (list, tuple)):
        spend(meter, len(value))
        return [_release(admit(item), meter, depth + 1) for item in value]
    copied = {}
    for key in value:
        spend(meter, 1)
        copied[_release(checked_key(key), meter, depth + 1)] = _release(admit(value[key]), meter, depth + 1)
    return copied


def checked_key(key: Any) -> Any:
    """
    A key a map may hold: int, uint, bool or string.

    Raises:
        ExpressionError: any other kind.
    """
    key = admit(key)
    if kind(key) not in ("int", "uint", "bool", "string"):
        raise fault("key_kind", kind=kind(key))
    return key
