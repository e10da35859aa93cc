"""Knows the sentences about sla in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "sla.name": Text(
        en="a clock needs a name, not {value}",
        zh="时钟需要名称，不能是 {value}",
        hint_en="write a short word such as repair.",
        hint_zh="请写一个简短的词，例如 repair。",
    ),
    "sla.shown": Text(
        en="{value} does not say what each audience is told",
        zh="{value} 没有说明向各类对象显示什么",
        hint_en="write {{customer: Repaired by}}: an audience and a text each, at most 64.",
        hint_zh="请写 {{customer: 预计修复}}：对象与文字成对，最多 64 个。",
    ),
    "sla.span": Text(
        en="{why}",
        zh="{value} 不是时间长度：{why}",
        hint_en="write 4h, 30m, 3d, '2 business days' or {{end_of: next business day}}.",
        hint_zh="请写 4h、30m、3d、'2 business days' 或 {{end_of: next business day}}。",
    ),
    "sla.zero": Text(
        en="{value} leaves no time at all",
        zh="{value} 没有留下任何时间",
        hint_en="give the clock more than zero.",
        hint_zh="请给时钟大于零的时间。",
    ),
    "sla.relative": Text(
        en="{value} is not a place in the calendar",
        zh="{value} 不是日历中的时点",
        hint_en="write {{end_of: next business day}} or {{at: '16:00', of: next business day}}.",
        hint_zh="请写 {{end_of: next business day}} 或 {{at: '16:00', of: next business day}}。",
    ),
    "sla.day": Text(
        en="{value} does not name a business day",
        zh="{value} 不是工作日的写法",
        hint_en="write 'business day', 'next business day' or '2 business days', at most 36525 days ahead.",
        hint_zh="请写 'business day'、'next business day' 或 '2 business days'，最多 36525 天。",
    ),
    "sla.wall_time": Text(
        en="{value} is not a time of day",
        zh="{value} 不是一天中的时刻",
        hint_en="write it as '16:00', from '00:00' to '24:00'.",
        hint_zh="请写成 '16:00'，范围从 '00:00' 到 '24:00'。",
    ),
    "sla.choice": Text(
        en="{value} is not a choice",
        zh="{value} 不是一个选项",
        hint_en="write {{when: condition, take: value}}; the last one may do without when.",
        hint_zh="请写 {{when: 条件, take: 值}}；最后一个可以省略 when。",
    ),
    "sla.unreachable": Text(
        en="this choice always holds, so the {number} after it can never be taken",
        zh="此选项总是成立，其后的 {number} 个选项永远不会被采用",
        hint_en="move it to the end or give it a when.",
        hint_zh="请把它移到最后，或为它加上 when。",
    ),
    "sla.empty": Text(
        en="the list of choices is empty",
        zh="选项列表为空",
        hint_en="leave the key out or give at least one choice.",
        hint_zh="请省略该键，或至少给出一个选项。",
    ),
    "sla.calendar": Text(
        en="{value} is not a calendar",
        zh="{value} 不是日历",
        hint_en="give the name of a calendar, a calendar, or a list of choices.",
        hint_zh="请给出日历名称、日历本身或选项列表。",
    ),
    "sla.conditions": Text(
        en="{value} is not a list of conditions",
        zh="{value} 不是条件列表",
        hint_en="write a list such as [{{event: finish}}].",
        hint_zh="请写成列表，例如 [{{event: finish}}]。",
    ),
    "sla.condition": Text(
        en="{value} is not a condition; besides when and after it has exactly one of: {kinds}",
        zh="{value} 不是条件；除 when 和 after 外，条件恰好含有以下之一：{kinds}",
        hint_en="write for example {{state: closed}}.",
        hint_zh="例如写 {{state: closed}}。",
    ),
    "sla.message": Text(
        en="{value} does not describe a message",
        zh="{value} 不是对消息的描述",
        hint_en="write {{side: agent, public: true, channel: mail}}, or some of them.",
        hint_zh="请写 {{side: agent, public: true, channel: mail}}，可只写其中几项。",
    ),
    "sla.side": Text(
        en="{value} is not a side that writes messages; it is one of: {known}",
        zh="{value} 不是发消息的一方；只能是：{known}",
    ),
    "sla.when": Text(
        en="{value} is not a condition beside what a clock waits for",
        zh="{value} 不是附加在时钟条件上的判断",
        hint_en="write an expression such as \"payload.reason == 'parts'\".",
        hint_zh="请写表达式，例如 \"payload.reason == 'parts'\"。",
    ),
    "sla.after": Text(
        en="{value} is not the name of a clock that must have been stopped first",
        zh="{value} 不是须先停止的时钟的名称",
        hint_en="write the name of one clock of the workflow.",
        hint_zh="请写工作流中一个时钟的名称。",
    ),
    "sla.field": Text(
        en="{value} does not describe a field",
        zh="{value} 不是对字段的描述",
        hint_en="write the name, or {{name: value}} with one plain value.",
        hint_zh="请写字段名，或 {{字段名: 值}}，值须为单个普通值。",
    ),
    "sla.names": Text(
        en="{value} is not a name or a list of names",
        zh="{value} 不是名称，也不是名称列表",
    ),
    "sla.duplicate": Text(
        en="{value} is given twice",
        zh="{value} 重复出现",
        hint_en="leave one of them out.",
        hint_zh="请去掉其中一个。",
    ),
    "sla.mark": Text(
        en="{value} is not a mark",
        zh="{value} 不是提醒点",
        hint_en="write '80%', '30m before', '1h after', 'every 4h after' or 'every 4h after, 6 times'.",
        hint_zh="请写 '80%'、'30m before'、'1h after'、'every 4h after' 或 'every 4h after, 6 times'。",
    ),
    "sla.times": Text(
        en="{value} does not say how often, from once to {limit} times",
        zh="{value} 的次数不在 1 到 {limit} 之间",
        hint_en="write for example 'every 4h after, 6 times'; without a number it is at most {limit} times in a cycle.",
        hint_zh="例如写 'every 4h after, 6 times'；不写次数时每个周期最多 {limit} 次。",
    ),
    "sla.table_output": Text(
        en="{value} is not what a table gives",
        zh="{value} 不是决策表的输出",
        hint_en="write {{table: promises, take: repair}}: a decision table and one of its outputs.",
        hint_zh="请写 {{table: promises, take: repair}}：决策表及其一个输出。",
    ),
    "sla.parent": Text(
        en="{value} is not another clock",
        zh="{value} 不是另一个时钟",
        hint_en="name the clock that this one must not outlast.",
        hint_zh="请写出本时钟不得晚于的那个时钟的名称。",
    ),
    "sla.percent": Text(
        en="{value} is not a percentage a mark can have",
        zh="{value} 不是提醒点可用的百分比",
        hint_en="give more than 0% and at most 1000%; 100% is the breach, which every clock has.",
        hint_zh="请给出大于 0% 且不超过 1000% 的值；100% 即违约，每个时钟都有。",
    ),
    "sla.mark_days": Text(
        en="the mark {value} passes in days while the clock counts by a calendar",
        zh="提醒点 {value} 按自然日流逝，而时钟按日历计时",
        hint_en="write it in hours, which are counted.",
        hint_zh="请改用小时，小时按日历计。",
    ),
    "sla.option": Text(
        en="{option} cannot be {value}; it is one of: {known}",
        zh="{option} 不能是 {value}；只能是：{known}",
    ),
    "sla.too_many": Text(
        en="{count} entries are more than the {limit} allowed",
        zh="{count} 项超过了允许的 {limit} 项",
        hint_en="split the clock in two.",
        hint_zh="请拆分为两个时钟。",
    ),
    "sla.needs_calendar": Text(
        en="{value} counts business days, which only a calendar knows",
        zh="{value} 以工作日计，只有日历才知道工作日",
        hint_en="give the clock a calendar or write a length such as 48h.",
        hint_zh="请为时钟指定日历，或改写成时长，例如 48h。",
    ),
    "sla.needs_fields": Text(
        en="clock {name} has a condition or a table for every target, and a bare history has no fields to ask about",
        zh="时钟 {name} 的每个目标都由条件或决策表给出，而单独的历史没有可供判断的字段",
        hint_en="add a last choice without when, or use the clock in a workflow.",
        hint_zh="请在最后加一个不带 when 的选项，或在工作流中使用该时钟。",
    ),
}
