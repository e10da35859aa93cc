"""Knows the words of the pages in English and Chinese; must not know where they stand."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from servflow.model import read_instant

LANGUAGES = ("en", "zh")

WORDS: Mapping[str, tuple[str, str]] = {
    "company": ("Repair desk", "维修服务台"),
    "board": ("Board", "看板"),
    "new": ("New ticket", "新建工单"),
    "outbox": ("Outbox", "发件箱"),
    "skip": ("To the content", "跳到正文"),
    "by_state": ("by state", "按状态"),
    "by_queue": ("by queue", "按队列"),
    "closed": ("closed", "已关闭"),
    "queue": ("Queue", "队列"),
    "assignee": ("Engineer", "工程师"),
    "late_only": ("Late only", "仅看超时"),
    "search": ("Search: number, serial number, customer", "搜索：工单号、序列号、客户"),
    "show": ("Show", "显示"),
    "all": ("all", "全部"),
    "nobody": ("nobody yet", "未分派"),
    "nothing": ("Nothing here.", "暂无。"),
    "more": ("More", "更多"),
    "first_page": ("Back to the first", "回到首页"),
    "found": ("Found", "搜索结果"),
    "late_by": ("{length} late", "超时 {length}"),
    "due_in": ("in {length}", "剩余 {length}"),
    "paused": ("promise paused", "承诺已暂停"),
    "paused_late": ("late, and paused", "已超时，暂停中"),
    "not_due": ("no promise runs", "无计时承诺"),
    "priority": ("Priority", "优先级"),
    "customer": ("Customer", "客户"),
    "name": ("Name", "姓名"),
    "phone": ("Phone", "电话"),
    "state": ("State", "状态"),
    "opened": ("Opened", "创建时间"),
    "send": ("Open the ticket", "创建工单"),
    "do": ("What can be done", "可执行操作"),
    "not_now": ("Not now", "暂不可用"),
    "promises": ("Promises", "服务承诺"),
    "due": ("due {at}", "截止 {at}"),
    "was_due": ("was due {at}", "应于 {at} 完成"),
    "and": ("{one}, {two}", "{one}，{two}"),
    "anyway_do": ("Do it all the same: {title}", "仍然执行：{title}"),
    "met": ("kept {at}", "已履行 {at}"),
    "met_late": ("done late {at}", "超时完成 {at}"),
    "cancelled": ("no longer promised", "承诺已取消"),
    "resting": ("paused, {length} left", "已暂停，剩余 {length}"),
    "why_due": ("Why then?", "为什么是这个时间？"),
    "from": ("from", "自"),
    "to": ("to", "至"),
    "phase": ("phase", "阶段"),
    "counted": ("counted", "计入"),
    "total": ("total", "累计"),
    "checklist": ("Checklist", "检查清单"),
    "done_by": ("{who}, {at}", "{who}，{at}"),
    "messages": ("Messages", "消息"),
    "dispatch": ("Who got it, and why", "派单过程与依据"),
    "told": ("Who was told", "通知记录"),
    "chains": ("Escalations", "升级"),
    "coming": ("What time will bring", "即将发生"),
    "history": ("History", "历史记录"),
    "facts": ("Facts", "基本信息"),
    "unfit": ("This does not fit: {why}", "内容不符合要求：{why}"),
    "long": ("At most {most} characters, please.", "最多 {most} 个字符。"),
    "mend": ("Nothing was sent yet: please look at what is marked.", "尚未提交：请检查标出的内容。"),
    "not_found": ("There is no such page or ticket", "没有此页面或工单"),
    "not_found_say": (
        "Nothing is known under “{id}”. Look for it on the board, or check the number.",
        "找不到“{id}”。请在看板中查找，或核对编号。",
    ),
    "refused": ("That is not possible now", "当前无法执行该操作"),
    "refused_next": (
        "Nothing was changed. Go back to the ticket: it says what can be done now, and what is missing for the rest.",
        "没有任何更改。请返回工单查看当前可执行的操作，以及其他操作还缺什么。",
    ),
    "stale": ("Somebody was faster", "工单已被他人更新"),
    "stale_say": (
        "While you were looking, this happened to {id}. Nothing of yours was done, and nothing you wrote is lost.",
        "在您查看期间，{id} 发生了以下变化。您的操作尚未执行，填写的内容也未丢失。",
    ),
    "wrote": ("What you wrote", "您填写的内容"),
    "gone": ("It can no longer be done: the ticket is now “{state}”.", "该操作已无法执行：工单现处于“{state}”。"),
    "back": ("Back to the ticket", "返回工单"),
    "back_board": ("Back to the board", "返回看板"),
    "busy": ("The desk is busy", "系统繁忙"),
    "busy_next": ("Nothing was changed. Send it again in a moment.", "没有任何更改。请稍后再试。"),
    "forged": ("This form has expired", "表单已失效"),
    "forged_next": (
        "It was not sent from a page of this browser session. Load the page again; nothing was changed.",
        "该表单并非来自当前会话的页面。请重新加载页面后再试；没有任何更改。",
    ),
    "large": ("That is too much", "内容过大"),
    "large_next": ("A form holds at most 256 KB. Nothing was changed.", "表单最多 256 KB。没有任何更改。"),
    "who": ("Who are you?", "您是谁？"),
    "who_say": (
        "This example has no passwords: pick somebody. What you may do depends on it.",
        "本示例没有密码：请选择一个身份，可执行的操作取决于该身份。",
    ),
    "change_who": ("change", "切换"),
    "at": ("When", "时间"),
    "ticket": ("Ticket", "工单"),
    "what": ("What", "内容"),
}

NAMES: Mapping[str, tuple[str, str]] = {
    "front_desk": ("Front desk", "前台"),
    "workshop": ("Workshop", "维修车间"),
    "running": ("running", "计时中"),
    "folded": ("earlier", "此前"),
    "answer": ("First answer", "首次响应"),
    "repair": ("Repair", "维修"),
    "agent": ("agent", "客服"),
    "engineer": ("engineer", "工程师"),
    "lead": ("lead", "主管"),
    "manager": ("manager", "经理"),
    "washer": ("Washing machine", "洗衣机"),
    "fridge": ("Fridge", "冰箱"),
    "ac": ("Air conditioner", "空调"),
    "gold": ("Gold", "金牌"),
    "standard": ("Standard", "标准"),
    "no_answer": ("No answer yet", "尚未响应"),
    "late_repair": ("The repair is late", "维修超时"),
    "solved": ("It is solved", "已解决"),
    "unreachable": ("Nobody was reached", "未能通知到任何人"),
    "paused": ("paused", "已暂停"),
}
"""Of what the definition, the people and the clocks call by a name."""

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


class Words:
    """The words of one language."""

    def __init__(self, lang: str, zone: str) -> None:
        self.lang = lang if lang in LANGUAGES else "en"
        self._place = LANGUAGES.index(self.lang)
        self._zone = ZoneInfo(zone)

    def __call__(self, key: str, **facts: object) -> str:
        """A word of the pages, or a sentence with its facts in it."""
        return WORDS[key][self._place].format(**facts)

    def name(self, key: str) -> str:
        """What people call something that data names; what has no word is shown as it is."""
        return NAMES[key][self._place] if key in NAMES else key

    def known(self, key: str) -> bool:
        """Whether there is a word for what data names."""
        return key in NAMES

    def when(self, text: str | None) -> str:
        """An instant that is kept as text, as the wall clock shows it."""
        return self.at(None if text is None else read_instant(text))

    def at(self, instant: datetime | None) -> str:
        """An instant as the wall clock shows it."""
        if instant is None:
            return "-"
        local = instant.astimezone(self._zone)
        return f"{_DAYS[self.lang][local.weekday()]} {local:%m-%d %H:%M}"

    def length(self, span: timedelta) -> str:
        """A length of time as it passes, with the two largest of its units, in whole minutes."""
        minutes = abs(int(span.total_seconds())) // 60
        return self._units((minutes // 1440, "d", "天"), (minutes // 60 % 24, "h", "小时"), (minutes % 60, "min", "分钟"))

    def work(self, span: timedelta) -> str:
        """A length of counted time: of hours, since nobody works for a whole day."""
        minutes = abs(int(span.total_seconds())) // 60
        return self._units((minutes // 60, "h", "小时"), (minutes % 60, "min", "分钟"))

    def _units(self, *parts: tuple[int, str, str]) -> str:
        first = next((place for place, (count, *_) in enumerate(parts) if count), len(parts) - 1)
        shown = [part for part in parts[first : first + 2] if part[0]] or [parts[-1]]
        return " ".join(f"{count} {names[self._place]}" for count, *names in shown)
