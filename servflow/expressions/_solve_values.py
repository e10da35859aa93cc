"""Knows which values of a type stand for all of them between given boundaries; must not know conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

from attrs import frozen

from servflow.expressions import _limits as limits
from servflow.expressions._values import kind

_TICK = timedelta(microseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_LONGEST = timedelta(microseconds=limits.MAX_DURATION_MICROS)
_CENTS = 2

NUMERIC = frozenset({"int", "uint", "double", "decimal"})
ORDERED = frozenset({*NUMERIC, "timestamp", "duration", "string", "bytes"})
_WHOLE: dict[str, tuple[int, int]] = {"int": (limits.INT_MIN, limits.INT_MAX), "uint": (0, limits.UINT_MAX)}
EDGES: dict[str, tuple[Any, Any]] = {
    **_WHOLE,
    "timestamp": (_FIRST, _LAST),
    "duration": (-_LONGEST, _LONGEST),
}
"""The least and the greatest value of a type that has them."""

_START: dict[str, Any] = {
    "int": 0,
    "uint": 0,
    "double": 0.0,
    "decimal": Decimal(0),
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    "duration": timedelta(0),
    "string": "other",
    "bytes": b"other",
}


@frozen
class Scale:
    """A type's order: its bounds, and the neighbours of a value in the type's own resolution."""

    kind: str
    step: Decimal = Decimal("0.01")

    def up(self, value: Any) -> Any:
        """A value a little above; None where there is none."""
        return self._moved(value, 1)

    def down(self, value: Any) -> Any:
        """A value a little below; None where there is none."""
        return self._moved(value, -1)

    def _moved(self, value: Any, way: int) -> Any:
        if self.kind == "decimal":
            return _exact(Fraction(value) + Fraction(self.step) * way)
        if self.kind == "double":
            moved = round(value + float(self.step) * way, _CENTS)
            return moved if (moved > value if way > 0 else moved < value) else math.nextafter(value, math.inf * way)
        if self.kind in ("string", "bytes"):
            return _text_above(value) if way > 0 else _text_below(value)
        low, high = EDGES[self.kind]
        if value >= high if way > 0 else value <= low:
            return None
        return value + way if self.kind in ("int", "uint") else value + _TICK * way

    def inside(self, low: Any, high: Any, count: int, near: Any = None) -> list[Any]:
        """
        Values strictly between two others: as many as asked for, or all there are.

        Args:
            low: None for no bound.
            high: None for no bound.
            count: how many different ones are wanted, at least one.
            near: one that is wanted where it lies between.
        """
        found: list[Any] = []
        if low is None and high is None:
            found.append(_START[self.kind])
        if low is not None:
            self._from(low, high, count, self.up, found)
        if high is not None:
            self._from(high, low, count, self.down, found)
        if low is None and high is None:
            self._from(found[0], None, count, self.up, found)
        if len(found) < count or self.kind in ("string", "bytes"):
            found.extend(self._split(low, high, count))
        if near is not None and _between(near, low, high):
            found.append(near)  # beside the others, which several names share
        return list(dict.fromkeys(found))

    def _from(self, start: Any, other: Any, count: int, move: Callable[[Any], Any], found: list[Any]) -> None:
        value = start
        for _ in range(count):
            moved = move(value)
            if moved is None or moved == value:
                return
            value = moved
            if other is not None and not _between(value, min(start, other), max(start, other)):
                return
            found.append(value)

    def _split(self, low: Any, high: Any, count: int) -> list[Any]:
        """What there is in a gap narrower than the steps above are long."""
        if self.kind == "decimal" and low is not None and high is not None:
            return [_share(low, high, part, count + 1) for part in range(count)]
        if self.kind == "double":
            found: list[Any] = []
            for start, other, way in ((low, high, math.inf), (high, low, -math.inf)):
                if start is not None:
                    self._from(start, other, count, _next_up if way > 0 else _next_down, found)
            return found
        if self.kind in ("string", "bytes"):
            nothing: Any = "" if self.kind == "string" else b""
            least: Any = "\0" if self.kind == "string" else b"\0"
            # Nothing lies between a text and the same with a zero after it: these are the least ones above.
            base = nothing if low is None else low
            found = [base + least * number for number in range(0 if low is None else 1, count + 1)]
            return [text for text in found if _between(text, low, high)]
        return []


def _next_up(value: float) -> float:
    return math.nextafter(value, math.inf)


def _next_down(value: float) -> float:
    return math.nextafter(value, -math.inf)


def _between(value: Any, low: Any, high: Any) -> bool:
    return (low is None or low < value) and (high is None or value < high)


def _exact(value: Fraction) -> Decimal:
    """The decimal equal to a fraction whose denominator divides a power of ten, without rounding."""
    places = 0
    while value.denominator != 1:
        value *= 10
        places += 1
    digits = tuple(int(digit) for digit in str(abs(value.numerator)))
    return Decimal((int(value < 0), digits, -places))


def _share(low: Decimal, high: Decimal, part: int, parts: int) -> Decimal:
    """A decimal in the given part of an interval cut into equal parts, as short as it can be written."""
    first, length = Fraction(low), Fraction(high) - Fraction(low)
    least, most, scale = first + length * part / parts, first + length * (part + 1) / parts, 1
    while Fraction(math.floor(most * scale - Fraction(1, 10**9)), scale) <= least:
        scale *= 10
    return _exact(Fraction(math.floor(most * scale - Fraction(1, 10**9)), scale))


def _text_above(value: Any) -> Any:
    return value + " " if isinstance(value, str) else value + b" "


def _text_below(value: Any) -> Any:
    if not value:
        return None
    if isinstance(value, str):
        last = ord(value[-1]) - 1
        if last < 0:
            return value[:-1]
        return value[:-1] + chr(last) if not 0xD800 <= last <= 0xDFFF else value[:-1]
    return value[:-1] + bytes([value[-1] - 1]) if value[-1] else value[:-1]


def fitted(kind_wanted: str, value: Any) -> list[Any]:
    """A constant in the form of the type it is compared with: itself, or its neighbours where it lies between two values."""
    if value is None:
        return []
    found = kind(value)
    if found == kind_wanted:
        return [int(value)] if kind_wanted in ("int", "uint") else [value]
    if kind_wanted not in NUMERIC or found not in NUMERIC:
        return []
    if kind_wanted in ("int", "uint"):
        if not math.isfinite(value):
            return []
        low, high = _WHOLE[kind_wanted]
        return [whole for whole in dict.fromkeys((math.floor(value), math.ceil(value))) if low <= whole <= high]
    if kind_wanted == "decimal":
        return [Decimal(value)] if isinstance(value, int) else []
    return [float(value)] if isinstance(value, (int, Decimal)) and abs(float(value)) < 2**53 else []


def pool(kind_wanted: str, constants: Iterable[Any], count: int, near: Any = None) -> list[Any]:
    """
    Values of an ordered type that stand for all of them: the constants, and *count* in each gap around them.

    Args:
        kind_wanted: one of ``ORDERED``.
        constants: values of that type.
        count: how many names are compared with each other.
        near: the present value; where it lies in a gap it is one of those.
    """
    known = sorted(dict.fromkeys(constant for constant in constants if constant == constant))  # noqa: PLR0124 - not-a-number
    near = near if near is not None and kind(near) == kind_wanted and near == near else None  # noqa: PLR0124 - as above
    scale = Scale(kind_wanted, _step([*known, near]) if kind_wanted == "decimal" else Decimal("0.01"))
    if not known:
        return scale.inside(None, None, count, near)
    found = [*known, *scale.inside(known[-1], None, count, near), *scale.inside(None, known[0], count, near)]
    for low, high in pairwise(known):
        found.extend(scale.inside(low, high, count, near))
    return sorted(dict.fromkeys(found), key=lambda value: _far(kind_wanted, value))


def _far(sort: str, value: Any) -> bool:
    """Whether a value is too far out to be told to people first."""
    if sort in ("timestamp", "duration"):
        away = abs(value - _START[sort])
        return bool(away > timedelta(days=36_500))
    return sort in NUMERIC and bool(abs(value) > 2**53)


def _step(values: Sequence[Decimal | None]) -> Decimal:
    exponents = [value.as_tuple().exponent for value in values if value is not None]
    places = max([_CENTS, *(-exponent for exponent in exponents if isinstance(exponent, int))])
    return Decimal((0, (1,), -places))


def other(constants: Iterable[Any]) -> str:
    """A text that is none of the constants."""
    taken = set(constants)
    named = (f"other {number + 1}" if number else "other" for number in range(len(taken) + 1))
    found: str = next(text for text in named if text not in taken)
    return found


def mark(constants: Iterable[Any]) -> str:
    """One character that none of the texts holds."""
    taken = set("".join(constant for constant in constants if isinstance(constant, str)))
    return next(letter for letter in chain("xzqwvj0~", map(chr, range(0x4E00, 0x9FFF))) if letter not in taken)


def distance(old: Any, new: Any, choices: Sequence[Any] = ()) -> Fraction:
    """
    How far one value lies from another, from 0 to 1, so that changes of different fields can be compared.

    The difference of two numbers, instants (in days) or lengths of time as a share of the greater one; steps
    along *choices* as a share of all steps; items put in or taken out of a list as a share of its items; 1 for
    every other change, to or from null too.
    """
    if type(old) is type(new) and old == new:
        return Fraction(0)
    if choices and old in choices and new in choices and not isinstance(new, bool):
        return Fraction(abs(list(choices).index(old) - list(choices).index(new)), max(len(choices) - 1, 1))
    first, second = _number(old), _number(new)
    if first is not None and second is not None:
        most = max(abs(first), abs(second))
        return min(abs(first - second) / most, Fraction(1)) if most else Fraction(0)
    if isinstance(old, datetime) and isinstance(new, datetime):
        days = Fraction(abs(old - new) // _TICK, timedelta(days=1) // _TICK)
        return days / (1 + days)
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        changed = sum(item not in new for item in old) + sum(item not in old for item in new) + abs(len(old) - len(new))
        return min(Fraction(changed, 2 * max(len(old), len(new), 1)), Fraction(1))
    return Fraction(1)


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, timedelta):
        return Fraction(value // _TICK)
    if isinstance(value, (int, float, Decimal)):
        return Fraction(value) if math.isfinite(value) else None
    return None
