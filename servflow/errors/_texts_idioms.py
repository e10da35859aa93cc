"""Knows the sentences about checklists, approvals and children in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "idiom.needs_within": Text(
        en="{key} says how time counts, and there is no within that says how much there is",
        zh="{key} 规定如何计时，但没有 within 规定期限",
        hint_en="add within, or leave {key} out",
        hint_zh="请添加 within，或去掉 {key}",
    ),
    "state.history_part": Text(
        en="{state} remembers where a ticket was, and no ticket is ever in it: {key} means nothing here",
        zh="{state} 是历史状态，工单不会停留在其中：{key} 没有意义",
        hint_en="say {key} of the states that it remembers",
        hint_zh="请把 {key} 写在它所记住的状态上",
    ),
    "approval.quorum": Text(
        en="{value} is no quorum",
        zh="{value} 不是有效的法定票数",
        hint_en="write a number from 1 to {limit}, all, a share such as 50%, or a number for each role: {{supervisor: 1, finance: 1}}",
        hint_zh="请写 1 到 {limit} 的整数、all、比例（如 50%），或各角色人数：{{supervisor: 1, finance: 1}}",
    ),
    "approval.reject": Text(
        en="{value} rejections cannot reject anything",
        zh="反对票数不能是 {value}",
        hint_en="write a number from 1 to {limit}",
        hint_zh="请写 1 到 {limit} 的整数",
    ),
    "approval.never": Text(
        en="the quorum {quorum} can never be met: {allow} makes at most {most} votes for it",
        zh="法定票数 {quorum} 永远无法达到：{allow} 最多只有 {most} 票",
        hint_en="allow more roles, or ask for fewer",
        hint_zh="请允许更多角色，或降低票数",
    ),
    "approval.nobody": Text(
        en="roles are declared, and nobody may vote in this approval",
        zh="已声明角色，但没有人可以参与此审批",
        hint_en="add allow",
        hint_zh="请添加 allow",
    ),
    "approval.share": Text(
        en="the quorum {quorum} is a share of those who may vote, and everybody may",
        zh="法定票数 {quorum} 是可表决人数的比例，但任何人都可以表决",
        hint_en="add allow, or ask for a number",
        hint_zh="请添加 allow，或改为具体人数",
    ),
    "approval.unheard": Text(
        en="nothing waits for {event}, so this decision leads nowhere",
        zh="没有任何转移处理 {event}，审批结果不会产生作用",
        hint_en="add a transition with event: {event} and source: {state}",
        hint_zh="请添加 event: {event}、source: {state} 的转移",
    ),
    "event.never_raised": Text(
        en="no checklist or approval raises {event}; it can only come from outside",
        zh="没有检查清单或审批会触发 {event}；它只能来自外部",
        hint_en="raised are {known}",
        hint_zh="会触发的事件：{known}",
    ),
}
