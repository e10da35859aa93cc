"""Knows how a log writes instants; must not know which column holds one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from servflow.model import EPOCH

MOST_REMEMBERED = 100_000
"""How many spellings a reader remembers before it starts afresh."""

_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,6})",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
    "%": "%",
}
_NEEDED = frozenset("Ymd")
_ORDER = "YmdHM"
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)

NAMED = ("iso", "epoch", "epoch_ms")
"""Formats that go by a name: RFC 3339 text, seconds and milliseconds since 1970-01-01T00:00Z."""

Read = Callable[[str], datetime | None]


def reader_of(text: str, zone: tzinfo) -> Read | None:
    """
    How one format is read; None when the format cannot be understood.

    Args:
        text: a name of ``NAMED``, or a pattern of ``%Y %m %d %H %M %S %f %z`` and plain characters. It needs year,
            month and day; what it leaves out of the time of day is zero.
        zone: what a text without an offset means.

    Returns:
        A function that gives the instant in UTC, or None for a text that does not fit.
    """
    if text == "iso":
        return lambda value: _iso(value, zone)
    if text in NAMED:
        unit = timedelta(seconds=1) if text == "epoch" else timedelta(milliseconds=1)
        return lambda value: _since_epoch(value, unit)
    pattern = _pattern(text)
    return None if pattern is None else _compiled(pattern, zone)


def _pattern(text: str) -> re.Pattern[str] | None:
    parts: list[str] = []
    seen: set[str] = set()
    index = 0
    while index < len(text):
        letter = text[index]
        if letter != "%":
            parts.append(re.escape(letter))
            index += 1
            continue
        directive = text[index + 1 : index + 2]
        if directive not in _DIRECTIVES or not directive or (directive in seen and directive != "%"):
            return None
        seen.add(directive)
        parts.append(_DIRECTIVES[directive])
        index += 2
    return re.compile("".join(parts), re.ASCII) if seen >= _NEEDED else None


def _compiled(pattern: re.Pattern[str], zone: tzinfo) -> Read:
    fullmatch = pattern.fullmatch
    present = tuple(name for name in _ORDER if name in pattern.groupindex)
    if set(present) == set(pattern.groupindex) and present == tuple(_ORDER[: len(present)]):
        # The common case: nothing but numbers, in the order in which an instant takes them.
        utc = zone is UTC

        def short(value: str) -> datetime | None:
            found = fullmatch(value)
            if found is None:
                return None
            try:
                made = datetime(*map(int, found.group(*present)), tzinfo=zone)  # type: ignore[misc, arg-type]  # at most five numbers
                return made if utc else made.astimezone(UTC)
            except (ValueError, OverflowError):
                return None

        return short

    def full(value: str) -> datetime | None:
        found = fullmatch(value)
        if found is None:
            return None
        parts = found.groupdict()
        numbers = [int(parts.get(name) or 0) for name in (*_ORDER, "S")]
        micro = int((parts.get("f") or "0").ljust(6, "0"))
        written = parts.get("z")
        return _built(numbers, micro, zone if written is None else _offset(written))

    return full


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes < 24 * 60 else UTC


def _built(numbers: list[int], micro: int, zone: tzinfo) -> datetime | None:
    try:
        year, month, day, *clock = numbers
        hour, minute, second = (*clock, 0, 0, 0)[:3]
        made = datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
        return made if zone is UTC else made.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(value: str, zone: tzinfo) -> datetime | None:
    try:
        made = datetime.fromisoformat(value)
        return (made.replace(tzinfo=zone) if made.tzinfo is None else made).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _since_epoch(value: str, unit: timedelta) -> datetime | None:
    if _NUMBER.fullmatch(value) is None:
        return None
    try:
        return EPOCH + int(value) * unit
    except OverflowError:
        return None


class Moments:
    """Reads the instants of one log; the same text is read once."""

    __slots__ = ("_readers", "known")

    def __init__(self, formats: tuple[str, ...], zone: tzinfo) -> None:
        self._readers = tuple(read for text in formats if (read := reader_of(text, zone)) is not None)
        self.known: dict[str, datetime | None] = {}

    def read(self, text: str) -> datetime | None:
        """The instant in UTC by the first format that fits; None when none does."""
        known = self.known
        if text in known:
            return known[text]
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        found = None
        for reader in self._readers:
            found = reader(text)
            if found is not None:
                break
        known[text] = found
        return found
