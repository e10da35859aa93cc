"""Knows how what happened to a promise is told in one line; must not know what else happened to the ticket."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from servflow.model import (
    Amended,
    ClockPaused,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockStopped,
    Waived,
    Warned,
)
from servflow.model import Breached as ClockBreached
from servflow.report._ink import span
from servflow.report._names import Names
from servflow.report._words import Both


def _length(run: Any, names: Names, value: timedelta) -> Both:
    """A length of time; what a calendar counts in hours, because its day is not one of 24."""
    seconds = value.total_seconds()
    if not run.calendar:
        return span(seconds), span(seconds, "zh")
    hours, minutes = divmod(int(seconds) // 60, 60)
    en, zh = names.both("calendar", run.calendar)
    parts = [(f"{hours}h", f"{hours} 小时")] * bool(hours) + [(f"{minutes}m", f"{minutes} 分")] * bool(minutes)
    return (
        (" ".join(one for one, _ in parts) or "0m") + f" of calendar {en}",
        (" ".join(one for _, one in parts) or "0 分") + f"（按 {zh} 计）",
    )


def clocked(record: Any, names: Names, at: Callable[[datetime], str]) -> tuple[str, str, bool, bool]:
    """The line in both languages, whether it is a minor one, and whether it is a bad one; *at* writes an instant."""
    (name, said), run = names.clock(record.clock), record.run
    due = "-" if run.due is None else at(run.due)[:16]
    if isinstance(record, ClockBreached):
        return f"Promise {name} broken: it was due {due}", f"承诺 {said} 超时：应于 {due} 前完成", False, True
    if isinstance(record, Waived):
        by = f" ({record.by})" if record.by else ""
        return (
            f"The breach of {name} is excused: {record.reason}{by}",
            f"{said} 的超时被豁免：{record.reason}{by}",
            False,
            False,
        )
    if isinstance(record, Amended):
        return f"{name}: the mark {record.mark} does not hold after all", f"{said}：标记 {record.mark} 不再成立", False, False
    if isinstance(record, Warned):
        return f"Promise {name}: {record.mark} of the time is used", f"承诺 {said}：时间已用 {record.mark}", False, False
    if isinstance(record, ClockStopped):
        if run.phase == "cancelled":
            return f"Promise {name} no longer counts", f"承诺 {said} 不再计时", True, False
        kept = run.breached_at is None
        took = _length(run, names, run.counted)
        en, zh = ("kept", "按时完成") if kept else ("done late", "超时完成")
        return f"Promise {name} {en}, after {took[0]}", f"承诺 {said} {zh}，计时 {took[1]}", False, False
    if isinstance(record, ClockPaused):
        return f"Promise {name} pauses", f"承诺 {said} 暂停", False, False
    if isinstance(record, ClockResumed):
        return f"Promise {name} goes on, due {due}", f"承诺 {said} 继续，应于 {due} 前完成", False, False
    if isinstance(record, ClockRetargeted):
        return f"Promise {name} has another target, due {due}", f"承诺 {said} 目标变更，应于 {due} 前完成", False, False
    if isinstance(record, ClockReset):
        return f"Promise {name} starts again, due {due}", f"承诺 {said} 重新计时，应于 {due} 前完成", False, False
    within = _length(run, names, run.within)
    en, zh = f"within {within[0]}, due {due}", f"时限 {within[1]}，应于 {due} 前完成"
    return f"Promise {name} starts: {en}", f"承诺 {said} 开始：{zh}", False, False
