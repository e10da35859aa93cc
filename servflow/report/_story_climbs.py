"""Knows how one step of an escalation is told in a line in both languages; must not know what else happened to the ticket."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.escalation import cause_text
from servflow.escalation._words import did_in, reason_in
from servflow.report._names import Names
from servflow.report._story_records import cut
from servflow.report._words import Both, pick

_OUTCOMES: Mapping[str, Both] = {
    "fired": ("reached", "已触发"),
    "coalesced": ("reached late, told together with a later one", "迟到触发，与后一级合并通知"),
    "empty": ("reached nobody", "没有可通知的人"),
    "skipped": ("passed over", "已跳过"),
    "stopped": ("stopped", "已停止"),
}
_STEPS: Mapping[str, Both] = {
    "armed": ("is set to begin", "已设定"),
    "started": ("begins", "启动"),
    "delivered": ("was delivered", "已送达"),
    "failed": ("could not be delivered", "未能送达"),
    "acknowledged": ("was acknowledged", "已响应"),
    "snoozed": ("was put off", "已暂缓"),
    "resumed": ("goes on", "继续"),
    "changed": ("follows a changed definition", "按修改后的定义继续"),
    "stopped": ("ends", "结束"),
    "reminder": ("reminds", "提醒"),
    "quiet": ("quiet hours end", "静默时段结束"),
}


def climbed(run: Any, step: Any, names: Names, lang: str) -> str:
    """One step of one run in a language."""
    zh = lang == "zh"
    chain = pick(names.chain(run.chain), lang)
    what = f"{chain} · {pick(names.both('level', step.name, run.chain), lang)}" if step.name else chain
    if step.kind in ("level", "reminder"):
        did = _OUTCOMES.get(step.outcome, (step.outcome, step.outcome))[zh]
        did = f"{_STEPS['reminder'][zh]}: {did}" if step.kind == "reminder" else did
    else:
        did = _STEPS.get(step.kind, (step.kind, step.kind))[zh]
    to = ", ".join(step.to[:5]) + (f", +{len(step.to) - 5}" if len(step.to) > 5 else "")
    to = to or (step.by or "")
    why = [did_in(reason_in(reason, lang, names.said(lang)), lang) for reason in (*step.did, *step.why)]
    if step.kind == "started":
        why.append(cause(run, names, lang))
    reasons = ("；" if zh else "; ").join(reason for reason in why if reason)
    head = f"升级 {what}：{did}" if zh else f"Escalation {what}: {did}"
    head += f" → {to}" if to else ""
    return cut(head + ((f"（{reasons}）" if zh else f" ({reasons})") if reasons else ""))


def cause(run: Any, names: Names, lang: str) -> str:
    """What set a chain off; a promise that broke is told as people say it."""
    clock, _, rest = str(run.cause).removeprefix("clock:").rpartition(":")
    if not str(run.cause).startswith("clock:") or not clock:
        return cause_text(run.cause, run.definition, lang, names.said(lang))
    name, _, cycle = clock.rpartition(":")
    number = cycle.partition("~")[0]
    if not name or not number.isdecimal():
        return cause_text(run.cause, run.definition, lang, names.said(lang))
    again, promise = number != "1", pick(names.clock(name), lang)
    if lang == "zh":
        which = f"第 {number} 次" if again else ""
        return f"承诺 {promise} {which}超时" if rest == "breach" else f"承诺 {promise} {which}到达 {rest}"
    which = f" for the {number}. time it ran" if again else ""
    what = "was broken" if rest == "breach" else f"came to {rest}"
    return f"the promise {promise} {what}{which}"
