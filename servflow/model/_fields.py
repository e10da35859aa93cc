"""Knows the types a ticket's fields may have and how a value becomes one of them; must not know any workflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import field, frozen

from servflow.errors import TimeError, shown
from servflow.model._instants import instant, read_instant, write_instant
from servflow.model._maps import EMPTY, FrozenMap
from servflow.model._spans import Span
from servflow.model._titles import described, in_language, titled, titles

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
_MAX_TEXT = 100_000
_MAX_ITEMS = 10_000
_MAX_DEPTH = 16
_MAX_NODES = 100_000
_MOST_TOLD = 20
_MAX_NAME = 200


class ValueProblem(Exception):
    """Internal: a value does not fit its type; the caller knows the path and tells the user."""


def _string(value: Any) -> str:
    if type(value) is not str and not isinstance(value, str):
        raise ValueProblem("text")
    if len(value) > _MAX_TEXT:
        raise ValueProblem(f"text of at most {_MAX_TEXT} characters")
    if not storable(value):
        raise ValueProblem("text without lone surrogates, which no store can keep")
    return value if type(value) is str else str.__str__(value)  # what an enum member holds, not how it prints


def storable(text: str) -> bool:
    """Whether a text can be written as UTF-8; what a web request decodes to need not be."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueProblem("a whole number")
    if not INT_MIN <= value <= INT_MAX:
        raise ValueProblem("a whole number of at most 64 bits")
    return int(value)


def _uint(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= UINT_MAX:
        raise ValueProblem("a whole number from 0 on, of at most 64 bits")
    return int(value)


def _double(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueProblem("a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueProblem("a number that a double can hold") from None


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueProblem("an exact number written as text, such as '12.50'")
    if isinstance(value, str) and len(value) > 60:
        raise ValueProblem("an exact number of at most 60 characters")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueProblem("an exact number written as text, such as '12.50'") from None
    if not number.is_finite() or abs(number.adjusted()) > 60:
        raise ValueProblem("a finite exact number")
    return number


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueProblem("true or false")
    return value


def _timestamp(value: Any) -> datetime:
    try:
        return read_instant(value) if isinstance(value, str) else instant(value, "value")
    except TimeError:
        raise ValueProblem("an instant with its offset, such as 2026-03-02T09:00:00Z") from None


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        span = Span.of(value)
    except TimeError:
        raise ValueProblem("a length of time such as '4h'") from None
    if span.business_days:  # how long they are only a calendar can tell, and a field has none
        raise ValueProblem("a length of time such as '4h'")
    return span.exact


def _bytes(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray)):
        raise ValueProblem("bytes")
    return bytes(value)


def _list(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueProblem("a list")
    checked: tuple[Any, ...] = _any(value)
    return checked


def _map(value: Any) -> Mapping[str, Any]:
    if type(value) is dict and _is_simple(value):
        return FrozenMap(value)
    if not isinstance(value, Mapping):
        raise ValueProblem("a map")
    checked: Mapping[str, Any] = _any(value)
    return checked


_SIMPLE = frozenset({bool, float, type(None)})


def _is_simple(value: dict[Any, Any]) -> bool:
    """Whether a map holds a few short texts and numbers, as most payloads do, with which nothing can be wrong."""
    if len(value) > 100:
        return False
    for key, item in value.items():
        kind = type(item)
        if type(key) is not str or not key.isascii():
            return False
        if kind is str:
            if not item.isascii() or len(item) > 1_000:
                return False
        elif kind is int:
            if not INT_MIN <= item <= INT_MAX:
                return False
        elif kind not in _SIMPLE:
            return False
    return True


def _any(value: Any) -> Any:
    return _within(value, 0, [_MAX_NODES])


def _within(value: Any, depth: int, left: list[int]) -> Any:
    if value is None or isinstance(value, (bool, float, Decimal, timedelta, bytes)):
        return value
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return _int(value)
    if isinstance(value, datetime):
        return _timestamp(value)
    if not isinstance(value, (list, tuple, Mapping)):
        raise ValueProblem("a plain value (text, number, bool, instant, span, list or map)")
    if depth > _MAX_DEPTH:
        raise ValueProblem(f"a value nested at most {_MAX_DEPTH} deep")
    if len(value) > _MAX_ITEMS:
        raise ValueProblem(f"at most {_MAX_ITEMS} items")
    # Counted at every visit, because a small value may hold one part many times over.
    left[0] -= len(value)
    if left[0] < 0:
        raise ValueProblem(f"at most {_MAX_NODES} values in all")
    if not isinstance(value, Mapping):
        return tuple(_within(item, depth + 1, left) for item in value)
    if any(not isinstance(key, str) or not storable(key) for key in value):
        raise ValueProblem("a map with text keys")
    return FrozenMap({key: _within(item, depth + 1, left) for key, item in value.items()})


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "int": _int,
    "uint": _uint,
    "double": _double,
    "decimal": _decimal,
    "bool": _bool,
    "timestamp": _timestamp,
    "duration": _duration,
    "bytes": _bytes,
    "list": _list,
    "map": _map,
    "any": _any,
}
"""Field type -> what turns a value into it; raises ``ValueProblem`` with what was expected."""


def _values(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


@frozen
class Field:
    """
    A typed value on the ticket.

    ``type`` is one of ``string int uint double decimal bool timestamp duration bytes list map any``.
    ``one_of`` limits it to listed values (their order is their rank). A field is null until it is set;
    ``default`` is set at opening, and ``required: true`` refuses an opening without it. ``optional``
    documents that null is a normal value. ``personal`` marks data about a person, which ``erase`` takes out.
    ``indexed`` lets a store find tickets by the value; it must be one value, not a list or a map.
    ``titles`` says what people call the values of ``one_of``, each by its text (``{"1": ...}`` for a number).
    """

    type: str = "string"
    one_of: tuple[Any, ...] = field(default=(), converter=_values)
    default: Any = None
    optional: bool = False
    required: bool = False
    personal: bool = False
    title: str = field(default="", converter=titled)
    description: str = field(default="", converter=described)
    indexed: bool = False
    titles: Mapping[str, str] = field(default=EMPTY, converter=titles)

    def convert(self, value: Any) -> Any:
        """
        The value as this field holds it.

        Raises:
            ValueProblem: the value does not fit; says what was expected.
        """
        if value is None:
            return None
        converted = CONVERTERS[self.type](value)
        if self.one_of and converted not in self.allowed:
            raise ValueProblem("one of " + _listed(self.one_of))
        return converted

    @property
    def allowed(self) -> tuple[Any, ...]:
        """The values of ``one_of`` in the field's own type."""
        convert = CONVERTERS[self.type]
        return tuple(convert(item) for item in self.one_of)

    def called(self, value: Any, lang: str = "en") -> str:
        """What people call a value of ``one_of`` in a language; empty where ``titles`` says nothing of it."""
        return in_language(self.titles.get(value_text(value), ""), lang)

    @property
    def initial(self) -> Any:
        """The default in the field's own type; None where there is none."""
        return self.convert(self.default)


def value_text(value: Any) -> str:
    """A single value as the text that names it among ``titles``: as a definition writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta) and value >= timedelta():
        return Span.of(value).text
    return value if isinstance(value, str) else str(value)


def name_flaw(value: Any) -> str | None:
    """Why a value cannot name anything that is kept; None where it can."""
    if not isinstance(value, str):
        return f"{shown(value)} is no text"
    if not 1 <= len(value) <= _MAX_NAME:
        return f"{shown(value)} has not 1 to {_MAX_NAME} characters"
    return None if storable(value) else f"{shown(value)} holds lone surrogates, which no store can keep"


def _listed(values: tuple[Any, ...]) -> str:
    said = [item[:_MAX_NAME] if isinstance(item, str) else _said(item) for item in values[:_MOST_TOLD]]
    return ", ".join([*said, *(["…"] if len(values) > _MOST_TOLD else [])])


def _said(item: Any) -> str:
    return str(item) if isinstance(item, (datetime, timedelta, Decimal)) else shown(item)


def same_value(left: Any, right: Any) -> bool:
    """Whether two field values are the same value, where NaN equals itself."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return type(left) is type(right) and bool(left == right)
