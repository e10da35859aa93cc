"""Knows what built-in events and what they ask for are called in English and Chinese; must not know any ticket."""

from __future__ import annotations

from collections.abc import Mapping

EVENTS: Mapping[str, tuple[str, str]] = {
    "ticket.open": ("Open a ticket", "开单"),
    "ticket.update": ("Edit fields", "修改字段"),
    "ticket.assign": ("Assign", "指派"),
    "ticket.message": ("Write a message", "发送消息"),
    "ticket.cancel": ("Cancel", "取消"),
    "ticket.reopen": ("Reopen", "重新打开"),
    "ticket.force": ("Move by force", "强制变更状态"),
    "ticket.watch": ("Watch", "关注"),
    "ticket.unwatch": ("Stop watching", "取消关注"),
    "helper.done": ("My help is done", "协助完成"),
    "helper.remove": ("Remove a helper", "移除协助人"),
    "step.check": ("Check a step", "完成步骤"),
    "step.uncheck": ("Take a check back", "撤销步骤"),
    "approval.approve": ("Approve", "批准"),
    "approval.reject": ("Reject", "驳回"),
    "offer.accept": ("Accept the offer", "接受派单"),
    "offer.reject": ("Decline the offer", "拒绝派单"),
    "dispatch.approve": ("Approve the proposal", "同意派单建议"),
    "dispatch.decline": ("Decline the proposal", "否决派单建议"),
    "queue.take": ("Take from the queue", "领取"),
    "appointment.book": ("Book a visit", "预约上门"),
    "appointment.reschedule": ("Move the visit", "改约"),
    "appointment.cancel": ("Cancel the visit", "取消预约"),
    "appointment.no_show": ("Nobody was there", "客户爽约"),
    "appointment.lost": ("The visit is lost", "预约失效"),
    "part.need": ("Ask for a part", "申请备件"),
    "part.reserve": ("Put a part aside", "预留备件"),
    "part.use": ("Use a part", "使用备件"),
    "part.return": ("Return a part", "退回备件"),
    "part.release": ("Give a part free", "释放备件"),
    "part.booked": ("A part is booked", "备件已入账"),
    "chain.acknowledge": ("Acknowledge the escalation", "确认升级"),
    "chain.unacknowledge": ("Take the acknowledgement back", "撤销确认"),
    "chain.snooze": ("Snooze the escalation", "暂缓升级"),
    "chain.unsnooze": ("Stop snoozing", "取消暂缓"),
    "chain.escalate": ("Escalate now", "立即升级"),
    "chain.deescalate": ("Step down a level", "降级"),
    "chain.stop": ("Stop the escalation", "停止升级"),
    "chain.delivered": ("A notification arrived", "通知已送达"),
    "chain.failed": ("A notification failed", "通知发送失败"),
    "chain.start": ("Start an escalation", "启动升级"),
    "rating.add": ("Rate", "评价"),
    "clock.waive": ("Excuse a breach", "豁免超时"),
}
"""Built-in event -> its title in both languages, where the definition gives it none."""

KEYS: Mapping[str, tuple[str, str]] = {
    "about": ("What is rated", "评价对象"),
    "chain": ("Escalation", "升级链"),
    "channel": ("Channel", "渠道"),
    "clock": ("Clock", "时钟"),
    "comment": ("Comment", "说明"),
    "condition": ("Condition", "备件状况"),
    "cycle": ("Cycle", "周期"),
    "effect": ("Notification", "通知"),
    "evidence": ("Evidence", "凭证"),
    "level": ("Level", "级别"),
    "line": ("Line", "行号"),
    "offer": ("Offer", "派单邀约"),
    "part": ("Part", "备件"),
    "place": ("Place", "地点"),
    "policy": ("Dispatch policy", "派单策略"),
    "public": ("The customer may read it", "客户可见"),
    "quantity": ("Quantity", "数量"),
    "rater": ("Who rates", "评价人"),
    "reason": ("Reason", "原因"),
    "run": ("Run", "运行编号"),
    "scale": ("Scale", "量表"),
    "score": ("Score", "分数"),
    "serials": ("Serial numbers", "序列号"),
    "side": ("Written by", "发送方"),
    "slot": ("As", "角色"),
    "start": ("Start", "开始时间"),
    "state": ("State", "状态"),
    "step": ("Step", "步骤"),
    "text": ("Text", "内容"),
    "to": ("To whom", "给谁"),
    "until": ("Until", "截止时间"),
    "visit": ("Visit", "上门"),
    "who": ("Who", "人员"),
    # attributes that an opening form may ask for
    "asset": ("Asset", "设备"),
    "customer": ("Customer", "客户"),
    "outlet": ("Outlet", "网点"),
    "parent": ("Parent ticket", "父工单"),
    "priority": ("Priority (1 is highest)", "优先级（1 为最高）"),  # noqa: RUF001 - Chinese text uses full-width punctuation
    "queue": ("Queue", "队列"),
    "tags": ("Tags", "标签"),
    # values
    "assignee": ("Assignee", "负责人"),
    "owner": ("Owner", "所有者"),
    "provider": ("Provider", "服务商"),
    "agent": ("Our side", "我方"),
    "good": ("Good", "完好"),
    "defective": ("Defective", "有缺陷"),
    "ticket": ("The ticket", "工单"),
}
"""What built-in events ask for -> its title in both languages; also the words there are to choose among."""


def chinese(lang: str) -> bool:
    """Whether our own words are said in Chinese; in any other language they are English."""
    return lang.lower().partition("-")[0] == "zh"


def word(name: str, lang: str) -> str:
    """What a key, an attribute or a listed word of the engine is called; a name that is none, in words."""
    known = KEYS.get(name)
    return plain(name) if known is None else known[chinese(lang)]


def event_title(event: str, lang: str) -> str:
    """What an event without a title is called: a built-in one by our words, else its name in words."""
    known = EVENTS.get(event)
    return plain(event) if known is None else known[chinese(lang)]


def plain(name: str) -> str:
    """A name of a definition as people read it: ``on_site`` as ``on site``."""
    return name.replace("_", " ").strip() or name


__all__ = ["EVENTS", "KEYS", "chinese", "event_title", "plain", "word"]
