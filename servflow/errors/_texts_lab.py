"""Knows the sentences about reading foreign logs in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "lab.mapping": Text(
        en="{value} is no mapping of names",
        zh="{value} 不是名称的映射",
        hint_en="write key: value pairs, at most 10,000 of them.",
        hint_zh="请写成 键: 值 的形式，最多 10,000 项。",
    ),
    "lab.unknown_key": Text(
        en="there is no key {key} here; known are: {known}",
        zh="此处没有键 {key}；可用的键有：{known}",
        hint_en="remove it or correct its name.",
        hint_zh="请删除或更正名称。",
    ),
    "lab.missing": Text(
        en="the map does not say which column holds {key}",
        zh="映射没有说明哪一列是 {key}",
        hint_en="give the name of a column, or its position from 0.",
        hint_zh="请给出列名，或从 0 开始的列号。",
    ),
    "lab.column": Text(
        en="{value} is neither the name of a column nor its position",
        zh="{value} 既不是列名，也不是列号",
        hint_en="positions count from 0.",
        hint_zh="列号从 0 开始。",
    ),
    "lab.text": Text(
        en="{value} is not a text of at least one character",
        zh="{value} 不是非空文本",
        hint_en="write it in quotes where it looks like a number.",
        hint_zh="若看起来像数字，请加引号。",
    ),
    "lab.names": Text(
        en="{value} is not a text or a list of texts",
        zh="{value} 不是文本或文本列表",
        hint_en='write a list such as ["?", ""].',
        hint_zh='请写成列表，例如 ["?", ""]。',
    ),
    "lab.format": Text(
        en="{value} does not say how an instant is written",
        zh="{value} 不是时间的写法",
        hint_en="write iso, epoch, epoch_ms or a pattern such as '%d/%m/%Y %H:%M' with %Y, %m, %d and any of %H %M %S %f %z.",
        hint_zh="请写 iso、epoch、epoch_ms，或如 '%d/%m/%Y %H:%M' 的格式，须含 %Y、%m、%d，可含 %H %M %S %f %z。",
    ),
    "lab.zone": Text(
        en="{value} is not a time zone",
        zh="{value} 不是时区",
        hint_en="write a name such as UTC or Europe/Berlin.",
        hint_zh="请写 UTC 或 Asia/Shanghai 这样的名称。",
    ),
    "lab.character": Text(
        en="{value} is not one character that may separate or quote",
        zh="{value} 不是可用作分隔符或引号的单个字符",
        hint_en="delimiter and quote are one character each, not the same, and no line break.",
        hint_zh="delimiter 与 quote 各为一个字符，互不相同，且不能是换行。",
    ),
    "lab.encoding": Text(
        en="{value} is not an encoding of text",
        zh="{value} 不是文本编码",
        hint_en="write utf-8, latin-1, gb18030 or another that Python knows.",
        hint_zh="请写 utf-8、gb18030、latin-1 等 Python 支持的编码。",
    ),
    "lab.choice": Text(
        en="{value} is none of: {known}",
        zh="{value} 不在可选值之中：{known}",
    ),
    "lab.log_state": Text(
        en="{state} is no state of the log; states maps: {known}",
        zh="{state} 不是日志中的状态；states 中有：{known}",
        hint_en="events are told for states that states maps.",
        hint_zh="events 只能写 states 中列出的状态。",
    ),
    "lab.state": Text(
        en="the workflow has no state {state} that a ticket can rest in; it has: {known}",
        zh="工作流没有可停留的状态 {state}；现有：{known}",
        hint_en="map to a state without states inside.",
        hint_zh="请映射到没有子状态的状态。",
    ),
    "lab.event": Text(
        en="nothing in the workflow takes the event {event}; it takes: {known}",
        zh="工作流中没有处理事件 {event} 的内容；可用事件：{known}",
    ),
    "lab.field": Text(
        en="the workflow has no field {field}; it has: {known}",
        zh="工作流没有字段 {field}；现有：{known}",
    ),
}
