"""Knows how values and instants of a decision are told; must not know any decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from servflow.errors import InputError
from servflow.errors import shown as quoted
from servflow.model import write_instant


def jsonable(value: Any) -> Any:
    """What a verdict had or needed, as JSON-ready data."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(jsonable(item)) for item in value)
    return str(value)


_CHINESE = {
    "load": "负荷",
    "capacity": "容量",
    "takes": "需占用",
    "channel": "渠道",
    "channel load": "渠道负荷",
    "channel capacity": "渠道容量",
    "minutes": "分钟",
    "kilometres": "公里",
    "roster ended": "排班止于",
}
"""What the library itself says of somebody, beside names that hosts gave."""

_OWN = {"below", "open", "travel"}
"""Kinds of rules that say of somebody what no host named; a skill may be called load."""

_ASKED = {
    "below": {"capacity": "容量以内", "normal": "正常容量以内"},
    "open": {"shift": "在班"},
    "presence": {"available": "在线"},
}
"""What a rule asks in words of the library, by its kind."""


def shown(value: Any, zone: str | None = None, lang: str = "en", kind: str = "") -> str:
    """
    What a verdict had or needed, as a reader sees it; instants in UTC, or as a wall clock of the zone shows them.

    Args:
        kind: that of the rule; what the library itself says there has Chinese words, names that hosts gave have not.
    """
    zh = lang == "zh"
    if isinstance(value, datetime):
        return write_instant(value) if zone is None else clock(value, zone)
    if isinstance(value, Mapping):
        said = _CHINESE if zh and kind in _OWN else {}
        return ", ".join(f"{said.get(key, key)} {shown(item, zone, lang)}" for key, item in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        stretch = len(value) == 2 and all(isinstance(item, datetime) for item in value)
        between = (" 至 " if zh else " to ") if stretch else ", "
        return between.join(shown(item, zone, lang) for item in value) or "-"
    if zh and isinstance(value, str) and value in _ASKED.get(kind, ()):
        return _ASKED[kind][value]
    plain = jsonable(value)
    if isinstance(plain, list):
        return ", ".join(plain) or "-"
    return "-" if plain is None or plain == "" else str(plain)


def asked(kind: str, need: Any, lang: str = "en") -> str:
    """What a rule asked, in the words of its kind: the level of a skill, how many of a part."""
    if kind == "skill" and isinstance(need, Mapping):
        level = "级别" if lang == "zh" else "level"
        return " + ".join(str(name) if least == 1 else f"{name} {level} {least}" for name, least in need.items())
    if kind == "part" and isinstance(need, Mapping):
        return " + ".join(str(name) if count == 1 else f"{count} x {name}" for name, count in need.items())
    return shown(need)


def clock(at: datetime, zone: str | None, beside: datetime | None = None) -> str:
    """
    An instant as a wall clock shows it; without the date on the day of *beside*, with ``UTC`` where no zone is given.

    Raises:
        InputError: there is no such zone.
    """
    here = at.astimezone(zone_named(zone))
    near = beside is not None and beside.astimezone(here.tzinfo).date() == here.date()
    exact = "%H:%M:%S" if here.second else "%H:%M"
    text = here.strftime(exact) if near else f"{here.date().isoformat()} {here.strftime(exact)}"
    return f"{text} UTC" if zone is None else text


def zone_named(zone: str | None) -> ZoneInfo:
    """
    The zone of a name of the tz database; UTC for None.

    Raises:
        InputError: there is no such zone.
    """
    try:
        return ZoneInfo(zone or "UTC")
    except (ValueError, OSError, TypeError, KeyError):  # a path, a directory, no text, or no such key
        raise InputError(f"{quoted(zone)} is no time zone; give a name such as Asia/Shanghai", code="zone", zone=zone) from None
