"""Knows the words of the page in English and Chinese; must not know where they stand."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping

LANGS = ("en", "zh")

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Service report", "服务报告"),
    "period": ("period", "期间"),
    "as_of": ("as of", "截至"),
    "zone": ("times in", "时区"),
    "other": ("中文", "English"),
    "skip": ("Skip to the tickets", "跳到工单列表"),
    "print": ("Print", "打印"),
    # head line
    "opened": ("Opened", "新开工单"),
    "closed": ("Closed", "已关闭"),
    "backlog": ("Open now", "当前未关闭"),
    "kept": ("Promises kept", "承诺达成率"),
    "first": ("First response", "首次响应"),
    "resolve": ("Time to resolve", "解决时长"),
    "csat": ("Satisfied (CSAT)", "满意度（CSAT）"),
    "nps": ("NPS", "净推荐值（NPS）"),
    "ces": ("Effort (CES)", "费力度（CES）"),
    "reopened": ("reopened", "重开"),
    "cancelled": ("cancelled", "已取消"),
    "median": ("median", "中位数"),
    "p90": ("90 % within", "90% 不超过"),
    "once": ("Solved at first contact", "一次解决率"),
    "answers": ("answers", "份评价"),
    "kept.of": ("Kept of known", "按时 / 已知"),
    "answered": ("answered", "回复率"),
    "of": ("of", "/"),
    "before": ("period before", "上一期"),
    "interval": ("95 % interval", "95% 区间"),
    "of_late": ("late", "超时"),
    # filters
    "filters": ("Filters", "筛选"),
    "all": ("all", "全部"),
    "workflow": ("Workflow", "流程"),
    "state": ("State", "状态"),
    "outlet": ("Outlet", "网点"),
    "assignee": ("Engineer", "工程师"),
    "tier": ("Tier", "客户等级"),
    "region": ("Region", "区域"),
    "channel": ("Channel", "渠道"),
    "category": ("Category", "类别"),
    "priority": ("Priority", "优先级"),
    "queue": ("Queue", "队列"),
    "cause": ("Root cause", "根本原因"),
    "tag": ("Tag", "标签"),
    "from": ("Opened from", "开单起"),
    "to": ("to", "止"),
    "only": ("Show", "显示"),
    "only.late": ("only late", "仅超时"),
    "only.open": ("only open", "仅未关闭"),
    "only.reopened": ("only reopened", "仅重开"),
    "only.escalated": ("only escalated", "仅已升级"),
    "search": ("Search", "搜索"),
    "search.hint": ("ticket or person", "工单号或人员"),
    "reset": ("Reset", "重置"),
    "shown": ("{n} of {all} tickets", "{all} 张工单中的 {n} 张"),
    # sections
    "volumes": ("What came in", "来单量"),
    "volumes.day": ("Opened and closed over time", "新开与关闭走势"),
    "volumes.hour": ("When tickets come in", "来单时段"),
    "volumes.hour.note": ("tickets opened by weekday and hour", "按星期与小时统计的新开工单"),
    "attainment": ("Promises kept, by clock", "各时限达成率"),
    "scale.from": ("from {n} %", "自 {n}%"),
    "attainment.note": (
        "kept, of those kept, broken or overdue; the band is the 95 % Wilson interval; excused and cancelled ones left out",
        "按时完成占已完成、已违约和已逾期的比例；横带为 95% Wilson 区间；已豁免和已取消的不计",
    ),
    "backlog.title": ("Open tickets over time", "未关闭工单走势"),
    "age": ("Age of what is open", "未关闭工单的时长"),
    "age.0": ("under 1 day", "不到 1 天"),
    "age.1": ("1 to 3 days", "1 至 3 天"),
    "age.2": ("3 to 7 days", "3 至 7 天"),
    "age.3": ("7 to 14 days", "7 至 14 天"),
    "age.4": ("14 to 30 days", "14 至 30 天"),
    "age.5": ("over 30 days", "超过 30 天"),
    "flow": ("How tickets flow", "工单流转"),
    "flow.note": (
        (
            "Box: how often tickets came there, median stay. Line: how often they went that way, median stay before it. "
            "The warmer, the more of all time was spent there."
        ),
        "框内：进入次数与停留时间的中位数。线上：走这条路的次数与此前停留时间的中位数。颜色越暖，占全部时间的比例越大。",
    ),
    "visits": ("{n} visits", "{n} 次"),
    "visits.one": ("{n} visit", "{n} 次"),
    "flow.visits": ("Visits", "进入次数"),
    "flow.median": ("Median stay", "停留中位数"),
    "flow.share": ("Share of time", "时间占比"),
    "flow.now": ("There now", "当前"),
    "flow.missing": (
        "The definition of this workflow is not in the database; it is drawn from what tickets did.",
        "数据库中没有此流程的定义；此图根据工单实际经过绘制。",
    ),
    "flow.rare": (
        "Rare ways are not drawn: {n} of {all}, with {share} of all moves; the table has them.",
        "未画出罕见路径：{all} 条中的 {n} 条，占全部流转的 {share}；见表格。",
    ),
    "flow.from": ("From", "自"),
    "flow.to": ("To", "至"),
    "flow.way": ("Tickets · median stay before", "次数 · 此前停留中位数"),
    "breaches": ("Broken promises", "超时时间线"),
    "broken": ("Broken", "超时数"),
    "breaches.note": (
        "Each mark is one broken promise, on the day it broke; open it to see the ticket.",
        "每个标记为一次超时，位于发生当天；点开可查看工单。",
    ),
    "chains": ("Escalations", "升级时间线"),
    "chains.note": (
        "Each mark is one level that was reached; the darker, the higher.",
        "每个标记为到达的一个升级级别；颜色越深，级别越高。",
    ),
    "piles.cut": ("A pile with a bar on top goes on.", "顶端有横线的一列未全部画出。"),
    "league": ("Outlets and engineers", "网点与工程师"),
    "league.note": (
        "A ticket counts for whoever had it last. Few tickets say little: look at the interval.",
        "工单计入最后持有者。数量少时参考意义有限，请看区间。",
    ),
    "causes": ("Root causes", "根本原因"),
    "causes.share": ("Running total", "累计占比"),
    "tickets": ("Tickets", "工单"),
    "count": ("Tickets", "工单数"),
    "open": ("Open", "未关闭"),
    "late": ("Late", "超时"),
    "share": ("Share", "占比"),
    "day": ("Day", "日期"),
    "clock": ("Clock", "时限"),
    "level": ("Level", "级别"),
    "chain": ("Escalation", "升级链"),
    "level.title": ("Levels reached", "各级升级次数"),
    "level.times": ("Times reached", "触发次数"),
    "table": ("Figures as a table", "以表格显示"),
    "more": ("Show more", "显示更多"),
    "none": ("none", "无"),
    "unknown": ("(none)", "（无）"),
    "rest": ("(all others)", "（其余）"),
    "nothing": ("Nothing to show.", "没有内容。"),
    "no_tickets": (
        "There are no tickets in this period. Once tickets are opened, this page shows what became of them.",
        "此期间没有工单。开出工单后，此页将显示其情况。",
    ),
    # one ticket
    "ticket": ("Ticket", "工单"),
    "opened_at": ("Opened", "开单时间"),
    "closed_at": ("Closed", "关闭时间"),
    "took": ("Took", "用时"),
    "promises": ("Promises", "承诺"),
    "story": ("What happened", "经过"),
    "no_story": (
        "The story of this ticket is not in this file. It is told by: servflow explain DB {id}",
        "此文件未包含该工单的经过。可用以下命令查看：servflow explain DB {id}",
    ),
    "cut": ("{n} lines in between are left out", "中间省略 {n} 行"),
    "close": ("Close", "关闭"),
    "still": ("still open", "未关闭"),
    "due": ("due", "应完成"),
    "everything": ("Show every record", "显示全部记录"),
    # outcomes
    "met": ("kept", "按时"),
    "out.late": ("late", "超时完成"),
    "overdue": ("overdue", "已逾期"),
    "out.open": ("in time so far", "进行中"),
    "out.cancelled": ("cancelled", "已取消"),
    "waived": ("excused", "已豁免"),
    # foot
    "about": ("About this page", "关于本页"),
    "about.cohort": (
        "Figures are of the tickets opened in the period; closed and open ones count whenever they were opened.",
        "各项指标以期间内新开的工单为准；关闭数和未关闭数不限开单时间。",
    ),
    "about.filters": (
        "Every figure comes from servflow.metrics; with filters the browser counts it again by the same rules.",
        "所有指标来自 servflow.metrics；筛选后由浏览器按同样规则重新计算。",
    ),
    "about.rows": (
        "The page holds the latest {kept} of {all} tickets; {left} older ones are left out of every figure.",
        "本页包含 {all} 张工单中最近的 {kept} 张；另有 {left} 张更早的工单未计入任何指标。",
    ),
    "about.stories": (
        "The stories of {n} tickets are told in full, those with most to tell; for the others use servflow explain.",
        "本页详述其中 {n} 张最值得关注的工单；其余请用 servflow explain 查看。",
    ),
    "about.unread": ("{n} tickets could not be read and are in no figure:", "有 {n} 张工单无法读取，未计入任何指标："),
    "about.self": (
        "This file needs no network and sends nothing anywhere.",
        "此文件无需网络，也不会向任何地方发送数据。",
    ),
    "about.made": ("made with servflow {version}", "由 servflow {version} 生成"),
    "about.definitions": ("How the figures are counted", "指标定义"),
}
"""Key -> the English and the Chinese text; names in braces are filled in."""

DAYS = (("Mon", "一"), ("Tue", "二"), ("Wed", "三"), ("Thu", "四"), ("Fri", "五"), ("Sat", "六"), ("Sun", "日"))


Both = tuple[str, str]
"""A text in English and in Chinese."""


def pick(both: Both, lang: str) -> str:
    """A text in the language of the page."""
    return both[lang == "zh"]


def plain(name: str) -> str:
    """
    A name of a definition as people read it.

    >>> plain("mini_program"), plain("step.on_site.photo_after")
    ('mini program', 'photo after (on site)')
    """
    parts = name.split(".", 2)
    if len(parts) == 3 and parts[0] == "step":
        name = f"{parts[2]} ({parts[1]})"
    return name.replace("_", " ").strip() or name


def word(key: str, lang: str, **facts: object) -> str:
    """The text of a key in a language."""
    text = WORDS[key][1 if lang == "zh" else 0]
    return text.format(**facts) if facts else text
