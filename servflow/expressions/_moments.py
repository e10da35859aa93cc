"""Knows how timestamps and durations are written and taken apart; must not know any clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from zoneinfo import ZoneInfo

from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
_LONGEST = timedelta(microseconds=limits.MAX_DURATION_MICROS)

# RFC 3339 with upper-case T and Z, as the specification's timestamps have it.
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_PART = re.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(h|ms|m|s|us|\N{MICRO SIGN}s|\N{GREEK SMALL LETTER MU}s|ns)")
_MICROS: dict[str, int | Fraction] = {
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
    "\N{MICRO SIGN}s": 1,
    "\N{GREEK SMALL LETTER MU}s": 1,
    "ns": Fraction(1, 1000),
}
_OFFSET = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")


def read_timestamp(text: str) -> datetime:
    """
    The instant an RFC 3339 text names, in UTC.

    Digits past the microsecond are dropped.

    Raises:
        ExpressionError: the text is not such an instant, or the instant lies outside the years 1 to 9999.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise fault("convert", value=repr(text[:60]), to="timestamp", example="2026-03-02T09:00:00Z")
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    micro = int((match[7] or "0")[:6].ljust(6, "0"))
    try:
        value = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
        if match[8]:
            hours, minutes = int(match[9]), int(match[10])
            if hours > 23 or minutes > 59:
                raise ValueError("the offset is not a time of day")
            offset = timedelta(hours=hours, minutes=minutes)
            value = value - offset if match[8] == "+" else value + offset
    except (ValueError, OverflowError):
        raise fault("range", what="timestamp", value=text[:60]) from None
    return value


def timestamp_of(seconds: int) -> datetime:
    """
    The instant that many seconds after 1970-01-01T00:00Z.

    Raises:
        ExpressionError: it lies outside the years 1 to 9999.
    """
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise fault("range", what="timestamp", value=str(seconds)) from None


def seconds_of(value: datetime) -> int:
    """Whole seconds from 1970-01-01T00:00Z, towards the past."""
    return (value - EPOCH) // SECOND


def write_timestamp(value: datetime) -> str:
    """RFC 3339 in UTC; a fraction has as many digits as it needs and no more."""
    text = value.replace(microsecond=0, tzinfo=None).isoformat()
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{text}{fraction}Z"


def read_duration(text: str) -> timedelta:
    """
    The length a text such as ``1h30m``, ``-1.5s`` or ``0`` names.

    Units are h, m, s, ms, us and ns, each with any number, once or more. Digits past the microsecond are dropped.

    Raises:
        ExpressionError: the text is not such a length, it is beyond 64 bits of nanoseconds, or it is
            not zero and would become zero.
    """
    if len(text) > 100:
        raise fault("convert", value=repr(text[:60]), to="duration", example="1h30m")
    body = text[1:] if text[:1] in ("+", "-") else text
    total = Fraction(0)
    at = 0
    if body != "0":
        while match := _PART.match(body, at):
            total += Fraction(match[1].rstrip(".")) * _MICROS[match[2]]
            at = match.end()
        if at == 0 or at != len(body):
            raise fault("convert", value=repr(text[:60]), to="duration", example="1h30m")
    micros = int(total)
    if total and not micros:
        raise fault("too_short", value=text[:60])
    if micros > limits.MAX_DURATION_MICROS:
        raise fault("range", what="duration", value=text[:60])
    return timedelta(microseconds=-micros if text[:1] == "-" else micros)


def write_duration(value: timedelta) -> str:
    """Seconds with ``s``; a fraction has as many digits as it needs and no more."""
    micros = value // MICROSECOND
    whole, fraction = divmod(abs(micros), 1_000_000)
    sign = "-" if micros < 0 else ""
    tail = f".{fraction:06d}".rstrip("0") if fraction else ""
    return f"{sign}{whole}{tail}s"


def bounded(value: timedelta) -> timedelta:
    """
    The length itself.

    Raises:
        ExpressionError: it is beyond 64 bits of nanoseconds.
    """
    if abs(value) > _LONGEST:
        raise fault("range", what="duration", value=str(value))
    return value


def towards_zero(value: timedelta, unit: timedelta) -> int:
    """How many whole units a length holds, without its rest whatever its sign."""
    return value // unit if value >= timedelta(0) else -(-value // unit)


def local(value: datetime, zone: str) -> datetime:
    """
    What a wall clock in a zone shows at an instant.

    Args:
        value: the instant.
        zone: an IANA name such as ``Asia/Shanghai``, or a fixed offset such as ``+08:00``; no sign is plus.

    Raises:
        ExpressionError: there is no such zone, or the wall clock shows a year outside 1 to 9999.
    """
    try:
        return value.astimezone(_zone(zone))
    except (OverflowError, ValueError):
        raise fault("range", what="local time", value=f"{write_timestamp(value)} in {zone}") from None


def _zone(zone: str) -> tzinfo:
    match = _OFFSET.fullmatch(zone)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset >= timedelta(hours=24) or int(match[3]) > 59:
            raise fault("zone", zone=zone)
        return timezone(-offset if match[1] == "-" else offset)
    try:
        if len(zone) > 100:
            raise ValueError("no zone has so long a name")
        return ZoneInfo(zone)
    # ZoneInfo reports a missing, an ill-formed and a directory name each in its own way.
    except (KeyError, ValueError, OSError):
        raise fault("zone", zone=zone[:60]) from None
