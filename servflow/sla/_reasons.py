"""Knows how the reasons that a clock's records hold are told to people; must not know where they are shown."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re

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


__all__ = ["reason_in"]
