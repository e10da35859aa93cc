"""Knows how the reasons for which figures leave something out are said; must not know which measure leaves out what."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "abandoned": ("abandoned", "已放弃"),
    "cancelled": ("cancelled", "已取消"),
    "closed": ("closed", "已关闭"),
    "never assigned": ("never assigned", "从未分派"),
    "no calendar": ("no calendar", "无日历"),
    "no work": ("no work", "无人处理"),
    "no_roster": ("no roster", "无排班"),
    "open": ("open", "未关闭"),
    "short": ("short", "过短"),
    "skipped": ("skipped", "未发出"),
    "still there": ("still there", "仍在其中"),
    "too early": ("too early", "为时尚早"),
    "too_early": ("too early", "为时尚早"),
    "unanswered": ("unanswered", "未答复"),
    "unasked": ("unasked", "未调查"),
    "unknown": ("unknown", "未注明"),
    "unpriced": ("unpriced", "无金额"),
    "unrated": ("unrated", "未评价"),
    "unweighed": ("unweighed", "无权重"),
    "waiting": ("waiting", "等待中"),
    "waived": ("waived", "已豁免"),
}
"""Reason -> how it is said in English and in Chinese."""


def reason_text(reason: str, lang: str = "en") -> str:
    """A reason for people; one that a host's own measure gave is said as it is."""
    en, zh = REASONS.get(reason, (reason, reason))
    return zh if lang == "zh" else en
