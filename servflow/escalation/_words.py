"""Knows how reasons that chains record are told in Chinese; must not know where they are shown."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 500
"""Characters of a reason that is looked at; what is longer is told as it is."""

_REASONS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"every level was climbed", "已走完所有级别"),
        (r"the ticket closed", "工单已关闭"),
        (r"entered (.*)", "进入 {}"),
        (r"left (.*)", "离开 {}"),
        (r"event (.*)", "事件 {}"),
        (r"message of (.*)", "{} 的消息"),
        (r"migration", "迁移"),
        (r"its condition does not hold", "条件不成立"),
        (r"(.*) does not hold", "{} 不成立"),
        (r"goes on with (.*)", "转到 {}"),
        (r"(.*) goes on with (.*)", "{} 转到 {}"),
        (r"waits until it does", "等待其成立"),
        (r"it need not wait any longer", "无需再等待"),
        (r"what started it was amended", "触发原因已更正"),
        (r"the acknowledgement ran out", "响应已过期"),
        (r"the snooze ran out", "暂缓已结束"),
        (r"the acknowledgement was taken back", "响应已撤回"),
        (r"the snooze was ended", "暂缓已取消"),
        (r"passed over: (.*) sent the run to (.*)", "被跳过：{} 将升级转到 {}"),
        (r"(.*) sent the run to (.*)", "{} 将升级转到 {}"),
        (r"a later reminder of (.*) spoke for it", "由 {} 之后的提醒代为通知"),
        (r"(.*) spoke for it", "由 {} 代为通知"),
        (r"the call that caught it up ended the run: (.*)", "补算时升级已结束：{}"),
        (r"the call that caught it up acknowledged the run", "补算时升级已被响应"),
        (r"role (.*)", "角色 {}"),
        (r"queue (.*)", "队列 {}"),
        (r"fallback: (.*)", "后备：{}"),
        (r"quiet hours: told at (.*)", "静默时段：{} 通知"),
        (r"quiet hours: not said", "静默时段：不通知"),
    )
)


def reason_in(reason: str, lang: str) -> str:
    """A reason as people read it in the language; what is not known is told as it is."""
    if lang == "zh" and len(reason) <= LONGEST:
        for pattern, zh in _REASONS:
            found = pattern.fullmatch(reason)
            if found is not None:
                return zh.format(*found.groups())
    return reason
