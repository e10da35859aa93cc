"""Knows the sentences about engine in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "role.relation": Text(
        en="{role} is a relation to the ticket and cannot be declared as a role",
        zh="{role} 是与工单的关系，不能声明为角色",
        hint_en="leave it out of roles; allow: [{role}] means the relation",
        hint_zh="请从 roles 中去掉；allow: [{role}] 指的就是这一关系",
    ),
    "definition.format": Text(
        en="this servflow reads format {known}, not {value}",
        zh="当前版本只能读取格式 {known}，而不是 {value}",
        hint_en="write 'servflow: {known}', or use a newer servflow",
        hint_zh="请写 servflow: {known}，或升级 servflow",
    ),
    "definition.name": Text(
        en="a workflow needs a name, which is text and not {value}",
        zh="流程需要名称，且应为文本，而不是 {value}",
        hint_en="write 'workflow: a_name'",
        hint_zh="请写 workflow: 名称",
    ),
    "definition.version": Text(
        en="a version is a whole number from 1 on, not {value}",
        zh="版本应为从 1 开始的整数，而不是 {value}",
    ),
    "definition.key": Text(en="{key} is not a name; a name is text", zh="{key} 不是名称；名称应为文本"),
    "definition.list": Text(en="{said_kind} are a list, not {value}", zh="{said_kind}应为列表，而不是 {value}"),
    "definition.mapping": Text(en="a {said_kind} is a mapping, not {value}", zh="{said_kind}应为映射，而不是 {value}"),
    "definition.missing_key": Text(en="the key '{key}' is missing", zh="缺少键“{key}”"),
    "definition.unknown_key": Text(
        en="there is no key '{key}' here",
        zh="此处没有键“{key}”",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "definition.too_many": Text(en="{count} entries are more than the {limit} allowed", zh="{count} 项超过了上限 {limit}"),
    "definition.span": Text(
        en="{value} is not a length of time",
        zh="{value} 不是时长",
        hint_en="write 4h, 30m, 1h30m, 3d or '2 business days'",
        hint_zh="请写 4h、30m、1h30m、3d 或 '2 business days'",
    ),
    "definition.value": Text(en="this cannot be read: {why}", zh="无法读取：{why}"),
    "definition.past_calendars": Text(
        en="{value} is no edition of calendars",
        zh="{value} 不是日历的历史版本",
        hint_en="give names with their calendars, or calendars with the instant until which they counted.",
        hint_zh="请给出名称及其日历，或 calendars 与其计时截止的时刻 until。",
    ),
    "reopen.not_closed": Text(
        en="state '{state}' is not closed, so there is nothing to reopen",
        zh="状态“{state}”不是关闭状态，无从重新打开",
        hint_en="mark it closed: true, or write an ordinary transition",
        hint_zh="请标明 closed: true，或改写为普通转移",
    ),
    "reopen.zero": Text(
        en="{value} after the closing nobody can reopen anything any more",
        zh="关单后 {value} 已无法重新打开",
        hint_en="give a time, or leave reopen out",
        hint_zh="请给出大于零的时间，或去掉 reopen",
    ),
    "reopen.needs_calendar": Text(
        en="'{within}' counts working days, so it needs a calendar",
        zh="“{within}”按工作日计算，需要指定日历",
        hint_en="name one with calendar",
        hint_zh="请用 calendar 指定日历",
    ),
    "chain.circle": Text(
        en="levels lead back to themselves: {circle}",
        zh="升级层级首尾相接，形成循环：{circle}",
        hint_en="let the last of them start no other chain, or jump to a level above; a chain that is to climb again has 'repeat'",
        hint_zh="请让其中最后一级不再启动其他升级链，或跳到更高的级别；需要再次升级请用 repeat",
    ),
    "name.unknown": Text(
        en="there is no {said_kind} '{name}'",
        zh="没有{said_kind}“{name}”",
        hint_en="known are {known}",
        hint_zh="已有：{known}",
    ),
    "called.kind": Text(
        en="nothing of kind {kind} is called anything",
        zh="没有名为 {kind} 的类别",
        hint_en="known are {known}",
        hint_zh="已有：{known}",
    ),
    "name.twice": Text(
        en="the name '{name}' is used twice among {said_kind}",
        zh="{said_kind}的名称“{name}”重复",
        hint_en="give each its own name",
        hint_zh="请使用不同的名称",
    ),
    "allow.form": Text(
        en="{value} grants nothing",
        zh="{value} 不是有效的授权",
        hint_en="write a role, a relation, or {{manager_of: assignee}}",
        hint_zh="请写角色、关系，或 {{manager_of: assignee}}",
    ),
    "expression.invalid": Text(
        en="the expression {text} cannot be used: {why}",
        zh="表达式 {text} 无法使用：{why}",
    ),
    "expression.time": Text(
        en="{text} reads {names}, which changes with time alone; nobody would notice when",
        zh="{text} 读取了 {names}，其值会随时间自行变化，无法得知何时变化",
        hint_en="use a timer of a state, or a mark of a clock",
        hint_zh="请改用状态定时器或时钟的提醒点",
    ),
    "expression.not_a_condition": Text(
        en="{text} gives a {type}, not true or false",
        zh="{text} 的结果类型是 {type}，不是真或假",
        hint_en="write a comparison",
        hint_zh="请写成比较式",
    ),
    "timer.needs_calendar": Text(
        en="the timer waits {after}, and no calendar says which days those are",
        zh="定时器等待 {after}，但没有指定日历",
        hint_en="add calendar",
        hint_zh="请添加 calendar",
    ),
    "timer.unheard": Text(
        en="the timer fires {event}, which no transition takes in state {state}",
        zh="定时器触发 {event}，但状态 {state} 没有处理它的转移",
        hint_en="add a transition with source {state}",
        hint_zh="请添加 source 为 {state} 的转移",
    ),
    "timer.not_allowed": Text(
        en="a timer fires {event}, but this transition does not allow system",
        zh="{event} 由定时器触发，但该转移未授权 system",
        hint_en="add system to allow",
        hint_zh="请在 allow 中加入 system",
    ),
    "transition.nobody": Text(
        en="roles are declared, and nobody is granted {event}",
        zh="已声明角色，但没有人被授权执行 {event}",
        hint_en="add allow",
        hint_zh="请添加 allow",
    ),
    "state.unreachable": Text(
        en="nothing leads to the state {state}",
        zh="没有路径到达状态 {state}",
        hint_en="add a transition with this target, or remove the state",
        hint_zh="请添加指向它的转移，或删除该状态",
    ),
    "state.dead_end": Text(
        en="nothing leads out of the state {state}, and it is not closed",
        zh="状态 {state} 没有出路，且未标记为 closed",
        hint_en="add a transition out of it, or write closed: true",
        hint_zh="请添加离开它的转移，或写 closed: true",
    ),
    "clock.needs_calendar": Text(
        en="the clock {clock} counts business days, and no calendar says which days those are",
        zh="时钟 {clock} 按工作日计时，但没有指定日历",
        hint_en="add calendar",
        hint_zh="请添加 calendar",
    ),
    "clock.parent_circle": Text(
        en="the clock {clock} is its own parent's parent: {clocks}",
        zh="时钟 {clock} 成了自己的上级时钟：{clocks}",
        hint_en="take parent out of one of them.",
        hint_zh="请去掉其中一个 parent。",
    ),
    "clock.table_hit": Text(
        en="the table {table} gives a list ({hit}), and a clock has one target and one calendar",
        zh="决策表 {table} 给出列表（{hit}），而时钟只有一个目标和一个日历",
        hint_en="give it one of these hit policies: {known}.",
        hint_zh="请改用以下命中策略之一：{known}。",
    ),
    "clock.table_timed": Text(
        en="what the table {table} says changes with time alone, so nobody would notice that a target changes",
        zh="决策表 {table} 的结果会仅随时间变化，目标变化时无人察觉",
        hint_en="take effective, at and clock out of it, and out of the tables it asks.",
        hint_zh="请去掉其中以及它所询问的表中的 effective、at 与 clock。",
    ),
    "clock.table_type": Text(
        en="the output {output} of the table {table} is {type}, and a clock takes {known}",
        zh="决策表 {table} 的输出 {output} 是 {type} 类型，时钟需要 {known}",
        hint_en="write a length as a text such as 4h, 2 business days or end of next business day; a calendar as its name.",
        hint_zh="时长请写成文本，例如 4h、2 business days 或 end of next business day；日历请写名称。",
    ),
    "clock.table_target": Text(
        en="row {row} of the table {table} gives no target as {output}: {why}",
        zh="决策表 {table} 第 {row} 行的 {output} 不是目标：{why}",
        hint_en="write 4h, 2 business days, 3d or end of next business day; null promises nothing.",
        hint_zh="请写 4h、2 business days、3d 或 end of next business day；null 表示不作承诺。",
    ),
    "clock.table_calendar": Text(
        en="row {row} of the table {table} names the calendar {name}, which is not known; known: {known}",
        zh="决策表 {table} 第 {row} 行的日历 {name} 未定义；已定义：{known}",
        hint_en="name a calendar of the definition or of the host; null counts time as it passes.",
        hint_zh="请写定义或宿主提供的日历名称；null 表示按自然时间计时。",
    ),
    "clock.table_days": Text(
        en="row {row} of the table {table} counts business days and gives no calendar as {output}",
        zh="决策表 {table} 第 {row} 行按工作日计时，但 {output} 没有给出日历",
        hint_en="name the calendar in that row, or write a length such as 48h.",
        hint_zh="请在该行写上日历名称，或写成 48h 这样的时长。",
    ),
    "clock.after_circle": Text(
        en="the clock {clock} waits for others that wait for it in turn: {clocks}",
        zh="时钟 {clock} 与其他时钟互相等待：{clocks}",
        hint_en="take after out of one of them.",
        hint_zh="请去掉其中一个 after。",
    ),
    "dispatch.never": Text(
        en="the dispatch {policy} never starts",
        zh="派单策略 {policy} 永远不会启动",
        hint_en="add state or event",
        hint_zh="请添加 state 或 event",
    ),
}
