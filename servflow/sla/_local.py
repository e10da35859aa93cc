"""Knows how instants, lengths of time and strangers' words are put into lines for people; must not know what they are about."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
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

_REASONS_ZH: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"started", "启动"),
        (r"started: event (.*)", "启动：事件 {}"),
        (r"resumed", "恢复"),
        (r"resumed: event (.*)", "恢复：事件 {}"),
        (r"reopened", "重新打开"),
        (r"reopened: event (.*)", "重新打开：事件 {}"),
        (r"paused", "暂停"),
        (r"reset", "重置"),
        (r"reset: event (.*)", "重置：事件 {}"),
        (r"reset by its condition", "按条件重置"),
        (r"breached", "已违约"),
        (r"capped by (.*)", "受 {} 限制"),
        (r"no longer capped by (.*)", "不再受 {} 限制"),
        (r"event (.*)", "事件 {}"),
        (r"in state (.*)", "处于状态 {}"),
        (r"outside queue (.*)", "不在队列 {}"),
        (r"outside (.*)", "不在 {}"),
        (r"left (.*)", "离开 {}"),
        (r"target changed", "目标变更"),
        (r"calendars? changed", "日历变更"),
        (r"paused by its condition", "按条件暂停"),
        (r"started while paused", "启动时即暂停"),
        (r"cancelled by its condition", "按条件取消"),
        (r"the ticket closed", "工单已关闭"),
        (r"occurred earlier", "实际发生更早"),
        (r"reached", "已达成"),
    )
)


_ROW = re.compile(r", row ([^;；]*)")


def reason_in(reason: str, lang: str) -> str:
    """A reason that the records hold, in the language; what is not known is told as it is."""
    if lang == "zh":
        first, by, rest = reason.partition("by table ")
        if by and len(reason) < 500:
            told = _ROW.sub(r" 第 \1 行", rest.replace("; table ", "；决策表 "))
            begun = reason_in(first.strip(), lang)
            return f"{begun}{begun and '：'}决策表 {told}"
        for pattern, said in _REASONS_ZH:
            found = pattern.fullmatch(reason)
            if found is not None:
                return said.format(*found.groups())
    return reason
