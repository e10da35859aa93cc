"""Knows how instants, lengths of time and strangers' words are put into lines for people; must not know what they are about."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from servflow.errors import InputError, nearest, shown
from servflow.model import write_instant

LONGEST = 60
"""Characters of a name or reason in a line; the data holds all of it."""

_DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_SECOND = timedelta(seconds=1)


def language(lang: str) -> str:
    """
    The language itself.

    Raises:
        InputError: it is neither ``en`` nor ``zh``.
    """
    if lang not in ("en", "zh"):
        raise InputError(f"texts are in en and zh, not in {shown(lang)}", code="lang", lang=shown(lang))
    return lang


def zone_name(zone: Any) -> str:
    """
    The zone itself, which the tz database knows.

    Raises:
        InputError: it does not.
    """
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError, TypeError):
        close = nearest(zone, available_timezones()) if isinstance(zone, str) and len(zone) <= 100 else None
        hint = f"; did you mean {close!r}?" if close else "; write a name such as Asia/Shanghai"
        raise InputError(
            f"no zone {shown(zone)} in the tz database{hint}", code="zone", zone=shown(zone), nearest=close
        ) from None
    return str(zone)


def local(at: datetime, zone: str, lang: str) -> str:
    """
    An instant as a wall clock of the zone shows it, with the day of the week; seconds where there are any.

    Parts of a second are left to the data: they come of waking a microsecond after an instant, and no reader misses them.
    """
    try:
        here = at.astimezone(ZoneInfo(zone))
    except OverflowError:  # at either end of what a datetime holds
        return write_instant(at)
    seconds = f":{here:%S}" if here.second else ""
    # An hour that is shown twice is told apart by its offset.
    twice = f" {here:%z}" if here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset() else ""
    return f"{_DAYS[lang][here.weekday()]} {here.year:04}-{here:%m-%d %H:%M}{seconds}{twice}"


def length(value: timedelta) -> str:
    """
    A length of time in hours, never in days, which count differently from calendar to calendar: ``-12h 30m``.

    Parts of a second are left to the data.
    """
    minutes, seconds = divmod(abs(value) // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(minutes) + [f"{seconds}s"] * bool(seconds)
    return ("-" if parts and value < timedelta() else "") + (" ".join(parts) or "0m")


def plain(text: str, longest: int = LONGEST) -> str:
    """A stranger's words as one line: no breaks, no characters that steer a terminal or the direction, not too long."""
    text = text[: 4 * longest]
    kept = "".join(" " if char.isspace() else "\ufffd" if unicodedata.category(char) in _STEERING else char for char in text)
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


_STEERING = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, marks that combine none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1 for char in text
    )
