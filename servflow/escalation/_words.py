"""Knows how reasons that chains record are told in Chinese; must not know where they are shown."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

LONGEST = 500
"""Characters of a reason that is looked at; what is longer is told as it is."""

# A group called one or line is itself a reason, or a chain of managers, and is told in Chinese as well; another name is the
# kind of the name it holds.
_REASONS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"all else of it failed: (?P<one>.*)", "其余动作失败：{}"),
        (r"it did not begin: (?P<one>.*)", "未能启动：{}"),
        (r"it was not sent back: (?P<one>.*)", "未被退回：{}"),
        (r"fallback: (?P<one>.*)", "后备：{}"),
        (r"no world says who that is: (?P<one>.*)", "没有人员数据可查：{}"),
        (r"every level was climbed", "已走完所有级别"),
        (r"the ticket closed", "工单已关闭"),
        (r"entered (?P<state>.*)", "进入 {}"),
        (r"left (?P<state>.*)", "离开 {}"),
        (r"event (?P<event>.*)", "事件 {}"),
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
        (r"the call that caught it up snoozed the run", "补算时升级已被暂缓"),
        (r"chains have set each other off (\d+) times in a row.*", "升级链已连续相互触发 {} 次"),
        (r"the script stops it", "由脚本结束"),
        (r"its chain was changed and has fewer levels now", "升级链已修改，级别变少"),
        (r"(.*) spoke for it when quiet hours ended", "静默结束时由 {} 代为通知"),
        (r"role (?P<role>.*) is held by nobody", "无人担任角色 {}"),
        (r"role (?P<role>.*)", "角色 {}"),
        (r"queue (?P<queue>.*) has no members", "队列 {} 没有成员"),
        (r"queue (?P<queue>.*)", "队列 {}"),
        (r"(?P<one>.* of queue .*), where everybody is away", "{}（全员不在）"),
        (r"least_loaded of queue (?P<queue>.*)", "队列 {} 中负荷最轻者"),
        (r"round_robin of queue (?P<queue>.*)", "队列 {} 轮流"),
        (r"random of queue (?P<queue>.*)", "队列 {} 随机"),
        (r"first of queue (?P<queue>.*)", "队列 {} 首位"),
        (r"(?P<line>manager of .*?) \((?P<one>.*)\)", "{}（{}）"),
        (r"manager of (?P<line>.*)", "{}的上级"),
        (r"(.*) has no manager, and (.*) is asked for (\d+) levels up", "{} 没有上级（要求 {} 向上 {} 级）"),
        (r"(.*) has no manager", "{} 没有上级"),
        (r"the reporting line of (.*) goes in a circle: (.*)", "{} 的汇报线成环：{}"),
        (r"nobody is on call in (.*)", "{} 无人值班"),
        (r"nobody is next on call in (.*)", "{} 无下一班值班人"),
        (r"nobody is previous on call in (.*)", "{} 无上一班值班人"),
        (r"on call in (.*)", "{} 值班"),
        (r"next on call in (.*)", "{} 下一班值班"),
        (r"previous on call in (.*)", "{} 上一班值班"),
        (r"schedule (.*) is not in the world", "没有值班表 {}"),
        (r"schedule (.*)", "值班表 {}"),
        (r"target (.*) found nobody", "目标 {} 未找到任何人"),
        (r"target (.*)", "目标 {}"),
        (r"field (?P<field>.*) names nobody", "字段 {} 未指定任何人"),
        (r"field (?P<field>.*)", "字段 {}"),
        (r"user (.*)", "用户 {}"),
        (r"outlet (.*)", "网点 {}"),
        (r"webhook (.*)", "Webhook {}"),
        (r"(?P<one>assignee|owner|helpers|watchers|customer|requester|outlet) is nobody", "没有{}"),
        (r"assignee", "处理人"),
        (r"owner", "负责人"),
        (r"helpers", "协助人"),
        (r"watchers", "关注人"),
        (r"customer", "客户"),
        (r"requester", "提交人"),
        (r"outlet", "网点"),
        (r"quiet hours: told at (.*)", "静默时段：{} 通知"),
        (r"quiet hours: not said", "静默时段：不通知"),
        (r"quiet hours read in (.*)'s own zone: no world was given", "静默时段按 {} 自身时区：没有人员数据可查"),
        (r"quiet hours read in (.*)'s own zone: the world knows no zone of (.*)", "静默时段按 {} 自身时区：不知道 {} 的时区"),
        (r"the run was acknowledged", "升级已被响应"),
        (r"the run was snoozed", "升级已暂缓"),
        (r"the run ended", "升级已结束"),
        (r"it could not be delivered", "未能送达"),
    )
)


_PLACES: Mapping[str, str] = {
    "assignee": "处理人",
    "owner": "负责人",
    "helper": "协助人",
    "watcher": "关注人",
    "watches no longer": "取消关注",
    "priority": "优先级",
    "queue": "队列",
}

_KINDS: Mapping[str, str] = {
    "notify": "通知",
    "assign": "派单",
    "add_owner": "增加负责人",
    "add_helper": "增加协助人",
    "remove_helper": "移除协助人",
    "watch": "增加关注人",
    "unwatch": "移除关注人",
    "raise_priority": "提高优先级",
    "set": "设置字段",
    "tag": "加标签",
    "queue": "转入队列",
    "emit": "触发事件",
    "call": "外部调用",
    "open": "新建工单",
    "send": "发送事件",
    "start": "启动升级链",
    "jump": "转到升级链",
}


def did_in(done: str, lang: str) -> str:
    """What came of a level, such as ``owner: olga``, as people read it in the language; a field keeps its name."""
    head, colon, rest = done.partition(": ")
    return f"{_PLACES.get(head, head)}：{rest}" if lang == "zh" and colon else done


def asked_in(action: str, lang: str) -> str:
    """An action by its kind, with what it names (``call: regulator``) or without, as people read it in the language."""
    kind, colon, rest = action.partition(": ")
    return f"{_KINDS.get(kind, kind)}{'：' if colon else ''}{rest}" if lang == "zh" else action


def reason_in(reason: str, lang: str, called: Callable[[str, str], str] | None = None) -> str:
    """
    A reason as people read it in the language; what is not known is told as it is.

    Args:
        called: gives what people call a part of the workflow in that language, by its kind and its name.
    """
    if lang == "zh" and len(reason) <= LONGEST:
        for pattern, zh in _REASONS:
            found = pattern.fullmatch(reason)
            if found is not None:
                kinds = {at: kind for kind, at in pattern.groupindex.items()}
                return zh.format(*(_part(text, kinds.get(at), lang, called) for at, text in enumerate(found.groups(), 1)))
    return reason


def _part(text: str, kind: str | None, lang: str, called: Callable[[str, str], str] | None) -> str:
    if kind in ("one", "line"):
        return reason_in(text, lang, called)
    return text if kind is None or called is None else called(kind, text)
