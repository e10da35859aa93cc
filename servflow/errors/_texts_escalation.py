"""Knows the sentences about escalation in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "escalation.mapping": Text(
        en="expected a mapping, got {value}",
        zh="此处应为映射，实际为 {value}",
    ),
    "escalation.list": Text(
        en="expected a list, got {value}",
        zh="此处应为列表，实际为 {value}",
    ),
    "escalation.unknown_key": Text(
        en="there is no key {key!r} here",
        zh="此处没有“{key}”这个键",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "escalation.missing": Text(
        en="{key!r} is missing",
        zh="缺少“{key}”",
        hint_en="add it",
        hint_zh="请补上",
    ),
    "escalation.empty": Text(
        en="{key!r} is empty",
        zh="“{key}”为空",
        hint_en="a chain needs at least one of them",
        hint_zh="升级链至少需要一项",
    ),
    "escalation.too_many": Text(
        en="{count} entries are more than the {limit} allowed",
        zh="共 {count} 项，超过上限 {limit}",
    ),
    "escalation.name": Text(
        en="{value} is not a name",
        zh="{value} 不是有效的名称",
        hint_en="write a text of 1 to 200 characters",
        hint_zh="请写 1 到 200 个字符的文本",
    ),
    "escalation.twice": Text(
        en="a second level is called {name!r}",
        zh="有两个级别都叫“{name}”",
        hint_en="give each level its own name",
        hint_zh="请为每个级别取不同的名称",
    ),
    "escalation.option": Text(
        en="{value} is not one of {known}",
        zh="{value} 不在可选值之内：{known}",
    ),
    "escalation.count": Text(
        en="{value} is not a whole number from 1 to {limit}",
        zh="{value} 不是 1 到 {limit} 之间的整数",
    ),
    "escalation.condition": Text(
        en="{value} is not a condition",
        zh="{value} 不是条件",
        hint_en="write an expression as text, or its tree",
        hint_zh="请用文本或表达式树书写条件",
    ),
    "escalation.plain": Text(
        en="this cannot be kept as data: {problem}",
        zh="无法作为数据保存：{problem}",
        hint_en="use text, numbers, lists and mappings",
        hint_zh="请只用文本、数字、列表和映射",
    ),
    "escalation.span": Text(
        en="{problem}",
        zh="{problem}",
        hint_zh="请写 4h、30m、3d 或 '2 business days'",
    ),
    "escalation.zero": Text(
        en="the time is zero",
        zh="时长为零",
        hint_en="write how long to wait, such as 30m",
        hint_zh="请写明等待多久，例如 30m",
    ),
    "escalation.business_days": Text(
        en="{span} need a calendar to tell which days count",
        zh="{span} 需要日历才能知道哪些天算工作日",
        hint_en="name one in 'calendar', or write days as 3d",
        hint_zh="请在 calendar 中指定日历，或把天数写成 3d",
    ),
    "escalation.no_level": Text(
        en="there is no level {level!r} to enter at",
        zh="没有可进入的级别“{level}”",
        hint_en="levels are {known}",
        hint_zh="已有级别：{known}",
    ),
    "escalation.cause_clock": Text(
        en="clock {clock} reached {mark} (cycle {cycle})", zh="时钟“{clock}”到达 {mark}（第 {cycle} 周期）"
    ),
    "escalation.cause_event": Text(en="event {name} happened", zh="发生事件 {name}"),
    "escalation.cause_state": Text(en="the ticket came into state {name}", zh="工单进入状态“{name}”"),
    "escalation.cause_age": Text(en="the ticket came of age", zh="工单存在已久"),
    "escalation.cause_silent": Text(en="no message of {name} for too long", zh="{name} 一方长时间没有消息"),
    "escalation.cause_correlator": Text(en="correlator {name} fired", zh="关联器“{name}”触发"),
    "escalation.cause_when": Text(en="its condition became true", zh="条件成立"),
    "escalation.cause_when_text": Text(en="{text} became true", zh="条件成立：{text}"),
    "escalation.cause_start": Text(en="an action of the workflow asked for it ({name})", zh="由流程动作启动（{name}）"),
    "escalation.cause_asked": Text(en="somebody asked for it", zh="有人要求启动"),
    "escalation.cause_other": Text(en="{cause}", zh="{cause}"),
    "escalation.trigger": Text(
        en="a trigger is exactly one of {known}; given: {given}",
        zh="触发条件只能是 {known} 之一；实际给出：{given}",
        hint_en="several triggers are a list, such as [{{clock: repair}}, {{event: complain}}]",
        hint_zh="多个触发条件请写成列表，例如 [{{clock: repair}}, {{event: complain}}]",
    ),
    "escalation.belongs": Text(
        en="{key!r} does not go with {kind!r}, only with {kinds}",
        zh="“{key}”不能与“{kind}”同用，只能用于 {kinds}",
    ),
    "escalation.ending": Text(
        en="an ending is exactly one of {known}; given: {given}",
        zh="结束条件只能是 {known} 之一；实际给出：{given}",
        hint_en="several endings are a list, such as [{{state: done}}, {{event: withdraw}}]",
        hint_zh="多个结束条件请写成列表，例如 [{{state: done}}, {{event: withdraw}}]",
    ),
    "escalation.fallback": Text(
        en="'fallback' and 'on_empty: fallback' go together; on_empty is {on_empty}",
        zh="fallback 与 on_empty: fallback 必须同时出现；目前 on_empty 为 {on_empty}",
        hint_en="give both or neither",
        hint_zh="两者同时写或都不写",
    ),
    "escalation.to": Text(
        en="{value} does not say who is meant",
        zh="{value} 没有说明通知谁",
        hint_en="write a word such as assignee, or a mapping such as {{role: supervisor}}; known are {known}",
        hint_zh="请写 assignee 这样的词，或 {{role: supervisor}} 这样的映射；可用：{known}",
    ),
    "escalation.to_list": Text(
        en="a list of recipients has 1 to {limit} entries, not {count}",
        zh="接收人列表应有 1 到 {limit} 项，实际为 {count} 项",
    ),
    "escalation.to_deep": Text(
        en="more than {limit} managers of managers",
        zh="“上级的上级”超过 {limit} 层",
        hint_en="write {{manager_of: assignee, n: 3}}",
        hint_zh="请写成 {{manager_of: assignee, n: 3}}",
    ),
    "escalation.undeclared": Text(
        en="no {kind} named {name!r} is declared",
        zh="没有声明名为“{name}”的 {kind}",
        hint_en="declared are {known}",
        hint_zh="已声明：{known}",
    ),
    "escalation.target": Text(
        en="nobody registered a target named {name!r}",
        zh="没有注册名为“{name}”的目标函数",
        hint_en="registered are {known}",
        hint_zh="已注册：{known}",
    ),
    "escalation.zone": Text(
        en="there is no time zone {zone}",
        zh="没有{zone}这个时区",
        hint_en="write a name such as Asia/Shanghai",
        hint_zh="请写 Asia/Shanghai 这样的名称",
    ),
    "escalation.zone_alone": Text(
        en="a zone says where the hours of a calendar are read, and there is no calendar",
        zh="zone 说明按哪个时区读取日历的时间，但这里没有日历",
        hint_en="give calendar too, or write one of {known}",
        hint_zh="请同时写 calendar，或改写为 {known} 之一",
    ),
    "escalation.goto": Text(
        en="level {level!r} does not come after this one",
        zh="级别“{level}”不在本级之后",
        hint_en="a climb goes on upwards only; later levels are {known}",
        hint_zh="升级只能向后进行；之后的级别：{known}",
    ),
    "escalation.users": Text(
        en="{value} is nobody who could be on call",
        zh="{value} 不是可以值班的人",
        hint_en="write an id, or a list of ids for a group",
        hint_zh="请写一个标识；一组人请写成列表",
    ),
    "escalation.wall_time": Text(
        en="{value} is not a date and time",
        zh="{value} 不是日期时间",
        hint_en="write it as 2026-03-02T09:00; without an offset it is local time in the zone",
        hint_zh="请写成 2026-03-02T09:00；不带时差时按所写时区的当地时间",
    ),
    "escalation.instant": Text(
        en="{value} is not an instant",
        zh="{value} 不是确定的时刻",
        hint_en="write it with an offset, such as 2026-03-02T09:00:00+08:00",
        hint_zh="请带上时差，例如 2026-03-02T09:00:00+08:00",
    ),
    "escalation.turn": Text(
        en="{value} is not the length of a turn",
        zh="{value} 不是轮班的长度",
        hint_en="write '12 hours', '12 wall hours', '1 day', '1 duty day', '1 week' or '1 month', at most ten years in all",
        hint_zh="请写 '12 hours'、'12 wall hours'、'1 day'、'1 duty day'、'1 week' 或 '1 month'，总长不超过十年",
    ),
    "escalation.duty_days": Text(
        en="turns of duty days need windows to tell which days are meant",
        zh="以值班日计的轮班需要 windows 说明是哪些天",
        hint_en="give windows, or write '1 day'",
        hint_zh="请给出 windows，或写 '1 day'",
    ),
    "escalation.override": Text(
        en="the override ends at {end}, not after its start {start}",
        zh="替班的结束时间 {end} 不晚于开始时间 {start}",
        hint_en="give an end later than the start",
        hint_zh="结束时间应晚于开始时间",
    ),
}
