"""Knows the sentences about recurring work in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "recurring.mapping": Text(en="expected a mapping, got {value}", zh="此处应为映射，实际为 {value}"),
    "recurring.list": Text(
        en="expected a list of at most {limit} plans, got {value}", zh="此处应为最多 {limit} 项的列表，实际为 {value}"
    ),
    "recurring.unknown_key": Text(
        en="there is no key {key} here",
        zh="此处没有 {key} 这个键",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "recurring.needs": Text(en="{key!r} is missing", zh="缺少“{key}”", hint_en="add it", hint_zh="请补上"),
    "recurring.name": Text(
        en="{value} cannot be a name here",
        zh="{value} 不能作为名称",
        hint_en="write 1 to {limit} printable characters without ':' and '/', since ids of tickets hold it",
        hint_zh="请写 1 到 {limit} 个可打印字符，不含“:”和“/”，工单编号包含它",
    ),
    "recurring.same_name": Text(
        en="two plans are called {name!r}",
        zh="有两个计划都叫“{name}”",
        hint_en="ids of tickets hold the name; give each its own",
        hint_zh="工单编号包含名称，请各取一个",
    ),
    "recurring.option": Text(en="{value} is not one of {known}", zh="{value} 不在可选值之内：{known}"),
    "recurring.amount": Text(
        en="{value} is no amount of a counter",
        zh="{value} 不是有效的计数值",
        hint_en="write a number such as 500, at most 10^15",
        hint_zh="请写数字，例如 500，最大 10^15",
    ),
    "recurring.ahead": Text(
        en="{ahead} units ahead are not less than the {every} between two services",
        zh="提前 {ahead} 个单位不小于间隔 {every}",
        hint_en="the next one would be opened before the last is reached",
        hint_zh="否则上一次尚未到达就会开下一张",
    ),
    "recurring.count": Text(en="{value} is not a whole number from 1 to 100,000", zh="{value} 不是 1 到 100,000 之间的整数"),
    "recurring.span": Text(en="{value} is not a span: {problem}", zh="{value} 不是有效的时长：{problem}"),
    "recurring.business": Text(
        en="{value} is counted by a calendar; how long ahead a ticket opens is elapsed time",
        zh="{value} 需按日历计算；提前量按自然时长",
        hint_en="write 14d; `calendar` and `move` bring the date itself to a working day",
        hint_zh="请写 14d；日期本身可用 calendar 和 move 移到工作日",
    ),
    "recurring.zone": Text(
        en="there is no zone {value}",
        zh="没有时区 {value}",
        hint_en="write a name such as Asia/Shanghai",
        hint_zh="请写例如 Asia/Shanghai",
    ),
    "recurring.wall_time": Text(
        en="{value} is no time of day", zh="{value} 不是有效的钟点", hint_en="write 08:00", hint_zh="请写 08:00"
    ),
    "recurring.date": Text(
        en="{value} is no date", zh="{value} 不是日期", hint_en="write 2026-03-15", hint_zh="请写 2026-03-15"
    ),
    "recurring.every": Text(
        en="{value} is no period",
        zh="{value} 不是有效的周期",
        hint_en="write a number of days, weeks, months or years up to a hundred years, such as 3 months",
        hint_zh="请写天、周、月或年数（最长一百年），例如 3 months",
    ),
    "recurring.rule": Text(
        en="{value} is no rule that is read here: {problem}",
        zh="{value} 不是可读取的规则：{problem}",
        hint_en="write FREQ=MONTHLY;BYDAY=2TU for the second Tuesday of each month",
        hint_zh="例如 FREQ=MONTHLY;BYDAY=2TU 表示每月第二个星期二",
    ),
    "recurring.no_date": Text(
        en="{value} falls on no date at all",
        zh="{value} 不落在任何日期上",
        hint_en="no year has such a day",
        hint_zh="任何年份都没有这样的日子",
    ),
    "recurring.never": Text(
        en="nothing makes this plan due",
        zh="没有任何条件使该计划到期",
        hint_en="add `every` or `rule` with `start`, or `meter`",
        hint_zh="请加上 every 或 rule（配 start），或 meter",
    ),
    "recurring.twice": Text(
        en="{one} and {other} do not go together", zh="{one} 与 {other} 不能同时使用", hint_en="keep one", hint_zh="保留其一"
    ),
    "recurring.floating_rule": Text(
        en="a rule names dates, so it cannot count from a completion",
        zh="规则指定的是日期，不能从完成时算起",
        hint_en="write `every` instead",
        hint_zh="请改用 every",
    ),
    "recurring.calendar": Text(
        en="there is no calendar {name}",
        zh="没有日历 {name}",
        hint_en="known are {known}; calendars come with the document or are given to load",
        hint_zh="已知日历：{known}；日历写在文档中或在 load 时给出",
    ),
    "recurring.move": Text(
        en="`move` needs a calendar", zh="move 需要日历", hint_en="add `calendar`", hint_zh="请加上 calendar"
    ),
    "recurring.fields": Text(
        en="expected a mapping of at most {limit} fields to expressions, got {value}",
        zh="此处应为最多 {limit} 个字段到表达式的映射，实际为 {value}",
    ),
    "recurring.condition": Text(en="expected an expression, got {value}", zh="此处应为表达式，实际为 {value}"),
    "recurring.not_bool": Text(en="{text} gives {type}, not true or false", zh="{text} 的结果是 {type}，不是真或假"),
    "recurring.lengths": Text(en="expected 1 to {limit} lengths of time", zh="此处应为 1 到 {limit} 个时长"),
    "recurring.same_ahead": Text(en="the same length stands here twice", zh="同一时长出现了两次"),
    "recurring.empty": Text(
        en="there is no plan",
        zh="没有任何计划",
        hint_en="add one to `plans` or `expiry`",
        hint_zh="请在 plans 或 expiry 中加一个",
    ),
    "recurring.workflow": Text(
        en="there is no workflow {name!r}", zh="没有流程“{name}”", hint_en="known are {known}", hint_zh="已知流程：{known}"
    ),
    "recurring.undeclared": Text(
        en="workflow {workflow!r} declares no field {field!r}, which every ticket of this plan is opened with",
        zh="流程“{workflow}”没有声明字段“{field}”，而该计划的工单都会填写它",
        hint_en="declare it: {field}: {{type: {type}, optional: true}}",
        hint_zh="请声明：{field}: {{type: {type}, optional: true}}",
    ),
    "recurring.field_type": Text(
        en="field {field!r} of workflow {workflow!r} is a {type}, but is opened with a {wanted}",
        zh="流程“{workflow}”的字段“{field}”是 {type}，而填入的是 {wanted}",
    ),
    # why something is due, or is not
    "recurring.why.not_selected": Text(en="the plan is not for it: {when} is not true", zh="计划不适用：{when} 不成立"),
    "recurring.why.wrong": Text(en="it cannot be planned: {problem}", zh="无法安排：{problem}"),
    "recurring.why.last_open": Text(
        en="ticket number {number}, due {due}, is still open", zh="第 {number} 张工单（到期 {due}）尚未关闭"
    ),
    "recurring.why.last_closed": Text(
        en="ticket number {number}, due {due}, was closed at {closed}", zh="第 {number} 张工单（到期 {due}）已于 {closed} 关闭"
    ),
    "recurring.why.waits": Text(en="the next one waits until it is closed", zh="下一张等它关闭后再开"),
    "recurring.why.times": Text(en="all {times} times are over", zh="{times} 次已全部完成"),
    "recurring.why.opens": Text(en="its ticket opens at {opens}, for {due}", zh="工单于 {opens} 开出，到期 {due}"),
    "recurring.why.ended": Text(en="the plan has no further date", zh="计划没有后续日期"),
    "recurring.why.every": Text(en="by {every} it falls on {day}", zh="按{every}计，落在 {day}"),
    "recurring.why.moved": Text(
        en="calendar {calendar!r} is closed on {day}, so it is moved to {moved}",
        zh="日历“{calendar}”在 {day} 休息，移到 {moved}",
    ),
    "recurring.why.skipped": Text(en="{count} before it were missed and are passed over", zh="此前错过的 {count} 次不再补开"),
    "recurring.why.completed": Text(en="it counts from the completion on {day}", zh="从 {day} 完成时算起"),
    "recurring.why.start": Text(en="it counts from {text}, which is {day}", zh="从 {text} 算起，即 {day}"),
    "recurring.why.no_start": Text(en="{text} is not known for this asset", zh="该设备没有 {text}"),
    "recurring.why.no_reading": Text(en="the asset has no counter {counter!r}", zh="该设备没有计数器“{counter}”"),
    "recurring.why.set_back": Text(
        en="the counter reads {reading} after {before}: another meter, which counts from nothing",
        zh="计数器由 {before} 变为 {reading}：视为更换，从零算起",
    ),
    "recurring.why.replaced": Text(
        en="the meter of counter {counter!r} was replaced on {day}: it counts from nothing",
        zh="计数器“{counter}”已于 {day} 换表：从零算起",
    ),
    "recurring.why.reached": Text(
        en="counter {counter!r} reads {reading}; it is due at {threshold}",
        zh="计数器“{counter}”读数 {reading}，到期值 {threshold}",
    ),
    "recurring.why.not_reached": Text(
        en="counter {counter!r} reads {reading}; the next is due at {threshold}",
        zh="计数器“{counter}”读数 {reading}，下次到期值 {threshold}",
    ),
    "recurring.why.not_begun": Text(en="the plan begins on {day}", zh="计划从 {day} 开始"),
    "recurring.why.expires": Text(en="{text} is {day}; it is told {ahead} ahead", zh="{text} 为 {day}，提前 {ahead} 提醒"),
    "recurring.why.warned": Text(
        en="ticket number {number} was opened for it, due {due}", zh="已开第 {number} 张工单，到期 {due}"
    ),
    "recurring.why.past": Text(en="it is too late for this warning", zh="已过该提醒的时间"),
}
