"""Knows the sentences about surveys, scorecards and samples in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "survey.low": Text(
        en="{value} is no score of {scale} below which others are better",
        zh="{value} 不能作为 {scale} 的低分界限",
        hint_en="write a whole number from {lowest} to below {highest}",
        hint_zh="请写 {lowest} 到小于 {highest} 的整数",
    ),
    "survey.low_twice": Text(
        en="{name} and {other} both say what follows from a low {scale} rating about the {about}; it would follow twice",
        zh="{name} 与 {other} 都规定了 {about} 的 {scale} 低分如何处理；会重复执行",
        hint_en="leave low out of one of them",
        hint_zh="请去掉其中一个的 low",
    ),
    "survey.low_action": Text(
        en="a low rating cannot {action}: what follows from it changes nothing of the ticket that was rated",
        zh="低分不能执行 {action}：其后续动作不得改变被评价的工单",
        hint_en="use {known}, or a transition with event: rating.add and when: payload.score <= 2",
        hint_zh="请使用 {known}，或 event: rating.add、when: payload.score <= 2 的转移",
    ),
    "survey.visit": Text(
        en="visit says which visit is rated, and this survey is about the {about}",
        zh="visit 指明评价哪次上门，而此调查针对的是 {about}",
        hint_en="write about: visit, or leave visit out",
        hint_zh="请写 about: visit，或去掉 visit",
    ),
    "survey.calendar": Text(
        en="{after} are days as they pass, of which calendar {calendar} counts none, so people are asked at any hour",
        zh="{after} 按自然日流逝，日历 {calendar} 不参与计算，因此任何时刻都可能询问",
        hint_en="write what the calendar counts, such as 2h or 1 business day, or leave calendar out",
        hint_zh="请写由日历计算的时长，例如 2h 或 1 business day，或去掉 calendar",
    ),
    "survey.caught": Text(
        en="the transition for {event} takes what says in {state} that survey {survey} is due, so nobody is asked",
        zh="{event} 的转移会先接收 {state} 中调查 {survey} 到期的事件，因此不会询问任何人",
        hint_en="name the events that transition is for, or give it another source",
        hint_zh="请写明该转移所处理的事件，或更换其 source",
    ),
    "survey.nobody_rates": Text(
        en="roles are declared, and nobody may answer the surveys: nobody was granted rating.add",
        zh="已声明角色，但没有人可以回答调查：rating.add 未授予任何人",
        hint_en="add events: {{rating.add: {{allow: [requester]}}}}, or the role of customers",
        hint_zh="请添加 events: {{rating.add: {{allow: [requester]}}}}，或客户的角色",
    ),
    "scorecard.weight": Text(
        en="{value} is no weight",
        zh="{value} 不是有效的权重",
        hint_en='write a number above 0 and at most 1000, such as 2 or "0.5"',
        hint_zh='请写大于 0 且不超过 1000 的数，例如 2 或 "0.5"',
    ),
    "scorecard.scale": Text(
        en="{value} is no scale",
        zh="{value} 不是有效的评分范围",
        hint_en="write the lowest and the highest mark, such as [0, 5]",
        hint_zh="请写最低分与最高分，例如 [0, 5]",
    ),
    "scorecard.empty": Text(
        en="there is nothing to give marks for",
        zh="没有任何评分项",
        hint_en="add criteria: [{{name: greeting, weight: 1}}]",
        hint_zh="请添加 criteria: [{{name: greeting, weight: 1}}]",
    ),
    "scorecard.pass": Text(
        en="{value} is no score a card can come to",
        zh="{value} 不是评分表可能得到的分数",
        hint_en="write a number from 0 to 100",
        hint_zh="请写 0 到 100 的数",
    ),
    "scorecard.nobody": Text(
        en="no kind of rater is required, so the score of nobody would do",
        zh="没有必需的评分人，无人评分也会通过",
        hint_en="write required: true for one of raters",
        hint_zh="请为其中一类评分人写 required: true",
    ),
    "sampling.share": Text(
        en="{value} is no share of tickets",
        zh="{value} 不是有效的抽检比例",
        hint_en='write a percentage above 0 and at most 100, such as 5 or "2.5"',
        hint_zh='请写大于 0 且不超过 100 的百分比，例如 5 或 "2.5"',
    ),
    "sampling.number": Text(
        en="{key} is {value}, which is no whole number from {lowest} to {highest}",
        zh="{key} 为 {value}，应为 {lowest} 到 {highest} 的整数",
        hint_en="write a whole number from {lowest} to {highest}",
        hint_zh="请写 {lowest} 到 {highest} 的整数",
    ),
    "sampling.wait": Text(
        en="{value} needs a calendar, and a sampling has none",
        zh="{value} 需要日历，而抽检没有日历",
        hint_en="write elapsed time, such as 2d",
        hint_zh="请写自然时间，例如 2d",
    ),
    "sampling.zone": Text(
        en="{value} is no time zone",
        zh="{value} 不是有效的时区",
        hint_en="write a name of the tz database, such as Asia/Shanghai",
        hint_zh="请写时区名称，例如 Asia/Shanghai",
    ),
}
