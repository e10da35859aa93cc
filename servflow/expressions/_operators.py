"""Knows what the operators do with values; must not know how they are written or when they are reached."""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._moments import bounded
from servflow.expressions._values import KINDS, Uint, admit, checked_key, kind, spend

DECIMALS = decimal.Context(
    prec=limits.DECIMAL_DIGITS,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-limits.DECIMAL_EXPONENT,
    Emax=limits.DECIMAL_EXPONENT,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Underflow],
)

NUMBERS = frozenset({"int", "uint", "double"})
_EXACT = frozenset({"int", "uint", "decimal"})
ORDERED = frozenset({"string", "bytes", "bool", "timestamp", "duration"})
_NESTED = frozenset({"list", "map"})


def comparable(left: str, right: str) -> bool:
    """Whether values of two kinds have an order among them."""
    if left == right:
        return left in ORDERED or left in NUMBERS or left == "decimal"
    return (left in NUMBERS and right in NUMBERS) or (left in _EXACT and right in _EXACT)


def alike(left: str, right: str) -> bool:
    """Whether values of two kinds can be equal at all."""
    return left == right or (left in NUMBERS and right in NUMBERS) or (left in _EXACT and right in _EXACT)


def no_overload(function: str, *kinds: str) -> Exception:
    """The error for operands of kinds that an operator or function does not take."""
    return fault("overload", function=function.strip("_") if len(function) > 1 else function, kinds=" and ".join(kinds))


def equal(left: Any, right: Any, meter: list[Any] | None = None) -> bool:
    """
    CEL equality: numbers by value across kinds, lists and maps element by element, different kinds never.

    Args:
        left: an admitted value.
        right: an admitted value.
        meter: where the steps are taken from; a fresh allowance when None.

    Raises:
        OutOfSteps: lists and maps hold more values than there are steps.
    """
    if type(left) is type(right) and KINDS.get(type(left), "map") not in _NESTED:
        return bool(left == right)
    first, second = kind(left), kind(right)
    if first not in _NESTED or first != second:
        return alike(first, second) and bool(left == right)
    return _deeply(left, right, [None, limits.MAX_STEPS] if meter is None else meter)


def _deeply(left: Any, right: Any, meter: list[Any]) -> bool:
    pairs = [(left, right)]
    while pairs:
        spend(meter, 1)
        one, two = pairs.pop()
        one, two = admit(one), admit(two)
        first, second = kind(one), kind(two)
        if first not in _NESTED or first != second:
            if not (alike(first, second) and one == two):
                return False
            continue
        if len(one) != len(two):
            return False
        spend(meter, len(one))
        if first == "list":
            pairs.extend(zip(one, two, strict=True))
            continue
        for key in one:
            found = lookup(two, checked_key(key))
            if found is MISSING:
                return False
            pairs.append((one[key], found))
    return True


class _Missing:
    """What a lookup gives when the key is not there."""


MISSING = _Missing()


def lookup(holder: Any, key: Any) -> Any:
    """
    The admitted value of a map at a checked key, or MISSING.

    Python takes True for 1; where a plain dict could mix them up its keys are looked through.
    """
    try:
        found = holder[key]
    except KeyError:
        return MISSING
    if (key is True or key is False or key in (0, 1)) and type(holder) is dict:
        boolean = type(key) is bool
        if not any(candidate == key and (type(candidate) is bool) == boolean for candidate in holder):
            return MISSING
    return admit(found)


def index(holder: Any, key: Any) -> Any:
    """
    The element of a list at a position from 0, or the value of a map at a key; MISSING when not there.

    A double may stand for the whole number it equals.

    Raises:
        ExpressionError: the operand is neither, or the key is of no kind that it could have.
    """
    holding, keyed = kind(holder), kind(key)
    if keyed == "double" and key.is_integer():
        key, keyed = int(key), "int"
    if holding == "list":
        if keyed not in ("int", "uint"):
            if keyed == "double":
                raise fault("position", index=str(key))
            raise no_overload("_[_]", holding, keyed)
        return admit(holder[key]) if 0 <= key < len(holder) else MISSING
    if holding != "map" or keyed not in ("int", "uint", "bool", "string", "double"):
        raise no_overload("_[_]", holding, keyed)
    return MISSING if keyed == "double" else lookup(holder, key)


def contained(item: Any, holder: Any, meter: list[Any] | None = None) -> bool:
    """
    Whether a list holds an equal value, or a map such a key.

    Raises:
        ExpressionError: the operand is neither.
        OutOfSteps: the list holds more values than there are steps.
    """
    holding = kind(holder)
    if holding == "list":
        meter = [None, limits.MAX_STEPS] if meter is None else meter
        spend(meter, len(holder) >> 6)
        return any(equal(item, admit(other), meter) for other in holder)
    if holding != "map":
        raise no_overload("in", kind(item), holding)
    keyed = kind(item)
    if keyed == "double":
        return item.is_integer() and lookup(holder, int(item)) is not MISSING
    return keyed in ("int", "uint", "bool", "string") and lookup(holder, item) is not MISSING


_PLAINLY = frozenset({int, str, float})
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}


def ordering(function: str) -> Callable[[Any, Any], bool]:
    """The function of two admitted values behind ``<``, ``<=``, ``>`` or ``>=``."""
    order = _ORDER[function]

    def compare(left: Any, right: Any) -> bool:
        if type(left) is type(right) and type(left) in _PLAINLY:
            return order(left, right)
        if not comparable(kind(left), kind(right)):
            raise no_overload(function, kind(left), kind(right))
        return order(left, right)

    return compare


def _signed(value: int) -> int:
    if limits.INT_MIN <= value <= limits.INT_MAX:
        return value
    raise fault("overflow", kind="int")


def _unsigned(value: int) -> Uint:
    if 0 <= value <= limits.UINT_MAX:
        return Uint(value)
    raise fault("overflow", kind="uint")


def _quotient(left: int, right: int) -> int:
    if right == 0:
        raise fault("division")
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _quotient_fits(left: int) -> None:
    # The rest would be 0, but its quotient by -1 is out of range; the implementations of CEL refuse both.
    if left == limits.INT_MIN:
        raise fault("overflow", kind="int")


def _rest(left: int, right: int) -> int:
    if right == 0:
        raise fault("modulus")
    if right == -1:
        _quotient_fits(left)
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _over(left: float, right: float) -> float:
    # IEEE 754: a zero divisor gives an infinity or not-a-number, which Python refuses to.
    if right == 0:
        if left == 0 or left != left:  # noqa: PLR0124 - only not-a-number differs from itself
            return float("nan")
        negative = (str(left)[0] == "-") != (str(right)[0] == "-")
        return float("-inf") if negative else float("inf")
    return left / right


def _exactly(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Decimal]:
    def run(left: Any, right: Any) -> Decimal:
        try:
            return compute(Decimal(left), Decimal(right))
        except decimal.DivisionByZero:
            raise fault("division") from None
        except decimal.Overflow:
            raise fault("overflow", kind="decimal") from None
        except decimal.Underflow:
            raise fault("overflow", kind="decimal") from None
        except decimal.InvalidOperation:
            raise (fault("division") if not right else fault("overflow", kind="decimal")) from None

    return run


def _joined(left: Any, right: Any) -> Any:
    if len(left) + len(right) > limits.MAX_SIZE:
        raise fault("size", limit=limits.MAX_SIZE)
    return left + right


def _chained(left: Any, right: Any) -> list[Any]:
    if len(left) + len(right) > limits.MAX_SIZE:
        raise fault("size", limit=limits.MAX_SIZE)
    return [*left, *right]


def _later(left: datetime, right: timedelta) -> datetime:
    try:
        return left + right
    except OverflowError:
        raise fault("overflow", kind="timestamp") from None


def _earlier(left: datetime, right: timedelta) -> datetime:
    return _later(left, -right)


Pair = tuple[str, str]
Binary = Callable[[Any, Any], Any]

ARITHMETIC: dict[str, dict[Pair, tuple[str, Binary]]] = {
    "_+_": {
        ("int", "int"): ("int", lambda a, b: _signed(a + b)),
        ("uint", "uint"): ("uint", lambda a, b: _unsigned(int(a) + int(b))),
        ("double", "double"): ("double", lambda a, b: a + b),
        ("string", "string"): ("string", _joined),
        ("bytes", "bytes"): ("bytes", _joined),
        ("list", "list"): ("list", _chained),
        ("timestamp", "duration"): ("timestamp", _later),
        ("duration", "timestamp"): ("timestamp", lambda a, b: _later(b, a)),
        ("duration", "duration"): ("duration", lambda a, b: bounded(a + b)),
    },
    "_-_": {
        ("int", "int"): ("int", lambda a, b: _signed(a - b)),
        ("uint", "uint"): ("uint", lambda a, b: _unsigned(int(a) - int(b))),
        ("double", "double"): ("double", lambda a, b: a - b),
        ("timestamp", "timestamp"): ("duration", lambda a, b: bounded(a - b)),
        ("timestamp", "duration"): ("timestamp", _earlier),
        ("duration", "duration"): ("duration", lambda a, b: bounded(a - b)),
    },
    "_*_": {
        ("int", "int"): ("int", lambda a, b: _signed(a * b)),
        ("uint", "uint"): ("uint", lambda a, b: _unsigned(int(a) * int(b))),
        ("double", "double"): ("double", lambda a, b: a * b),
    },
    "_/_": {
        ("int", "int"): ("int", lambda a, b: _signed(_quotient(a, b))),
        ("uint", "uint"): ("uint", lambda a, b: _unsigned(_quotient(int(a), int(b)))),
        ("double", "double"): ("double", _over),
    },
    "_%_": {
        ("int", "int"): ("int", _rest),
        ("uint", "uint"): ("uint", lambda a, b: _unsigned(_rest(int(a), int(b)))),
    },
}
_DECIMAL_WORK: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "_+_": DECIMALS.add,
    "_-_": DECIMALS.subtract,
    "_*_": DECIMALS.multiply,
    "_/_": DECIMALS.divide,
    "_%_": DECIMALS.remainder,
}
for _name, _work in _DECIMAL_WORK.items():
    for _pair in (("decimal", "decimal"), ("decimal", "int"), ("int", "decimal")):
        ARITHMETIC[_name][_pair] = ("decimal", _exactly(_work))


_ON_INTS: dict[str, Callable[[int, int], int]] = {"_+_": operator.add, "_-_": operator.sub, "_*_": operator.mul}


def arithmetic(function: str) -> Binary:
    """The function of two admitted values behind ``+ - * /`` or ``%``."""
    table = ARITHMETIC[function]
    on_ints = _ON_INTS.get(function)

    def compute(left: Any, right: Any) -> Any:
        if on_ints is not None and type(left) is int and type(right) is int:
            return _signed(on_ints(left, right))
        entry = table.get((kind(left), kind(right)))
        if entry is None:
            raise no_overload(function, kind(left), kind(right))
        return entry[1](left, right)

    return compute


def negative(value: Any) -> Any:
    """
    Unary minus of an int, double or decimal.

    Raises:
        ExpressionError: any other kind, or the least int, which has no opposite.
    """
    found = kind(value)
    if found == "int":
        return _signed(-value)
    if found == "double":
        return -value
    if found == "decimal":
        return value.copy_negate() if value else value
    raise no_overload("-", found)


def opposite(value: Any) -> bool:
    """
    Logical not.

    Raises:
        ExpressionError: the value is not a bool.
    """
    if value is True or value is False:
        return not value
    raise no_overload("!", kind(value))
