"""Knows how causes and reasons that chains record are told in English and Chinese; must not know where they are shown."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 500
"""Characters of a reason that is looked at; what is longer is told as it is."""

_CAUSES: Sequence[tuple[re.Pattern[str], str, str]] = tuple(
    (re.compile(pattern, re.DOTALL), en, zh)
    for pattern, en, zh in (
        (r"clock:(.*):\d+:breach", "clock {} was breached", "时钟 {} 违约"),
        (r"clock:(.*):\d+:(.*)", "clock {} reached {}", "时钟 {} 到达 {}"),
        (r"state:(.*)", "in state {}", "处于状态 {}"),
        (r"event:(.*)", "event {}", "事件 {}"),
        (r"age:\d+", "age of the ticket", "工单存续时长"),
    )
)

_REASONS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"every level was climbed", "已走完所有级别"),
        (r"the ticket closed", "工单已关闭"),
        (r"entered (.*)", "进入 {}"),
        (r"left (.*)", "离开 {}"),
        (r"event (.*)", "事件 {}"),
        (r"migration", "迁移"),
        (r"its condition does not hold", "条件不成立"),
        (r"(.*) does not hold", "{} 不成立"),
        (r"what started it was amended", "触发原因已更正"),
        (r"role (.*)", "角色 {}"),
        (r"queue (.*)", "队列 {}"),
        (r"fallback: (.*)", "后备：{}"),
    )
)


def reason_in(reason: str, lang: str) -> str:
    """A cause or reason as people read it in the language; what is not known is told as it is."""
    if len(reason) > LONGEST:
        return reason
    for pattern, en, zh in _CAUSES:
        found = pattern.fullmatch(reason)
        if found is not None:
            return (zh if lang == "zh" else en).format(*found.groups())
    if lang == "zh":
        for pattern, zh in _REASONS:
            found = pattern.fullmatch(reason)
            if found is not None:
                return zh.format(*found.groups())
    return reason
