"""Knows the sentences about intake in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "intake.mapping": Text(
        en="expected a mapping with names as keys, got {value}", zh="此处应为以名称为键的映射，实际为 {value}"
    ),
    "intake.text": Text(en="expected a text, got {value}", zh="此处应为文本，实际为 {value}"),
    "intake.names": Text(en="expected a list of names, got {value}", zh="此处应为名称列表，实际为 {value}"),
    "intake.version": Text(
        en="{value} is not a version, a whole number from 1 on", zh="{value} 不是版本号，应为从 1 开始的整数"
    ),
    "intake.too_many": Text(en="there are {count}; at most {limit}", zh="共有 {count} 个，最多 {limit} 个"),
    "intake.unknown_key": Text(
        en="there is no key {key} here", zh="此处没有 {key} 这个键", hint_en="known are {known}", hint_zh="可用的键：{known}"
    ),
    "intake.missing": Text(en="{key!r} is missing", zh="缺少“{key}”", hint_en="add it", hint_zh="请补上"),
    "intake.expression": Text(
        en="{value} is no expression", zh="{value} 不是表达式", hint_en="write it as text", hint_zh="请写成文本"
    ),
    "intake.no_channels": Text(
        en="there is no channel",
        zh="没有任何渠道",
        hint_en="name at least one that messages come by",
        hint_zh="请至少写一个消息渠道",
    ),
    "intake.channel_twice": Text(
        en="two channels have the same name, {channel!r}",
        zh="有两个渠道同名：“{channel}”",
        hint_en="give each its own",
        hint_zh="请分别命名",
    ),
    "intake.channel_name": Text(
        en="{value} cannot name a channel",
        zh="{value} 不能作为渠道名称",
        hint_en="write 1 to {limit} printable characters, since ids of tickets begin with it",
        hint_zh="请写 1 到 {limit} 个可打印字符，工单编号以它开头",
    ),
    "intake.reserved": Text(
        en="no field of a message can be called {field!r}",
        zh="消息字段不能叫“{field}”",
        hint_en="intake says that itself; choose another name",
        hint_zh="该名称由受理保留，请换一个",
    ),
    "intake.required_unread": Text(
        en="{field!r} is required, but the channel reads no such field",
        zh="要求有“{field}”，但该渠道没有读取这个字段",
        hint_en="the channel reads {known}",
        hint_zh="该渠道读取：{known}",
    ),
    "intake.two_ways": Text(
        en="there are both `table` and `tables`",
        zh="同时写了 table 和 tables",
        hint_en="write all of them under `tables`, in order",
        hint_zh="请全部按顺序写在 tables 之下",
    ),
    "intake.no_tables": Text(
        en="there is no table that says for which workflow a message is",
        zh="没有决策表说明消息归哪个流程",
        hint_en="add one with the output `workflow` under `tables`",
        hint_zh="请在 tables 下加一张输出 workflow 的表",
    ),
    "intake.no_workflow": Text(
        en="table {table!r} has no output `workflow`, nor has any other; one must say for which workflow a message is",
        zh="决策表“{table}”及其他表都没有输出 workflow，必须有一张说明消息归哪个流程",
        hint_en="add the output `workflow: string`",
        hint_zh="请加上输出 workflow: string",
    ),
    "intake.hit": Text(
        en="table {table!r} has hit policy {hit!r}, which gives several answers",
        zh="决策表“{table}”的命中策略“{hit}”会给出多个答案",
        hint_en="one of {known} gives one",
        hint_zh="请用其中之一：{known}",
    ),
    "intake.value": Text(
        en="{field!r} of workflow {workflow!r} cannot be {value}; expected {expected}",
        zh="流程“{workflow}”的“{field}”不能是 {value}，应为 {expected}",
    ),
    "intake.other": Text(en="this cannot be read: {why}", zh="无法读取：{why}"),
    "intake.window": Text(
        en="{value} is no window: {why}",
        zh="{value} 不能作为时间窗口：{why}",
        hint_en="write 24h or 7d",
        hint_zh="例如 24h 或 7d",
    ),
    "intake.business": Text(
        en="{value} needs a calendar",
        zh="{value} 需要日历",
        hint_en="name one as `calendar`, or write elapsed time such as 3d",
        hint_zh="请用 calendar 指定日历，或写自然时长如 3d",
    ),
    "intake.calendar": Text(
        en="there is no calendar {value}",
        zh="没有名为 {value} 的日历",
        hint_en="known are {known}",
        hint_zh="可用的日历：{known}",
    ),
    "intake.merge": Text(en="{value} is not one of {known}", zh="{value} 不在可选值之内：{known}"),
    "intake.channel_unnamed": Text(
        en="no row of table {table!r} fits channel {channel!r}",
        zh="决策表“{table}”没有一行适用于渠道“{channel}”",
        hint_en="name it in a row, or add a last row of '-'",
        hint_zh="请在某一行写上该渠道，或在最后加一行“-”",
    ),
    "intake.workflow_unknown": Text(
        en="there is no workflow {workflow!r} among those given",
        zh="给出的流程中没有“{workflow}”",
        hint_en="given are {known}",
        hint_zh="给出的流程：{known}",
    ),
    "intake.ticket_unused": Text(
        en="no row sends a message to workflow {workflow!r}",
        zh="没有一行把消息交给流程“{workflow}”",
        hint_en="rows name {known}",
        hint_zh="各行所写的流程：{known}",
    ),
    "intake.event_unknown": Text(
        en="workflow {workflow!r} knows no event {event!r}",
        zh="流程“{workflow}”没有事件“{event}”",
        hint_en="it knows {known}",
        hint_zh="该流程的事件：{known}",
    ),
    "intake.event_forbidden": Text(
        en="workflow {workflow!r} does not let the system fire {event!r}, so that an added message would change nothing",
        zh="流程“{workflow}”不允许系统触发“{event}”，并入的消息不会带来任何更改",
        hint_en="add `system` to its `allow`",
        hint_zh="请在其 allow 中加上 system",
    ),
    "intake.unraised": Text(
        en="a more urgent message that is added to an open ticket of {workflows} does not change its priority",
        zh="更紧急的消息并入 {workflows} 的在办工单时，不会更改其优先级",
        hint_en="say under `merged` what it changes",
        hint_zh="请在 merged 中写明更改什么",
    ),
    "intake.field_unknown": Text(
        en="workflow {workflow!r} has no field {field!r}",
        zh="流程“{workflow}”没有字段“{field}”",
        hint_en="declare it there, or say under `tickets` what its tickets get",
        hint_zh="请在流程中声明，或在 tickets 中写明其工单取哪些字段",
    ),
    "intake.field_missing": Text(
        en="workflow {workflow!r} requires the field {field!r}, and nothing here gives it",
        zh="流程“{workflow}”要求字段“{field}”，但此处没有给出",
        hint_en="let a channel or a table give it",
        hint_zh="请由渠道或决策表给出",
    ),
}
