"""Knows the sentences about common in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "action.form": Text(
        en="an action is a mapping with exactly one key, not {value}",
        zh="动作是恰好含一个键的映射，而不是 {value}",
        hint_en='write {{set: {{priority: "1"}}}}; two actions are two entries of the list',
        hint_zh='例如 {{set: {{priority: "1"}}}}；两个动作请写成列表中的两项',
    ),
    "action.unknown": Text(
        en="there is no action '{action}'",
        zh="没有动作“{action}”",
        hint_en="known are {known}",
        hint_zh="可用的动作：{known}",
    ),
    "action.without": Text(
        en="'{key}' means nothing without '{needs}'",
        zh="没有“{needs}”时，“{key}”不起作用",
        hint_en="write {needs} too, such as 4h",
        hint_zh="请同时写 {needs}，例如 4h",
    ),
    "action.value": Text(
        en="the action {action} cannot be read from {value}",
        zh="动作 {action} 的内容 {value} 无法读取",
        hint_en="it takes {known}",
        hint_zh="可用内容：{known}",
    ),
    "field.type": Text(
        en="there is no field type '{type}'",
        zh="没有字段类型“{type}”",
        hint_en="known are {known}; what may be left out is written {{type: string, optional: true}}",
        hint_zh="可用的类型：{known}；可以省略的写作 {{type: string, optional: true}}",
    ),
    "field.default": Text(
        en="the default or a value of one_of does not fit: {value} is not {expected}",
        zh="默认值或 one_of 的取值不符：{value} 不是{expected}",
    ),
    "field.titles": Text(
        en="one_of has no value '{name}' to give a title to",
        zh="one_of 中没有取值“{name}”，无法为其命名",
        hint_en="titles are for the values of one_of: {known}",
        hint_zh="titles 用于 one_of 的取值：{known}",
    ),
    "field.indexed": Text(
        en="no ticket can be found by {name}: {why}",
        zh="无法按 {name} 查找工单：{why}",
        hint_en="mark a field of the workflow that holds one value: {known}",
        hint_zh="请标记流程中只含单个值的字段：{known}",
    ),
    "field.reserved": Text(
        en="the name '{name}' is reserved",
        zh="名称“{name}”已被保留",
        hint_en="choose another; conditions read {reserved} of every ticket",
        hint_zh="请换一个名称；条件中已用于读取工单：{reserved}",
    ),
    "field.name": Text(
        en="'{name}' cannot be the name of a field",
        zh="“{name}”不能作为字段名",
        hint_en="use letters, digits and underscores, and do not begin with a digit",
        hint_zh="请使用字母、数字和下划线，且不以数字开头",
    ),
    "refused.unknown": Text(
        en="unknown event '{event}'",
        zh="没有事件“{event}”",
        hint_en="known are {known}",
        hint_zh="可用的事件：{known}",
    ),
    "refused.not_here": Text(
        en="{event} is not allowed in state {state}; it is in {allowed_in}",
        zh="状态 {state} 下不能执行 {event}；可执行的状态：{allowed_in}",
        or_else="refused.not_here_idle",
    ),
    "refused.not_here_idle": Text(
        en="{event} is not allowed now: nothing of the ticket waits for it",
        zh="现在不能执行 {event}：工单没有等待该操作的事项",
    ),
    "refused.guard": Text(
        en="{event} is not allowed now: {lines}; {remedy}",
        zh="现在不能执行 {event}：{lines}；{remedy}",
        or_else="refused.guard_plain",
    ),
    "refused.would_change": Text(en="setting {field} to {to} would allow it", zh="将 {field} 改为 {to} 即可执行"),
    "refused.would_clear": Text(en="clearing {field} would allow it", zh="清空 {field} 即可执行"),
    "refused.would_fill": Text(en="setting {field} would allow it", zh="填写 {field} 即可执行"),
    "refused.would_another": Text(en="another value of {field} would allow it", zh="换一个 {field} 即可执行"),
    "refused.guard_plain": Text(
        en="{event} is not allowed now: {lines}",
        zh="现在不能执行 {event}：{lines}",
        or_else="refused.guard_undecided",
    ),
    "refused.guard_undecided": Text(
        en="{event}: the condition {when} cannot be decided: {why}",
        zh="{event} 的条件 {when} 无法判定：{why}",
        or_else="refused.guard_false",
    ),
    "refused.guard_false": Text(
        en="{event} is not allowed now: {when} is false",
        zh="现在不能执行 {event}：{when} 不成立",
        or_else="refused.guard_rule",
    ),
    "refused.guard_rule": Text(
        en="rule '{rule}' cannot be decided: {why}",
        zh="规则“{rule}”无法判定：{why}",
        or_else="refused.guard_clock",
    ),
    "refused.guard_clock": Text(
        en="clock '{clock}' cannot be decided: {why}",
        zh="时钟“{clock}”无法判定：{why}",
        or_else="refused.guard_path",
    ),
    "refused.guard_path": Text(
        en="{path} cannot be computed: {why}",
        zh="{path} 无法计算：{why}",
        or_else="refused.guard_decided",
    ),
    "refused.guard_decided": Text(
        en="{event} is not allowed now: {approval} was {decided}",
        zh="现在不能执行 {event}：{approval} 的审批已有结果（{decided}）",
        or_else="refused.guard_uncounted",
    ),
    "refused.guard_uncounted": Text(
        en="{approval} takes {quorum} of those who may approve, and without a world nobody can count them",
        zh="{approval} 需要有权审批者的 {quorum} 同意，没有 world 无法计算人数",
        or_else="refused.guard_candidate",
    ),
    "refused.guard_candidate": Text(
        en="{event} is not allowed now: {candidate} may not have the ticket because of {rules}",
        zh="现在不能执行 {event}：{candidate} 不符合派单规则（{rules}）",
        or_else="refused.guard_parts",
    ),
    "refused.guard_parts": Text(
        en="{event} is not allowed now: no part of this ticket is {parts}",
        zh="现在不能执行 {event}：本单没有相应状态的备件（{parts}）",
        or_else="refused.guard_other",
    ),
    "refused.guard_other": Text(en="a condition does not hold", zh="条件不成立"),
    "refused.not_permitted": Text(
        en="{event} is not permitted: {actor} did {did}, and whoever did that may not",
        zh="{actor} 做过 {did}，不能再执行 {event}",
        or_else="refused.not_permitted_outlet",
    ),
    "refused.not_permitted_outlet": Text(
        en="{event} is not permitted: {actor} acts on tickets of {outlets} only, and this one is of {outlet}",
        zh="{actor} 无权执行 {event}：只能处理网点 {outlets} 的工单，此工单的网点：{outlet}",
        or_else="refused.not_permitted_denied",
    ),
    "refused.not_permitted_denied": Text(
        en="{event} is not permitted: {actor} may not vote here, for {deny} may not",
        zh="{actor} 无权执行 {event}：{deny} 不得参与审批",
        or_else="refused.not_permitted_role",
    ),
    "refused.not_permitted_role": Text(
        en="{event} is not permitted to {actor}; it takes {needs}",
        zh="{actor} 无权执行 {event}；需要：{needs}",
    ),
    "refused.payload": Text(
        en="{event} needs another payload: {problems}",
        zh="{event} 的数据不符，需要：{needs}",
        or_else="refused.payload_expected",
    ),
    "refused.payload_expected": Text(
        en="the payload of {event} takes {expected}",
        zh="{event} 的数据应为{expected}",
        or_else="refused.payload_value",
    ),
    "refused.payload_value": Text(
        en="{field} takes {expected}, not {value}",
        zh="{field} 应为{expected}，而不是 {value}",
        or_else="refused.payload_before",
    ),
    "refused.payload_before": Text(
        en="{event}: {step} comes after {missing}",
        zh="{event}：{step} 须在 {missing} 之后",
        or_else="refused.payload_later",
    ),
    "refused.payload_later": Text(
        en="{event}: {later} came after {step}; uncheck that first",
        zh="{event}：{later} 在 {step} 之后勾选，请先取消",
        or_else="refused.payload_known",
    ),
    "refused.payload_known": Text(
        en="{event}: {field} is one of {known}, not {value}",
        zh="{event}：{field} 应为 {known} 之一，而不是 {value}",
        or_else="refused.payload_key",
    ),
    "refused.payload_key": Text(
        en="{event}: there is no {key} in its payload; it takes {keys}",
        zh="{event} 的数据中没有 {key} 这一项；可用：{keys}",
        or_else="refused.payload_field",
    ),
    "refused.payload_field": Text(
        en="{field} cannot be {value}",
        zh="{field} 不能是 {value}",
        or_else="refused.payload_problems",
    ),
    "refused.payload_problems": Text(
        en="the payload of {event} does not fit: {problems}",
        zh="{event} 的数据不符合要求：{problems}",
        or_else="refused.payload_other",
    ),
    "refused.payload_other": Text(en="the payload of {event} does not fit", zh="{event} 的数据不符合要求"),
    "refused.stale": Text(
        en="{event}: the ticket stands at revision {revision}, the user saw {expect}",
        zh="{event}：工单已是第 {revision} 版，用户看到的是第 {expect} 版，请刷新后重试",
    ),
    "refused.past": Text(
        en="at {at} lies behind the ticket, which stands at {ticket_at}",
        zh="时刻 {at} 早于工单的时刻 {ticket_at}",
        or_else="refused.past_occurred",
    ),
    "refused.past_occurred": Text(
        en="occurred {occurred} is later than at {at}",
        zh="发生时刻 {occurred} 晚于当前时刻 {at}",
    ),
}
