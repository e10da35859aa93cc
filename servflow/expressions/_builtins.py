"""Knows the functions and methods of the language by name; must not know how a call is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from servflow.expressions import _conversions as convert
from servflow.expressions import _moments as moments
from servflow.expressions._faults import fault
from servflow.expressions._values import Uint, type_of


@frozen
class Overload:
    """
    One way to call a function: the kinds it takes and gives, ``dyn`` for any.

    ``style`` is ``function`` for ``f(x)``, ``method`` for ``x.f()``, ``both`` for either; a method's
    receiver is its first parameter. ``cost`` is what a call inside a macro takes from the steps.
    """

    params: tuple[str, ...]
    result: str
    run: Callable[..., Any]
    style: str = "function"
    cost: int = 1

    def fits(self, *, method: bool, count: int) -> bool:
        """Whether the call's form and number of arguments are this overload's."""
        return len(self.params) == count and self.style in ("both", "method" if method else "function")


@frozen(eq=False)
class Function:
    """
    A pure Python function of the host, callable as ``name(...)``.

    Args:
        name: what expressions call it; an identifier that no built-in function or macro has.
        params: the type of each parameter, as in ``fields``.
        result: the type of what it returns; None is always allowed.
        call: the function. It gets plain Python values and must be deterministic and quick; what it
            raises becomes an ExpressionError. Lenient evaluation does not call it with null except
            for a parameter of type ``any``.
        context: a binding, no identifier, whose value *call* gets before the arguments; the first argument
            is then a text written out. None for what a host registers.
    """

    name: str
    params: tuple[str, ...]
    result: str
    call: Callable[..., Any]
    context: str | None = None


def _text_of_int(value: int) -> str:
    return str(int(value))


def _same(value: Any) -> Any:
    return value


_CONVERSIONS: dict[str, tuple[str, dict[str, Callable[[Any], Any]]]] = {
    "int": (
        "int",
        {
            "int": _same,
            "uint": convert.int_of_int,
            "double": convert.int_of_double,
            "string": convert.int_of_text,
            "decimal": convert.int_of_decimal,
            "timestamp": moments.seconds_of,
        },
    ),
    "uint": (
        "uint",
        {"uint": _same, "int": convert.uint_of_int, "double": convert.uint_of_double, "string": convert.uint_of_text},
    ),
    "double": (
        "double",
        {
            "double": _same,
            "int": float,
            "uint": float,
            "string": convert.double_of_text,
            "decimal": convert.double_of_decimal,
        },
    ),
    "string": (
        "string",
        {
            "string": _same,
            "bool": lambda value: "true" if value else "false",
            "int": _text_of_int,
            "uint": _text_of_int,
            "double": convert.text_of_double,
            "decimal": convert.text_of_decimal,
            "bytes": convert.text_of_bytes,
            "timestamp": moments.write_timestamp,
            "duration": moments.write_duration,
        },
    ),
    "bytes": ("bytes", {"bytes": _same, "string": convert.bytes_of_text}),
    "bool": ("bool", {"bool": _same, "string": convert.bool_of_text}),
    "timestamp": (
        "timestamp",
        {"timestamp": _same, "string": moments.read_timestamp, "int": moments.timestamp_of},
    ),
    "duration": ("duration", {"duration": _same, "string": moments.read_duration}),
    "decimal": (
        "decimal",
        {
            "decimal": _same,
            "string": convert.decimal_of_text,
            "int": convert.decimal_of_int,
            "uint": convert.decimal_of_int,
        },
    ),
    "dyn": ("dyn", {"dyn": _same}),
    "type": ("type", {"dyn": type_of}),
}

# What each accessor reads from local time. The day of the month counts from 1 as getDate and from 0
# as getDayOfMonth; the day of the week counts from 0 on Sunday.
_ACCESSORS: dict[str, Callable[[Any], int]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}

# Of a duration: hours, minutes and seconds of the whole, but the milliseconds of its last second.
_LENGTHS: dict[str, Callable[[Any], int]] = {
    "getHours": lambda length: moments.towards_zero(length, 3600 * moments.SECOND),
    "getMinutes": lambda length: moments.towards_zero(length, 60 * moments.SECOND),
    "getSeconds": lambda length: moments.towards_zero(length, moments.SECOND),
    "getMilliseconds": lambda length: (
        moments.towards_zero(length, moments.MILLISECOND) - 1000 * moments.towards_zero(length, moments.SECOND)
    ),
}


# Finding a zone that is not known yet, or does not exist, reads files.
_ZONE_COST = 100


def _zoned(read: Callable[[Any], int]) -> Callable[[Any, str], int]:
    return lambda at, zone: read(moments.local(at, zone))


def _table() -> dict[str, tuple[Overload, ...]]:
    table: dict[str, list[Overload]] = {
        "size": [Overload((kind,), "int", len, "both") for kind in ("string", "bytes", "list", "map")],
        "contains": [Overload(("string", "string"), "bool", lambda text, part: part in text, "method")],
        "startsWith": [Overload(("string", "string"), "bool", str.startswith, "method")],
        "endsWith": [Overload(("string", "string"), "bool", str.endswith, "method")],
    }
    kinds = ("decimal", "int")
    table["round"] = [Overload((kind, *places), "decimal", convert.rounded) for kind in kinds for places in ((), ("int",))]
    for name, (result, sources) in _CONVERSIONS.items():
        table[name] = [Overload((source,), result, run) for source, run in sources.items()]
    for name, read in _ACCESSORS.items():
        table[name] = [
            Overload(("timestamp",), "int", read, "method"),
            Overload(("timestamp", "string"), "int", _zoned(read), "method", _ZONE_COST),
        ]
    for name, read in _LENGTHS.items():
        table[name].append(Overload(("duration",), "int", read, "method"))
    return {name: tuple(overloads) for name, overloads in table.items()}


BUILTINS: Mapping[str, tuple[Overload, ...]] = _table()

FOLDED = frozenset({"timestamp", "duration", "decimal", "int", "uint", "double", "string", "bool", "bytes"})
"""Conversions that come to the same for the same literal, and to something small."""

LEFT_OUT = frozenset({"matches"})
"""Functions of the specification that are refused with a reason."""


def accepts(param: str, kind: str) -> bool:
    """Whether a parameter of a kind takes a value of another."""
    return param in ("dyn", kind)


def coerced(kind: str, value: Any) -> Any:
    """
    An admitted value in the form its declared kind has, where Python writes several kinds alike.

    An int is a uint, a whole double or a decimal where one of these is declared; anything else stays as it is.
    """
    if type(value) is not int:
        return value
    if kind == "uint":
        if value < 0:
            raise fault("range", what="uint", value=str(value))
        return Uint(value)
    if kind == "double":
        return float(value)
    return convert.decimal_of_int(value) if kind == "decimal" else value


COERCED = frozenset({"uint", "double", "decimal"})
"""Declared kinds for which ``coerced`` does something."""
