"""Knows the sentences about correlation in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "correlation.mapping": Text(
        en="expected a mapping, got {value}",
        zh="此处应为映射，实际为 {value}",
    ),
    "correlation.list": Text(
        en="expected a list, got {value}",
        zh="此处应为列表，实际为 {value}",
    ),
    "correlation.names": Text(
        en="expected a list of names, got {value}",
        zh="此处应为名称列表，实际为 {value}",
    ),
    "correlation.text": Text(
        en="expected a text, got {value}",
        zh="此处应为文本，实际为 {value}",
    ),
    "correlation.unknown_key": Text(
        en="there is no key {key!r} here",
        zh="此处没有“{key}”这个键",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "correlation.missing": Text(
        en="{key!r} is missing",
        zh="缺少“{key}”",
        hint_en="add it",
        hint_zh="请补上",
    ),
    "correlation.name": Text(
        en="{value} cannot name a correlator",
        zh="{value} 不能作为关联器的名称",
        hint_en="write 1 to {limit} printable characters without '/', since ids of tickets begin with it",
        hint_zh="请写 1 到 {limit} 个可打印字符，不含“/”，工单编号以它开头",
    ),
    "correlation.number": Text(
        en="{value} is not a whole number from {least} to {most}",
        zh="{value} 不是 {least} 到 {most} 之间的整数",
    ),
    "correlation.option": Text(
        en="{value} is not one of {known}",
        zh="{value} 不在可选值之内：{known}",
    ),
    "correlation.span": Text(
        en="{value} is not a span: {problem}",
        zh="{value} 不是有效的时长：{problem}",
    ),
    "correlation.business": Text(
        en="{value} needs a calendar, which the tickets of several workflows do not share",
        zh="{value} 需要日历，而多个流程的工单没有共同的日历",
        hint_en="write elapsed time, such as 24h or 3d",
        hint_zh="请写自然时长，例如 24h 或 3d",
    ),
    "correlation.zero": Text(
        en="no time at all is no window",
        zh="时长不能为零",
        hint_en="write a span such as 24h",
        hint_zh="请写时长，例如 24h",
    ),
    "correlation.too_many": Text(
        en="{count} entries are more than the {limit} allowed",
        zh="共 {count} 项，超过上限 {limit}",
    ),
    "correlation.steps": Text(
        en="a sequence has 2 to {most} steps, not {count}",
        zh="序列应有 2 到 {most} 步，实际为 {count} 步",
    ),
    "correlation.belongs": Text(
        en="{key!r} means nothing with find: {find}",
        zh="“{key}”不适用于 find: {find}",
        hint_en="it goes with {kinds}",
        hint_zh="它适用于：{kinds}",
    ),
    "correlation.quiet_once": Text(
        en="'quiet' and 'after: once' are two ways of being quiet",
        zh="“quiet”与“after: once”是两种不同的静默方式，不能同时使用",
        hint_en="keep one: quiet lasts a span, once lasts until the records stop coming",
        hint_zh="请保留其一：quiet 持续固定时长，once 持续到不再有记录为止",
    ),
    "correlation.type_name": Text(
        en="{value} is not a type",
        zh="{value} 不是类型",
        hint_en="write a type such as string, int or list(string), or {{type: ..., one_of: [...]}}",
        hint_zh="请写类型，例如 string、int 或 list(string)，或 {{type: ..., one_of: [...]}}",
    ),
    "correlation.condition": Text(
        en="{value} is not an expression",
        zh="{value} 不是表达式",
        hint_en="write its text or its tree",
        hint_zh="请写表达式的文本或语法树",
    ),
    "correlation.gives": Text(
        en="{text} gives {type}, where {expected} is needed",
        zh="{text} 的结果类型为 {type}，此处需要 {expected}",
    ),
    "correlation.action": Text(
        en="a firing cannot {action}",
        zh="匹配后不能执行 {action}",
        hint_en="it may {known}; send an event to a ticket, whose workflow does the rest",
        hint_zh="可用：{known}；可向工单发送事件，其余由该工单的流程完成",
    ),
    "correlation.to": Text(
        en="{value} names nobody to tell",
        zh="{value} 没有指明通知对象",
        hint_en="write one of {known} with a name, such as {{role: supervisor}}",
        hint_zh="请写 {known} 之一及其名称，例如 {{role: supervisor}}",
    ),
    "correlation.told_count": Text(
        en="{name}, key {key}: {have} of {need} records within {within}",
        zh="{name}，键 {key}：{within} 内已有 {have} 条记录，需要 {need} 条",
    ),
    "correlation.told_distinct": Text(
        en="{name}, key {key}: {have} of {need} different values within {within}",
        zh="{name}，键 {key}：{within} 内已有 {have} 个不同的值，需要 {need} 个",
    ),
    "correlation.told_sequence": Text(
        en="{name}, key {key}: {have} of {need} steps within {within}",
        zh="{name}，键 {key}：{within} 内已完成 {have} 步，共 {need} 步",
    ),
    "correlation.told_waiting": Text(
        en="{name}, key {key}: something must come by {due}",
        zh="{name}，键 {key}：须在 {due} 之前有新记录",
    ),
    "correlation.told_absence": Text(
        en="{name}, key {key}: nothing is waited for",
        zh="{name}，键 {key}：目前没有等待",
    ),
    "correlation.told_facts": Text(
        en="what counts: {facts}",
        zh="计入的记录：{facts}",
    ),
    "correlation.told_held": Text(
        en="waits for stragglers: {facts}",
        zh="等待迟到记录：{facts}",
    ),
    "correlation.told_fired": Text(
        en="firings so far: {times}; the latest at {at} because of {facts}",
        zh="已匹配 {times} 次，最近一次在 {at}，依据：{facts}",
    ),
    "correlation.told_lost": Text(
        en="not counted: {late} that came too late, {dropped} for want of room",
        zh="未计入：迟到 {late} 条，超出容量 {dropped} 条",
    ),
    "correlation.firing": Text(
        en="{name} found what it looks for, for key {key} at {at}: {facts}",
        zh="{name} 在 {at} 对键 {key} 匹配成功：{facts}",
    ),
}
