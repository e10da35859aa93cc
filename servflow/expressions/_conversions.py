"""Knows how values of one type become values of another; must not know which names call for it."""

from __future__ import annotations

import decimal
import math
import re
from decimal import Decimal

from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._operators import DECIMALS
from servflow.expressions._values import Uint

_INT = re.compile(r"[+-]?[0-9]+")
_UINT = re.compile(r"[0-9]+")
_DOUBLE = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?:inf|infinity|nan))", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def _outside(value: object, kind: str) -> Exception:
    return fault("range", what=kind, value=str(value)[:60])


def int_of_text(text: str) -> int:
    """The int that decimal digits with an optional sign name."""
    if not _INT.fullmatch(text) or len(text) > 40:
        raise fault("convert", value=repr(text[:60]), to="int", example="-12")
    value = int(text)
    if not limits.INT_MIN <= value <= limits.INT_MAX:
        raise _outside(text, "int")
    return value


def uint_of_text(text: str) -> Uint:
    """The uint that decimal digits name."""
    if not _UINT.fullmatch(text) or len(text) > 40:
        raise fault("convert", value=repr(text[:60]), to="uint", example="12")
    return uint_of_int(int(text))


def int_of_int(value: int) -> int:
    """The int equal to an int or uint."""
    if value > limits.INT_MAX:
        raise _outside(value, "int")
    return int(value)


def uint_of_int(value: int) -> Uint:
    """The uint equal to an int or uint."""
    if not 0 <= value <= limits.UINT_MAX:
        raise _outside(value, "uint")
    return Uint(value)


def int_of_double(value: float) -> int:
    """A double without its fraction; the two ends of the range are out, as a double cannot tell them from beyond."""
    if not -(2.0**63) < value < 2.0**63:
        raise _outside(value, "int")
    return int(value)


def uint_of_double(value: float) -> Uint:
    """A double without its fraction."""
    if not 0 <= value < 2.0**64:
        raise _outside(value, "uint")
    return Uint(int(value))


def int_of_decimal(value: Decimal) -> int:
    """A decimal without its fraction."""
    if value and value.adjusted() > 20:
        raise _outside(value, "int")
    whole = int(value)
    if not limits.INT_MIN <= whole <= limits.INT_MAX:
        raise _outside(value, "int")
    return whole


def double_of_text(text: str) -> float:
    """The double nearest to a decimal text; ``inf`` and ``nan`` are read in any case."""
    if not _DOUBLE.fullmatch(text) or len(text) > 1000:
        raise fault("convert", value=repr(text[:60]), to="double", example="1.5")
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise _outside(text, "double")
    return value


def double_of_decimal(value: Decimal) -> float:
    """The double nearest to a decimal."""
    found = float(value)
    if math.isinf(found):
        raise _outside(value, "double")
    return found


def text_of_double(value: float) -> str:
    """The shortest text that reads back as the double: ``1`` for 1.0, ``6.02214e+23``, ``NaN``, ``+Inf``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def text_of_bytes(value: bytes) -> str:
    """The text whose UTF-8 form the bytes are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise fault("utf8") from None


def bytes_of_text(text: str) -> bytes:
    """The UTF-8 form of a text."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise fault("utf8") from None


def bool_of_text(text: str) -> bool:
    """True for ``1 t T TRUE true True``, false for ``0 f F FALSE false False``."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise fault("convert", value=repr(text[:60]), to="bool", example="true")


def decimal_of_text(text: str) -> Decimal:
    """The decimal a text names, every digit kept; more than 28 significant digits are refused, not rounded."""
    if not _DECIMAL.fullmatch(text) or len(text) > 100:
        raise fault("convert", value=repr(text[:60]), to="decimal", example="1.50")
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if len(value.as_tuple().digits) > limits.DECIMAL_DIGITS or abs(int(exponent)) > limits.DECIMAL_EXPONENT:
        raise _outside(text, "decimal")
    return value


def decimal_of_int(value: int) -> Decimal:
    """The decimal equal to an int or uint."""
    return DECIMALS.create_decimal(int(value))


def rounded(value: Decimal | int, places: int = 0) -> Decimal:
    """A decimal with so many digits after the point, half away from zero, as money is; one too long to be written so stays."""
    if not 0 <= places <= limits.DECIMAL_DIGITS:
        raise _outside(places, f"number of places (0 to {limits.DECIMAL_DIGITS})")
    number = DECIMALS.create_decimal(value)
    if number.adjusted() + 1 + places > limits.DECIMAL_DIGITS:
        return number  # all of its digits stand before that place, or filling up with zeros would be more than fit
    found = number.quantize(Decimal(1).scaleb(-places), rounding=decimal.ROUND_HALF_UP, context=DECIMALS)
    return found if found else found.copy_abs()  # what is nothing owes nothing: no -0.00


def text_of_decimal(value: Decimal) -> str:
    """A decimal in plain digits, trailing zeros kept; an exponent only where plain digits would be more than 60."""
    if value and abs(value.adjusted()) > 60:
        return str(value)
    try:
        return format(value, "f") if abs(int(value.as_tuple().exponent)) <= 60 else str(value)
    except decimal.DecimalException:
        return str(value)
